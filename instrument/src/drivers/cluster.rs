//! What is looked at on a cluster of the user's own, whatever engine it runs.

use crate::distributions::Engine;
use std::time::Duration;

/// How often what takes a moment on a cluster is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often at most: 10 s.
pub(super) const LOOKS_MOST: u32 = 100;

/// The most memory of the heap of a process that only submits a job.
pub(super) const CLIENT_HEAP_BYTES: u64 = 512 << 20;

/// So many of something.
pub(super) fn plural(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Whether the cluster there, which is of this version, is of the release that was asked for.
///
/// # Errors
/// Where it is of another: which, and the way out.
pub(super) fn is_of(engine: Engine, version: &str, release: &str, at: &str) -> Result<(), String> {
    let is = |release: &str| {
        let rest = version.strip_prefix(release);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    };
    if is(release) {
        return Ok(());
    }
    let supported = engine.releases().iter().map(|release| release.name);
    let way_out = match supported.clone().find(|name| is(name)) {
        Some(name) => format!("set engine.{}.version = \"{name}\"", engine.name()),
        None => format!("name one of {}", supported.collect::<Vec<_>>().join(", ")),
    };
    let title = match engine {
        Engine::Flink => "Flink",
        Engine::Spark => "Spark",
        Engine::Storm => "Storm",
        Engine::Kafka => "Kafka",
    };
    Err(format!("the cluster at {at} is {title} {version}, and {release} was asked for: {way_out}"))
}
