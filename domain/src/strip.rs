//! Day strips: what each minute of a UTC day was, two bits a minute.

use crate::{Span, Timestamp, time::DAY_MS};
use serde::{Deserialize, Serialize};

/// Minutes in a UTC day.
pub const MINUTES: usize = 1440;
/// Bytes of a stored strip: 1440 × 2 bit.
pub const BYTES: usize = MINUTES / 4;

/// What a device-minute was. The order is that of badness: a minute takes its worst known state.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not known; neither up nor down.
    #[default]
    Unknown,
    /// Media flowed, nothing wrong.
    Up,
    /// Media flowed, with faults.
    Degraded,
    /// Confirmed down.
    Down,
}

words!(State {
    Up = "up", "在线", "online";
    Degraded = "degraded", "降级", "degraded";
    Down = "down", "离线", "offline";
    Unknown = "unknown", "未知", "unknown";
});

impl State {
    const fn bits(self) -> u8 {
        self as u8
    }

    const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Unknown,
            1 => Self::Up,
            2 => Self::Degraded,
            _ => Self::Down,
        }
    }
}

/// The strip of one device on one UTC day.
#[derive(Clone, PartialEq, Eq)]
pub struct DayStrip([u8; BYTES]);

impl Default for DayStrip {
    fn default() -> Self {
        Self([0; BYTES])
    }
}

impl std::fmt::Debug for DayStrip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let runs = self.runs().map(|(from, to, state)| format!("{from}..{to} {}", state.code()));
        f.write_str(&runs.collect::<Vec<_>>().join(", "))
    }
}

impl DayStrip {
    /// From its stored bytes; `None` where they are not [`BYTES`] long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes: minute `m` in bits `2·(m mod 4)` of byte `m / 4`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The state of a minute, 0–1439; later ones are unknown.
    pub fn get(&self, minute: usize) -> State {
        let byte = self.0.get(minute / 4).copied().unwrap_or(0);
        State::from_bits(byte >> (2 * (minute % 4)))
    }

    /// Each minute's place in the order of badness: 0 unknown, 1 up, 2 degraded, 3 down.
    pub fn levels(&self) -> [u8; MINUTES] {
        let mut levels = [0; MINUTES];
        for (four, byte) in levels.as_chunks_mut().0.iter_mut().zip(self.0) {
            *four = [byte & 3, byte >> 2 & 3, byte >> 4 & 3, byte >> 6];
        }
        levels
    }

    /// Raises a minute to `state` where that is worse than what stands there. Says what stood
    /// there before.
    pub fn raise(&mut self, minute: usize, state: State) -> State {
        let before = self.get(minute);
        if state > before
            && let Some(byte) = self.0.get_mut(minute / 4)
        {
            let shift = 2 * (minute % 4);
            *byte = (*byte & !(3 << shift)) | (state.bits() << shift);
        }
        before
    }

    /// Runs of equal minutes as (first, one past the last, state).
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize, State)> + '_ {
        let mut from = 0;
        std::iter::from_fn(move || {
            let state = (from < MINUTES).then(|| self.get(from))?;
            let start = from;
            // Four equal minutes are one byte.
            let alike = 0b0101_0101 * state as u8;
            while from < MINUTES {
                if from % 4 == 0 && self.0.get(from / 4) == Some(&alike) {
                    from += 4;
                } else if self.get(from) == state {
                    from += 1;
                } else {
                    break;
                }
            }
            Some((start, from, state))
        })
    }
}

/// The minutes a span touches, as (UTC day, minute of the day). A minute is touched by any part
/// of it; an empty span touches none.
pub fn minutes_of(span: Span) -> impl Iterator<Item = (i64, usize)> {
    let first = span.from.minute();
    let last = if span.to > span.from {
        Timestamp::from_millis(span.to.millis() - 1).minute()
    } else {
        first - 1
    };
    let per_day = DAY_MS / crate::time::MINUTE_MS;
    (first..=last).map(move |minute| {
        (minute.div_euclid(per_day), usize::try_from(minute.rem_euclid(per_day)).unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_its_worst_known_state() {
        let mut strip = DayStrip::default();
        assert_eq!(strip.raise(5, State::Up), State::Unknown);
        assert_eq!(strip.raise(5, State::Down), State::Up);
        strip.raise(5, State::Degraded);
        strip.raise(5, State::Unknown);
        assert_eq!(
            (strip.get(4), strip.get(5), strip.get(6)),
            (State::Unknown, State::Down, State::Unknown)
        );
        assert_eq!(strip.get(MINUTES), State::Unknown);
    }

    #[test]
    fn runs_cover_the_day_and_survive_storage() {
        let mut strip = DayStrip::default();
        for minute in 100..200 {
            strip.raise(minute, State::Up);
        }
        strip.raise(1439, State::Down);
        let back = DayStrip::from_bytes(strip.as_bytes()).unwrap();
        assert_eq!(back, strip);
        assert!(back.levels().into_iter().eq((0..MINUTES).map(|minute| back.get(minute) as u8)));
        let runs: Vec<_> = back.runs().collect();
        assert_eq!(
            runs,
            [
                (0, 100, State::Unknown),
                (100, 200, State::Up),
                (200, 1439, State::Unknown),
                (1439, 1440, State::Down)
            ]
        );
        assert!(DayStrip::from_bytes(&[0; 7]).is_none());
    }

    #[test]
    fn a_span_touches_every_minute_it_has_part_of_also_over_midnight() {
        let span = |from, to| Span {
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
            state: State::Up,
        };
        let minutes: Vec<_> = minutes_of(span(DAY_MS - 90_000, DAY_MS + 1)).collect();
        assert_eq!(minutes, [(0, 1438), (0, 1439), (1, 0)]);
        assert_eq!(minutes_of(span(60_000, 120_000)).collect::<Vec<_>>(), [(0, 1)]);
        assert_eq!(minutes_of(span(60_000, 60_000)).count(), 0);
    }
}
