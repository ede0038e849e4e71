use crate::support::{HOLD, Home, at, camera, import, record};
use std::time::Duration;
use zhishou_domain::{
    Checks, Counts, Depth, DeviceKind, LedgerRow, Observation, State, Verdict,
    equipment::{EquipmentFacts, ItemReading, Service},
};
use zhishou_storage::{Filter, Measure, Period, Record};

fn checks() -> Checks {
    "负载=1.3.6.1.4.1.1.1.0,单位=%,上限=80".parse().unwrap()
}

fn ups() -> LedgerRow {
    LedgerRow {
        kind: Some(DeviceKind::Equipment),
        url: Some("snmp://10.0.0.9".into()),
        checks: Some(checks()),
        ..camera(3, "UPS")
    }
}

fn answer(second: i64, load: f64) -> Observation {
    let item = ItemReading {
        name: "负载".into(),
        oid: "1.3.6.1.4.1.1.1.0".parse().unwrap(),
        unit: Some("%".into()),
        value: Some(load),
        text: None,
        good: true,
    };
    let facts = EquipmentFacts {
        rtt_ms: Some(load / 10.0),
        items: vec![item],
        ..EquipmentFacts::new(Service::Snmp)
    };
    Observation {
        verdict: Verdict::Online,
        reached: true,
        equipment: Some(facts),
        ..Observation::new(
            "snmp://10.0.0.9".into(),
            DeviceKind::Equipment,
            Depth::Reach,
            at(second),
        )
    }
}

#[tokio::test]
async fn equipment_has_strips_and_hourly_items_and_is_in_no_online_rate() {
    let home = Home::shanghai();
    let store = home.open().await;
    import(&store, vec![camera(2, "一号"), ups()], at(0)).await;
    let targets = store.probe_targets(None, 9).await.unwrap();
    let of = |kind| targets.iter().find(|it| it.kind == kind).unwrap();
    let (eye, ups_target) = (of(DeviceKind::Camera), of(DeviceKind::Equipment));
    assert_eq!((&ups_target.checks, eye.checks.is_empty()), (&checks(), true));
    let again = import(&store, vec![LedgerRow { checks: None, ..ups() }], at(1)).await;
    assert_eq!(again.unchanged, 1, "an empty cell leaves what is stored");

    for (sequence, second) in (1..).zip([0, 120, 240]) {
        let observation = answer(second, 40.0 + second as f64 / 12.0);
        let device = ups_target.device;
        let of_ups =
            Record { observation, ..record(device, sequence, at(second), Verdict::Online) };
        store.record(of_ups).await.unwrap();
    }
    assert_eq!(store.standing(ups_target.device).await.unwrap().state, State::Up);
    let strips = store.strips(ups_target.device, i64::MIN, i64::MAX).await.unwrap();
    let up: usize = strips
        .iter()
        .map(|(_, strip)| (0..1440).filter(|minute| strip.get(*minute) == State::Up).count())
        .sum();
    assert!(up >= 4, "an answer at depth reach counts for equipment");

    let until = at(300) + Duration::from_secs(3600);
    let items = store.item_measures(ups_target.device, at(0), until).await.unwrap();
    let item = &items[0];
    assert_eq!((&item.item[..], item.min, item.mean, item.max), ("负载", 40.0, 50.0, 60.0));
    let measures = store.measures(ups_target.device, at(0), until).await.unwrap();
    assert!(measures.iter().any(|it| it.measure == Measure::RttMs && it.mean == 5.0));

    let period = Period::today(at(250), chrono_tz::Asia::Shanghai);
    let all = Filter::default();
    let (counts, _) = store.counts(&all, at(250)).await.unwrap();
    let standings = store.site_standings(&all, at(250)).await.unwrap();
    assert_eq!(standings[&ups_target.site].counts, counts);
    assert_eq!(standings[&ups_target.site].last_result, Some(at(240)));
    assert_eq!(counts.of(DeviceKind::Equipment), Counts { online: 1, ..Counts::default() });
    assert_eq!(counts.of(DeviceKind::Camera), Counts { unknown: 1, ..Counts::default() });
    let site = [ups_target.site];
    let quarters = store.site_quarters(&site, &all, period).await.unwrap();
    let up: u32 = quarters[&ups_target.site].iter().map(|it| it[State::Up as usize]).sum();
    assert_eq!(up, 0);

    let after = at(0) + HOLD + Duration::from_secs(90 * 86_400);
    assert!(store.prune_measures(after).await.unwrap() >= 2);
    assert_eq!(store.item_measures(ups_target.device, at(0), until).await.unwrap(), []);
}
