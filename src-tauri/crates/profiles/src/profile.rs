//! What a saved connection is, and which values make a valid one.
//!
//! The rules for targets, documents, reasons and parameters are those of the StartSession call in the Systems Manager
//! API reference, checked here so that a mistake shows in the form and not after a round trip. A profile read from the
//! file is not checked again: a person who edits it by hand finds it as they wrote it, and the form says what is wrong.
//! [`Profile::connection`] parses it into types that cannot be wrong, before anything is opened.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::{Uuid, uuid};

use crate::target::Target;
use crate::values::{
    self, CredentialSource, DocumentName, Environment, FolderPath, Problem, ProfileName,
    ReasonTemplate, Region, ShellName, StartupCommand, TAGS_MAX, Tag, UserName, ValueError,
    optional, problem,
};

/// Names one profile for its whole life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ProfileId(Uuid);

impl ProfileId {
    /// The built-in profile **Local demo**.
    pub const LOCAL_DEMO: Self = Self(uuid!("5e551013-dec0-4000-8000-000000000001"));

    /// One of few ids, the same for the same number.
    #[cfg(test)]
    pub(crate) fn from_number(number: u128) -> Self {
        Self(Uuid::from_u128(number))
    }

    /// Makes an id that no other profile has.
    #[must_use]
    pub fn random() -> Self {
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
    /// What to connect to, as [`Target`] is written: an id or a rule.
    pub target: String,
    /// The session document's name or ARN; `None`: the account's default shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The document's parameters, each a list of values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Why one connects, kept in the account's session history, as [`ReasonTemplate`] is written; up to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The mark on its tabs.
    #[serde(default, skip_serializing_if = "ProfileColour::is_none")]
    pub colour: ProfileColour,
}

/// How a connection is kept, shown and begun: all that [`ProfileDraft`] does not say.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileDetails {
    /// Where in the tree it is, as [`FolderPath`] is written; empty: at the top.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Words by which it is found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What kind of place it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Whatever is worth knowing, over several lines; up to 20,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Whether it is among the favourites.
    #[serde(skip_serializing_if = "is_false")]
    pub favourite: bool,
    /// Where the credentials come from, if not from [`ProfileDraft::aws_profile`], as [`CredentialSource::parse`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// The line that is sent once the shell is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_command: Option<String>,
    /// The user that the shell should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The shell to start, by name or path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// What differs from the settings in its terminal.
    #[serde(skip_serializing_if = "TerminalOverrides::is_empty")]
    pub terminal: TerminalOverrides,
    /// What differs from the system in the way to AWS.
    #[serde(skip_serializing_if = "NetworkOverrides::is_empty")]
    pub network: NetworkOverrides,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What differs from the settings in one connection's terminal.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TerminalOverrides {
    /// The font's family; up to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub font: Option<String>,
    /// The font's size in CSS pixels, 6 to 72.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub font_size: Option<u16>,
    /// The name of the colour theme; up to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// How many lines are kept, up to 1,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrollback: Option<u32>,
    /// Members of the file that this version does not know.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl TerminalOverrides {
    /// Says whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What differs from the system in one connection's way to AWS.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkOverrides {
    /// The proxy's URL, without a user name or password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Hosts that are reached without the proxy, with commas between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// The path of a file of certificate authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<String>,
    /// URLs in place of AWS's own, by service: `ssm`, `ssmmessages`, `kms`, `sts` and so on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, String>,
    /// Members of the file that this version does not know.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl NetworkOverrides {
    /// Says whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
    /// How it is kept, shown and begun.
    #[serde(flatten)]
    pub details: ProfileDetails,
    /// Members of the file that this version does not know, kept as they are.
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

impl Profile {
    /// A connection without details.
    #[must_use]
    pub fn new(id: ProfileId, draft: ProfileDraft) -> Self {
        Self {
            id,
            draft,
            details: ProfileDetails::default(),
            unknown: Map::new(),
        }
    }

    /// Where in the tree it is.
    #[must_use]
    pub fn folder(&self) -> FolderPath {
        FolderPath::lenient(&self.details.folder)
    }

    /// Parses all that a session is opened with.
    ///
    /// # Errors
    /// One sentence for each field that is wrong, in the order of the form.
    pub fn connection(&self) -> Result<Connection, Vec<FieldError>> {
        Connection::parse(&self.draft, &self.details)
    }

    /// Says whether this is **Local demo**: always there, never changed or deleted.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.id == ProfileId::LOCAL_DEMO
    }

    /// **Local demo**. What its session is opened with comes from the simulator inside the application, so its target
    /// only fills the field.
    pub(crate) fn local_demo() -> Self {
        let mut demo = Self::new(
            ProfileId::LOCAL_DEMO,
            ProfileDraft {
                name: "Local demo".to_owned(),
                target: "mi-00000000000000001".to_owned(),
                colour: ProfileColour::Teal,
                ..ProfileDraft::default()
            },
        );
        demo.details.credentials = Some("demo".to_owned());
        demo
    }
}

impl AsRef<Profile> for Profile {
    fn as_ref(&self) -> &Profile {
        self
    }
}

/// All that a session is opened with, of types that cannot be wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Connection {
    /// What it is called.
    pub name: ProfileName,
    /// What it leads to.
    pub target: Target,
    /// Where its credentials come from.
    pub credentials: CredentialSource,
    /// The region; `None`: what the AWS configuration says.
    pub region: Option<Region>,
    /// The session document; `None`: the account's default shell.
    pub document: Option<DocumentName>,
    /// The document's parameters.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Why one connects.
    pub reason: Option<ReasonTemplate>,
    /// What kind of place it is.
    pub environment: Option<Environment>,
    /// Where in the tree it is.
    pub folder: FolderPath,
    /// Words by which it is found, each once.
    pub tags: Vec<Tag>,
    /// The line that is sent once the shell is there.
    pub startup_command: Option<StartupCommand>,
    /// The user that the shell should be.
    pub user: Option<UserName>,
    /// The shell to start.
    pub shell: Option<ShellName>,
    /// What differs from the system in the way to AWS.
    pub network: NetworkOverrides,
}

impl Connection {
    /// Parses what a form or a file says.
    ///
    /// # Errors
    /// One sentence for each field that is wrong, in the order of the form.
    pub fn parse(draft: &ProfileDraft, details: &ProfileDetails) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors::default();
        let name = errors.parse(Field::Name, Some(&draft.name));
        let target = errors.parse(Field::Target, Some(&draft.target));
        let source =
            CredentialSource::parse(draft.aws_profile.as_deref(), details.credentials.as_deref());
        // A wrong name of an AWS profile is that field's mistake.
        let source_field = if details.credentials.is_none() {
            Field::AwsProfile
        } else {
            Field::Credentials
        };
        let credentials = errors.take(source_field, source);
        let region = errors.parse(Field::Region, draft.region.as_deref());
        let document = errors.parse(Field::Document, draft.document.as_deref());
        errors.check(
            Field::Parameters,
            values::check_parameters(&draft.parameters),
        );
        let reason = errors.parse(Field::Reason, draft.reason.as_deref());
        let folder = errors.parse(Field::Folder, Some(&details.folder));
        let tags = errors.take(Field::Tags, parse_tags(&details.tags));
        errors.check(
            Field::Environment,
            optional(
                details.environment.as_ref().map(Environment::as_str),
                values::check_environment,
            ),
        );
        errors.check(
            Field::Notes,
            optional(details.notes.as_deref(), values::check_notes),
        );
        let startup_command =
            errors.parse(Field::StartupCommand, details.startup_command.as_deref());
        let user = errors.parse(Field::User, details.user.as_deref());
        let shell = errors.parse(Field::Shell, details.shell.as_deref());
        let terminal = &details.terminal;
        for (field, problem) in [
            (
                Field::Font,
                optional(terminal.font.as_deref(), values::check_font),
            ),
            (
                Field::FontSize,
                terminal.font_size.and_then(values::check_font_size),
            ),
            (
                Field::Theme,
                optional(terminal.theme.as_deref(), values::check_theme),
            ),
            (
                Field::Scrollback,
                terminal.scrollback.and_then(values::check_scrollback),
            ),
        ] {
            errors.check(field, problem);
        }
        let network = &details.network;
        for (field, problem) in [
            (
                Field::Proxy,
                optional(network.proxy.as_deref(), values::check_proxy),
            ),
            (
                Field::NoProxy,
                optional(network.no_proxy.as_deref(), values::check_no_proxy),
            ),
            (
                Field::CaBundle,
                optional(network.ca_bundle.as_deref(), values::check_ca_bundle),
            ),
            (
                Field::Endpoints,
                values::check_endpoints(&network.endpoints),
            ),
        ] {
            errors.check(field, problem);
        }
        match (name, target, credentials, folder, tags) {
            (Some(name), Some(target), Some(credentials), Some(folder), Some(tags))
                if errors.0.is_empty() =>
            {
                Ok(Self {
                    name,
                    target,
                    credentials,
                    region,
                    document,
                    parameters: draft.parameters.clone(),
                    reason,
                    environment: details.environment.clone(),
                    folder,
                    tags,
                    startup_command,
                    user,
                    shell,
                    network: network.clone(),
                })
            }
            _ => Err(errors.0),
        }
    }
}

fn parse_tags(tags: &[String]) -> Result<Vec<Tag>, ValueError> {
    if tags.len() > TAGS_MAX {
        return Err(ValueError::new(format!(
            "A connection can have {TAGS_MAX} tags at most."
        )));
    }
    let mut parsed: Vec<Tag> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = tag.parse()?;
        if !parsed.contains(&tag) {
            parsed.push(tag);
        }
    }
    Ok(parsed)
}

/// Collects what is wrong while fields are parsed.
#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn check(&mut self, field: Field, problem: Problem) {
        self.0
            .extend(problem.map(|message| FieldError { field, message }));
    }

    fn take<T>(&mut self, field: Field, result: Result<T, ValueError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.check(field, problem(error.message));
                None
            }
        }
    }

    fn parse<T: FromStr<Err = ValueError>>(
        &mut self,
        field: Field,
        text: Option<&str>,
    ) -> Option<T> {
        let result = text?.parse();
        self.take(field, result)
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
    /// [`ProfileDetails::folder`].
    Folder,
    /// [`ProfileDetails::tags`].
    Tags,
    /// [`ProfileDetails::environment`].
    Environment,
    /// [`ProfileDetails::notes`].
    Notes,
    /// [`ProfileDetails::credentials`].
    Credentials,
    /// [`ProfileDetails::startup_command`].
    StartupCommand,
    /// [`ProfileDetails::user`].
    User,
    /// [`ProfileDetails::shell`].
    Shell,
    /// [`TerminalOverrides::font`].
    Font,
    /// [`TerminalOverrides::font_size`].
    FontSize,
    /// [`TerminalOverrides::theme`].
    Theme,
    /// [`TerminalOverrides::scrollback`].
    Scrollback,
    /// [`NetworkOverrides::proxy`].
    Proxy,
    /// [`NetworkOverrides::no_proxy`].
    NoProxy,
    /// [`NetworkOverrides::ca_bundle`].
    CaBundle,
    /// [`NetworkOverrides::endpoints`].
    Endpoints,
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
        Connection::parse(self, &ProfileDetails::default()).map(drop)
    }
}

impl ProfileDetails {
    /// Takes away what a form leaves behind: spaces around values, values that are empty, and tags given twice.
    #[must_use]
    pub fn normalised(self) -> Self {
        let optional = |text: Option<String>| {
            text.map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let mut tags: Vec<String> = Vec::new();
        for tag in self.tags {
            let tag = tag.trim();
            if !tag.is_empty() && tags.iter().all(|known| known != tag) {
                tags.push(tag.to_owned());
            }
        }
        let folder = self
            .folder
            .parse::<FolderPath>()
            .map_or(self.folder, |path| path.to_string());
        Self {
            folder,
            tags,
            environment: self
                .environment
                .filter(|environment| !environment.as_str().trim().is_empty()),
            // Indentation is the writer's.
            notes: self.notes.filter(|text| !text.trim().is_empty()),
            credentials: optional(self.credentials),
            startup_command: optional(self.startup_command),
            user: optional(self.user),
            shell: optional(self.shell),
            terminal: TerminalOverrides {
                font: optional(self.terminal.font),
                theme: optional(self.terminal.theme),
                ..self.terminal
            },
            network: NetworkOverrides {
                proxy: optional(self.network.proxy),
                no_proxy: optional(self.network.no_proxy),
                ca_bundle: optional(self.network.ca_bundle),
                ..self.network
            },
            ..self
        }
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
    fn targets_have_one_of_the_forms() {
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
            ("name:web-1", true),
            ("tag:Role=web,Stage=test", true),
            ("asg:workers", true),
            ("tag:Role", false),
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

    fn wrong_details(details: &ProfileDetails) -> Vec<Field> {
        Connection::parse(&draft(), details)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| {
                assert!(error.message.ends_with('.'), "{}", error.message);
                error.field
            })
            .collect()
    }

    #[test]
    fn every_wrong_detail_is_named_with_a_sentence() {
        let details = ProfileDetails {
            folder: "a/".repeat(17) + "b",
            tags: vec!["a,b".to_owned()],
            environment: Some(Environment::Other("e".repeat(51))),
            notes: Some("\u{1b}".to_owned()),
            favourite: true,
            credentials: Some("AKIA".to_owned()),
            startup_command: Some("a\nb".to_owned()),
            user: Some("root; reboot".to_owned()),
            shell: Some("-c".to_owned()),
            terminal: TerminalOverrides {
                font: Some("f".repeat(201)),
                font_size: Some(5),
                theme: Some("\n".to_owned()),
                scrollback: Some(1_000_001),
                ..TerminalOverrides::default()
            },
            network: NetworkOverrides {
                proxy: Some("http://kim:secret@proxy:3128".to_owned()),
                no_proxy: Some("a;b".to_owned()),
                ca_bundle: Some("a\0".to_owned()),
                endpoints: [("ssm".to_owned(), "http://evil.example".to_owned())].into(),
                ..NetworkOverrides::default()
            },
        };
        assert_eq!(
            wrong_details(&details),
            [
                Field::Credentials,
                Field::Folder,
                Field::Tags,
                Field::Environment,
                Field::Notes,
                Field::StartupCommand,
                Field::User,
                Field::Shell,
                Field::Font,
                Field::FontSize,
                Field::Theme,
                Field::Scrollback,
                Field::Proxy,
                Field::NoProxy,
                Field::CaBundle,
                Field::Endpoints,
            ]
        );
    }

    #[test]
    fn ways_to_aws_are_checked_one_by_one() {
        let network = |change: &dyn Fn(&mut NetworkOverrides)| {
            let mut details = ProfileDetails::default();
            change(&mut details.network);
            wrong_details(&details).is_empty()
        };
        for (proxy, valid) in [
            ("http://proxy.example.com:3128", true),
            ("https://proxy", true),
            ("http://[::1]:8080/", true),
            ("proxy:3128", false),
            ("socks5://proxy:1080", false),
            ("http://kim@proxy:3128", false),
            ("http://proxy/path", false),
            ("http://proxy/?a=b", false),
            ("http://a b", false),
        ] {
            let is_valid = network(&|network| network.proxy = Some(proxy.to_owned()));
            assert_eq!(is_valid, valid, "{proxy}");
        }
        for (service, endpoint, valid) in [
            (
                "ssm",
                "https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com",
                true,
            ),
            ("ssm", "http://127.0.0.1:4566", true),
            ("ssm", "http://localhost:4566/ssm", true),
            ("ssm", "http://localhost.evil.example", false),
            ("ssm", "https://kim:x@ssm.example", false),
            ("ssm", "wss://ssm.example", false),
            ("ssm", "https://ssm.example/?token=1", false),
            ("SSM messages", "https://ssm.example", false),
        ] {
            let is_valid = network(&|network| {
                network
                    .endpoints
                    .insert(service.to_owned(), endpoint.to_owned());
            });
            assert_eq!(is_valid, valid, "{service} {endpoint}");
        }
    }

    #[test]
    fn credentials_come_from_one_source() {
        let parse = CredentialSource::parse;
        for source in [
            parse(None, None),
            parse(Some("corp"), None),
            parse(None, Some("environment")),
            parse(None, Some("demo")),
            parse(None, Some("keyring:a.b-c_1")),
        ] {
            let Ok(source) = source else {
                panic!("{source:?}");
            };
            let (aws_profile, credentials) = source.to_members();
            assert_eq!(
                parse(aws_profile.as_deref(), credentials.as_deref()),
                Ok(source)
            );
        }
        for (aws_profile, credentials) in [
            (Some("corp"), Some("environment")),
            (None, Some("keyring:")),
            (None, Some("keyring:a b")),
            (None, Some("corp")),
            (Some(""), None),
        ] {
            assert!(parse(aws_profile, credentials).is_err(), "{credentials:?}");
        }
    }

    #[test]
    fn reasons_are_filled_in_once_and_fit() {
        let template: ReasonTemplate =
            match "{user}@{host} on {profile} ({target}): {ask} {x} {".parse() {
                Ok(template) => template,
                Err(error) => panic!("{error}"),
            };
        assert!(template.asks());
        let values = crate::values::ReasonValues {
            profile: "{user}",
            target: "i-1",
            user: "kim",
            host: "pc",
            answer: "disk\nfull",
        };
        assert_eq!(
            template.fill(&values).as_deref(),
            Some("kim@pc on {user} (i-1): diskfull {x} {")
        );
        let long = crate::values::ReasonValues {
            answer: &"ü".repeat(300),
            ..values
        };
        assert_eq!(
            template.fill(&long).map(|reason| reason.chars().count()),
            Some(256)
        );
    }

    #[test]
    fn what_a_form_leaves_behind_in_the_details_is_taken_away() {
        let details = ProfileDetails {
            folder: "/ a //b/".to_owned(),
            tags: vec![" x ".to_owned(), String::new(), "x".to_owned()],
            environment: Some(Environment::from(" ")),
            notes: Some("  indented\n".to_owned()),
            user: Some(" ".to_owned()),
            ..ProfileDetails::default()
        };
        let expected = ProfileDetails {
            folder: "a/b".to_owned(),
            tags: vec!["x".to_owned()],
            notes: Some("  indented\n".to_owned()),
            ..ProfileDetails::default()
        };
        assert_eq!(details.normalised(), expected);
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
