//! Targets that are rules, followed at the service each time a session starts.

use std::collections::BTreeMap;

use connect::{AwsSource, Plan};
use engine::{SessionSource, SourceErrorKind};
use simulator::config::{Target, TargetBehaviour};
use simulator::{Config, Simulator};

async fn simulator(targets: Vec<Target>) -> Simulator {
    let mut config = Config::with_failing_targets();
    config.targets.extend(targets);
    Simulator::start(config).await.expect("loopback is there")
}

fn source(simulator: &Simulator, tags: &[(&str, &str)]) -> AwsSource {
    let tags: BTreeMap<String, String> = tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let plan = Plan {
        settings: aws::Settings {
            aws_profile: None,
            region: Some(simulator.region().to_owned()),
            endpoint: Some(aws::Endpoint {
                ssm: simulator.endpoint_url(),
                ssmmessages: None,
            }),
            credentials: aws::Credentials::Keys {
                access_key_id: simulator.access_key_id().to_owned(),
                secret_access_key: simulator.secret_access_key().clone(),
                session_token: None,
            },
            ..aws::Settings::default()
        },
        request: aws::StartSession {
            target: "the rule".to_owned(),
            ..aws::StartSession::default()
        },
        tags: Some(tags),
        ..Plan::default()
    };
    let broker = aws::Broker::new(aws::BrokerOptions::from_environment());
    AwsSource::new(broker, move || {
        let plan = plan.clone();
        Box::pin(async move { Ok(plan) })
    })
}

#[tokio::test]
async fn a_rule_finds_the_node_with_all_its_tags_that_is_online() {
    use TargetBehaviour::{Connected, NotConnected};
    let simulator = simulator(vec![
        Target::new("i-0000000000000a001", "web-1", Connected)
            .with_tag("Role", "web")
            .with_tag("Stage", "test"),
        Target::new("i-0000000000000a002", "web-2", Connected)
            .with_tag("Role", "web")
            .with_tag("Stage", "prod"),
        Target::new("i-0000000000000a003", "web-3", NotConnected)
            .with_tag("Role", "web")
            .with_tag("Stage", "test"),
        Target::new("i-0000000000000a004", "job", Connected)
            .with_tag("aws:autoscaling:groupName", "jobs"),
    ])
    .await;
    for (tags, target) in [
        (
            &[("Role", "web"), ("Stage", "test")][..],
            "i-0000000000000a001",
        ),
        (&[("Name", "web-2")], "i-0000000000000a002"),
        (
            &[("aws:autoscaling:groupName", "jobs")],
            "i-0000000000000a004",
        ),
    ] {
        let ticket = source(&simulator, tags)
            .start()
            .await
            .expect("one is there");
        assert_eq!(ticket.target, target);
        let record = simulator.start_records().pop().expect("it was started");
        assert_eq!(record.target, target);
    }
    let started = simulator.start_records().len();
    for (tags, words) in [
        (
            &[("Role", "web")][..],
            "2 nodes that match the rule are online.",
        ),
        (
            &[("Name", "web-3")],
            "No node that matches the rule is online.",
        ),
        (&[("Name", "nowhere")], "No node matches the rule."),
    ] {
        let error = source(&simulator, tags).start().await.expect_err("not one");
        assert_eq!(error.kind, SourceErrorKind::Refused);
        assert_eq!(error.message, words);
    }
    assert_eq!(
        simulator.start_records().len(),
        started,
        "nothing was started"
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_replaced_node_is_found_by_the_next_session() {
    let connected =
        |id: &str| Target::new(id, "web", TargetBehaviour::Connected).with_tag("Role", "unique");
    let before = simulator(vec![connected("i-0000000000000b001")]).await;
    let ticket = source(&before, &[("Role", "unique")])
        .start()
        .await
        .expect("there");
    assert_eq!(ticket.target, "i-0000000000000b001");
    before.shutdown().await;
    let after = simulator(vec![connected("i-0000000000000b002")]).await;
    let ticket = source(&after, &[("Role", "unique")])
        .start()
        .await
        .expect("there");
    assert_eq!(ticket.target, "i-0000000000000b002");
    after.shutdown().await;
}
