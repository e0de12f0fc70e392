//! A home with AWS files, for our broker and the AWS CLI alike.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws::{Broker, BrokerOptions, OpenFuture, Question, Source};
use shared_config::{Paths, SharedConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;

/// For any one step, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new(config: &str) -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir(home.aws_folder()).expect("it is made");
        fs::write(home.aws_folder().join("config"), config).expect("it is written");
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    fn aws_folder(&self) -> PathBuf {
        self.0.path().join(".aws")
    }

    /// A broker that has just started.
    pub(crate) fn broker(&self) -> Broker {
        let paths = Paths {
            config: self.aws_folder().join("config"),
            credentials: self.aws_folder().join("credentials"),
        };
        let files = watch::Sender::new(Arc::new(SharedConfig::load(&paths)));
        Broker::new(BrokerOptions {
            files: files.subscribe(),
            aws_folder: Some(self.aws_folder()),
            open: Box::new(browser),
            keys: None,
        })
    }

    /// What is in a folder of caches, by name.
    pub(crate) fn cached(&self, below: &str) -> Vec<(String, serde_json::Value)> {
        let folder = fs::read_dir(self.aws_folder().join(below)).expect("it is there");
        let mut files: Vec<_> = folder
            .map(|entry| entry.expect("it is readable").path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
            .map(|path| {
                let text = fs::read_to_string(&path).expect("it is text");
                let name = path.file_name().expect("a file").to_string_lossy();
                (
                    name.into_owned(),
                    serde_json::from_str(&text).expect("it is JSON"),
                )
            })
            .collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files
    }
}

pub(crate) fn profile(name: &str) -> Source {
    Source::Profile(name.to_owned())
}

/// Waits until a person is asked something.
pub(crate) async fn question(broker: &Broker) -> Question {
    let mut questions = broker.questions();
    let asked = timeout(
        PATIENCE,
        questions.wait_for(|questions| !questions.is_empty()),
    )
    .await
    .expect("it is asked")
    .expect("the broker is there");
    asked[0].clone()
}

/// Follows the redirects, as a browser does.
fn browser(url: Url) -> OpenFuture {
    tokio::spawn(async move {
        let mut next = Some(url);
        while let Some(url) = next {
            let answer = get(&url).await;
            next = answer.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let is_location = name.eq_ignore_ascii_case("location");
                is_location.then(|| url.join(value.trim()).expect("an address"))
            });
        }
    });
    Box::pin(async { Ok(()) })
}

async fn get(url: &Url) -> String {
    let (host, port) = (url.host_str(), url.port_or_known_default());
    let address = format!("{}:{}", host.expect("a host"), port.expect("a port"));
    let mut stream = TcpStream::connect(&address).await.expect("it listens");
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("it is sent");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer).await;
    read.expect("it answers");
    answer
}
