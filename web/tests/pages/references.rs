//! 画面基准 on the page of a device and in the API.

use super::*;
use zhishou_domain::{
    FaultCode, LearnedPicture, Lesson, PictureLight, PictureStripes, PictureTiles, ReferenceAction,
    Teaching,
};
use zhishou_recordings::Kind;
use zhishou_storage::{EvidenceKind, EvidenceRow};

/// A result of the camera: a day picture, covered on the left or taught and kept.
async fn see(fixture: &Fixture, device: DeviceId, sequence: i64, is_covered: bool) {
    let at = NOW + Duration::from_millis(sequence.unsigned_abs());
    let case = if is_covered { Case::Black } else { Case::Well };
    let mut seen = fixture::observation("rtsp://10.0.0.2/1", at, case);
    let picture = seen.picture.as_mut().unwrap();
    picture.light = Some(PictureLight::Day);
    picture.scores.insert(FaultCode::Occluded, is_covered.then_some(0.93));
    picture.scores.insert(FaultCode::Shaking, None);
    if is_covered {
        let (fault, scores) = (FaultCode::Occluded, "ff00--".repeat(3));
        picture.tiles = Some(PictureTiles { fault, columns: 6, scores });
        picture.stripes = Some(PictureStripes { across: 0.0, down: 20.0, amplitude: 12.4 });
    }
    let mut record = fixture::record(device, "references", sequence, seen, 3);
    if !is_covered {
        let put = fixture.app.recordings.put(device, at, Kind::Good, fixture::JPEG).unwrap();
        record.evidence = vec![EvidenceRow {
            key: put.key.to_string(),
            device,
            kind: EvidenceKind::Good,
            taken_at: at,
            bytes: put.bytes,
            sha256: put.sha256,
        }];
        let learned = LearnedPicture {
            light: PictureLight::Day,
            body: vec![1; 100],
            scenes: 1,
            pictures: 37,
            is_settled: true,
            since: NOW - Duration::from_secs(86_400),
            last: at,
        };
        record.lesson = Some(Lesson { learned, generation: 0, teaching: Teaching::IfClean });
    }
    fixture.app.store.record(record).await.unwrap();
}

#[tokio::test]
async fn what_is_learned_is_shown_and_a_cover_drawn_over_the_picture() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Black).await;
    let path = format!("/devices/{device}");
    let body = browser.get(&path).await.body;
    assert!(body.contains("尚未学得基准") && !body.contains("class=\"heat\""), "{body}");
    see(&fixture, device, 1, false).await;
    see(&fixture, device, 2, true).await;
    let body = browser.get(&path).await.body;
    for words in [
        "白天",
        "使用中",
        "37",
        "自动学习",
        "class=\"heat\"",
        "画面遮挡 0.93",
        "class=\"heat lines\"",
        "条纹：沿宽 0 条、沿高 20 条，幅度 12 级亮度",
        "100 %",
        "需连续画面",
    ] {
        assert!(body.contains(words), "{words}: {body}");
    }
    assert_eq!(body.matches("<rect class=\"hot\"").count(), 6);
    let answer = browser.get(&format!("{path}/pictures/day")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(fixture.app.store.audit_of("view_evidence", 9).await.unwrap().len(), 1);
    for none in ["ir", "noon"] {
        let answer = browser.get(&format!("{path}/pictures/{none}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{none}");
    }
}

#[tokio::test]
async fn an_operator_adopts_learns_anew_and_takes_that_back() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Well).await;
    let path = format!("/devices/{device}");
    let post = format!("{path}/reference");
    let answer = browser.post(&post, "action=restore").await;
    assert_eq!(answer.header("location"), format!("{path}?done=reference_none#references"));
    assert!(fixture.app.store.audit_of("picture_reference", 9).await.unwrap().is_empty());
    let answer = browser.post(&post, "action=adopt").await;
    assert_eq!(answer.header("location"), format!("{path}?done=adopt#references"));
    let body = browser.get(&format!("{path}?done=adopt")).await.body;
    assert!(body.contains("等待下一幅无其他故障的画面") && body.contains("恢复上次基准"), "{body}");
    browser.post(&post, "action=restore").await;
    assert!(!browser.get(&path).await.body.contains("等待下一幅"));
    assert_eq!(browser.post(&post, "action=x").await.status, StatusCode::BAD_REQUEST);
    let stranger = "/devices/01933d2e-7c00-7000-8000-0123456789ab/reference";
    let gone = browser.post(stranger, "action=adopt").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);

    browser.headers = vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(browser.post(&post, "action=adopt").await.status, StatusCode::FORBIDDEN);
    let logged = fixture.app.store.audit_of("picture_reference", 9).await.unwrap();
    let said: Vec<_> = logged.iter().rev().map(|(_, subject, _)| subject.clone()).collect();
    let of = |action: ReferenceAction| format!("{device} {}", action.code());
    assert_eq!(said, [of(ReferenceAction::Adopt), of(ReferenceAction::Restore)]);
}

#[tokio::test]
async fn the_api_says_what_is_learned_after_each_decision() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Black).await;
    see(&fixture, device, 1, false).await;
    let path = format!("/api/v1/devices/{device}/reference");
    let mut decide = async |action: &str| {
        let body = Body::from(format!("{{\"action\":\"{action}\"}}"));
        browser.send(Method::POST, &path, body, "application/json").await
    };
    let known = decide("adopt").await.json();
    assert_eq!(
        (&known["changed"], known["adopt_since"].is_string()),
        (&true.into(), true),
        "{known}"
    );
    let item = &known["items"][0];
    assert_eq!((&item["light"], &item["pictures"]), (&"day".into(), &37.into()), "{known}");
    assert_eq!((&item["settled"], item["adopted"].is_null()), (&true.into(), true), "{known}");
    let known = decide("relearn").await.json();
    assert_eq!(
        (known["items"].as_array().unwrap().len(), &known["can_restore"]),
        (0, &true.into())
    );
    assert!(known["adopt_since"].is_null(), "{known}");
    assert_eq!(decide("restore").await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(decide("restore").await.json()["changed"], false);
    assert_eq!(decide("forget").await.status, StatusCode::BAD_REQUEST);
}
