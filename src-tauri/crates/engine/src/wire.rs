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
    /// Goes before the queue, but not before the text that opens the channel.
    ahead: VecDeque<Message>,
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
            ahead: VecDeque::new(),
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

    /// The same for what does not wait behind stream data.
    pub(crate) fn push_ahead(&mut self, message: Message) {
        if self.write_error.is_none() {
            self.queued_bytes += message.len();
            self.ahead.push_back(message);
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
                self.ahead.clear();
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
        while !(self.queue.is_empty() && self.ahead.is_empty()) {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            if let Some(message) = self.pop() {
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

    fn pop(&mut self) -> Option<Message> {
        let opens = matches!(self.queue.front(), Some(Message::Text(_)));
        self.ahead
            .pop_front_if(|_| !opens)
            .or_else(|| self.queue.pop_front())
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
    use std::io;

    use futures_util::StreamExt;
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, duplex};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

    use super::*;
    use crate::network::Transport;

    async fn wire(transport: Box<dyn Transport>) -> Wire {
        let config = WebSocketConfig::default().write_buffer_size(256);
        Wire::new(WebSocketStream::from_raw_socket(transport, Role::Client, Some(config)).await)
    }

    /// What a peer has sent before it left: it is still there, but nothing can be written any more.
    struct Severed(Bytes);

    impl AsyncRead for Severed {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            // One byte at a time: a frame that is half read is not lost either.
            if self.0.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            buffer.put_slice(&self.0.split_to(1));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Severed {
        fn poll_write(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            _bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }
    }

    #[tokio::test]
    async fn what_the_peer_wrote_before_it_left_is_read_though_nothing_can_be_written_any_more() {
        let said = [&[0x82, 3][..], b"one", &[0x82, 3], b"two"].concat();
        let mut wire = wire(Box::new(Severed(said.into()))).await;
        wire.push(Message::Binary(Bytes::from_static(b"typed")));
        for expected in [&b"one"[..], b"two"] {
            let received = wire.next(true).await;
            assert!(
                matches!(&received, Received::Data(bytes) if bytes == expected),
                "{received:?}"
            );
            // Nobody will ever take it: it must not count as waiting.
            wire.push(Message::Binary(Bytes::from_static(b"typed later")));
            assert_eq!(wire.queued_bytes(), 0);
        }
        let received = wire.next(true).await;
        let Received::Broken(Error::Io(error)) = &received else {
            panic!("{received:?}");
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "the first cause");
    }

    #[tokio::test]
    async fn a_peers_goodbye_is_heard_though_nothing_can_be_written_any_more() {
        let said = Bytes::from_static(&[0x88, 5, 0x03, 0xe8, b'B', b'y', b'e']);
        let mut wire = wire(Box::new(Severed(said))).await;
        wire.push(Message::Binary(Bytes::from_static(b"typed")));
        let received = wire.next(true).await;
        let Received::Closed(Some(frame)) = &received else {
            panic!("{received:?}");
        };
        assert_eq!(
            (u16::from(frame.code), frame.reason.as_str()),
            (1000, "Bye")
        );
    }

    #[tokio::test]
    async fn what_may_overtake_goes_before_all_that_is_queued_but_the_opening_text() {
        let (near, far) = duplex(1024);
        let mut wire = wire(Box::new(near)).await;
        wire.push(Message::text("open"));
        for number in 0..100 {
            wire.push(Message::Binary(vec![number; 500].into()));
        }
        wire.push_ahead(Message::Binary(Bytes::from_static(b"first")));
        wire.push_ahead(Message::Binary(Bytes::from_static(b"second")));
        let mut peer = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        let mut heard = Vec::new();
        // As many as fit into the pipe and the socket are ahead of one that comes later.
        while heard.len() < 104 {
            tokio::select! {
                received = wire.next(true) => panic!("{received:?}"),
                message = peer.next() => heard.push(message.expect("open").expect("in order")),
            }
            if heard.len() == 10 {
                wire.push_ahead(Message::Binary(Bytes::from_static(b"third")));
            }
        }
        let at = |text: &[u8]| heard.iter().position(|m| m.clone().into_data() == text);
        assert_eq!(at(b"open"), Some(0));
        assert_eq!((at(b"first"), at(b"second")), (Some(1), Some(2)));
        let third = at(b"third").expect("it was sent");
        assert!((10..20).contains(&third), "{third}");
        let stream: Vec<u8> = heard
            .iter()
            .filter(|message| message.len() == 500)
            .map(|message| message.clone().into_data()[0])
            .collect();
        assert_eq!(stream, (0..100).collect::<Vec<_>>(), "its order is kept");
        assert_eq!(wire.queued_bytes(), 0);
    }

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
