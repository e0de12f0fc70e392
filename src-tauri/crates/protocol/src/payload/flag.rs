//! The body of payload type 10: a signal between the ends of a session.

use bytes::Bytes;

use super::PayloadError;

/// A signal between the ends of a session, on the wire four bytes, big-endian. Unknown ones are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelFlag {
    /// 1, client to agent: close the connection to the port (only where streams are not multiplexed).
    DisconnectToPort,
    /// 2, client to agent: end a port session. Shells ignore it.
    TerminateSession,
    /// 3, agent to client: the destination of the newest stream cannot be reached.
    ConnectToPortError,
    /// Anything else.
    Unknown(u32),
}

impl ChannelFlag {
    /// Writes the body.
    pub fn encode(self) -> Bytes {
        Bytes::copy_from_slice(&u32::from(self).to_be_bytes())
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// When it is not exactly four bytes long.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let bytes: [u8; 4] = payload.try_into().map_err(|_| PayloadError::Length {
            needed: 4,
            available: payload.len(),
        })?;
        Ok(u32::from_be_bytes(bytes).into())
    }
}

impl From<u32> for ChannelFlag {
    fn from(number: u32) -> Self {
        match number {
            1 => Self::DisconnectToPort,
            2 => Self::TerminateSession,
            3 => Self::ConnectToPortError,
            other => Self::Unknown(other),
        }
    }
}

impl From<ChannelFlag> for u32 {
    fn from(flag: ChannelFlag) -> Self {
        match flag {
            ChannelFlag::DisconnectToPort => 1,
            ChannelFlag::TerminateSession => 2,
            ChannelFlag::ConnectToPortError => 3,
            ChannelFlag::Unknown(other) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_four_bytes_and_nothing_else() {
        assert_eq!(&ChannelFlag::TerminateSession.encode()[..], [0, 0, 0, 2]);
        assert_eq!(
            ChannelFlag::decode(&[0, 0, 0, 3]).ok(),
            Some(ChannelFlag::ConnectToPortError)
        );
        assert_eq!(
            ChannelFlag::decode(&[2, 0, 0, 0]).ok(),
            Some(ChannelFlag::Unknown(0x0200_0000))
        );
        for payload in [&[][..], &[2], &[0, 0, 2], &[0, 0, 0, 2, 0]] {
            assert!(ChannelFlag::decode(payload).is_err(), "{payload:?}");
        }
    }
}
