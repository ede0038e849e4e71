//! A host behind a switch that is off: who calls it gets no answer at all. Linux drops the SYN of a caller
//! while the queue of connections that wait to be accepted is full (listen(2)), which looks from outside as
//! if the network were gone; nothing here ever accepts.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddrV4, TcpListener, TcpStream},
    time::Duration,
};

/// Connections that may fit the queue: one, where its length is 0.
const MOST: usize = 8;
/// On loopback whoever is answered is answered at once.
const UNANSWERED: Duration = Duration::from_millis(300);

/// The host; it answers again (with a refusal) when it is dropped.
#[derive(Debug)]
pub(crate) struct Dark {
    _queue: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Dark {
    /// Falls silent at `address`.
    pub(crate) fn new(address: SocketAddrV4) -> io::Result<Self> {
        let queue = TcpListener::bind(address)?;
        rustix::net::listen(&queue, 0)?;
        let address = queue.local_addr()?;
        let mut waiting = Vec::new();
        while waiting.len() < MOST {
            match TcpStream::connect_timeout(&address, UNANSWERED) {
                Ok(caller) => waiting.push(caller),
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Ok(Self { _queue: queue, _waiting: waiting });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("callers are still answered"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_caller_gets_no_answer_and_a_refusal_once_it_is_gone() {
        let dark = Dark::new(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = dark._queue.local_addr().unwrap();
        let call = || TcpStream::connect_timeout(&address, UNANSWERED).unwrap_err().kind();
        assert_eq!(call(), ErrorKind::TimedOut);
        drop(dark);
        assert_eq!(call(), ErrorKind::ConnectionRefused);
    }
}
