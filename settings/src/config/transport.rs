//! What carries events and answers: how a broker is used, and which engines know of one.

use super::check::Checker;
use super::cluster;
use super::diagnostic::Mistake;
use super::engines::EngineSettings;
use super::keys;
use super::settings::Settings;
use super::tree::Node;
use crate::plan::{KafkaSetting, Transport};

const KEY: &str = "transport";
const TABLE: &str = "kafka";
const BROKERS: &str = "kafka.brokers";

/// Writes down how a broker is used, as far as nobody says so, where there is to be one.
pub(super) fn fill(settings: &mut Settings) {
    if settings.text(KEY) != Some(Transport::KAFKA) {
        return;
    }
    let mut defaults = Checker::default();
    defaults.table(TABLE, &Node::empty(), &[]);
    for key in keys::children(TABLE).filter(|key| !settings.has(key.path)).collect::<Vec<_>>() {
        if let Some(default) = defaults.settings.get(key.path) {
            settings.put(key, default.value.clone(), None, None);
        }
    }
}

/// What carries events and answers; none if a key is missing that applies.
pub(super) fn transport(settings: &Settings) -> Option<Transport> {
    if settings.text(KEY) != Some(Transport::KAFKA) {
        return Some(Transport::Tcp);
    }
    Some(Transport::Kafka(KafkaSetting {
        brokers: settings.text(BROKERS).map(str::to_owned),
        acks: settings.text("kafka.acks")?.to_owned(),
        linger: settings.run_time("kafka.linger")?,
    }))
}

/// A broker between engines that know of none, one that nobody asked for, or one at no address.
pub(super) fn contradictions(
    settings: &Settings,
    all: &[EngineSettings],
    mistakes: &mut Vec<Mistake>,
) {
    let is_kafka = settings.text(KEY) == Some(Transport::KAFKA);
    if let Some(engine) = all.iter().find(|engine| is_kafka && !engine.is_beside()) {
        let name = engine.name;
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!(
                    "{name} is part of this program, which hands it events itself: no broker can \
                     stand between"
                ),
            )
            .at(settings.place(KEY), "a broker")
            .help(format!(
                "leave transport out, or {name} (--engine names those that run: transport is for \
                 those in processes of their own)"
            )),
        );
    }
    let on_a_cluster = all.iter().filter(|_| is_kafka).find_map(|engine| {
        let key = cluster::named(engine)?;
        Some((engine, key))
    });
    if let Some((engine, key)) = on_a_cluster {
        let message = format!(
            "{} on a cluster with a broker between: its workers have no client of Kafka's from here",
            engine.name
        );
        mistakes.push(
            Mistake::new("config::conflict", message)
                .at(engine.settings.place(&key), "a cluster")
                .at(settings.place(KEY), "a broker")
                .help(format!("leave {key} out, or transport = \"kafka\"")),
        );
    }
    let said = keys::children(TABLE).find(|key| settings.has(key.path));
    if let Some(key) = said.filter(|_| !settings.has(KEY)) {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                format!("{} means nothing without a broker", key.path),
            )
            .at(settings.place(key.path), "of a broker")
            .help("write transport = \"kafka\", or leave it out"),
        );
    }
    let wrong = |brokers: &&str| !brokers.split(',').all(is_address);
    let Some(brokers) = settings.text(BROKERS).filter(wrong) else { return };
    if brokers.split(',').any(is_guarded) {
        mistakes.push(
            Mistake::new(
                "config::value",
                format!("`{brokers}`: brokers are spoken to without TLS and without passwords"),
            )
            .at(settings.place(BROKERS), "a listener that asks for them")
            .help(
                "name a listener of theirs without, as HOST:PORT, or leave it out for a broker of \
                 ours on loopback",
            ),
        );
        return;
    }
    mistakes.push(
        Mistake::new("config::value", format!("`{brokers}` names no brokers"))
            .at(settings.place(BROKERS), "not HOST:PORT")
            .help("write HOST:PORT, with commas between several, such as \"one:9092,two:9092\""),
    );
}

/// Whether this names the protocol of a listener that encrypts, or wants to know who one is.
fn is_guarded(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.trim().to_ascii_lowercase());
    scheme.is_some_and(|scheme| ["ssl", "tls", "sasl_ssl", "sasl_plaintext"].contains(&&*scheme))
}

/// Whether this is a host and a port.
fn is_address(text: &str) -> bool {
    let is_of_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        is_port && !host.is_empty() && host.chars().all(is_of_host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Given, Traces};
    use crate::plan::Cell;
    use crate::plan::settings::Typed;
    use std::time::Duration;

    fn cell(settings: &[&str], engine: &str) -> Result<Cell, String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        config::load(&["identity".to_owned()], &given, &[engine.to_owned()], Traces::MayBeAbsent)
            .map(|mut loaded| loaded.cells.swap_remove(0))
            .map_err(|rejected| rejected.to_string())
    }

    fn kafka(brokers: Option<&str>, acks: &str, linger_us: u64) -> Transport {
        Transport::Kafka(KafkaSetting {
            brokers: brokers.map(str::to_owned),
            acks: acks.to_owned(),
            linger: Duration::from_micros(linger_us),
        })
    }

    #[test]
    fn a_broker_is_used_as_somebody_says_and_else_as_is_written_down() {
        assert_eq!(cell(&[], "flink").unwrap().transport, Transport::Tcp);
        let plain = cell(&["transport=kafka"], "flink").unwrap();
        assert_eq!(plain.transport, kafka(None, "all", 1_000));
        for line in ["transport = \"kafka\"", "acks = \"all\"", "linger = \"1ms\""] {
            assert!(plain.resolved_toml.contains(line), "{}", plain.resolved_toml);
        }
        let said = [
            "transport=kafka",
            "kafka.brokers=\"a:9092,[::1]:1\"",
            "kafka.acks=\"1\"",
            "kafka.linger=\"200us\"",
        ];
        let said = cell(&said, "flink").unwrap();
        assert_eq!(said.transport, kafka(Some("a:9092,[::1]:1"), "1", 200));
        assert_eq!(Cell::of_settled(&said.settings), Some(said));
    }

    #[test]
    fn one_cell_after_the_other_may_go_with_and_without() {
        let tcp = cell(&[], "flink").unwrap();
        let by = |word: &str| Typed::Text(word.to_owned());
        let broker = tcp.altered(&[("transport", by("kafka"))]).unwrap();
        assert_eq!(broker.transport, kafka(None, "all", 1_000));
        assert_eq!(Cell::of_settled(&broker.settings).as_ref(), Some(&broker));
        let back = broker.altered(&[("transport", by("tcp"))]).unwrap();
        assert_eq!(back.transport, Transport::Tcp);
    }

    #[test]
    fn what_no_broker_is_for_is_refused_with_the_way_out() {
        for (settings, engine, words) in [
            (&["transport=kafka"][..], "per-event", "no broker can stand between"),
            (&["kafka.acks=\"1\""], "flink", "write transport = \"kafka\""),
            (&["transport=kafka", "kafka.acks=\"2\""], "flink", "all"),
            (&["transport=kafka", "kafka.linger=\"2s\""], "flink", "1s"),
            (&["transport=kafka", "kafka.brokers=\"a\""], "flink", "HOST:PORT"),
            (&["transport=kafka", "kafka.brokers=\"a:1,\""], "flink", "HOST:PORT"),
            (&["transport=kafka", "kafka.brokers=\"a:0\""], "flink", "HOST:PORT"),
            (&["transport=kafka", "kafka.brokers=\"a b:9092\""], "flink", "HOST:PORT"),
            (&["transport=kafka", "kafka.brokers=\"http://a:9092\""], "flink", "names no brokers"),
            (&["transport=kafka", "kafka.brokers=\"ssl://a:9093\""], "flink", "without TLS"),
            (
                &["transport=kafka", "kafka.brokers=\"a:9092,SASL_SSL://b:9093\""],
                "flink",
                "name a listener of theirs without",
            ),
            (
                &["transport=kafka", "engine.flink.cluster=\"http://127.0.0.1:8081\""],
                "flink",
                "leave engine.flink.cluster out",
            ),
            (&["transport=pigeon"], "flink", "tcp"),
        ] {
            let said = cell(settings, engine).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
