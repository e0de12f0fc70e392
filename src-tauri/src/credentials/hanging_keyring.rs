//! A keyring that never answers: the window starts, a session with its keys is refused in time and says why, and other
//! sessions open meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use connect::{AwsSource, Plan};
use engine::{SessionConfig, SessionHandle, SessionUpdate, State};
use ipc::KeyringTroubleKind;
use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, CredentialStore, Entry};
use profiles::{Connection, ProfileDetails, ProfileDraft};
use simulator::{Config, Simulator};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::*;

/// Where a keyring hangs.
#[derive(Clone, Copy, Debug)]
enum Hangs {
    /// When it is opened.
    Opening,
    /// When it is asked for anything.
    Asked,
}

#[derive(Debug)]
struct Hanging(watch::Sender<usize>);

impl Hanging {
    fn for_ever(&self) -> ! {
        self.0.send_modify(|calls| *calls += 1);
        loop {
            std::thread::park();
        }
    }
}

impl CredentialStoreApi for Hanging {
    fn vendor(&self) -> String {
        "hanging".to_owned()
    }

    fn id(&self) -> String {
        "hanging".to_owned()
    }

    fn build(
        &self,
        _service: &str,
        _user: &str,
        _modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring_core::Result<Entry> {
        let entry = Self(self.0.clone());
        Ok(Entry::new_with_credential(Arc::new(entry)))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl CredentialApi for Hanging {
    fn set_secret(&self, _secret: &[u8]) -> keyring_core::Result<()> {
        self.for_ever()
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        self.for_ever()
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        self.for_ever()
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        self.for_ever()
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        None
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The application's credentials over such a keyring, and how many of its calls hang.
fn application(hangs: Hangs, patience: Duration) -> (Credentials, watch::Receiver<usize>) {
    let (counter, hanging) = watch::channel(0);
    let open = move || -> keyring_core::Result<Arc<CredentialStore>> {
        let store = Hanging(counter.clone());
        match hangs {
            Hangs::Opening => store.for_ever(),
            Hangs::Asked => Ok(Arc::new(store)),
        }
    };
    let nowhere = std::env::temp_dir().join("no folder of this name");
    let paths = Paths {
        config: nowhere.join("config"),
        credentials: nowhere.join("credentials"),
    };
    let store = KeyStore::over(open, patience);
    (Credentials::over(store, paths, &nowhere), hanging)
}

/// What a connection with keys of the keyring is started with.
fn plan() -> Plan {
    let draft = ProfileDraft {
        name: "Shop".to_owned(),
        target: "i-0123456789abcdef0".to_owned(),
        region: Some("eu-west-1".to_owned()),
        ..ProfileDraft::default()
    };
    let details = ProfileDetails {
        credentials: Some("keyring:mine".to_owned()),
        ..ProfileDetails::default()
    };
    Plan::of(&Connection::parse(&draft, &details).expect("it is valid"))
}

/// A session, until it is open or over.
async fn session(broker: &Broker, plan: Plan) -> State {
    let source = AwsSource::new(broker.clone(), move || {
        let plan = plan.clone();
        Box::pin(async move { Ok(plan) })
    });
    let tracker = TaskTracker::new();
    let (handle, mut updates) =
        SessionHandle::spawn(SessionConfig::default(), Arc::new(source), &tracker);
    while let Some(update) = updates.recv().await {
        if let SessionUpdate::State(state @ (State::Open { .. } | State::Ended(_))) = update {
            handle.close().await;
            return state;
        }
    }
    panic!("the session says nothing more");
}

/// What comes of it, and after how long.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let result = work.await;
    (result, started.elapsed())
}

#[tokio::test]
async fn the_window_starts_and_the_state_is_named_in_time() {
    for hangs in [Hangs::Opening, Hangs::Asked] {
        let (credentials, mut hanging) = application(hangs, secrets::PATIENCE);
        // What the window asks for when it starts: no keyring is needed for it.
        assert!(credentials.questions().is_empty());
        assert!(credentials.setup().problems.is_empty());
        assert_eq!(*hanging.borrow(), 0);

        let broker = credentials.broker.clone();
        let listing = timed(credentials.keys.list());
        let refused = async {
            hanging
                .wait_for(|calls| *calls > 0)
                .await
                .expect("it hangs");
            // The clock stands still from now on, unless everybody waits for it: patience is what is measured, whatever
            // this computer is busy with.
            tokio::time::pause();
            timed(session(&broker, plan())).await
        };
        let ((listed, listed_after), (state, refused_after)) = tokio::join!(listing, refused);
        tokio::time::resume();
        let most = secrets::PATIENCE + Duration::from_millis(100);
        assert!(listed_after < most, "{hangs:?}: {listed_after:?}");
        assert!(refused_after < most, "{hangs:?}: {refused_after:?}");

        let trouble = listed.trouble.expect("there is trouble");
        assert_eq!(trouble.kind, KeyringTroubleKind::Hanging);
        let said = format!("{state:?}");
        let named = secrets::Trouble::TooLong.message();
        assert!(said.contains(&named), "{hangs:?}: {said}");
    }
}

#[tokio::test]
async fn other_sessions_open_while_one_waits_for_the_keyring() {
    let mut config = Config::default();
    // Without the person's start-up files.
    config.shell = simulator::config::Shell::new(["/bin/sh"]);
    let simulator = Simulator::start(config).await.expect("loopback is there");
    let (credentials, mut hanging) = application(Hangs::Asked, Duration::from_secs(3600));
    let mut other = plan();
    other.settings.endpoint = Some(aws::Endpoint {
        ssm: simulator.endpoint_url(),
        ssmmessages: None,
    });
    other.settings.region = Some(simulator.region().to_owned());
    other.settings.credentials = aws::Credentials::Keys {
        access_key_id: simulator.access_key_id().to_owned(),
        secret_access_key: simulator.secret_access_key().clone(),
        session_token: None,
    };
    simulator.target().clone_into(&mut other.request.target);
    let opened = async {
        hanging
            .wait_for(|calls| *calls > 0)
            .await
            .expect("it hangs");
        session(&credentials.broker, other).await
    };
    let state = tokio::select! {
        state = opened => state,
        state = session(&credentials.broker, plan()) => panic!("it did not wait: {state:?}"),
    };
    assert!(matches!(state, State::Open { .. }), "{state:?}");
    simulator.shutdown().await;
}
