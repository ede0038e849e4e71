//! `kill -9` of `serve`, twenty times: nothing acknowledged is lost, and it starts again unaided.

use crate::platform::{Platform, Visitor, binary};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    process::Command,
    time::{Duration, Instant},
};

const CAMERAS: usize = 60;
const ROUNDS: u64 = 20;
const PASSWORD: &str = "Kill-Minus-9-Survivor";

fn ledger(port: u16) -> String {
    let mut text = "名称,国标编码,街道,站点,RTSP 地址\n".to_owned();
    for n in 0..CAMERAS {
        let site = n % 6;
        writeln!(text, "相机{n:03},{n:020},东街,站点{site},rtsp://127.0.0.1:{port}/ch{n}").unwrap();
    }
    text
}

/// What a visitor can see of what was acknowledged.
async fn acknowledged(visitor: &Visitor) -> BTreeSet<String> {
    let items = visitor.list("/api/v1/observations?limit=500").await;
    items.iter().map(Value::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, config, rows) = (path("data"), path("zhishou.toml"), path("ledger.csv"));
    fs::write(&config, "[plans.default]\ninterval_s = 10\nretry_s = 5\ndepth = \"reach\"\n")
        .unwrap();
    fs::write(&rows, ledger(zhishou_tests::camera_without_streams())).unwrap();
    let import = Command::new(binary())
        .args(["import", &rows, "--data", &data, "--config", &config])
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));

    let start = || {
        Platform::start(&["serve", "--data", &data, "--config", &config, "--listen", "127.0.0.1:0"])
    };
    let mut known = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut platform = start();
        let (user, printed) =
            platform.login.clone().unwrap_or_else(|| ("admin".into(), PASSWORD.into()));
        let visitor = Visitor::login(&platform, &user, &printed, PASSWORD).await;
        assert_eq!(visitor.list("/api/v1/devices?limit=500").await.len(), CAMERAS, "round {round}");
        let seen = acknowledged(&visitor).await;
        let lost: Vec<_> = known.difference(&seen).collect();
        assert!(lost.is_empty(), "round {round} lost {lost:?}");

        // New results come in; the blow falls at another moment in every round.
        let deadline = Instant::now() + Duration::from_secs(30);
        let before = seen.len();
        known = seen;
        while known.len() < before + 5 {
            assert!(Instant::now() < deadline, "round {round}: no new results");
            tokio::time::sleep(Duration::from_millis(37 + 13 * round)).await;
            known = acknowledged(&visitor).await;
        }
        platform.kill();
    }
    assert!(known.len() >= 5 * ROUNDS as usize);
}
