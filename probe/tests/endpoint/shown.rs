//! What a call shows: real H.264 (RFC 6184) that moves and that stands still, a keyframe that comes only where
//! it is asked for, and packets that mean no good. The peer is written from the RFCs, on plain sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{Depth, FaultCode, Observation, ProbeRequest, TestCall};
use zhishou_probe::Settings;

use super::support::{Heard, answer, by_datagrams, says, with};

/// A room in which something moves.
const MOVING: &[u8] = include_bytes!("../../assets/moving.h264");
/// A picture that x264 coded 75 times.
const STILL: &[u8] = include_bytes!("../testdata/still.h264");
/// Between two frames of either.
const FRAME: Duration = Duration::from_millis(66);
/// Longest payload.
const PAYLOAD: usize = 1_200;

/// By what a keyframe is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// It comes by itself.
    Itself,
    /// A picture loss indication (RFC 4585 §6.3.1).
    Pli,
    /// A full intra request (RFC 5104 §4.3.1).
    Fir,
    /// INFO with `picture_fast_update` (RFC 5168).
    Info,
    /// Nothing helps.
    Nothing,
}

/// How a keyframe was asked for, in order.
type Asked = Arc<Mutex<Vec<By>>>;

fn units(clip: &[u8]) -> Vec<&[u8]> {
    let begins = (0..clip.len()).filter(|&at| clip[at..].starts_with(&[0, 0, 1]));
    let begins: Vec<_> = begins.map(|at| at + 3).collect();
    let ends = begins.iter().skip(1).map(|next| next - 3).chain([clip.len()]);
    let cut = begins.iter().zip(ends).map(|(&from, to)| &clip[from..to]);
    // A start code of four bytes leaves a zero behind the unit before it.
    cut.map(|unit| unit.strip_suffix(&[0]).unwrap_or(unit)).collect()
}

fn kind(unit: &[u8]) -> u8 {
    unit[0] & 0x1f
}

/// The units of each picture; a slice whose first macroblock is number 0 begins one, and what stands before it
/// goes with it.
fn pictures(clip: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut pictures: Vec<Vec<&[u8]>> = vec![Vec::new()];
    for unit in units(clip) {
        let is_slice = |unit: &&[u8]| matches!(kind(unit), 1 | 5);
        let begins = !is_slice(&unit) || unit[1] & 0x80 != 0;
        if begins && pictures.last().unwrap().iter().any(is_slice) {
            pictures.push(Vec::new());
        }
        pictures.last_mut().unwrap().push(unit);
    }
    pictures
}

/// Single units, and fragments (FU-A) of those that are too long.
fn payloads(unit: &[u8]) -> Vec<Vec<u8>> {
    if unit.len() <= PAYLOAD {
        return vec![unit.to_vec()];
    }
    let pieces: Vec<_> = unit[1..].chunks(PAYLOAD).collect();
    let last = pieces.len() - 1;
    let fragment = |(number, piece): (usize, &&[u8])| {
        let start = if number == 0 { 0x80 } else { 0 };
        let end = if number == last { 0x40 } else { 0 };
        let mut payload = vec![unit[0] & 0x60 | 28, start | end | kind(unit)];
        payload.extend_from_slice(piece);
        payload
    };
    pieces.iter().enumerate().map(fragment).collect()
}

fn packet(number: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, u8::from(marker) << 7 | 97];
    packet.extend(number.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(0x5a48_5348u32.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// The port that an offer has for video.
fn video_port(invite: &str) -> Option<u16> {
    let line = invite.lines().find_map(|line| line.strip_prefix("m=video "))?;
    line.split(' ').next()?.parse().ok()
}

/// An endpoint without a microphone that takes calls; where its media go is told to whoever sends them.
async fn room() -> (SocketAddr, Heard, UdpSocket, Asked, watch::Receiver<u16>) {
    let rtp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let rtcp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let ports = [&rtp, &rtcp].map(|socket| socket.local_addr().unwrap().port());
    let (called, to) = watch::channel(0);
    let asked = Asked::default();
    let (by_rtcp, by_sip) = (asked.clone(), asked.clone());
    tokio::spawn(async move {
        let mut buffer = [0; 2_048];
        while let Ok((length, _)) = rtcp.recv_from(&mut buffer).await {
            // Compound packets (RFC 3550 §6.1): the feedback is one of payload type 206.
            let mut rest = &buffer[..length];
            while let [first, kind, high, low, ..] = rest {
                let by = match (kind, first & 0x1f) {
                    (206, 1) => Some(By::Pli),
                    (206, 4) => Some(By::Fir),
                    _ => None,
                };
                by_rtcp.lock().unwrap().extend(by);
                let words = usize::from(u16::from_be_bytes([*high, *low])) + 1;
                rest = rest.get(words * 4..).unwrap_or_default();
            }
        }
    });
    let (at, heard) = by_datagrams(says(move |request| match request.split(' ').next() {
        Some("INVITE") => {
            called.send_replace(video_port(request).unwrap());
            let [rtp, rtcp] = ports;
            let body = format!(
                "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 0 RTP/AVP 8\r\nm=video {rtp} RTP/AVP 97\r\n\
                 a=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=1\r\na=rtcp:{rtcp}\r\n"
            );
            vec![answer(request, "200 OK", "", &body)]
        }
        Some("ACK") => Vec::new(),
        Some("INFO") => {
            if request.contains("picture_fast_update") {
                by_sip.lock().unwrap().push(By::Info);
            }
            vec![answer(request, "200 OK", "", "")]
        }
        _ => vec![answer(request, "200 OK", "", "")],
    }))
    .await;
    (at, heard, rtp, asked, to)
}

/// A room that shows a clip over and over; its keyframes are had by `by`.
async fn shows(clip: &'static [u8], by: By) -> (SocketAddr, Heard, Asked) {
    let (at, heard, rtp, asked, mut called) = room().await;
    let wanted = asked.clone();
    tokio::spawn(async move {
        called.wait_for(|port| *port > 0).await.unwrap();
        let to = SocketAddr::from(([127, 0, 0, 1], *called.borrow()));
        let (mut number, mut timestamp) = (7u16, 90_000u32);
        let mut tick = tokio::time::interval(FRAME);
        for picture in pictures(clip).iter().cycle() {
            let is_key = picture.iter().any(|unit| kind(unit) == 5);
            let is_had = by == By::Itself || wanted.lock().unwrap().contains(&by);
            if is_key && !is_had {
                continue;
            }
            tick.tick().await;
            let payloads: Vec<_> = picture.iter().flat_map(|unit| payloads(unit)).collect();
            for (place, payload) in payloads.iter().enumerate() {
                let packet = packet(number, timestamp, place + 1 == payloads.len(), payload);
                let _ = rtp.send_to(&packet, to).await;
                number = number.wrapping_add(1);
            }
            timestamp = timestamp.wrapping_add(6_000);
        }
    });
    (at, heard, asked)
}

async fn call(at: SocketAddr, seconds: u64) -> Observation {
    let mut settings = Settings::default();
    settings.sip.options = Duration::from_millis(1_800);
    let request = ProbeRequest {
        seconds: Duration::from_secs(seconds),
        test_call: TestCall::Permitted,
        ..ProbeRequest::new(format!("sip:room@{at}"), Depth::Stream)
    };
    with(settings).probe(request, CancellationToken::new()).await.observation
}

fn has(seen: &Observation, code: FaultCode) -> bool {
    seen.faults.iter().any(|fault| fault.code == code)
}

#[tokio::test]
async fn a_picture_that_stands_still_is_told_from_one_that_moves() {
    let ((still, ..), (moving, ..)) =
        (shows(STILL, By::Itself).await, shows(MOVING, By::Itself).await);
    let (still, moving) = tokio::join!(call(still, 4), call(moving, 4));
    for (seen, is_still, height) in [(&still, true, 180), (&moving, false, 180)] {
        assert_eq!(has(seen, FaultCode::StillPicture), is_still, "{:?}", seen.faults);
        let video = seen.video.as_ref().unwrap();
        assert_eq!((video.codec.as_deref(), video.height), (Some("h264"), Some(height)));
        assert!(video.packets > 30 && video.keyframes > 0, "{video:?}");
    }
    let rate = |seen: &Observation| seen.video.as_ref().unwrap().bitrate_bps.unwrap();
    assert!(rate(&still) < rate(&moving), "{} {}", rate(&still), rate(&moving));
}

#[tokio::test]
async fn a_keyframe_is_asked_for_in_turn_by_pli_fir_and_info_until_one_comes() {
    use By::{Fir, Info, Itself, Nothing, Pli};
    let tries = [
        (Itself, 3, vec![]),
        (Pli, 5, vec![Pli]),
        (Fir, 7, vec![Pli, Fir]),
        (Info, 10, vec![Pli, Fir, Info]),
        (Nothing, 10, vec![Pli, Fir, Info]),
    ];
    let tries = tries.map(|(by, seconds, expected)| async move {
        let (at, heard, asked) = shows(MOVING, by).await;
        let seen = call(at, seconds).await;
        assert_eq!(*asked.lock().unwrap(), expected, "{by:?}");
        let keyframes = seen.video.as_ref().unwrap().keyframes;
        assert_eq!(keyframes > 0, by != Nothing, "{by:?}: {keyframes}");
        assert_eq!(has(&seen, FaultCode::NoKeyframe), by == Nothing, "{by:?}: {:?}", seen.faults);
        let said = heard.lock().unwrap();
        assert!(said.last().unwrap().starts_with("BYE "), "{by:?}");
    });
    futures_util::future::join_all(tries).await;
}

#[tokio::test]
async fn a_flood_of_media_neither_fills_us_up_nor_keeps_us_from_hanging_up() {
    let (at, heard, rtp, _, mut called) = room().await;
    tokio::spawn(async move {
        called.wait_for(|port| *port > 0).await.unwrap();
        let to = SocketAddr::from(([127, 0, 0, 1], *called.borrow()));
        // A picture that never ends, fragments that never begin, sources without number, rubbish.
        for number in 0..u32::MAX {
            let mut bytes = packet(number as u16, 90_000, false, &[0x7c; 1_400]);
            match number % 4 {
                0 => bytes[13] = 0x85,
                1 => bytes[8..12].copy_from_slice(&number.to_be_bytes()),
                2 => bytes.fill(number as u8),
                _ => {}
            }
            let _ = rtp.send_to(&bytes, to).await;
            if number % 64 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let began = Instant::now();
    let seen = call(at, 2).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(seen.call.as_ref().unwrap().ended, Some(true), "{seen:?}");
    assert!(heard.lock().unwrap().iter().any(|it| it.starts_with("BYE ")));
    assert!(!has(&seen, FaultCode::NoMedia) && seen.reached);
}
