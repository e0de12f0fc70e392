//! Against moto, which compares each signature with botocore's and decides by IAM policies.
//!
//! moto 5.2 has neither StartSession, ResumeSession, TerminateSession, DescribeSessions nor DescribeInstanceInformation:
//! those are left to our own simulator, and what is seen here is that such a service is an error and nothing worse.

use std::collections::BTreeMap;

use aws::{Client, Credentials, Endpoint, ErrorCode, Settings, StartSession};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::home::{Home, profile};
use crate::python::{Moto, aws_cli};

const ACCOUNT: &str = "123456789012";

/// The person's profile and what builds on it.
fn config(moto: &Moto, secret: &SecretString, key: &str) -> String {
    let common = format!("region = eu-west-1\nendpoint_url = {}\n", moto.url);
    let role = |name: &str, source: &str| {
        format!(
            "[profile {name}]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/{name}\nsource_profile = {source}\n{common}"
        )
    };
    [
        format!(
            "[profile base]\naws_access_key_id = {key}\naws_secret_access_key = {}\n{common}",
            secret.expose_secret()
        ),
        role("first", "base"),
        // The session's name is what the second role trusts.
        "role_session_name = deck\n".to_owned(),
        role("second", "first"),
        role("second", "base").replace("[profile second]", "[profile forbidden]"),
    ]
    .concat()
}

fn good(moto: &Moto) -> Home {
    Home::new(&config(moto, &moto.secret_access_key, &moto.access_key_id))
}

fn moto() -> (Moto, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    (Moto::start(home.path()), home)
}

#[tokio::test]
async fn a_chain_of_roles_is_assumed_where_signatures_and_trust_are_checked() {
    let (moto, _home) = moto();
    let broker = good(&moto).broker();
    let ann = broker
        .caller(&profile("base"), None)
        .await
        .expect("the keys are good");
    assert_eq!((ann.account.as_str(), ann.user()), (ACCOUNT, Some("ann")));
    assert_eq!(ann.expires_at, None);
    let first = broker
        .caller(&profile("first"), None)
        .await
        .expect("ann is trusted");
    assert_eq!(first.role(), Some(("first", "deck")));
    let second = broker
        .caller(&profile("second"), None)
        .await
        .expect("the first role's session is trusted");
    assert_eq!(second.role().map(|(role, _)| role), Some("second"));
    assert!(second.expires_at.is_some());
}

#[tokio::test]
async fn what_another_emulation_refuses_is_a_denial() {
    let (moto, _home) = moto();
    let wrong = SecretString::from("wrong");
    let unknown = "AKIAUNKNOWN000000000";
    for (config, name, call) in [
        (
            config(&moto, &wrong, &moto.access_key_id),
            "base",
            "sts:GetCallerIdentity",
        ),
        (
            config(&moto, &moto.secret_access_key, unknown),
            "base",
            "sts:GetCallerIdentity",
        ),
        (
            config(&moto, &moto.secret_access_key, &moto.access_key_id),
            "forbidden",
            "sts:AssumeRole",
        ),
    ] {
        let broker = Home::new(&config).broker();
        let error = broker
            .caller(&profile(name), None)
            .await
            .expect_err("it is refused");
        // moto words what it refuses as EC2 does, whatever the service: no SDK but Python's reads a code out of that, and
        // the status is what is left. The codes themselves are tested in `calls.rs`.
        assert_eq!(error.code(), ErrorCode::AccessDenied, "{name}: {error:?}");
        let text = format!("{} {}", error.message(), error.remedy().unwrap_or_default());
        assert!(text.contains(call), "{text}");
    }
}

async fn client(moto: &Moto) -> Client {
    let settings = Settings {
        aws_profile: None,
        region: Some("eu-west-1".to_owned()),
        endpoint: Some(Endpoint {
            ssm: moto.url.clone(),
            ssmmessages: None,
        }),
        credentials: Credentials::Keys {
            access_key_id: moto.access_key_id.clone(),
            secret_access_key: moto.secret_access_key.clone(),
            session_token: None,
        },
        ..Settings::default()
    };
    Client::connect(settings, &Home::new("").broker())
        .await
        .expect("everything is given")
}

#[tokio::test]
async fn a_data_key_is_the_one_that_the_service_unwraps_for_the_agent() {
    let (moto, _home) = moto();
    let context = BTreeMap::from([
        ("aws:ssm:SessionId".to_owned(), "ann-0".to_owned()),
        ("aws:ssm:TargetId".to_owned(), "i-0".to_owned()),
    ]);
    let key = client(&moto)
        .await
        .generate_data_key(&moto.data_key, context.clone())
        .await
        .expect("it is given");
    assert_eq!(key.plaintext.expose_secret().len(), 64);
    // As the agent does it, with the same context; by the AWS CLI.
    let home = good(&moto);
    let context = serde_json::to_string(&context).expect("text");
    let wrapped = home.path().join("wrapped");
    std::fs::write(&wrapped, &key.ciphertext).expect("it is written");
    let wrapped = format!("fileb://{}", wrapped.display());
    let unwrap = async |context: &str| {
        let arguments = [
            "kms",
            "decrypt",
            "--profile",
            "base",
            "--ciphertext-blob",
            &wrapped,
            "--encryption-context",
            context,
            "--query",
            "Plaintext",
            "--output",
            "text",
        ];
        aws_cli(home.path(), &arguments, "").await
    };
    let unwrapped = unwrap(&context).await;
    let said = String::from_utf8_lossy(&unwrapped.stdout).into_owned();
    let errors = String::from_utf8_lossy(&unwrapped.stderr);
    assert!(unwrapped.status.success(), "{errors}");
    let plaintext = STANDARD.decode(said.trim()).expect("base64");
    assert!(plaintext == *key.plaintext.expose_secret(), "another key");
    // The context counts.
    let other = unwrap(r#"{"aws:ssm:SessionId":"bob-0"}"#).await;
    assert!(!other.status.success());
}

#[tokio::test]
async fn a_service_that_does_not_have_a_call_is_an_error_with_words() {
    let (moto, _home) = moto();
    let client = client(&moto).await;
    let request = StartSession {
        target: "i-00000000000000000".to_owned(),
        ..StartSession::default()
    };
    let errors = [
        client.start_session(&request).await.map(|_| ()).err(),
        client.active_sessions(None).await.map(|_| ()).err(),
        client.terminate_session("ann-0").await.err(),
        client
            .nodes_with_tags(&BTreeMap::new())
            .await
            .map(|_| ())
            .err(),
    ];
    for error in errors {
        let error = error.expect("moto does not have it");
        assert!(!error.message().is_empty());
        assert!(!error.requires_sign_in(), "{error:?}");
    }
}
