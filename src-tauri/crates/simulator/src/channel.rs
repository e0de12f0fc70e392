//! A client's connection to the data channel of its session: the frame with the token, then the relay of binary frames
//! to and from the agent, until either side leaves. Frames are passed on unread, but for their type.

mod farewell;
mod injection;
mod relay;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{SplitSink, SplitStream};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use protocol::open::MESSAGE_SCHEMA_VERSION;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use self::farewell::{close_frame, farewell};
use self::relay::Outbound;
use crate::http::Counted;
use crate::service::Service;
use crate::session::{ClientPlace, Leave, Session};
use crate::transport::Transport;

type Socket = WebSocketStream<Transport>;
type Writer = SplitSink<Socket, Message>;
type Reader = SplitStream<Socket>;

const READ_BUFFER: usize = 16 * 1024;
const WRITE_BUFFER: usize = 16 * 1024;
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
        let parts = upgraded.downcast::<TokioIo<Transport>>().ok()?;
        let mut socket = WebSocketStream::from_partially_read(
            parts.io.into_inner(),
            parts.read_buf.into(),
            Role::Server,
            Some(config),
        )
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
    let connection = place.number;
    let timed = service.faults.all().timed;
    let (mut writer, mut reader) = socket.split();
    // Both directions at once in one task: neither waits for the other, so a client that does not read can still write.
    let outbound = Outbound::new(service, &session, &mut writer, connection);
    let leave = tokio::select! {
        biased;
        () = service.cancel.cancelled() => Leave::Closed(String::new()),
        leave = outbound.run(&mut place, limits.write_timeout) => leave,
        () = relay::read(service, &session, &mut reader, connection) => Leave::Stay,
        never = relay::act_in_time(service, &session, timed) => match never {},
    };
    let shutting_down = async {
        service.cancel.cancelled().await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        () = farewell(&mut place, leave, writer, reader, limits.close_timeout) => {}
        () = shutting_down => {}
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
}
