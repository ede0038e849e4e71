//! Meetings looked after by a clock that is set, with devices that answer as told.

mod falls;
mod rooms;
mod tells;

use super::*;
use chrono::{NaiveDate, NaiveDateTime};
use std::sync::{
    Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};
use zhishou_domain::{
    AudioFacts, Depth, Detail, DeviceId, DeviceKind, Fault, FaultCode, IdSource, LedgerRow,
    Observation, Stage, Verdict, VideoFacts,
    alert::{ChannelAccess, ChannelKind, ChannelSettings, MailSecurity, Switch, Topic},
    check::{CheckDepth, Evidence, ItemKind, NotRun, TurnTo},
    duty::Watcher,
    endpoint::Signalling,
    meeting::{
        AssuranceGrade, Buffers, Cascade, Contact, ContactRole, Convener, DeviceRole, LocalSlot,
        MeetingPlan, MeetingRank, MeetingVenue, Venue, VenueDevice, VenueRole,
    },
};
use zhishou_storage::{
    AuditLine, Booked, BookingWay, ChannelSaved, ImportMode, MasterKey, NewChannel, NewMeeting,
    NewTurn, RunState, TurnActed, VenueSaved, VenueWords,
};

/// 2026-03-10T00:00:00 in Shanghai.
const MIDNIGHT: i64 = 1_773_072_000_000;

fn at(hour: i64, minute: i64) -> Timestamp {
    Timestamp::from_millis(MIDNIGHT + (hour * 60 + minute) * 60_000)
}

struct Wall(AtomicI64);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Default)]
struct Counter(AtomicU64);

impl IdSource for Counter {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }
}

/// Devices that answer as told, and how deep each was opened.
struct Devices {
    clock: Arc<Wall>,
    down: Mutex<HashSet<DeviceId>>,
    /// Their microphones are silent.
    mute: Mutex<HashSet<DeviceId>>,
    /// Not to be opened by us.
    barred: Mutex<HashSet<DeviceId>>,
    /// Whoever opens it falls over a mistake of ours.
    cursed: Mutex<HashSet<DeviceId>>,
    opened: Mutex<Vec<(DeviceId, Depth)>>,
}

impl LookAt for Devices {
    fn look(
        &self,
        device: DeviceId,
        depth: Depth,
    ) -> Pin<Box<dyn Future<Output = Result<Observation, ProbeNowError>> + Send + '_>> {
        self.opened.lock().unwrap().push((device, depth));
        let is_cursed = self.cursed.lock().unwrap().contains(&device);
        assert!(!is_cursed, "a mistake of ours");
        if self.barred.lock().unwrap().contains(&device) {
            return Box::pin(std::future::ready(Err(ProbeNowError::NotProbed)));
        }
        let is_down = self.down.lock().unwrap().contains(&device);
        let mut seen =
            Observation::new(String::new(), DeviceKind::Endpoint, depth, self.clock.now());
        if is_down {
            seen.verdict = Verdict::Offline;
            seen.faults.push(Fault::new(FaultCode::ConnectTimeout, Stage::Connect, Detail::None));
        } else {
            (seen.verdict, seen.reached) = (Verdict::Online, true);
            if depth != Depth::Reach {
                if self.mute.lock().unwrap().contains(&device) {
                    let silent = Fault::new(FaultCode::AudioSilent, Stage::Connect, Detail::None);
                    seen.faults.push(silent);
                    seen.verdict = Verdict::Degraded;
                }
                seen.audio = Some(AudioFacts { packets: 50, ..AudioFacts::default() });
                seen.video = Some(VideoFacts { jitter_ms: Some(1.0), ..VideoFacts::default() });
            }
        }
        Box::pin(std::future::ready(Ok(seen)))
    }
}

#[derive(Default)]
struct Told(Mutex<Vec<VenueId>>);

impl TellFailure for Told {
    fn failed(
        &self,
        _: MeetingId,
        venue: VenueId,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        self.0.lock().unwrap().push(venue);
        Box::pin(std::future::ready(Ok(())))
    }
}

struct World {
    _folder: tempfile::TempDir,
    wall: Arc<Wall>,
    store: Store,
    devices: Arc<Devices>,
    told: Arc<Told>,
    care: Loop,
    venues: Vec<VenueId>,
    endpoints: Vec<DeviceId>,
}

fn line(at: Timestamp) -> AuditLine {
    AuditLine {
        at,
        login: "wang".into(),
        action: "save_venue",
        subject: String::new(),
        address: String::new(),
    }
}

impl World {
    /// Two venues with an endpoint each; it is `now`.
    async fn new(now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (zone, chance) = (chrono_tz::Asia::Shanghai, Arc::new(Counter::default()));
        let key = MasterKey::from_bytes([1; 32]);
        let store = Store::open(&folder.path().join("db"), key, zone, chance).await.unwrap();
        let endpoint = |row, name: &str| LedgerRow {
            street: Some("人民路".into()),
            kind: Some(DeviceKind::Endpoint),
            url: Some(format!("sip:room{row}@10.0.0.{row}")),
            ..LedgerRow::new(row, name, "东门")
        };
        let rows = vec![endpoint(2, "终端一"), endpoint(3, "终端二")];
        store.import(rows, now, ImportMode::AllOrNothing).await.unwrap();
        let loose = store.endpoints_without_venue(10).await.unwrap();
        let endpoints: Vec<_> = loose.iter().map(|it| it.0).collect();
        let mut venues = Vec::new();
        for (name, device) in ["一楼会议室", "易家街会场"].into_iter().zip(&endpoints) {
            let words = VenueWords {
                name: name.into(),
                in_use: true,
                devices: vec![(*device, DeviceRole::Primary)],
                ..VenueWords::default()
            };
            let saved = store.save_venue(None, words, line(now)).await.unwrap();
            let VenueSaved::Now(id) = saved else { panic!("{saved:?}") };
            venues.push(id);
        }
        let wall = Arc::new(Wall(AtomicI64::new(now.millis())));
        let devices = Arc::new(Devices {
            clock: wall.clone(),
            down: Mutex::default(),
            mute: Mutex::default(),
            barred: Mutex::default(),
            cursed: Mutex::default(),
            opened: Mutex::default(),
        });
        let told = Arc::new(Told::default());
        let care = Loop::new(MeetingCare {
            store: store.clone(),
            clock: wall.clone(),
            eyes: devices.clone(),
            told: told.clone(),
            again: Duration::ZERO,
            lang: Lang::Zh,
        });
        Self { _folder: folder, wall, store, devices, told, care, venues, endpoints }
    }

    /// A meeting of 保障等级 3 from 09:00 to 10:00.
    async fn book(&self, way: BookingWay) -> MeetingId {
        let wall = |hour| -> NaiveDateTime {
            NaiveDate::from_ymd_opt(2026, 3, 10).unwrap().and_hms_opt(hour, 0, 0).unwrap()
        };
        let plan = MeetingPlan {
            title: "防汛调度会".into(),
            rank: MeetingRank::Second,
            assurance: AssuranceGrade::Third,
            convener: Convener::District,
            organiser: String::new(),
            cascade: Cascade::Own,
            zone: chrono_tz::Asia::Shanghai,
            time: LocalSlot { from: wall(9), to: wall(10) },
            buffers: Buffers { setup_min: 0, teardown_min: 10 },
            rehearsal: None,
            venues: self
                .venues
                .iter()
                .map(|venue| MeetingVenue { venue: *venue, role: VenueRole::Branch })
                .collect(),
            resources: Vec::new(),
            contacts: vec![Contact {
                name: "赵".into(),
                mail: "zhao@x.example".into(),
                role: ContactRole::Chair,
                ..Contact::default()
            }],
            note: String::new(),
        };
        let new = NewMeeting {
            plan,
            way,
            displace: Vec::new(),
            at: self.wall.now(),
            login: "li".into(),
            address: String::new(),
            request_key: None,
        };
        match self.store.book_meeting(new).await.unwrap() {
            Booked::Now(id, _) => id,
            other => panic!("{other:?}"),
        }
    }

    /// One turn at a time of the day, and all that follows from it.
    async fn turn(&mut self, hour: i64, minute: i64) {
        self.wall.0.store(at(hour, minute).millis(), Ordering::Relaxed);
        self.care.turn().await.unwrap();
        self.settle().await;
    }

    async fn settle(&mut self) {
        while let Some(ended) = self.care.tasks.join_next_with_id().await {
            self.care.ended(ended);
            self.care.take_turns().await.unwrap();
        }
    }

    fn opened(&self) -> Vec<Depth> {
        let mut opened = self.devices.opened.lock().unwrap();
        opened.drain(..).map(|(_, depth)| depth).collect()
    }

    async fn runs(&self, meeting: MeetingId) -> Vec<(Cause, CheckDepth, RunState)> {
        let runs = self.store.check_runs(meeting).await.unwrap();
        runs.iter().map(|run| (run.cause, run.depth, run.state)).collect()
    }

    async fn state(&self, meeting: MeetingId) -> MeetingState {
        self.store.meeting(meeting).await.unwrap().unwrap().state
    }
}

const DONE: RunState = RunState::Done;

#[tokio::test]
async fn a_meeting_is_checked_watched_and_ended_and_called_only_before_the_freeze() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    world.turn(7, 59).await;
    assert_eq!((world.opened(), world.runs(meeting).await), (vec![], vec![]));
    world.turn(8, 0).await;
    assert_eq!(world.opened(), [Depth::Picture, Depth::Picture]);
    assert_eq!(world.state(meeting).await, MeetingState::Testing);
    world.turn(8, 1).await;
    assert_eq!(world.opened(), [], "a point is run once");
    world.turn(8, 45).await;
    world.opened();
    world.turn(8, 50).await;
    assert_eq!(world.opened(), [Depth::Reach, Depth::Reach], "nothing is called from T−10 on");
    world.turn(9, 0).await;
    assert_eq!(world.state(meeting).await, MeetingState::Live);
    world.turn(9, 1).await;
    assert_eq!(world.opened(), [Depth::Reach, Depth::Reach], "it is watched");
    let asked = AskedCheck { meeting, venue: None, item: None, login: "wang".into() };
    world.care.asked(asked).await.unwrap();
    world.settle().await;
    assert_eq!(world.opened(), [Depth::Reach, Depth::Reach], "not even where somebody asks");
    world.turn(10, 9).await;
    assert_eq!(world.state(meeting).await, MeetingState::Live);
    // It overruns: it is watched until it ends later.
    let who = ("wang".to_owned(), String::new());
    world.store.extend_meeting(meeting, at(10, 15), at(10, 9), who, Vec::new()).await.unwrap();
    world.turn(10, 24).await;
    assert_eq!(world.state(meeting).await, MeetingState::Live);
    world.turn(10, 25).await;
    assert_eq!(world.state(meeting).await, MeetingState::Ended);
    let point = Cause::Point;
    assert_eq!(
        world.runs(meeting).await,
        [
            (point(60), CheckDepth::Full, DONE),
            (point(15), CheckDepth::Failures, DONE),
            (point(10), CheckDepth::Liveness, DONE),
            (Cause::Asked, CheckDepth::Liveness, DONE),
        ]
    );
    assert_eq!(*world.told.0.lock().unwrap(), []);
    // No person signed what persons sign, so it was never ready.
    let noted = world.store.last_readiness(meeting, at(9, 0)).await.unwrap();
    assert_eq!(noted, Some(Conclusion::Unconfirmed));
}

#[tokio::test]
async fn what_fails_is_looked_at_twice_told_once_a_run_and_called_again_at_the_next_point() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    world.devices.down.lock().unwrap().insert(world.endpoints[1]);
    world.turn(8, 0).await;
    assert_eq!(world.opened().len(), 3, "one of two twice");
    assert_eq!(*world.told.0.lock().unwrap(), [world.venues[1]]);
    let noted = world.store.last_readiness(meeting, at(8, 0)).await.unwrap();
    assert_eq!(noted, Some(Conclusion::NotReady));
    world.devices.down.lock().unwrap().clear();
    world.turn(8, 45).await;
    assert_eq!(world.opened(), [Depth::Picture, Depth::Picture], "what is old is called again too");
    let cells = world.store.check_cells(meeting).await.unwrap();
    assert!(cells.iter().all(|cell| cell.result.outcome != Outcome::Fail));
    world.devices.down.lock().unwrap().insert(world.endpoints[0]);
    world.turn(9, 0).await;
    world.turn(9, 1).await;
    assert_eq!(*world.told.0.lock().unwrap(), [world.venues[1], world.venues[0]], "while it runs");
}

#[tokio::test]
async fn what_was_missed_is_noted_and_what_was_broken_off_is_made_up() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    world.turn(7, 0).await;
    // The platform stands still from before T−60 until T−12, and once more from T−11 on.
    world.turn(8, 48).await;
    let point = Cause::Point;
    let expected =
        [(point(60), CheckDepth::Full, RunState::Missed), (point(15), CheckDepth::Failures, DONE)];
    assert_eq!(world.runs(meeting).await, expected);
    world.turn(9, 5).await;
    assert_eq!(world.runs(meeting).await[2], (point(10), CheckDepth::Liveness, RunState::Missed));
    assert_eq!(world.state(meeting).await, MeetingState::Live);
}

#[tokio::test]
async fn a_point_is_run_once_however_often_persons_ask() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    world.turn(8, 0).await;
    let stored = world.store.meeting(meeting).await.unwrap().unwrap();
    let (version, plan) = world.store.check_plan(stored.plan.assurance).await.unwrap();
    let turn = Turn { meeting: stored, version, plan, now: at(8, 1) };
    for _ in 0..201 {
        let asked = new_run(&turn, Cause::Asked, "wang".into());
        let run = world.store.begin_check_run(asked).await.unwrap();
        world.store.end_check_run(run, at(8, 1)).await.unwrap();
    }
    world.opened();
    world.turn(8, 2).await;
    assert_eq!(world.opened(), [], "it was run at its time");
    world.turn(8, 45).await;
    let last = *world.runs(meeting).await.last().unwrap();
    assert_eq!(last, (Cause::Point(15), CheckDepth::Failures, DONE));
    world.turn(9, 0).await;
    assert_eq!(world.state(meeting).await, MeetingState::Live);
}

#[tokio::test]
async fn what_goes_wrong_with_one_meeting_keeps_no_other_from_being_checked() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    let real = world.store.meeting(meeting).await.unwrap().unwrap();
    let ghost = StoredMeeting { id: MeetingId::new(999), ..real.clone() };
    world.care.look_after_each(vec![ghost, real], at(8, 0)).await;
    world.settle().await;
    assert_eq!(world.runs(meeting).await, [(Cause::Point(60), CheckDepth::Full, DONE)]);
}

#[tokio::test]
async fn a_meeting_that_was_begun_early_is_called_no_more_and_keeps_what_calls_showed() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    world.turn(8, 0).await;
    let start = MeetingStep {
        at: at(8, 10),
        login: "wang".into(),
        act: MeetingAct::Start,
        note: String::new(),
    };
    world.store.act_on_meeting(meeting, vec![start], String::new(), Vec::new()).await.unwrap();
    world.turn(8, 12).await;
    world.opened();
    let asked = AskedCheck { meeting, venue: None, item: None, login: "wang".into() };
    world.care.asked(asked).await.unwrap();
    world.settle().await;
    assert_eq!(world.opened(), [Depth::Reach, Depth::Reach]);
    let cells = world.store.check_cells(meeting).await.unwrap();
    let call = cells.iter().find(|it| it.result.item == CheckItem::Call).unwrap();
    assert_eq!(call.result.outcome, Outcome::Pass);
}

#[tokio::test]
async fn a_meeting_booked_for_now_is_checked_at_once() {
    let mut world = World::new(at(8, 40)).await;
    let meeting = world.book(BookingWay::Emergency).await;
    world.turn(8, 40).await;
    assert_eq!(world.runs(meeting).await, [(Cause::Booked, CheckDepth::Full, DONE)]);
    assert_eq!(world.opened(), [Depth::Picture, Depth::Picture]);
    world.turn(8, 46).await;
    assert_eq!(world.runs(meeting).await.len(), 2, "and goes on with what is still ahead");
}

#[tokio::test]
async fn a_draft_is_left_alone_and_one_item_is_looked_at_alone() {
    let mut world = World::new(at(6, 0)).await;
    let draft = world.book(BookingWay::Draft).await;
    world.turn(8, 0).await;
    assert_eq!(world.runs(draft).await, []);
    let meeting = world.book(BookingWay::Emergency).await;
    let ask = |item| AskedCheck {
        meeting,
        venue: Some(world.venues[0]),
        item: Some(item),
        login: "wang".into(),
    };
    let (call, backup) = (ask(CheckItem::Audio), ask(CheckItem::BackupLine));
    world.care.asked(call).await.unwrap();
    world.settle().await;
    assert_eq!(world.opened(), [Depth::Picture]);
    world.care.asked(backup).await.unwrap();
    world.settle().await;
    assert_eq!(world.opened(), [], "it has no backup");
}

#[tokio::test]
async fn a_venue_without_an_endpoint_is_untested_and_never_passes() {
    let mut world = World::new(at(6, 0)).await;
    let words = VenueWords { name: "旧会场".into(), in_use: true, ..VenueWords::default() };
    let bare = world.store.save_venue(None, words, line(at(6, 0))).await.unwrap();
    let VenueSaved::Now(bare) = bare else { panic!("{bare:?}") };
    world.venues = vec![bare];
    let meeting = world.book(BookingWay::Approved).await;
    world.turn(8, 0).await;
    let cells = world.store.check_cells(meeting).await.unwrap();
    assert_eq!(cells.len(), 8, "reachable, registered and six of a call");
    let why = Evidence::not_run(NotRun::NoDevice);
    assert!(cells.iter().all(|it| it.result.outcome == Outcome::Untested));
    assert!(cells.iter().all(|it| it.result.evidence == why));
    assert_eq!(*world.told.0.lock().unwrap(), [], "nobody is sent to mend what nobody saw");
}

#[tokio::test]
async fn what_is_booked_in_the_freeze_is_not_called_and_its_media_say_why() {
    let mut world = World::new(at(8, 52)).await;
    let meeting = world.book(BookingWay::Emergency).await;
    world.turn(8, 52).await;
    assert_eq!(world.opened(), [Depth::Reach, Depth::Reach]);
    let cells = world.store.check_cells(meeting).await.unwrap();
    let media = cells.iter().filter(|it| it.result.item.kind() == ItemKind::Media);
    let why = Evidence::not_run(NotRun::LivenessOnly);
    assert_eq!(media.clone().count(), 12);
    for cell in media {
        assert_eq!((cell.result.outcome, &cell.result.evidence), (Outcome::Untested, &why));
    }
    assert_eq!(*world.told.0.lock().unwrap(), []);
}

#[tokio::test]
async fn what_is_asked_for_while_a_check_is_under_way_waits_once_and_is_made_also_after_a_restart()
{
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    let ask = |venue: Option<usize>, item| AskedCheck {
        meeting,
        venue: venue.map(|venue| world.venues[venue]),
        item,
        login: "wang".into(),
    };
    let audio = Some(CheckItem::Audio);
    let asked = [ask(None, None), ask(Some(0), audio), ask(Some(0), audio), ask(None, None)];
    let covered = ask(Some(1), audio);
    for asked in asked.into_iter().chain([covered]) {
        world.care.asked(asked).await.unwrap();
    }
    // The first is under way; a cell and a whole meeting wait, and the whole has the last within it.
    let waiting = world.store.waiting_checks(meeting).await.unwrap();
    let waiting: Vec<_> = waiting.into_iter().map(|it| (it.venue, it.item)).collect();
    assert_eq!(waiting, [(Some(world.venues[0]), audio), (None, None)]);
    // The platform stops and starts again.
    world.care.tasks.shutdown().await;
    world.care.busy.clear();
    world.opened();
    world.store.interrupt_check_runs(at(6, 1)).await.unwrap();
    world.turn(6, 2).await;
    assert_eq!(world.opened(), [Depth::Picture; 3], "one cell, then two venues");
    assert_eq!(world.store.waiting_checks(meeting).await.unwrap(), []);
    let runs = world.runs(meeting).await;
    let states: Vec<_> = runs.iter().map(|(_, _, state)| *state).collect();
    assert_eq!(states[1..], [DONE, DONE], "after the one that was under way");
}

#[tokio::test]
async fn what_waits_for_a_meeting_that_is_cancelled_is_dropped() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    let ask = || AskedCheck { meeting, venue: None, item: None, login: "wang".into() };
    world.care.asked(ask()).await.unwrap();
    world.care.asked(ask()).await.unwrap();
    let step = MeetingStep {
        at: at(6, 1),
        login: "li".into(),
        act: MeetingAct::Cancel,
        note: "改期".into(),
    };
    world.store.act_on_meeting(meeting, vec![step], String::new(), Vec::new()).await.unwrap();
    world.settle().await;
    assert_eq!(world.runs(meeting).await.len(), 1);
    assert_eq!(world.store.waiting_checks(meeting).await.unwrap(), []);
}
