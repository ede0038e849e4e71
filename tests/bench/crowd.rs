//! A crowd of cameras for `make bench`: `bench-crowd ADDR` answers as `rtsp://ADDR/ANYTHING`, to as
//! many viewers at once as come, and sends each a picture of three packets a second.
//!
//! It shows what sessions that are open cost their viewer, not what media cost, and cannot be
//! decoded. Written from RFC 2326 and 6184 with plain sockets and none of our own code; it checks
//! nothing and ends with its standard input, after it has printed the most viewers that it sent to
//! at once.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, io, process, thread};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Of the queue of connections: all may come within a second.
const BACKLOG: u32 = 4_096;
/// Ticks of the RTP clock in a second.
const SECOND_TICKS: u32 = 90_000;
/// Payload bytes of a packet.
const PAYLOAD: usize = 1_000;
/// Payloads begin as the slices of one picture that refers to others (RFC 6184 §5.6): never a
/// keyframe.
const SLICE: [u8; 3] = [0x41, 0x9a, 0x00];

/// Viewers that are being sent to now, and the most there ever were.
static VIEWERS: AtomicUsize = AtomicUsize::new(0);
static MOST_VIEWERS: AtomicUsize = AtomicUsize::new(0);

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=crowd\r\nt=0 0\r\na=control:*\r\n\
                   m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
                   a=fmtp:96 packetization-mode=1\r\na=control:video\r\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let Some(address) = env::args().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: bench-crowd ADDR");
        process::exit(2);
    };
    thread::spawn(|| {
        // What comes does not matter, only that it ends.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = writeln!(io::stdout(), "{}", MOST_VIEWERS.load(Ordering::Relaxed));
        process::exit(0);
    });
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address.parse().map_err(io::Error::other)?)?;
    let listener: TcpListener = socket.listen(BACKLOG)?;
    let mut session = 0;
    loop {
        let (connection, _) = listener.accept().await?;
        session += 1;
        connection.set_nodelay(true)?;
        // A viewer that goes away is none of our business.
        tokio::spawn(async move {
            let (reader, mut writer) = connection.into_split();
            // Small, or ten thousand of them would be what is measured.
            let mut reader = BufReader::with_capacity(512, reader);
            while let Ok(Some((method, cseq))) = request(&mut reader).await {
                if writer.write_all(answer(&method, &cseq, session).as_bytes()).await.is_err() {
                    break;
                }
                match method.as_str() {
                    "PLAY" => {
                        let viewers = VIEWERS.fetch_add(1, Ordering::Relaxed) + 1;
                        MOST_VIEWERS.fetch_max(viewers, Ordering::Relaxed);
                        let gone = play(&mut reader, &mut writer, session).await;
                        VIEWERS.fetch_sub(1, Ordering::Relaxed);
                        if gone.is_none() {
                            break;
                        }
                    }
                    "TEARDOWN" => break,
                    _ => {}
                }
            }
        });
    }
}

/// A request's method and CSeq, `None` at the end.
async fn request(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<(String, String)>> {
    while reader.fill_buf().await?.first() == Some(&b'$') {
        let mut header = [0; 4];
        reader.read_exact(&mut header).await?;
        let mut frame = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]]))];
        reader.read_exact(&mut frame).await?;
    }
    let (mut method, mut cseq) = (String::new(), String::new());
    for _ in 0..64 {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(Some((method, cseq)));
        }
        if method.is_empty() {
            line.split(' ').next().unwrap_or_default().clone_into(&mut method);
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("cseq")
        {
            value.trim().clone_into(&mut cseq);
        }
    }
    Ok(None)
}

fn answer(method: &str, cseq: &str, session: u32) -> String {
    let (headers, body) = match method {
        "OPTIONS" => ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n".to_owned(), ""),
        "DESCRIBE" => ("Content-Type: application/sdp\r\n".to_owned(), SDP),
        "SETUP" => {
            let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
            (format!("{transport}Session: {session};timeout=60\r\n"), "")
        }
        _ => (format!("Session: {session}\r\n"), ""),
    };
    let length = body.len();
    format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

/// Sends a picture a second until a request comes; `None` where the viewer is gone.
async fn play(
    reader: &mut BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
    session: u32,
) -> Option<()> {
    let mut sequence = 0_u16;
    for second in 0_u32.. {
        let mut bytes = Vec::with_capacity(3 * (16 + PAYLOAD));
        for last in [false, false, true] {
            bytes.extend([b'$', 0]);
            bytes.extend(((12 + PAYLOAD) as u16).to_be_bytes());
            bytes.extend([0x80, 96 | u8::from(last) << 7]);
            bytes.extend(sequence.to_be_bytes());
            bytes.extend((second * SECOND_TICKS).to_be_bytes());
            bytes.extend(session.to_be_bytes());
            bytes.extend(SLICE);
            bytes.resize(bytes.len() + PAYLOAD - SLICE.len(), 0x55);
            sequence = sequence.wrapping_add(1);
        }
        writer.write_all(&bytes).await.ok()?;
        drop(bytes);
        // A request, or a receiver report before it.
        let asked = tokio::time::timeout(Duration::from_secs(1), reader.fill_buf()).await;
        match asked {
            Err(_) => {}
            Ok(Ok([b'$', ..])) => {
                let mut header = [0; 4];
                reader.read_exact(&mut header).await.ok()?;
                let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
                reader.read_exact(&mut vec![0; length]).await.ok()?;
            }
            Ok(Ok([])) | Ok(Err(_)) => return None,
            Ok(Ok(_)) => return Some(()),
        }
    }
    None
}
