//! Q01 to Q18: descriptions.

use zhishou_protocol::sdp::{Codec, Description};

use super::device::{Device, VIDEO, describe, read, status};

/// Whatever stands before the media, the video is found and set up.
#[track_caller]
fn video_survives(head: &str) {
    let mut device = Device::described(&format!("{head}{VIDEO}"));
    assert_eq!(device.description().video().unwrap().codec, Codec::H264, "{head}");
    device.expect("SETUP");
}

fn parsed(sdp: &str) -> Description {
    Device::described(sdp).description().clone()
}

#[test]
fn q01_an_origin_cut_short_is_not_looked_at() {
    video_survives("v=0\no=- 1001 1 IN\ns=VCP IPC Realtime stream\nt=0 0\n");
    video_survives("v=0\no=- 1001 1 IN IP4\ns=x\nt=0 0\n");
}

#[test]
fn q02_an_origin_is_not_missed() {
    video_survives("v=0\ns=LIVE VIEW\nc=IN IP4 0.0.0.0\nt=0 0\n");
}

#[test]
fn q03_an_origin_may_have_more_fields() {
    video_survives("v=0\no=- 14665860 31787219 1 IN IP4 192.168.1.60\ns=Session\nt=0 0\n");
}

#[test]
fn q04_ids_of_an_origin_may_be_anything() {
    video_survives("v=0\no=- 5fd2a1b 0x1 IN IP4 1.2.3.4\ns=x\n");
    video_survives("v=0\no=- 16379793953309178445 1637979395.30 IN IP4 1.2.3.4\ns=x\n");
    video_survives("v=0\no=- -1 -2 IN IP4 1.2.3.4\ns=x\n");
}

#[test]
fn q05_connection_lines_are_not_looked_at() {
    for line in ["IN", "IN IP4", "IN 192.168.4.232", "IN c=IN IP4 0.0.0.0", "SM SM spk0_trackID2"] {
        video_survives(&format!("v=0\ns=x\nc={line}\n"));
        let sdp = VIDEO.replace("a=rtpmap", &format!("c={line}\na=rtpmap"));
        assert_eq!(parsed(&sdp).video().unwrap().codec, Codec::H264, "{line}");
    }
}

#[test]
fn q06_a_description_may_begin_with_its_media() {
    video_survives("o=- 0 0 IN IP4 0.0.0.0\ns=no version\n");
    video_survives("");
}

#[test]
fn q07_times_may_be_words() {
    video_survives("v=0\no=- 0 0 IN IP4 0.0.0.0\ns=x\nt=now-\n");
}

#[test]
fn q08_names_may_come_twice_and_inside_media() {
    video_survives("v=0\ns=one\ns=two\ni=three\n");
    let sdp = parsed(&format!("{VIDEO}s=inside\ni=Video Media\nm=audio 0 RTP/AVP 8\ns=a\n"));
    assert_eq!(sdp.media.len(), 2);
    assert_eq!(sdp.video().unwrap().control.as_deref(), Some("track0"));
}

#[test]
fn q09_lines_may_end_in_lf_alone_be_empty_or_not_end() {
    let text = b"v=0\n\n\nm=video 0 RTP/AVP 96\n\na=rtpmap:96 H265/90000\n\na=control:t1";
    let mut device = read(text);
    assert_eq!(device.description().video().unwrap().codec, Codec::H265);
    assert!(device.expect("SETUP").contains("/live/ch1/t1 RTSP/1.0\r\n"));
}

#[test]
fn q10_vendor_media_are_dropped_and_the_video_is_kept() {
    for line in [
        "m=application/TP-LINK 0 RTP/AVP smart/1/90000",
        "m=vana 0 RTP/AVP 108",
        "m=meta",
        "m=",
        "m=application 0 RTP/AVP 300",
    ] {
        let mut device = Device::described(&format!("v=0\n{line}\na=control:no\n{VIDEO}{line}\n"));
        assert_eq!(device.description().video().unwrap().payload_type, 96, "{line}");
        assert!(device.expect("SETUP").contains("/track0 "), "{line}");
        assert!(device.sent.is_empty());
    }
}

#[test]
fn q11_spaces_around_an_rtpmap_mean_nothing() {
    let sdp = parsed("m=video 0 RTP/AVP 96\na=rtpmap:96  H264/90000 \na=control: track0 \n");
    let video = sdp.video().unwrap();
    assert_eq!((&video.codec, video.clock_rate_hz), (&Codec::H264, 90_000));
    assert_eq!(video.control.as_deref(), Some("track0"));
}

#[test]
fn q12_fmtp_may_be_bare_or_under_another_media() {
    let sdp = parsed(
        "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 8\n\
         a=fmtp:96 packetization-mode=1;profile-level-id=4D001E\na=fmtp:8\n",
    );
    assert_eq!(sdp.video().unwrap().parameter("packetization-mode"), Some("1"));
    assert_eq!(sdp.audio().unwrap().fmtp, []);
    assert_eq!(parsed(VIDEO).video().unwrap().fmtp, []);
}

fn hint(fmtp: &str) -> (usize, bool) {
    let sdp = parsed(&format!("{VIDEO}a=fmtp:96 {fmtp}\n"));
    let sets = &sdp.video().unwrap().parameter_sets;
    (sets.nal_units.len(), sets.invalid)
}

#[test]
fn q13_parameter_sets_are_a_hint_and_bad_ones_are_said() {
    assert_eq!(hint("sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg=="), (2, false));
    for broken in ["", "!!!!", "Z0LAHg==", ",", "AAAA", "Z0LAHtkDxWhAAAADAEAAAAwDxYuS"] {
        assert_eq!(hint(&format!("sprop-parameter-sets={broken}")), (0, true), "{broken:?}");
    }
    // Annex B inside (V380); an SEI among them (Revotech): what is usable is used.
    assert_eq!(hint("sprop-parameter-sets=AAAAAWdCwB4,AAAAAWjLjLI"), (2, false));
    assert_eq!(hint("sprop-parameter-sets=Z0LAHg,aMuMsg,BgUR"), (2, true));
    let many = vec!["Z0LAHg,aMuMsg"; 500].join(",");
    assert!(hint(&format!("sprop-parameter-sets={many}")).0 <= 8);
}

#[test]
fn q14_parts_of_the_h265_sets_are_no_sets() {
    let sets = |fmtp: &str| {
        let sdp =
            parsed(&format!("m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=fmtp:96 {fmtp}\n"));
        let sets = &sdp.video().unwrap().parameter_sets;
        (sets.nal_units.len(), sets.invalid)
    };
    assert_eq!(sets("sprop-sps=QgEBAWAAAAMAAAMAAAMAAAMAlg=="), (0, true));
    assert_eq!(sets("sprop-vps=QAEM;sprop-sps=QgEB"), (0, true));
    assert_eq!(sets("sprop-vps=QAEM;sprop-sps=QgEB;sprop-pps=RAHB"), (3, false));
    assert_eq!(sets("profile-id=1"), (0, false));
}

#[test]
fn q15_rtpmap_wins_over_the_static_table() {
    let sdp = parsed(
        "m=video 0 RTP/AVP 35\na=rtpmap:35 H264/90000\nm=audio 0 RTP/AVP 11\n\
         a=rtpmap:11 PCM/48000\n",
    );
    assert_eq!(sdp.video().unwrap().codec, Codec::H264);
    let audio = sdp.audio().unwrap();
    assert_eq!(audio.codec, Codec::Other("PCM".to_owned()));
    assert_eq!(audio.clock_rate_hz, 48_000);
}

#[test]
fn q16_a_frame_rate_that_says_nothing_is_unknown() {
    for value in ["0S", "0", "", "-5", "nan", "inf", "1e9"] {
        let sdp = parsed(&format!("{VIDEO}a=framerate:{value}\n"));
        assert_eq!(sdp.video().unwrap().declared_fps, None, "{value}");
    }
    assert_eq!(parsed(VIDEO).video().unwrap().declared_fps, None);
    let sdp = parsed(&format!("{VIDEO}a=x-framerate: 12.5\n"));
    assert_eq!(sdp.video().unwrap().declared_fps, Some(12.5));
}

#[test]
fn q17_all_sendonly_is_none_and_some_is_a_back_channel() {
    let all = format!("{VIDEO}a=sendonly\nm=audio 0 RTP/AVP 0\na=control:a\na=sendonly\n");
    assert!(parsed(&all).media.iter().all(|media| !media.backchannel));
    // ONVIF: the sound we would send is never set up, nor is the metadata.
    let some = format!(
        "{VIDEO}a=recvonly\nm=audio 0 RTP/AVP 0\na=control:talk\na=sendonly\n\
         m=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata/90000\na=control:meta\n"
    );
    let mut device = Device::described(&some);
    assert_eq!(device.description().audio(), None);
    device.serve("SETUP", super::device::SETUP);
    device.expect("PLAY");
}

#[test]
fn q18_the_content_type_decides_nothing() {
    for fields in
        ["", "Content-Type: application/sdp; charset=utf-8\n", "Content-Type: text/plain\n"]
    {
        let mut device = Device::greeted(None);
        device.serve("DESCRIBE", &describe(fields, VIDEO));
        assert_eq!(device.description().video().unwrap().codec, Codec::H264, "{fields}");
    }
    let mut device = Device::greeted(None);
    device.serve("DESCRIBE", &status("200 OK"));
    let (_, cause) = device.fails_with();
    assert!(matches!(cause, zhishou_protocol::rtsp::Cause::BadSdp(_)), "{cause}");
}
