//! Which processors an engine in a process of its own has, and which this program has beside it.

use std::fmt;
use std::str::FromStr;

/// What is asked for of the two.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Pinning {
    /// Those of the engine.
    pub engine: Cpus,
    /// Those of this program, which paces the load and records the answers.
    pub harness: Cpus,
}

/// What is asked for of one of them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Cpus {
    /// What is sensible here.
    #[default]
    Auto,
    /// All that there are.
    Any,
    /// These.
    These(CpuList),
}

/// Some logical processors by their numbers, in ascending order, each once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CpuList(Vec<usize>);

/// How many processors Linux can number here.
pub const CPUS_MOST: usize = 1024;

impl CpuList {
    /// These.
    pub fn of(cpus: impl IntoIterator<Item = usize>) -> Self {
        let mut cpus: Vec<usize> = cpus.into_iter().collect();
        cpus.sort_unstable();
        cpus.dedup();
        Self(cpus)
    }

    /// Their numbers.
    pub fn numbers(&self) -> &[usize] {
        &self.0
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are not among others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self(self.0.iter().copied().filter(|cpu| !others.0.contains(cpu)).collect())
    }

    /// Those that are among others too.
    #[must_use]
    pub fn shared(&self, others: &Self) -> Self {
        self.without(&self.without(others))
    }

    /// In words: `CPU 0`, `CPUs 2-5`.
    pub fn told(&self) -> String {
        format!("CPU{} {self}", if self.count() == 1 { "" } else { "s" })
    }
}

/// As it is read: `0`, `2-5`, `0,2`.
impl fmt::Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = &self.0[..];
        while let Some(&first) = rest.first() {
            let run = rest.iter().zip(first..).take_while(|(cpu, next)| **cpu == *next).count();
            let comma = if rest.len() == self.0.len() { "" } else { "," };
            match run {
                1 => write!(f, "{comma}{first}")?,
                2 => write!(f, "{comma}{first},{}", first + 1)?,
                _ => write!(f, "{comma}{first}-{}", first + run - 1)?,
            }
            rest = &rest[run..];
        }
        Ok(())
    }
}

/// It is no list of processors.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct NoCpus;

impl FromStr for CpuList {
    type Err = NoCpus;

    fn from_str(text: &str) -> Result<Self, NoCpus> {
        let mut cpus = Vec::new();
        let number = |text: &str| {
            let number = text.trim().parse().map_err(|_| NoCpus)?;
            if number < CPUS_MOST { Ok(number) } else { Err(NoCpus) }
        };
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (usize, usize) = (number(first)?, number(last)?);
            if first > last {
                return Err(NoCpus);
            }
            cpus.extend(first..=last);
        }
        Ok(Self::of(cpus))
    }
}

impl Cpus {
    /// The word for what is sensible here.
    pub const AUTO: &'static str = "auto";
    /// The word for all that there are.
    pub const NONE: &'static str = "none";
}

impl FromStr for Cpus {
    type Err = NoCpus;

    fn from_str(text: &str) -> Result<Self, NoCpus> {
        match text.trim() {
            Self::AUTO => Ok(Self::Auto),
            Self::NONE => Ok(Self::Any),
            list => list.parse().map(Self::These),
        }
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str(Self::AUTO),
            Self::Any => f.write_str(Self::NONE),
            Self::These(list) => list.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_linux_writes_it_and_written_so() {
        for (text, shown, count) in [
            ("0", "0", 1),
            ("2-5", "2-5", 4),
            ("2, 0", "0,2", 2),
            ("0-1", "0,1", 2),
            ("7,1-3,2,8,9", "1-3,7-9", 6),
            ("1023", "1023", 1),
        ] {
            let list: CpuList = text.parse().unwrap();
            assert_eq!((list.to_string().as_str(), list.count()), (shown, count), "{text}");
            assert_eq!(shown.parse(), Ok(list));
        }
        for text in ["", ",", "1,", "-1", "1-", "3-2", "a", "0x1", "1024", "0-1024", "1--2", "1.5"]
        {
            assert_eq!(text.parse::<CpuList>(), Err(NoCpus), "{text}");
        }
    }

    #[test]
    fn a_word_or_a_list() {
        for text in ["auto", "none", "0,2"] {
            assert_eq!(text.parse::<Cpus>().unwrap().to_string(), text);
        }
        assert_eq!("all".parse::<Cpus>(), Err(NoCpus));
    }

    #[test]
    fn what_two_lists_share_and_do_not() {
        let [one, other]: [CpuList; 2] = ["0-3", "2-5"].map(|text| text.parse().unwrap());
        assert_eq!(one.shared(&other).to_string(), "2,3");
        assert_eq!(one.without(&other).told(), "CPUs 0,1");
        assert!(one.without(&one).is_empty());
    }
}
