//! From a first sign-in to AWS profiles: accounts, roles, and the lines that would be added to the AWS configuration.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An account that a sign-in opens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SsoAccount {
    /// Twelve digits.
    pub id: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Its owner's e-mail address.
    pub email: Option<String>,
}

/// An AWS profile that a person wants to have.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct NewAwsProfile {
    /// Its name.
    pub name: String,
    /// The account.
    pub account_id: String,
    /// The role in it.
    pub role: String,
}

/// AWS profiles of one sign-in that a person wants to have.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct NewAwsProfiles {
    /// The sign-in's label.
    pub session: String,
    /// The region of all of them.
    pub region: String,
    /// The profiles.
    pub profiles: Vec<NewAwsProfile>,
}

/// What would be added to the AWS configuration, exactly.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AddedLines {
    /// The file.
    pub file: String,
    /// Whether there is no such file yet.
    pub is_new: bool,
    /// The lines, each with its line feed.
    pub lines: String,
}
