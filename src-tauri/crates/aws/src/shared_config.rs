//! The names of the profiles in the shared AWS configuration files.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The profiles of `~/.aws/config` and `~/.aws/credentials` (or what `AWS_CONFIG_FILE` and
/// `AWS_SHARED_CREDENTIALS_FILE` say), sorted. Files that are missing or broken add nothing.
#[must_use]
pub fn shared_config_profiles() -> Vec<String> {
    let config = read("AWS_CONFIG_FILE", "config");
    let credentials = read("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    names(&config, true)
        .chain(names(&credentials, false))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn read(variable: &str, name: &str) -> String {
    let path = std::env::var_os(variable)
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".aws").join(name)));
    path.and_then(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_default()
}

/// In the config file a profile is `[profile NAME]`, except `[default]`; in the credentials file it is `[NAME]`.
fn names(text: &str, in_config: bool) -> impl Iterator<Item = String> {
    text.lines().filter_map(move |line| {
        let section = line.trim().strip_prefix('[')?.split(']').next()?.trim();
        match section.strip_prefix("profile ") {
            Some(name) => Some(name.trim().trim_matches('"').to_owned()),
            None if !in_config || section == "default" => Some(section.to_owned()),
            None => None,
        }
    })
}
