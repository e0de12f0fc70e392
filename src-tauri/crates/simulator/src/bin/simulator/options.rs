//! The options of the program and what they make of the configuration.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lexopt::ValueExt as _;
use simulator::Config;
use simulator::config::{
    AgentBehaviour, Certificate, Delivery, Document, DocumentKind, Handshake, KmsKeyBehaviour,
    MfaDevice, Platform, Role, Shell,
};
use simulator::faults::{Damage, Frames, Rule, duration};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Session Manager on 127.0.0.1, with shells of this machine behind it.

Usage: simulator [OPTIONS] [-- SHELL [ARGUMENT]...]

Prints the environment variables of a client as shell commands, then serves until
Ctrl-C or SIGTERM:

    simulator > environment &
    . ./environment
    aws ssm start-session --target \"$SIMULATOR_TARGET\"

Options:
  --port <PORT>            Listen on this port (default: a free one)
  --region <REGION>        The region to play (default: eu-west-1)
  --delay <MS>             Wait before the first output (default: 1000, as the real agent)
  --fast                   No artificial waits: no delay, no pause between chunks
  --accept-unsigned        Accept API calls and connections without a signature
  --idle-timeout <TIME>    End sessions after this long without data (default: 20m; 0 never);
                           a bare number is minutes
  --max-duration <TIME>    End sessions after this long; a bare number is minutes
  --token-lifetime <TIME>  How long a token opens a data channel (default: 5m)
  --document <NAME=KIND:COMMAND>
                           One more document. KIND is interactive, non-interactive or
                           separated (standard error and exit code apart); each {{ name }}
                           in the command is a parameter that must be given
  --agent-version <V>      The version of the agents (default: 3.3.987.0)
  --windows                Agents follow the rules of Windows for input
  --no-handshake           Agents never begin with a handshake
  --tls <CA-FILE>          Serve HTTPS and WSS, and write the authority to trust to this file
  --tls-certificate <KIND> Whose certificate is good, expired, wrong-host or self-signed
  --kms <STATE>            Encrypt sessions with a key of KMS that is enabled, denied (to the
                           caller), decrypt-denied (to the agent), disabled,
                           pending-deletion or missing
  --kms-challenge          Agents insist on the random challenge in the encryption context
  --sign-in <CONFIG-FILE>  People sign in at IAM Identity Center and assume roles: write profiles
                           for that to this file. Whoever can read it can sign in
  --assign <ACCOUNT/ROLE>  A role of the person who signs in; may be given several times
                           (default: two in an account, one in another)
  --role <ARN[,external-id=ID][,mfa]>
                           A role of STS, for everybody who signs; may be given several times
  --mfa <CODE>             A code of six digits that STS takes once; may be given several times
  --access-token-lifetime <TIME>
                           How long a sign-in goes without a refresh (default: 1h)
  --role-lifetime <TIME>   How long credentials of roles are good (default: as asked for, or 1h)
  --lose-queued            Frames for a side that is not connected are lost
  --log <LEVEL>            error, warn, info, debug or trace (default: warn), to standard error
  -h, --help               Print this
  -V, --version            Print the version

Faults, of which the random ones are the same in every run with the same seed. Times are
500ms, 2s, 3m or 1h, and milliseconds without a unit. Options with <..> of more than one
word may be given several times:
  --seed <N>               Decides all random choices (default: 0)
  --latency <TIME>         Frames take this long in each direction
  --jitter <TIME>          And up to this much longer
  --bandwidth <BYTES>      So many bytes pass in a second in each direction
  --damage <[FRAMES/]DAMAGE=RATE>
                           What happens to frames in both directions, and how often, from
                           0 to 1. FRAMES is acks or stream. DAMAGE is loss,
                           duplicate[:COPIES], reorder[:WITHIN], corrupt-digest,
                           corrupt-payload, truncate, oversize[:LEN],
                           wrong-number[:AHEAD], unknown-type, text or fragment[:FRAMES]
  --damage-to-client <..>  The same for frames to the client only
  --damage-to-agent <..>   The same for frames to the agent only
  --no-acks                The client gets no acknowledgements
  --after <TIME=ACTION>    What happens to every connection once it has been open so long:
                           bye (as the service does every hour), close:CODE[:REASON],
                           abort, reset, silence, terminate[:TEXT], expire-token, vanish
                           (the agent, until return), restart[:TIME] (the agent),
                           send:PAYLOAD_TYPE[:TEXT] (by the agent), binary:TEXT,
                           text:TEXT, ping, pause, start, ack-storm[:COUNT],
                           to-client/DAMAGE or to-agent/DAMAGE (the next frame)
  --call <OPERATION=ERROR[*TIMES]>
                           What calls of an operation, or any, get: throttling, expired,
                           denied, internal, unavailable, gone, null-token or late:TIME
  --upgrade <ERROR[*TIMES]>
                           What WebSocket upgrades get: an HTTP status or late:TIME
  --authorize <OUTCOME>    How sign-ins end in the browser: denied, wrong-state, wrong-code or
                           no-answer
  --resume-host <HOST>     The host in the URLs of resumed sessions, such as localhost
  --clock-ahead <SECONDS>  The service's clock is ahead, or behind if negative

The shell is $SHELL unless one is given. Anybody who has the printed keys can run
commands as you: they are new in every run.
";

/// What the person who signs in has, if nothing is asked for.
const ASSIGNMENTS: [(&str, &str); 3] = [
    ("111111111111", "Operator"),
    ("111111111111", "ReadOnly"),
    ("222222222222", "Operator"),
];

/// What the arguments ask for.
pub(crate) struct Options {
    pub(crate) config: Config,
    pub(crate) log: tracing::Level,
    /// Where the certificate authority is written to.
    pub(crate) ca_file: Option<PathBuf>,
    /// Where the profiles are written to.
    pub(crate) config_file: Option<PathBuf>,
}

/// What to do.
pub(crate) enum Parsed {
    Run(Box<Options>),
    Print(&'static str),
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Parsed, lexopt::Error> {
    use lexopt::prelude::*;
    let mut config = Config::with_failing_targets();
    config.agent = AgentBehaviour::faithful();
    config.idle_timeout = Some(Duration::from_secs(20 * 60));
    let mut fast = false;
    let mut handshake = true;
    let mut kms = None;
    let mut codes: Vec<String> = Vec::new();
    let mut ca_file = None;
    let mut config_file = None;
    let mut certificate = Certificate::Good;
    let mut log = tracing::Level::WARN;
    let mut shell = Vec::new();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => config.port = parser.value()?.parse()?,
            Long("region") => config.region = parser.value()?.parse()?,
            Long("delay") => {
                config.agent.first_output_delay = Duration::from_millis(parser.value()?.parse()?);
            }
            Long("fast") => fast = true,
            Long("accept-unsigned") => config.require_signature = false,
            Long("idle-timeout") => config.idle_timeout = limit(parser.value()?)?,
            Long("max-duration") => config.max_duration = limit(parser.value()?)?,
            Long("token-lifetime") => config.limits.token_lifetime = time(parser.value()?)?,
            Long("document") => {
                let (name, document) = parser.value()?.parse_with(document)?;
                config.documents.insert(name, document);
            }
            Long("agent-version") => config.agent.version = parser.value()?.parse()?,
            Long("windows") => config.agent.platform = Platform::Windows,
            Long("no-handshake") => handshake = false,
            Long("tls") => ca_file = Some(parser.value()?.into()),
            Long("tls-certificate") => {
                certificate = parser.value()?.parse_with(certificate_kind)?;
            }
            Long("kms") => kms = Some(parser.value()?.parse_with(key_behaviour)?),
            Long("kms-challenge") => config.agent.requires_kms_challenge = true,
            Long("sign-in") => config_file = Some(parser.value()?.into()),
            Long("assign") => {
                let (account, role) = parser.value()?.parse_with(assignment)?;
                let user = config.principal.clone();
                config.sign_in.assign(&user, &account, &role);
            }
            Long("role") => {
                let role = parser.value()?.parse_with(role)?;
                config.sign_in.roles.push(role);
            }
            Long("mfa") => codes.push(parser.value()?.parse_with(code)?),
            Long("access-token-lifetime") => {
                config.sign_in.lifetimes.access_token = time(parser.value()?)?;
            }
            Long("role-lifetime") => {
                let lifetime = time(parser.value()?)?;
                config.sign_in.lifetimes.role_credentials = lifetime;
                config.sign_in.assumed_role_lifetime = Some(lifetime);
            }
            Long("lose-queued") => config.delivery = Delivery::Drop,
            Long("seed") => config.faults.seed = parser.value()?.parse()?,
            Long("latency") => {
                let latency = time(parser.value()?)?;
                config.faults.to_client.latency = latency;
                config.faults.to_agent.latency = latency;
            }
            Long("jitter") => {
                let jitter = time(parser.value()?)?;
                config.faults.to_client.jitter = jitter;
                config.faults.to_agent.jitter = jitter;
            }
            Long("bandwidth") => {
                let bandwidth = Some(parser.value()?.parse()?);
                config.faults.to_client.bytes_per_second = bandwidth;
                config.faults.to_agent.bytes_per_second = bandwidth;
            }
            Long("damage") => {
                let rule: Rule = parsed(parser.value()?)?;
                config.faults.to_client.rules.push(rule.clone());
                config.faults.to_agent.rules.push(rule);
            }
            Long("damage-to-client") => {
                config.faults.to_client.rules.push(parsed(parser.value()?)?);
            }
            Long("damage-to-agent") => {
                config.faults.to_agent.rules.push(parsed(parser.value()?)?);
            }
            Long("no-acks") => config.faults.to_client.rules.push(Rule {
                damage: Damage::Loss,
                rate: 1.0,
                frames: Frames::Acknowledgements,
            }),
            Long("after") => config.faults.timed.push(parsed(parser.value()?)?),
            Long("call") => config.faults.calls.push(parsed(parser.value()?)?),
            Long("upgrade") => config.faults.upgrades.push(parsed(parser.value()?)?),
            Long("authorize") => config.faults.authorize = Some(parsed(parser.value()?)?),
            Long("resume-host") => {
                config.faults.resume_host = Some(parser.value()?.parse()?);
            }
            Long("clock-ahead") => {
                config.faults.clock_ahead_secs = parser.value()?.parse()?;
            }
            Long("log") => log = parser.value()?.parse()?,
            Short('h') | Long("help") => return Ok(Parsed::Print(HELP)),
            Short('V') | Long("version") => {
                return Ok(Parsed::Print(concat!(
                    "simulator ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            Value(word) => shell.push(word.string()?),
            Short(_) | Long(_) => return Err(argument.unexpected()),
        }
    }
    if !shell.is_empty() {
        config.shell = Shell::new(shell);
    }
    // Whatever order they were given in.
    if fast {
        let quick = AgentBehaviour::default();
        config.agent.first_output_delay = quick.first_output_delay;
        config.agent.chunk_pause = quick.chunk_pause;
        config.agent.launch_failure_delay = quick.launch_failure_delay;
        config.agent.resend = quick.resend;
    }
    if config_file.is_some() && config.sign_in.users.is_empty() {
        let user = config.principal.clone();
        for (account, role) in ASSIGNMENTS {
            config.sign_in.assign(&user, account, role);
        }
    }
    if !codes.is_empty() {
        let (account, user) = (&config.account_id, &config.principal);
        let device = MfaDevice::new(format!("arn:aws:iam::{account}:mfa/{user}"), codes);
        config.sign_in.mfa_devices.push(device);
    }
    config.tls = ca_file.is_some().then_some(certificate);
    if !handshake {
        for document in config.documents.values_mut() {
            document.handshake = Handshake::Never;
        }
    }
    if let Some(behaviour) = kms {
        config.encrypt_sessions(behaviour.unwrap_or_default());
        if behaviour.is_none() {
            config.kms_keys.clear();
        }
    }
    Ok(Parsed::Run(Box::new(Options {
        config,
        log,
        ca_file,
        config_file,
    })))
}

fn parsed<T: FromStr<Err: Display>>(value: OsString) -> Result<T, lexopt::Error> {
    let text = value.string()?;
    text.parse()
        .map_err(|error: T::Err| lexopt::Error::from(error.to_string()))
}

fn time(value: OsString) -> Result<Duration, lexopt::Error> {
    let text = value.string()?;
    duration(&text).map_err(|error| error.to_string().into())
}

/// A time after which something ends, in minutes if it has no unit; 0 is never.
fn limit(value: OsString) -> Result<Option<Duration>, lexopt::Error> {
    let mut text = value.string()?;
    if text.chars().all(|c| c.is_ascii_digit()) {
        text.push('m');
    }
    let limit = time(text.into())?;
    Ok((!limit.is_zero()).then_some(limit))
}

/// The behaviour of the key, or `None` for one that is missing.
fn key_behaviour(text: &str) -> Result<Option<KmsKeyBehaviour>, String> {
    Ok(Some(match text {
        "enabled" => KmsKeyBehaviour::Enabled,
        "denied" => KmsKeyBehaviour::Denied,
        "decrypt-denied" => KmsKeyBehaviour::DecryptDenied,
        "disabled" => KmsKeyBehaviour::Disabled,
        "pending-deletion" => KmsKeyBehaviour::PendingDeletion,
        "missing" => return Ok(None),
        _ => return Err(format!("`{text}` is no state of a key")),
    }))
}

fn assignment(text: &str) -> Result<(String, String), String> {
    text.split_once('/')
        .filter(|(account, role)| is_account(account) && !role.is_empty())
        .map(|(account, role)| (account.to_owned(), role.to_owned()))
        .ok_or_else(|| format!("`{text}` is not ACCOUNT/ROLE"))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn role(text: &str) -> Result<Role, String> {
    let wrong = || format!("`{text}` is not ARN[,external-id=ID][,mfa]");
    let mut parts = text.split(',');
    let arn = parts.next().unwrap_or_default();
    let account = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":role/"));
    if !account.is_some_and(|(account, name)| is_account(account) && !name.is_empty()) {
        return Err(wrong());
    }
    let mut role = Role::new(arn);
    for part in parts {
        role = match part.split_once('=') {
            None if part == "mfa" => role.with_mfa(),
            Some(("external-id", id)) => role.with_external_id(id),
            None | Some(_) => return Err(wrong()),
        };
    }
    Ok(role)
}

fn code(text: &str) -> Result<String, String> {
    let is_code = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_code
        .then(|| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not a code of six digits"))
}

fn certificate_kind(text: &str) -> Result<Certificate, String> {
    Ok(match text {
        "good" => Certificate::Good,
        "expired" => Certificate::Expired,
        "wrong-host" => Certificate::WrongHost,
        "self-signed" => Certificate::SelfSigned,
        _ => return Err(format!("`{text}` is no kind of certificate")),
    })
}

fn document(text: &str) -> Result<(String, Document), String> {
    let wrong = || format!("`{text}` is not NAME=KIND:COMMAND");
    let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (kind, command) = rest.split_once(':').ok_or_else(wrong)?;
    let commands = command.to_owned();
    let kind = match kind {
        "interactive" => DocumentKind::InteractiveCommands { commands },
        "non-interactive" | "separated" => DocumentKind::NonInteractiveCommands {
            commands,
            separate_output_stream: kind == "separated",
        },
        _ => return Err(wrong()),
    };
    let mut document = Document::new(kind);
    for part in command.split("{{").skip(1) {
        if let Some((parameter, _)) = part.split_once("}}") {
            document = document.with_parameter(parameter.trim(), None);
        }
    }
    Ok((name.to_owned(), document))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;

    use simulator::config::DEFAULT_DOCUMENT;
    use simulator::faults::{
        Action, AgentAction, AuthorizeError, CallError, CallFault, Path, Timed, UpgradeError,
        UpgradeFault,
    };

    use super::*;

    fn options(arguments: &[&str]) -> Result<Options, String> {
        match parse(arguments.iter().map(Into::into)) {
            Ok(Parsed::Run(options)) => Ok(*options),
            Ok(Parsed::Print(text)) => Err(text.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn options_are_read() {
        let options = options(&[
            "--port",
            "1234",
            "--delay=5",
            "--accept-unsigned",
            "--",
            "bash",
            "-l",
        ])
        .unwrap();
        assert_eq!(options.config.port, 1234);
        assert_eq!(
            options.config.agent.first_output_delay,
            Duration::from_millis(5)
        );
        assert!(!options.config.require_signature);
        assert_eq!(options.config.shell.argv, ["bash", "-l"]);
    }

    #[test]
    fn the_program_waits_like_the_real_agent_unless_told_otherwise() {
        let faithful = options(&[]).unwrap().config;
        assert_eq!(faithful.agent.first_output_delay, Duration::from_secs(1));
        assert!(faithful.require_signature);
        let fast = options(&["--fast", "--agent-version", "3.0.0.0"]).unwrap();
        let agent = fast.config.agent;
        assert_eq!(agent.first_output_delay, Duration::ZERO);
        assert_eq!(agent.version, "3.0.0.0");
        assert_eq!(faithful.faults, Default::default());
    }

    type Check = fn(&Config) -> bool;

    fn key_is(config: &Config, behaviour: KmsKeyBehaviour) -> bool {
        let key = config.kms_keys.first();
        key.is_some_and(|key| key.behaviour == behaviour)
    }

    /// One use of each option, and what it changes.
    const EXAMPLES: [(&[&str], Check); 48] = [
        (&["--port", "1"], |c| c.port == 1),
        (&["--region", "us-west-2"], |c| c.region == "us-west-2"),
        (&["--delay", "3"], |c| {
            c.agent.first_output_delay == Duration::from_millis(3)
        }),
        (&["--fast"], |c| c.agent.chunk_pause.is_none()),
        (&["--accept-unsigned"], |c| !c.require_signature),
        (&["--idle-timeout", "0"], |c| c.idle_timeout.is_none()),
        (&["--idle-timeout", "5"], |c| {
            c.idle_timeout == Some(Duration::from_secs(300))
        }),
        (&["--idle-timeout", "2s"], |c| {
            c.idle_timeout == Some(Duration::from_secs(2))
        }),
        (&["--max-duration", "3s"], |c| {
            c.max_duration == Some(Duration::from_secs(3))
        }),
        (&["--token-lifetime", "1s"], |c| {
            c.limits.token_lifetime == Duration::from_secs(1)
        }),
        (&["--document", "Mine=separated:sh -c {{ script }}"], |c| {
            let kind = DocumentKind::NonInteractiveCommands {
                commands: "sh -c {{ script }}".to_owned(),
                separate_output_stream: true,
            };
            let wanted = Document::new(kind).with_parameter("script", None);
            c.documents.get("Mine") == Some(&wanted)
        }),
        (&["--agent-version", "2.0.0.0"], |c| {
            c.agent.version == "2.0.0.0"
        }),
        (&["--windows"], |c| c.agent.platform == Platform::Windows),
        (&["--no-handshake"], |c| {
            c.documents[DEFAULT_DOCUMENT].handshake == Handshake::Never
        }),
        (&["--kms", "decrypt-denied"], |c| {
            key_is(c, KmsKeyBehaviour::DecryptDenied)
                && c.documents[DEFAULT_DOCUMENT].kms_key_id.as_ref() == Some(&c.kms_keys[0].arn)
        }),
        (&["--kms", "missing"], |c| {
            c.kms_keys.is_empty() && c.documents[DEFAULT_DOCUMENT].kms_key_id.is_some()
        }),
        (&["--tls", "ca.pem"], |c| c.tls == Some(Certificate::Good)),
        (&["--tls-certificate", "expired", "--tls", "ca.pem"], |c| {
            c.tls == Some(Certificate::Expired)
        }),
        (&["--kms-challenge"], |c| c.agent.requires_kms_challenge),
        (&["--lose-queued"], |c| c.delivery == Delivery::Drop),
        (&["--seed", "7"], |c| c.faults.seed == 7),
        (&["--latency", "9"], |c| {
            [&c.faults.to_client, &c.faults.to_agent]
                .iter()
                .all(|p| p.latency == Duration::from_millis(9))
        }),
        (&["--jitter", "1s"], |c| {
            [&c.faults.to_client, &c.faults.to_agent]
                .iter()
                .all(|p| p.jitter == Duration::from_secs(1))
        }),
        (&["--bandwidth", "1000"], |c| {
            [&c.faults.to_client, &c.faults.to_agent]
                .iter()
                .all(|p| p.bytes_per_second == Some(1000))
        }),
        (&["--damage", "reorder:3=0.5"], |c| {
            let damage = Damage::Reorder { within: 3 };
            let path = Path::default().with(damage, 0.5);
            c.faults.to_client == path && c.faults.to_agent == path
        }),
        (&["--damage-to-client", "loss=1"], |c| {
            c.faults.to_client.rules.len() == 1 && c.faults.to_agent.rules.is_empty()
        }),
        (&["--damage-to-agent", "loss=1"], |c| {
            c.faults.to_agent.rules.len() == 1 && c.faults.to_client.rules.is_empty()
        }),
        (&["--no-acks"], |c| {
            let rules = &c.faults.to_client.rules;
            rules
                .iter()
                .any(|rule| rule.frames == Frames::Acknowledgements)
        }),
        (&["--after", "2s=vanish"], |c| {
            let after = Duration::from_secs(2);
            let action = Action::Agent(AgentAction::Vanish);
            c.faults.timed == [Timed { after, action }]
        }),
        (&["--after", "1s=bye", "--after", "2s=bye"], |c| {
            c.faults.timed.len() == 2
        }),
        (&["--call", "ResumeSession=gone*2"], |c| {
            c.faults.calls
                == [CallFault::times(
                    "ResumeSession",
                    CallError::DoesNotExist,
                    2,
                )]
        }),
        (&["--upgrade", "503"], |c| {
            let error = UpgradeError::Status(503);
            c.faults.upgrades == [UpgradeFault { error, times: None }]
        }),
        (&["--resume-host", "localhost"], |c| {
            c.faults.resume_host.as_deref() == Some("localhost")
        }),
        (&["--clock-ahead", "-600"], |c| {
            c.faults.clock_ahead_secs == -600
        }),
        (&["--sign-in", "config"], |c| {
            let users = &c.sign_in.users;
            users.len() == 1 && users[0].assignments.len() == 3 && c.sign_in.accounts.len() == 2
        }),
        (&["--assign", "333333333333/Admin", "--sign-in", "f"], |c| {
            let wanted = [("333333333333".to_owned(), "Admin".to_owned())];
            c.sign_in
                .users
                .iter()
                .any(|user| user.assignments == wanted)
        }),
        (
            &[
                "--role",
                "arn:aws:iam::111111111111:role/A,external-id=x,mfa",
            ],
            |c| {
                let mut roles = c.sign_in.roles.iter();
                roles.any(|role| {
                    role.arn == "arn:aws:iam::111111111111:role/A"
                        && role.external_id.as_deref() == Some("x")
                        && role.requires_mfa
                })
            },
        ),
        (&["--mfa", "123456", "--mfa", "234567"], |c| {
            c.sign_in
                .mfa_devices
                .iter()
                .any(|device| device.codes.len() == 2)
        }),
        (&["--access-token-lifetime", "2m"], |c| {
            c.sign_in.lifetimes.access_token == Duration::from_secs(120)
        }),
        (&["--role-lifetime", "2m"], |c| {
            let two = Duration::from_secs(120);
            c.sign_in.lifetimes.role_credentials == two
                && c.sign_in.assumed_role_lifetime == Some(two)
        }),
        (&["--authorize", "wrong-state"], |c| {
            c.faults.authorize == Some(AuthorizeError::WrongState)
        }),
        (&["--authorize", "no-answer"], |c| {
            c.faults.authorize == Some(AuthorizeError::NoAnswer)
        }),
        (&["--log", "info"], |_| true),
        (&["--", "sh", "-c", "true"], |c| {
            c.shell.argv == ["sh", "-c", "true"]
        }),
        (
            &["--document", "A=interactive:top", "--no-handshake"],
            |c| {
                c.documents
                    .get("A")
                    .is_some_and(|d| d.handshake == Handshake::Never)
            },
        ),
        (
            &["--kms", "enabled", "--document", "A=non-interactive:ls"],
            |c| c.documents.get("A").is_some_and(|d| d.kms_key_id.is_some()),
        ),
        (&["--kms", "denied"], |c| key_is(c, KmsKeyBehaviour::Denied)),
        (&["--kms", "disabled"], |c| {
            key_is(c, KmsKeyBehaviour::Disabled)
        }),
    ];

    #[test]
    fn every_option_has_its_effect_and_is_in_the_help() {
        let mut used = BTreeSet::from(["--help", "--version"]);
        let untouched = options(&[]).unwrap();
        for (arguments, check) in EXAMPLES {
            let changed = options(arguments).unwrap_or_else(|e| panic!("{arguments:?}: {e}"));
            assert!(check(&changed.config), "{arguments:?}");
            let shows = !check(&untouched.config);
            assert!(shows || arguments[0] == "--log", "{arguments:?}");
            used.extend(
                arguments
                    .iter()
                    .filter(|argument| argument.len() > 2 && argument.starts_with("--")),
            );
        }
        let words = HELP
            .lines()
            .filter(|line| line.starts_with("  -"))
            .flat_map(str::split_ascii_whitespace);
        let listed: BTreeSet<&str> = words.filter(|word| word.starts_with("--")).collect();
        assert_eq!(listed, used);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for wrong in [
            &["--port"][..],
            &["--port", "x"],
            &["--bogus"],
            &["-x"],
            &["--log", "loud"],
            &["--damage", "loss"],
            &["--damage", "loss=2"],
            &["--after", "bye"],
            &["--call", "gone"],
            &["--upgrade", "never"],
            &["--kms", "maybe"],
            &["--tls-certificate", "fine"],
            &["--document", "A"],
            &["--document", "A=port:22"],
            &["--latency", "soon"],
            &["--assign", "Admin"],
            &["--assign", "1/Admin"],
            &["--role", "Admin"],
            &["--role", "arn:aws:iam::111111111111:role/A,colour=red"],
            &["--mfa", "12345"],
            &["--authorize", "maybe"],
        ] {
            assert!(options(wrong).is_err(), "{wrong:?}");
        }
        assert!(options(&["--help"]).is_err_and(|text| text.contains("Usage")));
    }
}
