//! Secrets reach no log, whatever the person asks for and whatever goes wrong; and the test can see them when the caps
//! are off.
//!
//! Sessions are started, opened and ended with TRACE wanted for everything: a good one against the simulator, and one
//! against every hostile gateway; besides, somebody signs in and types an MFA code. The log is searched for pieces of
//! the secrets in every form; hexadecimal is how tungstenite prints frames.

mod credentials;
mod hostile;
mod session;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};
use testsuite::secrets::Search;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that has secrets, good and bad; gives back all of them but the code.
async fn everything() -> Vec<SecretString> {
    let mut secrets = session::good().await;
    secrets.extend(credentials::all().await);
    secrets.extend(hostile::all().await);
    secrets.retain(|secret| secret.expose_secret().len() >= 16);
    secrets.sort_by(|a, b| a.expose_secret().cmp(b.expose_secret()));
    secrets.dedup_by(|a, b| a.expose_secret() == b.expose_secret());
    secrets
}

/// Runs everything under a subscriber of its own.
fn traced<L>(layer: impl FnOnce(Sink) -> L) -> (String, Vec<SecretString>)
where
    L: Layer<tracing_subscriber::Registry> + Send + Sync + 'static,
{
    let sink = Sink::default();
    let subscriber = tracing_subscriber::registry().with(layer(sink.clone()));
    let secrets = tracing::subscriber::with_default(subscriber, || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made")
            .block_on(everything())
    });
    (sink.text(), secrets)
}

/// The lines that a piece of a secret stands in, or the code: by itself, or in a form that no other number has.
fn hits<'a>(log: &'a str, secrets: &[SecretString]) -> [Vec<&'a str>; 2] {
    let code = credentials::CODE;
    let forms = testsuite::secrets::forms(code.as_bytes())
        .into_iter()
        .filter(|form| form.len() > code.len());
    let forms = Search::for_exactly(forms.collect());
    let is_word = |line: &str| {
        line.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == code)
    };
    let with_code = log
        .lines()
        .filter(|line| is_word(line) || forms.places(line.as_bytes()) > 0);
    let secrets = Search::for_secrets(secrets.iter().map(ExposeSecret::expose_secret));
    [secrets.lines(log), with_code.collect()]
}

// One test, since `tracing` caches for the whole process what is of interest, and the two must not meet.
#[test]
fn secrets_stay_out_of_the_log_and_the_test_would_see_them() {
    let (log, secrets) = traced(|sink| {
        tracing_subscriber::fmt::layer()
            .without_time()
            .with_writer(sink)
            .with_filter(logging::uncapped_filter("trace"))
    });
    let [seen, _] = hits(&log, &secrets);
    let different = secrets.iter().filter(|secret| {
        let search = Search::for_secrets([secret.expose_secret()]);
        seen.iter().any(|line| search.places(line.as_bytes()) > 0)
    });
    let different = different.count();
    assert!(
        seen.len() >= 4 && different >= 4,
        "without the caps they must be there to be found: {different} in {} lines of {} bytes",
        seen.len(),
        log.len()
    );
    // The libraries never print the code.
    for form in testsuite::secrets::forms(credentials::CODE.as_bytes()) {
        let line = format!("code={}", String::from_utf8_lossy(&form));
        let [_, seen] = hits(&line, &[]);
        let is_too_short = form.len() < credentials::CODE.len();
        assert!(is_too_short || seen.len() == 1, "{line} is not seen");
    }

    for wish in [
        "trace",
        "trace,aws_smithy_runtime=trace,tungstenite=trace,tokio_tungstenite=trace",
    ] {
        let (log, secrets) = traced(|sink| {
            tracing_subscriber::fmt::layer()
                .without_time()
                .with_writer(sink)
                .with_filter(logging::capped_filter(wish))
        });
        for line in ["session open", "signed in", "TRACE"] {
            assert!(log.contains(line), "the log itself must be on: {log}");
        }
        let found = hits(&log, &secrets).concat();
        assert_eq!(found, Vec::<&str>::new(), "with {wish}");
    }
}
