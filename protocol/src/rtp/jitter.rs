//! Interarrival jitter (RFC 3550 §6.4.1, A.8) and jumps of the RTP timestamp.

use std::time::Duration;

/// A timestamp this far ahead of the time that passed is a jump, s. Well past the burst of a cached
/// GOP at one frame a second.
const JUMP_AHEAD_S: f64 = 2.0;

/// A timestamp this far back is a jump, s. B-frames step back by a few frames only.
const JUMP_BACK_S: f64 = 1.0;

/// The opening burst of a cached GOP says nothing of the way; it is left out…
const BURST: Duration = Duration::from_millis(500);

/// …where at least this many frames follow, as many as the mean looks back on.
const AFTER_BURST: u64 = 16;

/// The running mean of A.8.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    /// In units of the RTP clock.
    jitter: f64,
    samples: u64,
}

impl Mean {
    fn add(&mut self, difference: f64) {
        self.jitter += (difference - self.jitter) / 16.0;
        self.samples += 1;
    }
}

/// Jitter and jumps of one stream.
///
/// Only the first packet of each timestamp that advances is looked at: the packets of one frame
/// leave the camera together, and frames that step back are late ones, or B-frames, which are sent
/// in another order than their timestamps and would look like jitter of the way.
#[derive(Debug, Clone)]
pub(super) struct Jitter {
    clock_hz: f64,
    first: Option<Duration>,
    last: Option<(Duration, u32)>,
    whole: Mean,
    /// Without the opening burst.
    settled: Mean,
    jumps: u64,
}

impl Jitter {
    /// For a clock of `clock_rate` Hz; 0 is read as 90 000.
    pub(super) fn new(clock_rate: u32) -> Self {
        let clock_hz = f64::from(if clock_rate == 0 { 90_000 } else { clock_rate });
        Jitter {
            clock_hz,
            first: None,
            last: None,
            whole: Mean::default(),
            settled: Mean::default(),
            jumps: 0,
        }
    }

    /// Notes a packet; ignored where its timestamp does not advance.
    pub(super) fn note(&mut self, now: Duration, timestamp: u32) {
        let first = *self.first.get_or_insert(now);
        let Some((then, before)) = self.last else {
            self.last = Some((now, timestamp));
            return;
        };
        let stamped = f64::from(timestamp.wrapping_sub(before).cast_signed());
        let stamped_s = stamped / self.clock_hz;
        if (-JUMP_BACK_S..=0.0).contains(&stamped_s) {
            return;
        }
        self.last = Some((now, timestamp));
        let arrived_s = now.saturating_sub(then).as_secs_f64();
        if stamped_s > arrived_s + JUMP_AHEAD_S || stamped_s < 0.0 {
            // Q57: single frames hours away. Counted, and kept out of the jitter.
            self.jumps += 1;
            return;
        }
        let difference = (arrived_s * self.clock_hz - stamped).abs();
        self.whole.add(difference);
        if then.saturating_sub(first) >= BURST {
            self.settled.add(difference);
        }
    }

    /// Starts anew with another source; what was counted stays.
    pub(super) fn forget_last(&mut self) {
        self.last = None;
    }

    /// Jitter in ms; `None` before two timestamps were seen.
    pub(super) fn ms(&self) -> Option<f64> {
        let mean = self.mean();
        (mean.samples > 0).then(|| 1_000.0 * mean.jitter / self.clock_hz)
    }

    /// Jitter in units of the RTP clock, as a receiver report carries it.
    pub(super) fn units(&self) -> u32 {
        self.mean().jitter as u32
    }

    /// Jumps of the timestamp seen.
    pub(super) fn jumps(&self) -> u64 {
        self.jumps
    }

    fn mean(&self) -> &Mean {
        if self.settled.samples >= AFTER_BURST { &self.settled } else { &self.whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn even_frames_have_no_jitter_also_across_the_wrap() {
        let mut jitter = Jitter::new(90_000);
        for frame in 0..100u32 {
            jitter.note(ms(u64::from(frame) * 40), (u32::MAX - 9_000).wrapping_add(frame * 3_600));
        }
        assert_eq!(jitter.ms(), Some(0.0));
        assert_eq!(jitter.jumps(), 0);
    }

    #[test]
    fn one_late_frame_counts_twice_with_a_gain_of_a_sixteenth() {
        let mut jitter = Jitter::new(90_000);
        jitter.note(ms(0), 0);
        jitter.note(ms(56), 3_600); // 16 ms late: J = 16/16 = 1 ms
        jitter.note(ms(56), 3_600); // more packets of that frame say nothing
        jitter.note(ms(80), 7_200); // 16 ms early against it: J = 1 + 15/16
        assert!((jitter.ms().expect("sampled") - 1.937_5).abs() < 1e-9);
        assert_eq!(jitter.units(), 174);
    }

    #[test]
    fn a_frame_hours_away_is_two_jumps_and_no_jitter() {
        let mut jitter = Jitter::new(90_000);
        for (at, stamp) in [(0, 0), (40, 3_600), (80, 3_600 * 90_000), (120, 10_800)] {
            jitter.note(ms(at), stamp);
        }
        assert_eq!((jitter.jumps(), jitter.ms()), (2, Some(0.0)));
    }

    #[test]
    fn b_frames_stepping_back_are_no_jump_and_no_jitter() {
        let mut jitter = Jitter::new(90_000);
        // I0, then a P and the two B before it, over and over.
        jitter.note(ms(0), 7_200);
        for frame in (1..300u32).step_by(3) {
            for (place, shown) in [(0, frame + 2), (1, frame), (2, frame + 1)] {
                jitter.note(ms(40 * u64::from(frame + place)), 7_200 + shown * 3_600);
            }
        }
        assert_eq!((jitter.jumps(), jitter.ms()), (0, Some(0.0)));
    }

    #[test]
    fn packets_of_a_frame_that_come_after_the_next_began_say_nothing() {
        let mut jitter = Jitter::new(90_000);
        for (at, frame) in [(0, 0), (40, 1), (41, 0), (80, 2), (81, 1), (82, 2)] {
            jitter.note(ms(at), frame * 3_600);
        }
        assert_eq!(jitter.ms(), Some(0.0));
    }

    #[test]
    fn a_cached_gop_in_a_burst_is_no_jitter() {
        let mut jitter = Jitter::new(90_000);
        for frame in 0..75u64 {
            jitter.note(ms(40 * frame.saturating_sub(50)), frame as u32 * 3_600);
        }
        assert!(jitter.ms().expect("sampled") > 5.0, "all there is, until enough has followed");
        for frame in 75..90u64 {
            jitter.note(ms(40 * (frame - 50)), frame as u32 * 3_600);
        }
        assert_eq!(jitter.ms(), Some(0.0));
    }
}
