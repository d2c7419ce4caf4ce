//! An engine that is made up: a queue whose service is known, seen as a bench sees an engine.

use engines::{BatchTiming, Moment, SimulatedClock};
use instrument::bench::error::RunError;
use instrument::bench::repetition::p99_ns_thirds;
use instrument::bench::{Bench, Measured, Order};
use instrument::load::survey::Survey;
use instrument::measure::course::Course;
use instrument::measure::intervals::Totals;
use instrument::measure::seen::{Phase, Seen, Watch};
use instrument::measure::timeline::Sample;
use reports::record::VerdictKind;
use settings::plan::{Load, RateShape};
use std::sync::Arc;

/// Numbers that look random.
pub(super) struct Noise(pub(super) u64);

impl Noise {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal, with mean 0 and deviation 1.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// How many events an engine can serve per second, at a time of the run.
pub(super) type Service = Box<dyn Fn(f64, &mut Noise) -> f64 + Send>;

/// An engine with a queue before it: what is due waits until it is served.
pub(super) struct MadeUp {
    pub(super) service: Service,
    /// The most that the load generator can offer, in events per second.
    pub(super) generator: f64,
    /// How many events fit in memory.
    pub(super) memory: f64,
    /// Whether its answers are wrong.
    pub(super) is_wrong: bool,
    pub(super) clock: Arc<SimulatedClock>,
    /// The rates of the orders, and how long they measured, in seconds.
    pub(super) ordered: Vec<(f64, f64)>,
    pub(super) seeds: Vec<u64>,
    /// How much memory their inputs may take, in bytes.
    pub(super) input_memory: Vec<Option<u64>>,
}

pub(super) fn queue(service: impl Fn(f64, &mut Noise) -> f64 + Send + 'static) -> MadeUp {
    MadeUp {
        service: Box::new(service),
        generator: f64::INFINITY,
        memory: f64::INFINITY,
        is_wrong: false,
        clock: Arc::default(),
        ordered: Vec::new(),
        seeds: Vec::new(),
        input_memory: Vec::new(),
    }
}

/// A queue whose service varies by a fifth from one hundredth of a second to the next.
pub(super) fn noisy(rate: f64) -> MadeUp {
    queue(move |_, noise| rate * (1.0 + 0.2 * noise.normal()))
}

/// How finely time is cut, in seconds.
const STEP_S: f64 = 0.01;

/// How long a run goes on behind its last event, in seconds.
const AFTER_S: f64 = 6.0;

fn at(seconds: f64) -> Moment {
    Moment::from_nanos((seconds * 1e9).round() as u64)
}

/// What a run of a made-up engine looks like from outside.
struct Looks {
    totals: Totals,
    samples: Vec<Sample>,
    batches: Vec<BatchTiming>,
    drained: f64,
}

impl Looks {
    fn answer(&mut self, span: (f64, f64), emitted: f64, latency_s: f64, answers: u64) {
        if emitted < span.0 || answers == 0 {
            return;
        }
        let third = ((emitted - span.0) / (span.1 - span.0) * 3.0) as usize;
        let ns = (latency_s * 1e9) as u64;
        self.totals.result.record_n(ns, answers);
        self.totals.thirds[third.min(2)].record_n(ns, answers);
    }
}

impl MadeUp {
    /// Events are served as they come.
    fn serve(&self, rate: f64, span: (f64, f64), noise: &mut Noise) -> Looks {
        let mut looks = Looks {
            totals: Totals::none(),
            samples: Vec::new(),
            batches: Vec::new(),
            drained: f64::INFINITY,
        };
        let (mut due, mut served) = (0.0, 0.0);
        let steps = ((span.1 + AFTER_S) / STEP_S).round() as u64;
        for step in 0..steps {
            let now = step as f64 * STEP_S;
            if step % 10 == 0 {
                let read = served as u64;
                looks.samples.push(Sample { at: at(now), read, cpu_ns: 0, memory_bytes: 0 });
            }
            if now < span.1 - STEP_S / 2.0 {
                due += rate * STEP_S;
            }
            let able = (self.service)(now, noise).max(0.0);
            let taken = (able * STEP_S).min(due - served);
            served += taken;
            let waits = (due - served) / able.max(1.0);
            let own = 0.001 * (1.0 + 0.1 * noise.normal().abs());
            looks.answer(span, now, own + waits, taken.round() as u64);
            if looks.drained.is_infinite() && now >= span.1 && due - served < 0.5 {
                looks.drained = now;
                break;
            }
        }
        looks
    }

    /// Events are collected for an interval and then served together.
    fn serve_batches(
        &self,
        rate: f64,
        interval: f64,
        span: (f64, f64),
        noise: &mut Noise,
    ) -> Looks {
        let mut looks = Looks {
            totals: Totals::none(),
            samples: Vec::new(),
            batches: Vec::new(),
            drained: 0.0,
        };
        let mut free = 0.0_f64;
        for batch in 1..=(span.1 / interval).ceil() as u64 {
            let close = batch as f64 * interval;
            let records = rate * (close.min(span.1) - (close - interval));
            let started = free.max(close);
            // As for single events, the service varies from one hundredth of a second to the next.
            let parts = (interval / STEP_S).round().max(1.0) as u32;
            let able: f64 = (0..parts)
                .map(|part| (self.service)(started + f64::from(part) * STEP_S, noise).max(0.0))
                .sum();
            let finished = started + records / (able / f64::from(parts)).max(1.0);
            free = finished;
            let timing = |seconds| at(seconds);
            looks.batches.push(BatchTiming {
                close: timing(close),
                started: timing(started),
                finished: timing(finished),
                records: records as u64,
            });
            for part in 0..100 {
                let waited = finished - (close - interval * f64::from(part) / 100.0);
                looks.answer(span, finished, waited, (records / 100.0).ceil() as u64);
            }
            looks.drained = finished;
        }
        looks
    }
}

impl Bench for MadeUp {
    fn measure(&mut self, order: &Order<'_>, watch: Watch<'_>) -> Result<Measured, RunError> {
        let Load::Synthetic { rate: RateShape::Constant { per_second: rate }, .. } =
            order.cell.load
        else {
            panic!("a search offers constant rates")
        };
        let measure = &order.cell.measure;
        let (from, length) = (measure.warm_up.as_secs_f64(), measure.duration.as_secs_f64());
        self.ordered.push((rate, length));
        self.seeds.push(order.seed);
        self.input_memory.push(measure.input_memory);
        let span = (from, from + length);
        self.clock.advance(((span.1 + 1.0) * 1e9) as u64);
        let mut noise = Noise(order.seed);
        let interval = order.setting().kind.interval().map(|interval| interval.as_secs_f64());
        let looks = match interval {
            Some(interval) => self.serve_batches(rate, interval, span, &mut noise),
            None => self.serve(rate, span, &mut noise),
        };
        let told = |kind, text: &str| Ok(Measured::nothing(order, kind, text.to_owned()));
        if rate > self.generator || rate * span.1 > self.memory {
            return told(VerdictKind::LoadNotHeld, "the input itself was late");
        }
        let survey = Survey::steady(rate, span.1);
        let events = survey.events;
        for sample in &looks.samples {
            let offered = survey.due_before(sample.at);
            let seen = Seen {
                phase: Phase::Running,
                at: sample.at,
                events,
                offered,
                read: sample.read,
                ..Seen::default()
            };
            if sample.at.as_nanos() > 0 && watch(&seen).is_break() {
                return told(VerdictKind::Interrupted, "stopped before the end of its input");
            }
        }
        if self.is_wrong {
            return told(VerdictKind::Differs, "answers differ from the reference: one is missing");
        }
        let course = Course::new(&survey, &looks.samples, None, &looks.batches, None);
        let slope = course.backlog_slope(at(span.0), at(span.1));
        let mut measured = Measured::nothing(order, VerdictKind::Verified, String::new());
        let repetition = &mut measured.repetition;
        repetition.result_latency = looks.totals.result.recorded();
        repetition.p99_ns_thirds = p99_ns_thirds(&looks.totals);
        repetition.throughput.backlog_slope = slope.map(|s| (s.low / rate, s.high / rate));
        repetition.throughput.drain_s = (looks.drained - span.1).max(0.0);
        repetition.throughput.completed_per_s = rate;
        Ok(measured)
    }
}
