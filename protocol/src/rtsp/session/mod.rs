//! The viewer: OPTIONS, DESCRIBE, SETUP, PLAY, media, keep-alive, TEARDOWN.
//!
//! The caller moves bytes and keeps time:
//!
//! ```text
//! session.handle(Input::…, now);
//! loop { match session.poll(now) { …act on the output…, WaitUntil(t) => break, Finished(r) => return } }
//! ```
//!
//! Invariants: one request is outstanding at a time, keep-alives excepted, which are never awaited;
//! every awaited answer has a deadline; once a SETUP was answered, every way out leads through
//! TEARDOWN unless the connection is gone, and over UDP, where media need no connection, on a new
//! one then; the second transport is tried once, and only after the first session is known to be
//! closed; the login goes to the host it belongs to and nowhere
//! else, is refused at most once, and does not leave again while an earlier one may have been refused
//! unseen. Bounds: the framer's buffer, one description, two tracks, and
//! a queue that is empty before the next frame is read.

mod answers;
mod facts;
mod fallback;
mod requests;
#[cfg(test)]
mod transcripts;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

pub use facts::{Facts, TeardownState};
use requests::{Pending, Step};

use super::failure::{Cause, Failure, Stage};
use super::framer::{Frame, FrameError, Framer};
use super::{Asked, BaseUrl, Plan, Route, Scheme, SessionHeader, Target, TransportKind};
use crate::auth::Authenticator;
use crate::sdp::Description;

/// Redirects followed in one probe.
const MAX_REDIRECTS: u32 = 3;
/// How long a login is kept back after the 401 that asks for it first: a device that closes the
/// connection now has not read it, one that closes later may have refused it (Q70).
const CLOSE_GRACE: Duration = Duration::from_millis(100);
/// Requests of the device that are answered in one session.
const MAX_SERVER_REQUESTS: u32 = 100;

/// Which of the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Track {
    /// The video.
    Video,
    /// The sound.
    Audio,
}

/// What an interleaved frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
}

/// What happens to a session.
#[derive(Debug)]
pub enum Input<'a> {
    /// The connection that [`Output::Connect`] asked for is up.
    Connected,
    /// Bytes came, at most 64 KiB; everything before has been polled.
    Bytes(&'a [u8]),
    /// The peer closed the connection, or it broke.
    Closed,
    /// The time of [`Output::WaitUntil`] has come.
    Tick,
    /// An RTCP packet to be sent on an interleaved channel, a receiver report for example.
    Rtcp(Track, &'a [u8]),
    /// The answer to [`Output::Bind`]: our ports of RTP and RTCP, or `None` if there are none.
    Bound(Option<(u16, u16)>),
    /// Media should have come by now and none did.
    Silent,
    /// Enough has been seen: take the session down.
    Stop,
}

/// What a session wants or tells.
#[derive(Debug)]
pub enum Output<'a> {
    /// Drop any connection and open one to this target's host and port, as its scheme says.
    Connect(Target),
    /// Write these bytes.
    Send(Vec<u8>),
    /// Bind a pair of UDP ports for this stream, and say so with [`Input::Bound`] before anything
    /// else.
    Bind(Track),
    /// Something was reached.
    Event(Event),
    /// A packet; its bytes are borrowed from the receive buffer.
    Packet {
        /// Of which stream.
        track: Track,
        /// RTP or RTCP.
        kind: PacketKind,
        /// The packet.
        payload: &'a [u8],
    },
    /// Nothing to do until this time since the probe's start, or until something happens.
    WaitUntil(Duration),
    /// It is over; close the connection. Repeated at every further poll.
    Finished(Result<(), Failure>),
}

/// Something was reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// DESCRIBE brought a usable description with video in it.
    Described(Box<Description>),
    /// A stream was set up.
    Ready {
        /// Which.
        track: Track,
        /// The SSRC the device announced for it, a hint.
        ssrc: Option<u32>,
        /// How its packets come.
        route: Route,
    },
    /// PLAY was answered: media should flow from now on.
    Playing,
    /// It begins again with this transport: what was set up before is no more.
    FellBack(TransportKind),
}

#[derive(Debug)]
enum Queued {
    Connect,
    Send(Vec<u8>),
    Bind(Track),
    Event(Event),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing polled yet.
    Idle,
    /// Waiting for a connection; then this request goes out.
    Connecting(Step),
    /// Waiting for ports for the leg with this index.
    Binding(usize),
    /// An answer is awaited, or will be as soon as the queue is drained.
    Asking,
    /// Media flow.
    Playing,
    /// Over.
    Done,
}

/// A stream that is or will be set up.
#[derive(Debug)]
struct Leg {
    track: Track,
    uri: String,
    asked: Asked,
    route: Option<Route>,
}

#[derive(Debug, Default)]
struct KeepAlive {
    /// When the next one is due.
    next: Option<Duration>,
    /// Sent and not answered.
    unanswered: u32,
    /// The last one was repeated because of a new nonce.
    renewed: bool,
    /// The last one carried the login.
    carried: bool,
}

/// One RTSP session of one probe.
#[derive(Debug)]
pub struct Session {
    plan: Plan,
    target: Target,
    auth: Authenticator,
    framer: Framer,
    queue: VecDeque<Queued>,
    state: State,
    cseq: u32,
    pending: Option<Pending>,
    base: BaseUrl,
    /// Where PLAY, keep-alive and TEARDOWN go.
    aggregate: BaseUrl,
    legs: Vec<Leg>,
    /// What is asked for at SETUP.
    transport: TransportKind,
    /// What is left to try.
    spare: Option<TransportKind>,
    /// Once TEARDOWN is over: begin again with this transport, or end so if it was not confirmed.
    fallback: Option<(TransportKind, Result<(), Failure>)>,
    /// The connection is gone while media go on over UDP.
    detached: bool,
    /// The one new connection for a TEARDOWN has been asked for.
    reopened: bool,
    /// The device closed a connection and was asked once more, in this transport.
    reconnected: bool,
    /// A SETUP was answered: there is something to tear down.
    open: bool,
    /// A SETUP was sent and not answered: there may be something to tear down.
    unsure: bool,
    /// The awaited request went out before another was answered, whose answer may still come.
    overtakes: bool,
    /// This request goes out at that time, with the login in it for the first time.
    held_back: Option<(Step, Duration)>,
    /// A login that this device has not accepted in this session went out and was not answered: it
    /// may have been refused, and a second one might be too.
    in_doubt: bool,
    header: Option<SessionHeader>,
    keepalive: KeepAlive,
    /// The next DESCRIBE goes without login although there is a challenge: its nonce may be good for
    /// one request only.
    bare_describe: bool,
    closed: bool,
    stop: bool,
    withheld: bool,
    server_requests: u32,
    stage_began: Duration,
    stage: Stage,
    /// Kept while TEARDOWN is under way.
    result: Option<Result<(), Failure>>,
    facts: Facts,
}

impl Session {
    /// Most heap bytes of one session whatever the device sends, besides the caller's own buffer: the
    /// framer's, one message taken out of it, and the description read from that, whose media each
    /// have a copy of what they share.
    pub const MEMORY_BOUND: usize = Framer::MEMORY_BOUND + 2 * 1024 * 1024;

    /// A session that has not yet asked for its connection.
    pub fn new(mut plan: Plan) -> Self {
        let auth = Authenticator::new(plan.credential.take(), plan.entropy);
        let target = plan.target.clone();
        let base = BaseUrl::new(&target, None);
        Self {
            auth,
            framer: Framer::default(),
            queue: VecDeque::new(),
            state: State::Idle,
            cseq: 0,
            pending: None,
            aggregate: base.clone(),
            base,
            target,
            legs: Vec::new(),
            transport: plan.transports.first,
            spare: plan.transports.spare,
            fallback: None,
            detached: false,
            reopened: false,
            reconnected: false,
            open: false,
            unsure: false,
            overtakes: false,
            held_back: None,
            in_doubt: false,
            header: None,
            keepalive: KeepAlive::default(),
            bare_describe: false,
            closed: false,
            stop: false,
            withheld: false,
            server_requests: 0,
            stage_began: Duration::ZERO,
            stage: Stage::Options,
            result: None,
            facts: Facts::default(),
            plan,
        }
    }

    /// What is known of the session so far.
    pub fn facts(&self) -> Facts {
        let mut facts = self.facts.clone();
        facts.add_resync(self.framer.resync());
        facts.rejected_logins = self.auth.rejected();
        facts.login_sent = self.auth.sent();
        facts.login_proven = self.auth.proven();
        facts.login_in_doubt = self.in_doubt;
        facts
    }

    /// Keeps the login back from now on: a guard forbids it. A challenge then fails as
    /// [`Cause::AuthRequired`] with `withheld`.
    pub fn withhold_login(&mut self) {
        self.withheld |= self.auth.withhold();
    }

    /// Keeps the password itself back from now on: a Digest still answers a challenge, Basic fails
    /// as [`Cause::AuthRequired`] with `withheld`. For a peer that may not be the one it claims.
    pub fn withhold_password(&mut self) {
        self.auth.digest_only();
    }

    /// The stage it is in.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Takes in what happened. Poll until [`Output::WaitUntil`] afterwards.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        match input {
            Input::Connected => {
                if let State::Connecting(step) = self.state {
                    self.closed = false;
                    self.ask(step, now);
                }
            }
            Input::Bytes(bytes) => {
                if let Err(error) = self.framer.push(bytes) {
                    self.fail_frame(error, now);
                }
            }
            Input::Closed => self.closed = true,
            Input::Tick => {}
            Input::Rtcp(track, payload) => self.send_rtcp(track, payload),
            Input::Bound(ports) => {
                if let State::Binding(index) = self.state {
                    self.on_bound(index, ports, now);
                }
            }
            Input::Silent => self.on_silence(now),
            Input::Stop => self.stop = true,
        }
    }

    /// What to do next. Never blocks; call until it says to wait or that it is over.
    pub fn poll(&mut self, now: Duration) -> Output<'_> {
        loop {
            if let Some(queued) = self.queue.pop_front() {
                return match queued {
                    Queued::Connect => Output::Connect(self.target.clone()),
                    Queued::Send(bytes) => Output::Send(bytes),
                    Queued::Bind(track) => Output::Bind(track),
                    Queued::Event(event) => Output::Event(event),
                };
            }
            if self.state == State::Done {
                return Output::Finished(self.result.clone().unwrap_or(Ok(())));
            }
            if self.state == State::Idle {
                if self.stop {
                    self.finish(Ok(()));
                } else {
                    self.connect(Step::Options);
                }
                continue;
            }
            match self.framer.next_frame() {
                Ok(Some(Frame::Data { channel, payload })) => {
                    if let Some((track, kind)) = self.route(channel) {
                        return self.packet(track, kind, &payload);
                    }
                }
                Ok(Some(Frame::Response(response))) => self.on_response(response, now),
                Ok(Some(Frame::Request(request))) => {
                    self.server_requests += 1;
                    if self.server_requests <= MAX_SERVER_REQUESTS && !self.closed {
                        self.queue.push_back(Queued::Send(request.answer()));
                    }
                }
                Err(error) => self.fail_frame(error, now),
                Ok(None) => {
                    if !self.advance(now) {
                        return Output::WaitUntil(self.next_deadline());
                    }
                }
            }
        }
    }

    fn packet(&self, track: Track, kind: PacketKind, payload: &Range<usize>) -> Output<'_> {
        Output::Packet { track, kind, payload: self.framer.payload(payload) }
    }

    /// Which stream a channel belongs to; `None` for frames nobody asked for (Q53, Q54) and for all
    /// once TEARDOWN is under way.
    fn route(&mut self, channel: u8) -> Option<(Track, PacketKind)> {
        if self.is_leaving() {
            return None;
        }
        let found = self.legs.iter().find_map(|leg| match leg.route {
            Some(Route::Interleaved { rtp, .. }) if rtp == channel => {
                Some((leg.track, PacketKind::Rtp))
            }
            Some(Route::Interleaved { rtcp, .. }) if rtcp == channel => {
                Some((leg.track, PacketKind::Rtcp))
            }
            _ => None,
        });
        if found.is_none() {
            self.facts.unset_channel_frames += 1;
            self.facts.stale_session_frames += u64::from(!self.open);
        }
        found
    }

    /// Everything that is not a frame: closing, stopping, deadlines. False if there is nothing.
    fn advance(&mut self, now: Duration) -> bool {
        if self.closed && !self.detached && !matches!(self.state, State::Connecting(_)) {
            self.on_closed(now);
            return true;
        }
        if std::mem::take(&mut self.stop) {
            self.on_stop(now);
            return true;
        }
        if self.pending.as_ref().is_some_and(|p| p.deadline <= now) {
            self.on_timeout(now);
            return true;
        }
        if let Some((step, _)) = self.held_back.filter(|(_, at)| *at <= now) {
            // We waited, not the device.
            self.stage_began += CLOSE_GRACE;
            self.repeat(step, now, false);
            return true;
        }
        if self.state == State::Playing && self.keepalive.next.is_some_and(|next| next <= now) {
            self.keep_alive(now);
            return true;
        }
        false
    }

    fn next_deadline(&self) -> Duration {
        let keepalive = (self.state == State::Playing).then_some(self.keepalive.next).flatten();
        let pending = self.pending.as_ref().map(|p| p.deadline);
        let held_back = self.held_back.map(|(_, at)| at);
        pending.into_iter().chain(keepalive).chain(held_back).min().unwrap_or(Duration::MAX)
    }

    /// Drops the connection and asks for a new one; then `step` is sent.
    fn connect(&mut self, step: Step) {
        let framer = std::mem::take(&mut self.framer);
        self.facts.add_resync(framer.resync());
        self.pending = None;
        self.closed = false;
        self.detached = false;
        self.open = false;
        self.unsure = false;
        self.overtakes = false;
        self.held_back = None;
        self.header = None;
        self.legs.clear();
        self.state = State::Connecting(step);
        self.queue.push_back(Queued::Connect);
    }

    /// The same once more on a new connection, from DESCRIBE on.
    fn reconnect(&mut self) {
        self.reconnected = true;
        self.facts.reconnects += 1;
        self.connect(Step::Describe);
    }

    fn on_closed(&mut self, now: Duration) {
        if self.held_back.take().is_some() && !self.reconnected && !self.open {
            return self.reconnect();
        }
        let Some(pending) = self.pending.take() else {
            if self.state == State::Playing && self.may_reopen() {
                self.detached = true;
                self.keepalive.next = None;
                return;
            }
            return self.fail(Cause::ConnectionLost, now);
        };
        if pending.step == Step::Teardown {
            // Media that travel apart go on without it (RFC 2326 §1.4).
            return self.torn_down(match self.facts.transport {
                Some(TransportKind::Udp) => TeardownState::Unanswered,
                Some(TransportKind::Tcp) | None => TeardownState::ClosedByPeer,
            });
        }
        // A device that closes after its 401 or after DESCRIBE is asked once more (Q70); SETUP needs
        // a DESCRIBE on its own connection (Q71).
        let again = self.auth.ready() || matches!(pending.step, Step::Setup(_));
        // One that closes on a login may have refused it.
        if again && !self.in_doubt && !self.open && !self.reconnected && self.framer.has_spoken() {
            self.bare_describe = false;
            return self.reconnect();
        }
        let cause = match (self.spoken(), self.framer.sample()) {
            (true, _) => Cause::ConnectionLost,
            (false, Some(sample)) => Cause::NotRtsp { sample },
            (false, None) => {
                Cause::NoResponse { waited: now.saturating_sub(pending.sent_at), closed: true }
            }
        };
        self.fail(cause, now);
    }

    /// Whether the peer has spoken RTSP at all in this probe.
    fn spoken(&self) -> bool {
        let before = self.facts.reconnects + self.facts.redirects + self.facts.fallbacks;
        self.framer.has_spoken() || before > 0
    }

    fn unsent_teardown(&self) -> TeardownState {
        if self.open || self.unsure { TeardownState::NotSent } else { TeardownState::NotNeeded }
    }

    fn on_stop(&mut self, now: Duration) {
        if let Some((_, stands)) = self.fallback.take() {
            self.result = Some(stands);
        }
        match &mut self.pending {
            Some(pending) if pending.step == Step::Teardown => {}
            // The device may open a session any moment: wait a little for it, then close it.
            Some(pending) if matches!(pending.step, Step::Setup(_)) && !self.open => {
                pending.deadline = pending.deadline.min(now + self.plan.deadlines.teardown);
                pending.stopping = true;
            }
            _ => self.end(Ok(()), now),
        }
    }

    fn on_timeout(&mut self, now: Duration) {
        let Some(pending) = self.pending.clone() else { return };
        if pending.step == Step::Teardown {
            return self.torn_down(TeardownState::Unanswered);
        }
        if pending.stopping {
            self.facts.teardown = self.unsent_teardown();
            return self.finish(Ok(()));
        }
        let waited = now.saturating_sub(pending.sent_at);
        let cause = match self.framer.sample() {
            Some(sample) if !self.spoken() => Cause::NotRtsp { sample },
            _ => Cause::NoResponse { waited, closed: false },
        };
        self.fail(cause, now);
    }

    fn fail_frame(&mut self, error: FrameError, now: Duration) {
        let cause = match error {
            FrameError::NotRtsp { sample } => Cause::NotRtsp { sample },
            error => Cause::BadFrame(error),
        };
        // The stream cannot be read any more, so the answer to TEARDOWN cannot either: start over
        // with an empty framer, which resynchronises or lets the deadline pass.
        let framer = std::mem::take(&mut self.framer);
        self.facts.add_resync(framer.resync());
        if self.is_leaving() {
            return self.torn_down(TeardownState::Unanswered);
        }
        self.fail(cause, now);
    }

    fn fail(&mut self, cause: Cause, now: Duration) {
        let failure = Failure { stage: self.stage, cause };
        self.end(Err(failure), now);
    }

    /// Ends with this result, by TEARDOWN if there is a session and a connection.
    fn end(&mut self, result: Result<(), Failure>, now: Duration) {
        if self.open && !self.closed {
            self.result = Some(result);
            self.ask(Step::Teardown, now);
        } else if self.open && self.may_reopen() {
            self.result = Some(result);
            self.reopen();
        } else {
            self.facts.teardown = self.unsent_teardown();
            self.finish(result);
        }
    }

    /// Over; a result that was kept while tearing down stands.
    fn finish(&mut self, result: Result<(), Failure>) {
        self.result.get_or_insert(result);
        self.pending = None;
        self.held_back = None;
        self.state = State::Done;
    }
}
