//! Sessions that an earlier run left open at the service because it was killed: which still are, and their end.
//!
//! They cannot be taken over: the numbers of their messages went with the process that held them (a new client would be
//! taken for a repeat of the old one). So they are offered to be ended, or left to the idle limit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ipc::{CommandError, ErrorCode, Orphan};
use profiles::{CredentialSource, LiveSession, LiveSessions};
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
    for (origin, sessions) in by_origin(record.orphans()) {
        let active = match active_ids(broker, &origin).await {
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
    for (origin, sessions) in by_origin(record.orphans()) {
        let client = match aws::Client::connect(origin.settings(), broker).await {
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

/// With what a session was started: what it takes to ask for it and to end it.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Origin {
    aws_profile: Option<String>,
    credentials: Option<String>,
    region: Option<String>,
}

impl Origin {
    fn of(session: &LiveSession) -> Self {
        Self {
            aws_profile: session.aws_profile.clone(),
            credentials: session.credentials.clone(),
            region: session.region.clone(),
        }
    }

    fn settings(&self) -> aws::Settings {
        let source =
            CredentialSource::parse(self.aws_profile.as_deref(), self.credentials.as_deref());
        // A session runs on a source that could be read, so what cannot be read now is not what it had.
        let (aws_profile, credentials) = match source.unwrap_or_default() {
            CredentialSource::DefaultChain | CredentialSource::Demo => {
                (None, aws::Credentials::Configured)
            }
            CredentialSource::AwsProfile(name) => {
                (Some(name.as_str().to_owned()), aws::Credentials::Configured)
            }
            CredentialSource::Keyring(entry) => {
                (None, aws::Credentials::Stored(entry.as_str().to_owned()))
            }
            CredentialSource::Environment => (None, aws::Credentials::Environment),
        };
        aws::Settings {
            aws_profile,
            credentials,
            region: self.region.clone(),
            ..aws::Settings::default()
        }
    }
}

fn by_origin(sessions: Vec<LiveSession>) -> BTreeMap<Origin, Vec<LiveSession>> {
    let mut groups: BTreeMap<Origin, Vec<LiveSession>> = BTreeMap::new();
    for session in sessions {
        groups
            .entry(Origin::of(&session))
            .or_default()
            .push(session);
    }
    groups
}

async fn active_ids(broker: &aws::Broker, origin: &Origin) -> Result<Vec<String>, aws::Error> {
    let settings = origin.settings();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, aws_profile: Option<&str>, credentials: Option<&str>) -> LiveSession {
        LiveSession {
            session_id: id.to_owned(),
            name: "Web".to_owned(),
            target: "i-0123456789abcdef0".to_owned(),
            aws_profile: aws_profile.map(str::to_owned),
            credentials: credentials.map(str::to_owned),
            region: None,
            started_ms: 7,
        }
    }

    #[test]
    fn each_session_is_asked_for_with_the_credentials_that_it_had() {
        let groups = by_origin(vec![
            session("a", None, Some("keyring:ci")),
            session("b", None, None),
            session("c", Some("ops"), None),
            session("d", None, Some("environment")),
            session("e", None, Some("keyring:ci")),
        ]);
        let mut found: Vec<(aws::Source, String)> = groups
            .iter()
            .map(|(origin, sessions)| {
                let ids: Vec<&str> = sessions
                    .iter()
                    .map(|each| each.session_id.as_str())
                    .collect();
                (origin.settings().source(), ids.concat())
            })
            .collect();
        found.sort_by(|one, other| one.1.cmp(&other.1));
        assert_eq!(
            found,
            [
                (aws::Source::Stored("ci".to_owned()), "ae".to_owned()),
                (aws::Source::DefaultChain, "b".to_owned()),
                (aws::Source::Profile("ops".to_owned()), "c".to_owned()),
                (aws::Source::Environment, "d".to_owned()),
            ]
        );
    }
}
