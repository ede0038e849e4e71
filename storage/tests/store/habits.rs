use crate::support::{Home, at, camera, import, record, with_camera};
use zhishou_domain::{Habit, LedgerRow, Verdict::Online};
use zhishou_storage::Fate;

const MAIN: &str = "rtsp://10.0.0.2/ch1";
const SUB: &str = "rtsp://10.0.0.2/ch2";

fn habit(gop_ms: f64) -> Habit {
    Habit { gop_ms: Some(gop_ms), ..Habit::default() }
}

#[tokio::test]
async fn a_habit_is_kept_with_the_result_that_taught_it_and_only_if_that_counts() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    assert_eq!(store.habit(device, MAIN).await.unwrap(), Habit::default());
    let of = |sequence, second, gop| {
        let habit = Some((MAIN.to_owned(), habit(gop)));
        zhishou_storage::Record {
            habit,
            recorded_at: at(900),
            ..record(device, sequence, at(second), Online)
        }
    };
    store.record(of(1, 600, 1000.0)).await.unwrap();
    assert_eq!(store.habit(device, MAIN).await.unwrap(), habit(1000.0));
    // A result that comes again or late teaches nothing.
    for (sequence, second, fate) in [(1, 600, Fate::Duplicate), (2, 300, Fate::Late)] {
        let recorded = store.record(of(sequence, second, 9000.0)).await.unwrap();
        assert_eq!(recorded.fate, fate);
    }
    store.close().await;
    assert_eq!(home.open().await.habit(device, MAIN).await.unwrap(), habit(1000.0));
}

#[tokio::test]
async fn each_stream_has_its_own_and_an_address_that_is_gone_has_none() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let both = LedgerRow { sub_url: Some(SUB.to_owned()), ..camera(2, "一号") };
    import(&store, vec![both], at(1)).await;
    let of = |sequence, url: &str, gop| {
        let habit = Some((url.to_owned(), habit(gop)));
        zhishou_storage::Record { habit, ..record(device, sequence, at(sequence * 60), Online) }
    };
    store.record(of(1, MAIN, 1000.0)).await.unwrap();
    store.record(of(2, SUB, 2000.0)).await.unwrap();
    assert_eq!(store.habit(device, MAIN).await.unwrap(), habit(1000.0));
    assert_eq!(store.habit(device, SUB).await.unwrap(), habit(2000.0));
    let moved = LedgerRow { url: Some("rtsp://10.0.0.9/ch1".to_owned()), ..camera(2, "一号") };
    import(&store, vec![moved], at(180)).await;
    assert_eq!(store.habit(device, MAIN).await.unwrap(), Habit::default());
    // Begun before the move, ended after it.
    store.record(of(4, MAIN, 9000.0)).await.unwrap();
    assert_eq!(store.habit(device, MAIN).await.unwrap(), Habit::default());
    store.record(of(5, SUB, 2500.0)).await.unwrap();
    assert_eq!(store.habit(device, SUB).await.unwrap(), habit(2500.0));
}
