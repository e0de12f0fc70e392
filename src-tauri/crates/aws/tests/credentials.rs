//! The broker against STS, IAM Identity Center and its portal, all of them the simulator's, over HTTP on loopback.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws::{
    Broker, BrokerOptions, ErrorCode, Need, OpenFuture, Question, SignInStep, Source, SsoSession,
};
use secrecy::{ExposeSecret, SecretString};
use shared_config::{Paths, SharedConfig};
use simulator::config::{MfaDevice, Role};
use simulator::faults::{CallError, CallFault};
use simulator::{Config, Simulator};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;

/// For any one step, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const ACCOUNT: &str = "111122223333";
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/ann";

/// A home with the simulator's profiles in it, and a broker over that.
struct Home {
    folder: TempDir,
    paths: Paths,
    files: watch::Sender<Arc<SharedConfig>>,
    broker: Broker,
}

impl Home {
    fn new(config: &str, open: fn(Url) -> OpenFuture) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = Paths {
            config: folder.path().join("config"),
            credentials: folder.path().join("credentials"),
        };
        fs::write(&paths.config, config).expect("it is written");
        let files = watch::Sender::new(Arc::new(SharedConfig::load(&paths)));
        let broker = broker(files.subscribe(), folder.path(), open);
        Self {
            folder,
            paths,
            files,
            broker,
        }
    }

    /// Signs in with the browser.
    async fn sign_in(&self, session: &SsoSession) {
        timeout(PATIENCE, self.broker.sign_in(session, false))
            .await
            .expect("in time")
            .expect("the browser came back");
    }

    /// The same home after a restart.
    fn restarted(&self) -> Broker {
        broker(self.files.subscribe(), self.folder.path(), no_browser)
    }

    fn change(&self, config: &str) {
        fs::write(&self.paths.config, config).expect("it is written");
        self.files
            .send_replace(Arc::new(SharedConfig::load(&self.paths)));
    }
}

fn broker(
    files: watch::Receiver<Arc<SharedConfig>>,
    home: &Path,
    open: fn(Url) -> OpenFuture,
) -> Broker {
    Broker::new(BrokerOptions {
        files,
        aws_folder: Some(home.to_owned()),
        open: Box::new(open),
        keys: None,
    })
}

fn no_browser(_: Url) -> OpenFuture {
    Box::pin(async { Err("no browser in this test".to_owned()) })
}

/// Opens the page as a browser does that follows redirects, and reads what it shows in the end.
fn browser(url: Url) -> OpenFuture {
    tokio::spawn(async move {
        let mut url = url;
        for _ in 0..5 {
            let answer = get(&url).await;
            let location = answer.lines().find_map(|line| {
                line.strip_prefix("location: ")
                    .or(line.strip_prefix("Location: "))
            });
            match location {
                Some(next) => url = url.join(next.trim()).expect("an address"),
                None => return,
            }
        }
    });
    Box::pin(async { Ok(()) })
}

async fn get(url: &Url) -> String {
    let address = format!(
        "{}:{}",
        url.host_str().expect("a host"),
        url.port_or_known_default().expect("a port")
    );
    let mut stream = TcpStream::connect(&address).await.expect("it listens");
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("it answers");
    answer
}

fn role(name: &str) -> Role {
    Role::new(format!("arn:aws:iam::{ACCOUNT}:role/{name}"))
}

async fn simulator(change: impl FnOnce(&mut Config)) -> Simulator {
    let mut config = Config::with_failing_targets();
    config.sign_in.assign("ann", ACCOUNT, "Operator");
    config.sign_in.assign("ann", "444455556666", "Reader");
    change(&mut config);
    Simulator::start(config).await.expect("loopback is there")
}

/// Keys that the simulator knows, as the profile `base`; `rest` may build on it.
fn with_keys(simulator: &Simulator, rest: &str) -> String {
    let (url, region) = (simulator.endpoint_url(), simulator.region());
    let common = format!("region = {region}\nendpoint_url = {url}\n");
    let rest = rest.replace("COMMON\n", &common);
    format!(
        "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\n{common}{rest}",
        simulator.access_key_id(),
        simulator.secret_access_key().expose_secret(),
    )
}

fn profile(name: &str) -> Source {
    Source::Profile(name.to_owned())
}

fn operator() -> Source {
    profile(&format!("sso-{ACCOUNT}-Operator"))
}

fn session(broker: &Broker) -> SsoSession {
    let (session, _) = broker.sign_ins().pop().expect("the file names one");
    session
}

async fn question(broker: &Broker, is_it: impl Fn(&Question) -> bool) -> Question {
    let mut questions = broker.questions();
    let found = timeout(
        PATIENCE,
        questions.wait_for(|questions| questions.iter().any(&is_it)),
    )
    .await
    .expect("it is asked")
    .expect("the broker is there");
    found
        .iter()
        .find(|question| is_it(question))
        .expect("just seen")
        .clone()
}

#[tokio::test]
async fn a_chain_of_roles_is_followed_to_its_end() {
    let simulator = simulator(|config| {
        let [first, second] =
            ["first", "second"].map(|name| format!("arn:aws:iam::{ACCOUNT}:role/{name}"));
        config.sign_in.roles = vec![
            role("first").with_external_id("42"),
            role("second").trusting([first]),
            role("third").trusting([second]),
        ];
    })
    .await;
    let arn = |name: &str| format!("role_arn = arn:aws:iam::{ACCOUNT}:role/{name}\n");
    let home = Home::new(
        &with_keys(
            &simulator,
            &format!(
                "[profile first]\n{}source_profile = base\nexternal_id = 42\nCOMMON\n\
                 [profile second]\n{}source_profile = first\nrole_session_name = ann\nduration_seconds = 900\nCOMMON\n\
                 [profile third]\n{}source_profile = second\nCOMMON\n",
                arn("first"),
                arn("second"),
                arn("third")
            ),
        ),
        no_browser,
    );
    let caller = home
        .broker
        .caller(&profile("second"), None)
        .await
        .expect("it is allowed");
    assert_eq!(caller.account, ACCOUNT);
    assert_eq!(caller.role(), Some(("second", "ann")));
    let left = caller
        .expires_at
        .and_then(|at| at.duration_since(SystemTime::now()).ok());
    assert!(
        left.is_some_and(|left| left <= Duration::from_secs(900)),
        "{left:?}"
    );
    let third = home
        .broker
        .caller(&profile("third"), None)
        .await
        .expect("it is allowed");
    assert_eq!(third.role().map(|(role, _)| role), Some("third"));
    // What the chain has in common was asked for once, and who one is too.
    home.broker
        .caller(&profile("third"), None)
        .await
        .expect("it is known");
    assert_eq!(simulator.calls("AssumeRole"), 3);
    assert_eq!(simulator.calls("GetCallerIdentity"), 2);
    simulator.shutdown().await;
}

#[tokio::test]
async fn profiles_that_name_each_other_in_a_circle_are_refused_with_the_circle() {
    let home = Home::new(
        "[profile a]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = b\n\
         [profile b]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = a\n",
        no_browser,
    );
    let error = home
        .broker
        .identity(&profile("a"))
        .await
        .expect_err("a circle");
    assert_eq!(error.code(), ErrorCode::ProfileUnusable);
    assert!(error.message().contains("a → b → a"), "{}", error.message());
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_named_with_who_may_not() {
    let simulator = simulator(|config| {
        config.sign_in.roles =
            vec![role("guarded").trusting(["arn:aws:iam::999999999999:root".to_owned()])];
    })
    .await;
    let home = Home::new(
        &with_keys(
            &simulator,
            &format!(
                "[profile guarded]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/guarded\nsource_profile = base\nCOMMON\n"
            ),
        ),
        no_browser,
    );
    let error = home
        .broker
        .identity(&profile("guarded"))
        .await
        .expect_err("not trusted");
    assert_eq!(error.code(), ErrorCode::AccessDenied);
    assert!(
        error.message().contains(":role/guarded"),
        "{}",
        error.message()
    );
    assert!(error.principal().is_some(), "{:?}", error.detail());
    assert!(
        error
            .remedy()
            .expect("there is one")
            .contains("sts:AssumeRole")
    );
    simulator.shutdown().await;
}

fn with_mfa(simulator: &Simulator) -> String {
    with_keys(
        simulator,
        &format!(
            "[profile careful]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/careful\nsource_profile = base\n\
             mfa_serial = {DEVICE}\nCOMMON\n"
        ),
    )
}

fn mfa(config: &mut Config) {
    config.sign_in.roles = vec![role("careful").with_mfa()];
    config.sign_in.mfa_devices = vec![MfaDevice::new(DEVICE, ["123456", "654321"])];
}

#[tokio::test]
async fn a_code_is_asked_for_once_whoever_waits_and_serves_to_its_end() {
    let simulator = simulator(mfa).await;
    let home = Home::new(&with_mfa(&simulator), no_browser);
    let error = home
        .broker
        .identity(&profile("careful"))
        .await
        .expect_err("no code yet");
    let need = error.need().expect("a person is needed").clone();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (broker, need) = (home.broker.clone(), need.clone());
            tokio::spawn(async move {
                broker.answered(&need).await?;
                broker.identity(&profile("careful")).await
            })
        })
        .collect();
    let asked = question(&home.broker, |question| question.waiting == 20).await;
    assert_eq!(home.broker.questions().borrow().len(), 1);
    let Need::Mfa(mfa) = &asked.need else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (mfa.serial.as_str(), mfa.profile.as_str()),
        (DEVICE, "careful")
    );
    // No code, then a wrong one: the question stands and says so.
    for (wrong, code) in [
        ("12345", ErrorCode::CodeMalformed),
        ("000000", ErrorCode::CodeRefused),
    ] {
        let answer = home
            .broker
            .answer_mfa(asked.id, SecretString::from(wrong))
            .await;
        assert_eq!(answer.expect_err("it is wrong").code(), code);
    }
    let again = question(&home.broker, |question| question.problem.is_some()).await;
    assert_eq!(again.id, asked.id);
    home.broker
        .answer_mfa(asked.id, SecretString::from("123456"))
        .await
        .expect("it is right");
    for waiter in waiting {
        waiter.await.expect("no panic").expect("all go on");
    }
    assert!(home.broker.questions().borrow().is_empty());
    // After a restart, and for the AWS CLI, which reads the same file.
    let restarted = home.restarted();
    restarted
        .identity(&profile("careful"))
        .await
        .expect("the code's session lasts");
    assert_eq!(
        simulator.calls("AssumeRole"),
        2,
        "the wrong one and the right one"
    );
    assert!(
        restarted.questions().borrow().is_empty(),
        "nobody is asked again"
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn cancelling_a_question_fails_those_who_wait_with_that_reason() {
    let simulator = simulator(mfa).await;
    let home = Home::new(&with_mfa(&simulator), no_browser);
    let error = home
        .broker
        .identity(&profile("careful"))
        .await
        .expect_err("no code yet");
    let need = error.need().expect("a person is needed").clone();
    let waiting = {
        let broker = home.broker.clone();
        tokio::spawn(async move { broker.answered(&need).await })
    };
    let asked = question(&home.broker, |question| question.waiting == 1).await;
    home.broker.cancel(asked.id);
    let error = waiting.await.expect("no panic").expect_err("cancelled");
    assert_eq!(error.code(), ErrorCode::SignInCancelled);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_person_signs_in_by_the_browser_and_the_aws_tools_are_signed_in_too() {
    let simulator = simulator(|_| {}).await;
    let home = Home::new(simulator.config_file().expose_secret(), browser);
    let error = home
        .broker
        .identity(&operator())
        .await
        .expect_err("not signed in");
    let session = session(&home.broker);
    assert_eq!(error.need(), Some(&Need::SignIn(session.clone())));
    home.sign_in(&session).await;
    assert!(home.broker.questions().borrow().is_empty());
    let caller = home
        .broker
        .caller(&operator(), None)
        .await
        .expect("it is assigned");
    assert_eq!(caller.account, ACCOUNT);
    assert!(caller.account_name.is_some());
    let accounts = home.broker.accounts(&session).await.expect("signed in");
    assert_eq!(accounts.len(), 2);
    let roles = home
        .broker
        .roles(&session, ACCOUNT)
        .await
        .expect("signed in");
    assert_eq!(roles[0].name, "Operator");
    // Another program, or this one after a restart, finds the sign-in where the CLI keeps it.
    let restarted = home.restarted();
    restarted.identity(&operator()).await.expect("signed in");
    assert_eq!(simulator.calls("CreateToken"), 1);
    // Signed out is signed out for all.
    restarted.sign_out(&session).await.expect("it is told");
    let error = home
        .restarted()
        .identity(&operator())
        .await
        .expect_err("signed out");
    assert!(error.need().is_some());
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_person_signs_in_by_a_code_on_any_device() {
    let simulator = simulator(|_| {}).await;
    let home = Home::new(simulator.config_file().expose_secret(), no_browser);
    let session = session(&home.broker);
    let signing = {
        let (broker, session) = (home.broker.clone(), session.clone());
        tokio::spawn(async move { broker.sign_in(&session, true).await })
    };
    let asked = question(&home.broker, |question| {
        matches!(question.step, Some(SignInStep::Device { .. }))
    })
    .await;
    let Some(SignInStep::Device { user_code, .. }) = asked.step else {
        panic!("{asked:?}");
    };
    assert!(simulator.approve_device(&user_code));
    timeout(PATIENCE, signing)
        .await
        .expect("in time")
        .expect("no panic")
        .expect("it was approved");
    home.broker.identity(&operator()).await.expect("signed in");

    // And one that is refused says so.
    let signing = {
        let (broker, session) = (home.broker.clone(), session.clone());
        tokio::spawn(async move { broker.sign_in(&session, true).await })
    };
    let user_code = timeout(PATIENCE, simulator.wait_for_device())
        .await
        .expect("in time")
        .expect("a device");
    assert!(simulator.deny_device(&user_code));
    let error = timeout(PATIENCE, signing)
        .await
        .expect("in time")
        .expect("no panic")
        .expect_err("it was refused");
    assert_eq!(error.code(), ErrorCode::SignInDenied);
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_answer_with_a_wrong_state_or_a_refusal_signs_nobody_in() {
    let simulator = simulator(|_| {}).await;
    let home = Home::new(simulator.config_file().expose_secret(), browser);
    let session = session(&home.broker);
    simulator
        .change_faults(|faults| faults.authorize = Some(simulator::faults::AuthorizeError::Denied));
    let error = timeout(PATIENCE, home.broker.sign_in(&session, false))
        .await
        .expect("in time")
        .expect_err("refused");
    assert_eq!(error.code(), ErrorCode::SignInDenied);
    simulator.change_faults(|faults| {
        faults.authorize = Some(simulator::faults::AuthorizeError::WrongState)
    });
    let signing = {
        let (broker, session) = (home.broker.clone(), session.clone());
        tokio::spawn(async move { broker.sign_in(&session, false).await })
    };
    timeout(PATIENCE, simulator.wait_for_calls("Authorize", 2))
        .await
        .expect("the browser was there");
    // It still waits for the right one, and a second sign-in takes its place.
    simulator.change_faults(|faults| faults.authorize = None);
    home.sign_in(&session).await;
    let replaced = signing.await.expect("no panic").expect_err("replaced");
    assert_eq!(replaced.code(), ErrorCode::SignInCancelled);
    simulator.shutdown().await;
}

#[tokio::test]
async fn fifty_that_ask_at_once_share_one_renewal() {
    let simulator = simulator(|config| {
        // Due from the beginning, so that the first use renews it.
        config.sign_in.lifetimes.access_token = Duration::from_secs(200);
    })
    .await;
    let home = Home::new(simulator.config_file().expose_secret(), browser);
    let session = session(&home.broker);
    home.sign_in(&session).await;
    let other = profile("sso-444455556666-Reader");
    let asking: Vec<_> = (0..50)
        .map(|number| {
            let broker = home.broker.clone();
            let source = if number % 2 == 0 {
                operator()
            } else {
                other.clone()
            };
            tokio::spawn(async move { broker.identity(&source).await })
        })
        .collect();
    for asker in asking {
        asker.await.expect("no panic").expect("it is good");
    }
    assert_eq!(
        simulator.calls("GetRoleCredentials"),
        2,
        "one for each role"
    );
    let renewals = simulator.calls("CreateToken/refresh_token");
    assert!((1..=2).contains(&renewals), "{renewals}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_sign_out_holds_though_a_renewal_was_under_way() {
    let simulator = simulator(|config| {
        config.sign_in.lifetimes.access_token = Duration::from_secs(200);
    })
    .await;
    let home = Home::new(simulator.config_file().expose_secret(), browser);
    let session = session(&home.broker);
    home.sign_in(&session).await;
    simulator.change_faults(|faults| {
        let late = CallError::Late(Duration::from_secs(2));
        faults.calls = vec![
            CallFault::always("CreateToken", late),
            // So that the renewal is granted.
            CallFault::always("Logout", CallError::AccessDenied),
        ];
    });
    let asking = {
        let broker = home.broker.clone();
        tokio::spawn(async move { broker.identity(&operator()).await })
    };
    timeout(PATIENCE, simulator.wait_for_calls("CreateToken", 2))
        .await
        .expect("it is due");
    let told = home.broker.sign_out(&session).await;
    assert!(told.is_err(), "the service does not want to know");
    let error = asking.await.expect("no panic").expect_err("signed out");
    assert!(error.need().is_some(), "{error:?}");
    assert_eq!(simulator.calls("CreateToken/refresh_token"), 1);
    let (_, until) = home.broker.sign_ins().pop().expect("the file names one");
    assert_eq!(until, None, "neither here nor in the AWS tools' cache");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_that_was_revoked_is_asked_for_and_those_who_wait_go_on() {
    let simulator = simulator(|_| {}).await;
    let home = Home::new(simulator.config_file().expose_secret(), browser);
    let session = session(&home.broker);
    home.sign_in(&session).await;
    let old = home.broker.identity(&operator()).await.expect("signed in");
    simulator.revoke_sign_ins();
    simulator.expire_role_credentials();
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let (broker, old) = (home.broker.clone(), old.clone());
            tokio::spawn(async move { broker.fresh(&operator(), Some(old)).await })
        })
        .collect();
    let asked = question(&home.broker, |_| true).await;
    assert_eq!(asked.need, Need::SignIn(session.clone()));
    home.sign_in(&session).await;
    for waiter in waiting {
        timeout(PATIENCE, waiter)
            .await
            .expect("in time")
            .expect("no panic");
    }
    let new = home.broker.identity(&operator()).await.expect("signed in");
    assert_ne!(new.access_key_id, old.access_key_id);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_change_of_the_files_counts_at_once() {
    let keys =
        |id: &str| format!("[profile mine]\naws_access_key_id = {id}\naws_secret_access_key = s\n");
    let home = Home::new(&keys("AKIAOLD"), no_browser);
    let old = home
        .broker
        .identity(&profile("mine"))
        .await
        .expect("it is there");
    assert_eq!(old.access_key_id, "AKIAOLD");
    let waiting = {
        let (broker, old) = (home.broker.clone(), old.clone());
        tokio::spawn(async move { broker.fresh(&profile("mine"), Some(old)).await })
    };
    home.change(&keys("AKIANEW"));
    home.broker.nudge();
    timeout(PATIENCE, waiting)
        .await
        .expect("in time")
        .expect("no panic");
    let new = home
        .broker
        .identity(&profile("mine"))
        .await
        .expect("it is there");
    assert_eq!(new.access_key_id, "AKIANEW");
}

#[tokio::test]
async fn a_broken_line_spoils_no_other_profile() {
    let simulator = simulator(|_| {}).await;
    let config = format!("[profile broken\nnonsense\n{}", with_keys(&simulator, ""));
    let home = Home::new(&config, no_browser);
    let caller = home
        .broker
        .caller(&profile("base"), None)
        .await
        .expect("it is whole");
    assert_eq!(caller.expires_at, None);
    assert!(!home.broker.files().problems().is_empty());
    simulator.shutdown().await;
}
