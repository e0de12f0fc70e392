//! The AWS CLI's caches are ours and ours are the CLI's: who has signed in, or typed a code, at one is not asked by the
//! other. The service is the simulator, which counts how often it was asked.
//!
//! Version 1 of the CLI is on PyPI. It follows `sso_session` and renews a sign-in, but cannot begin one: `aws sso login`
//! came with version 2. So what it writes of a sign-in is what comes of a renewal.

use std::process::Output;
use std::time::Duration;

use aws::SsoSession;
use secrecy::{ExposeSecret as _, SecretString};
use simulator::config::{MfaDevice, Role};
use simulator::{Config, Simulator};
use tokio::time::timeout;

use crate::home::{Home, PATIENCE, profile, question};
use crate::python::aws_cli;

const ACCOUNT: &str = "111122223333";
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/ann";

/// Who the CLI is with this profile.
async fn whoami(home: &Home, profile: &str, typed: &str) -> Output {
    let arguments = [
        "sts",
        "get-caller-identity",
        "--profile",
        profile,
        "--query",
        "Arn",
        "--output",
        "text",
    ];
    aws_cli(home.path(), &arguments, typed).await
}

#[track_caller]
fn is_role(output: &Output, role: &str) {
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(said.contains(role), "{said}");
}

async fn with_mfa() -> (Simulator, Home) {
    let mut config = Config::default();
    config.sign_in.roles =
        vec![Role::new(format!("arn:aws:iam::{ACCOUNT}:role/careful")).with_mfa()];
    config.sign_in.mfa_devices = vec![MfaDevice::new(DEVICE, ["123456"])];
    let simulator = Simulator::start(config).await.expect("loopback is there");
    let (url, region) = (simulator.endpoint_url(), simulator.region());
    let home = Home::new(&format!(
        "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = {region}\nendpoint_url = {url}\n\
         [profile careful]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/careful\nsource_profile = base\nexternal_id = über\n\
         duration_seconds = 1800\nmfa_serial = {DEVICE}\nregion = {region}\nendpoint_url = {url}\n",
        simulator.access_key_id(),
        simulator.secret_access_key().expose_secret(),
    ));
    (simulator, home)
}

#[tokio::test]
async fn a_code_that_was_typed_here_serves_the_cli() {
    let (simulator, home) = with_mfa().await;
    let broker = home.broker();
    let error = broker
        .identity(&profile("careful"))
        .await
        .expect_err("no code yet");
    let need = error.need().expect("a person is needed").clone();
    let waiting = {
        let broker = broker.clone();
        tokio::spawn(async move { broker.answered(&need).await })
    };
    let asked = question(&broker).await;
    broker
        .answer_mfa(asked.id, SecretString::from("123456"))
        .await
        .expect("it is right");
    waiting.await.expect("no panic").expect("it goes on");
    // The only code is spent: the CLI would be refused if it asked for one.
    is_role(
        &whoami(&home, "careful", "").await,
        ":assumed-role/careful/",
    );
    assert_eq!(simulator.calls("AssumeRole"), 1);
    assert_eq!(simulator.calls("GetCallerIdentity"), 1, "the CLI's");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_code_that_was_typed_at_the_cli_serves_here() {
    let (simulator, home) = with_mfa().await;
    let output = whoami(&home, "careful", "123456\n").await;
    is_role(&output, ":assumed-role/careful/");
    assert_eq!(simulator.calls("AssumeRole"), 1);
    let broker = home.broker();
    let caller = broker
        .caller(&profile("careful"), None)
        .await
        .expect("nobody is asked");
    assert_eq!(caller.role().map(|(role, _)| role), Some("careful"));
    assert!(caller.expires_at.is_some());
    assert_eq!(simulator.calls("AssumeRole"), 1);
    assert_eq!(home.cached("cli/cache").len(), 1, "both use the same file");
    simulator.shutdown().await;
}

/// Signed in by our broker; this long, an access token lives.
async fn signed_in(access_token: Duration) -> (Simulator, Home, SsoSession) {
    let mut config = Config::default();
    config.sign_in.assign("ann", ACCOUNT, "Operator");
    config.sign_in.lifetimes.access_token = access_token;
    let simulator = Simulator::start(config).await.expect("loopback is there");
    let home = Home::new(simulator.config_file().expose_secret());
    let broker = home.broker();
    let (session, _) = broker.sign_ins().pop().expect("the file names one");
    timeout(PATIENCE, broker.sign_in(&session, false))
        .await
        .expect("in time")
        .expect("the browser came back");
    (simulator, home, session)
}

fn operator() -> String {
    format!("sso-{ACCOUNT}-Operator")
}

#[tokio::test]
async fn a_sign_in_made_here_serves_the_cli_until_it_is_ended_here() {
    let (simulator, home, session) = signed_in(Duration::from_secs(3600)).await;
    is_role(&whoami(&home, &operator(), "").await, "Operator");
    assert_eq!(simulator.calls("CreateToken"), 1, "ours alone");
    home.broker().sign_out(&session).await.expect("it is told");
    let output = whoami(&home, &operator(), "").await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it is signed out too");
    assert!(errors.to_lowercase().contains("sso"), "{errors}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_that_the_cli_has_renewed_serves_here() {
    // The CLI renews what has less than a quarter of an hour left; we, what has less than five minutes.
    let (simulator, home, _) = signed_in(Duration::from_secs(600)).await;
    let before = home.cached("sso/cache");
    is_role(&whoami(&home, &operator(), "").await, "Operator");
    assert_eq!(simulator.calls("CreateToken/refresh_token"), 1);
    let after = home.cached("sso/cache");
    assert_eq!(before.len(), 1);
    let names = |files: &[(String, serde_json::Value)]| {
        let names = files.iter().map(|(name, _)| name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&after), "it found ours");
    assert_ne!(before[0].1["accessToken"], after[0].1["accessToken"]);
    // The old token is good for nothing now: only the CLI's can do this.
    let broker = home.broker();
    broker
        .identity(&profile(&operator()))
        .await
        .expect("signed in");
    assert_eq!(simulator.calls("CreateToken/refresh_token"), 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn each_renews_what_the_other_has_renewed() {
    // Due for both from the beginning.
    let (simulator, home, _) = signed_in(Duration::from_secs(200)).await;
    for renewals in [1, 3] {
        is_role(&whoami(&home, &operator(), "").await, "Operator");
        assert_eq!(simulator.calls("CreateToken/refresh_token"), renewals);
        simulator.expire_role_credentials();
        let identity = home.broker().identity(&profile(&operator())).await;
        identity.expect("signed in");
        assert_eq!(simulator.calls("CreateToken/refresh_token"), renewals + 1);
    }
    simulator.shutdown().await;
}
