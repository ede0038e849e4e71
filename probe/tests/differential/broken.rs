//! Dialogues that break the rules: what each of the two makes of them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use zhishou_domain::{Depth, FaultCode, TransportPolicy};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Prober, Settings};
use zhishou_protocol::rtsp::Deadlines;
use zhishou_tests::asking::{Fixed, request};
use zhishou_tests::wire::{interleaved, rtp};

use crate::proxy::Way;
use crate::seen::by_retina;

/// A baseline SPS of 640×480 and a PPS.
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=sim\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
    a=rtpmap:96 H264/90000\r\na=control:track1\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n";
const OK: &str = "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n";

/// What retina makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retina {
    /// It gives frames, or finds nothing wrong.
    Plays,
    /// It gives up with an error.
    Fails,
    /// It waits, having no deadlines.
    Waits,
}

/// One dialogue that departs from the rules in one point.
struct Case {
    name: &'static str,
    /// The method whose answer departs, and the answer; `PACKETS` for what follows PLAY.
    at: (&'static str, String),
    ours: &'static [FaultCode],
    theirs: Retina,
    /// Why they differ, where they do.
    because: Option<&'static str>,
}

/// An RTP packet of the video in channel 0, a keyframe by itself.
fn packet(number: u16, ssrc: u32) -> Vec<u8> {
    let nal: Vec<u8> = [0x65, 0x88].into_iter().chain((0..200).map(|byte| byte | 1)).collect();
    interleaved(0, &rtp(96, ssrc, number, u32::from(number) * 3_600, true, &nal))
}

/// What follows PLAY: packets in order, with something between the tenth and the next.
fn packets(name: &str) -> Vec<Vec<u8>> {
    let mut packets: Vec<_> = (1..=30).map(|number| packet(number, 7)).collect();
    match name {
        "garbage between frames" => packets.insert(10, b"\x00\xff\x12garbage\x00".to_vec()),
        "a packet out of order over TCP" => packets.swap(10, 12),
        "another source in between" => packets.insert(10, packet(900, 8)),
        "a frame on a channel nobody asked for" => packets.insert(10, interleaved(9, &[1, 2, 3])),
        "a packet too short for RTP" => packets.insert(10, interleaved(0, &[0x80, 96, 0])),
        "payload type 50 beside the picture" => {
            let mut beside = packets[9].clone();
            beside[5] = 50;
            packets.insert(10, beside);
        }
        "a packet missing" => drop(packets.remove(10)),
        _ => {}
    }
    packets
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    use FaultCode as F;
    let case = |name, at: &'static str, answer: &str, ours, theirs, because| Case {
        name,
        at: (at, answer.to_owned()),
        ours,
        theirs,
        because,
    };
    let status = |status: &str| format!("RTSP/1.0 {status}\r\nCSeq: {{cseq}}\r\n\r\n");
    let described = |sdp: &str| {
        format!("{OK}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len())
    };
    let setup = |fields: &str| format!("{OK}{fields}\r\n");
    let tcp = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    vec![
        case("nothing", "", "", &[], Retina::Plays, None),
        case("404", "DESCRIBE", &status("404 No"), &[F::NotFound], Retina::Fails, None),
        case("500", "DESCRIBE", &status("500 No"), &[F::ServerError], Retina::Fails, None),
        case("461", "SETUP", &status("461 No"), &[F::TransportUnsupported], Retina::Fails, None),
        case("no SDP", "DESCRIBE", &described("<html>"), &[F::BadSdp], Retina::Fails, None),
        case(
            "sound alone",
            "DESCRIBE",
            &described("v=0\r\no=- 0 0 IN IP4 1.1.1.1\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 8\r\n"),
            &[F::NoVideo],
            Retina::Plays,
            Some("it plays what there is; a camera without a picture has failed its purpose"),
        ),
        case(
            "a description without o= and s= (Q06)",
            "DESCRIBE",
            &described(&SDP.replace("o=- 0 0 IN IP4 127.0.0.1\r\ns=sim\r\n", "")),
            &[],
            Retina::Plays,
            None,
        ),
        case(
            "an answer without CSeq",
            "DESCRIBE",
            &described(SDP).replace("CSeq: {cseq}\r\n", ""),
            &[],
            Retina::Fails,
            Some("one request is outstanding, so it is the answer to that"),
        ),
        case(
            "no session id",
            "SETUP",
            &setup(tcp),
            &[],
            Retina::Fails,
            Some("RFC 2326 §12.37 wants one; without it there is nothing to close, and media flow"),
        ),
        case(
            "an endless body",
            "DESCRIBE",
            &format!("{OK}Content-Length: 99000000000\r\n\r\nv=0"),
            &[F::BadResponse],
            Retina::Waits,
            Some("it reads on towards the 99 GB; we have a bound of 256 KiB"),
        ),
        case(
            "silence",
            "DESCRIBE",
            "",
            &[F::NoResponse],
            Retina::Waits,
            Some("deadlines are left to its caller"),
        ),
        case(
            "a web server",
            "OPTIONS DESCRIBE",
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            &[F::NotRtsp],
            Retina::Fails,
            None,
        ),
        case(
            "garbage between frames",
            "PACKETS",
            "",
            &[],
            Retina::Fails,
            Some("Q52: cameras do it; we count the bytes and go on at the next frame"),
        ),
        case(
            "a packet out of order over TCP",
            "PACKETS",
            "",
            &[],
            Retina::Fails,
            Some("a relay in front of a UDP camera sends so; it is put in order and counted"),
        ),
        case(
            "another source in between",
            "PACKETS",
            "",
            &[],
            Retina::Fails,
            Some("foreign packets are counted and are no loss; retina ends the session"),
        ),
        case("a frame on a channel nobody asked for", "PACKETS", "", &[], Retina::Plays, None),
        case(
            "a packet too short for RTP",
            "PACKETS",
            "",
            &[],
            Retina::Fails,
            Some("counted as malformed"),
        ),
        case("payload type 50 beside the picture", "PACKETS", "", &[], Retina::Plays, None),
        case(
            "a packet missing",
            "PACKETS",
            "",
            &[F::PacketLoss],
            Retina::Plays,
            Some("it tells the loss with the frame; that it is a fault is our judgement"),
        ),
    ]
}

/// Answers as `case` has it, and by the rules otherwise.
fn serve(mut stream: TcpStream, (at, answer): &(&'static str, String), name: &str) -> Option<()> {
    let mut input = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        input.extend_from_slice(&chunk[..read]);
        while let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = input.drain(..end + 4).collect();
            let head = String::from_utf8_lossy(&head).into_owned();
            let method = head.split(' ').next()?;
            let cseq = head.lines().find_map(|line| line.strip_prefix("CSeq: "))?;
            let by_the_rules = match method {
                "DESCRIBE" => format!(
                    "{OK}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
                    SDP.len()
                ),
                "SETUP" => format!(
                    "{OK}Session: 4711\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
                ),
                _ => format!("{OK}Session: 4711\r\n\r\n"),
            };
            let departs = at.split(' ').any(|at| at == method);
            let answer = if departs { answer.clone() } else { by_the_rules };
            stream.write_all(answer.replace("{cseq}", cseq).as_bytes()).ok()?;
            if method == "PLAY" {
                for packet in packets(name) {
                    stream.write_all(&packet).ok()?;
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }
}

fn camera(case: &Case) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/live", listener.local_addr().unwrap());
    let (at, name) = (case.at.clone(), case.name);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let at = at.clone();
            std::thread::spawn(move || serve(stream, &at, name));
        }
    });
    url
}

async fn ours(url: String) -> Vec<FaultCode> {
    let second = Duration::from_secs(1);
    let rtsp = Deadlines { options: second, describe: second, ..Deadlines::default() };
    let settings = Settings { rtsp, ..Settings::default() };
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    let prober = Prober::new(settings, Arc::new(Fixed), Arc::new(Fixed), guard, None);
    let time = Duration::from_millis(300);
    let request = request(&url, Depth::Stream, TransportPolicy::Tcp, time);
    let outcome = prober.probe(request, CancellationToken::new()).await;
    outcome.observation.faults.iter().map(|fault| fault.code).collect()
}

async fn theirs(url: String) -> Retina {
    match tokio::time::timeout(Duration::from_secs(4), by_retina(Way::Tcp, &url)).await {
        Err(_) => Retina::Waits,
        Ok(Ok(_)) => Retina::Plays,
        Ok(Err(_)) => Retina::Fails,
    }
}

#[tokio::test]
async fn what_each_makes_of_a_broken_dialogue() {
    let seen = cases().into_iter().map(async |case| {
        let url = camera(&case);
        let (ours, theirs) = tokio::join!(ours(url.clone()), theirs(url));
        let agree = ours.is_empty() == (theirs == Retina::Plays) && theirs != Retina::Waits;
        let as_told = (&ours[..], theirs) == (case.ours, case.theirs);
        let justified = agree == case.because.is_none();
        (as_told && justified, format!("{}: {ours:?}, retina {theirs:?}", case.name))
    });
    let seen = futures_util::future::join_all(seen).await;
    let wrong: Vec<_> = seen.iter().filter(|(right, _)| !right).map(|(_, words)| words).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
