//! The OIDC service of IAM Identity Center: clients register, people sign in, and clients get tokens for a code, for a
//! device, or for a refresh token, which is good once. Shapes follow the IAM Identity Center OIDC API Reference and, for
//! what the browser sees, RFC 6749, 7636 and 8252. The browser's part is in [`browser`].

pub(crate) mod browser;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Refusal, Remembered};
use crate::config::User;
use crate::random;
use crate::service::Service;
use crate::sigv4::constant_time_eq;
use crate::timestamp;

const AUTHORIZATION_CODE: &str = "authorization_code";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REFRESH_TOKEN: &str = "refresh_token";
/// The scope with which clients get refresh tokens and the portal answers them.
const ACCOUNT_ACCESS: &str = "sso:account:access";
const SCOPES: [&str; 4] = [ACCOUNT_ACCESS, "openid", "aws", "sts:identity_context"];
/// Where on loopback a browser may be sent to.
const CALLBACK: &str = "/oauth/callback";
/// More grant types and scopes than there are.
const MAX_LIST: usize = 20;
const MAX_URI_LEN: usize = 200;
/// Access tokens of one sign-in that are good at one time.
const ACCESS_TOKENS: usize = 50;

/// Everything that has been given out.
pub(crate) struct Oidc {
    /// Makes the start URL one that cannot be guessed.
    secret: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The person in front of the browser, if not the first.
    person: Option<String>,
    clients: Remembered<Client>,
    codes: Remembered<Code>,
    devices: Remembered<Device>,
    sign_ins: Remembered<SignedIn>,
    /// Counts sign-ins.
    count: u64,
}

struct Client {
    id: String,
    secret: SecretString,
    expires_ms: u64,
    /// Empty: the default, which is all but authorization codes.
    grant_types: Vec<String>,
    scopes: Vec<String>,
    /// Whether it was registered with the issuer.
    knows_issuer: bool,
    can_redirect: bool,
}

impl Client {
    fn may(&self, grant_type: &str) -> bool {
        if self.grant_types.is_empty() {
            return grant_type != AUTHORIZATION_CODE;
        }
        self.grant_types.iter().any(|one| one == grant_type)
    }
}

struct Code {
    code: String,
    client_id: String,
    user: String,
    redirect_uri: String,
    challenge: String,
    expires_ms: u64,
    /// Whether it has been shown, rightly or not, and the sign-in it made.
    used: Option<Option<u64>>,
}

struct Device {
    device_code: String,
    user_code: String,
    client_id: String,
    expires_ms: u64,
    polled_ms: Option<u64>,
    outcome: Outcome,
}

impl Device {
    /// Whether a person can still decide.
    fn is_pending(&self, now_ms: u64) -> bool {
        self.outcome == Outcome::Pending && self.expires_ms > now_ms
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Outcome {
    Pending,
    Approved(String),
    Denied,
    Used,
}

/// One sign-in with the tokens that are good for it.
struct SignedIn {
    number: u64,
    client_id: String,
    user: String,
    refresh: Option<SecretString>,
    access: VecDeque<(SecretString, u64)>,
    ends_ms: u64,
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Oidc")
    }
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            secret: random::word(),
            state: Mutex::default(),
        }
    }
}

/// A moment after `now_ms`.
fn after(now_ms: u64, lifetime: Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX))
}

/// The start URL of the access portal.
pub(crate) fn start_url(service: &Service) -> String {
    let own = || format!("{}/start/{}", service.url(), service.oidc.secret);
    service.config.sign_in.start_url.clone().unwrap_or_else(own)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisterClient {
    client_name: Option<String>,
    client_type: Option<String>,
    grant_types: Option<Vec<String>>,
    redirect_uris: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    issuer_url: Option<String>,
}

pub(crate) fn register_client(service: &Service, input: RegisterClient) -> Result<Value, Refusal> {
    let name = required("clientName", input.client_name.as_deref())?;
    let client_type = required("clientType", input.client_type.as_deref())?;
    if name.is_empty() || client_type != "public" {
        return Err(bad(
            "InvalidClientMetadataException",
            "Only clients of type public with a name can be registered",
        ));
    }
    let grant_types = input.grant_types.unwrap_or_default();
    let known = [AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN];
    if !all_of(&grant_types, &known) {
        return Err(bad(
            "UnsupportedGrantTypeException",
            "A grant type is not supported",
        ));
    }
    let scopes = input.scopes.unwrap_or_default();
    if !all_of(&scopes, &SCOPES) {
        return Err(bad("InvalidScopeException", "A scope is not known"));
    }
    let redirect_uris = input.redirect_uris.unwrap_or_default();
    if !redirect_uris.iter().all(|uri| is_callback(uri)) {
        return Err(bad(
            "InvalidRedirectUriException",
            "Browsers are sent to http://127.0.0.1/oauth/callback only",
        ));
    }
    let knows_issuer = match input.issuer_url {
        Some(issuer) if issuer != start_url(service) => {
            return Err(bad("InvalidRequestException", "The issuer is not known"));
        }
        issuer => issuer.is_some(),
    };
    let wants_codes = grant_types.iter().any(|one| one == AUTHORIZATION_CODE);
    if wants_codes && (redirect_uris.is_empty() || !knows_issuer) {
        return Err(bad(
            "InvalidRequestException",
            "Authorization codes need redirectUris and issuerUrl",
        ));
    }
    let now_ms = service.now_ms();
    let client = Client {
        id: random::word(),
        secret: random::token(),
        expires_ms: after(now_ms, service.config.sign_in.lifetimes.client),
        grant_types,
        scopes,
        knows_issuer,
        can_redirect: !redirect_uris.is_empty(),
    };
    let answer = json!({
        "clientId": client.id,
        "clientSecret": client.secret.expose_secret(),
        "clientIdIssuedAt": now_ms / 1000,
        "clientSecretExpiresAt": client.expires_ms / 1000,
    });
    service.oidc.lock().clients.push(client);
    Ok(answer)
}

/// Whether a browser may be sent there: to this computer, whatever the port (RFC 8252, section 7.3).
fn is_callback(uri: &str) -> bool {
    let parsed = url::Url::parse(uri).ok();
    parsed
        .filter(|_| uri.len() <= MAX_URI_LEN)
        .is_some_and(|url| {
            url.scheme() == "http"
                && url.host_str() == Some("127.0.0.1")
                && url.path() == CALLBACK
                && url.username().is_empty()
                && url.query().is_none()
                && url.fragment().is_none()
        })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartDeviceAuthorization {
    client_id: Option<String>,
    client_secret: Option<String>,
    start_url: Option<String>,
}

pub(crate) fn start_device_authorization(
    service: &Service,
    input: &StartDeviceAuthorization,
) -> Result<Value, Refusal> {
    let given = required("startUrl", input.start_url.as_deref())?;
    let now_ms = service.now_ms();
    let mut state = service.oidc.lock();
    let client = state.client(
        input.client_id.as_deref(),
        input.client_secret.as_deref(),
        now_ms,
    )?;
    if !client.may(DEVICE_CODE) {
        return Err(not_registered_for_it());
    }
    // The access portal may be written with what the browser shows behind it.
    let given = given.trim_end_matches(['/', '#']);
    if !constant_time_eq(given, start_url(service).trim_end_matches(['/', '#'])) {
        return Err(bad("InvalidRequestException", "The start URL is not known"));
    }
    let lifetimes = &service.config.sign_in.lifetimes;
    let device = Device {
        device_code: random::word(),
        user_code: random::user_code(),
        client_id: client.id.clone(),
        expires_ms: after(now_ms, lifetimes.device_code),
        polled_ms: None,
        outcome: Outcome::Pending,
    };
    let uri = format!("{}/device", service.url());
    let answer = json!({
        "deviceCode": device.device_code,
        "userCode": device.user_code,
        "verificationUri": uri,
        "verificationUriComplete": format!("{uri}?user_code={}", device.user_code),
        "expiresIn": lifetimes.device_code.as_secs(),
        "interval": lifetimes.poll_interval.as_secs(),
    });
    state.devices.push(device);
    drop(state);
    service.tell();
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateToken {
    client_id: Option<String>,
    client_secret: Option<String>,
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    device_code: Option<String>,
    refresh_token: Option<String>,
}

impl CreateToken {
    /// The name under which calls of this kind are counted.
    pub(crate) fn counted_as(&self) -> Option<&'static str> {
        match self.grant_type.as_deref()? {
            AUTHORIZATION_CODE => Some("CreateToken/authorization_code"),
            DEVICE_CODE => Some("CreateToken/device_code"),
            REFRESH_TOKEN => Some("CreateToken/refresh_token"),
            _ => None,
        }
    }
}

pub(crate) fn create_token(service: &Service, input: &CreateToken) -> Result<Value, Refusal> {
    let grant_type = required("grantType", input.grant_type.as_deref())?;
    let now_ms = service.now_ms();
    let mut state = service.oidc.lock();
    let client = state.client(
        input.client_id.as_deref(),
        input.client_secret.as_deref(),
        now_ms,
    )?;
    if ![AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN].contains(&grant_type) {
        return Err(bad(
            "UnsupportedGrantTypeException",
            "The grant type is not supported",
        ));
    }
    if !client.may(grant_type) {
        return Err(not_registered_for_it());
    }
    let has_refresh =
        client.may(REFRESH_TOKEN) && client.scopes.iter().any(|scope| scope == ACCOUNT_ACCESS);
    let client_id = client.id.clone();
    let number = match grant_type {
        AUTHORIZATION_CODE => {
            let user = state.user_of_code(&client_id, input, now_ms)?;
            let number = state.sign_in(service, client_id, user, now_ms);
            state.mark_used(input, number);
            number
        }
        DEVICE_CODE => {
            let interval = service.config.sign_in.lifetimes.poll_interval;
            let device_code = required("deviceCode", input.device_code.as_deref())?;
            let user = state.user_of_device(&client_id, device_code, interval, now_ms)?;
            state.sign_in(service, client_id, user, now_ms)
        }
        _ => {
            let token = required("refreshToken", input.refresh_token.as_deref())?;
            state.refreshed(&client_id, token, now_ms)?
        }
    };
    let lifetime = service.config.sign_in.lifetimes.access_token;
    let (access, refresh) = state
        .new_tokens(number, has_refresh, after(now_ms, lifetime))
        .ok_or_else(invalid_grant)?;
    let mut answer = json!({
        "accessToken": access.expose_secret(),
        "tokenType": "Bearer",
        "expiresIn": lifetime.as_secs(),
    });
    if let Some(refresh) = refresh {
        answer["refreshToken"] = json!(refresh.expose_secret());
    }
    Ok(answer)
}

impl State {
    fn client(
        &self,
        id: Option<&str>,
        secret: Option<&str>,
        now_ms: u64,
    ) -> Result<&Client, Refusal> {
        let (id, secret) = (required("clientId", id)?, required("clientSecret", secret)?);
        let invalid = |text| Refusal::new(StatusCode::UNAUTHORIZED, "InvalidClientException", text);
        let client = self
            .clients
            .iter()
            .find(|client| client.id == id)
            .filter(|client| constant_time_eq(client.secret.expose_secret(), secret))
            .ok_or_else(|| invalid("The client is not known"))?;
        if client.expires_ms <= now_ms {
            return Err(invalid("The registration of the client has expired"));
        }
        Ok(client)
    }

    /// Who let a code be given out. Shown a second time, it ends the sign-in it made (RFC 6749, section 4.1.2).
    fn user_of_code(
        &mut self,
        client_id: &str,
        input: &CreateToken,
        now_ms: u64,
    ) -> Result<String, Refusal> {
        let code = required("code", input.code.as_deref())?;
        let redirect_uri = required("redirectUri", input.redirect_uri.as_deref())?;
        let verifier = required("codeVerifier", input.code_verifier.as_deref())?;
        let code = self
            .codes
            .iter_mut()
            .find(|one| constant_time_eq(&one.code, code))
            .ok_or_else(invalid_grant)?;
        if let Some(number) = code.used {
            self.sign_ins.retain(|one| Some(one.number) != number);
            return Err(invalid_grant());
        }
        code.used = Some(None);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let is_good = code.client_id == client_id
            && code.redirect_uri == redirect_uri
            && constant_time_eq(&code.challenge, &challenge)
            && code.expires_ms > now_ms;
        is_good.then(|| code.user.clone()).ok_or_else(invalid_grant)
    }

    fn mark_used(&mut self, input: &CreateToken, number: u64) {
        let mut codes = self.codes.iter_mut();
        if let Some(code) = codes.find(|one| Some(&one.code) == input.code.as_ref()) {
            code.used = Some(Some(number));
        }
    }

    fn user_of_device(
        &mut self,
        client_id: &str,
        device_code: &str,
        interval: Duration,
        now_ms: u64,
    ) -> Result<String, Refusal> {
        let device = self
            .devices
            .iter_mut()
            .find(|one| constant_time_eq(&one.device_code, device_code))
            .filter(|one| one.client_id == client_id && one.outcome != Outcome::Used)
            .ok_or_else(invalid_grant)?;
        let polled_ms = device.polled_ms.replace(now_ms);
        if device.expires_ms <= now_ms {
            return Err(bad("ExpiredTokenException", "The device code has expired"));
        }
        if polled_ms.is_some_and(|polled_ms| now_ms < after(polled_ms, interval)) {
            return Err(bad("SlowDownException", "Asked again too soon"));
        }
        match std::mem::replace(&mut device.outcome, Outcome::Used) {
            Outcome::Approved(user) => Ok(user),
            Outcome::Used => Err(invalid_grant()),
            Outcome::Denied => {
                device.outcome = Outcome::Denied;
                Err(bad("AccessDeniedException", "The person has refused"))
            }
            Outcome::Pending => {
                device.outcome = Outcome::Pending;
                Err(bad(
                    "AuthorizationPendingException",
                    "The person has not decided yet",
                ))
            }
        }
    }

    /// The sign-in of a refresh token, which is used up with the next tokens.
    fn refreshed(&self, client_id: &str, token: &str, now_ms: u64) -> Result<u64, Refusal> {
        let is_it = |one: &SignedIn| {
            let refresh = one.refresh.as_ref();
            one.client_id == client_id
                && refresh.is_some_and(|refresh| constant_time_eq(refresh.expose_secret(), token))
        };
        let sign_in = self.sign_ins.iter().find(|one| is_it(one));
        let sign_in = sign_in.ok_or_else(invalid_grant)?;
        if sign_in.ends_ms <= now_ms {
            return Err(invalid_grant());
        }
        Ok(sign_in.number)
    }

    fn sign_in(&mut self, service: &Service, client_id: String, user: String, now_ms: u64) -> u64 {
        self.count += 1;
        self.sign_ins.push(SignedIn {
            number: self.count,
            client_id,
            user,
            refresh: None,
            access: VecDeque::new(),
            ends_ms: after(now_ms, service.config.sign_in.lifetimes.sign_in),
        });
        self.count
    }

    fn new_tokens(
        &mut self,
        number: u64,
        has_refresh: bool,
        expires_ms: u64,
    ) -> Option<(SecretString, Option<SecretString>)> {
        let mut sign_ins = self.sign_ins.iter_mut();
        let sign_in = sign_ins.find(|one| one.number == number)?;
        let access = random::token();
        if sign_in.access.len() >= ACCESS_TOKENS {
            sign_in.access.pop_front();
        }
        sign_in.access.push_back((access.clone(), expires_ms));
        sign_in.refresh = has_refresh.then(random::token);
        Some((access, sign_in.refresh.clone()))
    }

    fn person<'a>(&self, service: &'a Service) -> Option<&'a User> {
        let users = &service.config.sign_in.users;
        match &self.person {
            Some(name) => users.iter().find(|user| user.name == *name),
            None => users.first(),
        }
    }
}

impl Oidc {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is in front of the browser.
    pub(crate) fn person<'a>(&self, service: &'a Service) -> Option<&'a User> {
        self.lock().person(service)
    }

    /// The user of an access token that is good.
    pub(crate) fn user_of<'a>(&self, service: &'a Service, token: &str) -> Option<&'a User> {
        let now_ms = service.now_ms();
        let state = self.lock();
        let is_it = |(one, expires_ms): &(SecretString, u64)| {
            *expires_ms > now_ms && constant_time_eq(one.expose_secret(), token)
        };
        let mut sign_ins = state.sign_ins.iter();
        let sign_in = sign_ins.find(|one| one.access.iter().any(is_it))?;
        let mut users = service.config.sign_in.users.iter();
        users.find(|user| user.name == sign_in.user)
    }

    /// Ends the sign-in of an access token.
    pub(crate) fn log_out(&self, token: &str) {
        self.lock().sign_ins.retain(|one| {
            let mut tokens = one.access.iter();
            !tokens.any(|(one, _)| constant_time_eq(one.expose_secret(), token))
        });
    }

    /// Puts a user in front of the browser. Whether there is one of this name.
    pub(crate) fn sign_in_as(&self, service: &Service, user: &str) -> bool {
        let mut users = service.config.sign_in.users.iter();
        let is_known = users.any(|one| one.name == user);
        if is_known {
            self.lock().person = Some(user.to_owned());
        }
        is_known
    }

    /// The user codes that wait for a person.
    pub(crate) fn pending_devices(&self, now_ms: u64) -> Vec<String> {
        let state = self.lock();
        let pending = state.devices.iter();
        let pending = pending.filter(|device| device.is_pending(now_ms));
        pending.map(|device| device.user_code.clone()).collect()
    }

    /// Approves or denies a user code. Whether it waited for that.
    pub(crate) fn decide(&self, service: &Service, user_code: &str, approve: bool) -> bool {
        let mut state = self.lock();
        let outcome = match state.person(service) {
            Some(user) if approve => Outcome::Approved(user.name.clone()),
            _ => Outcome::Denied,
        };
        let now_ms = service.now_ms();
        let device = state.devices.iter_mut().find(|device| {
            device.user_code.eq_ignore_ascii_case(user_code) && device.is_pending(now_ms)
        });
        device.is_some_and(|device| {
            device.outcome = outcome;
            true
        })
    }

    pub(crate) fn revoke(&self) {
        self.lock().sign_ins = Remembered::default();
    }

    pub(crate) fn expire_access_tokens(&self) {
        for sign_in in self.lock().sign_ins.iter_mut() {
            sign_in.access.clear();
        }
    }

    pub(crate) fn expire_clients(&self) {
        for client in self.lock().clients.iter_mut() {
            client.expires_ms = 0;
        }
    }

    /// A sign-in as other clients keep it on disk.
    pub(crate) fn cache_entry(&self, service: &Service) -> Option<SecretString> {
        let now_ms = service.now_ms();
        let lifetimes = &service.config.sign_in.lifetimes;
        let mut state = self.lock();
        let user = state.person(service)?.name.clone();
        let client = Client {
            id: random::word(),
            secret: random::token(),
            expires_ms: after(now_ms, lifetimes.client),
            grant_types: vec![AUTHORIZATION_CODE.to_owned(), REFRESH_TOKEN.to_owned()],
            scopes: vec![ACCOUNT_ACCESS.to_owned()],
            knows_issuer: true,
            can_redirect: true,
        };
        let number = state.sign_in(service, client.id.clone(), user, now_ms);
        let expires_ms = after(now_ms, lifetimes.access_token);
        let (access, refresh) = state.new_tokens(number, true, expires_ms)?;
        let entry = json!({
            "startUrl": start_url(service),
            "region": service.config.region,
            "accessToken": access.expose_secret(),
            "expiresAt": timestamp::format_iso_seconds(expires_ms),
            "clientId": client.id,
            "clientSecret": client.secret.expose_secret(),
            "registrationExpiresAt": timestamp::format_iso_seconds(client.expires_ms),
            "refreshToken": refresh?.expose_secret(),
        });
        state.clients.push(client);
        Some(entry.to_string().into())
    }
}

fn required<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str, Refusal> {
    let missing = || bad("InvalidRequestException", format!("{name} is missing"));
    value.ok_or_else(missing)
}

fn all_of(given: &[String], known: &[&str]) -> bool {
    given.len() <= MAX_LIST && given.iter().all(|one| known.contains(&one.as_str()))
}

fn bad(kind: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, kind, message)
}

fn invalid_grant() -> Refusal {
    bad("InvalidGrantException", "What was shown is not good")
}

fn not_registered_for_it() -> Refusal {
    bad(
        "UnauthorizedClientException",
        "The client is not registered for this grant type",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_sent_to_this_computer_only() {
        for good in [
            "http://127.0.0.1/oauth/callback",
            "http://127.0.0.1:49152/oauth/callback",
        ] {
            assert!(is_callback(good), "{good}");
        }
        for bad in [
            "https://127.0.0.1/oauth/callback",
            "http://localhost/oauth/callback",
            "http://127.0.0.1.example.com/oauth/callback",
            "http://127.0.0.1@example.com/oauth/callback",
            "http://user@127.0.0.1/oauth/callback",
            "http://127.0.0.1/other",
            "http://127.0.0.1/oauth/callback?next=x",
            "not a url",
            &format!("http://127.0.0.1/{}oauth/callback", "./".repeat(100)),
        ] {
            assert!(!is_callback(bad), "{bad}");
        }
    }
}
