//! A set of keys, and its form in the keyring.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::trouble::Trouble;

const VERSION: u32 = 1;

/// Keys as a person types them. The secret ones are wiped from memory when dropped.
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// The access key's id, which is no secret.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: SecretString,
    /// The session token that temporary keys have.
    pub session_token: Option<SecretString>,
    /// What the person calls them.
    pub label: String,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    label: &'a str,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: Option<&'a str>,
}

/// Borrows from the buffer, which is wiped.
#[derive(Deserialize)]
struct Read<'a> {
    version: u32,
    label: String,
    access_key_id: String,
    #[serde(borrow)]
    secret_access_key: Cow<'a, str>,
    #[serde(borrow, default)]
    session_token: Option<Cow<'a, str>>,
}

impl AwsKeys {
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        let token = self.session_token.as_ref().map(ExposeSecret::expose_secret);
        let secret = self.secret_access_key.expose_secret();
        let text = self.label.len() + self.access_key_id.len();
        // A buffer that grows leaves copies behind; six bytes are the longest that JSON makes of one.
        let room = 6 * (text + secret.len() + token.map_or(0, str::len)) + 256;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        let written = Written {
            version: VERSION,
            label: &self.label,
            access_key_id: &self.access_key_id,
            secret_access_key: secret,
            session_token: token,
        };
        serde_json::to_writer(&mut *bytes, &written)
            .map_err(|_| Trouble::Other("the keys cannot be written down".to_owned()))?;
        Ok(bytes)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Trouble> {
        // The error is dropped: it may quote what it met.
        let read: Read<'_> = serde_json::from_slice(bytes).map_err(|_| Trouble::Corrupt)?;
        if read.version != VERSION {
            return Err(Trouble::Corrupt);
        }
        Ok(Self {
            access_key_id: read.access_key_id,
            secret_access_key: SecretString::from(&*read.secret_access_key),
            session_token: read.session_token.map(|token| SecretString::from(&*token)),
            label: read.label,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(token: Option<&str>) -> AwsKeys {
        AwsKeys {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: SecretString::from("wJalrXUtnFEMI/K7MDENG+b\"\\\u{1}é"),
            session_token: token.map(SecretString::from),
            label: "Büro".to_owned(),
        }
    }

    #[test]
    fn keys_come_back_as_they_were() {
        for token in [None, Some("IQoJb3JpZ2luX2VjE=="), Some("")] {
            let keys = keys(token);
            let bytes = keys.to_bytes().expect("bytes");
            assert!(bytes.len() < bytes.capacity(), "it grew");
            let again = AwsKeys::from_bytes(&bytes).expect("keys");
            assert_eq!(again.access_key_id, keys.access_key_id);
            assert_eq!(again.label, keys.label);
            assert_eq!(
                again.secret_access_key.expose_secret(),
                keys.secret_access_key.expose_secret()
            );
            assert_eq!(
                again
                    .session_token
                    .as_ref()
                    .map(ExposeSecret::expose_secret),
                token
            );
        }
    }

    #[test]
    fn anything_else_is_corrupt() {
        let good = keys(None).to_bytes().expect("bytes");
        for bytes in [
            b"".as_slice(),
            b"hunter2",
            b"\xff\xfe",
            b"{\"version\":2,\"label\":\"\",\"access_key_id\":\"\",\"secret_access_key\":\"\"}",
            good.get(..good.len() - 1).expect("shorter"),
        ] {
            assert_eq!(AwsKeys::from_bytes(bytes).err(), Some(Trouble::Corrupt));
        }
    }

    #[test]
    fn secrets_are_in_no_debug_output() {
        let shown = format!("{:?}", keys(Some("IQoJb3JpZ2lu")));
        assert!(shown.contains("AKIAIOSFODNN7EXAMPLE"), "{shown}");
        assert!(
            !shown.contains("wJalr") && !shown.contains("IQoJ"),
            "{shown}"
        );
    }
}
