//! Other people's clients against the simulator: builds what they need and starts `tests/interop/run.py`, which counts.
//!
//! The check holds the Python one, which is there in seconds. `cargo xtask interop` runs all of them: the one in Rust
//! compiles an AWS SDK and needs OpenSSL.

use std::path::{Path, PathBuf};

use crate::setup;
use crate::shell::{Shell, Workspace};
use crate::steps::{Outcome, Programs, Steps};

/// `cargo xtask interop`: all clients.
pub(crate) fn interop(workspace: &Workspace, options: &[String]) -> Result<(), String> {
    if let Some(unknown) = options.first() {
        return Err(format!("`cargo xtask interop` has no option `{unknown}`"));
    }
    let mut steps = Steps::new(workspace)?;
    steps.step(
        "system",
        "system packages for the client in Rust",
        |programs| {
            let purpose = setup::Purpose {
                foreign_client: true,
                ..setup::Purpose::default()
            };
            setup::system(workspace, programs, purpose)
        },
    )?;
    steps.step("python", setup::PYTHON, |programs| {
        setup::python(workspace, programs)
    })?;
    steps.step(
        "client",
        "builds the client in Rust (the first time takes minutes)",
        |programs| {
            let manifest = folder(workspace).join("Cargo.toml");
            let target = target(workspace);
            let arguments = [
                "build",
                "--locked",
                "--manifest-path",
                &manifest.to_string_lossy(),
                "--target-dir",
                &target.to_string_lossy(),
            ];
            programs.quietly(&Shell::cargo(workspace, &arguments))?;
            Ok(Outcome::Done)
        },
    )?;
    steps.step("interop", "all clients", |programs| {
        let rust = target(workspace).join("debug/interop");
        run(
            workspace,
            programs,
            &[in_python(workspace), client("rust", &[&rust])],
        )
    })?;
    steps.table(None);
    Ok(())
}

/// The step of the check: the Python client.
pub(crate) fn python(workspace: &Workspace, programs: &Programs) -> Result<Outcome, String> {
    run(workspace, programs, &[in_python(workspace)])
}

/// Builds the simulator and lets each client hold sessions with one of its own.
fn run(
    workspace: &Workspace,
    programs: &Programs,
    clients: &[Vec<String>],
) -> Result<Outcome, String> {
    let arguments = ["build", "--locked", "--package", "simulator"];
    programs.quietly(&Shell::cargo(workspace, &arguments))?;
    let python = setup::python_of_venv(workspace);
    let runner = folder(workspace).join("run.py");
    let simulator = workspace.program("simulator", false);
    let arguments = [
        &runner.to_string_lossy(),
        "--simulator",
        &simulator.to_string_lossy(),
    ];
    let shell = Shell::new(workspace, &python.to_string_lossy(), &arguments);
    programs.showing_each_test(&shell.arguments(&clients.concat()))?;
    Ok(Outcome::Done)
}

fn in_python(workspace: &Workspace) -> Vec<String> {
    let python = setup::python_of_venv(workspace);
    client("python", &[&python, &folder(workspace).join("client.py")])
}

/// A client as `run.py` takes it.
fn client(name: &str, command: &[&Path]) -> Vec<String> {
    let mut words = vec!["--client".to_owned(), name.to_owned()];
    words.extend(command.iter().map(|word| word.to_string_lossy().into()));
    words
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/interop")
}

/// Where the client in Rust is built, apart from the workspace's own crates.
fn target(workspace: &Workspace) -> PathBuf {
    workspace.target.join("interop")
}
