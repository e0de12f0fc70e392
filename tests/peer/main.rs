//! A simulator as a process of its own, for tests that measure the client alone: says where it is, and ends when its
//! input does.

use std::io::{self, Read, Write};

use simulator::{Simulator, SimulatorError};
use testsuite::fixtures::unsigned;

#[tokio::main]
async fn main() -> Result<(), SimulatorError> {
    let simulator = Simulator::start(unsigned()).await?;
    // Nobody to tell is nobody to wait for: the input ends at once then.
    let _ = writeln!(io::stdout(), "{}", simulator.endpoint_url());
    let until_the_end = || io::stdin().read_to_end(&mut Vec::new());
    let _ = tokio::task::spawn_blocking(until_the_end).await;
    simulator.shutdown().await;
    Ok(())
}
