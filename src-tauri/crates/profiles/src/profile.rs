//! What a saved connection is, and which values make a valid one.
//!
//! The rules for targets, documents, reasons and parameters are those of the StartSession call in the Systems Manager
//! API reference, checked here so that a mistake shows in the form and not after a round trip. A profile read from the
//! file is not checked again: a person who edits it by hand finds it as they wrote it, and the form says what is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::{Uuid, uuid};

/// Longest name, in characters.
pub(crate) const NAME_MAX: usize = 100;
/// Longest AWS profile name, in characters; the AWS tools set no bound.
const AWS_PROFILE_MAX: usize = 256;
/// Longest target, in characters.
const TARGET_MAX: usize = 400;
/// Shortest and longest document name or ARN, in characters.
const DOCUMENT_LEN: std::ops::RangeInclusive<usize> = 3..=128;
/// Longest reason, in characters.
const REASON_MAX: usize = 256;
/// Most parameters, and most values of one; the service sets no bound.
const PARAMETERS_MAX: usize = 100;
/// Longest name of a parameter, in characters.
const PARAMETER_NAME_MAX: usize = 255;
/// Longest value of a parameter, in characters.
const PARAMETER_VALUE_MAX: usize = 65_535;

/// Names one profile for its whole life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ProfileId(Uuid);

impl ProfileId {
    /// The built-in profile **Local demo**.
    pub const LOCAL_DEMO: Self = Self(uuid!("5e551013-dec0-4000-8000-000000000001"));

    /// Makes an id that no other profile has.
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ProfileId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// The colours a profile can carry: marks of the palette, not raw values, so that every theme can show them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ProfileColour {
    /// No mark.
    #[default]
    None,
    /// Red.
    Red,
    /// Orange.
    Orange,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Teal.
    Teal,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Pink.
    Pink,
}

impl ProfileColour {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// What a person can say of a connection.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileDraft {
    /// What it is called; 1 to 100 characters.
    pub name: String,
    /// The AWS profile whose credentials are used; `None`: the default credential chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_profile: Option<String>,
    /// The AWS region; `None`: what the AWS profile or the environment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `i-…`, `mi-…` or `ecs:<cluster>_<task>_<runtime>`; 1 to 400 characters.
    pub target: String,
    /// The session document's name or ARN; `None`: the account's default shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The document's parameters, each a list of values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Why one connects, kept in the account's session history; up to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The mark on its tabs.
    #[serde(default, skip_serializing_if = "ProfileColour::is_none")]
    pub colour: ProfileColour,
}

/// A saved connection.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The same for the profile's whole life.
    pub id: ProfileId,
    /// What a person said of it.
    #[serde(flatten)]
    pub draft: ProfileDraft,
    /// Members of the file that this version does not know, kept as they are.
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

impl Profile {
    pub(crate) fn new(id: ProfileId, draft: ProfileDraft) -> Self {
        Self {
            id,
            draft,
            unknown: Map::new(),
        }
    }

    /// Says whether this is **Local demo**: always there, never changed or deleted.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.id == ProfileId::LOCAL_DEMO
    }

    /// **Local demo**. What its session is opened with comes from the simulator inside the application, so its target
    /// only fills the field.
    pub(crate) fn local_demo() -> Self {
        Self::new(
            ProfileId::LOCAL_DEMO,
            ProfileDraft {
                name: "Local demo".to_owned(),
                target: "mi-00000000000000001".to_owned(),
                colour: ProfileColour::Teal,
                ..ProfileDraft::default()
            },
        )
    }
}

/// The fields of a profile that can be wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// [`ProfileDraft::name`].
    Name,
    /// [`ProfileDraft::aws_profile`].
    AwsProfile,
    /// [`ProfileDraft::region`].
    Region,
    /// [`ProfileDraft::target`].
    Target,
    /// [`ProfileDraft::document`].
    Document,
    /// [`ProfileDraft::parameters`].
    Parameters,
    /// [`ProfileDraft::reason`].
    Reason,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct FieldError {
    /// Which field.
    pub field: Field,
    /// One sentence for people, complete with its full stop.
    pub message: String,
}

impl ProfileDraft {
    /// Takes away what a form leaves behind: spaces around values, and optional values that are empty.
    #[must_use]
    pub fn normalised(self) -> Self {
        let trimmed = |text: String| text.trim().to_owned();
        let optional = |text: Option<String>| text.map(trimmed).filter(|text| !text.is_empty());
        Self {
            name: trimmed(self.name),
            aws_profile: optional(self.aws_profile),
            region: optional(self.region),
            target: trimmed(self.target),
            document: optional(self.document),
            reason: optional(self.reason),
            ..self
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// One sentence for each field that is wrong, in the order of the form.
    pub fn validate(&self) -> Result<(), Vec<FieldError>> {
        let checks = [
            (Field::Name, check_name(&self.name)),
            (Field::Target, check_target(&self.target)),
            (
                Field::AwsProfile,
                optional(self.aws_profile.as_deref(), check_aws_profile),
            ),
            (
                Field::Region,
                optional(self.region.as_deref(), check_region),
            ),
            (
                Field::Document,
                optional(self.document.as_deref(), check_document),
            ),
            (Field::Parameters, check_parameters(&self.parameters)),
            (
                Field::Reason,
                optional(self.reason.as_deref(), check_reason),
            ),
        ];
        let errors: Vec<FieldError> = checks
            .into_iter()
            .filter_map(|(field, problem)| problem.map(|message| FieldError { field, message }))
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}

/// A sentence that says what is wrong, or nothing.
type Problem = Option<String>;

fn problem(sentence: impl Into<String>) -> Problem {
    Some(sentence.into())
}

fn optional(value: Option<&str>, check: fn(&str) -> Problem) -> Problem {
    value.and_then(check)
}

fn check_name(name: &str) -> Problem {
    if name.trim().is_empty() {
        problem("Give the connection a name.")
    } else if name.chars().count() > NAME_MAX {
        problem(format!("The name is longer than {NAME_MAX} characters."))
    } else if name.chars().any(char::is_control) {
        problem("The name holds a control character.")
    } else {
        None
    }
}

fn check_aws_profile(name: &str) -> Problem {
    if name.is_empty() || name.chars().count() > AWS_PROFILE_MAX {
        problem(format!(
            "The AWS profile's name must have 1 to {AWS_PROFILE_MAX} characters."
        ))
    } else if name.chars().any(char::is_control) {
        problem("The AWS profile's name holds a control character.")
    } else {
        None
    }
}

/// Region codes are words of lower-case letters and a number: `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`.
fn check_region(region: &str) -> Problem {
    let parts: Vec<&str> = region.split('-').collect();
    let well_formed = match parts.as_slice() {
        [words @ .., number] => {
            words.len() >= 2
                && region.len() <= 32
                && words.first().is_some_and(|word| word.len() >= 2)
                && words.iter().all(|word| {
                    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
                })
                && !number.is_empty()
                && number.len() <= 2
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        [] => false,
    };
    if well_formed {
        None
    } else {
        problem("The region must be a code like eu-central-1.")
    }
}

fn check_target(target: &str) -> Problem {
    if target.is_empty() {
        return problem("Say what to connect to: an instance, a hybrid node or an ECS task.");
    }
    if target.chars().count() > TARGET_MAX {
        return problem(format!(
            "The target is longer than {TARGET_MAX} characters."
        ));
    }
    let well_formed = if let Some(id) = target.strip_prefix("i-") {
        (id.len() == 8 || id.len() == 17) && is_lower_hex(id)
    } else if let Some(id) = target.strip_prefix("mi-") {
        id.len() == 17 && is_lower_hex(id)
    } else if let Some(task) = target.strip_prefix("ecs:") {
        // A cluster's name may hold underscores itself: the last two parts are the task and the runtime.
        let mut parts = task.rsplitn(3, '_');
        let is_part = |part: Option<&str>| {
            part.is_some_and(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            })
        };
        is_part(parts.next()) && is_part(parts.next()) && is_part(parts.next())
    } else {
        false
    };
    if well_formed {
        None
    } else {
        problem(
            "The target must be an instance (i- and 8 or 17 hexadecimal digits), a hybrid node (mi- and 17 hexadecimal \
             digits) or an ECS task (ecs:cluster_task_runtime).",
        )
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn check_document(document: &str) -> Problem {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte);
    if DOCUMENT_LEN.contains(&document.len()) && document.bytes().all(allowed) {
        None
    } else {
        problem(
            "The document must be a name or ARN of 3 to 128 letters, digits and the characters _ - . : /.",
        )
    }
}

fn check_parameters(parameters: &BTreeMap<String, Vec<String>>) -> Problem {
    if parameters.len() > PARAMETERS_MAX {
        return problem(format!("There are more than {PARAMETERS_MAX} parameters."));
    }
    for (name, values) in parameters {
        if name.trim().is_empty() {
            return problem("A parameter has no name.");
        }
        if name.chars().count() > PARAMETER_NAME_MAX || name.chars().any(char::is_control) {
            return problem(format!(
                "A parameter's name is longer than {PARAMETER_NAME_MAX} characters or holds a control character."
            ));
        }
        if values.is_empty() || values.len() > PARAMETERS_MAX {
            return problem(format!(
                "The parameter {name} must have 1 to {PARAMETERS_MAX} values."
            ));
        }
        if values
            .iter()
            .any(|value| value.chars().count() > PARAMETER_VALUE_MAX)
        {
            return problem(format!(
                "A value of the parameter {name} is longer than {PARAMETER_VALUE_MAX} characters."
            ));
        }
        // Commands may run over several lines.
        let is_forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if values.iter().any(|value| value.contains(is_forbidden)) {
            return problem(format!(
                "A value of the parameter {name} holds a control character."
            ));
        }
    }
    None
}

fn check_reason(reason: &str) -> Problem {
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        problem(format!(
            "The reason must have 1 to {REASON_MAX} characters."
        ))
    } else if reason.chars().any(char::is_control) {
        problem("The reason holds a control character.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ProfileDraft {
        ProfileDraft {
            name: "Web".to_owned(),
            target: "i-0123456789abcdef0".to_owned(),
            ..ProfileDraft::default()
        }
    }

    fn wrong_fields(draft: &ProfileDraft) -> Vec<Field> {
        draft
            .validate()
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn the_built_in_profile_is_valid() {
        assert_eq!(Profile::local_demo().draft.validate(), Ok(()));
    }

    #[test]
    fn names_have_1_to_100_characters_and_no_control_characters() {
        for (name, valid) in [
            ("a", true),
            ("ü", true),
            (&*"ü".repeat(100), true),
            (&*"ü".repeat(101), false),
            ("", false),
            ("   ", false),
            ("a\nb", false),
            ("a\u{1b}[31mb", false),
            ("a\u{85}b", false),
        ] {
            let draft = ProfileDraft {
                name: name.to_owned(),
                ..draft()
            };
            assert_eq!(draft.validate().is_ok(), valid, "{name:?}");
        }
    }

    #[test]
    fn targets_have_one_of_the_three_forms() {
        let long = format!("ecs:{}_0123_4567", "c".repeat(387));
        let longest = format!("ecs:{}_0123_4567", "c".repeat(386));
        for (target, valid) in [
            ("i-01234567", true),
            ("i-0123456789abcdef0", true),
            ("mi-0123456789abcdef0", true),
            (
                "ecs:prod_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1234567890",
                true,
            ),
            ("ecs:my_cluster_a_b", true),
            (&*longest, true),
            (&*long, false),
            ("", false),
            ("i-", false),
            ("i-012345678", false),
            ("i-0123456789ABCDEF0", false),
            ("i-0123456789abcdefg", false),
            ("mi-01234567", false),
            ("ecs:", false),
            ("ecs:a_b", false),
            ("ecs:__", false),
            ("ecs:a_b_c d", false),
            ("host.example.com", false),
            ("i-0123456789abcdef0\n", false),
        ] {
            let draft = ProfileDraft {
                target: target.to_owned(),
                ..draft()
            };
            assert_eq!(draft.validate().is_ok(), valid, "{target:?}");
        }
    }

    #[test]
    fn regions_are_words_and_a_number() {
        for (region, valid) in [
            ("eu-central-1", true),
            ("us-gov-west-1", true),
            ("eusc-de-east-1", true),
            ("us-isob-east-1", true),
            ("cn-north-1", true),
            ("ap-southeast-10", true),
            ("eu-central", false),
            ("1", false),
            ("", false),
            ("EU-CENTRAL-1", false),
            ("eu-central-1.evil.example", false),
            ("eu--1", false),
            ("evil.example/-a-1", false),
            ("e-central-1", false),
        ] {
            let draft = ProfileDraft {
                region: Some(region.to_owned()),
                ..draft()
            };
            assert_eq!(draft.validate().is_ok(), valid, "{region:?}");
        }
    }

    #[test]
    fn documents_have_the_form_of_the_api() {
        for (document, valid) in [
            ("AWS-StartInteractiveCommand", true),
            ("arn:aws:ssm:eu-central-1:123456789012:document/Shell", true),
            ("abc", true),
            ("ab", false),
            (&*"d".repeat(128), true),
            (&*"d".repeat(129), false),
            ("a b c", false),
            ("düx", false),
        ] {
            let draft = ProfileDraft {
                document: Some(document.to_owned()),
                ..draft()
            };
            assert_eq!(draft.validate().is_ok(), valid, "{document:?}");
        }
    }

    #[test]
    fn parameters_are_bounded() {
        let one = |name: &str, values: &[&str]| {
            BTreeMap::from([(
                name.to_owned(),
                values.iter().map(|&v| v.to_owned()).collect(),
            )])
        };
        let many = (0..101)
            .map(|n| (format!("p{n}"), vec!["v".to_owned()]))
            .collect();
        for (parameters, valid) in [
            (one("command", &["ls -l\nid"]), true),
            (one("command", &[""]), true),
            (one("command", &["v"; 100]), true),
            (one("command", &["v"; 101]), false),
            (one("command", &[&"v".repeat(65_535)]), true),
            (one("command", &[&"v".repeat(65_536)]), false),
            (one("command", &["\u{1b}[0m"]), false),
            (one("command", &[]), false),
            (one("", &["v"]), false),
            (one("a\0", &["v"]), false),
            (one(&"n".repeat(256), &["v"]), false),
            (many, false),
        ] {
            let draft = ProfileDraft {
                parameters,
                ..draft()
            };
            assert_eq!(
                draft.validate().is_ok(),
                valid,
                "{:.200?}",
                draft.parameters
            );
        }
    }

    #[test]
    fn every_wrong_field_is_named_with_a_sentence() {
        let draft = ProfileDraft {
            name: String::new(),
            aws_profile: Some("a\nb".to_owned()),
            region: Some("moon".to_owned()),
            target: "moon".to_owned(),
            document: Some("?".to_owned()),
            parameters: BTreeMap::from([(String::new(), Vec::new())]),
            reason: Some("r".repeat(257)),
            colour: ProfileColour::Red,
        };
        assert_eq!(
            wrong_fields(&draft),
            [
                Field::Name,
                Field::Target,
                Field::AwsProfile,
                Field::Region,
                Field::Document,
                Field::Parameters,
                Field::Reason
            ]
        );
        for error in draft.validate().err().unwrap_or_default() {
            assert!(error.message.ends_with('.'), "{}", error.message);
            assert!(
                error.message.starts_with(char::is_uppercase),
                "{}",
                error.message
            );
        }
    }

    #[test]
    fn what_a_form_leaves_behind_is_taken_away() {
        let draft = ProfileDraft {
            name: " Web ".to_owned(),
            aws_profile: Some(String::new()),
            region: Some("  ".to_owned()),
            target: " i-0123456789abcdef0\n".to_owned(),
            document: Some(String::new()),
            reason: Some(" because ".to_owned()),
            ..draft()
        }
        .normalised();
        assert_eq!(
            draft,
            ProfileDraft {
                reason: Some("because".to_owned()),
                ..self::draft()
            }
        );
    }
}
