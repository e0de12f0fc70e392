//! The configuration of aws-gate: a list `hosts` with `alias`, `name`, `profile` and `region`, and `defaults`.

use serde::Deserialize;

use super::{Builder, Preview, too_large};
use crate::profile::{Profile, ProfileDetails, ProfileDraft};
use crate::target::Target;

/// Most hosts that are looked at.
const HOSTS_MAX: usize = 20_000;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    hosts: Vec<Host>,
    #[serde(default)]
    defaults: Defaults,
}

#[derive(Default, Deserialize)]
struct Defaults {
    profile: Option<String>,
    region: Option<String>,
}

#[derive(Deserialize)]
struct Host {
    alias: Option<String>,
    name: Option<String>,
    profile: Option<String>,
    region: Option<String>,
}

/// Plans the hosts of an aws-gate configuration.
#[must_use]
pub fn aws_gate(text: &str, existing: &[Profile]) -> Preview {
    if let Some(preview) = too_large(text) {
        return preview;
    }
    let mut builder = Builder::new(existing);
    let config: Config = match serde_saphyr::from_str(text) {
        Ok(config) => config,
        Err(error) => {
            // The reader may quote the text, over several lines: one is enough.
            let error = error.to_string();
            let error = error
                .lines()
                .next()
                .unwrap_or_default()
                .trim_end_matches('.');
            builder.skip(0, "The file", format!("It cannot be read: {error}."));
            return builder.finish();
        }
    };
    for (number, host) in config.hosts.into_iter().enumerate() {
        let shown = host
            .alias
            .clone()
            .or_else(|| host.name.clone())
            .unwrap_or_else(|| format!("Host {}", number + 1));
        if number >= HOSTS_MAX {
            builder.skip(0, "The rest", format!("A file may have {HOSTS_MAX} hosts."));
            break;
        }
        let Some(name) = host.name.filter(|name| !name.trim().is_empty()) else {
            builder.skip(0, &shown, "It has no name.");
            continue;
        };
        match target(name.trim()) {
            Ok(target) => builder.plan(
                0,
                ProfileDraft {
                    name: shown,
                    target,
                    aws_profile: host.profile.or_else(|| config.defaults.profile.clone()),
                    region: host.region.or_else(|| config.defaults.region.clone()),
                    ..ProfileDraft::default()
                },
                ProfileDetails::default(),
            ),
            Err(reason) => builder.skip(0, &shown, reason),
        }
    }
    builder.finish()
}

/// What aws-gate takes a name for: an instance's id, an address, `key:value` of a tag, or the tag `Name`.
fn target(name: &str) -> Result<String, String> {
    if name.starts_with("i-") && name.parse::<Target>().is_ok() {
        return Ok(name.to_owned());
    }
    if name.parse::<std::net::IpAddr>().is_ok()
        || name.ends_with(".compute.amazonaws.com")
        || name.ends_with(".compute.internal")
    {
        return Err(
            "It names a machine by its address or host name, which is no target here; use its id or a tag.".to_owned(),
        );
    }
    Ok(match name.split_once(':') {
        Some((key, value)) if !value.contains(':') && !key.is_empty() => {
            Target::Tags([(key.to_owned(), value.to_owned())].into()).to_string()
        }
        _ => Target::Name(name.to_owned()).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_are_planned_with_the_defaults() {
        let text = "
hosts:
  - alias: webapp-dev
    name: webapp
    profile: profile-dev
    region: eu-west-2
  - alias: by-id
    name: i-0123456789abcdef0
  - name: Role:db=1
    region: eu-west-3
  - alias: address
    name: 10.1.2.3
  - alias: nameless
  - alias: wrong
    name: x
    region: moon
defaults:
  profile: profile-all
  region: eu-west-1
";
        let preview = aws_gate(text, &[]);
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
                )
            })
            .collect();
        assert_eq!(
            planned,
            [
                (
                    "webapp-dev",
                    "name:webapp",
                    Some("profile-dev"),
                    Some("eu-west-2")
                ),
                (
                    "by-id",
                    "i-0123456789abcdef0",
                    Some("profile-all"),
                    Some("eu-west-1")
                ),
                (
                    "Role:db=1",
                    r"tag:Role=db\=1",
                    Some("profile-all"),
                    Some("eu-west-3")
                ),
            ]
        );
        let skipped: Vec<&str> = preview
            .skipped
            .iter()
            .map(|skipped| skipped.name.as_str())
            .collect();
        assert_eq!(skipped, ["address", "nameless", "wrong"]);
    }

    #[test]
    fn what_is_no_configuration_is_explained() {
        for text in ["hosts: 3", "- a\n- b", "{", "hosts:\n - [1]", "\u{0}"] {
            let preview = aws_gate(text, &[]);
            assert_eq!(preview.planned, [], "{text:?}");
            assert_eq!(preview.skipped.len(), 1, "{text:?}");
            assert!(preview.skipped[0].reason.ends_with('.'));
        }
    }

    #[test]
    fn aliases_that_would_grow_without_end_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}, ", level - 1).repeat(10);
            text += &format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(", "));
        }
        text += "hosts: *a9\n";
        let preview = aws_gate(&text, &[]);
        assert_eq!(preview.planned, []);
        assert_eq!(preview.skipped.len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(
            text in "(hosts:|defaults:|  - |alias: |name: |[&*!|>{}\\[\\]\n:\"'-]|\\PC){0,60}"
        ) {
            let _ = aws_gate(&text, &[]);
        }
    }
}
