//! The broker: a sign-in, the keys of a role behind an MFA code, the code itself, and keys of the keyring.
//!
//! The AWS tools' caches, and a tap before the services, tell the searcher which secrets there are; the browser and the
//! keyring are not in the program's memory.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::{Broker, BrokerOptions, Need, Source};
use connect::Keyring;
use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, CredentialStore, Entry, Error};
use secrecy::{ExposeSecret as _, SecretString};
use secrets::{AwsKeys, KeyStore, PATIENCE};
use shared_config::{Paths, SharedConfig};
use simulator::config::Shell;
use simulator::{Config, Simulator};
use testsuite::home::{
    DEVICE, MFA_PROFILE, SIGN_IN_PROFILE, browse, people, role_secrets, sign_in_secrets,
    write_config,
};
use testsuite::secrets::{Search, forms};
use testsuite::tap::Tap;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::program::{Held, News, Orders};

pub(crate) const ROLE: &str = "--hold-credentials";
/// Drops the broker as it is.
const DROP: &str = "--drop";

/// For any one step, on a busy machine.
const STEP: Duration = Duration::from_secs(60);
const REGION: &str = "eu-west-1";
/// Temporary keys that are kept for the run only.
const FOR_THIS_RUN: [&str; 2] = [
    "5c8Wn2vQe0XbT7uLkHfY4rPzJ1mAoGd9sIiCyEw3",
    "IQoJb3JpZ2luX2VjEKj0qWm4ZtNs8vUe2RbYxLh6Tg1oDp5kVc9wQf7iJyMa3uXz",
];

// ---- inside

/// A keyring whose secrets are in files, as another program's would be.
#[derive(Debug)]
struct Folder(PathBuf);

impl CredentialStoreApi for Folder {
    fn vendor(&self) -> String {
        "a folder".to_owned()
    }

    fn id(&self) -> String {
        self.0.display().to_string()
    }

    fn build(
        &self,
        _service: &str,
        user: &str,
        _modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring_core::Result<Entry> {
        let path = self.0.join(user.replace('/', "-"));
        Ok(Entry::new_with_credential(Arc::new(InFile(path))))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[derive(Debug)]
struct InFile(PathBuf);

impl CredentialApi for InFile {
    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        fs::write(&self.0, secret).map_err(|error| Error::PlatformFailure(Box::new(error)))
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        fs::read(&self.0).map_err(|_| Error::NoEntry)
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        fs::remove_file(&self.0).map_err(|_| Error::NoEntry)
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        None
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// In the program that holds credentials.
pub(crate) fn hold() {
    let only_drops = std::env::args().any(|argument| argument == DROP);
    let runtime = Runtime::new().expect("threads can be started");
    runtime.block_on(credentials(Orders::of_this_program(), only_drops));
}

async fn credentials(mut orders: Orders, only_drops: bool) {
    let mut told = || orders.line().expose_secret().to_owned();
    let (home, endpoint, access_key_id) = (PathBuf::from(told()), told(), told());
    let secrets = [orders.line(), orders.line(), orders.line()];
    let [in_keyring, for_this_run, session_token] = secrets;

    let keyring = home.join("keyring");
    let open = move || -> keyring_core::Result<Arc<CredentialStore>> {
        Ok(Arc::new(Folder(keyring.clone())))
    };
    let store = KeyStore::over(open, PATIENCE);
    let keys = |secret_access_key, session_token: Option<SecretString>| AwsKeys {
        access_key_id: access_key_id.clone(),
        secret_access_key,
        session_token,
        label: "keys".to_owned(),
    };
    store
        .put("kept", keys(in_keyring, None))
        .await
        .expect("there is room");
    store.keep_for_this_run("typed", keys(for_this_run, Some(session_token)));

    let files = SharedConfig::load(&Paths {
        config: home.join("config"),
        credentials: home.join("credentials"),
    });
    let files = watch::Sender::new(Arc::new(files));
    let browser = Mutex::new(News::of_this_program());
    let broker = Broker::new(BrokerOptions {
        files: files.subscribe(),
        aws_folder: Some(home),
        open: Box::new(move |page| {
            let mut browser = browser.lock().expect("nobody panics with it");
            browser.tell(&["open ", page.as_str()]);
            Box::pin(async { Ok(()) })
        }),
        keys: Some(Box::new(Keyring(store.clone()))),
    });
    let mut news = News::of_this_program();

    // A sign-in, renewed when it is used.
    let (session, _) = broker.sign_ins().pop().expect("the file names one");
    timeout(STEP, broker.sign_in(&session, false))
        .await
        .expect("in time")
        .expect("the browser came back");
    news.tell(&["signed in"]);
    orders.line();
    let operator = Source::Profile(SIGN_IN_PROFILE.to_owned());
    broker.caller(&operator, None).await.expect("signed in");
    broker.accounts(&session).await.expect("signed in");

    // Typed keys, used for a call.
    let settings = aws::Settings {
        aws_profile: None,
        region: Some(REGION.to_owned()),
        endpoint: Some(aws::Endpoint {
            ssm: endpoint,
            ssmmessages: None,
        }),
        credentials: aws::Credentials::Stored("kept".to_owned()),
        ..aws::Settings::default()
    };
    let client = aws::Client::connect(settings, &broker)
        .await
        .expect("the settings are good");
    client.active_sessions(None).await.expect("it is allowed");
    drop(client);
    broker
        .identity(&Source::Stored("typed".to_owned()))
        .await
        .expect("they are kept");

    // A role behind a code.
    let careful = Source::Profile(MFA_PROFILE.to_owned());
    let error = broker.identity(&careful).await.expect_err("no code yet");
    let need = error.need().expect("a person is needed").clone();
    assert!(matches!(need, Need::Mfa(_)));
    let waiting = {
        let broker = broker.clone();
        tokio::spawn(async move { broker.answered(&need).await })
    };
    let mut questions = broker.questions();
    let asked = timeout(STEP, questions.wait_for(|questions| !questions.is_empty()))
        .await
        .expect("in time")
        .expect("the broker is there")[0]
        .id;
    drop(questions);
    news.tell(&["which code"]);
    let code = orders.line();
    news.tell(&["typed"]);
    orders.line();
    broker.answer_mfa(asked, code).await.expect("it is right");
    waiting.await.expect("no panic").expect("it is answered");
    broker.caller(&careful, None).await.expect("it is allowed");
    news.tell(&["all"]);
    orders.line();

    if !only_drops {
        broker.sign_out(&session).await.expect("it is told");
        for name in ["kept", "typed"] {
            store.delete(name).await.expect("it is there");
            broker.stored_changed(name);
        }
        news.tell(&["forgotten"]);
        orders.line();
    }
    drop((broker, store, files));
    news.tell(&["dropped"]);
    orders.end().await;
}

// ---- outside

/// In the program that searches.
pub(crate) fn search(runtime: &Runtime) {
    credentials_are_gone_when_they_are(runtime, &[]);
    credentials_are_gone_when_they_are(runtime, &[DROP]);
}

fn credentials_are_gone_when_they_are(runtime: &Runtime, how: &[&str]) {
    let simulator = start(runtime, |config| {
        people(config);
        // No signature outlives the tap.
        config.require_signature = false;
    });
    let tap = runtime.block_on(Tap::start(&simulator));
    // Whose keys stand in no file.
    let other = start(runtime, |_| {});
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join("keyring")).expect("it is made");
    write_config(home.path(), &simulator, &tap.url);

    let mut held = Held::start(ROLE, how);
    held.say(&home.path().display().to_string());
    held.say(&other.endpoint_url());
    held.say(other.access_key_id());
    let in_keyring = other.secret_access_key().expose_secret().to_owned();
    let [for_this_run, session_token] = FOR_THIS_RUN.map(str::to_owned);
    for secret in [&in_keyring, &for_this_run, &session_token] {
        held.say(secret);
    }
    let kept = vec![
        ("the keyring's key", in_keyring),
        ("the typed key", for_this_run),
        ("the typed session token", session_token),
    ];

    let page = held.news();
    browse(page.strip_prefix("open ").expect("it signs in"));
    assert_eq!(held.news(), "signed in");
    let signed_in = sign_in_secrets(home.path());
    held.say("");

    assert_eq!(held.news(), "which code");
    let codes = (1..).map(|number: u32| format!("{:06}", number * 7919 % 1_000_000));
    let code = codes
        .into_iter()
        .find(|code| code_places(&held, code).is_empty())
        .expect("some number is not there by accident");
    assert!(simulator.add_mfa_code(DEVICE, &code));
    held.say(&code);
    assert_eq!(held.news(), "typed");
    assert_ne!(
        code_places(&held, &code),
        [""; 0],
        "the search sees the code"
    );
    held.say("");

    assert_eq!(held.news(), "all");
    let renewed = sign_in_secrets(home.path());
    let role = role_secrets(home.path());
    assert_ne!(signed_in[0], renewed[0], "it was renewed");
    for secrets in [&kept, &renewed, &role] {
        let hits = held.hits(secrets);
        for (name, _) in secrets {
            let is_seen = hits.iter().any(|hit| hit.starts_with(name));
            assert!(is_seen, "the search does not see {name}");
        }
    }
    // Used up while everything else is still needed.
    held.comes_clean("after it was used", |held| code_places(held, &code));
    held.say("");

    let secrets = [kept, signed_in, renewed, role, answered(&tap)].concat();
    let look = |held: &Held| [held.hits(&secrets), code_places(held, &code)].concat();
    if how.is_empty() {
        assert_eq!(held.news(), "forgotten");
        held.comes_clean("after the sign-out and the deletion", look);
        held.say("");
    }
    assert_eq!(held.news(), "dropped");
    held.comes_clean("after the broker's end", look);
    held.end();
    runtime.block_on(simulator.shutdown());
    runtime.block_on(other.shutdown());
}

fn start(runtime: &Runtime, change: impl FnOnce(&mut Config)) -> Simulator {
    let mut config = Config::default();
    // Without the person's start-up files.
    config.shell = Shell::new(["/bin/sh"]);
    REGION.clone_into(&mut config.region);
    change(&mut config);
    runtime
        .block_on(Simulator::start(config))
        .expect("loopback is there")
}

/// Every token and key that the sign-in's services have given, each once.
fn answered(tap: &Tap) -> Vec<(&'static str, String)> {
    let names = [
        "accessToken",
        "refreshToken",
        "secretAccessKey",
        "sessionToken",
    ];
    let mut answered: Vec<_> = names
        .into_iter()
        .flat_map(|name| tap.values(name).into_iter().map(move |value| (name, value)))
        .collect();
    answered.sort_unstable();
    answered.dedup();
    for name in names {
        let is_there = answered.iter().any(|(of, _)| *of == name);
        assert!(is_there, "{name} was never answered");
    }
    answered
}

/// Where a code is that is too short to be looked for in pieces.
fn code_places(held: &Held, code: &str) -> Vec<String> {
    let long_enough = forms(code.as_bytes())
        .into_iter()
        .filter(|form| form.len() >= code.len());
    match held.places(&Search::for_exactly(long_enough.collect())) {
        0 => Vec::new(),
        found => vec![format!("the code, in {found} places")],
    }
}
