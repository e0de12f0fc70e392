//! A declared message gateway, against a service that checks every signature.

use std::time::Duration;

use connect::{AwsSource, Plan};
use engine::{SessionConfig, SessionHandle, SessionUpdate, State};
use simulator::config::Shell;
use simulator::{Config, Simulator};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

#[tokio::test]
async fn smp_122_the_signature_holds_for_the_gateway_in_the_stream_urls_hosts_place() {
    let mut config = Config::default();
    config.require_signature = true;
    // Without the person's start-up files.
    config.shell = Shell::new(["/bin/sh"]);
    let simulator = Simulator::start(config).await.expect("loopback is there");
    // Another name of the same server: what is signed and sent as `Host` has to be this one.
    let gateway = simulator.endpoint_url().replace("127.0.0.1", "localhost");
    assert_ne!(gateway, simulator.endpoint_url());
    let plan = Plan {
        tags: None,
        settings: aws::Settings {
            aws_profile: None,
            region: Some(simulator.region().to_owned()),
            endpoint: Some(aws::Endpoint {
                ssm: simulator.endpoint_url(),
                ssmmessages: Some(gateway),
            }),
            credentials: aws::Credentials::Keys {
                access_key_id: simulator.access_key_id().to_owned(),
                secret_access_key: simulator.secret_access_key().clone(),
                session_token: None,
            },
            ..aws::Settings::default()
        },
        request: aws::StartSession {
            target: simulator.target().to_owned(),
            ..aws::StartSession::default()
        },
        ..Plan::default()
    };
    let source = AwsSource::new(broker(), move || {
        let plan = plan.clone();
        Box::pin(async move { Ok(plan) })
    });
    let tracker = TaskTracker::new();
    let (handle, mut updates) = SessionHandle::spawn(
        SessionConfig::default(),
        std::sync::Arc::new(source),
        &tracker,
    );
    let opened = async {
        while let Some(update) = updates.recv().await {
            match update {
                SessionUpdate::State(State::Open { .. }) => return,
                SessionUpdate::State(state @ (State::Ended(_) | State::Reconnecting(_))) => {
                    panic!("{state:?}")
                }
                SessionUpdate::State(_)
                | SessionUpdate::Output(_)
                | SessionUpdate::Stderr(_)
                | SessionUpdate::Notice(_) => {}
            }
        }
    };
    timeout(Duration::from_secs(20), opened)
        .await
        .expect("the session opens");
    handle.close().await;
    simulator.shutdown().await;
}

fn broker() -> aws::Broker {
    aws::Broker::new(aws::BrokerOptions::from_environment())
}
