//! Published reports: numbered, chained, never changed.

use crate::support::{Home, at};
use chrono::NaiveDate;
use zhishou_storage::{Chain, NewPublication};

fn publication(number: &str, after: u32, body: &str) -> NewPublication {
    let day = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
    NewPublication {
        number: number.into(),
        after,
        kind: "day",
        from: day,
        to: day,
        cut_off: "00:00".into(),
        policy_id: "time-weighted".into(),
        policy_version: 1,
        body: body.into(),
        changes: "[]".into(),
        login: "admin".into(),
        address: "127.0.0.1".into(),
        at: at(90_000),
        note: None,
    }
}

#[tokio::test]
async fn a_publication_is_never_changed_and_a_changed_past_shows() {
    let home = Home::shanghai();
    let store = home.open().await;
    let first = store.publish(publication("2026-D-0310", 0, "{}")).await.unwrap().unwrap();
    assert_eq!((first.revision, first.previous.as_str()), (1, ""));
    // Somebody else had published it meanwhile.
    assert_eq!(store.publish(publication("2026-D-0310", 0, "{}")).await.unwrap(), None);
    let second = store.publish(publication("2026-D-0310", 1, "[]")).await.unwrap().unwrap();
    let third = store.publish(publication("2026-D-0311", 0, "{}")).await.unwrap().unwrap();
    assert_eq!((second.revision, &second.previous), (2, &first.digest));
    assert_eq!(third.previous, second.digest);
    assert_eq!(store.check_chain().await.unwrap(), Chain::Whole { length: 3 });
    let newest = store.publication("2026-D-0310", None).await.unwrap().unwrap();
    assert_eq!((newest.head, newest.body.as_str()), (second, "[]"));
    assert_eq!(store.audit_of("publish_report", 9).await.unwrap().len(), 3);
    let day = first.to;
    let scheduled = async || store.scheduled("day", "time-weighted", "00:00").await.unwrap();
    assert_eq!(scheduled().await, None, "what is published by hand is no night");
    let by_schedule = |number: &str, after| NewPublication {
        login: String::new(),
        ..publication(number, after, "{}")
    };
    store.publish(by_schedule("2026-D-0311", 1)).await.unwrap().unwrap();
    assert_eq!(scheduled().await, None, "nor is the revision of such");
    store.publish(by_schedule("2026-D-0312", 0)).await.unwrap().unwrap();
    assert_eq!(scheduled().await, Some((day, day)));
    assert_eq!(store.scheduled("day", "snapshot", "00:00").await.unwrap(), None);

    let mut connection = home.look().await;
    for refused in
        ["UPDATE publications SET body = 'x'", "DELETE FROM publications WHERE revision = 1"]
    {
        let error = sqlx::query(refused).execute(&mut connection).await.unwrap_err().to_string();
        assert!(error.contains("published report is never"), "{error}");
    }
    // Whoever owns the file can do more, but not unseen.
    for forced in [
        "DROP TRIGGER publications_never_change",
        "UPDATE publications SET body = '{\"down\":0}' WHERE number = '2026-D-0310' AND revision = 1",
    ] {
        sqlx::query(forced).execute(&mut connection).await.unwrap();
    }
    let broken = Chain::Broken { number: "2026-D-0310".into(), revision: 1 };
    assert_eq!(store.check_chain().await.unwrap(), broken);
}

#[tokio::test]
async fn each_publication_is_delivered_to_a_folder_once() {
    let home = Home::shanghai();
    let store = home.open().await;
    let head = store.publish(publication("2026-D-0310", 0, "{}")).await.unwrap().unwrap();
    let waiting = async |folder: &str| store.undelivered(folder, at(0), 10).await.unwrap().len();
    assert_eq!((waiting("/a").await, waiting("/b").await), (1, 1));
    store.delivered(head.seq, "/a".into(), at(90_001)).await.unwrap();
    assert_eq!((waiting("/a").await, waiting("/b").await), (0, 1));
    assert!(store.undelivered("/b", at(90_001), 10).await.unwrap().is_empty());
}
