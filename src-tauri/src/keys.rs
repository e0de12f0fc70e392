//! Keys that the person types into the window: checked, kept in the keyring or for this run, listed without secrets.
//!
//! What the keyring did not take waits in memory, so that nobody types it twice, until it is kept after all or dropped.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws::Broker;
use ipc::{CommandError, ErrorCode, KeyringTrouble, KeyringTroubleKind, StoredKey, StoredKeys};
use secrecy::{ExposeSecret as _, SecretString};
use secrets::{AwsKeys, KeyStore, MAX_ID_BYTES, Trouble};

/// IAM's own bounds for the id of an access key.
const ACCESS_KEY_ID_BYTES: std::ops::RangeInclusive<usize> = 16..=128;
/// Far above a secret key's 40 characters; a session token has some hundreds to some thousands.
const MAX_SECRET_BYTES: usize = 16 * 1024;

/// What the person has typed.
pub(crate) struct Typed {
    pub(crate) name: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretString,
    pub(crate) session_token: Option<SecretString>,
}

/// The typed keys of the application.
pub(crate) struct Keys {
    store: KeyStore,
    broker: Broker,
    waiting: Mutex<Option<AwsKeys>>,
}

impl Keys {
    /// The store is the one that the broker reads.
    pub(crate) fn new(store: KeyStore, broker: Broker) -> Self {
        Self {
            store,
            broker,
            waiting: Mutex::default(),
        }
    }

    pub(crate) async fn list(&self) -> StoredKeys {
        let listing = self.store.list().await;
        StoredKeys {
            keys: listing
                .keys
                .into_iter()
                .map(|key| StoredKey {
                    name: key.id,
                    access_key_id: key.access_key_id,
                    only_for_this_run: key.only_for_this_run,
                })
                .collect(),
            trouble: listing.trouble.as_ref().map(trouble_to_page),
            waiting: self.waiting().as_ref().map(|keys| keys.label.clone()),
        }
    }

    /// Keeps what was typed in the keyring; what it does not take waits.
    ///
    /// # Errors
    ///
    /// What is wrong with what was typed, that the name is taken (unless it is to be replaced), or with the keyring.
    pub(crate) async fn keep(&self, typed: Typed, replace: bool) -> Result<(), CommandError> {
        self.drop_waiting();
        let keys = checked(typed)?;
        let taken = !replace
            && self
                .store
                .list()
                .await
                .keys
                .iter()
                .any(|known| known.id == keys.label);
        if taken {
            return Err(invalid(
                "There are keys of this name already. Choose another name, or replace them.",
            ));
        }
        *self.waiting() = Some(keys);
        self.keep_waiting(false).await
    }

    /// Keeps what waits.
    ///
    /// # Errors
    ///
    /// Why the keyring did not take it; it goes on waiting.
    pub(crate) async fn keep_waiting(&self, only_for_this_run: bool) -> Result<(), CommandError> {
        let Some(keys) = self.waiting().clone() else {
            return Err(invalid("There are no keys to be kept."));
        };
        let name = keys.label.clone();
        if only_for_this_run {
            self.store.keep_for_this_run(&name, keys);
        } else {
            self.store
                .put(&name, keys)
                .await
                .map_err(|trouble| keyring_error(&trouble))?;
        }
        self.drop_waiting();
        self.broker.stored_changed(&name);
        Ok(())
    }

    /// Forgets what waits.
    pub(crate) fn drop_waiting(&self) {
        *self.waiting() = None;
    }

    /// Removes keys for good.
    ///
    /// # Errors
    ///
    /// Why the keyring did not remove them.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), CommandError> {
        let deleted = self.store.delete(name).await;
        self.broker.stored_changed(name);
        deleted.map_err(|trouble| keyring_error(&trouble))
    }

    fn waiting(&self) -> MutexGuard<'_, Option<AwsKeys>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was typed, without what copying leaves around it.
fn checked(typed: Typed) -> Result<AwsKeys, CommandError> {
    let name = typed.name.trim();
    if name.is_empty() {
        return Err(invalid("Give the keys a name."));
    }
    if name.len() > MAX_ID_BYTES || name.chars().any(char::is_control) {
        return Err(invalid(
            "The name is too long, or has characters that cannot be shown.",
        ));
    }
    let id = typed.access_key_id.trim();
    let is_word = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !ACCESS_KEY_ID_BYTES.contains(&id.len()) || !is_word {
        return Err(invalid(
            "An access key ID has 16 or more letters and digits, such as AKIAIOSFODNN7EXAMPLE.",
        ));
    }
    let secret = typed.secret_access_key.expose_secret().trim();
    let token = typed
        .session_token
        .as_ref()
        .map(|token| token.expose_secret().trim())
        .filter(|token| !token.is_empty());
    if secret.is_empty() {
        return Err(invalid("The secret access key is missing."));
    }
    let is_odd = |text: &str| {
        text.len() > MAX_SECRET_BYTES || text.bytes().any(|byte| !byte.is_ascii_graphic())
    };
    if is_odd(secret) {
        return Err(invalid(
            "The secret access key has characters that no such key has.",
        ));
    }
    if token.is_some_and(is_odd) {
        return Err(invalid(
            "The session token has characters that no such token has.",
        ));
    }
    if id.starts_with("ASIA") && token.is_none() {
        return Err(invalid(
            "This access key is a temporary one (ASIA…): it needs its session token.",
        ));
    }
    Ok(AwsKeys {
        access_key_id: id.to_owned(),
        secret_access_key: SecretString::from(secret),
        session_token: token.map(SecretString::from),
        label: name.to_owned(),
    })
}

fn trouble_to_page(trouble: &Trouble) -> KeyringTrouble {
    KeyringTrouble {
        kind: match trouble {
            Trouble::None => KeyringTroubleKind::Missing,
            Trouble::Locked => KeyringTroubleKind::Locked,
            Trouble::Denied => KeyringTroubleKind::Denied,
            Trouble::TooLong => KeyringTroubleKind::Hanging,
            Trouble::Corrupt => KeyringTroubleKind::Corrupt,
            Trouble::Other(_) | _ => KeyringTroubleKind::Other,
        },
        message: trouble.message(),
        remedy: trouble.remedy().to_owned(),
    }
}

fn keyring_error(trouble: &Trouble) -> CommandError {
    CommandError {
        code: ErrorCode::Credentials,
        message: format!("{} {}", trouble.message(), trouble.remedy()),
    }
}

fn invalid(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn typed(name: &str, id: &str, secret: &str, token: Option<&str>) -> Typed {
        Typed {
            name: name.to_owned(),
            access_key_id: id.to_owned(),
            secret_access_key: SecretString::from(secret),
            session_token: token.map(SecretString::from),
        }
    }

    /// On a computer where no keyring answers.
    fn without_a_keyring() -> Keys {
        let store = KeyStore::over(
            || Err(keyring_core::Error::NoDefaultStore),
            std::time::Duration::from_secs(5),
        );
        let broker = Broker::new(aws::BrokerOptions::from_environment());
        Keys::new(store, broker)
    }

    #[test]
    fn what_copying_leaves_around_keys_is_taken_away() {
        let keys = checked(typed(
            " ci ",
            &format!("{ID}\n"),
            &format!(" {SECRET}\t"),
            Some(" "),
        ));
        let keys = keys.expect("keys");
        assert_eq!(
            (keys.label.as_str(), keys.access_key_id.as_str()),
            ("ci", ID)
        );
        assert_eq!(keys.secret_access_key.expose_secret(), SECRET);
        assert!(keys.session_token.is_none());
    }

    #[test]
    fn what_cannot_be_keys_is_told_without_repeating_it() {
        for (name, id, secret, token, word) in [
            ("", ID, SECRET, None, "name"),
            ("a\u{7}b", ID, SECRET, None, "name"),
            ("ci", "AKIA", SECRET, None, "access key ID"),
            ("ci", SECRET, SECRET, None, "access key ID"),
            ("ci", ID, " ", None, "secret"),
            ("ci", ID, "wJalrXUtn FEMI", None, "secret"),
            ("ci", ID, SECRET, Some("IQo\u{e9}"), "token"),
            ("ci", "ASIAIOSFODNN7EXAMPLE", SECRET, None, "session token"),
        ] {
            let error = checked(typed(name, id, secret, token)).expect_err("an error");
            assert!(error.message.contains(word), "{}", error.message);
            assert!(!error.message.contains("wJalr"), "{}", error.message);
        }
    }

    #[tokio::test]
    async fn what_no_keyring_takes_waits_to_be_kept_for_this_run() {
        let keys = without_a_keyring();
        let kept = keys.keep(typed("ci", ID, SECRET, None), false).await;
        assert_eq!(
            kept.err().map(|error| error.code),
            Some(ErrorCode::Credentials)
        );
        let listed = keys.list().await;
        assert_eq!(listed.waiting.as_deref(), Some("ci"));
        assert_eq!(
            listed.trouble.map(|trouble| trouble.kind),
            Some(KeyringTroubleKind::Missing)
        );
        keys.keep_waiting(true).await.expect("kept");
        let listed = keys.list().await;
        assert_eq!(listed.waiting, None);
        assert!(
            listed
                .keys
                .iter()
                .all(|key| key.name == "ci" && key.only_for_this_run)
        );
        assert_eq!(listed.keys.len(), 1);
        // Another of the name only where it is to be replaced.
        let again = keys.keep(typed("ci", ID, SECRET, None), false).await;
        assert_eq!(
            again.err().map(|error| error.code),
            Some(ErrorCode::InvalidArgument)
        );
        keys.delete("ci").await.expect("deleted");
        assert!(keys.list().await.keys.is_empty());
    }

    #[tokio::test]
    async fn what_waits_is_gone_once_it_is_dropped() {
        let keys = without_a_keyring();
        assert!(
            keys.keep(typed("ci", ID, SECRET, None), false)
                .await
                .is_err()
        );
        keys.drop_waiting();
        assert_eq!(keys.list().await.waiting, None);
        assert!(keys.keep_waiting(true).await.is_err());
    }
}
