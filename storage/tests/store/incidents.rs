//! Incidents: judged once whatever happens in between, and listed by their root.

use crate::support::{Home, at, camera, import, record, record_all};
use zhishou_domain::{
    DeviceId, FaultCode, Verdict,
    incident::{GroupRule, IncidentAct, MemberState, ObserverEvent, ObserverFault, Root},
};
use zhishou_storage::{IncidentFilter, IncidentState, RootName, Store};

const DOWN: [(i64, Verdict); 4] =
    [(0, Verdict::Online), (60, Verdict::Offline), (70, Verdict::Offline), (80, Verdict::Offline)];

/// What the judging task does in one turn.
async fn judge(store: &Store, second: i64) -> usize {
    let mut board = store.incident_board(GroupRule::default(), at(second)).await.unwrap();
    let heard = store.incident_events(500).await.unwrap();
    let events = heard.events.len();
    let change = board.step(heard.events, at(second));
    store.keep_incidents(change, heard.through).await.unwrap();
    events
}

async fn fleet(home: &Home, cameras: u32) -> (Store, Vec<DeviceId>) {
    let store = home.open().await;
    let rows = (0..cameras).map(|n| camera(n + 2, &format!("{n}号"))).collect();
    import(&store, rows, at(-600)).await;
    let targets = store.probe_targets(None, 100).await.unwrap();
    (store, targets.into_iter().map(|target| target.device).collect())
}

#[tokio::test]
async fn an_outage_opens_one_incident_that_survives_a_crash_before_it_is_judged() {
    let home = Home::shanghai();
    let (store, devices) = fleet(&home, 1).await;
    record_all(&store, devices[0], 1, &DOWN).await;
    store.close().await;
    let store = home.open().await;
    assert_eq!(judge(&store, 90).await, 1, "that it was well is no news");
    assert_eq!(judge(&store, 91).await, 0);
    let found = store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].state, found[0].since), (IncidentState::New, at(60)));
    assert_eq!(store.incident_counts(None).await.unwrap(), (1, 0));

    record_all(&store, devices[0], 5, &[(300, Verdict::Online)]).await;
    judge(&store, 301).await;
    let row = store.incident(found[0].id).await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.closed, row.open_devices),
        (IncidentState::Closed, Some(at(300)), 0)
    );
    let again = [(400, Verdict::Offline), (410, Verdict::Offline), (420, Verdict::Offline)];
    record_all(&store, devices[0], 6, &again).await;
    judge(&store, 421).await;
    let all = store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
    assert_eq!(all.len(), 1, "it fell again within ten minutes");
    let acts: Vec<_> = store.incident_steps(row.id, 10).await.unwrap();
    let acts: Vec<_> = acts.iter().map(|step| step.act).collect();
    assert_eq!(acts, [IncidentAct::Open, IncidentAct::Close, IncidentAct::Reopen]);
}

#[tokio::test]
async fn a_site_that_falls_together_is_one_incident_also_when_it_is_judged_piece_by_piece() {
    let home = Home::shanghai();
    let (store, devices) = fleet(&home, 5).await;
    for (n, device) in (0i64..).zip(&devices) {
        for (k, (second, verdict)) in (0i64..).zip(DOWN) {
            let mut result = record(*device, 1 + 10 * n + k, at(second + n), verdict);
            for fault in &mut result.observation.faults {
                fault.code = FaultCode::Unreachable;
            }
            store.record(result).await.unwrap();
        }
        judge(&store, 100).await;
    }
    let found = store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].devices, found[0].down_devices, found[0].sites), (5, 5, 1));
    let RootName::Root { root: Root::Site(site), name, .. } = &found[0].root else {
        panic!("{:?}", found[0].root)
    };
    assert_eq!(name, "东门");
    let of_site = IncidentFilter { site: Some(*site), open: Some(true), ..Default::default() };
    assert_eq!(store.incidents(&of_site, None, 10).await.unwrap(), found);
    let closed = IncidentFilter { open: Some(false), ..Default::default() };
    assert_eq!(store.incidents(&closed, None, 10).await.unwrap(), []);
    // The second camera had one of its own, which turned out to be part of this.
    let steps = store.incident_steps(found[0].id, 10).await.unwrap();
    let merged = steps.iter().find_map(|step| step.other).unwrap();
    let part = store.incident(merged).await.unwrap().unwrap();
    assert_eq!((part.merged_into, part.devices), (Some(found[0].id), 1));
    let page = store.incident_devices(found[0].id, None, (0, 2)).await.unwrap();
    let rest = store.incident_devices(found[0].id, None, (2, 10)).await.unwrap();
    assert_eq!((page.len(), rest.len()), (2, 3));
    assert!(page.iter().chain(&rest).all(|it| it.state == MemberState::Down));
}

#[tokio::test]
async fn a_result_that_no_longer_stands_makes_its_incident_uncertain_and_retiring_ends_it() {
    let home = Home::shanghai();
    let (store, devices) = fleet(&home, 1).await;
    record_all(&store, devices[0], 1, &DOWN).await;
    judge(&store, 90).await;
    store.expire_standings(at(2000)).await.unwrap();
    judge(&store, 2001).await;
    assert_eq!(store.incident_counts(None).await.unwrap(), (0, 1));
    let gone = zhishou_domain::LedgerRow {
        life: Some(zhishou_domain::LifeState::Removed),
        ..camera(2, "0号")
    };
    import(&store, vec![gone], at(3000)).await;
    judge(&store, 3001).await;
    assert_eq!(store.incident_counts(None).await.unwrap(), (0, 0));
}

#[tokio::test]
async fn our_own_fault_is_an_incident_about_ourselves() {
    let home = Home::shanghai();
    let (store, devices) = fleet(&home, 1).await;
    let tell = async |second, fault| {
        let event = ObserverEvent { agent: "local".into(), at: at(second), fault };
        store.tell_observer(event).await.unwrap();
        judge(&store, second).await;
    };
    tell(0, None).await;
    assert_eq!(store.incident_counts(None).await.unwrap(), (0, 0));
    tell(60, Some(ObserverFault::Blind)).await;
    store.record(record(devices[0], 1, at(61), Verdict::Unknown)).await.unwrap();
    judge(&store, 62).await;
    let found = store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    let ours = RootName::Observer { agent: "local".into(), fault: ObserverFault::Blind };
    assert_eq!((&found[0].root, found[0].devices), (&ours, 0));
    tell(600, None).await;
    assert_eq!(store.incident_counts(None).await.unwrap(), (0, 0));
}
