//! A ledger that is imported while the platform runs is probed without a restart, and two
//! platforms never share a data directory.

use crate::platform::{Platform, Visitor, binary};
use std::{
    fs,
    process::{Command, Output},
    time::{Duration, Instant},
};

fn zhishou(arguments: &[&str]) -> Output {
    Command::new(binary()).args(["--lang", "en"]).args(arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reaches_a_running_platform() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, config, rows, out) =
        (path("data"), path("zhishou.toml"), path("ledger.csv"), path("reports"));
    fs::write(&config, "[plans.default]\ninterval_s = 10\nretry_s = 5\nfailures = 1\n").unwrap();
    let port = zhishou_tests::camera_without_streams();
    let row = |life| {
        format!("名称,街道,站点,状态,RTSP 地址\n东门,东街,学校,{life},rtsp://127.0.0.1:{port}/1\n")
    };
    let here = ["--data", &data, "--config", &config];
    let serve = [&["serve", "--listen", "127.0.0.1:0"][..], &here].concat();
    let mut platform = Platform::start(&serve);
    let (user, password) = platform.login.clone().unwrap();
    let visitor = Visitor::login(&platform, &user, &password, "Long-Enough-Password-1").await;

    let second = zhishou(&serve);
    assert_eq!(second.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another platform runs"));

    let import = |life| {
        fs::write(&rows, row(life)).unwrap();
        let output = zhishou(&[&["import", rows.as_str()][..], &here].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    import("在用");
    let state = async || {
        let devices = visitor.list("/api/v1/devices?state=&limit=10").await;
        devices.first().map(|device| device["state"].as_str().unwrap().to_owned())
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while state().await.as_deref() != Some("offline") {
        assert!(
            Instant::now() < deadline,
            "the imported camera is not probed: {:?}",
            state().await
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let report = zhishou(&[&["report", "--out", &out][..], &here].concat());
    assert!(report.status.success(), "{}", String::from_utf8_lossy(&report.stderr));
    let files = fs::read_dir(&out).unwrap().count();
    assert_eq!(files, 2, "one workbook and one JSON");
    assert_eq!(platform.terminate(), Some(0));
}
