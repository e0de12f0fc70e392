//! STS: roles with their trust, codes of devices, tokens of other providers; and what the credentials are good for.

use std::time::Duration;

use serde_json::json;
use simulator::config::{MfaDevice, Role, SILENT_TARGET};
use simulator::faults::{CallError, CallFault};
use simulator::{Config, Simulator};
use tokio_tungstenite::tungstenite::Error;

use crate::client::{Client, config};
use crate::signer::{Answer, Caller};

const ROLE: &str = "arn:aws:iam::111122223333:role/ops/Operator";
const OTHER_ROLE: &str = "arn:aws:iam::444455556666:role/Deployer";
const DEVICE: &str = "arn:aws:iam::000000000000:mfa/phone";

async fn started(roles: impl IntoIterator<Item = Role>) -> Simulator {
    Simulator::start(with_roles(roles)).await.unwrap()
}

fn with_roles(roles: impl IntoIterator<Item = Role>) -> Config {
    let mut config = config();
    config.sign_in.roles = roles.into_iter().collect();
    config.sign_in.mfa_devices = vec![MfaDevice::new(DEVICE, ["123456", "234567"])];
    config
}

/// The holder of the credentials in an answer.
fn holder(simulator: &Simulator, answer: &Answer) -> Caller {
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = |name| answer.element(name).unwrap().to_owned();
    Caller {
        access_key_id: text("AccessKeyId"),
        secret_access_key: text("SecretAccessKey"),
        session_token: Some(text("SessionToken")),
        ..Caller::of(simulator)
    }
}

async fn assume(caller: &Caller, role: &str, more: &[(&str, &str)]) -> Answer {
    let parameters = [&[("RoleArn", role), ("RoleSessionName", "alice")], more].concat();
    caller.call_sts("AssumeRole", &parameters, true).await
}

/// What refuses a call of which nothing is wrong but who makes it.
fn refusal(caller_arn: &str, role: &str) -> String {
    format!("User: {caller_arn} is not authorized to perform: sts:AssumeRole on resource: {role}")
}

const USER: &str = "arn:aws:iam::000000000000:user/demo";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Operator/alice";

#[tokio::test]
async fn a_role_session_holds_a_shell_and_is_named_as_its_owner() {
    let simulator = started([Role::new(ROLE)]).await;
    let user = Caller::of(&simulator);
    let identity = user.call_sts("GetCallerIdentity", &[], true).await;
    assert_eq!(identity.element("Arn"), Some(USER));
    assert_eq!(identity.element("Account"), Some("000000000000"));
    assert_eq!(identity.header("content-type"), Some("text/xml"));

    let assumed = assume(&user, ROLE, &[]).await;
    assert_eq!(assumed.element("Arn"), Some(SESSION));
    let role = holder(&simulator, &assumed);
    assert!(role.access_key_id.starts_with("ASIA"));
    let identity = role.call_sts("GetCallerIdentity", &[], true).await;
    assert_eq!(identity.element("Arn"), Some(SESSION));
    assert_eq!(identity.element("Account"), Some("111122223333"));
    assert_eq!(identity.element("UserId"), assumed.element("AssumedRoleId"));

    let body = json!({ "Target": simulator.target() });
    let mut client = Client::start(role.clone(), &body, Some((80, 24))).await;
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    assert!(client.id.starts_with("alice-"), "{}", client.id);
    let filter = json!({"State": "Active", "Filters": [{"key": "Owner", "value": SESSION}]});
    let listed = user.ask("DescribeSessions", &filter).await;
    assert_eq!(listed["Sessions"][0]["SessionId"], json!(client.id));
    assert_eq!(simulator.calls("AssumeRole"), 1);
    assert_eq!(simulator.calls("GetCallerIdentity"), 2);
    assert_eq!(simulator.calls("StartSession"), 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn expired_and_incomplete_temporary_credentials_open_nothing() {
    let simulator = started([Role::new(ROLE)]).await;
    let user = Caller::of(&simulator);
    let role = holder(&simulator, &assume(&user, ROLE, &[]).await);
    let started = role.start(&json!({ "Target": SILENT_TARGET })).await;
    let list = json!({"State": "Active"});

    let without_token = Caller {
        session_token: None,
        ..role.clone()
    };
    let other_token = Caller {
        session_token: Some("other".to_owned()),
        ..role.clone()
    };
    let other_secret = Caller {
        secret_access_key: "other".to_owned(),
        ..role.clone()
    };
    let expired = "ExpiredTokenException";
    let unknown = "UnrecognizedClientException";
    for (caller, json_kind, xml_kind) in [
        (&without_token, unknown, "InvalidClientTokenId"),
        (&other_token, unknown, "InvalidClientTokenId"),
        (
            &other_secret,
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
        ),
        (&role, expired, "ExpiredToken"),
    ] {
        if json_kind == expired {
            drop(role.dial(&started.url).await.unwrap());
            simulator.expire_role_credentials();
        }
        let answer = caller.call("DescribeSessions", &list).await;
        assert_eq!(answer.error(), (403, json_kind.to_owned()));
        let answer = caller.call_sts("GetCallerIdentity", &[], true).await;
        assert_eq!(answer.xml_error(), (403, xml_kind));
        assert!(
            answer
                .element("Message")
                .is_some_and(|text| !text.is_empty())
        );
        assert_eq!(
            answer.element("RequestId"),
            answer.header("x-amzn-requestid")
        );
        let dialled = caller.dial(&started.url).await;
        assert!(matches!(dialled, Err(Error::Http(answer)) if answer.status() == 403));
    }
    let again = holder(&simulator, &assume(&user, ROLE, &[]).await);
    assert_eq!(again.call("DescribeSessions", &list).await.status, 200);
    simulator.shutdown().await;
}

#[tokio::test]
async fn credentials_expire_by_themselves() {
    let mut config = with_roles([Role::new(ROLE)]);
    config.sign_in.assumed_role_lifetime = Some(Duration::ZERO);
    let simulator = Simulator::start(config).await.unwrap();
    let assumed = assume(&Caller::of(&simulator), ROLE, &[]).await;
    let role = holder(&simulator, &assumed);
    let answer = role.call_sts("GetCallerIdentity", &[], true).await;
    assert_eq!(answer.xml_error(), (403, "ExpiredToken"));
    assert_eq!(
        answer.element("Message"),
        Some("The security token included in the request is expired")
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn roles_open_to_whom_they_trust_only() {
    let root = "arn:aws:iam::000000000000:root";
    for (trusted, is_open) in [
        ("*", true),
        (USER, true),
        (root, true),
        ("arn:aws:iam::000000000000:user/other", false),
        ("arn:aws:iam::111122223333:root", false),
    ] {
        let simulator = started([Role::new(ROLE).trusting([trusted])]).await;
        let answer = assume(&Caller::of(&simulator), ROLE, &[]).await;
        if is_open {
            assert_eq!(answer.status, 200, "{trusted}");
        } else {
            assert_eq!(answer.xml_error(), (403, "AccessDenied"), "{trusted}");
            assert_eq!(answer.element("Message"), Some(&*refusal(USER, ROLE)));
        }
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_chain_of_roles_goes_as_far_as_trust_and_an_hour() {
    let mut last = Role::new(OTHER_ROLE).trusting([ROLE]);
    last.max_duration = Duration::from_secs(43_200);
    let simulator = started([Role::new(ROLE), last]).await;
    let user = Caller::of(&simulator);
    let answer = assume(&user, OTHER_ROLE, &[]).await;
    assert_eq!(answer.element("Message"), Some(&*refusal(USER, OTHER_ROLE)));
    let first = holder(&simulator, &assume(&user, ROLE, &[]).await);
    let answer = assume(&first, OTHER_ROLE, &[("DurationSeconds", "3601")]).await;
    assert_eq!(answer.xml_error(), (400, "ValidationError"));
    assert!(answer.body.contains("1 hour session limit"), "{answer:?}");
    let answer = assume(&first, OTHER_ROLE, &[("DurationSeconds", "3600")]).await;
    let second = holder(&simulator, &answer);
    let identity = second.call_sts("GetCallerIdentity", &[], true).await;
    let arn = "arn:aws:sts::444455556666:assumed-role/Deployer/alice";
    assert_eq!(identity.element("Arn"), Some(arn));
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_external_id_must_be_the_one_of_the_role() {
    let simulator = started([Role::new(ROLE).with_external_id("customer-7")]).await;
    let user = Caller::of(&simulator);
    for wrong in [&[][..], &[("ExternalId", "customer-8")]] {
        let answer = assume(&user, ROLE, wrong).await;
        assert_eq!(answer.xml_error(), (403, "AccessDenied"));
        assert_eq!(answer.element("Message"), Some(&*refusal(USER, ROLE)));
    }
    let right = assume(&user, ROLE, &[("ExternalId", "customer-7")]).await;
    assert_eq!(right.status, 200);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_code_opens_a_role_once() {
    let simulator = started([Role::new(ROLE).with_mfa()]).await;
    let user = Caller::of(&simulator);
    let with = |serial, code| [("SerialNumber", serial), ("TokenCode", code)];
    let invalid = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    let no_code = refusal(USER, ROLE);

    let answer = assume(&user, ROLE, &[]).await;
    assert_eq!(answer.element("Message"), Some(&*no_code));
    let answer = assume(&user, ROLE, &with(DEVICE, "000000")).await;
    assert_eq!(answer.xml_error(), (403, "AccessDenied"));
    assert_eq!(answer.element("Message"), Some(invalid));
    let answer = assume(&user, ROLE, &with("arn:aws:iam::0:mfa/x", "123456")).await;
    assert!(answer.body.contains("verify your MFA serial"), "{answer:?}");
    let answer = assume(&user, ROLE, &[("SerialNumber", DEVICE)]).await;
    assert!(answer.body.contains("must provide both"), "{answer:?}");
    let answer = assume(&user, ROLE, &with(DEVICE, "12345x")).await;
    assert_eq!(answer.xml_error(), (400, "ValidationError"));

    let code = with(DEVICE, "123456");
    assert_eq!(assume(&user, ROLE, &code).await.status, 200);
    let answer = assume(&user, ROLE, &code).await;
    assert_eq!(answer.element("Message"), Some(invalid));
    assert!(simulator.add_mfa_code(DEVICE, "999999"));
    let answer = assume(&user, ROLE, &with(DEVICE, "999999")).await;
    assert_eq!(answer.status, 200);

    // A session token that was got with a code opens the role, too.
    let plain = user.call_sts("GetSessionToken", &[], true).await;
    let answer = assume(&holder(&simulator, &plain), ROLE, &[]).await;
    assert_eq!(answer.element("Message"), Some(&*no_code));
    let code = with(DEVICE, "234567");
    let session = user.call_sts("GetSessionToken", &code, true).await;
    let session = holder(&simulator, &session);
    assert_eq!(assume(&session, ROLE, &[]).await.status, 200);
    let answer = session.call_sts("GetSessionToken", &[], true).await;
    assert_eq!(answer.xml_error(), (403, "AccessDenied"));
    simulator.shutdown().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_in_the_words_of_the_service() {
    let mut long = Role::new(OTHER_ROLE);
    long.max_duration = Duration::from_secs(43_200);
    let simulator = started([Role::new(ROLE), long]).await;
    let user = Caller::of(&simulator);
    for (role, seconds, wrong) in [
        (
            ROLE,
            "899",
            Some("Member must have value greater than or equal to 900"),
        ),
        (ROLE, "900", None),
        (ROLE, "3600", None),
        (
            ROLE,
            "3601",
            Some("exceeds the MaxSessionDuration set for this role"),
        ),
        (OTHER_ROLE, "43200", None),
        (
            OTHER_ROLE,
            "43201",
            Some("Member must have value less than or equal to 43200"),
        ),
        (ROLE, "-1", Some("Value '-1' at 'durationSeconds'")),
    ] {
        let answer = assume(&user, role, &[("DurationSeconds", seconds)]).await;
        match wrong {
            None => assert_eq!(answer.status, 200, "{seconds}: {answer:?}"),
            Some(text) => {
                assert_eq!(answer.xml_error(), (400, "ValidationError"), "{seconds}");
                assert!(answer.body.contains(text), "{answer:?}");
            }
        }
    }
    for (parameters, text) in [
        (&[("RoleArn", ROLE)][..], "Value null at 'roleSessionName'"),
        (&[("RoleSessionName", "alice")], "Value null at 'roleArn'"),
        (
            &[("RoleArn", ROLE), ("RoleSessionName", "a b")],
            "Value 'a b' at 'roleSessionName' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        ),
        (
            &[("RoleArn", ROLE), ("RoleSessionName", "a")],
            "greater than or equal to 2",
        ),
    ] {
        let answer = user.call_sts("AssumeRole", parameters, true).await;
        assert_eq!(answer.xml_error(), (400, "ValidationError"));
        assert!(answer.body.contains(text), "{answer:?}");
    }
    let answer = user.call_sts("AssumeRoot", &[], true).await;
    assert_eq!(answer.xml_error(), (400, "InvalidAction"));
    for action in ["AssumeRole", "GetCallerIdentity", "GetSessionToken"] {
        let answer = user.call_sts(action, &[], false).await;
        assert_eq!(answer.xml_error(), (403, "MissingAuthenticationToken"));
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_web_identity_opens_its_role_without_a_signature() {
    let open = Role::new(ROLE).with_web_identity_token("the.right.token");
    let simulator = started([open, Role::new(OTHER_ROLE)]).await;
    let caller = Caller::of(&simulator);
    let ask = |role, token| {
        let caller = &caller;
        async move {
            let parameters = [
                ("RoleArn", role),
                ("RoleSessionName", "alice"),
                ("WebIdentityToken", token),
            ];
            caller
                .call_sts("AssumeRoleWithWebIdentity", &parameters, false)
                .await
        }
    };
    let answer = ask(ROLE, "the.wrong.token").await;
    assert_eq!(answer.xml_error(), (400, "InvalidIdentityToken"));
    let answer = ask(OTHER_ROLE, "the.right.token").await;
    assert_eq!(answer.xml_error(), (403, "AccessDenied"));
    let role = holder(&simulator, &ask(ROLE, "the.right.token").await);
    let identity = role.call_sts("GetCallerIdentity", &[], true).await;
    assert_eq!(identity.element("Arn"), Some(SESSION));
    simulator.shutdown().await;
}

#[tokio::test]
async fn sts_fails_on_request() {
    let simulator = started([Role::new(ROLE)]).await;
    let user = Caller::of(&simulator);
    for (error, status, code) in [
        (CallError::Throttling, 400, "Throttling"),
        (CallError::ExpiredToken, 403, "ExpiredToken"),
        (CallError::AccessDenied, 403, "AccessDenied"),
        (CallError::Internal, 500, "InternalFailure"),
        (CallError::Unavailable, 503, "ServiceUnavailable"),
    ] {
        simulator.change_faults(|faults| {
            faults.calls = vec![CallFault::times("AssumeRole", error, 1)];
        });
        let answer = assume(&user, ROLE, &[]).await;
        assert_eq!(answer.xml_error(), (status, code));
        assert_eq!(assume(&user, ROLE, &[]).await.status, 200);
    }
    simulator.expire_credentials(true);
    let answer = user.call_sts("GetCallerIdentity", &[], true).await;
    assert_eq!(answer.xml_error(), (403, "ExpiredToken"));
    simulator.shutdown().await;
}
