//! From a saved connection to what a session is started with.

use std::sync::Arc;

use connect::{AwsSource, Plan};
use engine::{SessionSource, SourceError, SourceErrorKind};
use profiles::{Connection, LiveSession, Profile};
use tauri::{AppHandle, Manager};
use uuid::Uuid;

use crate::asking;
use crate::state::AppState;

/// The control side of a session on this profile. Nothing happens before the session starts.
pub(crate) fn source(app: AppHandle, session: Uuid, profile: Profile) -> Arc<dyn SessionSource> {
    let broker = app.state::<AppState>().credentials.broker.clone();
    let person = asking::person(app.clone(), session);
    let source = AwsSource::new(broker, move || {
        let app = app.clone();
        let profile = profile.clone();
        Box::pin(async move { plan(&app, profile).await })
    });
    Arc::new(source.asking(person))
}

/// What is written down of a session on this profile while it lives, but for its id; nothing of the demo, which ends
/// with the application.
pub(crate) fn record(profile: &Profile) -> Option<LiveSession> {
    let draft = &profile.draft;
    (!profile.is_built_in()).then(|| LiveSession {
        session_id: String::new(),
        name: draft.name.clone(),
        target: draft.target.clone(),
        aws_profile: draft.aws_profile.clone(),
        region: draft.region.clone(),
        started_ms: 0,
    })
}

async fn plan(app: &AppHandle, profile: Profile) -> Result<Plan, SourceError> {
    if profile.is_built_in() {
        return app.state::<AppState>().demo.plan().await;
    }
    Ok(Plan::of(&connection(&profile)?))
}

/// What a saved connection says. The store takes nothing that is wrong, but a file may have been edited by hand.
pub(crate) fn connection(profile: &Profile) -> Result<Connection, SourceError> {
    profile.connection().map_err(|errors| SourceError {
        kind: SourceErrorKind::Refused,
        message: "This connection cannot be used as it is.".to_owned(),
        remedy: Some("Correct it, then start again.".to_owned()),
        detail: Some(
            errors
                .into_iter()
                .map(|error| error.message)
                .collect::<Vec<_>>()
                .join(" "),
        ),
    })
}

/// A demo that could not be started, in the words of a session that could not.
pub(crate) fn demo_error(problem: &str) -> SourceError {
    SourceError {
        kind: SourceErrorKind::Unreachable,
        message: "The demo could not be started on this computer.".to_owned(),
        remedy: Some("Check that programs may listen on 127.0.0.1, then start again.".to_owned()),
        detail: Some(problem.to_owned()),
    }
}
