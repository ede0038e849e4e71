//! A host that accepts connections and never says a word: the handshake of TCP succeeds, no
//! request is ever answered.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read},
    net::{SocketAddrV4, TcpListener, TcpStream},
};

/// Connections kept; older ones are closed, still without a word.
const KEPT: usize = 64;

/// The host. It does its work when [`Mute::listen`] is called, from time to time.
#[derive(Debug)]
pub(crate) struct Mute {
    listener: TcpListener,
    callers: VecDeque<TcpStream>,
}

impl Mute {
    /// Listens at `address`.
    pub(crate) fn new(address: SocketAddrV4) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, callers: VecDeque::new() })
    }

    /// Accepts who has called, reads what they say, and lets go of those who hung up.
    pub(crate) fn listen(&mut self) {
        while let Ok((caller, _)) = self.listener.accept() {
            if caller.set_nonblocking(true).is_ok() {
                self.callers.push_back(caller);
            }
            if self.callers.len() > KEPT {
                self.callers.pop_front();
            }
        }
        self.callers.retain_mut(|caller| {
            let mut scratch = [0; 4096];
            match caller.read(&mut scratch) {
                Ok(read) => read > 0,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write, net::Ipv4Addr};

    #[test]
    fn a_caller_is_heard_and_gets_no_word_and_is_let_go_when_it_hangs_up() {
        let mut mute = Mute::new(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = mute.listener.local_addr().unwrap();
        let mut caller = TcpStream::connect(address).unwrap();
        caller.write_all(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").unwrap();
        caller.set_nonblocking(true).unwrap();
        mute.listen();
        assert_eq!(mute.callers.len(), 1);
        assert_eq!(caller.read(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(caller);
        mute.listen();
        assert!(mute.callers.is_empty());
    }
}
