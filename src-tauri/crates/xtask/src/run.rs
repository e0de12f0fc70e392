//! `cargo xtask run`: from a fresh machine to the open window.

use crate::setup;
use crate::shell::{Shell, Workspace};
use crate::steps::{Outcome, Steps};
use crate::test::{END_TO_END, EVERYTHING, has_display};

/// Sets up, builds and opens the window; without a display, on a virtual one, with a screenshot to show for it.
pub(crate) fn run(workspace: &Workspace, options: &[String]) -> Result<(), String> {
    let release = match options {
        [] => false,
        [option] if option == "--release" => true,
        _ => return Err("`cargo xtask run` takes only `--release`".to_owned()),
    };
    let display = has_display();
    let purpose = setup::Purpose {
        build: true,
        drive: !display,
        ..setup::Purpose::default()
    };

    let mut steps = Steps::new(workspace)?;
    steps.step("system", "system packages", |programs| {
        setup::system(workspace, programs, purpose)
    })?;
    steps.step("node", "Node.js and the page's packages", |programs| {
        setup::node(workspace, programs)
    })?;
    steps.step("page", "builds the page", |programs| {
        setup::page(workspace, programs)
    })?;
    steps.step(
        "build",
        "builds the application (the first time takes minutes)",
        |programs| {
            let arguments = if release {
                vec![
                    "build",
                    "--locked",
                    "--release",
                    "--package",
                    "sessiondeck",
                    "--features",
                    "custom-protocol",
                ]
            } else {
                // As the tests build it, so that they find it built.
                [&["build", "--bins"], EVERYTHING].concat()
            };
            programs.quietly(&Shell::cargo(workspace, &arguments))?;
            Ok(Outcome::Done)
        },
    )?;
    let application = workspace.application(release);
    if display {
        steps.table(None);
        println!("\nopening the window: {}", application.display());
        let program = application.to_string_lossy();
        return Shell::new(workspace, &program, &[]).take_over();
    }

    println!(
        "\nThere is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so nobody would see the window."
    );
    println!(
        "The application is started on a virtual display instead, to take a screenshot of it."
    );
    let screenshot = workspace.scratch()?.join("local-demo.png");
    let case = format!("{END_TO_END}demo_screenshot");
    steps.step(
        "screenshot",
        "opens the Local demo and types a command",
        |programs| {
            let arguments = [
                &["test"],
                EVERYTHING,
                &["--test", "e2e", "--", "--exact", case.as_str()],
            ];
            programs.quietly(
                &Shell::cargo(workspace, &arguments.concat())
                    .variable("SESSIONDECK_APP", &application)
                    .variable("SESSIONDECK_SCREENSHOT", &screenshot),
            )?;
            Ok(Outcome::Done)
        },
    )?;
    steps.table(None);
    println!("\nscreenshot: {}", screenshot.display());
    Ok(())
}
