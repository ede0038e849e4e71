//! Once media flow, packets are taken without the allocator.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::System;
use std::ops::Range;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use zhishou_protocol::rtp::{Codec, Keep, Receiver, StreamFormat};
use zhishou_protocol::rtsp::{Frame, Framer};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Packets of one picture.
const PACKETS: u32 = 8;
/// Bytes of a packet behind its RTP header.
const PAYLOAD: usize = 1_300;

/// Picture number `picture` as a camera writes it: interleaved frames with parts of one slice that
/// refers to other pictures (RFC 6184 §5.8).
fn picture(picture: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in 0..PACKETS {
        let last = u8::from(index == PACKETS - 1);
        bytes.extend([b'$', 0]);
        bytes.extend(u16::try_from(12 + PAYLOAD).unwrap().to_be_bytes());
        bytes.extend([0x80, last << 7 | 96]);
        bytes.extend(((picture * PACKETS + index) as u16).to_be_bytes());
        bytes.extend((picture * 3_600).to_be_bytes());
        bytes.extend(7_u32.to_be_bytes());
        // FU-A of a slice of type 1, P.
        bytes.extend([0x7c, u8::from(index == 0) << 7 | last << 6 | 1, 0x9a]);
        bytes.resize(bytes.len() + PAYLOAD - 3, 0x55);
    }
    bytes
}

/// The way of a packet from the socket's buffer to the figures.
struct Path {
    framer: Framer,
    receiver: Receiver,
    packets: u32,
}

impl Path {
    fn take(&mut self, bytes: &[u8], now: Duration) {
        self.framer.push(bytes).unwrap();
        while let Some(frame) = self.framer.next_frame().unwrap() {
            let Frame::Data { payload, .. } = frame else { panic!("a message among media") };
            self.receiver.handle_rtp(now, self.framer.payload(&payload));
            assert!(self.receiver.take_keyframe(now).is_none());
            self.packets += 1;
        }
    }
}

#[test]
fn no_packet_costs_an_allocation() {
    let format = StreamFormat::new(Codec::H264, 96, 90_000);
    let mut receiver = Receiver::new(&format);
    receiver.keep(Keep::Nothing);
    let mut path = Path { framer: Framer::default(), receiver, packets: 0 };
    let pictures: Vec<Vec<u8>> = (0..900).map(picture).collect();
    let at = |number: usize| Duration::from_millis(40 * number as u64);
    // The window of gaps is full after ten seconds, and nothing grows from then on.
    let trickle = |path: &mut Path, numbers: Range<usize>| {
        for number in numbers {
            for packet in pictures[number].chunks(16 + PAYLOAD) {
                path.take(packet, at(number));
            }
        }
    };
    trickle(&mut path, 0..300);

    // One packet at a time, as a camera trickles them.
    let region = Region::new(ALLOCATOR);
    trickle(&mut path, 300..600);
    let trickled = region.change();
    assert_eq!((trickled.allocations, trickled.reallocations), (0, 0), "{trickled:?}");

    // A picture at a time: the buffer grows with each burst and is given back after it.
    let region = Region::new(ALLOCATOR);
    for (number, bytes) in pictures[600..].iter().enumerate() {
        path.take(bytes, at(600 + number));
    }
    let bursts = region.change();
    assert_eq!(bursts.allocations + bursts.reallocations, 300, "{bursts:?}");
    assert_eq!(path.packets, 900 * PACKETS);
    assert_eq!(path.receiver.statistics(at(900)).video.unwrap().frames, 900);
}
