//! The windows of a key, by their definition: every window that holds a record that counts, and what lies
//! in its panes.

use super::Part;
use crate::aggregate::Aggregate;
use crate::record::Data;
use crate::time::Timestamp;
use crate::window::{Alignment, Window, WindowSpec};
use std::collections::BTreeMap;

/// All windows that hold `time`, newest first, by the definition: starts, or ends, are the multiples
/// of the slide.
#[inline]
pub(super) fn windows_of(
    spec: &WindowSpec,
    time: Timestamp,
) -> impl DoubleEndedIterator<Item = Window> + ExactSizeIterator + Clone + use<> {
    let (size, slide, time) = (spec.size(), spec.slide(), time.as_micros());
    let newest = match spec.alignment() {
        Alignment::Starts => time - time.rem_euclid(slide),
        // The last end of which `end - size <= time`.
        Alignment::Ends => time - (time + size).rem_euclid(slide),
    };
    // `newest - n * slide + size > time`, so `n * slide < size - (time - newest)`.
    let room = size - (time - newest);
    let count = if room > 0 { (room - 1) / slide + 1 } else { 0 };
    (0..usize::try_from(count).expect("a window is shorter than the address space")).map(move |n| {
        let start = newest - i64::try_from(n).expect("it came from an i64") * slide;
        Window { start: Timestamp::from_micros(start), end: Timestamp::from_micros(start + size) }
    })
}

pub(super) struct PerKey<P> {
    /// Records that count in every window that holds them, by the numbers of their panes, which
    /// rise.
    panes: Vec<(i64, Part<P>)>,
    /// The others, in each window in which they count.
    pub(super) apart: BTreeMap<Window, Part<P>>,
}

impl<P> Default for PerKey<P> {
    fn default() -> Self {
        Self { panes: Vec::new(), apart: BTreeMap::new() }
    }
}

impl<P: Data> PerKey<P> {
    /// What lies in a pane. Most records lie in the newest.
    pub(super) fn pane<A: Aggregate<Partial = P>>(
        &mut self,
        pane: i64,
        aggregate: &A,
    ) -> &mut Part<P> {
        let at = match self.panes.last() {
            Some((newest, _)) if *newest == pane => self.panes.len() - 1,
            Some((newest, _)) if *newest > pane => {
                let at = self.panes.partition_point(|(other, _)| *other < pane);
                if self.panes[at].0 != pane {
                    self.panes.insert(at, (pane, Part::empty(aggregate)));
                }
                at
            }
            _ => {
                self.panes.push((pane, Part::empty(aggregate)));
                self.panes.len() - 1
            }
        };
        &mut self.panes[at].1
    }

    /// Every window that holds a record that counts.
    pub(super) fn windows<A: Aggregate<Partial = P>>(
        self,
        spec: &WindowSpec,
        aggregate: &A,
    ) -> BTreeMap<Window, Part<P>> {
        let starts: Vec<Timestamp> =
            self.panes.iter().map(|(pane, _)| Timestamp::from_micros(pane * spec.pane())).collect();
        let tree = Tree::over(aggregate, self.panes.into_iter().map(|(_, part)| part));
        let mut answers = BTreeMap::new();
        for time in &starts {
            for window in windows_of(spec, *time) {
                // Windows come newest first; where one is known, so are the older ones.
                if answers.contains_key(&window) {
                    break;
                }
                let from = starts.partition_point(|time| *time < window.start);
                let until = starts.partition_point(|time| *time < window.end);
                answers.insert(window, tree.sum(aggregate, from, until));
            }
        }
        for (window, part) in self.apart {
            let whole = answers.entry(window).or_insert_with(|| Part::empty(aggregate));
            whole.combine(aggregate, &part);
        }
        answers
    }
}

/// A segment tree: what any stretch of the panes comes to in a logarithm of combine steps.
struct Tree<P> {
    /// The leaves from the middle on; node `n` combines nodes `2n` and `2n + 1`.
    nodes: Vec<Part<P>>,
}

impl<P: Data> Tree<P> {
    fn over<A: Aggregate<Partial = P>>(
        aggregate: &A,
        panes: impl ExactSizeIterator<Item = Part<P>>,
    ) -> Self {
        let count = panes.len();
        let mut nodes = vec![Part::empty(aggregate); count];
        nodes.extend(panes);
        for node in (1..count).rev() {
            let mut part = nodes[2 * node].clone();
            part.combine(aggregate, &nodes[2 * node + 1]);
            nodes[node] = part;
        }
        Self { nodes }
    }

    fn sum<A: Aggregate<Partial = P>>(&self, aggregate: &A, from: usize, until: usize) -> Part<P> {
        let count = self.nodes.len() / 2;
        let mut whole = Part::empty(aggregate);
        let (mut left, mut right) = (from + count, until + count);
        while left < right {
            if left % 2 == 1 {
                whole.combine(aggregate, &self.nodes[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                whole.combine(aggregate, &self.nodes[right]);
            }
            left /= 2;
            right /= 2;
        }
        whole
    }
}
