//! A session against a device that sends what it likes, in virtual time, without keeping anything.

use std::time::Duration;

use zhishou_protocol::auth::Credential;
use zhishou_protocol::rtsp::{
    Deadlines, Depth, Event, Facts, Failure, Input, Output, Plan, Session, Target, Transports,
};

/// What became of a session.
pub(crate) struct Outcome {
    pub(crate) result: Result<(), Failure>,
    pub(crate) facts: Facts,
    /// How long it took.
    pub(crate) took: Duration,
    /// Requests and answers it sent.
    pub(crate) sent: usize,
    pub(crate) connects: usize,
    pub(crate) packets: u64,
}

/// A session and what is counted of it.
pub(crate) struct Driver {
    session: Session,
    pub(crate) now: Duration,
    wait: Duration,
    pub(crate) playing: bool,
    sent: usize,
    connects: usize,
    packets: u64,
    /// The last request, until it is looked at.
    pub(crate) request: Option<String>,
    result: Option<Result<(), Failure>>,
}

impl Driver {
    pub(crate) fn new(login: bool) -> Self {
        let plan = Plan {
            target: Target::parse("rtsp://192.168.1.64/live").unwrap().0,
            credential: login.then(|| Credential::new("admin", "s3cret")),
            depth: Depth::Play,
            transports: Transports::TCP,
            user_agent: "Zhishou/test".to_owned(),
            deadlines: Deadlines::default(),
            entropy: 1,
        };
        let mut driver = Self {
            session: Session::new(plan),
            now: Duration::ZERO,
            wait: Duration::ZERO,
            playing: false,
            sent: 0,
            connects: 0,
            packets: 0,
            request: None,
            result: None,
        };
        driver.drain();
        driver
    }

    pub(crate) fn is_over(&self) -> bool {
        self.result.is_some()
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now);
        self.drain();
    }

    /// Sends bytes, 64 KiB at a time.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(64 * 1024) {
            if !self.is_over() {
                self.input(Input::Bytes(chunk));
            }
        }
    }

    /// Answers the last request with a status line, fields and a body.
    pub(crate) fn answer(&mut self, head: &str, body: &str) {
        let request = self.request.take().unwrap();
        let cseq = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap();
        let length = body.len();
        let text = format!("{head}\r\nCSeq: {cseq}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.bytes(text.as_bytes());
    }

    /// Goes as far as PLAY with a device that means well.
    pub(crate) fn play(&mut self) {
        self.answer("RTSP/1.0 200 OK", "");
        self.answer("RTSP/1.0 200 OK", "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
        let setup = "RTSP/1.0 200 OK\r\nSession: 7\r\nTransport: RTP/AVP/TCP;interleaved=0-1";
        self.answer(setup, "");
        self.answer("RTSP/1.0 200 OK", "");
        assert!(self.playing);
    }

    fn drain(&mut self) {
        // A push holds at most so many of the shortest messages.
        for _ in 0..100_000 {
            match self.session.poll(self.now) {
                Output::Connect(_) => {
                    self.connects += 1;
                    self.session.handle(Input::Connected, self.now);
                }
                Output::Bind(_) => self.session.handle(Input::Bound(None), self.now),
                Output::Send(bytes) => {
                    self.sent += 1;
                    if !bytes.starts_with(b"RTSP/") && !bytes.starts_with(b"$") {
                        self.request = Some(String::from_utf8_lossy(&bytes).into_owned());
                    }
                }
                Output::Event(event) => self.playing |= event == Event::Playing,
                Output::Packet { .. } => self.packets += 1,
                Output::WaitUntil(time) => {
                    assert!(time > self.now, "busy loop");
                    self.wait = time;
                    return;
                }
                Output::Finished(result) => {
                    self.result = Some(result);
                    return;
                }
            }
        }
        panic!("a session that never rests");
    }

    /// Lets the device act every `step` until the session is over; stops it after `stop`, as a probe
    /// does, and gives it ten seconds to leave.
    pub(crate) fn run(
        mut self,
        step: Duration,
        stop: Duration,
        mut act: impl FnMut(&mut Self),
    ) -> Outcome {
        let mut stopped = false;
        while !self.is_over() {
            act(&mut self);
            if self.is_over() {
                break;
            }
            self.now += step;
            if !stopped && self.now >= stop {
                stopped = true;
                self.input(Input::Stop);
            } else {
                self.input(Input::Tick);
            }
            assert!(self.now <= stop + Duration::from_secs(10), "a session that never ends");
        }
        Outcome {
            result: self.result.clone().unwrap(),
            facts: self.session.facts(),
            took: self.now,
            sent: self.sent,
            connects: self.connects,
            packets: self.packets,
        }
    }
}
