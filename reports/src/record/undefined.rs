//! Numbers that are not defined: NaN in memory, `null` in the file.

use serde::{Deserialize as _, Deserializer};

/// JSON has no NaN, so an undefined number is written as `null`. It must read back: one
/// undefined mean must not make a whole run unreadable.
pub(super) fn nan_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
