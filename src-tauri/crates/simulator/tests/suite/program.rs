//! The simulator as a program: what it prints is all a client needs.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::{Client, LIMIT, is_alive};
use crate::signer::Caller;

struct Program {
    child: Child,
    caller: Caller,
    target: String,
    variables: std::collections::BTreeMap<String, String>,
}

async fn start(arguments: &[&str]) -> Program {
    let mut child = Command::new(env!("CARGO_BIN_EXE_simulator"))
        .args(arguments)
        .env("AWS_SESSION_TOKEN", "somebody's own")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut variables = std::collections::BTreeMap::new();
    let reading = async {
        while !variables.contains_key("SIMULATOR_TARGET") {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some((name, value)) = line
                .strip_prefix("export ")
                .and_then(|line| line.split_once('='))
            {
                variables.insert(
                    name.to_owned(),
                    value.trim_end_matches(';').trim_matches('\'').to_owned(),
                );
            }
        }
    };
    timeout(LIMIT, reading).await.unwrap();
    let caller = Caller {
        address: variables["AWS_ENDPOINT_URL_SSM"]
            .trim_start_matches("http://")
            .to_owned(),
        access_key_id: variables["AWS_ACCESS_KEY_ID"].clone(),
        secret_access_key: variables["AWS_SECRET_ACCESS_KEY"].clone(),
        session_token: None,
        region: variables["AWS_REGION"].clone(),
        clock_ahead: 0,
    };
    Program {
        child,
        caller,
        target: variables["SIMULATOR_TARGET"].clone(),
        variables,
    }
}

#[tokio::test]
async fn a_client_that_knows_what_is_printed_gets_a_shell_until_the_program_is_stopped() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let mut program = start(&["--region", "us-west-2", "--delay", "0", "--", "sh"]).await;
        assert_eq!(program.caller.region, "us-west-2");
        let body = json!({ "Target": program.target });
        let mut client = Client::start(program.caller.clone(), &body, Some((80, 24))).await;
        client.send("echo pi''d=$$; echo $((6*7))\r");
        client.read_until("pid=").await;
        let shell: u32 = client.read_until("\r").await.trim().parse().unwrap();
        client.read_until("42\r\n").await;
        assert!(is_alive(shell));

        let pid = i32::try_from(program.child.id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal)
            .unwrap();
        let status = timeout(Duration::from_secs(10), program.child.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(status.success(), "{status}");
        assert!(!is_alive(shell));
    }
}

#[tokio::test]
async fn what_is_printed_is_for_a_shell_to_evaluate() {
    let mut child = Command::new("sh")
        .args(["-c", "AWS_SESSION_TOKEN=old; AWS_PROFILE=old; eval \"$(cat)\"; echo \"$AWS_ENDPOINT_URL_SSM $AWS_REGION $SIMULATOR_TARGET <$AWS_SESSION_TOKEN$AWS_PROFILE>\""])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_simulator"))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut stdin = child.stdin.take().unwrap();
    loop {
        let line = timeout(LIMIT, printed.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, format!("{line}\n").as_bytes())
            .await
            .unwrap();
        if line.contains("SIMULATOR_TARGET") {
            break;
        }
    }
    drop(stdin);
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .await
        .unwrap();
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    assert!(words[0].starts_with("http://127.0.0.1:"), "{text}");
    assert_eq!(words[1..], ["eu-west-1", simulator::DEMO_TARGET, "<>"]);
}

#[tokio::test]
async fn faults_can_be_asked_for_by_options() {
    let program = start(&[
        "--fast",
        "--kms",
        "enabled",
        "--call",
        "StartSession=throttling*1",
        "--damage",
        "stream/duplicate=0.5",
        "--after",
        "100ms=bye",
        "--",
        "sh",
    ])
    .await;
    let body = json!({ "Target": program.target });
    let answer = program.caller.call("StartSession", &body).await;
    assert_eq!(answer.error(), (400, "ThrottlingException".to_owned()));
    let mut client = Client::start(program.caller.clone(), &body, Some((80, 24))).await;
    client
        .run_until("the close", |client| client.socket.is_none())
        .await;
    assert_eq!(client.gone, Some(Some(1000)));
    client.send("echo $((6*7))\r");
    while !client.text().contains("42\r\n") {
        client.reconnect().await;
        client
            .run_until("the answer or the next close", |client| {
                client.socket.is_none() || client.text().contains("42\r\n")
            })
            .await;
    }
    assert!(client.opened.clone().unwrap().is_encrypted);
}

#[tokio::test]
async fn the_authority_of_a_secured_service_is_written_for_clients_to_trust() {
    let path = std::env::temp_dir().join(format!("simulator-ca-{}.pem", std::process::id()));
    let program = start(&["--tls", path.to_str().unwrap()]).await;
    let pem = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    assert_eq!(program.variables["AWS_CA_BUNDLE"], path.to_str().unwrap());
    let endpoint = &program.variables["AWS_ENDPOINT_URL_SSM"];
    assert!(endpoint.starts_with("https://"), "{endpoint}");
}

#[tokio::test]
async fn profiles_for_signing_in_are_written_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = std::env::temp_dir().join(format!("simulator-config-{}", std::process::id()));
    let program = start(&[
        "--sign-in",
        path.to_str().unwrap(),
        "--role",
        "arn:aws:iam::333333333333:role/Deployer,external-id=it's me,mfa",
        "--mfa",
        "123456",
    ])
    .await;
    let text = std::fs::read_to_string(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(mode & 0o777, 0o600);
    let variables = &program.variables;
    assert_eq!(variables["AWS_CONFIG_FILE"], path.to_str().unwrap());
    let endpoint = &variables["AWS_ENDPOINT_URL_SSM"];
    for name in ["STS", "SSO", "SSO_OIDC"] {
        assert_eq!(&variables[&format!("AWS_ENDPOINT_URL_{name}")], endpoint);
    }
    let start_url = &variables["SIMULATOR_START_URL"];
    assert!(start_url.starts_with(endpoint), "{start_url}");
    let wanted = format!(
        "[sso-session simulator]\nsso_start_url = {start_url}\nsso_region = eu-west-1\n\
         sso_registration_scopes = sso:account:access\n\n\
         [profile sso-111111111111-Operator]\nsso_session = simulator\nsso_account_id = 111111111111\n\
         sso_role_name = Operator\nregion = eu-west-1\nendpoint_url = {endpoint}\n\n"
    );
    assert!(text.starts_with(&wanted), "{text}");
    let wanted = format!(
        "[profile role-Deployer]\nrole_arn = arn:aws:iam::333333333333:role/Deployer\n\
         credential_source = Environment\nregion = eu-west-1\nendpoint_url = {endpoint}\n\
         external_id = it's me\nmfa_serial = arn:aws:iam::000000000000:mfa/demo\n\n"
    );
    assert!(text.ends_with(&wanted), "{text}");
    let secret = &program.caller.secret_access_key;
    assert!(
        !text.contains(secret),
        "the keys are in the environment only"
    );
}

#[tokio::test]
async fn documents_can_be_added_by_options() {
    let program = start(&["--fast", "--document", "Greet=separated:echo {{ whom }}"]).await;
    let body = json!({
        "Target": program.target,
        "DocumentName": "Greet",
        "Parameters": {"whom": ["the world"]},
    });
    let mut client = Client::start(program.caller.clone(), &body, None).await;
    client
        .run_until("the exit code", |client| client.exit_code == Some(0))
        .await;
    assert_eq!(client.text(), "the world\n");
}

#[tokio::test]
async fn wrong_arguments_and_a_taken_port_are_told() {
    let program = start(&["--fast"]).await;
    let port = program.caller.address.rsplit_once(':').unwrap().1;
    for (arguments, words, code) in [
        (&["--bogus"][..], "--help", 2),
        (&["--port", port], "cannot listen on 127.0.0.1", 1),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_simulator"))
            .args(arguments)
            .output()
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(words), "{text}");
        assert_eq!(output.status.code(), Some(code));
        assert!(output.stdout.is_empty());
    }
}
