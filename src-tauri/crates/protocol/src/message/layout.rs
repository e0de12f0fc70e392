//! Where each field of a message lies. All integers are big-endian.
//!
//! ```text
//! offset  bytes  field
//!      0      4  header length: the offset of the payload length (116; the service also writes 112)
//!      4     32  message type, padded with spaces
//!     36      4  schema version
//!     40      8  created date, milliseconds since 1970 UTC
//!     48      8  sequence number, signed
//!     56      8  flags
//!     64     16  message id, its two halves swapped
//!     80     32  payload digest, SHA-256 of the payload as sent
//!    112      4  payload type; not there when the header length is below 116
//!    116      4  payload length, at the offset the header length names
//!    120      n  payload, to the end of the frame
//! ```
//!
//! Origin: official client, `src/message/messageparser.go`; agent, `agent/session/contracts/agentmessage.go`.

use std::ops::Range;

pub(super) const HEADER_LENGTH: Range<usize> = 0..4;
pub(super) const MESSAGE_TYPE: Range<usize> = 4..36;
pub(super) const SCHEMA_VERSION: Range<usize> = 36..40;
pub(super) const CREATED_DATE: Range<usize> = 40..48;
pub(super) const SEQUENCE_NUMBER: Range<usize> = 48..56;
pub(super) const FLAGS: Range<usize> = 56..64;
pub(super) const MESSAGE_ID: Range<usize> = 64..80;
pub(super) const PAYLOAD_DIGEST: Range<usize> = 80..112;
pub(super) const PAYLOAD_TYPE: Range<usize> = 112..116;

/// Width of the payload length field, which follows the header.
pub(super) const PAYLOAD_LENGTH_BYTES: usize = 4;

/// The header length everyone but the service writes.
pub(crate) const HEADER_LENGTH_WITH_PAYLOAD_TYPE: u32 = 116;

/// The header length of the service's own messages, which have no payload type.
pub(crate) const HEADER_LENGTH_WITHOUT_PAYLOAD_TYPE: u32 = 112;

/// Bytes in front of the payload in the usual form.
pub const HEADER_LEN_BYTES: usize = 120;

/// Largest frame this crate reads or writes. The agent sends about 1 KiB at a time; 64 KiB payloads are accepted by
/// every known peer, so this leaves room and still bounds what one frame can cost.
pub const MAX_FRAME_LEN_BYTES: usize = 1024 * 1024;
