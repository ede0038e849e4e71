use crate::support::{Home, at, camera, import, record_all};
use chrono::NaiveDate;
use zhishou_domain::{
    DeviceKind, LedgerColumn, LedgerRow, LifeState, RowProblem, Verdict::Online, ledger::Password,
};
use zhishou_storage::{ImportMode, Store};

fn full() -> LedgerRow {
    LedgerRow {
        national_code: Some("34020000001320000001".into()),
        department: Some("数据中心".into()),
        police_station: Some("人民路派出所".into()),
        class: Some(zhishou_domain::PointClass::One),
        life: Some(LifeState::InUse),
        life_since: NaiveDate::from_ymd_opt(2025, 1, 1),
        vendor: Some("某厂".into()),
        sub_url: Some("rtsp://10.0.0.2/ch2".into()),
        username: Some("viewer".into()),
        password: Some(Password::new("s3cret-口令")),
        longitude: Some(121.5),
        latitude: Some(31.2),
        maintainer: Some("运维一部".into()),
        phone: Some("021-1".into()),
        retention_days: Some(30),
        tags: vec!["学校".into(), "重点".into()],
        ..camera(2, "一号")
    }
}

async fn devices(home: &Home) -> i64 {
    let mut look = home.look().await;
    sqlx::query_scalar("SELECT count(*) FROM devices").fetch_one(&mut look).await.unwrap()
}

#[tokio::test]
async fn the_same_file_twice_changes_nothing_the_second_time() {
    let home = Home::shanghai();
    let store = home.open().await;
    let mut plain = camera(3, "二号");
    plain.url = None;
    let first = import(&store, vec![full(), plain.clone()], at(0)).await;
    assert_eq!((first.created, first.updated, first.unchanged, first.unconnected), (2, 0, 0, 1));
    assert_eq!((first.new_streets, first.new_sites), (1, 1));
    assert_eq!((first.new_departments, first.new_maintainers), (1, 1));
    let second = import(&store, vec![full(), plain], at(60)).await;
    assert_eq!((second.created, second.updated, second.unchanged), (0, 0, 2));
    assert_eq!((second.new_streets, second.new_sites), (0, 0));
    let target = &store.probe_targets(None, 9).await.unwrap()[0];
    assert_eq!(target.url, "rtsp://10.0.0.2/ch1");
    assert_eq!(target.username.as_deref(), Some("viewer"));
    assert_eq!(target.kind, DeviceKind::Camera);
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let home = Home::shanghai();
    let store = home.open().await;
    let dry = store.import(vec![full()], at(0), ImportMode::DryRun).await.unwrap();
    assert_eq!((dry.created, dry.new_sites, dry.applied), (1, 1, false));
    assert_eq!(devices(&home).await, 0);
    let real = import(&store, vec![full()], at(0)).await;
    assert_eq!((real.created, real.new_sites), (dry.created, dry.new_sites));
}

#[tokio::test]
async fn one_bad_row_stops_all_or_only_itself() {
    let home = Home::shanghai();
    let store = home.open().await;
    let mut orphan = camera(3, "二号");
    orphan.street = None;
    orphan.site = "没有的站点".into();
    let mut future = camera(4, "三号");
    future.life_since = NaiveDate::from_ymd_opt(2026, 3, 12);
    let mut no_user = camera(5, "四号");
    no_user.password = Some(Password::new("x"));
    let rows = vec![full(), orphan, future, no_user];
    let all = store.import(rows.clone(), at(0), ImportMode::AllOrNothing).await.unwrap();
    let problems: Vec<_> =
        all.errors.iter().map(|e| (e.row, e.column, e.problem.clone())).collect();
    assert_eq!(
        problems,
        [
            (3, Some(LedgerColumn::Street), RowProblem::SiteWithoutStreet),
            (4, Some(LedgerColumn::LifeSince), RowProblem::InTheFuture),
            (5, Some(LedgerColumn::Username), RowProblem::NoUsername),
        ]
    );
    assert_eq!((all.applied, devices(&home).await), (false, 0));
    let partial = store.import(rows, at(0), ImportMode::Partial).await.unwrap();
    assert_eq!((partial.applied, partial.created, devices(&home).await), (true, 1, 1));
}

#[tokio::test]
async fn parents_may_come_later_and_never_in_a_circle() {
    let home = Home::shanghai();
    let store = home.open().await;
    let mut channel = camera(2, "通道 1");
    channel.parent = Some("NVR".into());
    let mut nvr = camera(3, "NVR");
    nvr.kind = Some(DeviceKind::Equipment);
    nvr.url = None;
    nvr.ip = Some("10.0.0.99".into());
    import(&store, vec![channel.clone(), nvr.clone()], at(0)).await;
    let target = &store.probe_targets(None, 9).await.unwrap()[0];
    assert!(target.parent.is_some());

    channel.parent = Some("10.0.0.99".into());
    assert_eq!(import(&store, vec![channel.clone()], at(1)).await.unchanged, 1);

    nvr.parent = Some("通道 1".into());
    let mut stray = camera(4, "通道 2");
    stray.parent = Some("没有".into());
    let summary = store.import(vec![nvr, stray], at(2), ImportMode::AllOrNothing).await.unwrap();
    let problems: Vec<_> = summary.errors.iter().map(|e| e.problem.clone()).collect();
    assert_eq!(problems, [RowProblem::ParentCycle, RowProblem::UnknownParent]);
    assert!(!summary.applied);
}

#[tokio::test]
async fn a_device_is_found_by_its_code_wherever_it_moves() {
    let home = Home::shanghai();
    let store = home.open().await;
    import(&store, vec![full()], at(0)).await;
    let before = store.probe_targets(None, 9).await.unwrap();
    let mut moved = full();
    moved.name = "换了名字".into();
    moved.site = "西门".into();
    let summary = import(&store, vec![moved], at(60)).await;
    assert_eq!((summary.created, summary.updated, summary.new_sites), (0, 1, 1));
    let after = store.probe_targets(None, 9).await.unwrap();
    assert_eq!(before[0].device, after[0].device);
    assert_ne!(before[0].site, after[0].site);

    // The same name with another code is another device.
    let mut other = full();
    other.national_code = Some("34020000001320000002".into());
    other.name = "换了名字".into();
    other.site = "西门".into();
    assert_eq!(import(&store, vec![other], at(70)).await.created, 1);
    // Now the name alone does not say which.
    let mut vague = camera(2, "换了名字");
    vague.site = "西门".into();
    let summary = store.import(vec![vague], at(80), ImportMode::DryRun).await.unwrap();
    assert_eq!(summary.errors[0].problem, RowProblem::AmbiguousDevice);
}

#[tokio::test]
async fn an_empty_cell_leaves_what_is_stored() {
    let home = Home::shanghai();
    let store = home.open().await;
    import(&store, vec![full()], at(0)).await;
    let mut bare = LedgerRow::new(2, "一号", "东门");
    bare.note = Some("新备注".into());
    assert_eq!(import(&store, vec![bare], at(60)).await.updated, 1);
    let device = only(&store).await;
    let stored = store.credential(device).await.unwrap().unwrap();
    assert_eq!(stored.credential.password(), "s3cret-口令");
    let target = store.target(device).await.unwrap().unwrap();
    assert_eq!(target.sub_url.as_deref(), Some("rtsp://10.0.0.2/ch2"));
    assert_eq!(import(&store, vec![full()], at(70)).await.unchanged, 1, "all else stayed");
}

#[tokio::test]
async fn a_state_is_kept_with_its_dates() {
    let home = Home::shanghai();
    let store = home.open().await;
    import(&store, vec![full()], at(0)).await;
    let device = only(&store).await;
    record_all(&store, device, 1, &[(60, Online)]).await;
    let mut moving = full();
    moving.life = Some(LifeState::Relocating);
    moving.life_since = None;
    import(&store, vec![moving.clone()], at(120)).await;
    moving.life = Some(LifeState::InUse);
    import(&store, vec![moving], at(180)).await;
    let mut look = home.look().await;
    let states: Vec<(i64, String)> =
        sqlx::query_as("SELECT from_ms, state FROM life_states ORDER BY from_ms")
            .fetch_all(&mut look)
            .await
            .unwrap();
    let expected = [
        (1_735_660_800_000, "in_use".to_owned()),
        (at(120).millis(), "relocating".into()),
        (at(180).millis(), "in_use".into()),
    ];
    assert_eq!(states, expected);
    let probed: i64 = sqlx::query_scalar("SELECT probed_since_ms FROM devices")
        .fetch_one(&mut look)
        .await
        .unwrap();
    assert_eq!(probed, at(180).millis());
}

#[tokio::test]
async fn a_small_district_comes_in_at_once() {
    let home = Home::shanghai();
    let store = home.open().await;
    let rows: Vec<_> = (2..2002)
        .map(|row| LedgerRow {
            national_code: Some(format!("3402000000132{row:07}")),
            site: format!("站点 {}", row % 50),
            street: Some(format!("街道 {}", row % 5)),
            username: Some("viewer".into()),
            password: Some(Password::new("x")),
            name: format!("摄像机 {row}"),
            ..full()
        })
        .collect();
    let summary = import(&store, rows.clone(), at(0)).await;
    assert_eq!((summary.created, summary.new_streets, summary.new_sites), (2000, 5, 50));
    assert_eq!(import(&store, rows, at(1)).await.unchanged, 2000);
    let first = store.probe_targets(None, 1500).await.unwrap();
    let rest = store.probe_targets(first.last().map(|t| t.device), 1500).await.unwrap();
    assert_eq!((first.len(), rest.len()), (1500, 500));
}

async fn only(store: &Store) -> zhishou_domain::DeviceId {
    let targets = store.probe_targets(None, 9).await.unwrap();
    assert_eq!(targets.len(), 1);
    targets[0].device
}
