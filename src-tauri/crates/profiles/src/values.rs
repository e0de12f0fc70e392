//! The values a profile is made of, each a type that cannot hold a wrong one, and the sentence for what is wrong.
//!
//! The raw text of a form or a file lives in `ProfileDraft` and `ProfileDetails`; these types are what it is parsed into
//! before anything is done with it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// Longest name, in characters.
pub(crate) const NAME_MAX: usize = 100;
/// Longest AWS profile name, in characters; the AWS tools set no bound.
const AWS_PROFILE_MAX: usize = 256;
/// Shortest and longest document name or ARN, in characters.
const DOCUMENT_LEN: std::ops::RangeInclusive<usize> = 3..=128;
/// Longest reason, in characters.
pub(crate) const REASON_MAX: usize = 256;
/// Most parameters, and most values of one; the service sets no bound.
const PARAMETERS_MAX: usize = 100;
/// Longest name of a parameter, in characters.
const PARAMETER_NAME_MAX: usize = 255;
/// Longest value of a parameter, in characters.
const PARAMETER_VALUE_MAX: usize = 65_535;
/// Longest tag of ours, in characters.
const TAG_MAX: usize = 50;
/// Most tags of one profile.
pub(crate) const TAGS_MAX: usize = 50;
/// Longest folder path, in characters, and its greatest depth.
const FOLDER_MAX: usize = 400;
const FOLDER_DEPTH_MAX: usize = 16;
/// Longest notes, in characters.
const NOTES_MAX: usize = 20_000;
/// Longest start-up command, in characters: a line a terminal takes at once.
const STARTUP_MAX: usize = 4_000;
/// Most lines that a terminal may keep.
const SCROLLBACK_MAX: u32 = 1_000_000;
/// Longest path, URL or list, in characters.
const LONG_TEXT_MAX: usize = 4_096;

/// What is wrong with a value: one sentence for people, complete with its full stop.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    /// The sentence.
    pub message: String,
}

impl ValueError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// Declares a text type whose values have passed a check.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(String);

        impl $name {
            /// The text as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                match $check(text) {
                    None => Ok(Self(text.to_owned())),
                    Some(message) => Err(ValueError { message }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(crate) use checked_text;

checked_text!(
    /// What a connection is called: 1 to 100 characters.
    ProfileName,
    check_name
);
checked_text!(
    /// The name of a profile of the AWS configuration: 1 to 256 characters.
    AwsProfileName,
    check_aws_profile
);
checked_text!(
    /// The code of a region, as `eu-central-1`.
    Region,
    check_region
);
checked_text!(
    /// The name or ARN of a session document: 3 to 128 characters.
    DocumentName,
    check_document
);
checked_text!(
    /// A word by which connections are found: 1 to 50 characters, without commas.
    Tag,
    check_tag
);
checked_text!(
    /// The id under which a secret is kept in the system's keyring; it is not the secret.
    KeyringEntry,
    check_keyring_entry
);
checked_text!(
    /// The user that the shell should be: 1 to 64 characters that need no quoting.
    UserName,
    check_user
);
checked_text!(
    /// The shell to start, by name or path: 1 to 256 characters that need no quoting.
    ShellName,
    check_shell
);
checked_text!(
    /// The line that is sent once the shell is there: 1 to 4,000 characters.
    StartupCommand,
    check_startup
);

/// Where a session's credentials come from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum CredentialSource {
    /// What the AWS tools would use here: environment, default profile, container, instance.
    #[default]
    DefaultChain,
    /// A profile of the AWS configuration.
    AwsProfile(AwsProfileName),
    /// A secret in the system's keyring.
    Keyring(KeyringEntry),
    /// The environment variables only.
    Environment,
    /// The simulator inside the application.
    Demo,
}

impl CredentialSource {
    /// Reads what a profile says: the name of an AWS profile, or `environment`, `demo` or `keyring:<entry>`.
    ///
    /// # Errors
    /// Both are given, or one is not valid.
    pub fn parse(aws_profile: Option<&str>, source: Option<&str>) -> Result<Self, ValueError> {
        match (aws_profile, source) {
            (None, None) => Ok(Self::DefaultChain),
            (Some(name), None) => name.parse().map(Self::AwsProfile),
            (None, Some("environment")) => Ok(Self::Environment),
            (None, Some("demo")) => Ok(Self::Demo),
            (None, Some(source)) => match source.strip_prefix("keyring:") {
                Some(entry) => entry.parse().map(Self::Keyring),
                None => Err(ValueError::new(
                    "The credentials must be environment, demo, or keyring: and the name of an entry.",
                )),
            },
            (Some(_), Some(_)) => Err(ValueError::new(
                "Choose either an AWS profile or another source of credentials, not both.",
            )),
        }
    }

    /// The two members that say this in a profile: `aws_profile` and `credentials`.
    #[must_use]
    pub fn to_members(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::DefaultChain => (None, None),
            Self::AwsProfile(name) => (Some(name.to_string()), None),
            Self::Keyring(entry) => (None, Some(format!("keyring:{entry}"))),
            Self::Environment => (None, Some("environment".to_owned())),
            Self::Demo => (None, Some("demo".to_owned())),
        }
    }
}

/// Where in the tree a connection is: names from the top, none for the top itself.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FolderPath(Vec<String>);

impl FolderPath {
    /// The top of the tree.
    pub const ROOT: Self = Self(Vec::new());

    /// Reads `a/b/c`, forgiving what a person may have written into the file: empty names and spaces around names are
    /// left out, and so is what cannot be shown, or lies deeper than any tree does.
    #[must_use]
    pub fn lenient(text: &str) -> Self {
        let names = text.split('/').map(|name| {
            let name: String = name.chars().filter(|c| !c.is_control()).collect();
            name.trim().to_owned()
        });
        Self(
            names
                .filter(|name| !name.is_empty())
                .take(4 * FOLDER_DEPTH_MAX)
                .collect(),
        )
    }

    /// The names from the top.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The folder's own name; `None` for the top.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// Says whether this is the top of the tree.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The folder that this one is in; `None` for the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    /// The folder of that name in this one.
    ///
    /// # Errors
    /// A name with a slash or a control character, an empty one, or too deep or long a path.
    pub fn join(&self, name: &str) -> Result<Self, ValueError> {
        let name = name.trim();
        if name.contains('/') {
            return Err(ValueError::new("A folder's name cannot hold a slash."));
        }
        if name.is_empty() {
            return Err(ValueError::new("Give the folder a name."));
        }
        let text = if self.is_root() {
            name.to_owned()
        } else {
            format!("{self}/{name}")
        };
        text.parse()
    }

    /// Says whether this is `other` or somewhere below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The same place below `to` as this one is below `from`; `None` if it is not within `from`.
    #[must_use]
    pub fn rebased(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(&from.0[..])?;
        Some(Self([&to.0[..], rest].concat()))
    }

    /// This folder and those it is in, without the top.
    pub(crate) fn with_ancestors(&self) -> impl Iterator<Item = Self> + '_ {
        (1..=self.0.len()).map(|len| Self(self.0[..len].to_vec()))
    }

    /// How many names deep it is.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }
}

impl FromStr for FolderPath {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.chars().count() > FOLDER_MAX {
            return Err(ValueError::new(format!(
                "The folder's path is longer than {FOLDER_MAX} characters."
            )));
        }
        if text.chars().any(char::is_control) {
            return Err(ValueError::new("The folder holds a control character."));
        }
        let path = Self::lenient(text);
        if path.depth() > FOLDER_DEPTH_MAX {
            return Err(ValueError::new(format!(
                "Folders can be {FOLDER_DEPTH_MAX} deep at most."
            )));
        }
        Ok(path)
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

impl serde::Serialize for FolderPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for FolderPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self::lenient(&text))
    }
}

/// What kind of place a connection leads to. Any name will do; production is told apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Environment {
    /// Where mistakes are dear: marked, and asked about.
    Production,
    /// The last step before it.
    Staging,
    /// Where tests run.
    Test,
    /// Where people try things.
    Development,
    /// Whatever else a team has.
    Other(String),
}

impl Environment {
    /// Says whether to mark it and to ask before what cannot be undone.
    #[must_use]
    pub fn is_production(&self) -> bool {
        *self == Self::Production
    }

    /// The name in the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Test => "test",
            Self::Development => "development",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Environment {
    fn from(text: &str) -> Self {
        match text.trim().to_lowercase().as_str() {
            "production" | "prod" => Self::Production,
            "staging" => Self::Staging,
            "test" => Self::Test,
            "development" | "dev" => Self::Development,
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl serde::Serialize for Environment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Environment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self::from(&*text))
    }
}

/// Why one connects, with places that are filled in when a session starts.
///
/// `{profile}`, `{target}`, `{user}` and `{host}` stand for what they say, `{ask}` for what the person is asked then. Any
/// other text in braces stands for itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReasonTemplate(String);

/// What the places of a [`ReasonTemplate`] are filled with.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReasonValues<'a> {
    /// The connection's name.
    pub profile: &'a str,
    /// What it leads to.
    pub target: &'a str,
    /// The person's name on this computer.
    pub user: &'a str,
    /// This computer's name.
    pub host: &'a str,
    /// What the person answered.
    pub answer: &'a str,
}

impl ReasonTemplate {
    /// Says whether the person has to be asked for a part of it.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.0.contains("{ask}")
    }

    /// How many characters an answer may have so that the service takes the reason, and what the rest of it takes away.
    #[must_use]
    pub fn room(&self, values: &ReasonValues<'_>) -> usize {
        // What is cut off or trimmed from the filled text does not matter here: a mark stands for the answer.
        let with = |answer| {
            let filled = self.fill(&ReasonValues { answer, ..*values });
            filled.map_or(0, |filled| filled.chars().count())
        };
        let asks = self.0.matches("{ask}").count();
        let rest = with("?").saturating_sub(asks);
        REASON_MAX.saturating_sub(rest) / asks.max(1)
    }

    /// The reason of one session: at most 256 characters, and none that the service refuses; `None` if nothing is left.
    #[must_use]
    pub fn fill(&self, values: &ReasonValues<'_>) -> Option<String> {
        let mut filled = String::new();
        let mut rest = self.0.as_str();
        // Once through from left to right, so that braces in a value stand for themselves.
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let places = [
                ("{profile}", values.profile),
                ("{target}", values.target),
                ("{user}", values.user),
                ("{host}", values.host),
                ("{ask}", values.answer),
            ];
            match places.iter().find(|(place, _)| rest.starts_with(place)) {
                Some((place, value)) => {
                    filled.push_str(value);
                    rest = &rest[place.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        let filled: String = filled
            .chars()
            .filter(|c| !c.is_control())
            .take(REASON_MAX)
            .collect();
        let filled = filled.trim();
        (!filled.is_empty()).then(|| filled.to_owned())
    }
}

impl FromStr for ReasonTemplate {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match check_reason(text) {
            None => Ok(Self(text.to_owned())),
            Some(message) => Err(ValueError { message }),
        }
    }
}

/// A sentence that says what is wrong, or nothing.
pub(crate) type Problem = Option<String>;

pub(crate) fn problem(sentence: impl Into<String>) -> Problem {
    Some(sentence.into())
}

pub(crate) fn optional(value: Option<&str>, check: fn(&str) -> Problem) -> Problem {
    value.and_then(check)
}

pub(crate) fn check_name(name: &str) -> Problem {
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

pub(crate) fn check_aws_profile(name: &str) -> Problem {
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
pub(crate) fn check_region(region: &str) -> Problem {
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

pub(crate) fn check_document(document: &str) -> Problem {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte);
    if DOCUMENT_LEN.contains(&document.len()) && document.bytes().all(allowed) {
        None
    } else {
        problem(
            "The document must be a name or ARN of 3 to 128 letters, digits and the characters _ - . : /.",
        )
    }
}

pub(crate) fn check_parameters(parameters: &BTreeMap<String, Vec<String>>) -> Problem {
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

pub(crate) fn check_reason(reason: &str) -> Problem {
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

fn check_tag(tag: &str) -> Problem {
    if tag.trim().is_empty() || tag.chars().count() > TAG_MAX {
        problem(format!("A tag must have 1 to {TAG_MAX} characters."))
    } else if tag.contains(',') || tag.chars().any(char::is_control) {
        problem("A tag holds a comma or a control character.")
    } else {
        None
    }
}

fn check_keyring_entry(entry: &str) -> Problem {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if (1..=128).contains(&entry.len()) && entry.bytes().all(allowed) {
        None
    } else {
        problem(
            "The keyring entry's name must have 1 to 128 letters, digits and the characters _ - . only.",
        )
    }
}

fn check_user(user: &str) -> Problem {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(&byte);
    if (1..=64).contains(&user.len()) && user.bytes().all(allowed) && !user.starts_with('-') {
        None
    } else {
        problem("The user must have 1 to 64 letters, digits and the characters _ - . @ only.")
    }
}

fn check_shell(shell: &str) -> Problem {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+".contains(&byte);
    if (1..=256).contains(&shell.len()) && shell.bytes().all(allowed) && !shell.starts_with('-') {
        None
    } else {
        problem(
            "The shell must be a name or path of 1 to 256 letters, digits and the characters _ - . / + only.",
        )
    }
}

fn check_startup(command: &str) -> Problem {
    if command.trim().is_empty() || command.chars().count() > STARTUP_MAX {
        problem(format!(
            "The start-up command must have 1 to {STARTUP_MAX} characters."
        ))
    } else if command.chars().any(|c| c.is_control() && c != '\t') {
        problem("The start-up command must be one line without control characters.")
    } else {
        None
    }
}

pub(crate) fn check_notes(notes: &str) -> Problem {
    let is_forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if notes.chars().count() > NOTES_MAX {
        problem(format!("The notes are longer than {NOTES_MAX} characters."))
    } else if notes.contains(is_forbidden) {
        problem("The notes hold a control character.")
    } else {
        None
    }
}

pub(crate) fn check_environment(environment: &str) -> Problem {
    if environment.trim().is_empty() || environment.chars().count() > TAG_MAX {
        problem(format!(
            "The environment must have 1 to {TAG_MAX} characters."
        ))
    } else if environment.chars().any(char::is_control) {
        problem("The environment holds a control character.")
    } else {
        None
    }
}

pub(crate) fn check_font(font: &str) -> Problem {
    check_short("font", font)
}

pub(crate) fn check_theme(theme: &str) -> Problem {
    check_short("theme", theme)
}

fn check_short(what: &str, text: &str) -> Problem {
    if text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        problem(format!(
            "The {what} must have 1 to 200 characters and no control character."
        ))
    } else {
        None
    }
}

pub(crate) fn check_font_size(size: u16) -> Problem {
    if (6..=72).contains(&size) {
        None
    } else {
        problem("The font's size must be between 6 and 72.")
    }
}

pub(crate) fn check_scrollback(lines: u32) -> Problem {
    if lines <= SCROLLBACK_MAX {
        None
    } else {
        problem("The terminal can keep 1,000,000 lines at most.")
    }
}

/// A proxy is `http://host:port` or the same with `https`; its password, if it has one, is not for this file.
pub(crate) fn check_proxy(proxy: &str) -> Problem {
    let Some(url) = parse_url(proxy) else {
        return problem("The proxy must be a URL like http://proxy.example.com:3128.");
    };
    if !url.username().is_empty() || url.password().is_some() {
        problem(
            "The proxy's URL holds a user name or password, which must not be in a file: it is asked for when needed.",
        )
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        problem("The proxy must be a URL without a path, like http://proxy.example.com:3128.")
    } else {
        None
    }
}

pub(crate) fn check_no_proxy(list: &str) -> Problem {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:,*/[] ".contains(&byte);
    if list.len() <= LONG_TEXT_MAX && list.bytes().all(allowed) {
        None
    } else {
        problem(
            "The hosts to reach without the proxy must be names or addresses with commas between them.",
        )
    }
}

pub(crate) fn check_ca_bundle(path: &str) -> Problem {
    if path.is_empty() || path.chars().count() > LONG_TEXT_MAX || path.chars().any(char::is_control)
    {
        problem(format!(
            "The certificate file must be a path of 1 to {LONG_TEXT_MAX} characters."
        ))
    } else {
        None
    }
}

/// Endpoints are reached by TLS, but for this computer's own.
pub(crate) fn check_endpoints(endpoints: &BTreeMap<String, String>) -> Problem {
    if endpoints.len() > PARAMETERS_MAX {
        return problem(format!("There are more than {PARAMETERS_MAX} endpoints."));
    }
    for (service, endpoint) in endpoints {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=40).contains(&service.len()) || !service.bytes().all(allowed) {
            return problem("An endpoint's service must be a name like ssm or ssmmessages.");
        }
        let Some(url) = parse_url(endpoint) else {
            return problem(format!(
                "The endpoint of {service} must be a URL like https://vpce-1.{service}.eu-central-1.vpce.amazonaws.com."
            ));
        };
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return problem(format!(
                "The endpoint of {service} must be a host, a port and a path, nothing else."
            ));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return problem(format!(
                "The endpoint of {service} must begin with https://."
            ));
        }
    }
    None
}

fn parse_url(text: &str) -> Option<Url> {
    if text.len() > LONG_TEXT_MAX || text.chars().any(|c| c.is_control() || c == ' ') {
        return None;
    }
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_with_forgiveness_and_made_with_care() {
        for (text, read) in [
            ("", ""),
            ("/", ""),
            ("/a//b c/ ", "a/b c"),
            (" a / b ", "a/b"),
            ("a\n/\u{7}", "a"),
        ] {
            assert_eq!(FolderPath::lenient(text).to_string(), read, "{text:?}");
        }
        assert!("a\n".parse::<FolderPath>().is_err());
        assert!("a".repeat(401).parse::<FolderPath>().is_err());
        let deep: FolderPath = vec!["a"; 16].join("/").parse().unwrap();
        assert!(deep.join("b").is_err());
        assert_eq!(deep.names().count(), 16);
        // A file may hold anything, and its folders are gone through one by one.
        let deepest = FolderPath::lenient(&"a/".repeat(1_000_000));
        assert_eq!(deepest.with_ancestors().count(), 64);
    }

    #[test]
    fn folders_know_their_place() {
        let folder = FolderPath::lenient;
        assert_eq!(folder("a/b").name(), Some("b"));
        assert_eq!(folder("a/b").parent(), Some(folder("a")));
        assert_eq!(folder("a").parent(), Some(FolderPath::ROOT));
        assert_eq!(FolderPath::ROOT.parent(), None);
        assert!(folder("a/b").is_within(&folder("a")));
        assert!(!folder("ab").is_within(&folder("a")));
        assert_eq!(
            folder("a/b/c").rebased(&folder("a/b"), &folder("x")),
            Some(folder("x/c"))
        );
        assert_eq!(folder("ab").rebased(&folder("a"), &folder("x")), None);
    }

    #[test]
    fn an_answer_has_the_room_that_the_rest_of_the_reason_leaves() {
        let values = ReasonValues {
            user: "ann",
            ..ReasonValues::default()
        };
        let room = |template: &str| template.parse::<ReasonTemplate>().unwrap().room(&values);
        assert_eq!(room("{ask}"), 256);
        assert_eq!(room("{user}: {ask}"), 251);
        assert_eq!(room("{ask} {ask}"), 127);
        let template: ReasonTemplate = "{user}: {ask}".parse().unwrap();
        let answer = "x".repeat(251);
        let filled = template.fill(&ReasonValues {
            answer: &answer,
            ..values
        });
        assert_eq!(filled.unwrap().chars().count(), 256);
    }

    #[test]
    fn production_is_told_apart_however_it_is_written() {
        for text in ["production", "Production", " PROD "] {
            assert!(Environment::from(text).is_production(), "{text}");
        }
        for text in ["staging", "preproduction", "non-prod", ""] {
            assert!(!Environment::from(text).is_production(), "{text}");
        }
    }
}
