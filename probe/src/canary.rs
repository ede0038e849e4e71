//! 对照点: whether a host beside us is there.

use std::{io::ErrorKind, time::Duration};
use tokio::net::TcpStream;

/// Whether something at `address` (host and port) answers a TCP connection within the time. A refusal is
/// an answer: the network carries it. Nothing is sent.
pub async fn answers(address: &str, within: Duration) -> bool {
    match tokio::time::timeout(within, TcpStream::connect(address)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == ErrorKind::ConnectionRefused,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const WITHIN: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_listener_answers_and_so_does_a_refusal_but_not_a_name_that_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(answers(&address, WITHIN).await);
        drop(listener);
        assert!(answers(&address, WITHIN).await);
        assert!(!answers("no port", WITHIN).await);
    }
}
