//! Both files together: profiles, sessions and services, with every problem on the way.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::file::{self, Contents};
use crate::kind::{self, ProfileKind};
use crate::parse::{Header, LineProblem, Property, Section, nested, parse};
use crate::paths::{FileKind, Paths};

/// The settings whose values are secret.
const SECRET: &[&str] = &[
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
];

/// Something in one of the files that does not count, in a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; none where it is the whole file.
    pub line: Option<usize>,
    /// What is wrong and what comes of it. Never quotes a value.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file.display(), self.message),
            None => write!(f, "{}: {}", self.file.display(), self.message),
        }
    }
}

/// Where a section begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// What the two files say.
#[derive(Clone, Default)]
pub struct SharedConfig {
    pub(crate) profiles: Vec<Profile>,
    by_name: BTreeMap<String, usize>,
    pub(crate) sso_sessions: BTreeMap<String, SsoSession>,
    pub(crate) services: BTreeMap<String, Services>,
    problems: Vec<Problem>,
    fingerprint: Fingerprint,
}

/// Tells contents apart without keeping them.
pub(crate) type Fingerprint = [u8; 32];

impl SharedConfig {
    /// Reads both files. Never fails: a file that is missing is empty, one that cannot be read is a [`Problem`].
    #[must_use]
    pub fn load(paths: &Paths) -> Self {
        Self::from_contents(
            paths,
            &file::read(&paths.config),
            &file::read(&paths.credentials),
        )
    }

    /// As [`SharedConfig::load`], from texts; `paths` are for problems and places only.
    #[must_use]
    pub fn from_bytes(paths: &Paths, config: &[u8], credentials: &[u8]) -> Self {
        let contents = |bytes: &[u8]| Contents::Bytes(bytes.to_vec().into());
        Self::from_contents(paths, &contents(config), &contents(credentials))
    }

    fn from_contents(paths: &Paths, config: &Contents, credentials: &Contents) -> Self {
        let mut built = Self {
            fingerprint: fingerprint(config, credentials),
            ..Self::default()
        };
        built.add(FileKind::Config, paths, config);
        built.add(FileKind::Credentials, paths, credentials);
        for index in 0..built.profiles.len() {
            let kind = built
                .profiles
                .get(index)
                .map(|profile| kind::kind(profile, |name| built.sso_sessions.get(name)));
            if let (Some(profile), Some(kind)) = (built.profiles.get_mut(index), kind) {
                profile.kind = kind;
            }
        }
        built
    }

    fn add(&mut self, file: FileKind, paths: &Paths, contents: &Contents) {
        let path = paths.of(file);
        let mut problems = Vec::new();
        match contents {
            Contents::Missing => {}
            Contents::Unreadable(message) => problems.push(LineProblem {
                line: None,
                message: message.clone(),
            }),
            Contents::Bytes(bytes) => {
                let parsed = parse(bytes, file);
                problems = parsed.problems;
                self.merge(file, path, parsed.sections, &mut problems);
                problems.sort_by_key(|problem| problem.line);
            }
        }
        self.problems
            .extend(problems.into_iter().map(|problem| Problem {
                file: path.to_owned(),
                line: problem.line,
                message: problem.message,
            }));
    }

    fn merge(
        &mut self,
        file: FileKind,
        path: &Path,
        sections: Vec<Section<'_>>,
        problems: &mut Vec<LineProblem>,
    ) {
        let full_default = sections
            .iter()
            .find(|section| {
                file == FileKind::Config && section.header == Header::Profile("default")
            })
            .map(|section| section.line);
        let mut seen: BTreeMap<(u8, String), usize> = BTreeMap::new();
        for section in sections {
            let mut problem = |line, message| {
                problems.push(LineProblem {
                    line: Some(line),
                    message,
                });
            };
            if let Some(first) = seen.insert(key(section.header), section.line) {
                problem(
                    section.line,
                    format!(
                        "this section already stands in line {first}; both count, but the AWS CLI refuses a file that has one twice"
                    ),
                );
            }
            for (first, line) in repeated(&section.properties) {
                problem(
                    line,
                    format!(
                        "this setting already stands in line {first} of the section; the later one counts, but the AWS CLI refuses a file that has one twice"
                    ),
                );
            }
            match section.header {
                Header::PlainDefault => match full_default {
                    Some(line) => problem(
                        section.line,
                        format!(
                            "[default] is ignored: [profile default] in line {line} takes its place"
                        ),
                    ),
                    None => self.profile_section("default", file, path, &section),
                },
                Header::Profile(name) => self.profile_section(name, file, path, &section),
                Header::SsoSession(name) => {
                    let session = self
                        .sso_sessions
                        .entry(name.to_owned())
                        .or_insert_with(|| SsoSession::new(name));
                    for property in &section.properties {
                        session.set(property);
                    }
                }
                Header::Services(name) => {
                    let services = self
                        .services
                        .entry(name.to_owned())
                        .or_insert_with(|| Services::new(name));
                    for property in &section.properties {
                        if !services.set(property) {
                            problem(
                                property.line,
                                "the settings of a service must be indented on lines of their own below its name; this line is ignored".to_owned(),
                            );
                        }
                    }
                }
            }
        }
    }

    fn profile_section(&mut self, name: &str, file: FileKind, path: &Path, section: &Section<'_>) {
        let index = match self.by_name.entry(name.to_owned()) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                self.profiles.push(Profile {
                    name: name.to_owned(),
                    place: Place {
                        file: path.to_owned(),
                        line: section.line,
                    },
                    files: Vec::new(),
                    properties: BTreeMap::new(),
                    kind: ProfileKind::Empty,
                });
                *entry.insert(self.profiles.len() - 1)
            }
        };
        let Some(profile) = self.profiles.get_mut(index) else {
            return;
        };
        if !profile.files.contains(&file) {
            profile.files.push(file);
        }
        for property in &section.properties {
            let name = property.name.clone();
            match Value::of(property, file) {
                Some(value) => profile.properties.insert(name, value),
                None => profile.properties.remove(&name),
            };
        }
    }

    /// The profiles in the order of the files: those of the config file, then those that only the other one has.
    pub fn profiles(&self) -> impl ExactSizeIterator<Item = &Profile> {
        self.profiles.iter()
    }

    /// The profile of a name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(*self.by_name.get(name)?)
    }

    /// The `[sso-session]`s by name.
    pub fn sso_sessions(&self) -> impl ExactSizeIterator<Item = &SsoSession> {
        self.sso_sessions.values()
    }

    /// The `[sso-session]` of a name.
    #[must_use]
    pub fn sso_session(&self, name: &str) -> Option<&SsoSession> {
        self.sso_sessions.get(name)
    }

    /// The `[services]` section of a name, as a profile's setting `services` has it.
    #[must_use]
    pub fn services(&self, name: &str) -> Option<&Services> {
        self.services.get(name)
    }

    /// What does not count, in the order of the files.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether both were made of the same bytes.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl fmt::Debug for SharedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConfig")
            .field("profiles", &self.profiles)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

fn fingerprint(config: &Contents, credentials: &Contents) -> Fingerprint {
    let mut hash = Sha256::new();
    for contents in [config, credentials] {
        let (tag, bytes): (u8, &[u8]) = match contents {
            Contents::Missing => (0, &[]),
            Contents::Bytes(bytes) => (1, bytes),
            Contents::Unreadable(message) => (2, message.as_bytes()),
        };
        hash.update([tag]);
        hash.update(Sha256::digest(bytes));
    }
    hash.finalize().into()
}

fn key(header: Header<'_>) -> (u8, String) {
    match header {
        Header::PlainDefault => (0, String::new()),
        Header::Profile(name) => (1, name.to_owned()),
        Header::SsoSession(name) => (2, name.to_owned()),
        Header::Services(name) => (3, name.to_owned()),
    }
}

/// The lines of settings that stand twice: the one before and the later one.
fn repeated(properties: &[Property<'_>]) -> Vec<(usize, usize)> {
    let mut seen = BTreeMap::new();
    properties
        .iter()
        .filter_map(|property| Some((seen.insert(&property.name, property.line)?, property.line)))
        .collect()
}

/// A profile, of either file or both; the credentials file wins where both have a setting.
#[derive(Clone)]
pub struct Profile {
    name: String,
    place: Place,
    files: Vec<FileKind>,
    properties: BTreeMap<String, Value>,
    kind: ProfileKind,
}

impl Profile {
    /// Its name, as `AWS_PROFILE` takes it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it begins first.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Which of the files have a section for it.
    #[must_use]
    pub fn files(&self) -> &[FileKind] {
        &self.files
    }

    /// Where its credentials come from.
    #[must_use]
    pub fn kind(&self) -> &ProfileKind {
        &self.kind
    }

    /// The setting `region`.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.property("region")
    }

    /// The setting `output`.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        self.property("output")
    }

    /// The setting `mfa_serial`, whether there is a role or not.
    #[must_use]
    pub fn mfa_serial(&self) -> Option<&str> {
        self.property("mfa_serial")
    }

    /// A setting by its name in small letters; none for secrets and where the value is empty. Lines indented below it
    /// follow after a line feed each.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        match &self.properties.get(name)?.text {
            Text::Plain(text) => Some(text),
            Text::Secret(_) => None,
        }
    }

    /// The names of all settings, sorted.
    pub fn property_names(&self) -> impl Iterator<Item = &str> {
        self.properties.keys().map(String::as_str)
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.property(name).map(str::to_owned)
    }

    pub(crate) fn secret(&self, name: &str) -> Option<&SecretString> {
        match &self.properties.get(name)?.text {
            Text::Plain(_) => None,
            Text::Secret(text) => Some(text),
        }
    }

    /// By its name of today, or that of the first SDKs, which the CLI still takes.
    pub(crate) fn session_token(&self) -> Option<&SecretString> {
        self.secret("aws_session_token")
            .or_else(|| self.secret("aws_security_token"))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.properties
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }
}

/// Without any setting: even an unknown one's name may be a misplaced secret.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A setting's value and which file it is from.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) text: Text,
    pub(crate) from: FileKind,
}

#[derive(Clone)]
pub(crate) enum Text {
    Plain(String),
    Secret(SecretString),
}

impl Value {
    /// None for an empty value.
    fn of(property: &Property<'_>, from: FileKind) -> Option<Self> {
        let text = joined(property)?;
        Some(Self {
            text: if SECRET.contains(&property.name.as_str()) {
                Text::Secret(SecretString::from(text))
            } else {
                Text::Plain(text)
            },
            from,
        })
    }
}

/// In a buffer that never grows, so that no copy of a secret stays behind.
fn joined(property: &Property<'_>) -> Option<String> {
    if property.first.is_empty() && property.rest.is_empty() {
        return None;
    }
    let len = property
        .rest
        .iter()
        .map(|line| line.len() + 1)
        .sum::<usize>();
    let mut text = String::with_capacity(property.first.len() + len);
    text.push_str(property.first);
    for line in &property.rest {
        text.push('\n');
        text.push_str(line);
    }
    Some(text)
}

/// An `[sso-session]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoSession {
    name: String,
    start_url: Option<String>,
    region: Option<String>,
    scopes: Vec<String>,
}

impl SsoSession {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            start_url: None,
            region: None,
            scopes: Vec::new(),
        }
    }

    fn set(&mut self, property: &Property<'_>) {
        let value = joined(property);
        match property.name.as_str() {
            "sso_start_url" => self.start_url = value,
            "sso_region" => self.region = value,
            "sso_registration_scopes" => {
                self.scopes = value
                    .unwrap_or_default()
                    .split(|c: char| c == ',' || c.is_whitespace())
                    .filter(|scope| !scope.is_empty())
                    .map(str::to_owned)
                    .collect();
            }
            _ => {}
        }
    }

    /// Its name, which also names the CLI's file with the token.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `sso_start_url`.
    #[must_use]
    pub fn start_url(&self) -> Option<&str> {
        self.start_url.as_deref()
    }

    /// `sso_region`.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// `sso_registration_scopes`; empty where there are none, for which the CLI takes `sso:account:access`.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

/// A `[services]` section: settings for single services, above all their endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    name: String,
    services: BTreeMap<String, BTreeMap<String, String>>,
}

impl Services {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            services: BTreeMap::new(),
        }
    }

    /// Whether the property has the shape of a service's settings.
    fn set(&mut self, property: &Property<'_>) -> bool {
        if property.first.is_empty() {
            self.services.insert(
                property.name.clone(),
                property
                    .rest
                    .iter()
                    .filter_map(|line| nested(line))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            );
        }
        property.first.is_empty()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A setting of a service, such as `endpoint_url` of `ssm`.
    #[must_use]
    pub fn get(&self, service: &str, setting: &str) -> Option<&str> {
        self.services
            .get(service)?
            .get(setting)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn all(&self) -> &BTreeMap<String, BTreeMap<String, String>> {
        &self.services
    }
}
