//! When bytes came, by the kernel that took them: it stamps what arrives (`SO_TIMESTAMPNS`, socket(7)),
//! so that a thread that reads late knows how late it is.
//!
//! A datagram has a stamp of its own. What one read of a connection brings has one, that of its last
//! segment: frames that lie in one read seem to have come together.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrLike, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use nix::time::ClockId;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UdpSocket};

/// Whoever finds an older stamp has a clock that was set meanwhile.
const OLDEST: Duration = Duration::from_secs(1);
/// Room for a stamp, a header of 16 bytes and a `timespec`, and as much again; aligned as a header is.
#[repr(align(16))]
struct Control([u8; 64]);

/// A connection that knows when what it read had come.
#[derive(Debug)]
pub(crate) struct Stamped {
    stream: TcpStream,
    late: Duration,
}

impl Stamped {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stamp(&stream);
        Self { stream, late: Duration::ZERO }
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// How long the last byte of the last read had lain there, 0–1 s.
    pub(crate) fn late(&self) -> Duration {
        self.late
    }
}

impl AsyncRead for Stamped {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, late } = self.get_mut();
        loop {
            ready!(stream.poll_read_ready(context))?;
            let room = buffer.initialize_unfilled();
            let mut read = None;
            let tried = stream.try_io(Interest::READABLE, || {
                let (length, lain, _) = receive::<()>(stream, room)?;
                (read, *late) = (Some(length), lain);
                // A read that was not filled took all there was, as epoll(7) allows: none is tried in vain.
                let took_all = (1..room.len()).contains(&length);
                if took_all { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match (read, tried) {
                (Some(length), _) => {
                    buffer.advance(length);
                    return Poll::Ready(Ok(()));
                }
                (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                (None, tried) => return Poll::Ready(tried),
            }
        }
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// Has what comes to a socket stamped; where that is not to be had, all comes when it is read.
pub(crate) fn stamp(socket: &impl AsFd) {
    let _unstamped = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
}

/// Waits for a datagram: its length, its sender, and how long it had lain there, 0–1 s.
pub(crate) fn poll_datagram(
    socket: &UdpSocket,
    context: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<(usize, SocketAddr, Duration)>> {
    loop {
        ready!(socket.poll_recv_ready(context))?;
        let tried = socket.try_io(Interest::READABLE, || {
            let (length, lain, from) = receive(socket, buffer)?;
            let from = from.as_ref().and_then(address).ok_or(io::ErrorKind::AddrNotAvailable)?;
            Ok((length, from, lain))
        });
        match tried {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            tried => return Poll::Ready(tried),
        }
    }
}

fn address(from: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = from.as_sockaddr_in().map(|at| SocketAddr::V4((*at).into()));
    v4.or_else(|| from.as_sockaddr_in6().map(|at| SocketAddr::V6((*at).into())))
}

/// What lies in a socket: its length, how long it has lain there, and its sender.
fn receive<S: SockaddrLike>(
    socket: &impl AsRawFd,
    buffer: &mut [u8],
) -> io::Result<(usize, Duration, Option<S>)> {
    let mut control = Control([0; 64]);
    let mut into = [IoSliceMut::new(buffer)];
    let came =
        recvmsg::<S>(socket.as_raw_fd(), &mut into, Some(&mut control.0), MsgFlags::empty())?;
    let stamps = came.cmsgs().into_iter().flatten().filter_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
        _ => None,
    });
    let lain = match (stamps.last(), ClockId::CLOCK_REALTIME.now()) {
        (Some(stamp), Ok(now)) => Duration::from(now).saturating_sub(stamp).min(OLDEST),
        _ => Duration::ZERO,
    };
    Ok((came.bytes, lain, came.address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::{Instant, sleep};

    /// Reading begins so long after the bytes have come.
    const LAIN: Duration = Duration::from_millis(60);

    #[tokio::test]
    async fn bytes_of_a_connection_are_dated_by_when_they_came() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut device = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut read = Stamped::new(listener.accept().await.unwrap().0);
        let mut buffer = [0; 1000];
        for _ in 0..3 {
            let before = Instant::now();
            device.write_all(&[7; 2_500]).await.unwrap();
            sleep(LAIN).await;
            for length in [1000, 1000, 500] {
                assert_eq!(read.read(&mut buffer).await.unwrap(), length);
                assert!(
                    read.late() >= LAIN && read.late() <= before.elapsed(),
                    "{:?}",
                    read.late()
                );
            }
        }
        drop(device);
        assert_eq!(read.read(&mut buffer).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn datagrams_are_dated_each_and_tell_their_sender() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let [device, ours] =
                [UdpSocket::bind(any).await.unwrap(), UdpSocket::bind(any).await.unwrap()];
            stamp(&ours);
            // The kernel begins to stamp a moment after the first socket has asked it to.
            sleep(LAIN).await;
            let to = ours.local_addr().unwrap();
            device.send_to(b"one", to).await.unwrap();
            sleep(LAIN).await;
            device.send_to(b"second", to).await.unwrap();
            let mut buffer = [0; 100];
            let mut next = async || {
                poll_fn(|context| poll_datagram(&ours, context, &mut buffer)).await.unwrap()
            };
            let (first, second) = (next().await, next().await);
            let from = device.local_addr().unwrap();
            assert_eq!((first.0, first.1, second.0, second.1), (3, from, 6, from));
            assert!(first.2 >= second.2 + LAIN, "{first:?}, {second:?}");
        }
    }
}
