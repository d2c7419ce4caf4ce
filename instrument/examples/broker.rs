//! What a broker costs between two ends: events are due at an even rate, go as the frames of the way
//! into a topic, and come out of it again in this process, by the same client as in a run. It prints
//! quantiles of how long after it was due an event was read, and how many messages carried them.
//!
//! Brokers run already, and this makes a topic of its own there and removes it:
//! `cargo run --release -p sluicebench-instrument --features kafka --example broker -- 127.0.0.1:9092 [RATE] [SECONDS] [LINGER_MS]`
#![allow(clippy::print_stdout, reason = "it is for whoever runs it")]
#![allow(clippy::disallowed_methods, reason = "it has two ends of its own, and no run's clock")]

use engines::{Moment, Stamped, Timestamp};
use hdrhistogram::Histogram;
use scenarios::Keyed;
use sluicebench_instrument::transport::Frames;
use sluicebench_instrument::transport::kafka::{Brokers, Sending, Sent};
use std::error::Error;
use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use std::{env, process, thread};

/// What is not counted at the beginning.
const WARM_UP: Duration = Duration::from_secs(2);

/// Bytes of a record of this kind within a frame.
const RECORD_BYTES: u64 = 32;

fn main() -> ExitCode {
    let asked: Vec<String> = env::args().skip(1).collect();
    let Some(addresses) = asked.first() else {
        println!(
            "what to ask: BROKERS [RATE] [SECONDS] [LINGER_MS], such as 127.0.0.1:9092 100000 10 1"
        );
        return ExitCode::from(2);
    };
    let number =
        |place: usize, unsaid: f64| asked.get(place).map_or(Ok(unsaid), |text| text.parse::<f64>());
    let came = (|| {
        let (rate, seconds, linger) = (number(1, 100_000.0)?, number(2, 10.0)?, number(3, 1.0)?);
        if ![rate, seconds].iter().all(|it| (1e-3..1e9).contains(it))
            || !(0.0..1e3).contains(&linger)
        {
            return Err(
                "a rate and a time above zero are needed, and a linger below 1000 ms".into()
            );
        }
        through(
            addresses,
            rate,
            Duration::from_secs_f64(seconds),
            Duration::from_secs_f64(linger / 1e3),
        )
    })();
    match came {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{addresses}: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Sends for so long, events per second, and reads all of them.
fn through(
    addresses: &str,
    rate: f64,
    lasts: Duration,
    linger: Duration,
) -> Result<(), Box<dyn Error>> {
    let brokers = Brokers::at(addresses)?;
    let topic = format!("sluicebench-broker-{}", process::id());
    brokers.make(&topic, 1)?;
    let told = sent_and_read(&brokers, &topic, rate, lasts + WARM_UP, linger);
    brokers.remove(&[topic])?;
    println!("{}", told?);
    Ok(())
}

fn sent_and_read(
    brokers: &Brokers,
    topic: &str,
    rate: f64,
    lasts: Duration,
    linger: Duration,
) -> Result<String, Box<dyn Error>> {
    let producer = brokers.way_in(topic, Sent { acks: "1", linger })?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut out = brokers.way_out(topic, 0, &stop)?;
    let gap = Duration::from_secs_f64(1.0 / rate);
    let events = u64::try_from(lasts.as_nanos() / gap.as_nanos().max(1))?;
    // The client on the reading side is there before the first event is due.
    let start = Instant::now() + Duration::from_millis(500);
    let due = move |number: u64| start + Duration::from_secs_f64(number as f64 / rate);

    let sending = thread::spawn(move || -> Result<u64, std::io::Error> {
        let (mut way, mut frames) = (Sending::by(&producer, 0), Frames::new());
        let mut next = 0;
        while next < events {
            thread::sleep(due(next).saturating_duration_since(Instant::now()));
            let now = Instant::now();
            let mut records = Vec::new();
            while next < events && due(next) <= now {
                records.push(Stamped {
                    event_time: Timestamp::from_micros(next.cast_signed()),
                    due: Moment::START,
                    value: Keyed { key: next, value: 1 },
                });
                next += 1;
            }
            frames.records(&records);
            frames.send(&mut way)?;
        }
        Ok(way.messages())
    });

    let mut latencies = Histogram::<u64>::new(3)?;
    let (mut number, mut head, mut body) = (0, [0; 5], Vec::new());
    while number < events {
        out.read_exact(&mut head)?;
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
        body.resize(length as usize, 0);
        out.read_exact(&mut body)?;
        let now = Instant::now();
        for _ in 0..u64::from(length) / RECORD_BYTES {
            let late = now.saturating_duration_since(due(number));
            if due(number) >= start + WARM_UP {
                latencies.record(u64::try_from(late.as_nanos())?)?;
            }
            number += 1;
        }
    }
    let messages = sending.join().map_err(|_| "whoever sends has panicked")??;
    let at = |quantile| Duration::from_nanos(latencies.value_at_quantile(quantile));
    Ok(format!(
        "{rate:.0} events/s, linger {linger:?}: p50 {:.2?}, p99 {:.2?}, p99.9 {:.2?}, highest {:.2?}; \
         {} events in {messages} messages",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0),
        latencies.len(),
    ))
}
