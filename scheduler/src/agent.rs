//! The loop of one agent: it starts what is due, records what comes back, and stops cleanly.
//!
//! Invariants: a device has at most one probe under way; a result counts only once the store has
//! acknowledged it; a probe task that panics costs its own result and nothing else; on shutdown
//! every open session is closed before the loop ends. What is due is reckoned by a clock that nobody
//! sets, so that a wall clock that jumps neither starts everything at once nor nothing for hours.

use crate::{
    Agenda, Behind, Dialogues, EvidenceFiles, Eyes, Limits, Prober, Taping,
    visit::{Visited, is_short, visit},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::{Id, JoinError, JoinSet},
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Claim, Clock, Depth, DeviceId, DeviceKind, Observation, Plan, PointClass, Timestamp,
    incident::{ObserverEvent, ObserverFault},
    stream_host,
};
use zhishou_storage::{Change, Store, StoreError, Target};

/// How often results that no longer stand are looked for.
const EXPIRY: Duration = Duration::from_secs(15);
/// How often it is noted that we are at work.
const AT_WORK: Duration = Duration::from_secs(60);
/// Who was not at work for so long did not run: results stand about as long.
const STOPPED: Duration = Duration::from_secs(600);
/// Targets read at once.
const PAGE: i64 = 1000;
/// The longest sleep between two looks at the agenda.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Pause before a failed read is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Devices started a second, times what their intervals ask for in the mean: after an outage of ours
/// a fleet is through in a quarter of an interval, and one that fails as a whole is confirmed in
/// rounds as long.
const PACE: f64 = 4.0;
/// The same at least: a small fleet is no herd.
const LEAST_PACE: f64 = 10.0;
/// A parent is probed ahead of its time for the sake of its children so often at most.
const PARENT_AGAIN: Duration = Duration::from_secs(10);
/// How long the end of running probes is waited for on shutdown: BYE is given up after 8 s, over a connection
/// that has to be opened anew 3 s later, and what became of the call is to be written after that.
const FAREWELL: Duration = Duration::from_secs(15);

/// Which plan holds for a device.
pub type PlanOf = Arc<dyn Fn(DeviceKind, Option<PointClass>) -> Plan + Send + Sync>;

/// What a probe of a device shares with others.
pub type ClaimOf = Arc<dyn Fn(&Target) -> Claim + Send + Sync>;

/// What an agent works with.
pub struct Agent {
    /// Its name; observations are numbered per agent.
    pub name: String,
    /// Where results go.
    pub store: Store,
    /// What opens devices.
    pub prober: Arc<dyn Prober>,
    /// Where pictures go.
    pub evidence: Arc<dyn EvidenceFiles>,
    /// Which dialogues are kept.
    pub dialogues: Dialogues,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Which plan holds for a device.
    pub plan_of: PlanOf,
    /// What a probe of a device shares with others.
    pub claim_of: ClaimOf,
    /// How much at once.
    pub limits: Limits,
    /// Whether what does not answer is blamed on the device.
    pub eyes: Eyes,
}

/// Why a device could not be probed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeNowError {
    /// It is not in the ledger, not in use, or has no address.
    #[error("the device is not probed: it is not in use or has no address")]
    NotProbed,
    /// The agent is stopping, or the probe ended without a result.
    #[error("the agent stopped before the probe ended")]
    Stopped,
    /// The probe did not end in the time that its asker has for it.
    #[error("the probe did not end in time")]
    Late,
}

/// A handle to a running agent.
#[derive(Clone, Debug)]
pub struct AgentHandle {
    commands: mpsc::Sender<ProbeNow>,
}

#[derive(Debug)]
struct ProbeNow {
    device: DeviceId,
    waiter: Waiter,
}

/// What is wanted of a probe out of turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Whether its dialogue is kept.
    pub(crate) taping: Taping,
    /// How deep it goes; none: as the plan has it.
    pub(crate) depth: Option<Depth>,
}

impl Wish {
    /// What serves both.
    fn with(self, other: Self) -> Self {
        let is_taped = self.taping == Taping::On || other.taping == Taping::On;
        let taping = if is_taped { Taping::On } else { Taping::Off };
        Self { taping, depth: self.depth.max(other.depth) }
    }

    /// Whether a probe that was made so, and brought this, leaves this open: it was not as deep, or its call
    /// too short to judge it.
    fn is_open_after(self, made: Self, seen: Option<&Observation>) -> bool {
        let untaped = self.taping == Taping::On && made.taping == Taping::Off;
        let call = seen.and_then(|seen| seen.call.as_ref());
        let is_short = call.and_then(|call| call.talked_ms).is_some_and(is_short);
        let is_deeper = self.depth > seen.map(|seen| seen.depth) || is_short;
        untaped || (self.depth > made.depth && is_deeper)
    }
}

/// Somebody who waits for the result of a probe out of turn.
#[derive(Debug)]
struct Waiter {
    wish: Wish,
    reply: oneshot::Sender<Result<Observation, ProbeNowError>>,
}

impl AgentHandle {
    /// Probes a device ahead of its time and waits for the result. One that is being probed
    /// already gives the result of that probe; where its dialogue is wanted and that probe is not
    /// taped, it is probed once more.
    pub async fn probe_now(
        &self,
        device: DeviceId,
        taping: Taping,
    ) -> Result<Observation, ProbeNowError> {
        self.ask(device, Wish { taping, depth: None }).await
    }

    /// Probes a device ahead of its time, no deeper than `depth` (a camera whose media are asked for as
    /// deep as its plan says), and waits for the result. One that is being probed already gives the
    /// result of that probe where that goes as deep.
    pub async fn look_now(
        &self,
        device: DeviceId,
        depth: Depth,
    ) -> Result<Observation, ProbeNowError> {
        self.ask(device, Wish { taping: Taping::Off, depth: Some(depth) }).await
    }

    async fn ask(&self, device: DeviceId, wish: Wish) -> Result<Observation, ProbeNowError> {
        let (reply, result) = oneshot::channel();
        let command = ProbeNow { device, waiter: Waiter { wish, reply } };
        self.commands.send(command).await.map_err(|_| ProbeNowError::Stopped)?;
        result.await.map_err(|_| ProbeNowError::Stopped)?
    }
}

impl Agent {
    /// Runs until `stop` fires, then closes what is open.
    pub fn start(self, stop: CancellationToken) -> (AgentHandle, tokio::task::JoinHandle<()>) {
        let (commands, inbox) = mpsc::channel(256);
        let handle = AgentHandle { commands };
        (handle, tokio::spawn(Loop::new(self).run(inbox, stop)))
    }
}

struct Loop {
    agent: Arc<Agent>,
    began: Instant,
    agenda: Agenda,
    running: JoinSet<Option<Visited>>,
    started: HashMap<Id, (DeviceId, Wish)>,
    waiting: HashMap<DeviceId, Vec<Waiter>>,
    sequence: i64,
    revision: (i64, i64),
    /// When each parent was last asked for by its children.
    asked_for: HashMap<DeviceId, Timestamp>,
    /// What incidents were told of us last; `None` before the first time.
    told: Option<Option<ObserverFault>>,
    /// When it was noted last that we are at work.
    at_work: Option<Timestamp>,
}

impl Loop {
    fn new(agent: Agent) -> Self {
        Self {
            agenda: Agenda::new(agent.limits),
            agent: Arc::new(agent),
            began: Instant::now(),
            running: JoinSet::new(),
            started: HashMap::new(),
            waiting: HashMap::new(),
            sequence: 0,
            revision: (0, 0),
            asked_for: HashMap::new(),
            told: None,
            at_work: None,
        }
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<ProbeNow>, stop: CancellationToken) {
        let mut changes = self.agent.store.subscribe();
        let mut expiry = tokio::time::interval(EXPIRY);
        expiry.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Numbers that were given out before would make new results look like old ones.
        loop {
            match self.agent.store.last_sequence(&self.agent.name).await {
                Ok(last) => break self.sequence = last,
                Err(error) => tracing::error!(%error, "failed to read the last sequence number"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
        self.tell_of_stop().await;
        self.reload().await;
        loop {
            self.start_due(&stop);
            self.tell_how_we_see().await;
            let pause = self.until_due();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                Some(command) = inbox.recv() => self.hasten(command),
                change = changes.recv() => match change {
                    Ok(Change::Ledger) | Err(broadcast::error::RecvError::Lagged(_)) => self.reload().await,
                    Ok(_) | Err(broadcast::error::RecvError::Closed) => {}
                },
                _ = expiry.tick() => {
                    self.expire().await;
                    self.note_at_work().await;
                    self.look_at_ledger().await;
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.farewell().await;
    }

    /// Time of the agenda, which no wall clock moves.
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0) + self.began.elapsed()
    }

    /// Reads the ledger anew: devices come and go, the others keep their time.
    async fn reload(&mut self) {
        let read = async { Ok((self.agent.store.ledger_revision().await?, self.targets().await?)) };
        match read.await {
            Ok((revision, targets)) => {
                self.revision = revision;
                let now = self.now();
                let listed: HashSet<_> = targets.iter().map(|target| target.device).collect();
                self.agenda.retain(|device| listed.contains(&device));
                self.turn_away(&listed);
                let mut asked = 0.0;
                for target in &targets {
                    let plan = (self.agent.plan_of)(target.kind, target.class);
                    asked += plan.interval.as_secs_f64().recip();
                    let due = plan.first_due(target.device, now);
                    self.agenda.enlist(target.device, target.site, behind(target), due);
                }
                self.agenda.set_pace((PACE * asked).max(LEAST_PACE), now);
                tracing::info!(devices = self.agenda.len(), "agenda read from the ledger");
            }
            Err::<_, StoreError>(error) => {
                tracing::error!(%error, "failed to read the ledger; the agenda stays as it is")
            }
        }
    }

    /// Whoever waits for a device that has left the ledger is told so.
    fn turn_away(&mut self, listed: &HashSet<DeviceId>) {
        let left = self.waiting.keys().filter(|device| !listed.contains(device));
        for device in left.copied().collect::<Vec<_>>() {
            for waiter in self.waiting.remove(&device).unwrap_or_default() {
                let _gone = waiter.reply.send(Err(ProbeNowError::NotProbed));
            }
        }
    }

    /// Reads the ledger anew where another process has changed it.
    async fn look_at_ledger(&mut self) {
        match self.agent.store.ledger_revision().await {
            Ok(revision) if revision != self.revision => self.reload().await,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "failed to look at the ledger"),
        }
    }

    async fn targets(&self) -> Result<Vec<Target>, StoreError> {
        let mut targets: Vec<Target> = Vec::new();
        loop {
            let after = targets.last().map(|target| target.device);
            let page = self.agent.store.probe_targets(after, PAGE).await?;
            if page.is_empty() {
                return Ok(targets);
            }
            targets.extend(page);
        }
    }

    fn start_due(&mut self, stop: &CancellationToken) {
        for device in self.agenda.start_due(self.now()) {
            self.sequence += 1;
            let waiting = self.waiting.get(&device).into_iter().flatten();
            let wish = waiting.map(|waiter| waiter.wish).fold(Wish::default(), Wish::with);
            let (agent, sequence, cancel) =
                (Arc::clone(&self.agent), self.sequence, stop.child_token());
            let task = self
                .running
                .spawn(async move { visit(&agent, device, sequence, wish, cancel).await });
            self.started.insert(task.id(), (device, wish));
        }
    }

    fn ended(&mut self, ended: Result<(Id, Option<Visited>), JoinError>) {
        let (id, visited) = match ended {
            Ok((id, visited)) => (id, visited),
            Err(error) => {
                tracing::error!(%error, "a probe task ended badly");
                (error.id(), None)
            }
        };
        let Some((device, made)) = self.started.remove(&id) else { return };
        let rest = visited.as_ref().map_or(LONGEST_SLEEP, |visited| visited.rest);
        self.agenda.finish(device, self.now() + rest);
        if let Some(parent) = visited.as_ref().and_then(|visited| visited.parent) {
            self.ask_for_parent(parent);
        }
        for waiter in self.waiting.remove(&device).unwrap_or_default() {
            let seen = visited.as_ref().map(|visited| &visited.observation);
            if waiter.wish.is_open_after(made, seen) {
                // The probe was under way when this was asked for.
                self.hasten(ProbeNow { device, waiter });
                continue;
            }
            let result = visited.as_ref().map(|visited| visited.observation.clone());
            // Whoever asked may have left.
            let _gone = waiter.reply.send(result.ok_or(ProbeNowError::Stopped));
        }
    }

    /// Makes a parent due, so that it is known to be down before its children are taken to be.
    fn ask_for_parent(&mut self, parent: DeviceId) {
        let now = self.now();
        let is_early = self.asked_for.get(&parent).is_some_and(|at| now < *at + PARENT_AGAIN);
        if !is_early && self.agenda.hasten(parent) {
            self.asked_for.insert(parent, now);
        }
    }

    /// Tells incidents where we see otherwise than they know.
    async fn tell_how_we_see(&mut self) {
        self.agent.eyes.waits(self.agenda.overdue(self.now()));
        let fault = self.agent.eyes.fault();
        if self.told == Some(fault) {
            return;
        }
        let (agent, at) = (self.agent.name.clone(), self.agent.clock.now());
        match self.agent.store.tell_observer(ObserverEvent { agent, at, fault }).await {
            Ok(()) => self.told = Some(fault),
            Err(error) => tracing::error!(%error, "failed to tell how we see"),
        }
    }

    /// Tells incidents that we did not run, where that was long; the next word of how we see ends it.
    async fn tell_of_stop(&self) {
        let (agent, now) = (self.agent.name.clone(), self.agent.clock.now());
        let told = async {
            let Some(at) = self.agent.store.last_at_work(&agent).await? else { return Ok(()) };
            if now.since(at) < STOPPED {
                return Ok(());
            }
            let fault = Some(ObserverFault::Stopped);
            self.agent.store.tell_observer(ObserverEvent { agent, at, fault }).await
        };
        if let Err::<_, StoreError>(error) = told.await {
            tracing::error!(%error, "failed to tell that we did not run");
        }
    }

    async fn note_at_work(&mut self) {
        let now = self.agent.clock.now();
        if self.at_work.is_some_and(|at| now >= at && now.since(at) < AT_WORK) {
            return;
        }
        match self.agent.store.note_at_work(&self.agent.name, now).await {
            Ok(()) => self.at_work = Some(now),
            Err(error) => tracing::error!(%error, "failed to note that we are at work"),
        }
    }

    fn hasten(&mut self, ProbeNow { device, waiter }: ProbeNow) {
        if self.agenda.hasten(device) {
            self.waiting.entry(device).or_default().push(waiter);
        } else {
            let _gone = waiter.reply.send(Err(ProbeNowError::NotProbed));
        }
    }

    async fn expire(&self) {
        if let Err(error) = self.agent.store.expire_standings(self.agent.clock.now()).await {
            tracing::error!(%error, "failed to expire results that no longer stand");
        }
    }

    fn until_due(&self) -> Duration {
        let now = self.now();
        let wait = self.agenda.next_due().map_or(LONGEST_SLEEP, |due| due.since(now));
        wait.min(LONGEST_SLEEP)
    }

    /// The probes under way close their sessions; whoever does not in time is let go.
    async fn farewell(&mut self) {
        let deadline = Instant::now() + FAREWELL;
        while let Ok(Some(ended)) =
            tokio::time::timeout_at(deadline, self.running.join_next_with_id()).await
        {
            self.ended(ended);
        }
    }
}

/// What a device is opened through: by the stream that is asked for first.
fn behind(target: &Target) -> Option<Behind> {
    let url = target.sub_url.as_deref().unwrap_or(&target.url);
    let host = || stream_host(url).map(|host| Behind::Host(host.into()));
    target.parent.map(Behind::Parent).or_else(host)
}
