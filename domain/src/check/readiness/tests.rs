//! What is said of a meeting by what is known of its venues.

use super::*;
use crate::{
    FaultCode,
    meeting::{AssuranceGrade, VenueDevice},
};
use proptest::prelude::*;

const ZONE: Tz = chrono_tz::Asia::Shanghai;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + minute * 60_000)
}

fn plan() -> CheckPlan {
    CheckPlan::of_grade(AssuranceGrade::Third)
}

fn result(item: CheckItem, outcome: Outcome, minute: i64) -> CellResult {
    CellResult {
        item,
        outcome,
        evidence: Evidence::None,
        device: None,
        at: at(minute),
        confirmed: at(minute),
        login: String::new(),
        picture: None,
    }
}

/// A venue without backup and cameras in which all is well since `minute`.
fn venue(id: i64, minute: i64) -> VenueCells {
    use CheckItem as I;
    let skip = [I::CallPort, I::BackupLine, I::Cameras, I::Status];
    let items: Vec<_> = plan().items.into_iter().filter(|it| !skip.contains(it)).collect();
    let results = items.iter().map(|item| result(*item, Outcome::Pass, minute)).collect();
    let role = if id == 1 { VenueRole::Main } else { VenueRole::Branch };
    let (venue, roll_from) = (VenueId::new(id), at(-9999));
    VenueCells { venue, role, items, results, roll_from, begun: None }
}

fn set(known: &mut VenueCells, item: CheckItem, outcome: Outcome, evidence: Evidence) {
    let cell = known.results.iter_mut().find(|it| it.item == item).unwrap();
    (cell.outcome, cell.evidence) = (outcome, evidence);
}

fn said(it: &Readiness, lang: Lang) -> String {
    it.sentence(|id| format!("会场{id}"), ZONE, lang)
}

#[test]
fn all_well_is_said_with_when_it_was_last_confirmed() {
    let it = readiness(&plan(), vec![venue(1, 0), venue(2, 5)], at(10));
    assert_eq!((it.conclusion, it.ready), (Conclusion::Ready, 2));
    assert_eq!(said(&it, Lang::Zh), "可以开始：2/2 会场就绪 · 16:00 复核");
    assert_eq!(it.until, Some(at(30)), "liveness holds 30 minutes");
}

#[test]
fn the_worst_comes_first_and_says_what_to_do() {
    let mut bad = venue(2, 0);
    let faults = vec![FaultCode::NoAudio];
    set(&mut bad, CheckItem::Audio, Outcome::Fail, Evidence::Faults { faults });
    let it = readiness(&plan(), vec![venue(1, 0), bad], at(10));
    assert_eq!((it.conclusion, it.ready, it.until), (Conclusion::NotReady, 1, None));
    assert_eq!(it.rows[0].venue, VenueId::new(2));
    assert_eq!(
        said(&it, Lang::Zh),
        "尚不具备开会条件：会场2 音频 未通过（无音频） → 检查麦克风电源、连线和静音键。"
    );
    assert!(said(&it, Lang::En).starts_with("Not ready: 会场2 audio failed (no audio) → "));
}

#[test]
fn a_pass_that_is_too_old_is_untested_and_a_failure_never_ages_into_one() {
    let it = readiness(&plan(), vec![venue(1, 0)], at(31));
    assert_eq!(it.conclusion, Conclusion::Unconfirmed);
    let first = it.rows[0].first().unwrap();
    assert!(first.item == CheckItem::Reachable && first.is_stale());
    assert_eq!(said(&it, Lang::Zh), "尚待确认：会场1 可达 结果已过时；另有 1 项（0/1 会场就绪）");
    let mut bad = venue(1, 0);
    set(&mut bad, CheckItem::Reachable, Outcome::Fail, Evidence::None);
    assert_eq!(readiness(&plan(), vec![bad], at(9999)).conclusion, Conclusion::NotReady);
}

#[test]
fn what_calls_showed_and_persons_signed_stands_while_the_meeting_lasts() {
    // Two days long, begun at minute 60; the watch sees each venue until its end.
    let end = 60 + 2 * 24 * 60;
    let known = |begun| {
        let mut known = VenueCells { begun, ..venue(1, 0) };
        let liveness = |it: &&mut CellResult| it.item.kind() == ItemKind::Liveness;
        known.results.iter_mut().filter(liveness).for_each(|it| it.confirmed = at(end));
        known
    };
    let of = |begun| readiness(&plan(), vec![known(begun)], at(end)).conclusion;
    assert_eq!(of(Some(at(60))), Conclusion::Ready);
    assert_eq!(of(None), Conclusion::Unconfirmed, "one that has not begun is called anew");
    // What was too old when it began did not grow younger, and liveness ages on.
    assert_eq!(of(Some(at(181))), Conclusion::Unconfirmed);
    let mut lost = known(Some(at(60)));
    lost.results.iter_mut().for_each(|it| it.confirmed = it.confirmed.min(at(end - 31)));
    let it = readiness(&plan(), vec![lost], at(end));
    assert_eq!(it.rows[0].first().unwrap().item, CheckItem::Reachable);
}

#[test]
fn a_roll_that_was_called_for_another_time_counts_for_nothing() {
    let step =
        |act, minute| MeetingStep { at: at(minute), login: "li".into(), act, note: String::new() };
    let steps = [step(MeetingAct::Approve, -3000)];
    assert_eq!(roll_opens(at(60), &steps), at(-120), "three hours before");
    let moved = [steps[0].clone(), step(MeetingAct::Reschedule, 5)];
    assert_eq!(roll_opens(at(60), &moved), at(5));
    let conclusion = |roll_from| {
        let known = VenueCells { roll_from, ..venue(1, 0) };
        let it = readiness(&plan(), vec![known], at(10));
        (it.conclusion, said(&it, Lang::Zh))
    };
    assert_eq!(conclusion(at(0)).0, Conclusion::Ready);
    let (late, words) = conclusion(at(1));
    assert_eq!(late, Conclusion::Unconfirmed);
    assert_eq!(words, "尚待确认：会场1 点名 待人工确认（0/1 会场就绪）");
}

#[test]
fn a_clock_is_asked_only_where_something_can_tell_it() {
    let of = |known| readiness(&plan(), vec![known], at(0)).rows.remove(0).cells;
    let has = |cells: &[Cell]| cells.iter().any(|cell| cell.item == CheckItem::Clock);
    let mut known = venue(1, 0);
    assert!(has(&of(known.clone())), "its endpoint told it");
    known.results.retain(|it| it.item != CheckItem::Clock);
    assert!(!has(&of(known.clone())), "a room without cameras");
    known.items.push(CheckItem::Cameras);
    assert!(has(&of(known)), "not looked at yet");
}

#[test]
fn what_never_ran_says_so() {
    let known = VenueCells { results: vec![], ..venue(1, 0) };
    let it = readiness(&plan(), vec![known], at(0));
    assert_eq!((it.conclusion, it.confirmed), (Conclusion::Unconfirmed, None));
    assert_eq!(said(&it, Lang::Zh), "尚未检查：1 个会场。");
}

#[test]
fn an_optional_item_that_fails_is_a_risk_that_is_told() {
    let mut known = venue(1, 0);
    known.items.push(CheckItem::BackupLine);
    let mut backup = result(CheckItem::BackupLine, Outcome::Fail, 0);
    backup.evidence = Evidence::Faults { faults: vec![FaultCode::Unreachable] };
    known.results.push(backup);
    let it = readiness(&plan(), vec![known], at(1));
    assert_eq!((it.conclusion, it.ready), (Conclusion::Risk, 1));
    assert_eq!(
        said(&it, Lang::Zh),
        "可以开始，有风险：1/1 会场就绪；会场1 备用终端 未通过（网络不可达） · 16:00 复核"
    );
}

#[test]
fn an_endpoint_of_h323_alone_has_its_port_in_place_of_its_registration() {
    let device = |signalling| VenueDevice {
        id: "0194f5a0-0000-7000-8000-000000000001".parse().unwrap(),
        name: String::new(),
        role: DeviceRole::Primary,
        signalling,
    };
    let of = |signalling| {
        let venue = Venue {
            id: VenueId::new(1),
            name: String::new(),
            site: None,
            seats: None,
            contact: String::new(),
            phone: String::new(),
            note: String::new(),
            in_use: true,
            devices: vec![device(signalling)],
        };
        let items = items_of(&plan(), &venue);
        (items.contains(&CheckItem::Registered), items.contains(&CheckItem::CallPort))
    };
    assert_eq!((of(Signalling::Sip), of(Signalling::H323)), ((true, false), (false, true)));
}

/// An endpoint that speaks H.323 alone: no call, until a person signs the joint test.
#[test]
fn what_cannot_be_called_stays_untested_until_a_person_signs_the_joint_test() {
    let mut known = venue(1, 0);
    for cell in known.results.iter_mut().filter(|it| it.item.kind() == ItemKind::Media) {
        (cell.outcome, cell.evidence) = (Outcome::Untested, Evidence::not_run(NotRun::NoCall));
    }
    assert_eq!(readiness(&plan(), vec![known.clone()], at(1)).conclusion, Conclusion::Unconfirmed);
    let mut signed = known.clone();
    let mut joint = result(CheckItem::JointTest, Outcome::Pass, 1);
    joint.login = "王".into();
    signed.results.push(joint);
    let it = readiness(&plan(), vec![signed.clone()], at(2));
    assert_eq!(it.conclusion, Conclusion::Ready);
    let audio = it.rows[0].cells.iter().find(|cell| cell.item == CheckItem::Audio).unwrap();
    assert_eq!((audio.outcome, audio.weight), (Outcome::Untested, Weight::Excused));
    // Whoever tested the room did not see for us whether it still answers.
    let blind = readiness(&plan(), vec![signed.clone()], at(45));
    assert_eq!(blind.conclusion, Conclusion::Unconfirmed);
    assert_eq!(blind.rows[0].first().unwrap().item, CheckItem::Reachable);
    // Where nothing is connected to probing, a person is all there is.
    let mut bare = signed.clone();
    let none = Evidence::not_run(NotRun::NoDevice);
    for item in bare.items.clone().into_iter().filter(|it| it.kind() == ItemKind::Liveness) {
        set(&mut bare, item, Outcome::Untested, none.clone());
    }
    assert_eq!(readiness(&plan(), vec![bare], at(45)).conclusion, Conclusion::Ready);
    // It excuses what was not tested and nothing that failed.
    set(&mut signed, CheckItem::Audio, Outcome::Fail, Evidence::None);
    assert_eq!(readiness(&plan(), vec![signed], at(2)).conclusion, Conclusion::NotReady);
}

fn outcomes() -> impl Strategy<Value = Vec<(usize, usize, i64)>> {
    proptest::collection::vec((0..CheckItem::ALL.len(), 0..4usize, -2000i64..1), 0..40)
}

proptest! {
    /// No meeting is ready while a required item is not known to be well, and nothing but a person
    /// makes a human item pass.
    #[test]
    fn ready_means_every_required_item_is_well_and_fresh(changes in outcomes()) {
        let plan = CheckPlan::of_grade(AssuranceGrade::First);
        let mut known = venue(1, 0);
        known.items.clone_from(&plan.items);
        known.results = known.items.iter().map(|it| result(*it, Outcome::Pass, -1)).collect();
        for (item, outcome, minute) in changes {
            let item = CheckItem::ALL[item];
            known.results.retain(|it| it.item != item);
            known.results.push(result(item, Outcome::ALL[outcome], minute));
        }
        let results = known.results.clone();
        let it = readiness(&plan, vec![known], at(0));
        let joint = results.iter().any(|it| it.item == CheckItem::JointTest
            && it.outcome == Outcome::Pass
            && at(0).since(it.confirmed) <= plan.holds(it.item));
        for item in plan.items.iter().filter(|item| !plan.optional.contains(item)) {
            let last = results.iter().find(|it| it.item == *item);
            let fresh = last.is_some_and(|it| at(0).since(it.confirmed) <= plan.holds(*item));
            let well = fresh && last.is_some_and(|it| it.outcome >= Outcome::Warn);
            let failed = last.is_some_and(|it| it.outcome == Outcome::Fail);
            let excused = joint && item.kind() == ItemKind::Media && !failed;
            prop_assert!(!it.conclusion.may_begin() || well || excused, "{item:?}");
        }
        if let Some(until) = it.until {
            prop_assert!(until >= at(0));
        }
    }
}
