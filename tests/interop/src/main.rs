//! Holds sessions with whatever the environment leads to, by `aws-ssm-bridge`, a client of Session Manager that others
//! have written. Started by `run.py` with nothing but what the simulator prints, and reports to it: a line for each
//! case, `test NAME ... ok` or `test NAME ... FAILED`.
//!
//! How a session ends is looked at only where this side ends it. Where the other side does, the service's
//! `channel_closed` has a header of 112 bytes, which this version of the client takes for a violation of the protocol.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use aws_ssm_bridge::documents::NonInteractiveCommand;
use aws_ssm_bridge::{
    CloseReason, EndpointPolicy, OutputStream, Session, SessionBuilder, SessionManager,
};
use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};

/// For each step, on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let outcomes = [
        (
            "a_shell_answers_in_the_size_of_the_client",
            a_shell_answers_in_the_size_of_the_client().await,
        ),
        (
            "a_command_document_runs_after_a_handshake",
            a_command_document_runs_after_a_handshake().await,
        ),
    ];
    let mut code = ExitCode::SUCCESS;
    for (name, outcome) in outcomes {
        match outcome {
            Ok(()) => println!("test {name} ... ok"),
            Err(problem) => {
                println!("test {name} ... FAILED");
                eprintln!("{name}: {problem}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// What every session here is started with. By itself the client connects to AWS's own host names only, which is right;
/// the policy is the only thing that it has to be told.
fn builder() -> Result<SessionBuilder, Box<dyn Error>> {
    let target = std::env::var("SIMULATOR_TARGET")?;
    Ok(SessionBuilder::new(target)
        .reason("interoperability test")
        .endpoint_policy(EndpointPolicy::AllowAny))
}

async fn a_shell_answers_in_the_size_of_the_client() -> Outcome {
    let manager = SessionManager::new().await?;
    let session = builder()?.start_with(&manager).await?;
    let mut output = session.output();
    timeout(LIMIT, session.wait_ready()).await??;
    session.send_terminal_size(97, 31).await?;
    session
        .send(b"echo $((6*7)); stty size; seq 3000\r".to_vec())
        .await?;
    let text = read_until(&mut output, "\n3000\r\n").await?;
    let mut numbers = String::from("42\r\n31 97\r\n");
    numbers.extend((1..=3000).map(|number| format!("{number}\r\n")));
    if !text.contains(&numbers) {
        return Err(format!("the shell answered {text:?}").into());
    }
    terminated(&manager, &session).await
}

async fn a_command_document_runs_after_a_handshake() -> Outcome {
    let manager = SessionManager::new().await?;
    let command = NonInteractiveCommand::new("sh -c 'echo $((6*7))'");
    let session = builder()?.document(command).start_with(&manager).await?;
    let mut output = session.output();
    timeout(LIMIT, session.wait_ready()).await??;
    read_until(&mut output, "42\n").await?;
    // Only a handshake tells it.
    session.agent_version().ok_or("no version of the agent")?;
    Ok(())
}

async fn read_until(output: &mut OutputStream, wanted: &str) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let reading = async {
        while !text.contains(wanted) {
            match output.next().await {
                Some(chunk) => text.push_str(&String::from_utf8_lossy(&chunk)),
                None => return false,
            }
        }
        true
    };
    match timeout(LIMIT, reading).await {
        Ok(true) => Ok(text),
        Ok(false) => Err(format!("the output ended after {text:?}").into()),
        Err(_) => Err(format!("timed out; the output so far: {text:?}").into()),
    }
}

/// Ends a session, and looks whether the service lists it as ended.
async fn terminated(manager: &SessionManager, session: &Session) -> Outcome {
    session.terminate().await?;
    let reason = session.close_reason();
    if !matches!(reason, Some(CloseReason::Terminated)) {
        return Err(format!("the session ended otherwise: {reason:?}").into());
    }
    let listed = async {
        loop {
            let history = manager.ssm_client().describe_sessions();
            let history = history.state("History".into()).send().await?;
            let mut sessions = history.sessions().iter();
            let ended = sessions.find(|listed| listed.session_id() == Some(session.id()));
            match ended.and_then(|listed| listed.status()) {
                Some(status) if status.as_str() == "Terminated" => return Outcome::Ok(()),
                _ => sleep(Duration::from_millis(50)).await,
            }
        }
    };
    timeout(LIMIT, listed)
        .await
        .map_err(|_| "the service does not list the session as terminated")?
}
