//! Holds a session with whatever the environment leads to, by `aws-ssm-bridge`, a client of Session Manager that others
//! have written. Started by `run.py` with nothing but what the simulator prints. Exits with 0 if the shell answered.

use std::time::Duration;

use aws_ssm_bridge::{CloseReason, EndpointPolicy, SessionBuilder};
use futures_util::StreamExt as _;
use tokio::time::timeout;

/// For each step, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let target = std::env::var("SIMULATOR_TARGET")?;
    let region = std::env::var("AWS_REGION")?;
    // By itself it connects to AWS's own host names only, which is right; this is the only thing it has to be told.
    let session = SessionBuilder::new(&target)
        .region(region)
        .reason("interoperability test")
        .endpoint_policy(EndpointPolicy::AllowAny)
        .start()
        .await?;
    let mut output = session.output();
    timeout(LIMIT, session.wait_ready()).await??;
    session.send_terminal_size(97, 31).await?;

    session.send(b"echo $((6*7)); stty size\r".to_vec()).await?;
    let mut text = String::new();
    let answered = async {
        while let Some(chunk) = output.next().await {
            text.push_str(&String::from_utf8_lossy(&chunk));
            if text.contains("42\r\n") && text.contains("31 97\r\n") {
                return true;
            }
        }
        false
    };
    let answered = timeout(LIMIT, answered).await;
    if !matches!(answered, Ok(true)) {
        return Err(format!("the shell did not answer 42 and 31 97, but {text:?}").into());
    }

    session.send(b"exit\r".to_vec()).await?;
    timeout(LIMIT, session.closed())
        .await
        .map_err(|_| "the session did not end")?;
    let reason = session
        .close_reason()
        .ok_or("the session ended without a reason")?;
    // Not because a connection broke.
    if !matches!(reason, CloseReason::AgentClosed { .. }) {
        return Err(format!("the session ended otherwise: {reason}").into());
    }
    Ok(())
}
