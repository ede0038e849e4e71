//! What a report is made of: the same minutes as the figures, by every grouping and day at once.

use crate::{
    account::{act, district, filed},
    support::{Home, at},
};
use zhishou_domain::{
    DeviceKind, ExclusionAct, ExclusionReason, FaultCode,
    account::{Days, Source, Sums},
    policy::shipped,
};
use zhishou_storage::{By, ExclusionScope, Filter};

const DAY: i64 = 86_400;

fn days() -> Days {
    let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    (day(10), day(11)).into()
}

#[tokio::test]
async fn every_grouping_and_day_adds_up_to_the_figures() {
    let home = Home::shanghai();
    let (store, _) = district(&home).await;
    for policy in shipped().into_iter().filter(|it| it.scope.kinds == [DeviceKind::Camera]) {
        let now = at(2 * DAY);
        let stated = store.statement(&policy, days(), now).await.unwrap();
        let (all, range) = (Filter::default(), (days().from, days().to));
        for by in
            [By::Street, By::PoliceStation, By::Department, By::Class, By::Maintainer, By::Site]
        {
            let account = store.account(&policy, Source::Transitions, by, &all, range, now);
            let account = account.await.unwrap();
            assert_eq!(account.total(), stated.total, "{by:?}");
            let of = stated.groups.iter().filter(|group| group.by == by);
            let tallies: Vec<_> =
                of.clone().map(|it| (it.key.clone(), it.name.clone(), it.tally)).collect();
            let rows = account.rows.into_iter().map(|row| (row.key, row.name, row.tally));
            assert_eq!(tallies, rows.collect::<Vec<_>>(), "{by:?}");
            for group in of {
                let mut sum = Sums::default();
                group.days.iter().for_each(|day| sum += *day);
                assert_eq!(sum, group.tally.after, "{by:?}");
            }
        }
        assert_eq!(stated.days.len(), 2);
        let down: u64 = stated.devices.iter().map(|device| device.after.down).sum();
        assert_eq!(down, stated.total.after.down, "{}", policy.id);
        let lost: u64 = stated.outages.iter().map(|outage| outage.lost).sum();
        assert_eq!(lost, stated.total.after.down, "{}", policy.id);
    }
}

#[tokio::test]
async fn an_outage_is_told_with_its_fault_until_an_exclusion_covers_it() {
    let home = Home::shanghai();
    let (store, ids) = district(&home).await;
    let policy = &shipped()[0];
    let stated = store.statement(policy, days(), at(2 * DAY)).await.unwrap();
    // The second camera is down from the first failed probe until it is back; the third likewise.
    let told: Vec<_> = stated.outages.iter().map(|it| (it.from, it.to, it.fault)).collect();
    let fault = Some(FaultCode::Refused);
    assert_eq!(told, [(at(930), Some(at(2130)), fault), (at(1559), Some(at(2459)), fault)]);
    assert_eq!((stated.outage_count, stated.lost.main_fault()), (2, fault));
    let worst = &stated.devices[0];
    assert_eq!(
        (worst.id.as_str(), worst.words.name.as_str()),
        (ids[1].to_string().as_str(), "二号")
    );
    assert_eq!((worst.after.down, worst.outages, stated.lost.down), (21, 1, 0));

    let scope = ExclusionScope::Device(ids[1]);
    let exclusion = filed(900, 2400, ExclusionReason::PowerCut);
    let id = store
        .file_exclusion(scope, None, "停电通知 3 号".into(), exclusion, String::new())
        .await
        .unwrap();
    let stored = store.exclusion(id.unwrap()).await.unwrap().unwrap();
    act(&store, &stored, ExclusionAct::Approve, "centre").await;
    let stated = store.statement(policy, days(), at(2 * DAY)).await.unwrap();
    assert_eq!(stated.outage_count, 1, "what is excused is no outage of a report");
    assert!(stated.devices.iter().all(|device| device.id != ids[1].to_string()));
    assert!(stated.exclusions[0].name.ends_with("二号"));
    // Before exclusion the minutes are still there.
    assert!(stated.total.before.down > stated.total.after.down);
}
