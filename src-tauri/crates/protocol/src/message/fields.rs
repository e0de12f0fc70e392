//! The fields of a message as types that keep what they do not know.

use std::fmt;

/// What kind of message this is. Unknown kinds are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// `input_stream_data`: client to agent, numbered.
    InputStreamData,
    /// `output_stream_data`: agent to client, numbered.
    OutputStreamData,
    /// `acknowledge`: one stream message arrived.
    Acknowledge,
    /// `channel_closed`: the service ends the session.
    ChannelClosed,
    /// `pause_publication`: the service says the other end is absent.
    PausePublication,
    /// `start_publication`: the service says the other end is there.
    StartPublication,
    /// `agent_session_state`: the agent tells the service how the session is.
    AgentSessionState,
    /// Anything else.
    Other(String),
}

impl MessageType {
    /// Returns the name as written in the message.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InputStreamData => "input_stream_data",
            Self::OutputStreamData => "output_stream_data",
            Self::Acknowledge => "acknowledge",
            Self::ChannelClosed => "channel_closed",
            Self::PausePublication => "pause_publication",
            Self::StartPublication => "start_publication",
            Self::AgentSessionState => "agent_session_state",
            Self::Other(name) => name,
        }
    }

    /// Whether this is `pause_publication` or `start_publication`, which carry nothing but their name.
    pub(crate) fn is_publication(&self) -> bool {
        matches!(self, Self::PausePublication | Self::StartPublication)
    }
}

impl From<&str> for MessageType {
    fn from(name: &str) -> Self {
        match name {
            "input_stream_data" => Self::InputStreamData,
            "output_stream_data" => Self::OutputStreamData,
            "acknowledge" => Self::Acknowledge,
            "channel_closed" => Self::ChannelClosed,
            "pause_publication" => Self::PausePublication,
            "start_publication" => Self::StartPublication,
            "agent_session_state" => Self::AgentSessionState,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the payload of a stream message is. Unknown numbers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayloadType {
    /// 0: no stream payload (acknowledgements and control messages).
    None,
    /// 1: raw bytes, what is typed or shown.
    Output,
    /// 2: defined, never used.
    Error,
    /// 3: the terminal's size, JSON.
    Size,
    /// 4: defined, never used.
    Parameter,
    /// 5: the agent begins the handshake, JSON.
    HandshakeRequest,
    /// 6: the client's answer, JSON.
    HandshakeResponse,
    /// 7: the agent ends the handshake, JSON.
    HandshakeComplete,
    /// 8: the agent proves the key, JSON.
    EncChallengeRequest,
    /// 9: the client proves the key, JSON.
    EncChallengeResponse,
    /// 10: a [`ChannelFlag`](crate::ChannelFlag), four bytes.
    Flag,
    /// 11: raw bytes of a separated standard error.
    StdErr,
    /// 12: `EXIT_CODE: <n>`.
    ExitCode,
    /// Anything else.
    Unknown(u32),
}

impl From<u32> for PayloadType {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Output,
            2 => Self::Error,
            3 => Self::Size,
            4 => Self::Parameter,
            5 => Self::HandshakeRequest,
            6 => Self::HandshakeResponse,
            7 => Self::HandshakeComplete,
            8 => Self::EncChallengeRequest,
            9 => Self::EncChallengeResponse,
            10 => Self::Flag,
            11 => Self::StdErr,
            12 => Self::ExitCode,
            other => Self::Unknown(other),
        }
    }
}

impl From<PayloadType> for u32 {
    fn from(payload_type: PayloadType) -> Self {
        match payload_type {
            PayloadType::None => 0,
            PayloadType::Output => 1,
            PayloadType::Error => 2,
            PayloadType::Size => 3,
            PayloadType::Parameter => 4,
            PayloadType::HandshakeRequest => 5,
            PayloadType::HandshakeResponse => 6,
            PayloadType::HandshakeComplete => 7,
            PayloadType::EncChallengeRequest => 8,
            PayloadType::EncChallengeResponse => 9,
            PayloadType::Flag => 10,
            PayloadType::StdErr => 11,
            PayloadType::ExitCode => 12,
            PayloadType::Unknown(other) => other,
        }
    }
}

/// Marks of a message, kept as they came. No receiver acts on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u64);

impl Flags {
    /// No mark.
    pub const NONE: Self = Self(0);
    /// First message of a direction.
    pub const SYN: Self = Self(1);
    /// Last message of a direction; the official parts never set it alone.
    pub const FIN: Self = Self(2);
    /// Both: what acknowledgements and session states carry.
    pub const SYN_FIN: Self = Self(3);
}

/// Position of a message in its direction's stream: 0, 1, 2 and so on, across reconnects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceNumber(pub i64);

impl SequenceNumber {
    /// Where every stream begins.
    pub const FIRST: Self = Self(0);

    /// Returns the number after this one, or nothing at the very end of the range.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_types_keep_their_numbers() {
        for number in (0..64).chain([u32::MAX]) {
            assert_eq!(u32::from(PayloadType::from(number)), number);
        }
        assert_eq!(PayloadType::from(13), PayloadType::Unknown(13));
    }

    #[test]
    fn message_types_keep_their_names() {
        for name in [
            "input_stream_data",
            "acknowledge",
            "channel_closed",
            "agent_job",
            "Acknowledge",
        ] {
            assert_eq!(MessageType::from(name).as_str(), name);
        }
        assert_eq!(
            MessageType::from("Acknowledge"),
            MessageType::Other("Acknowledge".into())
        );
    }

    #[test]
    fn numbers_end_instead_of_wrapping() {
        assert_eq!(
            SequenceNumber(4_294_967_295).next(),
            Some(SequenceNumber(4_294_967_296))
        );
        assert_eq!(SequenceNumber(i64::MAX).next(), None);
    }
}
