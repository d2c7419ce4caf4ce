//! What every engine that runs in a JVM of its own is started with.

use super::beside::NotReady;
use crate::distributions::{self, Engine, Need, Place, Ready};

/// A release of an engine that is here, its job compiled.
///
/// # Errors
/// What is missing, and how it is brought here.
pub(super) fn ready(engine: Engine, release: &str) -> Result<Ready, NotReady> {
    ready_for(Need::of(engine, release))
}

/// What a job needs, its job compiled.
///
/// # Errors
/// What is missing, and how it is brought here.
pub(super) fn ready_for(need: Need<'_>) -> Result<Ready, NotReady> {
    distributions::ready(need, &Place::of_this_process())
        .map_err(|error| NotReady::Failed(error.to_string()))
}

/// The arguments of a JVM that runs a main class of its job: what that engine needs, then a heap of at
/// most so many bytes.
pub(super) fn arguments(
    ready: &Ready,
    options: Vec<String>,
    heap_bytes: u64,
    main: &str,
) -> Vec<String> {
    let mut arguments = options;
    arguments.push(format!("-Xmx{}m", heap_bytes >> 20));
    arguments.extend(["-cp".to_owned(), ready.class_path(), main.to_owned()]);
    arguments
}
