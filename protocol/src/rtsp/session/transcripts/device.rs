//! The device's side of a session.

use super::*;

/// A device, and what the session asked of it.
pub(super) struct Device {
    pub(super) session: Session,
    pub(super) now: Duration,
    /// Requests sent and not yet looked at.
    pub(super) sent: VecDeque<String>,
    pub(super) connects: Vec<String>,
    /// Streams that ports were asked for.
    pub(super) binds: Vec<Track>,
    pub(super) events: Vec<Event>,
    pub(super) packets: Vec<(Track, PacketKind, usize)>,
    pub(super) wait: Duration,
    pub(super) finished: Option<Result<(), Failure>>,
}

impl Device {
    pub(super) fn new(depth: Depth, login: Option<(&str, &str)>) -> Self {
        Self::with(Transports::TCP, depth, login)
    }

    pub(super) fn with(transports: Transports, depth: Depth, login: Option<(&str, &str)>) -> Self {
        let plan = Plan {
            target: Target::parse(URL).unwrap().0,
            credential: login.map(|(user, password)| Credential::new(user, password)),
            depth,
            transports,
            user_agent: "Zhishou/test".to_owned(),
            deadlines: Deadlines::default(),
            entropy: 1,
        };
        let mut device = Self {
            session: Session::new(plan),
            now: Duration::ZERO,
            sent: VecDeque::new(),
            connects: Vec::new(),
            binds: Vec::new(),
            events: Vec::new(),
            packets: Vec::new(),
            wait: Duration::ZERO,
            finished: None,
        };
        device.drain();
        device
    }

    /// A device that has accepted the first connection.
    pub(super) fn connected(depth: Depth, login: Option<(&str, &str)>) -> Self {
        let mut device = Self::new(depth, login);
        assert_eq!(device.connects, ["192.168.1.64:554"]);
        device.input(Input::Connected);
        device
    }

    pub(super) fn drain(&mut self) {
        for _ in 0..1000 {
            match self.session.poll(self.now) {
                Output::Connect(to) => {
                    self.connects.push(format!("{}:{}", to.host(), to.port()));
                }
                Output::Send(bytes) => {
                    self.sent.push_back(String::from_utf8_lossy(&bytes).into_owned());
                }
                Output::Bind(track) => self.binds.push(track),
                Output::Event(event) => self.events.push(event),
                Output::Packet { track, kind, payload } => {
                    self.packets.push((track, kind, payload.len()));
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

    pub(super) fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now);
        self.drain();
    }

    /// The next request, which must be this one. A login may be kept back for a moment.
    pub(super) fn expect(&mut self, method: &str) -> String {
        if self.sent.is_empty() {
            self.pass(CLOSE_GRACE);
        }
        let request = self.sent.pop_front().unwrap_or_else(|| panic!("{method}: nothing sent"));
        assert!(request.starts_with(&format!("{method} ")), "{method}: {request}");
        assert!(request.contains("User-Agent: Zhishou/test\r\n"));
        request
    }

    /// Expects a request and answers it.
    pub(super) fn serve(&mut self, method: &str, answer: &str) -> String {
        let request = self.expect(method);
        self.now += Duration::from_millis(10);
        let cseq = request.lines().find_map(|l| l.strip_prefix("CSeq: ")).unwrap();
        self.input(Input::Bytes(&fill(answer, cseq)));
        request
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.input(Input::Tick);
    }

    pub(super) fn fails_with(&self) -> (Stage, &Cause) {
        match self.finished.as_ref().expect("not finished") {
            Err(failure) => (failure.stage, &failure.cause),
            Ok(()) => panic!("succeeded"),
        }
    }
}

/// CR LF, the CSeq, and the length of the body.
pub(super) fn fill(answer: &str, cseq: &str) -> Vec<u8> {
    let answer = answer.replace('\n', "\r\n").replace("{cseq}", cseq);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let head = head.replace("{length}", &body.len().to_string());
    format!("{head}\r\n\r\n{body}").into_bytes()
}

pub(super) fn status(status: &str) -> String {
    format!("RTSP/1.0 {status}\nCSeq: {{cseq}}\n\n")
}

pub(super) const SETUP: &str = "RTSP/1.0 200 OK\nCSeq: {cseq}\nSession: 77;timeout=20\n\
                     Transport: RTP/AVP/TCP;unicast;interleaved=0-1\n\n";

pub(super) const LOGIN: Option<(&str, &str)> = Some(("admin", "pw"));

/// Up to the answer to PLAY, video only.
pub(super) fn playing(login: Option<(&str, &str)>) -> Device {
    let mut device = Device::connected(Depth::Play, login);
    device.serve("OPTIONS", message!("gstreamer_options_200"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    assert_eq!(device.events.last(), Some(&Event::Playing));
    device
}

pub(super) fn rtp(channel: u8) -> Vec<u8> {
    zhishou_tests::wire::interleaved(channel, &zhishou_tests::wire::rtp(96, 1, 1, 0, false, &[9]))
}
