//! The points of a map that came to the same, as a reader is told of them: stretches of rates over which
//! the same demands did.

use super::{Atlas, Outcome, are_neighbours, level, rate};
use crate::words::{listed, plural};

/// Neighbouring rates, and the levels at which all of them came to the same.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Region {
    /// First and last column.
    columns: (usize, usize),
    /// First and last level.
    levels: (usize, usize),
}

/// More stretches than this are left to the map.
const TOLD_MAX: usize = 3;

impl Atlas {
    /// Where it came to this, such as "at 1 k/s to 32 k/s from 50 ms on"; none where it did so nowhere.
    pub(super) fn place_of(&self, is_it: impl Fn(Outcome) -> bool) -> Option<String> {
        let regions = self.regions(&is_it);
        let all = |region: &Region| {
            region.columns == (0, self.columns.len() - 1)
                && region.levels == (0, self.asked.levels_ns.len() - 1)
        };
        if regions.is_empty() {
            return None;
        }
        if regions.iter().any(all) && self.columns.len() > 1 {
            return Some("everywhere on this map".to_owned());
        }
        let mut told: Vec<String> = regions.iter().take(TOLD_MAX).map(|it| self.told(it)).collect();
        let more: usize = regions.iter().skip(TOLD_MAX).map(Region::points).sum();
        if more > 0 {
            told.push(format!("at {}", plural(more, "more point")));
        }
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        Some(listed(&told))
    }

    /// Stretches of it, from the lowest rate up, each as wide as its levels stay the same and no rate is
    /// missing.
    fn regions(&self, is_it: &impl Fn(Outcome) -> bool) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let here: Vec<usize> =
                (0..column.spots.len()).filter(|n| is_it(column.spots[*n].outcome)).collect();
            for run in here.chunk_by(|a, b| a + 1 == *b) {
                let levels = (run[0], run[run.len() - 1]);
                let goes_on = |it: &&mut Region| {
                    let last = it.columns.1;
                    it.levels == levels
                        && last + 1 == at
                        && are_neighbours(&self.columns[last], column)
                };
                match regions.iter_mut().find(goes_on) {
                    Some(region) => region.columns.1 = at,
                    None => regions.push(Region { columns: (at, at), levels }),
                }
            }
        }
        regions
    }

    fn told(&self, region: &Region) -> String {
        let column = |at: usize| rate(self.columns[at].rate_per_s);
        let (first, last) = region.columns;
        let rates = if first == last {
            column(first)
        } else {
            format!("{} to {}", column(first), column(last))
        };
        format!("at {rates} {}", self.levels_told(region.levels))
    }

    /// From which level to which, such as "from 50 ms on".
    pub(super) fn levels_told(&self, levels: (usize, usize)) -> String {
        let most = |at: usize| level(self.asked.levels_ns[at]);
        let end = self.asked.levels_ns.len() - 1;
        match levels {
            (low, high) if (low, high) == (0, end) => "throughout".to_owned(),
            (low, high) if low == high => format!("for {}", most(low)),
            (0, high) => format!("up to {}", most(high)),
            (low, high) if high == end => format!("from {} on", most(low)),
            (low, high) => format!("from {} to {}", most(low), most(high)),
        }
    }
}

impl Region {
    const fn points(&self) -> usize {
        (self.columns.1 - self.columns.0 + 1) * (self.levels.1 - self.levels.0 + 1)
    }
}
