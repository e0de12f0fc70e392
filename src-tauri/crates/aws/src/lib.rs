//! Sessiondeck's AWS side: credentials, Session Manager calls, a session's data key, signing of the data channel's
//! upgrade.
//!
//! One [`Broker`] owns all credentials. One [`Client`] serves one connection. It knows nothing of data channels, tasks or windows; `connect` joins it to the
//! engine. Tokens and stream URLs leave it only as `SecretString`.

mod client;
mod credentials;
mod error;
mod hosts;
mod http_client;
mod network;
mod proxy;
mod settings;
mod sign;
mod tls;

pub use client::{
    Client, DataKey, Identity, Node, ResumedSession, SessionRecord, SignedUpgrade, StartSession,
    StartedSession,
};
pub use credentials::{
    Account, AccountRole, Broker, BrokerOptions, Caller, KeyFuture, LOOK_INTERVAL, MfaNeed, Need,
    OpenFuture, Question, QuestionId, SignInStep, Source, SsoSession, StoredKey, StoredKeys,
};
pub use error::{Error, ErrorCode};
pub use hosts::{StreamGateway, StreamHost, regions};
pub use proxy::{Proxy, ProxyRules};
pub use settings::{Credentials, Endpoint, NetworkOverrides, Settings};
