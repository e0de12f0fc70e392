//! Gathers a session's output into batches and keeps count of the credit.
//!
//! The first bytes after a silence leave at once, since an echo must not wait. While the receiver still works on what
//! it was given, bytes gather: until it has caught up, until a batch is full, or until [`GATHER`] has passed. Above
//! [`HIGH_WATER_BYTES`] on their way the session stops reading its socket, so that TCP holds the sender back.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

/// The largest batch.
pub(crate) const BATCH_BYTES: usize = 64 * 1024;
/// Delivered and not yet granted back, plus gathered: at this much reading stops.
pub(crate) const HIGH_WATER_BYTES: usize = 256 * 1024;
/// The longest that gathered bytes wait for company.
pub(crate) const GATHER: Duration = Duration::from_millis(8);

/// Which stream bytes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKind {
    Output,
    Stderr,
}

/// One session's output on its way to the receiver.
#[derive(Debug, Default)]
pub(crate) struct Batcher {
    ready: VecDeque<(StreamKind, Bytes)>,
    gathering: BytesMut,
    kind: Option<StreamKind>,
    /// When the gathered bytes leave at the latest, since the caller's origin.
    deadline: Option<Duration>,
    gathered_bytes: usize,
    outstanding_bytes: usize,
}

impl Batcher {
    /// Takes bytes that came from the agent at `elapsed`.
    pub(crate) fn push(&mut self, elapsed: Duration, kind: StreamKind, bytes: &[u8]) {
        if self.kind.is_some_and(|gathering| gathering != kind) {
            self.seal();
        }
        self.gathered_bytes += bytes.len();
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = BATCH_BYTES - self.gathering.len();
            let (now, later) = rest.split_at(rest.len().min(room));
            self.kind = Some(kind);
            self.gathering.extend_from_slice(now);
            self.deadline.get_or_insert(elapsed + GATHER);
            if self.gathering.len() == BATCH_BYTES {
                self.seal();
            }
            rest = later;
        }
    }

    /// The next batch that may leave at `elapsed`.
    pub(crate) fn pop(&mut self, elapsed: Duration) -> Option<(StreamKind, Bytes)> {
        if self.ready.is_empty() && (self.outstanding_bytes == 0 || self.is_due(elapsed)) {
            self.seal();
        }
        let (kind, bytes) = self.ready.pop_front()?;
        self.gathered_bytes -= bytes.len();
        self.outstanding_bytes += bytes.len();
        Some((kind, bytes))
    }

    /// The next batch regardless of time: the session is over and nothing more will come.
    pub(crate) fn drain(&mut self) -> Option<(StreamKind, Bytes)> {
        self.seal();
        let (kind, bytes) = self.ready.pop_front()?;
        self.gathered_bytes -= bytes.len();
        self.outstanding_bytes += bytes.len();
        Some((kind, bytes))
    }

    /// When [`Batcher::pop`] has something that it does not have now, if time alone brings it.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// The receiver is done with `bytes` of what it was given. More than it was given counts as all of it.
    pub(crate) fn grant(&mut self, bytes: usize) {
        self.outstanding_bytes = self.outstanding_bytes.saturating_sub(bytes);
    }

    /// Whether the receiver is so far behind that nothing more should be read for it.
    pub(crate) fn is_full(&self) -> bool {
        self.outstanding_bytes + self.gathered_bytes >= HIGH_WATER_BYTES
    }

    /// Bytes that were taken and not granted back.
    pub(crate) fn held_bytes(&self) -> usize {
        self.outstanding_bytes + self.gathered_bytes
    }

    fn is_due(&self, elapsed: Duration) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= elapsed)
    }

    fn seal(&mut self) {
        self.deadline = None;
        if let Some(kind) = self.kind.take()
            && !self.gathering.is_empty()
        {
            self.ready
                .push_back((kind, self.gathering.split().freeze()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Duration = Duration::ZERO;

    fn output(bytes: &'static [u8]) -> Option<(StreamKind, Bytes)> {
        Some((StreamKind::Output, Bytes::from_static(bytes)))
    }

    #[test]
    fn the_first_bytes_after_silence_leave_at_once() {
        let mut batcher = Batcher::default();
        batcher.push(T0, StreamKind::Output, b"l");
        assert_eq!(batcher.pop(T0), output(b"l"));
    }

    #[test]
    fn bytes_gather_while_the_receiver_is_busy() {
        let mut batcher = Batcher::default();
        batcher.push(T0, StreamKind::Output, b"a");
        assert_eq!(batcher.pop(T0), output(b"a"));
        batcher.push(T0, StreamKind::Output, b"b");
        batcher.push(T0, StreamKind::Output, b"c");
        assert_eq!(batcher.pop(T0), None);
        batcher.grant(1);
        assert_eq!(batcher.pop(T0), output(b"bc"));
    }

    #[test]
    fn gathered_bytes_leave_when_their_time_has_come() {
        let mut batcher = Batcher::default();
        batcher.push(T0, StreamKind::Output, b"a");
        batcher.pop(T0);
        batcher.push(T0, StreamKind::Output, b"b");
        assert_eq!(batcher.deadline(), Some(GATHER));
        assert_eq!(batcher.pop(GATHER), output(b"b"));
        assert_eq!(batcher.deadline(), None);
    }

    #[test]
    fn a_full_batch_leaves_without_waiting() {
        let mut batcher = Batcher::default();
        batcher.push(T0, StreamKind::Output, b"a");
        batcher.pop(T0);
        batcher.push(T0, StreamKind::Output, &vec![b'x'; BATCH_BYTES + 1]);
        assert_eq!(
            batcher.pop(T0).map(|(_, bytes)| bytes.len()),
            Some(BATCH_BYTES)
        );
        assert_eq!(batcher.pop(T0), None, "the one byte left over gathers");
    }

    #[test]
    fn is_full_at_the_high_mark_until_credit_returns() {
        let mut batcher = Batcher::default();
        batcher.push(T0, StreamKind::Output, &vec![b'x'; HIGH_WATER_BYTES - 1]);
        assert!(!batcher.is_full());
        while batcher.pop(GATHER).is_some() {}
        batcher.push(T0, StreamKind::Output, b"x");
        assert!(batcher.is_full());
        batcher.grant(1);
        assert!(!batcher.is_full());
    }

    #[test]
    fn more_credit_than_was_given_out_counts_as_all() {
        let mut batcher = Batcher::default();
        batcher.push(T0, StreamKind::Output, b"a");
        batcher.pop(T0);
        batcher.grant(usize::MAX);
        batcher.push(T0, StreamKind::Output, b"b");
        assert_eq!(batcher.pop(T0), output(b"b"));
    }

    #[test]
    fn output_and_stderr_keep_their_order_and_never_mix() {
        let mut batcher = Batcher::default();
        batcher.push(T0, StreamKind::Output, b"one");
        batcher.push(T0, StreamKind::Stderr, b"two");
        batcher.push(T0, StreamKind::Output, b"three");
        let mut seen = Vec::new();
        while let Some(batch) = batcher.drain() {
            seen.push(batch);
        }
        assert_eq!(
            seen,
            [
                (StreamKind::Output, Bytes::from_static(b"one")),
                (StreamKind::Stderr, Bytes::from_static(b"two")),
                (StreamKind::Output, Bytes::from_static(b"three")),
            ]
        );
    }
}
