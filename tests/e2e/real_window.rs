//! The cases. Each starts an application of its own and runs alone: they share one display and its clipboard.

mod hostile;
mod keys;
mod page_rules;
mod profiles;
mod shell;
mod tabs;

use std::path::Path;
use std::{env, fs};

use crate::app::in_fresh_app;

/// Where `cargo xtask run` wants the picture it shows where there is no display.
const SCREENSHOT: &str = "SESSIONDECK_SCREENSHOT";

/// Set to take the README's picture anew.
const UPDATE: &str = "SESSIONDECK_UPDATE_SCREENSHOTS";

#[tokio::test]
async fn demo_screenshot() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal.run("clear").await;
        terminal.run(GREETING).await;
        terminal
            .wait_for("the greeting", |text| text.contains("answer 42"))
            .await;
        terminal.run("uname -sr; stty size").await;
        let (cols, rows) = terminal.size().await;
        terminal.wait_for_row(&format!("{rows} {cols}")).await;

        let png = app.client().screenshot().await.unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        if let Some(file) = env::var_os(SCREENSHOT) {
            fs::write(file, &png).unwrap();
        }
        if env::var_os(UPDATE).is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/screenshots");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("local-demo.png"), &png).unwrap();
        }
    })
    .await;
}

/// Something to look at.
const GREETING: &str = r"printf '\033[1;36mSession Manager\033[0m, no plugin: the \033[1;33manswer %s\033[0m\n' $((6*7))";
