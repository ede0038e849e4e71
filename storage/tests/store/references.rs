//! What is learned of a camera's picture, and what operators decide of it.

use crate::support::{Home, at, camera, import, record, with_camera};
use zhishou_domain::{
    DeviceId, LearnedPicture, Lesson, PictureFacts, PictureLight, PictureMode,
    ReferenceAction::{Adopt, Relearn, Restore},
    Teaching, Verdict,
};
use zhishou_storage::{EvidenceKind, EvidenceRow, Store};

/// A clean picture by `light` that taught `body`, with its snapshot.
async fn learn(
    store: &Store,
    device: DeviceId,
    second: i64,
    (light, body): (PictureLight, u8),
    (generation, teaching): (i64, Teaching),
) {
    let mut result = record(device, second, at(second), Verdict::Online);
    result.observation.picture = Some(PictureFacts {
        width: 1920,
        height: 1080,
        mode: PictureMode::Colour,
        light: Some(light),
        tiles: None,
        shift: None,
        stripes: None,
        scores: [].into(),
        readings: [].into(),
        decoder_errors: 0,
        algorithm: 3,
        luma_mean: 90.0,
        snapshot: None,
    });
    result.evidence = vec![EvidenceRow {
        key: format!("{second}.jpg"),
        device,
        kind: EvidenceKind::Good,
        taken_at: at(second),
        bytes: 10,
        sha256: "0".repeat(64),
    }];
    let learned = LearnedPicture {
        light,
        body: vec![body; 40_000],
        scenes: 1,
        pictures: 3,
        is_settled: true,
        since: at(second),
        last: at(second),
    };
    result.lesson = Some(Lesson { learned, generation, teaching });
    store.record(result).await.unwrap();
}

/// What is learned by each light, as (light, body, whether adopted), and the picture beside it.
async fn known(store: &Store, device: DeviceId) -> Vec<(PictureLight, u8, bool, String)> {
    let references = store.picture_references(device).await.unwrap();
    let pictures = store.pictures(device).await.unwrap().by_light;
    let known = references.lights.into_iter().map(|it| {
        let light = it.learned.light;
        let beside = pictures.iter().find(|(of, _)| *of == light);
        let key = beside.map(|(_, row)| row.key.clone()).unwrap_or_default();
        (light, it.learned.body[0], it.adopted.is_some(), key)
    });
    known.collect()
}

const SLOWLY: (i64, Teaching) = (0, Teaching::IfClean);
use PictureLight::{Day, Ir};

#[tokio::test]
async fn each_light_is_learned_apart() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    assert_eq!(store.picture_references(device).await.unwrap(), Default::default());
    learn(&store, device, 60, (Day, 1), SLOWLY).await;
    learn(&store, device, 120, (Ir, 2), SLOWLY).await;
    learn(&store, device, 180, (Day, 3), SLOWLY).await;
    let expected = [(Day, 3, false, "180.jpg".to_owned()), (Ir, 2, false, "120.jpg".to_owned())];
    assert_eq!(known(&store, device).await, expected);
    store.delete_evidence(vec!["120.jpg".to_owned()]).await.unwrap();
    assert_eq!(known(&store, device).await[1].3, "", "what was learned outlives its picture");
}

#[tokio::test]
async fn an_adopted_picture_replaces_one_light_and_can_be_taken_back_once() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    learn(&store, device, 60, (Day, 1), SLOWLY).await;
    learn(&store, device, 120, (Ir, 2), SLOWLY).await;
    let before = known(&store, device).await;
    assert!(
        !store.decide_reference(device, Restore, at(150)).await.unwrap(),
        "nothing to take back"
    );
    assert!(store.decide_reference(device, Adopt, at(150)).await.unwrap());
    let waits = store.picture_references(device).await.unwrap();
    assert_eq!((waits.adopt_since, waits.can_restore), (Some(at(150)), false));
    // A probe that began before teaches nothing any more.
    learn(&store, device, 160, (Day, 9), SLOWLY).await;
    assert_eq!(known(&store, device).await[0].1, 1);

    learn(&store, device, 180, (Day, 3), (waits.generation, Teaching::Adopt)).await;
    let after = known(&store, device).await;
    assert_eq!(after[0], (Day, 3, true, "180.jpg".to_owned()));
    assert_eq!(after[1], before[1]);
    let adopted = store.picture_references(device).await.unwrap();
    assert_eq!((adopted.adopt_since, adopted.can_restore), (None, true));
    // What is learned on top of it is still his.
    learn(&store, device, 240, (Day, 4), (adopted.generation, Teaching::IfClean)).await;
    assert_eq!(known(&store, device).await[0], (Day, 4, true, "240.jpg".to_owned()));

    assert!(store.decide_reference(device, Restore, at(300)).await.unwrap());
    let restored = known(&store, device).await;
    assert_eq!(restored[0], (Day, 1, false, "160.jpg".to_owned()));
    assert_eq!(restored[1], before[1]);
    assert!(!store.decide_reference(device, Restore, at(310)).await.unwrap(), "only once");
}

#[tokio::test]
async fn the_first_of_a_light_that_is_adopted_is_taken_back_to_nothing() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    store.decide_reference(device, Adopt, at(0)).await.unwrap();
    assert!(store.decide_reference(device, Restore, at(10)).await.unwrap(), "the order itself");
    assert_eq!(store.picture_references(device).await.unwrap().adopt_since, None);
    store.decide_reference(device, Adopt, at(20)).await.unwrap();
    let generation = store.picture_references(device).await.unwrap().generation;
    learn(&store, device, 60, (Day, 1), (generation, Teaching::Adopt)).await;
    assert_eq!(known(&store, device).await.len(), 1);
    assert!(store.decide_reference(device, Restore, at(70)).await.unwrap());
    assert!(known(&store, device).await.is_empty());
}

#[tokio::test]
async fn learning_anew_forgets_every_light_and_new_masks_forget_what_could_be_restored_too() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    learn(&store, device, 60, (Day, 1), SLOWLY).await;
    learn(&store, device, 120, (Ir, 2), SLOWLY).await;
    let before = known(&store, device).await;
    assert!(store.decide_reference(device, Relearn, at(130)).await.unwrap());
    assert!(known(&store, device).await.is_empty());
    assert!(!store.decide_reference(device, Relearn, at(140)).await.unwrap(), "nothing is left");
    assert!(store.decide_reference(device, Restore, at(150)).await.unwrap());
    assert_eq!(known(&store, device).await, before);

    let generation = store.picture_references(device).await.unwrap().generation;
    store.decide_reference(device, Relearn, at(160)).await.unwrap();
    let masks = "0.1,0.2 0.4,0.5".parse().unwrap();
    assert!(store.set_privacy_masks(device, masks, at(170)).await.unwrap());
    let masked = store.picture_references(device).await.unwrap();
    assert!(!masked.can_restore && masked.generation > generation);
    // The probe under way has the old masks.
    learn(&store, device, 180, (Day, 3), (generation, Teaching::IfClean)).await;
    assert!(known(&store, device).await.is_empty());
    learn(&store, device, 240, (Day, 4), (masked.generation, Teaching::IfClean)).await;
    let masks = "0.1,0.2 0.4,0.6".parse().unwrap();
    store.set_privacy_masks(device, masks, at(250)).await.unwrap();
    assert!(known(&store, device).await.is_empty());
}

#[tokio::test]
async fn another_address_is_another_camera_to_be_learned() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    learn(&store, device, 60, (Day, 1), SLOWLY).await;
    let mut result = record(device, 120, at(120), Verdict::Online);
    result.signature = Some(vec![7; 64]);
    store.record(result).await.unwrap();
    // A sub-stream shows the same scene.
    let mut row = camera(2, "一号");
    row.sub_url = Some("rtsp://10.0.0.2/ch1/sub".into());
    import(&store, vec![row.clone()], at(130)).await;
    assert_eq!(known(&store, device).await.len(), 1);
    assert!(store.pictures(device).await.unwrap().last.is_some());
    row.url = Some("rtsp://10.0.0.3/ch1".into());
    import(&store, vec![row], at(140)).await;
    assert!(known(&store, device).await.is_empty());
    assert!(store.pictures(device).await.unwrap().last.is_none());
}
