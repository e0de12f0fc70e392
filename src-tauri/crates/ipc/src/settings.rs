//! The person's settings, as the window takes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Every setting, with defaults where nobody has said anything.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export)]
pub struct Settings {
    /// `system`, `light` or `dark`.
    #[ts(type = "\"system\" | \"light\" | \"dark\"")]
    pub appearance: String,
    /// The theme of terminals while the window is light.
    pub theme_light: String,
    /// The theme of terminals while the window is dark.
    pub theme_dark: String,
    /// `system`, or a language's code.
    pub language: String,
    /// Whether nothing moves, whatever the system says.
    pub reduced_motion: bool,
    /// What terminals look like and do.
    pub terminal: TerminalSettings,
    /// How tabs behave.
    pub tabs: TabSettings,
    /// What the system is asked to tell.
    pub notifications: NotificationSettings,
    /// What is recorded.
    pub recording: RecordingSettings,
    /// Which key does what.
    pub keys: KeySettings,
}

/// What terminals look like and do.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export)]
pub struct TerminalSettings {
    /// A family of the system's fonts; `None`: the bundled one.
    pub font_family: Option<String>,
    /// In pixels.
    pub font_size: f64,
    /// As a multiple of the font's own.
    pub line_height: f64,
    /// In pixels.
    pub letter_spacing: f64,
    /// 100 to 900.
    pub font_weight: u16,
    /// Lines that one terminal keeps.
    pub scrollback: u32,
    /// `block`, `bar` or `underline`.
    #[ts(type = "\"block\" | \"bar\" | \"underline\"")]
    pub cursor_style: String,
    /// Whether the cursor blinks.
    pub cursor_blink: bool,
    /// `none`, `visual` or `sound`.
    #[ts(type = "\"none\" | \"visual\" | \"sound\"")]
    pub bell: String,
    /// Whether what is selected is copied.
    pub copy_on_select: bool,
    /// `menu`, `paste` or `copyOrPaste`.
    #[ts(type = "\"menu\" | \"paste\" | \"copyOrPaste\"")]
    pub right_click: String,
    /// Which pastes are asked about: `risky`, `always` or `never`.
    #[ts(type = "\"risky\" | \"always\" | \"never\"")]
    pub paste_guard: String,
    /// Whether the far end may write to the clipboard: `ask`, `allow` or `deny`.
    #[ts(type = "\"ask\" | \"allow\" | \"deny\"")]
    pub clipboard_write: String,
    /// Whether some pairs of characters are drawn as one.
    pub ligatures: bool,
    /// Whether images are shown.
    pub images: bool,
    /// The least contrast of text, 1 to 21.
    pub minimum_contrast: f64,
    /// `auto`, `webgl` or `dom`.
    #[ts(type = "\"auto\" | \"webgl\" | \"dom\"")]
    pub renderer: String,
    /// Whether output is told to screen readers.
    pub screen_reader: bool,
    /// Characters at which a word ends.
    pub word_separators: String,
    /// What all terminals together may keep, in megabytes.
    pub scrollback_budget_mb: u32,
}

/// How tabs behave.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export)]
pub struct TabSettings {
    /// Whether the next start opens the same tabs.
    pub restore_layout: bool,
    /// Whether closing a live session is asked about.
    pub confirm_close_live: bool,
    /// Whether a new tab opens beside the current one instead of at the end.
    pub new_tab_next_to_current: bool,
}

/// What the system is asked to tell.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export)]
pub struct NotificationSettings {
    /// Whether anything is told.
    pub enabled: bool,
    /// A command that took longer is told of when it ends.
    pub long_command_seconds: u32,
    /// Whether a terminal that falls silent is told of.
    pub on_silence: bool,
}

/// What is recorded.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export)]
pub struct RecordingSettings {
    /// Whether sessions are recorded without being asked.
    pub by_default: bool,
    /// How long recordings are kept.
    pub retention_days: u32,
    /// How much all recordings may take, in megabytes.
    pub max_total_mb: u32,
}

/// Which key does what.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export)]
pub struct KeySettings {
    /// `sessiondeck`, `browser` or `iterm2`.
    #[ts(type = "\"sessiondeck\" | \"browser\" | \"iterm2\"")]
    pub preset: String,
    /// Chord to action, or `send to session`.
    pub overrides: BTreeMap<String, String>,
}

/// What the settings file says, and what does not count in it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SettingsState {
    /// What holds.
    pub settings: Settings,
    /// What would hold if nothing were said.
    pub defaults: Settings,
    /// What does not count.
    pub problems: Vec<SettingsProblem>,
    /// Why nothing can be changed in it, in a sentence.
    pub read_only: Option<String>,
    /// Where the file is.
    pub path: String,
}

/// Something in the settings file that does not count.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SettingsProblem {
    /// The line, from 1; `None`: the whole file.
    pub line: Option<u32>,
    /// What is wrong and what comes of it, in a sentence.
    pub message: String,
}

/// A wish to change one setting.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SettingChange {
    /// As `terminal.fontSize`.
    pub key: String,
    /// `null`: as if nothing had been said.
    #[ts(type = "boolean | number | string | { [chord: string]: string } | null")]
    pub value: serde_json::Value,
}

/// A terminal's colours that a person has imported.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct StoredTheme {
    /// What it is called.
    pub name: String,
    /// As `#rrggbb`, by role.
    pub colours: BTreeMap<String, String>,
}
