//! `doctor`: what this machine can and cannot measure.

use crate::cli::answer::Answer;
use crate::cli::options::Printed;
use instrument::host;

/// Measures the machine, and tells what follows.
pub(in crate::cli) fn doctor(format: Printed) -> Answer {
    let examination = host::examine();
    match format {
        Printed::Text => Answer::ok(host::told(&examination)),
        Printed::Json => Answer::document(&examination),
    }
}
