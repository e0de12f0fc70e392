//! Where the rules of saved connections led the last time, so that it can be told when a node was replaced.
//!
//! A file beside the saved connections. Nothing depends on it: one that cannot be read is taken for empty, one that cannot
//! be written is left.

use std::collections::BTreeMap;
use std::path::PathBuf;

use connect::FoundNode;

const FILE_NAME: &str = "found.json";
/// Larger than that was not written here.
const SIZE_MAX: u64 = 256 * 1024;
/// Rules that are remembered.
const RULES_MAX: usize = 200;

/// The last node of one rule.
#[derive(Debug, Default)]
pub(crate) struct Found {
    folder: Option<PathBuf>,
    /// What tells this rule from others: where it is followed, and the rule.
    key: String,
}

type Kept = BTreeMap<String, (String, Option<String>)>;

impl Found {
    /// For a plan whose target is a rule; for any other, one that remembers nothing.
    pub(crate) fn of(plan: &connect::Plan) -> Self {
        let settings = &plan.settings;
        Self {
            folder: plan.tags.as_ref().and_then(|_| profiles::config_dir()),
            key: format!(
                "{} {} {}",
                settings.aws_profile.as_deref().unwrap_or_default(),
                settings.region.as_deref().unwrap_or_default(),
                plan.request.target
            ),
        }
    }

    pub(crate) fn last(&self) -> Option<FoundNode> {
        let (id, name) = self.read().remove(&self.key)?;
        Some(FoundNode { id, name })
    }

    pub(crate) fn keep(&self, node: FoundNode) {
        let Some(path) = self.path() else { return };
        let mut kept = self.read();
        if kept.len() >= RULES_MAX {
            kept.pop_first();
        }
        kept.insert(self.key.clone(), (node.id, node.name));
        let folder_is_there = path.parent().is_some_and(std::path::Path::is_dir);
        if folder_is_there && let Ok(text) = serde_json::to_vec_pretty(&kept) {
            let beside = path.with_extension("json.tmp");
            // Nothing depends on it.
            let _written =
                std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
        }
    }

    fn read(&self) -> Kept {
        self.path()
            .filter(|path| std::fs::metadata(path).is_ok_and(|file| file.len() <= SIZE_MAX))
            .and_then(|path| std::fs::read(path).ok())
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    fn path(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(FILE_NAME))
    }
}
