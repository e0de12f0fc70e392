//! What crosses between the window and the backend, as data.
//!
//! TypeScript is generated from these types by this crate's tests into `ui/src/generated`, so that neither side can
//! drift from the other. No logic lives here, and no secret ever crosses: the page names a profile, and the backend
//! finds the credentials.

mod credentials;
mod error;
mod profile;
mod recording;
mod session;

pub use credentials::{
    AwsProfile, AwsProfileKind, AwsSetup, Caller, ConfigProblem, Problem, Question, QuestionAbout,
    SignIn, SignInStep,
};
pub use error::{CommandError, ErrorCode};
pub use profile::{Profile, ProfileColour, ProfileDraft, ProfileList, StoreNotice};
pub use recording::{
    Recording, RecordingCursor, RecordingEvent, RecordingFound, RecordingList, RecordingPage,
    RecordingStart,
};
pub use session::{
    AppInfo, EndCause, Ended, EndedBy, Orphan, SessionEvent, SessionOpened, SessionPhase,
    SessionState, SessionTimeline, Silence, SilenceKind, TerminalSize, TimelineEntry,
};

/// The event that carries all questions that stand, whenever they change: a list of [`Question`].
pub const QUESTIONS_EVENT: &str = "questions";
/// The event that says that [`AwsSetup`] has changed.
pub const AWS_SETUP_EVENT: &str = "aws-setup";

/// The name of the event that carries what happens in one session, with the id that [`SessionOpened`] gave.
///
/// Tauri event names allow letters, digits, `-`, `/`, `:` and `_` only; ids are UUIDs, so this always fits.
#[must_use]
pub fn session_event_name(id: &str) -> String {
    format!("session:{id}")
}
