//! Reads a recording in pages, so that a long one is played before it is read, and none is ever held whole.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::cast::{CastError, Event, Header, MAX_LINE_BYTES};

/// A page ends after the event with which it has come to this many bytes of the file.
const PAGE_BYTES: u64 = 512 * 1024;

/// Where the next page begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// In the file, in bytes.
    pub offset: u64,
    /// The moment of the last event before it.
    pub at_ms: u64,
}

/// Some of a recording's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In their order.
    pub events: Vec<Event>,
    /// Where it goes on; nothing at the end.
    pub next: Option<Cursor>,
}

/// The header and where the first page begins.
pub(crate) fn header(file: &mut (impl BufRead + Seek)) -> io::Result<(Header, Cursor)> {
    file.seek(SeekFrom::Start(0))?;
    let line = line(file)?.ok_or_else(|| invalid(&CastError::NoHeader))?;
    let header = Header::parse(&line.text).map_err(|error| invalid(&error))?;
    let cursor = Cursor {
        offset: line.len_bytes,
        at_ms: 0,
    };
    Ok((header, cursor))
}

/// The events from `cursor` on.
pub(crate) fn page(
    file: &mut (impl BufRead + Seek),
    version: u8,
    cursor: Cursor,
) -> io::Result<Page> {
    file.seek(SeekFrom::Start(cursor.offset))?;
    let mut at = cursor;
    let mut events = Vec::new();
    while let Some(line) = line(file)? {
        at.offset += line.len_bytes;
        if let Some(event) = Event::parse(&line.text, version, at.at_ms) {
            at.at_ms = event.at_ms;
            events.push(event);
        }
        if at.offset - cursor.offset >= PAGE_BYTES {
            return Ok(Page {
                events,
                next: Some(at),
            });
        }
    }
    Ok(Page { events, next: None })
}

struct Line {
    text: String,
    /// In the file, its end included.
    len_bytes: u64,
}

/// The next line; of one beyond [`MAX_LINE_BYTES`] nothing but its length.
fn line(file: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
    let read = file.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
    let mut len_bytes = u64::try_from(read).unwrap_or(u64::MAX);
    if read == 0 {
        return Ok(None);
    }
    if read == MAX_LINE_BYTES && !bytes.ends_with(b"\n") {
        bytes.clear();
        len_bytes += skip_line(file)?;
    }
    Ok(Some(Line {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        len_bytes,
    }))
}

/// Goes past the end of the line that has begun; how many bytes that were.
fn skip_line(file: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |end| end + 1);
        file.consume(taken);
        skipped += u64::try_from(taken).unwrap_or(u64::MAX);
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

fn invalid(error: &CastError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::io::Cursor as Bytes;

    use super::*;
    use crate::cast::EventKind;

    fn pages(text: &str) -> Vec<Page> {
        let mut file = Bytes::new(text);
        let (header, mut cursor) = header(&mut file).unwrap();
        let mut all = Vec::new();
        loop {
            let page = page(&mut file, header.version, cursor).unwrap();
            let next = page.next;
            all.push(page);
            match next {
                Some(next) => cursor = next,
                None => return all,
            }
        }
    }

    const HEADER: &str = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n";

    #[test]
    fn a_long_recording_comes_in_pages_that_join_without_a_gap() {
        let line = format!("[0.001, \"o\", \"{}\"]\n", "x".repeat(1_000));
        let text = format!("{HEADER}{}", line.repeat(2_000));
        let pages = pages(&text);
        assert!(pages.len() > 3, "{}", pages.len());
        let times: Vec<u64> = pages
            .iter()
            .flat_map(|page| page.events.iter().map(|event| event.at_ms))
            .collect();
        assert_eq!(times, (1..=2_000).collect::<Vec<u64>>());
    }

    #[test]
    fn an_endless_line_costs_no_memory_and_what_follows_is_read() {
        let text = format!(
            "{HEADER}[0.5, \"o\", \"{}\"]\n[0.5, \"m\", \"after\"]\n",
            "x".repeat(MAX_LINE_BYTES + 10)
        );
        let events: Vec<Event> = pages(&text)
            .into_iter()
            .flat_map(|page| page.events)
            .collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, EventKind::Marker("after".to_owned()));
    }

    #[test]
    fn a_file_cut_anywhere_plays_up_to_the_cut() {
        let text = format!("{HEADER}[0.5, \"o\", \"one\"]\n[0.5, \"o\", \"tw\\u00f6\"]\n");
        for len in HEADER.len()..text.len() {
            let events: usize = pages(&text[..len])
                .iter()
                .map(|page| page.events.len())
                .sum();
            assert!(events <= 2);
        }
    }

    #[test]
    fn what_is_no_recording_is_told_from_one() {
        let error = header(&mut Bytes::new("PK\u{3}\u{4}")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
