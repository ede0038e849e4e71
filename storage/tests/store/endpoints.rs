use crate::support::{Home, at, camera, import, record};
use zhishou_domain::{
    CallFacts, Depth, DeviceKind, LedgerRow, Observation, State, TestCall, Verdict,
};
use zhishou_storage::{Filter, Record, Store};

fn room(leave: Option<TestCall>) -> LedgerRow {
    LedgerRow {
        kind: Some(DeviceKind::Endpoint),
        url: Some("sip:room@10.0.0.7".into()),
        test_call: leave,
        ..camera(2, "会议室")
    }
}

fn seen(second: i64, depth: Depth, called: bool) -> Observation {
    let call = CallFacts { options_status: Some(200), called, ..CallFacts::default() };
    Observation {
        verdict: Verdict::Online,
        reached: true,
        call: Some(call),
        ..Observation::new("sip:room@10.0.0.7".into(), DeviceKind::Endpoint, depth, at(second))
    }
}

async fn leave(store: &Store) -> TestCall {
    store.probe_targets(None, 1).await.unwrap()[0].test_call
}

#[tokio::test]
async fn the_list_of_devices_says_where_each_stands() {
    let home = Home::shanghai();
    let store = home.open().await;
    let row = LedgerRow { street: Some("人民路".into()), ..room(None) };
    import(&store, vec![row], at(0)).await;
    let device = store.probe_targets(None, 1).await.unwrap()[0].device;
    let observation = seen(10, Depth::Reach, false);
    let base = record(device, 1, at(10), Verdict::Online);
    store.record(Record { observation, ..base }).await.unwrap();
    let listed = store.fleet(&Filter::default(), None, 10, at(11)).await.unwrap();
    let row = &listed[0];
    assert_eq!((row.name.as_str(), row.site_name.as_str()), ("会议室", "东门"));
    assert_eq!(row.street_name, "人民路");
}

#[tokio::test]
async fn nobody_is_called_whom_the_ledger_does_not_name() {
    let home = Home::shanghai();
    let store = home.open().await;
    import(&store, vec![room(None)], at(0)).await;
    assert_eq!(leave(&store).await, TestCall::Forbidden);
    import(&store, vec![room(Some(TestCall::Permitted))], at(1)).await;
    assert_eq!(leave(&store).await, TestCall::Permitted);
    let again = import(&store, vec![room(None)], at(2)).await;
    assert_eq!(again.unchanged, 1, "an empty cell leaves what is stored");
    import(&store, vec![room(Some(TestCall::Forbidden))], at(3)).await;
    assert_eq!(leave(&store).await, TestCall::Forbidden);
}

#[tokio::test]
async fn an_endpoint_is_in_a_meeting_or_its_rehearsal_from_ten_minutes_before_it_to_its_end() {
    let home = Home::shanghai();
    let store = home.open().await;
    import(&store, vec![room(Some(TestCall::Permitted))], at(0)).await;
    let device = store.probe_targets(None, 1).await.unwrap()[0].device;
    let mut connection = home.look().await;
    let (from, to) = (at(3_600).millis(), at(7_200).millis());
    let mut run = async |statement: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    };
    run(format!(
        "INSERT INTO venues (id, name, contact, phone, note, in_use) VALUES (1, '一楼', '', '', '', 1);
         INSERT INTO venue_devices VALUES (1, '{device}', 'primary');
         INSERT INTO meetings (id, title, rank, assurance, convener, organiser, cascade, zone,
             local_from, local_to, from_ms, to_ms, setup_min, teardown_min, contacts, note, state,
             revision)
         VALUES (1, '调度会', 'x', 'x', 'x', 'x', 'x', 'UTC', '', '', {from}, {to}, 0, 0, '[]', '',
             'approved', 0);
         INSERT INTO meeting_venues VALUES (1, 1, 'main');"
    ))
    .await;
    let busy = async |second| store.is_in_meeting(device, at(second)).await.unwrap();
    for (second, held) in [(2_999, false), (3_000, true), (7_199, true), (7_200, false)] {
        assert_eq!(busy(second).await, held, "{second}");
    }
    run("UPDATE meetings SET state = 'live'".to_owned()).await;
    assert!(busy(9_000).await, "it takes longer than was booked");
    run("UPDATE meetings SET state = 'cancelled'".to_owned()).await;
    assert!(!busy(3_600).await);
    // 上级联调, a day before: the superior's MCU has it.
    let (from, to) = (at(-80_000).millis(), at(-78_200).millis());
    run(format!(
        "INSERT INTO reservations (meeting_id, subject, from_ms, to_ms, purpose)
         VALUES (1, 'device:{device}', {from}, {to}, 'rehearsal')"
    ))
    .await;
    for (second, held) in [(-80_601, false), (-80_600, true), (-78_201, true), (-78_200, false)] {
        assert_eq!(busy(second).await, held, "{second}");
    }
}

#[tokio::test]
async fn every_call_leaves_a_line_and_an_answer_is_enough_where_no_call_was_wanted() {
    let home = Home::shanghai();
    let store = home.open().await;
    import(&store, vec![room(Some(TestCall::Permitted))], at(0)).await;
    let device = store.probe_targets(None, 1).await.unwrap()[0].device;
    let keep = async |sequence, second, depth, called| {
        let observation = seen(second, depth, called);
        let base = record(device, sequence, at(second), Verdict::Online);
        store.record(Record { observation, ..base }).await.unwrap();
    };
    keep(1, 10, Depth::Reach, false).await;
    assert_eq!(store.audit_of("test_call", 9).await.unwrap(), []);
    assert_eq!(store.standing(device).await.unwrap().state, State::Up);
    keep(2, 20, Depth::Picture, true).await;
    assert_eq!(store.standing(device).await.unwrap().state, State::Up);
    // Redelivered, it is one call still.
    keep(2, 20, Depth::Picture, true).await;
    let lines = store.audit_of("test_call", 9).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].1.clone(), lines[0].2), (device.to_string(), at(20)));
}
