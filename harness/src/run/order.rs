//! In which order repetitions are run, and from which seeds.
//!
//! A block runs every engine of every cell once, in an order drawn anew for each block, so that a
//! machine that grows warm or busy favours nobody. Within a block all engines of a cell have the
//! same input; from block to block the input changes, or what is learnt would hold for one input
//! alone. Both follow from the seed, and nothing here knows what a cell is.

/// The seed of a cell's input in repetition `rep`, counted from 1: the cell's own seed, then
/// others that follow from it. Never above 2^53, so that any reader of JSON gets it right.
pub const fn seed(cell: u64, rep: u32) -> u64 {
    if rep <= 1 { cell } else { mixed(cell ^ mixed(rep as u64)) >> 11 }
}

/// The order of a block: the numbers below `count`, each once, shuffled (Fisher and Yates 1938,
/// in Durstenfeld's form of 1964).
pub fn shuffled(count: usize, seed: u64, rep: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    // Not the seed of any input.
    let mut state = mixed(!seed ^ mixed(u64::from(rep)));
    for left in (1..count).rev() {
        state = mixed(state);
        let any = (u128::from(state) * (left as u128 + 1)) >> 64;
        order.swap(left, usize::try_from(any).unwrap_or(left));
    }
    order
}

/// A step of `SplitMix64` (Steele, Lea and Flood 2014).
pub(crate) const fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_first_repetition_has_the_cells_seed_and_the_others_have_their_own() {
        let seeds: HashSet<u64> = (1..=1000).map(|rep| seed(42, rep)).collect();
        assert_eq!((seed(42, 1), seeds.len()), (42, 1000));
        assert!((2..=1000).all(|rep| seed(u64::MAX, rep) < 1 << 53));
        assert_ne!(seed(42, 2), seed(43, 2), "another cell's seed leads elsewhere");
        assert_eq!(seed(42, 2), seed(42, 2));
    }

    #[test]
    fn an_order_holds_everyone_once_and_follows_from_the_seed() {
        for rep in 1..=50 {
            let mut order = shuffled(7, 42, rep);
            assert_eq!(order, shuffled(7, 42, rep));
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
        }
        assert_eq!((shuffled(0, 1, 1), shuffled(1, 1, 1)), (vec![], vec![0]));
    }

    #[test]
    fn no_one_is_favoured() {
        let mut first = [0; 4];
        for rep in 1..=4000 {
            first[shuffled(4, 42, rep)[0]] += 1;
        }
        // 1000 each, with a standard deviation of 27.
        assert!(first.iter().all(|times| (880..=1120).contains(times)), "{first:?}");
        let orders: HashSet<_> = (1..=4000).map(|rep| shuffled(4, 42, rep)).collect();
        assert_eq!(orders.len(), 24);
    }
}
