//! All that a saved connection says is used when its session starts: rules with several nodes, reasons that ask, what is
//! typed into a new shell, and its own way to AWS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use connect::{
    AnswerFuture, AwsSource, FoundNode, NodeQuestion, Person, Plan, ReasonQuestion, Startup,
    Unanswered,
};
use engine::{
    SessionConfig, SessionHandle, SessionSource, SessionUpdate, SessionUpdates, State, TerminalSize,
};
use profiles::{Connection, ProfileDetails, ProfileDraft};
use simulator::config::{Certificate, Shell, Target, TargetBehaviour};
use simulator::{Config, Disconnect, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

const PATIENCE: Duration = Duration::from_secs(60);

/// A person who answers as a test says, and what they were asked and told.
#[derive(Default)]
struct Scripted {
    answer: Mutex<Option<String>>,
    last: Mutex<Option<FoundNode>>,
    nodes: Mutex<Vec<NodeQuestion>>,
    reasons: Mutex<Vec<ReasonQuestion>>,
    told: Mutex<Vec<String>>,
}

impl Scripted {
    fn who_says(answer: &str) -> Arc<Self> {
        let person = Self::default();
        person.will_say(Some(answer));
        Arc::new(person)
    }

    fn will_say(&self, answer: Option<&str>) {
        *self.answer.lock().expect("nobody panics") = answer.map(str::to_owned);
    }

    fn given(&self) -> AnswerFuture<'_> {
        let answer = self.answer.lock().expect("nobody panics").clone();
        Box::pin(async move { answer.ok_or(Unanswered::Cancelled) })
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().expect("nobody panics").clone()
    }

    fn was_asked(&self) -> usize {
        self.nodes.lock().expect("nobody panics").len()
    }
}

impl Person for Scripted {
    fn choose_node(&self, question: NodeQuestion) -> AnswerFuture<'_> {
        self.nodes.lock().expect("nobody panics").push(question);
        self.given()
    }

    fn give_reason(&self, question: ReasonQuestion) -> AnswerFuture<'_> {
        self.reasons.lock().expect("nobody panics").push(question);
        self.given()
    }

    fn tell(&self, sentence: String) {
        self.told.lock().expect("nobody panics").push(sentence);
    }

    fn last_node(&self, _rule: &str) -> Option<FoundNode> {
        self.last.lock().expect("nobody panics").clone()
    }

    fn found(&self, _rule: &str, node: FoundNode) {
        *self.last.lock().expect("nobody panics") = Some(node);
    }
}

async fn simulator(change: impl FnOnce(&mut Config)) -> Simulator {
    let mut config = Config::with_failing_targets();
    // Without the person's start-up files.
    config.shell = Shell::new(["sh"]);
    change(&mut config);
    Simulator::start(config).await.expect("loopback is there")
}

/// What a saved connection says, but for keys and endpoint, which are the simulator's.
fn plan(
    simulator: &Simulator,
    change: impl FnOnce(&mut ProfileDraft, &mut ProfileDetails),
) -> Plan {
    let mut draft = ProfileDraft {
        name: "Shop".to_owned(),
        target: simulator.target().to_owned(),
        ..ProfileDraft::default()
    };
    let mut details = ProfileDetails::default();
    change(&mut draft, &mut details);
    let connection = Connection::parse(&draft, &details).expect("it is valid");
    let mut plan = Plan::of(&connection);
    plan.settings.region = Some(simulator.region().to_owned());
    plan.settings.credentials = aws::Credentials::Keys {
        access_key_id: simulator.access_key_id().to_owned(),
        secret_access_key: simulator.secret_access_key().clone(),
        session_token: None,
    };
    plan.settings.endpoint.get_or_insert(aws::Endpoint {
        ssm: simulator.endpoint_url(),
        ssmmessages: None,
    });
    plan
}

fn source(plan: Plan, person: Arc<dyn Person>) -> AwsSource {
    let broker = aws::Broker::new(aws::BrokerOptions::from_environment());
    AwsSource::new(broker, move || {
        let plan = plan.clone();
        Box::pin(async move { Ok(plan) })
    })
    .asking(person)
}

fn web(id: &str) -> Target {
    Target::new(id, "web-1", TargetBehaviour::Connected).with_tag("Role", "web")
}

#[tokio::test]
async fn several_nodes_are_asked_about_once_and_the_choice_is_kept_while_it_is_there() {
    let (one, other, third) = (
        "i-0000000000000a001",
        "i-0000000000000a002",
        "i-0000000000000a003",
    );
    let before = simulator(|config| config.targets.extend([web(one), web(other)])).await;
    let by_rule = |simulator: &Simulator| {
        plan(simulator, |draft, _| {
            draft.target = "tag:Role=web".to_owned()
        })
    };
    let person = Scripted::who_says(other);
    for _ in 0..2 {
        let ticket = source(by_rule(&before), person.clone()).start().await;
        assert_eq!(ticket.expect("it was chosen").target, other);
    }
    assert_eq!(person.was_asked(), 1, "the second knows");
    let question = person.nodes.lock().expect("nobody panics")[0].clone();
    assert_eq!(question.rule, "tag:Role=web");
    let known: Vec<_> = question.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(known, [one, other]);
    assert!(question.nodes.iter().all(|node| node.is_online
        && node.platform.is_some()
        && node.ping_status.as_deref() == Some("Online")));
    assert_eq!(person.told(), [""; 0]);
    before.shutdown().await;

    // The chosen one is gone, and two are there again.
    let after = simulator(|config| config.targets.extend([web(one), web(third)])).await;
    person.will_say(None);
    let error = source(by_rule(&after), person.clone())
        .start()
        .await
        .expect_err("cancelled");
    assert_eq!(
        error.message,
        "You chose no node, so no session was started."
    );
    assert_eq!(after.start_records().len(), 0);
    person.will_say(Some(third));
    let ticket = source(by_rule(&after), person.clone()).start().await;
    assert_eq!(ticket.expect("it was chosen").target, third);
    assert_eq!(
        person.told(),
        [format!("web-1 was replaced: {other} is now {third}.")]
    );
    after.shutdown().await;
}

#[tokio::test]
async fn a_reason_that_asks_is_answered_before_the_session_starts() {
    let simulator = simulator(|_| ()).await;
    let asks = || {
        plan(&simulator, |draft, _| {
            draft.reason = Some("{profile}: {ask}".to_owned())
        })
    };
    let person = Scripted::who_says("ticket 7");
    source(asks(), person.clone())
        .start()
        .await
        .expect("it starts");
    let record = simulator.start_records().pop().expect("it was started");
    assert_eq!(record.reason.as_deref(), Some("Shop: ticket 7"));
    let question = person.reasons.lock().expect("nobody panics")[0].clone();
    assert_eq!(
        (question.preview.as_str(), question.most_chars),
        ("Shop: …", 250)
    );
    assert!(question.check(&"x".repeat(251)).is_err());
    assert!(question.check("  ").is_err());
    person.will_say(None);
    let error = source(asks(), person).start().await.expect_err("cancelled");
    assert_eq!(
        error.message,
        "You gave no reason, so no session was started."
    );
    assert_eq!(simulator.start_records().len(), 1);
    simulator.shutdown().await;
}

/// A session with its output so far.
struct Running {
    handle: SessionHandle,
    updates: SessionUpdates,
    output: String,
    opened: usize,
    last: Option<SessionUpdate>,
    tracker: TaskTracker,
}

impl Running {
    fn start(source: AwsSource) -> Self {
        let tracker = TaskTracker::new();
        let config = SessionConfig {
            size: TerminalSize::new(80, 24),
            ..SessionConfig::default()
        };
        let (handle, updates) = SessionHandle::spawn(config, Arc::new(source), &tracker);
        Self {
            handle,
            updates,
            output: String::new(),
            opened: 0,
            last: None,
            tracker,
        }
    }

    async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let waited = async {
            while !is_so(self) {
                match self.updates.recv().await.expect("it goes on") {
                    SessionUpdate::Output(bytes) | SessionUpdate::Stderr(bytes) => {
                        self.handle.grant_credit(bytes.len());
                        self.output.push_str(&String::from_utf8_lossy(&bytes));
                    }
                    SessionUpdate::State(State::Open { .. }) => self.opened += 1,
                    SessionUpdate::State(State::Ended(end)) => panic!("{end:?}"),
                    other @ (SessionUpdate::State(_) | SessionUpdate::Notice(_)) => {
                        self.last = Some(other);
                    }
                }
            }
        };
        if timeout(PATIENCE, waited).await.is_err() {
            panic!(
                "it did not come to that after {:?}; opened {} times, output: {:?}",
                self.last, self.opened, self.output
            );
        }
    }

    async fn close(self) {
        self.handle.close().await;
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[tokio::test]
async fn the_start_up_command_comes_once_before_what_was_typed_and_not_after_a_resume() {
    let simulator = simulator(|_| ()).await;
    let plan = plan(&simulator, |_, details| {
        details.startup_command = Some("echo sta\"\"rted; echo x >&2".to_owned());
        details.shell = Some("sh".to_owned());
    });
    let mut session = Running::start(source(plan, Scripted::who_says("")));
    // Before the session is open.
    assert!(
        session
            .handle
            .send_input(Bytes::from_static(b"echo ty\"\"ped\r"))
            .await
    );
    session.until(|it| it.output.contains("typed\r\n")).await;
    let ran = |it: &Running| it.output.matches("started\r\n").count();
    let (started, typed) = (
        session.output.find("started\r\n"),
        session.output.find("typed\r\n"),
    );
    assert!(started.is_some() && started < typed, "{:?}", session.output);
    assert!(
        session.output.contains("exec sh -l\r\n"),
        "{:?}",
        session.output
    );
    let id = simulator.sessions()[0].id.clone();
    for time in 2..4 {
        assert!(simulator.disconnect(&id, Disconnect::Abort));
        session.until(|it| it.opened == time).await;
    }
    assert!(
        session
            .handle
            .send_input(Bytes::from_static(b"echo af\"\"ter\r"))
            .await
    );
    session.until(|it| it.output.contains("after\r\n")).await;
    assert_eq!(ran(&session), 1, "{:?}", session.output);
    session.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn nothing_is_typed_into_what_is_no_shell_and_the_person_is_told() {
    let simulator = simulator(|_| ()).await;
    let mut plan = plan(&simulator, |draft, details| {
        draft.document = Some("AWS-StartInteractiveCommand".to_owned());
        draft.parameters = BTreeMap::from([("command".to_owned(), vec!["cat".to_owned()])]);
        details.startup_command = Some("echo canary".to_owned());
    });
    let person = Scripted::who_says("");
    plan.name = "Shop".to_owned();
    let mut session = Running::start(source(plan, person.clone()));
    session.until(|it| it.opened == 1).await;
    assert!(
        session
            .handle
            .send_input(Bytes::from_static(b"mine\r"))
            .await
    );
    session
        .until(|it| it.output.matches("mine").count() == 2)
        .await;
    assert!(!session.output.contains("canary"), "{:?}", session.output);
    assert!(
        person.told()[0].contains("starts no shell"),
        "{:?}",
        person.told()
    );
    session.close().await;
    simulator.shutdown().await;
}

#[test]
fn a_connection_without_wishes_types_nothing() {
    assert!(Startup::default().is_empty());
    assert_eq!(Startup::default().typed(), "");
}

#[tokio::test]
async fn a_private_authority_of_one_connection_is_trusted_by_its_calls_and_its_channel() {
    let simulator = simulator(|config| config.tls = Some(Certificate::Good)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("corp.pem");
    std::fs::write(&bundle, simulator.ca_pem().expect("it has one")).expect("it is written");
    let with = |file: Option<&std::path::Path>| {
        plan(&simulator, |_, details| {
            details.network.ca_bundle = file.map(|file| file.display().to_string());
        })
    };
    let mut session = Running::start(source(with(Some(&bundle)), Scripted::who_says("")));
    session.until(|it| it.opened == 1).await;
    session.close().await;
    let error = source(with(None), Scripted::who_says(""))
        .start()
        .await
        .expect_err("nobody trusts it");
    assert_eq!(error.message, "AWS could not be reached.");
    std::fs::write(&bundle, "no certificate").expect("it is written");
    let error = source(with(Some(&bundle)), Scripted::who_says(""))
        .start()
        .await
        .expect_err("no bundle");
    assert!(
        error.message.contains("corp.pem") && error.message.contains("holds no certificate"),
        "{}",
        error.message
    );
    simulator.shutdown().await;
}

/// Stands in for a proxy: passes API calls on to the simulator under its own name, and notes what is asked of it.
async fn proxy(simulator: &Simulator) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let behind = simulator
        .endpoint_url()
        .trim_start_matches("http://")
        .to_owned();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (behind, noted) = (behind.clone(), Arc::clone(&noted));
            tokio::spawn(async move {
                let service = TcpStream::connect(&behind).await.expect("it is there");
                let (mut from_client, mut to_client) = client.split();
                let (mut from_service, mut to_service) = service.into_split();
                let up = async {
                    // A call fits into one read, and is text.
                    let mut buffer = vec![0; 64 * 1024];
                    while let Ok(len @ 1..) = from_client.read(&mut buffer).await {
                        let request = String::from_utf8_lossy(&buffer[..len]).into_owned();
                        let line = request.lines().next().unwrap_or_default().to_owned();
                        let is_tunnel = line.starts_with("CONNECT");
                        noted.lock().expect("nobody panics").push(line);
                        if is_tunnel {
                            return;
                        }
                        let request = request
                            .replace("http://ssm.test/", "/")
                            .replace("ssm.test", &behind);
                        if to_service.write_all(request.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                };
                tokio::select! {
                    () = up => {}
                    _ = tokio::io::copy(&mut from_service, &mut to_client) => {}
                }
            });
        }
    });
    (url, asked)
}

#[tokio::test]
async fn the_proxy_of_one_connection_leads_to_the_api_and_to_the_data_channel() {
    // What passes the proxy is signed for another host.
    let simulator = simulator(|config| config.require_signature = false).await;
    let (url, asked) = proxy(&simulator).await;
    let mut plan = plan(&simulator, |_, details| {
        details.network.proxy = Some(url);
        // Nothing of the machine that runs the test takes part.
        details.network.no_proxy = Some("elsewhere.test".to_owned());
        let gateway = ("ssmmessages".to_owned(), "https://gw.test".to_owned());
        details.network.endpoints = BTreeMap::from([gateway]);
    });
    plan.settings.endpoint = Some(aws::Endpoint {
        ssm: "http://ssm.test".to_owned(),
        ssmmessages: None,
    });
    let source: Arc<dyn SessionSource> = Arc::new(source(plan, Scripted::who_says("")));
    let tracker = TaskTracker::new();
    let (handle, mut updates) = SessionHandle::spawn(SessionConfig::default(), source, &tracker);
    let dialled = || {
        let asked = asked.lock().expect("nobody panics");
        asked
            .iter()
            .any(|line| line == "CONNECT gw.test:443 HTTP/1.1")
    };
    let waited = async {
        let mut last = None;
        while !dialled() {
            match updates.recv().await {
                Some(update) => last = Some(update),
                None => break,
            }
        }
        last
    };
    let last = timeout(PATIENCE, waited).await.expect("it dials or ends");
    assert!(dialled(), "{last:?} {asked:?}");
    assert!(
        asked
            .lock()
            .expect("nobody panics")
            .iter()
            .any(|line| line == "POST http://ssm.test/ HTTP/1.1")
    );
    handle.close().await;
    simulator.shutdown().await;
}

/// The simulator's keys, as if somebody had typed them.
struct Typed(aws::StoredKey);

impl aws::StoredKeys for Typed {
    fn find<'a>(&'a self, _name: &'a str) -> aws::KeyFuture<'a> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

#[tokio::test]
async fn credentials_take_the_connections_way_too() {
    let simulator = simulator(|_| ()).await;
    let broker = aws::Broker::new(aws::BrokerOptions {
        keys: Some(Box::new(Typed(aws::StoredKey {
            access_key_id: simulator.access_key_id().to_owned(),
            secret_access_key: simulator.secret_access_key().clone(),
            session_token: None,
        }))),
        ..aws::BrokerOptions::from_environment()
    });
    let overrides = aws::NetworkOverrides {
        endpoints: BTreeMap::from([("sts".to_owned(), simulator.endpoint_url())]),
        ..aws::NetworkOverrides::default()
    };
    let source = aws::Source::Stored("mine".to_owned());
    let caller = broker
        .via(&overrides)
        .caller(&source, Some(simulator.region()))
        .await
        .expect("STS is there");
    assert!(caller.arn.starts_with("arn:aws:"), "{}", caller.arn);
    assert_eq!(simulator.calls("GetCallerIdentity"), 1);
    simulator.shutdown().await;
}
