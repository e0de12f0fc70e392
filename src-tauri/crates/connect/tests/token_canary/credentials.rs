//! A sign-in and a role behind an MFA code, with what can go wrong on the way.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use aws::{Broker, BrokerOptions, ErrorCode, Source};
use secrecy::{ExposeSecret as _, SecretString};
use shared_config::{Paths, SharedConfig};
use simulator::faults::{AuthorizeError, CallError, CallFault};
use simulator::{Config, Simulator};
use testsuite::home::{
    DEVICE, MFA_PROFILE, SIGN_IN_PROFILE, browse, people, role_secrets, sign_in_secrets,
    write_config,
};
use tokio::sync::watch;
use tokio::time::timeout;

/// The right one.
pub(crate) const CODE: &str = "719358";

/// For any one step, on a busy machine.
const STEP: Duration = Duration::from_secs(60);

/// Gives back every secret there was but the code.
pub(crate) async fn all() -> Vec<SecretString> {
    let mut config = Config::default();
    people(&mut config);
    let simulator = Simulator::start(config).await.expect("loopback is there");
    assert!(simulator.add_mfa_code(DEVICE, CODE));
    let home = tempfile::tempdir().expect("a folder");
    write_config(home.path(), &simulator, &simulator.endpoint_url());
    let files = SharedConfig::load(&Paths {
        config: home.path().join("config"),
        credentials: home.path().join("credentials"),
    });
    let files = watch::Sender::new(Arc::new(files));
    let broker = || {
        Broker::new(BrokerOptions {
            files: files.subscribe(),
            aws_folder: Some(home.path().to_owned()),
            open: Box::new(|page| {
                // Not on this thread, which is the simulator's too.
                std::thread::spawn(move || browse(page.as_str()));
                Box::pin(async { Ok(()) })
            }),
            keys: None,
        })
    };
    let first = broker();
    let mut secrets = vec![(
        "the key",
        simulator.secret_access_key().expose_secret().to_owned(),
    )];

    let (session, _) = first.sign_ins().pop().expect("the file names one");
    let sign_in = || timeout(STEP, first.sign_in(&session, false));
    simulator.change_faults(|faults| faults.authorize = Some(AuthorizeError::Denied));
    let error = sign_in().await.expect("in time").expect_err("refused");
    assert_eq!(error.code(), ErrorCode::SignInDenied);
    simulator.change_faults(|faults| faults.authorize = None);
    sign_in().await.expect("in time").expect("the browser came");
    secrets.extend(sign_in_secrets(home.path()));
    let operator = Source::Profile(SIGN_IN_PROFILE.to_owned());
    for (call, fault) in [
        ("CreateToken", CallError::Internal),
        ("GetRoleCredentials", CallError::AccessDenied),
        ("GetCallerIdentity", CallError::ExpiredToken),
    ] {
        simulator.change_faults(|faults| faults.calls = vec![CallFault::times(call, fault, 1)]);
        // Whether it fails is the retries' business.
        let _said = first.caller(&operator, None).await;
    }
    simulator.change_faults(|faults| faults.calls.clear());
    first.caller(&operator, None).await.expect("signed in");
    secrets.extend(sign_in_secrets(home.path()));

    let careful = Source::Profile(MFA_PROFILE.to_owned());
    let error = first.identity(&careful).await.expect_err("no code yet");
    let need = error.need().expect("a person is needed").clone();
    let waiting = {
        let broker = first.clone();
        tokio::spawn(async move { broker.answered(&need).await })
    };
    let mut questions = first.questions();
    let asked = timeout(STEP, questions.wait_for(|questions| !questions.is_empty()))
        .await
        .expect("in time")
        .expect("the broker is there")[0]
        .id;
    for (code, problem) in [
        ("71935", Some(ErrorCode::CodeMalformed)),
        ("000000", Some(ErrorCode::CodeRefused)),
        (CODE, None),
    ] {
        let answer = first.answer_mfa(asked, SecretString::from(code)).await;
        assert_eq!(answer.err().map(|error| error.code()), problem);
    }
    waiting.await.expect("no panic").expect("it is answered");
    first.caller(&careful, None).await.expect("it is allowed");
    secrets.extend(role_secrets(home.path()));
    // Used up: refused, with the code in the call.
    let again = broker();
    for cache in ["sso/cache", "cli/cache"] {
        for file in fs::read_dir(home.path().join(cache)).expect("it is there") {
            // Cut off, secrets and all.
            let path = file.expect("it can be read").path();
            let text = fs::read(&path).expect("it can be read");
            fs::write(&path, &text[..text.len().saturating_sub(2)]).expect("it is written");
        }
    }
    again
        .identity(&careful)
        .await
        .expect_err("a code is needed");
    again.identity(&operator).await.expect_err("not signed in");

    simulator.revoke_sign_ins();
    // The sign-in is over already, and says so.
    let _said = first.sign_out(&session).await;
    simulator.shutdown().await;
    secrets
        .into_iter()
        .map(|(_, secret)| SecretString::from(secret))
        .collect()
}
