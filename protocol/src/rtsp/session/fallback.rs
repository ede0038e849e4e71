//! The second transport, and a session that outlives its connection because media travel apart.

use std::time::Duration;

use super::requests::Step;
use super::{
    Cause, Event, Failure, KeepAlive, Queued, Scheme, Session, State, TeardownState, TransportKind,
};

impl Session {
    /// Whether the other transport would be tried if this one stayed silent.
    pub fn may_fall_back(&self) -> bool {
        self.spare().is_some() && self.result.is_none() && !self.stop
    }

    /// What is left to try. Media never leave a connection with TLS for datagrams in the clear
    /// unless that was the plan from the start.
    fn spare(&self) -> Option<TransportKind> {
        let sealed = self.target.scheme() == Scheme::Rtsps;
        self.spare.filter(|spare| !(sealed && *spare == TransportKind::Udp))
    }

    /// Where a redirect leads into TLS, TCP goes first if the plan allows it at all.
    pub(super) fn stay_sealed(&mut self) {
        if self.target.scheme() == Scheme::Rtsps && self.spare == Some(TransportKind::Tcp) {
            self.transport = TransportKind::Tcp;
            self.spare = None;
        }
    }

    /// Media were set up and none came: a firewall or the device drops what was asked for.
    pub(super) fn on_silence(&mut self, now: Duration) {
        if self.state == State::Playing && self.may_fall_back() {
            self.fall_back(Ok(()), now);
        }
    }

    /// The device will not have this transport (Q48).
    pub(super) fn fall_back_or_fail(&mut self, cause: Cause, now: Duration) {
        if self.may_fall_back() {
            let failure = Failure { stage: self.stage, cause };
            self.fall_back(Err(failure), now);
        } else {
            self.fail(cause, now);
        }
    }

    /// Closes the session, if one is open, and begins again. If it is not closed for certain, the
    /// device is not burdened with a second one, and `stands` is the result.
    fn fall_back(&mut self, stands: Result<(), Failure>, now: Duration) {
        let Some(next) = self.spare() else { return self.end(stands, now) };
        if !self.open {
            return self.begin_again(next);
        }
        self.fallback = Some((next, stands));
        if !self.closed {
            self.ask(Step::Teardown, now);
        } else if self.may_reopen() {
            self.reopen();
        } else {
            self.torn_down(TeardownState::NotSent);
        }
    }

    /// On a new connection, with a DESCRIBE of its own (Q48, Q71) that asks for a new challenge: the
    /// nonce of the old one may be good for that connection only.
    fn begin_again(&mut self, kind: TransportKind) {
        self.spare = None;
        self.transport = kind;
        self.facts.fallbacks += 1;
        self.facts.transport = None;
        self.facts.teardown = TeardownState::NotNeeded;
        self.auth.forget_challenge();
        self.bare_describe = false;
        self.reconnected = false;
        self.reopened = false;
        self.keepalive = KeepAlive::default();
        self.queue.push_back(Queued::Event(Event::FellBack(kind)));
        self.connect(Step::Describe);
    }

    /// TEARDOWN is over, in this way.
    pub(super) fn torn_down(&mut self, how: TeardownState) {
        self.facts.teardown = how;
        let closed = matches!(how, TeardownState::Confirmed | TeardownState::ClosedByPeer);
        match self.fallback.take() {
            Some((next, _)) if closed => self.begin_again(next),
            Some((_, stands)) => self.finish(stands),
            None => self.finish(Ok(())),
        }
    }

    /// TEARDOWN is under way, whatever comes after it.
    pub(super) fn is_leaving(&self) -> bool {
        self.result.is_some() || self.fallback.is_some()
    }

    /// Whether a new connection would reach the session: one whose media travel apart outlives the
    /// connection it was opened on (RFC 2326 §1.4). Tried once.
    pub(super) fn may_reopen(&self) -> bool {
        self.facts.transport == Some(TransportKind::Udp) && !self.reopened
    }

    /// Asks for a new connection to send TEARDOWN on.
    pub(super) fn reopen(&mut self) {
        let framer = std::mem::take(&mut self.framer);
        self.facts.add_resync(framer.resync());
        // Stands if the connection does not come.
        self.facts.teardown = TeardownState::NotSent;
        self.pending = None;
        self.overtakes = false;
        self.closed = false;
        self.detached = false;
        self.keepalive.unanswered = 0;
        self.reopened = true;
        self.state = State::Connecting(Step::Teardown);
        self.queue.push_back(Queued::Connect);
    }
}
