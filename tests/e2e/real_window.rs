//! The cases. Each starts an application of its own and runs alone: they share one display and its clipboard.

mod compromised;
mod first_sign_in;
mod hostile;
mod keys;
mod native;
mod outage;
mod page_rules;
mod profiles;
mod shell;
mod sign_in;
mod stored_keys;
mod tabs;
mod terminal_features;
mod tree;

use std::{env, fs};

use fantoccini::Client;
use serde_json::json;

use crate::app::{Home, in_app, in_fresh_app};
use crate::service;

/// Where `cargo xtask run` wants the picture it shows where there is no display.
const SCREENSHOT: &str = "SESSIONDECK_SCREENSHOT";

/// Set to take the README's pictures anew.
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

        let png = screenshot(app.client()).await;
        if let Some(file) = env::var_os(SCREENSHOT) {
            fs::write(file, &png).unwrap();
        }
    })
    .await;
}

/// Something to look at.
const GREETING: &str = r"printf '\033[1;36mSession Manager\033[0m, no plugin: the \033[1;33manswer %s\033[0m\n' $((6*7))";

/// The page follows the system's colours, and a day's work looks like this in either.
#[tokio::test]
async fn light_and_dark_follow_the_system() {
    let simulator = service::start().await;
    for (theme, dark) in [("Adwaita", false), ("Adwaita:dark", true)] {
        let home = Home::new()
            .with(service::environment(&simulator))
            .with([("GTK_THEME".to_owned(), theme.to_owned())]);
        home.save_profiles(&profiles(simulator.target()));
        fs::write(home.home().join("look"), LOOK).unwrap();
        in_app(&home, async |app| {
            for name in ["Bastion", "orders-api", "Local demo"] {
                app.open_profile(name).await;
                app.terminal().wait_for_prompt().await;
            }
            let terminal = app.terminal();
            terminal.run("clear; . ./look").await;
            terminal
                .wait_for("something to look at", |text| text.contains("3 units"))
                .await;
            let page = app.script::<f64>(LIGHTNESS, vec![json!("body")]).await;
            let screen = app
                .script::<f64>(LIGHTNESS, vec![json!("[data-testid=terminal]")])
                .await;
            for lightness in [page, screen] {
                assert_eq!(lightness < 0.5, dark, "{theme}: {page} and {screen}");
            }
            let png = screenshot(app.client()).await;
            if env::var_os(UPDATE).is_some() {
                let folder = testsuite::folder().join("../ui/screenshots");
                fs::create_dir_all(&folder).unwrap();
                let name = if dark { "dark.png" } else { "light.png" };
                fs::write(folder.join(name), &png).unwrap();
            }
        })
        .await;
    }
    simulator.shutdown().await;
}

async fn screenshot(client: &Client) -> Vec<u8> {
    let png = client.screenshot().await.unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    png
}

/// Between 0, black, and 1, white: the colour behind an element, or behind what it lies on.
const LIGHTNESS: &str = "
    let place = document.querySelector(arguments[0]);
    const channels = () => (getComputedStyle(place).backgroundColor.match(/[\\d.]+/g) ?? []).map(Number);
    while (place.parentElement && (channels().length < 3 || channels()[3] === 0)) place = place.parentElement;
    const [red, green, blue] = channels();
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;";

/// What a person may have saved.
fn profiles(target: &str) -> serde_json::Value {
    let saved = [
        ("Bastion", "blue", target, "eu-west-1"),
        ("billing-db", "red", "i-0c41e9d22ab84f10e", "eu-central-1"),
        ("build-runner-7", "none", "i-0f2b7a9930cd1e664", "eu-west-1"),
        ("orders-api", "green", target, "eu-west-1"),
        (
            "plant-floor gateway",
            "purple",
            "mi-0a3d5c81f6e2b7904",
            "eu-north-1",
        ),
        (
            "web / checkout",
            "orange",
            "ecs:shop_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1234567890",
            "us-east-1",
        ),
    ];
    let profiles: Vec<_> = saved
        .iter()
        .enumerate()
        .map(|(number, (name, colour, target, region))| {
            json!({
                "id": format!("00000000-0000-4000-8000-{number:012}"),
                "name": name, "colour": colour, "target": target, "region": region,
            })
        })
        .collect();
    json!({ "schema": 1, "profiles": profiles })
}

/// Prints colours, boxes and meters, as the programs of a day do. Only what the bundled font has.
const LOOK: &str = r#"
b='\033[1m'; d='\033[2m'; n='\033[0m'; red='\033[31m'; green='\033[32m'; yellow='\033[33m'; blue='\033[34m'; mag='\033[35m'; cyan='\033[36m'
printf "${b}${green}● sessiondeck-demo${n}  ${d}a real shell over the Session Manager protocol${n}\n"
printf "${d}├─${n} agent     ${cyan}amazon-ssm-agent.service${n}   ${green}active (running)${n} since 09:12\n"
printf "${d}├─${n} disk      ${green}████████████${yellow}█████${n}${d}░░░░░░░${n}  71 %%  of 80 GiB\n"
printf "${d}├─${n} memory    ${green}███████${n}${d}░░░░░░░░░░░░░░░░░${n}  29 %%  of 16 GiB\n"
printf "${d}└─${n} greetings Zürich  Łódź  Αθήνα  Київ  naïve → café\n\n"
printf "${b}%-28s %-10s %8s  %s${n}\n" UNIT STATE CPU SINCE
printf "%-28s ${green}%-10s${n} %8s  %s\n" orders-api.service running '12.4 %' '3 days'
printf "%-28s ${yellow}%-10s${n} %8s  %s\n" nightly-report.timer waiting '0.0 %' '7 hours'
printf "%-28s ${red}%-10s${n} %8s  %s\n" mail-relay.service failed '-' '2 minutes'
printf "${d}%s units listed.${n}\n\n" 3
"#;
