//! Where the project lies, and the programs that the steps start.
//!
//! A command can be shown in the form a person would type, so that a failing step can say how to repeat it. Output
//! goes to a log file; what matters of it also goes to the terminal.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{env, fs, thread};

/// How many lines of a failing program are shown.
const TAIL_LINES: usize = 80;

/// Where the project's files are.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds both from what cargo says to the programs that it runs.
    pub(crate) fn find() -> Result<Self, String> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or("start this as `cargo xtask`")?;
        let root = Path::new(&manifest)
            .ancestors()
            .nth(3)
            .ok_or("the crate `xtask` is not where it belongs")?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(directory) => root.join(directory),
            None => {
                // <target>/debug/xtask
                let program = env::current_exe().map_err(|error| format!("where am I: {error}"))?;
                program
                    .ancestors()
                    .nth(2)
                    .map_or_else(|| root.join("target"), Path::to_path_buf)
            }
        };
        Ok(Self { root, target })
    }

    /// The window's sources.
    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// Where this program keeps its logs and its own small state.
    pub(crate) fn scratch(&self) -> Result<PathBuf, String> {
        let directory = self.target.join("xtask");
        fs::create_dir_all(&directory)
            .map_err(|error| format!("cannot create {}: {error}", directory.display()))?;
        Ok(directory)
    }

    /// The built application.
    pub(crate) fn application(&self, release: bool) -> PathBuf {
        self.program("sessiondeck", release)
    }

    /// A built program of the workspace.
    pub(crate) fn program(&self, name: &str, release: bool) -> PathBuf {
        self.target
            .join(if release { "release" } else { "debug" })
            .join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}

/// A program to start.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    words: Vec<String>,
    directory: PathBuf,
    /// As typed before the program's name, so relative to nothing.
    variables: Vec<(String, String)>,
    /// What to put before the command when showing it: how to come to its directory.
    change_directory: Option<String>,
}

impl Shell {
    /// A program started in the checkout.
    pub(crate) fn new(workspace: &Workspace, program: &str, arguments: &[&str]) -> Self {
        Self {
            words: [program]
                .iter()
                .chain(arguments)
                .map(ToString::to_string)
                .collect(),
            directory: workspace.root.clone(),
            variables: Vec::new(),
            change_directory: None,
        }
    }

    /// Cargo, the one that started us.
    pub(crate) fn cargo(workspace: &Workspace, arguments: &[&str]) -> Self {
        Self::new(workspace, "cargo", arguments)
    }

    /// npm in the window's folder.
    pub(crate) fn npm(workspace: &Workspace, arguments: &[&str]) -> Self {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        Self {
            directory: workspace.ui(),
            change_directory: Some("ui".to_owned()),
            ..Self::new(workspace, npm, arguments)
        }
    }

    /// More arguments.
    pub(crate) fn arguments(mut self, more: &[String]) -> Self {
        self.words.extend_from_slice(more);
        self
    }

    /// A variable of the program's environment.
    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((
            name.to_owned(),
            value.as_ref().to_string_lossy().into_owned(),
        ));
        self
    }

    /// What a person would type to do the same.
    pub(crate) fn shown(&self) -> String {
        let mut line = String::new();
        if let Some(directory) = &self.change_directory {
            line.push_str(&format!("cd {directory} && "));
        }
        for (name, value) in &self.variables {
            line.push_str(&format!("{name}={} ", quoted(value)));
        }
        line.push_str(
            &self
                .words
                .iter()
                .map(|word| quoted(word))
                .collect::<Vec<_>>()
                .join(" "),
        );
        line
    }

    fn command(&self) -> Command {
        let (program, arguments) = match self.words.split_first() {
            Some((program, arguments)) => (program.as_str(), arguments),
            None => ("", &[][..]),
        };
        // The very cargo that runs us, whatever the PATH says.
        let cargo = env::var_os("CARGO").filter(|_| program == "cargo");
        let mut command = Command::new(cargo.as_deref().unwrap_or(OsStr::new(program)));
        command
            .args(arguments)
            .current_dir(&self.directory)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Becomes the program: its terminal, its signals and its exit code are ours.
    pub(crate) fn take_over(&self) -> Result<(), String> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            let error = self.command().exec();
            Err(format!("cannot start `{}`: {error}", self.shown()))
        }
        #[cfg(not(unix))]
        {
            let status = self
                .command()
                .status()
                .map_err(|error| format!("cannot start `{}`: {error}", self.shown()))?;
            if status.success() {
                Ok(())
            } else {
                Err(format!("`{}` {status}", self.shown()))
            }
        }
    }

    /// Runs the program and returns what it wrote to its standard output; `None` where it is not to be had or failed.
    pub(crate) fn read(&self) -> Option<String> {
        let output = self
            .command()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs the program to its end with no input. Its output goes to `log`; lines that `show` picks also go to the
    /// terminal.
    ///
    /// # Errors
    /// Where it cannot start or fails: the tail of its output and the command to repeat it.
    pub(crate) fn run(&self, log: &Path, show: fn(&str) -> bool) -> Result<(), String> {
        let repeat = self.shown();
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start `{repeat}`: {error}"))?;
        let file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let transcript = Mutex::new(Transcript {
            file,
            tail: VecDeque::new(),
            show,
        });
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        thread::scope(|scope| {
            for stream in streams.into_iter().flatten() {
                scope.spawn(|| follow(stream, &transcript));
            }
        });
        let status = child
            .wait()
            .map_err(|error| format!("lost `{repeat}`: {error}"))?;
        let transcript = transcript
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        clear_progress();
        if status.success() {
            return Ok(());
        }
        let tail: Vec<String> = transcript.tail.into();
        Err(format!(
            "{status}\n\n{}\n\nwhole output: {}\nto repeat:    {repeat}",
            tail.join("\n"),
            log.display()
        ))
    }
}

/// Where a program's output goes.
struct Transcript {
    file: File,
    tail: VecDeque<String>,
    show: fn(&str) -> bool,
}

impl Transcript {
    fn line(&mut self, line: &str) {
        // A log that cannot be written is no reason to fail the step.
        let _ = writeln!(self.file, "{line}");
        if (self.show)(line) {
            clear_progress();
            println!("  {line}");
        } else {
            show_progress(line);
        }
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(line.to_owned());
    }
}

/// Reads a stream line by line until its end. Bytes that are no UTF-8 are kept as replacement characters.
fn follow(stream: impl Read, transcript: &Mutex<Transcript>) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while matches!(reader.read_until(b'\n', &mut bytes), Ok(1..)) {
        let line = String::from_utf8_lossy(&bytes);
        transcript
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .line(line.trim_end());
        bytes.clear();
    }
}

/// Shows the newest line in place, where a person watches: a long build should not look dead.
fn show_progress(line: &str) {
    let mut terminal = std::io::stdout();
    if terminal.is_terminal() {
        let short: String = line
            .trim()
            .chars()
            .filter(|character| !character.is_control())
            .take(76)
            .collect();
        let _ = write!(terminal, "\r\x1b[2K  {short}");
        let _ = terminal.flush();
    }
}

/// Takes away what [`show_progress`] wrote.
fn clear_progress() {
    let mut terminal = std::io::stdout();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r\x1b[2K");
        let _ = terminal.flush();
    }
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:=,@+%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whether a program of that name is on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| {
        env::split_paths(&path).any(|folder| {
            folder.join(program).is_file() || folder.join(format!("{program}.exe")).is_file()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Workspace {
        Workspace {
            root: env::temp_dir(),
            target: env::temp_dir(),
        }
    }

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let shell = Shell::new(&here(), "sh", &["-c", "echo it's"]).variable("A", "b c");
        assert_eq!(shell.shown(), r"A='b c' sh -c 'echo it'\''s'");
        assert_eq!(Shell::npm(&here(), &["ci"]).shown(), "cd ui && npm ci");
    }

    #[cfg(unix)]
    #[test]
    fn a_failing_command_tells_its_tail_and_how_to_repeat_it() {
        let log = env::temp_dir().join(format!("xtask-shell-{}.log", std::process::id()));
        let script = "for i in $(seq 200); do echo line $i; done; echo broken >&2; exit 3";
        let shell = Shell::new(&here(), "sh", &["-c", script]);
        let problem = shell.run(&log, |_| false).expect_err("exit 3 is a failure");
        assert!(problem.contains("exit status: 3"), "{problem}");
        assert!(
            problem.contains("line 200") && problem.contains("broken"),
            "{problem}"
        );
        assert!(!problem.contains("line 100\n"), "only the tail: {problem}");
        assert!(problem.contains(&shell.shown()), "{problem}");
        assert!(fs::read_to_string(&log).is_ok_and(|text| text.contains("line 100\n")));
        let _ = fs::remove_file(log);
    }

    #[cfg(unix)]
    #[test]
    fn a_command_gets_no_input() {
        let log = env::temp_dir().join(format!("xtask-stdin-{}.log", std::process::id()));
        Shell::new(&here(), "sh", &["-c", "! read line"])
            .run(&log, |_| false)
            .expect("reading ends at once");
        let _ = fs::remove_file(log);
    }
}
