//! What the user typed.
//!
//! Values of settings stay text here: they are read where those of files are read, so that both
//! mean the same and a mistake in either is shown in the same way.

use crate::cli::commands::check::CheckArgs;
use crate::cli::commands::compare::CompareArgs;
use crate::cli::commands::completions::CompletionsArgs;
use crate::cli::commands::export::ExportArgs;
use crate::cli::commands::init::InitArgs;
use crate::cli::commands::limit::LimitArgs;
use crate::cli::commands::man::ManArgs;
use crate::cli::commands::plan::PlanArgs;
use crate::cli::commands::schema::SchemaArgs;
use crate::cli::commands::sweep::SweepArgs;
use crate::cli::commands::twin::TwinArgs;
use crate::config::{Given, Sets};
use crate::plan::{Format, Repeat};
use clap::parser::ValueSource;
use clap::{
    ArgMatches, Args as Group, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    ValueEnum,
};
use std::path::PathBuf;

/// Runs a stream scenario on a micro-batch and a per-event engine, and tells which one it needs.
///
/// Without a command it runs the quick suite: both engines on four small questions, about 30 s,
/// then a report. No files are needed.
#[derive(Debug, Parser)]
#[command(name = "sluicebench", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Args {
    /// What to do; the quick suite, where nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,
}

const EXIT_CODES: &str = "Durations are written 250ms, rates 50k/s, sizes 64MiB. A setting on the \
command line comes before one in the environment, and that before one in a file.

Exit codes: 0 ok · 1 failed · 2 usage or configuration · 3 threshold missed · 4 answers differ \
from the reference · 5 inconclusive, with --strict · 6 the load could not be held · 130 \
interrupted, finished cells kept";

/// When to use colour.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Args {
    /// The definition without the commands that are not shown: what completions and manual pages
    /// are made from.
    pub fn shown() -> clap::Command {
        let all = Self::command();
        let mut shown = clap::Command::new("sluicebench")
            .version(env!("CARGO_PKG_VERSION"))
            .about(all.get_about().cloned().unwrap_or_default())
            .long_about(all.get_long_about().cloned().unwrap_or_default())
            .after_help(EXIT_CODES)
            .disable_help_subcommand(true);
        for argument in all.get_arguments() {
            shown = shown.arg(argument.clone());
        }
        let commands = all.get_subcommands().filter(|command| !command.is_hide_set());
        shown.subcommands(commands.cloned())
    }

    /// What was typed, and which of it came from the environment. Nothing means the quick suite;
    /// so it heeds the environment like any other run.
    pub fn parse_typed() -> (Self, ArgMatches) {
        let matches = Self::command().get_matches();
        let typed = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if typed.command.is_some() {
            return (typed, matches);
        }
        let matches = Self::command().get_matches_from(["sluicebench", "run", "quick"]);
        let quick = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        (Self { color: typed.color, ..quick }, matches)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios or suites on both engines, check the answers, and write a report.
    Run(Box<RunArgs>),
    /// Find the highest rate that an engine sustains on a scenario.
    Limit(Box<LimitArgs>),
    /// Vary one or two settings and run every combination on both engines.
    Sweep(Box<SweepArgs>),
    /// Compare two runs, with the noise of this machine in view.
    Compare(Box<CompareArgs>),
    /// Hold a run against its thresholds, and against a baseline.
    Check(Box<CheckArgs>),
    /// Fit a synthetic scenario to a recorded trace.
    Twin(Box<TwinArgs>),
    /// Tell what a run would do, how long it would take and what memory it needs.
    Plan(Box<PlanArgs>),
    /// Write a commented scenario file to start from.
    Init(Box<InitArgs>),
    /// List the built-in scenarios, the engines, the suites and the metrics.
    List {
        /// Only these.
        #[arg(value_enum)]
        what: Option<Listed>,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Printed,
    },
    /// Describe a scenario, a suite, an engine, a metric, a key of a scenario file, or a word of a
    /// report.
    Describe {
        /// Such as `keyed-window`, `micro-batch`, `query.window.slide` or `result_latency`.
        name: String,
    },
    /// Check scenario files and suites: every mistake, with line and caret.
    Validate {
        /// Files, or names of built-in ones.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Printed,
    },
    /// Write the input of a scenario as it will arrive: `n`, `due_ns`, `event_time_us`, key, value.
    Events {
        /// A scenario file, or the name of a built-in scenario.
        #[arg(value_name = "FILE|NAME")]
        scenario: String,
        /// The CSV file to write.
        #[arg(long, value_name = "CSV")]
        out: PathBuf,
        /// What to change.
        #[command(flatten)]
        settings: SettingArgs,
    },
    /// Write the report of finished runs again, from their records.
    Report {
        /// Folders of runs.
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
        /// Put all of them on one page in this folder, instead of each into its own.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Measure what this machine can and cannot measure, for about three seconds.
    Doctor {
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Printed,
    },
    /// Write the numbers of a run in open formats.
    Export(Box<ExportArgs>),
    /// Print the JSON schema of a file that this program reads or writes.
    Schema(Box<SchemaArgs>),
    /// Print the completions of a shell.
    Completions(Box<CompletionsArgs>),
    /// Write the manual pages.
    Man(Box<ManArgs>),
    /// Measure one repetition, for the program itself: the order comes on stdin.
    #[command(hide = true)]
    Trial,
}

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

    /// Show a view in the terminal meanwhile; for a build with the feature `live`.
    #[arg(long)]
    pub live: bool,
}

/// How cells are carried out, and how it is told: alike for one run and for a sweep of them.
#[derive(Debug, Group)]
pub struct RunningArgs {
    /// How often each engine runs each cell; `5..20` is at least 5 times, then until the medians
    /// are known to within 3 %, or 20 times.
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
    /// Demand this of the latency as well, such as `p99=100ms`.
    #[arg(long, value_name = "QUANTILE=DURATION", help_heading = SEARCH)]
    pub slo: Option<String>,

    /// Narrow a limit down to 2 % instead of 5 %.
    #[arg(long, help_heading = SEARCH)]
    pub precise: bool,

    /// Measure each probe for this long; a minute or 20 batches, whichever is longer, where
    /// nothing is said. The result says where it is shorter than that.
    #[arg(long, value_name = "D", help_heading = SEARCH)]
    pub window: Option<String>,

    /// Try no rate below this, such as `1k/s`; of a trace, no speed below this, such as `60`.
    #[arg(long, value_name = "R", help_heading = SEARCH)]
    pub least: Option<String>,

    /// Try no rate above this, such as `20M/s`; of a trace, no speed above this.
    #[arg(long, value_name = "R", help_heading = SEARCH)]
    pub most: Option<String>,

    /// Go on with the search that this folder holds: finished probes are not made again.
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
        let set = self.set.iter().map(|text| Given {
            from: "command line",
            prefix: "--set ".into(),
            sets: Sets::Any,
            text: text.clone(),
        });
        environment.into_iter().chain(set).chain(typed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_command_line_is_laid_over_everything_else() {
        let typed = ["sluicebench", "run", "x", "--seed", "7", "--set", "seed=8", "--rate", "5k/s"];
        let matches = Args::command().get_matches_from(typed);
        let args = Args::from_arg_matches(&matches).unwrap();
        let Some(Command::Run(run)) = args.command else { panic!("run was typed") };
        let given = run.settings.given(matches.subcommand().unwrap().1);
        let shown: Vec<_> =
            given.iter().map(|given| format!("{}{}", given.prefix, given.text)).collect();
        assert_eq!(shown, ["--set seed=8", "--rate 5k/s", "--seed 7"]);
    }
}
