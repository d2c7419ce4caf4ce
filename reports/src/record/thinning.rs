//! Of more than anyone reads, the worst.

/// At most `most` items, each the worst of as many that stood together, and of how many. Nothing
/// grows with the length of a run, and no stall disappears.
pub(crate) fn thinned<T: Clone>(
    items: &[T],
    most: usize,
    badness: impl Fn(&T) -> f64,
) -> (Vec<T>, usize) {
    let every = items.len().div_ceil(most).max(1);
    let worst =
        |chunk: &[T]| chunk.iter().max_by(|a, b| badness(a).total_cmp(&badness(b))).cloned();
    (items.chunks(every).filter_map(worst).collect(), every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_worst() {
        let items: Vec<u32> = (0..1000).collect();
        let badness = |x: &u32| if *x == 503 { 1e9 } else { -f64::from(*x) };
        let (kept, every) = thinned(&items, 100, badness);
        assert_eq!((kept.len(), every), (100, 10));
        assert!(kept.contains(&503) && kept.contains(&10) && !kept.contains(&19));
        assert_eq!(thinned(&items[..5], 100, badness), (items[..5].to_vec(), 1));
    }
}
