//! What the platform does for meetings by itself: it checks them when their plan says so, watches them
//! while they run, and begins and ends them.
//!
//! Invariants: one meeting has one run or watch at a time; what was due while we did not run is made up or
//! noted as missed, never passed over; what is asked for while one is under way waits for its turn, also over a
//! restart; nothing here calls an endpoint in the last ten minutes before a
//! meeting or while it runs; a run that we break off is noted as broken off.

mod look;
mod run;
mod tell;
#[cfg(test)]
mod tests;
mod turns;

pub use look::{LookAt, Looking};

use crate::ProbeNowError;
use run::{Errand, run, watch};
use std::{
    collections::{HashMap, HashSet},
    future::Future,
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tell::{UnderWay, tell};
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use turns::Turns;
use zhishou_domain::{
    CheckRunId, Clock, Lang, MeetingId, Timestamp, VenueId,
    check::{
        Cause, Cell, CheckItem, CheckPlan, Conclusion, Outcome, Readiness, Weight, agenda,
        depth_at, readiness,
    },
    meeting::{MeetingAct, MeetingState, MeetingStep},
};
use zhishou_storage::{MeetingFilter, NewRun, Store, StoreError, StoredMeeting, WaitingCheck};

/// How often meetings are looked at.
const TICK: Duration = Duration::from_secs(5);
/// How often a meeting that runs is looked at.
const WATCH: Duration = Duration::from_secs(60);
/// Plans reach no further ahead (`domain::check::CheckPlan::check`).
const AHEAD: Duration = Duration::from_secs(28 * 86_400);
/// So long before a meeting it is noted how ready it is.
const NOTED: Duration = Duration::from_secs(86_400);
/// Meetings looked at in one turn.
const MEETINGS: u32 = 500;
/// Checks that may be asked for and wait.
const ASKED: usize = 64;

/// Whoever opens work orders and tells who is on duty.
pub trait TellFailure: Send + Sync {
    /// A venue of a meeting failed its check, or fell while the meeting runs.
    fn failed(
        &self,
        meeting: MeetingId,
        venue: VenueId,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>>;
}

/// A check that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedCheck {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Of one venue; none: of all.
    pub venue: Option<VenueId>,
    /// Of one item; none: of all.
    pub item: Option<CheckItem>,
    /// Who asks.
    pub login: String,
}

/// A handle to the task that checks meetings.
#[derive(Clone, Debug)]
pub struct MeetingChecks {
    asked: mpsc::Sender<AskedCheck>,
}

impl MeetingChecks {
    /// Asks for a check. What comes of it is in the store.
    pub async fn ask(&self, check: AskedCheck) -> Result<(), ProbeNowError> {
        self.asked.send(check).await.map_err(|_| ProbeNowError::Stopped)
    }
}

/// What checks meetings with.
pub struct MeetingCare {
    /// Where meetings are and results go.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// What opens devices.
    pub eyes: Arc<dyn LookAt>,
    /// Who is told of failures.
    pub told: Arc<dyn TellFailure>,
    /// What fails is looked at once more after this, before it is told.
    pub again: Duration,
    /// Of what is told to whoever is on duty.
    pub lang: Lang,
}

impl MeetingCare {
    /// Runs until `stop` fires. Runs under way are broken off then.
    pub fn start(self, stop: CancellationToken) -> (MeetingChecks, JoinHandle<()>) {
        let (asked, inbox) = mpsc::channel(ASKED);
        (MeetingChecks { asked }, tokio::spawn(Loop::new(self).run(inbox, stop)))
    }
}

struct Loop {
    care: Arc<MeetingCare>,
    tasks: JoinSet<Result<(), StoreError>>,
    /// Which meeting a task is for, and which run it makes; none: a watch.
    busy: HashMap<Id, (MeetingId, Option<CheckRunId>)>,
    /// Runs that ended badly and are to be noted so.
    broken: Vec<CheckRunId>,
    /// When a meeting was last watched.
    watched: HashMap<MeetingId, Instant>,
    /// What was told of a meeting.
    told: HashMap<MeetingId, HashSet<String>>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Went {
    Well,
    Badly,
}

/// A meeting with what is known of it in one turn.
struct Turn {
    meeting: StoredMeeting,
    version: i64,
    plan: CheckPlan,
    now: Timestamp,
}

impl Loop {
    fn new(care: MeetingCare) -> Self {
        let eyes = Arc::new(Turns::new(Arc::clone(&care.eyes)));
        Self {
            care: Arc::new(MeetingCare { eyes, ..care }),
            tasks: JoinSet::new(),
            busy: HashMap::new(),
            broken: Vec::new(),
            watched: HashMap::new(),
            told: HashMap::new(),
        }
    }

    /// Begins a task for a meeting, which makes a run or watches.
    fn mind(
        &mut self,
        meeting: MeetingId,
        run: Option<CheckRunId>,
        task: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) {
        let task = self.tasks.spawn(task);
        self.busy.insert(task.id(), (meeting, run));
    }

    fn ended(&mut self, ended: Result<(Id, Result<(), StoreError>), JoinError>) {
        let (id, went) = match ended {
            Ok((id, Ok(()))) => (id, Went::Well),
            Ok((id, Err(error))) => {
                tracing::error!(%error, "failed to look at a meeting");
                (id, Went::Badly)
            }
            Err(error) => {
                tracing::error!(%error, "a look at a meeting ended badly");
                (error.id(), Went::Badly)
            }
        };
        let run = self.busy.remove(&id).and_then(|(_, run)| run);
        self.broken.extend(run.filter(|_| went == Went::Badly));
    }

    /// Notes the runs that ended badly, so that what they are of is due again.
    async fn note_broken(&mut self) -> Result<(), StoreError> {
        while let Some(run) = self.broken.last() {
            self.care.store.interrupt_check_run(*run, self.care.clock.now()).await?;
            self.broken.pop();
        }
        Ok(())
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<AskedCheck>, stop: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begun = self.care.store.interrupt_check_runs(self.care.clock.now()).await;
        if let Err(error) = begun {
            tracing::error!(%error, "failed to note the checks that were broken off");
        }
        loop {
            let told = tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = self.tasks.join_next_with_id() => {
                    self.ended(ended);
                    self.take_turns().await
                }
                Some(asked) = inbox.recv() => self.asked(asked).await,
                _ = tick.tick() => self.turn().await,
            };
            if let Err(error) = told {
                tracing::error!(%error, "failed to look after meetings; trying again");
            }
        }
        self.tasks.shutdown().await;
        let ended = self.care.store.interrupt_check_runs(self.care.clock.now()).await;
        if let Err(error) = ended {
            tracing::error!(%error, "failed to note the checks that were broken off");
        }
    }

    fn is_busy(&self, meeting: MeetingId) -> bool {
        self.busy.values().any(|(busy, _)| *busy == meeting)
    }

    async fn turn(&mut self) -> Result<(), StoreError> {
        self.note_broken().await?;
        let care = Arc::clone(&self.care);
        let now = care.clock.now();
        let states = MeetingState::ALL.iter().copied().filter(|it| it.is_watched()).collect();
        // One that has ended is looked at until it is said to be over.
        let filter = MeetingFilter {
            from: Some(now - AHEAD),
            to: Some(now + AHEAD),
            states,
            ..MeetingFilter::default()
        };
        let meetings = care.store.meetings(&filter, MEETINGS).await?;
        let listed: HashSet<_> = meetings.iter().map(|meeting| meeting.id).collect();
        self.watched.retain(|id, _| listed.contains(id));
        self.told.retain(|id, _| listed.contains(id));
        self.look_after_each(meetings, now).await;
        self.take_turns().await
    }

    /// What goes wrong with one meeting is logged and keeps no other from being looked after.
    async fn look_after_each(&mut self, meetings: Vec<StoredMeeting>, now: Timestamp) {
        for meeting in meetings {
            let id = meeting.id;
            if let Err(error) = self.look_after(meeting, now).await {
                tracing::error!(meeting = %id, %error, "failed to look after a meeting; trying again");
            }
        }
    }

    /// Begins what was asked for and waits, of each meeting that nothing is under way for.
    async fn take_turns(&mut self) -> Result<(), StoreError> {
        let care = Arc::clone(&self.care);
        for meeting in care.store.meetings_with_waiting_checks().await? {
            while !self.is_busy(meeting)
                && let Some(waiting) = care.store.take_waiting_check(meeting).await?
            {
                if let Err(error) = self.begin_asked(waiting).await {
                    tracing::error!(%meeting, %error, "failed to begin a check that was asked for");
                }
            }
        }
        Ok(())
    }

    async fn look_after(
        &mut self,
        meeting: StoredMeeting,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let care = Arc::clone(&self.care);
        let (version, plan) = care.store.check_plan(meeting.plan.assurance).await?;
        let turn = Turn { meeting, version, plan, now };
        let Turn { meeting, plan, now, .. } = &turn;
        let (id, slot) = (meeting.id, meeting.plan.slot());
        if meeting.state.is_due() && *now >= slot.from - NOTED {
            let it = note(&care, meeting, plan, (*now).min(slot.from)).await?;
            if fell_since_signed(&care, meeting, &it).await? {
                let words = care
                    .lang
                    .pick("就绪判定后有会场未通过", "a venue fell after it was signed off");
                let step = own_step(MeetingAct::Test, *now, words);
                care.store.act_on_meeting(id, vec![step], String::new(), Vec::new()).await?;
            }
        }
        if meeting.state.is_due() {
            let done = care.store.planned_runs(id, slot.from).await?;
            let due = agenda(plan, slot, settled(meeting), &done, *now);
            for before in due.missed {
                let cause = Cause::Point(before);
                let missed = new_run(&turn, cause, String::new());
                care.store.miss_check_run(missed).await?;
            }
            if let Some(cause) = due.run.filter(|_| !self.is_busy(id)) {
                let errand = Errand { venue: None, item: None };
                self.begin(new_run(&turn, cause, String::new()), &turn, errand).await?;
            }
            if *now >= slot.from {
                self.act(id, MeetingAct::Start, *now).await?;
            }
            let under_way = if self.is_busy(id) { UnderWay::Something } else { UnderWay::Nothing };
            tell(&care, &turn, under_way, self.told.entry(id).or_default()).await?;
        } else if *now >= meeting.plan.buffers.around(slot).to {
            self.act(id, MeetingAct::End, *now).await?;
        } else if !self.is_busy(id) && self.watched.get(&id).is_none_or(|at| at.elapsed() >= WATCH)
        {
            self.watched.insert(id, Instant::now());
            self.mind(id, None, watch(care, meeting.clone(), plan.clone()));
        }
        Ok(())
    }

    async fn asked(&mut self, asked: AskedCheck) -> Result<(), StoreError> {
        let AskedCheck { meeting, venue, item, login } = asked;
        let asked = WaitingCheck { meeting, venue, item, login, at: self.care.clock.now() };
        // One look at a time: what is asked for meanwhile may be of what has been looked at already.
        match self.is_busy(meeting) {
            true => self.care.store.queue_check(asked).await,
            false => self.begin_asked(asked).await,
        }
    }

    async fn begin_asked(&mut self, asked: WaitingCheck) -> Result<(), StoreError> {
        let WaitingCheck { meeting, venue, item, login, .. } = asked;
        let care = Arc::clone(&self.care);
        let Some(meeting) = care.store.meeting(meeting).await? else { return Ok(()) };
        if !meeting.state.is_watched() {
            return Ok(());
        }
        let (version, plan) = care.store.check_plan(meeting.plan.assurance).await?;
        let turn = Turn { meeting, version, plan, now: care.clock.now() };
        let run = new_run(&turn, Cause::Asked, login);
        self.begin(run, &turn, Errand { venue, item }).await
    }

    async fn begin(&mut self, new: NewRun, turn: &Turn, errand: Errand) -> Result<(), StoreError> {
        let care = Arc::clone(&self.care);
        let (id, depth) = (new.meeting, new.depth);
        let is_fresh = matches!(
            turn.meeting.state,
            MeetingState::Approved
                | MeetingState::Notified
                | MeetingState::Rescheduled
                | MeetingState::Emergency
        );
        let number = care.store.begin_check_run(new).await?;
        if is_fresh {
            self.act(id, MeetingAct::Test, turn.now).await?;
        }
        let task = run(care, turn.meeting.clone(), turn.plan.clone(), (number, depth), errand);
        self.mind(id, Some(number), task);
        Ok(())
    }

    /// In the name of the platform.
    async fn act(&self, id: MeetingId, act: MeetingAct, at: Timestamp) -> Result<(), StoreError> {
        let step = own_step(act, at, "");
        self.care.store.act_on_meeting(id, vec![step], String::new(), Vec::new()).await.map(|_| ())
    }
}

fn own_step(act: MeetingAct, at: Timestamp, note: &str) -> MeetingStep {
    MeetingStep { at, login: String::new(), act, note: note.to_owned() }
}

fn new_run(turn: &Turn, cause: Cause, login: String) -> NewRun {
    let slot = turn.meeting.plan.slot();
    NewRun {
        meeting: turn.meeting.id,
        meeting_from: slot.from,
        cause,
        depth: depth_at(&turn.plan, cause, (turn.meeting.state, slot.from), turn.now),
        plan_version: turn.version,
        at: turn.now,
        login,
    }
}

/// Since when its times stand.
fn settled(meeting: &StoredMeeting) -> Timestamp {
    let settles = |step: &&MeetingStep| {
        matches!(step.act, MeetingAct::Approve | MeetingAct::Emergency | MeetingAct::Reschedule)
    };
    let last = meeting.steps.iter().rev().find(settles).or(meeting.steps.first());
    last.map_or(Timestamp::from_millis(0), |step| step.at)
}

/// Whether something that is needed fails that did not when the meeting was signed off. What was known then
/// was signed with it.
async fn fell_since_signed(
    care: &MeetingCare,
    meeting: &StoredMeeting,
    it: &Readiness,
) -> Result<bool, StoreError> {
    let is_sign = |step: &&MeetingStep| matches!(step.act, MeetingAct::Ready | MeetingAct::Risk);
    let signed = meeting.steps.iter().rev().find(is_sign).map(|step| step.at);
    let is_signed = matches!(meeting.state, MeetingState::Ready | MeetingState::ReadyWithRisk);
    let Some(signed) = signed.filter(|_| is_signed) else { return Ok(false) };
    for row in it.rows.iter().filter(|row| row.conclusion == Conclusion::NotReady) {
        let fails = |cell: &&Cell| cell.weight == Weight::Required && cell.outcome == Outcome::Fail;
        for last in row.cells.iter().filter(fails).filter_map(|cell| cell.last.as_ref()) {
            let since = care.store.failing_since(meeting.id, row.venue, last).await?;
            if since.is_some_and(|since| since > signed) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Notes how ready a meeting is, where that changed.
async fn note(
    care: &MeetingCare,
    meeting: &StoredMeeting,
    plan: &CheckPlan,
    at: Timestamp,
) -> Result<Readiness, StoreError> {
    let (_, cells) = care.store.venue_cells(meeting, plan).await?;
    let it = readiness(plan, cells, at);
    care.store.note_readiness(meeting.id, (it.conclusion, it.ready, it.rows.len()), at).await?;
    Ok(it)
}
