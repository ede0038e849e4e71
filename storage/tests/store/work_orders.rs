//! Work orders: proven by probes, theirs alone for a maintainer, and never rewritten.

use crate::support::{Home, at, camera, import, record, record_all};
use std::time::Duration;
use zhishou_domain::{
    Depth, DeviceId, DeviceKind, Exclusion, ExclusionAct, ExclusionReason, ExclusionStep,
    FaultCode, IncidentId, LedgerRow, LifeState, MaintainerId, Verdict, WorkOrderId,
    incident::GroupRule,
    work_order::{
        RepairCalendar, RepairRules, StopReason, WorkAct, WorkCategory, WorkRefusal, WorkState,
        WorkStep,
    },
};
use zhishou_storage::{
    ExclusionScope, IncidentFilter, IncidentState, Lateness, NewWorkOrder, Store, WorkActed,
    WorkFilter, WorkOpened, WorkScope,
};

const PROOF: Duration = Duration::from_secs(600);

async fn judge(store: &Store, second: i64) {
    let mut board = store.incident_board(GroupRule::default(), at(second)).await.unwrap();
    let heard = store.incident_events(500).await.unwrap();
    let change = board.step(heard.events, at(second));
    store.keep_incidents(change, heard.through).await.unwrap();
}

/// A camera of 甲 that is down; 乙 keeps another.
async fn down(home: &Home) -> (Store, DeviceId, IncidentId, [MaintainerId; 2]) {
    let store = home.open().await;
    let kept = |row, name, by: &str| LedgerRow { maintainer: Some(by.into()), ..camera(row, name) };
    import(&store, vec![kept(2, "一号", "甲"), kept(3, "二号", "乙")], at(-600)).await;
    let targets = store.probe_targets(None, 10).await.unwrap();
    let device = targets.iter().find(|it| it.url.contains("10.0.0.2/")).unwrap().device;
    fall(&store, device, 1, 0).await;
    let found = store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
    let choices = store.choices().await.unwrap();
    let of = |name: &str| choices.maintainers.iter().find(|(_, it)| it == name).unwrap().0;
    (store, device, found[0].id, [of("甲"), of("乙")])
}

async fn fall(store: &Store, device: DeviceId, sequence: i64, second: i64) {
    let results = [
        (second, Verdict::Online),
        (second + 60, Verdict::Offline),
        (second + 70, Verdict::Offline),
        (second + 80, Verdict::Offline),
    ];
    record_all(store, device, sequence, &results).await;
    judge(store, second + 90).await;
}

fn order(incident: Option<IncidentId>, maintainer: Option<MaintainerId>) -> NewWorkOrder {
    NewWorkOrder {
        incident,
        category: WorkCategory::Video,
        title: "一号 离线".into(),
        place: "东门".into(),
        caller: String::new(),
        unit: String::new(),
        phone: String::new(),
        maintainer,
        limit: Duration::from_secs(3600),
        calendar: RepairCalendar::Always,
        hours: RepairRules::default().calendar,
        at: at(100),
        login: "centre".into(),
        note: String::new(),
        address: "10.1.1.1".into(),
    }
}

fn step(second: i64, act: WorkAct) -> WorkStep {
    WorkStep {
        at: at(second),
        login: "centre".into(),
        act,
        reason: (act == WorkAct::Stop).then_some(StopReason::PowerCut),
        maintainer: None,
        note: "说明".into(),
    }
}

#[tokio::test]
async fn a_repair_is_proven_by_probes_and_a_relapse_reopens_it() {
    let home = Home::shanghai();
    let (store, device, incident, [maintainer, _]) = down(&home).await;
    let opened = store.open_work_order(order(Some(incident), Some(maintainer))).await.unwrap();
    let WorkOpened::New(id) = opened else { panic!("{opened:?}") };
    let again = store.open_work_order(order(Some(incident), None)).await.unwrap();
    assert_eq!(again, WorkOpened::Already(id), "an incident has one order");
    let row = store.incident(incident).await.unwrap().unwrap();
    assert_eq!(row.state, IncidentState::Dispatched);
    assert_eq!(store.incidents_without_order(at(1000), &[], 10).await.unwrap(), []);

    let finish = store
        .act_on_work_order(id, WorkScope::All, step(110, WorkAct::Finish), String::new())
        .await;
    assert_eq!(finish.unwrap(), WorkActed::Refused(WorkRefusal::Unproven));
    assert_eq!(store.prove_work_orders(PROOF, at(200)).await.unwrap(), 0);
    record_all(&store, device, 5, &[(300, Verdict::Online)]).await;
    judge(&store, 301).await;
    assert_eq!(store.prove_work_orders(PROOF, at(302)).await.unwrap(), 1);
    fall(&store, device, 6, 400).await;
    assert_eq!(store.prove_work_orders(PROOF, at(500)).await.unwrap(), 1);
    let state = async || {
        let stored = store.work_order(id, WorkScope::All).await.unwrap().unwrap();
        (stored.order.state(), stored.order.done())
    };
    assert_eq!(state().await, (WorkState::Working, None), "it fell again before it was proven");
    record_all(&store, device, 10, &[(700, Verdict::Online)]).await;
    judge(&store, 701).await;
    store.prove_work_orders(PROOF, at(702)).await.unwrap();
    record_all(&store, device, 11, &[(1299, Verdict::Online)]).await;
    assert_eq!(store.prove_work_orders(PROOF, at(1300)).await.unwrap(), 0, "not long enough");
    record_all(&store, device, 12, &[(1300, Verdict::Online)]).await;
    assert_eq!(store.prove_work_orders(PROOF, at(1300)).await.unwrap(), 1);
    assert_eq!(state().await, (WorkState::Done, Some(at(700))));
    let over = WorkFilter { open: Some(false), ..WorkFilter::default() };
    assert_eq!(store.work_orders(over, WorkScope::All, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_order_keeps_the_working_hours_it_was_opened_under() {
    let home = Home::shanghai();
    let store = home.open().await;
    let mut hours = RepairRules::default().calendar;
    hours.holidays = [at(0).local_day(hours.zone)].into();
    let working = RepairCalendar::Working;
    let new = NewWorkOrder { calendar: working, hours: hours.clone(), ..order(None, None) };
    for (new, kept) in [(new, Some(hours)), (order(None, None), None)] {
        let opened = store.open_work_order(new).await.unwrap();
        let WorkOpened::New(id) = opened else { panic!("{opened:?}") };
        let stored = store.work_order(id, WorkScope::All).await.unwrap().unwrap();
        assert_eq!(stored.order.hours, kept);
    }
}

/// An order that waits for its proof since `at(300)`.
async fn proving(home: &Home) -> (Store, DeviceId, WorkOrderId) {
    let (store, device, incident, _) = down(home).await;
    let opened = store.open_work_order(order(Some(incident), None)).await.unwrap();
    let WorkOpened::New(id) = opened else { panic!("{opened:?}") };
    record_all(&store, device, 5, &[(300, Verdict::Online)]).await;
    judge(&store, 301).await;
    assert_eq!(store.prove_work_orders(PROOF, at(302)).await.unwrap(), 1);
    (store, device, id)
}

async fn state(store: &Store, id: WorkOrderId) -> WorkState {
    store.work_order(id, WorkScope::All).await.unwrap().unwrap().order.state()
}

#[tokio::test]
async fn silence_doubt_and_an_answer_without_media_prove_nothing() {
    let home = Home::shanghai();
    let (store, device, id) = proving(&home).await;
    assert_eq!(store.prove_work_orders(PROOF, at(1000)).await.unwrap(), 0, "nobody looked");
    let mut reach = record(device, 6, at(1000), Verdict::Online);
    reach.observation.depth = Depth::Reach;
    store.record(reach).await.unwrap();
    assert_eq!(store.prove_work_orders(PROOF, at(1010)).await.unwrap(), 0, "nobody saw media");
    record_all(&store, device, 7, &[(1020, Verdict::Online), (1030, Verdict::Offline)]).await;
    assert_eq!(store.prove_work_orders(PROOF, at(1031)).await.unwrap(), 0, "it may be down");
    record_all(&store, device, 9, &[(1040, Verdict::Online)]).await;
    assert_eq!(store.prove_work_orders(PROOF, at(1041)).await.unwrap(), 1);
    assert_eq!(state(&store, id).await, WorkState::Done);
}

#[tokio::test]
async fn an_endpoint_that_nobody_may_call_is_repaired_when_it_answers() {
    let home = Home::shanghai();
    let store = home.open().await;
    let room = LedgerRow {
        kind: Some(DeviceKind::Endpoint),
        url: Some("sip:room@10.0.0.7".into()),
        ..camera(2, "会议室")
    };
    import(&store, vec![room], at(-600)).await;
    let device = store.probe_targets(None, 1).await.unwrap()[0].device;
    let asked = async |sequence, second, verdict| {
        let mut seen = record(device, sequence, at(second), verdict);
        (seen.observation.kind, seen.observation.depth) = (DeviceKind::Endpoint, Depth::Reach);
        store.record(seen).await.unwrap();
        judge(&store, second).await;
    };
    for (sequence, second) in (1..).zip([0, 10, 20]) {
        asked(sequence, second, Verdict::Offline).await;
    }
    let found = store.incidents(&IncidentFilter::default(), None, 9).await.unwrap();
    let opened = store.open_work_order(order(Some(found[0].id), None)).await.unwrap();
    let WorkOpened::New(id) = opened else { panic!("{opened:?}") };
    asked(4, 300, Verdict::Online).await;
    assert_eq!(store.incident(found[0].id).await.unwrap().unwrap().closed, Some(at(300)));
    store.prove_work_orders(PROOF, at(301)).await.unwrap();
    assert_eq!(state(&store, id).await, WorkState::Proving);
    asked(5, 900, Verdict::Online).await;
    assert_eq!(store.prove_work_orders(PROOF, at(901)).await.unwrap(), 1);
    assert_eq!(state(&store, id).await, WorkState::Done);
}

#[tokio::test]
async fn a_device_in_a_newer_incident_is_a_relapse_of_the_order_of_the_older() {
    let home = Home::shanghai();
    let (store, device, id) = proving(&home).await;
    // Long after its end by the rule of groups, and before it was proven.
    fall(&store, device, 6, 1400).await;
    let all = store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
    assert_eq!(all.len(), 2, "it is an incident of its own");
    assert_eq!(store.prove_work_orders(PROOF * 3, at(2200)).await.unwrap(), 1);
    assert_eq!(state(&store, id).await, WorkState::Working);
    assert_eq!(store.prove_work_orders(PROOF * 3, at(2201)).await.unwrap(), 0, "still down");
    record_all(&store, device, 10, &[(2300, Verdict::Online)]).await;
    judge(&store, 2301).await;
    assert_eq!(store.prove_work_orders(PROOF * 3, at(2302)).await.unwrap(), 1);
    record_all(&store, device, 11, &[(4100, Verdict::Online)]).await;
    assert_eq!(store.prove_work_orders(PROOF * 3, at(4100)).await.unwrap(), 1);
    let stored = store.work_order(id, WorkScope::All).await.unwrap().unwrap();
    assert_eq!((stored.order.state(), stored.order.done()), (WorkState::Done, Some(at(2300))));
}

#[tokio::test]
async fn what_is_taken_out_of_use_ends_an_order_without_proof_and_counts_nowhere() {
    let home = Home::shanghai();
    let (store, _, incident, _) = down(&home).await;
    let opened = store.open_work_order(order(Some(incident), None)).await.unwrap();
    let WorkOpened::New(id) = opened else { panic!("{opened:?}") };
    let gone = LedgerRow { life: Some(LifeState::Removed), ..camera(2, "一号") };
    import(&store, vec![gone], at(200)).await;
    judge(&store, 201).await;
    assert!(store.incident(incident).await.unwrap().unwrap().closed.is_some());
    assert_eq!(store.prove_work_orders(PROOF, at(5000)).await.unwrap(), 1);
    assert_eq!(state(&store, id).await, WorkState::Cancelled);
    let calendar = RepairRules::default().calendar;
    let total = store.repair_statement((at(0), at(9000)), &calendar).await.unwrap().total;
    assert_eq!((total.accepted, total.done, total.judged), (0, 0, 0));
}

#[tokio::test]
async fn a_maintainer_sees_and_changes_only_its_own_and_steps_are_never_rewritten() {
    let home = Home::shanghai();
    let (store, _, incident, [own, other]) = down(&home).await;
    let opened = store.open_work_order(order(Some(incident), Some(own))).await.unwrap();
    let WorkOpened::New(id) = opened else { panic!("{opened:?}") };
    let WorkOpened::New(reported) = store.open_work_order(order(None, None)).await.unwrap() else {
        panic!("a report needs no incident")
    };
    let (own, other) = (WorkScope::Of(own), WorkScope::Of(other));
    let seen = async |scope| {
        let all = store.work_orders(WorkFilter::default(), scope, None, 10).await.unwrap();
        all.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(seen(WorkScope::All).await, [reported, id]);
    assert_eq!((seen(own).await, seen(other).await), (vec![id], vec![]));
    assert_eq!(store.work_order(id, other).await.unwrap(), None);
    assert_eq!(store.work_order_of(incident, other).await.unwrap(), None);
    let note = |scope| store.act_on_work_order(id, scope, step(120, WorkAct::Note), String::new());
    assert_eq!(note(other).await.unwrap(), WorkActed::Missing);
    assert_eq!(note(own).await.unwrap(), WorkActed::Now(WorkState::Working));
    let stop = step(130, WorkAct::Stop);
    let stopped = store.act_on_work_order(reported, WorkScope::All, stop, String::new()).await;
    assert_eq!(stopped.unwrap(), WorkActed::Now(WorkState::Stopped));

    // The log has every act that was done, and none that was refused.
    for (action, lines) in [("open_work_order", 2), ("note_work_order", 1), ("stop_work_order", 1)]
    {
        let logged = store.audit_of(action, 10).await.unwrap();
        assert_eq!(logged.len(), lines, "{action}: {logged:?}");
    }

    let mut connection = home.look().await;
    for sql in ["UPDATE work_order_steps SET note = ''", "DELETE FROM work_order_steps"] {
        let refused = sqlx::query(sql).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("never"), "{refused}");
    }
}

#[tokio::test]
async fn an_approved_exclusion_of_all_that_is_down_stops_the_clock_where_its_reason_says_so() {
    let home = Home::shanghai();
    let (store, device, incident, [own, other]) = down(&home).await;
    let opened = store.open_work_order(order(Some(incident), Some(own))).await.unwrap();
    let WorkOpened::New(id) = opened else { panic!("{opened:?}") };
    let site = store.site_names().await.unwrap()[0].id;
    let file = async |scope, only, reason, (from, to): (i64, i64)| {
        let filed = exclusion_step(ExclusionAct::File, "maintainer");
        let exclusion = Exclusion { from: at(from), to: at(to), reason, steps: vec![filed] };
        let id = store.file_exclusion(scope, only, "12 号".into(), exclusion, String::new()).await;
        id.unwrap().unwrap()
    };
    let approve = async |id| {
        let step = exclusion_step(ExclusionAct::Approve, "centre");
        store.act_on_exclusion(id, step, String::new()).await.unwrap();
    };
    let excused = async || {
        let stored = store.work_order(id, WorkScope::All).await.unwrap().unwrap();
        stored.order.excuses.iter().map(|it| (it.exclusion, it.from, it.to)).collect::<Vec<_>>()
    };
    use ExclusionReason::{Maintenance, PowerCut};
    let of_site = ExclusionScope::Site(site);
    let cut = file(of_site, None, PowerCut, (120, 600)).await;
    assert_eq!(excused().await, [], "nobody has approved it");
    for (only, reason, span) in [
        (Some(other), PowerCut, (120, 600)),
        (None, Maintenance, (120, 600)),
        (None, PowerCut, (-600, 60)),
    ] {
        let none = file(of_site, only, reason, span).await;
        approve(none).await;
    }
    assert_eq!(excused().await, [], "another's, by own choice, or over before the order");
    approve(cut).await;
    let own = file(ExclusionScope::Device(device), None, PowerCut, (900, 960)).await;
    approve(own).await;
    assert_eq!(excused().await, [(cut, at(120), at(600)), (own, at(900), at(960))]);
}

fn exclusion_step(act: ExclusionAct, login: &str) -> ExclusionStep {
    ExclusionStep { at: at(0), login: login.into(), act, note: String::new() }
}

#[tokio::test]
async fn repairs_of_a_period_are_told_as_they_stood_at_its_end() {
    let home = Home::shanghai();
    let (store, _, incident, [maintainer, _]) = down(&home).await;
    store.open_work_order(order(Some(incident), Some(maintainer))).await.unwrap();
    let WorkOpened::New(told) = store.open_work_order(order(None, None)).await.unwrap() else {
        panic!("it is another one")
    };
    let calendar = RepairRules::default().calendar;
    let stated = async |from: i64, to: i64| {
        let stated = store.repair_statement((at(from), at(to)), &calendar).await.unwrap();
        let total = stated.total;
        let late = stated.open.iter().filter(|(_, it)| *it == Lateness::Late).count();
        ([total.accepted, total.done, total.judged, total.late], stated.open.len(), late)
    };
    assert_eq!(stated(0, 600).await, ([2, 0, 0, 0], 2, 0));
    let act = store
        .act_on_work_order(told, WorkScope::All, step(700, WorkAct::Finish), String::new())
        .await;
    assert!(matches!(act.unwrap(), WorkActed::Now(_)));
    assert_eq!(stated(0, 600).await, ([2, 0, 0, 0], 2, 0), "what came later changes nothing");
    assert_eq!(stated(0, 800).await, ([2, 1, 1, 0], 1, 0));
    assert_eq!(stated(0, 4000).await, ([2, 1, 2, 1], 1, 1), "past its limit");
    assert_eq!(stated(200, 800).await, ([0, 0, 0, 0], 1, 0), "opened before it");
    let by = store.repair_statement((at(0), at(800)), &calendar).await.unwrap().by_category;
    assert_eq!(by.keys().copied().collect::<Vec<_>>(), ["video"]);
}

#[tokio::test]
async fn incidents_of_a_period_are_those_that_began_lasted_or_ended_in_it() {
    let home = Home::shanghai();
    let (store, device, incident, _) = down(&home).await;
    let first = store.incident_statement(at(0), at(600)).await.unwrap();
    let [group] = first.begun.as_slice() else { panic!("{first:?}") };
    assert_eq!((group.root.as_str(), group.fault), ("device", Some(FaultCode::Refused)));
    assert_eq!((group.incidents, group.devices), (1, 1));
    assert_eq!((first.carried, first.closed, first.open_count), (0, 0, 1));
    assert_eq!(first.open.iter().map(|it| it.id).collect::<Vec<_>>(), [incident]);
    // It comes back and falls three times more, far apart.
    for turn in 1..4 {
        let back = 4000 * turn - 3000;
        record_all(&store, device, 10 * turn, &[(back, Verdict::Online)]).await;
        judge(&store, back + 10).await;
        judge(&store, back + 2000).await;
        fall(&store, device, 10 * turn + 1, 4000 * turn).await;
    }
    let again = store.incident_statement(at(0), at(600)).await.unwrap();
    assert_eq!((again.begun, again.open_count), (first.begun, 1), "a period that is over stays");
    let next = store.incident_statement(at(600), at(20_000)).await.unwrap();
    assert_eq!((next.carried, next.closed, next.open_count), (1, 3, 1));
    assert_eq!(next.begun[0].incidents, 3);
    let all = store.incident_statement(at(0), at(20_000)).await.unwrap();
    let expected = (device.to_string(), "一号".to_owned(), "东门".to_owned(), 4);
    assert_eq!(all.repeats, [expected]);
}
