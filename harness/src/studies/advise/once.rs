//! What several runs have to say, each thing once.
//!
//! Every run of a study opens with the same machine and the same doubts about it. Told once it is read;
//! what each run measures is told by each.

use crate::run::feed::{Feed, Happening};
use std::collections::HashSet;

/// Tells of what was not told before.
pub(super) struct Once<'a> {
    feed: &'a mut dyn Feed,
    noted: HashSet<String>,
}

impl<'a> Once<'a> {
    pub(super) fn new(feed: &'a mut dyn Feed) -> Self {
        Self { feed, noted: HashSet::new() }
    }
}

impl Feed for Once<'_> {
    fn tell(&mut self, happening: &Happening<'_>) {
        if let Happening::Noted(text) = happening
            && !self.noted.insert((*text).to_owned())
        {
            return;
        }
        self.feed.tell(happening);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Heard(Vec<String>);

    impl Feed for Heard {
        fn tell(&mut self, happening: &Happening<'_>) {
            if let Happening::Noted(text) | Happening::Judged(text) = happening {
                self.0.push((*text).to_owned());
            }
        }
    }

    #[test]
    fn what_was_noted_is_not_noted_again_and_what_was_judged_is_told_each_time() {
        let mut heard = Heard(Vec::new());
        let mut once = Once::new(&mut heard);
        for happening in [
            Happening::Noted("two cores"),
            Happening::Judged("sustained"),
            Happening::Noted("two cores"),
            Happening::Judged("sustained"),
            Happening::Noted("four cores"),
        ] {
            once.tell(&happening);
        }
        assert_eq!(heard.0, ["two cores", "sustained", "sustained", "four cores"]);
    }
}
