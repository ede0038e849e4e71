//! Many cheap cameras for `make bench`: `bench-cameras ADDR NAME=FILE…` serves each Annex B file
//! (H.264 by the ending `.h264`, H.265 by `.h265`) as `rtsp://ADDR/NAME`, 25 pictures a second from
//! its first, over TCP interleaved, to as many viewers as come. Of a file of keyframes alone
//! `rtsp://ADDR/NAME/N` begins at picture N.
//!
//! Written from RFC 2326, 6184, 7798 and 4566 with plain sockets and threads, and none of our own
//! code, so that no bug passes both ends. All packets are cut beforehand; a session copies a
//! picture's packets, numbers them and writes them at once, so that cameras cost next to nothing
//! beside what is measured. It checks nothing and ends with its standard input.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{env, fs, process, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Payload bytes of a packet, as cameras on Ethernet have it.
const MTU: usize = 1_400;
/// 25 frames a second.
const FRAME: Duration = Duration::from_millis(40);
/// The same in ticks of the RTP clock.
const FRAME_TICKS: u32 = 3_600;
/// Dynamic payload type.
const PAYLOAD_TYPE: u8 = 96;

/// A picture's packets in their interleaved frames, and where each RTP header starts.
struct Picture {
    bytes: Vec<u8>,
    headers: Vec<usize>,
}

/// A file, cut into packets.
struct Clip {
    sdp: String,
    pictures: Vec<Picture>,
    /// It may begin at any picture.
    all_keyframes: bool,
}

fn main() {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| fail("usage: bench-cameras ADDR NAME=FILE…"));
    let clips: HashMap<String, Clip> = arguments.map(|argument| clip(&argument)).collect();
    let clips = Arc::new(clips);
    let listener = TcpListener::bind(&address)
        .unwrap_or_else(|error| fail(&format!("cannot listen on {address}: {error}")));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let clips = clips.clone();
            thread::spawn(move || serve(connection, &clips));
        }
    });
    let mut rest = Vec::new();
    // What comes does not matter, only that it ends.
    let _ = std::io::stdin().read_to_end(&mut rest);
}

fn fail(problem: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "bench-cameras: {problem}");
    process::exit(2)
}

/// Reads and cuts `NAME=FILE`.
fn clip(argument: &str) -> (String, Clip) {
    let Some((name, file)) = argument.split_once('=') else { fail("expected NAME=FILE") };
    let bytes = fs::read(file).unwrap_or_else(|error| fail(&format!("{file}: {error}")));
    let h265 = file.ends_with(".h265");
    let units = units(&bytes);
    let sdp = describe(h265, &units);
    let refers = |unit: &&[u8]| if h265 { unit[0] >> 1 & 0x3f < 16 } else { unit[0] & 0x1f == 1 };
    let all_keyframes = !units.iter().any(refers);
    let mut pictures = vec![Picture { bytes: Vec::new(), headers: Vec::new() }];
    let mut has_slice = false;
    for unit in units {
        let (slice, first) = if h265 {
            (unit[0] >> 1 & 0x3f < 32, unit[2] & 0x80 != 0)
        } else {
            (matches!(unit[0] & 0x1f, 1 | 5), unit[1] & 0x80 != 0)
        };
        if has_slice && (!slice || first) {
            finish(pictures.last_mut());
            pictures.push(Picture { bytes: Vec::new(), headers: Vec::new() });
            has_slice = false;
        }
        has_slice |= slice;
        if let Some(picture) = pictures.last_mut() {
            packetize(h265, unit, picture);
        }
    }
    finish(pictures.last_mut());
    (name.to_owned(), Clip { sdp, pictures, all_keyframes })
}

/// NAL units of an Annex B file.
fn units(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = bytes
        .windows(3)
        .enumerate()
        .filter(|(_, window)| *window == [0, 0, 1])
        .map(|(at, _)| at + 3)
        .collect();
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let unit = &bytes[start..end];
            let end = unit.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            &unit[..end]
        })
        .filter(|unit| unit.len() > 2)
        .collect()
}

/// RFC 4566, with the parameter sets of RFC 6184 §8.1 or RFC 7798 §7.1.
fn describe(h265: bool, units: &[&[u8]]) -> String {
    let set = |kind: u8| {
        let of_kind = |unit: &&&[u8]| match h265 {
            true => unit[0] >> 1 & 0x3f == kind,
            false => unit[0] & 0x1f == kind,
        };
        units.iter().find(of_kind).map_or(String::new(), |unit| BASE64.encode(unit))
    };
    let (codec, parameters) = if h265 {
        let sets = format!("sprop-vps={};sprop-sps={};sprop-pps={}", set(32), set(33), set(34));
        ("H265", sets)
    } else {
        ("H264", format!("packetization-mode=1;sprop-parameter-sets={},{}", set(7), set(8)))
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=bench\r\nt=0 0\r\na=control:*\r\n\
         m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} {codec}/90000\r\n\
         a=fmtp:{PAYLOAD_TYPE} {parameters}\r\na=framerate:25\r\na=control:video\r\n"
    )
}

/// Appends a unit's packets: whole, or in FU-A (RFC 6184 §5.8), or in FU (RFC 7798 §4.4.3).
fn packetize(h265: bool, unit: &[u8], picture: &mut Picture) {
    if unit.len() <= MTU {
        packet(&[], unit, picture);
        return;
    }
    let header = if h265 { 2 } else { 1 };
    let chunks = unit[header..].chunks(MTU);
    let last = chunks.len() - 1;
    for (index, chunk) in chunks.enumerate() {
        let ends = u8::from(index == 0) << 7 | u8::from(index == last) << 6;
        if h265 {
            let kind = unit[0] >> 1 & 0x3f;
            packet(&[unit[0] & 0x81 | 49 << 1, unit[1], ends | kind], chunk, picture);
        } else {
            packet(&[unit[0] & 0xe0 | 28, ends | unit[0] & 0x1f], chunk, picture);
        }
    }
}

/// Appends one interleaved frame (RFC 2326 §10.12) with an RTP header (RFC 3550 §5.1) whose
/// numbers are still missing.
fn packet(prefix: &[u8], payload: &[u8], picture: &mut Picture) {
    let length = (12 + prefix.len() + payload.len()) as u16;
    picture.bytes.extend_from_slice(&[b'$', 0]);
    picture.bytes.extend_from_slice(&length.to_be_bytes());
    picture.headers.push(picture.bytes.len());
    picture.bytes.extend_from_slice(&[0x80, PAYLOAD_TYPE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    picture.bytes.extend_from_slice(prefix);
    picture.bytes.extend_from_slice(payload);
}

/// Sets the marker on a picture's last packet.
fn finish(picture: Option<&mut Picture>) {
    if let Some(picture) = picture
        && let Some(&header) = picture.headers.last()
    {
        picture.bytes[header + 1] |= 0x80;
    }
}

/// One connection: answers requests until it closes.
fn serve(connection: TcpStream, clips: &Arc<HashMap<String, Clip>>) {
    static SESSIONS: AtomicU32 = AtomicU32::new(1);
    let session = SESSIONS.fetch_add(1, Ordering::Relaxed);
    // Measuring latency is not what this is for, but a delayed answer would be in every figure.
    let _ = connection.set_nodelay(true);
    let Ok(writer) = connection.try_clone() else { return };
    let writer = Arc::new(Mutex::new(writer));
    let stop = Arc::new(AtomicBool::new(false));
    let mut reader = BufReader::new(connection);
    while let Some((method, url, cseq)) = request(&mut reader) {
        let mut path = url.split('/').skip(3);
        let name = path.next().unwrap_or_default().to_owned();
        let number = path.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let known = clips.contains_key(&name);
        let (status, headers, body) = match (method.as_str(), clips.get(&name)) {
            ("OPTIONS", _) => {
                let methods = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n";
                ("200 OK", methods.to_owned(), "")
            }
            ("DESCRIBE", Some(clip)) => {
                let base = url.trim_end_matches('/');
                let headers = format!("Content-Base: {base}/\r\nContent-Type: application/sdp\r\n");
                ("200 OK", headers, clip.sdp.as_str())
            }
            ("SETUP", Some(_)) => {
                let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
                ("200 OK", format!("{transport}Session: {session};timeout=60\r\n"), "")
            }
            ("PLAY" | "TEARDOWN" | "GET_PARAMETER", Some(_)) => {
                ("200 OK", format!("Session: {session}\r\n"), "")
            }
            _ => ("404 Not Found", String::new(), ""),
        };
        let length = body.len();
        let answer = format!(
            "RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        if send(&writer, answer.as_bytes()).is_err() || method == "TEARDOWN" {
            break;
        }
        if method == "PLAY" && known {
            let (clips, writer, stop) = (clips.clone(), writer.clone(), stop.clone());
            thread::spawn(move || {
                if let Some(clip) = clips.get(&name) {
                    let first = if clip.all_keyframes { number } else { 0 };
                    play(clip, first, session, &writer, &stop);
                }
            });
        }
    }
    stop.store(true, Ordering::Relaxed);
}

/// Reads a request's method, URL and CSeq, and steps over interleaved frames (receiver reports).
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String, String)> {
    loop {
        if *reader.fill_buf().ok()?.first()? != b'$' {
            break;
        }
        let mut header = [0; 4];
        reader.read_exact(&mut header).ok()?;
        let mut frame = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]]))];
        reader.read_exact(&mut frame).ok()?;
    }
    let mut first = String::new();
    let mut cseq = String::new();
    for number in 0..64 {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            let mut words = first.split(' ');
            return Some((words.next()?.to_owned(), words.next()?.to_owned(), cseq));
        }
        if number == 0 {
            line.clone_into(&mut first);
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("cseq")
        {
            value.trim().clone_into(&mut cseq);
        }
    }
    None
}

/// Sends the clip from picture `first` on, over and over until the viewer goes.
fn play(clip: &Clip, first: usize, session: u32, writer: &Mutex<TcpStream>, stop: &AtomicBool) {
    let (mut sequence, mut timestamp) = (session as u16, session.wrapping_mul(90_000));
    let mut bytes = Vec::new();
    for picture in clip.pictures.iter().cycle().skip(first) {
        bytes.clone_from(&picture.bytes);
        for &header in &picture.headers {
            bytes[header + 2..header + 4].copy_from_slice(&sequence.to_be_bytes());
            bytes[header + 4..header + 8].copy_from_slice(&timestamp.to_be_bytes());
            bytes[header + 8..header + 12].copy_from_slice(&session.to_be_bytes());
            sequence = sequence.wrapping_add(1);
        }
        timestamp = timestamp.wrapping_add(FRAME_TICKS);
        if stop.load(Ordering::Relaxed) || send(writer, &bytes).is_err() {
            return;
        }
        thread::sleep(FRAME);
    }
}

fn send(writer: &Mutex<TcpStream>, bytes: &[u8]) -> std::io::Result<()> {
    writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes)
}
