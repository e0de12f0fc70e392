//! What only the person can give, asked for in the window: a sign-in with their browser, a code of their MFA device.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use secrecy::ExposeSecret as _;
use simulator::Simulator;
use simulator::config::{MfaDevice, Role};

use crate::app::{Home, in_app};
use crate::page::eventually;
use crate::service;

const ACCOUNT: &str = "111122223333";
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/ann";

/// Opens pages as a person's browser does, without showing them: the redirects are what counts.
const BROWSER: &str = "#!/usr/bin/env python3
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1]).read()
";

/// A home with this AWS configuration, and no keys in the environment.
fn home(simulator: &Simulator, config: &str) -> Home {
    let home = Home::new();
    let folder = home.home().join(".aws");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("config"), config).unwrap();
    let browser = home.home().join("browser");
    fs::write(&browser, BROWSER).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).unwrap();
    let variables = service::environment(simulator)
        .into_iter()
        .filter(|(name, _)| {
            let is_key = name.starts_with("AWS_ACCESS_KEY") || name.starts_with("AWS_SE");
            !is_key
        })
        .chain([("BROWSER".to_owned(), browser.display().to_string())]);
    home.with(variables)
}

#[tokio::test]
async fn a_person_without_a_sign_in_is_asked_once_and_gets_a_shell_by_their_browser() {
    let simulator = service::start_with(|config| {
        config.sign_in.assign("ann", ACCOUNT, "Operator");
    })
    .await;
    let config = simulator.config_file().expose_secret().to_owned();
    let config = config.replace(&format!("[profile sso-{ACCOUNT}-Operator]"), "[default]");
    let home = home(&simulator, &config);
    in_app(&home, async |app| {
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        app.find("[data-testid=sign-in-dialog]").await;
        app.click("[data-testid=sign-in-browser]").await;
        app.gone("[data-testid=sign-in-dialog]").await;
        let terminal = app.terminal();
        terminal.wait_for_prompt().await;
        // The dialog has given the keyboard back, and nobody takes it from the terminal afterwards.
        terminal.wait_for_keyboard().await;
        terminal.run("echo signed-$((20+22))").await;
        terminal.wait_for_row("signed-42").await;
        eventually("who one is", async || {
            let text = app.content("[data-testid=status-caller]").await?;
            text.contains("Operator").then_some(())
        })
        .await;
    })
    .await;
    // The AWS tools find the sign-in where they keep theirs, and nothing of it is in the application's own files.
    let cache = home.home().join(".aws/sso/cache");
    let tokens: Vec<_> = fs::read_dir(&cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect();
    assert_eq!(tokens.len(), 1);
    let mode = fs::metadata(&tokens[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&tokens[0]).unwrap()).unwrap();
    for secret in ["accessToken", "refreshToken", "clientSecret"] {
        let secret = token[secret].as_str().unwrap();
        assert!(
            !home.own_files_contain(secret),
            "a secret in a file of ours"
        );
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_code_is_asked_for_where_a_role_demands_it_and_a_wrong_one_is_told() {
    let simulator = service::start_with(|config| {
        config.sign_in.roles =
            vec![Role::new(format!("arn:aws:iam::{ACCOUNT}:role/careful")).with_mfa()];
        config.sign_in.mfa_devices = vec![MfaDevice::new(DEVICE, ["123456"])];
    })
    .await;
    let (url, region) = (simulator.endpoint_url(), simulator.region());
    let config = format!(
        "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = {region}\n\
         [default]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/careful\nsource_profile = base\n\
         mfa_serial = {DEVICE}\nregion = {region}\nendpoint_url = {url}\n",
        simulator.access_key_id(),
        simulator.secret_access_key().expose_secret(),
    );
    let home = home(&simulator, &config);
    in_app(&home, async |app| {
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        app.find("[data-testid=mfa-dialog]").await;
        // The field has the keyboard.
        app.type_text("000000").await;
        app.click("[data-testid=mfa-send]").await;
        app.find("[data-testid=question-problem]").await;
        app.type_text("123456").await;
        app.click("[data-testid=mfa-send]").await;
        app.gone("[data-testid=mfa-dialog]").await;
        let terminal = app.terminal();
        terminal.wait_for_prompt().await;
        terminal.wait_for_keyboard().await;
    })
    .await;
    assert_eq!(simulator.calls("AssumeRole"), 2);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_that_is_declined_ends_the_start_with_that_reason() {
    let simulator = service::start_with(|config| {
        config.sign_in.assign("ann", ACCOUNT, "Operator");
    })
    .await;
    let config = simulator.config_file().expose_secret().to_owned();
    let config = config.replace(&format!("[profile sso-{ACCOUNT}-Operator]"), "[default]");
    in_app(&home(&simulator, &config), async |app| {
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        app.find("[data-testid=sign-in-dialog]").await;
        app.click("[data-testid=question-cancel]").await;
        app.gone("[data-testid=sign-in-dialog]").await;
        app.terminal().wait_for_state("ended").await;
        let told = app.content("[data-testid=ended-message]").await.unwrap();
        assert!(told.contains("cancelled"), "{told}");
    })
    .await;
    simulator.shutdown().await;
}
