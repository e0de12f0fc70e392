//! What a simulator is told before it starts: credentials it accepts, targets, documents, the shell behind
//! them, limits and times. `Config::default()` is right for the demo profile; tests change single fields. It holds
//! data only; nothing here opens a socket.

mod sign_in;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use protocol::ResendPolicy;
use secrecy::SecretString;

pub use self::sign_in::{Account, Lifetimes, MfaDevice, Role, SignIn, User, sso_role_arn};
use crate::faults::Faults;
use crate::random;

/// The target behind which a shell of this machine answers.
pub const DEMO_TARGET: &str = "i-0de5c0de5c0de5c0d";
/// A target the service knows, whose agent is not connected.
pub const OFFLINE_TARGET: &str = "i-0ff11e0ff11e0ff11";
/// A target on which the caller may not start a session.
pub const DENIED_TARGET: &str = "i-0acce55de41ed0001";
/// A target for which the service always says that the rate is exceeded.
pub const THROTTLED_TARGET: &str = "i-0510e0510e0510e05";
/// A target for which the service always says that the caller's credentials have expired.
pub const EXPIRED_TARGET: &str = "i-0e0a1dece0a1dece0";
/// A target whose agent takes the session and never joins the data channel.
pub const SILENT_TARGET: &str = "i-051e27051e27051e2";

/// The document that a session without a document name uses.
pub const DEFAULT_DOCUMENT: &str = "SSM-SessionManagerRunShell";

/// Everything a [`Simulator`](crate::Simulator) is started with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The port of 127.0.0.1 to listen on; 0 takes a free one.
    pub port: u16,
    /// The region the simulator plays; signatures must be scoped to it.
    pub region: String,
    /// The twelve-digit account number in ARNs and error messages.
    pub account_id: String,
    /// The user name of the only caller; session ids start with it.
    pub principal: String,
    /// The access key id that callers sign with.
    pub access_key_id: String,
    /// The secret access key that callers sign with.
    pub secret_access_key: SecretString,
    /// The session token that callers must present, if the credentials are temporary ones.
    pub session_token: Option<SecretString>,
    /// Whether API calls and WebSocket upgrades must carry a valid signature.
    pub require_signature: bool,
    /// How far the time of a signature may be from ours, either way.
    pub clock_window: Duration,
    /// The targets the service knows. Any other is answered as not connected.
    pub targets: Vec<Target>,
    /// The session documents, by name.
    pub documents: BTreeMap<String, Document>,
    /// Roles to assume and people to sign in.
    pub sign_in: SignIn,
    /// The keys that KMS has.
    pub kms_keys: Vec<KmsKey>,
    /// The document of a session that names none.
    pub default_document: String,
    /// The shell behind `Standard_Stream` sessions, and the environment of all commands.
    pub shell: Shell,
    /// How the agents behave.
    pub agent: AgentBehaviour,
    /// What happens to frames for a side that is not there.
    pub delivery: Delivery,
    /// After how long without stream data the service ends a session; `None` never does.
    pub idle_timeout: Option<Duration>,
    /// After how long the service ends a session; `None` never does.
    pub max_duration: Option<Duration>,
    /// The certificate to serve HTTPS and WSS with, if not HTTP and WS.
    #[cfg(feature = "tls")]
    pub tls: Option<Certificate>,
    /// What goes wrong.
    pub faults: Faults,
    /// Bounds on what a peer can make us hold or wait for.
    pub limits: Limits,
}

impl Default for Config {
    /// One connected and one offline target, random keys, a random port, signatures required, and no artificial delays.
    fn default() -> Self {
        Self {
            port: 0,
            region: "eu-west-1".to_owned(),
            account_id: "000000000000".to_owned(),
            principal: "demo".to_owned(),
            access_key_id: random::access_key_id(),
            secret_access_key: random::secret_access_key(),
            session_token: None,
            require_signature: true,
            clock_window: Duration::from_secs(5 * 60),
            targets: vec![
                Target::new(DEMO_TARGET, "This computer", TargetBehaviour::Connected),
                Target::new(
                    OFFLINE_TARGET,
                    "Switched off",
                    TargetBehaviour::NotConnected,
                ),
            ],
            documents: Document::well_known(),
            sign_in: SignIn::default(),
            kms_keys: Vec::new(),
            default_document: DEFAULT_DOCUMENT.to_owned(),
            shell: Shell::default(),
            agent: AgentBehaviour::default(),
            delivery: Delivery::default(),
            idle_timeout: None,
            max_duration: None,
            #[cfg(feature = "tls")]
            tls: None,
            faults: Faults::default(),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// The default configuration, with one more target for each way in which StartSession can go wrong.
    pub fn with_failing_targets() -> Self {
        let mut config = Self::default();
        config.targets.extend([
            Target::new(
                DENIED_TARGET,
                "Access denied",
                TargetBehaviour::AccessDenied,
            ),
            Target::new(THROTTLED_TARGET, "Throttled", TargetBehaviour::Throttling),
            Target::new(
                EXPIRED_TARGET,
                "Expired credentials",
                TargetBehaviour::ExpiredToken,
            ),
            Target::new(SILENT_TARGET, "Agent never joins", TargetBehaviour::Silent),
        ]);
        config
    }

    /// The ARN of a key with this id in the region and account that are played.
    pub fn kms_arn(&self, id: &str) -> String {
        format!("arn:aws:kms:{}:{}:key/{id}", self.region, self.account_id)
    }

    /// Encrypts the sessions of all documents that can, with a new key that behaves like this. Its ARN.
    pub fn encrypt_sessions(&mut self, behaviour: KmsKeyBehaviour) -> String {
        let arn = self.kms_arn(&uuid::Uuid::new_v4().to_string());
        self.kms_keys.push(KmsKey::new(&arn, behaviour));
        for document in self.documents.values_mut() {
            document.kms_key_id = Some(arn.clone());
        }
        arn
    }
}

/// A certificate for `127.0.0.1` and `localhost`, by an authority that is new in every run.
#[cfg(feature = "tls")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificate {
    /// One to be accepted by those who trust the authority.
    #[default]
    Good,
    /// One that was good, years ago.
    Expired,
    /// One for `other.invalid` only.
    WrongHost,
    /// One that the authority has not signed.
    SelfSigned,
}

/// A key of KMS.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KmsKey {
    /// `arn:aws:kms:<region>:<account>:key/<id>`; it can be asked for by its id, too.
    pub arn: String,
    /// `alias/<name>`, if it has one.
    pub alias: Option<String>,
    /// What KMS does with it.
    pub behaviour: KmsKeyBehaviour,
}

impl KmsKey {
    /// A key of this ARN.
    pub fn new(arn: &str, behaviour: KmsKeyBehaviour) -> Self {
        Self {
            arn: arn.to_owned(),
            alias: None,
            behaviour,
        }
    }
}

/// What KMS does with a key. A key that is missing is one that is not in [`Config::kms_keys`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KmsKeyBehaviour {
    /// Everybody may use it.
    #[default]
    Enabled,
    /// The caller may not use it: `AccessDeniedException`.
    Denied,
    /// The agent may not: the same for Decrypt only.
    DecryptDenied,
    /// `DisabledException`.
    Disabled,
    /// `KMSInvalidStateException`.
    PendingDeletion,
}

/// One machine the service knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// `i-…`, `mi-…` or `ecs:…`.
    pub id: String,
    /// The name a person gave it.
    pub name: String,
    /// What StartSession on it does.
    pub behaviour: TargetBehaviour,
    /// Its tags; `Name` is the name unless it says otherwise.
    pub tags: BTreeMap<String, String>,
}

impl Target {
    /// A target of this id and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>, behaviour: TargetBehaviour) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            behaviour,
            tags: BTreeMap::new(),
        }
    }

    /// The same with one more tag.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// The value of a tag.
    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        let name = || (key == "Name").then_some(self.name.as_str());
        self.tags.get(key).map(String::as_str).or_else(name)
    }
}

/// What StartSession on a target does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetBehaviour {
    /// An agent is connected and starts the session.
    Connected,
    /// The service knows the target, but no agent is connected: `TargetNotConnected`.
    NotConnected,
    /// `AccessDeniedException`.
    AccessDenied,
    /// `ThrottlingException`.
    Throttling,
    /// `ExpiredTokenException`.
    ExpiredToken,
    /// `InternalServerError`.
    InternalError,
    /// The session starts, but its agent never joins the data channel, and the client hears nothing.
    Silent,
}

/// A session document: what kind of session it makes, and of which command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The kind of session.
    pub kind: DocumentKind,
    /// Parameters by name, with their default; one without a default is required.
    pub parameters: BTreeMap<String, Option<String>>,
    /// Whether the agent begins with a handshake.
    pub handshake: Handshake,
    /// The key to encrypt sessions with, except port sessions. With one, there is always a handshake.
    pub kms_key_id: Option<String>,
}

/// The session types of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentKind {
    /// The shell of [`Config::shell`] on a pty.
    StandardStream,
    /// `sh -c` with this command on a pty; `{{ name }}` stands for a parameter.
    InteractiveCommands {
        /// The command line.
        commands: String,
    },
    /// The command without a pty and without input.
    NonInteractiveCommands {
        /// The command line.
        commands: String,
        /// Whether standard error and the exit code are sent apart from standard output.
        separate_output_stream: bool,
    },
    /// A port session, which this simulator's agent does not support: it ends with the agent's own words for that.
    Port,
}

/// Whether the agent of a session begins with a handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handshake {
    /// As the agent decides: for commands without a terminal and for ports.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Document {
    /// A document of this kind, without parameters.
    pub fn new(kind: DocumentKind) -> Self {
        Self {
            kind,
            parameters: BTreeMap::new(),
            handshake: Handshake::Auto,
            kms_key_id: None,
        }
    }

    /// The same document with its sessions encrypted by this key.
    #[must_use]
    pub fn with_kms_key(mut self, key_id: &str) -> Self {
        self.kms_key_id = Some(key_id.to_owned());
        self
    }

    /// The same document with one more parameter; one without a default must be given.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, default: Option<&str>) -> Self {
        self.parameters
            .insert(name.to_owned(), default.map(str::to_owned));
        self
    }

    /// The same document with another rule for the handshake.
    #[must_use]
    pub fn with_handshake(mut self, handshake: Handshake) -> Self {
        self.handshake = handshake;
        self
    }

    /// The documents that every account has, by name.
    pub fn well_known() -> BTreeMap<String, Self> {
        let command = || "{{ command }}".to_owned();
        let interactive = Self::new(DocumentKind::InteractiveCommands {
            commands: command(),
        });
        let non_interactive = Self::new(DocumentKind::NonInteractiveCommands {
            commands: command(),
            separate_output_stream: false,
        });
        let port = || Self::new(DocumentKind::Port);
        [
            (DEFAULT_DOCUMENT, Self::new(DocumentKind::StandardStream)),
            (
                "AWS-StartInteractiveCommand",
                interactive.with_parameter("command", None),
            ),
            (
                "AWS-StartNonInteractiveCommand",
                non_interactive.with_parameter("command", None),
            ),
            (
                "AWS-StartSSHSession",
                port().with_parameter("portNumber", Some("22")),
            ),
            (
                "AWS-StartPortForwardingSession",
                port()
                    .with_parameter("portNumber", Some("80"))
                    .with_parameter("localPortNumber", Some("0")),
            ),
            (
                "AWS-StartPortForwardingSessionToRemoteHost",
                port()
                    .with_parameter("host", Some("localhost"))
                    .with_parameter("portNumber", Some("80"))
                    .with_parameter("localPortNumber", Some("0")),
            ),
        ]
        .into_iter()
        .map(|(name, document)| (name.to_owned(), document))
        .collect()
    }
}

/// The program behind a shell session and what it is given.
///
/// Children get a short list of the simulator's own variables (`PATH`, `HOME`, `LANG`, …) and these on top; never its
/// credentials or anything else that begins with `AWS_`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shell {
    /// Program and arguments; empty takes the user's shell.
    pub argv: Vec<String>,
    /// Where it starts; `None` is the user's home.
    pub cwd: Option<PathBuf>,
    /// Variables on top.
    pub env: BTreeMap<String, String>,
}

impl Shell {
    /// A shell started by this program and these arguments.
    pub fn new(argv: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// How the agents behave, beyond the data channel's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentBehaviour {
    /// The version of the handshake and of the instance list. Before 2.3.539 there is no handshake and no encryption,
    /// and before 2.3.668 and 3.0.1124 no interactive and non-interactive commands.
    pub version: String,
    /// The system the agent says it is on, and whose rules for input it follows.
    pub platform: Platform,
    /// How long after the start of the pty its output is first read. The real agent waits one second.
    pub first_output_delay: Duration,
    /// The pause after each chunk of output. The real agent waits one millisecond.
    pub chunk_pause: Option<Duration>,
    /// The longest chunk of output, in bytes.
    pub chunk_len: usize,
    /// Columns and rows of a pty before the client has sent a size. The real agent leaves them 0.
    pub initial_size: (u16, u16),
    /// How long the end of a session waits for acknowledgements of its last output.
    pub drain: Duration,
    /// Unacknowledged output, in bytes, at which reading from the pty stops.
    pub output_window: usize,
    /// How long the agent waits before it reports that the shell could not be started. The real agent waits two seconds.
    pub launch_failure_delay: Duration,
    /// Whether a client must put the agent's random challenge into the encryption context. Agents since 3.3.808 send
    /// one, and do not insist by default.
    pub requires_kms_challenge: bool,
    /// Which messages are sent again. The real agent repeats the oldest one only.
    pub resend: ResendPolicy,
}

impl AgentBehaviour {
    /// With the waits and habits of the real agent, which other clients were made for.
    pub fn faithful() -> Self {
        Self {
            first_output_delay: Duration::from_secs(1),
            chunk_pause: Some(Duration::from_millis(1)),
            launch_failure_delay: Duration::from_secs(2),
            resend: ResendPolicy::HeadOnly,
            ..Self::default()
        }
    }
}

impl Default for AgentBehaviour {
    fn default() -> Self {
        Self {
            version: "3.3.987.0".to_owned(),
            platform: Platform::default(),
            first_output_delay: Duration::ZERO,
            chunk_pause: None,
            chunk_len: 1024,
            initial_size: (0, 0),
            drain: Duration::from_secs(2),
            output_window: 512 * 1024,
            launch_failure_delay: Duration::ZERO,
            requires_kms_challenge: false,
            resend: ResendPolicy::EachMessage,
        }
    }
}

/// The systems whose agents differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux and macOS.
    Unix,
    /// Windows: input with LF, but without CR LF, has CR for each LF.
    Windows,
}

impl Default for Platform {
    /// That of this machine.
    fn default() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else {
            Self::Unix
        }
    }
}

/// What happens to frames for a side whose connection is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// They are lost; retransmission brings them.
    Drop,
    /// They wait, up to [`Limits::queued_frames`].
    #[default]
    Queue,
}

/// Bounds on what a peer can make the simulator hold or wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// TCP connections at one time; more are closed at once.
    pub connections: usize,
    /// Sessions that have not ended; more are answered with `ThrottlingException`.
    pub active_sessions: usize,
    /// Ended sessions that are remembered.
    pub session_history: usize,
    /// The longest body of an API call, in bytes.
    pub body_len: usize,
    /// The longest WebSocket message, in bytes.
    pub message_len: usize,
    /// Frames that wait for one side of a data channel.
    pub queued_frames: usize,
    /// Time for a request's headers, and again for its body.
    pub request_timeout: Duration,
    /// Time from the upgrade to the frame with the token.
    pub open_timeout: Duration,
    /// Time for one message to be taken by a client.
    pub write_timeout: Duration,
    /// Time a client has to close after the end of its session.
    pub close_timeout: Duration,
    /// How long a token opens a data channel.
    pub token_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            active_sessions: 128,
            session_history: 1000,
            body_len: 1 << 20,
            message_len: 1 << 20,
            queued_frames: 512,
            request_timeout: Duration::from_secs(10),
            open_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(1),
            token_lifetime: Duration::from_secs(5 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_configuration_has_its_own_keys() {
        use secrecy::ExposeSecret as _;
        let (one, other) = (Config::default(), Config::default());
        assert_ne!(one.access_key_id, other.access_key_id);
        assert_ne!(
            one.secret_access_key.expose_secret(),
            other.secret_access_key.expose_secret()
        );
    }

    #[test]
    fn debug_output_holds_no_secret() {
        use secrecy::ExposeSecret as _;
        let config = Config {
            session_token: Some("the-session-token".into()),
            ..Config::default()
        };
        let text = format!("{config:?}");
        assert!(
            text.contains(&config.access_key_id),
            "the canary must be able to see"
        );
        assert!(!text.contains(config.secret_access_key.expose_secret()));
        assert!(!text.contains("the-session-token"));
    }

    #[test]
    fn target_ids_look_like_instance_ids() {
        for target in Config::with_failing_targets().targets {
            let digits = target.id.strip_prefix("i-").unwrap_or_default();
            assert_eq!(digits.len(), 17, "{}", target.id);
            assert!(
                digits.chars().all(|c| c.is_ascii_hexdigit()),
                "{}",
                target.id
            );
        }
    }
}
