//! The program: parse, do, say, exit.

use sluicebench::bench::exit::Exit;
use sluicebench::cli;
use sluicebench::cli::args::{Args, Colour};
use sluicebench::host;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    host::outlive_large_files();
    let (args, matches) = match Args::parse_typed() {
        Ok(typed) => typed,
        Err(error) => {
            let Some(told) = Args::harmless_error(&error) else { error.exit() };
            let _ = std::io::stderr().write_all(told.as_bytes());
            return ExitCode::from(Exit::Usage.code());
        }
    };
    let answer = cli::dispatch(&args, &matches, wants_colour(args.color));
    let _ = std::io::stderr().write_all(answer.complaints.as_bytes());
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(answer.results.as_bytes()).and_then(|()| stdout.flush()) {
        // A reader that has gone away, as `head` does, has seen what it wanted.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(
                std::io::stderr(),
                "error[output::lost]: the results cannot be written to stdout: {error}"
            );
            let exit = if answer.exit == Exit::Ok { Exit::Failed } else { answer.exit };
            ExitCode::from(exit.code())
        }
        _ => ExitCode::from(answer.exit.code()),
    }
}

/// Whether mistakes are shown in colour; they go to stderr.
fn wants_colour(colour: Colour) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if is_set("NO_COLOR") => false,
        Colour::Auto => std::io::stderr().is_terminal() || is_set("CLICOLOR_FORCE"),
    }
}
