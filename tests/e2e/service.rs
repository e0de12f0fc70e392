//! Session Manager as a test runs it: the simulator in our own process, so that a test sees the service's side.

use secrecy::ExposeSecret as _;
use simulator::{Config, Simulator};

/// Starts a simulator that knows a target for each way in which a session can fail to start.
pub(crate) async fn start() -> Simulator {
    Simulator::start(Config::with_failing_targets())
        .await
        .unwrap()
}

/// What the application must be told to find it.
pub(crate) fn environment(simulator: &Simulator) -> Vec<(String, String)> {
    let variables = simulator.environment();
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.expose_secret().to_owned()))
        .collect()
}
