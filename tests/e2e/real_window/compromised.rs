//! A page that somebody else has taken over: whatever it calls, and with whatever arguments, no secret comes back, and the
//! application lives on. And while all that happens, with everything logged that a person can ask for, no secret is in a
//! log, an argument, an environment or a file but the ones that the AWS tools keep them in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::{Disconnect, Simulator};
use testsuite::processes::{seen, tree};
use testsuite::secrets::hits;
use testsuite::tap::Tap;

use crate::app::{App, Home, in_app};
use crate::page::eventually;
use crate::service;

const ACCOUNT: &str = "111122223333";
/// The name of the sign-in's file: `printf %s simulator | sha1sum`.
const SIGN_IN_FILE: &str = "abb7c2a225b110f16f63b14f6fffaebf015891af";
/// In the application's environment: a search that does not find it is blind.
const PLANTED: &str = "planted-canary-0123456789-planted";
/// In profiles and caches that lie beside the one that is used.
const IDLE: [&str; 5] = [
    "idleSecretAccessKey/0123456789+abcdefghijkl",
    "idleSessionToken/abcdefghijklmnopqrstuvwxyz+0123456789==",
    "typedCodesSecretKey/9876543210+zyxwvutsrqpo",
    "typedCodesSessionToken/zyxwvutsrqponmlkjihgfedcba+9876543210==",
    "processSecretKey/5555566666+onmlkjihgfedcba",
];

/// A home with every kind of secret in it, and a profile `default` that is signed in.
fn home(simulator: &Simulator, tap: &Tap) -> (Home, Vec<String>) {
    let home = Home::new();
    let aws = home.home().join(".aws");
    for folder in ["sso/cache", "cli/cache"] {
        fs::create_dir_all(aws.join(folder)).unwrap();
    }
    let [key, token, code_key, code_token, process_key] = IDLE;
    let config = simulator.config_file().expose_secret().to_owned();
    let config = config
        .replace(&format!("[profile sso-{ACCOUNT}-Operator]"), "[default]")
        .replace(&simulator.endpoint_url(), &tap.url);
    let more = format!(
        "[profile process]\ncredential_process = echo {{\"Version\":1,\"AccessKeyId\":\"AKIAIDLE\",\"SecretAccessKey\":\"{process_key}\"}}\n\
         [profile broken\naws_secret_access_key = {key}\n"
    );
    fs::write(aws.join("config"), format!("{config}{more}")).unwrap();
    let credentials = format!(
        "[idle]\naws_access_key_id = AKIAIDLE\naws_secret_access_key = {key}\naws_session_token = {token}\n"
    );
    fs::write(aws.join("credentials"), credentials).unwrap();
    let typed = json!({ "Credentials": {
        "AccessKeyId": "ASIAIDLE", "SecretAccessKey": code_key, "SessionToken": code_token,
        "Expiration": "2099-01-01T00:00:00Z",
    }});
    fs::write(aws.join("cli/cache/idle.json"), typed.to_string()).unwrap();
    // The start URL in it has to be the one of the file.
    let entry = simulator.sso_cache_entry().unwrap();
    let entry = entry.expose_secret();
    let sign_in = aws.join(format!("sso/cache/{SIGN_IN_FILE}.json"));
    fs::write(sign_in, entry).unwrap();
    let entry: Value = serde_json::from_str(entry).unwrap();
    let canaries = ["accessToken", "refreshToken", "clientSecret"]
        .map(|name| entry[name].as_str().unwrap().to_owned())
        .into_iter()
        .chain(IDLE.map(str::to_owned))
        .collect();
    let variables = [
        ("SESSIONDECK_LOG", "trace"),
        ("PLANTED", PLANTED),
        // No page is ever opened.
        ("BROWSER", "/bin/true"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    // The data channel is not text, which is what goes through the tap.
    let channel = (
        "AWS_ENDPOINT_URL_SSMMESSAGES".to_owned(),
        simulator.endpoint_url(),
    );
    (home.with(variables).with([channel]), canaries)
}

/// What ends the application, or waits for a person in a dialog or program of the system. Their answers hold nothing but
/// where something was written.
const FOR_A_PERSON: [&str; 4] = [
    "answer_quit",
    "export_profiles",
    "open_settings_file",
    "quit",
];

/// Every command of the application with the names of its arguments, read from the sources.
fn commands() -> BTreeMap<String, Vec<String>> {
    let sources = testsuite::folder().join("../src-tauri");
    let listed = fs::read_to_string(sources.join("build.rs")).unwrap();
    let (_, listed) = listed.split_once("COMMANDS: &[&str] = &[").unwrap();
    let (listed, _) = listed.split_once("];").unwrap();
    let listed: BTreeSet<&str> = listed.split('"').skip(1).step_by(2).collect();
    let mut text = String::new();
    for (file, source) in testsuite::processes::files(&sources.join("src")) {
        if file.ends_with(".rs") {
            text.push_str(&String::from_utf8(source).unwrap());
        }
    }
    let found: BTreeMap<String, Vec<String>> = text
        .split("#[tauri::command")
        .skip(1)
        .filter_map(|rest| {
            let (_, rest) = rest.split_once("fn ")?;
            let (name, rest) = rest.split_once('(')?;
            let (arguments, _) = rest.split_once(") ")?;
            // `name: Type`; the types' own commas have no colon behind them.
            let names = arguments.split(',').filter_map(|one| {
                let (name, kind) = one.split_once(": ")?;
                let is_given = ["State<", "AppHandle", "Window"];
                let is_given = is_given.iter().any(|given| kind.contains(given));
                (!is_given).then(|| camel_case(name.trim()))
            });
            Some((name.to_owned(), names.collect()))
        })
        .collect();
    let names: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names, listed,
        "each command is in build.rs, and the other way round"
    );
    found
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(1);
        name + &head.to_uppercase() + tail
    })
}

/// What the page tries for each argument; `session` and `profile` are ones that exist.
fn attempts(session: &str, profile: &str) -> Vec<Value> {
    let draft = json!({
        "name": "../../.aws/credentials", "target": "$(cat ~/.aws/credentials)", "awsProfile": "idle",
        "region": "eu-west-1", "document": "", "reason": "", "colour": "none", "endpoint": null,
    });
    vec![
        json!(session),
        json!(profile),
        json!("00000000-0000-4000-8000-000000000000"),
        json!("../../../home/.aws/credentials"),
        json!("file:///etc/passwd"),
        json!("%2e%2e%2f.aws%2fsso%2fcache"),
        json!("idle"),
        json!("default"),
        json!("simulator"),
        json!("c2hvdyBtZQ=="),
        json!("\u{0}\u{202e}\u{1b}]52;c;?\u{7}"),
        json!("x".repeat(400_000)),
        json!(""),
        json!(0),
        json!(-1),
        json!(4_294_967_296_u64),
        json!(1.5e300),
        json!(true),
        Value::Null,
        json!([session, profile]),
        json!({ "cols": 80, "rows": 24 }),
        json!({ "cols": 0, "rows": 70_000, "__proto__": { "polluted": true } }),
        draft,
    ]
}

/// Calls commands with all attempts at once and in turn, and collects what comes back, events too.
const FUZZ: &str = r#"
    const [commands, attempts, listened, perCall] = arguments;
    const internals = window.__TAURI_INTERNALS__;
    const seen = { answered: 0, refused: 0, waiting: 0, texts: [] };
    const keep = (value) => seen.texts.push(typeof value === "string" ? value : JSON.stringify(value) ?? "");
    for (const event of listened)
        await internals.invoke("plugin:event|listen", {
            event, target: { kind: "Any" }, handler: internals.transformCallback((payload) => keep(payload)),
        });
    const late = Symbol();
    const call = async (command, given) => {
        const calling = internals.invoke(command, given).then(
            (value) => { seen.answered += 1; keep(value); }, (reason) => { seen.refused += 1; keep(reason); });
        const limit = new Promise((resolve) => setTimeout(resolve, perCall, late));
        if (await Promise.race([calling, limit]) === late) seen.waiting += 1;
    };
    for (const [command, names] of commands) {
        await call(command, {});
        for (let round = 0; round < attempts.length && names.length > 0; round += 1) {
            const alike = names.map((name) => [name, attempts[round]]);
            const mixed = names.map((name, at) => [name, attempts[(round + 7 * at + 3) % attempts.length]]);
            await Promise.all([call(command, Object.fromEntries(alike)), call(command, Object.fromEntries(mixed))]);
        }
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    seen.texts = seen.texts.join("\n");
    return seen;
"#;

/// All that a page can reach without asking: its document, what it keeps, its global scope.
const REACHABLE: &str = r#"
    const globals = Object.getOwnPropertyNames(window).map((name) => {
        try { const value = window[name]; return typeof value === "object" ? JSON.stringify(value) : String(value); }
        catch { return ""; }
    });
    return [document.documentElement.outerHTML, document.cookie, location.href, JSON.stringify(history.state),
            JSON.stringify(localStorage), JSON.stringify(sessionStorage), ...globals].join("\n");
"#;

async fn invoke(app: &App, command: &str) -> Value {
    let body = "return await window.__TAURI_INTERNALS__.invoke(arguments[0]);";
    app.async_script(body, vec![command.into()]).await
}

/// Takes back what the fuzzing has begun, so that the page can be used as by a person.
const CALM: &str = r#"
    const { invoke } = window.__TAURI_INTERNALS__;
    for (const { id } of await invoke("open_questions")) await invoke("cancel_question", { id });
"#;

/// Ends a watch with its drop, also where a test fails.
#[derive(Default)]
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The secrets that are in one of these places, each with the places.
fn found<'a>(canaries: &[String], places: &'a [(String, Vec<u8>)]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (number, canary) in canaries.iter().enumerate() {
        for (place, bytes) in places {
            if !hits(bytes, canary).is_empty() {
                found.push((number, place.as_str()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_page_calls_it_gets_no_secret_and_none_is_left_anywhere() {
    let commands = commands();
    let simulator = service::start_with(|config| {
        config.sign_in.assign("ann", ACCOUNT, "Operator");
        // The tap changes the host that was signed.
        config.require_signature = false;
    })
    .await;
    let tap = Tap::start(&simulator).await;
    let (home, mut canaries) = home(&simulator, &tap);
    let (answers, reachable, running) = in_app(&home, async |app| {
        let is_over = Over::default();
        let watching = tokio::task::spawn_blocking({
            let (root, is_over) = (app.root_process(), Arc::clone(&is_over.0));
            move || {
                let (mut all, mut processes) = (BTreeSet::new(), BTreeSet::new());
                while !is_over.load(Ordering::Relaxed) {
                    processes.extend(tree(root));
                    all.extend(seen(root));
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
                (all.into_iter().collect::<Vec<_>>(), processes.len())
            }
        });
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        app.terminal().wait_for_prompt().await;
        // An outage, with another token; and a start that is refused.
        let session = simulator.sessions().pop().unwrap().id;
        simulator.disconnect(&session, Disconnect::Abort);
        eventually("the session to be resumed", async || {
            (simulator.calls("ResumeSession") > 0).then_some(())
        })
        .await;
        app.terminal().wait_for_state("open").await;
        drop(is_over);
        let (running, processes) = watching.await.unwrap();
        assert!(processes > 3, "the driver, the application, its web process: {processes}");

        let profiles = invoke(app, "list_profiles").await;
        let profile = profiles["profiles"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["name"] == "Build server"))
            .and_then(|one| one["id"].as_str())
            .unwrap_or_else(|| panic!("the saved profile in {profiles}"))
            .to_owned();
        let opened: Value = app
            .async_script(
                "return await window.__TAURI_INTERNALS__.invoke('open_session', { profileId: arguments[0], size: { cols: 80, rows: 24 } });",
                vec![json!(profile)],
            )
            .await;
        let id = opened["id"].as_str().unwrap_or_else(|| panic!("{opened}")).to_owned();
        // What ends the sign-in comes last, so that there is one to get at until then.
        assert!(FOR_A_PERSON.iter().all(|name| commands.contains_key(*name)));
        let (last, first): (Vec<_>, Vec<_>) = commands
            .iter()
            .filter(|(name, _)| !FOR_A_PERSON.contains(&name.as_str()))
            .partition(|(name, _)| name.as_str() == "sign_out");
        let order: Vec<_> = first.into_iter().chain(last).collect();
        let listened = [
            ipc::QUESTIONS_EVENT.to_owned(),
            ipc::AWS_SETUP_EVENT.to_owned(),
            ipc::session_event_name(&id),
        ];
        let mut texts = String::new();
        let (mut answered, mut refused) = (0, 0);
        for some in order.chunks(5) {
            let arguments = vec![
                json!(some),
                json!(attempts(&id, &profile)),
                json!(listened),
                json!(400),
            ];
            let seen: Value = app.async_script(FUZZ, arguments).await;
            texts += seen["texts"].as_str().unwrap();
            answered += seen["answered"].as_u64().unwrap();
            refused += seen["refused"].as_u64().unwrap();
        }
        assert!(answered > 30 && refused > 500, "{answered} answered, {refused} refused");
        assert!(texts.contains("idle"), "what may be known of profiles came back");
        let reachable: String = app.script(REACHABLE, Vec::new()).await;

        // The application is well: another session opens.
        app.async_script::<Value>(CALM, Vec::new()).await;
        app.client().refresh().await.unwrap();
        app.page_shown().await;
        app.open_demo().await;
        (texts, reachable, running)
    })
    .await;
    canaries.extend(tap.values("TokenValue"));
    canaries.extend(tap.values("secretAccessKey"));
    canaries.extend(tap.values("sessionToken"));
    assert!(
        canaries.len() >= 12,
        "the planted ones, two tokens, and a role's keys: {}",
        canaries.len()
    );

    let page = [
        ("an answer or event".to_owned(), answers.into_bytes()),
        ("the page".to_owned(), reachable.into_bytes()),
    ];
    assert_eq!(found(&canaries, &page), []);

    let theirs = |place: &str| place.contains("/.aws/");
    let running: Vec<_> = running
        .into_iter()
        .filter(|(place, _)| !theirs(place))
        .collect();
    let planted = found(&[PLANTED.to_owned()], &running);
    assert!(
        planted.len() >= 2,
        "the search sees environments: {planted:?}"
    );
    assert_eq!(found(&canaries, &running), []);

    let (aws, own): (Vec<_>, Vec<_>) = home
        .files()
        .into_iter()
        .partition(|(place, _)| theirs(place));
    let seen = found(&canaries, &aws);
    assert!(
        // Those of the sign-in have gone with the sign-out.
        seen.len() >= 6,
        "the search sees the files that hold them: {seen:?}"
    );
    let log = own.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes));
    assert!(
        log.into_iter().any(|text| text.contains("TRACE")),
        "everything was logged"
    );
    assert_eq!(found(&canaries, &own), []);
    simulator.shutdown().await;
}
