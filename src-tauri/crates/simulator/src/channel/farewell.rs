//! How the service parts from a client: with the news that the session has ended, with a close frame, rudely, or by
//! never saying anything again.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::payload::ChannelClosedBody;
use protocol::service::HeaderForm;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use uuid::Uuid;

use super::{Reader, Writer};
use crate::session::{ClientPlace, Disconnect, Leave, Session};
use crate::timestamp;

/// The most bytes of a reason that fit into a close frame.
const REASON_LEN: usize = 123;

/// Parts from the client as `leave` says; `Stay` means that it went by itself.
pub(super) async fn farewell(
    place: &mut ClientPlace,
    leave: Leave,
    mut writer: Writer,
    mut reader: Reader,
    limit: Duration,
) {
    let code = match leave {
        Leave::Disconnect(Disconnect::Abort) => return,
        Leave::Disconnect(Disconnect::Reset) => return reset(writer, reader),
        Leave::Disconnect(Disconnect::Silence) => return silence(place, writer, reader).await,
        Leave::Disconnect(Disconnect::Bye) => Some(close_frame(CloseCode::Normal, "Bye")),
        Leave::Disconnect(Disconnect::Close { code, reason }) => {
            Some(close_frame(code.into(), &reason))
        }
        Leave::Replaced => Some(close_frame(
            CloseCode::Normal,
            "Replaced by another connection",
        )),
        Leave::Stay => None,
        Leave::Closed(output) => {
            let session = place.session();
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

fn reset(writer: Writer, reader: Reader) {
    if let Ok(socket) = reader.reunite(writer) {
        socket.get_ref().reset_when_dropped();
    }
}

/// Takes whatever comes from either side and says nothing, until the client has gone or is back on another connection.
async fn silence(place: &mut ClientPlace, writer: Writer, reader: Reader) {
    let Ok(mut socket) = reader.reunite(writer) else {
        return;
    };
    // Past the WebSocket, which would answer pings.
    let transport = socket.get_mut();
    let session = std::sync::Arc::clone(place.session());
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let is_over = |leave: &Leave| {
            !matches!(
                leave,
                Leave::Disconnect(Disconnect::Silence) | Leave::Closed(_)
            )
        };
        tokio::select! {
            leave = place.leave.wait_for(is_over) => {
                if leave.is_ok_and(|leave| *leave == Leave::Disconnect(Disconnect::Reset)) {
                    transport.reset_when_dropped();
                }
                return;
            }
            _ = session.to_client.recv() => {}
            read = transport.read(&mut buffer) => if !read.is_ok_and(|len| len > 0) {
                return;
            },
        }
    }
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

/// A close frame; a reason that is too long is cut.
pub(super) fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    let len = reason.floor_char_boundary(REASON_LEN);
    CloseFrame {
        code,
        reason: reason[..len].into(),
    }
}
