//! Every setting: its name, what it may be, and what it is where nobody has said anything.

use serde_json::{Map, Value, json};

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Yes or no.
    Bool,
    /// A number between two, both included.
    Number { min: f64, max: f64, whole: bool },
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A line of text of at most so many characters; not empty.
    Text { max: usize },
    /// Text, or nothing said at all.
    OptionalText { max: usize },
    /// Chords, each with what it does.
    Keys,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its table, or nothing for the top of the file.
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// As JSON text; `null` where nothing is said.
    default: &'static str,
}

impl Setting {
    /// The name with its table, as `terminal.fontSize`.
    pub(crate) fn key(&self) -> String {
        if self.table.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.table, self.name)
        }
    }

    pub(crate) fn default(&self) -> Value {
        serde_json::from_str(self.default).unwrap_or(Value::Null)
    }
}

const fn setting(
    table: &'static str,
    name: &'static str,
    kind: Kind,
    default: &'static str,
) -> Setting {
    Setting {
        table,
        name,
        kind,
        default,
    }
}

const fn number(min: f64, max: f64) -> Kind {
    Kind::Number {
        min,
        max,
        whole: false,
    }
}

const fn whole(min: f64, max: f64) -> Kind {
    Kind::Number {
        min,
        max,
        whole: true,
    }
}

/// Largest number of key overrides.
pub(crate) const OVERRIDES_MAX: usize = 300;
const NAME: Kind = Kind::Text { max: 80 };

/// All of them, in the order of the file.
pub(crate) const SETTINGS: &[Setting] = &[
    setting(
        "",
        "appearance",
        Kind::OneOf(&["system", "light", "dark"]),
        "\"system\"",
    ),
    setting("", "themeLight", NAME, "\"Sessiondeck Light\""),
    setting("", "themeDark", NAME, "\"Sessiondeck Dark\""),
    setting("", "language", Kind::Text { max: 20 }, "\"system\""),
    setting("", "reducedMotion", Kind::Bool, "false"),
    setting(
        "terminal",
        "fontFamily",
        Kind::OptionalText { max: 200 },
        "null",
    ),
    setting("terminal", "fontSize", number(6.0, 48.0), "13"),
    setting("terminal", "lineHeight", number(1.0, 2.0), "1"),
    setting("terminal", "letterSpacing", number(-2.0, 8.0), "0"),
    setting("terminal", "fontWeight", whole(100.0, 900.0), "400"),
    setting("terminal", "scrollback", whole(0.0, 1_000_000.0), "10000"),
    setting(
        "terminal",
        "cursorStyle",
        Kind::OneOf(&["block", "bar", "underline"]),
        "\"block\"",
    ),
    setting("terminal", "cursorBlink", Kind::Bool, "false"),
    setting(
        "terminal",
        "bell",
        Kind::OneOf(&["none", "visual", "sound"]),
        "\"none\"",
    ),
    setting("terminal", "copyOnSelect", Kind::Bool, "false"),
    setting(
        "terminal",
        "rightClick",
        Kind::OneOf(&["menu", "paste", "copyOrPaste"]),
        "\"menu\"",
    ),
    setting(
        "terminal",
        "pasteGuard",
        Kind::OneOf(&["risky", "always", "never"]),
        "\"risky\"",
    ),
    setting(
        "terminal",
        "clipboardWrite",
        Kind::OneOf(&["ask", "allow", "deny"]),
        "\"ask\"",
    ),
    setting("terminal", "ligatures", Kind::Bool, "false"),
    setting("terminal", "images", Kind::Bool, "false"),
    setting("terminal", "minimumContrast", number(1.0, 21.0), "4.5"),
    setting(
        "terminal",
        "renderer",
        Kind::OneOf(&["auto", "webgl", "dom"]),
        "\"auto\"",
    ),
    setting("terminal", "screenReader", Kind::Bool, "false"),
    setting(
        "terminal",
        "wordSeparators",
        Kind::Text { max: 100 },
        "\" ()[]{}'\\\",`|│┃║\"",
    ),
    setting(
        "terminal",
        "scrollbackBudgetMb",
        whole(16.0, 8_192.0),
        "512",
    ),
    setting("tabs", "restoreLayout", Kind::Bool, "true"),
    setting("tabs", "confirmCloseLive", Kind::Bool, "true"),
    setting("tabs", "newTabNextToCurrent", Kind::Bool, "false"),
    setting("notifications", "enabled", Kind::Bool, "true"),
    setting(
        "notifications",
        "longCommandSeconds",
        whole(1.0, 86_400.0),
        "10",
    ),
    setting("notifications", "onSilence", Kind::Bool, "false"),
    setting("recording", "byDefault", Kind::Bool, "false"),
    setting("recording", "retentionDays", whole(1.0, 3_650.0), "30"),
    setting("recording", "maxTotalMb", whole(10.0, 1_000_000.0), "1024"),
    setting(
        "keys",
        "preset",
        Kind::OneOf(&["sessiondeck", "browser", "iterm2"]),
        "\"sessiondeck\"",
    ),
    setting("keys", "overrides", Kind::Keys, "{}"),
];

/// The setting of this key.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key() == key)
}

/// What holds where nobody has said anything.
#[must_use]
pub fn defaults() -> Value {
    let mut all = json!({});
    for setting in SETTINGS {
        put(&mut all, setting, setting.default());
    }
    all
}

/// Puts a value at its place.
pub(crate) fn put(all: &mut Value, setting: &Setting, value: Value) {
    if setting.table.is_empty() {
        all[setting.name] = value;
    } else {
        all[setting.table][setting.name] = value;
    }
}

/// Checks a value, and says in half a sentence what it must be where it is not that.
pub(crate) fn check(kind: Kind, value: &Value) -> Result<(), String> {
    match (kind, value) {
        (Kind::Bool, Value::Bool(_)) | (Kind::OptionalText { .. }, Value::Null) => Ok(()),
        (Kind::Bool, _) => Err("must be true or false".to_owned()),
        (Kind::Number { min, max, whole }, value) => {
            let good = value
                .as_f64()
                .is_some_and(|number| number >= min && number <= max)
                && (!whole || value.is_i64() || value.is_u64());
            let what = if whole { "whole number" } else { "number" };
            good.then_some(())
                .ok_or_else(|| format!("must be a {what} from {min} to {max}"))
        }
        (Kind::OneOf(words), value) => value
            .as_str()
            .is_some_and(|text| words.contains(&text))
            .then_some(())
            .ok_or_else(|| {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("must be one of {}", words.join(", "))
            }),
        (Kind::Text { max } | Kind::OptionalText { max }, value) => value
            .as_str()
            .is_some_and(|text| {
                !text.is_empty()
                    && text.chars().count() <= max
                    && !text.chars().any(char::is_control)
            })
            .then_some(())
            .ok_or_else(|| format!("must be text of 1 to {max} characters")),
        (Kind::Keys, Value::Object(keys)) => check_keys(keys),
        (Kind::Keys, _) => Err("must be a table of chords".to_owned()),
    }
}

fn check_keys(keys: &Map<String, Value>) -> Result<(), String> {
    if keys.len() > OVERRIDES_MAX {
        return Err(format!("must have at most {OVERRIDES_MAX} chords"));
    }
    let good = keys.iter().all(|(chord, action)| {
        chord.len() <= 60 && action.as_str().is_some_and(|action| action.len() <= 60)
    });
    good.then_some(())
        .ok_or_else(|| "must say for each chord what it does".to_owned())
}
