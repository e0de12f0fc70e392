//! New sections at the end of the config file, for a person who has chosen them and seen their lines. Nothing that stands
//! in the file is ever changed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

use crate::file::MAX_FILE_BYTES;
use crate::model::SharedConfig;
use crate::parse::is_identifier;

/// A file behind more links than these is in a circle.
const MAX_LINKS: usize = 40;
/// No name is as long as this.
const MAX_NAME_CHARS: usize = 128;

/// An `[sso-session]` that new profiles share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its name.
    pub name: String,
    /// `sso_start_url`.
    pub start_url: String,
    /// `sso_region`.
    pub region: String,
    /// `sso_registration_scopes`; empty leaves them out.
    pub scopes: Vec<String>,
}

/// A profile of such a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// Its name.
    pub name: String,
    /// `sso_account_id`.
    pub account_id: String,
    /// `sso_role_name`.
    pub role_name: String,
    /// `region`.
    pub region: String,
}

/// Why sections cannot be added, in a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// There is nothing to add.
    #[error("no profile was chosen")]
    Nothing,
    /// The name is empty, too long or has characters that no SDK takes.
    #[error("\"{0}\" is no name for an AWS profile: use letters, digits and . _ - + @ / : %")]
    Name(String),
    /// There is one of this name.
    #[error("there is an AWS profile \"{0}\" already")]
    Taken(String),
    /// Two of the new ones have one name.
    #[error("two of the new profiles are called \"{0}\"")]
    Twice(String),
    /// The session's name stands for another sign-in.
    #[error("[sso-session {0}] is in the file already, with another start URL or region")]
    OtherSession(String),
    /// A value would not stay in its line.
    #[error("the {0} has characters that cannot stand in the file")]
    Value(&'static str),
}

/// The lines that make these profiles, and their session where the files have none of that name; each ends with a line
/// feed.
///
/// # Errors
///
/// Where a name is taken or unusable, or a value cannot stand in the file.
pub fn sections(
    files: &SharedConfig,
    session: &NewSession,
    profiles: &[NewProfile],
) -> Result<String, AppendError> {
    if profiles.is_empty() {
        return Err(AppendError::Nothing);
    }
    let mut sections = Vec::new();
    named(&session.name)?;
    match files.sso_session(&session.name) {
        Some(there)
            if there.start_url() == Some(&session.start_url)
                && there.region() == Some(&session.region) => {}
        Some(_) => return Err(AppendError::OtherSession(session.name.clone())),
        None => {
            let mut lines = vec![
                format!("[sso-session {}]", session.name),
                setting("sso_start_url", "start URL", &session.start_url)?,
                setting("sso_region", "region", &session.region)?,
            ];
            if !session.scopes.is_empty() {
                let scopes = session.scopes.join(",");
                lines.push(setting("sso_registration_scopes", "scopes", &scopes)?);
            }
            sections.push(lines);
        }
    }
    for (index, profile) in profiles.iter().enumerate() {
        named(&profile.name)?;
        if files.profile(&profile.name).is_some() {
            return Err(AppendError::Taken(profile.name.clone()));
        }
        if profiles[..index].iter().any(|one| one.name == profile.name) {
            return Err(AppendError::Twice(profile.name.clone()));
        }
        let header = if profile.name == "default" {
            "[default]".to_owned()
        } else {
            format!("[profile {}]", profile.name)
        };
        sections.push(vec![
            header,
            setting("sso_session", "session", &session.name)?,
            setting("sso_account_id", "account", &profile.account_id)?,
            setting("sso_role_name", "role", &profile.role_name)?,
            setting("region", "region", &profile.region)?,
        ]);
    }
    let sections: Vec<String> = sections
        .iter()
        .map(|lines| lines.join("\n") + "\n")
        .collect();
    Ok(sections.join("\n"))
}

fn named(name: &str) -> Result<(), AppendError> {
    if is_identifier(name) && name.chars().count() <= MAX_NAME_CHARS {
        Ok(())
    } else {
        Err(AppendError::Name(name.to_owned()))
    }
}

/// One line. What would end it, begin a comment or be trimmed is refused.
fn setting(name: &str, what: &'static str, value: &str) -> Result<String, AppendError> {
    let is_plain = !value.is_empty()
        && value
            .chars()
            .all(|char| char.is_ascii_graphic() && !matches!(char, '#' | ';'));
    if is_plain {
        Ok(format!("{name} = {value}"))
    } else {
        Err(AppendError::Value(what))
    }
}

/// Puts text at the end of a file, after an empty line, with the line ends that the file has. The file is replaced as a
/// whole by one that begins with the same bytes, with the same mode and owner; a link keeps pointing to it. A new one, and
/// a new folder, are for their owner only.
///
/// # Errors
///
/// What the system says; also for what is no plain file, may not be written, is too large, or has changed meanwhile.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "there is no home folder",
        ));
    }
    let path = followed(path)?;
    let before = read(&path)?;
    let mut whole = Zeroizing::new(Vec::new());
    let added = match &before {
        None => text.to_owned(),
        Some(bytes) => {
            let end = if bytes.windows(2).any(|pair| pair == b"\r\n") {
                "\r\n"
            } else {
                "\n"
            };
            let gap = match bytes.as_slice() {
                [] | [.., b'\n', b'\n'] => String::new(),
                [.., b'\n'] if bytes.ends_with(b"\r\n\r\n") => String::new(),
                [.., b'\n'] => end.to_owned(),
                _ => end.repeat(2),
            };
            gap + &text.replace('\n', end)
        }
    };
    let old = before.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
    whole.reserve_exact(old.len() + added.len());
    whole.extend_from_slice(old);
    whole.extend_from_slice(added.as_bytes());
    if u64::try_from(whole.len()).is_ok_and(|len| len > MAX_FILE_BYTES) {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the file would be too large to be read",
        ));
    }
    if before.is_none()
        && let Some(folder) = path.parent()
    {
        own_folder(folder)?;
    }
    let beside = beside(&path)?;
    let written = write(
        &beside,
        &path,
        &whole,
        before.as_ref().map(|bytes| bytes.as_slice()),
    );
    if written.is_err() {
        // Nothing to be done about one that cannot be removed either.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The file that a chain of links ends at, whether it is there or not.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // No link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its links go round in a circle"))
}

fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Asked before it is opened: opening a pipe waits for its writer.
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    if metadata.permissions().readonly() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is write-protected",
        ));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is too large to be read",
        ));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(io::Error::other("it is encoded in UTF-16"));
    }
    Ok(Some(bytes))
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!(".{}.{}.{number}.part", name.display(), process::id());
    Ok(path.with_file_name(name))
}

fn write(beside: &Path, path: &Path, bytes: &[u8], before: Option<&[u8]>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    for_owner(&mut options);
    let mut file = options.open(beside)?;
    file.write_all(bytes)?;
    if before.is_some() {
        keep_access(&file, path)?;
    }
    file.sync_all()?;
    // Somebody may have saved it in an editor while this was made.
    let now = read(path)?;
    if now.as_ref().map(|bytes| bytes.as_slice()) != before {
        return Err(io::Error::other("it has changed meanwhile"));
    }
    fs::rename(beside, path)
}

#[cfg(unix)]
fn for_owner(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

/// What is in a person's own folder is theirs alone on other systems.
#[cfg(not(unix))]
fn for_owner(_options: &mut OpenOptions) {}

#[cfg(unix)]
fn keep_access(file: &File, old: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let (old, new) = (fs::metadata(old)?, file.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep_access(_file: &File, _old: &Path) -> io::Result<()> {
    Ok(())
}

fn own_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
