//! One visit to one camera: a task that owns the connection and always closes the session.

mod ending;
mod login;
mod opening;
mod replayed;

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use zhishou_domain::habit::Patience;
use zhishou_domain::{
    CertificateFingerprint, Clock, Credential, CredentialState, Depth, Fault, LoginResult, Stage,
    Timestamp, Transport, TransportPolicy,
};
use zhishou_protocol::rtp::Keep;
use zhishou_protocol::rtsp::{Depth as SessionDepth, Transports};
use zhishou_protocol::rtsp::{
    Event, Facts, Failure, Input, Output, PacketKind, Plan, Route, Scheme, Session, Target, Track,
};

use super::certificate::Met;
use super::datagrams::Datagrams;
use super::faults::stage;
use super::link::{Heard, Link};
use super::media::{Media, MediaOrder};
use super::tunnel::{Asked, TunnelLogin};
use crate::Settings;
use crate::caught::caught;
use crate::guard::{Held, Refusal, Ticket};
use crate::tape::{Moment, Player, Stream, Tape};
pub(crate) use ending::cancelled;

/// Over the session's own deadline for TEARDOWN, after which the task ends come what may.
const GRACE: Duration = Duration::from_secs(1);

/// What a visit needs to know.
pub(super) struct Order {
    pub(super) target: Target,
    pub(super) credential: Option<Credential>,
    pub(super) credential_state: CredentialState,
    /// The certificate on record.
    pub(super) certificate: Option<CertificateFingerprint>,
    pub(super) depth: Depth,
    pub(super) transport: TransportPolicy,
    /// What is asked for first where the policy leaves it open.
    pub(super) first: Transport,
    pub(super) time: Duration,
    pub(super) patience: Patience,
    /// Of the pictures, at depth `picture`.
    pub(super) keep: Keep,
    pub(super) entropy: u64,
    /// Where to note what happens.
    pub(super) tape: Option<Tape>,
    /// What to play instead of opening the device.
    pub(super) player: Option<Box<Player>>,
}

/// What a visit brought.
pub(super) struct Visited {
    pub(super) faults: Vec<Fault>,
    pub(super) facts: Facts,
    pub(super) media: Media,
    pub(super) resolve: Option<Duration>,
    pub(super) connect: Option<Duration>,
    /// What became of the login, where it was sent.
    pub(super) login: Option<LoginResult>,
    pub(super) tls: Option<Box<Met>>,
    /// When it ended, since the visit's start.
    pub(super) ended: Duration,
}

/// Why a visit is being stopped before the session ended by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Everything wanted has been seen.
    Satisfied,
    /// The whole probe took too long, in this stage.
    Overdue(Stage),
    /// The caller cancelled, in this stage.
    Cancelled(Stage),
    /// A mistake of ours: nothing is looked at any more.
    Broken,
}

pub(super) struct Visit {
    order: Order,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    cancel: CancellationToken,
    /// Asked at each wait, and registered once.
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Armed no later than the next wake, and left alone as long as that holds.
    timer: Option<Pin<Box<Sleep>>>,
    began: Instant,
    overdue: Instant,
    session: Session,
    link: Option<Link>,
    /// The two ends of the last connection.
    ends: Option<(SocketAddr, SocketAddr)>,
    /// The host of the last connection.
    host: Option<String>,
    /// Where media come as datagrams.
    datagrams: Option<Box<Datagrams>>,
    media: Media,
    /// How long the first transport was silent before the other was tried.
    silent: Option<Duration>,
    held: Held,
    ticket: Option<Ticket>,
    login: Option<LoginResult>,
    /// The login of an HTTP tunnel, once that asked for it.
    tunnel: Option<Box<TunnelLogin>>,
    /// A tunnel that is to be opened again, with the login that it asked for late.
    again: Option<Box<(Target, Asked, Vec<u8>)>>,
    /// Why the tunnel was refused after it had seemed to be open.
    late: Option<Box<Fault>>,
    refusal: Option<Refusal>,
    resolve: Option<Duration>,
    connect: Option<Duration>,
    tls: Option<Box<Met>>,
    stop: Option<Stop>,
    /// When bytes were read last: packets in them have come by then, however long it takes until
    /// they are looked at.
    heard: Duration,
    /// When the session wants to be asked again.
    session_wakes: Duration,
    /// When the task ends although the session has not.
    give_up: Option<Instant>,
}

/// How the session's loop ended.
enum End {
    Session(Result<(), Failure>),
    Reach(Box<Fault>),
    GivenUp,
}

impl Visit {
    pub(super) fn new(
        order: Order,
        held: Held,
        settings: Arc<Settings>,
        clock: Arc<dyn Clock>,
        cancel: CancellationToken,
        began: Instant,
    ) -> Box<Self> {
        let credential = order
            .credential
            .as_ref()
            .map(|c| zhishou_protocol::auth::Credential::new(c.username.as_str(), c.password()));
        let transports = match (order.target.scheme(), order.transport) {
            // What is asked for inside TLS or a tunnel does not come beside it, in the clear.
            (Scheme::Rtsps | Scheme::Rtsph, _) | (_, TransportPolicy::Tcp) => Transports::TCP,
            (_, TransportPolicy::Auto) => match order.first {
                Transport::Tcp => Transports::AUTO,
                Transport::Udp => Transports::AUTO_BY_UDP,
            },
            (_, TransportPolicy::Udp) => Transports::UDP,
        };
        let session = Session::new(Plan {
            target: order.target.clone(),
            credential,
            depth: match order.depth {
                Depth::Reach => SessionDepth::Describe,
                Depth::Stream | Depth::Picture => SessionDepth::Play,
            },
            transports,
            user_agent: settings.user_agent.clone(),
            deadlines: settings.rtsp,
            entropy: order.entropy,
        });
        // Any number will do that differs from the device's own.
        let own_ssrc = u32::try_from(order.entropy >> 32).unwrap_or(1);
        Box::new(Self {
            media: Media::new(MediaOrder {
                depth: order.depth,
                time: order.time,
                patience: order.patience,
                keep: order.keep,
                own_ssrc,
            }),
            overdue: Instant::now()
                + settings.session(order.time, order.patience.wait, transports)
                + order.player.as_ref().map_or(Duration::ZERO, |player| player.first()),
            order,
            settings,
            clock,
            cancelled: Box::pin(cancel.clone().cancelled_owned()),
            cancel,
            timer: None,
            began,
            session,
            link: None,
            ends: None,
            host: None,
            datagrams: None,
            silent: None,
            held,
            ticket: None,
            login: None,
            tunnel: None,
            again: None,
            late: None,
            refusal: None,
            resolve: None,
            connect: None,
            tls: None,
            stop: None,
            heard: Duration::ZERO,
            session_wakes: Duration::ZERO,
            give_up: None,
        })
    }

    /// Runs to the end. Whatever happens, a session that was opened is taken down within a bounded
    /// time.
    ///
    /// # Panics
    /// Where the visit did, after the session was taken down.
    pub(super) async fn run(mut self: Box<Self>) -> Box<Visited> {
        let outcome = caught(pin!(self.converse())).await;
        match outcome {
            Ok(end) => {
                let ended = self.now();
                // Boxed, as all that happens once: a session that is open should not pay for it.
                let remains = Box::pin(self.remains(&end)).await;
                self.conclude(&end, ended, remains)
            }
            Err(panic) => {
                self.stop(Stop::Broken);
                let end = self.converse().await;
                self.give_back(&end);
                std::panic::resume_unwind(panic)
            }
        }
    }

    async fn converse(&mut self) -> End {
        loop {
            if let Some(again) = self.again.take()
                && let Err(fault) = Box::pin(self.open_again(*again)).await
            {
                return End::Reach(fault);
            }
            if let Some(end) = self.drain().await {
                return end;
            }
            if let Some(end) = self.wait().await {
                return end;
            }
        }
    }

    /// Does what the session asks for until it has to wait.
    async fn drain(&mut self) -> Option<End> {
        loop {
            let now = self.now();
            match self.session.poll(now) {
                Output::Packet { .. } if self.stop == Some(Stop::Broken) => {}
                Output::Packet { track, kind, payload } => {
                    let player = self.order.player.as_ref();
                    let wall_now = player.map_or_else(|| self.clock.now(), |player| player.wall());
                    let late = now.saturating_sub(self.heard);
                    let wall = wall(wall_now).saturating_sub(late);
                    self.media.packet(track, kind, payload, self.heard, wall);
                }
                Output::Send(bytes) => self.send(&bytes).await,
                Output::Bind(track) => {
                    let ports = self.bind(track);
                    self.session.handle(Input::Bound(ports), now);
                }
                Output::Event(event) => self.event(event),
                Output::Connect(target) => {
                    // Boxed: it happens once, and a session that is open should not pay for it.
                    if let Err(fault) = Box::pin(self.open(&target)).await {
                        return Some(End::Reach(fault));
                    }
                }
                Output::Finished(result) => return Some(End::Session(result)),
                Output::WaitUntil(at) => {
                    self.session_wakes = at;
                    return None;
                }
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        if let Some(tape) = &self.order.tape {
            tape.sent(self.now(), bytes);
        }
        let Some(link) = &mut self.link else { return };
        if link.send(bytes).await.is_err() {
            self.closed();
        }
    }

    /// The connection is gone.
    fn closed(&mut self) {
        if let Some(Link::Tunnel(tunnel)) = self.link.take()
            && let Some(refused) = tunnel.refused()
            && self.tunnel_refused(refused)
        {
            return;
        }
        self.note(Moment::Closed);
        let now = self.now();
        self.session.handle(Input::Closed, now);
    }

    fn event(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::Described(description) => self.media.described(description),
            Event::Ready { track, ssrc, route } => {
                self.media.ready(track, ssrc, route.kind());
                if let (Route::Datagrams(route), Some(datagrams)) = (route, &mut self.datagrams) {
                    datagrams.ready(track, &route);
                }
            }
            Event::FellBack(_) => self.media.start_over(),
            Event::Playing => {
                // When the answer came, as packets are dated: it may be handled later than they are.
                self.media.playing(self.heard, &self.settings);
                if let Some(datagrams) = &mut self.datagrams {
                    datagrams.playing(now);
                }
                self.settle();
                // It plays without one: none is sent outside the budget of the host.
                if !self.facts().login_sent {
                    self.session.withhold_login();
                }
            }
        }
    }

    /// Ports on the address that the connection goes out from: the device knows that one.
    fn bind(&mut self, track: Track) -> Option<(u16, u16)> {
        if self.order.player.is_some() {
            return Some(replayed::PORTS);
        }
        let ((local, peer), own_ssrc) = (self.ends?, self.media.own_ssrc());
        let datagrams = self
            .datagrams
            .get_or_insert_with(|| Box::new(Datagrams::new(local, peer.ip(), own_ssrc)));
        datagrams.bind(track)
    }

    /// What became of the login, as far as it is known by now; gives up the place in its host's
    /// budget.
    fn settle(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let settled = ticket.settle(self.login_outcome());
            self.login = settled.or(self.login);
        }
    }

    /// Waits for bytes, for time, or for the caller.
    async fn wait(&mut self) -> Option<End> {
        let now = self.now();
        let stopping = self.stop.is_some();
        if !stopping {
            if let Some(report) = self.media.report(now, &self.settings) {
                self.report(&report, now);
                return None;
            }
            if self.media.is_done(now, &self.settings) {
                self.seen_enough(now);
                return None;
            }
            if let Some(datagrams) = &mut self.datagrams {
                datagrams.tick(now);
            }
        }
        let knock = self.datagrams.as_ref().and_then(|datagrams| datagrams.wake_at());
        let media = self.media.wake_at(&self.settings).into_iter().chain(knock);
        let media = media.filter(|_| !stopping);
        let soonest = media.fold(self.session_wakes, Duration::min);
        let last = self.give_up.unwrap_or(self.overdue);
        // Without a deadline of its own, `soonest` lies past the end of time.
        let wake = self.began.checked_add(soonest).map_or(last, |at| at.min(last));
        if let Some(end) = self.wait_replayed(wake, stopping) {
            return end;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(wake)));
        let cancelled = &mut self.cancelled;
        let (began, tape) = (self.began, &self.order.tape);
        let (session, heard) = (&mut self.session, &mut self.heard);
        // What came before this moment was not there to be read before it.
        let arrived = |late| began.elapsed().saturating_sub(late).max(now);
        let take = |bytes: &[u8], late| {
            *heard = arrived(late);
            if let Some(tape) = tape {
                tape.received(*heard, bytes);
            }
            session.handle(Input::Bytes(bytes), *heard);
        };
        let (media, clock) = (&mut self.media, &self.clock);
        let take_packet = |track, kind, packet: &[u8], late| {
            let at = arrived(late);
            if let Some(tape) = tape {
                tape.datagram(at, Stream::of(track, kind), packet);
            }
            media.packet(track, kind, packet, at, wall(clock.now()).saturating_sub(late));
        };
        tokio::select! {
            () = receive_datagrams(self.datagrams.as_deref_mut(), take_packet), if !stopping => {}
            heard = receive(self.link.as_mut(), take) => {
                if heard == Heard::End {
                    self.closed();
                }
            }
            () = until(timer, wake) => return self.time_has_come(stopping),
            () = cancelled, if !stopping => {
                self.stop(Stop::Cancelled(stage(self.session.stage())));
            }
        }
        None
    }

    /// A deadline has passed: the task's, the probe's, or one of the session and the media.
    fn time_has_come(&mut self, stopping: bool) -> Option<End> {
        self.note(Moment::Woke);
        let instant = self.instant();
        if self.give_up.is_some_and(|at| at <= instant) {
            return Some(End::GivenUp);
        }
        if !stopping && self.overdue <= instant {
            self.stop(Stop::Overdue(stage(self.session.stage())));
        } else {
            let now = self.now();
            self.session.handle(Input::Tick, now);
        }
        None
    }

    /// The video's receiver report, the way that its packets came.
    fn report(&mut self, report: &[u8], now: Duration) {
        let datagrams = self.datagrams.as_ref();
        if !datagrams.is_some_and(|datagrams| datagrams.report(Track::Video, report)) {
            self.session.handle(Input::Rtcp(Track::Video, report), now);
        }
    }

    /// The time for media is over: it is the end, or silence that another transport may break.
    fn seen_enough(&mut self, now: Duration) {
        if self.media.is_silent(now) && self.session.may_fall_back() {
            self.silent = Some(self.media.flow(now).1);
            self.media.start_over();
            self.session.handle(Input::Silent, now);
        } else {
            self.stop(Stop::Satisfied);
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.note(match stop {
            Stop::Cancelled(_) => Moment::Cancelled,
            // Bytes that came just before this came before it again in a replay.
            Stop::Satisfied | Stop::Overdue(_) | Stop::Broken => Moment::Woke,
        });
        self.stop = Some(stop);
        // SETUP may have to be answered first, and TEARDOWN to be sent twice for a new nonce.
        self.give_up = Some(self.instant() + self.settings.rtsp.teardown * 3 + GRACE);
        let now = self.now();
        self.session.handle(Input::Stop, now);
    }
}

/// Waits until `wake` with a timer that may be armed too early: media come many times a second and
/// put off the time to wake each time, and a timer that is set anew costs more than one that fires
/// in vain.
async fn until(timer: &mut Pin<Box<Sleep>>, wake: Instant) {
    loop {
        if timer.deadline() > wake || timer.is_elapsed() {
            timer.as_mut().reset(wake);
        }
        timer.as_mut().await;
        if timer.deadline() >= wake {
            return;
        }
    }
}

/// Never ready without a connection.
async fn receive(link: Option<&mut Link>, take: impl FnMut(&[u8], Duration)) -> Heard {
    match link {
        Some(link) => link.receive(take).await,
        None => std::future::pending().await,
    }
}

/// Never ready without sockets.
async fn receive_datagrams(
    datagrams: Option<&mut Datagrams>,
    take: impl FnMut(Track, PacketKind, &[u8], Duration),
) {
    match datagrams {
        Some(datagrams) => datagrams.receive(take).await,
        None => std::future::pending().await,
    }
}

/// Our wall clock, past 1970.
fn wall(now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_future<F>(_: impl FnOnce(Box<Visit>) -> F) -> usize {
        size_of::<F>()
    }

    /// Ten thousand open sessions shall fit into 100 MB with their sockets and receivers.
    #[test]
    fn an_open_visit_is_small() {
        let (visit, future) = (size_of::<Visit>(), size_of_future(Visit::run));
        assert!(visit + future <= 6 * 1024, "{visit} + {future} bytes");
    }
}
