//! The keyring of the platform at hand: opening it, and what its own errors mean.

use std::error::Error;
use std::sync::Arc;

use keyring_core::CredentialStore;

use crate::trouble::Trouble;

/// An open keyring.
pub(crate) struct Opened {
    pub(crate) store: Arc<CredentialStore>,
    /// Whether the next call will ask for a password; only where that can be known without asking.
    pub(crate) is_locked: Option<Box<dyn Fn() -> bool>>,
}

/// How to open one; every call makes a new connection.
pub(crate) type Open = dyn Fn() -> keyring::Result<Opened> + Send + Sync;

/// Opens the platform's keyring. May block, and must not be called on a thread of an async runtime.
#[cfg(target_os = "macos")]
pub(crate) fn open() -> keyring::Result<Opened> {
    Ok(Opened {
        store: apple_native_keyring_store::keychain::Store::new()?,
        is_locked: None,
    })
}

/// Opens the platform's keyring.
#[cfg(windows)]
pub(crate) fn open() -> keyring::Result<Opened> {
    Ok(Opened {
        store: windows_native_keyring_store::Store::new()?,
        is_locked: None,
    })
}

/// Opens the platform's keyring. May block, and must not be called on a thread of an async runtime.
#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) fn open() -> keyring::Result<Opened> {
    use secret_service::EncryptionType;
    use secret_service::blocking::SecretService;

    let store = zbus_secret_service_keyring_store::Store::new()?;
    // The store's own connection is private to it. Nothing secret goes over this one.
    let service = SecretService::connect(EncryptionType::Plain).ok();
    Ok(Opened {
        store,
        is_locked: service.map(|service| -> Box<dyn Fn() -> bool> {
            Box::new(move || {
                service
                    .get_default_collection()
                    .and_then(|collection| collection.is_locked())
                    .unwrap_or(false)
            })
        }),
    })
}

/// What an error of the platform's own means, if that is known.
#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) fn cause(error: &(dyn Error + Send + Sync + 'static)) -> Option<Trouble> {
    use secret_service::Error as ServiceError;

    let error = error.downcast_ref::<ServiceError>()?;
    if matches!(
        error,
        ServiceError::Locked | ServiceError::Prompt | ServiceError::PromptDisconnected
    ) {
        Some(Trouble::Locked)
    } else if matches!(error, ServiceError::NoResult | ServiceError::Unavailable) {
        Some(Trouble::None)
    } else {
        None
    }
}

/// What an error of the platform's own means, if that is known.
#[cfg(any(windows, target_os = "macos"))]
pub(crate) fn cause(_error: &(dyn Error + Send + Sync + 'static)) -> Option<Trouble> {
    None
}
