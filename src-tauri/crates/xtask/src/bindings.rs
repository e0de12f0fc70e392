//! Whether the window's generated types are what the crate `ipc` says now.
//!
//! The tests of `ipc` write them. The check lets the tests write into an empty folder and compares it with the committed
//! one, so that a type that was changed, added or taken away all show, and the check changes no source.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::Workspace;
use crate::steps::Outcome;

/// The variable that ts-rs takes the folder from.
pub(crate) const FOLDER_VARIABLE: &str = "TS_RS_EXPORT_DIR";

/// An empty folder for the tests to write into.
pub(crate) fn fresh_folder(workspace: &Workspace) -> Result<PathBuf, String> {
    let folder = workspace.scratch()?.join("bindings");
    let cannot = |error: std::io::Error| format!("cannot empty {}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(cannot)?;
    }
    fs::create_dir_all(&folder).map_err(cannot)?;
    Ok(folder)
}

/// Compares the committed types with those that the tests have just written.
pub(crate) fn compare(workspace: &Workspace) -> Result<Outcome, String> {
    let made = read(&workspace.scratch()?.join("bindings"))?;
    let kept = read(&workspace.ui().join("src/generated"))?;
    if made.is_empty() {
        return Err("the tests of `ipc` wrote no types".to_owned());
    }
    let differences = differences(&kept, &made);
    if differences.is_empty() {
        return Ok(Outcome::Note(format!("{} files", made.len())));
    }
    Err(format!(
        "ui/src/generated is not what the crate `ipc` says:\n{}\nto mend: rm ui/src/generated/* && cargo test --package \
         ipc, and commit the result",
        differences.join("\n")
    ))
}

fn differences(kept: &BTreeMap<String, String>, made: &BTreeMap<String, String>) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, text) in made {
        match kept.get(name) {
            None => differences.push(format!("  {name} is missing")),
            Some(found) if found != text => differences.push(format!("  {name} is stale")),
            Some(_) => {}
        }
    }
    for name in kept.keys().filter(|name| !made.contains_key(*name)) {
        differences.push(format!("  {name} belongs to no type any more"));
    }
    differences
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().map_err(cannot)?.is_dir() {
            for (inner, text) in read(&entry.path())? {
                files.insert(format!("{name}/{inner}"), text);
            }
        } else {
            files.insert(name, fs::read_to_string(entry.path()).map_err(cannot)?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_added_and_orphaned_types_are_found() {
        let files = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, text)| (name.to_string(), text.to_string()))
                .collect()
        };
        let kept = files(&[("A.ts", "1"), ("B.ts", "1"), ("Old.ts", "1")]);
        let made = files(&[("A.ts", "1"), ("B.ts", "2"), ("New.ts", "1")]);
        assert_eq!(
            differences(&kept, &made),
            [
                "  B.ts is stale",
                "  New.ts is missing",
                "  Old.ts belongs to no type any more"
            ]
        );
        assert!(differences(&kept, &kept).is_empty());
    }
}
