//! How a byte stream to a host is had: straight over TCP, or however the one who starts the session says.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A byte stream in both directions.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A connection, in time. Dropped when it takes too long.
pub type NetworkFuture = Pin<Box<dyn Future<Output = io::Result<Box<dyn Transport>>> + Send>>;

/// Connects to host and port. TLS, the upgrade and all time limits are the engine's: a proxy or a test's pipe stands
/// here in TCP's place.
#[derive(Clone)]
pub struct Network(Arc<dyn Fn(String, u16) -> NetworkFuture + Send + Sync>);

impl Network {
    /// Takes what connects. The host is a name or an address without brackets.
    pub fn new(connect: impl Fn(String, u16) -> NetworkFuture + Send + Sync + 'static) -> Self {
        Self(Arc::new(connect))
    }

    pub(crate) fn connect(&self, host: &str, port: u16) -> NetworkFuture {
        (self.0)(host.to_owned(), port)
    }
}

impl Default for Network {
    /// TCP to the first address of the host that answers.
    fn default() -> Self {
        Self::new(|host, port| {
            Box::pin(async move {
                let tcp = TcpStream::connect((host.as_str(), port)).await?;
                // Keys are small and must not wait for each other.
                tcp.set_nodelay(true)?;
                Ok(Box::new(tcp) as Box<dyn Transport>)
            })
        })
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}
