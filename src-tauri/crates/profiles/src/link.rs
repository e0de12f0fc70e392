//! Links that ask for a connection: `sessiondeck://connect?profile=…` or `…?target=…&region=…&awsProfile=…&document=…`.
//!
//! Anybody can make one, so it only asks: the window shows what it would open, and a person decides. It can name places,
//! never parameters, commands or secrets; whatever is not understood completely is refused as a whole.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::profile::ProfileId;
use crate::secrets::{secret_name, secret_text};
use crate::target::Target;
use crate::values::{AwsProfileName, DocumentName, ProfileName, Region, ValueError};

/// Longest link, in bytes.
const LINK_MAX: usize = 2_048;
const SCHEME: &str = "sessiondeck";
const CONNECT: &str = "connect";

/// What a link asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DeepLink {
    /// To open a saved connection.
    Profile(LinkedProfile),
    /// To open a place that need not be saved.
    Target(LinkedTarget),
}

/// The saved connection that a link names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkedProfile {
    /// By its id.
    Id(ProfileId),
    /// By its name, which several may have, or none.
    Name(ProfileName),
}

/// The place that a link names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkedTarget {
    /// What to connect to.
    pub target: Target,
    /// Where.
    pub region: Option<Region>,
    /// Whose credentials to use.
    pub aws_profile: Option<AwsProfileName>,
    /// The session document.
    pub document: Option<DocumentName>,
}

/// Why a link is refused. No part of the link is in it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It is longer than 2,048 bytes.
    #[error("the link is longer than {LINK_MAX} bytes")]
    TooLong,
    /// It is not of the form `sessiondeck://connect?…`.
    #[error("it is not a link of the form sessiondeck://connect?…")]
    NotALink,
    /// It holds what looks like a secret.
    #[error("the link holds {0}")]
    Secret(&'static str),
    /// It has a parameter that is not known.
    #[error("the link has a parameter that is not known")]
    UnknownParameter,
    /// A parameter is there twice.
    #[error("the link has the parameter `{0}` twice")]
    Twice(&'static str),
    /// It names neither a saved connection nor a target, or both.
    #[error("the link must name either a saved connection or a target")]
    NoPlace,
    /// It holds characters that cannot be seen or that change the order of the text.
    #[error("the link holds characters that cannot be seen")]
    Invisible,
    /// A value is not valid.
    #[error("the link's `{parameter}` is not valid: {error}")]
    Invalid {
        /// The parameter.
        parameter: &'static str,
        /// What is wrong with it.
        error: ValueError,
    },
}

impl LinkError {
    /// What to show a person.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::TooLong => "The link is too long.".to_owned(),
            Self::NotALink => {
                "This is not a link that Sessiondeck understands; they begin with sessiondeck://connect?."
                    .to_owned()
            }
            Self::Secret(what) => format!("The link holds {what}, which has no place in a link."),
            Self::UnknownParameter => {
                "The link asks for something that this version does not know.".to_owned()
            }
            Self::Twice(parameter) => format!("The link has the parameter {parameter} twice."),
            Self::NoPlace => {
                "The link must name either a saved connection or a target, not both.".to_owned()
            }
            Self::Invisible => "The link holds characters that cannot be seen.".to_owned(),
            Self::Invalid { parameter, error } => {
                format!("The link's {parameter} is not valid. {error}")
            }
        }
    }
}

/// The values of a link's parameters, before they are parsed.
#[derive(Default)]
struct Parameters {
    profile: Option<String>,
    target: Option<String>,
    region: Option<String>,
    aws_profile: Option<String>,
    document: Option<String>,
}

impl FromStr for DeepLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        if text.len() > LINK_MAX {
            return Err(LinkError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| LinkError::NotALink)?;
        if url.scheme() != SCHEME || url.host_str() != Some(CONNECT) {
            return Err(LinkError::NotALink);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(LinkError::Secret("a user name or password"));
        }
        if url.port().is_some() || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(LinkError::NotALink);
        }
        let mut parameters = Parameters::default();
        for (name, value) in url.query_pairs() {
            if let Some(what) = secret_name(&name)
                .or_else(|| secret_text(&name))
                .or_else(|| secret_text(&value))
            {
                return Err(LinkError::Secret(what));
            }
            let (name, slot) = match &*name {
                "profile" => ("profile", &mut parameters.profile),
                "target" => ("target", &mut parameters.target),
                "region" => ("region", &mut parameters.region),
                "awsProfile" => ("awsProfile", &mut parameters.aws_profile),
                "document" => ("document", &mut parameters.document),
                _ => return Err(LinkError::UnknownParameter),
            };
            if value.chars().any(is_invisible) {
                return Err(LinkError::Invisible);
            }
            if slot.replace(value.into_owned()).is_some() {
                return Err(LinkError::Twice(name));
            }
        }
        let Parameters {
            profile,
            target,
            region,
            aws_profile,
            document,
        } = parameters;
        match (profile, target) {
            (Some(profile), None)
                if region.is_none() && aws_profile.is_none() && document.is_none() =>
            {
                Ok(Self::Profile(match profile.parse() {
                    Ok(id) => LinkedProfile::Id(id),
                    Err(_) => LinkedProfile::Name(parse("profile", profile)?),
                }))
            }
            (None, Some(target)) => Ok(Self::Target(LinkedTarget {
                target: parse("target", target)?,
                region: region.map(|text| parse("region", text)).transpose()?,
                aws_profile: aws_profile
                    .map(|text| parse("awsProfile", text))
                    .transpose()?,
                document: document.map(|text| parse("document", text)).transpose()?,
            })),
            (Some(_), Some(_)) | (Some(_), None) | (None, None) => Err(LinkError::NoPlace),
        }
    }
}

impl fmt::Display for DeepLink {
    /// Writes the link that asks for this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        match self {
            Self::Profile(LinkedProfile::Id(id)) => {
                query.append_pair("profile", &id.to_string());
            }
            Self::Profile(LinkedProfile::Name(name)) => {
                query.append_pair("profile", name.as_str());
            }
            Self::Target(place) => {
                query.append_pair("target", &place.target.to_string());
                let optional = [
                    ("region", place.region.as_ref().map(Region::as_str)),
                    (
                        "awsProfile",
                        place.aws_profile.as_ref().map(AwsProfileName::as_str),
                    ),
                    (
                        "document",
                        place.document.as_ref().map(DocumentName::as_str),
                    ),
                ];
                for (name, value) in optional {
                    if let Some(value) = value {
                        query.append_pair(name, value);
                    }
                }
            }
        }
        write!(f, "{SCHEME}://{CONNECT}?{}", query.finish())
    }
}

fn parse<T: FromStr<Err = ValueError>>(
    parameter: &'static str,
    text: String,
) -> Result<T, LinkError> {
    text.parse()
        .map_err(|error| LinkError::Invalid { parameter, error })
}

/// What a person who is asked could not see, or would see in another place; and what stands for bytes that are no text.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffd}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link(text: &str) -> Result<DeepLink, LinkError> {
        text.parse()
    }

    #[test]
    fn links_name_a_saved_connection_or_a_target() {
        assert_eq!(
            link("sessiondeck://connect?profile=Web%20%C3%BC+1"),
            Ok(DeepLink::Profile(LinkedProfile::Name(
                "Web ü 1".parse().unwrap()
            )))
        );
        let id = "0b8f5c1e-4b6a-4d53-9f3e-0d6a3b1f2c4d";
        assert_eq!(
            link(&format!("SessionDeck://connect/?profile={id}")),
            Ok(DeepLink::Profile(LinkedProfile::Id(id.parse().unwrap())))
        );
        assert_eq!(
            link(
                "sessiondeck://connect?target=tag:Role%3Dweb&region=eu-central-1&awsProfile=corp&document=My-Doc"
            ),
            Ok(DeepLink::Target(LinkedTarget {
                target: "tag:Role=web".parse().unwrap(),
                region: Some("eu-central-1".parse().unwrap()),
                aws_profile: Some("corp".parse().unwrap()),
                document: Some("My-Doc".parse().unwrap()),
            }))
        );
    }

    #[test]
    fn whatever_is_not_understood_is_refused() {
        for (text, expected) in [
            ("", LinkError::NotALink),
            ("https://connect?profile=a", LinkError::NotALink),
            ("sessiondeck:connect?profile=a", LinkError::NotALink),
            ("sessiondeck://open?profile=a", LinkError::NotALink),
            (
                "sessiondeck://connect.evil.example?profile=a",
                LinkError::NotALink,
            ),
            ("sessiondeck://connect/path?profile=a", LinkError::NotALink),
            ("sessiondeck://connect:80?profile=a", LinkError::NotALink),
            ("sessiondeck://connect?profile=a#b", LinkError::NotALink),
            ("sessiondeck://connect", LinkError::NoPlace),
            ("sessiondeck://connect?", LinkError::NoPlace),
            (
                "sessiondeck://connect?region=eu-central-1",
                LinkError::NoPlace,
            ),
            (
                "sessiondeck://connect?profile=a&target=i-01234567",
                LinkError::NoPlace,
            ),
            (
                "sessiondeck://connect?profile=a&region=eu-central-1",
                LinkError::NoPlace,
            ),
            (
                "sessiondeck://connect?profile=a&profile=b",
                LinkError::Twice("profile"),
            ),
            (
                "sessiondeck://connect?profile=a&command=reboot",
                LinkError::UnknownParameter,
            ),
            (
                "sessiondeck://connect?Profile=a",
                LinkError::UnknownParameter,
            ),
            (
                "sessiondeck://connect?target=i-01234567&startupCommand=id",
                LinkError::UnknownParameter,
            ),
            (
                "sessiondeck://connect?profile=a%E2%80%AEb",
                LinkError::Invisible,
            ),
            ("sessiondeck://connect?profile=a%00", LinkError::Invisible),
            ("sessiondeck://connect?profile=a%FF", LinkError::Invisible),
        ] {
            assert_eq!(link(text), Err(expected), "{text}");
        }
        for text in [
            "sessiondeck://connect?profile=",
            "sessiondeck://connect?target=",
            "sessiondeck://connect?target=moon",
            "sessiondeck://connect?target=i-01234567&region=evil.example/",
            "sessiondeck://connect?target=i-01234567&document=a%20b",
        ] {
            let Err(error @ LinkError::Invalid { .. }) = link(text) else {
                panic!("{text}");
            };
            assert!(error.message().ends_with('.'), "{}", error.message());
        }
        let long = format!("sessiondeck://connect?profile={}", "a".repeat(LINK_MAX));
        assert_eq!(link(&long), Err(LinkError::TooLong));
    }

    #[test]
    fn secrets_are_refused_and_not_repeated() {
        let key = format!("{}IOSFODNN7EXAMPLE", "AKIA");
        for text in [
            format!("sessiondeck://connect?profile={key}"),
            format!("sessiondeck://connect?{key}=a"),
            "sessiondeck://connect?profile=a&token=hunter2".to_owned(),
            "sessiondeck://connect?profile=a&secretAccessKey=hunter2".to_owned(),
            "sessiondeck://kim:hunter2@connect?profile=a".to_owned(),
            "sessiondeck://connect?target=name:http://kim:hunter2@host".to_owned(),
        ] {
            let error = link(&text).unwrap_err();
            assert!(matches!(error, LinkError::Secret(_)), "{text}: {error}");
            for told in [error.to_string(), error.message(), format!("{error:?}")] {
                assert!(!told.contains(&key) && !told.contains("hunter2"), "{told}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_link_or_an_error(
            text in "(sessiondeck://connect\\?)?(profile=|target=|region=|awsProfile=|document=|&|%[0-9A-F]{2}|[#@:/?+]|i-01234567|\\PC){0,40}"
        ) {
            if let Ok(parsed) = link(&text) {
                prop_assert_eq!(link(&parsed.to_string()), Ok(parsed));
            }
        }

        #[test]
        fn what_is_made_here_is_understood_here(
            name in "[a-zA-Zäöü 0-9&=+%#/?-]{1,40}",
            tags in prop::collection::btree_map("[a-zA-Z:,=&+% ]{1,12}", "[a-zA-Z:,=&+%# ]{0,12}", 1..4)
        ) {
            if let Ok(name) = name.parse() {
                let made = DeepLink::Profile(LinkedProfile::Name(name));
                prop_assert_eq!(link(&made.to_string()), Ok(made));
            }
            let made = DeepLink::Target(LinkedTarget {
                target: Target::Tags(tags),
                region: None,
                aws_profile: None,
                document: None,
            });
            match link(&made.to_string()) {
                Ok(parsed) => prop_assert_eq!(parsed, made),
                // A random tag may look like a password in a URL.
                Err(error) => prop_assert!(matches!(error, LinkError::Secret(_)), "{}", error),
            }
        }
    }
}
