//! Options that several commands share.
//!
//! Values of settings stay text here, as in the rest of the command line.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args as Group, ValueEnum};
use settings::config::{Given, Sets};
use settings::plan::{Format, Repeat};
use std::path::PathBuf;

/// What can be listed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// The built-in scenarios.
    Scenarios,
    /// The engines.
    Engines,
    /// The built-in suites.
    Suites,
    /// What runs are judged by, in thresholds and comparisons.
    Metrics,
}

/// For people or for programs.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Printed {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

impl From<Printed> for Format {
    fn from(printed: Printed) -> Self {
        match printed {
            Printed::Text => Self::Text,
            Printed::Json => Self::Json,
        }
    }
}

/// Which column of a file of events is what. What is not named is guessed from its first rows.
#[derive(Clone, Debug, Default, Group)]
pub struct ColumnArgs {
    /// Of a file of events: the column of when an event reached us, which gives order and pace.
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    pub arrival: Option<String>,

    /// Of a file of events: the column of when an event happened; may be the same one.
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    pub event_time: Option<String>,

    /// Of a file of events: the column of what an event is about.
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    pub key: Option<String>,

    /// Of a file of events: the column of how much it is.
    #[arg(long, value_name = "COLUMN", help_heading = COLUMNS)]
    pub value: Option<String>,
}

const COLUMNS: &str = "Columns of a file of events";

impl ColumnArgs {
    /// The columns that are named, each with its option.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("--arrival", &self.arrival),
            ("--event-time", &self.event_time),
            ("--key", &self.key),
            ("--value", &self.value),
        ];
        all.into_iter().filter_map(|(option, name)| Some((option, name.as_deref()?)))
    }
}

/// What to run, and how.
#[derive(Debug, Group)]
pub struct RunArgs {
    /// Scenario files or suites, or the names of built-in ones.
    #[arg(required = true, value_name = "FILE|NAME")]
    pub what: Vec<String>,

    /// Run only this engine; may be repeated.
    #[arg(long = "engine", value_name = "E")]
    pub engines: Vec<String>,

    /// What to change.
    #[command(flatten)]
    pub settings: SettingArgs,

    /// How it is carried out.
    #[command(flatten)]
    pub running: RunningArgs,

    /// Do not ask engines in processes of their own nothing first, which takes the time of a short
    /// repetition each and tells what of their latencies is the way there and back.
    #[arg(long)]
    pub no_calibration: bool,

    /// Go on with the run that this folder holds: finished repetitions are not made again.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub resume: Option<PathBuf>,

    /// Show a view in the terminal meanwhile; for a build with the feature `live`.
    #[arg(long)]
    pub live: bool,
}

/// How cells are carried out, and how it is told: alike for one run and for a sweep of them.
#[derive(Debug, Group)]
pub struct RunningArgs {
    /// How often each engine runs each cell; `5..20` is at least 5 times, then until the medians
    /// are known to within 3 %, or 20 times. A run that stops by itself is a little too sure: what
    /// it calls a 95 % interval holds the median about 88 times in 100.
    #[arg(long, value_name = "N|N..M", env = "SLUICEBENCH_REPEAT")]
    pub repeat: Option<Repeat>,

    /// The folder to write; `runs/<time>-<name>` where nothing is said.
    #[arg(long, value_name = "DIR", env = "SLUICEBENCH_OUT")]
    pub out: Option<PathBuf>,

    /// Write the answers and the late events as well.
    #[arg(long)]
    pub keep_results: bool,

    /// Run on one thread in simulated time: the same seed gives the same run to the byte.
    #[arg(long)]
    pub simulate: bool,

    /// How to print the outcome; `json` is the run record.
    #[arg(long, value_enum, default_value_t, env = "SLUICEBENCH_FORMAT")]
    pub format: Printed,

    /// Exit with 5 where the outcome is inconclusive: too few repetitions, an unstable p99, or
    /// answers that could only be checked against bounds.
    #[arg(long)]
    pub strict: bool,
}

/// How a highest sustainable rate is searched: alike for one limit and for one at each point of a
/// sweep.
#[derive(Debug, Group)]
pub struct SearchArgs {
    /// Demand this of the latency as well, such as `p99=100ms`. Of a sweep that searches nothing:
    /// up to which value each engine meets it, and what that saves.
    #[arg(long, value_name = "QUANTILE=DURATION", help_heading = SEARCH)]
    pub slo: Option<String>,

    /// Narrow a limit down to 2 % instead of 5 %.
    #[arg(long, help_heading = SEARCH)]
    pub precise: bool,

    /// Measure each probe for this long; a minute or 20 batches, whichever is longer, where
    /// nothing is said. The result says where it is shorter than that. Made-up input that would take
    /// more than 1 GiB goes round; `--set measure.input_memory=16GiB` gives it more.
    #[arg(long, value_name = "D", help_heading = SEARCH)]
    pub window: Option<String>,

    /// Try no rate below this, such as `1k/s`; of a trace, no speed below this, such as `60`.
    #[arg(long, value_name = "R", help_heading = SEARCH)]
    pub least: Option<String>,

    /// Try no rate above this, such as `20M/s`; of a trace, no speed above this.
    #[arg(long, value_name = "R", help_heading = SEARCH)]
    pub most: Option<String>,

    /// Go on with what this folder holds: what is finished is not made again.
    #[arg(long, value_name = "DIR", conflicts_with = "out", help_heading = SEARCH)]
    pub resume: Option<PathBuf>,
}

const SEARCH: &str = "Options of a search";

/// Settings laid over those of the files.
#[derive(Clone, Debug, Default, Group)]
pub struct SettingArgs {
    /// Offer this many events per second, such as `50k/s`.
    #[arg(long, value_name = "R", env = "SLUICEBENCH_RATE")]
    pub rate: Option<String>,

    /// Measure for this long after the warm-up, such as `10s`.
    #[arg(long, value_name = "D", env = "SLUICEBENCH_DURATION")]
    pub duration: Option<String>,

    /// Make the input from this seed.
    #[arg(long, value_name = "S", env = "SLUICEBENCH_SEED", allow_negative_numbers = true)]
    pub seed: Option<String>,

    /// Give each engine this many workers.
    #[arg(long, value_name = "N", env = "SLUICEBENCH_PARALLELISM")]
    pub parallelism: Option<String>,

    /// Change any key, such as `engine.micro-batch.interval=50ms`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl SettingArgs {
    /// The settings in the order in which they are laid over the files: environment first, then
    /// `--set`, then the options of their own. `matches` tells which came from where.
    pub fn given(&self, matches: &ArgMatches) -> Vec<Given> {
        let options = [
            ("rate", &self.rate, Sets::Rate),
            ("duration", &self.duration, Sets::Key("measure.duration")),
            ("seed", &self.seed, Sets::Key("seed")),
            ("parallelism", &self.parallelism, Sets::Key("parallelism")),
        ];
        let mut environment = Vec::new();
        let mut typed = Vec::new();
        for (id, text, sets) in options {
            let Some(text) = text.clone() else { continue };
            if matches.value_source(id) == Some(ValueSource::EnvVariable) {
                let prefix = format!("SLUICEBENCH_{}=", id.to_uppercase());
                environment.push(Given { from: "environment", prefix, sets, text });
            } else {
                let prefix = format!("--{id} ");
                typed.push(Given { from: "command line", prefix, sets, text });
            }
        }
        let set = self.set.iter();
        let set = set.map(|text| Given { prefix: "--set ".into(), ..Given::set(text) });
        environment.into_iter().chain(set).chain(typed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    #[test]
    fn the_command_line_is_laid_over_everything_else() {
        let typed = ["run", "x", "--seed", "7", "--set", "seed=8", "--rate", "5k/s"];
        let matches = RunArgs::augment_args(clap::Command::new("run")).get_matches_from(typed);
        let run = RunArgs::from_arg_matches(&matches).unwrap();
        let given = run.settings.given(&matches);
        let shown: Vec<_> =
            given.iter().map(|given| format!("{}{}", given.prefix, given.text)).collect();
        assert_eq!(shown, ["--set seed=8", "--rate 5k/s", "--seed 7"]);
    }
}
