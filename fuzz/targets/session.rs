//! A whole session against a device that says anything: it ends in its time, tears down what it set
//! up, shows its login in `Authorization` only and has it refused at most once.
#![no_main]

use std::time::Duration;

use zhishou_protocol::auth::Credential;
use zhishou_protocol::rtsp::{
    Deadlines, Depth, Input, Output, Plan, Session, Target, TeardownState, Track, Transports,
};

const PASSWORD: &str = "Kd93-wall-horse";
/// `admin:` and the password in Base64.
const BASIC: &str = "YWRtaW46S2Q5My13YWxsLWhvcnNl";

/// What devices answer, so that the fuzzer gets past DESCRIBE without guessing it.
const ANSWERS: [&str; 12] = [
    "RTSP/1.0 200 OK\r\n",
    "RTSP/1.0 200 OK\r\nPublic: GET_PARAMETER\r\n",
    "RTSP/1.0 200 OK\r\nContent-Length: 77\r\n",
    "RTSP/1.0 200 OK\r\nSession: 7;timeout=10\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n",
    "RTSP/1.0 200 OK\r\nSession: 8\r\nTransport: RTP/AVP;unicast;server_port=6970-6971\r\n",
    "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\n",
    "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"2\", qop=\"auth\"\r\n",
    "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=\"r\"\r\n",
    "RTSP/1.0 302 Moved\r\nLocation: rtsp://10.1.2.3:8554/b\r\n",
    "RTSP/1.0 461 No\r\n",
    "RTSP/1.0 454 No\r\n",
    "RTSP/1.0 100 Continue\r\n",
];
const SDP: &str =
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 0\r\na=x:12345\r\n";

struct Watched {
    session: Session,
    now: Duration,
    cseq: String,
    connects: u32,
    sent: u32,
    finished: bool,
    alive: bool,
    torn_down: bool,
}

impl Watched {
    fn input(&mut self, input: Input<'_>) {
        if self.finished {
            return;
        }
        self.session.handle(input, self.now);
        for turn in 0.. {
            assert!(turn < 40_000, "never rests");
            match self.session.poll(self.now) {
                Output::Connect(_) => {
                    self.connects += 1;
                    self.alive = true;
                    self.session.handle(Input::Connected, self.now);
                }
                Output::Bind(_) => {
                    self.session.handle(Input::Bound(Some((5_000, 5_001))), self.now)
                }
                Output::Send(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.check(&text);
                }
                Output::Event(_) | Output::Packet { .. } => {}
                Output::WaitUntil(time) => {
                    assert!(time > self.now, "busy loop");
                    return;
                }
                Output::Finished(_) => {
                    self.finished = true;
                    return;
                }
            }
        }
    }

    fn check(&mut self, text: &str) {
        self.sent += 1;
        let refused = self.session.facts().rejected_logins;
        assert!(refused <= 1);
        for line in text.split("\r\n") {
            if let Some(number) = line.strip_prefix("CSeq: ") {
                self.cseq = number.to_owned();
            }
            if line.starts_with("Authorization: ") {
                assert_eq!(refused, 0, "a login after it was refused");
            } else {
                assert!(!line.contains(BASIC), "{line}");
            }
            assert!(!line.contains(PASSWORD), "{line}");
        }
        self.torn_down |= text.starts_with("TEARDOWN ");
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let contains = |word: &str| data.windows(word.len()).any(|window| window == word.as_bytes());
    let Some((first, mut data)) = data.split_first() else { return };
    if contains(PASSWORD) || contains(BASIC) {
        return;
    }
    let plan = Plan {
        target: Target::parse("rtsp://10.1.2.3/live").expect("an address").0,
        credential: (first & 1 == 0).then(|| Credential::new("admin", PASSWORD)),
        depth: if first & 2 == 0 { Depth::Play } else { Depth::Describe },
        transports: [Transports::TCP, Transports::AUTO, Transports::UDP, Transports::AUTO]
            [usize::from(first >> 2 & 3)],
        user_agent: "fuzz".to_owned(),
        deadlines: Deadlines::default(),
        entropy: 1,
    };
    let mut device = Watched {
        session: Session::new(plan),
        now: Duration::ZERO,
        cseq: String::new(),
        connects: 0,
        sent: 0,
        finished: false,
        alive: false,
        torn_down: false,
    };
    device.input(Input::Tick);
    while let Some((what, rest)) = data.split_first() {
        data = rest;
        match what {
            0..12 => {
                let head = ANSWERS[usize::from(*what)];
                let body = if head.contains("Content-Length") { &SDP[..77] } else { "" };
                let text = format!("{head}CSeq: {}\r\n\r\n{body}", device.cseq);
                device.input(Input::Bytes(text.as_bytes()));
            }
            12..16 => {
                device.now += Duration::from_millis(1 << (4 * (what - 11)));
                device.input(Input::Tick);
            }
            16 => {
                device.alive = false;
                device.input(Input::Closed);
            }
            17 => device.input(Input::Rtcp(Track::Video, &[0x80, 201, 0, 1, 0, 0, 0, 9])),
            18 => device.input(Input::Silent),
            19 => device.input(Input::Stop),
            _ => {
                let (bytes, rest) = data.split_at(usize::from(what - 19).min(data.len()));
                data = rest;
                device.input(Input::Bytes(bytes));
            }
        }
    }
    // Then silence, and the caller has had enough.
    device.input(Input::Stop);
    for _ in 0..200 {
        device.now += Duration::from_millis(500);
        device.input(Input::Tick);
    }
    assert!(device.finished, "never ends");
    assert!(device.connects <= 8 && device.sent < 2_000, "{} {}", device.connects, device.sent);
    let facts = device.session.facts();
    if facts.teardown == TeardownState::Confirmed {
        assert!(device.torn_down);
    }
});
