//! What a connection leads to: one machine by its id, or a rule that finds it when the session starts.
//!
//! A target is written as one line, in the file, in a form, on a command line and in a link alike:
//! `i-…`, `mi-…`, `ecs:<cluster>_<task>_<runtime>`, `name:<Name tag>`, `tag:<key>=<value>,…`, `asg:<group>`. In a tag's
//! key and value a backslash stands before a comma, an equals sign or a backslash that is part of it. Who follows a rule
//! is the crate `aws`; a rule for ECS tasks would be one more variant and prefix.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::values::{Problem, ValueError, checked_text, problem};

/// Longest target that names one machine, in characters: StartSession's own bound.
const TARGET_MAX: usize = 400;
/// Longest key and value of a tag, in characters, and most tags of one rule: EC2's bounds.
const TAG_KEY_MAX: usize = 128;
const TAG_VALUE_MAX: usize = 256;
const RULE_TAGS_MAX: usize = 50;
/// Longest name of an Auto Scaling group, in characters.
const GROUP_MAX: usize = 255;

const NAME_PREFIX: &str = "name:";
const TAG_PREFIX: &str = "tag:";
const GROUP_PREFIX: &str = "asg:";

checked_text!(
    /// The id of an EC2 instance: `i-` and 8 or 17 hexadecimal digits.
    InstanceId,
    check_instance
);
checked_text!(
    /// The id of a hybrid node: `mi-` and 17 hexadecimal digits.
    HybridNodeId,
    check_hybrid
);
checked_text!(
    /// A container of an ECS task: `ecs:<cluster>_<task>_<runtime>`.
    EcsTarget,
    check_ecs
);

/// What a connection leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// One instance.
    Instance(InstanceId),
    /// One hybrid node.
    HybridNode(HybridNodeId),
    /// One container of one ECS task.
    EcsTask(EcsTarget),
    /// The machine whose tag `Name` has this value.
    Name(String),
    /// The machine that carries all of these tags.
    Tags(BTreeMap<String, String>),
    /// A machine of this Auto Scaling group.
    AutoScalingGroup(String),
}

impl Target {
    /// What StartSession is called with; `None` for a rule, which has to be followed first.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Instance(id) => Some(id.as_str()),
            Self::HybridNode(id) => Some(id.as_str()),
            Self::EcsTask(id) => Some(id.as_str()),
            Self::Name(_) | Self::Tags(_) | Self::AutoScalingGroup(_) => None,
        }
    }

    /// Says whether the machine has to be found when the session starts.
    #[must_use]
    pub fn is_rule(&self) -> bool {
        self.id().is_none()
    }

    /// The tags that a rule's machine carries, by which the service finds it; `None` where the target is no rule. A group's
    /// machines carry a tag that EC2 Auto Scaling puts on them.
    #[must_use]
    pub fn tags(&self) -> Option<BTreeMap<String, String>> {
        let one = |key: &str, value: &String| BTreeMap::from([(key.to_owned(), value.clone())]);
        match self {
            Self::Instance(_) | Self::HybridNode(_) | Self::EcsTask(_) => None,
            Self::Name(name) => Some(one("Name", name)),
            Self::Tags(tags) => Some(tags.clone()),
            Self::AutoScalingGroup(group) => Some(one("aws:autoscaling:groupName", group)),
        }
    }
}

impl FromStr for Target {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.is_empty() {
            return Err(ValueError::new(
                "Say what to connect to: an instance, a hybrid node, an ECS task, or a rule that finds one.",
            ));
        }
        if let Some(name) = text.strip_prefix(NAME_PREFIX) {
            check_tag_value("name", name)?;
            if name.is_empty() {
                return Err(ValueError::new(
                    "Say after name: which Name tag the machine has.",
                ));
            }
            return Ok(Self::Name(name.to_owned()));
        }
        if let Some(tags) = text.strip_prefix(TAG_PREFIX) {
            return parse_tags(tags).map(Self::Tags);
        }
        if let Some(group) = text.strip_prefix(GROUP_PREFIX) {
            let length = group.chars().count();
            if !(1..=GROUP_MAX).contains(&length) || group.chars().any(char::is_control) {
                return Err(ValueError::new(format!(
                    "The Auto Scaling group must have 1 to {GROUP_MAX} characters and no control character."
                )));
            }
            return Ok(Self::AutoScalingGroup(group.to_owned()));
        }
        if text.chars().count() > TARGET_MAX {
            return Err(ValueError::new(format!(
                "The target is longer than {TARGET_MAX} characters."
            )));
        }
        if text.starts_with("i-") {
            text.parse().map(Self::Instance)
        } else if text.starts_with("mi-") {
            text.parse().map(Self::HybridNode)
        } else if text.starts_with("ecs:") {
            text.parse().map(Self::EcsTask)
        } else {
            Err(ValueError::new(
                "The target must be an instance (i- and 8 or 17 hexadecimal digits), a hybrid node (mi- and 17 hexadecimal \
                 digits), an ECS task (ecs:cluster_task_runtime), or a rule: name:web-1, tag:Role=web,Stage=test or asg:group.",
            ))
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => id.fmt(f),
            Self::HybridNode(id) => id.fmt(f),
            Self::EcsTask(id) => id.fmt(f),
            Self::Name(name) => write!(f, "{NAME_PREFIX}{name}"),
            Self::Tags(tags) => {
                f.write_str(TAG_PREFIX)?;
                for (number, (key, value)) in tags.iter().enumerate() {
                    if number > 0 {
                        f.write_str(",")?;
                    }
                    write_escaped(f, key)?;
                    f.write_str("=")?;
                    write_escaped(f, value)?;
                }
                Ok(())
            }
            Self::AutoScalingGroup(group) => write!(f, "{GROUP_PREFIX}{group}"),
        }
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write as _;
    for c in text.chars() {
        if matches!(c, ',' | '=' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

fn parse_tags(text: &str) -> Result<BTreeMap<String, String>, ValueError> {
    let mut tags = BTreeMap::new();
    let mut key: Option<String> = None;
    let mut part = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next() {
            Some('\\') => match characters.next() {
                Some(c @ (',' | '=' | '\\')) => part.push(c),
                Some(_) | None => {
                    return Err(ValueError::new(
                        "In a tag, a backslash stands only before a comma, an equals sign or a backslash.",
                    ));
                }
            },
            // An equals sign in the value needs no backslash.
            Some('=') if key.is_none() => key = Some(std::mem::take(&mut part)),
            end @ (Some(',') | None) => {
                let Some(key) = key.take() else {
                    return Err(ValueError::new(
                        "A tag must be written as key=value, and several with commas between them.",
                    ));
                };
                let value = std::mem::take(&mut part);
                let key_len = key.chars().count();
                if !(1..=TAG_KEY_MAX).contains(&key_len) || key.chars().any(char::is_control) {
                    return Err(ValueError::new(format!(
                        "A tag's key must have 1 to {TAG_KEY_MAX} characters and no control character."
                    )));
                }
                check_tag_value("value of a tag", &value)?;
                if tags.insert(key, value).is_some() {
                    return Err(ValueError::new("A tag's key is given twice."));
                }
                if tags.len() > RULE_TAGS_MAX {
                    return Err(ValueError::new(format!(
                        "A rule can have {RULE_TAGS_MAX} tags at most."
                    )));
                }
                if end.is_none() {
                    return Ok(tags);
                }
            }
            Some(c) => part.push(c),
        }
    }
}

fn check_tag_value(what: &str, value: &str) -> Result<(), ValueError> {
    if value.chars().count() > TAG_VALUE_MAX || value.chars().any(char::is_control) {
        return Err(ValueError::new(format!(
            "The {what} is longer than {TAG_VALUE_MAX} characters or holds a control character."
        )));
    }
    Ok(())
}

fn check_instance(text: &str) -> Problem {
    match text.strip_prefix("i-") {
        Some(id) if (id.len() == 8 || id.len() == 17) && is_lower_hex(id) => None,
        _ => problem("An instance is i- and 8 or 17 hexadecimal digits (0-9, a-f)."),
    }
}

fn check_hybrid(text: &str) -> Problem {
    match text.strip_prefix("mi-") {
        Some(id) if id.len() == 17 && is_lower_hex(id) => None,
        _ => problem("A hybrid node is mi- and 17 hexadecimal digits (0-9, a-f)."),
    }
}

fn check_ecs(text: &str) -> Problem {
    // A cluster's name may hold underscores itself: the last two parts are the task and the runtime.
    let mut parts = text
        .strip_prefix("ecs:")
        .unwrap_or_default()
        .rsplitn(3, '_');
    let is_part = |part: Option<&str>| {
        part.is_some_and(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
    };
    if is_part(parts.next()) && is_part(parts.next()) && is_part(parts.next()) {
        None
    } else {
        problem(
            "An ECS task is ecs:cluster_task_runtime, of letters, digits, hyphens and underscores.",
        )
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rules_are_told_from_ids() {
        for (text, is_rule) in [
            ("i-0123456789abcdef0", false),
            ("mi-0123456789abcdef0", false),
            ("ecs:a_b_c", false),
            ("name:web-1", true),
            ("tag:Role=web", true),
            ("tag:Role=web,Stage=", true),
            ("asg:web (blue)", true),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.is_rule(), is_rule, "{text}");
            assert_eq!(target.id().is_none(), is_rule, "{text}");
            assert_eq!(target.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_target_is_said_in_a_sentence() {
        let long_name = format!("name:{}", "n".repeat(257));
        let many = format!(
            "tag:{}",
            (0..51)
                .map(|n| format!("k{n}=v"))
                .collect::<Vec<_>>()
                .join(",")
        );
        for text in [
            "",
            "name:",
            "tag:",
            "tag:Role",
            "tag:=web",
            "tag:a=b,",
            "tag:a=1,a=2",
            "tag:a\\b=c",
            "tag:a=\\",
            "asg:",
            "asg:a\n",
            "host.example.com",
            "i-0123456789ABCDEF0",
            &long_name,
            &many,
        ] {
            let message = text.parse::<Target>().unwrap_err().message;
            assert!(message.ends_with('.'), "{text}: {message}");
        }
    }

    #[test]
    fn commas_and_equals_signs_can_be_part_of_a_tag() {
        let target: Target = r"tag:a\,b\=c=x\,y=z\\".parse().unwrap();
        assert_eq!(
            target,
            Target::Tags([("a,b=c".to_owned(), "x,y=z\\".to_owned())].into())
        );
        assert_eq!(target.to_string(), r"tag:a\,b\=c=x\,y\=z\\");
    }

    proptest! {
        #[test]
        fn any_tags_come_back_as_they_were(
            tags in prop::collection::btree_map("[^\\p{Cc}]{1,20}", "[^\\p{Cc}]{0,20}", 1..6)
        ) {
            let target = Target::Tags(tags);
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
        }

        #[test]
        fn any_text_is_a_target_or_an_error(text in "\\PC{0,40}|(i-|mi-|ecs:|tag:|name:|asg:)\\PC{0,30}") {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
            }
        }
    }
}
