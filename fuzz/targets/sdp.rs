//! Descriptions: within their caps, and without a login in what is kept.
#![no_main]

use zhishou_protocol::sdp::Description;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(description) = Description::parse(data) else { return };
    assert!(!description.media.is_empty() && description.media.len() <= 32);
    let controls = description.media.iter().map(|media| &media.control);
    for control in controls.chain([&description.control]).flatten() {
        if let Some((_, rest)) = control.split_once("://") {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            assert!(!rest[..end].contains('@'), "{control}");
        }
    }
    for media in &description.media {
        assert!(media.clock_rate_hz > 0 && media.payload_type < 128);
        assert!(media.fmtp.len() <= 64);
        assert!(media.parameter_sets.nal_units.iter().all(|unit| !unit.is_empty()));
        assert!(media.declared_fps.is_none_or(|fps| fps > 0.0 && fps <= 1_000.0));
    }
    description.video();
    description.audio();
});
