//! What devices count on a day, in few bytes: most were online all day, and that is one byte.
//!
//! A body is one entry for each device by number, from 1 on; those after the last count nothing. An entry
//! is one part for each placement that owns minutes of the day, in order of time. A part is a byte of
//! flags and, where these do not say it all, LEB128 numbers.

use zhishou_domain::account::{Heads, Sums, Tally};

/// What the device was at the last minute that counts: a place in [`HEADS`].
const HEAD: u8 = 0b0000_0111;
/// Every minute of the day was due.
const FULL: u8 = 1 << 3;
/// Every due minute was up, reached and intact.
const CLEAN: u8 = 1 << 4;
/// What exclusions leave out follows.
const EXCLUDED: u8 = 1 << 5;
/// Another part follows.
const MORE: u8 = 1 << 6;
/// The part is not empty.
const SOME: u8 = 1 << 7;

/// An entry of a device that was due, up, reached and intact all day, and is so at its end.
pub(super) const PERFECT: u8 = SOME | FULL | CLEAN | 5;

/// 台账, 应检, 已检, 在线, 降级 of one device.
const HEADS: [[u64; 5]; 6] = [
    [0, 0, 0, 0, 0],
    [1, 0, 0, 0, 0],
    [1, 1, 0, 0, 0],
    [1, 1, 1, 0, 0],
    [1, 1, 1, 1, 1],
    [1, 1, 1, 1, 0],
];

/// Appends the entry of a device: its parts, `counted` being the minutes that count of the day.
pub(super) fn write(out: &mut Vec<u8>, counted: u64, parts: &[Tally]) {
    if parts.is_empty() {
        out.push(0);
    }
    for (index, tally) in parts.iter().enumerate() {
        let more = if index + 1 < parts.len() { MORE } else { 0 };
        let head = head_of(&tally.heads);
        let Tally { before, after, .. } = *tally;
        if head == 0 && before == Sums::default() {
            out.push(more);
            continue;
        }
        let mut flags = SOME | more | head;
        let is_clean = before == all_well(before.due);
        for (flag, holds) in
            [(FULL, before.due == counted), (CLEAN, is_clean), (EXCLUDED, before != after)]
        {
            flags |= if holds { flag } else { 0 };
        }
        out.push(flags);
        if flags & FULL == 0 {
            number(out, before.due);
        }
        if !is_clean {
            trouble(out, &before);
        }
        if before != after {
            let mut excluded = before;
            excluded -= after;
            number(out, excluded.due);
            trouble(out, &excluded);
        }
    }
}

/// The parts of one entry after another.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    counted: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a [u8], counted: u64) -> Self {
        Self { rest: body, counted }
    }

    /// Whether every entry was read.
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Passes over an entry that is [`PERFECT`].
    pub(super) fn take_perfect(&mut self) -> bool {
        let is_perfect = self.rest.first() == Some(&PERFECT);
        if is_perfect {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        is_perfect
    }

    /// The next part and whether another one of the same entry follows; `None` where the body is not
    /// one that [`write`] made.
    pub(super) fn part(&mut self) -> Option<(Tally, bool)> {
        let (&flags, rest) = self.rest.split_first()?;
        self.rest = rest;
        let more = flags & MORE != 0;
        if flags & SOME == 0 {
            return Some((Tally::default(), more));
        }
        let [ledger, due, checked, online, degraded] = *HEADS.get(usize::from(flags & HEAD))?;
        let heads = Heads { ledger, due, checked, online, degraded, complete: 0 };
        let due = if flags & FULL == 0 { self.number()? } else { self.counted };
        let before = if flags & CLEAN == 0 { self.trouble(due)? } else { all_well(due) };
        let mut after = before;
        if flags & EXCLUDED != 0 {
            let due = self.number()?;
            after = before.checked_sub(self.trouble(due)?)?;
        }
        Some((Tally { before, after, heads }, more))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn trouble(&mut self, due: u64) -> Option<Sums> {
        let (degraded, down, dark) = (self.number()?, self.number()?, self.number()?);
        let (unreached, mute, harmed) = (self.number()?, self.number()?, self.number()?);
        let unjudged = self.number()?;
        let up = due.checked_sub(degraded + down + dark)?;
        Some(Sums {
            due,
            up,
            degraded,
            down,
            reached: due.checked_sub(unreached + mute)?,
            unreached,
            intact: (up + degraded).checked_sub(harmed + unjudged)?,
            unjudged,
        })
    }
}

fn head_of(heads: &Heads) -> u8 {
    let Heads { ledger, due, checked, online, degraded, complete: _ } = *heads;
    let place = HEADS.iter().position(|row| *row == [ledger, due, checked, online, degraded]);
    u8::try_from(place.unwrap_or(0)).unwrap_or(0)
}

pub(super) fn all_well(due: u64) -> Sums {
    Sums { due, up: due, reached: due, intact: due, ..Sums::default() }
}

fn trouble(out: &mut Vec<u8>, sums: &Sums) {
    number(out, sums.degraded);
    number(out, sums.down);
    number(out, sums.due - sums.checked());
    number(out, sums.unreached);
    number(out, sums.due - sums.reached - sums.unreached);
    number(out, sums.online() - sums.intact - sums.unjudged);
    number(out, sums.unjudged);
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sums() -> impl Strategy<Value = Sums> {
        let parts = (0..200u64, 0..200u64, 0..200u64, 0..300u64, 0..300u64, 0..300u64);
        (parts, 0..400u64, 0..400u64).prop_map(
            |((up, degraded, down, dark, unreached, mute), harmed, unjudged)| {
                let due = up + degraded + down + dark;
                let unreached = unreached.min(due);
                Sums {
                    due,
                    up,
                    degraded,
                    down,
                    reached: due - unreached - mute.min(due - unreached),
                    unreached,
                    intact: (up + degraded).saturating_sub(harmed),
                    unjudged: unjudged.min(harmed).min(up + degraded),
                }
            },
        )
    }

    fn tally() -> impl Strategy<Value = Tally> {
        let sums = prop_oneof![sums(), Just(all_well(1440)), Just(Sums::default())];
        (sums, 0..6usize, 0..3u64).prop_map(|(before, head, share)| {
            let [ledger, due, checked, online, degraded] = HEADS[head];
            // Nothing, a part or all of it was excluded.
            let part = |number: u64| number * share / 2;
            let up = before.up - part(before.up);
            let degraded_after = before.degraded - part(before.degraded);
            let after = Sums {
                due: before.due - part(before.due),
                up,
                degraded: degraded_after,
                down: before.down - part(before.down),
                reached: before.reached - part(before.reached),
                unreached: before.unreached - part(before.unreached),
                intact: before.intact - part(before.intact),
                unjudged: before.unjudged - part(before.unjudged),
            };
            let heads = Heads { ledger, due, checked, online, degraded, complete: 0 };
            // What is left of rounding must still be minutes of a day.
            let mut excluded = before;
            excluded -= after;
            let is_sound = excluded.checked() <= excluded.due
                && excluded.reached + excluded.unreached <= excluded.due
                && excluded.intact + excluded.unjudged <= excluded.online();
            Tally { before, after: if is_sound { after } else { before }, heads }
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            entries in proptest::collection::vec(proptest::collection::vec(tally(), 0..4), 0..20)
        ) {
            let mut body = Vec::new();
            for parts in &entries {
                write(&mut body, 1440, parts);
            }
            let mut reader = Reader::new(&body, 1440);
            for parts in &entries {
                let mut read = Vec::new();
                loop {
                    let (tally, more) = reader.part().unwrap();
                    read.push(tally);
                    if !more { break }
                }
                let expected = if parts.is_empty() { vec![Tally::default()] } else { parts.clone() };
                prop_assert_eq!(read, expected);
            }
            prop_assert!(reader.is_done());
        }

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut reader = Reader::new(&body, 1440);
            while reader.part().is_some() {}
        }
    }

    #[test]
    fn a_day_without_trouble_is_a_byte() {
        let heads = Heads { ledger: 1, due: 1, checked: 1, online: 1, degraded: 0, complete: 0 };
        let tally = Tally { before: all_well(1440), after: all_well(1440), heads };
        let mut body = Vec::new();
        write(&mut body, 1440, &[tally]);
        assert_eq!(body, [PERFECT]);
        let mut reader = Reader::new(&body, 1440);
        assert!(reader.take_perfect() && reader.is_done());
    }
}
