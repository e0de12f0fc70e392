//! The calls against the simulator over HTTP on loopback, signed with real signatures; KMS against canned answers.

use std::collections::BTreeMap;
use std::process::Command;

use aws::{
    Broker, BrokerOptions, Client, Credentials, Endpoint, ErrorCode, ResumedSession, Settings,
    StartSession,
};
use secrecy::{ExposeSecret, SecretString};
use simulator::config::{DENIED_TARGET, EXPIRED_TARGET, THROTTLED_TARGET, Target, TargetBehaviour};
use simulator::{Config, DEMO_TARGET, OFFLINE_TARGET, SessionStatus, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const FAILING_TARGET: &str = "i-0fa11000000000000";

async fn simulator() -> Simulator {
    let mut config = Config::with_failing_targets();
    config.session_token = Some(SecretString::from("SESSION+TOKEN/=".to_owned()));
    config.targets.push(Target::new(
        FAILING_TARGET,
        "Fails",
        TargetBehaviour::InternalError,
    ));
    Simulator::start(config).await.expect("loopback is there")
}

fn settings(url: String, region: &str, id: &str, secret: &SecretString) -> Settings {
    Settings {
        aws_profile: None,
        region: Some(region.to_owned()),
        endpoint: Some(Endpoint {
            ssm: url,
            ssmmessages: None,
        }),
        credentials: Credentials::Keys {
            access_key_id: id.to_owned(),
            secret_access_key: secret.clone(),
            session_token: Some(SecretString::from("SESSION+TOKEN/=".to_owned())),
        },
        ..Settings::default()
    }
}

fn broker() -> Broker {
    Broker::new(BrokerOptions::from_environment())
}

async fn connect(settings: Settings) -> Client {
    Client::connect(settings, &broker())
        .await
        .expect("everything is given")
}

async fn client(simulator: &Simulator) -> Client {
    connect(settings(
        simulator.endpoint_url(),
        simulator.region(),
        simulator.access_key_id(),
        simulator.secret_access_key(),
    ))
    .await
}

fn on(target: &str) -> StartSession {
    StartSession {
        target: target.to_owned(),
        ..StartSession::default()
    }
}

#[tokio::test]
async fn what_a_session_is_started_with_arrives() {
    let simulator = simulator().await;
    let client = client(&simulator).await;
    let request = StartSession {
        target: DEMO_TARGET.to_owned(),
        document: Some("AWS-StartInteractiveCommand".to_owned()),
        parameters: BTreeMap::from([("command".to_owned(), vec!["sleep 100".to_owned()])]),
        reason: Some("Ticket 7: größer".to_owned()),
    };
    let started = client.start_session(&request).await.expect("it starts");
    assert!(!started.token.expose_secret().is_empty());
    assert!(!format!("{started:?}").contains(started.token.expose_secret()));
    assert!(
        started
            .stream_url
            .expose_secret()
            .contains(&started.session_id)
    );
    let record = simulator.start_records().pop().expect("it was recorded");
    assert_eq!(record.target, request.target);
    assert_eq!(record.document, request.document);
    assert_eq!(record.reason, request.reason);
    assert_eq!(
        record.parameters,
        request.parameters.into_iter().collect::<Vec<_>>()
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn each_refusal_has_its_code_and_keeps_the_services_words() {
    let simulator = simulator().await;
    let client = client(&simulator).await;
    for (target, code, words, signs_in, again) in [
        (
            OFFLINE_TARGET,
            ErrorCode::TargetNotConnected,
            "TargetNotConnected",
            false,
            false,
        ),
        (
            DENIED_TARGET,
            ErrorCode::AccessDenied,
            "ssm:StartSession",
            false,
            false,
        ),
        (
            THROTTLED_TARGET,
            ErrorCode::Throttled,
            "Rate exceeded",
            false,
            true,
        ),
        (
            EXPIRED_TARGET,
            ErrorCode::ExpiredCredentials,
            "expired",
            true,
            false,
        ),
        (
            FAILING_TARGET,
            ErrorCode::ServiceFault,
            "InternalServerError",
            false,
            true,
        ),
        (
            "",
            ErrorCode::Validation,
            "ValidationException",
            false,
            false,
        ),
    ] {
        let error = client
            .start_session(&on(target))
            .await
            .expect_err("it is refused");
        assert_eq!(error.code(), code, "{target}: {error:?}");
        assert!(
            error.detail().is_some_and(|detail| detail.contains(words)),
            "{target}: {error:?}"
        );
        assert_eq!(
            (error.requires_sign_in(), error.is_retryable()),
            (signs_in, again),
            "{target}"
        );
    }
    let document = StartSession {
        document: Some("No-Such-Document".to_owned()),
        ..on(DEMO_TARGET)
    };
    let error = client
        .start_session(&document)
        .await
        .expect_err("no such document");
    assert_eq!(error.code(), ErrorCode::InvalidDocument);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_denial_names_the_principal() {
    let simulator = simulator().await;
    let error = client(&simulator)
        .await
        .start_session(&on(DENIED_TARGET))
        .await
        .expect_err("it is denied");
    let principal = error.principal().expect("the service says who");
    assert!(principal.starts_with("arn:aws:iam::"), "{principal}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_is_resumed_with_a_new_token_until_it_is_terminated() {
    let simulator = simulator().await;
    let client = client(&simulator).await;
    let started = client
        .start_session(&on(DEMO_TARGET))
        .await
        .expect("it starts");
    let id = started.session_id.as_str();
    let resumed = client.resume_session(id).await.expect("it lives");
    let ResumedSession::Resumed(resumed) = resumed else {
        panic!("{resumed:?}");
    };
    assert_eq!(resumed.session_id, id);
    assert_ne!(resumed.token.expose_secret(), started.token.expose_secret());
    assert_ne!(
        resumed.stream_url.expose_secret(),
        started.stream_url.expose_secret()
    );

    let owner = client
        .active_sessions(None)
        .await
        .expect("they are listed")
        .pop()
        .and_then(|record| {
            assert_eq!(record.session_id, id);
            assert_eq!(record.target.as_deref(), Some(DEMO_TARGET));
            assert!(record.started_at.is_some());
            record.owner
        })
        .expect("a session has an owner");
    let mine = client.active_sessions(Some(&owner)).await.expect("listed");
    assert_eq!(mine.len(), 1);
    let others = client
        .active_sessions(Some("arn:aws:iam::000000000000:user/other"))
        .await
        .expect("listed");
    assert_eq!(others, []);

    client.terminate_session(id).await.expect("it ends");
    simulator
        .wait_for_status(id, SessionStatus::Terminated)
        .await
        .expect("it ended");
    let gone = client.resume_session(id).await.expect("no error");
    assert!(matches!(gone, ResumedSession::Gone), "{gone:?}");
    let unknown = client
        .resume_session("demo-00000000000000000")
        .await
        .expect("no error");
    assert!(matches!(unknown, ResumedSession::Gone), "{unknown:?}");
    let active = client.active_sessions(None).await.expect("listed");
    assert_eq!(active, []);
    simulator.shutdown().await;
}

#[tokio::test]
async fn smp_109_a_resume_with_expired_credentials_asks_for_a_sign_in() {
    let simulator = simulator().await;
    let client = client(&simulator).await;
    let started = client
        .start_session(&on(DEMO_TARGET))
        .await
        .expect("it starts");
    simulator.expire_credentials(true);
    let error = client
        .resume_session(&started.session_id)
        .await
        .expect_err("they have expired");
    assert_eq!(error.code(), ErrorCode::ExpiredCredentials);
    assert!(error.requires_sign_in());
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_secret_are_told_apart() {
    let simulator = simulator().await;
    let wrong = SecretString::from("wrong".to_owned());
    for (id, secret, code) in [
        (
            "AKIAUNKNOWN000000000",
            simulator.secret_access_key(),
            ErrorCode::InvalidKey,
        ),
        (simulator.access_key_id(), &wrong, ErrorCode::Signature),
    ] {
        let client = connect(settings(
            simulator.endpoint_url(),
            simulator.region(),
            id,
            secret,
        ))
        .await;
        let error = client
            .start_session(&on(DEMO_TARGET))
            .await
            .expect_err("it is refused");
        assert_eq!(error.code(), code, "{error:?}");
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_upgrade_is_signed_with_the_credentials_at_hand() {
    let simulator = simulator().await;
    let client = client(&simulator).await;
    let started = client
        .start_session(&on(DEMO_TARGET))
        .await
        .expect("it starts");
    let url = started
        .stream_url
        .expose_secret()
        .parse()
        .expect("it is a URL");
    let signed = client.sign_upgrade(&url).await.expect("it is signed");
    assert_eq!(signed.identity.access_key_id, simulator.access_key_id());
    for name in ["authorization", "x-amz-date", "x-amz-security-token"] {
        assert!(signed.headers[name].is_sensitive(), "{name}");
    }
    let presigned = format!("{url}&X-Amz-Signature=00").parse().expect("a URL");
    let unsigned = client
        .sign_upgrade(&presigned)
        .await
        .expect("nothing to do");
    assert!(unsigned.headers.is_empty());
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_network_that_is_not_there_is_no_fault_of_the_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("it listens");
    drop(listener);
    for url in [
        format!("http://{address}"),
        "http://name.invalid".to_owned(),
    ] {
        let secret = SecretString::from("secret".to_owned());
        let client = connect(settings(url.clone(), "eu-west-1", "AKIA", &secret)).await;
        let error = client
            .resume_session("a-0")
            .await
            .expect_err("nobody there");
        assert_eq!(error.code(), ErrorCode::Network, "{url}: {error:?}");
        assert!(error.is_retryable() && !error.requires_sign_in());
        assert!(error.detail().is_some(), "{url}");
    }
}

/// A service that answers each request with this, and gives back what the first one was.
async fn canned(
    status: &'static str,
    body: &'static str,
) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client comes");
        let mut request = Vec::new();
        let mut part = [0; 4096];
        // The body is one JSON object, and the last thing that comes.
        while !request.ends_with(b"}") {
            let read = stream.read(&mut part).await.expect("it is read");
            request.extend_from_slice(&part[..read]);
        }
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(answer.as_bytes())
            .await
            .expect("it is written");
        String::from_utf8_lossy(&request).into_owned()
    });
    (url, served)
}

async fn data_key(
    status: &'static str,
    body: &'static str,
) -> (Result<aws::DataKey, aws::Error>, String) {
    let (url, served) = canned(status, body).await;
    let secret = SecretString::from("secret".to_owned());
    let client = connect(settings(url, "eu-west-1", "AKIA", &secret)).await;
    let context = BTreeMap::from([
        ("aws:ssm:SessionId".to_owned(), "alice-0".to_owned()),
        ("aws:ssm:TargetId".to_owned(), "i-0".to_owned()),
    ]);
    let key = client
        .generate_data_key("alias/sessions", context.clone())
        .await;
    (key, served.await.expect("it served"))
}

#[tokio::test]
async fn a_data_key_is_asked_for_with_key_size_and_context() {
    let (key, request) = data_key(
        "200 OK",
        r#"{"CiphertextBlob":"AQID","Plaintext":"BAUG","KeyId":"arn:aws:kms:eu-west-1:1:key/2"}"#,
    )
    .await;
    let key = key.expect("it is given");
    assert_eq!(key.ciphertext, [1, 2, 3]);
    assert_eq!(key.plaintext.expose_secret(), [4, 5, 6]);
    assert_eq!(format!("{key:?}"), "DataKey([REDACTED])");
    for part in [
        "TrentService.GenerateDataKey",
        r#""KeyId":"alias/sessions""#,
        r#""NumberOfBytes":64"#,
        r#""aws:ssm:SessionId":"alice-0""#,
        r#""aws:ssm:TargetId":"i-0""#,
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn a_key_that_is_denied_or_missing_is_named_with_permission_and_principal() {
    let (denied, _) = data_key(
        "400 Bad Request",
        r#"{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::1:user/alice is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:1:key/2 because no resource-based policy allows the kms:GenerateDataKey action"}"#,
    )
    .await;
    let denied = denied.expect_err("it is denied");
    assert_eq!(denied.code(), ErrorCode::AccessDenied);
    let message = denied.message();
    let remedy = denied.remedy().unwrap_or_default();
    assert!(
        message.contains("arn:aws:iam::1:user/alice") && message.contains("alias/sessions"),
        "{message}"
    );
    assert!(
        remedy.contains("kms:GenerateDataKey") && remedy.contains("arn:aws:iam::1:user/alice"),
        "{remedy}"
    );

    for (status, body) in [
        (
            "400 Bad Request",
            r#"{"__type":"NotFoundException","message":"Key 'alias/sessions' does not exist"}"#,
        ),
        (
            "400 Bad Request",
            r#"{"__type":"DisabledException","message":"the key is disabled"}"#,
        ),
    ] {
        let (missing, _) = data_key(status, body).await;
        let missing = missing.expect_err("there is none");
        assert_eq!(missing.code(), ErrorCode::KeyUnavailable, "{body}");
        assert!(missing.message().contains("alias/sessions"));
        assert!(
            missing
                .remedy()
                .is_some_and(|remedy| remedy.contains("kms:GenerateDataKey"))
        );
    }
}

/// Set for a copy of this program that runs [`looks_for_credentials`] for another test.
const CHILD: &str = "SESSIONDECK_TEST_CHILD";

/// Says on standard output what the credentials of its environment are.
#[tokio::test]
async fn looks_for_credentials() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let broker = broker();
    let settings = Settings {
        region: Some("eu-west-1".to_owned()),
        endpoint: Some(Endpoint {
            ssm: "http://127.0.0.1:9".to_owned(),
            ssmmessages: None,
        }),
        ..Settings::default()
    };
    let found = broker
        .identity(&settings.source())
        .await
        .map(|identity| identity.access_key_id);
    let client = Client::connect(settings, &broker).await;
    let called = match client {
        Ok(client) => client.resume_session("a-0").await.map(|_| ()),
        Err(error) => Err(error),
    };
    let code = |error: aws::Error| format!("{:?}", error.code());
    eprintln!(
        "FOUND {} CALLED {} END",
        found.unwrap_or_else(code),
        called.map_or_else(code, |()| "fine".to_owned())
    );
}

/// What a program finds with this AWS configuration and nothing else.
fn found_with(config: &str) -> String {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("config");
    std::fs::write(&file, config).expect("it is written");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "looks_for_credentials", "--nocapture"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("AWS_CONFIG_FILE", &file)
        .env("AWS_SHARED_CREDENTIALS_FILE", home.path().join("none"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(CHILD, "1")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, rest) = text
        .split_once("FOUND ")
        .unwrap_or_else(|| panic!("{text}"));
    let (found, _) = rest.split_once(" END").unwrap_or_else(|| panic!("{text}"));
    found.to_owned()
}

#[test]
fn smp_101_no_credentials_are_said_to_be_that_before_anything_is_dialled() {
    assert_eq!(found_with(""), "NoCredentials CALLED NoCredentials");
}

#[cfg(unix)]
#[test]
fn credentials_of_a_process_are_found_and_expired_ones_are_not_taken_for_missing() {
    let process = |expiration: &str| {
        format!(
            "[default]\ncredential_process = printf '%s' '{{\"Version\":1,\"AccessKeyId\":\"AKIAPROCESS\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"{expiration}\"}}'\n"
        )
    };
    assert_eq!(
        found_with(&process("2999-01-01T00:00:00Z")),
        "AKIAPROCESS CALLED Network"
    );
    let expired = found_with(&process("2001-01-01T00:00:00Z"));
    assert!(expired.starts_with("ExpiredCredentials "), "{expired}");
    assert_eq!(
        found_with("[default]\ncredential_process = false\n"),
        "CredentialProcess CALLED CredentialProcess"
    );
}

#[test]
fn a_sign_in_that_was_never_made_asks_for_one() {
    let found = found_with(
        "[default]\nsso_session = corp\nsso_account_id = 000000000000\nsso_role_name = dev\n\
         [sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n",
    );
    assert_eq!(found, "SignInNeeded CALLED SignInNeeded");
}
