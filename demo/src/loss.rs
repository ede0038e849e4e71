//! Loses RTP packets between the payloader and the network, at a known rate.
//!
//! Packets of keyframes are spared, as on a recorder that sheds the frames between when its uplink
//! is full: the picture stays whole, the sequence numbers have gaps.

use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::Mutex;

/// One packet of so many is lost, at a place in the group that wanders: at least one in twice as
/// many consecutive packets, however short the look.
const ONE_IN: u32 = 14;

/// Which packets go: a function of the seed and of the packets before alone.
#[derive(Debug)]
pub(crate) struct Loss {
    state: u32,
    position: u32,
    victim: u32,
    /// The time stamp of the keyframe being sent.
    keyframe: Option<gst::ClockTime>,
}

impl Loss {
    /// A sequence of losses; `seed` is not 0.
    pub(crate) fn new(seed: u32) -> Self {
        let mut loss = Self { state: seed, position: 0, victim: 0, keyframe: None };
        loss.choose();
        loss
    }

    /// Xorshift32 (Marsaglia 2003), enough to wander.
    fn choose(&mut self) {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        self.victim = self.state % ONE_IN;
    }

    /// Whether the next packet is lost.
    fn takes_next(&mut self) -> bool {
        let taken = self.position == self.victim;
        self.position += 1;
        if self.position == ONE_IN {
            self.position = 0;
            self.choose();
        }
        taken
    }

    /// The payloader marks only the first packet of a keyframe as no delta unit; the others have
    /// its time stamp.
    fn takes(&mut self, packet: &gst::BufferRef) -> bool {
        if !packet.flags().contains(gst::BufferFlags::DELTA_UNIT) {
            self.keyframe = packet.pts();
        }
        packet.pts() != self.keyframe && self.takes_next()
    }

    /// Lets `pad`, a payloader's source, lose packets from now on.
    pub(crate) fn install(self, pad: &gst::Pad) {
        let loss = Mutex::new(self);
        let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
        pad.add_probe(kinds, move |_, info| {
            let Ok(mut loss) = loss.lock() else { return gst::PadProbeReturn::Ok };
            let kept = match info.data.take() {
                Some(gst::PadProbeData::Buffer(packet)) => {
                    (!loss.takes(&packet)).then_some(gst::PadProbeData::Buffer(packet))
                }
                Some(gst::PadProbeData::BufferList(packets)) => {
                    let kept: gst::BufferList =
                        packets.iter_owned().filter(|packet| !loss.takes(packet)).collect();
                    (!kept.is_empty()).then_some(gst::PadProbeData::BufferList(kept))
                }
                other => other,
            };
            info.data = kept;
            match info.data {
                Some(_) => gst::PadProbeReturn::Ok,
                None => gst::PadProbeReturn::Drop,
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_holds_over_any_short_look() {
        let mut loss = Loss::new(11);
        let lost: Vec<bool> = (0..14_000).map(|_| loss.takes_next()).collect();
        assert_eq!(lost.iter().filter(|lost| **lost).count(), 1000);
        assert!(lost.windows(28).all(|look| look.contains(&true)));
    }

    #[test]
    fn keyframes_are_spared_whole() {
        gst::init().unwrap();
        let packet = |at_ms, delta| {
            let mut packet = gst::Buffer::new();
            let fields = packet.get_mut().unwrap();
            fields.set_pts(gst::ClockTime::from_mseconds(at_ms));
            if delta {
                fields.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
            packet
        };
        let mut loss = Loss::new(3);
        let mut lost = 0;
        for group in 0..100 {
            assert!(!loss.takes(&packet(group * 1000, false)));
            assert!((0..20).all(|_| !loss.takes(&packet(group * 1000, true))));
            lost += (1..15).filter(|n| loss.takes(&packet(group * 1000 + n * 40, true))).count();
        }
        assert_eq!(lost, 100);
    }

    #[test]
    fn the_same_seed_loses_the_same_packets() {
        let taken = |seed| {
            let mut loss = Loss::new(seed);
            (0..200).map(|_| loss.takes_next()).collect::<Vec<_>>()
        };
        assert_eq!(taken(5), taken(5));
        assert_ne!(taken(5), taken(6));
    }
}
