//! Makes RTP packets by the letter of the RFCs, byte by byte and not with our own code or crates.

use std::time::Duration;

pub(super) use zhishou_tests::wire::rtp;

use crate::rtp::{Keyframe, Receiver};

/// The payload type used throughout.
pub(super) const PAYLOAD_TYPE: u8 = 96;
/// Ticks of a frame at 25 fps.
pub(super) const FRAME: u32 = 3_600;

/// One packet and its arrival.
#[derive(Debug, Clone)]
pub(super) struct Packet {
    pub(super) at: Duration,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) payload: Vec<u8>,
}

impl Packet {
    pub(super) fn bytes(&self) -> Vec<u8> {
        rtp(PAYLOAD_TYPE, 0x5eed, self.sequence, self.timestamp, self.marker, &self.payload)
    }
}

/// NAL units of an Annex B file.
pub(super) fn units(file: &[u8]) -> Vec<Vec<u8>> {
    let mut starts = Vec::new();
    for at in 0..file.len().saturating_sub(2) {
        if file[at..at + 3] == [0, 0, 1] {
            starts.push(at + 3);
        }
    }
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([file.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let mut unit = file[start..end].to_vec();
            while unit.last() == Some(&0) {
                unit.pop();
            }
            unit
        })
        .collect()
}

/// Groups units into pictures: each ends with its last slice. `first` tells the first slice of a
/// picture, `slice` any slice.
pub(super) fn pictures(
    units: Vec<Vec<u8>>,
    slice: impl Fn(&[u8]) -> bool,
    first: impl Fn(&[u8]) -> bool,
) -> Vec<Vec<Vec<u8>>> {
    let mut pictures: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
    let mut has_slices = false;
    for unit in units {
        let begins = if slice(&unit) { first(&unit) } else { true };
        if begins && has_slices {
            pictures.push(Vec::new());
            has_slices = false;
        }
        has_slices |= slice(&unit);
        pictures.last_mut().expect("never empty").push(unit);
    }
    pictures
}

/// Packets of pictures at 25 fps; `payloads` cuts a unit into payloads.
pub(super) fn packets(
    pictures: &[Vec<Vec<u8>>],
    payloads: impl Fn(&[u8]) -> Vec<Vec<u8>>,
) -> Vec<Packet> {
    let mut packets: Vec<Packet> = Vec::new();
    for (index, picture) in pictures.iter().enumerate() {
        for payload in picture.iter().flat_map(|unit| payloads(unit)) {
            packets.push(Packet {
                at: Duration::from_millis(40 * index as u64),
                sequence: 65_500u16.wrapping_add(packets.len() as u16),
                timestamp: (u32::MAX - FRAME).wrapping_add(FRAME * index as u32),
                marker: false,
                payload,
            });
        }
        packets.last_mut().expect("pictures have units").marker = true;
    }
    packets
}

/// RFC 6184: single NAL units, and FU-A for those longer than `mtu`.
pub(super) fn h264_payloads(unit: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    if unit.len() <= mtu {
        return vec![unit.to_vec()];
    }
    let chunks: Vec<_> = unit[1..].chunks(mtu).collect();
    let last = chunks.len() - 1;
    let header = |index| u8::from(index == 0) << 7 | u8::from(index == last) << 6 | unit[0] & 0x1f;
    chunks
        .iter()
        .enumerate()
        .map(|(index, chunk)| [&[unit[0] & 0xe0 | 28, header(index)], *chunk].concat())
        .collect()
}

/// RFC 7798: single NAL units, and FU for those longer than `mtu`.
pub(super) fn h265_payloads(unit: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    if unit.len() <= mtu {
        return vec![unit.to_vec()];
    }
    let chunks: Vec<_> = unit[2..].chunks(mtu).collect();
    let last = chunks.len() - 1;
    let kind = unit[0] >> 1 & 0x3f;
    let header = |index| u8::from(index == 0) << 7 | u8::from(index == last) << 6 | kind;
    chunks
        .iter()
        .enumerate()
        .map(|(index, chunk)| {
            [&[unit[0] & 0x81 | 49 << 1, unit[1], header(index)], *chunk].concat()
        })
        .collect()
}

/// Feeds all packets and takes every keyframe as soon as it is there; settles at the end.
pub(super) fn keyframes(receiver: &mut Receiver, packets: &[Packet]) -> Vec<Keyframe> {
    let mut keyframes = Vec::new();
    let mut end = Duration::ZERO;
    for packet in packets {
        receiver.handle_rtp(packet.at, &packet.bytes());
        keyframes.extend(receiver.take_keyframe(packet.at));
        end = packet.at;
    }
    while let Some(deadline) = receiver.next_deadline() {
        end = end.max(deadline);
        keyframes.extend(receiver.take_keyframe(end));
    }
    keyframes
}

/// Annex B of units.
pub(super) fn annex_b(units: &[Vec<u8>]) -> Vec<u8> {
    units.iter().flat_map(|unit| [&[0, 0, 0, 1], unit.as_slice()].concat()).collect()
}
