//! Puts packets back in order for the depacketizers, within small bounds of number, bytes and time.

use std::time::Duration;

/// Most packets held while one is missing. On TCP nothing is reordered and a gap is the camera's
/// own drop, so a short wait is enough for both transports.
const MAX_HELD: usize = 24;

/// Longest time a packet is held.
const MAX_HOLD: Duration = Duration::from_millis(50);

/// Most bytes held.
pub(super) const MAX_HELD_BYTES: usize = 256 * 1024;

/// A packet that came before its turn.
#[derive(Debug)]
struct Held {
    sequence: u16,
    since: Duration,
    bytes: Vec<u8>,
}

/// A reordering window over whole RTP packets.
#[derive(Debug, Default)]
pub(super) struct Reorder {
    next: Option<u16>,
    held: Vec<Held>,
    held_bytes: usize,
}

impl Reorder {
    /// Takes a packet and hands on what is due, each with the time it arrived and whether packets
    /// before it are missing. A packet whose turn is past is dropped.
    pub(super) fn push(
        &mut self,
        now: Duration,
        sequence: u16,
        packet: &[u8],
        mut deliver: impl FnMut(Duration, &[u8], bool),
    ) {
        let next = self.next.unwrap_or(sequence);
        let ahead = sequence.wrapping_sub(next);
        if ahead >= 0x8000 {
            return;
        }
        if ahead > 0 {
            self.hold(now, sequence, packet);
            self.expire(now, deliver);
            return;
        }
        deliver(now, packet, false);
        self.next = Some(sequence.wrapping_add(1));
        self.drain(false, &mut deliver);
    }

    /// Gives up packets missing for too long and hands on those held for them.
    pub(super) fn expire(&mut self, now: Duration, mut deliver: impl FnMut(Duration, &[u8], bool)) {
        while let Some(first) = self.held.first()
            && (self.held.len() > MAX_HELD
                || self.held_bytes > MAX_HELD_BYTES
                || self.expires_at().is_some_and(|at| at <= now))
        {
            self.next = Some(first.sequence);
            self.drain(true, &mut deliver);
        }
    }

    /// When [`expire`](Self::expire) has something to do.
    pub(super) fn expires_at(&self) -> Option<Duration> {
        self.held.iter().map(|held| held.since + MAX_HOLD).min()
    }

    /// Forgets everything: another source begins.
    pub(super) fn clear(&mut self) {
        *self = Reorder::default();
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> usize {
        self.held.iter().map(|held| held.bytes.capacity()).sum::<usize>()
            + self.held.capacity() * size_of::<Held>()
    }

    fn hold(&mut self, now: Duration, sequence: u16, packet: &[u8]) {
        let next = self.next.unwrap_or(sequence);
        let ahead = sequence.wrapping_sub(next);
        let at = self.held.partition_point(|held| held.sequence.wrapping_sub(next) < ahead);
        if self.held.get(at).is_none_or(|held| held.sequence != sequence) {
            self.held_bytes += packet.len();
            self.held.insert(at, Held { sequence, since: now, bytes: packet.to_vec() });
        }
    }

    fn drain(&mut self, mut gap: bool, deliver: &mut impl FnMut(Duration, &[u8], bool)) {
        let mut due = 0;
        for held in &self.held {
            if Some(held.sequence) != self.next {
                break;
            }
            deliver(held.since, &held.bytes, gap);
            gap = false;
            self.held_bytes -= held.bytes.len();
            self.next = Some(held.sequence.wrapping_add(1));
            due += 1;
        }
        self.held.drain(..due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(order: &[u16]) -> Vec<(u16, bool)> {
        let mut reorder = Reorder::default();
        let mut out = Vec::new();
        for &sequence in order {
            reorder.push(Duration::ZERO, sequence, &sequence.to_be_bytes(), |_, packet, gap| {
                out.push((u16::from_be_bytes([packet[0], packet[1]]), gap));
            });
        }
        out
    }

    #[test]
    fn swapped_packets_come_out_in_order_also_across_the_wrap() {
        let out = run(&[65_534, 0, 65_535, 2, 1, 1, 3]);
        let expected: Vec<_> =
            [65_534, 65_535, 0, 1, 2, 3].into_iter().map(|sequence| (sequence, false)).collect();
        assert_eq!(out, expected);
    }

    #[test]
    fn a_lost_packet_is_given_up_and_marked_once() {
        let order: Vec<u16> = (0..40).filter(|&sequence| sequence != 5).collect();
        let out = run(&order);
        assert_eq!(out.len(), 39);
        let gaps: Vec<u16> = out.iter().filter(|(_, gap)| *gap).map(|(seq, _)| *seq).collect();
        assert_eq!(gaps, [6]);
        assert!(out.is_sorted());
    }

    #[test]
    fn a_lost_packet_is_given_up_in_time() {
        let mut reorder = Reorder::default();
        let mut out = Vec::new();
        reorder.push(Duration::ZERO, 1, &[1], |_, packet, gap| out.push((packet[0], gap)));
        reorder.push(Duration::ZERO, 3, &[3], |_, packet, gap| out.push((packet[0], gap)));
        let due = reorder.expires_at().expect("one is held");
        reorder.expire(due - Duration::from_millis(1), |_, packet, gap| out.push((packet[0], gap)));
        assert_eq!(out, [(1, false)]);
        reorder.expire(due, |_, packet, gap| out.push((packet[0], gap)));
        assert_eq!(out, [(1, false), (3, true)]);
        assert_eq!(reorder.expires_at(), None);
    }

    #[test]
    fn what_was_held_keeps_its_own_time() {
        let mut reorder = Reorder::default();
        let mut out = Vec::new();
        for (at, sequence) in [(0, 1), (10, 3), (30, 2)] {
            let now = Duration::from_millis(at);
            reorder.push(now, sequence, &[], |arrived, _, _| out.push(arrived.as_millis()));
        }
        assert_eq!(out, [0, 30, 10]);
    }

    #[test]
    fn holding_is_bounded_in_bytes() {
        let mut reorder = Reorder::default();
        reorder.push(Duration::ZERO, 0, &[0; 10], |_, _, _| {});
        for sequence in 2..2_000u16 {
            reorder.push(Duration::ZERO, sequence * 2, &vec![0; 65_000], |_, _, _| {});
            assert!(reorder.held_bytes <= MAX_HELD_BYTES);
        }
    }
}
