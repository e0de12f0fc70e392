//! A session, cut, resumed and ended: its tokens and the key that signed for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect::{AwsSource, Plan};
use engine::{
    DataKey, DataKeyRequest, DialTerms, Resumed, SessionConfig, SessionHandle, SessionId,
    SessionSource, SessionUpdate, SessionUpdates, SourceFuture, State, StreamUrl, Ticket,
};
use secrecy::ExposeSecret as _;
use simulator::config::Shell;
use simulator::{Config, Disconnect, Simulator};
use testsuite::secrets::{forms, pieces};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::program::{Held, News, Orders};

pub(crate) const ROLE: &str = "--hold-a-session";
/// Keeps every secret, in one form each.
const LEAK: &str = "--leak";

const PATIENCE: Duration = Duration::from_secs(60);

/// Tells secrets without keeping them.
struct Teller {
    inner: AwsSource,
    news: Mutex<News>,
    leaks: bool,
}

impl Teller {
    fn tell_ticket(&self, ticket: &Ticket) {
        let token = ticket.token.expose_secret();
        let mut news = self.news.lock().expect("nobody panics with it");
        news.tell(&["token ", token]);
        if self.leaks {
            for form in forms(token.as_bytes()) {
                std::mem::forget(form);
            }
        }
    }
}

impl SessionSource for Teller {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        Box::pin(async move {
            let ticket = self.inner.start().await?;
            self.tell_ticket(&ticket);
            Ok(ticket)
        })
    }

    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        Box::pin(async move {
            let resumed = self.inner.resume(session_id).await?;
            if let Resumed::Ticket(ticket) = &resumed {
                self.tell_ticket(ticket);
            }
            Ok(resumed)
        })
    }

    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        self.inner.dial_terms(url)
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        self.inner.fresh_credentials()
    }

    fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        self.inner.data_key(request)
    }

    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        self.inner.terminate(session_id)
    }
}

async fn until(updates: &mut SessionUpdates, wanted: impl Fn(&State) -> bool) {
    let found = async {
        while let Some(update) = updates.recv().await {
            if matches!(&update, SessionUpdate::State(state) if wanted(state)) {
                return;
            }
        }
        panic!("the session ended");
    };
    timeout(PATIENCE, found).await.expect("in time");
}

async fn session(mut orders: Orders, leaks: bool) {
    let mut told = || orders.line().expose_secret().to_owned();
    let (endpoint, target, access_key_id) = (told(), told(), told());
    let secret_access_key = orders.line();
    let plan = Plan {
        tags: None,
        settings: aws::Settings {
            aws_profile: None,
            region: Some("eu-west-1".to_owned()),
            endpoint: Some(aws::Endpoint {
                ssm: endpoint,
                ssmmessages: None,
            }),
            credentials: aws::Credentials::Keys {
                access_key_id,
                secret_access_key,
                session_token: None,
            },
            ..aws::Settings::default()
        },
        request: aws::StartSession {
            target,
            ..aws::StartSession::default()
        },
        ..Plan::default()
    };
    let source = Teller {
        inner: AwsSource::new(
            aws::Broker::new(aws::BrokerOptions::from_environment()),
            move || {
                let plan = plan.clone();
                Box::pin(async move { Ok(plan) })
            },
        ),
        news: Mutex::new(News::of_this_program()),
        leaks,
    };
    let tracker = TaskTracker::new();
    let (handle, mut updates) =
        SessionHandle::spawn(SessionConfig::default(), Arc::new(source), &tracker);
    let is_open = |state: &State| matches!(state, State::Open { .. });
    until(&mut updates, is_open).await;
    let mut news = News::of_this_program();
    news.tell(&["open"]);
    until(&mut updates, |state| {
        matches!(state, State::Reconnecting(_))
    })
    .await;
    until(&mut updates, is_open).await;
    handle.close().await;
    drop((handle, updates));
    tracker.close();
    timeout(PATIENCE, tracker.wait()).await.expect("in time");
    news.tell(&["ended"]);
    orders.end().await;
}

/// In the program that holds a session.
pub(crate) fn hold() {
    let leaks = std::env::args().any(|argument| argument == LEAK);
    let runtime = Runtime::new().expect("threads can be started");
    runtime.block_on(session(Orders::of_this_program(), leaks));
}

/// In the program that searches.
pub(crate) fn search(runtime: &Runtime) {
    the_search_sees_every_form(runtime);
    nothing_is_left_after_the_end(runtime);
}

/// Has a session held, cut, resumed and ended. Gives the program that did, and the secrets it had.
fn run(runtime: &Runtime, more: &[&str]) -> (Held, Vec<(&'static str, String)>) {
    let mut config = Config::default();
    // Without the person's start-up files.
    config.shell = Shell::new(["/bin/sh"]);
    let simulator = runtime
        .block_on(Simulator::start(config))
        .expect("loopback is there");
    let key = simulator.secret_access_key().expose_secret().to_owned();
    let mut held = Held::start(ROLE, more);
    for line in [
        &simulator.endpoint_url(),
        simulator.target(),
        simulator.access_key_id(),
        &key,
    ] {
        held.say(line);
    }
    let mut secrets = Vec::new();
    let mut until = |wanted: &str| {
        loop {
            let line = held.news();
            match line.strip_prefix("token ") {
                Some(token) => secrets.push(("token", token.to_owned())),
                None => return assert_eq!(line, wanted),
            }
        }
    };
    until("open");
    let id = simulator.sessions()[0].id.clone();
    assert!(simulator.disconnect(&id, Disconnect::Abort));
    until("ended");
    runtime.block_on(simulator.shutdown());
    assert_eq!(secrets.len(), 2, "of StartSession and ResumeSession");
    secrets.push(("secret access key", key));
    (held, secrets)
}

fn the_search_sees_every_form(runtime: &Runtime) {
    let (held, secrets) = run(runtime, &[LEAK]);
    let hits = held.hits(&secrets);
    for (_, token) in secrets.iter().filter(|(name, _)| *name == "token") {
        for form in pieces(token.as_bytes()).into_iter().flat_map(forms) {
            let form = String::from_utf8_lossy(&form).into_owned();
            assert!(
                hits.iter().any(|hit| hit.contains(&form)),
                "{form} is not seen"
            );
        }
    }
    held.end();
}

fn nothing_is_left_after_the_end(runtime: &Runtime) {
    let (held, secrets) = run(runtime, &[]);
    held.comes_clean("after the end", |held| held.hits(&secrets));
    held.end();
}
