//! Many comparisons at once: each of twenty that find nothing would still cry wolf one time in
//! twenty.

/// P-values adjusted so that, at 5 %, the chance of even one false alarm in the whole family is
/// 5 % at most, whatever depends on what (Holm 1979). In the order given; NaN stays NaN and does
/// not count.
pub fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|n| !p[*n].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut least = 0.0_f64;
    for (rank, index) in order.iter().enumerate() {
        let left = (order.len() - rank) as f64;
        least = least.max((p[*index] * left).min(1.0));
        adjusted[*index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(p: &[f64], want: &[f64]) {
        let got = adjusted(p);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12 || (a.is_nan() && b.is_nan());
        assert!(got.iter().zip(want).all(near), "{got:?} is not {want:?}");
        assert_eq!(got.len(), want.len());
    }

    #[test]
    fn rows_worked_out_by_hand() {
        check(&[], &[]);
        check(&[0.03], &[0.03]);
        check(&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]);
        check(&[0.6, 0.7], &[1.0, 1.0]);
        check(&[0.01, f64::NAN, 0.02], &[0.02, f64::NAN, 0.02]);
    }

    proptest! {
        #[test]
        fn never_smaller_than_before_nor_larger_than_bonferroni(
            p in prop::collection::vec(0.0_f64..=1.0, 1..30)
        ) {
            for (raw, adjusted) in p.iter().zip(adjusted(&p)) {
                prop_assert!(*raw <= adjusted);
                prop_assert!(adjusted <= (raw * p.len() as f64).min(1.0) + 1e-12);
            }
        }
    }
}
