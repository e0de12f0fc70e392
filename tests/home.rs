//! A home folder with AWS profiles of a simulator, the AWS tools' caches in it, and its owner's browser.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use simulator::config::{MfaDevice, Role};
use simulator::{Config, Simulator};
use url::Url;

/// The account of the roles.
pub const ACCOUNT: &str = "111122223333";
/// The MFA device. It has no codes before [`Simulator::add_mfa_code`].
pub const DEVICE: &str = "arn:aws:iam::111122223333:mfa/ann";
/// The profile of a sign-in.
pub const SIGN_IN_PROFILE: &str = "sso-111122223333-Operator";
/// The profile of a role that a code is needed for.
pub const MFA_PROFILE: &str = "careful";

/// Somebody who signs in, whose access tokens are due for renewal from the beginning, and a role behind a code.
pub fn people(config: &mut Config) {
    config.sign_in.assign("ann", ACCOUNT, "Operator");
    config.sign_in.lifetimes.access_token = Duration::from_secs(200);
    let careful = format!("arn:aws:iam::{ACCOUNT}:role/careful");
    config.sign_in.roles = vec![Role::new(careful).with_mfa()];
    config.sign_in.mfa_devices = vec![MfaDevice::new(DEVICE, Vec::<String>::new())];
}

/// Writes the AWS configuration of a simulator with those [`people`], whose API is called at this URL.
///
/// # Panics
///
/// If it cannot be written.
pub fn write_config(home: &Path, simulator: &Simulator, url: &str) {
    let endpoint = |url: &str| format!("endpoint_url = {url}\n");
    let common = format!("region = {}\n{}", simulator.region(), endpoint(url));
    let profiles = simulator.config_file();
    let profiles = profiles
        .expose_secret()
        .replace(&endpoint(&simulator.endpoint_url()), &endpoint(url));
    let text = format!(
        "{profiles}[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\n{common}\
         [profile {MFA_PROFILE}]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/careful\nsource_profile = base\n\
         mfa_serial = {DEVICE}\n{common}",
        simulator.access_key_id(),
        simulator.secret_access_key().expose_secret(),
    );
    fs::write(home.join("config"), text).expect("it is written");
}

/// The secrets of the sign-in that the AWS tools have cached, the access token first; each with its name.
#[must_use]
pub fn sign_in_secrets(home: &Path) -> Vec<(&'static str, String)> {
    cached(
        &home.join("sso/cache"),
        &[
            ("the access token", "/accessToken"),
            ("the refresh token", "/refreshToken"),
            ("the registration", "/clientSecret"),
        ],
    )
}

/// The secrets of the role that the AWS tools have cached; each with its name.
#[must_use]
pub fn role_secrets(home: &Path) -> Vec<(&'static str, String)> {
    cached(
        &home.join("cli/cache"),
        &[
            ("the role's key", "/Credentials/SecretAccessKey"),
            ("the role's session token", "/Credentials/SessionToken"),
        ],
    )
}

/// The secrets of the only file in a cache.
fn cached(folder: &Path, secrets: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let path = fs::read_dir(folder)
        .expect("it was written")
        .map(|entry| entry.expect("it can be read").path())
        .find(|path| path.extension().is_some_and(|suffix| suffix == "json"))
        .expect("a file");
    let text = fs::read(path).expect("it can be read");
    let file: Value = serde_json::from_slice(&text).expect("it is JSON");
    let secret = |&(name, place): &(&'static str, &str)| {
        let secret = file.pointer(place).and_then(Value::as_str);
        (name, secret.expect("it is there").to_owned())
    };
    secrets.iter().map(secret).collect()
}

/// Opens a page as a browser does that follows redirects, until one that leads no further.
///
/// # Panics
///
/// If nobody listens there, or if the pages lead on for ever.
pub fn browse(page: &str) {
    let mut url = Url::parse(page).expect("an address");
    for _ in 0..5 {
        let address = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut stream = TcpStream::connect(address).expect("it listens");
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )
        .expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let location = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then_some(value)
        });
        match location {
            Some(next) => url = url.join(next).expect("an address"),
            None => return,
        }
    }
    panic!("the pages lead nowhere");
}
