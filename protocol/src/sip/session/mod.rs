//! The caller: OPTIONS, and where it is told to, INVITE, ACK, a talk, BYE.
//!
//! The caller of this moves bytes and keeps time, as with [`crate::rtsp::Session`]. It hears of the
//! answer to OPTIONS by [`Event::Options`] or [`Event::OptionsFailed`] and then says [`Input::Call`]
//! or [`Input::Stop`].
//!
//! Invariants: a call that was begun is ended before [`Output::Finished`], by CANCEL, by BYE, or by
//! the time for it running out, which [`Facts::teardown`] tells; a 2xx of whatever fork is
//! acknowledged, and each fork but the first is hung up at once; a 2xx that overtakes a CANCEL is
//! hung up too. The login is proven by Digest and never shown, goes to the host that was asked first and to no other, is refused at most
//! once, and a second host that asks for one gets none. At most 64 requests of the peer are answered.

mod answers;
mod asking;
mod calling;
mod facts;
mod incoming;
#[cfg(test)]
mod transcripts;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use calling::Call;
pub use facts::{Answer, Facts, Options, Teardown};

use super::failure::{Cause, Failure, Stage};
use super::framer::Framer;
use super::message::Message;
use super::plan::Plan;
use super::transaction::{Client, Due, Server};
use super::write::Tokens;
use crate::auth::Authenticator;

/// Requests of the peer that are answered in one session.
const MAX_SERVED: u32 = 64;
/// Transactions of either side that are remembered.
const MAX_TRANSACTIONS: usize = 16;

/// What happens to a session.
#[derive(Debug)]
pub enum Input<'a> {
    /// A datagram came, at most 64 KiB, from that address; `None` for the peer.
    Datagram(&'a [u8], Option<SocketAddr>),
    /// Bytes of the connection came, at most 64 KiB; everything before has been polled.
    Bytes(&'a [u8]),
    /// The connection that [`Output::Connect`] asked for is up.
    Connected,
    /// The connection is gone, or did not come.
    Closed,
    /// The time of [`Output::WaitUntil`] has come.
    Tick,
    /// Call, with this offer.
    Call(Vec<u8>),
    /// Ask the peer for a keyframe, by INFO (RFC 5168).
    WantKeyframe,
    /// Enough: end the call, if there is one.
    Stop,
}

/// What a session wants or tells.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes: on the connection, or as a datagram to that address, `None` for the peer.
    Send(Vec<u8>, Option<SocketAddr>),
    /// Open the connection to the peer anew; it is needed once more.
    Connect,
    /// Something was reached.
    Event(Event),
    /// Nothing to do until this time, or until something happens. `None`: until something happens.
    WaitUntil(Option<Duration>),
    /// It is over. Repeated at every further poll.
    Finished,
}

/// Something was reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// OPTIONS has its final answer, whatever it is; a login was asked for and accepted, if at all.
    Options(Box<Options>),
    /// OPTIONS came to nothing.
    OptionsFailed(Failure),
    /// It rings, or progresses: the first provisional answer past 100.
    Ringing(u16),
    /// The call is answered and acknowledged: media flow from now on.
    Answered(Box<Answer>),
    /// The call was not answered.
    CallFailed(Failure),
    /// The call is over, and not because of us: by BYE, or because the peer forgot it.
    HungUp(Failure),
}

#[derive(Debug)]
enum Queued {
    Send(Vec<u8>, Option<SocketAddr>),
    Connect,
    Event(Event),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing polled yet.
    Idle,
    /// OPTIONS is out.
    Asking,
    /// It is answered: call or stop.
    Ready,
    /// INVITE is out.
    Calling,
    /// The call is answered.
    Talking,
    /// The call is being ended.
    Ending,
    /// Over.
    Done,
}

/// One session with one endpoint.
#[derive(Debug)]
pub struct Session {
    plan: Plan,
    auth: Authenticator,
    /// The field that the login goes into, by who asked for it: `Authorization` or
    /// `Proxy-Authorization`.
    login_field: Option<&'static str>,
    tokens: Tokens,
    framer: Framer,
    queue: VecDeque<Queued>,
    phase: Phase,
    clients: Vec<Client>,
    servers: Vec<Server>,
    served: u32,
    /// `Call-ID` and `From` of OPTIONS.
    identity: (String, String),
    sequence: u32,
    /// The last OPTIONS carried the login; it was repeated because of a new nonce.
    carried: bool,
    renewed: bool,
    call: Option<Call>,
    began: Duration,
    /// When the phase ends if nothing else ends it.
    deadline: Option<Duration>,
    /// A connection for BYE was asked for, once.
    reconnected: bool,
    stop: bool,
    withheld: bool,
    /// A login that was not accepted in this session went out and was not answered.
    in_doubt: bool,
    /// The address that our datagrams come from, as the peer sees it (RFC 3581).
    seen_as: Option<SocketAddr>,
    facts: Facts,
}

impl Session {
    /// Most heap bytes of one session whatever the peer sends, besides the caller's own buffer.
    pub const MEMORY_BOUND: usize = Framer::MEMORY_BOUND + 4 * 1024 * 1024;

    /// A session that has sent nothing yet.
    pub fn new(mut plan: Plan) -> Self {
        let mut tokens = Tokens::new(plan.entropy);
        let mut auth = Authenticator::new(plan.credential.take(), plan.entropy);
        // RFC 3261 §22: Basic is not to be used.
        auth.digest_only();
        let identity = asking::identity(&plan, &mut tokens);
        Self {
            plan,
            auth,
            login_field: None,
            tokens,
            framer: Framer::default(),
            queue: VecDeque::new(),
            phase: Phase::Idle,
            clients: Vec::new(),
            servers: Vec::new(),
            served: 0,
            identity,
            sequence: 0,
            carried: false,
            renewed: false,
            call: None,
            began: Duration::ZERO,
            deadline: None,
            reconnected: false,
            stop: false,
            withheld: false,
            in_doubt: false,
            seen_as: None,
            facts: Facts::default(),
        }
    }

    /// What is known so far.
    pub fn facts(&self) -> Facts {
        Facts {
            rejected_logins: self.auth.rejected(),
            login_sent: self.auth.sent(),
            login_proven: self.auth.proven(),
            login_in_doubt: self.in_doubt,
            seen_as: self.seen_as,
            ..self.facts.clone()
        }
    }

    /// Keeps the login back from now on: a guard forbids it.
    pub fn withhold_login(&mut self) {
        self.withheld |= self.auth.withhold();
    }

    /// Takes in what happened. Poll until [`Output::WaitUntil`] afterwards.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        match input {
            Input::Datagram(bytes, from) => {
                // Anybody can send us one: what cannot be read is dropped.
                if let Ok(message) = Message::parse(bytes) {
                    self.on_message(message, from, now);
                }
            }
            Input::Bytes(bytes) => self.framer.push(bytes),
            Input::Connected => self.on_connected(now),
            Input::Closed => self.on_closed(now),
            Input::Tick => {}
            Input::Call(offer) if self.phase == Phase::Ready && !self.stop => {
                self.invite(offer, now);
            }
            Input::Call(_) => {}
            Input::WantKeyframe => self.want_keyframe(now),
            Input::Stop => self.stop = true,
        }
    }

    /// What to do next. Never blocks; call until it says to wait or that it is over.
    pub fn poll(&mut self, now: Duration) -> Output {
        loop {
            if let Some(queued) = self.queue.pop_front() {
                return match queued {
                    Queued::Send(bytes, to) => Output::Send(bytes, to),
                    Queued::Connect => Output::Connect,
                    Queued::Event(event) => Output::Event(event),
                };
            }
            match self.framer.next_message() {
                Ok(Some(message)) => {
                    self.on_message(message, None, now);
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    self.framer = Framer::default();
                    self.lost(Cause::BadMessage(error), now);
                    continue;
                }
            }
            if self.phase == Phase::Done {
                return Output::Finished;
            }
            if self.phase == Phase::Idle {
                self.ask_options(now);
                continue;
            }
            if self.advance(now) {
                continue;
            }
            return Output::WaitUntil(self.next_wake());
        }
    }

    /// Does what the time or a wish to stop asks for; says whether anything was done.
    fn advance(&mut self, now: Duration) -> bool {
        let mut timed_out = None;
        for client in &mut self.clients {
            match client.tick(now) {
                Due::Nothing => {}
                Due::Repeat => {
                    self.queue.push_back(Queued::Send(client.wire.clone(), client.hop));
                }
                Due::TimedOut => timed_out = Some((client.method, client.branch.clone())),
            }
        }
        for server in &mut self.servers {
            if server.tick(now) == Due::Repeat {
                self.queue.push_back(Queued::Send(server.wire.clone(), server.hop));
            }
        }
        self.clients.retain(|client| !client.is_over());
        self.servers.retain(|server| !server.is_over(now));
        if let Some((method, branch)) = timed_out {
            self.on_timeout(method, &branch, now);
            return true;
        }
        if !self.queue.is_empty() {
            return true;
        }
        if std::mem::take(&mut self.stop) {
            return self.on_stop(now);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.deadline = None;
            self.on_deadline(now);
            return true;
        }
        self.keep_call(now)
    }

    fn next_wake(&self) -> Option<Duration> {
        let clients = self.clients.iter().filter_map(Client::next);
        let servers = self.servers.iter().filter_map(Server::next);
        let call = self.call.as_ref().and_then(Call::next);
        clients.chain(servers).chain(self.deadline).chain(call).min()
    }

    fn on_stop(&mut self, now: Duration) -> bool {
        match self.phase {
            Phase::Calling => self.cancel(now),
            Phase::Talking => self.hang_up(now),
            Phase::Ending | Phase::Done => return false,
            Phase::Idle | Phase::Asking | Phase::Ready => self.phase = Phase::Done,
        }
        true
    }

    fn on_deadline(&mut self, now: Duration) {
        match self.phase {
            Phase::Asking => self.options_silent(now),
            Phase::Calling => self.call_overdue(now),
            Phase::Ending => self.ended(Teardown::Unanswered),
            Phase::Idle | Phase::Ready | Phase::Talking | Phase::Done => {}
        }
    }

    fn on_timeout(&mut self, method: &str, branch: &str, now: Duration) {
        match method {
            "OPTIONS" if self.phase == Phase::Asking => self.options_silent(now),
            "INVITE" if self.phase == Phase::Calling && self.is_invite(branch) => {
                self.call_overdue(now);
            }
            "UPDATE" | "INVITE" if self.phase == Phase::Talking => {
                // The peer does not know the call any more (RFC 4028 §10, RFC 3261 §12.2.1.2).
                let waited = super::transaction::GIVE_UP;
                self.forgotten(Cause::Silent { waited }, now);
            }
            _ => {}
        }
    }

    fn on_closed(&mut self, now: Duration) {
        self.framer = Framer::default();
        self.lost(Cause::ConnectionLost, now);
    }

    /// The connection is of no use any more. A call is ended on a new one, once.
    fn lost(&mut self, cause: Cause, now: Duration) {
        match self.phase {
            Phase::Idle | Phase::Asking => {
                let failure = Failure { stage: Stage::Options, cause };
                self.options_failed(failure);
            }
            Phase::Ready => self.phase = Phase::Done,
            Phase::Calling | Phase::Talking | Phase::Ending => {
                let stage = match self.phase {
                    Phase::Calling => Stage::Invite,
                    _ => Stage::Answer,
                };
                let failure = Failure { stage, cause };
                match self.phase {
                    Phase::Calling => {
                        self.queue.push_back(Queued::Event(Event::CallFailed(failure)))
                    }
                    Phase::Talking => self.queue.push_back(Queued::Event(Event::HungUp(failure))),
                    _ => {}
                }
                self.phase = Phase::Ending;
                self.deadline.get_or_insert(now + self.plan.deadlines.ending);
                if std::mem::replace(&mut self.reconnected, true) {
                    self.ended(Teardown::NotSent);
                } else {
                    self.clients.clear();
                    self.queue.push_back(Queued::Connect);
                }
            }
            Phase::Done => {}
        }
    }

    /// The new connection is there: what ends the call goes out on it.
    fn on_connected(&mut self, now: Duration) {
        if self.phase == Phase::Ending {
            self.end_again(now);
        }
    }

    fn push_client(&mut self, mut client: Client, hop: Option<SocketAddr>) {
        client.hop = hop;
        self.queue.push_back(Queued::Send(client.wire.clone(), hop));
        if self.clients.len() < MAX_TRANSACTIONS {
            self.clients.push(client);
        }
    }

    fn push_server(&mut self, server: Server) {
        self.queue.push_back(Queued::Send(server.wire.clone(), server.hop));
        if self.servers.len() < MAX_TRANSACTIONS {
            self.servers.push(server);
        }
    }

    fn is_datagrams(&self) -> bool {
        !self.plan.target.transport().is_reliable()
    }

    /// It is over.
    fn ended(&mut self, how: Teardown) {
        self.facts.teardown = how;
        self.phase = Phase::Done;
        self.deadline = None;
    }
}
