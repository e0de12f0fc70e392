//! Colour themes that a person has imported, each a file `themes/<name>.json`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use files::{Contents, Files as _, OsFiles, replace_durably};
use serde::{Deserialize, Serialize};

const FOLDER: &str = "themes";
const ENDING: &str = "json";
/// Largest file that is read, in bytes.
const SIZE_MAX: u64 = 16 * 1024;
/// Most themes that are listed.
const THEMES_MAX: usize = 500;
const NAME_MAX: usize = 60;
/// Most colours of one theme.
const COLOURS_MAX: usize = 40;

/// A terminal's colours, as `#rrggbb` by role.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Theme {
    /// What it is called, which is also its file's name.
    pub name: String,
    /// By role: `background`, `brightRed` and so on.
    pub colours: BTreeMap<String, String>,
}

/// Why a theme was not saved or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThemeError {
    /// The name cannot be a file's.
    #[error(
        "a theme's name has 1 to {NAME_MAX} letters, digits, spaces or any of - _ + ( ), and begins with a letter or digit"
    )]
    Name,
    /// A colour is not one.
    #[error("`{0}` is not a colour in the form #rrggbb")]
    Colour(String),
    /// The disk refused.
    #[error("the theme cannot be stored: {0}")]
    Disk(#[from] io::Error),
}

/// The folder of themes.
#[derive(Clone, Debug)]
pub struct Themes(PathBuf);

impl Themes {
    /// The themes beside the settings in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(folder.join(FOLDER))
    }

    /// All that can be read, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Theme> {
        let mut paths = OsFiles.list(&self.0).unwrap_or_default();
        paths.sort();
        let themes = paths.iter().filter_map(|path| read(path));
        themes.take(THEMES_MAX).collect()
    }

    /// Saves a theme, over one of the same name.
    ///
    /// # Errors
    /// It is no theme, or the disk refuses.
    pub fn save(&self, theme: &Theme) -> Result<(), ThemeError> {
        let path = self.path(&theme.name)?;
        check(theme)?;
        OsFiles.create_folder(&self.0)?;
        let mut bytes = serde_json::to_vec_pretty(theme).map_err(io::Error::other)?;
        bytes.push(b'\n');
        Ok(replace_durably(&mut OsFiles, &path, &bytes)?)
    }

    /// Deletes a theme; one that is not there is no fault.
    ///
    /// # Errors
    /// The name is none, or the disk refuses.
    pub fn delete(&self, name: &str) -> Result<(), ThemeError> {
        match OsFiles.remove(&self.path(name)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf, ThemeError> {
        let good = name.chars().count() <= NAME_MAX
            && name.starts_with(char::is_alphanumeric)
            && !name.ends_with(' ')
            && name
                .chars()
                .all(|each| each.is_alphanumeric() || " -_+()".contains(each));
        if !good {
            return Err(ThemeError::Name);
        }
        // The ending is added, not set: nothing in a name is an ending.
        Ok(self.0.join(format!("{name}.{ENDING}")))
    }
}

fn check(theme: &Theme) -> Result<(), ThemeError> {
    let is_colour = |text: &str| {
        text.len() == 7
            && text.starts_with('#')
            && text.chars().skip(1).all(|each| each.is_ascii_hexdigit())
    };
    let is_role =
        |role: &str| role.len() <= 40 && role.chars().all(|each| each.is_ascii_alphabetic());
    if theme.colours.len() > COLOURS_MAX {
        return Err(ThemeError::Colour("more colours than roles".to_owned()));
    }
    match theme
        .colours
        .iter()
        .find(|(role, colour)| !is_role(role) || !is_colour(colour))
    {
        Some((_, colour)) => Err(ThemeError::Colour(colour.chars().take(40).collect())),
        None => Ok(()),
    }
}

fn read(path: &Path) -> Option<Theme> {
    if path.extension()? != ENDING {
        return None;
    }
    let Contents::Whole(bytes) = OsFiles.read(path, SIZE_MAX).ok()? else {
        return None;
    };
    let mut theme: Theme = serde_json::from_slice(&bytes).ok()?;
    // The file's name is the one by which it is deleted.
    path.file_stem()?.to_str()?.clone_into(&mut theme.name);
    check(&theme).ok()?;
    Some(theme)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn theme(name: &str, background: &str) -> Theme {
        Theme {
            name: name.to_owned(),
            colours: BTreeMap::from([("background".to_owned(), background.to_owned())]),
        }
    }

    #[test]
    fn themes_are_saved_listed_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let themes = Themes::new(folder.path());
        assert_eq!(themes.list(), []);
        themes.save(&theme("Night (2)", "#000000")).unwrap();
        themes.save(&theme("Day", "#ffffff")).unwrap();
        themes.save(&theme("Day", "#fffff0")).unwrap();
        assert_eq!(
            themes.list(),
            [theme("Day", "#fffff0"), theme("Night (2)", "#000000")]
        );
        themes.delete("Day").unwrap();
        themes.delete("Day").unwrap();
        assert_eq!(themes.list(), [theme("Night (2)", "#000000")]);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let themes = Themes::new(folder.path());
        for name in [
            "", "../x", "a/b", "a\\b", ".hidden", "C:x", " x", "x\0", "x.json",
        ] {
            assert!(
                matches!(themes.save(&theme(name, "#000000")), Err(ThemeError::Name)),
                "{name}"
            );
            assert!(
                matches!(themes.delete(name), Err(ThemeError::Name)),
                "{name}"
            );
        }
    }

    #[test]
    fn only_colours_are_colours() {
        let folder = tempfile::tempdir().unwrap();
        let themes = Themes::new(folder.path());
        for colour in ["red", "#fff", "#12345g", "url(x)", "#ff00ff00"] {
            assert!(matches!(
                themes.save(&theme("x", colour)),
                Err(ThemeError::Colour(_))
            ));
        }
    }

    #[test]
    fn files_of_others_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let themes = Themes::new(folder.path());
        themes.save(&theme("Good", "#000000")).unwrap();
        let inside = folder.path().join(FOLDER);
        std::fs::write(inside.join("bad.json"), "{").unwrap();
        std::fs::write(inside.join("notes.txt"), "x").unwrap();
        assert_eq!(themes.list(), [theme("Good", "#000000")]);
    }
}
