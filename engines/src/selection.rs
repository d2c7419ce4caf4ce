//! Some of a slice, picked without a branch on each: which of a random stream's records are kept no
//! processor foresees. Both executors filter with it.

/// Memory for the places of what is picked.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    places: Vec<u32>,
}

impl Selection {
    /// Adds to `picked` those of `from` that `keep` keeps, in their order. No other is copied.
    pub(crate) fn pick<T: Clone>(
        &mut self,
        from: &[T],
        keep: impl Fn(&T) -> bool,
        picked: &mut Vec<T>,
    ) {
        if self.places.len() < from.len() {
            self.places.resize(from.len(), 0);
        }
        let mut count = 0;
        for (place, one) in (0..).zip(from) {
            self.places[count] = place;
            count += usize::from(keep(one));
        }
        picked.extend(self.places[..count].iter().map(|place| from[*place as usize].clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    /// Counts how often it is copied.
    #[derive(Debug)]
    struct Counted<'a>(u8, &'a Cell<usize>);

    impl Clone for Counted<'_> {
        fn clone(&self) -> Self {
            self.1.set(self.1.get() + 1);
            Self(self.0, self.1)
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_picked_in_its_order_and_nothing_else_is_copied(
            slices in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70), 1..5),
        ) {
            let (copies, mut selection) = (Cell::new(0), Selection::default());
            let (mut picked, mut want) = (Vec::new(), Vec::new());
            for slice in slices {
                let from: Vec<_> = slice.iter().map(|value| Counted(*value, &copies)).collect();
                selection.pick(&from, |one| one.0 % 3 != 0, &mut picked);
                want.extend(slice.into_iter().filter(|value| value % 3 != 0));
            }
            prop_assert_eq!(copies.get(), want.len());
            prop_assert_eq!(picked.iter().map(|one| one.0).collect::<Vec<_>>(), want);
        }
    }
}
