//! Every state of a keyring, on a mock that fails, hangs or panics at any one of its calls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use keyring::{Error, Result};
use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, CredentialStore, Entry, mock};
use secrecy::{ExposeSecret, SecretString};
use secrets::{AwsKeys, KeyStore, Listed, MAX_THREADS, SERVICE, Trouble};

/// More than a call on the mock takes on a loaded machine.
const LONG: Duration = Duration::from_secs(60);
/// For those that hang.
const SHORT: Duration = Duration::from_millis(300);
/// What the promise names: until the application is usable.
const PROMISED: Duration = Duration::from_secs(5);

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn keys(label: &str) -> AwsKeys {
    AwsKeys {
        access_key_id: format!("AKIA{label}"),
        secret_access_key: SecretString::from(SECRET),
        session_token: None,
        label: label.to_owned(),
    }
}

fn listed(id: &str, label: &str, only_for_this_run: bool) -> Listed {
    Listed {
        id: id.to_owned(),
        label: label.to_owned(),
        access_key_id: format!("AKIA{label}"),
        only_for_this_run,
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Platform,
    Access,
    BadEncoding,
    BadData,
    BadStore,
    TooLong,
    Invalid,
    Ambiguous,
    NoStore,
    Unsupported,
    Panic,
    Hang,
}

const FAULTS: &[Fault] = &[
    Fault::Platform,
    Fault::Access,
    Fault::BadEncoding,
    Fault::BadData,
    Fault::BadStore,
    Fault::TooLong,
    Fault::Invalid,
    Fault::Ambiguous,
    Fault::NoStore,
    Fault::Unsupported,
    Fault::Panic,
    Fault::Hang,
];

impl Fault {
    fn error(self) -> Error {
        match self {
            Self::Platform => Error::PlatformFailure("the disk is on fire".into()),
            Self::Access => Error::NoStorageAccess("no".into()),
            Self::BadEncoding => Error::BadEncoding(SECRET.into()),
            Self::BadData => Error::BadDataFormat(SECRET.into(), "odd".into()),
            Self::BadStore => Error::BadStoreFormat("odd".to_owned()),
            Self::TooLong => Error::TooLong("secret".to_owned(), 2_560),
            Self::Invalid => Error::Invalid("user".to_owned(), "has a zero byte".to_owned()),
            Self::Ambiguous => Error::Ambiguous(Vec::new()),
            Self::NoStore => Error::NoDefaultStore,
            Self::Unsupported => Error::NotSupportedByStore("anything".to_owned()),
            Self::Panic | Self::Hang => unreachable!("these are no errors"),
        }
    }

    /// What becomes of it at a call on an open keyring.
    fn is(self, trouble: &Trouble) -> bool {
        match self {
            Self::Access => *trouble == Trouble::Denied,
            Self::BadEncoding | Self::BadData | Self::BadStore | Self::Ambiguous => {
                *trouble == Trouble::Corrupt
            }
            Self::NoStore => *trouble == Trouble::None,
            Self::Hang => *trouble == Trouble::TooLong,
            Self::Platform | Self::TooLong | Self::Invalid | Self::Unsupported | Self::Panic => {
                matches!(trouble, Trouble::Other(_))
            }
        }
    }
}

/// A mock keyring whose calls are counted, one of which goes wrong, or all from one on.
#[derive(Debug)]
struct Scripted {
    inner: Arc<mock::Store>,
    script: Arc<Script>,
}

#[derive(Debug, Default)]
struct Script {
    calls: AtomicUsize,
    opened: AtomicUsize,
    plan: Mutex<Plan>,
    changed: Condvar,
    /// Threads in a call that hangs, and the most there ever were.
    hanging: AtomicUsize,
    most_hanging: AtomicUsize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Plan {
    fault: Option<Fault>,
    /// From which call on.
    from: usize,
    once: bool,
}

impl Script {
    fn plan(&self, plan: Plan) {
        self.calls.store(0, Ordering::SeqCst);
        *self.plan.lock().expect("no panic") = plan;
        self.changed.notify_all();
    }

    /// Everything works from now on, and what hung has gone on.
    fn heal(&self) {
        self.plan(Plan::default());
        let began = Instant::now();
        while self.hanging.load(Ordering::SeqCst) > 0 {
            assert!(began.elapsed() < LONG, "it hangs for ever");
            thread::yield_now();
        }
    }

    fn step(&self) -> Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let mut plan = self.plan.lock().expect("no panic");
        let due = |plan: &Plan| {
            plan.fault
                .filter(|_| call == plan.from || (call > plan.from && !plan.once))
        };
        match due(&plan) {
            None => Ok(()),
            Some(Fault::Panic) => {
                drop(plan);
                panic!("the keyring panics, as it was told to");
            }
            Some(Fault::Hang) => {
                let hanging = self.hanging.fetch_add(1, Ordering::SeqCst) + 1;
                self.most_hanging.fetch_max(hanging, Ordering::SeqCst);
                while due(&plan) == Some(Fault::Hang) {
                    plan = self.changed.wait(plan).expect("no panic");
                }
                self.hanging.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
            Some(fault) => Err(fault.error()),
        }
    }
}

impl CredentialStoreApi for Scripted {
    fn vendor(&self) -> String {
        "scripted".to_owned()
    }

    fn id(&self) -> String {
        "scripted".to_owned()
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> Result<Entry> {
        let inner = self.inner.build(service, user, modifiers)?;
        Ok(Entry::new_with_credential(Arc::new(ScriptedEntry {
            inner,
            script: Arc::clone(&self.script),
        })))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[derive(Debug)]
struct ScriptedEntry {
    inner: Entry,
    script: Arc<Script>,
}

impl CredentialApi for ScriptedEntry {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        self.script.step()?;
        self.inner.set_secret(secret)
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        self.script.step()?;
        self.inner.get_secret()
    }

    fn delete_credential(&self) -> Result<()> {
        self.script.step()?;
        self.inner.delete_credential()
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        self.inner.get_specifiers()
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

struct Fixture {
    store: KeyStore,
    script: Arc<Script>,
    mock: Arc<mock::Store>,
}

fn fixture(patience: Duration) -> Fixture {
    let mock = mock::Store::new().expect("a mock");
    let script = Arc::new(Script::default());
    let (inner, opened) = (Arc::clone(&mock), Arc::clone(&script));
    let open = move || -> Result<Arc<CredentialStore>> {
        opened.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(Scripted {
            inner: Arc::clone(&inner),
            script: Arc::clone(&opened),
        }))
    };
    Fixture {
        store: KeyStore::over(open, patience),
        script,
        mock,
    }
}

impl Fixture {
    /// What an entry holds, past the script.
    fn held(&self, user: &str) -> Option<String> {
        let bytes = self
            .mock
            .build(SERVICE, user, None)
            .expect("an entry")
            .get_secret()
            .ok()?;
        Some(String::from_utf8(bytes).expect("text"))
    }

    /// The same keyring, past the script.
    fn reliable(&self) -> KeyStore {
        let mock = Arc::clone(&self.mock);
        KeyStore::over(move || Ok(Arc::clone(&mock) as Arc<CredentialStore>), LONG)
    }

    fn put_raw(&self, user: &str, secret: &[u8]) {
        self.mock
            .build(SERVICE, user, None)
            .expect("an entry")
            .set_secret(secret)
            .expect("held");
    }
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    List,
    Get,
    Put,
    PutAgain,
    Delete,
}

const OPERATIONS: &[Operation] = &[
    Operation::List,
    Operation::Get,
    Operation::Put,
    Operation::PutAgain,
    Operation::Delete,
];

async fn run(operation: Operation, store: &KeyStore) -> std::result::Result<(), Trouble> {
    match operation {
        Operation::List => store.list().await.trouble.map_or(Ok(()), Err),
        Operation::Get => store.get("one").await.map(|_| ()),
        Operation::Put => store.put("two", keys("b")).await,
        Operation::PutAgain => store.put("one", keys("c")).await,
        Operation::Delete => store.delete("one").await,
    }
}

#[tokio::test]
async fn keys_are_kept_listed_replaced_and_removed() {
    let Fixture { store, mock, .. } = &fixture(LONG);
    assert_eq!(store.list().await.keys, []);
    assert!(store.get("one").await.expect("asked").is_none());
    store.put("one", keys("b")).await.expect("put");
    store.put("two", keys("a")).await.expect("put");
    assert_eq!(
        store.list().await.keys,
        [listed("two", "a", false), listed("one", "b", false)]
    );
    let mut temporary = keys("c");
    temporary.session_token = Some(SecretString::from("IQoJb3JpZ2lu"));
    store.put("one", temporary).await.expect("put");
    let again = store.get("one").await.expect("asked").expect("there");
    assert_eq!(again.secret_access_key.expose_secret(), SECRET);
    assert_eq!(
        again.session_token.expect("a token").expose_secret(),
        "IQoJb3JpZ2lu"
    );
    assert_eq!(
        store.list().await.keys,
        [listed("two", "a", false), listed("one", "c", false)]
    );
    store.delete("one").await.expect("deleted");
    store
        .delete("one")
        .await
        .expect("that there are none is fine");
    assert_eq!(store.list().await.keys, [listed("two", "a", false)]);
    assert!(store.get("one").await.expect("asked").is_none());
    // The index is the only other thing there, and holds no secret.
    let index = mock
        .build(SERVICE, "index", None)
        .expect("an entry")
        .get_secret()
        .expect("held");
    assert!(!String::from_utf8_lossy(&index).contains("wJalr"));
}

#[tokio::test]
async fn hundreds_of_keys_fit_into_entries_of_the_size_that_windows_takes() {
    let fixture = fixture(LONG);
    let label = |n: usize| format!("{n:03} {}", "é".repeat(100));
    for n in 0..60 {
        fixture
            .store
            .put(&format!("id-{n}"), keys(&label(n)))
            .await
            .expect("put");
    }
    let labels = |listing: secrets::Listing| -> Vec<String> {
        listing.keys.into_iter().map(|key| key.label).collect()
    };
    assert_eq!(
        labels(fixture.store.list().await),
        (0..60).map(label).collect::<Vec<_>>()
    );
    // A longer label moves to where there is room.
    let long = "0".repeat(secrets::MAX_LABEL_BYTES - 4);
    fixture.store.put("id-0", keys(&long)).await.expect("put");
    for n in 1..60 {
        fixture
            .store
            .delete(&format!("id-{n}"))
            .await
            .expect("deleted");
    }
    assert_eq!(labels(fixture.store.list().await), [long]);
    let mut parts = 0;
    while let Some(part) = fixture.held(&if parts == 0 {
        "index".to_owned()
    } else {
        format!("index/{parts}")
    }) {
        assert!(part.len() <= 2_560, "{}", part.len());
        parts += 1;
    }
    assert!(parts > 3, "{parts}");
}

/// How many calls an operation makes when nothing is wrong.
async fn calls_of(operation: Operation) -> usize {
    let fixture = fixture(LONG);
    let reliable = fixture.reliable();
    reliable.put("one", keys("a")).await.expect("put");
    run(operation, &fixture.store).await.expect("it works");
    let calls = fixture.script.calls.load(Ordering::SeqCst);
    assert!(calls > 0);
    calls
}

#[tokio::test]
async fn each_error_at_each_call_has_its_name_and_is_over_with_the_next() {
    for &operation in OPERATIONS {
        for &fault in FAULTS {
            // Platform failures are tried again on a new connection, so once is not enough for them.
            for once in [true, false] {
                for from in 0..calls_of(operation).await {
                    let patience = if fault == Fault::Hang { SHORT } else { LONG };
                    let fixture = fixture(patience);
                    // Past the script, and with time: what is not tested may not fail for the machine's being slow.
                    let reliable = fixture.reliable();
                    reliable.put("one", keys("a")).await.expect("put");
                    fixture.script.plan(Plan {
                        fault: Some(fault),
                        from,
                        once,
                    });
                    let began = Instant::now();
                    let result = run(operation, &fixture.store).await;
                    assert!(began.elapsed() < PROMISED, "{operation:?} {fault:?}");
                    fixture.script.heal();
                    let at = format!("{operation:?} {fault:?} {once} {from}: {result:?}");
                    if once && fault == Fault::Platform && from > 0 {
                        assert_eq!(result, Ok(()), "{at}");
                    } else {
                        let trouble = result.expect_err(&at);
                        assert!(fault.is(&trouble), "{at}");
                        assert!(!trouble.message().contains(SECRET), "{at}");
                        assert!(!trouble.message().is_empty() && !trouble.remedy().is_empty());
                    }
                    // No secret is ever there without being listed.
                    let listed: Vec<String> = reliable
                        .list()
                        .await
                        .keys
                        .into_iter()
                        .map(|key| key.id)
                        .collect();
                    for id in ["one", "two"] {
                        if fixture.held(&format!("keys/{id}")).is_some() {
                            assert!(listed.iter().any(|known| known == id), "{at}");
                        }
                    }
                    run(operation, &reliable).await.expect("the next one works");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_keyring_that_cannot_be_opened_is_none_and_is_tried_again() {
    let works = Arc::new(AtomicUsize::new(0));
    let mock = mock::Store::new().expect("a mock");
    let store = KeyStore::over(
        {
            let works = Arc::clone(&works);
            move || {
                if works.load(Ordering::SeqCst) == 0 {
                    return Err(Error::PlatformFailure("no bus".into()));
                }
                Ok(mock.clone() as Arc<CredentialStore>)
            }
        },
        LONG,
    );
    assert_eq!(store.list().await.trouble, Some(Trouble::None));
    assert_eq!(store.put("one", keys("a")).await, Err(Trouble::None));
    works.store(1, Ordering::SeqCst);
    assert_eq!(store.put("one", keys("a")).await, Ok(()));
    assert_eq!(store.list().await.keys, [listed("one", "a", false)]);
}

#[tokio::test]
async fn a_keyring_that_was_restarted_is_opened_again() {
    let fixture = fixture(LONG);
    fixture.store.put("one", keys("a")).await.expect("put");
    fixture.script.plan(Plan {
        fault: Some(Fault::Platform),
        from: 0,
        once: true,
    });
    assert!(fixture.store.get("one").await.expect("asked").is_some());
    assert_eq!(fixture.script.opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_hangs_neither_blocks_the_later_ones_nor_gathers_threads() {
    let fixture = fixture(SHORT);
    let hang = Plan {
        fault: Some(Fault::Hang),
        from: 0,
        once: false,
    };
    fixture.script.plan(hang);
    let began = Instant::now();
    while fixture.script.hanging.load(Ordering::SeqCst) < MAX_THREADS {
        assert!(began.elapsed() < LONG, "another thread never takes over");
        assert_eq!(fixture.store.list().await.trouble, Some(Trouble::TooLong));
    }
    for _ in 0..3 * MAX_THREADS {
        let began = Instant::now();
        assert_eq!(fixture.store.list().await.trouble, Some(Trouble::TooLong));
        assert!(began.elapsed() < PROMISED);
    }
    assert_eq!(
        fixture.script.most_hanging.load(Ordering::SeqCst),
        MAX_THREADS,
        "threads in the keyring"
    );
    fixture.script.heal();
    // A thread that comes back takes up work again.
    let began = Instant::now();
    while fixture.store.put("one", keys("a")).await.is_err() {
        assert!(began.elapsed() < LONG, "it never came back");
        tokio::task::yield_now().await;
    }
    // One hangs, and the next is served by another thread.
    fixture.script.plan(Plan { once: true, ..hang });
    assert_eq!(fixture.store.get("one").await.err(), Some(Trouble::TooLong));
    let began = Instant::now();
    loop {
        match fixture.store.get("one").await {
            Ok(keys) => break assert!(keys.is_some()),
            Err(trouble) => assert_eq!(trouble, Trouble::TooLong),
        }
        assert!(began.elapsed() < LONG, "it is blocked for ever");
    }
    assert_eq!(fixture.script.hanging.load(Ordering::SeqCst), 1);
    fixture.script.heal();
}

#[tokio::test]
async fn what_was_given_up_writes_nothing_later() {
    let fixture = fixture(SHORT);
    // The first call of `put` reads the index; the question for the password is open there.
    fixture.script.plan(Plan {
        fault: Some(Fault::Hang),
        from: 0,
        once: true,
    });
    assert_eq!(
        fixture.store.put("one", keys("a")).await,
        Err(Trouble::TooLong)
    );
    fixture.script.heal();
    let began = Instant::now();
    while fixture.store.list().await.trouble.is_some() {
        assert!(began.elapsed() < LONG);
    }
    assert_eq!(fixture.store.list().await.keys, []);
    assert_eq!(fixture.held("keys/one"), None);
}

#[tokio::test]
async fn keys_for_this_run_are_in_memory_only_and_come_first() {
    let fixture = fixture(LONG);
    let store = &fixture.store;
    store.put("one", keys("a")).await.expect("put");
    store.keep_for_this_run("one", keys("b"));
    store.keep_for_this_run("two", keys("c"));
    assert_eq!(
        store.get("one").await.expect("asked").expect("there").label,
        "b"
    );
    assert_eq!(
        store.clone().list().await.keys,
        [listed("one", "b", true), listed("two", "c", true)]
    );
    assert_eq!(fixture.held("keys/two"), None);
    assert!(store.forget("one"));
    assert!(!store.forget("one"));
    assert_eq!(
        store.get("one").await.expect("asked").expect("there").label,
        "a"
    );
    store.put("two", keys("d")).await.expect("put");
    assert_eq!(
        store.list().await.keys,
        [listed("one", "a", false), listed("two", "d", false)]
    );
}

#[tokio::test]
async fn keys_for_this_run_are_there_whatever_the_keyring_does() {
    for &fault in FAULTS {
        let fixture = fixture(if fault == Fault::Hang { SHORT } else { LONG });
        let store = &fixture.store;
        fixture.script.plan(Plan {
            fault: Some(fault),
            from: 0,
            once: false,
        });
        store.keep_for_this_run("one", keys("a"));
        assert_eq!(
            store
                .get("one")
                .await
                .expect("no keyring asked")
                .expect("there")
                .label,
            "a"
        );
        let listing = store.list().await;
        assert_eq!(listing.keys, [listed("one", "a", true)]);
        assert!(listing.trouble.is_some_and(|trouble| fault.is(&trouble)));
        let deleted = store.delete("one").await;
        assert_eq!(deleted.is_ok(), fault == Fault::NoStore, "{deleted:?}");
        assert!(!store.forget("one"), "it is still in memory");
        fixture.script.heal();
    }
}

#[tokio::test]
async fn nonsense_in_the_keyring_is_corrupt_and_stays() {
    let fixture = fixture(LONG);
    fixture.put_raw("keys/one", b"hunter2");
    assert_eq!(fixture.store.get("one").await.err(), Some(Trouble::Corrupt));
    fixture.put_raw("index", b"{\"version\":9,\"keys\":[],\"more\":false}");
    assert_eq!(fixture.store.list().await.trouble, Some(Trouble::Corrupt));
    assert_eq!(
        fixture.store.put("two", keys("a")).await,
        Err(Trouble::Corrupt)
    );
    assert_eq!(fixture.held("keys/two"), None);
    // An index that leads on for ever ends.
    fixture.put_raw("index", b"{\"version\":1,\"keys\":[],\"more\":true}");
    assert_eq!(fixture.store.list().await.trouble, None);
}

#[tokio::test]
async fn ids_and_labels_have_bounds() {
    let store = fixture(LONG).store;
    for id in ["", &"x".repeat(secrets::MAX_ID_BYTES + 1)] {
        assert!(matches!(store.get(id).await, Err(Trouble::Other(_))));
        assert!(matches!(
            store.put(id, keys("a")).await,
            Err(Trouble::Other(_))
        ));
    }
    let long = "x".repeat(secrets::MAX_LABEL_BYTES + 1);
    assert!(matches!(
        store.put("one", keys(&long)).await,
        Err(Trouble::Other(_))
    ));
}

#[test]
fn each_trouble_has_a_sentence_and_a_way_on() {
    let all = [
        Trouble::None,
        Trouble::Locked,
        Trouble::Denied,
        Trouble::TooLong,
        Trouble::Corrupt,
        Trouble::Other("the disk is on fire".to_owned()),
    ];
    for trouble in &all {
        assert!(trouble.message().ends_with('.'), "{trouble}");
        assert!(trouble.remedy().ends_with('.'), "{trouble}");
        assert!(trouble.remedy().contains("this run only"), "{trouble}");
        assert_eq!(trouble.to_string(), trouble.message());
    }
    let mut messages: Vec<String> = all.iter().map(Trouble::message).collect();
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), all.len());
}
