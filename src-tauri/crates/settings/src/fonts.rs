//! The fonts of the system that a terminal can use.

use std::collections::BTreeSet;

/// Families whose characters all have one width, by name. Reads every font's head, so it takes its time.
#[must_use]
pub fn monospace_families() -> Vec<String> {
    let mut fonts = fontdb::Database::new();
    fonts.load_system_fonts();
    fonts
        .faces()
        .filter(|face| face.monospaced)
        .filter_map(|face| face.families.first())
        .map(|(name, _)| name.clone())
        // Names that begin with a dot are the system's own.
        .filter(|name| !name.starts_with('.') && !name.chars().any(char::is_control))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}
