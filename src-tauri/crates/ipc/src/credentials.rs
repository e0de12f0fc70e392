//! Credentials as the window shows them: where they come from, who they make one, and what only the person can give.
//! The credentials themselves never cross.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the machine's AWS configuration offers to choose from.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AwsSetup {
    /// The profiles of the shared configuration files, in their order.
    pub profiles: Vec<AwsProfile>,
    /// What does not count in those files.
    pub problems: Vec<ConfigProblem>,
    /// The sign-ins that the files name, and those that a person has typed.
    pub sign_ins: Vec<SignIn>,
    /// Region codes, most common partitions first.
    pub regions: Vec<String>,
}

/// Where an AWS profile's credentials come from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum AwsProfileKind {
    /// Keys in the file.
    Keys,
    /// A role, assumed with another profile's credentials.
    Role,
    /// A sign-in to IAM Identity Center.
    Sso,
    /// A program.
    Process,
    /// A role, with a token from a file.
    WebIdentity,
    /// A sign-in made by `aws login`.
    Login,
    /// The environment, the instance or the container, as the profile says.
    Surroundings,
    /// Nothing by itself.
    Empty,
    /// It cannot be used.
    Broken,
}

/// An AWS profile.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AwsProfile {
    /// Its name.
    pub name: String,
    /// Where its credentials come from.
    pub kind: AwsProfileKind,
    /// The account in which they act, where the files tell.
    pub account: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// The way to its credentials, such as `base → ops`, or why it cannot be used.
    pub detail: Option<String>,
}

/// Something in a configuration file that does not count.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ConfigProblem {
    /// The file.
    pub file: String,
    /// The line, from 1; `None`: the whole file.
    pub line: Option<u32>,
    /// What is wrong and what comes of it, in a sentence.
    pub message: String,
}

/// A sign-in to IAM Identity Center that AWS profiles share.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SignIn {
    /// Its name, or its start URL where it has none. Names it in commands.
    pub label: String,
    /// Where a person signs in.
    pub start_url: String,
    /// Where the Identity Center instance is.
    pub region: String,
    /// Until when it is good, in milliseconds since 1970; `None`: not signed in.
    #[ts(type = "number | null")]
    pub expires_ms: Option<u64>,
    /// Whether a person has typed it and the files do not have it.
    pub typed: bool,
}

/// One of several nodes that match a connection's rule.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct NodeChoice {
    /// `i-…` or `mi-…`.
    pub id: String,
    /// What it calls itself.
    pub name: Option<String>,
    /// Its address.
    pub ip_address: Option<String>,
    /// What it runs, such as `Amazon Linux 2023`.
    pub platform: Option<String>,
    /// The service's word for its agent, such as `Online` or `ConnectionLost`.
    pub ping_status: Option<String>,
    /// Whether it can be chosen.
    pub is_online: bool,
}

/// What a question is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum QuestionAbout {
    /// A sign-in to IAM Identity Center.
    SignIn {
        /// As in [`SignIn::label`].
        session: String,
        /// Where a person signs in.
        start_url: String,
    },
    /// A code of an MFA device.
    Mfa {
        /// The device: an ARN, or a serial number.
        serial: String,
        /// The AWS profile whose role is to be assumed.
        aws_profile: String,
        /// The role.
        role_arn: String,
    },
    /// Which of several nodes a session is started on.
    ChooseNode {
        /// The connection's name.
        connection: String,
        /// The rule that they match.
        rule: String,
        /// All that match.
        nodes: Vec<NodeChoice>,
    },
    /// Why the person connects.
    Reason {
        /// The connection's name.
        connection: String,
        /// The reason as it will be, with `…` for the answer.
        preview: String,
        /// How many characters the answer may have.
        most_chars: u32,
    },
}

/// How far a sign-in has come.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum SignInStep {
    /// The service is being asked.
    Preparing,
    /// This page is open in the browser, or to be opened by hand.
    Browser {
        /// The page.
        url: String,
    },
    /// The code is to be compared with, or typed on, a page on any device.
    Device {
        /// Such as `ABCD-EFGH`.
        user_code: String,
        /// The page, with the code in it where the service offers that.
        url: String,
        /// Until when, in milliseconds since 1970.
        #[ts(type = "number")]
        expires_ms: u64,
    },
    /// The person has answered; the token is being fetched.
    Finishing,
}

/// What went wrong, for people.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Problem {
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The service's own words.
    pub detail: Option<String>,
}

/// Something that only the person can give, asked once however many sessions wait for it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Question {
    /// Names it in commands; never used twice.
    pub id: u32,
    /// What it is about.
    pub about: QuestionAbout,
    /// How many wait for the answer.
    pub waiting: u32,
    /// How far the sign-in has come, once it has begun.
    pub step: Option<SignInStep>,
    /// What became of the last answer.
    pub problem: Option<Problem>,
}

/// Who the credentials of a connection make one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Caller {
    /// The account: twelve digits.
    pub account: String,
    /// What its owner calls it, where that is known.
    pub account_name: Option<String>,
    /// The assumed role.
    pub role: Option<String>,
    /// The role session's name, or the IAM user's.
    pub user: Option<String>,
    /// The whole name.
    pub arn: String,
    /// Until when the credentials are good, in milliseconds since 1970; `None`: they do not expire.
    #[ts(type = "number | null")]
    pub expires_ms: Option<u64>,
}
