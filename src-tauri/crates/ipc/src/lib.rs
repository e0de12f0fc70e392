//! What crosses between the window and the backend, as data.
//!
//! TypeScript is generated from these types by this crate's tests into `ui/src/generated`, so that neither side can
//! drift from the other. No logic lives here, and no secret ever crosses: the page names a profile, and the backend
//! finds the credentials.

mod credentials;
mod error;
mod import;
mod keys;
mod link;
mod profile;
mod recording;
mod session;
mod settings;
mod sign_ins;
mod window;

pub use credentials::{
    AwsProfile, AwsProfileKind, AwsSetup, Caller, ConfigProblem, NodeChoice, Problem, Question,
    QuestionAbout, SignIn, SignInStep,
};
pub use error::{CommandError, ErrorCode};
pub use import::{
    Exported, ImportDuplicate, ImportFrom, ImportItem, ImportPlace, ImportPreview, ImportSkipped,
    ImportSource,
};
pub use keys::{KeyringTrouble, KeyringTroubleKind, StoredKey, StoredKeys};
pub use link::{LinkAsks, LinkDifference, LinkField, LinkMatch, LinkRequest};
pub use profile::{
    FieldProblem, NetworkOverrides, Profile, ProfileChange, ProfileColour, ProfileDraft,
    ProfileField, ProfileFolder, ProfileList, ProfileOpening, ProfileOrigin, ProfileSaved,
    ProfilesChanged, ProfilesUndone, StoreNotice, TerminalOverrides, TreeItem,
};
pub use recording::{
    Recording, RecordingCursor, RecordingEvent, RecordingFound, RecordingList, RecordingPage,
    RecordingStart,
};
pub use session::{
    AppInfo, EndCause, Ended, EndedBy, Orphan, SessionEvent, SessionOpened, SessionPhase,
    SessionState, SessionTimeline, Silence, SilenceKind, TerminalSize, TimelineEntry,
};
pub use sign_ins::{AddedLines, NewAwsProfile, NewAwsProfiles, SsoAccount};
pub use window::{MenuItem, MenuSection};

pub use settings::{
    KeySettings, NotificationSettings, RecordingSettings, SettingChange, Settings, SettingsProblem,
    SettingsState, StoredTheme, TabSettings, TerminalSettings,
};

/// The event that carries the settings whenever their file has changed: a [`SettingsState`].
pub const SETTINGS_EVENT: &str = "settings";
/// The event that carries all questions that stand, whenever they change: a list of [`Question`].
pub const QUESTIONS_EVENT: &str = "questions";
/// The event that says that [`AwsSetup`] has changed.
pub const AWS_SETUP_EVENT: &str = "aws-setup";
/// The event that carries all links that wait for a decision, whenever they change: a list of [`LinkRequest`].
pub const LINKS_EVENT: &str = "links";
/// The event that asks whether to quit although sessions are open, with how many.
pub const QUIT_EVENT: &str = "quit-asked";
/// The event that names the item chosen in the system's menu.
pub const MENU_EVENT: &str = "menu-chosen";

/// The event that says that [`ProfileList`] has changed, for any reason but a command of the window.
pub const PROFILES_EVENT: &str = "profiles";
/// The event that carries [`ProfileList::recents`] whenever a connection is opened.
pub const RECENTS_EVENT: &str = "recents";

/// The name of the event that carries what happens in one session, with the id that [`SessionOpened`] gave.
///
/// Tauri event names allow letters, digits, `-`, `/`, `:` and `_` only; ids are UUIDs, so this always fits.
#[must_use]
pub fn session_event_name(id: &str) -> String {
    format!("session:{id}")
}
