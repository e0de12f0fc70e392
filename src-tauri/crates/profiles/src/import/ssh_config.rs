//! Hosts of an SSH configuration whose `ProxyCommand` begins a session.
//!
//! The parts of the format that matter here are few: `Host` with patterns, the first value of a keyword wins, `%h` is the
//! host name. `Match` and `Include` are left out, and said to be.

use super::{Builder, Preview, SessionCommand, too_large};
use crate::profile::{Profile, ProfileDetails};

/// Longest list of hosts that is looked at.
const BLOCKS_MAX: usize = 5_000;

/// One `Host` and what is said below it.
#[derive(Debug, Default)]
struct Block {
    line: usize,
    patterns: Vec<String>,
    proxy_command: Option<String>,
    host_name: Option<String>,
    user: Option<String>,
}

/// Plans the hosts whose `ProxyCommand` runs `aws ssm start-session`.
#[must_use]
pub fn ssh_config(text: &str, existing: &[Profile]) -> Preview {
    if let Some(preview) = too_large(text) {
        return preview;
    }
    let mut builder = Builder::new(existing);
    let blocks = blocks(text, &mut builder);
    // What wildcards say is looked up for every host: few have any.
    let wild: Vec<&Block> = blocks
        .iter()
        .filter(|block| block.patterns.iter().any(|pattern| is_wild(pattern)))
        .collect();
    for block in &blocks {
        for host in block.patterns.iter().filter(|pattern| !is_wild(pattern)) {
            let sources = || {
                let before = wild.iter().copied().filter(|other| other.line < block.line);
                let after = wild.iter().copied().filter(|other| other.line > block.line);
                before
                    .chain([block])
                    .chain(after)
                    .filter(|source| source.line == block.line || source.applies_to(host))
            };
            let Some(proxy_command) = sources().find_map(|block| block.proxy_command.as_deref())
            else {
                continue;
            };
            let Some(mut command) = SessionCommand::find(proxy_command) else {
                continue;
            };
            let host_name = sources()
                .find_map(|block| block.host_name.as_deref())
                .map_or_else(|| host.clone(), |name| name.replace("%h", host));
            let user = sources().find_map(|block| block.user.as_deref());
            let fill = |value: Option<String>| {
                value.map(|value| {
                    value
                        .replace("%h", &host_name)
                        .replace("%n", host)
                        .replace("%r", user.unwrap_or("%r"))
                })
            };
            command.target = fill(command.target);
            command.aws_profile = fill(command.aws_profile);
            command.region = fill(command.region);
            match command.draft(host) {
                Ok(draft) => {
                    let details = ProfileDetails {
                        user: user.map(str::to_owned),
                        ..ProfileDetails::default()
                    };
                    builder.plan(block.line, draft, details);
                }
                Err(reason) => builder.skip(block.line, host, reason),
            }
        }
        let is_only_wild = block.patterns.iter().all(|pattern| is_wild(pattern));
        let begins_session = block
            .proxy_command
            .as_deref()
            .is_some_and(|command| SessionCommand::find(command).is_some());
        if is_only_wild && begins_session && !block.patterns.is_empty() {
            builder.skip(
                block.line,
                &block.patterns.join(" "),
                "It stands for any number of hosts, not for one.",
            );
        }
    }
    builder.finish()
}

fn blocks(text: &str, builder: &mut Builder<'_>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // What stands above the first `Host` is for all.
    let mut current = Some(Block {
        patterns: vec!["*".to_owned()],
        ..Block::default()
    });
    for (number, line) in text.lines().enumerate() {
        let Some((keyword, value)) = keyword(line) else {
            continue;
        };
        match keyword.as_str() {
            "host" => {
                if blocks.len() >= BLOCKS_MAX {
                    builder.skip(number + 1, value, "There are too many hosts.");
                    break;
                }
                blocks.extend(current.take());
                current = Some(Block {
                    line: number + 1,
                    patterns: value
                        .split_whitespace()
                        .map(|pattern| pattern.trim_matches('"').to_owned())
                        .collect(),
                    ..Block::default()
                });
            }
            "match" => {
                blocks.extend(current.take());
                builder.skip(number + 1, "Match", "Its conditions cannot be judged here.");
            }
            "include" => builder.skip(
                number + 1,
                value,
                "Files that it includes have to be imported one by one.",
            ),
            _ => {
                let Some(block) = &mut current else { continue };
                let member = match keyword.as_str() {
                    "proxycommand" => &mut block.proxy_command,
                    "hostname" => &mut block.host_name,
                    "user" => &mut block.user,
                    _ => continue,
                };
                member.get_or_insert_with(|| value.to_owned());
            }
        }
    }
    blocks.extend(current);
    blocks
}

/// The keyword of a line in lower case, and its value.
fn keyword(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=')?;
    let value = line[end..].trim_start();
    let value = value.strip_prefix('=').unwrap_or(value).trim();
    Some((line[..end].to_ascii_lowercase(), value))
}

fn is_wild(pattern: &str) -> bool {
    pattern.contains(['*', '?']) || pattern.starts_with('!')
}

impl Block {
    fn applies_to(&self, host: &str) -> bool {
        let mut applies = false;
        for pattern in &self.patterns {
            if let Some(pattern) = pattern.strip_prefix('!') {
                if matches_pattern(pattern, host) {
                    return false;
                }
            } else if matches_pattern(pattern, host) {
                applies = true;
            }
        }
        applies
    }
}

/// `*` stands for any characters, `?` for one. Takes time in proportion to the product of the lengths.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            Some(_) | None => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                in_text = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONFIG: &str = r#"
# Sessions for everything that looks like an instance
Host i-* mi-*
    ProxyCommand sh -c "aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters 'portNumber=%p'"
    User ec2-user

Host web
    HostName i-0123456789abcdef0
    User = admin
    ProxyCommand aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p --profile corp --region eu-central-1

Host i-11111111 !i-22222222
    Compression yes

Host db*.internal
    ProxyCommand aws --profile data ssm start-session --target i-33333333

Host db1.internal db2.internal
    User postgres

Host plain
    HostName plain.example.com
    ProxyCommand ssh -W %h:%p bastion

Host variable
    ProxyCommand aws ssm start-session --target $(find-instance %h)

Match host foo
    ProxyCommand aws ssm start-session --target i-44444444

Include conf.d/*
"#;

    #[test]
    fn hosts_with_a_session_are_planned_and_the_rest_is_explained() {
        let preview = ssh_config(CONFIG, &[]);
        let planned: Vec<_> = preview
            .planned
            .iter()
            .map(|planned| {
                let draft = &planned.draft;
                (
                    draft.name.as_str(),
                    draft.target.as_str(),
                    draft.aws_profile.as_deref(),
                    draft.region.as_deref(),
                    planned.details.user.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            planned,
            [
                (
                    "web",
                    "i-0123456789abcdef0",
                    Some("corp"),
                    Some("eu-central-1"),
                    Some("admin")
                ),
                ("i-11111111", "i-11111111", None, None, Some("ec2-user")),
                (
                    "db1.internal",
                    "i-33333333",
                    Some("data"),
                    None,
                    Some("postgres")
                ),
                (
                    "db2.internal",
                    "i-33333333",
                    Some("data"),
                    None,
                    Some("postgres")
                ),
            ]
        );
        assert_eq!(preview.planned[0].draft.document, None);
        assert_eq!(preview.planned[0].draft.parameters, [].into());
        assert_eq!(
            preview.planned[3].duplicate,
            Some(super::super::Duplicate::Planned(2))
        );
        let skipped: Vec<&str> = preview
            .skipped
            .iter()
            .map(|skipped| skipped.name.as_str())
            .collect();
        assert_eq!(
            skipped,
            ["Match", "conf.d/*", "i-* mi-*", "db*.internal", "variable"]
        );
    }

    #[test]
    fn a_host_whose_name_is_no_id_is_found_by_its_name_tag() {
        let preview = ssh_config(
            "Host web-1\nProxyCommand aws ssm start-session --target %h\n",
            &[],
        );
        assert_eq!(preview.planned[0].draft.target, "name:web-1");
    }

    #[test]
    fn patterns_match_as_ssh_does() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("i-*", "i-1", true),
            ("i-*", "mi-1", false),
            ("*.a?c", "x.y.abc", true),
            ("*.a?c", "x.ac", false),
            ("a*b*c", "aXbYbZc", true),
            ("", "a", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(
            text in "(Host |Match |ProxyCommand |HostName |aws ssm start-session --target|%h|[*?! \n\"'=#]|\\PC){0,60}"
        ) {
            let _ = ssh_config(&text, &[]);
        }
    }
}
