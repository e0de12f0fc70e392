//! Frames of smux version 1, the streams inside a multiplexed port session.
//!
//! The payloads of one direction, put end to end, are a sequence of these frames; message boundaries mean nothing.
//! This is the codec alone: who opens which stream, and what is buffered for it, is for the port forwarder.
//!
//! ```text
//! offset  bytes  field
//!      0      1  version, 1
//!      1      1  command
//!      2      2  length of the data, little-endian
//!      4      4  stream id, little-endian
//!      8      n  data
//! ```
//!
//! Origin: `xtaci/smux` 1.5 as vendored by the official client and agent.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The only version; it is not negotiated.
pub const VERSION: u8 = 1;

/// Bytes in front of the data.
pub const HEADER_LEN_BYTES: usize = 8;

/// Most data put into one frame. Receivers accept up to 65,535.
pub const MAX_DATA_LEN_BYTES: usize = 32_768;

/// What a frame does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// 0: opens a stream.
    Syn,
    /// 1: the sender will send no more.
    Fin,
    /// 2: carries data.
    Psh,
    /// 3: keeps the session alive.
    Nop,
}

impl Command {
    fn number(self) -> u8 {
        match self {
            Self::Syn => 0,
            Self::Fin => 1,
            Self::Psh => 2,
            Self::Nop => 3,
        }
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it does.
    pub command: Command,
    /// Which stream it is about; 0 for [`Command::Nop`].
    pub stream_id: u32,
    /// The bytes of [`Command::Psh`], else empty.
    pub data: Bytes,
}

/// Why a byte stream is not smux. Nothing after it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SmuxError {
    /// A frame has another version.
    #[error("smux version {0} is not 1")]
    Version(u8),
    /// A frame has a command version 1 does not have.
    #[error("unknown smux command {0}")]
    Command(u8),
    /// A frame that carries no data announces some: the reference would lose its place in the stream.
    #[error("smux command {command} with {length} bytes of data")]
    UnexpectedData {
        /// The command's number.
        command: u8,
        /// Announced bytes.
        length: u16,
    },
    /// The data does not fit one frame.
    #[error("{0} bytes do not fit a smux frame")]
    TooLong(usize),
}

impl Frame {
    /// Makes a frame without data.
    pub fn bare(command: Command, stream_id: u32) -> Self {
        Self {
            command,
            stream_id,
            data: Bytes::new(),
        }
    }

    /// Writes the frame.
    ///
    /// # Errors
    ///
    /// When the data is longer than a length field can say, or the command carries none.
    pub fn encode(&self) -> Result<Bytes, SmuxError> {
        let length =
            u16::try_from(self.data.len()).map_err(|_| SmuxError::TooLong(self.data.len()))?;
        if length > 0 && self.command != Command::Psh {
            return Err(SmuxError::UnexpectedData {
                command: self.command.number(),
                length,
            });
        }
        let mut frame = BytesMut::with_capacity(HEADER_LEN_BYTES + self.data.len());
        frame.put_u8(VERSION);
        frame.put_u8(self.command.number());
        frame.put_u16_le(length);
        frame.put_u32_le(self.stream_id);
        frame.put_slice(&self.data);
        Ok(frame.freeze())
    }
}

/// Cuts data into frames of at most [`MAX_DATA_LEN_BYTES`], sharing its memory.
pub fn data_frames(stream_id: u32, mut data: Bytes) -> impl Iterator<Item = Frame> {
    std::iter::from_fn(move || {
        let piece = data.split_to(data.len().min(MAX_DATA_LEN_BYTES));
        (!piece.is_empty()).then_some(Frame {
            command: Command::Psh,
            stream_id,
            data: piece,
        })
    })
}

/// Reads frames out of a byte stream that comes in pieces. Holds at most one unfinished frame beyond what the caller
/// has not taken out.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
    failed: Option<SmuxError>,
}

impl Decoder {
    /// Adds the next piece; the caller takes the frames out before the next one.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Returns the next whole frame, or nothing until more bytes come.
    ///
    /// # Errors
    ///
    /// When the stream is not smux version 1; from then on always.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, SmuxError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.read().inspect_err(|&error| {
            self.failed = Some(error);
            self.buffer = BytesMut::new();
        })
    }

    fn read(&mut self) -> Result<Option<Frame>, SmuxError> {
        let Some(mut header) = self.buffer.get(..HEADER_LEN_BYTES) else {
            return Ok(None);
        };
        let version = header.get_u8();
        let number = header.get_u8();
        let length = header.get_u16_le();
        let stream_id = header.get_u32_le();
        if version != VERSION {
            return Err(SmuxError::Version(version));
        }
        let command = match number {
            0 => Command::Syn,
            1 => Command::Fin,
            2 => Command::Psh,
            3 => Command::Nop,
            other => return Err(SmuxError::Command(other)),
        };
        if length > 0 && command != Command::Psh {
            return Err(SmuxError::UnexpectedData {
                command: number,
                length,
            });
        }
        let end = HEADER_LEN_BYTES + usize::from(length);
        if self.buffer.len() < end {
            return Ok(None);
        }
        let data = self.buffer.split_to(end).freeze().slice(HEADER_LEN_BYTES..);
        Ok(Some(Frame {
            command,
            stream_id,
            data,
        }))
    }
}

/// Gives out a client's stream ids: 3, 5, 7 and so on until they are used up.
#[derive(Clone, Copy, Debug)]
pub struct StreamIds {
    last: Option<u32>,
}

impl Default for StreamIds {
    fn default() -> Self {
        // The reference's counter starts at 1 and is raised before use.
        Self { last: Some(1) }
    }
}

impl Iterator for StreamIds {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.last = self.last?.checked_add(2);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_however_the_bytes_are_cut() {
        let frame = Frame {
            command: Command::Psh,
            stream_id: 3,
            data: Bytes::from_static(b"hello"),
        };
        let bytes = [frame.encode(), Frame::bare(Command::Fin, 3).encode()]
            .map(Result::unwrap_or_default)
            .concat();
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for byte in bytes {
            decoder.push(&[byte]);
            frames.extend(decoder.next_frame().ok().flatten());
        }
        assert_eq!(frames, [frame, Frame::bare(Command::Fin, 3)]);
    }

    #[test]
    fn an_error_is_final_and_holds_no_memory() {
        let mut decoder = Decoder::default();
        decoder.push(&[2, 0, 0, 0, 3, 0, 0, 0]);
        assert_eq!(decoder.next_frame(), Err(SmuxError::Version(2)));
        decoder.push(&[1, 0, 0, 0, 3, 0, 0, 0]);
        assert_eq!(decoder.next_frame(), Err(SmuxError::Version(2)));
        assert!(decoder.buffer.is_empty());
    }

    #[test]
    fn only_data_frames_have_data() {
        for number in [0, 1, 3] {
            let mut decoder = Decoder::default();
            decoder.push(&[1, number, 1, 0, 3, 0, 0, 0, 9]);
            assert_eq!(
                decoder.next_frame(),
                Err(SmuxError::UnexpectedData {
                    command: number,
                    length: 1
                })
            );
        }
        let with_data = Frame {
            command: Command::Syn,
            stream_id: 3,
            data: Bytes::from_static(b"x"),
        };
        assert!(with_data.encode().is_err());
        let mut decoder = Decoder::default();
        decoder.push(&[1, 4, 0, 0, 3, 0, 0, 0]);
        assert_eq!(decoder.next_frame(), Err(SmuxError::Command(4)));
    }

    #[test]
    fn a_frame_of_the_largest_length_is_read() {
        let frame = Frame {
            command: Command::Psh,
            stream_id: 3,
            data: vec![7; usize::from(u16::MAX)].into(),
        };
        let mut decoder = Decoder::default();
        decoder.push(&frame.encode().unwrap_or_default());
        assert_eq!(decoder.next_frame(), Ok(Some(frame)));
        let longer = Frame {
            command: Command::Psh,
            stream_id: 3,
            data: vec![7; 65_536].into(),
        };
        assert_eq!(longer.encode(), Err(SmuxError::TooLong(65_536)));
    }

    #[test]
    fn stream_ids_are_odd_from_three_and_end() {
        assert_eq!(StreamIds::default().take(3).collect::<Vec<_>>(), [3, 5, 7]);
        let mut last = StreamIds {
            last: Some(u32::MAX - 2),
        };
        assert_eq!(
            (last.next(), last.next(), last.next()),
            (Some(u32::MAX), None, None)
        );
    }
}
