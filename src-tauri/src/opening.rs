//! From a saved connection to what a session is started with.

use std::sync::Arc;

use connect::{AwsSource, Plan};
use engine::{SessionSource, SourceError, SourceErrorKind};
use profiles::Profile;
use tauri::{AppHandle, Manager};

use crate::state::AppState;

/// The control side of a session on this profile. Nothing happens before the session starts.
pub(crate) fn source(app: AppHandle, profile: Profile) -> Arc<dyn SessionSource> {
    let gates = app.state::<AppState>().gates.clone();
    let source = AwsSource::new(move || {
        let app = app.clone();
        let profile = profile.clone();
        Box::pin(async move { plan(&app, profile).await })
    });
    Arc::new(source.with_gates(gates))
}

async fn plan(app: &AppHandle, profile: Profile) -> Result<Plan, SourceError> {
    if profile.is_built_in() {
        return app.state::<AppState>().demo.plan().await;
    }
    let draft = profile.draft;
    Ok(Plan {
        settings: aws::Settings {
            aws_profile: draft.aws_profile,
            region: draft.region,
            ..aws::Settings::default()
        },
        request: aws::StartSession {
            target: draft.target,
            document: draft.document,
            parameters: draft.parameters,
            reason: draft.reason,
        },
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
