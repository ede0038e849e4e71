//! Q41 to Q47 and Q50: setting up. Q48 and Q49 are of UDP and stand with it.

use zhishou_protocol::rtsp::{Event, PacketKind, Track};

use super::device::{Device, SETUP, VIDEO, field, frame, packet, status};

const SOUND: &str = "m=audio 0 RTP/AVP 8\na=control:track1\n";

/// Plays after a SETUP answered with this `Transport`, and sends on a channel.
fn received(transport: &str, channel: u8) -> Vec<(Track, PacketKind)> {
    let mut device = Device::described(VIDEO);
    let answer = "RTSP/1.0 200 OK\nCSeq: {cseq}\nSession: 77\nTransport: ".to_owned();
    device.serve("SETUP", &format!("{answer}{transport}\n\n"));
    device.serve("PLAY", &status("200 OK"));
    device.bytes(&frame(channel, &packet(1)));
    device.packets.iter().map(|(track, kind, _)| (*track, *kind)).collect()
}

fn ssrc(transport: &str) -> Option<u32> {
    let mut device = Device::described(VIDEO);
    device.serve("SETUP", &SETUP.replace("RTP/AVP/TCP;unicast;interleaved=0-1", transport));
    let ready = device.events.iter().find_map(|event| match event {
        Event::Ready { ssrc, .. } => Some(*ssrc),
        _ => None,
    });
    ready.unwrap()
}

#[test]
fn q41_the_channels_are_the_devices() {
    let (rtp, rtcp) = ((Track::Video, PacketKind::Rtp), (Track::Video, PacketKind::Rtcp));
    for (transport, channel, want) in [
        ("RTP/AVP/TCP;unicast;interleaved=4-5", 4, rtp),
        ("RTP/AVP/TCP;unicast;interleaved=1-2", 1, rtp),
        ("RTP/AVP/TCP;unicast;interleaved=2", 2, rtp),
        ("RTP/AVP/TCP;unicast;interleaved=2", 3, rtcp),
        ("RTP/AVP/TCP;unicast", 0, rtp),
        ("RTP/AVP/TCP;interleaved=300-301", 1, rtcp),
    ] {
        assert_eq!(received(transport, channel), [want], "{transport}");
    }
    assert_eq!(received("RTP/AVP/TCP;unicast;interleaved=4-5", 0), []);
}

#[test]
fn q42_interleaved_decides_whatever_the_profile_says() {
    let rtp = [(Track::Video, PacketKind::Rtp)];
    assert_eq!(received("RTP/AVP;unicast;interleaved=0-1", 0), rtp);
}

#[test]
fn q43_an_ssrc_with_spaces_is_read_and_a_bad_one_is_none() {
    let tcp = "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=";
    assert_eq!(ssrc(&format!("{tcp}5E1D 2F0A")), Some(0x5E1D_2F0A));
    assert_eq!(ssrc(&format!("{tcp} 6a")), Some(0x6A));
    for bad in ["zz", "123456789", "", "-1"] {
        assert_eq!(ssrc(&format!("{tcp}{bad}")), None, "{bad}");
    }
}

#[test]
fn q44_parameters_come_in_any_order_and_may_be_empty() {
    assert_eq!(ssrc("ssrc=0000006a;RTP/AVP/TCP;unicast;source=;interleaved=0-1"), Some(0x6A));
    let luckfox = "RTP/AVP/TCP;ssrc=7;unicast;source=;;interleaved=2-3;mode=";
    assert_eq!(received(luckfox, 2), [(Track::Video, PacketKind::Rtp)]);
}

#[test]
fn q45_session_timeouts_as_devices_write_them() {
    for (header, seconds) in [
        ("abc; timeout=20", 20),
        ("abc;timeout=15", 15),
        ("abc ;  timeout = 15 ", 15),
        ("abc", 60),
        ("abc;timeout=0", 60),
        ("abc;timeout=never", 60),
    ] {
        let mut device = Device::described(VIDEO);
        device.serve("SETUP", &SETUP.replace("77;timeout=20", header));
        let play = device.serve("PLAY", &status("200 OK"));
        assert_eq!(field(&play, "Session"), Some("abc"), "{header}");
        // The next sign of life is due at half of it.
        let due = device.wait.saturating_sub(device.now).as_secs();
        assert_eq!(due, seconds / 2, "{header}");
    }
}

#[test]
fn q46_a_session_that_changes_its_name_keeps_the_first() {
    let mut device = Device::described(&format!("{VIDEO}{SOUND}"));
    device.serve("SETUP", SETUP);
    let second = device.serve("SETUP", &SETUP.replace("77;", "78;").replace("0-1", "2-3"));
    assert_eq!(field(&second, "Session"), Some("77"));
    let play = device.serve("PLAY", &status("200 OK"));
    assert_eq!(field(&play, "Session"), Some("77"));
}

#[test]
fn q47_no_mode_is_asked_for() {
    let mut device = Device::described(VIDEO);
    let setup = device.expect("SETUP");
    assert!(!field(&setup, "Transport").unwrap().contains("mode"), "{setup}");
}

#[test]
fn q50_unicast_is_always_asked_for() {
    let mut device = Device::described(&format!("{VIDEO}{SOUND}"));
    for _ in 0..2 {
        let setup = device.serve("SETUP", SETUP);
        assert!(field(&setup, "Transport").unwrap().contains(";unicast"), "{setup}");
    }
}
