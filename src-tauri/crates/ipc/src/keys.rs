//! Keys that a person types into the window, as the window shows them afterwards: without their secrets.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A set of keys that connections name as `keyring:<name>`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct StoredKey {
    /// What the person calls it.
    pub name: String,
    /// The access key's id, which is no secret.
    pub access_key_id: String,
    /// Whether it is in memory only, until the application ends.
    pub only_for_this_run: bool,
}

/// What kind of thing is wrong with the keyring.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum KeyringTroubleKind {
    /// None answers.
    Missing,
    /// It waits for its password.
    Locked,
    /// It does not let the application in.
    Denied,
    /// It does not answer.
    Hanging,
    /// What it holds cannot be understood.
    Corrupt,
    /// Something else.
    Other,
}

/// Why the keyring did not do what was asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct KeyringTrouble {
    /// What kind of trouble it is.
    pub kind: KeyringTroubleKind,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// All typed keys, and why those of the keyring are missing if they are.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct StoredKeys {
    /// By name.
    pub keys: Vec<StoredKey>,
    /// What is wrong with the keyring.
    pub trouble: Option<KeyringTrouble>,
    /// The name of keys that were typed and that the keyring did not take: they wait in memory to be kept or dropped.
    pub waiting: Option<String>,
}
