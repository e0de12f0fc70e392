//! **Local demo**: Session Manager inside the application, for a shell of this very machine.
//!
//! The simulator starts with the first demo session and ends with the application. Its keys, ports and tokens are random
//! and known to this process alone. Everything else of the application treats it as the service: the profile's endpoint
//! is all that is different.

use std::sync::atomic::{AtomicBool, Ordering};

use connect::Plan;
use engine::SourceError;
use simulator::{Config, Simulator};
use tokio::sync::Mutex;

use crate::opening;

/// The simulator, once it is wanted.
#[derive(Default)]
pub(crate) struct Demo {
    // An async lock: starting awaits, and a second opener must wait for the first.
    simulator: Mutex<Option<Simulator>>,
    running: AtomicBool,
}

impl Demo {
    /// What a session on the demo's shell is started with; starts the simulator where it is not running.
    pub(crate) async fn plan(&self) -> Result<Plan, SourceError> {
        let mut slot = self.simulator.lock().await;
        let simulator = match &mut *slot {
            Some(simulator) => simulator,
            none => {
                let started = Simulator::start(Config::default())
                    .await
                    .map_err(|error| opening::demo_error(&error.to_string()))?;
                self.running.store(true, Ordering::Release);
                none.insert(started)
            }
        };
        Ok(Plan {
            tags: None,
            settings: aws::Settings {
                aws_profile: None,
                region: Some(simulator.region().to_owned()),
                endpoint: Some(aws::Endpoint {
                    ssm: simulator.endpoint_url(),
                    // Said, so that an address of the environment or of a profile is not taken for the demo's.
                    ssmmessages: Some(simulator.endpoint_url()),
                }),
                credentials: aws::Credentials::Keys {
                    access_key_id: simulator.access_key_id().to_owned(),
                    secret_access_key: simulator.secret_access_key().clone(),
                    session_token: None,
                },
            },
            request: aws::StartSession {
                target: simulator.target().to_owned(),
                ..aws::StartSession::default()
            },
        })
    }

    /// Whether there is a simulator to end.
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Ends the simulator and every shell it started.
    pub(crate) async fn shut_down(&self) {
        let simulator = self.simulator.lock().await.take();
        if let Some(simulator) = simulator {
            simulator.shutdown().await;
        }
        self.running.store(false, Ordering::Release);
    }
}
