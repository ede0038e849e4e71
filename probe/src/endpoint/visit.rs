//! One visit to one endpoint.

use std::io;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use zhishou_domain::endpoint::Meaning;
use zhishou_domain::{
    CallFacts, CallSkipped, Credential, Detail, Fault, FaultCode, LoginOutcome, Stage,
};
use zhishou_protocol::auth;
use zhishou_protocol::sip::{
    Cause, Event, Facts, Failure, Input, Output, Plan, Session, Target, Teardown, Transport,
};

use super::meaning::{of_failure, of_status};
use super::media::Media;
use super::wire::{Came, Ears, Wire, open};
use super::{Order, Seen};
use crate::caught::caught;
use crate::dial::failed;
use crate::guard::{Held, Refusal, Remains, Ticket};
use crate::rtsp::{Met, cancelled, silence};
use crate::{CertificatePolicy, Settings};

/// How often our system may say that nothing listens, until it is believed: the first may be of a
/// service that restarts.
const REFUSALS: u32 = 2;
/// How long an endpoint that did not confirm the end of a call may still be in it.
const LINGER: Duration = Duration::from_secs(32);

/// How long a second connection, to end a call, may take to come.
const AGAIN: Duration = Duration::from_secs(3);

/// What was reached.
pub(super) enum Reached {
    Event(Event),
    /// The time of the call is over; it is being ended.
    Ending,
    Finished,
    /// Nothing listens there, or the network cannot reach it.
    Unreachable(io::Error),
}

pub(super) struct Visit {
    pub(super) order: Order,
    held: Held,
    pub(super) settings: Arc<Settings>,
    pub(super) cancel: CancellationToken,
    pub(super) began: Instant,
    pub(super) seen: Box<Seen>,
    ticket: Option<Ticket>,
    pub(super) refusal: Option<Refusal>,
}

/// A session and what carries it.
pub(super) struct Line {
    pub(super) session: Session,
    wire: Wire,
    target: Target,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    refusals: u32,
    stopping: bool,
    /// The media of an answered call, and when it is to be ended.
    pub(super) media: Option<Media>,
    pub(super) until: Option<Instant>,
}

impl Visit {
    pub(super) fn new(
        order: Order,
        held: Held,
        settings: Arc<Settings>,
        cancel: CancellationToken,
    ) -> Self {
        let (began, seen) = (Instant::now(), Box::default());
        Self { order, held, settings, cancel, began, seen, ticket: None, refusal: None }
    }

    /// Asks the endpoint, and gives it back.
    ///
    /// # Panics
    /// Where the visit did, after its call was ended.
    pub(super) async fn run(mut self) -> Box<Seen> {
        let target = self.order.target.clone();
        self.seen.call.carrier = Some(target.transport().token().to_ascii_lowercase());
        let asked = caught(pin!(self.ask(&target))).await;
        match asked {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => self.seen.faults.push(*fault),
            Err(panic) => {
                self.conclude();
                resume_unwind(panic)
            }
        }
        self.conclude()
    }

    fn conclude(mut self) -> Box<Seen> {
        let facts = &self.seen.facts;
        let outcome = if facts.rejected_logins > 0 {
            Some(LoginOutcome::Rejected)
        } else if facts.login_proven {
            Some(LoginOutcome::Accepted)
        } else {
            facts.login_sent.then_some(LoginOutcome::Unanswered)
        };
        self.seen.login = self.ticket.take().and_then(|ticket| ticket.settle(outcome));
        self.seen.login_in_doubt = facts.login_in_doubt;
        let changed = self.seen.tls.as_ref().and_then(Met::fault);
        self.seen.faults.extend(changed);
        self.seen.ended = self.began.elapsed();
        match self.seen.facts.teardown {
            Teardown::NotNeeded | Teardown::Confirmed | Teardown::ByPeer => self.held.close(),
            Teardown::Unanswered | Teardown::NotSent => {
                self.held.leave_open(Some(LINGER), Remains::Session);
            }
        }
        self.seen
    }

    /// OPTIONS, and where nothing is against it, the call. Where nobody answers OPTIONS, the call
    /// settles it, or a connection does where none is permitted.
    async fn ask(&mut self, target: &Target) -> Result<(), Box<Fault>> {
        let may_call = self.may_call();
        let ears = if may_call { Ears::Anybody } else { Ears::Peer };
        let mut line = self.open(target, None, ears).await?;
        let asked = self.options(&mut line).await;
        self.note(&line.session.facts());
        match asked {
            Asked::Answered if may_call => {
                let status = self.seen.call.options_status.unwrap_or_default();
                match CallFacts::meaning(status) {
                    Meaning::Alive => self.call(&mut line).await,
                    Meaning::Busy => self.seen.call.skipped = Some(CallSkipped::Busy),
                    _ => self.seen.call.skipped = Some(CallSkipped::NotReady),
                }
                Ok(())
            }
            Asked::Answered => Ok(()),
            Asked::Failed(fault) => {
                if may_call {
                    self.seen.call.skipped = Some(CallSkipped::NotReady);
                }
                Err(fault)
            }
            Asked::Silent(_) if may_call => {
                if target.transport() == Transport::Udp {
                    self.knock(&line).await?;
                }
                self.call(&mut line).await;
                Ok(())
            }
            Asked::Silent(waited) if target.transport() == Transport::Udp => {
                self.ask_again(target, line.peer, waited).await
            }
            Asked::Silent(waited) => {
                Err(Box::new(Fault::new(FaultCode::NoResponse, Stage::Options, silence(waited))))
            }
        }
    }

    /// Silence to datagrams is not the end of it: what does a connection say?
    async fn ask_again(
        &mut self,
        target: &Target,
        peer: SocketAddr,
        waited: Duration,
    ) -> Result<(), Box<Fault>> {
        let over_tcp = target.over_tcp();
        let silent = Fault::new(FaultCode::NoResponse, Stage::Options, silence(waited));
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        let ignored = Detail::OptionsIgnored { waited_ms };
        let open_question = Fault::new(FaultCode::NoResponse, Stage::Options, ignored);
        let mut line = match self.open(&over_tcp, Some(peer), Ears::Peer).await {
            Ok(line) => line,
            // The host is there, only not by TCP: it may be one that answers INVITE alone.
            Err(fault) if fault.code == FaultCode::Refused => return Err(Box::new(open_question)),
            Err(fault) => {
                self.seen.faults.push(silent);
                return Err(fault);
            }
        };
        let asked = self.options(&mut line).await;
        self.note(&line.session.facts());
        match asked {
            Asked::Answered => {
                self.seen.call.carrier = Some("tcp".to_owned());
                Ok(())
            }
            Asked::Failed(fault) => Err(fault),
            Asked::Silent(_) => Err(Box::new(open_question)),
        }
    }

    /// Opens a way, asks for leave to log in, and begins a session.
    async fn open(
        &mut self,
        target: &Target,
        known: Option<SocketAddr>,
        ears: Ears,
    ) -> Result<Line, Box<Fault>> {
        let opened = tokio::select! {
            opened = open(target, known, ears, &self.settings) => opened?,
            () = self.cancel.cancelled() => return Err(Box::new(cancelled(Stage::Connect))),
        };
        if known.is_none() {
            self.seen.reached.push((Stage::Resolve, opened.resolve));
            self.seen.met(opened.peer);
            let connect = opened.connect.map(|took| (Stage::Connect, took));
            self.seen.reached.extend(connect);
        }
        let plain = |it: &Credential| auth::Credential::new(it.username.as_str(), it.password());
        let mut session = Session::new(Plan {
            target: target.clone(),
            local: opened.local,
            credential: self.order.credential.as_ref().map(plain),
            entropy: self.order.entropy ^ u64::from(opened.local.port()),
            user_agent: self.settings.user_agent.clone(),
            deadlines: self.settings.sip,
        });
        if let Some(mut met) = opened.tls {
            met.compare(self.order.certificate);
            self.trust(&met, &mut session);
            self.seen.reached.push((Stage::Tls, met.took));
            self.seen.tls = Some(met);
        }
        self.ask_for_login(opened.peer).await?;
        // A login that was refused, or may have been, does not leave a second time.
        let spent = self.seen.facts.rejected_logins > 0 || self.seen.facts.login_in_doubt;
        if self.refusal.is_some() || spent {
            session.withhold_login();
        }
        Ok(Line {
            session,
            wire: opened.wire,
            target: target.clone(),
            local: opened.local,
            peer: opened.peer,
            refusals: 0,
            stopping: false,
            media: None,
            until: None,
        })
    }

    /// Digest shows nothing, so that a changed certificate is told and no more, unless pinned.
    fn trust(&self, met: &Met, session: &mut Session) {
        if met.is_changed() && self.settings.certificates == CertificatePolicy::Pinned {
            session.withhold_login();
        }
    }

    async fn ask_for_login(&mut self, peer: SocketAddr) -> Result<(), Box<Fault>> {
        let Some(credential) = &self.order.credential else { return Ok(()) };
        if self.refusal.is_some() || self.ticket.as_ref().is_some_and(|it| it.is_for(peer.ip())) {
            return Ok(());
        }
        let deadline = Instant::now() + self.settings.turn;
        let state = &self.order.credential_state;
        tokio::select! {
            ticket = self.held.login(peer.ip(), credential, state, deadline) => match ticket {
                Ok(ticket) => self.ticket = Some(ticket),
                Err(refusal) => self.refusal = Some(refusal),
            },
            () = self.cancel.cancelled() => return Err(Box::new(cancelled(Stage::Prepare))),
        }
        Ok(())
    }

    /// Waits for the answer to OPTIONS and judges it.
    async fn options(&mut self, line: &mut Line) -> Asked {
        loop {
            let failure = match self.next(line).await {
                Reached::Event(Event::Options(options)) => {
                    if let Some(described) = &options.description {
                        let codecs = described.media.iter().map(|media| media.codec.name());
                        self.seen.call.codecs = codecs.filter(|it| !it.is_empty()).collect();
                    }
                    let fault = of_status(options.status, &options.reason, Stage::Options);
                    self.seen.faults.extend(fault);
                    return Asked::Answered;
                }
                Reached::Event(Event::OptionsFailed(failure)) => failure,
                Reached::Event(_) | Reached::Ending => continue,
                Reached::Finished => return Asked::Failed(Box::new(cancelled(Stage::Options))),
                Reached::Unreachable(error) => {
                    return Asked::Failed(Box::new(failed(line.peer, Stage::Options, &error)));
                }
            };
            return match failure {
                Failure { cause: Cause::Silent { waited }, .. } => Asked::Silent(waited),
                failure => Asked::Failed(Box::new(of_failure(&failure, self.refusal.as_ref()))),
            };
        }
    }

    /// Moves bytes until something is reached.
    pub(super) async fn next(&self, line: &mut Line) -> Reached {
        loop {
            let wake = match line.session.poll(self.now()) {
                Output::Send(bytes, to) => {
                    if let Err(error) = line.wire.send(&bytes, to).await {
                        if line.is_unreachable(&error) {
                            return Reached::Unreachable(error);
                        }
                        // What was refused is what went before; this has not been sent yet.
                        if matches!(line.wire, Wire::Datagrams(..)) {
                            let _ = line.wire.send(&bytes, to).await;
                        }
                    }
                    continue;
                }
                // To end a call whose connection broke.
                Output::Connect => {
                    let again = open(&line.target, Some(line.peer), Ears::Peer, &self.settings);
                    let input = match timeout(AGAIN, again).await {
                        Ok(Ok(opened)) => {
                            line.wire = opened.wire;
                            if let Some(mut met) = opened.tls {
                                met.compare(self.order.certificate);
                                self.trust(&met, &mut line.session);
                            }
                            Input::Connected
                        }
                        Ok(Err(_)) | Err(_) => Input::Closed,
                    };
                    line.session.handle(input, self.now());
                    continue;
                }
                Output::Event(event) => return Reached::Event(event),
                Output::Finished => return Reached::Finished,
                Output::WaitUntil(wake) => wake,
            };
            line.want_keyframe(self.now());
            let Line { session, wire, peer, refusals, stopping, media, until, .. } = line;
            let (began, peer) = (self.began, *peer);
            let mut heard = Vec::new();
            let came = tokio::select! {
                came = wire.receive(|bytes| heard.extend_from_slice(bytes)) => came,
                () = sleep(wake.map(|wake| began + wake)) => {
                    session.handle(Input::Tick, self.now());
                    continue;
                }
                () = step(media) => continue,
                () = sleep(*until) => {
                    *until = None;
                    session.handle(Input::Stop, self.now());
                    return Reached::Ending;
                }
                () = self.cancel.cancelled(), if !*stopping => {
                    *stopping = true;
                    session.handle(Input::Stop, self.now());
                    continue;
                }
            };
            let now = self.now();
            match came {
                Came::Datagram(from) => {
                    *refusals = 0;
                    let from = (from != peer).then_some(from);
                    session.handle(Input::Datagram(&heard, from), now);
                }
                Came::Bytes => session.handle(Input::Bytes(&heard), now),
                Came::End => session.handle(Input::Closed, now),
                Came::Failed(error) => {
                    if line.is_unreachable(&error) {
                        return Reached::Unreachable(error);
                    }
                }
            }
        }
    }

    pub(super) fn note(&mut self, facts: &Facts) {
        let before = std::mem::take(&mut self.seen.facts);
        let mut facts = facts.clone();
        facts.rejected_logins += before.rejected_logins;
        facts.login_sent |= before.login_sent;
        facts.login_proven |= before.login_proven;
        facts.login_in_doubt |= before.login_in_doubt;
        facts.server = facts.server.or(before.server);
        facts.options_status = facts.options_status.or(before.options_status);
        self.seen.call.options_status = facts.options_status;
        self.seen.call.methods.clone_from(&facts.methods);
        self.seen.call.ended = match facts.teardown {
            Teardown::NotNeeded => None,
            Teardown::Confirmed | Teardown::ByPeer => Some(true),
            Teardown::Unanswered | Teardown::NotSent => Some(false),
        };
        self.seen.facts = facts;
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// How OPTIONS went.
enum Asked {
    /// A final answer came.
    Answered,
    /// Nothing came, for so long.
    Silent(Duration),
    /// It could not be asked, or the answer is of no use.
    Failed(Box<Fault>),
}

impl Line {
    /// Whether an error of the socket is to be believed.
    fn is_unreachable(&mut self, error: &io::Error) -> bool {
        match &self.wire {
            Wire::Link(_) => {
                // The session is told at the next read.
                false
            }
            Wire::Datagrams(..) => {
                self.refusals += 1;
                self.refusals >= REFUSALS || error.kind() != io::ErrorKind::ConnectionRefused
            }
        }
    }
}

/// Does the next thing of the media, or waits for ever.
async fn step(media: &mut Option<Media>) {
    match media {
        Some(media) => media.step().await,
        None => std::future::pending().await,
    }
}

/// Sleeps until then, or for ever.
async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
