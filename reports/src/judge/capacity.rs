//! What an engine would do at rates that were not run: a model of the runs that were, with its error
//! beside it.
//!
//! The model is that of [`statistics::capacity`]. Which runs it may be made from is decided here:
//! those whose tail is that of their rate. Where a backlog grew, a tail is as long as the run was;
//! where one from before was worked off, it is that of the start. Both say where an engine is full,
//! and nothing of its latency. Nothing is said of rates outside of those that were run.

use crate::quantity::{self, fraction, nanoseconds, rate};
use crate::record::Repetition;
use crate::record::study::{Limit, LimitOutcome, Probe, ProbeOutcome};
use crate::words::plural;
use statistics::capacity::{
    self, FEWEST_RATES, FEWEST_RUNS, HeldOut, Load, Model, Refusal, Shape, saturation,
    throughput_held_out,
};

/// A backlog that changes by less than this share of the load stands still.
const STANDS_STILL: f64 = 0.01;

/// So many steps, equal ratios of the rate, draw a model.
const STEPS: u32 = 60;

/// A model of an engine's p99 of `result_latency` over the rate.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Twin {
    /// The model: events per second to nanoseconds.
    pub model: Model,
    /// How well it foretells what it does not know.
    pub held_out: HeldOut,
    /// The rate at which the engine is full, in events per second, where runs show it.
    full_per_s: Option<f64>,
}

/// Where an engine is full, by probes that are not at the ends of the bracket of its limit.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Full {
    /// Events per second.
    pub per_s: f64,
    /// How far outside of the bracket that is, as a share of its nearer end; zero inside.
    pub error: f64,
}

/// The runs of a search that say something, as loads.
pub fn loads(limit: &Limit) -> Vec<Load> {
    let told = |p: &&Probe| matches!(p.outcome, ProbeOutcome::Pass | ProbeOutcome::Fail);
    let load = |probe: &Probe| Load {
        rate: probe.rate_per_s,
        completed: probe.completed_per_s,
        tail: probe.p99_ns.filter(|_| is_of_its_rate(limit, probe)).map(|ns| ns as f64),
    };
    limit.probes.iter().filter(told).map(load).collect()
}

/// Whether the tail of a probe is that of its rate. A probe may fail for nothing but its tail.
fn is_of_its_rate(limit: &Limit, probe: &Probe) -> bool {
    let Some((low, high)) = probe.backlog_slope else { return false };
    let is_still = f64::midpoint(low, high).abs() < STANDS_STILL && high < STANDS_STILL;
    let is_too_late = limit.slo.is_some_and(|(quantile, most_ns)| {
        let is_p99 = quantile.total_cmp(&0.99).is_eq();
        is_p99 && probe.p99_ns.is_some_and(|ns| ns > most_ns)
    });
    is_still && (probe.outcome == ProbeOutcome::Pass || is_too_late)
}

/// A verified repetition as a load at the rate that was meant: what was offered is that but for a hair,
/// and two of the same rate are to be known as that.
pub fn load(repetition: &Repetition, rate: f64) -> Load {
    let throughput = &repetition.throughput;
    let p99 = repetition.result_latency.as_ref().and_then(crate::record::Latency::p99);
    Load {
        rate,
        completed: rate * throughput.completed_per_s / throughput.offered_per_s,
        tail: p99.filter(|_| throughput.sustained).map(|ns| ns as f64),
    }
}

/// The model of these runs, or why there is none.
pub fn twin(loads: &[Load]) -> Result<Twin, Refusal> {
    let (model, held_out) = capacity::fit(loads)?;
    Ok(Twin { model, held_out, full_per_s: saturation(loads) })
}

/// Where the other probes of a search say that the engine is full, where its limit was found and is
/// one of throughput. It is what the search found without having been told.
pub fn full(limit: &Limit) -> Option<Full> {
    let is_found = limit.outcome == LimitOutcome::Found && limit.slo.is_none();
    let (pass, fail) = limit.pass_per_s.zip(limit.fail_per_s).filter(|_| is_found)?;
    let is_end = |load: &Load| [pass, fail].iter().any(|end| (load.rate / end - 1.0).abs() < 1e-9);
    let others: Vec<Load> = loads(limit).into_iter().filter(|load| !is_end(load)).collect();
    let per_s = saturation(&others)?;
    let error = (1.0 - per_s / pass).max(per_s / fail - 1.0).max(0.0);
    Some(Full { per_s, error })
}

/// All that is made of a search, in words to stand behind whose it is: its model, or why there is none;
/// where it is full by probes that were not told; how well it is foretold what it completes of too much.
pub fn told(limit: &Limit) -> String {
    let loads = loads(limit);
    let model = match twin(&loads) {
        Ok(twin) => format!("by a model of its probes: {}", twin.words()),
        Err(refusal) => format!("no model of its probes, {}", why_not(&refusal)),
    };
    let full = full(limit).map(|full| full.words());
    let completed = throughput_held_out(&loads)
        .map(|held_out| format!("what it completes of too much: {}", error(&held_out)));
    let all: Vec<String> = [model].into_iter().chain(full).chain(completed).collect();
    all.join("; ")
}

impl Twin {
    /// In words, to stand behind whose it is: "p99 of 1.16 ms whatever the rate, from 4.00 M/s to 12.3
    /// M/s (held-out error 8.20 %, n = 5)".
    pub fn words(&self) -> String {
        let (low, high) = self.model.range;
        let at =
            |rate: f64| self.model.tail(rate).map_or_else(|| quantity::NONE.into(), nanoseconds);
        let (from, to) = (rate(low), rate(high));
        let how = match self.model.shape {
            Shape::Flat => {
                return format!(
                    "p99 of {} whatever the rate, from {from} to {to} ({})",
                    at(low),
                    error(&self.held_out)
                );
            }
            Shape::Batch => "as a batch takes longer the more is in it".to_owned(),
            Shape::Filling => "as a buffer fills sooner the more comes".to_owned(),
            Shape::Queue(full) if self.full_per_s.is_some_and(|seen| seen >= full) => {
                format!("as the queue before a server grows that is full at {}", rate(full))
            }
            Shape::Queue(_) => "as the queue before a server grows".to_owned(),
        };
        let (least, most) = (at(low), at(high));
        format!("p99 of {least} at {from} to {most} at {to}, {how} ({})", error(&self.held_out))
    }

    /// The p99 in nanoseconds over the rate, from the least to the highest that it is made from, to be
    /// drawn.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let (low, high) = self.model.range;
        let share = |n: u32| f64::from(n) / f64::from(STEPS);
        let between = (1..STEPS).map(|n| low * (high / low).powf(share(n)));
        let rates = std::iter::once(low).chain(between).chain([high]);
        rates.filter_map(|rate| Some((rate, self.model.tail(rate)?))).collect()
    }
}

impl Full {
    /// In words, to stand behind whose it is: "full at 12.8 M/s by the probes that are not at its ends,
    /// inside of what was found".
    pub fn words(&self) -> String {
        let off = if self.error > 0.0 {
            format!("{} outside of what was found", fraction(self.error))
        } else {
            "inside of what was found".to_owned()
        };
        format!("full at {} by the probes that are not at its ends, {off}", rate(self.per_s))
    }
}

/// "held-out error 8.20 %, n = 5"
pub fn error(held_out: &HeldOut) -> String {
    format!("held-out error {}, n = {}", fraction(held_out.error), held_out.points)
}

/// Why there is no model, to stand behind "no model of its probes, " or the like.
pub fn why_not(refusal: &Refusal) -> String {
    match refusal {
        Refusal::TooFew { runs, rates } => format!(
            "as {runs} with a steady tail, at {}, are too few: it takes {FEWEST_RUNS} at {FEWEST_RATES}",
            plural(*rates, "rate")
        ),
        Refusal::TooFar(held_out) => {
            format!("as it foretells too badly what it does not know ({})", error(held_out))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// A probe: rate, completed, p99, slope, outcome.
    type Row = (f64, f64, u64, (f64, f64), ProbeOutcome);

    /// A search whose probes are these.
    fn search(rows: &[Row]) -> Limit {
        let mut cell = sample::limited().cells.remove(0);
        let mut limit = cell.engines.remove(0).limit.unwrap();
        let like = limit.probes[0].clone();
        let probe = |(rate_per_s, completed_per_s, p99_ns, slope, outcome): &Row| Probe {
            rate_per_s: *rate_per_s,
            completed_per_s: *completed_per_s,
            p99_ns: Some(*p99_ns),
            backlog_slope: Some(*slope),
            outcome: *outcome,
            ..like.clone()
        };
        limit.probes = rows.iter().map(probe).collect();
        limit.slo = None;
        (limit.pass_per_s, limit.fail_per_s) = (Some(9.932e6), Some(10.37e6));
        limit
    }

    use ProbeOutcome::{Fail, Pass, Unknown};

    /// One that was measured: micro-batch, words, batches of 50 ms.
    fn measured() -> Limit {
        search(&[
            (4.0e6, 3.992e6, 78_316_000, (-0.004, 0.001), Pass),
            (8.0e6, 8.005e6, 103_612_000, (-0.001, 0.006), Pass),
            (16.0e6, 11.591e6, 1_118_831_000, (0.233, 0.257), Fail),
            (11.31e6, 9.180e6, 2_533_360_000, (0.142, 0.180), Fail),
            (9.512e6, 9.589e6, 295_698_000, (-0.045, -0.018), Pass),
            (10.37e6, 10.121e6, 173_933_000, (0.014, 0.044), Fail),
            (9.932e6, 9.879e6, 100_925_000, (0.001, 0.004), Pass),
            (9.932e6, 10.134e6, 145_228_000, (-0.018, -0.001), Pass),
            (9.932e6, 9.931e6, 99_615_000, (-0.002, 0.002), Pass),
            (9.932e6, 9.258e6, 264_503_000, (0.028, 0.050), Fail),
            (10.93e6, 10.340e6, 303_563_000, (0.013, 0.109), Fail),
        ])
    }

    #[test]
    fn a_tail_counts_where_no_backlog_grew_nor_was_worked_off() {
        let loads = loads(&measured());
        let with_tail: Vec<f64> = loads.iter().filter_map(|load| load.tail).collect();
        assert_eq!(with_tail, [78_316e3, 103_612e3, 100_925e3, 145_228e3, 99_615e3]);
        assert_eq!(loads.len(), 11, "all say what is completed");
        let unknown = search(&[(4.0e6, 4.0e6, 1_000, (0.0, 0.0), Unknown)]);
        assert_eq!(super::loads(&unknown), []);
    }

    #[test]
    fn who_fails_for_nothing_but_the_tail_has_the_tail_of_its_rate() {
        let mut limit = search(&[(4.0e6, 4.0e6, 900, (0.0, 0.0), Fail)]);
        assert_eq!(loads(&limit)[0].tail, None, "why it failed is not known");
        limit.slo = Some((0.99, 800));
        assert_eq!(loads(&limit)[0].tail, Some(900.0));
        limit.slo = Some((0.5, 800));
        assert_eq!(loads(&limit)[0].tail, None, "the demand is on another quantile");
    }

    #[test]
    fn the_probes_that_are_not_at_its_ends_say_where_the_limit_is() {
        let mut limit = measured();
        let told = full(&limit).unwrap();
        assert!((9.9e6..10.4e6).contains(&told.per_s) && told.error <= 0.0, "{told:?}");
        assert!(told.words().ends_with("inside of what was found"), "{}", told.words());
        (limit.pass_per_s, limit.fail_per_s) = (Some(8.0e6), Some(8.5e6));
        let told = full(&limit).unwrap();
        assert!(told.error > 0.1 && told.words().contains("% outside"), "{told:?}");
        limit.slo = Some((0.99, 1));
        assert_eq!(full(&limit), None, "it is the limit of a demand, and not of throughput");
        limit.slo = None;
        limit.outcome = LimitOutcome::AtLeast;
        assert_eq!(full(&limit), None);
    }

    #[test]
    fn a_model_is_told_with_its_error_and_none_with_the_reason() {
        let refused = twin(&loads(&measured())).unwrap_err();
        assert_eq!(
            why_not(&refused),
            "as 5 with a steady tail, at 3 rates, are too few: it takes 5 at 4"
        );
        let mut more = loads(&measured());
        more.push(Load { rate: 6e6, completed: 6e6, tail: Some(88e6) });
        let told = twin(&more).unwrap().words();
        assert_eq!(
            told,
            "p99 of 78.3 ms at 4.00 M/s to 107 ms at 9.93 M/s, as a batch takes longer the more is in it \
             (held-out error 8.71 %, n = 2)"
        );
        let wild = [1.0, 9.0, 1.0, 9.0, 1.0].iter().zip(1_u32..);
        let wild = wild.map(|(tail, rate)| {
            let rate = f64::from(rate);
            Load { rate, completed: rate, tail: Some(*tail) }
        });
        let refused = twin(&wild.collect::<Vec<_>>()).unwrap_err();
        assert!(why_not(&refused).starts_with("as it foretells too badly"), "{refused:?}");
    }
}
