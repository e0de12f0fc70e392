//! Stands between a program and the API of a simulator, and keeps what the API answers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use simulator::Simulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The tap. It serves until the runtime ends.
///
/// The simulator answers to its own host name only, so that name is put in; no signature outlives that, and the simulator
/// must not ask for one.
#[derive(Debug)]
pub struct Tap {
    /// The URL of the API, behind the tap.
    pub url: String,
    answers: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// Listens on 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If it cannot listen.
    pub async fn start(simulator: &Simulator) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .expect("loopback is there");
        let address = listener.local_addr().expect("it listens").to_string();
        let behind = simulator
            .endpoint_url()
            .trim_start_matches("http://")
            .to_owned();
        let names = [address.clone(), behind.clone()];
        let answers = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A simulator that has ended is one that cannot be reached.
                let Ok(service) = TcpStream::connect(&behind).await else {
                    continue;
                };
                tokio::spawn(pass(client, service, names.clone(), Arc::clone(&kept)));
            }
        });
        Self {
            url: format!("http://{address}"),
            answers,
        }
    }

    /// Every value of this name in the JSON that was answered, oldest first.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        let answers = lock(&self.answers);
        let text = String::from_utf8_lossy(&answers);
        text.split(&format!("\"{name}\":\""))
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect()
    }

    /// The token of StartSession's first answer.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        self.values("TokenValue").into_iter().next()
    }
}

fn lock(answers: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass(
    client: TcpStream,
    service: TcpStream,
    [from, to]: [String; 2],
    answers: Arc<Mutex<Vec<u8>>>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_service, mut to_service) = service.into_split();
    let up = async {
        // A request of the API fits into one read, and is text.
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(len @ 1..) = from_client.read(&mut buffer).await {
            let request = String::from_utf8_lossy(&buffer[..len]).replace(&from, &to);
            if to_service.write_all(request.as_bytes()).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        let mut buffer = [0; 4096];
        while let Ok(len @ 1..) = from_service.read(&mut buffer).await {
            lock(&answers).extend_from_slice(&buffer[..len]);
            if to_client.write_all(&buffer[..len]).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(up, down);
}
