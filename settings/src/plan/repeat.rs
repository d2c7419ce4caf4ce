//! How often an engine runs a cell: a number, or from one to another.
//!
//! When it is known well enough is not known here.

use serde::{Deserialize, Serialize};

/// How often each engine runs each cell: so many times, or until it is known well enough.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Repeat {
    least: u32,
    most: u32,
}

impl Repeat {
    /// The most that can be asked for.
    pub const MOST: u32 = 1000;

    /// This often; at least once.
    pub const fn times(times: u32) -> Self {
        Self::between(times, times)
    }

    /// At least so often, and at most so often, if it takes that to know the medians well.
    pub const fn between(least: u32, most: u32) -> Self {
        let least = if least == 0 { 1 } else { least };
        Self { least, most: if most < least { least } else { most } }
    }

    /// How often at least.
    pub const fn least(self) -> u32 {
        self.least
    }

    /// How often at most.
    pub const fn most(self) -> u32 {
        self.most
    }

    /// Whether the repetitions themselves decide how many there are.
    pub const fn is_open(self) -> bool {
        self.least < self.most
    }
}

impl std::fmt::Display for Repeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_open() {
            write!(f, "{}..{}", self.least, self.most)
        } else {
            write!(f, "{}", self.least)
        }
    }
}

impl std::str::FromStr for Repeat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| match text.trim().parse() {
            Ok(number @ 1..=Self::MOST) => Ok(number),
            _ => Err(format!(
                "write a number from 1 to {}, or two of them, such as 5..20",
                Self::MOST
            )),
        };
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let (least, most) = (number(least)?, number(most)?);
        if least > most {
            return Err(format!("{least} is more than {most}: write {most}..{least}"));
        }
        Ok(Self { least, most })
    }
}
