//! What people type, what is kept of it, and the way from there to AWS profiles against the simulator's Identity Center.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws::{BrokerOptions, NetworkOverrides, OpenFuture};
use ipc::NewAwsProfile;
use shared_config::{Base, Paths};
use simulator::{Config, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::*;
use crate::own_files::tests::Folder;

/// For any one step, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const ACCOUNT: &str = "111122223333";
const CORP: &str = "https://corp.awsapps.com/start";

fn filed(name: &str, start_url: &str, region: &str) -> SsoSession {
    SsoSession {
        name: Some(name.to_owned()),
        start_url: start_url.to_owned(),
        region: region.to_owned(),
        scopes: Vec::new(),
    }
}

#[test]
fn a_start_url_is_taken_as_people_paste_it() {
    for typed in [
        CORP,
        " https://corp.awsapps.com/start/ ",
        "corp.awsapps.com/start",
        "https://corp.awsapps.com/start#/",
        "https://CORP.awsapps.com/start/?tab=accounts#/console",
    ] {
        assert_eq!(start_url_of(typed).unwrap(), CORP, "{typed}");
    }
    assert_eq!(
        start_url_of("https://ssoins-1234.portal.eu-west-1.app.aws").unwrap(),
        "https://ssoins-1234.portal.eu-west-1.app.aws"
    );
    assert_eq!(
        start_url_of("http://127.0.0.1:8080/start").unwrap(),
        "http://127.0.0.1:8080/start"
    );
    for typed in [
        "",
        "corp",
        "http://corp.awsapps.com/start",
        "ftp://corp.awsapps.com/start",
        "javascript:alert(1)",
        "https://ann:secret@corp.awsapps.com/start",
        "https://corp.awsapps.com/a;b",
        &format!("https://corp.awsapps.com/{}", "x".repeat(MAX_URL_BYTES)),
    ] {
        start_url_of(typed).unwrap_err();
    }
}

#[test]
fn a_region_is_a_code() {
    assert_eq!(region_of(" EU-West-1 ").unwrap(), "eu-west-1");
    for good in ["us-gov-west-1", "eusc-de-east-1", "ap-southeast-7"] {
        assert_eq!(region_of(good).unwrap(), good);
    }
    for bad in [
        "",
        "ireland",
        "eu-west",
        "eu-west-",
        "eu--1",
        "eu-west-1.evil.example",
        "eu-1-1",
    ] {
        region_of(bad).unwrap_err();
    }
}

#[test]
fn a_sign_in_is_kept_under_a_name_of_its_own_until_it_is_forgotten() {
    let folder = Folder::new();
    let sign_ins = SignIns::new(&folder.0.join("inner"));
    assert_eq!(sign_ins.beside(&[]), []);
    assert_eq!(sign_ins.remember(&[], CORP, "eu-west-1").unwrap(), "corp");
    // The same address again corrects the region.
    assert_eq!(sign_ins.remember(&[], CORP, "eu-west-2").unwrap(), "corp");
    let other = "https://corp.example.com/start";
    assert_eq!(
        sign_ins.remember(&[], other, "us-east-1").unwrap(),
        "corp-2"
    );
    let local = "http://127.0.0.1:1/start";
    assert_eq!(
        sign_ins.remember(&[], local, "us-east-1").unwrap(),
        "identity-center"
    );
    // After a restart too.
    let sign_ins = SignIns::new(&folder.0.join("inner"));
    let kept: Vec<_> = sign_ins
        .beside(&[])
        .into_iter()
        .map(|one| (one.name.unwrap(), one.start_url, one.region))
        .collect();
    let expected = [
        ("corp", CORP, "eu-west-2"),
        ("corp-2", other, "us-east-1"),
        ("identity-center", local, "us-east-1"),
    ]
    .map(|(name, url, region)| (name.to_owned(), url.to_owned(), region.to_owned()));
    assert_eq!(kept, expected);
    sign_ins.forget("corp").unwrap();
    sign_ins.forget("corp").unwrap_err();
    assert_eq!(sign_ins.beside(&[]).len(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.0.join("inner").join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_the_aws_configuration_has_is_not_kept_twice() {
    let folder = Folder::new();
    let sign_ins = SignIns::new(&folder.0);
    let there = [filed(
        "work",
        "https://corp.awsapps.com/start/#",
        "eu-west-1",
    )];
    assert_eq!(
        sign_ins.remember(&there, CORP, "eu-west-1").unwrap(),
        "work"
    );
    assert_eq!(sign_ins.beside(&[]), []);
    // Its name is another's there.
    let taken = [filed(
        "corp",
        "https://other.awsapps.com/start",
        "eu-west-1",
    )];
    assert_eq!(
        sign_ins.remember(&taken, CORP, "eu-west-1").unwrap(),
        "corp-2"
    );
    // Once a section of the name is there, that counts.
    let written = [filed("corp-2", CORP, "eu-west-1")];
    assert_eq!(sign_ins.beside(&written), []);
}

#[test]
fn a_file_that_cannot_be_understood_is_left_as_it_is_and_unfit_entries_are_left_out() {
    let folder = Folder::new();
    let sign_ins = SignIns::new(&folder.0);
    let file = folder.0.join(FILE);
    for text in ["{", r#"{"schema":2,"signIns":[]}"#] {
        fs::write(&file, text).unwrap();
        assert_eq!(sign_ins.beside(&[]), []);
        let error = sign_ins.remember(&[], CORP, "eu-west-1").unwrap_err();
        assert_eq!(error.code, ErrorCode::Store);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let unfit = r#"{"schema":1,"signIns":[
        {"name":"a]\n[x","startUrl":"https://a.example.com","region":"eu-west-1"},
        {"name":"b","startUrl":"http://b.example.com","region":"eu-west-1"},
        {"name":"c","startUrl":"https://c.example.com","region":"x"}]}"#;
    fs::write(&file, unfit).unwrap();
    assert_eq!(sign_ins.beside(&[]), []);
}

/// Opens the page as a browser does that follows redirects.
fn browser(url: Url) -> OpenFuture {
    tokio::spawn(async move {
        let mut url = url;
        for _ in 0..5 {
            let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
            let target = url.as_str().split_once(&address).unwrap().1;
            let request =
                format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let location = answer.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("location").then_some(value)
            });
            match location {
                Some(next) => url = url.join(next.trim()).unwrap(),
                None => return,
            }
        }
    });
    Box::pin(async { Ok(()) })
}

#[tokio::test]
async fn a_typed_sign_in_leads_to_accounts_roles_and_profiles_that_work() {
    let mut config = Config::default();
    config.sign_in.assign("ann", ACCOUNT, "Operator");
    config.sign_in.assign("ann", "444455556666", "Reader");
    let simulator = Simulator::start(config).await.unwrap();
    let folder = Folder::new();
    let paths = Paths {
        config: folder.0.join(".aws/config"),
        credentials: folder.0.join(".aws/credentials"),
    };
    let files = watch::Sender::new(Arc::new(SharedConfig::load(&paths)));
    let url = simulator.endpoint_url();
    let endpoints = ["sso", "sso-oidc", "sts"].map(|name| (name.to_owned(), url.clone()));
    let broker = Broker::new(BrokerOptions {
        files: files.subscribe(),
        aws_folder: Some(folder.0.join(".aws")),
        open: Box::new(browser),
        keys: None,
    })
    .via(&NetworkOverrides {
        endpoints: BTreeMap::from(endpoints),
        ..NetworkOverrides::default()
    });

    let sign_ins = SignIns::new(&folder.0);
    let label = sign_ins
        .remember(&[], &simulator.start_url(), simulator.region())
        .unwrap();
    let session = sign_ins.beside(&[]).pop().unwrap();
    assert_eq!(session.label(), label);
    let error = accounts(&broker, &session).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Credentials);
    assert_eq!(broker.signed_in_until(&session), None);
    timeout(PATIENCE, broker.sign_in(&session, false))
        .await
        .unwrap()
        .unwrap();
    assert!(broker.signed_in_until(&session).is_some());

    let found = accounts(&broker, &session).await.unwrap();
    let ids: Vec<_> = found.iter().map(|account| account.id.as_str()).collect();
    assert_eq!(ids, [ACCOUNT, "444455556666"]);
    assert_eq!(
        roles(&broker, &session, ACCOUNT).await.unwrap(),
        ["Operator"]
    );
    roles(&broker, &session, "../x").await.unwrap_err();

    let wanted = |name: &str| NewAwsProfiles {
        session: label.clone(),
        region: "eu-central-1".to_owned(),
        profiles: vec![NewAwsProfile {
            name: name.to_owned(),
            account_id: ACCOUNT.to_owned(),
            role: "Operator".to_owned(),
        }],
    };
    let load = || SharedConfig::load(&paths);
    let shown = lines(&load(), &paths.config, &session, &wanted("payments")).unwrap();
    assert!(shown.is_new);
    assert!(
        shown
            .lines
            .contains(&format!("[sso-session {label}]\nsso_start_url = "))
    );
    // What was not seen is not written.
    add(&paths.config, &shown, "[profile payments]\n").unwrap_err();
    assert!(!paths.config.exists());
    add(&paths.config, &shown, &shown.lines).unwrap();
    assert_eq!(fs::read_to_string(&paths.config).unwrap(), shown.lines);
    let error = lines(&load(), &paths.config, &session, &wanted("payments")).unwrap_err();
    assert_eq!(
        error.message,
        "There is an AWS profile \"payments\" already."
    );

    // The profile is of the very sign-in that stands: nobody signs in again.
    files.send_replace(Arc::new(load()));
    let chain = load();
    let chain = chain.chain("payments").unwrap();
    assert!(matches!(&chain.base, Base::Sso(sso) if sso.session.as_deref() == Some(&label)));
    let caller = broker
        .caller(
            &aws::Source::Profile("payments".to_owned()),
            Some(simulator.region()),
        )
        .await
        .unwrap();
    assert_eq!(caller.account, ACCOUNT);
    assert!(caller.account_name.is_some());
    assert_eq!(simulator.calls("CreateToken"), 1);

    // What is of the typed sign-in alone now comes from the file.
    let (there, _) = broker.sign_ins().pop().unwrap();
    assert_eq!(there, session);
    assert_eq!(sign_ins.beside(&[there]), []);
    simulator.shutdown().await;
}
