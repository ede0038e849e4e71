//! A device that answers by script, against a session in virtual time.

use std::collections::VecDeque;
use std::time::Duration;

use zhishou_protocol::auth::Credential;
use zhishou_protocol::rtsp::{
    Cause, Deadlines, Depth, Event, Failure, Input, Output, PacketKind, Plan, Session, Stage,
    Target, Track, Transports,
};
use zhishou_protocol::sdp::Description;
pub(crate) use zhishou_tests::wire::{interleaved as frame, rtp};

/// What is probed.
pub(crate) const URL: &str = "rtsp://192.168.1.64:554/live/ch1";
/// A login.
pub(crate) const LOGIN: Option<(&str, &str)> = Some(("admin", "s3cret"));
/// One video, nothing else.
pub(crate) const VIDEO: &str = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:track0\n";
/// The answer to SETUP that holds no surprise.
pub(crate) const SETUP: &str = "RTSP/1.0 200 OK\nCSeq: {cseq}\nSession: 77;timeout=20\n\
                                Transport: RTP/AVP/TCP;unicast;interleaved=0-1\n\n";

/// The device's side of a session.
pub(crate) struct Device {
    pub(crate) session: Session,
    pub(crate) now: Duration,
    /// Requests sent and not yet looked at.
    pub(crate) sent: VecDeque<Vec<u8>>,
    pub(crate) connects: Vec<String>,
    pub(crate) events: Vec<Event>,
    pub(crate) packets: Vec<(Track, PacketKind, Vec<u8>)>,
    pub(crate) wait: Duration,
    pub(crate) finished: Option<Result<(), Failure>>,
}

impl Device {
    /// A device that has accepted the first connection.
    pub(crate) fn at(url: &str, depth: Depth, login: Option<(&str, &str)>) -> Self {
        let session = Session::new(Plan {
            target: Target::parse(url).unwrap().0,
            credential: login.map(|(user, password)| Credential::new(user, password)),
            depth,
            transports: Transports::TCP,
            user_agent: "Zhishou/test".to_owned(),
            deadlines: Deadlines::default(),
            entropy: 1,
        });
        let mut device = Self {
            session,
            now: Duration::ZERO,
            sent: VecDeque::new(),
            connects: Vec::new(),
            events: Vec::new(),
            packets: Vec::new(),
            wait: Duration::ZERO,
            finished: None,
        };
        device.drain();
        assert_eq!(device.connects.len(), 1);
        device.input(Input::Connected);
        device
    }

    /// A device that was asked for its OPTIONS and has none to tell.
    pub(crate) fn greeted(login: Option<(&str, &str)>) -> Self {
        let mut device = Self::at(URL, Depth::Play, login);
        device.serve("OPTIONS", &status("200 OK"));
        device
    }

    /// Up to the answer to DESCRIBE with this text.
    pub(crate) fn described(sdp: &str) -> Self {
        let mut device = Self::greeted(None);
        device.serve("DESCRIBE", &describe("", sdp));
        device
    }

    /// Up to the answer to PLAY, one video.
    pub(crate) fn playing(login: Option<(&str, &str)>) -> Self {
        let mut device = Self::greeted(login);
        device.serve("DESCRIBE", &describe("", VIDEO));
        device.serve("SETUP", SETUP);
        device.serve("PLAY", &status("200 OK"));
        assert_eq!(device.events.last(), Some(&Event::Playing));
        device
    }

    fn drain(&mut self) {
        for _ in 0..10_000 {
            match self.session.poll(self.now) {
                Output::Connect(target) => {
                    self.connects.push(format!("{}:{}", target.host(), target.port()));
                }
                Output::Bind(track) => panic!("{track:?}: ports are of UDP"),
                Output::Send(bytes) => self.sent.push_back(bytes),
                Output::Event(event) => self.events.push(event),
                Output::Packet { track, kind, payload } => {
                    self.packets.push((track, kind, payload.to_vec()));
                }
                Output::WaitUntil(time) => {
                    assert!(time > self.now, "busy loop");
                    self.wait = time;
                    return;
                }
                Output::Finished(result) => {
                    self.finished = Some(result);
                    return;
                }
            }
        }
        panic!("a session that never rests");
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now);
        self.drain();
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.input(Input::Bytes(bytes));
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.input(Input::Tick);
    }

    /// The next request, which must be this one, as bytes. A login may be kept back for a moment.
    pub(crate) fn take(&mut self, method: &str) -> Vec<u8> {
        if self.sent.is_empty() {
            self.pass(Duration::from_millis(100));
        }
        let request = self.sent.pop_front().unwrap_or_else(|| panic!("{method}: nothing sent"));
        let text = String::from_utf8_lossy(&request);
        assert!(text.starts_with(&format!("{method} ")), "{method}: {text}");
        assert!(text.contains("\r\nUser-Agent: Zhishou/test\r\n"), "{text}");
        request
    }

    /// The next request as text.
    pub(crate) fn expect(&mut self, method: &str) -> String {
        String::from_utf8_lossy(&self.take(method)).into_owned()
    }

    /// Expects a request and answers it.
    pub(crate) fn serve(&mut self, method: &str, answer: &str) -> String {
        let request = self.expect(method);
        self.now += Duration::from_millis(10);
        self.bytes(&fill(answer, &cseq(&request)));
        request
    }

    /// What the session made of the description.
    pub(crate) fn description(&self) -> &Description {
        let description = self.events.iter().find_map(|event| match event {
            Event::Described(description) => Some(&**description),
            _ => None,
        });
        description.unwrap_or_else(|| panic!("not described: {:?}", self.finished))
    }

    #[track_caller]
    pub(crate) fn fails_with(&self) -> (Stage, &Cause) {
        match self.finished.as_ref().expect("not finished") {
            Err(failure) => (failure.stage, &failure.cause),
            Ok(()) => panic!("succeeded"),
        }
    }
}

/// What the session makes of a description that comes as these bytes.
pub(crate) fn read(sdp: &[u8]) -> Device {
    let mut device = Device::greeted(None);
    let request = device.expect("DESCRIBE");
    let head = format!(
        "RTSP/1.0 200 OK\r\nCSeq: {}\r\nContent-Length: {}\r\n\r\n",
        cseq(&request),
        sdp.len()
    );
    device.bytes(&[head.as_bytes(), sdp].concat());
    device
}

/// The number of a request.
pub(crate) fn cseq(request: &str) -> String {
    request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap().to_owned()
}

/// The value of a field of a request.
pub(crate) fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The URI of a request.
pub(crate) fn uri(request: &str) -> &str {
    request.split(' ').nth(1).unwrap()
}

/// CR LF, the CSeq, and the length of the body.
pub(crate) fn fill(answer: &str, cseq: &str) -> Vec<u8> {
    let answer = answer.replace('\n', "\r\n").replace("{cseq}", cseq);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let head = head.replace("{length}", &body.len().to_string());
    format!("{head}\r\n\r\n{body}").into_bytes()
}

/// An answer of a status line and a number.
pub(crate) fn status(status: &str) -> String {
    format!("RTSP/1.0 {status}\nCSeq: {{cseq}}\n\n")
}

/// A 401 with these challenges.
pub(crate) fn challenge(values: &[&str]) -> String {
    let fields: String = values.iter().map(|v| format!("WWW-Authenticate: {v}\n")).collect();
    format!("RTSP/1.0 401 Unauthorized\nCSeq: {{cseq}}\n{fields}\n")
}

/// The answer to DESCRIBE with more fields (`Name: value\n`).
pub(crate) fn describe(fields: &str, sdp: &str) -> String {
    format!("RTSP/1.0 200 OK\nCSeq: {{cseq}}\n{fields}Content-Length: {{length}}\n\n{sdp}")
}

/// Any packet of the video.
pub(crate) fn packet(sequence: u16) -> Vec<u8> {
    rtp(96, 7, sequence, 0, true, &[0x41, 0x9a, 1])
}
