//! What can be seen of running programs from outside, for the search of [`crate::secrets`]: command lines, environments,
//! open files; and what they leave in folders.

use std::fs;
use std::path::Path;

/// What can be seen of a process and all its children: where, and what.
#[cfg(target_os = "linux")]
#[must_use]
pub fn seen(id: u32) -> Vec<(String, Vec<u8>)> {
    /// Larger files are not what a secret is put down in.
    const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
    let mut all = Vec::new();
    for id in tree(id) {
        let process = format!("/proc/{id}");
        for name in ["cmdline", "environ"] {
            if let Ok(bytes) = fs::read(format!("{process}/{name}")) {
                all.push((format!("{name} of {id}"), bytes));
            }
        }
        // What is open, also when its name is gone.
        for entry in fs::read_dir(format!("{process}/fd")).into_iter().flatten() {
            let Ok(entry) = entry else { continue };
            let is_small_file = fs::metadata(entry.path())
                .is_ok_and(|file| file.is_file() && file.len() <= MAX_FILE_BYTES);
            // Nothing else is read: a pipe's bytes would be taken from whoever they are for.
            if is_small_file && let Ok(bytes) = fs::read(entry.path()) {
                let name = fs::read_link(entry.path()).unwrap_or_default();
                all.push((format!("{} open in {id}", name.display()), bytes));
            }
        }
    }
    all
}

/// A process and its descendants, as far as they live.
///
/// # Panics
///
/// If the system does not tell of processes.
#[cfg(target_os = "linux")]
#[must_use]
pub fn tree(root: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .expect("processes are told of")
        .filter_map(|entry| {
            let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // After the name, which may hold anything, come the state and the parent.
            let (_, rest) = stat.rsplit_once(')')?;
            Some((id, rest.split_whitespace().nth(1)?.parse().ok()?))
        })
        .collect();
    let mut found = vec![root];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        at += 1;
        let children = parents.iter().filter(|(_, of)| *of == parent);
        found.extend(children.map(|(id, _)| *id));
    }
    found
}

/// All files below a folder. Those that go meanwhile are left out.
#[must_use]
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => all.extend(files(&path)),
            // Not a pipe or socket, which would be waited for.
            Ok(kind) if kind.is_file() => all.push((
                path.display().to_string(),
                fs::read(&path).unwrap_or_default(),
            )),
            Ok(_) | Err(_) => {}
        }
    }
    all
}
