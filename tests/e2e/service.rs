//! Session Manager as a test runs it: the simulator in our own process, so that a test sees the service's side.

use secrecy::ExposeSecret as _;
use simulator::config::Shell;
use simulator::{Config, Simulator};

/// Starts a simulator that knows a target for each way in which a session can fail to start.
pub(crate) async fn start() -> Simulator {
    start_with(|_| ()).await
}

/// The same with more to it.
pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Simulator {
    let mut config = Config::with_failing_targets();
    change(&mut config);
    // The same prompt as in the application's own demo, see `Home`.
    config.shell = Shell::new(["/bin/bash", "--norc", "--noprofile"]);
    config.shell.env.insert("PS1".to_owned(), "$ ".to_owned());
    Simulator::start(config).await.unwrap()
}

/// What the application must be told to find it.
pub(crate) fn environment(simulator: &Simulator) -> Vec<(String, String)> {
    let variables = simulator.environment();
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.expose_secret().to_owned()))
        .collect()
}
