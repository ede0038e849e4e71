//! What each minute of a period was for one device: media, reach and picture, side by side.

use super::due::{History, intersect, touched};
use super::tally::Sums;
use crate::{
    DayStrip, LifeState, State, Timestamp,
    policy::{Picture, Policy, Reach, Reading},
    strip,
};
use std::ops::Range;

/// Three layers of one byte a minute; used again for device after device.
#[derive(Clone, Debug, Default)]
pub struct MinuteLayers {
    first: i64,
    media: Vec<u8>,
    reach: Vec<u8>,
    picture: Vec<u8>,
}

impl MinuteLayers {
    /// Forgets all and holds `minutes` from now on, all unknown.
    pub fn reset(&mut self, minutes: &Range<i64>) {
        let length = usize::try_from(minutes.end - minutes.start).unwrap_or(0);
        self.first = minutes.start;
        for layer in [&mut self.media, &mut self.reach, &mut self.picture] {
            layer.clear();
            layer.resize(length, 0);
        }
    }

    /// Raises minutes to a reading, each part where it is worse than what stands there.
    pub fn paint(&mut self, minutes: &Range<i64>, reading: Reading) {
        let range = self.places(minutes);
        let parts = [
            (&mut self.media, reading.media as u8),
            (&mut self.reach, reading.reach as u8),
            (&mut self.picture, reading.picture as u8),
        ];
        for (layer, value) in parts {
            if value > 0
                && let Some(minutes) = layer.get_mut(range.clone())
            {
                minutes.iter_mut().for_each(|minute| *minute = (*minute).max(value));
            }
        }
    }

    /// Paints what the transitions of a device say under `policy`, as long as it was in use.
    pub fn paint_history(&mut self, policy: &Policy, history: &History) {
        let within = self.within();
        let in_use = history.living(&[LifeState::InUse], within.clone());
        for (index, transition) in history.transitions.iter().enumerate() {
            let to = history.transitions.get(index + 1).map_or(history.known_until, |next| next.at);
            let reading = policy.read(transition);
            for living in &in_use {
                let (from, to) = (transition.at.max(living.start), to.min(living.end));
                if from < to {
                    self.paint(&touched(&(from..to)), reading);
                }
            }
        }
    }

    /// Adds a stored day: media alone, for a strip holds neither reach nor picture.
    pub fn add_strip(&mut self, utc_day: i64, strip: &DayStrip) {
        let minutes = i64::try_from(strip::MINUTES).unwrap_or(0);
        let day = utc_day * minutes;
        let places = self.places(&(day..day + minutes));
        let from = usize::try_from(self.first - day).unwrap_or(0);
        let Some(layer) = self.media.get_mut(places) else { return };
        let levels = strip.levels();
        for (minute, level) in layer.iter_mut().zip(levels.get(from..).unwrap_or_default()) {
            *minute = (*minute).max(*level);
        }
    }

    /// Adds what stands since the last result and no strip holds yet.
    pub fn add_open(&mut self, open: &crate::Span) {
        if open.from < open.to {
            let reading = Reading { media: open.state, ..Reading::default() };
            self.paint(&touched(&(open.from..open.to)), reading);
        }
    }

    /// What a minute was.
    pub fn get(&self, minute: i64) -> Reading {
        let at = usize::try_from(minute - self.first).ok();
        let part = |layer: &Vec<u8>| at.and_then(|at| layer.get(at).copied()).unwrap_or(0);
        Reading {
            media: match part(&self.media) {
                0 => State::Unknown,
                1 => State::Up,
                2 => State::Degraded,
                _ => State::Down,
            },
            reach: match part(&self.reach) {
                0 => Reach::Unknown,
                1 => Reach::Reached,
                _ => Reach::Unreached,
            },
            picture: match part(&self.picture) {
                0 => Picture::Unsaid,
                1 => Picture::Unjudged,
                2 => Picture::Intact,
                _ => Picture::Harmed,
            },
        }
    }

    /// Counts the minutes of `ranges` that lie in `within` too; both in order and disjoint.
    pub(super) fn sum(&self, ranges: &[Range<i64>], within: &[Range<i64>]) -> Sums {
        let mut sums = Sums::default();
        for range in intersect(ranges, within) {
            let places = self.places(&range);
            let (Some(media), Some(reach), Some(picture)) = (
                self.media.get(places.clone()),
                self.reach.get(places.clone()),
                self.picture.get(places),
            ) else {
                continue;
            };
            let chunks = media.chunks(CHUNK).zip(reach.chunks(CHUNK)).zip(picture.chunks(CHUNK));
            for ((media, reach), picture) in chunks {
                sums += sums_of(media, reach, picture);
            }
        }
        sums
    }

    fn within(&self) -> Range<Timestamp> {
        let end = self.first + i64::try_from(self.media.len()).unwrap_or(0);
        let moment = |minute: i64| Timestamp::from_millis(minute * crate::time::MINUTE_MS);
        moment(self.first)..moment(end)
    }

    /// The part of `minutes` that is held, as places.
    fn places(&self, minutes: &Range<i64>) -> Range<usize> {
        let place = |minute: i64| {
            usize::try_from(minute.saturating_sub(self.first)).unwrap_or(0).min(self.media.len())
        };
        let (from, to) = (place(minutes.start), place(minutes.end));
        from..to.max(from)
    }
}

/// Minutes that are counted in one byte: whole registers, below 256.
const CHUNK: usize = 240;

/// Counts [`CHUNK`] minutes at most, of layers that are equally long.
fn sums_of(media: &[u8], reach: &[u8], picture: &[u8]) -> Sums {
    let of = |layer: &[u8], value: u8| count(layer.iter().map(|minute| *minute == value));
    let shown = |what: Picture| {
        let is_online = |media: u8| (media == State::Up as u8) | (media == State::Degraded as u8);
        let both = media.iter().zip(picture);
        count(both.map(|(media, picture)| is_online(*media) & (*picture == what as u8)))
    };
    Sums {
        due: media.len() as u64,
        up: of(media, State::Up as u8),
        degraded: of(media, State::Degraded as u8),
        down: of(media, State::Down as u8),
        reached: of(reach, Reach::Reached as u8),
        unreached: of(reach, Reach::Unreached as u8),
        intact: shown(Picture::Intact),
        unjudged: shown(Picture::Unjudged),
    }
}

/// How many hold, of [`CHUNK`] at most. Bytes add up many at once in one register.
fn count(minutes: impl Iterator<Item = bool>) -> u64 {
    u64::from(minutes.fold(0_u8, |sum, holds| sum.wrapping_add(u8::from(holds))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_minute_takes_its_worst() {
        let mut layers = MinuteLayers::default();
        layers.reset(&(100..110));
        let down =
            Reading { media: State::Down, reach: Reach::Unreached, picture: Picture::Harmed };
        let up = Reading { media: State::Up, reach: Reach::Reached, picture: Picture::Intact };
        layers.paint(&(90..105), up);
        layers.paint(&(104..200), down);
        layers.paint(&(104..106), up);
        assert_eq!((layers.get(103), layers.get(104), layers.get(109)), (up, down, down));
        assert_eq!((layers.get(99), layers.get(110)), (Reading::default(), Reading::default()));
        layers.reset(&(100..110));
        assert_eq!(layers.get(103), Reading::default());
    }

    #[test]
    fn strips_of_utc_days_land_in_a_local_day() {
        // 2026-03-10 in Shanghai begins at 16:00 UTC of the day before.
        let first = 20_521 * 1440 + 960;
        let mut layers = MinuteLayers::default();
        layers.reset(&(first..first + 1440));
        let (mut before, mut after) = (DayStrip::default(), DayStrip::default());
        before.raise(959, State::Down);
        before.raise(960, State::Up);
        before.raise(1439, State::Degraded);
        after.raise(0, State::Down);
        after.raise(959, State::Up);
        after.raise(960, State::Down);
        layers.add_strip(20_521, &before);
        layers.add_strip(20_522, &after);
        let media = |minute| layers.get(first + minute).media;
        assert_eq!(
            [media(0), media(479), media(480), media(1439)],
            [State::Up, State::Degraded, State::Down, State::Up]
        );
        assert_eq!((0..1440).filter(|minute| media(*minute) != State::Unknown).count(), 4);
    }
}
