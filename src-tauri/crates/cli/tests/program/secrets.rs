//! While the program connects and is connected, its secrets are where they have to be and nowhere else: in no command
//! line, no environment and no file of its processes, nor in what it says; and the search would see them.
//!
//! The credentials come from a `credential_process`, so that the program has a child while it connects.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use simulator::{Config, Simulator};
use testsuite::processes::{files, seen, tree};
use testsuite::secrets::{hits, writable_memory};
use testsuite::tap::Tap;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::support::{self, OnPty, shell};

/// In the program's environment: a search that does not find it is blind.
const PLANTED: &str = "planted-canary-0123456789-planted";
/// A folder that is home and place of temporary files, with AWS files whose credentials take a second to come.
fn home(simulator: &Simulator) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let key = simulator.secret_access_key().expose_secret();
    let credentials = format!(
        r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{key}"}}"#,
        simulator.access_key_id()
    );
    let path = |name: &str| home.path().join(name).display().to_string();
    fs::write(path("given.json"), credentials).unwrap();
    let config = format!(
        "[default]\ncredential_process = sh -c \"sleep 1; cat {}\"\n",
        path("given.json")
    );
    fs::write(path("config"), config).unwrap();
    home
}

fn unsigned() -> Config {
    let mut config = shell();
    config.require_signature = false;
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_argument_environment_file_or_output() {
    let simulator = Simulator::start(unsigned()).await.unwrap();
    let tap = Tap::start(&simulator).await;
    let home = home(&simulator);
    let folder = home.path().display().to_string();
    let own = |name: &str| format!("{folder}/{name}");
    let changes = [
        ("AWS_ACCESS_KEY_ID", None),
        ("AWS_SECRET_ACCESS_KEY", None),
        ("AWS_CONFIG_FILE", Some(own("config"))),
        ("HOME", Some(folder.clone())),
        ("TMPDIR", Some(folder.clone())),
        ("PATH", std::env::var("PATH").ok()),
        ("PLANTED", Some(PLANTED.to_owned())),
    ];
    let arguments = [
        "connect",
        "--endpoint-url",
        &tap.url,
        "--log",
        "trace",
        simulator.target(),
    ];
    let child = support::spawn_with(
        &simulator,
        &arguments,
        b"echo $((6*7)); sleep 2; exit\n",
        &changes,
    );
    let id = child.id();
    let is_over = Arc::new(AtomicBool::new(false));
    let watching = spawn_blocking({
        let is_over = Arc::clone(&is_over);
        move || {
            let (mut all, mut processes) = (BTreeSet::new(), BTreeSet::new());
            while !is_over.load(Ordering::Relaxed) {
                processes.extend(tree(id));
                all.extend(seen(id));
                std::thread::sleep(Duration::from_millis(10));
            }
            (all, processes)
        }
    });
    let came = timeout(
        Duration::from_secs(30),
        support::session(&simulator, |session| session.child.is_some()),
    )
    .await;
    // While it is connected, too.
    sleep(Duration::from_millis(500)).await;
    is_over.store(true, Ordering::Relaxed);
    let (mut places, processes) = watching.await.unwrap();
    let output = support::wait(child).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(came.is_ok(), "{said}");
    assert!(processes.len() > 1, "the program had a child to look at");
    assert!(
        said.contains("engine"),
        "there was a log to look at: {said}"
    );
    places.extend(files(home.path()));
    places.insert(("standard output".to_owned(), output.stdout));
    places.insert(("standard error".to_owned(), output.stderr));

    let holding = |secret: &str| -> Vec<&str> {
        let places = places.iter();
        places
            .filter(|(_, bytes)| !hits(bytes, secret).is_empty())
            .map(|(place, _)| place.as_str())
            .collect()
    };
    let planted = holding(PLANTED);
    assert!(
        planted.len() > 1,
        "of the program and its child: {planted:?}"
    );
    let token = tap.token().expect("StartSession's answer went this way");
    assert_eq!(holding(&token), Vec::<&str>::new());
    // The file that was given holds it, and so does whoever prints it.
    let key = simulator.secret_access_key().expose_secret();
    let given = own("given.json");
    let mut keys = holding(key);
    assert!(keys.contains(&given.as_str()), "the search sees files");
    keys.retain(|place| !place.starts_with(&given));
    assert_eq!(keys, Vec::<&str>::new());
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_spent_is_wiped_from_the_programs_memory() {
    let simulator = Simulator::start(unsigned()).await.unwrap();
    let tap = Tap::start(&simulator).await;
    let arguments = ["connect", "--endpoint-url", &tap.url, simulator.target()];
    let mut terminal = OnPty::start(&simulator, &arguments, (24, 80));
    terminal.type_in("echo $((6*7))\r");
    terminal.expect("\n42\r\n").await;
    let token = tap.token().expect("StartSession's answer went this way");
    let id = terminal.id();
    let left = move || -> Vec<String> {
        let memory = writable_memory(id);
        let found = memory.iter().flat_map(|(region, bytes)| {
            let hits = hits(bytes, &token);
            hits.into_iter()
                .map(move |hit| format!("{hit} in {region}"))
        });
        found.collect()
    };
    let shown = writable_memory(id);
    assert!(
        shown.iter().any(
            |(_, bytes)| !hits(bytes, simulator.secret_access_key().expose_secret()).is_empty()
        ),
        "the program still has its key: the search must see it"
    );
    let begun = std::time::Instant::now();
    loop {
        let left = left();
        if left.is_empty() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{left:#?}");
        sleep(Duration::from_millis(200)).await;
    }
    terminal.type_in("exit\r");
    assert_eq!(terminal.exit().await, 0);
    simulator.shutdown().await;
}
