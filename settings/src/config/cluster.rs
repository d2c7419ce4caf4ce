//! Clusters of the user's own that run an engine: where they are, and how they find their way back.

use super::diagnostic::Mistake;
use super::engines::EngineSettings;
use super::settings::{Settings, below};
use crate::plan::{Address, EngineKind, FlinkCluster, SparkCluster, StormCluster};

/// What a cluster is named by.
struct Named {
    /// The key.
    key: &'static str,
    /// None where there is nothing but a host and a port.
    scheme: Option<&'static str>,
    /// The port, where none is written.
    port: u16,
    /// What of it is there, in words.
    what: &'static str,
    /// Whether several of it may be named, with commas between.
    may_be_several: bool,
}

static FLINK: Named = Named {
    key: "cluster",
    scheme: Some("http"),
    port: 8081,
    what: "the REST interface of a Flink cluster",
    may_be_several: false,
};
static SPARK: Named = Named {
    key: "master",
    scheme: Some("spark"),
    port: 7077,
    what: "the master of a Spark cluster",
    may_be_several: false,
};
static STORM: Named = Named {
    key: "cluster",
    scheme: None,
    port: 6627,
    what: "the Nimbus of a Storm cluster",
    may_be_several: true,
};

/// Where this program is found unless somebody says.
const HERE: &str = "127.0.0.1";

impl Named {
    /// The addresses that a table names, one at least; none where it names something else.
    fn addresses(&self, settings: &Settings, path: &str) -> Option<Vec<Address>> {
        let text = settings.text(&below(path, self.key))?;
        let address = |text: &str| match self.scheme {
            Some(scheme) => Address::of_url(text, scheme, self.port),
            None => Address::parse(text, self.port),
        };
        if self.may_be_several {
            text.split(',').map(|text| address(text.trim())).collect()
        } else {
            address(text).map(|address| vec![address])
        }
    }

    /// The one that is named where there cannot be several.
    fn address(&self, settings: &Settings, path: &str) -> Option<Address> {
        self.addresses(settings, path)?.pop()
    }

    /// How an address is written, of this host and port.
    fn written(&self, host: &str, port: impl std::fmt::Display) -> String {
        let scheme = self.scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
        format!("{scheme}{host}:{port}")
    }
}

/// The cluster that a table of Flink names, as far as it names one.
pub(super) fn flink_cluster(settings: &Settings, path: &str) -> Option<FlinkCluster> {
    let rest = FLINK.address(settings, path)?;
    let reach = settings.text(&below(path, "reach")).unwrap_or(HERE);
    Some(FlinkCluster { rest, reach: Address::parse(reach, 0)? })
}

/// The same of Spark.
pub(super) fn spark_cluster(settings: &Settings, path: &str) -> Option<SparkCluster> {
    let master = SPARK.address(settings, path)?;
    let reach = settings.text(&below(path, "reach")).unwrap_or(HERE).to_owned();
    Some(SparkCluster { master, reach })
}

/// The same of Storm.
pub(super) fn storm_cluster(settings: &Settings, path: &str) -> Option<StormCluster> {
    let nimbuses = STORM.addresses(settings, path)?;
    let reach = settings.text(&below(path, "reach")).unwrap_or(HERE);
    Some(StormCluster { nimbuses, reach: Address::parse(reach, 0)? })
}

fn of_engine(engine: &EngineSettings) -> Option<&'static Named> {
    match engine.name {
        EngineKind::FLINK => Some(&FLINK),
        EngineKind::SPARK_STRUCTURED | EngineKind::SPARK_DSTREAM => Some(&SPARK),
        EngineKind::STORM => Some(&STORM),
        _ => None,
    }
}

/// The key by which a cluster is named that is to run an engine; none where none is.
pub(super) fn named(engine: &EngineSettings) -> Option<String> {
    let key = below(engine.path, of_engine(engine)?.key);
    engine.settings.text(&key).is_some().then_some(key)
}

/// A cluster that is no address, or that cannot reach this program.
pub(super) fn contradictions(engine: &EngineSettings, mistakes: &mut Vec<Mistake>) {
    let Some(named) = of_engine(engine) else { return };
    let (settings, name) = (&engine.settings, engine.name);
    let [cluster, reach, heap] = [named.key, "reach", "heap"].map(|key| below(engine.path, key));
    let mut refuse = |code, message: String, (path, label): (&str, &str), way_out: String| {
        let mistake = Mistake::new(code, message).at(settings.place(path), label);
        mistakes.push(mistake.help(way_out));
    };
    let reached = settings.text(&reach);
    // Executors of Spark and tasks of Storm find a process of ours, too, at a port of its own.
    let has_port = name == EngineKind::FLINK;
    let is_reach =
        |text: &str| Address::parse(text, 0).is_some_and(|address| has_port || address.port == 0);
    if let Some(text) = reached.filter(|text| !is_reach(text)) {
        let forms = if has_port { "HOST or HOST:PORT" } else { "HOST" };
        let message = format!("`{text}` is no address: reach takes {forms}");
        let way_out = "write an address of this machine, such as \"10.0.0.7\"".to_owned();
        refuse("config::value", message, (&reach, "no address"), way_out);
    }
    let Some(text) = settings.text(&cluster) else {
        if settings.has(&reach) {
            let message = format!("{name}: reach without a cluster, which is who would reach it");
            let way_out = format!("name the cluster by {cluster}, or leave reach out");
            refuse("config::conflict", message, (&reach, "reach"), way_out);
        }
        return;
    };
    let Named { port, what, .. } = named;
    let Some(addresses) = named.addresses(settings, engine.path) else {
        let form = named.written("HOST", "PORT");
        let message = format!("`{text}` is not the address of {what}, which is {form}");
        let form = named.written("host", port);
        let way_out = format!("write such as \"{form}\"; nothing stands behind the port");
        return refuse("config::value", message, (&cluster, "no such address"), way_out);
    };
    let away = addresses.iter().find(|address| !address.is_loopback());
    if let Some(address) = away.filter(|_| reached.is_none()) {
        let message = format!(
            "the cluster at {address} is on another machine, and would look for this program on its own"
        );
        let way_out = format!("name an address of this machine that its workers reach by {reach}");
        refuse("config::conflict", message, (&cluster, "another machine"), way_out);
    }
    if let Some(address) = away.filter(|_| engine.takes_out()) {
        let message = format!(
            "{name}: the inverse keeps checkpoints in a folder that driver and executors share, and \
             the cluster at {address} is on another machine"
        );
        let way_out = format!("set {} = \"recompute\"", below(engine.path, "algorithm"));
        refuse("config::conflict", message, (&cluster, "another machine"), way_out);
    }
    let has_own_heaps = [EngineKind::FLINK, EngineKind::STORM].contains(&name);
    if has_own_heaps && settings.place(&heap).is_some() {
        let message =
            format!("{name}: heap with a cluster, whose processes have heaps of their own");
        let way_out = format!("leave heap out, or {}", named.key);
        refuse("config::conflict", message, (&heap, "heap"), way_out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Given, Traces};
    use crate::plan::Cell;

    fn cell(settings: &[&str], engine: &str) -> Result<Cell, String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let engines = [engine.to_owned()];
        config::load(&["keyed-window".to_owned()], &given, &engines, Traces::MayBeAbsent)
            .map(|mut loaded| loaded.cells.swap_remove(0))
            .map_err(|rejected| rejected.to_string())
    }

    #[track_caller]
    fn refused(engine: &str, settings: &[(&str, &str)], says: &str) {
        let settings: Vec<String> = settings
            .iter()
            .map(|(key, text)| format!("engine.{engine}.{key}=\"{text}\""))
            .collect();
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let said = cell(&settings, engine).unwrap_err();
        assert!(said.contains(says), "{said}");
    }

    #[test]
    fn a_cluster_is_an_address_that_finds_its_way_back() {
        refused("flink", &[("cluster", "jobmanager:8081")], "which is http://HOST:PORT");
        refused("flink", &[("cluster", "https://jobmanager:8081")], "which is http://HOST:PORT");
        refused("flink", &[("cluster", "http://jobmanager:8081")], "is on another machine");
        refused(
            "flink",
            &[("cluster", "http://jobmanager"), ("reach", "a b")],
            "reach takes HOST or HOST:PORT",
        );
        refused("flink", &[("reach", "10.0.0.7")], "reach without a cluster");
        refused(
            "flink",
            &[("cluster", "http://127.0.0.1:8081"), ("heap", "4GiB")],
            "heaps of their own",
        );
        let spark = "spark-structured";
        refused(spark, &[("master", "http://a:7077")], "which is spark://HOST:PORT");
        refused(spark, &[("master", "spark://a:7077")], "is on another machine");
        refused(spark, &[("master", "spark://a"), ("reach", "10.0.0.7:1")], "reach takes HOST");
        let dstream = "spark-dstream";
        refused(dstream, &[("master", "a:7077")], "which is spark://HOST:PORT");
        refused(dstream, &[("reach", "10.0.0.7")], "reach without a cluster");
        let inverse = [("master", "spark://a"), ("reach", "10.0.0.7"), ("algorithm", "inverse")];
        refused(dstream, &inverse, "a folder that driver and executors share");
        let storm = "storm";
        refused(storm, &[("cluster", "http://a:6627")], "which is HOST:PORT");
        refused(storm, &[("cluster", "a:6627")], "is on another machine");
        refused(storm, &[("cluster", "127.0.0.1,a:6627")], "the cluster at a:6627 is on another");
        refused(storm, &[("cluster", "127.0.0.1,"), ("reach", "10.0.0.7")], "which is HOST:PORT");
        refused("flink", &[("cluster", "http://a,http://b")], "which is http://HOST:PORT");
        refused(storm, &[("cluster", "a"), ("reach", "10.0.0.7:1")], "reach takes HOST");
        refused(storm, &[("reach", "10.0.0.7")], "reach without a cluster");
        refused(storm, &[("cluster", "127.0.0.1"), ("heap", "4GiB")], "heaps of their own");
    }

    #[test]
    fn what_is_right_comes_back_from_what_is_settled() {
        let given =
            ["engine.flink.cluster=\"http://jobmanager\"", "engine.flink.reach=\"10.0.0.7:9000\""];
        let flink = cell(&given, "flink").unwrap();
        let EngineKind::Flink(setting) = &flink.engines[0].kind else { panic!("{flink:?}") };
        let cluster = setting.cluster.as_ref().unwrap();
        assert_eq!(cluster.rest.to_string(), "jobmanager:8081");
        assert_eq!(cluster.reach.to_string(), "10.0.0.7:9000");
        assert_eq!(Cell::of_settled(&flink.settings), Some(flink));
        let given = ["engine.spark-structured.master=\"spark://localhost\""];
        let spark = cell(&given, "spark-structured").unwrap();
        let EngineKind::SparkStructured(setting) = &spark.engines[0].kind else {
            panic!("{spark:?}")
        };
        let cluster = setting.cluster.as_ref().unwrap();
        assert_eq!(
            (cluster.master.to_string().as_str(), cluster.reach.as_str()),
            ("localhost:7077", HERE)
        );
        assert_eq!(Cell::of_settled(&spark.settings), Some(spark));
        let given = [
            "engine.spark-dstream.master=\"spark://a:1\"",
            "engine.spark-dstream.reach=\"10.0.0.7\"",
        ];
        let dstream = cell(&given, "spark-dstream").unwrap();
        let EngineKind::SparkDstream(setting) = &dstream.engines[0].kind else {
            panic!("{dstream:?}")
        };
        let cluster = setting.cluster.as_ref().unwrap();
        assert_eq!(
            (cluster.master.to_string().as_str(), cluster.reach.as_str()),
            ("a:1", "10.0.0.7")
        );
        assert_eq!(Cell::of_settled(&dstream.settings), Some(dstream));
        // Nothing of it listens here.
        let given = ["engine.storm.cluster=\"a, b:1\"", "engine.storm.reach=\"10.0.0.7\""];
        let storm = cell(&given, "storm").unwrap();
        let EngineKind::Storm(setting) = &storm.engines[0].kind else { panic!("{storm:?}") };
        let cluster = setting.cluster.as_ref().unwrap();
        let nimbuses: Vec<_> = cluster.nimbuses.iter().map(ToString::to_string).collect();
        assert_eq!(nimbuses, ["a:6627", "b:1"]);
        assert_eq!(cluster.reach.host, "10.0.0.7");
        assert_eq!(Cell::of_settled(&storm.settings), Some(storm));
    }
}
