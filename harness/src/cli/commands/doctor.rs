//! `doctor`: what this machine can and cannot measure.

use super::Answer;
use crate::cli::args::Printed;
use crate::host;

/// Measures the machine, and tells what follows.
pub(super) fn doctor(format: Printed) -> Answer {
    let examination = host::examine();
    match format {
        Printed::Text => Answer::ok(host::told(&examination)),
        Printed::Json => match serde_json::to_string_pretty(&examination) {
            Ok(json) => Answer::ok(json + "\n"),
            Err(error) => Answer::failed("doctor::failed", &error.to_string()),
        },
    }
}
