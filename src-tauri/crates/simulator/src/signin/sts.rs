//! The part of the Security Token Service that clients sign in with: who am I, roles, and session tokens. AWS Query
//! protocol: a form comes in, XML goes out. Shapes, constraints and wordings follow the AWS Security Token Service API
//! Reference. Session policies and tags are taken and have no effect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::Full;
use secrecy::{ExposeSecret as _, SecretString};

use super::Refusal;
use super::identities::{Identity, Issued, Stranger, authenticate};
use crate::api::Validation;
use crate::api_error::ApiError;
use crate::config::{MfaDevice, Role};
use crate::faults::CallError;
use crate::service::Service;
use crate::sigv4::{SignatureError, constant_time_eq};
use crate::timestamp;

const VERSION: &str = "2011-06-15";
const XML: HeaderValue = HeaderValue::from_static("text/xml");
/// What roles assumed by role sessions have at most.
const CHAINED: Duration = Duration::from_secs(3600);

/// The parameters of a call.
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    pub(crate) fn read(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// The operation.
    pub(crate) fn action(&self) -> &str {
        self.text("Action").unwrap_or_default()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// The devices with the codes that are left.
pub(crate) struct Mfa(Mutex<Vec<MfaDevice>>);

impl std::fmt::Debug for Mfa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mfa")
    }
}

impl Mfa {
    pub(crate) fn new(devices: Vec<MfaDevice>) -> Self {
        Self(Mutex::new(devices))
    }

    /// Adds a code to a device. Whether there is such a device.
    pub(crate) fn add(&self, serial: &str, code: SecretString) -> bool {
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let device = devices.iter_mut().find(|device| device.serial == serial);
        device.is_some_and(|device| {
            device.codes.push(code);
            true
        })
    }

    /// Takes a code, which is then used up.
    fn take(&self, serial: &str, code: &str) -> Result<(), Refusal> {
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let device = devices
            .iter_mut()
            .find(|device| device.serial == serial)
            .ok_or_else(|| {
                denied(
                    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                     number is valid and associated with this user.",
                )
            })?;
        let found = device
            .codes
            .iter()
            .position(|one| constant_time_eq(one.expose_secret(), code));
        let Some(index) = found else {
            return Err(denied(
                "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            ));
        };
        device.codes.remove(index);
        Ok(())
    }
}

/// Carries out a call and writes its answer.
pub(crate) fn call(
    service: &Service,
    parts: &Parts,
    body: &[u8],
    form: &Form,
    fault: Option<CallError>,
    request_id: &str,
) -> Response<Full<Bytes>> {
    let namespace = format!("https://sts.amazonaws.com/doc/{VERSION}/");
    let action = form.action();
    let (status, text) = match result(service, parts, body, form, fault) {
        Ok(result) => {
            tracing::debug!(operation = action, "answered");
            let text = format!(
                "<{action}Response xmlns=\"{namespace}\">\n<{action}Result>\n{result}</{action}Result>\n\
                 <ResponseMetadata>\n{}</ResponseMetadata>\n</{action}Response>\n",
                element("RequestId", request_id)
            );
            (StatusCode::OK, text)
        }
        Err(refusal) => {
            tracing::debug!(error = refusal.kind, message = refusal.message, "refused");
            let whose = if refusal.status.is_server_error() {
                "Receiver"
            } else {
                "Sender"
            };
            let text = format!(
                "<ErrorResponse xmlns=\"{namespace}\">\n<Error>\n{}{}{}</Error>\n{}</ErrorResponse>\n",
                element("Type", whose),
                element("Code", refusal.kind),
                element("Message", &refusal.message),
                element("RequestId", request_id)
            );
            (refusal.status, text)
        }
    };
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, XML);
    response
}

fn result(
    service: &Service,
    parts: &Parts,
    body: &[u8],
    form: &Form,
    fault: Option<CallError>,
) -> Result<String, Refusal> {
    let action = form.action();
    let known = matches!(
        action,
        "GetCallerIdentity" | "AssumeRole" | "AssumeRoleWithWebIdentity" | "GetSessionToken"
    );
    let version = form.text("Version").unwrap_or_default();
    if !known || version != VERSION {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidAction",
            format!("Could not find operation {action} for version {version}"),
        ));
    }
    if action == "AssumeRoleWithWebIdentity" {
        check_fault(fault, action, None)?;
        return assume_role_with_web_identity(service, form);
    }
    let caller = authenticate(service, "sts", parts, body)?;
    if service.are_credentials_expired() {
        return Err(Stranger::Expired.into());
    }
    check_fault(fault, action, Some(&caller))?;
    match action {
        "AssumeRole" => assume_role(service, &caller, form),
        "GetSessionToken" => session_token(service, &caller, form),
        _ => Ok(caller_identity(&caller)),
    }
}

fn check_fault(
    fault: Option<CallError>,
    action: &str,
    caller: Option<&Identity>,
) -> Result<(), Refusal> {
    let Some(fault) = fault else { return Ok(()) };
    Err(match fault {
        CallError::Late(_) | CallError::NullToken | CallError::DoesNotExist => return Ok(()),
        CallError::Throttling => {
            Refusal::new(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded")
        }
        CallError::ExpiredToken => Stranger::Expired.into(),
        CallError::AccessDenied => {
            let caller = caller.map_or("anonymous", |caller| &caller.arn);
            denied(format!(
                "User: {caller} is not authorized to perform: sts:{action} with an explicit deny"
            ))
        }
        CallError::Internal => Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "An internal error occurred.",
        ),
        CallError::Unavailable => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "The service is unavailable.",
        ),
    })
}

fn caller_identity(caller: &Identity) -> String {
    element("Arn", &caller.arn)
        + &element("UserId", &caller.user_id)
        + &element("Account", &caller.account_id)
}

fn assume_role(service: &Service, caller: &Identity, form: &Form) -> Result<String, Refusal> {
    let mut validation = Validation::default();
    let (arn, name) = role_and_session(&mut validation, form);
    let external_id = form.text("ExternalId");
    if let Some(id) = external_id {
        validation.length("externalId", id, 2, 1224);
    }
    check_code(&mut validation, form);
    let asked = duration(&mut validation, form, 43_200)?;
    finish(validation)?;

    let has_mfa = with_code(service, form)? || caller.has_mfa;
    // All that a trust policy can be against has one answer: nobody learns which roles there are.
    let refused = || {
        denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            caller.arn
        ))
    };
    let role = find(service, arn).ok_or_else(refused)?;
    let is_id_right = role
        .external_id
        .as_deref()
        .is_none_or(|wanted| external_id == Some(wanted));
    if !trusts(role, caller) || !is_id_right || (role.requires_mfa && !has_mfa) {
        return Err(refused());
    }
    if caller.role_arn.is_some() && asked.is_some_and(|asked| asked > CHAINED) {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    let issued = issue(service, role, name, asked)?;
    Ok(credentials(&issued) + &assumed_role_user(&issued))
}

/// Whether the trust policy of a role lets this caller in.
fn trusts(role: &Role, caller: &Identity) -> bool {
    let root = format!("arn:aws:iam::{}:root", caller.account_id);
    let mut names = vec!["*", &caller.arn, &root];
    names.extend(caller.role_arn.as_deref());
    let mut trusted = role.trusted.iter();
    trusted.any(|trusted| names.contains(&trusted.as_str()))
}

fn assume_role_with_web_identity(service: &Service, form: &Form) -> Result<String, Refusal> {
    let mut validation = Validation::default();
    let (arn, name) = role_and_session(&mut validation, form);
    let token = validation.required("webIdentityToken", form.text("WebIdentityToken"));
    // Not by its value: it is a secret, whatever is wrong with it.
    if form.text("WebIdentityToken").is_some() && !(4..=20_000).contains(&token.len()) {
        const CONSTRAINT: &str = "Member must have length between 4 and 20000";
        validation.fail("webIdentityToken", "'***'", CONSTRAINT);
    }
    let asked = duration(&mut validation, form, 43_200)?;
    finish(validation)?;
    let role = find(service, arn).filter(|role| role.web_identity_token.is_some());
    let role =
        role.ok_or_else(|| denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"))?;
    let is_right = role
        .web_identity_token
        .as_ref()
        .is_some_and(|wanted| constant_time_eq(wanted.expose_secret(), token));
    if !is_right {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        ));
    }
    let issued = issue(service, role, name, asked)?;
    Ok(credentials(&issued)
        + &assumed_role_user(&issued)
        + &element("SubjectFromWebIdentityToken", "simulated-subject")
        + &element("Provider", "arn:aws:iam::aws:oidc-provider/simulator")
        + &element("Audience", "sts.amazonaws.com"))
}

fn session_token(service: &Service, caller: &Identity, form: &Form) -> Result<String, Refusal> {
    let mut validation = Validation::default();
    check_code(&mut validation, form);
    let asked = duration(&mut validation, form, 129_600)?;
    finish(validation)?;
    if caller.is_temporary {
        return Err(denied(
            "Cannot call GetSessionToken with session credentials",
        ));
    }
    let identity = Identity {
        has_mfa: with_code(service, form)?,
        is_temporary: true,
        ..caller.clone()
    };
    let lifetime = asked.unwrap_or(Duration::from_secs(43_200));
    let issued = service
        .identities
        .issue(identity, service.now_ms(), lifetime);
    Ok(credentials(&issued))
}

fn role_and_session<'a>(validation: &mut Validation, form: &'a Form) -> (&'a str, &'a str) {
    let arn = validation.required("roleArn", form.text("RoleArn"));
    if form.text("RoleArn").is_some() {
        validation.length("roleArn", arn, 20, 2048);
    }
    let name = validation.required("roleSessionName", form.text("RoleSessionName"));
    if form.text("RoleSessionName").is_some() {
        validation.length("roleSessionName", name, 2, 64);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !name.chars().all(is_plain) {
            const PATTERN: &str = r"Member must satisfy regular expression pattern: [\w+=,.@-]*";
            validation.fail("roleSessionName", &format!("'{name}'"), PATTERN);
        }
    }
    (arn, name)
}

fn duration(
    validation: &mut Validation,
    form: &Form,
    most: i64,
) -> Result<Option<Duration>, Refusal> {
    let Some(text) = form.text("DurationSeconds") else {
        return Ok(None);
    };
    let Ok(seconds) = text.parse::<i64>() else {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "MalformedInput",
            "DurationSeconds is not a number",
        ));
    };
    validation.range("durationSeconds", Some(seconds), 900, most);
    Ok(u64::try_from(seconds).ok().map(Duration::from_secs))
}

fn check_code(validation: &mut Validation, form: &Form) {
    if let Some(serial) = form.text("SerialNumber") {
        validation.length("serialNumber", serial, 9, 256);
    }
    if let Some(code) = form.text("TokenCode") {
        validation.length("tokenCode", code, 6, 6);
        if !code.bytes().all(|byte| byte.is_ascii_digit()) {
            const PATTERN: &str = r"Member must satisfy regular expression pattern: [\d]*";
            validation.fail("tokenCode", &format!("'{code}'"), PATTERN);
        }
    }
}

/// Whether a good code came with the call.
fn with_code(service: &Service, form: &Form) -> Result<bool, Refusal> {
    match (form.text("SerialNumber"), form.text("TokenCode")) {
        (None, None) => Ok(false),
        (Some(serial), Some(code)) => service.mfa.take(serial, code).map(|()| true),
        (Some(_), None) | (None, Some(_)) => Err(denied(
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
        )),
    }
}

fn finish(validation: Validation) -> Result<(), Refusal> {
    validation
        .finish()
        .map_err(|ApiError { message, .. }| invalid(message))
}

fn find<'a>(service: &'a Service, arn: &str) -> Option<&'a Role> {
    let mut roles = service.config.sign_in.roles.iter();
    roles.find(|role| role.arn == arn)
}

/// Credentials of a role for at most its longest time.
fn issue(
    service: &Service,
    role: &Role,
    session_name: &str,
    asked: Option<Duration>,
) -> Result<Arc<Issued>, Refusal> {
    if asked.is_some_and(|asked| asked > role.max_duration) {
        return Err(invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let lifetime = service.config.sign_in.assumed_role_lifetime;
    let lifetime = lifetime.or(asked).unwrap_or(Duration::from_secs(3600));
    let identity = Identity::role_session(&role.arn, session_name);
    Ok(service
        .identities
        .issue(identity, service.now_ms(), lifetime))
}

fn credentials(issued: &Issued) -> String {
    let expiration = timestamp::format_iso_seconds(issued.expires_ms());
    let fields = [
        element("AccessKeyId", &issued.access_key_id),
        element("SecretAccessKey", issued.secret_access_key.expose_secret()),
        element("SessionToken", issued.session_token.expose_secret()),
        element("Expiration", &expiration),
    ];
    format!("<Credentials>\n{}</Credentials>\n", fields.concat())
}

fn assumed_role_user(issued: &Issued) -> String {
    let identity = &issued.identity;
    let fields = element("AssumedRoleId", &identity.user_id) + &element("Arn", &identity.arn);
    format!("<AssumedRoleUser>\n{fields}</AssumedRoleUser>\n")
}

/// One element of XML with text in it.
fn element(name: &str, text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // XML has no way to write the others.
            c if c.is_control() && !"\t\n\r".contains(c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    format!("<{name}>{escaped}</{name}>\n")
}

fn denied(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", message)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "ValidationError", message)
}

impl From<Stranger> for Refusal {
    fn from(stranger: Stranger) -> Self {
        // The words are those of every service; the names are STS's own.
        let ApiError { message, .. } = match &stranger {
            Stranger::Expired => ApiError::expired_token(),
            Stranger::Signature(error) => error.clone().into(),
        };
        let kind = match stranger {
            Stranger::Expired => "ExpiredToken",
            Stranger::Signature(SignatureError::Missing) => "MissingAuthenticationToken",
            Stranger::Signature(SignatureError::Incomplete(_)) => "IncompleteSignature",
            Stranger::Signature(SignatureError::UnknownCredentials) => "InvalidClientTokenId",
            Stranger::Signature(
                SignatureError::WrongScope(_)
                | SignatureError::NotCurrent { .. }
                | SignatureError::Mismatch,
            ) => "SignatureDoesNotMatch",
        };
        Self::new(StatusCode::FORBIDDEN, kind, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(
            element("A", "<&>\u{1}\""),
            "<A>&lt;&amp;&gt;\u{fffd}\"</A>\n"
        );
    }

    #[test]
    fn a_code_is_good_once_for_its_own_device() {
        let mfa = Mfa::new(vec![
            MfaDevice::new("one", ["111111"]),
            MfaDevice::new("other", ["222222"]),
        ]);
        assert!(mfa.take("other", "111111").is_err());
        assert!(mfa.take("third", "111111").is_err());
        assert_eq!(mfa.take("one", "111111"), Ok(()));
        assert!(mfa.take("one", "111111").is_err());
        assert!(mfa.add("one", "333333".into()) && !mfa.add("third", "333333".into()));
        assert_eq!(mfa.take("one", "333333"), Ok(()));
        assert_eq!(format!("{mfa:?}"), "Mfa");
    }
}
