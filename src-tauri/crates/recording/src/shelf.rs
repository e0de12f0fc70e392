//! The folder of recordings: new files, the list, pages, text, and what goes when there is too much.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::UtcDateTime;
use time::macros::format_description;

use crate::cast::{EventKind, Header};
use crate::page::{self, Cursor, Page};
use crate::text::Lines;

const ENDING: &str = ".cast";
/// The most characters of a title that go into a file's name.
const MAX_TITLE_CHARS: usize = 60;
/// The most files that are listed: the newest.
const MAX_LISTED: usize = 10_000;
/// The most places that one search gives.
const MAX_FOUND: usize = 1_000;

/// Why a recording cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShelfError {
    /// A text that is the name of no recording.
    #[error("this is not the name of a recording")]
    Name,
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A recording's file name: no folder, nothing hidden.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// As a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = ShelfError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text
            .chars()
            .all(|each| each.is_alphanumeric() || matches!(each, '-' | '_' | '.' | ' '));
        let named = text
            .strip_suffix(ENDING)
            .is_some_and(|stem| !stem.is_empty());
        if plain && named && !text.starts_with('.') && text.len() <= 255 {
            Ok(Self(text.to_owned()))
        } else {
            Err(ShelfError::Name)
        }
    }
}

/// One recording in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its file.
    pub name: Name,
    /// What was recorded, in words; the file's name where it says nothing.
    pub title: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: u64,
    /// From the beginning to the last change of the file, in milliseconds.
    pub length_ms: u64,
    /// Of the file.
    pub len_bytes: u64,
}

/// A place that a search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// When the line was complete, in milliseconds since the beginning.
    pub at_ms: u64,
    /// The line.
    pub line: String,
}

/// What stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Older ones go; none where all stay.
    pub max_age: Option<Duration>,
    /// The oldest go until no more than this is left; none where there is no limit.
    pub max_total_bytes: Option<u64>,
}

/// The folder. Nothing outside it is read or written, and links in it are not followed.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The recordings of a folder, which need not be there yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes an empty file, for its owner only (0600 in a folder of 0700), named after the moment and the title.
    ///
    /// # Errors
    ///
    /// When the folder or the file cannot be made.
    pub fn create(&self, title: &str, now: SystemTime) -> Result<(Name, File), ShelfError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)?;
        let stem = format!("{} {}", stamp(now), plain(title));
        for number in 1..1_000 {
            let tail = if number == 1 {
                String::new()
            } else {
                format!(" {number}")
            };
            let name: Name = format!("{}{tail}{ENDING}", stem.trim_end()).parse()?;
            let mut options = OpenOptions::new();
            // `create_new` follows no link and takes no file that is there.
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.open(self.path(&name)) {
                Ok(file) => return Ok((name, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists).into())
    }

    /// All recordings, the newest first. What is none is left out.
    ///
    /// # Errors
    ///
    /// When the folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, ShelfError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut names: Vec<Name> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        // Names begin with the moment.
        names.sort_unstable_by(|one, other| other.cmp(one));
        names.truncate(MAX_LISTED);
        let mut all: Vec<Listed> = names
            .into_iter()
            .filter_map(|name| self.listed(name).ok())
            .collect();
        all.sort_by_key(|each| std::cmp::Reverse(each.started_ms));
        Ok(all)
    }

    fn listed(&self, name: Name) -> Result<Listed, ShelfError> {
        let file = self.open(&name)?;
        let facts = file.metadata()?;
        let (header, _) = page::header(&mut BufReader::new(file))?;
        let changed_ms = facts.modified().map(unix_ms)?;
        let started_ms = header.timestamp.map_or(changed_ms, |seconds| {
            seconds.saturating_mul(1_000).min(changed_ms)
        });
        Ok(Listed {
            title: header.title.unwrap_or_else(|| name.0.clone()),
            started_ms,
            length_ms: changed_ms - started_ms,
            len_bytes: facts.len(),
            name,
        })
    }

    /// A recording's header and where its first page begins.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is none.
    pub fn header(&self, name: &Name) -> Result<(Header, Cursor), ShelfError> {
        Ok(page::header(&mut BufReader::new(self.open(name)?))?)
    }

    /// A page of a recording's events.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is none.
    pub fn page(&self, name: &Name, cursor: Cursor) -> Result<Page, ShelfError> {
        let mut file = BufReader::new(self.open(name)?);
        let (header, _) = page::header(&mut file)?;
        Ok(page::page(&mut file, header.version, cursor)?)
    }

    /// Where a text shows, in any case of its letters; the first 1,000 places.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is none.
    pub fn find(&self, name: &Name, text: &str) -> Result<Vec<Found>, ShelfError> {
        let wanted = text.to_lowercase();
        let mut found = Vec::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        self.lines(name, |at_ms, line| {
            if line.to_lowercase().contains(&wanted) {
                found.push(Found { at_ms, line });
            }
            found.len() < MAX_FOUND
        })?;
        Ok(found)
    }

    /// All that passed, as plain lines without any escape sequence.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is none, or `out` cannot be written.
    pub fn write_text(&self, name: &Name, out: &mut impl io::Write) -> Result<(), ShelfError> {
        let mut failed = None;
        self.lines(name, |_, line| match writeln!(out, "{line}") {
            Ok(()) => true,
            Err(error) => {
                failed = Some(error);
                false
            }
        })?;
        match failed {
            None => Ok(out.flush()?),
            Some(error) => Err(error.into()),
        }
    }

    /// Gives each line with its moment, until `take` has enough.
    fn lines(
        &self,
        name: &Name,
        mut take: impl FnMut(u64, String) -> bool,
    ) -> Result<(), ShelfError> {
        let mut file = BufReader::new(self.open(name)?);
        let (header, mut cursor) = page::header(&mut file)?;
        let mut lines = Lines::default();
        let mut at_ms = 0;
        loop {
            let page = page::page(&mut file, header.version, cursor)?;
            for event in page.events {
                at_ms = event.at_ms;
                let EventKind::Output(output) = event.kind else {
                    continue;
                };
                for line in lines.push(&output) {
                    if !take(at_ms, line) {
                        return Ok(());
                    }
                }
            }
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        let last = lines.current();
        if !last.is_empty() {
            take(at_ms, last);
        }
        Ok(())
    }

    /// Removes a recording for good.
    ///
    /// # Errors
    ///
    /// When it is not there or cannot be removed.
    pub fn remove(&self, name: &Name) -> Result<(), ShelfError> {
        Ok(fs::remove_file(self.path(name))?)
    }

    /// Removes what is too old or too much, but for the recordings that are being written; gives what went.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read. A file that cannot be removed stays and is tried again next time.
    pub fn prune(
        &self,
        retention: Retention,
        now: SystemTime,
        running: &[Name],
    ) -> Result<Vec<Name>, ShelfError> {
        let now_ms = unix_ms(now);
        let mut total_bytes = 0_u64;
        let mut gone = Vec::new();
        for each in self.list()? {
            total_bytes = total_bytes.saturating_add(each.len_bytes);
            let ended_ms = each.started_ms.saturating_add(each.length_ms);
            let age = Duration::from_millis(now_ms.saturating_sub(ended_ms));
            let old = retention.max_age.is_some_and(|most| age > most);
            let much = retention
                .max_total_bytes
                .is_some_and(|most| total_bytes > most);
            if !(old || much) || running.contains(&each.name) {
                continue;
            }
            match self.remove(&each.name) {
                Ok(()) => {
                    total_bytes = total_bytes.saturating_sub(each.len_bytes);
                    gone.push(each.name);
                }
                Err(error) => tracing::warn!(%error, "an old recording could not be removed"),
            }
        }
        Ok(gone)
    }

    /// Opens a regular file; nothing that a link leads to.
    fn open(&self, name: &Name) -> Result<File, ShelfError> {
        let path = self.path(name);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(
                io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file").into(),
            );
        }
        Ok(File::open(path)?)
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(&name.0)
    }
}

fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What of a title may stand in a file's name on every system.
fn plain(title: &str) -> String {
    let text: String = title
        .chars()
        .map(|each| if each.is_alphanumeric() { each } else { '-' })
        .take(MAX_TITLE_CHARS)
        .collect();
    text.trim_matches('-').to_owned()
}

/// Such as `2026-11-24 21-34-58`, in universal time, so that names sort by it.
fn stamp(now: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]-[minute]-[second]");
    // Only a clock beyond the year 9999 has no such name.
    UtcDateTime::from(now)
        .format(format)
        .unwrap_or_else(|_| unix_ms(now).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_becomes_a_name_that_sorts() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(stamp(at(0)), "1970-01-01 00-00-00");
        assert_eq!(stamp(at(951_782_399)), "2000-02-28 23-59-59");
        assert_eq!(stamp(at(951_782_400)), "2000-02-29 00-00-00");
        assert_eq!(stamp(at(1_795_550_400)), "2026-11-24 20-00-00");
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for bad in [
            "",
            ".cast",
            "../x.cast",
            "a/b.cast",
            "a\\b.cast",
            ".hidden.cast",
            "x.txt",
            "x\0.cast",
            "x\n.cast",
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
        assert!("2026-11-24 21-34-58 web-1 2.cast".parse::<Name>().is_ok());
        assert_eq!(plain("../../etc/passwd; rm"), "etc-passwd--rm");
    }
}
