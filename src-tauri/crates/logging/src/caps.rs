//! Which targets are capped, and the filter that does it.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Filter};

/// Targets that print, or may come to print, what a session must keep to itself. A name stands for its modules too, and
/// one that ends in `*` for every crate that begins so.
const CAPPED: &[&str] = &[
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sdk_*",
    "aws_sigv4",
    "aws_smithy_*",
    "h2",
    "hyper",
    "hyper_*",
    "keyring*",
    "reqwest",
    "rustls",
    "rustls_*",
    "tokio_rustls",
    "tokio_tungstenite",
    "tungstenite",
    "zbus",
    "zbus_*",
];

/// The most that a capped target may say.
const CAP: Level = Level::INFO;

/// Whether a target is held at INFO.
#[must_use]
pub fn is_capped(target: &str) -> bool {
    let crate_name = target.split("::").next().unwrap_or(target);
    CAPPED.iter().any(|capped| match capped.strip_suffix('*') {
        Some(prefix) => crate_name.starts_with(prefix),
        None => crate_name == *capped,
    })
}

/// The person's wish, within the caps. A wish that cannot be read is taken as `info`.
#[must_use]
pub fn capped_filter(wish: &str) -> CappedFilter {
    CappedFilter {
        wish: uncapped_filter(wish),
    }
}

/// The person's wish alone, for the test that shows what the caps are for. No program uses it.
#[must_use]
pub fn uncapped_filter(wish: &str) -> EnvFilter {
    EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse(wish)
        .unwrap_or_else(|_| EnvFilter::new("info"))
}

/// A person's wish within the caps; see [`capped_filter`].
#[derive(Debug)]
pub struct CappedFilter {
    wish: EnvFilter,
}

impl CappedFilter {
    fn allows(metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= CAP || !is_capped(metadata.target())
    }
}

impl<S> Filter<S> for CappedFilter
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Self::allows(metadata) && Filter::enabled(&self.wish, metadata, context)
    }

    fn callsite_enabled(
        &self,
        metadata: &'static Metadata<'static>,
    ) -> tracing::subscriber::Interest {
        if Self::allows(metadata) {
            Filter::<S>::callsite_enabled(&self.wish, metadata)
        } else {
            tracing::subscriber::Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&self.wish)
    }

    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        id: &tracing::Id,
        context: Context<'_, S>,
    ) {
        self.wish.on_new_span(attributes, id, context);
    }

    fn on_enter(&self, id: &tracing::Id, context: Context<'_, S>) {
        Filter::on_enter(&self.wish, id, context);
    }

    fn on_exit(&self, id: &tracing::Id, context: Context<'_, S>) {
        Filter::on_exit(&self.wish, id, context);
    }

    fn on_close(&self, id: tracing::Id, context: Context<'_, S>) {
        Filter::on_close(&self.wish, id, context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_crates_are_capped_and_their_namesakes_are_not() {
        for capped in [
            "aws_smithy_runtime",
            "aws_smithy_runtime::client::orchestrator",
            "aws_sdk_ssm::operation",
            "tungstenite::protocol",
            "tokio_tungstenite",
            "hyper_util::client",
            "rustls::client::hs",
            "keyring_core",
        ] {
            assert!(is_capped(capped), "{capped}");
        }
        for free in [
            "engine::session",
            "aws",
            "aws::client",
            "h2o",
            "protocol",
            "hyperspace",
        ] {
            assert!(!is_capped(free), "{free}");
        }
    }
}
