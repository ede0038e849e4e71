//! SIP agents: conference endpoints that answer OPTIONS and take calls (RFC 3261), with sound in
//! G.711 (RFC 3551) and a picture in H.264 (RFC 6184), and report on both (RFC 3550).
//!
//! Written from the RFCs for this demo and used by nothing that calls; one call at a time, over
//! datagrams. Each agent is one thread that never waits longer than [`IDLE`].

use crate::reel::Reel;
use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, SocketAddrV4, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::time::Instant;

/// Longest wait while nobody calls: so often an agent looks whether it is to end.
const IDLE: Duration = Duration::from_millis(100);
/// And in a call, where something is to be sent every [`SOUND`].
const TICK: Duration = Duration::from_millis(10);
/// Of sound in one packet.
const SOUND: Duration = Duration::from_millis(20);
/// Between two reports.
const REPORT: Duration = Duration::from_secs(2);
/// Longest payload of RTP.
const PAYLOAD: usize = 1_200;
/// A call that nobody ends is ended by the agent.
const LONGEST: Duration = Duration::from_secs(120);

/// What comes out of the microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Microphone {
    /// A room with people in it.
    Room,
    /// It is off: zeros.
    Off,
}

/// An endpoint of the cast.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) address: SocketAddrV4,
    pub(crate) user: &'static str,
    pub(crate) microphone: Microphone,
    pub(crate) reel: Arc<Reel>,
}

/// A running agent; it ends with the value.
#[derive(Debug)]
pub(crate) struct Running {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("an endpoint of the demo panicked");
        }
    }
}

impl Agent {
    /// Listens, and answers until the value that comes back is dropped.
    pub(crate) fn start(self) -> io::Result<Running> {
        let socket = UdpSocket::bind(self.address)?;
        socket.set_read_timeout(Some(IDLE))?;
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let thread = thread::Builder::new().name("demo-endpoint".to_owned()).spawn(move || {
            let mut desk = Desk { agent: self, socket, since: Instant::now(), call: None };
            while !ended.load(Ordering::Relaxed) {
                desk.listen();
                desk.talk();
            }
        })?;
        Ok(Running { end, thread: Some(thread) })
    }
}

/// An agent at work.
struct Desk {
    agent: Agent,
    socket: UdpSocket,
    /// When it was switched on: what it shows goes on while nobody calls.
    since: Instant,
    call: Option<Call>,
}

/// Media of one direction.
struct Flow {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    to: SocketAddr,
    ssrc: u32,
    sequence: u16,
    payload_type: u8,
    sent: u32,
    bytes: u32,
    next: Instant,
    /// Of the last sender report that came: its source, its stamp, and when.
    heard: Option<(u32, u32, Instant)>,
    /// Packets of the caller that came.
    received: u32,
    highest: u16,
}

struct Call {
    id: String,
    answer: String,
    since: Instant,
    sound: Flow,
    picture: Option<Flow>,
    frame: usize,
    noise: u32,
    report: Instant,
}

/// The first field of that name.
fn field<'a>(message: &'a str, name: &str) -> &'a str {
    let lines = message.lines().take_while(|line| !line.is_empty());
    let mut values = lines.filter_map(|line| line.split_once(':'));
    values.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map_or("", |(_, v)| v.trim())
}

impl Desk {
    fn listen(&mut self) {
        let mut buffer = [0; 8_192];
        let Ok((length, from)) = self.socket.recv_from(&mut buffer) else { return };
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let method = message.split(' ').next().unwrap_or_default().to_owned();
        let is_ours = self.call.as_ref().is_some_and(|call| call.id == field(&message, "Call-ID"));
        let answers = match method.as_str() {
            "OPTIONS" if self.call.is_some() => vec![self.answer(&message, "486 Busy Here", "")],
            "OPTIONS" => vec![self.answer(&message, "200 OK", &self.description(0, Some(0)))],
            "INVITE" if is_ours => {
                self.call.as_ref().map(|call| call.answer.clone()).into_iter().collect()
            }
            "INVITE" if self.call.is_some() => vec![self.answer(&message, "486 Busy Here", "")],
            "INVITE" => self.take(&message, from),
            "BYE" if is_ours => {
                self.hang_up();
                vec![self.answer(&message, "200 OK", "")]
            }
            "INFO" | "UPDATE" if is_ours => vec![self.answer(&message, "200 OK", "")],
            "BYE" | "CANCEL" | "INFO" | "UPDATE" => {
                vec![self.answer(&message, "481 Call Does Not Exist", "")]
            }
            _ => Vec::new(),
        };
        for answer in answers {
            // Who does not hear it asks again.
            let _ = self.socket.send_to(answer.as_bytes(), from);
        }
    }

    fn answer(&self, request: &str, status: &str, body: &str) -> String {
        let head = request.lines().take_while(|line| !line.is_empty());
        let echoed: String = head
            .filter(|line| {
                ["via:", "from:", "call-id:", "cseq:"]
                    .iter()
                    .any(|name| line.to_ascii_lowercase().starts_with(name))
            })
            .map(|line| format!("{line}\r\n"))
            .collect();
        let to = field(request, "To");
        let tag = if to.contains("tag=") { String::new() } else { ";tag=demo".to_owned() };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "SIP/2.0 {status}\r\n{echoed}To: {to}{tag}\r\nContact: <sip:{}@{}>\r\n\
             Server: Demo Room Kit\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE\r\n\
             {kind}Content-Length: {}\r\n\r\n{body}",
            self.agent.user,
            self.agent.address,
            body.len()
        )
    }

    /// What it takes: sound at `sound`, and a picture where it has a port.
    fn description(&self, sound: u16, picture: Option<u16>) -> String {
        let host = self.agent.address.ip();
        let picture = picture.map_or(String::new(), |port| {
            format!(
                "m=video {port} RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n\
                 a=fmtp:97 packetization-mode=1;profile-level-id=42e01f\r\na=rtcp-fb:* nack pli\r\n"
            )
        });
        format!(
            "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=room\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
             m=audio {sound} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n{picture}"
        )
    }

    /// Takes a call.
    fn take(&mut self, invite: &str, from: SocketAddr) -> Vec<String> {
        let offered = offered(invite);
        let now = Instant::now();
        let flow = |kind: &str, payload_type: u8, ssrc: u32| {
            let port = *offered.get(kind)?;
            let to = SocketAddr::new(from.ip(), port);
            Flow::open(*self.agent.address.ip(), to, payload_type, ssrc, now).ok()
        };
        let Some(sound) = flow("audio", 8, 0x0A0D_1001) else {
            return vec![self.answer(invite, "488 Not Acceptable Here", "")];
        };
        if self.socket.set_read_timeout(Some(TICK)).is_err() {
            return vec![self.answer(invite, "500 Server Internal Error", "")];
        }
        let picture = flow("video", 97, 0x0A0D_1002);
        let ports = (sound.port(), picture.as_ref().map(Flow::port));
        let ringing = self.answer(invite, "180 Ringing", "");
        let answer = self.answer(invite, "200 OK", &self.description(ports.0, ports.1));
        self.call = Some(Call {
            id: field(invite, "Call-ID").to_owned(),
            answer: answer.clone(),
            since: now,
            sound,
            picture,
            frame: self.agent.reel.keyframe_at(now.duration_since(self.since)),
            noise: 1,
            report: now + REPORT / 4,
        });
        vec![ringing, answer]
    }

    fn hang_up(&mut self) {
        self.call = None;
        if let Err(error) = self.socket.set_read_timeout(Some(IDLE)) {
            tracing::debug!(%error, "an endpoint of the demo stays wakeful");
        }
    }

    /// Sends what is due, and hears what came.
    fn talk(&mut self) {
        let Some(call) = &mut self.call else { return };
        let now = Instant::now();
        if now.duration_since(call.since) > LONGEST {
            self.hang_up();
            return;
        }
        while now >= call.sound.next {
            let samples = sound(self.agent.microphone, &mut call.noise);
            let at = call.sound.next.duration_since(call.since);
            call.sound.send(at.as_millis() as u32 * 8, false, &samples);
            call.sound.next += SOUND;
        }
        if let Some(flow) = &mut call.picture {
            let reel = &self.agent.reel;
            while now >= flow.next {
                let at = flow.next.duration_since(call.since);
                let stamp = (at.as_micros() * 9 / 100) as u32;
                if let Ok(unit) = reel.read(call.frame) {
                    send_picture(flow, stamp, &unit.bytes);
                }
                call.frame += 1;
                flow.next += reel.interval;
            }
        }
        let report = now >= call.report;
        if report {
            call.report += REPORT;
        }
        for flow in [Some(&mut call.sound), call.picture.as_mut()].into_iter().flatten() {
            flow.hear(now);
            if report {
                let rate = if flow.payload_type == 8 { 8_000 } else { 90_000 };
                flow.report(now, now.duration_since(call.since), rate);
            }
        }
    }
}

/// The ports of an offer, by kind.
fn offered(invite: &str) -> HashMap<String, u16> {
    let lines = invite.lines().filter_map(|line| line.strip_prefix("m="));
    let port = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.parse().ok().filter(|port| *port > 0)?))
    };
    lines.filter_map(port).collect()
}

/// 20 ms of a room: a hum below a voice that comes and goes, in A-law; or of nothing.
fn sound(microphone: Microphone, noise: &mut u32) -> [u8; 160] {
    let mut samples = [0xd5; 160];
    if microphone == Microphone::Off {
        return samples;
    }
    for sample in &mut samples {
        *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // A code of the second to fourth segment with any sign: some −35 dB below full scale.
        let code = 0x20 | (*noise >> 24) as u8 & 0x9f;
        *sample = code ^ 0x55;
    }
    samples
}

/// A coded picture, in packets (RFC 6184 §5.6, §5.8).
fn send_picture(flow: &mut Flow, stamp: u32, unit: &[u8]) {
    let mut starts: Vec<usize> =
        unit.windows(3).enumerate().filter(|(_, it)| *it == [0, 0, 1]).map(|(at, _)| at).collect();
    starts.push(unit.len());
    let nals: Vec<&[u8]> = starts
        .windows(2)
        .filter_map(|pair| unit.get(pair[0] + 3..pair[1]))
        .map(|nal| nal.strip_suffix(&[0]).unwrap_or(nal))
        // Delimiters say nothing in RTP.
        .filter(|nal| nal.first().is_some_and(|head| head & 0x1f != 9))
        .collect();
    for (number, nal) in nals.iter().enumerate() {
        let is_last = number + 1 == nals.len();
        if nal.len() <= PAYLOAD {
            flow.send(stamp, is_last, nal);
            continue;
        }
        let pieces: Vec<&[u8]> = nal[1..].chunks(PAYLOAD - 2).collect();
        for (piece, bytes) in pieces.iter().enumerate() {
            let end = piece + 1 == pieces.len();
            let flags = u8::from(piece == 0) << 7 | u8::from(end) << 6;
            let mut payload = vec![nal[0] & 0xe0 | 28, flags | nal[0] & 0x1f];
            payload.extend_from_slice(bytes);
            flow.send(stamp, is_last && end, &payload);
        }
    }
}

impl Flow {
    fn open(
        host: std::net::Ipv4Addr,
        to: SocketAddr,
        payload_type: u8,
        ssrc: u32,
        now: Instant,
    ) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..16 {
            let rtp = UdpSocket::bind(SocketAddrV4::new(host, 0))?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 1 {
                continue;
            }
            match UdpSocket::bind(SocketAddrV4::new(host, port + 1)) {
                Ok(rtcp) => {
                    rtp.set_nonblocking(true)?;
                    rtcp.set_nonblocking(true)?;
                    let (sequence, heard) = (1, None);
                    let (sent, bytes, received, highest) = (0, 0, 0, 0);
                    return Ok(Self {
                        rtp,
                        rtcp,
                        to,
                        ssrc,
                        sequence,
                        payload_type,
                        sent,
                        bytes,
                        next: now,
                        heard,
                        received,
                        highest,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn port(&self) -> u16 {
        self.rtp.local_addr().map_or(0, |at| at.port())
    }

    fn send(&mut self, stamp: u32, marker: bool, payload: &[u8]) {
        let mut packet = vec![0x80, u8::from(marker) << 7 | self.payload_type];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(stamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.sent += 1;
        self.bytes = self.bytes.wrapping_add(payload.len() as u32);
        let _ = self.rtp.send_to(&packet, self.to);
    }

    fn hear(&mut self, now: Instant) {
        let mut buffer = [0; 2_048];
        while let Ok((length, _)) = self.rtp.recv_from(&mut buffer) {
            if let Some(number) = buffer[..length].get(2..4) {
                self.highest = u16::from_be_bytes([number[0], number[1]]);
                self.received += 1;
            }
        }
        while let Ok((length, _)) = self.rtcp.recv_from(&mut buffer) {
            // A compound begins with the sender report, if there is one.
            if let [_, 200, rest @ ..] = &buffer[..length]
                && let (Some(ssrc), Some(middle)) = (rest.get(2..6), rest.get(8..12))
            {
                let word = |it: &[u8]| u32::from_be_bytes([it[0], it[1], it[2], it[3]]);
                self.heard = Some((word(ssrc), word(middle), now));
            }
        }
    }

    /// A sender report with a block on what came of the caller (RFC 3550 §6.4.1).
    fn report(&self, now: Instant, at: Duration, rate: u128) {
        let blocks = u8::from(self.heard.is_some());
        let words: u16 = 6 + 6 * u16::from(blocks);
        let mut packet = vec![0x80 | blocks, 200];
        packet.extend(words.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        // Time since the call began is a time too (§6.4.1).
        packet.extend((at.as_secs() as u32).to_be_bytes());
        packet.extend(
            (((u64::from(at.subsec_nanos())) << 32) / 1_000_000_000).to_be_bytes()[4..].iter(),
        );
        packet.extend(((at.as_micros() * rate / 1_000_000) as u32).to_be_bytes());
        packet.extend(self.sent.to_be_bytes());
        packet.extend(self.bytes.to_be_bytes());
        if let Some((ssrc, stamp, since)) = self.heard {
            packet.extend(ssrc.to_be_bytes());
            packet.extend([0; 4]);
            packet.extend(u32::from(self.highest).to_be_bytes());
            packet.extend([0; 4]);
            packet.extend(stamp.to_be_bytes());
            let delay = now.duration_since(since).as_secs_f64() * 65_536.0;
            packet.extend((delay as u32).to_be_bytes());
        }
        let mut to = self.to;
        to.set_port(to.port() + 1);
        let _ = self.rtcp.send_to(&packet, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody who calls.
    struct Caller(UdpSocket);

    impl Caller {
        fn new(to: SocketAddrV4) -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            socket.connect(to).unwrap();
            Self(socket)
        }

        /// What is answered to `method` in the call `id`, provisional answers among it.
        fn ask(&self, method: &str, id: &str, body: &str) -> String {
            let request = format!(
                "{method} sip:room SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{id}\r\n\
                 From: <sip:a>;tag=1\r\nTo: <sip:room>\r\nCall-ID: {id}\r\nCSeq: 1 {method}\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            self.0.send(request.as_bytes()).unwrap();
            let mut answer = String::new();
            while answer.is_empty() || answer.starts_with("SIP/2.0 1") {
                let mut buffer = [0; 4096];
                let length = self.0.recv(&mut buffer).unwrap();
                answer = String::from_utf8(buffer[..length].to_vec()).unwrap();
            }
            answer
        }

        fn status(&self, method: &str, id: &str) -> String {
            self.ask(method, id, "").lines().next().unwrap().to_owned()
        }
    }

    #[test]
    fn a_room_is_called_once_at_a_time_and_a_microphone_that_is_off_sends_zeros() {
        for (microphone, is_silent) in [(Microphone::Off, true), (Microphone::Room, false)] {
            let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let address = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, free);
            let reel = Arc::new(Reel::short());
            let running = Agent { address, user: "room", microphone, reel }.start().unwrap();
            let caller = Caller::new(address);
            assert_eq!(caller.status("OPTIONS", "1"), "SIP/2.0 200 OK");
            assert_eq!(caller.status("BYE", "1"), "SIP/2.0 481 Call Does Not Exist");

            let ear = UdpSocket::bind("127.0.0.1:0").unwrap();
            ear.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let port = ear.local_addr().unwrap().port();
            let offer = format!("v=0\r\nm=audio {port} RTP/AVP 8\r\n");
            assert!(caller.ask("INVITE", "2", &offer).contains("m=audio"));
            let mut packet = [0; 200];
            let length = ear.recv(&mut packet).unwrap();
            assert_eq!((length, packet[1] & 0x7f), (12 + 160, 8));
            assert_eq!(packet[12..length].iter().all(|it| *it == 0xd5), is_silent);

            assert_eq!(caller.status("INVITE", "3"), "SIP/2.0 486 Busy Here");
            assert_eq!(caller.status("BYE", "2"), "SIP/2.0 200 OK");
            assert_eq!(caller.status("OPTIONS", "4"), "SIP/2.0 200 OK");
            drop(running);
        }
    }
}
