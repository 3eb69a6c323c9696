//! A stand-in for a service in tests: a socket on the loopback that answers byte for byte what a test wants.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A service of a test.
pub(super) struct Stand {
    /// Its base URL.
    pub(super) url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Stand {
    /// All requests so far: first line, headers and body as text.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Serves one request a connection; `answer` is told its number, from 0, and its text, and gives the bytes to send before
/// the connection is closed.
pub(super) async fn stand(answer: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static) -> Stand {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let answer = Arc::new(answer);
    let kept = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (answer, kept) = (answer.clone(), kept.clone());
            tokio::spawn(async move {
                let mut text = String::new();
                let mut chunk = [0; 4096];
                while !whole(&text) {
                    match socket.read(&mut chunk).await {
                        Ok(0) | Err(_) => return,
                        Ok(read) => text.push_str(&String::from_utf8_lossy(&chunk[..read])),
                    }
                }
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(text.clone());
                    kept.len() - 1
                };
                let _ = socket.write_all(&answer(number, &text)).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    Stand { url, seen }
}

fn whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    body.len() >= length
}

/// The bytes of a whole reply. `headers` are whole lines, `\r\n` at their ends.
pub(super) fn reply(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len())
            .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A JSON reply.
pub(super) fn json(body: &str) -> Vec<u8> {
    reply(200, "content-type: application/json\r\n", body.as_bytes())
}
