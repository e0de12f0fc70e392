//! Sessions that an earlier run left open at the service because it was killed: which still are, and their end.
//!
//! They cannot be taken over: the numbers of their messages went with the process that held them (a new client would be
//! taken for a repeat of the old one). So they are offered to be ended, or left to the idle limit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ipc::{CommandError, ErrorCode, Orphan};
use profiles::{LiveSession, LiveSessions};
use tracing::{info, warn};

/// The record of live sessions; none where it cannot be written, which is no reason not to work.
pub(crate) struct LiveRecord(Mutex<Option<LiveSessions>>);

impl LiveRecord {
    pub(crate) fn open(folder: &Path) -> Self {
        let sessions = LiveSessions::open(folder)
            .inspect_err(|error| warn!(%error, "live sessions cannot be recorded"))
            .ok();
        Self(Mutex::new(sessions))
    }

    /// Writes down that a session is open.
    pub(crate) fn add(&self, session: LiveSession) {
        self.change(|live| live.add(session));
    }

    /// Writes down that a session has ended.
    pub(crate) fn remove(&self, session_id: &str) {
        self.change(|live| live.remove(session_id));
    }

    fn forget(&self, session_id: &str) {
        self.change(|live| live.forget(session_id));
    }

    fn orphans(&self) -> Vec<LiveSession> {
        self.lock()
            .as_ref()
            .map(LiveSessions::orphans)
            .unwrap_or_default()
    }

    /// Removes the record: the application ends in order.
    pub(crate) fn close(&self) {
        *self.lock() = None;
    }

    fn change(&self, change: impl FnOnce(&mut LiveSessions) -> std::io::Result<()>) {
        if let Some(live) = self.lock().as_mut()
            && let Err(error) = change(live)
        {
            warn!(%error, "the record of live sessions cannot be written");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<LiveSessions>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sessions left behind that are still active, as far as the service says; those that have ended are forgotten.
pub(crate) async fn find(record: &LiveRecord, broker: &aws::Broker) -> Vec<Orphan> {
    let mut still = Vec::new();
    for ((aws_profile, region), sessions) in by_credentials(record.orphans()) {
        let active = match active_ids(broker, aws_profile, region).await {
            Ok(active) => Some(active),
            Err(error) => {
                // Without permission or network nobody knows; ending what has ended does no harm.
                info!(%error, "the service did not say which sessions are active");
                None
            }
        };
        for session in sessions {
            if active
                .as_ref()
                .is_none_or(|active| active.contains(&session.session_id))
            {
                still.push(Orphan {
                    session_id: session.session_id,
                    name: session.name,
                    target: session.target,
                    started_ms: session.started_ms,
                });
            } else {
                record.forget(&session.session_id);
            }
        }
    }
    still
}

/// Ends all sessions left behind, at the service.
///
/// # Errors
///
/// When one could not be ended; the others are.
pub(crate) async fn end(record: &LiveRecord, broker: &aws::Broker) -> Result<(), CommandError> {
    let mut problem = None;
    for ((aws_profile, region), sessions) in by_credentials(record.orphans()) {
        let client = match aws::Client::connect(settings(aws_profile, region), broker).await {
            Ok(client) => client,
            Err(error) => {
                problem = Some(error.message());
                continue;
            }
        };
        for session in sessions {
            match client.terminate_session(&session.session_id).await {
                Ok(()) => record.forget(&session.session_id),
                Err(error) if error.code() == aws::ErrorCode::DoesNotExist => {
                    record.forget(&session.session_id);
                }
                Err(error) => problem = Some(error.message()),
            }
        }
    }
    problem.map_or(Ok(()), |message| {
        Err(CommandError {
            code: ErrorCode::Internal,
            message,
        })
    })
}

/// Leaves all sessions left behind alone, from now on.
pub(crate) fn leave(record: &LiveRecord) {
    for session in record.orphans() {
        record.forget(&session.session_id);
    }
}

type Credentials = (Option<String>, Option<String>);

fn by_credentials(sessions: Vec<LiveSession>) -> BTreeMap<Credentials, Vec<LiveSession>> {
    let mut groups: BTreeMap<Credentials, Vec<LiveSession>> = BTreeMap::new();
    for session in sessions {
        let key = (session.aws_profile.clone(), session.region.clone());
        groups.entry(key).or_default().push(session);
    }
    groups
}

async fn active_ids(
    broker: &aws::Broker,
    aws_profile: Option<String>,
    region: Option<String>,
) -> Result<Vec<String>, aws::Error> {
    let settings = settings(aws_profile, region);
    // One's own are few, an account's may be thousands. Who may not ask who they are still finds theirs among all.
    let source = settings.source();
    let caller = broker.caller(&source, settings.region.as_deref()).await;
    let owner = caller.ok().map(|caller| caller.arn);
    let client = aws::Client::connect(settings, broker).await?;
    let records = client.active_sessions(owner.as_deref()).await?;
    Ok(records
        .into_iter()
        .map(|record| record.session_id)
        .collect())
}

fn settings(aws_profile: Option<String>, region: Option<String>) -> aws::Settings {
    aws::Settings {
        aws_profile,
        region,
        ..aws::Settings::default()
    }
}
