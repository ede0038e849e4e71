//! Client and server transactions (RFC 3261 §17), as timers over stored bytes.
//!
//! A transaction repeats what was sent until it is answered and absorbs what is repeated; what the
//! answers mean is the session's. Names of timers are those of the RFC, their values its defaults.

use std::net::SocketAddr;
use std::time::Duration;

/// Round-trip estimate (§17.1.1.1).
pub(super) const T1: Duration = Duration::from_millis(500);
/// Longest pause between two of a request that is no INVITE, or of a final answer to one.
pub(super) const T2: Duration = Duration::from_secs(4);
/// How long a message may wander about in the network.
const T4: Duration = Duration::from_secs(5);
/// Timers B, F, H, J, M and L: when it is over.
pub(super) const GIVE_UP: Duration = Duration::from_secs(32);
/// Timer D: how long a refusal of an INVITE may be repeated over datagrams.
const TIMER_D: Duration = Duration::from_secs(32);

/// What a moment brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// The bytes are to be sent again.
    Repeat,
    /// Nobody answered (timer B or F).
    TimedOut,
}

/// What an answer is to its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is on its way.
    Provisional,
    /// The final answer, for the first time.
    Final,
    /// A final answer again.
    Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Sent, nothing heard.
    Calling,
    /// A provisional answer came.
    Proceeding,
    /// A final answer came; repetitions of it are absorbed.
    Completed,
    /// Over.
    Terminated,
}

/// A request of ours.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) branch: String,
    pub(super) method: &'static str,
    pub(super) wire: Vec<u8>,
    /// Where it goes; `None` for the peer.
    pub(super) hop: Option<SocketAddr>,
    invite: bool,
    reliable: bool,
    state: State,
    /// When it is sent again (timer A or E), and the pause after that.
    repeat: Option<(Duration, Duration)>,
    /// When the state ends: timer B or F, then D, K or M.
    ends: Duration,
}

impl Client {
    /// A request that is sent now.
    pub(super) fn new(
        (branch, method): (String, &'static str),
        wire: Vec<u8>,
        reliable: bool,
        now: Duration,
    ) -> Self {
        Self {
            branch,
            method,
            wire,
            hop: None,
            invite: method == "INVITE",
            reliable,
            state: State::Calling,
            repeat: (!reliable).then_some((now + T1, T1)),
            ends: now + GIVE_UP,
        }
    }

    /// Takes an answer.
    pub(super) fn heard(&mut self, status: u16, now: Duration) -> Heard {
        match self.state {
            State::Completed | State::Terminated if status >= 200 => return Heard::Again,
            State::Completed | State::Terminated => return Heard::Provisional,
            State::Calling | State::Proceeding => {}
        }
        if status < 200 {
            self.state = State::Proceeding;
            if self.invite {
                // An INVITE that is being worked on rings for as long as its caller lets it.
                self.repeat = None;
                self.ends = Duration::MAX;
            } else if let Some((_, pause)) = &mut self.repeat {
                *pause = T2;
            }
            return Heard::Provisional;
        }
        self.repeat = None;
        self.state = State::Completed;
        self.ends = now
            + match (self.invite, self.reliable) {
                // RFC 6026 §7.2, timer M: 2xx of other forks come late.
                (true, _) if status < 300 => GIVE_UP,
                (true, false) => TIMER_D,
                (false, false) => T4,
                (_, true) => Duration::ZERO,
            };
        Heard::Final
    }

    /// What is due by now.
    pub(super) fn tick(&mut self, now: Duration) -> Due {
        if now >= self.ends {
            let unanswered = matches!(self.state, State::Calling | State::Proceeding);
            self.state = State::Terminated;
            self.repeat = None;
            self.ends = Duration::MAX;
            return if unanswered { Due::TimedOut } else { Due::Nothing };
        }
        match self.repeat {
            Some((at, pause)) if now >= at => {
                let pause = if self.invite { pause * 2 } else { (pause * 2).min(T2) };
                self.repeat = Some((now + pause, pause));
                Due::Repeat
            }
            _ => Due::Nothing,
        }
    }

    /// When something is due.
    pub(super) fn next(&self) -> Option<Duration> {
        let repeat = self.repeat.map(|(at, _)| at);
        repeat.into_iter().chain((self.ends < Duration::MAX).then_some(self.ends)).min()
    }

    /// Whether it will never be heard of again.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Terminated
    }

    /// It is not sent again; what comes of it is still heard.
    pub(super) fn hush(&mut self) {
        self.repeat = None;
    }

    /// Whether a provisional answer has come and no final one: CANCEL may be sent (§9.1).
    pub(super) fn is_proceeding(&self) -> bool {
        self.state == State::Proceeding
    }
}

/// A request of the peer that was answered.
#[derive(Debug)]
pub(super) struct Server {
    /// Branch of its topmost `Via`.
    pub(super) branch: String,
    pub(super) method: String,
    pub(super) wire: Vec<u8>,
    /// Where it goes; `None` for the peer.
    pub(super) hop: Option<SocketAddr>,
    /// An answer to INVITE is repeated until it is acknowledged (timer G, §13.3.1.4 for 2xx).
    repeat: Option<(Duration, Duration)>,
    /// Timer H, I or J.
    ends: Duration,
}

impl Server {
    /// An answer that is sent now.
    pub(super) fn new(
        (branch, method): (String, &str),
        wire: Vec<u8>,
        hop: Option<SocketAddr>,
        now: Duration,
    ) -> Self {
        let repeat = (method == "INVITE").then_some((now + T1, T1));
        Self { branch, method: method.to_owned(), wire, hop, repeat, ends: now + GIVE_UP }
    }

    /// The peer has the answer.
    pub(super) fn acknowledged(&mut self) {
        self.repeat = None;
    }

    /// What is due by now.
    pub(super) fn tick(&mut self, now: Duration) -> Due {
        match self.repeat {
            Some((at, pause)) if now >= at && now < self.ends => {
                let pause = (pause * 2).min(T2);
                self.repeat = Some((now + pause, pause));
                Due::Repeat
            }
            _ => Due::Nothing,
        }
    }

    /// When something is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.repeat.map(|(at, _)| at.min(self.ends))
    }

    /// Whether it can be forgotten.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        now >= self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a transaction that nobody answers is repeated, ms, and when it gives up.
    fn course(method: &'static str, reliable: bool) -> (Vec<u128>, u128) {
        let mut client = Client::new((String::new(), method), Vec::new(), reliable, Duration::ZERO);
        let mut repeated = Vec::new();
        loop {
            let now = client.next().unwrap();
            match client.tick(now) {
                Due::Repeat => repeated.push(now.as_millis()),
                Due::TimedOut => return (repeated, now.as_millis()),
                Due::Nothing => panic!("woken for nothing"),
            }
        }
    }

    #[test]
    fn timers_a_b_e_f_as_in_the_rfc() {
        assert_eq!(course("INVITE", false), (vec![500, 1500, 3500, 7500, 15500, 31500], 32_000));
        let options = vec![500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        assert_eq!(course("OPTIONS", false), (options, 32_000));
        assert_eq!(course("INVITE", true), (vec![], 32_000));
    }

    #[test]
    fn timers_d_k_m_absorb_what_is_repeated() {
        let second = Duration::from_secs(1);
        for (method, status, reliable, lasts) in [
            ("INVITE", 486, false, TIMER_D),
            ("INVITE", 486, true, Duration::ZERO),
            ("INVITE", 200, true, GIVE_UP),
            ("BYE", 200, false, T4),
            ("BYE", 200, true, Duration::ZERO),
        ] {
            let mut client = Client::new((String::new(), method), Vec::new(), reliable, second);
            assert_eq!(client.heard(status, second), Heard::Final);
            assert_eq!(client.heard(status, second), Heard::Again);
            assert_eq!(client.next(), Some(second + lasts), "{method} {status} {reliable}");
            assert_eq!(client.tick(second + lasts), Due::Nothing);
            assert!(client.is_over());
        }
    }

    #[test]
    fn an_invite_that_rings_is_not_repeated_and_does_not_time_out() {
        let mut client = Client::new((String::new(), "INVITE"), Vec::new(), false, Duration::ZERO);
        assert_eq!(client.heard(180, T1), Heard::Provisional);
        assert!(client.is_proceeding());
        assert_eq!(client.next(), None);
        assert_eq!(client.tick(Duration::from_secs(600)), Due::Nothing);
        let mut options =
            Client::new((String::new(), "OPTIONS"), Vec::new(), false, Duration::ZERO);
        options.heard(100, T1);
        options.tick(T1);
        assert_eq!(options.next(), Some(T1 + T2), "timer E is T2 while proceeding");
    }

    #[test]
    fn timer_g_repeats_an_answer_until_it_is_acknowledged() {
        let mut server = Server::new((String::new(), "INVITE"), Vec::new(), None, Duration::ZERO);
        let mut at = Vec::new();
        while let Some(now) = server.next().filter(|now| *now < GIVE_UP) {
            assert_eq!(server.tick(now), Due::Repeat);
            at.push(now.as_millis());
        }
        assert_eq!(at[..5], [500, 1500, 3500, 7500, 11500]);
        server.acknowledged();
        assert_eq!(server.next(), None);
        assert!(!server.is_over(T1) && server.is_over(GIVE_UP));
        assert_eq!(Server::new((String::new(), "BYE"), Vec::new(), None, T1).next(), None);
    }
}
