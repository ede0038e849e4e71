//! 会前检查 in the store: runs and what came of them, signatures, histories, records and their figures.

use crate::{
    meetings::{booked, plan, rooms, third_endpoint, venue},
    support::{Home, at},
};
use zhishou_domain::{
    CheckRunId, FaultCode, MeetingId, Timestamp, VenueId,
    check::{
        AfterRecord, Cause, CheckDepth, CheckItem, CheckPlan, Conclusion, Evidence, Finding,
        NotRun, Outcome, TurnTo, readiness,
    },
    meeting::{AssuranceGrade, DeviceRole, MeetingAct, MeetingStep},
};
use zhishou_storage::{
    Archived, AuditLine, Entered, EvidenceKind, EvidenceRow, MeetingActed, NewCell,
    NewMeetingIncident, NewRun, NewTurn, OnClash, PlanSaved, RunState, Store, TurnActed,
    VenueHistory, VenueSaved,
};

/// When the meeting of these tests begins: 09:00.
const START: i64 = 9 * 3600;

fn line(second: i64) -> AuditLine {
    AuditLine {
        at: at(second),
        login: "wang".into(),
        action: "check",
        subject: String::new(),
        address: String::new(),
    }
}

fn run(meeting: MeetingId, cause: Cause, second: i64) -> NewRun {
    NewRun {
        meeting,
        meeting_from: at(START),
        cause,
        depth: CheckDepth::Full,
        plan_version: 0,
        at: at(second),
        login: String::new(),
    }
}

fn cell(venue: VenueId, item: CheckItem, outcome: Outcome) -> NewCell {
    let evidence = match outcome {
        Outcome::Fail => Evidence::Faults { faults: vec![FaultCode::NoAudio] },
        _ => Evidence::None,
    };
    NewCell { venue, device: None, finding: Finding { item, outcome, evidence }, picture: None }
}

async fn checked(
    store: &Store,
    meeting: MeetingId,
    cells: Vec<NewCell>,
    second: i64,
) -> CheckRunId {
    let run = store.begin_check_run(run(meeting, Cause::Asked, second)).await.unwrap();
    store.keep_check_cells(meeting, run, cells, at(second)).await.unwrap();
    store.end_check_run(run, at(second + 5)).await.unwrap();
    run
}

async fn outcome(store: &Store, meeting: MeetingId, item: CheckItem) -> (Outcome, Timestamp) {
    let cells = store.check_cells(meeting).await.unwrap();
    let cell = cells.iter().find(|it| it.result.item == item).unwrap();
    (cell.result.outcome, cell.result.confirmed)
}

#[tokio::test]
async fn a_point_is_run_once_and_one_that_was_broken_off_is_due_again() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    store.begin_check_run(run(meeting, Cause::Point(60), START - 3600)).await.unwrap();
    assert!(store.begin_check_run(run(meeting, Cause::Point(60), START)).await.is_err());
    assert_eq!(store.interrupt_check_runs(at(START - 3000)).await.unwrap(), 1);
    let again = store.begin_check_run(run(meeting, Cause::Point(60), START - 2900)).await.unwrap();
    store.end_check_run(again, at(START - 2890)).await.unwrap();
    store.miss_check_run(run(meeting, Cause::Point(120), START)).await.unwrap();
    assert!(store.miss_check_run(run(meeting, Cause::Point(120), START)).await.is_err());
    let runs = store.check_runs(meeting).await.unwrap();
    let states: Vec<_> = runs.iter().map(|run| (run.cause, run.state)).collect();
    let point = Cause::Point;
    assert_eq!(
        states,
        [
            (point(60), RunState::Interrupted),
            (point(60), RunState::Done),
            (point(120), RunState::Missed)
        ]
    );
}

#[tokio::test]
async fn watching_confirms_what_is_as_it_was_and_adds_what_differs() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let well = cell(venues[0], CheckItem::Reachable, Outcome::Pass);
    checked(&store, meeting, vec![well.clone()], 100).await;
    let watched = |cell: NewCell, second| store.watch_check_cells(meeting, vec![cell], at(second));
    assert_eq!(watched(well.clone(), 160).await.unwrap(), []);
    assert_eq!(outcome(&store, meeting, CheckItem::Reachable).await, (Outcome::Pass, at(160)));
    assert_eq!(store.check_changes(meeting).await.unwrap(), []);
    let fell = cell(venues[0], CheckItem::Reachable, Outcome::Fail);
    assert_eq!(watched(fell.clone(), 220).await.unwrap(), [fell]);
    assert_eq!(watched(well.clone(), 280).await.unwrap(), [well]);
    let changes = store.check_changes(meeting).await.unwrap();
    let told: Vec<_> = changes.iter().map(|it| (it.result.outcome, it.result.at)).collect();
    assert_eq!(told, [(Outcome::Fail, at(220)), (Outcome::Pass, at(280))]);
}

#[tokio::test]
async fn a_failure_for_another_reason_is_told_and_dated_from_the_first() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let fails = |fault| NewCell {
        finding: Finding {
            item: CheckItem::Reachable,
            outcome: Outcome::Fail,
            evidence: Evidence::Faults { faults: vec![fault] },
        },
        ..cell(venues[0], CheckItem::Reachable, Outcome::Fail)
    };
    let watched = async |cell: &NewCell, second| {
        let changed = store.watch_check_cells(meeting, vec![cell.clone()], at(second)).await;
        changed.unwrap() == [cell.clone()]
    };
    let since = async || {
        let cells = store.check_cells(meeting).await.unwrap();
        let it = &cells[0].result;
        (it.at, store.failing_since(meeting, venues[0], it).await.unwrap())
    };
    let (refused, lost) = (fails(FaultCode::Refused), fails(FaultCode::NotRegistered));
    assert!(watched(&refused, 100).await);
    assert!(!watched(&refused, 160).await, "as it was");
    assert!(watched(&lost, 220).await, "another reason");
    assert_eq!(since().await, (at(220), Some(at(100))));
    let blind = cell(venues[0], CheckItem::Reachable, Outcome::Untested);
    assert!(watched(&blind, 280).await);
    assert!(watched(&lost, 340).await);
    assert_eq!(since().await, (at(340), Some(at(100))), "a look in vain mends nothing");
    assert!(watched(&cell(venues[0], CheckItem::Reachable, Outcome::Pass), 400).await);
    assert_eq!(since().await, (at(400), None));
    assert!(watched(&lost, 460).await);
    assert_eq!(since().await, (at(460), Some(at(460))), "it fell again");
}

#[tokio::test]
async fn a_look_in_vain_does_not_put_out_what_failed_before_it() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let audio = |outcome| vec![cell(venues[0], CheckItem::Audio, outcome)];
    checked(&store, meeting, audio(Outcome::Fail), 100).await;
    checked(&store, meeting, audio(Outcome::Untested), 200).await;
    assert_eq!(outcome(&store, meeting, CheckItem::Audio).await, (Outcome::Fail, at(100)));
    checked(&store, meeting, audio(Outcome::Pass), 300).await;
    assert_eq!(outcome(&store, meeting, CheckItem::Audio).await, (Outcome::Pass, at(300)));
    // What passed is asked for anew by whoever looked in vain.
    checked(&store, meeting, audio(Outcome::Untested), 400).await;
    assert_eq!(outcome(&store, meeting, CheckItem::Audio).await, (Outcome::Untested, at(400)));
}

#[tokio::test]
async fn only_a_person_signs_and_only_what_is_a_persons() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues[..1])).await;
    let sign = |venue, item| {
        let said = (Outcome::Pass, "听得清".to_owned());
        store.sign_check(meeting, venue, item, said, line(50))
    };
    let missing = sign(venues[0], CheckItem::Audio).await.unwrap();
    assert_eq!(missing, Entered::Missing, "no signature makes a probe");
    let missing = sign(venues[1], CheckItem::Sound).await.unwrap();
    assert_eq!(missing, Entered::Missing, "it is not in the meeting");
    assert_eq!(sign(venues[0], CheckItem::Sound).await.unwrap(), Entered::Now(()));
    let cells = store.check_cells(meeting).await.unwrap();
    assert_eq!((cells.len(), cells[0].result.login.as_str()), (1, "wang"));
    assert_eq!(cells[0].result.evidence.render(zhishou_domain::Lang::Zh), "听得清");
    assert_eq!(store.audit_of("sign_check", 9).await.unwrap().len(), 1);
    let mut past = home.look().await;
    let forged = sqlx::query("UPDATE check_results SET login = 'x'").execute(&mut past).await;
    assert!(forged.unwrap_err().to_string().contains("never changed"));
}

#[tokio::test]
async fn nothing_is_entered_about_a_meeting_that_nobody_watches() {
    let home = Home::shanghai();
    let (store, venues, _, devices) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let cancel = MeetingStep {
        at: at(40),
        login: "li".into(),
        act: MeetingAct::Cancel,
        note: "另有安排".into(),
    };
    store.act_on_meeting(meeting, vec![cancel], String::new(), Vec::new()).await.unwrap();
    let said = (Outcome::Pass, String::new());
    let signed = store.sign_check(meeting, venues[0], CheckItem::Sound, said, line(50)).await;
    assert_eq!(signed.unwrap(), Entered::NotOpen);
    let new = NewMeetingIncident { meeting, venue: venues[0], what: "无音频".into() };
    assert_eq!(store.add_meeting_incident(new, line(50)).await.unwrap(), Entered::NotOpen);
    let turn = NewTurn {
        meeting,
        venue: venues[0],
        to: TurnTo::Endpoint(devices[0]),
        what: "无音频".into(),
        note: String::new(),
        told: Vec::new(),
    };
    assert_eq!(store.turn_meeting(turn, line(50)).await.unwrap(), TurnActed::Refused);
    assert_eq!(store.check_cells(meeting).await.unwrap(), []);
    assert_eq!(store.meeting_incidents(meeting).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_signed_of_an_endpoint_lapses_where_another_takes_its_place() {
    let home = Home::shanghai();
    let (store, venues, _, [first, _]) = rooms(&home).await;
    let third = third_endpoint(&store).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let sign = async |item, second| {
        let said = (Outcome::Pass, String::new());
        let signed = store.sign_check(meeting, venues[0], item, said, line(second)).await;
        assert_eq!(signed.unwrap(), Entered::Now(()));
    };
    let known = async || {
        let stored = store.meeting(meeting).await.unwrap().unwrap();
        let (_, plan) = store.check_plan(stored.plan.assurance).await.unwrap();
        let (_, known) = store.venue_cells(&stored, &plan).await.unwrap();
        let of_room = known.iter().find(|it| it.venue == venues[0]).unwrap();
        let mut items: Vec<_> = of_room.results.iter().map(|it| it.item).collect();
        items.sort();
        items
    };
    let stands = async |device, second| {
        let words = venue("一楼会议室", vec![(device, DeviceRole::Primary)]);
        let changed = store.change_venue(Some(venues[0]), words, OnClash::Refuse, line(second));
        assert_eq!(changed.await.unwrap(), VenueSaved::Now(venues[0]));
    };
    sign(CheckItem::JointTest, 50).await;
    sign(CheckItem::Power, 51).await;
    stands(first, 52).await;
    assert_eq!(known().await.len(), 2, "it is the same as before");
    stands(third, 53).await;
    assert_eq!(known().await, [CheckItem::Power]);
    sign(CheckItem::JointTest, 54).await;
    assert_eq!(known().await.len(), 2);
    stands(first, 86_400).await;
    assert_eq!(known().await.len(), 2, "the meeting was over");
}

#[tokio::test]
async fn a_room_that_failed_lately_says_so_before_it_is_booked() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    assert_eq!(store.venue_history(venues[0]).await.unwrap(), VenueHistory::default());
    for (number, outcome) in "fpfpff".chars().zip(0..) {
        let audio = if number == 'f' { Outcome::Fail } else { Outcome::Pass };
        let cells = vec![
            cell(venues[0], CheckItem::Audio, audio),
            cell(venues[0], CheckItem::Reachable, Outcome::Pass),
            cell(venues[0], CheckItem::Call, Outcome::Pass),
        ];
        checked(&store, meeting, cells, 60 * outcome).await;
    }
    let history = async |venue| {
        let it = store.venue_history(venue).await.unwrap();
        (it.failed, it.of)
    };
    assert_eq!(history(venues[0]).await, (3, 5), "the first of six is too long ago");
    assert_eq!(history(venues[1]).await, (0, 0));

    // What could not fail a call says nothing of it: a look for liveness, one cell looked at again, and
    // a check that saw nothing.
    let well = cell(venues[0], CheckItem::Reachable, Outcome::Pass);
    let not_called = |why| {
        let evidence = Evidence::not_run(why);
        let finding = Finding { item: CheckItem::Call, outcome: Outcome::Untested, evidence };
        NewCell { finding, ..well.clone() }
    };
    let liveness =
        NewRun { depth: CheckDepth::Liveness, ..run(meeting, Cause::Point(10), START - 600) };
    let liveness = store.begin_check_run(liveness).await.unwrap();
    store.keep_check_cells(meeting, liveness, vec![well.clone()], at(START - 600)).await.unwrap();
    for cells in [
        vec![well.clone()],
        vec![well.clone(), not_called(NotRun::LivenessOnly)],
        vec![not_called(NotRun::Ours)],
    ] {
        checked(&store, meeting, cells, 900).await;
    }
    assert_eq!(history(venues[0]).await, (3, 5));
    // Nor is the room worse for its cameras or its clock; one that speaks H.323 alone was checked too.
    let beside = [CheckItem::Cameras, CheckItem::Clock, CheckItem::Delay];
    let mut cells: Vec<_> =
        beside.iter().map(|item| cell(venues[0], *item, Outcome::Fail)).collect();
    cells.extend([well.clone(), not_called(NotRun::NoCall)]);
    checked(&store, meeting, cells, 960).await;
    assert_eq!(history(venues[0]).await, (3, 5), "fpff and a good one");
    checked(&store, meeting, vec![cell(venues[0], CheckItem::Call, Outcome::Fail)], 990).await;
    assert_eq!(history(venues[0]).await, (3, 5), "pff, a good one and one that failed");
}

#[tokio::test]
async fn plans_are_versions_and_the_shipped_one_is_none() {
    let home = Home::shanghai();
    let store = home.open().await;
    let grade = AssuranceGrade::Second;
    let (version, mut plan) = store.check_plan(grade).await.unwrap();
    assert_eq!((version, &plan), (0, &CheckPlan::of_grade(grade)));
    plan.liveness_holds_min = 20;
    for version in 1..=2 {
        let saved = store.save_check_plan(grade, &plan, version - 1, line(0)).await.unwrap();
        assert_eq!(saved, PlanSaved::Now(version));
    }
    let late = store.save_check_plan(grade, &plan, 1, line(0)).await.unwrap();
    assert_eq!(late, PlanSaved::NotNewest(2));
    let versions = store.check_plan_versions(grade).await.unwrap();
    let numbers: Vec<_> = versions.iter().map(|it| (it.version, it.saved.is_some())).collect();
    assert_eq!(numbers, [(2, true), (1, true), (0, false)]);
    assert_eq!(store.check_plan(grade).await.unwrap(), (2, plan));
    assert_eq!(store.check_plan(AssuranceGrade::First).await.unwrap().0, 0);
}

#[tokio::test]
async fn readiness_is_noted_where_it_changes_and_read_for_any_moment() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let note = |conclusion, second| store.note_readiness(meeting, (conclusion, 1, 2), at(second));
    note(Conclusion::Unconfirmed, 10).await.unwrap();
    note(Conclusion::Ready, 20).await.unwrap();
    note(Conclusion::Ready, 30).await.unwrap();
    note(Conclusion::NotReady, 40).await.unwrap();
    let at_second = |second| store.last_readiness(meeting, at(second));
    assert_eq!(at_second(5).await.unwrap(), None);
    assert_eq!(at_second(39).await.unwrap(), Some(Conclusion::Ready));
    assert_eq!(at_second(40).await.unwrap(), Some(Conclusion::NotReady));
    let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM meeting_readiness")
        .fetch_one(&mut home.look().await)
        .await
        .unwrap();
    assert_eq!(notes, 3);
    let (plan_version, checks) = store.check_plan(AssuranceGrade::First).await.unwrap();
    let stored = store.meeting(meeting).await.unwrap().unwrap();
    let (rooms, cells) = store.venue_cells(&stored, &checks).await.unwrap();
    assert_eq!((plan_version, rooms.len()), (0, 2));
    assert!(cells.iter().all(|it| !it.items.contains(&CheckItem::Cameras)), "it has none");
    assert_eq!(readiness(&checks, cells, at(0)).ready, 0);
}

#[tokio::test]
async fn a_meeting_that_is_over_is_archived_once_and_makes_the_figures_of_its_month() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let record = AfterRecord { on_time: true, incidents: 1, lost_minutes: 4, ..Default::default() };
    let archive = |second| store.archive_meeting(meeting, record.clone(), line(second));
    assert_eq!(archive(START).await.unwrap(), Archived::NotEnded);
    let new = NewMeetingIncident { meeting, venue: venues[1], what: "无音频".into() };
    let added = store.add_meeting_incident(new, line(START + 600)).await.unwrap();
    let Entered::Now(incident) = added else { panic!("{added:?}") };
    let over = |incident, second| store.end_meeting_incident(meeting, incident, line(second));
    assert_eq!(over(incident, START + 840).await.unwrap(), Entered::Now(()));
    assert_eq!(over(incident, START + 900).await.unwrap(), Entered::Missing, "it is over");
    let lasts = NewMeetingIncident { meeting, venue: venues[0], what: "黑屏".into() };
    let Entered::Now(lasts) = store.add_meeting_incident(lasts, line(START + 900)).await.unwrap()
    else {
        panic!("it is watched")
    };
    let incidents = store.meeting_incidents(meeting).await.unwrap();
    assert_eq!(incidents[0].to, Some(at(START + 840)));
    for (act, second) in [(MeetingAct::Start, START), (MeetingAct::End, START + 7200)] {
        let step = MeetingStep { at: at(second), login: String::new(), act, note: String::new() };
        let acted =
            store.act_on_meeting(meeting, vec![step], String::new(), Vec::new()).await.unwrap();
        assert!(matches!(acted, MeetingActed::Now(_)), "{acted:?}");
    }
    assert_eq!(over(lasts, START + 7250).await.unwrap(), Entered::NotOpen, "the record says so");
    let owed = store.unarchived_meetings(9).await.unwrap();
    assert_eq!((owed.len(), owed[0].id, owed[0].from), (1, meeting, at(START)));
    assert_eq!(archive(START + 7300).await.unwrap(), Archived::Done);
    assert_eq!(store.unarchived_meetings(9).await.unwrap(), []);
    let owed = |known| store.unarchived_count((at(0), at(86_400)), at(known));
    let counts = [owed(START), owed(START + 7200), owed(START + 7300)];
    let [running, over, archived] = counts.map(async |it| it.await.unwrap());
    assert_eq!((running.await, over.await, archived.await), (0, 1, 0), "as it was known then");
    assert_eq!(archive(START + 7400).await.unwrap(), Archived::NotEnded, "once");
    let (kept, login, _) = store.meeting_record(meeting).await.unwrap().unwrap();
    assert_eq!((kept, login.as_str()), (record, "wang"));
    let figures_of = |day: i64, known| {
        store.meeting_figures((at(day * 86_400), at((day + 1) * 86_400)), at(known))
    };
    assert_eq!(figures_of(0, START + 7200).await.unwrap(), [], "it was not archived by then");
    let months = figures_of(0, START + 7300).await.unwrap();
    let figures = months[0].figures;
    assert_eq!((months.len(), months[0].month), (1, (2026, 3)));
    assert_eq!((figures.meetings, figures.on_time, figures.venue_meetings), (1, 1, 2));
    assert_eq!((figures.incidents, figures.lost_minutes), (1, 4));
    assert_eq!(figures_of(1, 3 * 86_400).await.unwrap(), []);
}

#[tokio::test]
async fn a_check_points_to_the_picture_it_went_by_as_long_as_that_is_kept() {
    let home = Home::shanghai();
    let (store, venues, _, devices) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let row = EvidenceRow {
        key: "2026/100-good.jpg".to_owned(),
        device: devices[0],
        kind: EvidenceKind::Good,
        taken_at: at(90),
        bytes: 10,
        sha256: "0".repeat(64),
    };
    assert!(store.adopt_evidence(row.clone()).await.unwrap());
    let seen = |key: &str| NewCell {
        picture: Some(key.to_owned()),
        ..cell(venues[0], CheckItem::Video, Outcome::Pass)
    };
    let shown = async |second| store.check_picture(meeting, venues[0], at(second)).await.unwrap();
    checked(&store, meeting, vec![seen(&row.key)], 100).await;
    // A file that nobody knows of is no evidence, and costs no result.
    checked(&store, meeting, vec![seen("elsewhere.jpg")], 200).await;
    assert_eq!((shown(100).await, shown(200).await), (Some(row.clone()), None));
    assert_eq!(store.check_picture(meeting, venues[1], at(100)).await.unwrap(), None);
    assert_eq!(outcome(&store, meeting, CheckItem::Video).await, (Outcome::Pass, at(200)));
    store.delete_evidence(vec![row.key]).await.unwrap();
    assert_eq!(shown(100).await, None, "its time is over, and the result stands");
    assert!(store.check_cells(meeting).await.unwrap().iter().all(|it| it.result.picture.is_none()));
}
