//! The text of the file: reading it tolerantly, and changing it so that everything else in it stays.

use serde_json::{Map, Value};
use toml_edit::{Document, DocumentMut, Item, Table, TableLike, TomlError};

use crate::schema::{self, Kind, SETTINGS};

/// The number that the file begins with.
const VERSION: i64 = 1;

const HEAD: &str = "\
# Settings of Sessiondeck. Changed here or in the window, both count at once; comments and unknown keys stay.
# What is not said has its default.
version = 1
";

/// Something in the file that does not count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The line, from 1; `None`: the whole file.
    pub line: Option<usize>,
    /// What is wrong and what comes of it, in a sentence.
    pub message: String,
}

/// What the file says, with defaults for the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// An object with every setting.
    pub values: Value,
    /// What does not count.
    pub problems: Vec<Problem>,
    /// Why nothing can be changed in it, in a sentence.
    pub read_only: Option<String>,
}

/// A wish to change one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// As `terminal.fontSize`.
    pub key: String,
    /// `None`: as if nothing had been said.
    pub value: Option<Value>,
}

/// Why the text was not changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeError {
    /// There is no such setting.
    #[error("there is no setting `{0}`")]
    Unknown(String),
    /// The value is not one for it.
    #[error("`{key}` {must}")]
    Invalid {
        /// The setting.
        key: String,
        /// What it must be, in half a sentence.
        must: String,
    },
    /// The file cannot be changed as it is.
    #[error("{0}")]
    ReadOnly(String),
}

impl Reading {
    /// All defaults.
    pub(crate) fn defaults() -> Self {
        Self {
            values: schema::defaults(),
            problems: Vec::new(),
            read_only: None,
        }
    }

    /// Defaults, because the file is of no use.
    pub(crate) fn unusable(line: Option<usize>, why: &str) -> Self {
        let place = line.map_or_else(String::new, |line| format!(" (line {line})"));
        Self {
            problems: vec![Problem {
                line,
                message: format!("{why} All settings have their defaults."),
            }],
            read_only: Some(format!(
                "The settings file must be put right first{place}: {why}"
            )),
            ..Self::defaults()
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|&&byte| byte == b'\n').count()
}

/// Reads the file's text; what is wrong in it is told, and the rest counts.
pub(crate) fn read(text: &str) -> Reading {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return not_toml(text, &error),
    };
    let mut reading = Reading::defaults();
    let root = document.as_table();
    let mut seen = Seen {
        text,
        problems: Vec::new(),
    };
    if let Some(version) = root.get("version").and_then(Item::as_integer)
        && version > VERSION
    {
        let message =
            format!("The settings file is of a newer version ({version}) and is not changed here.");
        reading.read_only = Some(message.clone());
        seen.problems.push(Problem {
            line: None,
            message,
        });
    }
    seen.table("", root, &mut reading.values);
    seen.problems.sort_by_key(|problem| problem.line);
    reading.problems = seen.problems;
    reading
}

fn not_toml(text: &str, error: &TomlError) -> Reading {
    let line = error.span().map(|span| line_of(text, span.start));
    let why = error.message().lines().next().unwrap_or("it is no TOML");
    Reading::unusable(
        line,
        &format!("The settings file is not valid TOML: {why}."),
    )
}

/// What a reading has met.
struct Seen<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Seen<'_> {
    fn table(&mut self, name: &str, table: &dyn TableLike, values: &mut Value) {
        for (key, item) in table.iter() {
            let offset = item
                .span()
                .or_else(|| table.get_key_value(key)?.0.span())
                .map(|span| span.start);
            let line = offset.map(|offset| line_of(self.text, offset));
            let setting = SETTINGS
                .iter()
                .find(|setting| setting.table == name && setting.name == key);
            let whole = if name.is_empty() {
                key.to_owned()
            } else {
                format!("{name}.{key}")
            };
            let Some(setting) = setting else {
                let is_table = name.is_empty() && SETTINGS.iter().any(|each| each.table == key);
                match item.as_table_like() {
                    Some(inner) if is_table => self.table(key, inner, values),
                    _ if whole == "version" => {}
                    _ if is_table => self.tell(line, format!("`{whole}` must be a table and does not count.")),
                    _ => self.tell(line, format!("`{whole}` is no setting of this version; it is kept and does not count.")),
                }
                continue;
            };
            match json_of(item).map(|value| schema::check(setting.kind, &value).map(|()| value)) {
                Some(Ok(value)) => schema::put(values, setting, value),
                Some(Err(must)) => {
                    self.tell(line, format!("`{whole}` {must}; it has its default."));
                }
                None => self.tell(
                    line,
                    format!("`{whole}` cannot be that; it has its default."),
                ),
            }
        }
    }

    fn tell(&mut self, line: Option<usize>, message: String) {
        self.problems.push(Problem { line, message });
    }
}

fn json_of(item: &Item) -> Option<Value> {
    if let Some(table) = item.as_table_like() {
        let mut object = Map::new();
        for (key, value) in table.iter() {
            object.insert(key.to_owned(), json_of(value)?);
        }
        return Some(Value::Object(object));
    }
    let value = item.as_value()?;
    value
        .as_bool()
        .map(Value::from)
        .or_else(|| value.as_integer().map(Value::from))
        .or_else(|| value.as_float().map(Value::from))
        .or_else(|| value.as_str().map(Value::from))
}

/// The text with these changes in it, and everything else as it was.
pub(crate) fn change(text: &str, changes: &[Change]) -> Result<String, ChangeError> {
    if let Some(why) = read(text).read_only {
        return Err(ChangeError::ReadOnly(why));
    }
    let text = if text.trim().is_empty() { HEAD } else { text };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: TomlError| ChangeError::ReadOnly(error.message().to_owned()))?;
    for Change { key, value } in changes {
        let setting = schema::find(key).ok_or_else(|| ChangeError::Unknown(key.clone()))?;
        if let Some(value) = value {
            schema::check(setting.kind, value).map_err(|must| ChangeError::Invalid {
                key: key.clone(),
                must,
            })?;
        }
        // What is the default is not said, unless it is said already: a file holds what a person has chosen.
        let value = value
            .as_ref()
            .filter(|value| !value.is_null() && **value != setting.default());
        let table: &mut dyn TableLike = if setting.table.is_empty() {
            document.as_table_mut()
        } else {
            if value.is_none() && !document.contains_key(setting.table) {
                continue;
            }
            let item = document
                .entry(setting.table)
                .or_insert_with(|| Item::Table(Table::new()));
            if !item.is_table_like() {
                *item = Item::Table(Table::new());
            }
            let Some(table) = item.as_table_like_mut() else {
                continue;
            };
            table
        };
        match value {
            None => {
                table.remove(setting.name);
            }
            Some(value) if matches!(setting.kind, Kind::Keys) => {
                put_keys(table, setting.name, value);
            }
            Some(value) => put(table, setting.name, value),
        }
    }
    Ok(document.to_string())
}

/// Sets one value; the comment behind the old one stays.
fn put(table: &mut dyn TableLike, name: &str, value: &Value) {
    let Some(mut new) = toml_of(value) else {
        return;
    };
    if let Some(old) = table.get(name).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    if let Some(item) = table.get_mut(name) {
        *item = Item::Value(new);
    } else {
        table.insert(name, Item::Value(new));
    }
}

/// Brings a table to just these keys; those that stay keep their comments.
fn put_keys(table: &mut dyn TableLike, name: &str, value: &Value) {
    let Some(keys) = value.as_object() else {
        return;
    };
    if !table.get(name).is_some_and(Item::is_table_like) {
        table.insert(name, Item::Table(Table::new()));
    }
    let Some(inner) = table.get_mut(name).and_then(Item::as_table_like_mut) else {
        return;
    };
    let gone: Vec<String> = inner
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| !keys.contains_key(key))
        .collect();
    for key in gone {
        inner.remove(&key);
    }
    for (key, value) in keys {
        let same = inner.get(key).and_then(Item::as_str) == value.as_str();
        if !same {
            put(inner, key, value);
        }
    }
}

fn toml_of(value: &Value) -> Option<toml_edit::Value> {
    match value {
        Value::Bool(yes) => Some((*yes).into()),
        Value::Number(number) => number
            .as_i64()
            .map(Into::into)
            .or_else(|| number.as_f64().map(Into::into)),
        Value::String(text) => Some(text.as_str().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(key: &str, value: Value) -> Vec<Change> {
        vec![Change {
            key: key.to_owned(),
            value: Some(value),
        }]
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_rest_counts() {
        let reading = read(
            "appearance = \"dark\"\nlanguage = 7\n\n[terminal]\nfontSize = 200\nscrollback = 500\ncolour = \"red\"\n",
        );
        assert_eq!(reading.values["appearance"], "dark");
        assert_eq!(reading.values["language"], "system");
        assert_eq!(reading.values["terminal"]["fontSize"], 13);
        assert_eq!(reading.values["terminal"]["scrollback"], 500);
        let lines: Vec<_> = reading.problems.iter().map(|each| each.line).collect();
        assert_eq!(lines, [Some(2), Some(5), Some(7)]);
        assert!(reading.problems[1].message.contains("from 6 to 48"));
        assert_eq!(reading.read_only, None);
    }

    #[test]
    fn a_file_that_is_no_toml_has_defaults_and_is_not_changed() {
        let text = "appearance = \"dark\"\nfontSize = = 3\n";
        let reading = read(text);
        assert_eq!(reading.values, schema::defaults());
        assert_eq!(reading.problems[0].line, Some(2));
        let refused = change(text, &one("appearance", json!("light")));
        assert!(matches!(refused, Err(ChangeError::ReadOnly(_))));
    }

    #[test]
    fn a_newer_file_is_read_and_not_changed() {
        let text = "version = 2\nappearance = \"dark\"\n";
        assert_eq!(read(text).values["appearance"], "dark");
        let refused = change(text, &one("appearance", json!("light")));
        assert!(matches!(refused, Err(ChangeError::ReadOnly(_))));
    }

    #[test]
    fn comments_and_unknown_keys_stay() {
        let text = "# mine\nappearance = \"dark\" # at night\nfuture = 1\n\n[terminal] # big\n# eyes\nfontSize = 15 # read\n\n[other]\nx = [1, 2]\n";
        let changed = change(
            text,
            &[
                one("terminal.fontSize", json!(17)),
                one("terminal.bell", json!("sound")),
                one("keys.preset", json!("browser")),
            ]
            .concat(),
        )
        .unwrap();
        assert_eq!(
            changed,
            "# mine\nappearance = \"dark\" # at night\nfuture = 1\n\n[terminal] # big\n# eyes\nfontSize = 17 # read\nbell = \"sound\"\n\n[other]\nx = [1, 2]\n\n[keys]\npreset = \"browser\"\n"
        );
    }

    #[test]
    fn a_new_file_says_what_it_is_and_only_what_was_chosen() {
        let changed = change("", &one("terminal.fontSize", json!(16))).unwrap();
        assert!(changed.starts_with("# Settings of Sessiondeck"));
        assert!(
            changed.ends_with("version = 1\n\n[terminal]\nfontSize = 16\n"),
            "{changed}"
        );
        let back = change(&changed, &one("terminal.fontSize", json!(13))).unwrap();
        assert!(!back.contains("fontSize"));
    }

    #[test]
    fn keys_are_a_table_whose_comments_stay() {
        let text = "[keys.overrides]\n\"Ctrl+Shift+X\" = \"newTab\" # habit\n\"Ctrl+Shift+Y\" = \"copy\"\n";
        let wish = json!({ "Ctrl+Shift+X": "newTab", "Ctrl+Shift+Z": "send to session" });
        let changed = change(text, &one("keys.overrides", wish.clone())).unwrap();
        assert_eq!(
            changed,
            "[keys.overrides]\n\"Ctrl+Shift+X\" = \"newTab\" # habit\n\"Ctrl+Shift+Z\" = \"send to session\"\n"
        );
        assert_eq!(read(&changed).values["keys"]["overrides"], wish);
    }

    #[test]
    fn every_default_is_a_good_value() {
        for setting in SETTINGS {
            assert_eq!(
                schema::check(setting.kind, &setting.default()),
                Ok(()),
                "{}",
                setting.key()
            );
        }
    }

    #[test]
    fn what_the_window_takes_has_every_setting_and_no_other() {
        let settings: ipc::Settings = serde_json::from_value(schema::defaults()).unwrap();
        assert_eq!(
            serde_json::to_value(settings).unwrap()["terminal"]["bell"],
            "none"
        );
    }

    #[test]
    fn wrong_wishes_are_refused_whole() {
        let wishes = [
            one("terminal.bell", json!("sound")),
            one("terminal.fontSize", json!("big")),
        ];
        assert!(matches!(
            change("", &wishes.concat()),
            Err(ChangeError::Invalid { .. })
        ));
        assert!(matches!(
            change("", &one("nonsense", json!(1))),
            Err(ChangeError::Unknown(_))
        ));
    }
}
