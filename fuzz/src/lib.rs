//! What the targets share: how a fuzzer's bytes become packets.
//!
//! Each target asserts more than that nothing panics: bounds, and what must never leave the machine.

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Receiver, StreamFormat};

/// Feeds a receiver with payloads cut out of `data`, under headers that mostly make sense, and
/// asserts its bounds.
///
/// A payload is a flag byte, a length (two bytes), and so many bytes: bit 0 is the marker, bit 1 a
/// new timestamp, bit 2 a lost packet before, bit 3 a repeated number, bit 4 a late one, bit 5
/// another source, bits 6 and 7 milliseconds to the next.
///
/// # Panics
/// If a bound is broken.
pub fn stream(codec: Codec, mut data: &[u8]) {
    let mut format = StreamFormat::new(codec, 96, 90_000);
    if let Some((length, rest)) = data.split_first() {
        let (hint, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        format.parameter_sets = hint.split(|byte| *byte == 0xfe).map(<[u8]>::to_vec).collect();
        data = rest;
    }
    let mut receiver = Receiver::new(&format);
    let (mut sequence, mut timestamp, mut now) = (65_500u16, u32::MAX - 7_200, Duration::ZERO);
    while let Some((head, rest)) = data.split_first_chunk::<3>() {
        let [flags, high, low] = *head;
        let length = usize::from(u16::from_be_bytes([high, low]) % 4_096).min(rest.len());
        let (payload, rest) = rest.split_at(length);
        data = rest;
        sequence = sequence.wrapping_add(1 + u16::from(flags >> 2 & 1));
        timestamp = timestamp.wrapping_add(u32::from(flags >> 1 & 1) * 3_600);
        let number = match flags >> 3 & 3 {
            1 => sequence.wrapping_sub(1),
            2 => sequence.wrapping_sub(5),
            _ => sequence,
        };
        let mut packet = vec![0x80, (flags & 1) << 7 | 96];
        packet.extend_from_slice(&number.to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&(7 + u32::from(flags >> 5 & 1)).to_be_bytes());
        packet.extend_from_slice(payload);
        receiver.handle_rtp(now, &packet);
        holds(&mut receiver, now);
        now += Duration::from_millis(u64::from(flags >> 6) * 20);
    }
    while let Some(deadline) = receiver.next_deadline() {
        now = now.max(deadline);
        holds(&mut receiver, now);
    }
}

/// Asserts what is always true of a receiver.
///
/// # Panics
/// If it is not.
pub fn holds(receiver: &mut Receiver, now: Duration) {
    if let Some(keyframe) = receiver.take_keyframe(now) {
        assert!(!keyframe.bytes.is_empty() && keyframe.slices > 0);
        assert!(keyframe.bytes.len() <= Receiver::MAX_KEYFRAME + 200_000);
        assert!(keyframe.arrived <= now);
    }
    assert!(receiver.memory() <= Receiver::MEMORY_BOUND);
    let statistics = receiver.statistics(now);
    let stream = statistics.stream;
    assert!(stream.loss_ratio.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)));
    assert!(stream.jitter_ms.is_none_or(|jitter| jitter >= 0.0 && jitter.is_finite()));
    if let Some(video) = statistics.video {
        let keyframes = video.keyframes.unwrap_or(0);
        assert!(keyframes <= video.frames && video.damaged_keyframes <= keyframes);
        assert!(video.fps.is_none_or(f64::is_finite));
    }
    if let Some(report) = receiver.receiver_report(now, 9, "zhishou") {
        assert!(report.len().is_multiple_of(4));
    }
}
