//! What is said of a panic: where it was, and its words where they are the program's own.
//!
//! A message that was put together can hold anything, such as the value that an `unwrap` did not expect or the text that
//! was cut at a wrong place, and whoever panics does not ask what that is. So only words of the source are repeated, and
//! the library's own sentences with nothing but numbers in them. The standard hook prints everything.

use std::any::Any;
use std::panic::{self, PanicHookInfo};
use std::thread;

use tracing::error;

/// The standard library's messages that hold numbers alone, with `#` for each.
const NUMBERS_ONLY: &[&str] = &[
    "index out of bounds: the len is # but the index is #",
    "range end index # out of range for slice of length #",
    "range start index # out of range for slice of length #",
    "slice index starts at # but ends at #",
];

/// Has panics go to the log, without what may be a secret, instead of to standard error.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| error!("{}", describe_panic(panic))));
}

/// One line on a panic; no secret can be in it.
#[must_use]
pub fn describe_panic(panic: &PanicHookInfo<'_>) -> String {
    let place = panic
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let thread = thread::current();
    let name = thread.name().unwrap_or("without a name");
    let words =
        words(panic.payload()).unwrap_or("its words are left out, since they can hold data");
    format!("a fault of this program at {place}, in thread {name}: {words}")
}

/// The words that can be repeated.
fn words(payload: &(dyn Any + Send)) -> Option<&str> {
    if let Some(literal) = payload.downcast_ref::<&'static str>() {
        return Some(literal);
    }
    let text = payload.downcast_ref::<String>()?;
    NUMBERS_ONLY
        .contains(&without_numbers(text).as_str())
        .then_some(text)
}

fn without_numbers(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii_digit() {
            pattern.push(c);
        } else if !pattern.ends_with('#') {
            pattern.push('#');
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::panic::AssertUnwindSafe;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::line::SafeWriter;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no writer panics").extend(bytes);
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

    /// Keeps the optimiser, and the lints, from seeing through a test's mistake.
    fn hidden<T>(value: T) -> T {
        std::hint::black_box(value)
    }

    /// Panics.
    type Fails<'a> = Box<dyn Fn() + 'a>;

    // One test, since the hook is the whole process'.
    #[test]
    fn a_panic_is_logged_with_its_place_and_without_its_data() {
        let canary = "CANARY-in-a-panic";
        let text = format!("é{canary}");
        let panics: [(&str, Fails<'_>); 6] = [
            ("plain words", Box::new(|| panic!("plain words"))),
            (
                "left out",
                Box::new(|| panic!("unexpected value {}", hidden(canary))),
            ),
            (
                "left out",
                Box::new(|| {
                    hidden(Err::<(), _>(canary)).expect("an answer");
                }),
            ),
            (
                "left out",
                Box::new(|| {
                    let _cut = &hidden(&text)[1..];
                }),
            ),
            (
                "the len is 3 but the index is 7",
                Box::new(|| {
                    let _item = hidden([1, 2, 3].as_slice())[hidden(7)];
                }),
            ),
            ("left out", Box::new(|| panic::panic_any(canary.to_owned()))),
        ];
        let sink = Sink::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(SafeWriter::new(sink.clone()));
        let subscriber = tracing_subscriber::registry().with(layer);
        let before = panic::take_hook();
        log_panics();
        tracing::subscriber::with_default(subscriber, || {
            for (_, fails) in &panics {
                let failed = panic::catch_unwind(AssertUnwindSafe(fails));
                assert!(failed.is_err());
            }
        });
        panic::set_hook(before);
        let log = String::from_utf8_lossy(&sink.0.lock().expect("no writer panics")).into_owned();
        assert!(!log.contains("CANARY"), "{log}");
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), panics.len(), "{log}");
        for (line, (words, _)) in lines.iter().zip(&panics) {
            assert!(line.contains("ERROR"), "{line}");
            assert!(line.contains("panics.rs:"), "{line}");
            assert!(line.contains(words), "{line}");
        }
    }
}
