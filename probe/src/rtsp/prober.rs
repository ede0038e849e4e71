//! Opens cameras and looks at their pictures.

mod report;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use zhishou_domain::endpoint::is_sip;
use zhishou_domain::equipment::{Address, Service};
use zhishou_domain::habit::Patience;
use zhishou_domain::{
    Clock, Credential, Depth, Detail, Fault, FaultCode, Habit, IdSource, Lesson, LoginResult,
    Observation, ProbeRequest, Snapshot, Stage, StageTiming, Timestamp, reached_of, stream_host,
    verdict_of,
};
use zhishou_protocol::rtp::{Keep, Keyframe};
use zhishou_protocol::rtsp::Target;

use super::faults::milliseconds;
use super::visit::{Order, Visit, Visited, cancelled};
use crate::decoder::{DecodeFailure, Decoder};
use crate::endpoint::CallLog;
use crate::guard::{Guard, Held};
use crate::look::{Before, CodedEvidence, Look, Want, look};
use crate::tape::{Capture, Header, Player, Tape};
use crate::{Sessions, Settings};

/// What one probe brought.
#[derive(Debug)]
pub struct Outcome {
    /// What was seen.
    pub observation: Observation,
    /// The judged keyframe as JPEG, scaled down.
    pub snapshot: Option<Vec<u8>>,
    /// The signature of the judged keyframe, for the next probe to compare with.
    pub signature: Option<Vec<u8>>,
    /// What the picture taught.
    pub lesson: Option<Lesson>,
    /// What is known of the stream from now on.
    pub habit: Habit,
    /// What became of the login, where it was sent; to be kept over a restart.
    pub login: Option<LoginResult>,
    /// It was sent and not answered, so that it may have been refused, whatever `login` says.
    pub login_in_doubt: bool,
}

/// Opens cameras.
pub struct Prober {
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn IdSource>,
    guard: Arc<Guard>,
    decoder: Option<Arc<dyn Decoder>>,
    visits: TaskTracker,
    sessions: Option<Sessions>,
    /// A place for each test call at a time.
    calls: Arc<Semaphore>,
    call_log: Option<Arc<dyn CallLog>>,
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prober").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A wait in our own queues that is worth telling.
const TOLD_WAIT: Duration = Duration::from_millis(100);

/// What is known before anything was sent.
pub(crate) struct Start {
    pub(crate) target: String,
    /// When the device was ours, or until then, when it was asked for.
    pub(crate) at: Timestamp,
    /// The same. `None` in a replay, where time is that of the capture.
    began: Option<Instant>,
    /// What our own queues took before.
    queued: Option<Duration>,
}

/// A visit under way.
struct Begun {
    request: Box<ProbeRequest>,
    start: Start,
    visiting: JoinHandle<Box<Visited>>,
    /// Dropping the caller's future stops the visit, not its end.
    stop: DropGuard,
}

impl Outcome {
    /// An observation that brought nothing else.
    pub(crate) fn of(observation: Observation, request: &ProbeRequest) -> Self {
        Self {
            observation,
            snapshot: None,
            signature: None,
            lesson: None,
            habit: request.habit.clone(),
            login: None,
            login_in_doubt: false,
        }
    }
}

impl Start {
    /// A probe that could not be made, for a reason of ours.
    pub(crate) fn ours(&self, request: &ProbeRequest, problem: String) -> Outcome {
        let detail = Detail::Ours { problem };
        self.unopened(request, Fault::new(FaultCode::TransportUnsupported, Stage::Prepare, detail))
    }

    /// A probe that ended before anything was sent.
    pub(crate) fn unopened(&self, request: &ProbeRequest, fault: Fault) -> Outcome {
        let faults = vec![fault];
        let proven = request.credential_state.proven;
        let observation = Observation {
            duration_ms: milliseconds(self.took(Duration::ZERO)),
            verdict: verdict_of(request.depth, false, proven, &faults),
            reached: reached_of(&faults),
            faults,
            stages: self.queueing().into_iter().collect(),
            ..Observation::new(self.target.clone(), request.kind, request.depth, self.at)
        };
        Outcome::of(observation, request)
    }

    /// The wait in our own queues, which the duration does not hold.
    pub(crate) fn queueing(&self) -> Option<StageTiming> {
        self.queued.map(|wait| StageTiming { name: Stage::Prepare, ms: Some(milliseconds(wait)) })
    }

    /// How long it has taken, `ended` being when the visit was over.
    fn took(&self, ended: Duration) -> Duration {
        self.began.map_or(ended, |began| began.elapsed())
    }

    /// Our own queues are behind it: nothing of them is the device's.
    fn our_turn(&mut self, now: Timestamp) {
        if let Some(began) = &mut self.began {
            self.queued = Some(began.elapsed()).filter(|wait| *wait >= TOLD_WAIT);
            (self.at, *began) = (now, Instant::now());
        }
    }
}

impl Prober {
    /// Without a decoder, probes at depth `picture` report media and no picture.
    pub fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn IdSource>,
        guard: Arc<Guard>,
        decoder: Option<Arc<dyn Decoder>>,
    ) -> Self {
        let settings = Arc::new(settings);
        let visits = TaskTracker::new();
        let calls = Arc::new(Semaphore::new(settings.call.at_once));
        let (sessions, call_log) = (None, None);
        Self { settings, clock, chance, guard, decoder, visits, sessions, calls, call_log }
    }

    /// Has its sessions on a thread of their own, and not where the caller is.
    #[must_use]
    pub fn on(mut self, sessions: Sessions) -> Self {
        self.sessions = Some(sessions);
        self
    }

    /// Has word kept of each test call before it is made.
    #[must_use]
    pub fn log_calls(mut self, log: Arc<dyn CallLog>) -> Self {
        self.call_log = Some(log);
        self
    }

    /// How it probes.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The guards that every probe asks.
    pub fn guard(&self) -> &Arc<Guard> {
        &self.guard
    }

    /// Opens a device once. What goes wrong is in the observation.
    ///
    /// When `cancel` fires, or the future is dropped, the session is still taken down in a task of
    /// its own, within a few seconds; [`Prober::close`] waits for such tasks.
    // No `async fn`, here and below: it would hold the request beside the future it waits for.
    pub fn probe(
        &self,
        request: ProbeRequest,
        cancel: CancellationToken,
    ) -> impl Future<Output = Outcome> + Send + '_ {
        self.run(Box::new(request), self.start(), cancel, None, None)
    }

    /// As [`Prober::probe`]; what crosses the wire is noted on `tape`.
    pub fn probe_taped(
        &self,
        request: ProbeRequest,
        cancel: CancellationToken,
        tape: &Tape,
    ) -> impl Future<Output = Outcome> + Send + use<'_> {
        self.run(Box::new(request), self.start(), cancel, Some(tape.clone()), None)
    }

    fn start(&self) -> Start {
        let began = Some(Instant::now());
        Start { target: String::new(), at: self.clock.now(), began, queued: None }
    }

    /// Does once more what a probe did, in virtual time and without a network: the same driver over
    /// what the device said then. What we say now is noted on `tape`.
    pub async fn replay(&self, capture: &Capture, snapshot: Snapshot, tape: &Tape) -> Outcome {
        let at = capture.started_at();
        let start = Start { target: String::new(), at, began: None, queued: None };
        let player = Box::new(capture.player());
        let (request, cancel) = (capture.request(snapshot), CancellationToken::new());
        self.run(Box::new(request), start, cancel, Some(tape.clone()), Some(player)).await
    }

    async fn run(
        &self,
        request: Box<ProbeRequest>,
        start: Start,
        cancel: CancellationToken,
        tape: Option<Tape>,
        player: Option<Box<Player>>,
    ) -> Outcome {
        if Service::of(&request.url).is_some() && player.is_none() {
            return Box::pin(self.ask(request, start, cancel)).await;
        }
        if is_sip(&request.url) && player.is_none() {
            return Box::pin(self.call(request, start, cancel)).await;
        }
        // Boxed, as what follows: a session that is open should not hold room for its beginning.
        let Begun { request, start, visiting, stop: _stop } =
            match Box::pin(self.begin(request, start, cancel, tape, player)).await {
                Ok(begun) => begun,
                Err(outcome) => return *outcome,
            };
        match visiting.await {
            Ok(visited) => Box::pin(self.report(request, start, visited)).await,
            Err(error) => {
                tracing::error!(%error, target = start.target, "a visit ended abnormally");
                start.ours(&request, "the probe ended abnormally".to_owned())
            }
        }
    }

    /// Waits for leave to open the device, and starts the visit.
    async fn begin(
        &self,
        request: Box<ProbeRequest>,
        start: Start,
        cancel: CancellationToken,
        tape: Option<Tape>,
        player: Option<Box<Player>>,
    ) -> Result<Begun, Box<Outcome>> {
        let (target, credential) = match Target::parse(&request.url) {
            Ok((target, own)) => {
                let own = own.map(|c| Credential::new(c.username(), c.password()));
                (target, request.login(own))
            }
            Err(error) => {
                // The address itself is not repeated: it may hold a password anywhere.
                return Err(Box::new(start.ours(&request, error.to_string())));
            }
        };
        let mut start = Start { target: target.to_string(), ..start };
        let key = request.device.map_or_else(|| target.request_uri(), |id| id.to_string());
        let held = self.hold(&request, &key, expected_bps(&request), &cancel, &mut start).await;
        if let Some(tape) = &tape {
            tape.begin(
                Header::of(&request, &start.target, start.at, credential.is_some()),
                credential.as_ref(),
            );
        }
        let held = match held {
            Ok(held) => held,
            Err(fault) => return Err(Box::new(start.unopened(&request, fault))),
        };

        let order = Order {
            target,
            credential,
            credential_state: request.credential_state.clone(),
            certificate: request.certificate,
            depth: request.depth,
            transport: request.transport,
            first: request.habit.first_transport(start.at),
            time: request.seconds,
            patience: self.patience(&request, &start),
            keep: if request.habit.is_run_due(start.at, request.decode_every) {
                Keep::Run
            } else {
                Keep::Keyframe
            },
            entropy: self.entropy(),
            tape,
            player,
        };
        let stop = cancel.child_token();
        let began = start.began.unwrap_or_else(Instant::now);
        let (settings, clock) = (self.settings.clone(), self.clock.clone());
        let visit = Visit::new(order, held, settings, clock, stop.clone(), began).run();
        let visiting = self.spawn_session(visit);
        Ok(Begun { request, start, visiting, stop: stop.drop_guard() })
    }

    /// Waits until the device is ours: for its share of what it has in common with others, then for
    /// its turn.
    pub(crate) async fn hold(
        &self,
        request: &ProbeRequest,
        key: &str,
        bps: u64,
        cancel: &CancellationToken,
        start: &mut Start,
    ) -> Result<Held, Fault> {
        let turn = async {
            let began = Instant::now();
            let (host, until) = (stream_host(&request.url), began + self.settings.share);
            let share = self.guard.share(request.claim, host.as_deref(), bps, until).await;
            let share = share.map_err(|by| Detail::Crowded {
                by,
                waited_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            })?;
            let turn = Instant::now() + self.settings.turn;
            self.guard.open(key, share, turn).await.map_err(|_| Detail::Ours {
                problem: "another session of ours with this device is still open".to_owned(),
            })
        };
        let held = tokio::select! {
            held = turn => Some(held),
            () = cancel.cancelled() => None,
        };
        start.our_turn(self.clock.now());
        let held = held.ok_or_else(|| cancelled(Stage::Prepare))?;
        held.map_err(|detail| Fault::new(FaultCode::SessionLimit, Stage::Prepare, detail))
    }

    /// Has a visit where sessions are had, and waited for by [`Prober::close`].
    fn spawn_session<T: Send + 'static>(
        &self,
        visit: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        match self.sessions.as_ref().and_then(Sessions::handle) {
            Some(sessions) => self.visits.spawn_on(visit, sessions),
            None => self.spawn(visit),
        }
    }

    /// The same where the caller is: for what keeps a pace of its own, or times an answer.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        visit: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.visits.spawn(visit)
    }

    /// What test calls share, and the clock that they report by.
    pub(crate) fn calling(&self) -> (Arc<Semaphore>, Arc<dyn Clock>) {
        (self.calls.clone(), self.clock.clone())
    }

    /// What keeps word of test calls.
    pub(crate) fn call_log(&self) -> Option<Arc<dyn CallLog>> {
        self.call_log.clone()
    }

    pub(crate) fn shared_settings(&self) -> Arc<Settings> {
        self.settings.clone()
    }

    /// Waits for visits whose callers have gone. No probe may be started afterwards.
    pub async fn close(&self) {
        self.visits.close();
        self.visits.wait().await;
    }

    /// How long a keyframe is waited for: not so long that the result before this one no longer
    /// stands when this one comes.
    fn patience(&self, request: &ProbeRequest, start: &Start) -> Patience {
        let settings = &self.settings;
        let spent = start.queued.unwrap_or_default() + settings.swift_session();
        let left = request.within.map_or(Duration::MAX, |within| within.saturating_sub(spent));
        request.habit.wait_for_keyframe(
            start.at,
            request.decode_every,
            settings.keyframe,
            settings.keyframe_at_most.min(left),
        )
    }

    pub(crate) fn entropy(&self) -> u64 {
        self.chance.random().iter().take(8).fold(0, |n, byte| n << 8 | u64::from(*byte))
    }

    pub(crate) async fn look_at(
        &self,
        keyframe: Keyframe,
        request: &mut ProbeRequest,
        start: &Start,
    ) -> Look {
        let mut seen = Look::default();
        let Some(decoder) = &self.decoder else { return seen };
        let (evidence, taken) = (CodedEvidence::of(&keyframe), start.at + keyframe.arrived);
        match decoder.decode(keyframe).await {
            Ok(picture) => {
                let settings = self.settings.clone();
                let before = request.last_picture.clone();
                let order = std::mem::take(&mut request.picture);
                let want = Want { snapshot: request.snapshot, picture: order };
                let looking = tokio::task::spawn_blocking(move || {
                    let before = before
                        .as_ref()
                        .map(|(taken, signature)| Before { taken: *taken, signature });
                    look(&*picture, evidence, taken, before.as_ref(), &want, &settings)
                });
                match looking.await {
                    Ok(look) => seen = look,
                    Err(error) => tracing::error!(%error, "judging a picture ended abnormally"),
                }
            }
            Err(DecodeFailure::Stream(problem)) => {
                let decoder = Detail::Decoder { problem };
                let cipher = evidence.cipher(0.0, (0, 0));
                let fault = cipher
                    .unwrap_or_else(|| Fault::new(FaultCode::Undecodable, Stage::Decode, decoder));
                seen.faults.push(fault);
            }
            // Never blame the device for our own fault: the picture stays unjudged.
            Err(DecodeFailure::Ours(problem)) => {
                tracing::error!(problem, target = start.target, "failed to decode a keyframe");
            }
        }
        seen
    }
}

/// Whether an address can be opened, and why not. The reason never quotes the address, which may
/// hold a password anywhere.
///
/// # Errors
/// What is wrong with it.
pub fn check_address(url: &str) -> Result<(), String> {
    if Service::of(url).is_some() {
        return Address::parse(url).map(drop).map_err(|problem| problem.to_string());
    }
    if is_sip(url) {
        return zhishou_protocol::sip::Target::parse(url).map(drop).map_err(|e| e.to_string());
    }
    Target::parse(url).map(drop).map_err(|error| error.to_string())
}

/// What the stream is expected to take of its site's uplink, bits per second.
fn expected_bps(request: &ProbeRequest) -> u64 {
    if request.depth == Depth::Reach {
        return 0;
    }
    let assumed = request.claim.uplink.map_or(0, |uplink| uplink.assumed_bps);
    request.habit.bitrate_bps().map_or(assumed, |measured| measured as u64)
}
