//! Simulators of cameras, written from the RFCs and captures, never over `zhishou-protocol`.
pub mod asking;
pub mod call_relay;
pub mod counting;
pub mod impaired;
pub mod peers;
pub mod sip_peers;
pub mod wire;

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
};

/// A camera on loopback that answers 404 to everything (RFC 2326 §11.3.5, §12.17), until the
/// process ends. Gives its port.
///
/// # Panics
/// If no port can be had.
#[expect(clippy::unwrap_used, reason = "a simulator fails where it stands")]
pub fn camera_without_streams() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let Ok(mut out) = connection.try_clone() else { return };
                for line in BufReader::new(connection).lines().map_while(Result::ok) {
                    if let Some(number) = line.strip_prefix("CSeq:") {
                        let answer = format!("RTSP/1.0 404 Not Found\r\nCSeq:{number}\r\n\r\n");
                        if out.write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    port
}
