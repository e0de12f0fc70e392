//! The real thing on Linux: GNOME Keyring on a D-Bus of its own, both of which live for one test.
//!
//! Nothing of the user's is touched: the programs see no variable of ours, a home folder of their own, and a bus that
//! starts no service. Whoever uses the keyring is another process, told what to do line by line.
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _, stdin, stdout};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use secrets::{AwsKeys, KeyStore, Trouble};
use tempfile::TempDir;

/// Tells the test `does_as_it_is_told` that it is to do so.
const CLIENT: &str = "SECRETS_TEST_CLIENT";
/// What a call may take on a loaded machine.
const LONG: Duration = Duration::from_secs(60);
/// What `hasty-get` waits for.
const HASTE: Duration = Duration::from_secs(4);
const PASSWORD: &str = "the keyring's password";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A bus, a home folder, and perhaps a keyring.
struct Desk {
    home: TempDir,
    bus: Option<Child>,
    address: String,
    keyring: Option<Child>,
}

impl Desk {
    /// Without any bus.
    fn bare() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let address = format!("unix:path={}/nothing", home.path().display());
        Self {
            home,
            bus: None,
            address,
            keyring: None,
        }
    }

    /// With a bus on which nothing is, and which starts nothing.
    fn with_bus() -> Self {
        let mut desk = Self::bare();
        let config = desk.home.path().join("bus.conf");
        fs::write(
            &config,
            format!(
                r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
                desk.home.path().display()
            ),
        )
        .expect("written");
        let mut bus = desk
            .command("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--print-address"])
            .arg(format!("--config-file={}", config.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon starts");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().expect("piped"))
            .read_line(&mut address)
            .expect("an address");
        desk.address = address.trim().to_owned();
        desk.bus = Some(bus);
        desk
    }

    fn with_keyring() -> Self {
        let mut desk = Self::with_bus();
        desk.start_keyring();
        desk
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let home = self.home.path();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    /// Starts the keyring unlocked, and returns when it answers.
    fn start_keyring(&mut self) {
        fs::create_dir_all(self.home.path().join("data/keyrings")).expect("created");
        let mut keyring = self
            .command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .arg(format!(
                "--control-directory={}",
                self.home.path().join("control").display()
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts");
        keyring
            .stdin
            .take()
            .expect("piped")
            .write_all(PASSWORD.as_bytes())
            .expect("written");
        self.keyring = Some(keyring);
        let began = Instant::now();
        while Client::of(self).told("list") == "None" {
            assert!(began.elapsed() < LONG, "the keyring never answers");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn stop_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            keyring.kill().expect("killed");
            keyring.wait().expect("ended");
        }
    }

    /// Unlocks the keyring as the desktop's login does: over its control socket, a zero byte (whose sender the kernel
    /// vouches for) and then length, operation 1 and password; it answers with length and 0.
    fn unlock(&self) {
        let mut socket = UnixStream::connect(self.home.path().join("control/control"))
            .expect("a control socket");
        let number = |number: usize| u32::try_from(number).expect("small").to_be_bytes();
        socket.write_all(&[0]).expect("written");
        for piece in [
            number(8 + 4 + PASSWORD.len()).as_slice(),
            &number(1),
            &number(PASSWORD.len()),
            PASSWORD.as_bytes(),
        ] {
            socket.write_all(piece).expect("written");
        }
        let mut answer = [0; 8];
        socket.read_exact(&mut answer).expect("an answer");
        assert_eq!(answer, [0, 0, 0, 8, 0, 0, 0, 0], "it was not unlocked");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for child in [&mut self.keyring, &mut self.bus].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A process that uses the keyring.
struct Client {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Client {
    fn of(desk: &Desk) -> Self {
        let mut child = desk
            .command(env::current_exe().expect("this program"))
            .args(["--exact", "does_as_it_is_told", "--nocapture"])
            .env(CLIENT, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        Self {
            commands: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().expect("piped")),
            child,
        }
    }

    fn told(&mut self, command: &str) -> String {
        writeln!(self.commands.as_mut().expect("open"), "{command}").expect("written");
        loop {
            let mut line = String::new();
            let len = self.answers.read_line(&mut line).expect("read");
            assert!(len > 0, "the client has ended");
            // The test harness's own words may stand before it.
            if let Some((_, answer)) = line.split_once("FOUND ") {
                return answer.trim().to_owned();
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.commands = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keys(label: &str) -> AwsKeys {
    AwsKeys {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: SecretString::from(SECRET),
        session_token: Some(SecretString::from("t".repeat(1_500))),
        label: label.to_owned(),
    }
}

/// Uses the keyring, in the processes that the other tests start. Several threads of a runtime, as in the application.
#[tokio::test(flavor = "multi_thread")]
async fn does_as_it_is_told() {
    if env::var_os(CLIENT).is_none() {
        return;
    }
    let store = KeyStore::start_with(LONG);
    let hasty = KeyStore::start_with(HASTE);
    for line in stdin().lines() {
        let line = line.expect("a command");
        let (command, id) = line.split_once(' ').unwrap_or((&line, ""));
        let said = |result: Result<(), Trouble>| match result {
            Ok(()) => "done".to_owned(),
            Err(trouble) => format!("{trouble:?}"),
        };
        let answer = match command {
            "put" => said(store.put(id, keys(&format!("label of {id}"))).await),
            "keep" => {
                store.keep_for_this_run(id, keys("kept"));
                "done".to_owned()
            }
            "delete" => said(store.delete(id).await),
            "get" | "hasty-get" => {
                let store = if command == "get" { &store } else { &hasty };
                match store.get(id).await {
                    Ok(None) => "nothing".to_owned(),
                    Ok(Some(keys)) => {
                        let token = keys.session_token.expect("a token");
                        format!(
                            "{} {} {}",
                            keys.label,
                            keys.secret_access_key.expose_secret(),
                            token.expose_secret().len()
                        )
                    }
                    Err(trouble) => format!("{trouble:?}"),
                }
            }
            "list" => {
                let listing = store.list().await;
                let labels: Vec<String> = listing.keys.into_iter().map(|key| key.label).collect();
                let trouble = listing
                    .trouble
                    .map(|trouble| format!("{trouble:?}"))
                    .into_iter();
                trouble.chain(labels).collect::<Vec<_>>().join(", ")
            }
            "lock" => {
                // On a thread of its own: it must not meet the runtime.
                thread::spawn(|| {
                    use secret_service::EncryptionType;
                    use secret_service::blocking::SecretService;
                    let service =
                        SecretService::connect(EncryptionType::Plain).expect("a connection");
                    let collection = service.get_default_collection().expect("a collection");
                    collection.lock().expect("locked");
                    format!("{:?}", collection.is_locked())
                })
                .join()
                .expect("no panic")
            }
            // Takes the question and never shows it to anybody.
            "ask-nobody" => thread::spawn(|| {
                let connection = zbus::blocking::Connection::session().expect("a connection");
                connection
                    .request_name("org.gnome.keyring.SystemPrompter")
                    .expect("the name");
                std::mem::forget(connection);
                "done".to_owned()
            })
            .join()
            .expect("no panic"),
            other => panic!("no such command: {other}"),
        };
        // Past the test harness, which holds back what `print!` writes.
        writeln!(stdout(), "FOUND {answer}").expect("written");
        stdout().flush().expect("written");
    }
}

#[test]
fn keys_are_there_in_the_next_process_and_after_the_keyring_was_restarted() {
    let mut desk = Desk::with_keyring();
    let mut first = Client::of(&desk);
    assert_eq!(first.told("list"), "");
    assert_eq!(first.told("get one"), "nothing");
    assert_eq!(first.told("put one"), "done");
    assert_eq!(first.told("put two"), "done");
    assert_eq!(first.told("put one"), "done");
    let mut second = Client::of(&desk);
    assert_eq!(second.told("list"), "label of one, label of two");
    let held = format!("label of one {SECRET} 1500");
    assert_eq!(second.told("get one"), held);
    desk.stop_keyring();
    assert_eq!(second.told("get one"), "None");
    desk.start_keyring();
    // The first process has met nothing of this and holds a dead connection.
    assert_eq!(first.told("get one"), held);
    assert_eq!(second.told("delete one"), "done");
    assert_eq!(first.told("get one"), "nothing");
    assert_eq!(Client::of(&desk).told("list"), "label of two");
    for secret in [SECRET, PASSWORD] {
        assert!(!is_in_a_file(desk.home.path(), secret), "{secret}");
    }
}

#[test]
fn a_locked_keyring_says_so_and_works_once_it_is_unlocked() {
    let desk = Desk::with_keyring();
    let mut client = Client::of(&desk);
    assert_eq!(client.told("put one"), "done");
    assert_eq!(client.told("lock"), "Ok(true)");
    assert_eq!(client.told("hasty-get one"), "Locked");
    assert_eq!(client.told("hasty-get one"), "Locked");
    assert_eq!(client.told("list"), "Locked");
    assert_eq!(client.told("put two"), "Locked");
    assert_eq!(client.told("keep three"), "done");
    assert_eq!(client.told("list"), "Locked, kept");
    desk.unlock();
    assert_eq!(
        client.told("get one"),
        format!("label of one {SECRET} 1500")
    );
    assert_eq!(client.told("list"), "kept, label of one");
}

#[test]
fn a_question_that_nobody_answers_is_a_locked_keyring_and_not_the_end() {
    let desk = Desk::with_keyring();
    let mut prompter = Client::of(&desk);
    assert_eq!(prompter.told("ask-nobody"), "done");
    let mut client = Client::of(&desk);
    assert_eq!(client.told("put one"), "done");
    assert_eq!(client.told("lock"), "Ok(true)");
    // After its patience, and then at once: there is a question already.
    assert_eq!(client.told("hasty-get one"), "Locked");
    let began = Instant::now();
    for _ in 0..10 {
        assert_eq!(client.told("hasty-get one"), "Locked");
    }
    assert!(
        began.elapsed() < 5 * HASTE,
        "each one waited for a question of its own"
    );
    desk.unlock();
    assert_eq!(
        client.told("hasty-get one"),
        format!("label of one {SECRET} 1500")
    );
}

#[test]
fn a_bus_without_a_keyring_has_none_until_one_is_there() {
    let mut desk = Desk::with_bus();
    let mut client = Client::of(&desk);
    assert_eq!(client.told("list"), "None");
    assert_eq!(client.told("put one"), "None");
    desk.start_keyring();
    assert_eq!(client.told("put one"), "done");
    assert_eq!(client.told("list"), "label of one");
}

#[test]
fn without_a_bus_there_is_no_keyring_and_keys_can_be_kept() {
    let desk = Desk::bare();
    let mut client = Client::of(&desk);
    assert_eq!(client.told("get one"), "None");
    assert_eq!(client.told("put one"), "None");
    assert_eq!(client.told("delete one"), "None");
    assert_eq!(client.told("keep one"), "done");
    assert_eq!(client.told("get one"), format!("kept {SECRET} 1500"));
    assert_eq!(client.told("list"), "None, kept");
    assert_eq!(client.told("delete one"), "done");
    assert_eq!(client.told("list"), "None");
    for secret in [SECRET, "tttttttt"] {
        assert!(!is_in_a_file(desk.home.path(), secret), "{secret}");
    }
}

/// Whether any file below a folder holds a text in clear.
fn is_in_a_file(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            is_in_a_file(&path, text)
        } else if path.is_file() {
            let bytes = fs::read(&path).expect("read");
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        } else {
            false
        }
    })
}
