//! Signing in to IAM Identity Center: by a browser that comes back to this computer (authorisation code with PKCE, what
//! the AWS CLI does), or by a code that is typed on any device.

use std::time::{Duration, SystemTime};

use aws_sdk_ssooidc::Client;
use aws_sdk_ssooidc::operation::create_token::CreateTokenError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};
use url::Url;

use super::loopback::{Answer, Loopback};
use super::token::{Registration, Renewal, SsoSession, SsoToken};
use crate::error::{Action, Error, ErrorCode};

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
const CLIENT_NAME: &str = "Sessiondeck";
const DEFAULT_SCOPE: &str = "sso:account:access";
/// Registered without a port: any port of this computer may be used (RFC 8252, 7.3).
const REGISTERED_REDIRECT: &str = "http://127.0.0.1/oauth/callback";
/// How often to ask whether the code was typed, where the service does not say; and what to add when it asks for less.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// What a person is shown while a sign-in waits for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInStep {
    /// Asking the service; nothing to do yet.
    Preparing,
    /// This page is open in a browser, or to be opened by hand.
    Browser {
        /// The page. It names this computer and holds no secret.
        url: Url,
    },
    /// The code is to be compared with, or typed on, this page.
    Device {
        /// Such as `ABCD-EFGH`.
        user_code: String,
        /// The page, on any device.
        page: Url,
        /// The page with the code in it already.
        page_with_code: Option<Url>,
        /// Until when.
        expires_at: SystemTime,
    },
    /// The person has answered; the token is being fetched.
    Finishing,
}

/// Tells the step that a sign-in has come to.
pub(crate) type Tell<'a> = &'a (dyn Fn(SignInStep) + Send + Sync);

/// Signs in with a browser on this computer. `authorize` is the service's own address, for its page; `open` opens it.
pub(crate) async fn by_browser(
    client: &Client,
    session: &SsoSession,
    authorize: &Url,
    tell: Tell<'_>,
    open: impl AsyncFnOnce(&Url) -> Result<(), String>,
) -> Result<SsoToken, Error> {
    tell(SignInStep::Preparing);
    let registration = register(client, session, &["authorization_code", "refresh_token"]).await?;
    let loopback = Loopback::bind().await.map_err(|error| {
        Error::new(
            ErrorCode::SignInFailed,
            Some(format!(
                "no port of 127.0.0.1 could be listened on: {error}"
            )),
        )
    })?;
    let redirect_uri = loopback.redirect_uri();
    let (state, verifier) = (random_text(), SecretString::from(random_text()));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret()));
    let mut url = authorize.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &registration.id)
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("state", &state)
        .append_pair("code_challenge_method", "S256")
        .append_pair("scopes", &scopes(session).join(" "))
        .append_pair("code_challenge", &challenge);
    tell(SignInStep::Browser { url: url.clone() });
    if let Err(problem) = open(&url).await {
        // The person has the address before them, and can open it.
        tracing::warn!(problem, "no browser was opened");
    }
    let answer = timeout(PATIENCE, loopback.answer(state)).await;
    tell(SignInStep::Finishing);
    let code = match answer {
        Ok(Answer::Code(code)) => code,
        Ok(Answer::Denied(why)) => return Err(Error::new(ErrorCode::SignInDenied, Some(why))),
        Err(_) => return Err(too_late()),
    };
    let output = client
        .create_token()
        .client_id(&registration.id)
        .client_secret(registration.secret.expose_secret())
        .grant_type("authorization_code")
        .redirect_uri(redirect_uri)
        .code(code.expose_secret())
        .code_verifier(verifier.expose_secret())
        .send()
        .await
        .map_err(|error| Error::from_sdk(&error, Action::SignIn))?;
    token(
        output.access_token,
        output.expires_in,
        output.refresh_token,
        registration,
    )
}

/// Signs in with a code, typed on any device.
pub(crate) async fn by_code(
    client: &Client,
    session: &SsoSession,
    tell: Tell<'_>,
    open: impl AsyncFnOnce(&Url) -> Result<(), String>,
) -> Result<SsoToken, Error> {
    tell(SignInStep::Preparing);
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let registration = register(client, session, &[grant, "refresh_token"]).await?;
    let device = client
        .start_device_authorization()
        .client_id(&registration.id)
        .client_secret(registration.secret.expose_secret())
        .start_url(&session.start_url)
        .send()
        .await
        .map_err(|error| Error::from_sdk(&error, Action::SignIn))?;
    let lacks = |what: &str| {
        Error::new(
            ErrorCode::MalformedAnswer,
            Some(format!("StartDeviceAuthorization's answer lacks {what}")),
        )
        .during(Action::SignIn)
    };
    let page = device
        .verification_uri()
        .and_then(web_page)
        .ok_or_else(|| lacks("a page"))?;
    let code = device
        .device_code
        .as_deref()
        .map(SecretString::from)
        .ok_or_else(|| lacks("the device code"))?;
    let user_code = device.user_code.clone().ok_or_else(|| lacks("the code"))?;
    let page_with_code = device.verification_uri_complete().and_then(web_page);
    let life = seconds(device.expires_in).clamp(Duration::from_secs(1), PATIENCE);
    tell(SignInStep::Device {
        user_code,
        page: page.clone(),
        page_with_code: page_with_code.clone(),
        expires_at: SystemTime::now() + life,
    });
    if let Err(problem) = open(page_with_code.as_ref().unwrap_or(&page)).await {
        tracing::warn!(problem, "no browser was opened");
    }
    let mut interval = match seconds(device.interval) {
        Duration::ZERO => POLL_INTERVAL,
        interval => interval,
    };
    let polling = async {
        loop {
            sleep(interval).await;
            let answer = client
                .create_token()
                .client_id(&registration.id)
                .client_secret(registration.secret.expose_secret())
                .grant_type(grant)
                .device_code(code.expose_secret())
                .send()
                .await;
            let error = match answer {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(CreateTokenError::AuthorizationPendingException(_)) => {}
                Some(CreateTokenError::SlowDownException(_)) => interval += POLL_INTERVAL,
                Some(CreateTokenError::ExpiredTokenException(_)) => return Err(too_late()),
                Some(CreateTokenError::AccessDeniedException(denied)) => {
                    let why = denied.error_description().unwrap_or("access_denied");
                    return Err(Error::new(ErrorCode::SignInDenied, Some(why.to_owned())));
                }
                _ => {
                    let error = Error::from_sdk(&error, Action::SignIn);
                    // The code is still good: a network that fails meanwhile does not end the sign-in.
                    if !error.is_retryable() {
                        return Err(error);
                    }
                }
            }
        }
    };
    let output = timeout(life, polling)
        .await
        .unwrap_or_else(|_| Err(too_late()))?;
    tell(SignInStep::Finishing);
    token(
        output.access_token,
        output.expires_in,
        output.refresh_token,
        registration,
    )
}

/// A new token without a person. `None`: a person has to sign in.
pub(crate) async fn renew(
    client: &Client,
    renewal: &Renewal,
    now: SystemTime,
) -> Result<Option<SsoToken>, Error> {
    if renewal.client.expires_at <= now {
        return Ok(None);
    }
    let answer = client
        .create_token()
        .client_id(&renewal.client.id)
        .client_secret(renewal.client.secret.expose_secret())
        .grant_type("refresh_token")
        .refresh_token(renewal.refresh_token.expose_secret())
        .send()
        .await;
    match answer {
        Ok(output) => {
            let refresh_token = output
                .refresh_token
                .or_else(|| Some(renewal.refresh_token.expose_secret().to_owned()));
            token(
                output.access_token,
                output.expires_in,
                refresh_token,
                renewal.client.clone(),
            )
            .map(Some)
        }
        Err(error) => match error.as_service_error() {
            Some(
                CreateTokenError::InvalidGrantException(_)
                | CreateTokenError::ExpiredTokenException(_)
                | CreateTokenError::InvalidClientException(_)
                | CreateTokenError::UnauthorizedClientException(_)
                | CreateTokenError::AccessDeniedException(_),
            ) => Ok(None),
            _ => Err(Error::from_sdk(&error, Action::SignIn)),
        },
    }
}

async fn register(
    client: &Client,
    session: &SsoSession,
    grants: &[&str],
) -> Result<Registration, Error> {
    let mut request = client
        .register_client()
        .client_name(CLIENT_NAME)
        .client_type("public")
        .issuer_url(&session.start_url);
    for scope in scopes(session) {
        request = request.scopes(scope);
    }
    for grant in grants {
        request = request.grant_types(*grant);
    }
    if grants.contains(&"authorization_code") {
        request = request.redirect_uris(REGISTERED_REDIRECT);
    }
    let output = request
        .send()
        .await
        .map_err(|error| Error::from_sdk(&error, Action::SignIn))?;
    let expires_at = SystemTime::UNIX_EPOCH
        + Duration::from_secs(output.client_secret_expires_at.max(0).unsigned_abs());
    match (output.client_id, output.client_secret) {
        (Some(id), Some(secret)) => Ok(Registration {
            id,
            secret: secret.into(),
            expires_at,
        }),
        _ => Err(Error::new(
            ErrorCode::MalformedAnswer,
            Some("RegisterClient's answer lacks a field".to_owned()),
        )
        .during(Action::SignIn)),
    }
}

fn token(
    access_token: Option<String>,
    expires_in: i32,
    refresh_token: Option<String>,
    client: Registration,
) -> Result<SsoToken, Error> {
    let access_token = access_token.ok_or_else(|| {
        Error::new(
            ErrorCode::MalformedAnswer,
            Some("CreateToken's answer lacks the token".to_owned()),
        )
        .during(Action::SignIn)
    })?;
    Ok(SsoToken {
        access_token: access_token.into(),
        expires_at: SystemTime::now() + seconds(expires_in),
        renewal: refresh_token.map(|refresh_token| Renewal {
            refresh_token: refresh_token.into(),
            client,
        }),
    })
}

fn scopes(session: &SsoSession) -> Vec<&str> {
    if session.scopes.is_empty() {
        vec![DEFAULT_SCOPE]
    } else {
        session.scopes.iter().map(String::as_str).collect()
    }
}

fn seconds(count: i32) -> Duration {
    Duration::from_secs(count.max(0).unsigned_abs().into())
}

/// A page that a browser may be sent to: what the service says is not trusted to be one.
fn web_page(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(url)
}

fn too_late() -> Error {
    Error::new(
        ErrorCode::SignInFailed,
        Some("nobody signed in before the time was over".to_owned()),
    )
}

/// 256 random bits, as text that needs no escaping.
fn random_text() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
