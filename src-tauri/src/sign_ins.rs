//! Sign-ins that a person has typed, kept in a small file of our own without anything secret, and the AWS profiles that
//! come of them.
//!
//! Such a sign-in is like an `[sso-session]` of the AWS configuration, and becomes one when a profile of it is written.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws::{Broker, SsoSession};
use ipc::{AddedLines, CommandError, ErrorCode, NewAwsProfiles, SsoAccount};
use serde::{Deserialize, Serialize};
use shared_config::{NewProfile, NewSession, SharedConfig};
use tauri::Url;
use tracing::{info, warn};

use crate::own_files::{ReadError, Readers, read_text, write_whole};

const FILE: &str = "sign-ins.json";
const SCHEMA: u32 = 1;
const MAX_BYTES: usize = 256 * 1024;
/// More than anybody signs in to.
const MAX_SIGN_INS: usize = 64;
const MAX_URL_BYTES: usize = 1024;
/// More than anybody chooses at once.
const MAX_PROFILES: usize = 200;
/// What the AWS CLI asks for, and what a sign-in must have to be renewed.
const SCOPE: &str = "sso:account:access";
/// What a sign-in is called whose address gives no name.
const PLAIN_NAME: &str = "identity-center";

type Answer<T> = Result<T, CommandError>;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Contents {
    schema: u32,
    sign_ins: Vec<Remembered>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Remembered {
    name: String,
    start_url: String,
    region: String,
}

impl Remembered {
    fn session(&self) -> SsoSession {
        SsoSession {
            name: Some(self.name.clone()),
            start_url: self.start_url.clone(),
            region: self.region.clone(),
            scopes: vec![SCOPE.to_owned()],
        }
    }
}

/// The file of typed sign-ins.
pub(crate) struct SignIns {
    path: PathBuf,
    /// One changes it at a time.
    changing: Mutex<()>,
}

impl SignIns {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            path: folder.join(FILE),
            changing: Mutex::default(),
        }
    }

    /// All of them that the AWS configuration does not have by the same name.
    pub(crate) fn beside(&self, files: &[SsoSession]) -> Vec<SsoSession> {
        let taken: HashSet<&str> = files.iter().map(SsoSession::label).collect();
        self.read()
            .unwrap_or_default()
            .iter()
            .filter(|one| !taken.contains(one.name.as_str()))
            .map(Remembered::session)
            .collect()
    }

    /// Keeps a sign-in and gives its label: that of the AWS configuration where it is there already.
    pub(crate) fn remember(
        &self,
        files: &[SsoSession],
        start_url: &str,
        region: &str,
    ) -> Answer<String> {
        let start_url = start_url_of(start_url)?;
        let region = region_of(region)?;
        let is_same = |session: &&SsoSession| {
            let theirs = start_url_of(&session.start_url).ok();
            theirs.as_deref() == Some(&start_url) && session.region == region
        };
        if let Some(there) = files.iter().find(is_same) {
            return Ok(there.label().to_owned());
        }
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read().ok_or_else(|| self.unreadable())?;
        // Whoever types the same address again corrects the region.
        if let Some(there) = all.iter_mut().find(|one| one.start_url == start_url) {
            let name = there.name.clone();
            if there.region != region {
                there.region = region;
                self.write(all)?;
            }
            return Ok(name);
        }
        if all.len() >= MAX_SIGN_INS {
            return Err(invalid(
                "There are too many sign-ins. Forget some of them first.",
            ));
        }
        let mut taken: HashSet<&str> = files.iter().map(SsoSession::label).collect();
        taken.extend(all.iter().map(|one| one.name.as_str()));
        let name = free_name(&start_url, &taken);
        all.push(Remembered {
            name: name.clone(),
            start_url,
            region,
        });
        self.write(all)?;
        Ok(name)
    }

    /// Keeps it no longer.
    pub(crate) fn forget(&self, label: &str) -> Answer<()> {
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read().ok_or_else(|| self.unreadable())?;
        let before = all.len();
        all.retain(|one| one.name != label);
        if all.len() == before {
            return Err(invalid(
                "This sign-in stands in the AWS configuration; remove it there.",
            ));
        }
        self.write(all)
    }

    /// `None` where there is a file that cannot be understood: it is left as it is.
    fn read(&self) -> Option<Vec<Remembered>> {
        let text = match read_text(&self.path, MAX_BYTES) {
            Ok(text) => text,
            Err(ReadError::System(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Some(Vec::new());
            }
            Err(error) => {
                warn!(%error, "the typed sign-ins cannot be read");
                return None;
            }
        };
        match serde_json::from_str::<Contents>(&text) {
            Ok(contents) if contents.schema == SCHEMA => {
                // Somebody may have written it by hand; what is unfit is not signed in to.
                let is_fit = |one: &Remembered| {
                    is_name(&one.name)
                        && start_url_of(&one.start_url).is_ok_and(|url| url == one.start_url)
                        && region_of(&one.region).is_ok()
                };
                Some(contents.sign_ins.into_iter().filter(is_fit).collect())
            }
            Ok(contents) => {
                warn!(
                    schema = contents.schema,
                    "typed sign-ins of a newer version"
                );
                None
            }
            Err(error) => {
                warn!(%error, "the typed sign-ins cannot be understood");
                None
            }
        }
    }

    fn write(&self, sign_ins: Vec<Remembered>) -> Answer<()> {
        let contents = Contents {
            schema: SCHEMA,
            sign_ins,
        };
        let written = serde_json::to_vec_pretty(&contents)
            .map_err(std::io::Error::from)
            .and_then(|bytes| {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder)?;
                }
                write_whole(&self.path, &bytes, Readers::Owner)
            });
        written.map_err(|error| CommandError {
            code: ErrorCode::Store,
            message: format!("The sign-in could not be kept: {error}."),
        })
    }

    fn unreadable(&self) -> CommandError {
        CommandError {
            code: ErrorCode::Store,
            message: format!(
                "{} cannot be understood. Correct it or remove it.",
                self.path.display()
            ),
        }
    }
}

/// The start URL as AWS wants it, out of what a person pastes.
fn start_url_of(typed: &str) -> Answer<String> {
    let typed = typed.trim();
    let malformed = || {
        invalid("A start URL is an https address, such as https://my-company.awsapps.com/start.")
    };
    if typed.is_empty() || typed.len() > MAX_URL_BYTES {
        return Err(malformed());
    }
    let with_scheme = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let mut url = Url::parse(&with_scheme).map_err(|_| malformed())?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let is_loopback = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    let is_named = host.contains('.') || is_loopback;
    if !is_safe || !is_named || !url.username().is_empty() || url.password().is_some() {
        return Err(malformed());
    }
    // The portal's own address in the browser has them.
    url.set_fragment(None);
    url.set_query(None);
    let url = url.as_str().trim_end_matches('/').to_owned();
    // It must stand in a line of the AWS configuration.
    if url.contains([';', '#']) {
        return Err(malformed());
    }
    Ok(url)
}

fn region_of(typed: &str) -> Answer<String> {
    let region = typed.trim().to_ascii_lowercase();
    let mut parts = region.split('-');
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_region = region.len() <= 32
        && parts.clone().count() >= 3
        && parts.next_back().is_some_and(|last| {
            !last.is_empty() && last.len() <= 2 && last.bytes().all(|byte| byte.is_ascii_digit())
        })
        && parts.all(is_word);
    if is_region {
        Ok(region)
    } else {
        Err(invalid("A region is a code such as eu-west-1."))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The first part of the portal's host, which is the company's name as a rule; a number makes it one of its own.
fn free_name(start_url: &str, taken: &HashSet<&str>) -> String {
    let url = Url::parse(start_url).ok();
    let first = url
        .as_ref()
        .and_then(Url::domain)
        .and_then(|domain| domain.split_once('.'))
        .map(|(first, _)| first)
        .filter(|first| is_name(first));
    let plain = first.unwrap_or(PLAIN_NAME);
    let mut name = plain.to_owned();
    let mut number = 2;
    while taken.contains(name.as_str()) {
        name = format!("{plain}-{number}");
        number += 1;
    }
    name
}

/// The accounts that a sign-in opens.
pub(crate) async fn accounts(broker: &Broker, session: &SsoSession) -> Answer<Vec<SsoAccount>> {
    let accounts = broker
        .accounts(session)
        .await
        .map_err(|error| crate::credentials::command_error(&error))?;
    Ok(accounts
        .into_iter()
        .map(|account| SsoAccount {
            id: account.id,
            name: account.name,
            email: account.email,
        })
        .collect())
}

/// The names of the roles in one of them.
pub(crate) async fn roles(
    broker: &Broker,
    session: &SsoSession,
    account_id: &str,
) -> Answer<Vec<String>> {
    if !is_account_id(account_id) {
        return Err(invalid("An account's id has twelve digits."));
    }
    let roles = broker
        .roles(session, account_id)
        .await
        .map_err(|error| crate::credentials::command_error(&error))?;
    Ok(roles.into_iter().map(|role| role.name).collect())
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What would be added to the config file for these profiles.
pub(crate) fn lines(
    files: &SharedConfig,
    config: &Path,
    session: &SsoSession,
    wanted: &NewAwsProfiles,
) -> Answer<AddedLines> {
    let region = region_of(&wanted.region)?;
    if wanted.profiles.len() > MAX_PROFILES {
        return Err(invalid("These are too many profiles at once."));
    }
    if !wanted
        .profiles
        .iter()
        .all(|one| is_account_id(&one.account_id))
    {
        return Err(invalid("An account's id has twelve digits."));
    }
    let Some(name) = session.name.clone() else {
        return Err(invalid(
            "The AWS configuration has this sign-in without a name. Sign in with the start URL once more.",
        ));
    };
    let new = NewSession {
        name,
        start_url: session.start_url.clone(),
        region: session.region.clone(),
        scopes: session.scopes.clone(),
    };
    let profiles: Vec<NewProfile> = wanted
        .profiles
        .iter()
        .map(|one| NewProfile {
            name: one.name.trim().to_owned(),
            account_id: one.account_id.clone(),
            role_name: one.role.clone(),
            region: region.clone(),
        })
        .collect();
    let lines = shared_config::sections(files, &new, &profiles)
        .map_err(|error| invalid(&sentence(&error.to_string())))?;
    Ok(AddedLines {
        file: config.display().to_string(),
        is_new: !config.exists(),
        lines,
    })
}

/// Adds lines that the person has seen.
pub(crate) fn add(config: &Path, added: &AddedLines, seen: &str) -> Answer<()> {
    if added.lines != seen {
        return Err(invalid(
            "The AWS configuration has changed meanwhile. Look at the lines once more.",
        ));
    }
    shared_config::append(config, &added.lines).map_err(|error| CommandError {
        code: ErrorCode::Store,
        message: format!("{} was left as it is: {error}.", config.display()),
    })?;
    info!(file = %config.display(), "AWS profiles added");
    Ok(())
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

fn invalid(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message: message.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests;
