//! The HTTP API: signatures, error shapes, listing, bounds.

use serde_json::{Value, json};
use simulator::config::{DENIED_TARGET, EXPIRED_TARGET, SILENT_TARGET, THROTTLED_TARGET};
use simulator::{Config, DEMO_TARGET, OFFLINE_TARGET, SessionStatus, Simulator};

use crate::client::config;
use crate::signer::Caller;

#[tokio::test]
async fn every_error_has_the_shape_and_status_of_the_service() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let start = |target: &str| json!({ "Target": target });
    for (operation, body, status, kind, message) in [
        (
            "StartSession",
            start(OFFLINE_TARGET),
            400,
            "TargetNotConnected",
            format!("{OFFLINE_TARGET} is not connected."),
        ),
        (
            "StartSession",
            start("i-1"),
            400,
            "TargetNotConnected",
            "i-1 is not connected.".to_owned(),
        ),
        (
            "StartSession",
            start(DENIED_TARGET),
            403,
            "AccessDeniedException",
            format!(
                "User: arn:aws:iam::000000000000:user/demo is not authorized to perform: ssm:StartSession on resource: \
                 arn:aws:ec2:eu-west-1:000000000000:instance/{DENIED_TARGET} because no identity-based policy allows \
                 the ssm:StartSession action"
            ),
        ),
        (
            "StartSession",
            start(THROTTLED_TARGET),
            400,
            "ThrottlingException",
            "Rate exceeded".to_owned(),
        ),
        (
            "StartSession",
            start(EXPIRED_TARGET),
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired".to_owned(),
        ),
        (
            "StartSession",
            json!({"Target": DEMO_TARGET, "DocumentName": "No-Such-Document"}),
            400,
            "InvalidDocument",
            "Document with name No-Such-Document does not exist.".to_owned(),
        ),
        (
            "StartSession",
            json!({"Target": ""}),
            400,
            "ValidationException",
            "1 validation error detected: Value '' at 'target' failed to satisfy constraint: \
             Member must have length greater than or equal to 1"
                .to_owned(),
        ),
        (
            "ResumeSession",
            json!({"SessionId": "demo-0"}),
            400,
            "DoesNotExistException",
            "Session demo-0 does not exist.".to_owned(),
        ),
        (
            "SendCommand",
            json!({}),
            400,
            "UnknownOperationException",
            "The operation is unknown.".to_owned(),
        ),
    ] {
        let answer = caller.call(operation, &body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.json(), json!({"__type": kind, "message": message}));
        assert_eq!(
            answer.header("content-type"),
            Some("application/x-amz-json-1.1")
        );
        assert_eq!(
            answer.header("x-amzn-requestid").map(str::len),
            Some(36),
            "{answer:?}"
        );
    }
    assert!(
        simulator.sessions().is_empty(),
        "none of them starts a session"
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn requests_without_a_good_signature_are_refused() {
    let simulator = Simulator::start(config()).await.unwrap();
    let good = Caller::of(&simulator);
    let body = json!({"State": "Active"});
    assert_eq!(good.call("DescribeSessions", &body).await.status, 200);

    let wrong = |change: fn(&mut Caller)| {
        let mut caller = good.clone();
        change(&mut caller);
        caller
    };
    for (caller, kind) in [
        (
            wrong(|caller| caller.secret_access_key.push('x')),
            "InvalidSignatureException",
        ),
        (
            wrong(|caller| caller.region = "us-east-1".to_owned()),
            "InvalidSignatureException",
        ),
        (
            wrong(|caller| caller.clock_ahead = 600),
            "InvalidSignatureException",
        ),
        (
            wrong(|caller| caller.clock_ahead = -600),
            "InvalidSignatureException",
        ),
        (
            wrong(|caller| caller.access_key_id = "AKIAOTHER".to_owned()),
            "UnrecognizedClientException",
        ),
        (
            wrong(|caller| caller.session_token = Some("none".to_owned())),
            "UnrecognizedClientException",
        ),
    ] {
        assert_eq!(
            caller.call("DescribeSessions", &body).await.error(),
            (403, kind.to_owned())
        );
    }

    let operation = "AmazonSSM.DescribeSessions";
    let text = body.to_string();
    let unsigned = good.post(operation, &[], text.as_bytes()).await;
    assert_eq!(
        unsigned.error(),
        (403, "MissingAuthenticationTokenException".to_owned())
    );
    let other_body = good.sign("ssm", "POST", "/", "", b"{}");
    let changed = good.post(operation, &other_body, text.as_bytes()).await;
    assert_eq!(
        changed.error(),
        (403, "InvalidSignatureException".to_owned())
    );
    let other_service = good.sign("ssmmessages", "POST", "/", "", text.as_bytes());
    let changed = good.post(operation, &other_service, text.as_bytes()).await;
    assert_eq!(
        changed.error(),
        (403, "InvalidSignatureException".to_owned())
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn unsigned_requests_are_served_where_that_is_configured() {
    let mut config = config();
    config.require_signature = false;
    let simulator = Simulator::start(config).await.unwrap();
    let caller = Caller::of(&simulator);
    let answer = caller
        .post("AmazonSSM.DescribeSessions", &[], br#"{"State":"Active"}"#)
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"Sessions": []}))
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn temporary_credentials_need_their_token() {
    let mut config = config();
    config.session_token = Some("a-session-token".into());
    let simulator = Simulator::start(config).await.unwrap();
    let mut caller = Caller::of(&simulator);
    let body = json!({"State": "Active"});
    let refused = (403, "UnrecognizedClientException".to_owned());
    assert_eq!(
        caller.call("DescribeSessions", &body).await.error(),
        refused
    );
    caller.session_token = Some("another".to_owned());
    assert_eq!(
        caller.call("DescribeSessions", &body).await.error(),
        refused
    );
    caller.session_token = Some("a-session-token".to_owned());
    assert_eq!(caller.call("DescribeSessions", &body).await.status, 200);
    simulator.shutdown().await;
}

#[tokio::test]
async fn expired_credentials_are_refused_until_they_are_renewed() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    simulator.expire_credentials(true);
    let answer = caller
        .call("ResumeSession", &json!({"SessionId": started.id}))
        .await;
    assert_eq!(answer.error(), (403, "ExpiredTokenException".to_owned()));
    assert!(caller.dial(&started.url).await.is_err());
    simulator.expire_credentials(false);
    let resumed = caller.resume(&started.id).await;
    assert!(caller.dial(&resumed.url).await.is_ok());
    simulator.shutdown().await;
}

#[tokio::test]
async fn web_pages_are_refused() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let body = br#"{"State":"Active"}"#;
    let with_origin = async |origin: &str| {
        let mut headers = caller.sign("ssm", "POST", "/", "", body);
        headers.push(("origin".to_owned(), origin.to_owned()));
        caller
            .post("AmazonSSM.DescribeSessions", &headers, body)
            .await
    };
    for origin in [
        "http://example.com",
        "null",
        "https://127.0.0.1",
        "http://127.0.0.1",
        "",
    ] {
        let refused = (403, "AccessDeniedException".to_owned());
        assert_eq!(with_origin(origin).await.error(), refused, "{origin}");
    }
    // As some WebSocket libraries have it.
    assert_eq!(with_origin(&simulator.endpoint_url()).await.status, 200);
    for host in ["evil.example:80", "127.0.0.1", "127.0.0.1.evil.example"] {
        let request = format!("POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = caller.raw(request.as_bytes()).await.unwrap();
        assert_eq!(answer.status, 403, "{host}");
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn what_was_asked_for_is_recorded_and_listed() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller
        .start(&json!({"Target": SILENT_TARGET, "Reason": "ticket 42"}))
        .await;
    caller
        .call(
            "StartSession",
            &json!({"Target": OFFLINE_TARGET, "Parameters": {"a": ["1", "2"]}}),
        )
        .await;

    let records = simulator.start_records();
    let targets: Vec<_> = records
        .iter()
        .map(|record| record.target.as_str())
        .collect();
    assert_eq!(targets, [SILENT_TARGET, OFFLINE_TARGET]);
    assert_eq!(records[0].reason.as_deref(), Some("ticket 42"));
    assert_eq!(
        records[1].parameters,
        [("a".to_owned(), vec!["1".to_owned(), "2".to_owned()])]
    );

    let filters = json!([{"key": "SessionId", "value": started.id}]);
    let listed = caller
        .ask(
            "DescribeSessions",
            &json!({"State": "Active", "Filters": filters}),
        )
        .await;
    let session = &listed["Sessions"][0];
    assert_eq!(session["Target"], SILENT_TARGET);
    assert_eq!(session["Status"], "Connecting");
    assert_eq!(session["Reason"], "ticket 42");
    assert_eq!(session["DocumentName"], "SSM-SessionManagerRunShell");
    assert_eq!(session["Owner"], "arn:aws:iam::000000000000:user/demo");
    assert!(
        session["StartDate"]
            .as_f64()
            .is_some_and(|date| date > 1.7e9),
        "{session}"
    );
    assert_eq!(session["EndDate"], Value::Null);

    caller
        .ask("TerminateSession", &json!({"SessionId": started.id}))
        .await;
    let listed = caller
        .ask("DescribeSessions", &json!({"State": "History"}))
        .await;
    assert_eq!(listed["Sessions"][0]["Status"], "Terminated");
    assert!(listed["Sessions"][0]["EndDate"].as_f64().is_some());
    assert_eq!(
        simulator.session(&started.id).unwrap().status,
        SessionStatus::Terminated
    );

    let instances = caller.ask("DescribeInstanceInformation", &json!({})).await;
    let first = &instances["InstanceInformationList"][0];
    assert_eq!(
        (&first["InstanceId"], &first["PingStatus"]),
        (&json!(DEMO_TARGET), &json!("Online"))
    );
    let status = caller
        .ask("GetConnectionStatus", &json!({"Target": OFFLINE_TARGET}))
        .await;
    assert_eq!(status["Status"], "notconnected");
    simulator.shutdown().await;
}

#[tokio::test]
async fn two_simulators_do_not_know_each_others_keys() {
    let one = Simulator::start(Config::default()).await.unwrap();
    let other = Simulator::start(Config::default()).await.unwrap();
    let mut caller = Caller::of(&one);
    assert_eq!(
        caller
            .call("DescribeSessions", &json!({"State": "Active"}))
            .await
            .status,
        200
    );
    caller.address = Caller::of(&other).address;
    assert_eq!(
        caller
            .call("DescribeSessions", &json!({"State": "Active"}))
            .await
            .status,
        403
    );
    one.shutdown().await;
    other.shutdown().await;
}
