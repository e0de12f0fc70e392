//! Frames between a client and the agent, both ways in one task, and whatever was asked to happen to them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::service::HeaderForm;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::{Reader, Writer, injection};
use crate::faults::{self, Faults, Injection, Line, Path, Timed, Wire};
use crate::service::Service;
use crate::session::{ClientPlace, Disconnect, Leave, Presence, Session};

/// Frames written before the socket is flushed, when that many are waiting.
const BATCH: usize = 32;

// The two lines of a connection, for their dice.
const TO_CLIENT: u64 = 0;
const TO_AGENT: u64 = 1;

/// What the writer has to do next.
enum Work {
    Frame(Bytes),
    Injection(Injection),
    /// The agent has gone or come back.
    Presence,
    /// A frame has come to the end of its line.
    Arrival,
}

/// The way to the client.
pub(super) struct Outbound<'a> {
    session: &'a Session,
    writer: &'a mut Writer,
    faults: watch::Receiver<Faults>,
    path: Path,
    is_clear: bool,
    line: Line,
    last_acknowledgement: Bytes,
    agent_is_absent: bool,
}

impl<'a> Outbound<'a> {
    pub(super) fn new(
        service: &Service,
        session: &'a Session,
        writer: &'a mut Writer,
        connection: u64,
    ) -> Self {
        let faults = service.faults.watch();
        let seed = faults.borrow().seed;
        let mut outbound = Self {
            session,
            writer,
            faults,
            path: Path::default(),
            is_clear: true,
            line: Line::new(seed, [session.number, connection, TO_CLIENT]),
            last_acknowledgement: Bytes::new(),
            agent_is_absent: false,
        };
        outbound.take_faults();
        outbound
    }

    fn take_faults(&mut self) {
        self.path = self.faults.borrow_and_update().to_client.clone();
        self.is_clear = self.path.is_clear();
    }

    /// Writes until the client has to leave.
    pub(super) async fn run(mut self, place: &mut ClientPlace, limit: Duration) -> Leave {
        let session = self.session;
        let mut signals = session.signals();
        // What it is now counts as news.
        signals.mark_changed();
        loop {
            let work = tokio::select! {
                biased;
                leave = place.leave.wait_for(|leave| *leave != Leave::Stay) => {
                    return leave.map(|leave| leave.clone()).unwrap_or_default();
                }
                Ok(()) = self.faults.changed() => {
                    self.take_faults();
                    continue;
                }
                Ok(()) = signals.changed() => {
                    let presence = signals.borrow_and_update().presence;
                    let is_absent = presence == Presence::Absent;
                    if is_absent == self.agent_is_absent {
                        continue;
                    }
                    self.agent_is_absent = is_absent;
                    Work::Presence
                }
                injection = session.injected.recv() => Work::Injection(injection),
                () = until(self.line.deadline()) => Work::Arrival,
                frame = session.to_client.recv(), if self.line.has_room() => Work::Frame(frame),
            };
            if timeout(limit, self.write(work))
                .await
                .is_ok_and(|result| result.is_ok())
            {
                continue;
            }
            tracing::info!(session = %session.id, "the client does not read");
            return Leave::Disconnect(Disconnect::Abort);
        }
    }

    async fn write(&mut self, work: Work) -> Result<(), SocketError> {
        match work {
            Work::Frame(first) => {
                let session = self.session;
                self.pass(first).await?;
                for _ in 1..BATCH {
                    if !self.line.has_room() {
                        break;
                    }
                    let Some(frame) = session.to_client.try_recv() else {
                        break;
                    };
                    self.pass(frame).await?;
                }
            }
            Work::Injection(injection) => {
                for message in injection::messages(&injection, &self.last_acknowledgement) {
                    self.writer.feed(message).await?;
                }
            }
            Work::Presence => {
                let frame = injection::publication(HeaderForm::default(), !self.agent_is_absent);
                self.writer.feed(Message::Binary(frame)).await?;
            }
            Work::Arrival => {}
        }
        let now = Instant::now();
        while let Some(wire) = self.line.pop(&self.path, now) {
            feed(self.writer, wire).await?;
        }
        self.writer.flush().await
    }

    async fn pass(&mut self, frame: Bytes) -> Result<(), SocketError> {
        // A change counts from the moment it is made, not from the moment it is seen.
        if self.faults.has_changed().unwrap_or_default() {
            self.take_faults();
        }
        let mut damage = None;
        if faults::is_acknowledgement(&frame) {
            self.last_acknowledgement = frame.clone();
        } else if faults::is_stream(&frame) {
            damage = self.session.damage_to_client.try_recv();
        }
        if self.is_clear && damage.is_none() && self.line.is_empty() {
            return self.writer.feed(Message::Binary(frame)).await;
        }
        self.line.push(&self.path, Instant::now(), frame, damage);
        Ok(())
    }
}

async fn feed(writer: &mut Writer, wire: Wire) -> Result<(), SocketError> {
    match wire {
        Wire::Binary(frame) => writer.feed(Message::Binary(frame)).await,
        Wire::Text(frame) => {
            let frame = Frame::message(frame, OpCode::Data(Data::Text), true);
            writer.feed(Message::Frame(frame)).await
        }
        Wire::Fragments(message, frames) => {
            for fragment in fragments(&message, frames) {
                writer.feed(fragment).await?;
            }
            Ok(())
        }
    }
}

/// One binary message as so many frames, of which some are empty if there are more of them than bytes.
pub(super) fn fragments(message: &Bytes, frames: usize) -> Vec<Message> {
    let frames = frames.max(1);
    let cut = |index: usize| message.len() * index / frames;
    let fragment = |index: usize| {
        let data = if index == 0 {
            Data::Binary
        } else {
            Data::Continue
        };
        let part = message.slice(cut(index)..cut(index + 1));
        Message::Frame(Frame::message(
            part,
            OpCode::Data(data),
            index + 1 == frames,
        ))
    };
    (0..frames).map(fragment).collect()
}

/// Hands the client's frames to the agent until the client leaves.
pub(super) async fn read(
    service: &Service,
    session: &Session,
    reader: &mut Reader,
    connection: u64,
) {
    let mut faults = service.faults.watch();
    let mut path = faults.borrow_and_update().to_agent.clone();
    let seed = faults.borrow().seed;
    let mut line = Line::new(seed, [session.number, connection, TO_AGENT]);
    let mut is_open = true;
    while is_open || !line.is_empty() {
        tokio::select! {
            Ok(()) = faults.changed() => path = faults.borrow_and_update().to_agent.clone(),
            () = until(line.deadline()) => {}
            message = reader.next(), if is_open && line.has_room() => match message {
                Some(Ok(message)) => {
                    // A change counts from the moment it is made, not from the moment it is seen.
                    if faults.has_changed().unwrap_or_default() {
                        path = faults.borrow_and_update().to_agent.clone();
                    }
                    is_open = take(session, &mut line, &path, message).await;
                }
                Some(Err(_)) | None => is_open = false,
            },
        }
        let now = Instant::now();
        while let Some(wire) = line.pop(&path, now) {
            session.to_agent.send(wire.bytes().clone()).await;
        }
    }
}

/// Takes in what a client sends. Whether it stays.
async fn take(session: &Session, line: &mut Line, path: &Path, message: Message) -> bool {
    match message {
        Message::Binary(frame) if is_for_agent(&frame) => {
            let damage = if faults::is_stream(&frame) {
                session.damage_to_agent.try_recv()
            } else {
                None
            };
            if damage.is_none() && path.is_clear() && line.is_empty() {
                session.to_agent.send(frame).await;
            } else {
                line.push(path, Instant::now(), frame, damage);
            }
        }
        Message::Binary(frame) => {
            tracing::debug!(session = %session.id, len = frame.len(), "frame not relayed");
        }
        Message::Text(text) => {
            tracing::debug!(session = %session.id, len = text.len(), "text frame not relayed");
        }
        // tungstenite answers pings by itself, with the next read or write.
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        Message::Close(_) => return false,
    }
    true
}

/// Whether the service passes this frame of a client on: stream data and acknowledgements only. The type is 32 bytes of
/// text at offset 4, padded with spaces.
fn is_for_agent(frame: &[u8]) -> bool {
    const MESSAGE_TYPE: std::ops::Range<usize> = 4..36;
    let message_type = frame.get(MESSAGE_TYPE).unwrap_or_default();
    let message_type = message_type.trim_ascii_end();
    message_type == b"input_stream_data" || message_type == b"acknowledge"
}

/// Does what was asked to happen to a connection after a while.
pub(super) async fn act_in_time(
    service: &Service,
    session: &Arc<Session>,
    mut timed: Vec<Timed>,
) -> Infallible {
    let opened = Instant::now();
    timed.sort_by_key(|timed| timed.after);
    for Timed { after, action } in timed {
        sleep_until(opened + after).await;
        tracing::info!(session = %session.id, ?action, "as asked");
        service.act(session, action);
    }
    std::future::pending().await
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stream_data_and_acknowledgements_go_to_the_agent() {
        let frame = |message_type: &str| -> Vec<u8> {
            [&[0, 0, 0, 116], format!("{message_type:32}").as_bytes()].concat()
        };
        assert!(is_for_agent(&frame("input_stream_data")));
        assert!(is_for_agent(&frame("acknowledge")));
        for other in [
            "output_stream_data",
            "channel_closed",
            "pause_publication",
            "input_stream_data2",
            "",
        ] {
            assert!(!is_for_agent(&frame(other)), "{other}");
        }
        for len in 0..36 {
            assert!(!is_for_agent(&frame("acknowledge")[..len.min(35)]));
        }
    }

    #[test]
    fn fragments_are_one_message() {
        for frames in [1, 2, 3, 10] {
            let fragments = fragments(&Bytes::from_static(b"abcdefg"), frames);
            assert_eq!(fragments.len(), frames);
            let mut message = Vec::new();
            for (index, fragment) in fragments.into_iter().enumerate() {
                let Message::Frame(frame) = fragment else {
                    panic!("not a frame");
                };
                let header = frame.header();
                let data = if index == 0 {
                    Data::Binary
                } else {
                    Data::Continue
                };
                assert_eq!(header.opcode, OpCode::Data(data));
                assert_eq!(header.is_final, index + 1 == frames);
                message.extend_from_slice(frame.payload());
            }
            assert_eq!(message, b"abcdefg");
        }
    }
}
