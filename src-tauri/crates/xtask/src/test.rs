//! `cargo xtask test`: every check there is, the cheap ones first.
//!
//! All heavy steps name the same packages and features, so that cargo compiles each dependency once for all of them.

use std::collections::BTreeSet;
use std::env;

use crate::shell::{Shell, Workspace};
use crate::steps::{Outcome, Programs, Steps};
use crate::{bindings, deny, interop, setup, trees};

/// What cargo builds and tests in every heavy step. `--locked`: the committed lock file is what is checked.
pub(crate) const EVERYTHING: &[&str] = &[
    "--locked",
    "--workspace",
    "--features",
    "sessiondeck/custom-protocol,testsuite/e2e,secrets/secret-service-tests,aws/python-tests",
];

/// The module of the end-to-end tests; the other Rust tests leave it out.
pub(crate) const END_TO_END: &str = "real_window::";

type Work = fn(&Workspace, &Programs) -> Result<Outcome, String>;

/// One of the checks.
struct Step {
    name: &'static str,
    what: &'static str,
    /// Steps that must have run before, directly.
    needs: &'static [&'static str],
    /// Whether `--fast` runs it.
    in_fast: bool,
    /// Whether only `--fast` runs it: a step of all crates takes its place otherwise.
    only_fast: bool,
    work: Work,
}

const STEPS: &[Step] = &[
    Step {
        name: "system",
        what: "system packages",
        needs: &[],
        in_fast: false,
        only_fast: false,
        work: |workspace, programs| {
            setup::system(
                workspace,
                programs,
                setup::Purpose {
                    build: true,
                    drive: true,
                    page: true,
                    keyring: true,
                    ..setup::Purpose::default()
                },
            )
        },
    },
    Step {
        name: "node",
        what: "Node.js and the page's packages",
        needs: &[],
        in_fast: true,
        only_fast: false,
        work: setup::node,
    },
    Step {
        name: "format",
        what: "cargo fmt --check",
        needs: &[],
        in_fast: true,
        only_fast: false,
        work: |workspace, programs| {
            programs.quietly(&Shell::cargo(workspace, &["fmt", "--all", "--check"]))?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "trees",
        what: "dependency trees: the arrows of the code map, one TLS stack",
        needs: &[],
        in_fast: false,
        only_fast: false,
        work: |workspace, _| trees::trees(workspace),
    },
    Step {
        name: "ui-check",
        what: "the page's types, lint and formatting",
        needs: &["node"],
        in_fast: true,
        only_fast: false,
        work: |workspace, programs| {
            programs.quietly(&Shell::npm(workspace, &["run", "check"]))?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "ui-test",
        what: "the page's tests",
        needs: &["node"],
        in_fast: true,
        only_fast: false,
        work: |workspace, programs| {
            programs.showing_tests(&Shell::npm(workspace, &["test"]))?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "page",
        what: "builds the page that the application embeds",
        needs: &["node"],
        in_fast: false,
        only_fast: false,
        work: setup::page,
    },
    Step {
        name: "page-test",
        what: "the page in Chromium",
        needs: &["system", "node", "page"],
        in_fast: false,
        only_fast: false,
        work: |workspace, programs| {
            programs.showing_tests(&Shell::npm(workspace, &["run", "test:page"]))?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "lint-light",
        what: "clippy on the crates that need neither Tauri nor the AWS SDK",
        needs: &[],
        in_fast: true,
        only_fast: true,
        work: |workspace, programs| {
            let mut arguments = vec!["clippy", "--locked", "--all-targets"];
            arguments.extend(light());
            arguments.extend(["--", "--deny", "warnings"]);
            programs.quietly(&Shell::cargo(workspace, &arguments))?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "rust-light",
        what: "tests of the crates that need neither Tauri nor the AWS SDK",
        needs: &[],
        in_fast: true,
        only_fast: true,
        work: |workspace, programs| {
            let mut arguments = vec!["test", "--locked"];
            arguments.extend(light());
            arguments.extend(["--", "--show-output"]);
            programs.showing_tests(&Shell::cargo(workspace, &arguments).variable(
                bindings::FOLDER_VARIABLE,
                bindings::fresh_folder(workspace)?,
            ))?;
            bindings::compare(workspace)
        },
    },
    Step {
        name: "lint",
        what: "clippy on everything, warnings denied",
        needs: &["system", "page"],
        in_fast: false,
        only_fast: false,
        work: |workspace, programs| {
            let arguments = [
                &["clippy", "--all-targets"],
                EVERYTHING,
                &["--", "--deny", "warnings"],
            ];
            programs.quietly(&Shell::cargo(workspace, &arguments.concat()))?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "build",
        what: "builds the application and all tests",
        needs: &["system", "page"],
        in_fast: false,
        only_fast: false,
        work: |workspace, programs| {
            let arguments = [&["build", "--bins", "--tests"], EVERYTHING];
            programs.quietly(&Shell::cargo(workspace, &arguments.concat()))?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "python",
        what: setup::PYTHON,
        needs: &[],
        in_fast: false,
        only_fast: false,
        work: setup::python,
    },
    Step {
        name: "rust",
        what: "the Rust tests",
        needs: &["build", "python"],
        in_fast: false,
        only_fast: false,
        work: |workspace, programs| {
            let arguments = [
                &["test"],
                EVERYTHING,
                &["--", "--skip", END_TO_END, "--show-output"],
            ];
            let tests = Shell::cargo(workspace, &arguments.concat())
                .variable(
                    bindings::FOLDER_VARIABLE,
                    bindings::fresh_folder(workspace)?,
                )
                .variable("SESSIONDECK_PYTHON", setup::python_of_venv(workspace));
            programs.showing_tests(&tests)?;
            Ok(Outcome::Done)
        },
    },
    Step {
        name: "bindings",
        what: "the window's generated types are those of the crate `ipc`",
        needs: &["rust"],
        in_fast: false,
        only_fast: false,
        work: |workspace, _| bindings::compare(workspace),
    },
    Step {
        name: "interop",
        what: "a client that others have written against the simulator as a program",
        needs: &["python"],
        in_fast: false,
        only_fast: false,
        work: interop::python,
    },
    Step {
        name: "deny",
        what: "advisories, bans, licences and sources of all dependencies",
        needs: &[],
        in_fast: false,
        only_fast: false,
        work: deny::deny,
    },
    Step {
        name: "e2e",
        what: "the real application in a real window, on a virtual display",
        needs: &["build"],
        in_fast: false,
        only_fast: false,
        work: |workspace, programs| {
            let arguments = [
                &["test"],
                EVERYTHING,
                &["--test", "e2e", "--", "--test-threads", "1", END_TO_END],
            ];
            programs.showing_tests(
                &Shell::cargo(workspace, &arguments.concat())
                    .variable("SESSIONDECK_APP", workspace.application(false)),
            )?;
            Ok(Outcome::Done)
        },
    },
];

/// What `--long` runs: the tests that hold a figure, at full length, one after the other and optimised.
const LONG: Step = Step {
    name: "long",
    what: "the tests that hold a figure, at full length (a quarter of an hour)",
    needs: &[],
    in_fast: false,
    only_fast: false,
    work: |workspace, programs| {
        let arguments = [
            "test",
            "--locked",
            "--release",
            "--package",
            "testsuite",
            "--test",
            "suite",
            "--",
            "bar::",
            "--show-output",
            "--test-threads",
            "1",
        ];
        programs.showing_each_test(
            &Shell::cargo(workspace, &arguments).variable("SESSIONDECK_LONG", "1"),
        )?;
        Ok(Outcome::Done)
    },
};

/// Runs the checks that `options` ask for.
pub(crate) fn test(workspace: &Workspace, options: &[String]) -> Result<(), String> {
    let (mut fast, mut long) = (false, false);
    let mut only: Option<Vec<&str>> = None;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--fast" => fast = true,
            "--long" => long = true,
            "--only" => {
                let names = options
                    .next()
                    .ok_or("`--only` takes the names of steps, see --list")?;
                only.get_or_insert_default().extend(names.split(','));
            }
            "--list" => {
                list();
                return Ok(());
            }
            unknown => return Err(format!("`cargo xtask test` has no option `{unknown}`")),
        }
    }
    let mut steps = Steps::new(workspace)?;
    if long {
        if fast || only.is_some() {
            return Err("`--long` runs its own step alone".to_owned());
        }
        steps.step(LONG.name, LONG.what, |programs| {
            (LONG.work)(workspace, programs)
        })?;
        steps.table(None);
        return Ok(());
    }
    let chosen = match only {
        Some(names) => with_needs(&names)?,
        None => STEPS
            .iter()
            .filter(|step| if fast { step.in_fast } else { !step.only_fast })
            .map(|step| step.name)
            .collect(),
    };
    for step in STEPS.iter().filter(|step| chosen.contains(step.name)) {
        steps.step(step.name, step.what, |programs| {
            (step.work)(workspace, programs)
        })?;
    }
    steps.table(None);
    Ok(())
}

fn list() {
    for step in STEPS {
        let remark = match (step.in_fast, step.only_fast) {
            (_, true) => " (only with --fast)",
            (true, false) => " (also with --fast)",
            (false, false) => "",
        };
        println!("{:<12} {}{remark}", step.name, step.what);
    }
    println!("{:<12} {} (only with --long)", LONG.name, LONG.what);
}

/// The named steps with all that they build on.
fn with_needs(names: &[&str]) -> Result<BTreeSet<&'static str>, String> {
    let mut chosen = BTreeSet::new();
    let mut waiting: Vec<&str> = names.to_vec();
    while let Some(name) = waiting.pop() {
        let step = STEPS
            .iter()
            .find(|step| step.name == name)
            .ok_or_else(|| format!("there is no step `{name}`, see `cargo xtask test --list`"))?;
        if chosen.insert(step.name) {
            waiting.extend(step.needs);
        }
    }
    Ok(chosen)
}

fn light() -> impl Iterator<Item = &'static str> {
    trees::LIGHT
        .iter()
        .flat_map(|package| ["--package", *package])
}

/// Whether a window could be shown to somebody.
pub(crate) fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_comes_after_all_that_it_needs() {
        for (at, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                let needed = STEPS.iter().position(|other| other.name == *need);
                assert!(
                    needed.is_some_and(|needed| needed < at),
                    "{} needs {need}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn a_chosen_step_brings_what_it_builds_on() {
        let chosen = with_needs(&["e2e"]).expect("known");
        assert_eq!(
            chosen.into_iter().collect::<Vec<_>>(),
            ["build", "e2e", "node", "page", "system"]
        );
        let chosen = with_needs(&["interop"]).expect("known");
        assert_eq!(
            chosen.into_iter().collect::<Vec<_>>(),
            ["interop", "python"],
            "neither Tauri nor the AWS SDK"
        );
        assert!(with_needs(&["nonsense"]).is_err());
    }

    #[test]
    fn the_fast_steps_need_nothing_heavy() {
        for step in STEPS.iter().filter(|step| step.in_fast) {
            for need in step.needs {
                let fast = STEPS
                    .iter()
                    .any(|other| other.name == *need && other.in_fast);
                assert!(fast, "{} needs {need}", step.name);
            }
        }
    }
}
