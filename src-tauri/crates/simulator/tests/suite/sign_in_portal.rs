//! The access portal: accounts, roles and credentials for the holder of an access token.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::Simulator;
use simulator::config::{Role, sso_role_arn};
use simulator::faults::{CallError, CallFault};

use crate::client::Client;
use crate::sign_in_oidc::{ACCOUNT, App, with_people};
use crate::signer::{Answer, Caller};

async fn ask(caller: &Caller, method: &str, path: &str, token: &str) -> Answer {
    let headers = [("x-amz-sso_bearer_token".to_owned(), token.to_owned())];
    caller.send(method, path, "text/plain", &headers, b"").await
}

async fn get(caller: &Caller, path: &str, token: &str) -> Answer {
    ask(caller, "GET", path, token).await
}

fn assert_refused(answer: &Answer, status: u16, kind: &str, message: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("x-amzn-errortype"), Some(kind));
    assert_eq!(answer.json(), json!({ "message": message }));
}

fn assert_unauthorized(answer: &Answer) {
    let message = "Session token not found or invalid";
    assert_refused(answer, 401, "UnauthorizedException", message);
}

fn credentials_of(role: &str) -> String {
    format!("/federation/credentials?account_id={ACCOUNT}&role_name={role}")
}

fn holder(simulator: &Simulator, answer: &Answer) -> Caller {
    assert_eq!(answer.status, 200, "{answer:?}");
    let credentials = &answer.json()["roleCredentials"];
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    Caller {
        access_key_id: text("accessKeyId"),
        secret_access_key: text("secretAccessKey"),
        session_token: Some(text("sessionToken")),
        ..Caller::of(simulator)
    }
}

#[tokio::test]
async fn a_signed_in_person_gets_a_shell_and_may_assume_what_trusts_their_role() {
    let mut config = with_people();
    let arn = sso_role_arn(&config.region, ACCOUNT, "Operator");
    let next = "arn:aws:iam::444455556666:role/Deployer";
    config.sign_in.roles = vec![Role::new(next).trusting([arn])];
    let simulator = Simulator::start(config).await.unwrap();
    let app = App::register(&simulator).await;
    let (access, _) = app.sign_in().await;
    let answer = get(&app.caller, &credentials_of("Operator"), &access).await;
    let role = holder(&simulator, &answer);

    // Milliseconds, an hour from now.
    let expiration = answer.json()["roleCredentials"]["expiration"]
        .as_u64()
        .unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let left = expiration.abs_diff(u64::try_from(now.as_millis()).unwrap());
    assert!((3_300_000..=3_600_000).contains(&left), "{left} ms");

    let identity = role.call_sts("GetCallerIdentity", &[], true).await;
    let arn = identity.element("Arn").unwrap();
    let wanted = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Operator_");
    assert!(arn.starts_with(&wanted) && arn.ends_with("/alice"), "{arn}");
    let parameters = [("RoleArn", next), ("RoleSessionName", "alice")];
    let assumed = role.call_sts("AssumeRole", &parameters, true).await;
    assert_eq!(assumed.status, 200, "{assumed:?}");

    let body = json!({ "Target": simulator.target() });
    let mut client = Client::start(role.clone(), &body, Some((80, 24))).await;
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    assert!(client.id.starts_with("alice-"), "{}", client.id);
    simulator.expire_role_credentials();
    let answer = role
        .call("DescribeSessions", &json!({"State": "Active"}))
        .await;
    assert_eq!(answer.error(), (403, "ExpiredTokenException".to_owned()));
    assert_eq!(simulator.calls("GetRoleCredentials"), 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn accounts_and_roles_are_those_of_the_person_page_by_page() {
    let mut config = with_people();
    for number in 0..45 {
        config
            .sign_in
            .assign("alice", &format!("{number:012}"), "Operator");
    }
    config.sign_in.assign("alice", ACCOUNT, "Reader");
    config.sign_in.assign("alice", ACCOUNT, "Admin");
    let simulator = Simulator::start(config).await.unwrap();
    let app = App::register(&simulator).await;
    let (access, _) = app.sign_in().await;
    let mut ids = BTreeSet::new();
    let mut pages = Vec::new();
    let mut path = "/assignment/accounts".to_owned();
    loop {
        let answer = get(&app.caller, &path, &access).await.json();
        let accounts = answer["accountList"].as_array().unwrap();
        pages.push(accounts.len());
        ids.extend(accounts.iter().map(|one| one["accountId"].to_string()));
        let Some(token) = answer["nextToken"].as_str() else {
            break;
        };
        let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        path = format!("/assignment/accounts?next_token={token}");
    }
    assert_eq!((pages.as_slice(), ids.len()), (&[20, 20, 6][..], 46));
    let answer = get(&app.caller, "/assignment/accounts?max_result=3", &access).await;
    let first = &answer.json()["accountList"][0];
    let wanted = json!({
        "accountId": ACCOUNT, "accountName": ACCOUNT, "emailAddress": format!("{ACCOUNT}@example.com"),
    });
    assert_eq!(
        (
            first,
            answer.json()["accountList"].as_array().unwrap().len()
        ),
        (&wanted, 3)
    );
    for wrong in ["max_result=0", "max_result=x", "next_token=x"] {
        let answer = get(
            &app.caller,
            &format!("/assignment/accounts?{wrong}"),
            &access,
        )
        .await;
        assert_eq!(
            answer.header("x-amzn-errortype"),
            Some("InvalidRequestException")
        );
    }

    let roles = format!("/assignment/roles?account_id={ACCOUNT}");
    let answer = get(&app.caller, &roles, &access).await.json();
    let role = |name: &str| json!({"roleName": name, "accountId": ACCOUNT});
    assert_eq!(
        answer,
        json!({"roleList": [role("Operator"), role("Reader"), role("Admin")]})
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn what_is_not_assigned_is_not_given() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let (alice, _) = app.sign_in().await;
    assert!(simulator.sign_in_as("bob") && !simulator.sign_in_as("carol"));
    let (bob, _) = app.sign_in().await;
    for (token, role, is_given) in [
        (&alice, "Operator", true),
        (&alice, "Auditor", false),
        (&bob, "Auditor", true),
        (&bob, "Operator", false),
    ] {
        let answer = get(&app.caller, &credentials_of(role), token).await;
        if is_given {
            assert_eq!(answer.status, 200);
        } else {
            assert_refused(&answer, 403, "ForbiddenException", "No access");
        }
    }
    let answer = get(
        &app.caller,
        "/assignment/roles?account_id=999999999999",
        &bob,
    )
    .await;
    assert_refused(&answer, 403, "ForbiddenException", "No access");
    for path in [
        "/federation/credentials?role_name=Auditor",
        "/assignment/roles",
    ] {
        let answer = get(&app.caller, path, &bob).await;
        assert_eq!(
            answer.header("x-amzn-errortype"),
            Some("InvalidRequestException")
        );
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn signing_out_ends_the_tokens_of_that_sign_in_only() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let (access, refresh) = app.sign_in().await;
    let (other, _) = app.sign_in().await;
    let paths = [
        "/assignment/accounts".to_owned(),
        credentials_of("Operator"),
    ];
    let role = holder(&simulator, &get(&app.caller, &paths[1], &access).await);
    assert_unauthorized(&ask(&app.caller, "POST", "/logout", "wrong").await);
    let answer = ask(&app.caller, "POST", "/logout", &access).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for path in &paths {
        assert_unauthorized(&get(&app.caller, path, &access).await);
        assert_unauthorized(&get(&app.caller, path, "").await);
        assert_eq!(get(&app.caller, path, &other).await.status, 200);
    }
    assert_eq!(app.refresh(&refresh).await.status, 400);
    let identity = role.call_sts("GetCallerIdentity", &[], true).await;
    assert_eq!(identity.status, 200, "credentials stay");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_from_disk_is_as_good_as_one_by_hand() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let caller = Caller::of(&simulator);
    let entry = simulator.sso_cache_entry().unwrap();
    let entry: Value = serde_json::from_str(entry.expose_secret()).unwrap();
    let text = |name: &str| entry[name].as_str().unwrap();
    assert_eq!(text("startUrl"), simulator.start_url());
    assert_eq!(text("expiresAt").len(), "2021-10-01T09:24:34Z".len());
    let answer = get(&caller, &credentials_of("Operator"), text("accessToken")).await;
    assert_eq!(answer.status, 200);
    let body = json!({
        "grantType": "refresh_token",
        "clientId": text("clientId"),
        "clientSecret": text("clientSecret"),
        "refreshToken": text("refreshToken"),
    })
    .to_string();
    let refreshed = caller.send("POST", "/token", "application/json", &[], body.as_bytes());
    assert_eq!(refreshed.await.status, 200);
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_portal_fails_on_request() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let (access, _) = app.sign_in().await;
    for (error, status, kind) in [
        (CallError::Throttling, 429, "TooManyRequestsException"),
        (CallError::ExpiredToken, 401, "UnauthorizedException"),
        (CallError::AccessDenied, 403, "ForbiddenException"),
        (CallError::DoesNotExist, 404, "ResourceNotFoundException"),
        (CallError::Internal, 500, "InternalServerException"),
        (CallError::Unavailable, 503, "ServiceUnavailableException"),
    ] {
        simulator.change_faults(|faults| {
            faults.calls = vec![CallFault::times("GetRoleCredentials", error, 1)];
        });
        let answer = get(&app.caller, &credentials_of("Operator"), &access).await;
        assert_eq!(
            (answer.status, answer.header("x-amzn-errortype")),
            (status, Some(kind))
        );
        let answer = get(&app.caller, &credentials_of("Operator"), &access).await;
        assert_eq!(answer.status, 200);
    }
    simulator.shutdown().await;
}
