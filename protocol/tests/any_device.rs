//! Devices that answer each request as chance has it, in virtual time: a session always ends, within
//! the sum of its deadlines, takes down what it set up, and has its login refused at most once.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use proptest::prelude::*;
use zhishou_protocol::auth::Credential;
use zhishou_protocol::rtsp::{
    Deadlines, Depth, Event, Input, Output, Plan, Session, Target, TeardownState, Transports,
};

/// How a device takes a request.
#[derive(Debug, Clone)]
enum Reaction {
    /// 200 with all that the method needs, after so many milliseconds.
    Well(u64),
    /// 401 with this nonce.
    Challenge(u8),
    /// 401 with Basic.
    Basic,
    Status(u16),
    Redirect(u8),
    Silence,
    Close,
    Garbage(Vec<u8>),
}

fn reaction() -> impl Strategy<Value = Reaction> {
    prop_oneof![
        10 => (0..6_000u64).prop_map(Reaction::Well),
        4 => (0..4u8).prop_map(Reaction::Challenge),
        1 => Just(Reaction::Basic),
        2 => prop::sample::select(vec![100, 400, 403, 404, 453, 454, 461, 500, 503, 999])
            .prop_map(Reaction::Status),
        1 => (0..3u8).prop_map(Reaction::Redirect),
        1 => Just(Reaction::Silence),
        1 => Just(Reaction::Close),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Reaction::Garbage),
    ]
}

struct World {
    session: Session,
    now: Duration,
    wait: Duration,
    script: std::vec::IntoIter<Reaction>,
    alive: bool,
    /// A SETUP of this connection was answered well and no TEARDOWN followed.
    set_up: bool,
    stop_at: Option<Duration>,
    logins_refused: u32,
    /// Logins not accepted before in that session, without an answer.
    logins_in_doubt: u32,
    proven: bool,
    result: Option<bool>,
}

impl World {
    fn drain(&mut self) {
        for _ in 0..2_000 {
            match self.session.poll(self.now) {
                Output::Connect(_) => {
                    self.alive = true;
                    self.set_up = false;
                    self.session.handle(Input::Connected, self.now);
                }
                Output::Bind(_) => {
                    self.session.handle(Input::Bound(Some((6_000, 6_001))), self.now);
                }
                Output::Send(bytes) => self.take(&String::from_utf8_lossy(&bytes)),
                Output::Event(Event::Playing) => {
                    self.stop_at = Some(self.now + Duration::from_secs(25));
                }
                Output::Event(_) | Output::Packet { .. } => {}
                Output::WaitUntil(time) => {
                    assert!(time > self.now, "busy loop");
                    self.wait = time;
                    return;
                }
                Output::Finished(result) => {
                    self.result = Some(result.is_ok());
                    return;
                }
            }
        }
        panic!("a session that never rests");
    }

    fn take(&mut self, request: &str) {
        let Some((method, _)) = request.split_once(' ') else { return };
        if method.starts_with("RTSP/") || !self.alive {
            return;
        }
        let method = method.to_owned();
        if method == "TEARDOWN" {
            self.set_up = false;
        }
        let carried = request.contains("\r\nAuthorization: ");
        let cseq = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap();
        let reaction = self.script.next().unwrap_or(Reaction::Well(1));
        let answered = match reaction {
            Reaction::Silence | Reaction::Close | Reaction::Garbage(_) => false,
            Reaction::Status(status) => status >= 200,
            _ => true,
        };
        self.logins_in_doubt += u32::from(carried && !self.proven && !answered);
        let say = |head: &str, body: &str| {
            let length = body.len();
            format!("RTSP/1.0 {head}\r\nCSeq: {cseq}\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        let text = match reaction {
            Reaction::Well(ms) => {
                // A wait of its own passes before the answer, if it comes in time at all.
                self.now = (self.now + Duration::from_millis(ms)).min(self.deadline());
                self.proven |= carried;
                match method.as_str() {
                    "DESCRIBE" => say("200 OK", "m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\n"),
                    "SETUP" => {
                        self.set_up = true;
                        say("200 OK\r\nSession: 7;timeout=10", "")
                    }
                    _ => say("200 OK", ""),
                }
            }
            Reaction::Challenge(_) | Reaction::Basic if carried && !self.proven => {
                self.logins_refused += 1;
                say("401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"x\"", "")
            }
            Reaction::Challenge(nonce) => say(
                &format!("401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\""),
                "",
            ),
            Reaction::Basic => say("401 No\r\nWWW-Authenticate: Basic realm=\"r\"", ""),
            Reaction::Status(status) => {
                // These lie past the login, as the session sees it too.
                self.proven |= carried && matches!(status, 404 | 453..=455 | 461);
                say(&format!("{status} So"), "")
            }
            Reaction::Redirect(to) => {
                // Followed before SETUP only, and who is asked next has yet to accept the login.
                let followed = matches!(method.as_str(), "OPTIONS" | "DESCRIBE") && !self.set_up;
                self.proven &= !followed;
                say(&format!("302 There\r\nLocation: rtsp://10.0.0.{to}/x"), "")
            }
            Reaction::Silence => return,
            Reaction::Close => {
                self.alive = false;
                self.session.handle(Input::Closed, self.now);
                return;
            }
            Reaction::Garbage(bytes) => {
                self.session.handle(Input::Bytes(&bytes), self.now);
                return;
            }
        };
        self.session.handle(Input::Bytes(text.as_bytes()), self.now);
    }

    /// No answer is later than the longest deadline.
    fn deadline(&self) -> Duration {
        self.now + Duration::from_secs(8)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_session_ends_in_order(
        script in prop::collection::vec(reaction(), 0..30),
        login in any::<bool>(),
        transports in prop::sample::select(vec![Transports::TCP, Transports::AUTO, Transports::UDP]),
    ) {
        let deadlines = Deadlines::default();
        let plan = Plan {
            target: Target::parse("rtsp://10.0.0.1/live").unwrap().0,
            credential: login.then(|| Credential::new("admin", "pw")),
            depth: Depth::Play,
            transports,
            user_agent: "t".to_owned(),
            deadlines,
            entropy: 3,
        };
        let mut world = World {
            session: Session::new(plan),
            now: Duration::ZERO,
            wait: Duration::ZERO,
            script: script.into_iter(),
            alive: false,
            set_up: false,
            stop_at: None,
            logins_refused: 0,
            logins_in_doubt: 0,
            proven: false,
            result: None,
        };
        // One connection and at most 7 more, each with up to three DESCRIBEs; two SETUPs and PLAY up to
        // twice each in two transports; 25 s of media; and TEARDOWN.
        let budget = deadlines.options
            + deadlines.describe * 24
            + (deadlines.setup * 4 + deadlines.play * 2) * 2
            + Duration::from_secs(25)
            + deadlines.teardown * 6;
        world.drain();
        while world.result.is_none() {
            let stop = world.stop_at.filter(|at| *at <= world.wait);
            world.now = world.now.max(stop.unwrap_or(world.wait));
            prop_assert!(world.now <= budget, "{:?} of {:?}", world.now, budget);
            if stop.is_some() {
                world.stop_at = None;
                world.session.handle(Input::Stop, world.now);
            } else {
                world.session.handle(Input::Tick, world.now);
            }
            world.drain();
        }
        let facts = world.session.facts();
        prop_assert!(facts.rejected_logins <= 1);
        let (refused, in_doubt) = (world.logins_refused, world.logins_in_doubt);
        prop_assert!(refused + in_doubt <= 1, "{refused} refused, {in_doubt} perhaps");
        if world.alive && world.set_up {
            prop_assert_eq!(facts.teardown, TeardownState::NotSent, "left without TEARDOWN");
        }
        if world.alive {
            prop_assert!(!world.set_up, "an open session was left behind");
        }
    }
}
