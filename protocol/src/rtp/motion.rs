//! How a received picture moves, without decoding it: freezes, and frames that hold nothing.

use std::collections::VecDeque;
use std::time::Duration;

use rtp_types::RtpPacket;

/// Frames that the usual gap is an average of.
const USUAL: usize = 30;
/// A freeze is a gap of three usual ones, and of so much more than one.
const FREEZE: Duration = Duration::from_millis(150);
/// A frame between keyframes of no more bytes tells that nothing changed: every macroblock is
/// skipped. A sensor that sees anything has noise, which costs hundreds.
const EMPTY: usize = 96;
/// Frames behind a keyframe that an encoder may spend on what stands still: x264 refines it for eight, at up to
/// 400 bytes each. They tell nothing.
const REFINED: u32 = 10;
/// Frames behind those that have to be seen before a picture is called still.
const ENOUGH: u32 = 30;
/// Two frames of the same picture, coded alike, differ by no more bytes: the number of an IDR picture alternates
/// (H.264 §7.4.3, `idr_pic_id`) and moves what follows by two bits. A sensor's noise moves it by dozens of bytes.
const ALIKE: usize = 1;

/// Watches the packets of an H.264 stream.
#[derive(Debug, Clone, Default)]
pub struct Motion {
    timestamp: Option<u32>,
    ssrc: Option<u32>,
    bytes: usize,
    keyframe: bool,
    last: Option<Duration>,
    gaps: VecDeque<Duration>,
    freezes: u32,
    frozen: Duration,
    /// Frames since the last keyframe.
    since_key: u32,
    /// Frames that are no keyframes nor refine one, and those of them that hold nothing.
    frames: u32,
    empty: u32,
    keyframes: u32,
    /// Bytes of the last keyframe, where the frame before this was one.
    intra: Option<usize>,
    /// Keyframes right behind another, and those of them that are as long.
    intras: u32,
    alike: u32,
}

impl Motion {
    /// Takes one RTP packet that arrived at `now`. What comes late is left out.
    pub fn packet(&mut self, now: Duration, data: &[u8]) {
        let Ok(packet) = RtpPacket::parse(data) else { return };
        self.ssrc = Some(packet.ssrc());
        let timestamp = packet.timestamp();
        if let Some(current) = self.timestamp
            && timestamp != current
        {
            if timestamp.wrapping_sub(current) > u32::MAX / 2 {
                return;
            }
            self.close();
        }
        if self.timestamp != Some(timestamp) {
            self.timestamp = Some(timestamp);
            self.arrived(now);
        }
        let payload = packet.payload();
        self.bytes += payload.len();
        self.keyframe |= is_key(payload);
    }

    /// A frame has begun to arrive.
    fn arrived(&mut self, now: Duration) {
        if let Some(last) = self.last.replace(now) {
            let gap = now.saturating_sub(last);
            let sum: Duration = self.gaps.iter().sum();
            let count = u32::try_from(self.gaps.len()).unwrap_or(u32::MAX);
            if self.gaps.len() == USUAL {
                let usual = sum / count;
                if gap >= (usual * 3).max(usual + FREEZE) {
                    self.freezes += 1;
                    self.frozen += gap;
                    return;
                }
                self.gaps.pop_front();
            }
            self.gaps.push_back(gap);
        }
    }

    fn close(&mut self) {
        if self.keyframe {
            self.keyframes += 1;
            self.since_key = 0;
            if let Some(before) = self.intra.replace(self.bytes) {
                self.intras += 1;
                self.alike += u32::from(self.bytes.abs_diff(before) <= ALIKE);
            }
        } else {
            self.intra = None;
            self.since_key = self.since_key.saturating_add(1);
            if self.since_key > REFINED {
                self.frames += 1;
                self.empty += u32::from(self.bytes <= EMPTY);
            }
        }
        self.bytes = 0;
        self.keyframe = false;
    }

    /// Freezes, and how long they lasted together.
    pub fn freezes(&self) -> (u32, Duration) {
        (self.freezes, self.frozen)
    }

    /// The source of the last packet.
    pub fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// Keyframes that have ended.
    pub fn keyframes(&self) -> u32 {
        self.keyframes
    }

    /// Whether nothing moves: 95 % of the frames that neither are keyframes nor refine one hold nothing. Where all
    /// frames are keyframes, 95 % of them as long as the one before; others may differ by the encoder's rate
    /// control alone, and tell nothing. `None` before enough of them came, and where they tell nothing.
    pub fn is_still(&self) -> Option<bool> {
        let most = |few: u32, all: u32| few * 20 >= all * 19;
        if self.intras >= ENOUGH && most(self.alike, self.intras) {
            return Some(true);
        }
        (self.frames >= ENOUGH).then(|| most(self.empty, self.frames))
    }
}

/// Whether a payload (RFC 6184) carries a part of an IDR picture or its parameter sets.
fn is_key(payload: &[u8]) -> bool {
    match payload {
        [header, second, ..] if header & 0x1f == 28 => matches!(second & 0x1f, 5 | 7),
        [header, rest @ ..] if header & 0x1f == 24 => {
            let mut rest = rest;
            while let [high, low, nal, ..] = rest {
                if matches!(nal & 0x1f, 5 | 7) {
                    return true;
                }
                let length = usize::from(u16::from_be_bytes([*high, *low])) + 2;
                rest = rest.get(length..).unwrap_or_default();
            }
            false
        }
        [header, ..] => matches!(header & 0x1f, 5 | 7),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Sender;

    /// Frames of these sizes, 66 ms apart but where a pause is told; each thirtieth is a keyframe.
    fn watch(sizes: &[usize], pause: impl Fn(usize) -> u64) -> Motion {
        coded(30, sizes, pause)
    }

    /// The same with a keyframe every `gop` frames.
    fn coded(gop: usize, sizes: &[usize], pause: impl Fn(usize) -> u64) -> Motion {
        let (mut motion, mut sender) = (Motion::default(), Sender::new(97, 90_000, 1));
        let mut now = Duration::ZERO;
        for (number, size) in sizes.iter().enumerate() {
            now += Duration::from_millis(66 + pause(number));
            let mut payload = vec![0; *size];
            payload[0] = if number % gop == 0 { 0x65 } else { 0x41 };
            motion.packet(now, &sender.packet(now, true, &payload));
        }
        motion
    }

    #[test]
    fn a_static_picture_is_still_and_a_moving_one_is_not() {
        // Measured of baresip: 12 bytes a frame, against 2 400.
        assert_eq!(watch(&[12; 70], |_| 0).is_still(), Some(true));
        assert_eq!(watch(&[2_400; 70], |_| 0).is_still(), Some(false));
        // Measured of x264: what stands still is refined behind each keyframe.
        let refined = [2_984, 65, 170, 254, 386, 334, 167, 46, 143, 27, 96];
        let coded = |number: usize| refined.get(number % 30).copied().unwrap_or(9);
        let coded: Vec<_> = (0..90).map(coded).collect();
        assert_eq!(watch(&coded, |_| 0).is_still(), Some(true));
        assert_eq!(watch(&[12; 20], |_| 0).is_still(), None, "too few to tell");
        assert_eq!(watch(&[12; 95], |_| 0).keyframes(), 4);
    }

    #[test]
    fn keyframes_alone_are_still_where_each_is_as_long_as_the_one_before() {
        // Measured of x264, keyframes only, at a fixed quality: a still picture, one whose number takes two bits
        // more every other time, and one that moves; then a still one under rate control.
        let still = coded(1, &[7_169; 40], |_| 0);
        assert_eq!((still.is_still(), still.keyframes()), (Some(true), 39));
        let numbered: Vec<_> = (0..40).map(|number| 7_169 + number % 2).collect();
        assert_eq!(coded(1, &numbered, |_| 0).is_still(), Some(true));
        let moving = [7_835, 7_788, 7_756, 7_773, 7_680, 7_536, 7_549, 7_810].repeat(5);
        assert_eq!(coded(1, &moving, |_| 0).is_still(), None);
        let steered = [851, 893, 904, 893, 905, 893, 896, 893].repeat(5);
        assert_eq!(coded(1, &steered, |_| 0).is_still(), None, "it may stand still");
        assert_eq!(coded(1, &[7_169; 20], |_| 0).is_still(), None, "too few to tell");
    }

    #[test]
    fn a_freeze_is_a_gap_beyond_three_usual_ones() {
        let steady = watch(&[500; 100], |number| if number % 10 == 0 { 80 } else { 0 });
        assert_eq!(steady.freezes().0, 0, "jitter is no freeze");
        let motion = watch(&[500; 100], |number| if number == 60 { 434 } else { 0 });
        assert_eq!(motion.freezes(), (1, Duration::from_millis(500)));
        let early = watch(&[500; 100], |number| if number == 10 { 434 } else { 0 });
        assert_eq!(early.freezes().0, 0, "what is usual is not known yet");
    }
}
