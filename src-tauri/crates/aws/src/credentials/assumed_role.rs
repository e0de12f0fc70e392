//! A role to assume, and the credentials it gave, as the AWS CLI keeps them in `~/.aws/cli/cache`: a code typed here
//! serves there too, and the other way round. Names and shape are botocore's (`AssumeRoleCredentialFetcher`).

use std::fmt::Write as _;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::sso::token::{moment, timestamp};

/// What AssumeRole is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoleRequest {
    pub(crate) role_arn: String,
    /// `None`: a name is made up, of the person's own.
    pub(crate) session_name: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) duration_seconds: Option<u32>,
    pub(crate) mfa_serial: Option<String>,
}

impl RoleRequest {
    /// The name of the cache's file: the SHA-1 of the arguments in Python's JSON, keys in order, without a session name
    /// that was made up.
    pub(crate) fn cache_name(&self) -> String {
        let duration = self.duration_seconds.map(|seconds| seconds.to_string());
        let quoted = |text: &Option<String>| text.as_deref().map(python_string);
        let arguments = [
            ("DurationSeconds", duration),
            ("ExternalId", quoted(&self.external_id)),
            ("RoleArn", Some(python_string(&self.role_arn))),
            ("RoleSessionName", quoted(&self.session_name)),
            ("SerialNumber", quoted(&self.mfa_serial)),
        ];
        let members: Vec<String> = arguments
            .into_iter()
            .filter_map(|(name, value)| Some(format!("\"{name}\": {}", value?)))
            .collect();
        hex::encode(Sha1::digest(format!("{{{}}}", members.join(", "))))
    }

    /// The session name to send. In the account's CloudTrail it says who it was.
    pub(crate) fn session_name_or(&self, user: Option<&str>) -> String {
        const MAX_LEN: usize = 64;
        let allowed = |c: &char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(*c);
        let made_up = || {
            let user: String = user.unwrap_or_default().chars().filter(allowed).collect();
            // At least two characters are required.
            let name = if user.len() < 2 {
                "sessiondeck".to_owned()
            } else {
                format!("{user}-sessiondeck")
            };
            name.chars().take(MAX_LEN).collect()
        };
        self.session_name.clone().unwrap_or_else(made_up)
    }
}

/// As `json.dumps` writes a text: everything beyond ASCII escaped, as UTF-16.
fn python_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            ' '..='\u{7e}' => quoted.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    let _written = write!(quoted, "\\u{unit:04x}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

/// The cache's file: AssumeRole's answer.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RoleFile {
    credentials: FileCredentials,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assumed_role_user: Option<AssumedRoleUser>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FileCredentials {
    access_key_id: String,
    secret_access_key: Zeroizing<String>,
    session_token: Zeroizing<String>,
    expiration: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
}

/// Who the caller is by that role.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct AssumedRoleUser {
    #[serde(rename = "AssumedRoleId")]
    pub(crate) id: String,
    #[serde(rename = "Arn")]
    pub(crate) arn: String,
}

impl RoleFile {
    pub(crate) fn new(credentials: &Credentials, user: Option<AssumedRoleUser>) -> Option<Self> {
        Some(Self {
            credentials: FileCredentials {
                access_key_id: credentials.access_key_id().to_owned(),
                secret_access_key: Zeroizing::new(credentials.secret_access_key().to_owned()),
                session_token: Zeroizing::new(credentials.session_token()?.to_owned()),
                expiration: timestamp(credentials.expiry()?),
                account_id: credentials
                    .account_id()
                    .map(|account| account.as_str().to_owned()),
            },
            assumed_role_user: user,
        })
    }

    /// The credentials, unless they are over.
    pub(crate) fn into_credentials(self, now: SystemTime) -> Option<Credentials> {
        let file = self.credentials;
        let expires_at = moment(&file.expiration).filter(|expires_at| *expires_at > now)?;
        let mut builder = Credentials::builder()
            .access_key_id(file.access_key_id)
            .secret_access_key(file.secret_access_key.as_str())
            .session_token(file.session_token.as_str())
            .expiry(expires_at)
            .provider_name("AssumeRole");
        if let Some(account) = file.account_id {
            builder = builder.account_id(account);
        }
        Some(builder.build())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn request() -> RoleRequest {
        RoleRequest {
            role_arn: "arn:aws:iam::123456789012:role/ops".to_owned(),
            session_name: None,
            external_id: None,
            duration_seconds: None,
            mfa_serial: None,
        }
    }

    #[test]
    fn files_are_named_as_the_cli_names_them() {
        // Each made by botocore's own `_create_cache_key`.
        assert_eq!(
            request().cache_name(),
            "22683b67d5bd46b0335d9327094666b8be5b5cd5"
        );
        let full = RoleRequest {
            session_name: Some("me".to_owned()),
            external_id: Some("ex\"té".to_owned()),
            duration_seconds: Some(3600),
            mfa_serial: Some("arn:aws:iam::123456789012:mfa/me".to_owned()),
            ..request()
        };
        assert_eq!(
            full.cache_name(),
            "3448eec6476ae0e28948cccd6f447db773cec385"
        );
    }

    #[test]
    fn a_session_name_is_always_one_that_the_service_takes() {
        let made_up = |user| request().session_name_or(user);
        assert_eq!(made_up(None), "sessiondeck");
        assert_eq!(made_up(Some("ann")), "ann-sessiondeck");
        assert_eq!(made_up(Some("CORP\\ann b")), "CORPannb-sessiondeck");
        assert_eq!(made_up(Some("é")), "sessiondeck");
        assert_eq!(made_up(Some(&"a".repeat(100))).len(), 64);
        let named = RoleRequest {
            session_name: Some("mine".to_owned()),
            ..request()
        };
        assert_eq!(named.session_name_or(Some("ann")), "mine");
    }

    #[test]
    fn what_the_cli_has_cached_is_read_until_it_is_over() {
        let text = r#"{"Credentials": {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t",
            "Expiration": "2030-01-02T03:04:05+00:00", "AccountId": "123456789012"},
            "AssumedRoleUser": {"AssumedRoleId": "AROA:me", "Arn": "arn:aws:sts::123456789012:assumed-role/ops/me"},
            "ResponseMetadata": {"RequestId": "r", "HTTPStatusCode": 200}}"#;
        let file = || serde_json::from_str::<RoleFile>(text).unwrap();
        let end = moment("2030-01-02T03:04:05Z").unwrap();
        let credentials = file()
            .into_credentials(end - Duration::from_secs(1))
            .unwrap();
        assert_eq!(credentials.access_key_id(), "ASIA1");
        assert_eq!(credentials.session_token(), Some("t"));
        assert_eq!(credentials.expiry(), Some(end));
        assert!(file().into_credentials(end).is_none());
        let written = RoleFile::new(&credentials, file().assumed_role_user).unwrap();
        let again = serde_json::to_string(&written).unwrap();
        let again = serde_json::from_str::<RoleFile>(&again).unwrap();
        assert_eq!(
            again.into_credentials(SystemTime::UNIX_EPOCH).unwrap(),
            credentials
        );
    }
}
