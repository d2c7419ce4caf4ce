//! What a job is asked, in the words of its command line.

use crate::transport::Aggregate;
use engines::{ArrivalClock, CountSpec, SessionSpec, WindowSpec};
use scenarios::spec::{AggregateName, QuerySpec, WorkloadSpec};
use settings::plan::{Cell, Pinning, Transport};

/// What a job is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// How many source partitions there are.
    pub partitions: usize,
    /// How many workers its operators have.
    pub workers: usize,
    /// What its windowed operator computes; none where there is none.
    pub aggregate: Option<Aggregate>,
    /// How far its watermark is to trail, in microseconds.
    pub watermark_delay_us: i64,
    /// What carries events to it, and its answers back.
    pub transport: Transport,
    /// Which processors it is to have, where its process is ours.
    pub pinning: Pinning,
    /// Its arguments, but for where the harness listens.
    pub arguments: Vec<String>,
}

impl Job {
    /// What a cell asks of an engine with these settings of its own: name and value.
    pub fn of(cell: &Cell, settings: &[(&str, String)]) -> Self {
        Self::by(cell, settings, |micros| micros)
    }

    /// The same of one whose windows are as long by the wall clock as it takes that much event time
    /// to pass.
    pub fn by_wall_clock(cell: &Cell, settings: &[(&str, String)], arrival: ArrivalClock) -> Self {
        let per_second = i128::from(arrival.micros_per_second.max(1));
        let wall = |micros| i128::from(micros) * 1_000_000 / per_second;
        Self::by(cell, settings, |micros| i64::try_from(wall(micros)).unwrap_or(i64::MAX))
    }

    fn by(cell: &Cell, settings: &[(&str, String)], scaled: impl Fn(i64) -> i64) -> Self {
        let (question, lengths, aggregate, is_global) = match &cell.case.query {
            QuerySpec::Identity => ("identity", Vec::new(), None, false),
            QuerySpec::WordCount { window } => {
                ("word-count", of_window(window), Some(Aggregate::Count), false)
            }
            QuerySpec::Window { window, aggregates, keyed } => {
                ("windows", of_window(window), Some(enough_for(aggregates)), !keyed)
            }
            QuerySpec::Session { session, aggregates, keyed } => {
                ("sessions", of_session(session), Some(enough_for(aggregates)), !keyed)
            }
            QuerySpec::Counted { count, aggregates, keyed } => {
                let aggregate = match cell.case.workload {
                    WorkloadSpec::Words(_) => Aggregate::Count,
                    _ => enough_for(aggregates),
                };
                ("counted", of_count(count), Some(aggregate), !keyed)
            }
            QuerySpec::Silence { .. } | QuerySpec::Join { .. } => {
                unreachable!("no engine in a process of its own is planned for this question")
            }
        };
        let event = match &cell.case.workload {
            WorkloadSpec::Words(_) => "line",
            WorkloadSpec::Synthetic(spec) if spec.payload_bytes > 0 => "padded",
            WorkloadSpec::Synthetic(_) | WorkloadSpec::Trace(_) => "keyed",
        };
        let partitions = cell.partitions.max(1);
        let workers = cell.parallelism.max(1);
        let mut words: Vec<(&str, String)> = vec![
            ("question", question.to_owned()),
            ("event", event.to_owned()),
            ("partitions", partitions.to_string()),
            ("parallelism", workers.to_string()),
            ("watermark-delay-us", cell.watermark_bound_us.to_string()),
        ];
        let lengths = lengths.into_iter();
        words.extend(lengths.map(|(name, micros)| (name, scaled(micros).to_string())));
        words.extend(aggregate.map(|aggregate| ("aggregate", aggregate.name().to_owned())));
        words.extend(aggregate.map(|_| ("global", is_global.to_string())));
        let set = settings.iter().map(|(name, value)| ("set", format!("{name}={value}")));
        let words = words.into_iter().chain(set);
        let arguments = words.flat_map(|(name, value)| [format!("--{name}"), value]).collect();
        let watermark_delay_us = cell.watermark_bound_us;
        let transport = cell.transport.clone();
        let pinning = cell.pinning.clone();
        Self { partitions, workers, aggregate, watermark_delay_us, transport, pinning, arguments }
    }
}

/// What a job has to compute for these to be told.
fn enough_for(aggregates: &[AggregateName]) -> Aggregate {
    let is_extreme = |name: &AggregateName| matches!(name, AggregateName::Min | AggregateName::Max);
    if aggregates.iter().any(is_extreme) { Aggregate::Summary } else { Aggregate::CountAndSum }
}

fn of_window(window: &WindowSpec) -> Vec<(&'static str, i64)> {
    vec![
        ("size-us", window.size()),
        ("slide-us", window.slide()),
        ("lateness-us", window.allowed_lateness()),
    ]
}

fn of_session(session: &SessionSpec) -> Vec<(&'static str, i64)> {
    vec![("gap-us", session.gap()), ("lateness-us", session.allowed_lateness())]
}

/// In events, by whichever clock.
fn of_count(count: &CountSpec) -> Vec<(&'static str, i64)> {
    let events = |records: u64| i64::try_from(records).unwrap_or(i64::MAX);
    vec![("size", events(count.size())), ("slide", events(count.slide()))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::{Given, Traces, load};

    #[track_caller]
    fn check(name: &str, settings: &[&str], want: &str, aggregate: Option<Aggregate>) {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let loaded = load(&[name.to_owned()], &given, &[], Traces::MayBeAbsent);
        let cell = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0);
        let job = Job::of(&cell, &[("state", "hashmap".to_owned())]);
        assert_eq!(job.arguments.join(" "), want);
        assert_eq!(job.aggregate, aggregate);
    }

    #[test]
    fn a_cell_is_asked_in_the_words_of_the_contract() {
        check(
            "identity",
            &["source.synthetic.payload=\"256B\""],
            "--question identity --event padded --partitions 1 --parallelism 1 \
             --watermark-delay-us 0 --set state=hashmap",
            None,
        );
        check(
            "word-count",
            &["parallelism=2"],
            "--question word-count --event line --partitions 1 --parallelism 2 \
             --watermark-delay-us 0 --size-us 5000000 --slide-us 1000000 --lateness-us 0 \
             --aggregate count --global false --set state=hashmap",
            Some(Aggregate::Count),
        );
        check(
            "keyed-window",
            &["query.window.aggregates=[\"count\"]", "query.window.keyed=false", "partitions=3"],
            "--question windows --event keyed --partitions 3 --parallelism 1 \
             --watermark-delay-us 0 --size-us 1000000 --slide-us 100000 --lateness-us 0 \
             --aggregate count-sum --global true --set state=hashmap",
            Some(Aggregate::CountAndSum),
        );
        check(
            "keyed-window",
            &[
                "query.window.aggregates=[\"count\", \"max\"]",
                "query.window.watermark=\"20ms\"",
                "query.window.allowed_lateness=\"5ms\"",
            ],
            "--question windows --event keyed --partitions 1 --parallelism 1 \
             --watermark-delay-us 20000 --size-us 1000000 --slide-us 100000 --lateness-us 5000 \
             --aggregate summary --global false --set state=hashmap",
            Some(Aggregate::Summary),
        );
        check(
            "sessions",
            &["query.session.allowed_lateness=\"1500us\"", "partitions=2"],
            "--question sessions --event keyed --partitions 2 --parallelism 1 \
             --watermark-delay-us 0 --gap-us 10000000 --lateness-us 1500 \
             --aggregate count-sum --global false --set state=hashmap",
            Some(Aggregate::CountAndSum),
        );
        check(
            "word-count-10",
            &["query.counted.slide=5"],
            "--question counted --event line --partitions 1 --parallelism 1 \
             --watermark-delay-us 0 --size 10 --slide 5 \
             --aggregate count --global false --set state=hashmap",
            Some(Aggregate::Count),
        );
    }

    #[test]
    fn by_the_wall_clock_windows_are_as_long_as_event_time_takes_to_pass() {
        let loaded = load(&["word-count".to_owned()], &[], &[], Traces::MayBeAbsent).unwrap();
        let origin = engines::Timestamp::from_micros(0);
        let clock = ArrivalClock { origin, micros_per_second: 10_000_000 };
        let words = Job::by_wall_clock(&loaded.cells[0], &[], clock).arguments.join(" ");
        assert!(words.contains("--size-us 500000 --slide-us 100000"), "{words}");
    }
}
