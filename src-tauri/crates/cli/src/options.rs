//! The command line.

use std::ffi::OsString;

use connect::sentence;

use crate::parameters::{self, Parameters};
use crate::trouble::Trouble;

pub(crate) const HELP: &str = "\
AWS Session Manager in the terminal at hand.

Usage:
  sessiondeck-cli connect [OPTIONS] <TARGET | CONNECTION>
  sessiondeck-cli exec --document <NAME> [OPTIONS] <TARGET | CONNECTION>
  sessiondeck-cli sessions list [--owner <ARN | all>] [OPTIONS]
  sessiondeck-cli sessions end <SESSION ID> [OPTIONS]
  sessiondeck-cli keys add <NAME> | keys list | keys delete <NAME>

TARGET is i-..., mi-..., ecs:<cluster>_<task>_<runtime>, or a rule that finds a node:
name:<Name tag>, tag:<key>=<value>[,...], asg:<group>; CONNECTION the name of
one that is saved in Sessiondeck. Options win over what is saved.

Options:
  --profile <NAME>       The AWS profile
  --region <REGION>      The AWS region
  --endpoint-url <URL>   Session Manager at this URL
  --document <NAME>      The session document
  --parameters <NAME=VALUE[,VALUE]...>...
                         The document's parameters; quotes keep a comma, as in
                         'command=\"a, b\"'; a JSON object is taken too
  --reason <TEXT>        Why, for the account's session history; where the saved
                         connection asks for it, the answer
  --no-escape            connect: ~. does not end the session
  --owner <ARN | all>    sessions list: this owner's or everybody's, not your own
  --log <LEVEL>          What happens, to standard error: error, warn, info, debug
  -h, --help             Print this
  -V, --version          Print the version

keys are in the system's keyring; a connection with the credentials keyring:<NAME>
uses them. keys add asks for them, or reads three lines of standard input: the
access key ID, the secret access key, the session token or nothing.

connect hands the terminal over to the session. ~. at the start of a line ends it,
~~ is one tilde. Without a terminal, standard input is forwarded and its end is
sent as Ctrl-D. exec reads no input; Ctrl-C interrupts the command, twice leaves.

The exit status is the command's where there is one, else 0 when the shell has
exited, 1 for a failure and 2 for a command line that cannot be followed; 125 from
exec when the command's is unknown, 128 and its number after a signal; 141 when
nobody reads the output any more.
";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Connect { place: String, has_escape: bool },
    Exec { place: String },
    List { owner: Option<String> },
    End { session_id: String },
    Resume,
    AddKeys { name: String },
    ListKeys,
    DeleteKeys { name: String },
    Print(String),
}

/// What goes with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) aws_profile: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) document: Option<String>,
    pub(crate) parameters: Parameters,
    pub(crate) reason: Option<String>,
    pub(crate) log: Option<String>,
}

/// Reads the command line, without the program's name.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<(Wish, Options), Trouble> {
    let mut options = Options::default();
    let mut words = Vec::new();
    let mut has_escape = true;
    let mut owner = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    let wrong = |error: lexopt::Error| Trouble::usage(sentence(&error.to_string()));
    while let Some(argument) = parser.next().map_err(wrong)? {
        use lexopt::Arg::{Long, Short, Value};
        let place = match argument {
            Short('h') | Long("help") => return Ok((Wish::Print(HELP.to_owned()), options)),
            Short('V') | Long("version") => {
                let version = concat!("sessiondeck-cli ", env!("CARGO_PKG_VERSION"), "\n");
                return Ok((Wish::Print(version.to_owned()), options));
            }
            Long("parameters") => {
                add_parameters(&mut parser, &mut options.parameters)?;
                continue;
            }
            Long("no-escape") => {
                has_escape = false;
                continue;
            }
            Value(word) => {
                words.push(text(word)?);
                continue;
            }
            Long("profile") => &mut options.aws_profile,
            Long("region") => &mut options.region,
            Long("endpoint-url") => &mut options.endpoint_url,
            Long("document") => &mut options.document,
            Long("reason") => &mut options.reason,
            Long("owner") => &mut owner,
            Long("log") => &mut options.log,
            Short(_) | Long(_) => return Err(wrong(argument.unexpected())),
        };
        *place = Some(text(parser.value().map_err(wrong)?)?);
    }
    Ok((wish(words, has_escape, owner, &options)?, options))
}

fn wish(
    words: Vec<String>,
    has_escape: bool,
    owner: Option<String>,
    options: &Options,
) -> Result<Wish, Trouble> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["connect", place] => Ok(Wish::Connect {
            place: (*place).to_owned(),
            has_escape,
        }),
        ["exec", _] if options.document.is_none() => Err(Trouble::usage(
            "exec needs --document, the command document to run.",
        )),
        ["exec", place] => Ok(Wish::Exec {
            place: (*place).to_owned(),
        }),
        ["connect" | "exec"] => Err(Trouble::usage("Say what to connect to.")),
        ["sessions", "list"] => Ok(Wish::List { owner }),
        ["sessions", "end", id] => Ok(Wish::End {
            session_id: (*id).to_owned(),
        }),
        ["sessions", "resume", ..] => Ok(Wish::Resume),
        ["keys", "add", name] => Ok(Wish::AddKeys {
            name: (*name).to_owned(),
        }),
        ["keys", "list"] => Ok(Wish::ListKeys),
        ["keys", "delete", name] => Ok(Wish::DeleteKeys {
            name: (*name).to_owned(),
        }),
        [] => Err(Trouble::usage("Say what to do.")),
        other => Err(Trouble::usage(format!(
            "This command is not known: {}",
            other.join(" ")
        ))),
    }
}

/// The words that follow, as far as they have the form of a parameter.
fn add_parameters(parser: &mut lexopt::Parser, parameters: &mut Parameters) -> Result<(), Trouble> {
    let wrong = |error: lexopt::Error| Trouble::usage(sentence(&error.to_string()));
    let first = text(parser.value().map_err(wrong)?)?;
    parameters::add(parameters, &first).map_err(Trouble::usage)?;
    while let Some(word) = parser
        .try_raw_args()
        .and_then(|mut words| words.next_if(|word| is_parameter(&word.to_string_lossy())))
    {
        parameters::add(parameters, &text(word)?).map_err(Trouble::usage)?;
    }
    Ok(())
}

fn is_parameter(word: &str) -> bool {
    !word.starts_with('-')
        && word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || "_-.".contains(c))
        })
}

fn text(word: OsString) -> Result<String, Trouble> {
    word.into_string()
        .map_err(|word| Trouble::usage(format!("This is not UTF-8: {}", word.to_string_lossy())))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<(Wish, Options), Trouble> {
        parse(words.iter().map(Into::into))
    }

    #[test]
    fn options_are_read_wherever_they_stand() {
        let (wish, options) = parsed(&[
            "--region",
            "eu-west-1",
            "exec",
            "--document",
            "Doc",
            "--parameters",
            "a=1,2",
            "b=x y",
            "i-0123456789abcdef0",
            "--profile=corp",
            "--reason",
            "ticket 7",
        ])
        .unwrap();
        let place = "i-0123456789abcdef0".to_owned();
        assert_eq!(wish, Wish::Exec { place });
        assert_eq!(options.region.as_deref(), Some("eu-west-1"));
        assert_eq!(options.aws_profile.as_deref(), Some("corp"));
        assert_eq!(options.reason.as_deref(), Some("ticket 7"));
        assert_eq!(options.parameters["a"], ["1", "2"]);
        assert_eq!(options.parameters["b"], ["x y"]);
    }

    #[test]
    fn what_is_wrong_is_a_usage_error() {
        for wrong in [
            &[][..],
            &["connect"],
            &["connect", "a", "b"],
            &["exec", "i-0123456789abcdef0"],
            &["--bogus"],
            &["sessions"],
            &["sessions", "end"],
            &["connect", "x", "--parameters", "y"],
            &["connect", "x", "--region"],
        ] {
            assert_eq!(parsed(wrong).unwrap_err().status, 2, "{wrong:?}");
        }
    }
}
