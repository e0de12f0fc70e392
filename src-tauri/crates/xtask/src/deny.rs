//! cargo-deny: advisories, bans, licences and sources, as `.cargo/deny.toml` says.

use std::env::consts::EXE_SUFFIX;

use crate::shell::{Shell, Workspace, on_path};
use crate::steps::{Outcome, Programs};

/// The version installed where there is none; newer ones that a person has are used as they are.
const VERSION: &str = "0.20.2";

/// Checks what is linked. Advisories need their database from the network; without it they are skipped, and said so.
pub(crate) fn deny(workspace: &Workspace, programs: &Programs) -> Result<Outcome, String> {
    let program = program(workspace, programs)?;
    let deny = |arguments: &[&str]| Shell::new(workspace, &program, arguments);
    // The crates have all been fetched to be built, so this needs no network.
    programs.quietly(&deny(&[
        "--workspace",
        "--locked",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    match programs.quietly(&deny(&["--workspace", "--locked", "fetch", "db"])) {
        Ok(()) => {
            programs.quietly(&deny(&["--workspace", "--locked", "check", "advisories"]))?;
            Ok(Outcome::Note("bans, licences, sources, advisories".to_owned()))
        }
        Err(_) => Ok(Outcome::Note(
            "bans, licences, sources; ADVISORIES SKIPPED, their database cannot be reached from here".to_owned(),
        )),
    }
}

/// cargo-deny of the PATH, or one of our own, built once and kept in the target directory.
fn program(workspace: &Workspace, programs: &Programs) -> Result<String, String> {
    if on_path("cargo-deny") {
        return Ok("cargo-deny".to_owned());
    }
    let tools = workspace.target.join("tools");
    let program = tools.join("bin").join(format!("cargo-deny{EXE_SUFFIX}"));
    if !program.is_file() {
        println!("    building cargo-deny {VERSION}, once (some minutes)");
        let root = tools.to_string_lossy();
        let build = tools.join("build");
        programs.quietly(
            &Shell::cargo(
                workspace,
                &[
                    "install",
                    "--locked",
                    "--version",
                    VERSION,
                    "--root",
                    &root,
                    "cargo-deny",
                ],
            )
            .variable("CARGO_TARGET_DIR", &build),
        )?;
        // Half a gigabyte that nobody needs again.
        let _ = std::fs::remove_dir_all(build);
    }
    Ok(program.to_string_lossy().into_owned())
}
