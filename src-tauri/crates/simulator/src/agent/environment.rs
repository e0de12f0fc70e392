//! The environment of shells and commands: a few of our own variables, what the agent always sets, and what the
//! configuration adds. Our credentials must never be in it, so variables are picked, not removed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Variables that say who and where the user is, and where programs are. Nothing that could hold a secret.
const INHERITED: [&str; 24] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_COLLATE",
    "LC_MESSAGES",
    "LC_NUMERIC",
    "LC_TIME",
    "TZ",
    "TMPDIR",
    "HOSTNAME",
    // Without these, programs on Windows do not start.
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
];

/// The variables of a child.
pub(crate) fn variables(extra: &BTreeMap<String, String>) -> BTreeMap<OsString, OsString> {
    let own = |name: &str| std::env::var_os(name);
    variables_from(own, extra)
}

fn variables_from(
    own: impl Fn(&str) -> Option<OsString>,
    extra: &BTreeMap<String, String>,
) -> BTreeMap<OsString, OsString> {
    let mut variables: BTreeMap<OsString, OsString> = INHERITED
        .iter()
        .filter_map(|name| Some((OsString::from(name), own(name)?)))
        .collect();
    variables.insert("TERM".into(), "xterm-256color".into());
    let has = |name: &str| {
        variables
            .get(&OsString::from(name))
            .is_some_and(|value| !value.is_empty())
    };
    // As the agent: a shell without a locale would take every character outside ASCII apart.
    if !has("LANG") && !has("LC_ALL") && !has("LC_CTYPE") {
        variables.insert("LANG".into(), "C.UTF-8".into());
    }
    for (name, value) in extra {
        variables.insert(name.into(), value.into());
    }
    variables
}

/// The user's shell.
pub(crate) fn shell() -> Vec<String> {
    if cfg!(windows) {
        return vec!["powershell.exe".to_owned(), "-NoLogo".to_owned()];
    }
    let shell = std::env::var("SHELL")
        .ok()
        .filter(|shell| !shell.is_empty());
    vec![shell.unwrap_or_else(|| "/bin/sh".to_owned())]
}

/// Where children start: the user's home, if there is one.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_ours_are_not_passed_on() {
        let own = |name: &str| Some(OsString::from(format!("own {name}")));
        let extra = BTreeMap::from([("PS1".to_owned(), "> ".to_owned())]);
        let variables = variables_from(own, &extra);
        assert_eq!(
            variables.get(&OsString::from("PATH")),
            Some(&OsString::from("own PATH"))
        );
        assert_eq!(
            variables.get(&OsString::from("PS1")),
            Some(&OsString::from("> "))
        );
        for name in variables.keys().filter_map(|name| name.to_str()) {
            for word in ["AWS", "SECRET", "TOKEN", "KEY", "PASS", "SSH", "CREDENTIAL"] {
                assert!(name == "PATHEXT" || !name.contains(word), "{name}");
            }
        }
    }

    #[test]
    fn a_locale_is_set_only_where_none_is() {
        let with = |wanted: &'static str, value: &'static str| {
            variables_from(
                move |name| (name == wanted).then(|| value.into()),
                &BTreeMap::new(),
            )
        };
        let lang = OsString::from("LANG");
        assert_eq!(with("", "").get(&lang), Some(&"C.UTF-8".into()));
        assert_eq!(with("LANG", "").get(&lang), Some(&"C.UTF-8".into()));
        assert_eq!(
            with("LANG", "de_DE.UTF-8").get(&lang),
            Some(&"de_DE.UTF-8".into())
        );
        assert_eq!(with("LC_ALL", "de_DE.UTF-8").get(&lang), None);
    }
}
