//! A listener whose connections can be cut.
//!
//! Owns: the bytes between client and simulator. A [`Line`] is the handle with which a fault closes one connection after a
//! given number of bytes, so that a lost reply is really lost.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// One connection, as the faults see it: how many bytes may still leave.
#[derive(Debug, Clone)]
pub struct Line(Arc<AtomicI64>);

impl Line {
    /// Closes the connection after that many more bytes.
    pub fn cut_after(&self, bytes: usize) {
        self.0.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

/// Listens and hands out [`Wire`]s.
pub struct Lines(pub TcpListener);

/// A stream that stops when its line is cut.
pub struct Wire {
    stream: TcpStream,
    line: Line,
}

impl Listener for Lines {
    type Io = Wire;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Wire, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // A failure here costs speed, not correctness.
        let _ = stream.set_nodelay(true);
        (Wire { stream, line: Line(Arc::new(AtomicI64::new(i64::MAX))) }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().line.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.line.0.load(Ordering::SeqCst);
        if left == i64::MAX {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        let left = usize::try_from(left).unwrap_or(0).min(buf.len());
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let sent = Pin::new(&mut self.stream).poll_write(cx, &buf[..left]);
        if let Poll::Ready(Ok(n)) = sent {
            self.line.0.fetch_sub(i64::try_from(n).unwrap_or(0), Ordering::SeqCst);
        }
        sent
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
