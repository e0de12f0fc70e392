//! Both files as they change.

use std::sync::Arc;

use files::{Subject, Timing};
use tokio::sync::watch;

use crate::model::SharedConfig;
use crate::paths::Paths;

/// Reads both files again whenever they change. Dropping it ends that.
#[derive(Debug)]
pub struct Watcher(files::Watcher<SharedConfig>);

impl Watcher {
    /// Reads the files and watches them from then on.
    #[must_use]
    pub fn start(paths: Paths) -> Self {
        Self::start_with(paths, Timing::default())
    }

    /// As [`Watcher::start`], with other times.
    #[must_use]
    pub fn start_with(paths: Paths, timing: Timing) -> Self {
        let subject = Subject {
            name: "shared-config",
            paths: vec![paths.config.clone(), paths.credentials.clone()],
            load: Box::new(move || SharedConfig::load(&paths)),
            is_same: SharedConfig::is_same_as,
        };
        Self(files::Watcher::start(subject, timing))
    }

    /// What the files said last.
    #[must_use]
    pub fn current(&self) -> Arc<SharedConfig> {
        self.0.current()
    }

    /// Follows what the files say; a value comes only when their contents have changed.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<SharedConfig>> {
        self.0.subscribe()
    }

    /// Looks at once, and returns what there is. Blocks while the files are read.
    #[must_use]
    pub fn look(&self) -> Arc<SharedConfig> {
        self.0.look()
    }
}
