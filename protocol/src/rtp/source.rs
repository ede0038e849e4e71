//! Which packets belong to the stream, and which are missing (RFC 3550 A.1, A.3).
//!
//! Differs from the RFC's sample code in three points, each for a camera: the packets that came in
//! probation are counted once two in sequence prove their source (they are often the parameter sets
//! of the first keyframe, and where packets are lost there may be some); a repeated sequence number is a duplicate and not a loss of 65 535; and another
//! source that sends a proper run takes over where the first fell silent (cameras restart their
//! encoder with a new SSRC) or where SETUP announced it.

use std::time::Duration;

/// Packets in sequence that prove a source, RFC 3550 A.1.
const MIN_SEQUENTIAL: u32 = 2;
/// Packets that may be missing in one go, RFC 3550 A.1.
const MAX_DROPOUT: u16 = 3_000;
/// How far back a packet is late and not the sign of a restart, RFC 3550 A.1.
const MAX_MISORDER: u16 = 100;
/// Packets of one source in probation that are kept for when it is proven.
pub(super) const MAX_IN_PROBATION: usize = 4;
/// How far apart the numbers of packets in probation may be to belong to one run.
pub(super) const MAX_APART: u16 = 32;
/// Silence of the known source after which another may take over.
const SILENCE: Duration = Duration::from_secs(1);

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Of a possible source: keep it until two in sequence prove it.
    Held,
    /// Proves its source, and with it the packets held that are [`near`] in number.
    Proven,
    /// The next, or one after a loss.
    InOrder,
    /// Late, but new.
    Late,
    /// The numbering began anew, or another source took over: nothing joins what was before.
    Restarted,
    /// Seen before.
    Duplicate,
    /// Far out of sequence; dropped unless the next follows it.
    Stray,
    /// Of another source.
    Foreign,
}

/// Sequence numbers of one proven source.
#[derive(Debug, Clone)]
struct Run {
    ssrc: u32,
    /// Extended by the number of wraps; starts past one wrap so that late packets never underflow.
    base: u64,
    highest: u64,
    received: u64,
    /// The last 128 numbers up to `highest`, bit 0 being `highest` itself.
    window: u128,
    after_stray: Option<u16>,
}

impl Run {
    fn new(ssrc: u32, sequence: u16) -> Self {
        let highest = 0x1_0000 + u64::from(sequence);
        Run { ssrc, base: highest, highest, received: 1, window: 1, after_stray: None }
    }

    fn expected(&self) -> u64 {
        self.highest - self.base + 1
    }

    fn admit(&mut self, sequence: u16) -> Admission {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead == 0 {
            return Admission::Duplicate;
        }
        if ahead < MAX_DROPOUT {
            self.highest += u64::from(ahead);
            self.window = self.window.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.received += 1;
            self.after_stray = None;
            return Admission::InOrder;
        }
        let behind = ahead.wrapping_neg();
        if behind <= MAX_MISORDER {
            let bit = 1u128 << behind;
            if self.window & bit != 0 {
                return Admission::Duplicate;
            }
            self.window |= bit;
            self.base = self.base.min(self.highest - u64::from(behind));
            self.received += 1;
            return Admission::Late;
        }
        if self.after_stray == Some(sequence) {
            return Admission::Restarted;
        }
        self.after_stray = Some(sequence.wrapping_add(1));
        Admission::Stray
    }
}

/// Whether two numbers can belong to one run.
pub(super) fn near(a: u16, b: u16) -> bool {
    a.wrapping_sub(b).min(b.wrapping_sub(a)) <= MAX_APART
}

/// Sources in probation at the same time; the oldest makes room.
pub(super) const MAX_CANDIDATES: usize = 4;

/// A source not yet proven.
#[derive(Debug, Clone)]
struct Candidate {
    ssrc: u32,
    next: u16,
    run: u32,
    /// Packets not yet counted as anybody's.
    pending: u64,
    /// Numbers of the last of them, in the order they came, each once.
    recent: [u16; MAX_IN_PROBATION],
    kept: usize,
}

impl Candidate {
    fn keep(&mut self, sequence: u16) {
        if self.recent[..self.kept].contains(&sequence) {
            return;
        }
        if self.kept == MAX_IN_PROBATION {
            self.recent.rotate_left(1);
            self.kept -= 1;
        }
        self.recent[self.kept] = sequence;
        self.kept += 1;
    }
}

/// Counts of a stream over all its runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Packets of the stream, duplicates not counted.
    pub(super) packets: u64,
    /// Packets that should have come.
    pub(super) expected: u64,
    /// Late packets.
    pub(super) reordered: u64,
    /// Repeated packets.
    pub(super) duplicates: u64,
    /// Packets of other sources.
    pub(super) foreign: u64,
    /// Packets far out of sequence.
    pub(super) strays: u64,
    /// How often the numbering began anew.
    pub(super) restarts: u64,
}

impl Counts {
    /// Packets that never came.
    pub(super) fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.packets)
    }
}

/// The source of one stream.
#[derive(Debug, Clone)]
pub(super) struct Source {
    announced: Option<u32>,
    current: Option<Run>,
    candidates: Vec<Candidate>,
    last_valid: Duration,
    /// Counts of the runs before `current`.
    counts: Counts,
    reported: Counts,
}

impl Source {
    /// `announced` is the SSRC of SETUP's answer.
    pub(super) fn new(announced: Option<u32>) -> Self {
        Source {
            announced,
            current: None,
            candidates: Vec::new(),
            last_valid: Duration::ZERO,
            counts: Counts::default(),
            reported: Counts::default(),
        }
    }

    /// The SSRC of the stream, once proven.
    pub(super) fn ssrc(&self) -> Option<u32> {
        self.current.as_ref().map(|run| run.ssrc)
    }

    /// The highest sequence number with its wraps, as a receiver report carries it.
    pub(super) fn extended_highest(&self) -> u32 {
        self.current.as_ref().map_or(0, |run| (run.highest - 0x1_0000) as u32)
    }

    /// Counts of the whole stream.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = self.counts;
        if let Some(run) = &self.current {
            counts.packets += run.received;
            counts.expected += run.expected();
        }
        counts
    }

    /// Share lost since the last call in 1/256, as a receiver report carries it (A.3).
    pub(super) fn fraction_lost(&mut self) -> u8 {
        let counts = self.counts();
        let expected = counts.expected.saturating_sub(self.reported.expected);
        let packets = counts.packets.saturating_sub(self.reported.packets);
        self.reported = counts;
        let lost = expected.saturating_sub(packets);
        (lost * 256).checked_div(expected).map_or(0, |share| share.min(255) as u8)
    }

    /// Judges one packet.
    pub(super) fn admit(&mut self, now: Duration, ssrc: u32, sequence: u16) -> Admission {
        let admission = match &mut self.current {
            Some(run) if run.ssrc == ssrc => run.admit(sequence),
            _ => self.admit_candidate(now, ssrc, sequence),
        };
        match admission {
            Admission::Restarted => self.begin(ssrc, [sequence]),
            Admission::Proven => self.prove(ssrc, sequence),
            Admission::Duplicate => self.counts.duplicates += 1,
            Admission::Late => self.counts.reordered += 1,
            Admission::Foreign => self.counts.foreign += 1,
            Admission::Stray => self.counts.strays += 1,
            Admission::Held | Admission::InOrder => {}
        }
        if !matches!(admission, Admission::Foreign | Admission::Stray) {
            self.last_valid = now;
        }
        admission
    }

    fn admit_candidate(&mut self, now: Duration, ssrc: u32, sequence: u16) -> Admission {
        let next = sequence.wrapping_add(1);
        let pending = u64::from(self.current.is_none());
        let known = self.candidates.iter_mut().find(|candidate| candidate.ssrc == ssrc);
        let run = match known {
            Some(candidate) => {
                candidate.keep(sequence);
                candidate.run = if candidate.next == sequence { candidate.run + 1 } else { 1 };
                candidate.next = next;
                candidate.pending += pending;
                candidate.run
            }
            None => {
                if self.candidates.len() == MAX_CANDIDATES {
                    self.counts.foreign += self.candidates.remove(0).pending;
                }
                let recent = [sequence; MAX_IN_PROBATION];
                self.candidates.push(Candidate { ssrc, next, run: 1, pending, recent, kept: 1 });
                1
            }
        };
        if self.current.is_none() {
            return if run >= MIN_SEQUENTIAL { Admission::Proven } else { Admission::Held };
        }
        let silent = now.saturating_sub(self.last_valid) >= SILENCE;
        if run >= MIN_SEQUENTIAL && (silent || self.announced == Some(ssrc)) {
            return Admission::Restarted;
        }
        Admission::Foreign
    }

    /// Begins with all that came in probation and belongs to the run of `sequence`, itself included.
    fn prove(&mut self, ssrc: u32, sequence: u16) {
        let kept = self.candidates.iter().find(|candidate| candidate.ssrc == ssrc);
        let (recent, kept) = kept.map_or(([sequence; MAX_IN_PROBATION], 1), |c| (c.recent, c.kept));
        let recent = recent.into_iter().take(kept);
        self.begin(ssrc, recent.filter(|&earlier| near(earlier, sequence)));
    }

    fn begin(&mut self, ssrc: u32, sequences: impl IntoIterator<Item = u16>) {
        let mut sequences = sequences.into_iter();
        let Some(first) = sequences.next() else { return };
        let mut new = Run::new(ssrc, first);
        for sequence in sequences {
            if new.admit(sequence) == Admission::Late {
                self.counts.reordered += 1;
            }
        }
        if let Some(run) = self.current.replace(new) {
            // Another client's stream that came first on our connection (Q54) was never ours.
            if run.ssrc != ssrc && self.announced == Some(ssrc) {
                self.counts = Counts {
                    foreign: self.counts.foreign + self.counts.packets + run.received,
                    strays: self.counts.strays,
                    ..Counts::default()
                };
                self.candidates = Vec::new();
                return;
            }
            self.counts.packets += run.received;
            self.counts.expected += run.expected();
            self.counts.restarts += 1;
        }
        // Their room is given back: a proven source rarely has another beside it.
        for candidate in std::mem::take(&mut self.candidates) {
            if candidate.ssrc != ssrc {
                self.counts.foreign += candidate.pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(sequences: impl IntoIterator<Item = u16>) -> Source {
        let mut source = Source::new(None);
        for sequence in sequences {
            source.admit(Duration::ZERO, 7, sequence);
        }
        source
    }

    #[test]
    fn nothing_is_lost_across_the_wrap() {
        let counts = feed((0..100u16).map(|step| step.wrapping_add(65_500))).counts();
        assert_eq!((counts.packets, counts.expected, counts.lost()), (100, 100, 0));
    }

    #[test]
    fn loss_is_what_is_missing_between_first_and_last() {
        let source = feed((0..1_000u16).filter(|step| step % 10 != 5));
        let counts = source.counts();
        assert_eq!((counts.packets, counts.expected, counts.lost()), (900, 1_000, 100));
    }

    #[test]
    fn a_duplicate_is_not_a_loss() {
        let counts = feed([10, 11, 11, 12, 10, 13]).counts();
        assert_eq!((counts.packets, counts.duplicates, counts.lost()), (4, 2, 0));
    }

    #[test]
    fn late_packets_are_reordered_and_not_lost() {
        let counts = feed([10, 11, 14, 12, 13, 15, 12]).counts();
        assert_eq!((counts.packets, counts.reordered, counts.duplicates), (6, 2, 1));
        assert_eq!(counts.lost(), 0);
    }

    #[test]
    fn a_first_packet_overtaken_still_counts() {
        let counts = feed([10, 11, 9, 12]).counts();
        assert_eq!((counts.packets, counts.expected, counts.lost()), (4, 4, 0));
    }

    #[test]
    fn first_packets_of_another_source_do_not_lock_it() {
        let mut source = Source::new(None);
        let first = source.admit(Duration::ZERO, 1, 500);
        let second = source.admit(Duration::ZERO, 7, 10);
        let third = source.admit(Duration::ZERO, 7, 11);
        assert_eq!([first, second, third], [Admission::Held, Admission::Held, Admission::Proven]);
        assert_eq!(source.ssrc(), Some(7));
        assert_eq!((source.counts().packets, source.counts().foreign), (2, 1));
    }

    #[test]
    fn what_came_in_probation_counts_although_its_neighbours_are_lost() {
        let counts = feed([65_534, 0, 2, 3, 4]).counts();
        assert_eq!((counts.packets, counts.expected, counts.lost()), (5, 7, 2));
        let counts = feed([12, 11, 13, 14]).counts();
        assert_eq!((counts.packets, counts.reordered, counts.lost()), (4, 1, 0));
        // of a numbering that was given up
        let counts = feed([900, 11, 12]).counts();
        assert_eq!((counts.packets, counts.expected), (2, 2));
    }

    #[test]
    fn a_stale_session_beside_ours_is_foreign() {
        let mut source = feed([1, 2, 3]);
        for sequence in 900..950 {
            assert_eq!(source.admit(Duration::ZERO, 99, sequence), Admission::Foreign);
        }
        let counts = source.counts();
        assert_eq!((counts.packets, counts.foreign, counts.lost()), (3, 50, 0));
    }

    #[test]
    fn a_new_source_takes_over_after_silence_or_as_announced() {
        let mut source = feed([1, 2, 3]);
        let late = Duration::from_millis(1_500);
        assert_eq!(source.admit(late, 99, 40), Admission::Foreign);
        assert_eq!(source.admit(late, 99, 41), Admission::Restarted);
        assert_eq!(source.ssrc(), Some(99));
        let mut source = Source::new(Some(99));
        for sequence in 1..4 {
            source.admit(Duration::ZERO, 7, sequence);
        }
        source.admit(Duration::ZERO, 99, 40);
        assert_eq!(source.admit(Duration::ZERO, 99, 41), Admission::Restarted);
        let counts = source.counts();
        assert_eq!((counts.packets, counts.foreign), (1, 4), "what came before was not ours");
        assert_eq!((counts.lost(), counts.restarts), (0, 0));
    }

    #[test]
    fn numbering_that_begins_anew_is_a_restart_and_no_loss() {
        let mut source = feed([1, 2, 3, 40_000]);
        assert_eq!(source.counts().strays, 1);
        assert_eq!(source.admit(Duration::ZERO, 7, 40_001), Admission::Restarted);
        let counts = source.counts();
        assert_eq!((counts.packets, counts.lost(), counts.restarts), (4, 0, 1));
    }

    #[test]
    fn fraction_lost_is_of_the_interval() {
        let mut source = feed((0..100u16).filter(|step| step % 4 != 2));
        assert_eq!(source.fraction_lost(), 64);
        for sequence in 100..200 {
            source.admit(Duration::ZERO, 7, sequence);
        }
        assert_eq!(source.fraction_lost(), 0);
    }
}
