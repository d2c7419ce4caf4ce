//! A few points that go over all of a space: a Latin hypercube.
//!
//! Each axis is cut into as many strata as there are points, and every stratum of every axis holds
//! exactly one of them, so that no axis is looked at in fewer places than there are points, however
//! many axes there are (`McKay`, Beckman, Conover: "A comparison of three methods for selecting values
//! of input variables in the analysis of output from a computer code", Technometrics 21(2), 1979).
//! What lies at a point is for whoever asks to say.

use super::random::Draws;

/// So many points of a space with so many axes, each coordinate from 0 to below 1.
pub fn points(count: usize, axes: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut draws = Draws::new(seed);
    let strata: Vec<Vec<usize>> = (0..axes).map(|_| shuffled(count, &mut draws)).collect();
    let mut point = |n: usize| -> Vec<f64> {
        let within = |stratum: usize| (stratum as f64 + draws.uniform()) / count as f64;
        strata.iter().map(|axis| axis[n]).map(within).collect()
    };
    (0..count).map(&mut point).collect()
}

/// The numbers below `count`, each once (Fisher and Yates 1938, in Durstenfeld's form of 1964).
fn shuffled(count: usize, draws: &mut Draws) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for left in (1..count).rev() {
        order.swap(left, draws.below(left + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_stratum_of_every_axis_holds_one_point(
            count in 1_usize..40,
            axes in 0_usize..6,
            seed in any::<u64>(),
        ) {
            let points = points(count, axes, seed);
            prop_assert_eq!(points.len(), count);
            for axis in 0..axes {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a coordinate lies between 0 and 1"
                )]
                let stratum = |point: &Vec<f64>| (point[axis] * count as f64) as usize;
                let mut strata: Vec<usize> = points.iter().map(stratum).collect();
                strata.sort_unstable();
                prop_assert_eq!(strata, (0..count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_points_and_another_gives_others() {
        assert_eq!(points(8, 3, 1), points(8, 3, 1));
        assert_ne!(points(8, 3, 1), points(8, 3, 2));
        assert_eq!(points(0, 3, 1), Vec::<Vec<f64>>::new());
    }
}
