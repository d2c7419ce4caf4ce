//! How the program ends: every exit code it has, and what each says.
//!
//! Nothing else here names a number. Which outcome has which code is up to whoever judged it.

/// How the program ends, in the order in which the codes are told.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for is done.
    #[default]
    Ok = 0,
    /// What was asked for could not be done.
    Failed = 1,
    /// What was asked for cannot be done as it was asked for.
    Usage = 2,
    /// A demand is not met.
    Missed = 3,
    /// Answers differ from the reference.
    Differs = 4,
    /// The figures decide nothing, and the user wanted to be told.
    Inconclusive = 5,
    /// A load was not held, so that the figures are void.
    NotHeld = 6,
    /// The user had enough.
    Interrupted = 130,
}

impl Exit {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Missed,
        Self::Differs,
        Self::Inconclusive,
        Self::NotHeld,
        Self::Interrupted,
    ];

    /// The number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it says, in a phrase.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "usage or configuration",
            Self::Missed => "threshold missed",
            Self::Differs => "answers differ from the reference",
            Self::Inconclusive => "inconclusive, with --strict",
            Self::NotHeld => "the load could not be held",
            Self::Interrupted => "interrupted, finished cells kept",
        }
    }

    /// All codes and what they say, on one line.
    pub fn list() -> String {
        let each = Self::ALL.map(|exit| format!("{} {}", exit.code(), exit.meaning()));
        format!("Exit codes: {}", each.join(" · "))
    }

    /// Ends the process at once.
    pub fn now(self) -> ! {
        std::process::exit(self.code().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_tells_every_exit_code_and_no_other() {
        let readme = include_str!("../../../README.md");
        let from = readme.find("Exit codes:").expect("the README tells them");
        let told = readme[from..].split("\n\n").next().unwrap_or_default();
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
        assert_eq!(told.trim_end_matches('.'), Exit::list());
    }

    #[test]
    fn no_two_outcomes_share_a_code() {
        let mut codes = Exit::ALL.map(Exit::code);
        assert!(codes.is_sorted());
        codes.reverse();
        assert!(codes.windows(2).all(|two| two[0] > two[1]), "{codes:?}");
    }
}
