//! The token of an IAM Identity Center sign-in, as the AWS CLI keeps it in `~/.aws/sso/cache`: one JSON file for each
//! session, named after the SHA-1 of the session's name, or of the start URL where a profile has no session (botocore's
//! `SSOTokenLoader`).

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// A token is renewed when it has less than this left, so that a call made with it does not fail on the way.
pub(crate) const REFRESH_WINDOW: Duration = Duration::from_secs(5 * 60);

/// A sign-in that profiles share.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SsoSession {
    /// The name of the `sso-session` section; `None` for profiles with a start URL of their own.
    pub name: Option<String>,
    /// Where a person signs in.
    pub start_url: String,
    /// Where the Identity Center instance is.
    pub region: String,
    /// What the sign-in is to be good for; empty means `sso:account:access`.
    pub scopes: Vec<String>,
}

impl SsoSession {
    /// The name of the token's file, without its extension.
    pub(crate) fn cache_name(&self) -> String {
        let of = self.name.as_deref().unwrap_or(&self.start_url);
        hex::encode(Sha1::digest(of.as_bytes()))
    }

    /// What to call it before a person.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.start_url)
    }
}

/// A token, and what renews it.
#[derive(Clone)]
pub(crate) struct SsoToken {
    pub(crate) access_token: SecretString,
    pub(crate) expires_at: SystemTime,
    pub(crate) renewal: Option<Renewal>,
}

/// What a new token is asked for with, without a person.
#[derive(Clone)]
pub(crate) struct Renewal {
    pub(crate) refresh_token: SecretString,
    pub(crate) client: Registration,
}

/// This program, as registered with the Identity Center instance.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) expires_at: SystemTime,
}

impl SsoToken {
    pub(crate) fn is_good_at(&self, now: SystemTime) -> bool {
        self.expires_at > now
    }

    /// Whether it should be renewed now, if it can be.
    pub(crate) fn is_due_at(&self, now: SystemTime) -> bool {
        self.expires_at <= now + REFRESH_WINDOW
    }
}

impl fmt::Debug for SsoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoToken")
            .field("expires_at", &self.expires_at)
            .field("can_be_renewed", &self.renewal.is_some())
            .finish_non_exhaustive()
    }
}

/// The file. All names are the CLI's.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenFile {
    start_url: Option<String>,
    region: Option<String>,
    access_token: Zeroizing<String>,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Zeroizing<String>>,
}

impl TokenFile {
    pub(crate) fn new(session: &SsoSession, token: &SsoToken) -> Self {
        let exposed = |secret: &SecretString| Zeroizing::new(secret.expose_secret().to_owned());
        let client = token.renewal.as_ref().map(|renewal| &renewal.client);
        Self {
            start_url: Some(session.start_url.clone()),
            region: Some(session.region.clone()),
            access_token: exposed(&token.access_token),
            expires_at: timestamp(token.expires_at),
            client_id: client.map(|client| client.id.clone()),
            client_secret: client.map(|client| exposed(&client.secret)),
            registration_expires_at: client.map(|client| timestamp(client.expires_at)),
            refresh_token: token
                .renewal
                .as_ref()
                .map(|renewal| exposed(&renewal.refresh_token)),
        }
    }

    /// The token; `None` if the file has none that can be used.
    pub(crate) fn into_token(self) -> Option<SsoToken> {
        let secret = |text: Zeroizing<String>| SecretString::from(text.as_str());
        let renewal = match (
            self.refresh_token,
            self.client_id,
            self.client_secret,
            self.registration_expires_at.as_deref().and_then(moment),
        ) {
            (Some(refresh_token), Some(id), Some(client_secret), Some(expires_at)) => {
                Some(Renewal {
                    refresh_token: secret(refresh_token),
                    client: Registration {
                        id,
                        secret: secret(client_secret),
                        expires_at,
                    },
                })
            }
            _ => None,
        };
        let expires_at = moment(&self.expires_at)?;
        (!self.access_token.is_empty()).then(|| SsoToken {
            access_token: secret(self.access_token),
            expires_at,
            renewal,
        })
    }
}

/// As the CLI writes it: `2026-11-24T18:00:00Z`.
pub(crate) fn timestamp(moment: SystemTime) -> String {
    let seconds = DateTime::from(moment).secs();
    DateTime::from_secs(seconds)
        .fmt(Format::DateTime)
        .unwrap_or_default()
}

/// A moment as the AWS tools write it; older ones wrote `UTC` for `Z`, and the MFA cache has an offset.
pub(crate) fn moment(text: &str) -> Option<SystemTime> {
    let text = text.strip_suffix("UTC").map_or_else(
        || text.to_owned(),
        |without_zone| format!("{without_zone}Z"),
    );
    let moment = DateTime::from_str(&text, Format::DateTimeWithOffset).ok()?;
    SystemTime::try_from(moment).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn session(name: Option<&str>) -> SsoSession {
        SsoSession {
            name: name.map(str::to_owned),
            start_url: "https://corp.awsapps.com/start".to_owned(),
            region: "eu-west-1".to_owned(),
            scopes: Vec::new(),
        }
    }

    #[test]
    fn files_are_named_as_the_cli_names_them() {
        // printf %s corp | sha1sum
        assert_eq!(
            session(Some("corp")).cache_name(),
            "ee0bfd2552fbd840c02cc48b6e823320543c450f"
        );
        assert_ne!(
            session(None).cache_name(),
            session(Some("corp")).cache_name()
        );
    }

    #[test]
    fn the_clis_own_file_is_read() {
        let text = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1",
            "accessToken": "aoa", "expiresAt": "2030-01-02T03:04:05Z", "clientId": "id", "clientSecret": "cs",
            "registrationExpiresAt": "2030-02-01T00:00:00Z", "refreshToken": "aor"}"#;
        let token = serde_json::from_str::<TokenFile>(text)
            .unwrap()
            .into_token()
            .unwrap();
        assert_eq!(token.access_token.expose_secret(), "aoa");
        assert_eq!(timestamp(token.expires_at), "2030-01-02T03:04:05Z");
        let renewal = token.renewal.as_ref().unwrap();
        assert_eq!(renewal.refresh_token.expose_secret(), "aor");
        assert_eq!(renewal.client.id, "id");
        // And what is written has the same keys and values.
        let written = serde_json::to_value(TokenFile::new(&session(Some("corp")), &token)).unwrap();
        assert_eq!(
            written,
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
    }

    #[test]
    fn a_token_of_an_old_cli_is_good_but_cannot_be_renewed() {
        let text = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1",
            "accessToken": "aoa", "expiresAt": "2020-06-17T17:56:25UTC"}"#;
        let token = serde_json::from_str::<TokenFile>(text)
            .unwrap()
            .into_token()
            .unwrap();
        assert!(token.renewal.is_none());
        assert_eq!(timestamp(token.expires_at), "2020-06-17T17:56:25Z");
        assert!(!token.is_good_at(SystemTime::now()));
    }

    #[test]
    fn secrets_do_not_show() {
        let text = r#"{"accessToken": "CANARY", "expiresAt": "2030-01-02T03:04:05Z"}"#;
        let token = serde_json::from_str::<TokenFile>(text)
            .unwrap()
            .into_token();
        assert!(!format!("{token:?}").contains("CANARY"));
    }

    #[test]
    fn moments_of_all_kinds_are_read() {
        for text in [
            "2030-01-02T03:04:05Z",
            "2030-01-02T03:04:05UTC",
            "2030-01-02T03:04:05+00:00",
            "2030-01-02T05:04:05+02:00",
        ] {
            assert_eq!(timestamp(moment(text).unwrap()), "2030-01-02T03:04:05Z");
        }
        assert_eq!(moment("soon"), None);
    }
}
