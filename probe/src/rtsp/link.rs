//! The byte stream under a session, whatever carries it.
//!
//! Bytes are read when they are there, into a buffer of the thread that reads; it is lent for the
//! time of one read and never held across an await. So an idle session owns no buffer, and ten
//! thousand of them cost what their sockets cost. Nothing here retries, and nothing waits without a
//! limit: the caller bounds a read, [`Link::send`] bounds itself.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::tunnel::Tunnel;
use crate::stamped::Stamped;

/// A device that does not take a request for so long counts as gone.
const WRITE_LIMIT: Duration = Duration::from_secs(2);
/// Bytes read at a time.
const READ: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// A connection to a device.
#[derive(Debug)]
pub(crate) enum Link {
    /// TCP and nothing else.
    Plain(Stamped),
    /// TLS over TCP.
    Tls(Box<TlsStream<Stamped>>),
    /// A pair of HTTP connections.
    Tunnel(Box<Tunnel>),
}

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Bytes, and they were handed on.
    Bytes,
    /// The end: the device closed the connection, or it broke.
    End,
}

impl Link {
    /// Waits for bytes and hands them to `take`, once, with how long they had lain there. Dropping the future
    /// loses nothing.
    pub(crate) async fn receive(&mut self, mut take: impl FnMut(&[u8], Duration)) -> Heard {
        std::future::poll_fn(|context| self.poll_receive(context, &mut take)).await
    }

    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        take: &mut impl FnMut(&[u8], Duration),
    ) -> Poll<Heard> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            match ready!(self.poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    take(buffer.filled(), self.late());
                    Poll::Ready(Heard::Bytes)
                }
                Ok(()) | Err(_) => Poll::Ready(Heard::End),
            }
        })
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tunnel(tunnel) => tunnel.poll_read(context, buffer),
        }
    }

    fn late(&self) -> Duration {
        match self {
            Self::Plain(stream) => stream.late(),
            Self::Tls(stream) => stream.get_ref().0.late(),
            Self::Tunnel(tunnel) => tunnel.late(),
        }
    }

    /// Writes all of it, or fails within two seconds; then the link is of no use any more.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = timeout(WRITE_LIMIT, async {
            match self {
                Self::Plain(stream) => stream.write_all(bytes).await,
                Self::Tls(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                Self::Tunnel(tunnel) => tunnel.write_all(bytes).await,
            }
        });
        sent.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}
