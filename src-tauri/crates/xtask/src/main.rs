//! The project's commands: `cargo xtask run`, `cargo xtask test` and their small companions.
//!
//! Every command does the set-up it needs, says what it does and how long each step took. Nothing but the standard
//! library is used, so that this builds in a second or two on a machine that has built nothing else yet.
#![expect(
    clippy::print_stdout,
    reason = "this program's whole purpose is to report to the terminal"
)]

mod bindings;
mod deny;
mod icons;
mod interop;
mod run;
mod setup;
mod shell;
mod steps;
mod test;
mod trees;

use std::env;
use std::process::ExitCode;

use shell::{Shell, Workspace};

const HELP: &str = "\
Usage: cargo xtask <command>

  run [--release]      Sets the machine up, builds the application and opens its window. Without a display: opens the
                       window on a virtual one, types into the Local demo and saves a screenshot.
  test [options]       Sets the machine up and runs every check.
      --fast           Only what needs neither Tauri nor the AWS SDK.
      --long           Only the tests that hold a figure, at full length; tells the figures.
      --only <steps>   Only these steps (comma-separated) and those they build on.
      --list           Prints the steps.
  interop              Runs the clients that others have written against the simulator; `test` runs the one of
                       them that needs no compiler.
  simulator [args]     Session Manager on loopback, as a program; prints what a client needs.
  bench [args]         The benchmarks.
  icons                Draws icons/*.png, .ico and .icns again from icons/icon.svg.
  help                 This text.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let workspace = match Workspace::find() {
        Ok(workspace) => workspace,
        Err(problem) => return fail(&problem),
    };
    let outcome = match command {
        "run" => run::run(&workspace, rest),
        "test" => test::test(&workspace, rest),
        "interop" => interop::interop(&workspace, rest),
        "simulator" => Shell::cargo(
            &workspace,
            &["run", "--quiet", "--package", "simulator", "--"],
        )
        .arguments(rest)
        .take_over(),
        "bench" => Shell::cargo(&workspace, &["bench", "--package", "testsuite"])
            .arguments(rest)
            .take_over(),
        "icons" => icons::icons(&workspace),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        unknown => Err(format!("there is no command `{unknown}`\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem),
    }
}

/// Reports what went wrong, for a person.
fn fail(problem: &str) -> ExitCode {
    if !problem.is_empty() {
        eprintln!("\nerror: {problem}");
    }
    ExitCode::FAILURE
}
