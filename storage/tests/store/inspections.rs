//! 巡检: what the probes had found at a moment, and the record that somebody signed for a day.

use crate::support::{Home, at, camera, import, record_all};
use zhishou_domain::{
    DeviceKind, FaultCode, Verdict,
    inspection::{InspectedItem, ItemResult},
};
use zhishou_storage::{Signature, Store};

const DAY: i64 = 86_400;

/// Four cameras over a day: well, newly down, down since yesterday, back.
async fn district(home: &Home) -> Store {
    let store = home.open().await;
    let rows = ["一号", "二号", "三号", "四号"];
    let rows = (2..).zip(rows).map(|(row, name)| camera(row, name)).collect();
    import(&store, rows, at(0)).await;
    let (up, down) = (Verdict::Online, Verdict::Offline);
    for (place, target) in (0..).zip(store.probe_targets(None, 10).await.unwrap()) {
        let name = store.device_page(target.device).await.unwrap().unwrap().name;
        let (before, after) = match name.as_str() {
            "一号" => (up, up),
            "二号" => (up, down),
            "三号" => (down, down),
            _ => (down, up),
        };
        let first = [1000, 1010, 1020, 1400].map(|second| (second, before));
        let then = [1000, 1010, 1020, 1400].map(|second| (DAY + second, after));
        record_all(&store, target.device, 1 + 100 * place, &[first, then].concat()).await;
    }
    store
}

fn by(second: i64) -> Signature {
    Signature {
        day: at(second).local_day(chrono_tz::Asia::Shanghai),
        at: at(second),
        login: "li".into(),
        signer: "李工".into(),
        address: "10.9.9.9".into(),
    }
}

#[tokio::test]
async fn what_fell_what_stayed_and_what_came_back_since_yesterday() {
    let home = Home::shanghai();
    let store = district(&home).await;
    let seen = store.inspect(at(DAY + 1500)).await.unwrap();
    let names = |list: &[zhishou_storage::InspectedDevice]| {
        list.iter().map(|it| it.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&seen.fell), ["二号"]);
    assert_eq!(names(&seen.still), ["三号"]);
    assert_eq!(names(&seen.recovered), ["四号"]);
    assert_eq!(seen.counts, [1, 1, 1]);
    assert_eq!(seen.fell[0].since, at(DAY + 1000), "dated from its first failure");
    assert_eq!(seen.fell[0].faults, [FaultCode::Refused]);
    let [group] = seen.groups.as_slice() else { panic!("{:?}", seen.groups) };
    assert_eq!((group.kind, group.street.as_str()), (DeviceKind::Camera, "人民路"));
    assert_eq!((group.due, group.online, group.down, group.checked()), (4, 2, 2, 4));
    assert_eq!(group.last, Some(at(DAY + 1400)));

    // Once no result stands any more, nothing is claimed.
    let late = store.inspect(at(DAY + 2001)).await.unwrap();
    assert_eq!((late.groups[0].checked(), late.counts), (0, [0; 3]));
    // The same moment tells the same later on.
    let before = store.inspect(at(1500)).await.unwrap();
    assert_eq!((before.groups[0].down, before.counts), (2, [2, 0, 0]));
    assert_eq!(store.inspect(at(DAY + 1500)).await.unwrap(), seen);
}

#[tokio::test]
async fn a_day_is_signed_once_and_only_added_to() {
    let home = Home::shanghai();
    let store = district(&home).await;
    let now = DAY + 1500;
    let seen = store.inspect(at(now)).await.unwrap();
    let items = vec![InspectedItem {
        name: "机房温湿度".into(),
        result: Some(ItemResult::Bad),
        note: "29 ℃".into(),
    }];
    let day = by(now).day;
    assert_eq!(store.inspection(day).await.unwrap(), None);
    assert!(!store.add_to_inspection(by(now), "没有".into()).await.unwrap(), "nothing to add to");
    assert!(store.sign_inspection(by(now), seen.clone(), items.clone()).await.unwrap());
    assert!(!store.sign_inspection(by(now), seen.clone(), vec![]).await.unwrap(), "signed once");
    assert!(store.add_to_inspection(by(now + 600), "空调已修".into()).await.unwrap());

    let signed = store.inspection(day).await.unwrap().unwrap();
    assert_eq!((signed.seen, signed.items), (seen, items));
    assert_eq!((signed.signer.as_str(), signed.signed), ("李工", at(now)));
    assert_eq!(signed.additions.len(), 1);
    assert_eq!(signed.additions[0].note, "空调已修");
    assert_eq!(store.signed_days(day, day).await.unwrap(), [(day, "李工".to_owned())]);
    assert_eq!(store.audit_of("sign_inspection", 10).await.unwrap().len(), 1);
    assert_eq!(store.audit_of("add_to_inspection", 10).await.unwrap().len(), 1);

    let mut look = home.look().await;
    for act in [
        "UPDATE inspections SET signer = '别人'",
        "DELETE FROM inspections",
        "UPDATE inspection_additions SET note = '别的'",
        "DELETE FROM inspection_additions",
    ] {
        assert!(sqlx::query(act).execute(&mut look).await.is_err(), "{act}");
    }
}
