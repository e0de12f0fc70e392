//! Which keys the keyring holds: entries of their own, since not every keyring can list.
//!
//! One entry may hold 2,560 bytes on Windows, so the index is a row of entries, each saying whether there is another.
//! It names keys before they are written and until they are gone: no secret is ever in the keyring unlisted.

use serde::{Deserialize, Serialize};

use crate::trouble::Trouble;
use crate::worker::Session;

const VERSION: u32 = 1;
/// What one entry of the index may be long.
const MAX_PART_BYTES: usize = 2_000;
/// More than anybody types in; ends a row that goes in circles.
const MAX_PARTS: usize = 200;

/// What the index says of a set of keys. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) access_key_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    version: u32,
    keys: Vec<Item>,
    /// Whether there is another part.
    more: bool,
}

impl Part {
    fn empty() -> Self {
        Self {
            version: VERSION,
            keys: Vec::new(),
            more: false,
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Trouble> {
        serde_json::to_vec(self)
            .map_err(|_| Trouble::Other("the list of keys cannot be written down".to_owned()))
    }
}

fn user(part: usize) -> String {
    if part == 0 {
        "index".to_owned()
    } else {
        format!("index/{part}")
    }
}

/// All that the index names.
pub(crate) fn items(session: &mut Session<'_>) -> Result<Vec<Item>, Trouble> {
    Ok(parts(session)?
        .into_iter()
        .flat_map(|part| part.keys)
        .collect())
}

/// Adds an item, or puts it in the place of the one with its id.
pub(crate) fn put(session: &mut Session<'_>, item: Item) -> Result<(), Trouble> {
    let mut parts = parts(session)?;
    let len = parts.len();
    // Its old place, if it still fits there; else out of there and into the first with room.
    let old = parts
        .iter()
        .position(|part| part.keys.iter().any(|known| known.id == item.id));
    if let Some(at) = old
        && let Some(part) = parts.get_mut(at)
    {
        let before = part.clone();
        for known in part.keys.iter_mut().filter(|known| known.id == item.id) {
            *known = item.clone();
        }
        if *part == before {
            return Ok(());
        }
        if part.to_bytes()?.len() <= MAX_PART_BYTES {
            return write(session, at, part);
        }
        *part = before;
    }
    for (at, part) in parts.iter_mut().enumerate() {
        if Some(at) == old {
            continue;
        }
        part.keys.push(item.clone());
        if part.to_bytes()?.len() <= MAX_PART_BYTES {
            write(session, at, part)?;
            return leave(session, &mut parts, old, &item.id);
        }
        part.keys.pop();
    }
    if len >= MAX_PARTS {
        return Err(Trouble::Other("it holds too many keys already".to_owned()));
    }
    // The new part first: until the last one names it, it is not there.
    let mut part = Part::empty();
    part.keys.push(item.clone());
    write(session, len, &part)?;
    if let Some(at) = len.checked_sub(1)
        && let Some(last) = parts.get_mut(at)
    {
        last.more = true;
        write(session, at, last)?;
    }
    leave(session, &mut parts, old, &item.id)
}

/// Takes an item out of the part in which it was.
fn leave(
    session: &mut Session<'_>,
    parts: &mut [Part],
    old: Option<usize>,
    id: &str,
) -> Result<(), Trouble> {
    if let Some(at) = old
        && let Some(part) = parts.get_mut(at)
    {
        part.keys.retain(|known| known.id != id);
        return write(session, at, part);
    }
    Ok(())
}

/// Forgets an item.
pub(crate) fn remove(session: &mut Session<'_>, id: &str) -> Result<(), Trouble> {
    for (at, mut part) in parts(session)?.into_iter().enumerate() {
        let before = part.keys.len();
        part.keys.retain(|known| known.id != id);
        if part.keys.len() < before {
            write(session, at, &part)?;
        }
    }
    Ok(())
}

fn parts(session: &mut Session<'_>) -> Result<Vec<Part>, Trouble> {
    let mut parts: Vec<Part> = Vec::new();
    while parts.len() < MAX_PARTS {
        let Some(bytes) = session.read(&user(parts.len()))? else {
            break;
        };
        let part: Part = serde_json::from_slice(&bytes).map_err(|_| Trouble::Corrupt)?;
        if part.version != VERSION {
            return Err(Trouble::Corrupt);
        }
        let more = part.more;
        parts.push(part);
        if !more {
            break;
        }
    }
    Ok(parts)
}

fn write(session: &mut Session<'_>, at: usize, part: &Part) -> Result<(), Trouble> {
    session.write(&user(at), &part.to_bytes()?)
}
