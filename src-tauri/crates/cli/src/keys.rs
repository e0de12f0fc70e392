//! Keys that a person types, kept in the system's keyring: `keyring:<name>` as a connection's credentials.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use secrecy::{ExposeSecret as _, SecretString};
use secrets::{AwsKeys, KeyStore};
use zeroize::Zeroizing;

use crate::sessions;
use crate::terminal::Unseen;
use crate::trouble::Trouble;

/// Asks for keys and keeps them, in place of any of this name.
///
/// # Errors
///
/// When nothing usable is typed, or the keyring does not take them.
pub(crate) async fn add(name: &str) -> Result<u8, Trouble> {
    let keys = tokio::task::spawn_blocking({
        let name = name.to_owned();
        move || read(name)
    })
    .await
    .map_err(|_| Trouble::failed("The keys could not be read."))??;
    KeyStore::start().put(name, keys).await.map_err(told)?;
    sessions::print(&format!(
        "Kept. A connection whose credentials are keyring:{name} uses them.\n"
    ))
}

/// Prints which keys there are, without them.
///
/// # Errors
///
/// When the keyring does not tell.
pub(crate) async fn list() -> Result<u8, Trouble> {
    let listing = KeyStore::start().list().await;
    if let Some(trouble) = listing.trouble {
        return Err(told(trouble));
    }
    let lines: String = listing
        .keys
        .iter()
        .map(|key| format!("{}  {}\n", key.access_key_id, key.id))
        .collect();
    sessions::print(&lines)
}

/// Removes keys.
///
/// # Errors
///
/// When the keyring does not remove them.
pub(crate) async fn delete(name: &str) -> Result<u8, Trouble> {
    KeyStore::start().delete(name).await.map_err(told)?;
    Ok(0)
}

fn told(trouble: secrets::Trouble) -> Trouble {
    Trouble::failed(trouble.message()).with_remedy(trouble.remedy())
}

/// Three lines: of a person who is asked for each, or of a program.
fn read(label: String) -> Result<AwsKeys, Trouble> {
    let access_key_id = line("Access key ID: ", true)?;
    let secret_access_key = line("Secret access key: ", false)?;
    let session_token = line("Session token, or nothing: ", false)?;
    for (what, text) in [
        ("access key ID", &access_key_id),
        ("secret access key", &secret_access_key),
    ] {
        if text.expose_secret().is_empty() {
            return Err(Trouble::failed(format!("There is no {what}.")));
        }
    }
    Ok(AwsKeys {
        access_key_id: access_key_id.expose_secret().to_owned(),
        secret_access_key,
        session_token: (!session_token.expose_secret().is_empty()).then_some(session_token),
        label,
    })
}

fn line(prompt: &str, is_shown: bool) -> Result<SecretString, Trouble> {
    let unread = |error: io::Error| {
        Trouble::failed("The keys could not be read.").with_detail(error.to_string())
    };
    let stdin = io::stdin().lock();
    let is_terminal = stdin.is_terminal();
    let _unseen = (is_terminal && !is_shown)
        .then(Unseen::begin)
        .transpose()
        .map_err(unread)?;
    if is_terminal {
        let mut stderr = io::stderr().lock();
        stderr
            .write_all(prompt.as_bytes())
            .and_then(|()| stderr.flush())
            .map_err(unread)?;
    }
    // More than any key or token has, so that the buffer never grows and leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
    let mut limited = io::Read::take(stdin, 16 * 1024);
    limited.read_line(&mut text).map_err(unread)?;
    if is_terminal && !is_shown {
        // What ended the line was not shown either. Without a standard error there is nobody to tell.
        let _ended = writeln!(io::stderr());
    }
    Ok(SecretString::from(text.trim()))
}
