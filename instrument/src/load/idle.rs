//! Source partitions of which nothing comes, and how the others go on without them.
//!
//! The watermark is that of the partition which has come least far, so one that is silent holds all
//! others back. Where it is said after how long it shall no longer, the input takes it along: marks
//! in the silent partition say what the others have come to, until it speaks again. So lateness
//! stays a property of the input, and no engine has to know of idleness.

use engines::{Moment, Timestamp};

/// A mark that takes a silent partition along.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// How many events of the partition stand before it.
    pub after: u64,
    /// When it comes.
    pub from: Moment,
    /// What it says.
    pub watermark: Timestamp,
}

/// Who is silent, and how far everybody has come. Events are told in the order in which they are due.
#[derive(Debug)]
pub(super) struct Idleness {
    after_ns: u64,
    partitions: Vec<One>,
    /// The marks that have come since they were last taken, each with its partition.
    pub(super) carried: Vec<(usize, Carried)>,
}

#[derive(Copy, Clone, Debug)]
struct One {
    events: u64,
    last: Moment,
    is_idle: bool,
    /// It holds nobody back by itself then, and needs no marks.
    has_ended: bool,
    mark: Timestamp,
}

impl Idleness {
    /// Nobody has spoken. A partition is silent when nothing has come of it for `after_ns`.
    pub(super) fn new(partitions: usize, after_ns: u64) -> Self {
        let one = One {
            events: 0,
            last: Moment::START,
            is_idle: false,
            has_ended: false,
            mark: Timestamp::BEFORE_ALL,
        };
        Self { after_ns, partitions: vec![one; partitions], carried: Vec::new() }
    }

    /// Time has come to `now`: those that fall silent by then do so, in turn.
    pub(super) fn pass(&mut self, now: Moment) {
        loop {
            let awake = self.partitions.iter_mut().filter(|one| !one.is_idle);
            let Some(first) = awake.min_by_key(|one| one.last) else { return };
            let silent = first.last.saturating_add(self.after_ns);
            if silent > now {
                return;
            }
            first.is_idle = true;
            self.carry(silent);
        }
    }

    /// An event of a partition is due, and the mark behind it says so much; perhaps none follows.
    pub(super) fn event(
        &mut self,
        partition: usize,
        due: Moment,
        mark: Option<Timestamp>,
        is_last: bool,
    ) {
        let one = &mut self.partitions[partition];
        one.events += 1;
        one.has_ended = is_last;
        (one.last, one.is_idle) = (due, false);
        if let Some(mark) = mark {
            one.mark = one.mark.max(mark);
            self.carry(due);
        }
    }

    /// Takes those that are silent along to where the others are.
    fn carry(&mut self, from: Moment) {
        let awake = self.partitions.iter().filter(|one| !one.is_idle);
        let Some(watermark) = awake.map(|one| one.mark).min() else { return };
        for (partition, one) in self.partitions.iter_mut().enumerate() {
            if one.is_idle && !one.has_ended && one.mark < watermark {
                one.mark = watermark;
                self.carried.push((partition, Carried { after: one.events, from, watermark }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_partition_is_taken_along_until_it_speaks_again() {
        let at = Moment::from_nanos;
        let us = Timestamp::from_micros;
        let mut idleness = Idleness::new(3, 100);
        let mut event = |partition, due, mark| {
            idleness.pass(at(due));
            idleness.event(partition, at(due), Some(us(mark)), due == 900);
            std::mem::take(&mut idleness.carried)
        };
        let carried =
            |after, from, watermark| Carried { after, from: at(from), watermark: us(watermark) };
        assert_eq!(event(0, 0, 5), []);
        assert_eq!(event(1, 50, 7), [], "the third has not spoken, but may");
        // The first and the third are silent since 100, and are where the second is.
        assert_eq!(
            event(1, 120, 9),
            [
                (0, carried(1, 100, 7)),
                (2, carried(0, 100, 7)),
                (0, carried(1, 120, 9)),
                (2, carried(0, 120, 9)),
            ]
        );
        // The third speaks, and holds the others back again where it is.
        assert_eq!(event(2, 130, 8), []);
        assert_eq!(event(1, 140, 20), []);
        assert_eq!(event(2, 150, 12), [(0, carried(1, 150, 12))]);
        // Where all are silent, nobody is taken anywhere.
        let taken = [(0, carried(1, 900, 30)), (2, carried(2, 900, 30))];
        assert_eq!(event(1, 900, 30), taken);
        // Who has ended is taken nowhere any more.
        assert_eq!(event(0, 1_100, 40), [(2, carried(2, 1_100, 40))]);
    }
}
