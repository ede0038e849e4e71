//! Frames, bytes, gaps and stalls by the arrival clock: what a viewer would feel.

use std::time::Duration;

/// How many gaps between frames the percentile looks back on: ten seconds at 25 fps.
const GAPS: usize = 256;

/// Servers replay a cached GOP in one burst on PLAY; rates leave out this long from the start…
const BURST: Duration = Duration::from_millis(500);

/// …where at least this much follows.
const AFTER_BURST: Duration = Duration::from_secs(1);

/// A running count at a moment.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Duration,
    count: u64,
}

/// A rate between a first and a last event that leaves out the opening burst.
#[derive(Debug, Clone, Default)]
struct Rate {
    first: Option<Mark>,
    settled: Option<Mark>,
    last: Option<Mark>,
}

impl Rate {
    /// `total` is the running count including this event.
    fn note(&mut self, now: Duration, total: u64) {
        let mark = Mark { at: now, count: total };
        let first = *self.first.get_or_insert(mark);
        if self.settled.is_none() && now.saturating_sub(first.at) >= BURST {
            self.settled = Some(mark);
        }
        self.last = Some(mark);
    }

    /// Events a second between the first and the last, the first not counted.
    fn per_second(&self) -> Option<f64> {
        let last = self.last?;
        let from = self
            .settled
            .filter(|mark| last.at.saturating_sub(mark.at) >= AFTER_BURST)
            .or(self.first)?;
        let seconds = last.at.saturating_sub(from.at).as_secs_f64();
        (seconds > 0.0).then(|| (last.count - from.count) as f64 / seconds)
    }
}

/// Frames of one sort and their payload bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Sizes {
    frames: u64,
    bytes: u64,
}

impl Sizes {
    fn add(&mut self, bytes: u64) {
        self.frames += 1;
        self.bytes += bytes;
    }

    fn mean(self) -> Option<f64> {
        (self.frames > 0).then(|| self.bytes as f64 / self.frames as f64)
    }
}

/// When packets and frames of one stream arrived.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    bytes: u64,
    /// Payload bytes in the order of the packets, and how many of them before the last frame.
    payload: u64,
    payload_before: u64,
    keyframe_sizes: Sizes,
    other_sizes: Sizes,
    keyframes: u64,
    first_packet: Option<Duration>,
    last_packet: Duration,
    longest_stall: Duration,
    frames: u64,
    frame_rate: Rate,
    last_frame: Option<Duration>,
    /// Gaps in µs, a ring.
    gaps: Vec<u32>,
    next_gap: usize,
}

impl Arrival {
    /// Nothing arrived yet.
    pub(super) fn new() -> Self {
        Arrival {
            bytes: 0,
            payload: 0,
            payload_before: 0,
            keyframe_sizes: Sizes::default(),
            other_sizes: Sizes::default(),
            keyframes: 0,
            first_packet: None,
            last_packet: Duration::ZERO,
            longest_stall: Duration::ZERO,
            frames: 0,
            frame_rate: Rate::default(),
            last_frame: None,
            gaps: Vec::new(),
            next_gap: 0,
        }
    }

    /// A packet of `bytes` bytes, its RTP header included.
    pub(super) fn packet(&mut self, now: Duration, bytes: usize) {
        if self.first_packet.is_none() {
            self.first_packet = Some(now);
        } else {
            let gap = now.saturating_sub(self.last_packet);
            self.longest_stall = self.longest_stall.max(gap);
        }
        self.last_packet = now.max(self.last_packet);
        self.bytes += bytes as u64;
    }

    /// Payload of the frame under way, in the order of the packets.
    pub(super) fn payload(&mut self, bytes: usize) {
        self.payload += bytes as u64;
    }

    /// The first packet of a new frame (of audio: any packet), its payload not yet noted. So far
    /// `keyframes` have ended: where that is one more than before, the frame before was one.
    pub(super) fn frame(&mut self, now: Duration, keyframes: u64) {
        if let Some(last) = self.last_frame {
            let bytes = self.payload - self.payload_before;
            if keyframes > self.keyframes {
                self.keyframe_sizes.add(bytes);
            } else {
                self.other_sizes.add(bytes);
            }
            let gap = now.saturating_sub(last).as_micros();
            let gap = u32::try_from(gap).unwrap_or(u32::MAX);
            if self.gaps.len() < GAPS {
                self.gaps.push(gap);
            } else {
                self.gaps[self.next_gap] = gap;
                self.next_gap = (self.next_gap + 1) % GAPS;
            }
        }
        self.keyframes = keyframes;
        self.payload_before = self.payload;
        self.last_frame = Some(now);
        self.frames += 1;
        self.frame_rate.note(now, self.frames);
    }

    /// Bytes so far, RTP headers included.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When the first packet came.
    pub(super) fn first_packet(&self) -> Option<Duration> {
        self.first_packet
    }

    /// Frames a second.
    pub(super) fn fps(&self) -> Option<f64> {
        self.frame_rate.per_second()
    }

    /// Payload bits a second: the mean size of a frame times the rate of frames. Where groups of
    /// pictures are `gop` frames long, keyframes weigh as often as they come in the long run, and
    /// not as many as chance put into the look.
    pub(super) fn bitrate_bps(&self, gop: Option<u64>) -> Option<f64> {
        let (keyframe, other) = (self.keyframe_sizes.mean(), self.other_sizes.mean());
        let size = match (keyframe, other, gop) {
            (Some(keyframe), Some(other), Some(gop)) if gop > 0 => {
                other + (keyframe - other) / gop as f64
            }
            _ => {
                let Sizes { frames, bytes } = self.other_sizes;
                let all = Sizes {
                    frames: frames + self.keyframe_sizes.frames,
                    bytes: bytes + self.keyframe_sizes.bytes,
                };
                all.mean()?
            }
        };
        Some(size * 8.0 * self.fps()?)
    }

    /// The 99th percentile of the gaps between the last 257 frames, nearest rank, ms.
    pub(super) fn gap_p99_ms(&self) -> Option<f64> {
        let mut gaps = self.gaps.clone();
        gaps.sort_unstable();
        let rank = (gaps.len() * 99).div_ceil(100);
        gaps.get(rank.checked_sub(1)?).map(|&gap| f64::from(gap) / 1_000.0)
    }

    /// The longest time without a packet, the one that lasts at `now` included; `None` before the
    /// first packet.
    pub(super) fn longest_stall(&self, now: Duration) -> Option<Duration> {
        self.first_packet?;
        Some(self.longest_stall.max(now.saturating_sub(self.last_packet)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_cached_gop_in_a_burst_does_not_flatter_the_rate() {
        let mut arrival = Arrival::new();
        for _ in 0..50 {
            arrival.frame(ms(0), 0);
        }
        for frame in 1..=50 {
            arrival.frame(ms(frame * 80), 0); // 12.5 fps
        }
        let fps = arrival.fps().expect("frames were noted");
        assert!((fps - 12.5).abs() < 1e-9, "{fps}");
    }

    #[test]
    fn short_runs_use_all_there_is() {
        let mut arrival = Arrival::new();
        arrival.frame(ms(0), 0);
        assert_eq!(arrival.fps(), None);
        arrival.frame(ms(40), 0);
        assert_eq!(arrival.fps(), Some(25.0));
    }

    #[test]
    fn percentile_is_the_nearest_rank_of_the_last_gaps() {
        let mut arrival = Arrival::new();
        let mut at = 0;
        arrival.frame(ms(at), 0);
        for gap in 1..=100 {
            at += gap;
            arrival.frame(ms(at), 0);
        }
        assert_eq!(arrival.gap_p99_ms(), Some(99.0));
        for _ in 0..256 {
            at += 40;
            arrival.frame(ms(at), 0);
        }
        assert_eq!(arrival.gap_p99_ms(), Some(40.0));
    }

    #[test]
    fn a_stall_counts_while_it_lasts() {
        let mut arrival = Arrival::new();
        assert_eq!(arrival.longest_stall(ms(9_000)), None);
        arrival.packet(ms(100), 10);
        arrival.packet(ms(400), 10);
        assert_eq!(arrival.longest_stall(ms(500)), Some(ms(300)));
        assert_eq!(arrival.longest_stall(ms(3_400)), Some(ms(3_000)));
    }

    #[test]
    fn a_keyframe_more_in_the_look_does_not_raise_the_rate() {
        let mut arrival = Arrival::new();
        // 10 frames a second, keyframes of 9 000 bytes every 10 frames, the others 1 000 bytes
        let mut keyframes = 0;
        for frame in 0..=21u64 {
            keyframes += u64::from(frame % 10 == 1);
            arrival.frame(ms(frame * 100), keyframes);
            arrival.payload(if frame % 10 == 0 { 9_000 } else { 1_000 });
        }
        let rate = arrival.bitrate_bps(Some(10)).expect("frames were noted");
        assert!((rate - 144_000.0).abs() < 1e-6, "{rate}");
    }
}
