//! What a session needs from the service's control side, without naming an AWS type.
//!
//! The application implements [`SessionSource`] over the `aws` crate; tests implement it over nothing.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderMap;
use protocol::kms::DataKeyRequest;
use protocol::{SessionId, SessionInfo};
use secrecy::{SecretSlice, SecretString};

use crate::proxy::HttpProxy;
use crate::stream_url::StreamUrl;

/// What a [`SessionSource`] answers with, in time.
pub type SourceFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send + 'a>>;

/// The right to open one data channel once.
#[derive(Clone)]
pub struct Ticket {
    /// The service's id of the session.
    pub session_id: SessionId,
    /// What StartSession was asked for, to the letter: the encryption of a session is bound to it.
    pub target: String,
    /// Sent in the first frame; good for one connection.
    pub token: SecretString,
    /// Where the data channel is; checked.
    pub stream_url: StreamUrl,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("session_id", &self.session_id)
            .field("target", &self.target)
            .field("token", &"[REDACTED]")
            .field("stream_url", &self.stream_url)
            .finish()
    }
}

/// ResumeSession's answer.
#[derive(Clone, Debug)]
pub enum Resumed {
    /// The session lives: a new token and a URL that may differ from the last one. Both are adopted.
    Ticket(Ticket),
    /// The service keeps this session no longer.
    Gone,
}

/// A session's data key, in the clear and as KMS encrypted it.
#[derive(Clone)]
pub struct DataKey {
    /// For the ciphers of this end. Wiped when dropped.
    pub plaintext: SecretSlice<u8>,
    /// For the agent, which has KMS decrypt it.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([REDACTED])")
    }
}

/// What one dial of a data channel is made with.
#[derive(Clone)]
pub struct DialTerms {
    /// The headers that sign the upgrade; empty when there is nothing to sign with.
    pub headers: HeaderMap,
    /// The TLS configuration for `wss` URLs: the one that the API calls use, so that both trust the same.
    pub tls: Arc<rustls::ClientConfig>,
    /// The proxy to go through; `None`: straight to the host.
    pub proxy: Option<HttpProxy>,
}

impl fmt::Debug for DialTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialTerms").finish_non_exhaustive()
    }
}

/// The control side of one session: starts it, resumes it, signs each dial, ends it.
///
/// Credentials are its own affair and are asked for anew at every call, since a session outlives them.
pub trait SessionSource: Send + Sync + 'static {
    /// StartSession.
    fn start(&self) -> SourceFuture<'_, Ticket>;

    /// ResumeSession: what the next connection of a session is made with, after the last one was lost.
    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed>;

    /// What one WebSocket upgrade to `url` needs: asked anew for every dial, since a signature is good for minutes only.
    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms>;

    /// Waits, for days if need be, until there are credentials worth another try. Asked when a call of a live session
    /// failed with [`SourceErrorKind::SignInNeeded`], and dropped when the session ends or its owner wants to try anyway.
    fn fresh_credentials(&self) -> SourceFuture<'_, ()>;

    /// GenerateDataKey of KMS, 64 bytes, for a session that its account has encrypted.
    fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey>;

    /// Says whether something is to be typed for the person once the session is open. Asked when the session has been
    /// started; until it is open, what the person types waits.
    fn has_first_input(&self) -> bool {
        false
    }

    /// What that is, now that the agent has said what kind of session it is. Asked once in a session's life, never after
    /// a resume; it is sent ahead of all that the person has typed.
    fn first_input(&self, info: &SessionInfo) -> Option<Vec<u8>> {
        let _ = info;
        None
    }

    /// TerminateSession. Answers well when the session is already gone.
    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()>;
}

/// What a caller does about a failed [`SessionSource`] call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// The service understood and said no; asking again gives the same answer.
    Refused,
    /// Credentials are missing or have expired.
    SignInNeeded,
    /// The service could not be reached; asking again may help as soon as the network does.
    Unreachable,
    /// The service answered that it cannot serve now: too many requests, or a failure of its own. Asking again later
    /// may help.
    Busy,
    /// The answer made no sense.
    Malformed,
}

/// Why the control side could not do what was asked, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What to do about it.
    pub kind: SourceErrorKind,
    /// One plain sentence.
    pub message: String,
    /// What a person can do, in one sentence, where there is something.
    pub remedy: Option<String>,
    /// The service's own code and words, to copy into a report; no secrets.
    pub detail: Option<String>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;
    use crate::stream_url::{AllowedHost, AllowedHosts, Scheme};

    #[test]
    fn debug_of_a_data_key_shows_nothing_of_it() {
        let key = DataKey {
            plaintext: SecretSlice::from(vec![0xab; 64]),
            ciphertext: vec![0xcd; 3],
        };
        assert_eq!(format!("{key:?}"), "DataKey([REDACTED])");
    }

    #[test]
    fn debug_of_a_ticket_shows_no_token() {
        let session_id = SessionId::try_from("alice-0a1b2c3d4e5f60718".to_owned()).unwrap();
        let allowed = AllowedHosts::new(vec![AllowedHost {
            scheme: Scheme::Tls,
            host: "h".to_owned(),
            port: None,
        }]);
        let url = SecretString::from(format!(
            "wss://h/v1/data-channel/{session_id}?cell-number=CELL-CANARY"
        ));
        let ticket = Ticket {
            target: "i-0123456789abcdef0".to_owned(),
            stream_url: StreamUrl::parse(&url, &session_id, &allowed).unwrap(),
            token: SecretString::from("TOKEN-CANARY".to_owned()),
            session_id,
        };
        let shown = format!("{ticket:?}");
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}
