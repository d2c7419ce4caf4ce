//! Whether one measured repetition shows that a rate is sustained: the six conditions.
//!
//! A rate is sustained when (a) the backlog does not grow by one per cent of it, (b) the tail of
//! the latency is stable, (c) what is left drains at once, (d) the demand on the latency holds, if
//! there is one, (e) the load was held and (f) the answers are right. One condition that fails
//! decides; a slope that could be either way says that it takes a longer look. Short spikes are
//! allowed: none of these is about the highest value of anything. It measures nothing itself.

use engines::Moment;
use instrument::bench::Draining;
use instrument::bench::repetition::{ANSWERS_FOR_P99, LATENESS_NS_MAX};
use instrument::measure::seen::Seen;
use reports::quantity;
use reports::record::study::ProbeOutcome;
use reports::record::{Latency, Repetition, VerdictKind, answers_for};
use settings::plan::units;
use std::time::Duration;

/// How fast the backlog may grow, as a share of the offered rate.
const GROWTH_MAX: f64 = 0.01;

/// How much higher the p99 of the last third may be than that of the middle one. A rise by less
/// than the load itself may be late is not the engine's: without that, two pauses of the machine
/// would tell an engine of microseconds from itself.
const TAIL_GROWTH_MAX: f64 = 1.1;

/// How many answers it takes to hold the thirds of a probe against each other.
const ANSWERS_FOR_THIRDS: u64 = 3 * ANSWERS_FOR_P99;

/// A demand on the latency.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Slo {
    /// Which quantile, from 0 to 1; 1 is the highest value.
    pub quantile: f64,
    /// What it may be at most, in nanoseconds.
    pub most_ns: u64,
}

/// A quantile that every run reports.
struct Quantile {
    name: &'static str,
    share: f64,
    of: fn(&Latency) -> Option<u64>,
}

/// What a demand can be about.
const QUANTILES: [Quantile; 5] = [
    Quantile { name: "p50", share: 0.5, of: Latency::p50 },
    Quantile { name: "p90", share: 0.9, of: Latency::p90 },
    Quantile { name: "p99", share: 0.99, of: Latency::p99 },
    Quantile { name: "p99.9", share: 0.999, of: Latency::p999 },
    Quantile { name: "max", share: 1.0, of: |latency| Some(latency.max_ns) },
];

/// More is demanded of no answer: a month. A record counts no nanoseconds beyond a hundred days.
pub const LONGEST: Duration = Duration::from_hours(24 * 30);

impl Slo {
    /// From text such as `p99=100ms`. The error says what is wrong, and what to write.
    pub fn read(text: &str) -> Result<Self, (String, String)> {
        let example = "write a quantile and a duration, such as p99=100ms";
        let Some((name, limit)) = text.split_once('=') else {
            return Err((format!("`{text}` is no demand on the latency"), example.to_owned()));
        };
        let name = name.trim();
        let Some(quantile) = QUANTILES.iter().find(|quantile| quantile.name == name) else {
            let message = format!("`{name}` is no quantile that a run reports");
            let all = settings::config::diagnostic::listed(
                QUANTILES.iter().map(|quantile| quantile.name),
            );
            return Err((message, format!("the quantiles are {all}")));
        };
        let limit = units::duration(limit).map_err(|error| (error.to_string(), error.remedy()))?;
        let most_ns = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        if most_ns == 0 {
            return Err(("no answer takes no time at all".to_owned(), example.to_owned()));
        }
        if limit > LONGEST {
            return Err(("longer than a month".to_owned(), example.to_owned()));
        }
        Ok(Self { quantile: quantile.share, most_ns })
    }

    /// What the quantile is called, as it is typed.
    pub fn name(self) -> &'static str {
        self.about().name
    }

    fn about(self) -> &'static Quantile {
        let same = |other: &&Quantile| other.share.to_bits() == self.quantile.to_bits();
        QUANTILES.iter().find(same).expect("it was read from this table")
    }
}

impl std::fmt::Display for Slo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of at most {}", self.about().name, quantity::nanoseconds(self.most_ns as f64))
    }
}

/// What is known of a probe beside what it measured.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Terms {
    /// Length of a batch, where batches have one.
    pub interval: Option<Duration>,
    /// How long the engine may take to drain.
    pub draining: Draining,
    /// The demand on the latency.
    pub slo: Option<Slo>,
}

/// What a probe shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// In a word.
    pub outcome: ProbeOutcome,
    /// Which condition decided, in words.
    pub reason: String,
    /// Whether a longer look could say something else.
    pub in_doubt: bool,
    /// How many answers it takes to say anything, where there were too few.
    pub lacks: Option<Lack>,
}

/// Answers that are too few.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// How many there were.
    pub have: u64,
    /// How many it takes.
    pub needed: u64,
}

impl Judgement {
    /// A judgement that stands.
    pub fn of(outcome: ProbeOutcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: reason.into(), in_doubt: false, lacks: None }
    }

    fn in_doubt(outcome: ProbeOutcome, reason: impl Into<String>) -> Self {
        Self { in_doubt: true, ..Self::of(outcome, reason) }
    }

    fn lacking(have: u64, needed: u64, reason: impl Into<String>) -> Self {
        let lacks = Some(Lack { have, needed });
        Self { lacks, ..Self::in_doubt(ProbeOutcome::Unknown, reason) }
    }
}

impl Terms {
    /// Judges a repetition by the six conditions.
    pub fn judge(&self, repetition: &Repetition) -> Judgement {
        use ProbeOutcome::{Fail, NotOffered, Pass, Unknown};
        let verdict = &repetition.verdict;
        match verdict.kind {
            VerdictKind::Verified => (),
            VerdictKind::LoadNotHeld => return Judgement::of(NotOffered, &verdict.text),
            VerdictKind::Interrupted => return Judgement::of(Unknown, &verdict.text),
            VerdictKind::Differs => return Judgement::of(Fail, &verdict.text),
            VerdictKind::Failed => {
                return Judgement::of(Fail, format!("the engine failed: {}", verdict.text));
            }
        }
        let throughput = &repetition.throughput;
        let took_s = repetition.batches.iter().map(|batch| batch.processing_s);
        let drain_most_s = self.draining.most_s(took_s);
        if throughput.drain_s > drain_most_s {
            return Judgement::of(
                Fail,
                format!(
                    "it took {} to drain, {} are allowed",
                    quantity::seconds(throughput.drain_s),
                    quantity::seconds(drain_most_s)
                ),
            );
        }
        let Some(latency) = &repetition.result_latency else {
            let needed = self.slo.map_or(ANSWERS_FOR_THIRDS, |slo| answers_for(slo.about().share));
            return Judgement::lacking(0, needed, "no answer fell due in the measured part");
        };
        if let Some(slo) = self.slo {
            let Quantile { name, share, of } = slo.about();
            let Some(found) = of(latency) else {
                let needed = answers_for(*share);
                let reason = format!(
                    "too few answers for a {name}: {}, and it takes {}",
                    quantity::count(latency.count),
                    quantity::count(needed)
                );
                return Judgement::lacking(latency.count, needed, reason);
            };
            if found > slo.most_ns {
                let found = quantity::nanoseconds(found as f64);
                let most = quantity::nanoseconds(slo.most_ns as f64);
                return Judgement::of(Fail, format!("{name} is {found}, {most} are demanded"));
            }
        }
        let growth = match throughput.backlog_slope {
            None => return Judgement::in_doubt(Unknown, "too few looks at the backlog to tell"),
            Some((low, high)) => {
                let share = quantity::fraction;
                if low > GROWTH_MAX {
                    let least = share(low);
                    let reason = format!("the backlog grew by {least} of the load, at least");
                    return Judgement::of(Fail, reason);
                }
                if high >= GROWTH_MAX {
                    let reason = format!(
                        "the backlog grew by {} to {} of the load, {} are allowed",
                        signed(low),
                        share(high),
                        share(GROWTH_MAX)
                    );
                    return Judgement::in_doubt(Unknown, reason);
                }
                high
            }
        };
        let Some([_, middle, last]) = repetition.p99_ns_thirds else {
            let reason = "too few answers to tell whether the tail is stable";
            return Judgement::lacking(latency.count, ANSWERS_FOR_THIRDS, reason);
        };
        let ns = |ns: u64| quantity::nanoseconds(ns as f64);
        let by_load = middle.saturating_add(LATENESS_NS_MAX);
        if last as f64 > middle as f64 * TAIL_GROWTH_MAX && last > by_load {
            // A third holds few of the pauses of a machine, so that one more of them can do this.
            let reason = format!("p99 rose from {} to {} in the last third", ns(middle), ns(last));
            return Judgement::in_doubt(Fail, reason);
        }
        let growth = if growth <= 0.0 { "no".to_owned() } else { quantity::fraction(growth) };
        let p99 = latency.p99().map_or_else(
            || format!("too few answers for a p99, the slowest after {}", ns(latency.max_ns)),
            |p99| format!("p99 {}", ns(p99)),
        );
        Judgement::of(Pass, format!("{growth} growth of the backlog at most, {p99}"))
    }
}

/// A share with its sign, in per cent.
fn signed(share: f64) -> String {
    if share < 0.0 { format!("-{}", quantity::fraction(-share)) } else { quantity::fraction(share) }
}

/// When to give up on a probe before its end.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Limits {
    /// When the last event is due.
    pub end: Moment,
    /// How long it may take to drain from then.
    pub drain: Duration,
    /// How many events may wait.
    pub backlog: u64,
    /// The same, as a length of time at the offered rate.
    pub backlog_lasts: Duration,
}

/// How much of the load may wait, in seconds of it, before a probe is hopeless. An engine that
/// falls behind so far has lost more than the tail would ever make good; short spikes are shorter.
const BACKLOG_S: f64 = 5.0;

/// The same for a trace, which comes in bursts of its own.
const BACKLOG_S_TRACE: f64 = 30.0;

/// What is not yet finished when nothing should be left, before a probe is given up on: the looks
/// at it come every 100 ms, and may come late themselves.
const SLACK: Duration = Duration::from_secs(1);

impl Limits {
    /// For a probe of this length at this mean rate.
    pub fn new(length: Duration, rate_per_s: f64, terms: &Terms, is_trace: bool) -> Self {
        let batches_s = 2.0 * terms.interval.unwrap_or_default().as_secs_f64();
        let lasts_s = batches_s + if is_trace { BACKLOG_S_TRACE } else { BACKLOG_S };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is positive, and a float cast saturates"
        )]
        let backlog = (rate_per_s * lasts_s).ceil() as u64;
        Self {
            end: Moment::from_nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)),
            drain: terms.draining.most(),
            backlog,
            backlog_lasts: Duration::from_secs_f64(lasts_s),
        }
    }

    /// Why the probe cannot pass any more, if it cannot.
    pub fn passed(&self, seen: &Seen) -> Option<String> {
        if seen.backlog() > self.backlog {
            let lasts = quantity::seconds(self.backlog_lasts.as_secs_f64());
            let at = quantity::seconds(seen.at.as_nanos() as f64 / 1e9);
            return Some(format!("more than {lasts} of the load waited after {at}"));
        }
        let over_ns = seen.at.as_nanos().saturating_sub(self.end.as_nanos());
        if over_ns > u64::try_from((self.drain + SLACK).as_nanos()).unwrap_or(u64::MAX) {
            let drain = quantity::seconds(self.drain.as_secs_f64());
            return Some(format!("it had not drained after {drain}"));
        }
        None
    }
}
