//! Whole RTP and RTCP packets of any bytes, for every codec; and what a call makes of them.
#![no_main]

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Motion, Receiver, Returned, StreamFormat};

const CODECS: [Codec; 8] = [
    Codec::H264,
    Codec::H265,
    Codec::Jpeg,
    Codec::Mpeg4,
    Codec::OtherVideo,
    Codec::Pcma,
    Codec::Pcmu,
    Codec::OtherAudio,
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, mut data)) = data.split_first() else { return };
    let mut format = StreamFormat::new(CODECS[usize::from(first & 7)], 96, u32::from(*first) << 9);
    format.ssrc = (first & 8 != 0).then_some(7);
    let mut receiver = Receiver::new(&format);
    let (mut motion, mut returned) = (Motion::default(), Returned::default());
    let mut now = Duration::ZERO;
    while let Some((head, rest)) = data.split_first_chunk::<2>() {
        let (packet, rest) = rest.split_at(usize::from(head[1]).min(rest.len()));
        data = rest;
        now += Duration::from_millis(u64::from(head[0] & 0x7f));
        if head[0] & 0x80 == 0 {
            receiver.handle_rtp(now, packet);
            motion.packet(now, packet);
        } else {
            receiver.handle_rtcp(now, Some(now * 1_000), packet);
            returned.read(now * 1_000, 7, packet);
        }
        let (freezes, frozen) = motion.freezes();
        assert!(frozen <= now && (freezes == 0) == frozen.is_zero());
        assert!(returned.rtt().is_none_or(|rtt| rtt < Duration::from_secs(30)));
        zhishou_fuzz::holds(&mut receiver, now);
    }
});
