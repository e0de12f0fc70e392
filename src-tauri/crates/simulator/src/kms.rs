//! The part of KMS that encrypted sessions need: GenerateDataKey for clients over HTTP, Decrypt for agents, here and
//! over HTTP. It remembers the data keys it gives out, so that only the right context gives them back. Shapes and
//! wordings follow the AWS Key Management Service API Reference.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::api::{self, Validation};
use crate::api_error::ApiError;
use crate::config::{KmsKey, KmsKeyBehaviour};
use crate::faults::CallError;
use crate::random;
use crate::service::Service;
use crate::signin::identities::Identity;

/// The prefix of `X-Amz-Target`.
pub(crate) const SERVICE_PREFIX: &str = "TrentService.";

/// Data keys that are remembered; agents ask for theirs within seconds.
const REMEMBERED: usize = 1000;

type Context = BTreeMap<String, String>;

/// The data keys that have been given out.
#[derive(Default)]
pub(crate) struct Kms(Mutex<VecDeque<DataKey>>);

struct DataKey {
    ciphertext: Vec<u8>,
    key_arn: String,
    context: Context,
    plaintext: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Kms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kms")
    }
}

/// Carries out an operation, without its service's prefix.
pub(crate) fn call(
    service: &Service,
    caller: &Identity,
    operation: &str,
    body: &[u8],
    fault: Option<CallError>,
) -> Result<Value, ApiError> {
    if service.are_credentials_expired() {
        return Err(ApiError::expired_token());
    }
    if let Some(fault) = fault {
        check_fault(service, caller, operation, fault)?;
    }
    match operation {
        "GenerateDataKey" => generate_data_key(service, caller, api::parse(body)?),
        "Decrypt" => decrypt(service, &api::parse(body)?),
        _ => Err(ApiError::unknown_operation()),
    }
}

fn check_fault(
    service: &Service,
    caller: &Identity,
    operation: &str,
    fault: CallError,
) -> Result<(), ApiError> {
    Err(match fault {
        CallError::Late(_) | CallError::NullToken => return Ok(()),
        CallError::Throttling => ApiError::kms(
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        CallError::ExpiredToken => ApiError::expired_token(),
        CallError::Internal => ApiError::internal(),
        CallError::Unavailable => ApiError::unavailable(),
        CallError::DoesNotExist => not_found(service, "-"),
        CallError::AccessDenied => {
            ApiError::kms_access_denied(&not_authorized(caller, operation, &key_arn(service, "*")))
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey {
    key_id: Option<String>,
    number_of_bytes: Option<i64>,
    key_spec: Option<String>,
    encryption_context: Option<Context>,
}

fn generate_data_key(
    service: &Service,
    caller: &Identity,
    input: GenerateDataKey,
) -> Result<Value, ApiError> {
    let mut validation = Validation::default();
    let key_id = validation.required("keyId", input.key_id.as_deref());
    validation.length("keyId", key_id, 1, 2048);
    validation.range("numberOfBytes", input.number_of_bytes, 1, 1024);
    if let Some(spec) = input.key_spec.as_deref() {
        validation.one_of("keySpec", spec, &["AES_256", "AES_128"]);
    }
    validation.finish()?;
    let len = match (input.number_of_bytes, input.key_spec.as_deref()) {
        (Some(len), None) => usize::try_from(len).unwrap_or_default(),
        (None, Some("AES_128")) => 16,
        (None, Some(_)) => 32,
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::kms(
                "ValidationException",
                "Please specify either number of bytes or key spec.",
            ));
        }
    };
    let key = find(service, key_id).ok_or_else(|| not_found(service, key_id))?;
    match key.behaviour {
        KmsKeyBehaviour::Enabled | KmsKeyBehaviour::DecryptDenied => {}
        KmsKeyBehaviour::Denied => {
            return Err(ApiError::kms_access_denied(&not_authorized(
                caller,
                "GenerateDataKey",
                &key.arn,
            )));
        }
        KmsKeyBehaviour::Disabled | KmsKeyBehaviour::PendingDeletion => {
            return Err(unusable(key));
        }
    }
    let data_key = DataKey {
        // The real one is longer the longer the context is; what it holds is nobody's business either.
        ciphertext: random::ciphertext(),
        key_arn: key.arn.clone(),
        context: input.encryption_context.unwrap_or_default(),
        plaintext: random::data_key(len),
    };
    let answer = json!({
        "KeyId": data_key.key_arn,
        "CiphertextBlob": STANDARD.encode(&data_key.ciphertext),
        "Plaintext": STANDARD.encode(&*data_key.plaintext),
    });
    service.kms.remember(data_key);
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt {
    ciphertext_blob: Option<String>,
    key_id: Option<String>,
    encryption_context: Option<Context>,
}

fn decrypt(service: &Service, input: &Decrypt) -> Result<Value, ApiError> {
    let mut validation = Validation::default();
    let blob = validation.required("ciphertextBlob", input.ciphertext_blob.as_deref());
    validation.finish()?;
    let ciphertext = STANDARD
        .decode(blob)
        .map_err(|_| ApiError::serialization("the blob is not base64"))?;
    let empty = Context::new();
    let context = input.encryption_context.as_ref().unwrap_or(&empty);
    let key_id = input.key_id.as_deref();
    let (key_arn, plaintext) = decrypted(service, key_id, &ciphertext, context)?;
    Ok(json!({
        "KeyId": key_arn,
        "Plaintext": STANDARD.encode(&*plaintext),
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}

/// What a data key was before it was encrypted, for an agent that may decrypt with this key and knows the context.
///
/// # Errors
///
/// In KMS's words.
pub(crate) fn decrypted(
    service: &Service,
    key_id: Option<&str>,
    ciphertext: &[u8],
    context: &Context,
) -> Result<(String, Zeroizing<Vec<u8>>), ApiError> {
    let data_keys = service.kms.lock();
    // Not even that the key is another one is told to those without the right context.
    let data_key = data_keys
        .iter()
        .find(|key| key.ciphertext == ciphertext && key.context == *context)
        .ok_or_else(ApiError::invalid_ciphertext)?;
    let key = find(service, &data_key.key_arn).ok_or_else(|| not_found(service, "-"))?;
    match key.behaviour {
        KmsKeyBehaviour::Enabled => {}
        KmsKeyBehaviour::Denied | KmsKeyBehaviour::DecryptDenied => {
            return Err(ApiError::kms_access_denied(
                "The ciphertext refers to a customer master key that does not exist, does not exist in this region, \
                 or you are not allowed to access.",
            ));
        }
        KmsKeyBehaviour::Disabled | KmsKeyBehaviour::PendingDeletion => return Err(unusable(key)),
    }
    if let Some(key_id) = key_id
        && find(service, key_id).is_none_or(|wanted| wanted.arn != key.arn)
    {
        return Err(ApiError::kms(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        ));
    }
    Ok((key.arn.clone(), data_key.plaintext.clone()))
}

/// The key of an ARN, an id, an alias or an alias's ARN.
fn find<'a>(service: &'a Service, key_id: &str) -> Option<&'a KmsKey> {
    let short = key_id
        .strip_prefix("arn:aws:kms:")
        .and_then(|arn| arn.splitn(3, ':').nth(2))
        .unwrap_or(key_id);
    let id = short.strip_prefix("key/").unwrap_or(short);
    service.config.kms_keys.iter().find(|key| {
        let own = key.arn.rsplit_once('/').map_or("", |(_, id)| id);
        own == id || key.alias.as_deref() == Some(short)
    })
}

fn key_arn(service: &Service, id: &str) -> String {
    let (region, account) = (&service.config.region, &service.config.account_id);
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

fn not_found(service: &Service, key_id: &str) -> ApiError {
    let (region, account) = (&service.config.region, &service.config.account_id);
    let message = if key_id.starts_with("arn:") && key_id.contains(":alias/") {
        format!("Alias {key_id} is not found.")
    } else if key_id.starts_with("alias/") {
        format!("Alias arn:aws:kms:{region}:{account}:{key_id} is not found.")
    } else if key_id.starts_with("arn:") {
        format!("Key '{key_id}' does not exist")
    } else {
        format!("Key '{}' does not exist", key_arn(service, key_id))
    };
    ApiError::kms("NotFoundException", message)
}

fn unusable(key: &KmsKey) -> ApiError {
    let arn = &key.arn;
    if key.behaviour == KmsKeyBehaviour::Disabled {
        ApiError::kms("DisabledException", format!("{arn} is disabled."))
    } else {
        ApiError::kms(
            "KMSInvalidStateException",
            format!("{arn} is pending deletion."),
        )
    }
}

fn not_authorized(caller: &Identity, operation: &str, resource: &str) -> String {
    format!(
        "User: {} is not authorized to perform: kms:{operation} on resource: {resource} because no identity-based \
         policy allows the kms:{operation} action",
        caller.arn
    )
}

impl Kms {
    fn remember(&self, data_key: DataKey) {
        let mut data_keys = self.lock();
        if data_keys.len() >= REMEMBERED {
            data_keys.pop_front();
        }
        data_keys.push_back(data_key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<DataKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::config::Config;

    fn service() -> Service {
        let mut config = Config::default();
        let mut key = KmsKey::new(&config.kms_arn("1111"), KmsKeyBehaviour::Enabled);
        key.alias = Some("alias/sessions".to_owned());
        config.kms_keys.push(key);
        Service::new(config, "127.0.0.1:1".to_owned())
    }

    fn ask(service: &Service, operation: &str, body: &Value) -> Result<Value, ApiError> {
        let caller = service.identities.configured();
        call(
            service,
            &caller,
            operation,
            body.to_string().as_bytes(),
            None,
        )
    }

    #[test]
    fn only_the_same_context_and_key_give_a_data_key_back() {
        let service = service();
        let made = ask(
            &service,
            "GenerateDataKey",
            &json!({"KeyId": "alias/sessions", "NumberOfBytes": 64, "EncryptionContext": {"a": "1", "b": "2"}}),
        )
        .unwrap();
        let blob = &made["CiphertextBlob"];
        let plaintext = STANDARD.decode(made["Plaintext"].as_str().unwrap());
        assert_eq!(plaintext.unwrap().len(), 64);
        let decrypt = |context: Value, key_id: &str| {
            let body =
                json!({"CiphertextBlob": blob, "KeyId": key_id, "EncryptionContext": context});
            ask(&service, "Decrypt", &body)
        };
        let right = json!({"b": "2", "a": "1"});
        for key_id in [
            "1111",
            "alias/sessions",
            "arn:aws:kms:eu-west-1:000000000000:key/1111",
        ] {
            let answer = decrypt(right.clone(), key_id).unwrap();
            assert_eq!(answer["Plaintext"], made["Plaintext"]);
        }
        for wrong in [
            json!({}),
            json!({"a": "1"}),
            json!({"a": "1", "b": "3"}),
            json!({"a": "1", "b": "2", "c": ""}),
        ] {
            let error = decrypt(wrong, "1111").unwrap_err();
            assert_eq!(
                (error.kind, error.message),
                ("InvalidCiphertextException", String::new())
            );
        }
        assert_eq!(
            decrypt(right, "2222").unwrap_err().kind,
            "IncorrectKeyException"
        );
    }

    #[test]
    fn what_is_asked_wrongly_is_refused() {
        let service = service();
        for body in [
            json!({"NumberOfBytes": 64}),
            json!({"KeyId": "1111", "NumberOfBytes": 0}),
            json!({"KeyId": "1111", "NumberOfBytes": 1025}),
            json!({"KeyId": "1111"}),
            json!({"KeyId": "1111", "NumberOfBytes": 64, "KeySpec": "AES_256"}),
            json!({"KeyId": "1111", "KeySpec": "RSA"}),
        ] {
            let error = ask(&service, "GenerateDataKey", &body).unwrap_err();
            assert_eq!(error.kind, "ValidationException", "{body}");
        }
        for (key_id, message) in [
            (
                "2222",
                "Key 'arn:aws:kms:eu-west-1:000000000000:key/2222' does not exist",
            ),
            (
                "arn:aws:kms:x:1:key/3",
                "Key 'arn:aws:kms:x:1:key/3' does not exist",
            ),
            (
                "alias/x",
                "Alias arn:aws:kms:eu-west-1:000000000000:alias/x is not found.",
            ),
        ] {
            let body = json!({"KeyId": key_id, "NumberOfBytes": 64});
            let error = ask(&service, "GenerateDataKey", &body).unwrap_err();
            assert_eq!(
                (error.kind, error.message.as_str()),
                ("NotFoundException", message)
            );
        }
        let error = ask(&service, "Encrypt", &json!({})).unwrap_err();
        assert_eq!(error.kind, "UnknownOperationException");
    }

    #[test]
    fn data_keys_are_remembered_up_to_a_bound_and_never_shown() {
        let service = service();
        let body = json!({"KeyId": "1111", "NumberOfBytes": 64});
        for _ in 0..REMEMBERED + 10 {
            ask(&service, "GenerateDataKey", &body).unwrap();
        }
        assert_eq!(service.kms.lock().len(), REMEMBERED);
        assert_eq!(format!("{:?}", service.kms), "Kms");
    }
}
