//! How close a twin is to its trace, as text. Nothing is decided here.

use crate::record::twin::Twin;
use std::fmt::Write as _;

/// By what a twin is called close.
pub(crate) const RULE: &str = "Close is a D of 0.05 at most, or what chance alone allows, with a W of no \
                               more than what the property is on average, sign aside; or a W of 2 % of \
                               that at most, whatever D is: gaps of 49.9 ms for gaps of 50 ms are close \
                               at a D of 1. Roughly: 0.15, twice what chance allows, or 5 %.";

/// What the waits of a twin are.
pub(crate) const WAITS: &str =
    "What answers wait for (event_latency in simulated time, where engines take none):";

/// How close a twin is: each property with its distances, and what answers wait for.
pub fn terminal(twin: &Twin) -> String {
    let events = twin.events;
    let mut out = format!("A twin of {events} events. How close as many of its own are:\n\n");
    for property in &twin.properties {
        let _ = writeln!(
            out,
            "  {:<8} {:<8} D {:.3}   W {}",
            property.name, property.closeness, property.kolmogorov_smirnov, property.distance
        );
    }
    out.push('\n');
    for property in &twin.properties {
        let _ = writeln!(out, "{}.", property.sentence);
    }
    let _ = writeln!(out, "\n{RULE}\n\n{WAITS}\n");
    for wait in &twin.waits {
        let closeness = wait.closeness.map_or_else(|| "unknown".to_owned(), |one| one.to_string());
        let _ = writeln!(out, "  {closeness:<8} {}", wait.text);
    }
    out
}
