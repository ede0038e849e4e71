use super::*;

#[test]
fn details_read_well_in_both_languages() {
    let fps = Detail::Fps { fps: 12.5, declared_fps: 25.0 };
    assert_eq!(fps.render(Lang::En), "12.5 of 25.0 fps");
    assert_eq!(fps.render(Lang::Zh), "实收 12.5 / 标称 25.0 帧/秒");
    let status = Detail::Status { status: 404, reason: String::new() };
    assert_eq!(status.render(Lang::En), "answered 404");
    let budget = Detail::Budget { failures: 2, retry_after_ms: Some(90_000) };
    assert_eq!(budget.render(Lang::En), "2 rejected, next try in 2 min");
}

#[test]
fn a_fault_of_the_sub_stream_says_that_the_main_one_flows() {
    let status = Detail::Status { status: 404, reason: "Not Found".to_owned() };
    let detail = Detail::SubStream { detail: Box::new(status) };
    assert_eq!(detail.render(Lang::Zh), "只是子码流有此故障，主码流正常取到：应答 404 Not Found");
    let kept = serde_json::to_string(&detail).unwrap();
    assert_eq!(serde_json::from_str::<Detail>(&kept).unwrap(), detail);
    let bare = Detail::SubStream { detail: Box::new(Detail::None) };
    assert!(bare.render(Lang::En).ends_with("and flows"));
}

#[test]
fn loss_says_where_also_in_rows_of_before() {
    let read = |row: &str| serde_json::from_str::<Detail>(row).unwrap();
    let old = r#"{"what":"loss","lost":5,"expected":100,"by_device":true}"#;
    let device = Detail::Loss { lost: 5, expected: 100, origin: LossOrigin::Device };
    assert_eq!(read(old), device);
    let unknown = Detail::Loss { lost: 5, expected: 100, origin: LossOrigin::Unknown };
    assert_eq!(read(&old.replace("true", "false")), unknown);
    for origin in [LossOrigin::Device, LossOrigin::Network, LossOrigin::Unknown] {
        let detail = Detail::Loss { lost: 5, expected: 100, origin };
        let row = serde_json::to_string(&detail).unwrap();
        assert_eq!(read(&row), detail, "{row}");
    }
    assert!(device.render(Lang::Zh).ends_with("系设备（或录像机）自身丢弃"));
    let network = Detail::Loss { lost: 5, expected: 100, origin: LossOrigin::Network };
    assert_eq!(network.render(Lang::En), "5/100 packets lost (5.0 %), lost on the way");
}

#[test]
fn what_our_own_probes_used_up_is_ours_and_says_what() {
    let detail = Detail::Crowded { by: Bottleneck::Uplink, waited_ms: 30_400 };
    assert!(detail.is_ours());
    assert_eq!(
        detail.render(Lang::Zh),
        "探测机自身原因：站点的上联带宽被本平台其他探测占满，等了 30 秒"
    );
    let kept = serde_json::to_string(&detail).unwrap();
    assert_eq!(serde_json::from_str::<Detail>(&kept).unwrap(), detail);
}
