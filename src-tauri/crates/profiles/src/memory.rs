//! A file system in memory for tests, which can fail at any operation, or lose power after it.
//!
//! What a power cut leaves is chosen by a seeded generator: data that was not synced is there in full, in part, as zeros or
//! not at all, and of the folder's changes that were not synced the first few have happened, or any few of them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use files::{Contents, Files, Guard};

/// One file's bytes, and how much of them a power cut leaves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inode {
    data: Vec<u8>,
    synced: bool,
}

/// A change of the folder.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Insert(PathBuf, usize),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) inodes: Vec<Inode>,
    pub(crate) entries: BTreeMap<PathBuf, usize>,
    pub(crate) durable: BTreeMap<PathBuf, usize>,
    pub(crate) pending: Vec<Change>,
    pub(crate) operations: usize,
    /// The operation to fail, and whether all later ones fail as well.
    pub(crate) fail: Option<(usize, io::ErrorKind, bool)>,
    /// Renamings that would have this name fail.
    pub(crate) refuse_renaming_to: Option<PathBuf>,
    pub(crate) folder_exists: bool,
}

fn apply(entries: &mut BTreeMap<PathBuf, usize>, change: &Change) {
    match change {
        Change::Insert(path, inode) => {
            entries.insert(path.clone(), *inode);
        }
        Change::Remove(path) => {
            entries.remove(path);
        }
        Change::Rename(from, to) => {
            if let Some(inode) = entries.remove(from) {
                entries.insert(to.clone(), inode);
            }
        }
    }
}

impl Disk {
    /// Counts one operation, and fails it if its turn has come.
    fn step(&mut self) -> io::Result<()> {
        self.operations += 1;
        match self.fail {
            Some((at, kind, for_good))
                if self.operations == at || (for_good && self.operations > at) =>
            {
                Err(kind.into())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.entries, &change);
        self.pending.push(change);
    }

    fn inode(&self, path: &Path) -> io::Result<usize> {
        self.entries
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// What is there after the power came back.
    pub(crate) fn after_power_cut(&self, random: &mut Random) -> Self {
        let mut entries = self.durable.clone();
        let in_order = random.below(2) == 0;
        let happened = random.below(self.pending.len() + 1);
        for (number, change) in self.pending.iter().enumerate() {
            let has_happened = if in_order {
                number < happened
            } else {
                random.below(2) == 0
            };
            if has_happened {
                apply(&mut entries, change);
            }
        }
        let inodes = self
            .inodes
            .iter()
            .map(|inode| {
                let len = inode.data.len();
                let left = if inode.synced {
                    len
                } else {
                    random.below(len + 1)
                };
                let mut data = inode.data[..left].to_vec();
                if !inode.synced && random.below(3) == 0 {
                    // The length arrived, and not all of the data.
                    data.resize(len, 0);
                }
                Inode { data, synced: true }
            })
            .collect();
        Self {
            inodes,
            durable: entries.clone(),
            entries,
            folder_exists: self.folder_exists,
            ..Self::default()
        }
    }
}

/// A small deterministic generator (xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryFiles(Arc<Mutex<Disk>>);

struct Free;
impl Guard for Free {}

impl MemoryFiles {
    pub(crate) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn healthy(disk: Disk) -> Self {
        Self(Arc::new(Mutex::new(disk)))
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let mut disk = self.disk();
        disk.folder_exists = true;
        disk.inodes.push(Inode {
            data: bytes.to_vec(),
            synced: true,
        });
        let inode = disk.inodes.len() - 1;
        disk.change(Change::Insert(folder().join(name), inode));
        disk.durable = disk.entries.clone();
        disk.pending.clear();
    }

    pub(crate) fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk();
        disk.inode(&folder().join(name))
            .ok()
            .map(|inode| disk.inodes[inode].data.clone())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.disk()
            .entries
            .keys()
            .filter_map(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }
}

impl Files for MemoryFiles {
    fn create_folder(&mut self, _: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.folder_exists = true;
        Ok(())
    }

    fn lock(&mut self, _: &Path) -> io::Result<Box<dyn Guard>> {
        self.disk().step()?;
        Ok(Box::new(Free))
    }

    fn read(&mut self, path: &Path, limit: u64) -> io::Result<Contents> {
        let mut disk = self.disk();
        disk.step()?;
        let inode = disk.inode(path)?;
        let bytes = disk.inodes[inode].data.clone();
        let too_large = u64::try_from(bytes.len()).is_ok_and(|len| len > limit);
        Ok(if too_large {
            Contents::TooLarge
        } else {
            Contents::Whole(bytes)
        })
    }

    fn create_durably(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        if !disk.folder_exists {
            return Err(io::ErrorKind::NotFound.into());
        }
        if disk.entries.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.inodes.push(Inode::default());
        let inode = disk.inodes.len() - 1;
        disk.change(Change::Insert(path.to_owned(), inode));
        // The write itself: half of it arrives when it fails.
        if let Err(error) = disk.step() {
            disk.inodes[inode].data = bytes[..bytes.len() / 2].to_vec();
            return Err(error);
        }
        disk.inodes[inode].data = bytes.to_vec();
        // The sync.
        disk.step()?;
        disk.inodes[inode].synced = true;
        Ok(())
    }

    fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        let inode = disk.inode(from)?;
        if disk.entries.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.change(Change::Insert(to.to_owned(), inode));
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.inode(from)?;
        if disk.refuse_renaming_to.as_deref() == Some(to) {
            return Err(io::ErrorKind::Other.into());
        }
        disk.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.inode(path)?;
        disk.change(Change::Remove(path.to_owned()));
        Ok(())
    }

    fn list(&mut self, _: &Path) -> io::Result<Vec<PathBuf>> {
        let mut disk = self.disk();
        disk.step()?;
        Ok(disk.entries.keys().cloned().collect())
    }

    fn sync_folder(&mut self, _: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.durable = disk.entries.clone();
        disk.pending.clear();
        Ok(())
    }
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from("config")
}
