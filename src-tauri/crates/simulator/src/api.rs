//! The JSON 1.1 operations of Systems Manager that Session Manager clients use. Each takes a parsed body and answers
//! with a body or an error; HTTP and signatures are `http`'s business. Shapes, constraints and wordings follow the AWS
//! Systems Manager API Reference.

mod validation;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

pub(crate) use self::validation::Validation;
use crate::agent::{Plan, Program};
use crate::api_error::ApiError;
use crate::config::{Document, DocumentKind, Handshake, Platform, TargetBehaviour};
use crate::faults::CallError;
use crate::random;
use crate::service::{Service, StartRecord};
use crate::session::Session;
use crate::signin::identities::Identity;
use crate::timestamp;

/// The prefix of `X-Amz-Target`.
pub(crate) const SERVICE_PREFIX: &str = "AmazonSSM.";

/// Carries out the operation that `X-Amz-Target` names.
pub(crate) fn call(
    service: &Arc<Service>,
    caller: &Identity,
    operation: &str,
    body: &[u8],
    user_agent: Option<&str>,
    fault: Option<CallError>,
) -> Result<Value, ApiError> {
    if service.are_credentials_expired() {
        return Err(ApiError::expired_token());
    }
    if let Some(fault) = fault {
        check_fault(service, caller, operation, body, fault)?;
    }
    let answer = match operation.strip_prefix(SERVICE_PREFIX) {
        Some("StartSession") => start_session(service, caller, parse(body)?, user_agent),
        Some("ResumeSession") => resume_session(service, &parse(body)?),
        Some("TerminateSession") => terminate_session(service, &parse(body)?),
        Some("DescribeSessions") => describe_sessions(service, &parse(body)?),
        Some("DescribeInstanceInformation") => {
            describe_instance_information(service, &parse(body)?)
        }
        Some("GetConnectionStatus") => connection_status(service, &parse(body)?),
        Some(_) | None => Err(ApiError::unknown_operation()),
    };
    match (answer, fault) {
        (Ok(answer), Some(CallError::NullToken)) => Ok(json!({
            "SessionId": answer["SessionId"], "TokenValue": null, "StreamUrl": null,
        })),
        (answer, _) => answer,
    }
}

/// The error that was asked for, if it is one.
fn check_fault(
    service: &Service,
    caller: &Identity,
    operation: &str,
    body: &[u8],
    fault: CallError,
) -> Result<(), ApiError> {
    let session = || {
        let input: OfSession = parse(body).unwrap_or_default();
        input.session_id.unwrap_or_default()
    };
    Err(match fault {
        CallError::Late(_) | CallError::NullToken => return Ok(()),
        CallError::Throttling => ApiError::throttling(),
        CallError::ExpiredToken => ApiError::expired_token(),
        CallError::Internal => ApiError::internal(),
        CallError::Unavailable => ApiError::unavailable(),
        CallError::DoesNotExist => ApiError::does_not_exist(&session()),
        CallError::AccessDenied => {
            let operation = operation.strip_prefix(SERVICE_PREFIX).unwrap_or(operation);
            let (region, account) = (&service.config.region, &service.config.account_id);
            let resource = match session() {
                id if id.is_empty() => format!("arn:aws:ssm:{region}:{account}:*"),
                id => format!("arn:aws:ssm:{region}:{account}:session/{id}"),
            };
            ApiError::access_denied(&caller.arn, &format!("ssm:{operation}"), &resource)
        }
    })
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // Where the text is wrong may be said, what is wrong not: the body may hold secrets of somebody's document.
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "a value has the wrong type",
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => "the body is not JSON",
        };
        ApiError::serialization(format!(
            "{what} (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartSession {
    target: Option<String>,
    document_name: Option<String>,
    reason: Option<String>,
    parameters: Option<BTreeMap<String, Vec<String>>>,
}

fn start_session(
    service: &Arc<Service>,
    caller: &Identity,
    input: StartSession,
    user_agent: Option<&str>,
) -> Result<Value, ApiError> {
    let mut validation = Validation::default();
    let target = validation.required("target", input.target.as_deref());
    validation.length("target", target, 1, 400);
    if let Some(name) = input.document_name.as_deref() {
        validation.document_name(name);
    }
    if let Some(reason) = input.reason.as_deref() {
        validation.length("reason", reason, 1, 256);
    }
    let parameters = input.parameters.unwrap_or_default();
    validation.parameters(&parameters);
    validation.finish()?;

    service.record(StartRecord {
        target: target.to_owned(),
        document: input.document_name.clone(),
        reason: input.reason.clone(),
        parameters: parameters.clone().into_iter().collect(),
        user_agent: user_agent.map(str::to_owned),
    });

    let not_connected = || ApiError::target_not_connected(target);
    let behaviour = service.target(target).ok_or_else(not_connected)?.behaviour;
    match behaviour {
        TargetBehaviour::Connected | TargetBehaviour::Silent | TargetBehaviour::NotConnected => {}
        TargetBehaviour::AccessDenied => {
            let resource = target_arn(service, target);
            return Err(ApiError::access_denied(
                &caller.arn,
                "ssm:StartSession",
                &resource,
            ));
        }
        TargetBehaviour::Throttling => return Err(ApiError::throttling()),
        TargetBehaviour::ExpiredToken => return Err(ApiError::expired_token()),
        TargetBehaviour::InternalError => return Err(ApiError::internal()),
    }

    let name = input
        .document_name
        .as_deref()
        .unwrap_or(&service.config.default_document);
    // A name may also be an ARN: `arn:aws:ssm:<region>:<account>:document/<name>`.
    let name = name.split_once(":document/").map_or(name, |(_, name)| name);
    let document = service
        .config
        .documents
        .get(name)
        .ok_or_else(|| ApiError::invalid_document(name))?;
    let values = document_values(name, document, &parameters)?;
    if behaviour == TargetBehaviour::NotConnected {
        return Err(not_connected());
    }

    let plan = (behaviour == TargetBehaviour::Connected).then(|| plan(document, &values));
    let session = service
        .start_session(caller, target, name, input.reason, plan)
        .ok_or_else(ApiError::throttling)?;
    Ok(connection(service, &session, None))
}

/// The value of each parameter of the document: the given one or the default.
fn document_values(
    name: &str,
    document: &Document,
    given: &BTreeMap<String, Vec<String>>,
) -> Result<BTreeMap<String, String>, ApiError> {
    if let Some(unknown) = given
        .keys()
        .find(|parameter| !document.parameters.contains_key(*parameter))
    {
        let message = format!("Parameter {unknown} is not defined in document {name}.");
        return Err(ApiError::invalid_parameters(message));
    }
    let mut values = BTreeMap::new();
    for (parameter, default) in &document.parameters {
        let value = match given.get(parameter).map(Vec::as_slice) {
            Some([value]) => value.clone(),
            Some(_) => {
                let message =
                    format!("Parameter {parameter} of document {name} takes exactly one value.");
                return Err(ApiError::invalid_parameters(message));
            }
            None => default.clone().ok_or_else(|| {
                ApiError::invalid_parameters(format!(
                    "Parameter {parameter} of document {name} is required."
                ))
            })?,
        };
        values.insert(parameter.clone(), value);
    }
    Ok(values)
}

fn plan(document: &Document, values: &BTreeMap<String, String>) -> Plan {
    let (program, handshake) = match &document.kind {
        DocumentKind::StandardStream => (Program::Shell, false),
        DocumentKind::InteractiveCommands { commands } => (
            Program::Interactive {
                commands: substituted(commands, values),
            },
            false,
        ),
        DocumentKind::NonInteractiveCommands {
            commands,
            separate_output_stream,
        } => {
            let commands = substituted(commands, values);
            (
                Program::NonInteractive {
                    commands,
                    separate_output_stream: *separate_output_stream,
                },
                true,
            )
        }
        DocumentKind::Port => (Program::Port, true),
    };
    let handshake = match document.handshake {
        Handshake::Auto => handshake,
        Handshake::Always => true,
        Handshake::Never => false,
    };
    let encrypted = match document.kind {
        DocumentKind::Port => None,
        DocumentKind::StandardStream
        | DocumentKind::InteractiveCommands { .. }
        | DocumentKind::NonInteractiveCommands { .. } => document.kms_key_id.clone(),
    };
    Plan {
        program,
        handshake: handshake || encrypted.is_some(),
        kms_key_id: encrypted,
    }
}

/// Puts values in the place of `{{ name }}`, once: a value is never searched for names itself.
fn substituted(template: &str, values: &BTreeMap<String, String>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let value = after
            .split_once("}}")
            .and_then(|(name, after)| Some((values.get(name.trim())?, after)));
        match value {
            Some((value, after)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                text.push_str("{{");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Session id, stream URL and a new token, in StartSession's and ResumeSession's answer.
fn connection(service: &Service, session: &Session, host: Option<&str>) -> Value {
    let Some(token) = session.issue_token() else {
        return json!({ "SessionId": session.id, "TokenValue": null, "StreamUrl": null });
    };
    let id: String = byte_serialize(session.id.as_bytes()).collect();
    let cell_number: String = byte_serialize(random::cell_number().as_bytes()).collect();
    let authority = match (host, service.authority.rsplit_once(':')) {
        (Some(host), Some((_, port))) => format!("{host}:{port}"),
        (_, _) => service.authority.clone(),
    };
    let scheme = if service.is_secure() { "wss" } else { "ws" };
    let url = format!(
        "{scheme}://{authority}/v1/data-channel/{id}?role=publish_subscribe&cell-number={cell_number}"
    );
    json!({ "SessionId": session.id, "TokenValue": token.expose_secret(), "StreamUrl": url })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfSession {
    session_id: Option<String>,
}

impl OfSession {
    fn valid(&self) -> Result<&str, ApiError> {
        let mut validation = Validation::default();
        let id = validation.required("sessionId", self.session_id.as_deref());
        validation.length("sessionId", id, 1, 96);
        validation.finish()?;
        Ok(id)
    }
}

fn resume_session(service: &Service, input: &OfSession) -> Result<Value, ApiError> {
    let id = input.valid()?;
    let session = service
        .session(id)
        .ok_or_else(|| ApiError::does_not_exist(id))?;
    let host = service.faults.all().resume_host;
    Ok(connection(service, &session, host.as_deref()))
}

fn terminate_session(service: &Service, input: &OfSession) -> Result<Value, ApiError> {
    let id = input.valid()?;
    let session = service
        .session(id)
        .ok_or_else(|| ApiError::does_not_exist(id))?;
    session.terminate("");
    Ok(json!({ "SessionId": id }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeSessions {
    state: Option<String>,
    filters: Option<Vec<SessionFilter>>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct SessionFilter {
    key: Option<String>,
    value: Option<String>,
}

fn describe_sessions(service: &Service, input: &DescribeSessions) -> Result<Value, ApiError> {
    let mut validation = Validation::default();
    let state = validation.required("state", input.state.as_deref());
    validation.one_of("state", state, &["Active", "History"]);
    validation.range("maxResults", input.max_results, 1, 200);
    let filters = input.filters.as_deref().unwrap_or_default();
    if input.filters.is_some() && !(1..=6).contains(&filters.len()) {
        validation.fail(
            "filters",
            "[...]",
            "Member must have length between 1 and 6",
        );
    }
    for filter in filters {
        const KEYS: [&str; 7] = [
            "InvokedAfter",
            "InvokedBefore",
            "Target",
            "Owner",
            "Status",
            "SessionId",
            "AccessType",
        ];
        let key = validation.required("filters.1.member.key", filter.key.as_deref());
        validation.one_of("filters.1.member.key", key, &KEYS);
        let value = validation.required("filters.1.member.value", filter.value.as_deref());
        validation.length("filters.1.member.value", value, 1, 400);
    }
    validation.finish()?;

    let mut sessions: Vec<_> = service
        .all_sessions()
        .into_iter()
        .filter(|session| session.status().has_ended() == (state == "History"))
        .filter(|session| {
            filters.iter().all(|filter| {
                let value = filter.value.as_deref().unwrap_or_default();
                match filter.key.as_deref().unwrap_or_default() {
                    "Target" => session.target == value,
                    "SessionId" => session.id == value,
                    "Owner" => session.owner == value,
                    "Status" => session.status().as_str() == value,
                    "InvokedAfter" => {
                        timestamp::format_iso_seconds(session.started_ms).as_str() >= value
                    }
                    "InvokedBefore" => {
                        timestamp::format_iso_seconds(session.started_ms).as_str() <= value
                    }
                    _ => true,
                }
            })
        })
        .collect();
    sessions.reverse();
    let (page, next_token) = page(
        &sessions,
        input.max_results.unwrap_or(200),
        input.next_token.as_deref(),
    )?;
    let sessions: Vec<_> = page
        .iter()
        .map(|session| describe_session(session))
        .collect();
    Ok(with_next_token(json!({ "Sessions": sessions }), next_token))
}

fn describe_session(session: &Session) -> Value {
    let mut value = json!({
        "SessionId": session.id,
        "Target": session.target,
        "Status": session.status().as_str(),
        "StartDate": epoch_seconds(session.started_ms),
        "DocumentName": session.document,
        "Owner": session.owner,
        "OutputUrl": {},
        "AccessType": "Standard",
    });
    if let Some(reason) = &session.reason {
        value["Reason"] = json!(reason);
    }
    if let Some(ended_ms) = session.ended_ms() {
        value["EndDate"] = json!(epoch_seconds(ended_ms));
    }
    value
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeInstanceInformation {
    filters: Option<Vec<InstanceFilter>>,
    instance_information_filter_list: Option<Vec<InstanceFilter>>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// Both generations of the filter, `{Key, Values}` and `{key, valueSet}`.
#[derive(Deserialize)]
struct InstanceFilter {
    #[serde(alias = "Key")]
    key: Option<String>,
    #[serde(alias = "Values", alias = "valueSet")]
    values: Option<Vec<String>>,
}

fn describe_instance_information(
    service: &Service,
    input: &DescribeInstanceInformation,
) -> Result<Value, ApiError> {
    let mut validation = Validation::default();
    validation.range("maxResults", input.max_results, 5, 50);
    let filters = [&input.filters, &input.instance_information_filter_list];
    let filters: Vec<_> = filters.into_iter().flatten().flatten().collect();
    for filter in &filters {
        validation.required("filters.1.member.key", filter.key.as_deref());
        if filter.values.as_ref().is_none_or(Vec::is_empty) {
            validation.fail("filters.1.member.values", "null", "Member must not be null");
        }
    }
    validation.finish()?;

    let mut targets: Vec<_> = service
        .config
        .targets
        .iter()
        .filter(|target| !target.id.starts_with("ecs:"))
        .collect();
    for filter in &filters {
        let values = filter.values.as_deref().unwrap_or_default();
        match filter.key.as_deref().unwrap_or_default() {
            "tag-key" => {
                targets.retain(|target| values.iter().any(|key| target.tag(key).is_some()))
            }
            key => {
                if let Some(key) = key.strip_prefix("tag:") {
                    targets.retain(|target| {
                        target
                            .tag(key)
                            .is_some_and(|value| values.iter().any(|wanted| wanted == value))
                    });
                }
            }
        }
    }
    let mut instances: Vec<_> = targets
        .into_iter()
        .map(|target| describe_instance(service, &target.id, &target.name, target.behaviour))
        .collect();
    for filter in filters {
        let key = filter.key.as_deref().unwrap_or_default();
        let member = match key {
            "InstanceIds" => "InstanceId",
            "PingStatus" => "PingStatus",
            "AgentVersion" => "AgentVersion",
            "PlatformTypes" => "PlatformType",
            "ResourceType" => "ResourceType",
            "ActivationIds" => "ActivationId",
            "IamRole" => "IamRole",
            "AssociationStatus" => "AssociationStatus",
            "SourceIds" => "SourceId",
            "SourceTypes" => "SourceType",
            _ if key.starts_with("tag:") || key == "tag-key" => continue,
            _ => return Err(ApiError::invalid_filter_key(key)),
        };
        let values = filter.values.as_deref().unwrap_or_default();
        instances.retain(|instance| {
            instance
                .get(member)
                .and_then(Value::as_str)
                .is_some_and(|value| values.iter().any(|wanted| wanted == value))
        });
    }
    let (page, next_token) = page(
        &instances,
        input.max_results.unwrap_or(50),
        input.next_token.as_deref(),
    )?;
    Ok(with_next_token(
        json!({ "InstanceInformationList": page }),
        next_token,
    ))
}

fn describe_instance(service: &Service, id: &str, name: &str, behaviour: TargetBehaviour) -> Value {
    let online = behaviour != TargetBehaviour::NotConnected;
    json!({
        "InstanceId": id,
        "PingStatus": if online { "Online" } else { "ConnectionLost" },
        "LastPingDateTime": epoch_seconds(timestamp::now_ms()),
        "AgentVersion": service.config.agent.version,
        "IsLatestVersion": true,
        "PlatformType": platform_type(service.config.agent.platform),
        "PlatformName": std::env::consts::OS,
        "PlatformVersion": "",
        "ResourceType": if id.starts_with("mi-") { "ManagedInstance" } else { "EC2Instance" },
        "Name": name,
        "IPAddress": "127.0.0.1",
        "ComputerName": name,
    })
}

fn platform_type(platform: Platform) -> &'static str {
    match std::env::consts::OS {
        _ if platform == Platform::Windows => "Windows",
        "macos" => "MacOS",
        _ => "Linux",
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfTarget {
    target: Option<String>,
}

fn connection_status(service: &Service, input: &OfTarget) -> Result<Value, ApiError> {
    let mut validation = Validation::default();
    let id = validation.required("target", input.target.as_deref());
    validation.length("target", id, 1, 400);
    validation.finish()?;
    let connected = service
        .target(id)
        .is_some_and(|target| target.behaviour != TargetBehaviour::NotConnected);
    Ok(json!({ "Target": id, "Status": if connected { "connected" } else { "notconnected" } }))
}

/// One page of `items` and the token of the next. Tokens hold the offset; callers must not read them.
pub(crate) fn page<'a, T>(
    items: &'a [T],
    max_results: i64,
    token: Option<&str>,
) -> Result<(&'a [T], Option<String>), ApiError> {
    let start = match token {
        None => 0,
        Some(token) => STANDARD
            .decode(token)
            .ok()
            .and_then(|bytes| {
                String::from_utf8(bytes)
                    .ok()?
                    .strip_prefix("offset ")?
                    .parse::<usize>()
                    .ok()
            })
            .ok_or_else(ApiError::invalid_next_token)?,
    };
    let rest = items.get(start..).unwrap_or_default();
    let len = rest.len().min(usize::try_from(max_results).unwrap_or(1));
    let next = (len < rest.len())
        .then(|| STANDARD.encode(format!("offset {}", start.saturating_add(len))));
    Ok((&rest[..len], next))
}

fn with_next_token(mut value: Value, token: Option<String>) -> Value {
    if let Some(token) = token {
        value["NextToken"] = json!(token);
    }
    value
}

fn target_arn(service: &Service, target: &str) -> String {
    let (region, account) = (&service.config.region, &service.config.account_id);
    if target.starts_with("mi-") {
        format!("arn:aws:ssm:{region}:{account}:managed-instance/{target}")
    } else {
        format!("arn:aws:ec2:{region}:{account}:instance/{target}")
    }
}

/// A moment as the API's answers have it: seconds with three decimals.
fn epoch_seconds(unix_ms: u64) -> Value {
    let seconds = unix_ms / 1000;
    let text = format!("{seconds}.{:03}", unix_ms % 1000);
    text.parse::<f64>()
        .map_or_else(|_| json!(seconds), |seconds| json!(seconds))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::config::{Config, DEMO_TARGET, OFFLINE_TARGET, SILENT_TARGET, Target};

    fn service(config: Config) -> Arc<Service> {
        Arc::new(Service::new(config, "127.0.0.1:1".to_owned()))
    }

    fn ask(service: &Arc<Service>, operation: &str, body: &Value) -> Result<Value, ApiError> {
        call(
            service,
            &service.identities.configured(),
            &format!("AmazonSSM.{operation}"),
            body.to_string().as_bytes(),
            None,
            None,
        )
    }

    fn refused(service: &Arc<Service>, operation: &str, body: &Value) -> (&'static str, String) {
        let error = ask(service, operation, body).unwrap_err();
        (error.kind, error.message)
    }

    #[test]
    fn constraints_are_reported_in_the_words_of_the_service() {
        let service = service(Config::default());
        for (body, message) in [
            (
                json!({}),
                "1 validation error detected: Value null at 'target' failed to satisfy constraint: Member must not be null",
            ),
            (
                json!({"Target": ""}),
                "1 validation error detected: Value '' at 'target' failed to satisfy constraint: \
                 Member must have length greater than or equal to 1",
            ),
            (
                json!({"Target": "i-1", "DocumentName": "a b"}),
                "1 validation error detected: Value 'a b' at 'documentName' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.:/]{3,128}$",
            ),
            (
                json!({"Target": "", "Reason": ""}),
                "2 validation errors detected: Value '' at 'target' failed to satisfy constraint: \
                 Member must have length greater than or equal to 1; Value '' at 'reason' failed to satisfy \
                 constraint: Member must have length greater than or equal to 1",
            ),
        ] {
            assert_eq!(
                refused(&service, "StartSession", &body),
                ("ValidationException", message.to_owned())
            );
        }
        for body in [
            json!({"Target": "x".repeat(401)}),
            json!({"Target": "i-1", "Reason": "x".repeat(257)}),
            json!({"Target": "i-1", "DocumentName": "x".repeat(129)}),
            json!({"Target": "i-1", "Parameters": {"": ["x"]}}),
        ] {
            assert_eq!(
                refused(&service, "StartSession", &body).0,
                "ValidationException",
                "{body}"
            );
        }
        assert_eq!(
            refused(
                &service,
                "ResumeSession",
                &json!({"SessionId": "x".repeat(97)})
            )
            .0,
            "ValidationException"
        );
        assert_eq!(
            refused(&service, "DescribeSessions", &json!({"State": "All"})).0,
            "ValidationException"
        );
        assert_eq!(
            refused(
                &service,
                "DescribeSessions",
                &json!({"State": "Active", "MaxResults": 201})
            )
            .0,
            "ValidationException"
        );
    }

    #[test]
    fn bodies_of_the_wrong_shape_are_serialization_errors() {
        let service = service(Config::default());
        for body in [
            "",
            "{",
            "[]",
            "null",
            r#"{"Target":1}"#,
            r#"{"Target":"i-1","Parameters":{"a":"b"}}"#,
            "\u{0}",
        ] {
            let error = call(
                &service,
                &service.identities.configured(),
                "AmazonSSM.StartSession",
                body.as_bytes(),
                None,
                None,
            )
            .unwrap_err();
            assert_eq!(error.kind, "SerializationException", "{body}");
        }
        let deep = "[".repeat(100_000);
        let error = call(
            &service,
            &service.identities.configured(),
            "AmazonSSM.StartSession",
            deep.as_bytes(),
            None,
            None,
        )
        .unwrap_err();
        assert_eq!(error.kind, "SerializationException");
    }

    #[test]
    fn documents_and_their_parameters_are_checked() {
        let service = service(Config::default());
        let start = |document: &str, parameters: Value| {
            let body = json!({"Target": OFFLINE_TARGET, "DocumentName": document, "Parameters": parameters});
            refused(&service, "StartSession", &body)
        };
        assert_eq!(
            start("Nothing", json!({})),
            (
                "InvalidDocument",
                "Document with name Nothing does not exist.".to_owned()
            )
        );
        let name = "AWS-StartInteractiveCommand";
        assert_eq!(start(name, json!({})).0, "InvalidParameters");
        assert_eq!(start(name, json!({"command": []})).0, "InvalidParameters");
        assert_eq!(
            start(name, json!({"command": ["a"], "other": ["b"]})).0,
            "InvalidParameters"
        );
        // With everything right, only the target is left to fail.
        let not_connected = (
            "TargetNotConnected",
            format!("{OFFLINE_TARGET} is not connected."),
        );
        assert_eq!(start(name, json!({"command": ["a"]})), not_connected);
        let arn = format!("arn:aws:ssm:eu-west-1:000000000000:document/{name}");
        assert_eq!(start(&arn, json!({"command": ["a"]})), not_connected);
    }

    #[test]
    fn parameters_are_put_in_once() {
        let values = [("a", "{{ b }}"), ("b", "two")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let values = BTreeMap::from(values);
        assert_eq!(
            substituted("{{a}} {{ b }} {{ c }} {{", &values),
            "{{ b }} two {{ c }} {{"
        );
    }

    #[tokio::test]
    async fn a_resume_replaces_the_token_and_the_cell() {
        let service = service(Config::with_failing_targets());
        let started = ask(&service, "StartSession", &json!({"Target": SILENT_TARGET})).unwrap();
        let id = started["SessionId"].as_str().unwrap();
        let resumed = ask(&service, "ResumeSession", &json!({"SessionId": id})).unwrap();
        assert_eq!(resumed["SessionId"], started["SessionId"]);
        assert_ne!(resumed["TokenValue"], started["TokenValue"]);
        assert_ne!(resumed["StreamUrl"], started["StreamUrl"]);
        let prefix =
            format!("ws://127.0.0.1:1/v1/data-channel/{id}?role=publish_subscribe&cell-number=");
        assert!(resumed["StreamUrl"].as_str().unwrap().starts_with(&prefix));

        assert_eq!(
            ask(&service, "TerminateSession", &json!({"SessionId": id})).unwrap(),
            json!({"SessionId": id})
        );
        let resumed = ask(&service, "ResumeSession", &json!({"SessionId": id})).unwrap();
        assert_eq!(resumed["TokenValue"], Value::Null);
        assert_eq!(
            refused(&service, "ResumeSession", &json!({"SessionId": "demo-1"})).0,
            "DoesNotExistException"
        );
        assert_eq!(
            refused(
                &service,
                "TerminateSession",
                &json!({"SessionId": "demo-1"})
            )
            .0,
            "DoesNotExistException"
        );
    }

    #[tokio::test]
    async fn sessions_are_listed_by_state_filter_and_page() {
        let service = service(Config::with_failing_targets());
        let mut ids = Vec::new();
        for number in 0..5 {
            let body = json!({"Target": SILENT_TARGET, "Reason": format!("number {number}")});
            ids.push(
                ask(&service, "StartSession", &body).unwrap()["SessionId"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        ask(&service, "TerminateSession", &json!({"SessionId": ids[0]})).unwrap();
        let listed = |body: Value| -> Vec<String> {
            let answer = ask(&service, "DescribeSessions", &body).unwrap();
            let sessions = answer["Sessions"].as_array().unwrap();
            sessions
                .iter()
                .map(|session| session["SessionId"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(listed(json!({"State": "History"})), [ids[0].clone()]);
        let newest_first: Vec<_> = ids[1..].iter().rev().cloned().collect();
        assert_eq!(listed(json!({"State": "Active"})), newest_first);
        let filtered = |key: &str, value: &str| {
            listed(json!({"State": "Active", "Filters": [{"key": key, "value": value}]})).len()
        };
        assert_eq!(filtered("SessionId", &ids[2]), 1);
        assert_eq!(filtered("Target", DEMO_TARGET), 0);
        assert_eq!(filtered("Target", SILENT_TARGET), 4);
        assert_eq!(filtered("Owner", "arn:aws:iam::000000000000:user/demo"), 4);
        assert_eq!(filtered("Owner", "arn:aws:iam::000000000000:user/other"), 0);
        assert_eq!(filtered("Status", "Connecting"), 4);
        assert_eq!(filtered("Status", "Connected"), 0);
        assert_eq!(filtered("InvokedAfter", "2020-01-01T00:00:00Z"), 4);
        assert_eq!(filtered("InvokedBefore", "2020-01-01T00:00:00Z"), 0);

        let mut paged = Vec::new();
        let mut token = Value::Null;
        for _ in 0..2 {
            let body = json!({"State": "Active", "MaxResults": 3, "NextToken": token});
            let answer = ask(&service, "DescribeSessions", &body).unwrap();
            paged.extend(
                answer["Sessions"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|s| s["SessionId"].as_str().unwrap().to_owned()),
            );
            token = answer["NextToken"].clone();
        }
        assert_eq!((paged, token), (newest_first, Value::Null));
        let body = json!({"State": "Active", "NextToken": "nonsense"});
        assert_eq!(
            refused(&service, "DescribeSessions", &body).0,
            "InvalidNextToken"
        );
    }

    #[test]
    fn instances_are_listed_by_filter_and_page() {
        let mut config = Config::default();
        for number in 0..6 {
            let id = format!("mi-{number:017x}");
            config
                .targets
                .push(Target::new(id, "hybrid", TargetBehaviour::Connected));
        }
        let service = service(config);
        let count = |body: Value| {
            let answer = ask(&service, "DescribeInstanceInformation", &body).unwrap();
            (
                answer["InstanceInformationList"].as_array().unwrap().len(),
                answer["NextToken"].clone(),
            )
        };
        assert_eq!(count(json!({})), (8, Value::Null));
        assert_eq!(
            count(json!({"Filters": [{"Key": "PingStatus", "Values": ["ConnectionLost"]}]})).0,
            1
        );
        assert_eq!(
            count(json!({"InstanceInformationFilterList": [{"key": "ResourceType", "valueSet": ["ManagedInstance"]}]})).0,
            6
        );
        assert_eq!(count(json!({"Filters": [{"Key": "InstanceIds", "Values": [DEMO_TARGET, OFFLINE_TARGET]}]})).0, 2);
        let (len, token) = count(json!({"MaxResults": 5}));
        assert_eq!(len, 5);
        assert_eq!(
            count(json!({"MaxResults": 5, "NextToken": token})),
            (3, Value::Null)
        );
        let body = json!({"Filters": [{"Key": "Colour", "Values": ["red"]}]});
        assert_eq!(
            refused(&service, "DescribeInstanceInformation", &body).0,
            "InvalidFilterKey"
        );
        let body = json!({"MaxResults": 4});
        assert_eq!(
            refused(&service, "DescribeInstanceInformation", &body).0,
            "ValidationException"
        );
    }

    #[test]
    fn connection_status_tells_the_two_kinds_of_target_apart() {
        let service = service(Config::default());
        for (target, status) in [
            (DEMO_TARGET, "connected"),
            (OFFLINE_TARGET, "notconnected"),
            ("i-1", "notconnected"),
        ] {
            let answer = ask(&service, "GetConnectionStatus", &json!({"Target": target})).unwrap();
            assert_eq!(answer, json!({"Target": target, "Status": status}));
        }
    }

    #[tokio::test]
    async fn too_many_sessions_are_throttled() {
        let mut config = Config::with_failing_targets();
        config.limits.active_sessions = 2;
        let service = service(config);
        let body = json!({"Target": SILENT_TARGET});
        let first = ask(&service, "StartSession", &body).unwrap();
        ask(&service, "StartSession", &body).unwrap();
        assert_eq!(
            refused(&service, "StartSession", &body).0,
            "ThrottlingException"
        );
        ask(
            &service,
            "TerminateSession",
            &json!({"SessionId": first["SessionId"]}),
        )
        .unwrap();
        ask(&service, "StartSession", &body).unwrap();
    }

    #[tokio::test]
    async fn the_history_is_bounded() {
        let mut config = Config::with_failing_targets();
        config.limits.session_history = 2;
        config.limits.active_sessions = 1;
        let service = service(config);
        for _ in 0..10 {
            let started = ask(&service, "StartSession", &json!({"Target": SILENT_TARGET})).unwrap();
            ask(
                &service,
                "TerminateSession",
                &json!({"SessionId": started["SessionId"]}),
            )
            .unwrap();
        }
        assert!(service.all_sessions().len() <= 3);
        assert_eq!(service.records().len(), 10);
    }
}
