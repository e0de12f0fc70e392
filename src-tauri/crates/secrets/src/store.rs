//! What the application sees of all this.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyring_core::CredentialStore;

use crate::index::{self, Item};
use crate::keys::AwsKeys;
use crate::platform::{self, Open, Opened};
use crate::trouble::Trouble;
use crate::worker::{Session, Workers};

/// Under which name the keyring shows our entries.
pub const SERVICE: &str = "Sessiondeck";
/// How long the keyring may take for anything.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// The longest id of a set of keys.
pub const MAX_ID_BYTES: usize = 128;
/// The longest label, and the longest access key id.
pub const MAX_LABEL_BYTES: usize = 256;

/// Sets of keys, each under an id that the caller chooses. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub struct KeyStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    workers: Arc<Workers>,
    patience: Duration,
    /// For this run only.
    kept: Mutex<BTreeMap<String, AwsKeys>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.workers.close();
    }
}

/// What there is, and what is wrong with the keyring if not all of it could be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// By label, then id.
    pub keys: Vec<Listed>,
    /// Why those of the keyring are missing.
    pub trouble: Option<Trouble>,
}

/// A set of keys without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The caller's id.
    pub id: String,
    /// What the person calls them.
    pub label: String,
    /// The access key's id.
    pub access_key_id: String,
    /// Whether they are in memory only.
    pub only_for_this_run: bool,
}

impl KeyStore {
    /// The system's keyring. Nothing is opened before the first question.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(PATIENCE)
    }

    /// As [`KeyStore::start`], with another patience.
    #[must_use]
    pub fn start_with(patience: Duration) -> Self {
        Self::new(Box::new(platform::open), patience)
    }

    /// On another keyring than the system's, for tests. `open` is called on a thread of the store's own, and again
    /// after a failure.
    #[must_use]
    pub fn over(
        open: impl Fn() -> keyring::Result<Arc<CredentialStore>> + Send + Sync + 'static,
        patience: Duration,
    ) -> Self {
        let open = move || {
            open().map(|store| Opened {
                store,
                is_locked: None,
            })
        };
        Self::new(Box::new(open), patience)
    }

    fn new(open: Box<Open>, patience: Duration) -> Self {
        Self {
            inner: Arc::new(Inner {
                workers: Workers::new(open),
                patience,
                kept: Mutex::default(),
            }),
        }
    }

    /// All sets of keys. Those kept for this run are there whatever the keyring does.
    pub async fn list(&self) -> Listing {
        let (items, trouble) = match self.ask(index::items).await {
            Ok(items) => (items, None),
            Err(trouble) => (Vec::new(), Some(trouble)),
        };
        let mut keys: BTreeMap<String, Listed> = items
            .into_iter()
            .map(|item| {
                let listed = Listed {
                    id: item.id.clone(),
                    label: item.label,
                    access_key_id: item.access_key_id,
                    only_for_this_run: false,
                };
                (item.id, listed)
            })
            .collect();
        for (id, kept) in self.kept().iter() {
            let listed = Listed {
                id: id.clone(),
                label: kept.label.clone(),
                access_key_id: kept.access_key_id.clone(),
                only_for_this_run: true,
            };
            keys.insert(id.clone(), listed);
        }
        let mut keys: Vec<Listed> = keys.into_values().collect();
        keys.sort_by(|a, b| (&a.label, &a.id).cmp(&(&b.label, &b.id)));
        Listing { keys, trouble }
    }

    /// The keys of an id, those kept for this run first; none if there are none.
    ///
    /// # Errors
    ///
    /// If the keyring does not tell.
    pub async fn get(&self, id: &str) -> Result<Option<AwsKeys>, Trouble> {
        if let Some(kept) = self.kept().get(id) {
            return Ok(Some(kept.clone()));
        }
        let user = user(id)?;
        self.ask(move |keyring| {
            keyring
                .read(&user)?
                .map(|bytes| AwsKeys::from_bytes(&bytes))
                .transpose()
        })
        .await
    }

    /// Puts keys into the keyring, in the place of those with the same id, kept ones too.
    ///
    /// # Errors
    ///
    /// If the keyring does not take them. After [`Trouble::TooLong`] and [`Trouble::Locked`] it may have, all the same.
    pub async fn put(&self, id: &str, keys: AwsKeys) -> Result<(), Trouble> {
        let user = user(id)?;
        if keys.label.len() > MAX_LABEL_BYTES || keys.access_key_id.len() > MAX_LABEL_BYTES {
            return Err(Trouble::Other(format!(
                "the label and the access key's id may have at most {MAX_LABEL_BYTES} bytes"
            )));
        }
        let item = Item {
            id: id.to_owned(),
            label: keys.label.clone(),
            access_key_id: keys.access_key_id.clone(),
        };
        self.ask(move |keyring| {
            let bytes = keys.to_bytes()?;
            index::put(keyring, item)?;
            keyring.write(&user, &bytes)
        })
        .await?;
        self.forget(id);
        Ok(())
    }

    /// Removes keys from memory and from the keyring. That there are none is fine.
    ///
    /// # Errors
    ///
    /// If the keyring does not remove them; those in memory are gone in any case. A keyring that is not there holds
    /// nothing: no error for keys that were in memory only.
    pub async fn delete(&self, id: &str) -> Result<(), Trouble> {
        let was_kept = self.forget(id);
        let user = user(id)?;
        let id = id.to_owned();
        let removed = self
            .ask(move |keyring| {
                keyring.remove(&user)?;
                index::remove(keyring, &id)
            })
            .await;
        match removed {
            Err(Trouble::None) if was_kept => Ok(()),
            other => other,
        }
    }

    /// Keeps keys in memory until [`KeyStore::forget`], [`KeyStore::delete`], [`KeyStore::put`] or the end of the
    /// program, and then wipes them.
    pub fn keep_for_this_run(&self, id: &str, keys: AwsKeys) {
        self.kept().insert(id.to_owned(), keys);
    }

    /// Wipes keys that are kept in memory; whether there were any.
    pub fn forget(&self, id: &str) -> bool {
        self.kept().remove(id).is_some()
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        self.inner.workers.ask(self.inner.patience, work).await
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, AwsKeys>> {
        self.inner
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of an id's entry.
fn user(id: &str) -> Result<String, Trouble> {
    if id.is_empty() || id.len() > MAX_ID_BYTES {
        return Err(Trouble::Other(format!(
            "an id must have 1 to {MAX_ID_BYTES} bytes"
        )));
    }
    Ok(format!("keys/{id}"))
}
