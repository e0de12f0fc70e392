//! Keys, agents, encryption and ends

use std::time::Duration;

use bytes::Bytes;
use engine::{End, EndedBy, SessionUpdate, State};
use protocol::Notice;
use simulator::config::{
    DEFAULT_DOCUMENT, Document, DocumentKind, Handshake, KmsKeyBehaviour, Platform, Shell,
};
use simulator::faults::AgentAction;
use simulator::{Action, Config, Disconnect};
use testsuite::fixtures::unsigned;
use tokio::time::timeout;

use super::Scene;

/// A configuration whose sessions run this document.
fn running(document: Document) -> Config {
    let mut config = unsigned();
    config
        .documents
        .insert(DEFAULT_DOCUMENT.to_owned(), document);
    config
}

/// How a session of this configuration ends if nobody does anything, and its last output.
async fn ended(config: Config) -> (End, Scene) {
    let mut scene = Scene::start(config, |_| {}).await;
    let end = scene.session.until_ended().await;
    (end, scene)
}

fn info(scene: &Scene) -> engine::SessionInfo {
    let open = scene.session.states.iter().find_map(|state| {
        if let State::Open { info, .. } = state {
            Some(info.clone())
        } else {
            None
        }
    });
    open.expect("it was open")
}

/// Ctrl-Y disconnects, Ctrl-O and Ctrl-S are eaten: emacs, screen and nano cannot be used
#[tokio::test]
async fn smp_29_every_control_code_reaches_the_program() {
    let mut scene = Scene::open().await;
    scene
        .session
        .send(
            "stty raw -echo; echo REA''DY; head -c 33 | od -An -v -tx1 | tr -d ' \\n'; stty sane; echo DO''NE\r",
        )
        .await;
    scene.session.until_output("READY").await;
    let codes: Vec<u8> = (0..0x20).chain([0x7f]).collect();
    for code in &codes {
        let sent = scene
            .session
            .handle
            .send_input(Bytes::copy_from_slice(&[*code]));
        assert!(sent.await, "{code:#x} ended the session");
    }
    scene
        .session
        .until_output(&format!("{}DONE", hex::encode(&codes)))
        .await;
    scene.answers().await;
    scene.close().await;
}

/// Ctrl-C and Ctrl-Z end the session instead of reaching the shell
#[tokio::test]
async fn agent_483_interrupt_and_suspend_stop_the_program_and_not_the_session() {
    let mut scene = Scene::open().await;
    for (key, prompt) in [("\x03", "interrupted> "), ("\x1a", "suspended> ")] {
        // Spelt so that the echo of the command is not taken for the prompt.
        let (front, back) = prompt.split_at(3);
        scene
            .session
            .send(&format!("PS1='{front}''{back}'; echo sta''rted; cat\r"))
            .await;
        scene.session.until_output("started").await;
        // While the shell is still starting the program, the key is the shell's and not the program's: pressed again, as
        // a person does.
        let stopped = async {
            loop {
                scene.session.send(key).await;
                let seen = scene.session.until_output(prompt);
                if timeout(Duration::from_secs(1), seen).await.is_ok() {
                    break;
                }
            }
        };
        timeout(Duration::from_secs(15), stopped)
            .await
            .expect("the key stops the program");
        scene.answers().await;
        scene.session.output.clear();
    }
    scene.close().await;
}

/// `@` and accented letters are lost or garbled
#[tokio::test]
async fn smp_36_letters_split_between_messages_arrive_whole() {
    let mut scene = Scene::open().await;
    let word = "@é€ñ日本😀";
    scene
        .session
        .send("stty raw -echo; echo REA''DY; head -c 20; echo; stty sane\r")
        .await;
    scene.session.until_output("READY").await;
    assert_eq!(word.len(), 18);
    for byte in word.bytes().chain(*b"..") {
        scene
            .session
            .handle
            .send_input(Bytes::copy_from_slice(&[byte]))
            .await;
    }
    scene.session.until_output(&format!("{word}..")).await;
    scene.close().await;
}

/// Windows agents, which change line ends
#[tokio::test]
async fn wire_enter_reaches_a_windows_agents_program_as_it_was_typed() {
    let mut config = unsigned();
    config.agent.platform = Platform::Windows;
    let script =
        "stty raw -echo; printf ready; head -c 4 | od -An -v -tx1 | tr -d ' \\n'; sleep 1000";
    config.shell = Shell::new(["sh", "-c", script]);
    let mut scene = Scene::open_on(config).await;
    scene.session.until_output("ready").await;
    scene.session.send("a\rb\r").await;
    scene.session.until_output("610d620d").await;
    scene.close().await;
}

/// Old agents, without a handshake
#[tokio::test]
async fn wire_an_old_agent_without_a_handshake_is_served_too() {
    for version in ["2.3.538.0", "2.3.539.0"] {
        let document =
            Document::new(DocumentKind::StandardStream).with_handshake(Handshake::Always);
        let mut config = running(document);
        config.agent.version = version.to_owned();
        let mut scene = Scene::open_on(config).await;
        assert_eq!(info(&scene).handshake, version == "2.3.539.0");
        scene.carry().await;
        scene.close().await;
    }
}

/// Payloads of a type that the client does not know
#[tokio::test]
async fn wire_unknown_payload_types_are_acknowledged_and_passed_over() {
    let mut scene = Scene::open().await;
    scene.act(Action::Agent(AgentAction::Send {
        payload_type: 99,
        payload: Bytes::from_static(b"news of another kind"),
    }));
    scene
        .until_notice(|notice| *notice == Notice::UnknownPayloadType(99))
        .await;
    scene.carry().await;
    assert!(!scene.session.text().contains("another kind"));
    scene.close().await;
}

/// Encrypted sessions fail in other clients
#[tokio::test]
async fn toolkit_8840_an_encrypted_session_works_and_stays_encrypted_over_outages() {
    for (version, requires_challenge) in [("3.3.807.0", false), ("3.3.987.0", true)] {
        let mut config = unsigned();
        config.encrypt_sessions(KmsKeyBehaviour::Enabled);
        config.agent.version = version.to_owned();
        config.agent.requires_kms_challenge = requires_challenge;
        let mut scene = Scene::open_on(config).await;
        assert!(info(&scene).is_encrypted, "{version}");
        scene.carry().await;
        scene.lose(Disconnect::Abort).await;
        scene.carry().await;
        scene.close().await;
    }
}

/// Encryption errors that help nobody: who lacks which permission on which key?
#[tokio::test]
async fn agent_198_a_denied_key_ends_the_session_with_the_permission_and_the_key() {
    let mut config = unsigned();
    let key = config.encrypt_sessions(KmsKeyBehaviour::Denied);
    let (end, scene) = ended(config).await;
    let words = end.words().unwrap_or_default();
    assert!(words.contains("kms:GenerateDataKey"), "{words}");
    assert!(words.contains(&key), "{words}");
    assert_eq!(end.by(), EndedBy::Agent);
    scene.close().await;
}

/// The same for a key that does not exist
#[tokio::test]
async fn agent_198_a_missing_key_ends_the_session_with_its_name() {
    let document = Document::new(DocumentKind::StandardStream).with_kms_key("alias/nothing");
    let (end, scene) = ended(running(document)).await;
    let words = end.words().unwrap_or_default();
    assert!(words.contains("alias/nothing is not found"), "{words}");
    scene.close().await;
}

/// The same where the instance may not decrypt
#[tokio::test]
async fn agent_198_an_instance_that_may_not_decrypt_is_the_one_named() {
    let mut config = unsigned();
    config.encrypt_sessions(KmsKeyBehaviour::DecryptDenied);
    let (end, scene) = ended(config).await;
    let words = end.words().unwrap_or_default();
    assert!(words.contains("Error when decrypting data key"), "{words}");
    assert_eq!(end.by(), EndedBy::Agent);
    scene.close().await;
}

/// The idle limit ends sessions, and nothing says so
#[tokio::test]
async fn agent_261_the_idle_limit_is_named_as_the_end() {
    let mut config = unsigned();
    config.idle_timeout = Some(Duration::from_millis(500));
    let (end, scene) = ended(config).await;
    assert_eq!(end.by(), EndedBy::IdleTimeout);
    assert!(
        end.words()
            .is_some_and(|words| words.contains("inactivity"))
    );
    scene.close().await;
}

/// Sessions end at random, and no reason is given
#[tokio::test]
async fn smp_139_a_longest_duration_and_an_end_from_elsewhere_are_told_apart() {
    let mut config = unsigned();
    config.max_duration = Some(Duration::from_millis(500));
    let (end, scene) = ended(config).await;
    assert_eq!(end.by(), EndedBy::MaximumDuration);
    scene.close().await;

    let words = "This session was terminated by arn:aws:iam::000000000000:user/root";
    for (words, by) in [
        (words, EndedBy::Elsewhere),
        ("", EndedBy::ShellExitOrElsewhere),
    ] {
        let mut scene = Scene::open().await;
        assert!(scene.simulator.terminate_with(&scene.id, words));
        let end = scene.session.until_ended().await;
        assert_eq!(end.by(), by, "{end:?}");
        assert_eq!(end.words().unwrap_or_default(), words);
        scene.session.close().await;
        assert_eq!(scene.source.terminates(), 0, "it is over already");
        scene.close().await;
    }
}

/// An agent's failure comes as odd output or as "plugin not found"
#[tokio::test]
async fn agent_272_a_shell_that_cannot_be_started_is_the_agents_failure_in_its_words() {
    let mut config = unsigned();
    config.shell = Shell::new(["/no/such/shell"]);
    let (end, scene) = ended(config).await;
    assert_eq!(end.by(), EndedBy::Agent, "{end:?}");
    let words = end.words().unwrap_or_default();
    assert!(words.contains("Unable to start command"), "{words}");
    scene.close().await;
}

/// What a command of this text writes to its two outputs, and how it ends.
async fn command(commands: &str) -> (Vec<u8>, Vec<u8>, End) {
    let kind = DocumentKind::NonInteractiveCommands {
        commands: commands.to_owned(),
        separate_output_stream: true,
    };
    let mut scene = Scene::start(running(Document::new(kind)), |_| {}).await;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(update) = scene.session.next().await {
        match update {
            SessionUpdate::Output(bytes) => out.extend_from_slice(&bytes),
            SessionUpdate::Stderr(bytes) => err.extend_from_slice(&bytes),
            SessionUpdate::State(_) | SessionUpdate::Notice(_) => {}
        }
    }
    let end = scene.session.until_ended().await;
    scene.close().await;
    (out, err, end)
}

/// No exit code
#[tokio::test]
async fn smp_59_a_commands_exit_code_is_known() {
    for code in [0, 7] {
        let (_, _, end) = command(&format!("sh -c 'exit {code}'")).await;
        let End::Finished { by, exit_code } = end else {
            panic!("{end:?}");
        };
        assert_eq!((by, exit_code), (EndedBy::ShellExit, Some(code)));
    }
}

/// Banners in the output break scripts; errors come mixed with it
#[tokio::test]
async fn agent_358_a_commands_output_holds_nothing_else_and_its_errors_come_apart() {
    let (out, err, _) = command(r#"sh -c "printf 'one\n\377'; echo two >&2""#).await;
    assert_eq!(out, b"one\n\xff");
    assert_eq!(err, b"two\n");
}
