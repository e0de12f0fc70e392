//! What all connections share: configuration, the table of sessions, and the tasks. It creates sessions with their
//! agents, finds them, and keeps the history bounded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::{self, Plan};
use crate::config::{Config, Target};
use crate::faults::{self, Action, AgentAction};
use crate::kms::Kms;
use crate::random;
use crate::session::{NewSession, Presence, Session, SessionSnapshot};
use crate::signin::Calls;
use crate::signin::identities::{Identities, Identity};
use crate::signin::oidc::Oidc;
use crate::signin::sts::Mfa;
use crate::timestamp;
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// One StartSession call as it came in. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartRecord {
    /// `Target`.
    pub target: String,
    /// `DocumentName`, if given.
    pub document: Option<String>,
    /// `Reason`, if given.
    pub reason: Option<String>,
    /// `Parameters`, by name.
    pub parameters: Vec<(String, Vec<String>)>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
}

/// How many StartSession calls are remembered.
const RECORDS: usize = 1000;

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) config: Config,
    /// `127.0.0.1:port`
    pub(crate) authority: String,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
    pub(crate) cancel: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) connections: AtomicUsize,
    pub(crate) credentials_expired: AtomicBool,
    pub(crate) faults: faults::Current,
    pub(crate) kms: Kms,
    pub(crate) identities: Identities,
    pub(crate) mfa: Mfa,
    pub(crate) oidc: Oidc,
    pub(crate) calls: Calls,
    started: AtomicU64,
    sessions: Mutex<VecDeque<Arc<Session>>>,
    records: Mutex<VecDeque<StartRecord>>,
    changed: watch::Sender<u64>,
}

impl Service {
    pub(crate) fn new(config: Config, authority: String) -> Self {
        Self {
            #[cfg(feature = "tls")]
            tls: None,
            faults: faults::Current::new(config.faults.clone()),
            kms: Kms::default(),
            identities: Identities::new(&config),
            mfa: Mfa::new(config.sign_in.mfa_devices.clone()),
            oidc: Oidc::default(),
            calls: Calls::default(),
            started: AtomicU64::new(0),
            config,
            authority,
            cancel: CancellationToken::new(),
            tasks: TaskTracker::new(),
            connections: AtomicUsize::new(0),
            credentials_expired: AtomicBool::new(false),
            sessions: Mutex::default(),
            records: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    pub(crate) fn target(&self, id: &str) -> Option<&Target> {
        self.config.targets.iter().find(|target| target.id == id)
    }

    /// Starts a session of this caller and, if there is a plan, its agent. `None` when there are too many sessions.
    pub(crate) fn start_session(
        self: &Arc<Self>,
        caller: &Identity,
        target: &str,
        document: &str,
        reason: Option<String>,
        plan: Option<Plan>,
    ) -> Option<Arc<Session>> {
        let mut sessions = self.sessions();
        let active = sessions
            .iter()
            .filter(|session| !session.status().has_ended())
            .count();
        if active >= self.config.limits.active_sessions || self.cancel.is_cancelled() {
            return None;
        }
        let new = NewSession {
            number: self.started.fetch_add(1, Ordering::Relaxed),
            id: random::session_id(&caller.name),
            owner: caller.arn.clone(),
            target: target.to_owned(),
            document: document.to_owned(),
            reason,
            has_agent: plan.is_some(),
        };
        let session = Arc::new(Session::new(
            new,
            self.config.delivery,
            &self.config.limits,
            self.cancel.child_token(),
            self.changed.clone(),
        ));
        // Oldest first; those that run are never forgotten, and are bounded above.
        while sessions.len()
            >= self.config.limits.session_history + self.config.limits.active_sessions
        {
            let Some(ended) = sessions
                .iter()
                .position(|session| session.status().has_ended())
            else {
                break;
            };
            sessions.remove(ended);
        }
        sessions.push_back(Arc::clone(&session));
        drop(sessions);
        if let Some(plan) = plan {
            let run = agent::run(Arc::clone(&session), plan, Arc::clone(self));
            self.tasks.spawn(run);
        }
        self.tell();
        Some(session)
    }

    pub(crate) fn session(&self, id: &str) -> Option<Arc<Session>> {
        self.sessions()
            .iter()
            .find(|session| session.id == id)
            .cloned()
    }

    /// Does this to a session. Whether there was something to do it to.
    pub(crate) fn act(&self, session: &Arc<Session>, action: Action) -> bool {
        let Action::Agent(AgentAction::Restart { absence }) = action else {
            return session.act(action);
        };
        let (session, cancel) = (Arc::clone(session), self.cancel.clone());
        let is_there = session.set_presence(Presence::Absent);
        self.tasks.spawn(async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(absence) => {
                    session.set_presence(Presence::Here);
                }
            }
        });
        is_there
    }

    /// All sessions that are remembered, oldest first.
    pub(crate) fn all_sessions(&self) -> Vec<Arc<Session>> {
        self.sessions().iter().cloned().collect()
    }

    pub(crate) fn snapshots(&self) -> Vec<SessionSnapshot> {
        self.all_sessions()
            .iter()
            .map(|session| session.snapshot())
            .collect()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Counts a call of an operation.
    pub(crate) fn count(&self, operation: &str) {
        self.calls.count(operation);
        self.tell();
    }

    /// Wakes whoever waits for something to change.
    pub(crate) fn tell(&self) {
        self.changed
            .send_modify(|number| *number = number.wrapping_add(1));
    }

    pub(crate) fn record(&self, record: StartRecord) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= RECORDS {
            records.pop_front();
        }
        records.push_back(record);
    }

    pub(crate) fn records(&self) -> Vec<StartRecord> {
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// Whether connections are secured.
    pub(crate) fn is_secure(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        return false;
    }

    /// Where it is, `http://127.0.0.1:port`.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.is_secure() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// The service's clock.
    pub(crate) fn now_secs(&self) -> i64 {
        let now = i64::try_from(timestamp::now_ms() / 1000).unwrap_or(i64::MAX);
        now.saturating_add(self.faults.clock_ahead_secs())
    }

    /// The same in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        let ahead_ms = self.faults.clock_ahead_secs().saturating_mul(1000);
        timestamp::now_ms().saturating_add_signed(ahead_ms)
    }

    pub(crate) fn are_credentials_expired(&self) -> bool {
        self.credentials_expired.load(Ordering::Relaxed)
    }

    fn sessions(&self) -> MutexGuard<'_, VecDeque<Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
