//! Which part of a cell's input is drawn, and played round and round, where all of it is too much.
//!
//! That is decided by the settings of the cell alone: by how much memory its input may take, and how
//! much it would. So every engine and every repetition get the same events, on whichever machine.

use crate::load::input::size;
use crate::load::layout::Layout;
use engines::Data;
use scenarios::Workload;
use scenarios::workload::Round;
use settings::plan::Cell;
use std::hash::Hash;
use std::sync::Arc;

/// The workload of a cell as it is offered: as it is, or with its first events going round where all
/// of them would take more memory than the cell gives its input. Half of that is for the events that go
/// round; the other half is for what is made of them ahead of need.
pub fn offered<E: Data + Hash>(
    cell: &Cell,
    workload: Arc<dyn Workload<Event = E>>,
    layout: &Layout,
) -> Arc<dyn Workload<Event = E>> {
    let (events, bytes) = size(&*workload, layout);
    let may = |memory: &u64| cell.case.workload.can_go_round() && bytes > *memory;
    let memory = cell.measure.input_memory.filter(may);
    match memory.map(|memory| Round::<E>::longest_within(memory / 2)) {
        Some(period) if period < events => Arc::new(Round::new(workload, period)),
        Some(_) | None => workload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::input::Input;
    use crate::load::supply::Supply;
    use engines::Stamped;
    use foldhash::quality::FixedState;
    use programs::{Case, Visitor};
    use scenarios::Answer;
    use settings::config::{self, Given, Traces};
    use std::collections::BTreeSet;
    use std::hash::BuildHasher as _;

    const MIB: u64 = 1 << 20;

    fn cell(scenario: &str, settings: &[&str]) -> Cell {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let loaded = config::load(&[scenario.to_owned()], &given, &[], Traces::MayBeAbsent);
        loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
    }

    fn visited<V: Visitor>(cell: &Cell, visitor: V) -> V::Output {
        programs::open(&cell.case, cell.seed).unwrap().visit(visitor)
    }

    /// After how many events a cell goes round.
    struct Period<'a>(&'a Cell);

    impl Visitor for Period<'_> {
        type Output = Option<u64>;

        fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> Option<u64> {
            let layout = Layout::of(self.0, self.0.seed, case.program.trigger());
            offered(self.0, case.workload, &layout).period()
        }
    }

    #[test]
    fn only_what_is_too_much_goes_round_and_only_where_it_was_said() {
        let period = |scenario: &str, settings: &[&str]| {
            let cell = cell(scenario, settings);
            visited(&cell, Period(&cell))
        };
        let long = ["measure.warm_up=0s", "measure.duration=1h"];
        let of = |said: &'static str| [&long[..], &[said]].concat();
        assert_eq!(period("keyed-window", &long), None, "nobody asked for it");
        assert_eq!(period("keyed-window", &of("measure.input_memory=64GiB")), None);
        // Half of it over a key, a value and a delay, or over a line and a delay.
        assert_eq!(period("keyed-window", &of("measure.input_memory=64MiB")), Some(1 << 20));
        assert_eq!(period("keyed-window", &of("measure.input_memory=1GiB")), Some(1 << 24));
        assert_eq!(period("word-count", &of("measure.input_memory=64MiB")), Some(1 << 18));
    }

    /// The memory that an input takes while it is played, and how many events it has.
    struct Played<'a>(&'a Cell, u64);

    impl Visitor for Played<'_> {
        type Output = (u64, u64);

        fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> (u64, u64) {
            let Self(cell, at_once_ns) = self;
            let layout = Layout::of(cell, cell.seed, case.program.trigger());
            let workload = offered(cell, case.workload, &layout);
            let period = workload.period().expect("it goes round");
            let input = Input::make(workload, layout, 0).within(cell.measure.input_memory);
            let (supplies, _makers) = input.supply(at_once_ns);
            let (mut places, mut events, mut hash) = (BTreeSet::new(), 0, 0_u64);
            let hasher = FixedState::with_seed(0);
            for (supply, first) in supplies.into_iter().zip(0_u64..) {
                let mut numbers = (first..).step_by(cell.partitions);
                let Supply::Ahead(chunks) = supply else { panic!("it is made ahead") };
                // One is played at a time, and let go of before the next is asked for.
                for chunk in chunks {
                    places.insert((chunk.records.as_ptr().addr(), chunk.records.capacity()));
                    events += chunk.records.len() as u64;
                    for (event, n) in chunk.records.iter().zip(&mut numbers) {
                        let fields = (n, event.due, event.event_time, &event.value);
                        hash = hash.wrapping_add(hasher.hash_one(fields));
                    }
                }
            }
            assert_eq!((events, hash), (input.survey.events, input.survey.hash));
            let records = places.iter().map(|(_, records)| *records as u64).sum::<u64>();
            let bytes = Round::<E>::bytes(period) + records * size_of::<Stamped<E>>() as u64;
            (bytes, events)
        }
    }

    #[test]
    fn however_much_is_asked_for_at_once_it_takes_no_more_memory_than_it_may() {
        for (scenario, most, setting) in [
            ("keyed-window", 16, "source.synthetic.partitions=1"),
            ("keyed-window", 32, "source.synthetic.partitions=2"),
            ("identity", 128, "source.synthetic.payload=256B"),
            ("word-count", 32, "source.words.partitions=1"),
        ] {
            let memory = format!("measure.input_memory={most}MiB");
            let length = ["measure.warm_up=0s", "measure.duration=1250ms", "rate=1M/s"];
            let cell = cell(scenario, &[&length[..], &[setting, &*memory]].concat());
            for at_once_ns in [0, u64::MAX] {
                let (bytes, events) = visited(&cell, Played(&cell, at_once_ns));
                assert!(bytes <= most * MIB, "{scenario}: {bytes} bytes");
                assert_eq!(events, 1_250_000, "{scenario}");
            }
        }
    }
}
