//! Command lines that begin a session: of the AWS CLI, and of gossm, which keeps no file of targets itself.

use super::{Builder, Preview, SessionCommand, target_named, too_large};
use crate::profile::{Profile, ProfileDetails, ProfileDraft};

/// Plans the sessions that the lines of a text begin: aliases, functions, scripts, a shell's history.
///
/// It knows `aws ssm start-session …` and `gossm start …` (or `ssh`, `scp`). An alias gives the connection its name.
#[must_use]
pub fn commands(text: &str, existing: &[Profile]) -> Preview {
    if let Some(preview) = too_large(text) {
        return preview;
    }
    let mut builder = Builder::new(existing);
    for (line, content) in logical_lines(text) {
        let content = without_stamp(content.trim());
        if content.starts_with('#') {
            continue;
        }
        let Some(command) = SessionCommand::find(content) else {
            continue;
        };
        let alias = alias_name(content);
        let name = alias
            .or(command.target.as_deref())
            .unwrap_or("Session")
            .to_owned();
        match command.draft(&name) {
            Ok(draft) => builder.plan(line, draft, ProfileDetails::default()),
            Err(reason) => builder.skip(line, &name, reason),
        }
    }
    builder.finish()
}

/// A line without what zsh writes in front of it in a history: `: <time>:<seconds>;`.
fn without_stamp(line: &str) -> &str {
    let is_stamp = |stamp: &str| stamp.chars().all(|c| c.is_ascii_digit() || c == ':');
    line.strip_prefix(": ")
        .and_then(|rest| rest.split_once(';'))
        .filter(|(stamp, _)| is_stamp(stamp))
        .map_or(line, |(_, command)| command)
}

/// The name in `alias web='…'`.
fn alias_name(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("alias ")?.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then_some(name)
}

/// Lines with those joined that end in a backslash, each with the number of its first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let (line, goes_on_after) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        match lines.last_mut() {
            Some((_, last)) if goes_on => {
                last.push(' ');
                last.push_str(line);
            }
            _ => lines.push((number + 1, line.to_owned())),
        }
        goes_on = goes_on_after;
    }
    lines
}

impl SessionCommand {
    /// The first session that a line begins, in a shell's quotes or out of them.
    pub(super) fn find(line: &str) -> Option<Self> {
        if !line.contains("start-session") && !line.contains("gossm") {
            return None;
        }
        Self::in_words(&words(line), 3)
    }

    fn in_words(words: &[String], depth: usize) -> Option<Self> {
        let is_program = |word: &str, name: &str| {
            let word = word.strip_suffix(".exe").unwrap_or(word);
            word == name
                || word.ends_with(&format!("/{name}"))
                || word.ends_with(&format!("\\{name}"))
        };
        for (at, word) in words.iter().enumerate() {
            if is_program(word, "aws") {
                if let Some(command) = Self::of_aws(&words[at + 1..]) {
                    return Some(command);
                }
            } else if is_program(word, "gossm") {
                return Self::of_gossm(&words[at + 1..]);
            } else if depth > 0 && (word.contains("start-session") || word.contains("gossm ")) {
                // `sh -c "…"`, `alias x='…'`.
                let after_sign = word.split_once('=').map(|(_, inner)| inner);
                let found = [Some(word.as_str()), after_sign]
                    .into_iter()
                    .flatten()
                    .filter(|inner| inner.contains(char::is_whitespace))
                    .find_map(|inner| Self::in_words(&self::words(inner), depth - 1));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// What follows `aws`.
    fn of_aws(words: &[String]) -> Option<Self> {
        let mut command = Self::default();
        let mut place = Vec::new();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if matches!(word, ";" | "&&" | "||" | "|" | "&") {
                break;
            }
            let Some(option) = word.strip_prefix("--") else {
                place.push(word);
                continue;
            };
            let (option, value) = match option.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (option, None),
            };
            let mut value = || value.or_else(|| words.next()).map(str::to_owned);
            match option {
                "target" => command.target = value(),
                "profile" => command.aws_profile = value(),
                "region" => command.region = value(),
                "document-name" => command.document = value(),
                "reason" => command.reason = value(),
                "parameters" => command.parameters = parameters(&value()?)?,
                // Those that take no value.
                "debug" | "no-verify-ssl" | "no-paginate" | "no-sign-request" | "no-cli-pager" => {}
                _ => {
                    value();
                }
            }
        }
        (place.first() == Some(&"ssm") && place.get(1) == Some(&"start-session")).then_some(command)
    }

    /// What follows `gossm`.
    fn of_gossm(words: &[String]) -> Option<Self> {
        let mut command = Self::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut value = |name: &str| {
                word.strip_prefix(name)
                    .and_then(|value| value.strip_prefix('='))
                    .map(str::to_owned)
                    .or_else(|| (word == name).then(|| words.next().map(str::to_owned))?)
            };
            for (short, long, member) in [
                ("-t", "--target", &mut command.target),
                ("-p", "--profile", &mut command.aws_profile),
                ("-r", "--region", &mut command.region),
            ] {
                if let Some(value) = value(short).or_else(|| value(long)) {
                    *member = Some(value);
                }
            }
        }
        command.target.is_some().then_some(command)
    }

    /// The connection it stands for.
    ///
    /// # Errors
    /// A sentence that says why it stands for none.
    pub(super) fn draft(self, name: &str) -> Result<ProfileDraft, String> {
        let Some(target) = self.target.filter(|target| !target.is_empty()) else {
            return Err("Its command names no target.".to_owned());
        };
        let values = [
            Some(&target),
            self.aws_profile.as_ref(),
            self.region.as_ref(),
            self.document.as_ref(),
        ];
        if values
            .into_iter()
            .flatten()
            .any(|value| value.contains(['$', '`', '%', '<']))
        {
            return Err(
                "Its command has places that something else fills in, such as variables."
                    .to_owned(),
            );
        }
        // To run SSH through a session is another kind of session; the target's own shell is what is meant here.
        let is_for_ssh = self.document.as_deref() == Some("AWS-StartSSHSession");
        Ok(ProfileDraft {
            name: name.to_owned(),
            aws_profile: self.aws_profile,
            region: self.region,
            target: target_named(&target),
            document: self.document.filter(|_| !is_for_ssh),
            parameters: if is_for_ssh {
                Default::default()
            } else {
                self.parameters
            },
            reason: self.reason,
            ..ProfileDraft::default()
        })
    }
}

/// Splits a line as a shell does, forgiving quotes that do not end.
fn words(line: &str) -> Vec<String> {
    shell_words::split(line)
        .unwrap_or_else(|_| line.split_whitespace().map(str::to_owned).collect())
}

/// The parameters in the CLI's short form `name=a,b,other=c` or as JSON.
fn parameters(text: &str) -> Option<std::collections::BTreeMap<String, Vec<String>>> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    let mut parameters = std::collections::BTreeMap::new();
    let mut last: Option<String> = None;
    for part in text.split(',') {
        match (part.split_once('='), &last) {
            (Some((name, value)), _) => {
                parameters.insert(name.to_owned(), vec![unquoted(value)]);
                last = Some(name.to_owned());
            }
            (None, Some(name)) => parameters
                .get_mut(name)
                .into_iter()
                .for_each(|values: &mut Vec<String>| values.push(unquoted(part))),
            (None, None) => return None,
        }
    }
    Some(parameters)
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    let inner = value
        .strip_prefix('[')
        .and_then(|value| value.strip_suffix(']'))
        .unwrap_or(value);
    let inner = inner
        .strip_prefix(['"', '\''])
        .and_then(|value| value.strip_suffix(['"', '\'']))
        .unwrap_or(inner);
    inner.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn command_lines_of_the_aws_cli_and_gossm_are_understood() {
        let text = r#"
# aws ssm start-session --target i-00000000000000000
export EDITOR=vi
alias web='aws ssm start-session --target i-0123456789abcdef0 --profile corp --region eu-central-1'
alias db="/usr/local/bin/aws --region=eu-west-1 ssm start-session \
  --document-name AWS-StartInteractiveCommand --parameters command='top -c' --target i-11111111"
gossm start -t i-22222222 -r eu-west-3 -p dev
aws ssm start-session --target "$INSTANCE"
aws ssm start-session --profile corp
aws s3 ls
: 1700000000:0;aws ssm start-session --target web-3
"#;
        let preview = commands(text, &[]);
        let planned: Vec<_> = preview
            .planned
            .iter()
            .map(|planned| {
                let draft = &planned.draft;
                (
                    planned.line,
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
                    4,
                    "web",
                    "i-0123456789abcdef0",
                    Some("corp"),
                    Some("eu-central-1")
                ),
                (5, "db", "i-11111111", None, Some("eu-west-1")),
                (
                    7,
                    "i-22222222",
                    "i-22222222",
                    Some("dev"),
                    Some("eu-west-3")
                ),
                (11, "web-3", "name:web-3", None, None),
            ]
        );
        assert_eq!(
            preview.planned[1].draft.document.as_deref(),
            Some("AWS-StartInteractiveCommand")
        );
        let skipped: Vec<usize> = preview.skipped.iter().map(|skipped| skipped.line).collect();
        assert_eq!(skipped, [8, 9]);
    }

    #[test]
    fn parameters_are_read_in_both_forms() {
        let expected = Some(
            [
                ("host".to_owned(), vec!["db".to_owned()]),
                (
                    "portNumber".to_owned(),
                    vec!["5432".to_owned(), "1".to_owned()],
                ),
            ]
            .into(),
        );
        assert_eq!(parameters("host=\"db\",portNumber=5432,1"), expected);
        assert_eq!(
            parameters(r#"{"host": ["db"], "portNumber": ["5432", "1"]}"#),
            expected
        );
        assert_eq!(parameters("nonsense"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(
            text in "(aws ssm start-session|gossm|alias x=|--target|--parameters|-t|[\"'\\\\\n ={},$]|\\PC){0,40}"
        ) {
            let _ = commands(&text, &[]);
        }
    }
}
