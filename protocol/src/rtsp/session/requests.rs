//! What a session sends.

use std::time::Duration;

use super::{Leg, Queued, Session, State, Track};
use crate::rtsp::failure::Stage;
use crate::rtsp::{Asked, Depth, Request, Route, TransportKind};

/// A request of the main course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Options,
    Describe,
    /// Of the leg with this index.
    Setup(usize),
    Play,
    Teardown,
}

impl Step {
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Options => "OPTIONS",
            Self::Describe => "DESCRIBE",
            Self::Setup(_) => "SETUP",
            Self::Play => "PLAY",
            Self::Teardown => "TEARDOWN",
        }
    }

    pub(super) fn stage(self) -> Stage {
        match self {
            Self::Options => Stage::Options,
            Self::Describe => Stage::Describe,
            Self::Setup(_) => Stage::Setup,
            Self::Play => Stage::Play,
            Self::Teardown => Stage::Teardown,
        }
    }
}

/// The request whose answer is awaited.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) step: Step,
    pub(super) cseq: u32,
    pub(super) sent_at: Duration,
    pub(super) deadline: Duration,
    /// It had the login in it.
    pub(super) carried: bool,
    /// It was repeated because of a new nonce.
    pub(super) renewed: bool,
    /// The caller wants to stop; only the answer is still awaited.
    pub(super) stopping: bool,
}

/// Keep-alives go out at half the timeout (Q45), within these bounds.
const KEEPALIVE_MIN: Duration = Duration::from_secs(1);
const KEEPALIVE_MAX: Duration = Duration::from_secs(30);
/// Answers to keep-alives still expected, at most: devices that never answer (Q64) would otherwise
/// be owed any number. No answer is later than so many.
const KEEPALIVES_OUT: u32 = 64;

impl Session {
    /// Sends a request of the main course and waits for its answer.
    pub(super) fn ask(&mut self, step: Step, now: Duration) {
        self.repeat(step, now, false);
    }

    /// As `ask`; `renewed` if it is the same request once more because of a new nonce.
    pub(super) fn repeat(&mut self, step: Step, now: Duration, renewed: bool) {
        if self.stage != step.stage() || step == Step::Options {
            self.stage_began = now;
        }
        self.stage = step.stage();
        let deadlines = &self.plan.deadlines;
        let wait = match step {
            Step::Options => deadlines.options,
            Step::Describe => deadlines.describe,
            Step::Setup(_) => deadlines.setup,
            Step::Play => deadlines.play,
            Step::Teardown => deadlines.teardown,
        };
        let uri = match step {
            Step::Options | Step::Describe => self.target.request_uri(),
            Step::Setup(index) => match self.legs.get(index) {
                Some(leg) => leg.uri.clone(),
                None => self.aggregate.uri.clone(),
            },
            Step::Play | Step::Teardown => self.aggregate.uri.clone(),
        };
        let bare = step == Step::Describe && std::mem::take(&mut self.bare_describe);
        let (mut request, carried) = self.request(step.method(), &uri, !bare && !self.in_doubt);
        self.in_doubt |= carried && !self.auth.proven();
        request = match step {
            Step::Describe => request.field("Accept", b"application/sdp"),
            Step::Setup(index) => match self.legs.get(index) {
                Some(leg) => request.field("Transport", transport(leg).as_bytes()),
                None => request,
            },
            Step::Play => request.field("Range", b"npt=0.000-"),
            Step::Options | Step::Teardown => request,
        };
        self.queue.push_back(Queued::Send(request.finish()));
        self.unsure |= matches!(step, Step::Setup(_));
        self.held_back = None;
        self.overtakes |= self.pending.is_some();
        self.pending = Some(Pending {
            step,
            cseq: self.cseq,
            sent_at: now,
            deadline: now.saturating_add(wait),
            carried,
            renewed,
            stopping: false,
        });
        self.state = State::Asking;
    }

    /// A request with CSeq, user agent, session and, if wanted and possible, login. Says whether the
    /// login is in it.
    fn request(&mut self, method: &str, uri: &str, login: bool) -> (Request, bool) {
        self.cseq += 1;
        let mut request = Request::new(method, uri, self.cseq, &self.plan.user_agent);
        if let Some(header) = &self.header {
            request = request.field("Session", &header.id);
        }
        let authorization = if login { self.auth.authorization(method, uri) } else { None };
        let carried = authorization.is_some();
        if let Some(value) = authorization {
            request = request.field("Authorization", &value);
        }
        (request, carried)
    }

    /// SETUP of the leg with this index; over UDP its ports come first.
    pub(super) fn set_up(&mut self, index: usize, now: Duration) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        match self.transport {
            TransportKind::Tcp => self.ask(Step::Setup(index), now),
            TransportKind::Udp => {
                self.queue.push_back(Queued::Bind(leg.track));
                self.state = State::Binding(index);
            }
        }
    }

    /// Sends a sign of life to the aggregate URL, with the login if it is proven (Q67), and waits for
    /// nothing (Q64).
    pub(super) fn keep_alive(&mut self, now: Duration) {
        let get_parameter = self.facts.methods.iter().any(|m| m == "GET_PARAMETER");
        let method = if get_parameter { "GET_PARAMETER" } else { "OPTIONS" };
        let uri = self.aggregate.uri.clone();
        let (request, carried) = self.request(method, &uri, self.auth.proven());
        self.keepalive.carried = carried;
        self.queue.push_back(Queued::Send(request.finish()));
        self.keepalive.unanswered = (self.keepalive.unanswered + 1).min(KEEPALIVES_OUT);
        self.schedule_keep_alive(now);
    }

    pub(super) fn schedule_keep_alive(&mut self, now: Duration) {
        let timeout = self.header.as_ref().map_or(KEEPALIVE_MAX * 2, |h| h.timeout);
        let interval = (timeout / 2).clamp(KEEPALIVE_MIN, KEEPALIVE_MAX);
        self.keepalive.next = Some(now + interval);
    }

    /// Puts an RTCP packet on the track's channel, while media flow. Over UDP it is the caller who
    /// sends it.
    pub(super) fn send_rtcp(&mut self, track: Track, payload: &[u8]) {
        let route = self.legs.iter().find(|l| l.track == track).and_then(|l| l.route);
        let Some(Route::Interleaved { rtcp: channel, .. }) = route else { return };
        let Ok(length) = u16::try_from(payload.len()) else { return };
        if self.state == State::Playing && !self.closed {
            let mut frame = Vec::with_capacity(payload.len() + 4);
            frame.extend_from_slice(&[b'$', channel]);
            frame.extend_from_slice(&length.to_be_bytes());
            frame.extend_from_slice(payload);
            self.queue.push_back(Queued::Send(frame));
        }
    }

    /// Whether the plan goes past DESCRIBE.
    pub(super) fn wants_media(&self) -> bool {
        self.plan.depth == Depth::Play
    }
}

/// `unicast` is always said (Q50), `mode=` never (Q47).
fn transport(leg: &Leg) -> String {
    match leg.asked {
        Asked::Channels(rtp, rtcp) => format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}"),
        Asked::Ports(rtp, rtcp) => format!("RTP/AVP;unicast;client_port={rtp}-{rtcp}"),
    }
}
