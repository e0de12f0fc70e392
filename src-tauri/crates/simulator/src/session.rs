//! One session as the service knows it: its record, the token that opens its data channel, who is connected, and the
//! two queues between client and agent. The connection tasks and the agent's task share it; each change of its state
//! is made under one short lock and announced, so that observers can wait for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{Delivery, Limits};
use crate::faults::{Action, AgentAction, Damage, Injection};
use crate::mailbox::Mailbox;
use crate::{random, sigv4, timestamp};

/// The states of a session, in the API's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    /// Started; no client has opened the data channel yet.
    Connecting,
    /// A client is on the data channel.
    Connected,
    /// The client's connection is gone; the session waits for it.
    Disconnected,
    /// It is ending: the agent has been told, or has said so.
    Terminating,
    /// It has ended, and no process of it is left.
    Terminated,
    /// It has ended because the agent could not start what was asked for.
    Failed,
}

impl SessionStatus {
    /// The API's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting",
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
            Self::Terminating => "Terminating",
            Self::Terminated => "Terminated",
            Self::Failed => "Failed",
        }
    }

    /// Whether the session can no longer be used.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Connecting | Self::Connected | Self::Disconnected => false,
            Self::Terminating | Self::Terminated | Self::Failed => true,
        }
    }
}

/// What an observer sees of a session. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionSnapshot {
    /// The session's id.
    pub id: String,
    /// The id of its target.
    pub target: String,
    /// The document it runs.
    pub document: String,
    /// The reason its caller gave.
    pub reason: Option<String>,
    /// Where it stands.
    pub status: SessionStatus,
    /// Whether a client is on the data channel.
    pub client_connected: bool,
    /// How many times a client has opened the data channel.
    pub connections: u32,
    /// The last terminal size the agent applied: columns and rows.
    pub size: Option<(u16, u16)>,
    /// The process id of the shell or command, while it runs.
    pub child: Option<u32>,
    /// The text of `channel_closed`, once the session has ended.
    pub output: Option<String>,
}

/// How a client's connection is taken from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disconnect {
    /// With a close frame, code 1000 and reason `Bye`, as the service does about once an hour.
    Bye,
    /// With a close frame of this code and reason.
    Close {
        /// The code, such as 1001. What may not be sent, such as 1006, is sent all the same.
        code: u16,
        /// The reason, of at most 123 bytes.
        reason: String,
    },
    /// By closing the TCP connection without a close frame.
    Abort,
    /// By a TCP reset.
    Reset,
    /// Not at all, but nothing comes any more: no data, no answer to a ping, no close. What the client sends is lost.
    Silence,
}

/// Why a client's connection ends, told to its task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It may stay.
    #[default]
    Stay,
    /// Another connection has taken its place.
    Replaced,
    /// A fault was asked for.
    Disconnect(Disconnect),
    /// The session has ended with this output.
    Closed(String),
}

/// Whether the agent is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    #[default]
    Here,
    /// Its connection is gone, and the client knows.
    Absent,
    /// It has fallen silent, and nobody knows.
    Vanished,
}

/// What the service tells an agent besides frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AgentSignals {
    pub(crate) presence: Presence,
    /// The number of the client's connection, while there is one.
    pub(crate) client: Option<u64>,
    pub(crate) cancelled: bool,
}

#[derive(Debug)]
struct State {
    status: SessionStatus,
    token: Option<(SecretString, Instant)>,
    client: Option<(u64, watch::Sender<Leave>)>,
    connections: u32,
    size: Option<(u16, u16)>,
    child: Option<u32>,
    output: Option<String>,
    ended_ms: Option<u64>,
}

/// A session and its data channel.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    /// The ARN of who started it.
    pub(crate) owner: String,
    pub(crate) target: String,
    pub(crate) document: String,
    pub(crate) reason: Option<String>,
    pub(crate) started_ms: u64,
    pub(crate) to_client: Mailbox,
    pub(crate) to_agent: Mailbox,
    /// Told apart from other sessions by dice.
    pub(crate) number: u64,
    /// What is put into the client's way.
    pub(crate) injected: Mailbox<Injection>,
    /// What the next messages to the client, and to the agent, meet.
    pub(crate) damage_to_client: Mailbox<Damage>,
    pub(crate) damage_to_agent: Mailbox<Damage>,
    /// Payload types and payloads that the agent is to send.
    pub(crate) to_send: Mailbox<(u32, Bytes)>,
    pub(crate) cancel: CancellationToken,
    has_agent: bool,
    delivery: Delivery,
    token_lifetime: Duration,
    state: Mutex<State>,
    signals: watch::Sender<AgentSignals>,
    changed: watch::Sender<u64>,
}

/// A client's place on the data channel, given up when dropped.
#[derive(Debug)]
pub(crate) struct ClientPlace {
    session: Arc<Session>,
    pub(crate) number: u64,
    pub(crate) leave: watch::Receiver<Leave>,
}

/// What a session is made from.
pub(crate) struct NewSession {
    /// Counted from 0.
    pub(crate) number: u64,
    pub(crate) id: String,
    /// The ARN of who started it.
    pub(crate) owner: String,
    pub(crate) target: String,
    pub(crate) document: String,
    pub(crate) reason: Option<String>,
    /// Whether an agent takes it.
    pub(crate) has_agent: bool,
}

impl Session {
    /// `changed` is bumped on every change; `cancel` ends the agent.
    pub(crate) fn new(
        new: NewSession,
        delivery: Delivery,
        limits: &Limits,
        cancel: CancellationToken,
        changed: watch::Sender<u64>,
    ) -> Self {
        Self {
            id: new.id,
            owner: new.owner,
            target: new.target,
            document: new.document,
            reason: new.reason,
            started_ms: timestamp::now_ms(),
            to_client: Mailbox::new(limits.queued_frames),
            to_agent: Mailbox::new(limits.queued_frames),
            number: new.number,
            injected: Mailbox::new(limits.queued_frames),
            damage_to_client: Mailbox::new(limits.queued_frames),
            damage_to_agent: Mailbox::new(limits.queued_frames),
            to_send: Mailbox::new(limits.queued_frames),
            cancel,
            has_agent: new.has_agent,
            delivery,
            token_lifetime: limits.token_lifetime,
            state: Mutex::new(State {
                status: SessionStatus::Connecting,
                token: None,
                client: None,
                connections: 0,
                size: None,
                child: None,
                output: None,
                ended_ms: None,
            }),
            signals: watch::Sender::new(AgentSignals::default()),
            changed,
        }
    }

    /// A new token in place of any earlier one; `None` once the session has ended.
    pub(crate) fn issue_token(&self) -> Option<SecretString> {
        let mut state = self.lock();
        if state.status.has_ended() {
            return None;
        }
        let token = random::token();
        state.token = Some((token.clone(), Instant::now() + self.token_lifetime));
        Some(token)
    }

    /// Puts a client on the data channel, in place of any other, if its token is the one issued last and unused.
    pub(crate) fn join(self: &Arc<Self>, token: &SecretString) -> Option<ClientPlace> {
        let mut state = self.lock();
        let (expected, valid_until) = state.token.as_ref()?;
        let right = sigv4::constant_time_eq(expected.expose_secret(), token.expose_secret());
        if !right || *valid_until < Instant::now() {
            return None;
        }
        state.token = None;
        if let Some((_, earlier)) = &state.client {
            earlier.send_replace(Leave::Replaced);
        }
        state.connections += 1;
        let number = u64::from(state.connections);
        // A session can be over before its client comes, and the client must learn why.
        let ended = state.output.clone().map_or(Leave::Stay, Leave::Closed);
        let (sender, leave) = watch::channel(ended);
        state.client = Some((number, sender));
        if !state.status.has_ended() {
            state.status = SessionStatus::Connected;
        }
        // Under the lock, so that the last word about the client is the true one.
        self.signals
            .send_modify(|signals| signals.client = Some(number));
        drop(state);
        self.announce();
        Some(ClientPlace {
            session: Arc::clone(self),
            number,
            leave,
        })
    }

    /// Ends the data channel towards the client: it gets `channel_closed` with this text. The first call counts.
    pub(crate) fn close(&self, output: &str, status: SessionStatus) {
        let mut state = self.lock();
        if state.connections > 0 {
            state.token = None;
        }
        if state.output.is_none() {
            state.output = Some(output.to_owned());
            if let Some((_, client)) = &state.client {
                client.send_replace(Leave::Closed(output.to_owned()));
            }
        }
        state.status = status;
        state.ended_ms.get_or_insert_with(timestamp::now_ms);
        drop(state);
        self.announce();
    }

    /// Ends the session from the service's side: the client is told, and the agent kills what it runs.
    pub(crate) fn terminate(&self, output: &str) {
        if self.status().has_ended() {
            return;
        }
        let status = if self.has_agent {
            SessionStatus::Terminating
        } else {
            SessionStatus::Terminated
        };
        self.close(output, status);
        self.signals.send_modify(|signals| signals.cancelled = true);
    }

    /// The agent has left and nothing of it is alive.
    pub(crate) fn finish(&self, output: &str, status: SessionStatus) {
        self.close(output, status);
        self.to_agent.clear();
    }

    /// Takes the connection from the client, if there is one.
    pub(crate) fn disconnect(&self, how: Disconnect) -> bool {
        let state = self.lock();
        let Some((_, client)) = &state.client else {
            return false;
        };
        client.send_replace(Leave::Disconnect(how));
        true
    }

    /// Does this to the session. Whether there was something to do it to.
    pub(crate) fn act(&self, action: Action) -> bool {
        match action {
            Action::Disconnect(how) => self.disconnect(how),
            Action::Terminate(output) => {
                self.terminate(&output);
                true
            }
            Action::ExpireToken => self.lock().token.take().is_some(),
            Action::Agent(AgentAction::Vanish) => self.set_presence(Presence::Vanished),
            Action::Agent(AgentAction::Return) => self.set_presence(Presence::Here),
            // The service counts the time and calls `set_presence` twice.
            Action::Agent(AgentAction::Restart { .. }) => false,
            Action::Agent(AgentAction::Send {
                payload_type,
                payload,
            }) => self.has_agent && self.to_send.offer((payload_type, payload)).is_ok(),
            Action::Inject(injection) => {
                self.lock().client.is_some() && self.injected.offer(injection).is_ok()
            }
            Action::DamageToClient(damage) => self.damage_to_client.offer(damage).is_ok(),
            Action::DamageToAgent(damage) => self.damage_to_agent.offer(damage).is_ok(),
        }
    }

    /// Says that the agent comes or goes. Whether there is an agent.
    pub(crate) fn set_presence(&self, presence: Presence) -> bool {
        self.signals
            .send_modify(|signals| signals.presence = presence);
        self.has_agent
    }

    /// Takes a frame of the agent for the client. Gives it back while the client is there and its queue is full: wait
    /// for room, or for the client to leave. A frame for an absent client is kept or lost by [`Delivery`].
    pub(crate) fn offer_to_client(&self, frame: Bytes) -> Result<(), Bytes> {
        if self.signals.borrow().client.is_some() {
            return self.to_client.offer(frame);
        }
        match self.delivery {
            Delivery::Drop => {}
            Delivery::Queue => {
                if self.to_client.offer(frame).is_err() {
                    tracing::debug!(session = %self.id, "queue for the absent client is full");
                }
            }
        }
        Ok(())
    }

    /// What the service tells the agent besides frames.
    pub(crate) fn signals(&self) -> watch::Receiver<AgentSignals> {
        self.signals.subscribe()
    }

    pub(crate) fn set_size(&self, size: (u16, u16)) {
        self.lock().size = Some(size);
        self.announce();
    }

    pub(crate) fn set_child(&self, child: Option<u32>) {
        self.lock().child = child;
        self.announce();
    }

    /// The agent says that it is about to leave.
    pub(crate) fn set_terminating(&self) {
        let mut state = self.lock();
        if !state.status.has_ended() {
            state.status = SessionStatus::Terminating;
        }
        drop(state);
        self.announce();
    }

    pub(crate) fn status(&self) -> SessionStatus {
        self.lock().status
    }

    pub(crate) fn ended_ms(&self) -> Option<u64> {
        self.lock().ended_ms
    }

    pub(crate) fn snapshot(&self) -> SessionSnapshot {
        let state = self.lock();
        SessionSnapshot {
            id: self.id.clone(),
            target: self.target.clone(),
            document: self.document.clone(),
            reason: self.reason.clone(),
            status: state.status,
            client_connected: state.client.is_some(),
            connections: state.connections,
            size: state.size,
            child: state.child,
            output: state.output.clone(),
        }
    }

    fn leave(&self, number: u64) {
        let mut state = self.lock();
        if state
            .client
            .as_ref()
            .is_none_or(|(current, _)| *current != number)
        {
            return;
        }
        state.client = None;
        if state.status == SessionStatus::Connected {
            state.status = SessionStatus::Disconnected;
        }
        if self.delivery == Delivery::Drop {
            self.to_client.clear();
        }
        self.signals.send_modify(|signals| signals.client = None);
        drop(state);
        self.announce();
    }

    fn announce(&self) {
        self.changed
            .send_modify(|number| *number = number.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientPlace {
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl Drop for ClientPlace {
    fn drop(&mut self) {
        self.session.leave(self.number);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn session(limits: &Limits) -> Arc<Session> {
        let new = NewSession {
            number: 0,
            id: "demo-00000000000000001".to_owned(),
            owner: "arn:aws:iam::000000000000:user/demo".to_owned(),
            target: "i-1".to_owned(),
            document: "d".to_owned(),
            reason: None,
            has_agent: true,
        };
        let changed = watch::Sender::new(0);
        Arc::new(Session::new(
            new,
            Delivery::Queue,
            limits,
            CancellationToken::new(),
            changed,
        ))
    }

    #[test]
    fn a_token_opens_once_and_only_the_last_one_does() {
        let session = session(&Limits::default());
        let first = session.issue_token().unwrap();
        assert!(session.join(&"other".into()).is_none());
        let place = session.join(&first).unwrap();
        assert_eq!(session.status(), SessionStatus::Connected);
        assert!(session.join(&first).is_none(), "used");
        let second = session.issue_token().unwrap();
        let third = session.issue_token().unwrap();
        assert!(session.join(&second).is_none(), "replaced");
        let newer = session.join(&third).unwrap();
        assert_eq!(*place.leave.borrow(), Leave::Replaced);
        assert_eq!(*newer.leave.borrow(), Leave::Stay);
        drop(place);
        assert_eq!(
            session.status(),
            SessionStatus::Connected,
            "the newer connection stays"
        );
        drop(newer);
        assert_eq!(session.status(), SessionStatus::Disconnected);
    }

    #[test]
    fn an_old_token_does_not_open() {
        let limits = Limits {
            token_lifetime: Duration::ZERO,
            ..Limits::default()
        };
        let session = session(&limits);
        let token = session.issue_token().unwrap();
        std::thread::yield_now();
        assert!(session.join(&token).is_none());
    }

    #[test]
    fn an_ended_session_has_no_token_and_keeps_its_first_output() {
        let session = session(&Limits::default());
        let token = session.issue_token().unwrap();
        let place = session.join(&token).unwrap();
        session.terminate("enough");
        assert_eq!(*place.leave.borrow(), Leave::Closed("enough".to_owned()));
        assert!(session.signals().borrow().cancelled);
        assert!(session.issue_token().is_none());
        session.finish("later", SessionStatus::Terminated);
        let snapshot = session.snapshot();
        assert_eq!(
            (snapshot.status, snapshot.output.as_deref()),
            (SessionStatus::Terminated, Some("enough"))
        );
    }

    #[test]
    fn frames_for_an_absent_client_wait_up_to_the_bound() {
        let session = session(&Limits {
            queued_frames: 2,
            ..Limits::default()
        });
        for frame in [&b"1"[..], b"2", b"3"] {
            assert!(session.offer_to_client(Bytes::from_static(frame)).is_ok());
        }
        assert_eq!(session.to_client.try_recv().as_deref(), Some(&b"1"[..]));
        assert_eq!(session.to_client.try_recv().as_deref(), Some(&b"2"[..]));
        assert_eq!(session.to_client.try_recv(), None);
    }

    #[test]
    fn a_frame_for_a_slow_client_is_given_back() {
        let session = session(&Limits {
            queued_frames: 1,
            ..Limits::default()
        });
        let token = session.issue_token().unwrap();
        let place = session.join(&token);
        assert!(session.offer_to_client(Bytes::from_static(b"1")).is_ok());
        assert_eq!(
            session.offer_to_client(Bytes::from_static(b"2")),
            Err(Bytes::from_static(b"2"))
        );
        drop(place);
        assert!(
            session.offer_to_client(Bytes::from_static(b"2")).is_ok(),
            "nobody waits for room now"
        );
    }

    #[test]
    fn a_client_that_comes_after_the_end_learns_why() {
        let session = session(&Limits::default());
        let token = session.issue_token().unwrap();
        session.finish("no shell", SessionStatus::Failed);
        let place = session.join(&token).unwrap();
        assert_eq!(*place.leave.borrow(), Leave::Closed("no shell".to_owned()));
        drop(place);
        assert_eq!(session.status(), SessionStatus::Failed);
        assert!(session.join(&token).is_none());
    }
}
