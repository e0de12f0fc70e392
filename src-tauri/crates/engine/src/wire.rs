//! One WebSocket as the session's loop wants it: writes go out by themselves while the next message is awaited.
//!
//! Everything is state of [`Wire`], nothing of a pending future, so waiting can be cancelled at any moment without losing
//! a byte in either direction.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use secrecy::{ExposeSecret, SecretString};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::dial::Socket;

/// What came from the peer.
#[derive(Debug)]
pub(crate) enum Received {
    /// A data frame.
    Data(Bytes),
    /// A ping or a pong: proof of life.
    Control,
    /// The peer's close frame, or the end of the connection without one.
    Closed(Option<CloseFrame>),
    /// The connection broke.
    Broken(Error),
}

/// A text message that is wiped once the socket has taken it. The socket masks its own copy.
pub(crate) fn secret_text(text: SecretString) -> Message {
    struct Owner(SecretString);

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.0.expose_secret().as_bytes()
        }
    }

    // What is a string is UTF-8.
    let text = Utf8Bytes::try_from(Bytes::from_owner(Owner(text)));
    Message::Text(text.unwrap_or_default())
}

pub(crate) struct Wire {
    socket: Socket,
    queue: VecDeque<Message>,
    queued_bytes: usize,
    unflushed: bool,
    /// Why nothing can be written any more. What the peer wrote before it left is still read.
    write_error: Option<Error>,
}

impl Wire {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            socket,
            queue: VecDeque::new(),
            queued_bytes: 0,
            unflushed: false,
            write_error: None,
        }
    }

    /// Queues one message; it leaves during the next [`Wire::next`].
    pub(crate) fn push(&mut self, message: Message) {
        if self.write_error.is_none() {
            self.queued_bytes += message.len();
            self.queue.push_back(message);
        }
    }

    /// Bytes that the socket has not taken yet. While the peer does not read, the caller stops producing.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Writes what is queued and waits for the next message; with `read` false it only writes. Cancel-safe.
    pub(crate) async fn next(&mut self, read: bool) -> Received {
        poll_fn(|cx| {
            if self.write_error.is_none()
                && let Poll::Ready(Err(error)) = self.poll_write(cx)
            {
                self.write_error = Some(error);
                self.queue.clear();
                self.queued_bytes = 0;
            }
            if !read {
                return Poll::Pending;
            }
            let received = ready!(self.poll_read(cx));
            Poll::Ready(match (received, self.write_error.take()) {
                // The first error says more than what follows from it.
                (Received::Broken(_) | Received::Closed(None), Some(error)) => {
                    Received::Broken(error)
                }
                (received, error) => {
                    self.write_error = error;
                    received
                }
            })
        })
        .await
    }

    /// Writes what is queued, then a close frame (code 1000), and waits for the peer to close too.
    pub(crate) async fn close(mut self) {
        self.push(Message::Close(Some(CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        })));
        while let Received::Data(_) | Received::Control = self.next(true).await {}
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.queue.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            if let Some(message) = self.queue.pop_front() {
                self.queued_bytes -= message.len();
                self.unflushed = true;
                Pin::new(&mut self.socket).start_send(message)?;
            }
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let received = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            None => Received::Closed(None),
            Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) => Received::Closed(None),
            Some(Err(error)) => Received::Broken(error),
            // Copied: a message is a piece of the socket's read buffer, and one that waits for a missing neighbour would
            // keep all of that buffer.
            Some(Ok(Message::Binary(bytes))) => Received::Data(Bytes::copy_from_slice(&bytes)),
            Some(Ok(Message::Text(text))) => {
                Received::Data(Bytes::copy_from_slice(text.as_bytes()))
            }
            Some(Ok(Message::Close(frame))) => Received::Closed(frame),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Received::Control,
        };
        Poll::Ready(received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_message_is_the_secrets_own_memory() {
        let secret = SecretString::from("token-canary".to_owned());
        let place = secret.expose_secret().as_ptr();
        let Message::Text(text) = secret_text(secret) else {
            panic!("it is a text");
        };
        assert_eq!(text.as_str(), "token-canary");
        assert_eq!(
            text.as_str().as_ptr(),
            place,
            "a copy would not be wiped with it"
        );
    }
}
