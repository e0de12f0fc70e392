//! A client's connection to the data channel of its session: the frame with the token, then the relay of binary frames
//! to and from the agent, until either side leaves. Frames are passed on unread, but for their type.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::open::MESSAGE_SCHEMA_VERSION;
use protocol::payload::ChannelClosedBody;
use protocol::service::HeaderForm;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use uuid::Uuid;

use crate::http::Counted;
use crate::service::Service;
use crate::session::{ClientPlace, Disconnect, Leave, Session};
use crate::timestamp;

type Socket = WebSocketStream<TokioIo<Upgraded>>;
type Writer = SplitSink<Socket, Message>;
type Reader = SplitStream<Socket>;

const READ_BUFFER: usize = 16 * 1024;
const WRITE_BUFFER: usize = 16 * 1024;
/// Frames written before the socket is flushed, when that many are waiting.
const BATCH: usize = 32;
/// Time for the last frames when everything is being shut down.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(200);

/// Serves one upgraded connection to its end.
pub(crate) async fn serve(
    service: Arc<Service>,
    session: Arc<Session>,
    on_upgrade: OnUpgrade,
    _counted: Arc<Counted>,
) {
    let limits = &service.config.limits;
    let opening = async {
        let upgraded = timeout(limits.request_timeout, on_upgrade)
            .await
            .ok()?
            .ok()?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER + 2 * limits.message_len)
            .max_message_size(Some(limits.message_len))
            .max_frame_size(Some(limits.message_len));
        let mut socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config))
                .await;
        let place = timeout(limits.open_timeout, open(&mut socket, &session))
            .await
            .ok()
            .flatten();
        if place.is_none() {
            tracing::info!(session = %session.id, "data channel not opened");
            let farewell = socket.close(Some(close_frame(CloseCode::Policy, "token refused")));
            let _closed = timeout(limits.close_timeout, farewell).await;
        }
        Some((socket, place?))
    };
    let opened = tokio::select! {
        () = service.cancel.cancelled() => None,
        opened = opening => opened,
    };
    if let Some((socket, place)) = opened {
        tracing::info!(session = %session.id, "data channel opened");
        relay(&service, socket, place).await;
        tracing::info!(session = %session.id, "data channel left");
    }
}

/// Reads the first frame, which must be a text frame with a token that is valid. Control frames may come before it.
async fn open(socket: &mut Socket, session: &Arc<Session>) -> Option<ClientPlace> {
    loop {
        match socket.next().await? {
            Ok(Message::Text(text)) => {
                let Some(token) = token_of(&text) else {
                    tracing::info!(session = %session.id, "first frame refused");
                    return None;
                };
                return session.join(&token);
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Binary(_) | Message::Close(_) | Message::Frame(_)) | Err(_) => return None,
        }
    }
}

/// The token in a first frame that is as it should be. The ids are not: clients of Session Manager exist that send no
/// UUIDs there, and the service lets them in. `ClientVersion` is missing before 1.2.677.
fn token_of(text: &str) -> Option<SecretString> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct FirstFrame<'a> {
        #[serde(borrow)]
        message_schema_version: Cow<'a, str>,
        #[serde(borrow)]
        request_id: Cow<'a, str>,
        token_value: SecretString,
        #[serde(borrow)]
        client_id: Cow<'a, str>,
    }
    /// The API's least length of a request id.
    const REQUEST_ID_LEN: usize = 16;
    let frame: FirstFrame<'_> = serde_json::from_str(text).ok()?;
    let is_valid = frame.message_schema_version == MESSAGE_SCHEMA_VERSION
        && frame.request_id.len() >= REQUEST_ID_LEN
        && !frame.client_id.is_empty();
    is_valid.then_some(frame.token_value)
}

async fn relay(service: &Service, socket: Socket, mut place: ClientPlace) {
    let limits = &service.config.limits;
    let session = Arc::clone(place.session());
    let (mut writer, mut reader) = socket.split();
    // Both directions at once in one task: neither waits for the other, so a client that does not read can still write.
    let leave = tokio::select! {
        biased;
        () = service.cancel.cancelled() => Leave::Closed(String::new()),
        leave = write(&session, &mut writer, &mut place, limits.write_timeout) => leave,
        () = read(&session, &mut reader) => Leave::Stay,
    };
    let shutting_down = async {
        service.cancel.cancelled().await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        () = farewell(&session, leave, writer, reader, limits.close_timeout) => {}
        () = shutting_down => {}
    }
}

/// Writes the agent's frames until the client has to leave.
async fn write(
    session: &Session,
    writer: &mut Writer,
    place: &mut ClientPlace,
    limit: Duration,
) -> Leave {
    loop {
        let frame = tokio::select! {
            biased;
            leave = place.leave.wait_for(|leave| *leave != Leave::Stay) => {
                return leave.map(|leave| leave.clone()).unwrap_or_default();
            }
            frame = session.to_client.recv() => frame,
        };
        if timeout(limit, write_batch(session, writer, Some(frame)))
            .await
            .is_ok_and(|result| result.is_ok())
        {
            continue;
        }
        tracing::info!(session = %session.id, "the client does not read");
        return Leave::Disconnect(Disconnect::Abort);
    }
}

async fn write_batch(
    session: &Session,
    writer: &mut Writer,
    first: Option<Bytes>,
) -> Result<(), SocketError> {
    let waiting = std::iter::from_fn(|| session.to_client.try_recv());
    for frame in first.into_iter().chain(waiting).take(BATCH) {
        writer.feed(Message::Binary(frame)).await?;
    }
    writer.flush().await
}

/// Hands the client's frames to the agent until the client leaves.
async fn read(session: &Session, reader: &mut Reader) {
    while let Some(Ok(message)) = reader.next().await {
        match message {
            Message::Binary(frame) => {
                if is_for_agent(&frame) {
                    session.to_agent.send(frame).await;
                } else {
                    tracing::debug!(session = %session.id, len = frame.len(), "frame not relayed");
                }
            }
            Message::Text(text) => {
                tracing::debug!(session = %session.id, len = text.len(), "text frame not relayed")
            }
            // tungstenite answers pings by itself, with the next read or write.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            Message::Close(_) => return,
        }
    }
}

/// Whether the service passes this frame of a client on: stream data and acknowledgements only. The type is 32 bytes of
/// text at offset 4, padded with spaces.
fn is_for_agent(frame: &[u8]) -> bool {
    const MESSAGE_TYPE: std::ops::Range<usize> = 4..36;
    let message_type = frame.get(MESSAGE_TYPE).unwrap_or_default();
    let message_type = message_type.trim_ascii_end();
    message_type == b"input_stream_data" || message_type == b"acknowledge"
}

/// Parts from the client as `leave` says; `Stay` means that it went by itself.
async fn farewell(
    session: &Session,
    leave: Leave,
    mut writer: Writer,
    mut reader: Reader,
    limit: Duration,
) {
    let code = match leave {
        Leave::Disconnect(Disconnect::Abort) => return,
        Leave::Disconnect(Disconnect::Bye) => Some(close_frame(CloseCode::Normal, "Bye")),
        Leave::Replaced => Some(close_frame(
            CloseCode::Normal,
            "Replaced by another connection",
        )),
        Leave::Stay => None,
        Leave::Closed(output) => {
            let sent = timeout(limit, async {
                // What the agent had sent before comes first.
                while let Some(frame) = session.to_client.try_recv() {
                    writer.feed(Message::Binary(frame)).await?;
                }
                writer
                    .send(Message::Binary(channel_closed(session, &output)))
                    .await
            });
            if sent.await.is_ok_and(|result| result.is_ok()) {
                // Clients close by themselves once they have read it.
                let _left = timeout(limit, drain(&mut reader)).await;
            }
            Some(close_frame(CloseCode::Normal, ""))
        }
    };
    let closing = async {
        if let Some(code) = code {
            // Fails when the client was faster.
            let _sent = writer.send(Message::Close(Some(code))).await;
        }
        drain(&mut reader).await;
    };
    let _closed = timeout(limit, closing).await;
}

/// Reads to the end of the connection, which also answers a close frame.
async fn drain(reader: &mut Reader) {
    while let Some(Ok(_)) = reader.next().await {}
}

/// `channel_closed` in the form with a header of 112 bytes, as the service writes it.
fn channel_closed(session: &Session, output: &str) -> Bytes {
    let created_ms = timestamp::now_ms();
    let message_id = Uuid::new_v4();
    let body = ChannelClosedBody {
        message_type: "channel_closed".to_owned(),
        message_id: message_id.to_string(),
        destination_id: session.target.clone(),
        session_id: session.id.clone(),
        schema_version: 1,
        created_date: timestamp::format_iso(created_ms),
        output: output.to_owned(),
    };
    // Fails for a date of 0 or a body beyond all bounds; an empty frame would be ignored, and the close says the rest.
    protocol::service::channel_closed(
        &body,
        HeaderForm::WithoutPayloadType,
        message_id,
        created_ms,
    )
    .unwrap_or_default()
}

fn close_frame(code: CloseCode, reason: &'static str) -> CloseFrame {
    CloseFrame {
        code,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_may_have_other_ids_than_uuids_but_needs_all_keys() {
        use secrecy::ExposeSecret as _;
        let frame = |from: &str, to: &str| {
            r#"{"MessageSchemaVersion":"1.0","RequestId":"request-000000000","TokenValue":"a\/b","ClientId":"c"}"#
                .replace(from, to)
        };
        let token = token_of(&frame("", "")).map(|token| token.expose_secret().to_owned());
        assert_eq!(token.as_deref(), Some("a/b"));
        for (from, to) in [
            ("1.0", "1.1"),
            ("request-000000000", "short"),
            (r#""ClientId":"c""#, r#""ClientId":"""#),
            ("TokenValue", "Token"),
            ("ClientId", "Client"),
            ("RequestId", "Request"),
            (r#""c""#, "1"),
        ] {
            assert!(token_of(&frame(from, to)).is_none(), "{from} {to}");
        }
    }

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
}
