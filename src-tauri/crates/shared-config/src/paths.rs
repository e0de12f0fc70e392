//! Where the two files are.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// `~/.aws/config`.
    Config,
    /// `~/.aws/credentials`.
    Credentials,
}

/// Where the two files are, whether they exist or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The config file; an empty path stands for none.
    pub config: PathBuf,
    /// The credentials file; an empty path stands for none.
    pub credentials: PathBuf,
}

impl Paths {
    /// What `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` say, with a leading `~` for the home folder; else
    /// `config` and `credentials` in the folder `.aws` at home.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| env::var_os(name), env::home_dir().as_deref())
    }

    /// As [`Paths::from_environment`], with the environment and the home folder given.
    #[must_use]
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<&Path>,
    ) -> Self {
        let path = |name, file| match variable(name).filter(|value| !value.is_empty()) {
            Some(value) => expanded(PathBuf::from(value), home),
            None => home
                .map(|home| home.join(".aws").join(file))
                .unwrap_or_default(),
        };
        Self {
            config: path("AWS_CONFIG_FILE", "config"),
            credentials: path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        }
    }

    /// The path of one of the two.
    #[must_use]
    pub fn of(&self, file: FileKind) -> &Path {
        match file {
            FileKind::Config => &self.config,
            FileKind::Credentials => &self.credentials,
        }
    }
}

/// `~` and `~/…` stand for the home folder; another user's (`~name`) is not looked up.
fn expanded(path: PathBuf, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Paths {
        Paths::from_variables(
            |name| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| OsString::from(value))
            },
            Some(Path::new("/home/ana")),
        )
    }

    #[test]
    fn without_variables_the_files_are_in_the_home_folder() {
        let paths = of(&[("AWS_CONFIG_FILE", "")]);
        assert_eq!(paths.config, Path::new("/home/ana/.aws/config"));
        assert_eq!(paths.credentials, Path::new("/home/ana/.aws/credentials"));
    }

    #[test]
    fn the_variables_name_other_files_and_a_tilde_is_the_home_folder() {
        let paths = of(&[
            ("AWS_CONFIG_FILE", "~/corp/aws.ini"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/etc/~/keys"),
        ]);
        assert_eq!(paths.config, Path::new("/home/ana/corp/aws.ini"));
        assert_eq!(paths.credentials, Path::new("/etc/~/keys"));
    }

    #[test]
    fn another_users_home_is_left_as_it_is_written() {
        assert_eq!(
            of(&[("AWS_CONFIG_FILE", "~bob/config")]).config,
            Path::new("~bob/config")
        );
    }

    #[test]
    fn without_a_home_folder_there_are_no_files() {
        let paths = Paths::from_variables(|_| None, None);
        assert_eq!(paths.config, Path::new(""));
    }
}
