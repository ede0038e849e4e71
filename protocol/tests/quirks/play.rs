//! Q51 to Q54: what comes around the answer to PLAY.

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Receiver, StreamFormat};
use zhishou_protocol::rtsp::{Event, PacketKind, Track};

use super::device::{Device, LOGIN, SETUP, VIDEO, challenge, describe, frame, packet, rtp, status};

#[test]
fn q51_packets_before_the_answer_to_play_are_kept() {
    let mut device = Device::described(VIDEO);
    device.serve("SETUP", SETUP);
    for sequence in 0..3 {
        device.bytes(&frame(0, &packet(sequence)));
    }
    device.bytes(&frame(1, &[0x80, 200, 0, 1, 0, 0, 0, 7]));
    assert_eq!(device.packets.len(), 4);
    device.serve("PLAY", &status("200 OK"));
    assert_eq!(device.events.last(), Some(&Event::Playing));
    assert_eq!(device.packets[3].1, PacketKind::Rtcp);
}

#[test]
fn q52_rtp_info_is_not_believed() {
    for info in [
        "",
        "RTP-Info: \n",
        "RTP-Info: url=rtsp://10.0.0.9/other;seq=0;rtptime=0;\n",
        "RTP-Info: url=track0;seq=99999;rtptime=-7\n",
        "RTP-Info: seq=1;rtptime=bad\n",
        "RTP-Info: url=;seq=1,url=;seq=1;;;\n",
    ] {
        let mut device = Device::described(VIDEO);
        device.serve("SETUP", SETUP);
        device.serve("PLAY", &format!("RTSP/1.0 200 OK\nCSeq: {{cseq}}\n{info}\n"));
        assert_eq!(device.events.last(), Some(&Event::Playing), "{info}");
        let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
        for sequence in 40_000..40_010 {
            device.bytes(&frame(0, &packet(sequence)));
        }
        for (_, _, packet) in &device.packets {
            receiver.handle_rtp(device.now, packet);
        }
        let stream = receiver.statistics(device.now).stream;
        assert_eq!((stream.packets, stream.lost), (10, 0), "{info}");
    }
}

#[test]
fn q53_data_on_channels_never_set_up_are_counted_and_dropped() {
    let mut device = Device::playing(None);
    for sequence in 0..5 {
        device.bytes(&frame(2, &packet(sequence)));
        device.bytes(&frame(0, &packet(sequence)));
    }
    assert!(device.packets.iter().all(|(track, ..)| *track == Track::Video));
    assert_eq!(device.packets.len(), 5);
    let facts = device.session.facts();
    assert_eq!((facts.unset_channel_frames, facts.stale_session_frames), (5, 0));
}

#[test]
fn q54_another_clients_stream_on_our_connection_is_foreign_and_no_loss() {
    let mut device = Device::greeted(LOGIN);
    // live555 before 2017: another session's data even before the login.
    let stale = |sequence| frame(0, &rtp(96, 0xBAD, sequence, 0, true, &[0x41, 0x9a]));
    for sequence in 500..510 {
        device.bytes(&stale(sequence));
    }
    device.serve("DESCRIBE", &challenge(&[r#"Digest realm="r", nonce="1""#]));
    device.bytes(&stale(510));
    device.serve("DESCRIBE", &describe("", VIDEO));
    let announced = SETUP.replace("interleaved=0-1", "interleaved=0-1;ssrc=00000007");
    device.serve("SETUP", &announced);
    assert_eq!(device.session.facts().stale_session_frames, 11);
    assert!(device.packets.is_empty());
    device.serve("PLAY", &status("200 OK"));
    for sequence in 0..100u16 {
        device.bytes(&stale(511 + sequence));
        device.bytes(&frame(0, &packet(sequence)));
    }
    let format = StreamFormat { ssrc: Some(7), ..StreamFormat::new(Codec::H264, 96, 90_000) };
    let mut receiver = Receiver::new(&format);
    for (index, (_, _, packet)) in device.packets.iter().enumerate() {
        receiver.handle_rtp(Duration::from_millis(index as u64 * 20), packet);
    }
    let stream = receiver.statistics(Duration::from_secs(4)).stream;
    // Ours has to prove itself while the other already runs.
    assert!(stream.packets >= 98, "{stream:?}");
    assert_eq!((stream.packets + stream.foreign, stream.lost, stream.restarts), (200, 0, 0));
}
