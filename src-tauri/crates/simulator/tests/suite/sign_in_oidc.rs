//! The OIDC service: registration, codes through the browser, device codes, refresh tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::faults::{AuthorizeError, CallError, CallFault};
use simulator::{Config, Simulator};

use crate::client::config;
use crate::signer::{Answer, Caller};

pub(crate) const ACCOUNT: &str = "111122223333";
const CALLBACK: &str = "http://127.0.0.1:49152/oauth/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rfc-7636";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Alice and Bob, and no waiting between polls.
pub(crate) fn with_people() -> Config {
    let mut config = config();
    config.sign_in.assign("alice", ACCOUNT, "Operator");
    config.sign_in.assign("bob", ACCOUNT, "Auditor");
    config.sign_in.lifetimes.poll_interval = Duration::ZERO;
    config
}

/// A client of IAM Identity Center.
pub(crate) struct App {
    pub(crate) caller: Caller,
    client_id: String,
    client_secret: String,
    start_url: String,
}

impl App {
    pub(crate) async fn register(simulator: &Simulator) -> Self {
        let caller = Caller::of(simulator);
        let start_url = simulator.start_url();
        let answer = post(&caller, "/client/register", &registration(&start_url)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = answer.json();
        let lifetime = answer["clientSecretExpiresAt"].as_u64().unwrap()
            - answer["clientIdIssuedAt"].as_u64().unwrap();
        assert_eq!(lifetime, 90 * 24 * 3600);
        Self {
            caller,
            client_id: answer["clientId"].as_str().unwrap().to_owned(),
            client_secret: answer["clientSecret"].as_str().unwrap().to_owned(),
            start_url,
        }
    }

    fn with_client(&self, mut body: Value) -> Value {
        body["clientId"] = json!(self.client_id);
        body["clientSecret"] = json!(self.client_secret);
        body
    }

    async fn token(&self, body: Value) -> Answer {
        post(&self.caller, "/token", &self.with_client(body)).await
    }

    /// Where the browser is sent to, after this much is changed in the address.
    async fn browse(&self, change: &[(&str, &str)]) -> Answer {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut query = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", CALLBACK),
            ("state", "the state"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("scopes", "sso:account:access"),
        ]);
        query.extend(change.iter().copied());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        get(&self.caller, &format!("/authorize?{query}")).await
    }

    async fn code(&self) -> String {
        let answer = self.browse(&[]).await;
        let back = callback(&answer);
        assert_eq!(back["state"], "the state");
        back["code"].clone()
    }

    async fn redeem(&self, code: &str, change: Value) -> Answer {
        let mut body = json!({
            "grantType": "authorization_code",
            "code": code,
            "redirectUri": CALLBACK,
            "codeVerifier": VERIFIER,
        });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.token(body).await
    }

    /// Signs in through the browser: access and refresh token.
    pub(crate) async fn sign_in(&self) -> (String, String) {
        tokens(&self.redeem(&self.code().await, json!({})).await)
    }

    pub(crate) async fn refresh(&self, refresh: &str) -> Answer {
        self.token(json!({"grantType": "refresh_token", "refreshToken": refresh}))
            .await
    }

    async fn device(&self) -> Value {
        let body = self.with_client(json!({ "startUrl": self.start_url }));
        let answer = post(&self.caller, "/device_authorization", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn poll(&self, device: &Value) -> Answer {
        self.token(json!({"grantType": DEVICE_CODE, "deviceCode": device["deviceCode"]}))
            .await
    }
}

fn registration(start_url: &str) -> Value {
    json!({
        "clientName": "app",
        "clientType": "public",
        "grantTypes": ["authorization_code", "refresh_token", DEVICE_CODE],
        "redirectUris": ["http://127.0.0.1/oauth/callback"],
        "scopes": ["sso:account:access"],
        "issuerUrl": start_url,
    })
}

async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    caller
        .send("POST", path, "application/json", &[], body.as_bytes())
        .await
}

async fn get(caller: &Caller, path: &str) -> Answer {
    caller.send("GET", path, "text/plain", &[], b"").await
}

/// The query with which a browser comes back to the client.
fn callback(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, 302, "{answer:?}");
    let location = answer.header("location").unwrap();
    let query = location.strip_prefix(CALLBACK).unwrap();
    url::form_urlencoded::parse(query.strip_prefix('?').unwrap().as_bytes())
        .into_owned()
        .collect()
}

fn tokens(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    assert_eq!(answer["tokenType"], "Bearer");
    assert_eq!(answer["expiresIn"], 3600);
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("accessToken"), text("refreshToken"))
}

/// Status, header with the name, and OAuth's word for it.
fn assert_refused(answer: &Answer, status: u16, kind: &str, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("x-amzn-errortype"), Some(kind));
    assert_eq!(answer.json()["error"], error);
    assert!(answer.json()["error_description"].is_string());
}

fn assert_invalid_grant(answer: &Answer) {
    assert_refused(answer, 400, "InvalidGrantException", "invalid_grant");
}

/// What the portal says to an access token.
async fn portal_status(caller: &Caller, access: &str) -> u16 {
    let headers = [("x-amz-sso_bearer_token".to_owned(), access.to_owned())];
    let path = "/assignment/accounts";
    caller
        .send("GET", path, "text/plain", &headers, b"")
        .await
        .status
}

#[tokio::test]
async fn a_code_gives_tokens_once_and_shown_again_ends_the_sign_in() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let code = app.code().await;
    let (access, refresh) = tokens(&app.redeem(&code, json!({})).await);
    assert_eq!(portal_status(&app.caller, &access).await, 200);
    assert_invalid_grant(&app.redeem(&code, json!({})).await);
    assert_eq!(portal_status(&app.caller, &access).await, 401);
    assert_invalid_grant(&app.refresh(&refresh).await);
    assert_eq!(simulator.calls("RegisterClient"), 1);
    assert_eq!(simulator.calls("Authorize"), 1);
    assert_eq!(simulator.calls("CreateToken"), 3);
    assert_eq!(simulator.calls("CreateToken/authorization_code"), 2);
    assert_eq!(simulator.calls("CreateToken/refresh_token"), 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_code_needs_its_client_verifier_redirect_and_time() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let other = App::register(&simulator).await;
    for change in [
        json!({"codeVerifier": "another-verifier-that-is-long-enough-for-it"}),
        json!({"redirectUri": "http://127.0.0.1:49153/oauth/callback"}),
        json!({"code": "unknown"}),
    ] {
        let code = app.code().await;
        assert_invalid_grant(&app.redeem(&code, change.clone()).await);
        // Whoever guesses has one guess.
        if change["code"].is_null() {
            assert_invalid_grant(&app.redeem(&code, json!({})).await);
        }
    }
    let code = app.code().await;
    assert_invalid_grant(&other.redeem(&code, json!({})).await);
    let answer = app.token(json!({"grantType": "authorization_code"})).await;
    assert_refused(&answer, 400, "InvalidRequestException", "invalid_request");
    let code = app.code().await;
    simulator.change_faults(|faults| faults.clock_ahead_secs = 301);
    assert_invalid_grant(&app.redeem(&code, json!({})).await);
    simulator.shutdown().await;
}

#[tokio::test]
async fn refresh_tokens_are_good_once_and_end_with_the_sign_in() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let other = App::register(&simulator).await;
    let (first_access, first) = app.sign_in().await;
    assert_invalid_grant(&other.refresh(&first).await);
    let (access, second) = tokens(&app.refresh(&first).await);
    assert_ne!((&first_access, &first), (&access, &second));
    assert_invalid_grant(&app.refresh(&first).await);
    assert_eq!(portal_status(&app.caller, &access).await, 200);

    simulator.expire_access_tokens();
    assert_eq!(portal_status(&app.caller, &access).await, 401);
    let (access, third) = tokens(&app.refresh(&second).await);
    assert_eq!(portal_status(&app.caller, &access).await, 200);
    simulator.change_faults(|faults| faults.clock_ahead_secs = 3600);
    assert_eq!(
        portal_status(&app.caller, &access).await,
        401,
        "an hour later"
    );
    let (access, fourth) = tokens(&app.refresh(&third).await);
    simulator.revoke_sign_ins();
    assert_eq!(portal_status(&app.caller, &access).await, 401);
    assert_invalid_grant(&app.refresh(&fourth).await);

    let (_, fifth) = app.sign_in().await;
    simulator.change_faults(|faults| faults.clock_ahead_secs = 10 * 3600);
    assert_invalid_grant(&app.refresh(&fifth).await);

    let (_, sixth) = app.sign_in().await;
    simulator.expire_clients();
    let answer = app.refresh(&sixth).await;
    assert_refused(&answer, 401, "InvalidClientException", "invalid_client");
    assert_eq!(app.browse(&[]).await.status, 400);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_device_waits_until_a_person_decides() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let pending = "AuthorizationPendingException";
    let device = app.device().await;
    let user_code = device["userCode"].as_str().unwrap();
    assert_eq!(device["expiresIn"], 600);
    assert_eq!(simulator.pending_devices(), [user_code]);
    assert_refused(
        &app.poll(&device).await,
        400,
        pending,
        "authorization_pending",
    );
    assert!(!simulator.approve_device("XXXX-XXXX"));
    assert!(simulator.approve_device(user_code));
    assert!(!simulator.approve_device(user_code), "it has been decided");
    let (access, refresh) = tokens(&app.poll(&device).await);
    assert_eq!(portal_status(&app.caller, &access).await, 200);
    assert_invalid_grant(&app.poll(&device).await);
    tokens(&app.refresh(&refresh).await);

    let device = app.device().await;
    assert!(simulator.deny_device(device["userCode"].as_str().unwrap()));
    let denied = "AccessDeniedException";
    assert_refused(&app.poll(&device).await, 400, denied, "access_denied");

    // By way of the address that a person is told.
    let device = app.device().await;
    let uri = device["verificationUriComplete"].as_str().unwrap();
    let path = uri.strip_prefix(&simulator.endpoint_url()).unwrap();
    let plain = device["verificationUri"].as_str().unwrap();
    assert!(uri.starts_with(plain), "{uri}");
    assert_eq!(get(&app.caller, path).await.status, 200);
    assert_eq!(get(&app.caller, path).await.status, 404);
    tokens(&app.poll(&device).await);

    let device = app.device().await;
    simulator.change_faults(|faults| faults.clock_ahead_secs = 601);
    assert!(!simulator.approve_device(device["userCode"].as_str().unwrap()));
    let expired = "ExpiredTokenException";
    assert_refused(&app.poll(&device).await, 400, expired, "expired_token");
    assert_eq!(simulator.calls("StartDeviceAuthorization"), 4);
    simulator.shutdown().await;
}

#[tokio::test]
async fn tests_can_wait_for_a_device_and_for_calls() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let person = async {
        let user_code = simulator.wait_for_device().await.unwrap();
        simulator.wait_for_calls("CreateToken/device_code", 3).await;
        assert!(simulator.approve_device(&user_code));
    };
    let program = async {
        let device = app.device().await;
        let mut polls = 1;
        while app.poll(&device).await.status != 200 {
            polls += 1;
        }
        polls
    };
    let (polls, ()) = tokio::join!(program, person);
    assert!(polls >= 3, "{polls}");
    assert_eq!(simulator.calls("CreateToken/device_code"), polls);
    simulator.shutdown().await;
}

#[tokio::test]
async fn polls_that_come_too_soon_are_slowed_down() {
    let mut config = with_people();
    config.sign_in.lifetimes.poll_interval = Duration::from_secs(300);
    let simulator = Simulator::start(config).await.unwrap();
    let app = App::register(&simulator).await;
    let device = app.device().await;
    assert_eq!(device["interval"], 300);
    let (pending, slow) = ("AuthorizationPendingException", "SlowDownException");
    assert_refused(
        &app.poll(&device).await,
        400,
        pending,
        "authorization_pending",
    );
    assert_refused(&app.poll(&device).await, 400, slow, "slow_down");
    simulator.change_faults(|faults| faults.clock_ahead_secs = 301);
    assert_refused(
        &app.poll(&device).await,
        400,
        pending,
        "authorization_pending",
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn registrations_that_make_no_sense_are_refused() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let caller = Caller::of(&simulator);
    let start_url = simulator.start_url();
    let request = "InvalidRequestException";
    for (name, value, kind) in [
        ("clientName", Value::Null, request),
        ("clientType", Value::Null, request),
        (
            "clientType",
            json!("confidential"),
            "InvalidClientMetadataException",
        ),
        (
            "grantTypes",
            json!(["password"]),
            "UnsupportedGrantTypeException",
        ),
        ("scopes", json!(["everything"]), "InvalidScopeException"),
        (
            "redirectUris",
            json!(["https://example.com/oauth/callback"]),
            "InvalidRedirectUriException",
        ),
        ("redirectUris", Value::Null, request),
        ("issuerUrl", Value::Null, request),
        ("issuerUrl", json!("https://example.com/start"), request),
        ("grantTypes", json!(7), request),
        ("scopes", json!(vec!["openid"; 21]), "InvalidScopeException"),
    ] {
        let mut body = registration(&start_url);
        body[name] = value;
        let answer = post(&caller, "/client/register", &body).await;
        assert_eq!(
            answer.header("x-amzn-errortype"),
            Some(kind),
            "{name}: {answer:?}"
        );
        assert_eq!(answer.status, 400);
    }
    // One that knows nothing but its name may ask for a device only, and gets no refresh token.
    let body = json!({"clientName": "old", "clientType": "public"});
    let answer = post(&caller, "/client/register", &body).await.json();
    let old = App {
        caller,
        client_id: answer["clientId"].as_str().unwrap().to_owned(),
        client_secret: answer["clientSecret"].as_str().unwrap().to_owned(),
        start_url,
    };
    assert_eq!(old.browse(&[]).await.status, 400);
    let device = old.device().await;
    assert!(simulator.approve_device(device["userCode"].as_str().unwrap()));
    let answer = old.poll(&device).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["refreshToken"], Value::Null);
    simulator.shutdown().await;
}

#[tokio::test]
async fn clients_are_held_to_their_registration() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let wrong = App {
        client_secret: "wrong".to_owned(),
        caller: app.caller.clone(),
        client_id: app.client_id.clone(),
        start_url: app.start_url.clone(),
    };
    let answer = wrong.refresh("x").await;
    assert_refused(&answer, 401, "InvalidClientException", "invalid_client");
    let kind = "UnsupportedGrantTypeException";
    let answer = app.token(json!({"grantType": "password"})).await;
    assert_refused(&answer, 400, kind, "unsupported_grant_type");

    let mut body = registration(&app.start_url);
    body["grantTypes"] = json!(["authorization_code"]);
    let answer = post(&app.caller, "/client/register", &body).await.json();
    let narrow = App {
        caller: app.caller.clone(),
        client_id: answer["clientId"].as_str().unwrap().to_owned(),
        client_secret: answer["clientSecret"].as_str().unwrap().to_owned(),
        start_url: app.start_url.clone(),
    };
    let kind = "UnauthorizedClientException";
    assert_refused(&narrow.refresh("x").await, 400, kind, "unauthorized_client");
    let body = narrow.with_client(json!({ "startUrl": narrow.start_url }));
    let answer = post(&app.caller, "/device_authorization", &body).await;
    assert_refused(&answer, 400, kind, "unauthorized_client");
    let body = app.with_client(json!({"startUrl": "https://example.com/start"}));
    let answer = post(&app.caller, "/device_authorization", &body).await;
    assert_refused(&answer, 400, "InvalidRequestException", "invalid_request");
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_browser_is_sent_back_with_what_is_wrong_and_never_elsewhere() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("scopes", "sso:account:access everything", "invalid_scope"),
    ] {
        let back = callback(&app.browse(&[(name, value)]).await);
        assert_eq!(
            (back["error"].as_str(), back["state"].as_str()),
            (error, "the state")
        );
        assert!(!back.contains_key("code"));
    }
    for (name, value) in [
        ("client_id", "unknown"),
        ("redirect_uri", "https://example.com/oauth/callback"),
        ("redirect_uri", "http://127.0.0.1:49152/other"),
    ] {
        let answer = app.browse(&[(name, value)]).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("location"), None);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn sign_in_goes_wrong_in_the_browser_on_request() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let fail = |error| simulator.change_faults(|faults| faults.authorize = Some(error));
    fail(AuthorizeError::Denied);
    let back = callback(&app.browse(&[]).await);
    assert_eq!(
        (back["error"].as_str(), back["state"].as_str()),
        ("access_denied", "the state")
    );
    let device = app.device().await;
    let path = format!("/device?user_code={}", device["userCode"].as_str().unwrap());
    assert_eq!(get(&app.caller, &path).await.status, 200);
    let denied = "AccessDeniedException";
    assert_refused(&app.poll(&device).await, 400, denied, "access_denied");

    fail(AuthorizeError::WrongState);
    let back = callback(&app.browse(&[]).await);
    assert!(back.contains_key("code") && back["state"] != "the state");
    fail(AuthorizeError::WrongCode);
    let back = callback(&app.browse(&[]).await);
    assert_eq!(back["state"], "the state");
    assert_invalid_grant(&app.redeem(&back["code"], json!({})).await);
    fail(AuthorizeError::NoAnswer);
    let answer = app.browse(&[]).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_oidc_service_fails_on_request() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let (_, mut refresh) = app.sign_in().await;
    for (error, status, kind, word) in [
        (CallError::Throttling, 400, "SlowDownException", "slow_down"),
        (
            CallError::ExpiredToken,
            400,
            "ExpiredTokenException",
            "expired_token",
        ),
        (
            CallError::AccessDenied,
            400,
            "AccessDeniedException",
            "access_denied",
        ),
        (
            CallError::DoesNotExist,
            400,
            "InvalidGrantException",
            "invalid_grant",
        ),
        (
            CallError::Internal,
            500,
            "InternalServerException",
            "server_error",
        ),
        (
            CallError::Unavailable,
            503,
            "ServiceUnavailableException",
            "service_unavailable",
        ),
    ] {
        simulator.change_faults(|faults| {
            faults.calls = vec![CallFault::times("CreateToken", error, 1)];
        });
        assert_refused(&app.refresh(&refresh).await, status, kind, word);
        (_, refresh) = tokens(&app.refresh(&refresh).await);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn nobody_signs_in_where_there_are_no_people() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let body = registration(&simulator.start_url());
    for path in [
        "/client/register",
        "/device_authorization",
        "/token",
        "/logout",
    ] {
        assert_eq!(post(&caller, path, &body).await.status, 404, "{path}");
    }
    for path in [
        "/authorize",
        "/device",
        "/assignment/accounts",
        "/federation/credentials",
    ] {
        assert_eq!(get(&caller, path).await.status, 404, "{path}");
    }
    assert!(simulator.sso_cache_entry().is_none());
    simulator.shutdown().await;
}

#[tokio::test]
async fn web_pages_are_kept_out() {
    let simulator = Simulator::start(with_people()).await.unwrap();
    let app = App::register(&simulator).await;
    let device = app.device().await;
    let path = format!("/device?user_code={}", device["userCode"].as_str().unwrap());
    let origin = [("Origin".to_owned(), "https://example.com".to_owned())];
    let answer = app
        .caller
        .send("GET", &path, "text/plain", &origin, b"")
        .await;
    assert_eq!(answer.status, 403);
    assert_eq!(simulator.pending_devices().len(), 1);
    simulator.shutdown().await;
}
