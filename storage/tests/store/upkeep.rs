use crate::support::{Home, at, record, record_all, with_camera};
use zhishou_domain::DeviceId;
use zhishou_domain::Verdict::{self, Online};
use zhishou_storage::{EvidenceKind, EvidenceRow, EvidenceTotal, StoreError};

#[tokio::test]
async fn a_fresh_store_is_healthy_and_a_closed_one_is_not() {
    let home = Home::shanghai();
    let store = home.open().await;
    let health = store.health().await.unwrap();
    assert!(health.readable && health.writable && health.migrated);
    assert!(health.free_bytes > 0 && health.free_bytes <= health.total_bytes);
    let kept = store.clone();
    kept.set("x", "y").await.unwrap();
    assert_eq!(kept.setting("x").await.unwrap().as_deref(), Some("y"));
    store.close().await;
    assert!(matches!(kept.set("x", "z").await, Err(StoreError::Closed)));
    assert!(kept.health().await.is_err());
}

#[tokio::test]
async fn measures_past_their_time_go() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(60, Online), (3660, Online), (7260, Online)]).await;
    assert_eq!(store.prune_measures(at(7200)).await.unwrap(), 2);
    assert_eq!(store.measures(device, at(0), at(9999)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_else_may_read_the_database_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::shanghai();
    let (_store, _device) = with_camera(&home).await;
    for entry in std::fs::read_dir(home.path().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn evidence_is_listed_from_the_oldest_and_forgotten_when_deleted() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let row = |key, kind, second| evidence(device, key, kind, second);
    let good = row("a.jpg", EvidenceKind::Good, 60);
    let fault = row("b.jpg", EvidenceKind::Fault, 120);
    for (sequence, row) in [(1, &good), (2, &fault)] {
        let mut result = record(device, sequence, row.taken_at, Online);
        result.evidence = vec![row.clone()];
        result.signature = Some(vec![1, 2, 3]);
        store.record(result).await.unwrap();
    }
    let pictures = store.pictures(device).await.unwrap();
    assert_eq!(pictures.last, Some((at(120), vec![1, 2, 3])));
    assert_eq!((pictures.good.as_ref(), pictures.fault.as_ref()), (Some(&good), Some(&fault)));
    assert_eq!(store.evidence_total().await.unwrap(), EvidenceTotal { files: 2, bytes: 200 });
    let first = store.evidence_oldest(None, 1).await.unwrap();
    assert_eq!(first, std::slice::from_ref(&good));
    let rest = store.evidence_oldest(first.last(), 9).await.unwrap();
    assert_eq!(rest, std::slice::from_ref(&fault));
    assert_eq!(store.evidence_of_device(device, 9).await.unwrap(), [fault.clone(), good]);

    assert_eq!(store.delete_evidence(vec!["a.jpg".into(), "none".into()]).await.unwrap(), 1);
    let pictures = store.pictures(device).await.unwrap();
    assert_eq!((pictures.good, pictures.fault), (None, Some(fault)));
}

#[tokio::test]
async fn a_dialogue_is_kept_with_what_came_of_it_and_leaves_the_pictures_alone() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let row = |key, kind, second| evidence(device, key, kind, second);
    let said = row("said", EvidenceKind::Dialogue, 60);
    let mut result = record(device, 1, at(60), Verdict::Offline);
    result.evidence = vec![row("good", EvidenceKind::Good, 60), said.clone()];
    let seen = result.observation.clone();
    store.record(result).await.unwrap();
    let kept = store.dialogues(device, 9).await.unwrap();
    assert_eq!((kept.len(), &kept[0].file, &kept[0].observation), (1, &said, &seen));
    // The observations behind it do not last as long.
    store.prune_observations(at(9999)).await.unwrap();
    assert_eq!(store.dialogue(device, at(60)).await.unwrap(), Some(kept[0].clone()));
    assert_eq!(store.dialogue(device, at(61)).await.unwrap(), None);
    assert_eq!(store.pictures(device).await.unwrap().good.unwrap().key, "good");
    assert_eq!(store.delete_evidence(vec!["said".into()]).await.unwrap(), 1);
    assert!(store.dialogues(device, 9).await.unwrap().is_empty());
}

/// A database of before dialogues: its pictures still know their files.
#[tokio::test]
async fn evidence_of_before_survives_the_migration() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let good = evidence(device, "a.jpg", EvidenceKind::Good, 60);
    let mut result = record(device, 1, at(60), Online);
    result.evidence = vec![good.clone()];
    store.record(result).await.unwrap();
    store.close().await;
    let mut database = home.look().await;
    for step in ["DROP TABLE dialogues", "DELETE FROM _sqlx_migrations WHERE version = 6"] {
        sqlx::query(step).execute(&mut database).await.unwrap();
    }
    drop(database);
    let store = home.open().await;
    assert_eq!(store.pictures(device).await.unwrap().good, Some(good.clone()));
    assert_eq!(store.evidence_of_device(device, 9).await.unwrap(), [good]);
}

#[tokio::test]
async fn raw_observations_are_pruned_and_figures_stay() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(60, Online), (120, Online), (180, Online)]).await;
    let strips = store.strips(device, 0, i64::MAX).await.unwrap();
    assert_eq!(store.prune_observations(at(180)).await.unwrap(), 2);
    assert_eq!(store.observations(device, 9).await.unwrap().len(), 1);
    assert_eq!(store.strips(device, 0, i64::MAX).await.unwrap(), strips);
    assert_eq!(store.last_sequence("local").await.unwrap(), 3);
}

fn evidence(device: DeviceId, key: &str, kind: EvidenceKind, second: i64) -> EvidenceRow {
    let (key, sha256) = (key.to_owned(), "0".repeat(64));
    EvidenceRow { key, device, kind, taken_at: at(second), bytes: 100, sha256 }
}
