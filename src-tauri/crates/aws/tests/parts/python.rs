//! Starts `tests/interop/parts.py`, in an environment of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use secrecy::SecretString;

fn command(home: &Path, part: &str) -> Command {
    let python = std::env::var_os("SESSIONDECK_PYTHON").expect(
        "SESSIONDECK_PYTHON names the interpreter with the packages; `cargo xtask test --only rust` sets it",
    );
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/interop/parts.py");
    let mut command = Command::new(python);
    // Nothing of the person's takes part: no variables, and a home that is the test's.
    command
        .arg(script)
        .arg(part)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// What the AWS CLI says to these arguments; `typed` is what a person would type.
pub(crate) async fn aws_cli(home: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut command = command(home, "aws");
    command.args(arguments).stderr(Stdio::piped());
    let mut child = command.spawn().expect("Python starts");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(typed.as_bytes()).expect("it is there");
    drop(input);
    // The simulator that it asks is served by this runtime.
    tokio::task::spawn_blocking(move || child.wait_with_output().expect("it ends"))
        .await
        .expect("no panic")
}

/// moto, which ends with this value, and with this process.
pub(crate) struct Moto {
    child: Child,
    pub(crate) url: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretString,
    pub(crate) data_key: String,
}

impl Moto {
    pub(crate) fn start(home: &Path) -> Self {
        // It logs every request; what goes wrong before it serves is told here by the missing line.
        let mut child = command(home, "moto")
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("it is text");
        let told: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            let _killed = child.kill();
            panic!("moto does not serve: {error}")
        });
        let text = |name: &str| told[name].as_str().expect("it is told").to_owned();
        Self {
            url: text("url"),
            access_key_id: text("access_key_id"),
            secret_access_key: text("secret_access_key").into(),
            data_key: text("data_key"),
            child,
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It ends by itself when its input does, as after a kill of this process; this waits for it.
        drop(self.child.stdin.take());
        let _status = self.child.wait();
    }
}
