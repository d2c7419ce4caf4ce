//! Batches as an engine really cut them, and what follows from that: which watermark was in force
//! when an event was answered.
//!
//! Spark's Structured Streaming heeds no marks of the input. Its watermark is the greatest event time
//! of all batches so far less the delay that was asked for, in whole milliseconds, beginning with the
//! epoch; it is learnt at the end of a batch and in force from the next one on, and what is late for
//! a batch is decided by the watermark of the batch before. Which events a batch holds is decided
//! while it runs, so an engine has to tell; all else is computed here, from the events.

use super::instant;
use crate::load::input::Input;
use engines::{Data, Timestamp};
use std::hash::Hash;

/// Batches as an engine cut them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cuts {
    /// How far the watermark trails, in milliseconds.
    trails_ms: i64,
    /// For each batch, up to which event it reached in each partition.
    until: Vec<Vec<u64>>,
    /// For each batch, the watermark in force as the engine says, in microseconds, if it says so.
    told_us: Vec<Option<i64>>,
}

impl Cuts {
    /// No batch yet, of an engine whose watermark trails by so much.
    pub fn new(delay_us: i64) -> Self {
        let is_part = delay_us.rem_euclid(1_000) > 0;
        let trails_ms = delay_us.div_euclid(1_000) + i64::from(is_part);
        Self { trails_ms, ..Self::default() }
    }

    /// The next batch: up to which event it reached in each partition, and the watermark in force as
    /// the engine says.
    ///
    /// # Errors
    /// Where it reaches less far than the one before, or into other partitions.
    pub fn add(&mut self, until: Vec<u64>, told_us: Option<i64>) -> Result<(), String> {
        if let Some(before) = self.until.last() {
            let goes_back = || before.iter().zip(&until).any(|(before, after)| before > after);
            if before.len() != until.len() || goes_back() {
                return Err(format!(
                    "batch {} reaches to {until:?}, and the one before to {before:?}",
                    self.until.len()
                ));
            }
        }
        self.until.push(until);
        self.told_us.push(told_us);
        Ok(())
    }

    /// How many events the batches hold.
    pub fn events(&self) -> u64 {
        self.until.last().map_or(0, |until| until.iter().sum())
    }

    /// What is wrong with how many of the events it was given are in them, if something is.
    pub(super) fn wrong_reach(&self, given: u64) -> Option<String> {
        let events = self.events();
        (events != given).then(|| format!("events in batches: {events} counted, {given} expected"))
    }

    /// What an engine says of its batches and does not follow from them, over an input of which it was
    /// given so many events.
    pub(super) fn wrong<E: Data + Hash>(&self, given: u64, input: &Input<E>) -> Vec<String> {
        let other = self.watermarks(input).first_other(self).map(|(batch, told, is)| {
            format!(
                "batch {batch}: its watermark is {} as told, {} as it follows from the batches \
                 before",
                instant(told),
                instant(is)
            )
        });
        self.wrong_reach(given).into_iter().chain(other).collect()
    }

    /// The watermarks that follow from the cuts, over an input.
    pub(super) fn watermarks<E: Data + Hash>(&self, input: &Input<E>) -> Watermarks {
        let mut greatest: Vec<Option<i64>> = vec![None; self.until.len()];
        let mut place = Place::default();
        for (partition, event) in input.events() {
            if event.event_time.is_acceptable()
                && let Some(batch) = place.next(self, partition)
            {
                let time = event.event_time.as_micros().div_euclid(1_000);
                greatest[batch] = greatest[batch].max(Some(time));
            }
        }
        // In force in each batch, and in the one that would follow.
        let mut in_force = vec![0];
        let mut so_far: Option<i64> = None;
        for greatest in greatest {
            so_far = so_far.max(greatest);
            let before = in_force.last().copied().unwrap_or(0);
            in_force.push(so_far.map_or(before, |time| before.max(time - self.trails_ms)));
        }
        Watermarks { in_force }
    }
}

/// The watermark in force in each batch, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Watermarks {
    in_force: Vec<i64>,
}

impl Watermarks {
    /// By which events of a batch are late: windows that end by then are over. A batch that there
    /// never was answers nothing.
    pub(super) fn late_in(&self, batch: Option<usize>) -> Timestamp {
        let Some(batch) = batch else { return Timestamp::AFTER_ALL };
        let before = batch.checked_sub(1).and_then(|before| self.in_force.get(before));
        // A window [s, e) counts if e lies behind it, so its last instant is e - 1 µs.
        Timestamp::from_micros(before.copied().unwrap_or(0).saturating_mul(1_000) - 1)
    }

    /// The first batch with events of which the engine says another watermark: which, what it says,
    /// and what it is. Behind the last event an engine may be given something to end its windows by.
    pub(super) fn first_other(&self, cuts: &Cuts) -> Option<(usize, i64, i64)> {
        let holds_events = |batch: usize| match batch.checked_sub(1) {
            Some(before) => cuts.until[batch] != cuts.until[before],
            None => true,
        };
        let told = cuts.told_us.iter().zip(&self.in_force).enumerate();
        let mut pairs = told.filter_map(|(batch, (told, is))| Some((batch, (*told)?, is * 1_000)));
        pairs.find(|(batch, told, is)| told != is && holds_events(*batch))
    }
}

/// In which batch the next event of each partition lies.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// For each partition: its events so far, and the batch at hand.
    partitions: Vec<(u64, usize)>,
}

impl Place {
    /// The batch of the next event of a partition; none if there never was one.
    pub(super) fn next(&mut self, cuts: &Cuts, partition: usize) -> Option<usize> {
        if self.partitions.len() <= partition {
            self.partitions.resize(partition + 1, (0, 0));
        }
        let (seen, batch) = &mut self.partitions[partition];
        let ends_before = |until: &Vec<u64>| until.get(partition).is_none_or(|end| *end <= *seen);
        *batch += cuts.until[*batch..].iter().take_while(|until| ends_before(until)).count();
        *seen += 1;
        (*batch < cuts.until.len()).then_some(*batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::input::tests::{Listed, layout};
    use std::sync::Arc;

    fn cuts(delay_us: i64, until: &[&[u64]]) -> Cuts {
        let mut cuts = Cuts::new(delay_us);
        for until in until {
            cuts.add(until.to_vec(), None).unwrap();
        }
        cuts
    }

    fn input(times_ms: &[i64], partitions: usize) -> Input<scenarios::Keyed> {
        let events = (0..).zip(times_ms).map(|(due, time)| (due, time * 1_000 + 999, 0, 0));
        let listed = Listed { events: events.collect() };
        Input::make(Arc::new(listed), layout(partitions, 1, 0), u64::MAX)
    }

    #[test]
    fn a_watermark_is_learnt_when_a_batch_ends_and_decides_a_batch_later() {
        let input = input(&[5, 20, 10, 40, 8], 1);
        let cuts = cuts(3_000, &[&[1], &[2], &[2], &[4], &[5]]);
        let watermarks = cuts.watermarks(&input);
        assert_eq!(watermarks.in_force, [0, 2, 17, 17, 37, 37]);
        let late = |batch| watermarks.late_in(Some(batch)).as_micros();
        assert_eq!([0, 1, 2, 3, 4].map(late), [-1, -1, 1_999, 16_999, 16_999]);
        assert_eq!(watermarks.late_in(None), Timestamp::AFTER_ALL);
        assert_eq!(cuts.events(), 5);
    }

    #[test]
    fn a_watermark_never_lies_before_the_epoch_or_goes_back_and_delays_are_rounded_up() {
        let cuts = cuts(2_001, &[&[1], &[2], &[3]]);
        assert_eq!(cuts.watermarks(&input(&[-50, 9, 4], 1)).in_force, [0, 0, 6, 6]);
    }

    #[test]
    fn each_partition_is_cut_by_itself() {
        // Of the first: 1, 3, 5; of the second: 2, 4.
        let input = input(&[1, 2, 3, 4, 5], 2);
        let cuts = cuts(0, &[&[0, 2], &[3, 2]]);
        assert_eq!(cuts.watermarks(&input).in_force, [0, 4, 5]);
        let mut place = Place::default();
        let batches = [0, 1, 0, 1, 0, 1].map(|partition| place.next(&cuts, partition));
        assert_eq!(batches, [Some(1), Some(0), Some(1), Some(0), Some(1), None]);
    }

    #[test]
    fn cuts_that_go_back_are_none() {
        let mut cuts = cuts(0, &[&[3, 3]]);
        assert!(cuts.add(vec![4, 2], None).unwrap_err().contains("the one before to [3, 3]"));
        assert!(cuts.add(vec![4], None).is_err());
        assert!(cuts.add(vec![3, 3], None).is_ok());
    }

    #[test]
    fn a_watermark_that_is_told_otherwise_is_found() {
        let mut cuts = Cuts::new(0);
        cuts.add(vec![1], Some(0)).unwrap();
        cuts.add(vec![2], None).unwrap();
        cuts.add(vec![3], Some(8_000)).unwrap();
        cuts.add(vec![3], Some(77_000)).unwrap();
        let watermarks = cuts.watermarks(&input(&[5, 9, 4], 1));
        assert_eq!(watermarks.first_other(&cuts), Some((2, 8_000, 9_000)));
        cuts.told_us[2] = Some(9_000);
        assert_eq!(watermarks.first_other(&cuts), None, "the last one holds no event");
    }
}
