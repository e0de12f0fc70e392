//! Session Manager on loopback: the API, the data channel, and an agent with a real pty. For the demo profile, for
//! tests, and as a program for other clients.
//!
//! A client that is given [`Simulator::environment`] goes the same way as to AWS: StartSession over HTTP with a
//! signature, the signed WebSocket upgrade, the token, and the whole data-channel protocol, because the agent here is
//! the mirrored side of the `protocol` crate. So does one that asks KMS for the key of an encrypted session, or STS or
//! IAM Identity Center for credentials, where [`config::SignIn`] has roles and people. What it leaves out: port sessions
//! and the agent's own connections to the service, which are in-process.
//!
//! Everything works unless something else is asked for: [`Config`] says how the parts behave, [`Faults`] what goes wrong
//! by itself and can be changed at any time, and [`Simulator::act`] does something once to a session.
//!
//! ```no_run
//! # async fn example() -> Result<(), simulator::SimulatorError> {
//! let simulator = simulator::Simulator::start(simulator::Config::default()).await?;
//! println!("{} {}", simulator.endpoint_url(), simulator.target());
//! simulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod agent;
mod api;
mod api_error;
mod channel;
pub mod config;
pub mod faults;
mod http;
mod kms;
mod mailbox;
mod random;
mod service;
mod session;
mod signin;
mod sigv4;
mod timestamp;
#[cfg(feature = "tls")]
mod tls;
mod transport;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use secrecy::SecretString;
use tokio::net::TcpListener;

pub use config::{Config, DEMO_TARGET, OFFLINE_TARGET};
pub use faults::{Action, Faults};
use service::Service;
pub use service::StartRecord;
pub use session::{Disconnect, SessionSnapshot, SessionStatus};

/// Why a simulator could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// The port on 127.0.0.1 could not be had.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for; 0 is any.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The certificate could not be made.
    #[cfg(feature = "tls")]
    #[error("cannot make a certificate")]
    Certificate(#[source] io::Error),
}

/// Why a status was not reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// There is no such session.
    #[error("no session {0}")]
    Unknown(String),
    /// The session has ended otherwise and will not change any more.
    #[error("session {} has ended as {}", .0.id, .0.status.as_str())]
    Ended(Box<SessionSnapshot>),
}

/// A running simulator. [`shutdown`](Self::shutdown) ends everything it started and waits for that; dropping it ends
/// the same without waiting.
#[derive(Debug)]
pub struct Simulator {
    service: Arc<Service>,
}

impl Simulator {
    /// Listens on 127.0.0.1 and starts to serve. Needs a running tokio runtime with timers and I/O.
    ///
    /// # Errors
    ///
    /// When the port cannot be listened on.
    pub async fn start(config: Config) -> Result<Self, SimulatorError> {
        let port = config.port;
        let listen = |source| SimulatorError::Listen { port, source };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let authority = listener.local_addr().map_err(listen)?.to_string();
        #[cfg(feature = "tls")]
        let tls = match config.tls {
            Some(certificate) => {
                Some(tls::Tls::new(certificate).map_err(SimulatorError::Certificate)?)
            }
            None => None,
        };
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "nothing to add"))]
        let mut service = Service::new(config, authority);
        #[cfg(feature = "tls")]
        {
            service.tls = tls;
        }
        let service = Arc::new(service);
        service
            .tasks
            .spawn(http::listen(Arc::clone(&service), listener));
        tracing::info!(address = service.authority, "simulator started");
        Ok(Self { service })
    }

    /// The URL of the JSON API, `http://127.0.0.1:<port>`; stream URLs have the same host and port.
    pub fn endpoint_url(&self) -> String {
        self.service.url()
    }

    /// The certificate authority to trust, as PEM, where [`Config::tls`] is set.
    #[cfg(feature = "tls")]
    pub fn ca_pem(&self) -> Option<&str> {
        let tls = self.service.tls.as_ref();
        tls.map(|tls| tls.ca_pem.as_str())
    }

    /// The region to sign for.
    pub fn region(&self) -> &str {
        &self.service.config.region
    }

    /// The access key id to sign with.
    pub fn access_key_id(&self) -> &str {
        &self.service.config.access_key_id
    }

    /// The secret access key to sign with.
    pub fn secret_access_key(&self) -> &SecretString {
        &self.service.config.secret_access_key
    }

    /// The first connected target.
    pub fn target(&self) -> &str {
        let mut targets = self.service.config.targets.iter();
        let target = targets.find(|target| target.behaviour == config::TargetBehaviour::Connected);
        target.map_or(DEMO_TARGET, |target| target.id.as_str())
    }

    /// What a client needs to know, as the variables that AWS SDKs read.
    pub fn environment(&self) -> Vec<(&'static str, SecretString)> {
        let config = &self.service.config;
        let mut environment = vec![
            ("AWS_ENDPOINT_URL_SSM", self.endpoint_url().into()),
            ("AWS_ENDPOINT_URL_KMS", self.endpoint_url().into()),
            ("AWS_ENDPOINT_URL_STS", self.endpoint_url().into()),
            ("AWS_REGION", config.region.clone().into()),
            ("AWS_DEFAULT_REGION", config.region.clone().into()),
            ("AWS_ACCESS_KEY_ID", config.access_key_id.clone().into()),
            ("AWS_SECRET_ACCESS_KEY", config.secret_access_key.clone()),
        ];
        if self.has_people() {
            let url = || self.endpoint_url().into();
            environment.push(("AWS_ENDPOINT_URL_SSO", url()));
            environment.push(("AWS_ENDPOINT_URL_SSO_OIDC", url()));
        }
        if let Some(token) = &config.session_token {
            environment.push(("AWS_SESSION_TOKEN", token.clone()));
        }
        environment
    }

    /// All sessions that are remembered, oldest first.
    pub fn sessions(&self) -> Vec<SessionSnapshot> {
        self.service.snapshots()
    }

    /// One session.
    pub fn session(&self, id: &str) -> Option<SessionSnapshot> {
        self.service.session(id).map(|session| session.snapshot())
    }

    /// Waits until a session has this status. Has no time limit of its own.
    ///
    /// # Errors
    ///
    /// When there is no such session, or it has ended for good with another status.
    pub async fn wait_for_status(
        &self,
        id: &str,
        status: SessionStatus,
    ) -> Result<SessionSnapshot, WaitError> {
        self.wait_for(id, |session| session.status == status).await
    }

    /// Waits until a session is as `condition` wants it. Has no time limit of its own.
    ///
    /// # Errors
    ///
    /// When there is no such session, or it has ended for good otherwise.
    pub async fn wait_for(
        &self,
        id: &str,
        condition: impl Fn(&SessionSnapshot) -> bool,
    ) -> Result<SessionSnapshot, WaitError> {
        let mut changes = self.service.changes();
        loop {
            // Before the look, or a change between look and wait would be missed.
            changes.mark_unchanged();
            let session = self
                .session(id)
                .ok_or_else(|| WaitError::Unknown(id.to_owned()))?;
            if condition(&session) {
                return Ok(session);
            }
            // The client may still be about to leave, or about to fetch `channel_closed`.
            if matches!(
                session.status,
                SessionStatus::Terminated | SessionStatus::Failed
            ) && !session.client_connected
            {
                return Err(WaitError::Ended(Box::new(session)));
            }
            if changes.changed().await.is_err() {
                return Err(WaitError::Ended(Box::new(session)));
            }
        }
    }

    /// The StartSession calls that passed validation, oldest first, whatever became of them.
    pub fn start_records(&self) -> Vec<StartRecord> {
        self.service.records()
    }

    /// TCP connections that are open, of the API and of data channels.
    pub fn live_connections(&self) -> usize {
        self.service.connections.load(Ordering::Relaxed)
    }

    /// Shells and commands that are running.
    pub fn live_children(&self) -> usize {
        self.sessions()
            .iter()
            .filter(|session| session.child.is_some())
            .count()
    }

    /// Ends a session as TerminateSession does. Whether there was such a session.
    pub fn terminate(&self, id: &str) -> bool {
        self.service.session(id).is_some_and(|session| {
            session.terminate("");
            true
        })
    }

    /// Ends a session as the service does on its own account, with this text for the user.
    pub fn terminate_with(&self, id: &str, output: &str) -> bool {
        self.service.session(id).is_some_and(|session| {
            session.terminate(output);
            true
        })
    }

    /// Takes the connection from a session's client; the session goes on. Whether there was a client.
    pub fn disconnect(&self, id: &str, how: Disconnect) -> bool {
        self.service
            .session(id)
            .is_some_and(|session| session.disconnect(how))
    }

    /// Does something once to a session. Whether there was something to do it to: a session, and a client or agent where
    /// one is needed.
    pub fn act(&self, id: &str, action: Action) -> bool {
        self.service
            .session(id)
            .is_some_and(|session| self.service.act(&session, action))
    }

    /// What goes wrong by itself, with the times that are left.
    pub fn faults(&self) -> Faults {
        self.service.faults.all()
    }

    /// Changes what goes wrong by itself, for connections that are open too.
    pub fn change_faults(&self, change: impl FnOnce(&mut Faults)) {
        self.service.faults.change(change);
    }

    /// From now on every API call and upgrade is (or is no longer) refused because the caller's credentials have
    /// expired. Connections that are open stay.
    pub fn expire_credentials(&self, expired: bool) {
        self.service
            .credentials_expired
            .store(expired, Ordering::Relaxed);
    }

    /// How often an operation was asked for, whatever became of it: `AssumeRole`, `StartSession` and so on, `Authorize`
    /// and `Device` for the browser's part, and `CreateToken/refresh_token` (or `/authorization_code`, `/device_code`)
    /// for one kind only.
    pub fn calls(&self, operation: &str) -> u64 {
        self.service.calls.of(operation)
    }

    /// Waits until an operation has been asked for so often. Has no time limit of its own.
    pub async fn wait_for_calls(&self, operation: &str, count: u64) {
        let mut changes = self.service.changes();
        loop {
            // Before the look, or a change between look and wait would be missed.
            changes.mark_unchanged();
            if self.calls(operation) >= count || changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits until a device waits for a person, and gives its user code. Has no time limit of its own.
    pub async fn wait_for_device(&self) -> Option<String> {
        let mut changes = self.service.changes();
        loop {
            changes.mark_unchanged();
            let first = self.pending_devices().into_iter().next();
            if first.is_some() || changes.changed().await.is_err() {
                return first;
            }
        }
    }

    /// Ends all temporary credentials that have been given out until now: whoever signs with them hears that they have
    /// expired. New ones can be had.
    pub fn expire_role_credentials(&self) {
        self.service.identities.expire();
    }

    /// The start URL of the access portal, which is the issuer too.
    pub fn start_url(&self) -> String {
        signin::oidc::start_url(&self.service)
    }

    /// An AWS configuration file with an SSO session `simulator`, a profile `sso-<account>-<role>` for each assignment
    /// of the person in front of the browser, and `role-<name>` for each role of STS. Whoever has it can sign in.
    pub fn config_file(&self) -> SecretString {
        signin::profiles::text(&self.service).into()
    }

    /// Puts another user in front of the browser and of [`approve_device`](Self::approve_device). Whether there is one
    /// of this name.
    pub fn sign_in_as(&self, user: &str) -> bool {
        self.service.oidc.sign_in_as(&self.service, user)
    }

    /// The user codes of devices that wait for a person.
    pub fn pending_devices(&self) -> Vec<String> {
        self.service.oidc.pending_devices(self.service.now_ms())
    }

    /// Approves a device as a person does in the browser. Whether one waits with this code.
    pub fn approve_device(&self, user_code: &str) -> bool {
        self.service.oidc.decide(&self.service, user_code, true)
    }

    /// Refuses a device. Whether one waits with this code.
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.service.oidc.decide(&self.service, user_code, false)
    }

    /// Ends all sign-ins, as an administrator does: access and refresh tokens are good for nothing any more. Credentials
    /// of roles stay.
    pub fn revoke_sign_ins(&self) {
        self.service.oidc.revoke();
    }

    /// Ends all access tokens that have been given out until now; refresh tokens stay.
    pub fn expire_access_tokens(&self) {
        self.service.oidc.expire_access_tokens();
    }

    /// Ends all registrations of clients.
    pub fn expire_clients(&self) {
        self.service.oidc.expire_clients();
    }

    /// Signs the person in front of the browser in and gives what other clients keep of it on disk, in
    /// `~/.aws/sso/cache`: JSON with the access token, the refresh token and the registration. `None` without people.
    pub fn sso_cache_entry(&self) -> Option<SecretString> {
        self.service.oidc.cache_entry(&self.service)
    }

    /// Whether there is anybody to sign in.
    pub fn has_people(&self) -> bool {
        !self.service.config.sign_in.users.is_empty()
    }

    /// Lets a device of [`config::SignIn::mfa_devices`] show one more code. Whether there is such a device.
    pub fn add_mfa_code(&self, serial: &str, code: &str) -> bool {
        self.service.mfa.add(serial, code.into())
    }

    /// Ends all sessions, their processes and connections, and waits until nothing of them is left.
    pub async fn shutdown(self) {
        for session in self.service.all_sessions() {
            session.terminate("");
        }
        self.service.cancel.cancel();
        self.service.tasks.close();
        self.service.tasks.wait().await;
        tracing::info!("simulator ended");
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.service.cancel.cancel();
    }
}
