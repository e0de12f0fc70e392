//! `credential_process`: a program of the person's own that prints credentials. It gets a time limit, what it says on
//! standard error is shown when it fails, and it does not outlive the wish for its answer.

use std::process::Stdio;
use std::time::Duration;

use aws_credential_types::Credentials;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::sso::token::moment;
use crate::error::{Error, ErrorCode};

/// How long it may take: it may open a browser and wait for a person.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(120);
/// Credentials are some kilobytes.
const MAX_OUTPUT: u64 = 64 * 1024;
const MAX_ERRORS: u64 = 4 * 1024;

/// Runs the command line and takes the credentials that it prints.
///
/// The line goes to a shell on Unix, as it does with the AWS CLI's peers in other languages; on Windows it is run as it
/// is. Dropping the future ends the program.
///
/// # Errors
///
/// [`ErrorCode::CredentialProcess`], with what it said on standard error.
pub(crate) async fn run(command: &str, limit: Duration) -> Result<Credentials, Error> {
    let failed = |why: &str| Error::new(ErrorCode::CredentialProcess, Some(why.to_owned()));
    let mut child = shell(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(&format!("it could not be started: {error}")))?;
    let group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let outcome = timeout(limit, async {
        let (output, errors, status) = tokio::join!(
            read(stdout, MAX_OUTPUT),
            read(stderr, MAX_ERRORS),
            child.wait()
        );
        (output, errors, status)
    })
    .await;
    let Ok((output, errors, status)) = outcome else {
        drop(group);
        return Err(failed(&format!(
            "it gave no answer within {} seconds",
            limit.as_secs()
        )));
    };
    // What it left running is its own affair once it has answered.
    group.release();
    let errors = String::from_utf8_lossy(&errors).trim().to_owned();
    let status = status.map_err(|error| failed(&format!("it could not be waited for: {error}")))?;
    if !status.success() {
        return Err(failed(&if errors.is_empty() {
            format!("it ended with {status} and said nothing")
        } else {
            format!("it ended with {status} and said: {errors}")
        }));
    }
    parse(&output).map_err(failed)
}

/// What `Version` 1 of the output holds.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    version: u32,
    access_key_id: String,
    secret_access_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    expiration: Option<String>,
    account_id: Option<String>,
}

fn parse(output: &[u8]) -> Result<Credentials, &'static str> {
    // What it printed may hold a secret and is not shown.
    let output: Output = serde_json::from_slice(output)
        .map_err(|_| "what it printed is not the JSON that credential_process asks for")?;
    if output.version != 1 {
        return Err("what it printed has another Version than 1");
    }
    let expiry = output
        .expiration
        .map(|text| moment(&text).ok_or("its Expiration is no moment in ISO 8601"))
        .transpose()?;
    let mut builder = Credentials::builder()
        .access_key_id(output.access_key_id)
        .secret_access_key(output.secret_access_key.as_str())
        .provider_name("CredentialProcess");
    builder.set_session_token(output.session_token.map(|token| token.as_str().to_owned()));
    builder.set_expiry(expiry);
    if let Some(account) = output.account_id {
        builder = builder.account_id(account);
    }
    Ok(builder.build())
}

/// The first bytes of a stream, which is read to its end so that its writer does not stop.
async fn read(stream: Option<impl AsyncRead + Unpin>, most: u64) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(mut stream) = stream {
        let mut first = (&mut stream).take(most);
        // A stream that breaks is one that ended.
        let _read = first.read_to_end(&mut bytes).await;
        let _drained = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
    bytes
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).process_group(0);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    // The line is to reach the shell as it was written.
    shell.arg("/C").raw_arg(command);
    shell
}

/// All that the program started; ended when dropped, unless it is let go.
struct Group(Option<u32>);

impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        Self(child.id())
    }

    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self
            .0
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            // It may have ended by itself.
            let _killed = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    async fn detail(command: &str, limit: Duration) -> String {
        let error = run(command, limit).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::CredentialProcess);
        error.detail().unwrap_or_default()
    }

    #[tokio::test]
    async fn what_it_prints_is_taken() {
        let command = r#"echo '{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "s", "SessionToken": "t",
            "Expiration": "2099-01-02T03:04:05Z"}'"#;
        let credentials = run(command, LIMIT).await.unwrap();
        assert_eq!(credentials.access_key_id(), "AKIA1");
        assert_eq!(credentials.session_token(), Some("t"));
        assert_eq!(credentials.expiry(), moment("2099-01-02T03:04:05Z"));
    }

    #[tokio::test]
    async fn what_it_says_when_it_fails_is_shown_and_what_it_prints_is_not() {
        let detail = detail("echo CANARY; echo 'VPN is down' >&2; exit 3", LIMIT).await;
        assert!(detail.contains("VPN is down"), "{detail}");
        assert!(!detail.contains("CANARY"), "{detail}");
        for bad in ["echo CANARY", r#"echo '{"Version": 2, "CANARY": 1}'"#] {
            assert!(!super::tests::detail(bad, LIMIT).await.contains("CANARY"));
        }
    }

    #[tokio::test]
    async fn a_flood_is_neither_kept_nor_in_the_way() {
        let detail = detail("head -c 10000000 /dev/zero >&2; exit 1", LIMIT).await;
        assert!(detail.len() <= 8 * 1024, "{}", detail.len());
    }

    #[tokio::test]
    async fn one_that_takes_too_long_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let command = format!("sleep 1000 & echo $! > {}; wait", pid.display());
        let detail = detail(&command, Duration::from_millis(500)).await;
        assert!(detail.contains("no answer within"), "{detail}");
        let pid = std::fs::read_to_string(pid).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        let deadline = std::time::Instant::now() + LIMIT;
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
            assert!(std::time::Instant::now() < deadline, "it still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[test]
    fn output_of_another_kind_is_refused() {
        for (output, why) in [
            ("", "not the JSON"),
            ("[]", "not the JSON"),
            (r#"{"Version": 1, "AccessKeyId": "a"}"#, "not the JSON"),
            (
                r#"{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "s"}"#,
                "another Version",
            ),
            (
                r#"{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s", "Expiration": "soon"}"#,
                "no moment",
            ),
        ] {
            let found = parse(output.as_bytes()).unwrap_err();
            assert!(found.contains(why), "{output}: {found}");
        }
    }
}
