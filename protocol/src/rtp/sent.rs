//! Whether the packets that never came were sent at all: the count in the sender's reports against
//! the numbers of its packets.
//!
//! RFC 3550 §6.4.1: the sender's packet count holds all packets sent since it began. Where the
//! numbers run ahead of the count, the device numbered packets and dropped them itself; where the
//! count keeps up with the numbers, what is missing was lost behind it.

/// Reports may come a few packets before or after those they count.
const SKEW: u64 = 8;

/// The first report may count most of a keyframe whose packets never came, and that nothing has
/// shown to be missing yet.
const UNSEEN: u64 = 64;

/// Counts at one moment.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    /// By the sender, 32 bits that wrap.
    sent: u32,
    expected: u64,
    received: u64,
}

/// Where packets were lost, between the first and the last sender report (from the start, where
/// the sender counts from there).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderLoss {
    /// Numbered and not counted as sent.
    pub by_device: u64,
    /// Counted as sent and never received.
    pub on_the_way: u64,
}

/// The sender's counts of one source.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    from: Option<Mark>,
    to: Option<Mark>,
}

impl Sent {
    /// A report that counts `sent`, when `expected` packets were due by their numbers and `received`
    /// had come.
    pub(super) fn note(&mut self, sent: u32, expected: u64, received: u64) {
        let mark = Mark { sent, expected, received };
        if self.from.is_none() {
            // Fewer packets than we know of: it counts from the start of our session, as most do.
            // More: its stream is older than the session.
            let ours = u64::from(sent) <= expected + UNSEEN;
            self.from = Some(if ours { Mark::default() } else { mark });
        }
        self.to = Some(mark);
    }

    /// Another source or numbering begins.
    pub(super) fn forget(&mut self) {
        *self = Sent::default();
    }

    /// What is known of where packets were lost; `None` without reports, or where their counts
    /// cannot be.
    pub(super) fn loss(&self) -> Option<SenderLoss> {
        let (from, to) = (self.from?, self.to?);
        let expected = to.expected.checked_sub(from.expected)?;
        let received = to.received.checked_sub(from.received)?;
        let sent = u64::from(to.sent.wrapping_sub(from.sent));
        // Devices that never fill the field in, or count something else.
        let skew = SKEW + expected / 100;
        if expected == 0 || sent > expected + skew || sent + skew < received {
            return None;
        }
        let lost = expected.saturating_sub(received);
        let by_device = expected.saturating_sub(sent).min(lost);
        Some(SenderLoss { by_device, on_the_way: lost - by_device })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(reports: &[(u32, u64, u64)]) -> Option<SenderLoss> {
        let mut told = Sent::default();
        for &(sent, expected, received) in reports {
            told.note(sent, expected, received);
        }
        told.loss()
    }

    #[test]
    fn a_count_that_keeps_up_with_the_numbers_means_lost_on_the_way() {
        let told = loss(&[(1, 1, 1), (1_000, 1_000, 950)]);
        assert_eq!(told, Some(SenderLoss { by_device: 0, on_the_way: 50 }));
    }

    #[test]
    fn a_count_that_lags_behind_the_numbers_means_dropped_by_the_device() {
        let told = loss(&[(960, 1_000, 950)]);
        assert_eq!(told, Some(SenderLoss { by_device: 40, on_the_way: 10 }));
    }

    #[test]
    fn a_stream_older_than_our_session_is_judged_between_its_reports() {
        assert_eq!(loss(&[(70_000, 100, 90)]), None, "one report says nothing yet");
        let told = loss(&[(u32::MAX - 99, 100, 90), (900, 1_100, 1_000)]);
        assert_eq!(told, Some(SenderLoss { by_device: 0, on_the_way: 90 }));
    }

    #[test]
    fn counts_that_cannot_be_say_nothing() {
        assert_eq!(loss(&[]), None);
        assert_eq!(loss(&[(0, 0, 0), (0, 1_000, 990)]), None);
        assert_eq!(loss(&[(0, 0, 0), (50_000, 1_000, 990)]), None);
    }
}
