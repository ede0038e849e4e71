//! A year of 300 meetings with faults, minute by minute in virtual time, that yields the exact figures.
//!
//! What happens is scripted by the number of a meeting; what the platform makes of it goes through the
//! same agenda, judgement, readiness and record as on the platform, into its store, and out of the report
//! of the year.

use crate::{
    Format, Order, Outcome, Period, PeriodKind, Publisher, head, publish,
    sample::{empty, night},
    to_csv, verify, words, write,
};
use chrono::NaiveDate;
use chrono_tz::Asia::Shanghai;
use std::time::Duration;
use zhishou_domain::{
    AudioFacts, Depth, Detail, DeviceKind, Fault, FaultCode, Lang, LedgerRow, MeetingId,
    MeetingIncidentId, Observation, Stage, Timestamp, VenueId, Verdict, VideoFacts,
    check::{
        AfterRecord, Attendance, Cause, CellResult, CheckDepth, CheckItem, CheckPlan, Draft,
        Evidence, Fallback, Finding, MeetingFigures, MeetingIncident, Outcome as Came, VenueCells,
        agenda, depth_at, judge, lost, readiness, roll_opens,
    },
    meeting::{
        AssuranceGrade, Buffers, Cascade, Convener, LocalSlot, MeetingAct, MeetingPlan,
        MeetingRank, MeetingState, MeetingStep, MeetingVenue, Slot, VenueRole,
    },
    policy::LocalTime,
};
use zhishou_storage::{
    Archived, AuditLine, Booked, BookingWay, ImportMode, MeetingActed, NewMeeting, Store,
    VenueSaved, VenueWords,
};

/// What goes wrong with a meeting.
#[derive(Clone, Copy, PartialEq)]
enum Script {
    /// Nothing.
    Well,
    /// A microphone is silent at T−60 and mended 20 minutes before the begin.
    Mended,
    /// An endpoint is off, and stays so: not ready when it begins.
    Off,
    /// The platform stands still from T−70 to T−40: a point is made up late.
    Stopped,
    /// Nobody signs the roll call in time.
    Unsigned,
    /// It breaks for `n % 5 + 1` minutes while it runs.
    Breaks,
    /// It is cancelled and counts nowhere.
    Cancelled,
}

fn script(number: i64) -> Script {
    match number % 50 {
        3 | 13 => Script::Mended,
        7 => Script::Off,
        11 => Script::Stopped,
        17 => Script::Unsigned,
        23 | 33 => Script::Breaks,
        41 if number == 41 || number == 91 => Script::Cancelled,
        _ => Script::Well,
    }
}

fn minutes(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap() * 60)
}

fn probe(script: Script, venue: i64, before: i64, depth: Depth, at: Timestamp) -> Observation {
    let (mut verdict, mut reached, mut faults) = (Verdict::Online, true, vec![]);
    let fault = |code| Fault::new(code, Stage::Options, Detail::None);
    if venue == 2 && script == Script::Off {
        (verdict, reached) = (Verdict::Offline, false);
        faults.push(fault(FaultCode::ConnectTimeout));
    }
    let is_called = depth != Depth::Reach && reached;
    if venue == 2 && script == Script::Mended && before > 20 && is_called {
        verdict = Verdict::Degraded;
        faults.push(fault(FaultCode::AudioSilent));
    }
    let (audio, video) = (
        AudioFacts { packets: 100, ..AudioFacts::default() },
        VideoFacts { loss_ratio: Some(0.0), jitter_ms: Some(2.0), ..VideoFacts::default() },
    );
    Observation {
        verdict,
        reached,
        faults,
        audio: is_called.then_some(audio),
        video: is_called.then_some(video),
        ..Observation::new(String::new(), DeviceKind::Endpoint, depth, at)
    }
}

fn keep(results: &mut Vec<CellResult>, finding: Finding, at: Timestamp, login: &str) {
    let Finding { item, outcome, evidence } = finding;
    results.retain(|it| it.item != item);
    let login = login.to_owned();
    let (device, picture) = (None, None);
    results.push(CellResult { item, outcome, evidence, device, at, confirmed: at, login, picture });
}

/// One meeting of three venues; what its record says, and the run causes in order.
fn hold(plan: &CheckPlan, number: i64, start: Timestamp) -> (Option<AfterRecord>, Vec<Cause>) {
    let script = script(number);
    let slot = Slot { from: start, to: start + minutes(60) };
    let settled = start - minutes(2000);
    let items: Vec<_> =
        plan.items.iter().copied().filter(|item| !plan.optional.contains(item)).collect();
    let items: Vec<_> = items.into_iter().filter(|item| *item != CheckItem::CallPort).collect();
    let mut venues: Vec<VenueCells> = (1..=3)
        .map(|id| VenueCells {
            venue: VenueId::new(id),
            role: if id == 1 { VenueRole::Main } else { VenueRole::Branch },
            items: items.clone(),
            results: vec![],
            roll_from: roll_opens(start, &[]),
            begun: None,
        })
        .collect();
    if script == Script::Cancelled {
        return (None, vec![]);
    }
    let (mut done, mut missed) = (Vec::new(), Vec::new());
    for before in (0..=90).rev() {
        let now = start - minutes(before);
        if script == Script::Stopped && (40..=70).contains(&before) {
            continue;
        }
        let due = agenda(plan, slot, settled, &done, now);
        missed.extend(due.missed.iter().copied().map(Cause::Point));
        done.extend(due.missed.into_iter().map(|before| (Cause::Point(before), now)));
        if let Some(cause) = due.run {
            done.push((cause, now));
            let depth = depth_at(plan, cause, (MeetingState::Testing, slot.from), now);
            let unwell = readiness(plan, venues.clone(), now);
            for venue in &mut venues {
                let is_well = unwell.rows.iter().any(|row| {
                    row.venue == venue.venue
                        && row
                            .cells
                            .iter()
                            .all(|cell| cell.item.is_human() || cell.outcome >= Came::Warn)
                });
                let depth = match depth {
                    CheckDepth::Full => Depth::Stream,
                    CheckDepth::Failures if !is_well => Depth::Stream,
                    CheckDepth::Failures | CheckDepth::Liveness => Depth::Reach,
                };
                let seen = probe(script, venue.venue.number(), before, depth, now);
                for finding in judge(&seen, depth, &plan.limits) {
                    keep(&mut venue.results, finding, now, "");
                }
            }
        }
        let signs = before == 25 || (before == 5 && script != Script::Unsigned);
        if signs {
            for venue in &mut venues {
                for item in items.iter().filter(|item| item.is_human()) {
                    if *item == CheckItem::RollCall && before == 25 {
                        continue;
                    }
                    let (outcome, evidence) = (Came::Pass, Evidence::None);
                    keep(&mut venue.results, Finding { item: *item, outcome, evidence }, now, "王");
                }
            }
        }
    }
    let on_time = readiness(plan, venues, start).conclusion.may_begin();
    let breaks = number % 5 + 1;
    let incidents: Vec<_> = (script == Script::Breaks)
        .then(|| MeetingIncident {
            id: MeetingIncidentId::new(number),
            venue: VenueId::new(3),
            from: start + minutes(10),
            to: Some(start + minutes(10 + breaks)),
            what: "无音频".into(),
            fallback: Some(Fallback::BackupEndpoint),
            login: "王".into(),
        })
        .into_iter()
        .collect();
    let words: Vec<_> = incidents.iter().map(|it| it.what.clone()).collect();
    let attendance = (1..=3)
        .map(|id| Attendance { venue: id.to_string(), attended: script != Script::Off || id != 2 })
        .collect();
    let draft = Draft {
        held: slot,
        attendance,
        uncalled: 0,
        on_time,
        incidents: &words,
        lost: lost(&incidents, slot),
        watchers: vec!["王".into()],
    };
    let record = AfterRecord::draft(draft, Lang::Zh);
    if script == Script::Stopped {
        assert_eq!(missed, [], "T−60 is made up when we are back at T−39");
        assert!(done.iter().any(|it| it.0 == Cause::Point(60)));
    }
    (Some(record), done.into_iter().map(|it| it.0).collect())
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

async fn venues(store: &Store, at: Timestamp) -> Vec<MeetingVenue> {
    let mut venues = Vec::new();
    for name in ["一楼会议室", "易家街会场", "城关会场"] {
        let words = VenueWords { name: name.into(), in_use: true, ..VenueWords::default() };
        let saved = store.save_venue(None, words, line(at)).await.unwrap();
        let VenueSaved::Now(venue) = saved else { panic!("{saved:?}") };
        venues.push(MeetingVenue { venue, role: VenueRole::Branch });
    }
    venues
}

async fn book(store: &Store, venues: &[MeetingVenue], number: i64, start: Timestamp) -> MeetingId {
    let wall = |at: Timestamp| at.in_zone(Shanghai).naive_local();
    let plan = MeetingPlan {
        title: format!("第 {number} 场"),
        rank: MeetingRank::Second,
        assurance: AssuranceGrade::Third,
        convener: Convener::City,
        organiser: String::new(),
        cascade: Cascade::Mcu,
        zone: Shanghai,
        time: LocalSlot { from: wall(start), to: wall(start + minutes(60)) },
        buffers: Buffers::default(),
        rehearsal: None,
        venues: venues.to_vec(),
        resources: vec![],
        contacts: vec![],
        note: String::new(),
    };
    let new = NewMeeting {
        plan,
        way: BookingWay::Approved,
        displace: vec![],
        at: start - minutes(2000),
        login: "li".into(),
        address: String::new(),
        request_key: None,
    };
    match store.book_meeting(new).await.unwrap() {
        Booked::Now(id, _) => id,
        other => panic!("{other:?}"),
    }
}

async fn act(store: &Store, id: MeetingId, act: MeetingAct, at: Timestamp) {
    let step = MeetingStep { at, login: "li".into(), act, note: "原因".into() };
    let acted = store.act_on_meeting(id, vec![step], String::new(), Vec::new()).await.unwrap();
    assert!(matches!(acted, MeetingActed::Now(_)), "{acted:?}");
}

/// A year of them in a store, with a camera that nothing is known of.
async fn year(store: &Store) {
    let plan = CheckPlan::of_grade(AssuranceGrade::Third);
    let new_year = Timestamp::from_utc(2026, 1, 1, 1, 0, 0).unwrap();
    let camera = LedgerRow {
        street: Some("人民路".into()),
        url: Some("rtsp://10.0.0.2/1".into()),
        ..LedgerRow::new(2, "一号", "东门")
    };
    store.import(vec![camera], new_year, ImportMode::AllOrNothing).await.unwrap();
    let venues = venues(store, new_year).await;
    for number in 0..300i64 {
        let start = new_year + minutes(number * 29 * 60);
        let meeting = book(store, &venues, number, start).await;
        let (record, done) = hold(&plan, number, start);
        let Some(record) = record else {
            act(store, meeting, MeetingAct::Cancel, start - minutes(1000)).await;
            continue;
        };
        assert_eq!(done, [60, 15, 10].map(Cause::Point), "{number}");
        let end = start + minutes(60);
        act(store, meeting, MeetingAct::Start, start).await;
        act(store, meeting, MeetingAct::End, end).await;
        let archived = store.archive_meeting(meeting, record, line(end + minutes(10))).await;
        assert_eq!(archived.unwrap(), Archived::Done);
    }
}

#[tokio::test]
async fn a_year_of_300_meetings_with_faults_yields_the_exact_figures() {
    let folder = tempfile::tempdir().unwrap();
    let store = empty(folder.path()).await;
    year(&store).await;
    let order = |kind, month, day| {
        let day = NaiveDate::from_ymd_opt(2026, month, day).unwrap();
        Order {
            district: "万人区".into(),
            zone: Shanghai,
            period: Period::around(kind, day, LocalTime::default()),
            policy: night().policy,
            calendar: night().calendar,
        }
    };
    let by = Publisher { login: "centre".into(), address: String::new() };
    let now = Timestamp::from_utc(2026, 12, 31, 17, 0, 0).unwrap();
    let yearly = order(PeriodKind::Year, 12, 31);
    let outcome = publish(&store, &yearly, &by, now, |_, _| {}).await.unwrap();
    let Outcome::First(published) = outcome else { panic!("{outcome:?}") };
    let document = &published.document;
    let meetings = document.meetings.clone().unwrap();
    // 300 less 2 cancelled. Of each 50, one is off and one unsigned: 12 not on time. Two of each 50 break:
    // 12 of them, those that end in 3 for 4 minutes.
    let expected = MeetingFigures {
        meetings: 298,
        on_time: 286,
        venue_meetings: 894,
        incidents: 12,
        with_incidents: 12,
        lost_minutes: 48,
    };
    assert_eq!((meetings.period, meetings.year), (expected, expected));
    assert_eq!(meetings.year_before, MeetingFigures::default());
    let by_month: Vec<_> = meetings.months.iter().map(|it| it.figures.meetings).collect();
    assert_eq!(by_month, [26, 22, 26, 23, 26, 25, 26, 25, 25, 26, 25, 23]);

    let sentence = "截止 12 月，累计保障会议 298 场（会场 894 场次），按时就绪 286/298 场 95.97 %；12 场出现故障共 12 起，每百会场·场次 1.34 起，影响 48 分钟。";
    assert!(words::paragraph(document, Lang::Zh).ends_with(sentence));
    let csv = String::from_utf8(to_csv(document, Lang::Zh).unwrap()).unwrap();
    assert!(csv.contains("\n2026年累计,298,894,286,95.97,12,12,1.34,48\n"), "{csv}");
    assert!(head(document, Some(&published.edition), Lang::Zh).contains("2026-Y"));

    // A quarter tells its own and the year so far.
    let quarterly = publish(&store, &order(PeriodKind::Quarter, 3, 1), &by, now, |_, _| {}).await;
    let quarterly = quarterly.unwrap().published().document;
    let told = words::paragraph(&quarterly, Lang::Zh);
    assert!(
        told.contains("本季度保障会议 74 场") && told.contains("截止 3 月，累计保障会议 74 场"),
        "{told}"
    );

    let file = write(document, Some(&published.edition), Format::Json, Lang::Zh).unwrap();
    assert_eq!(verify(&store, &file).await.unwrap(), []);
    let better =
        String::from_utf8(file).unwrap().replace("\"lost_minutes\": 48", "\"lost_minutes\": 4");
    let findings = verify(&store, better.as_bytes()).await.unwrap();
    let words: Vec<_> = findings.iter().flat_map(|it| it.words(Lang::Zh)).collect();
    assert!(words.contains(&"会议保障 影响分钟：4 → 48".to_owned()), "{words:?}");
}
