//! Venues × time as a table: it reads without a script, prints, and its cells are cells for whoever
//! cannot see it. A script adds dragging. Times off the raster are shown where they begin and told
//! exactly.

use super::weekday;
use crate::{app::App, words::Words};
use chrono::{Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use zhishou_domain::{
    Timestamp,
    meeting::{LocalSlot, Slot, Venue},
};
use zhishou_storage::{Held, StoredMeeting};

/// First and last half hour of a day's columns.
const FIRST: u32 = 14;
const LAST: u32 = 44;

/// The table.
pub(super) struct Grid {
    pub(super) is_week: bool,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Column {
    pub(super) label: String,
    pub(super) is_today: bool,
    /// Cells of the table below it.
    pub(super) span: u32,
}

pub(super) struct Row {
    pub(super) venue: String,
    pub(super) name: String,
    pub(super) sign: String,
    pub(super) cells: Vec<Cell>,
}

/// A day, or half an hour.
pub(super) struct Cell {
    /// `2026-03-10T09:00`, where a booking begun here would begin.
    pub(super) at: String,
    pub(super) span: u32,
    pub(super) is_hour: bool,
    /// Whether the tab key stops here: at one empty cell of the table, from where arrows move.
    pub(super) is_stop: bool,
    pub(super) chips: Vec<Chip>,
    /// Set-up or tear-down of a meeting that keeps it; none where a meeting is in it.
    pub(super) buffer: Option<Buffer>,
}

impl Cell {
    /// Its classes in the style sheet.
    pub(super) fn class(&self) -> String {
        let hour = if self.is_hour { "hour" } else { "" };
        let buffer = self.buffer.as_ref().map_or("", |it| it.class);
        format!("{hour} {buffer}").trim().to_owned()
    }
}

/// Set-up or tear-down within half an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Buffer {
    /// Which part of the cell it takes: all, the first or the last half.
    class: &'static str,
    /// `会前准备 08:30–09:00 早会`.
    pub(super) words: String,
}

/// Set-up or tear-down of a meeting.
struct Margin {
    slot: LocalSlot,
    words: String,
}

impl Margin {
    /// Before and after a meeting, as far as it holds a venue.
    fn around(t: Words, chip: &Chip, held: LocalSlot) -> [Option<Self>; 2] {
        let of = |name, from, to| {
            let slot = LocalSlot { from, to };
            let words = format!("{name} {} {}", times(slot), chip.title);
            (from < to).then_some(Self { slot, words })
        };
        [
            of(t.booking_before(), held.from, chip.slot.from.min(held.to)),
            of(t.booking_after(), chip.slot.to.max(held.from), held.to),
        ]
    }

    /// What of it lies in the half hour from `begin`.
    fn within(&self, begin: NaiveDateTime) -> Option<Buffer> {
        let (middle, end) = (begin + Duration::minutes(15), begin + Duration::minutes(30));
        let class = match self.slot {
            LocalSlot { from, to } if from >= end || to <= begin => return None,
            LocalSlot { to, .. } if to <= middle => "buffer first-half",
            LocalSlot { from, .. } if from >= middle => "buffer last-half",
            _ => "buffer",
        };
        Some(Buffer { class, words: self.words.clone() })
    }
}

/// A meeting, or its rehearsal, in a venue.
#[derive(Clone)]
pub(super) struct Chip {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) title: String,
    pub(super) time: String,
    pub(super) state: &'static str,
    pub(super) code: &'static str,
    pub(super) movable: Option<Movable>,
    /// From when to when it keeps the venue, with set-up and tear-down; empty where that is no longer.
    pub(super) keeps: String,
    slot: LocalSlot,
}

/// What a meeting is dragged with. Its times are those on the wall of its own zone, so a drag by hours or
/// days is the same in any other.
#[derive(Clone)]
pub(super) struct Movable {
    pub(super) revision: u32,
    pub(super) from: String,
    pub(super) to: String,
    /// Begin and end of its rehearsal, to bring it back; empty where it has none.
    pub(super) rehearsal: String,
}

impl Grid {
    /// Of `count` days from `first` on, one or seven.
    pub(super) fn new(
        app: &App,
        t: Words,
        (first, count): (NaiveDate, u64),
        venues: &[&Venue],
        meetings: &[StoredMeeting],
        held: &[Held],
    ) -> Self {
        let now = app.clock.now();
        let today = now.local_day(app.zone);
        let is_week = count > 1;
        let days: Vec<_> = (0..count).map(|day| first + Days::new(day)).collect();
        let columns = if is_week {
            days.iter()
                .map(|day| Column {
                    label: format!("{} {}", weekday(*day, t), day.format("%m-%d")),
                    is_today: *day == today,
                    span: 1,
                })
                .collect()
        } else {
            (FIRST / 2..LAST / 2)
                .map(|hour| Column { label: format!("{hour:02}:00"), is_today: false, span: 2 })
                .collect()
        };
        let rows = venues.iter().map(|venue| {
            let (mut chips, mut margins) = (Vec::<Chip>::new(), Vec::<Margin>::new());
            for stored in meetings {
                if stored.plan.venues.iter().any(|it| it.venue == venue.id) {
                    let mut chip = chip(app, t, stored, now);
                    let of = |it: &&Held| {
                        it.meeting == stored.id && it.venue() == Some(venue.id) && !it.is_rehearsal
                    };
                    for held in held.iter().filter(of) {
                        let slot = on_wall(app, held.slot);
                        let around = Margin::around(t, &chip, slot);
                        if around.iter().any(Option::is_some) {
                            chip.keeps = times(slot);
                        }
                        margins.extend(around.into_iter().flatten());
                    }
                    chips.push(chip);
                }
            }
            let left = |held: &Held| {
                let of = meetings.iter().find(|it| it.id == held.meeting);
                of.is_some_and(|it| {
                    it.state.is_watched() && it.plan.venues.iter().all(|it| it.venue != venue.id)
                })
            };
            for held in held.iter().filter(|it| it.venue() == Some(venue.id)) {
                if held.is_rehearsal {
                    chips.push(kept(app, (t.booking_rehearsal(), "rehearsal"), held));
                } else if left(held) {
                    chips.push(kept(app, (t.booking_left(), "left"), held));
                }
            }
            chips.sort_by_key(|it| it.slot);
            let cells = if is_week { week(&days, &chips) } else { day(first, chips, &margins) };
            Row {
                venue: venue.id.to_string(),
                name: venue.name.clone(),
                sign: format!("/bookings/sheet?day={first}&venue={}", venue.id),
                cells,
            }
        });
        let mut rows: Vec<Row> = rows.collect();
        let mut cells = rows.iter_mut().flat_map(|row| &mut row.cells);
        if let Some(first) = cells.find(|it| it.chips.is_empty() && it.buffer.is_none()) {
            first.is_stop = true;
        }
        Self { is_week, columns, rows }
    }
}

fn chip(app: &App, t: Words, stored: &StoredMeeting, now: Timestamp) -> Chip {
    let slot = stored.plan.slot();
    let may_move = stored.state.may_change() && slot.from > now;
    let field = |at: NaiveDateTime| at.format("%Y-%m-%dT%H:%M").to_string();
    let local = on_wall(app, slot);
    Chip {
        id: stored.id.to_string(),
        href: format!("/bookings/{}", stored.id),
        title: stored.plan.title.clone(),
        time: times(local),
        state: stored.state.name(t.0),
        code: stored.state.code(),
        movable: may_move.then(|| Movable {
            revision: stored.revision,
            from: field(stored.plan.time.from),
            to: field(stored.plan.time.to),
            rehearsal: stored
                .plan
                .rehearsal
                .map_or(String::new(), |it| format!("{} {}", field(it.from), field(it.to))),
        }),
        keeps: String::new(),
        slot: local,
    }
}

/// What holds a venue beside the meetings in it: a rehearsal, or a meeting that turned from it to another.
fn kept(app: &App, (state, code): (&'static str, &'static str), held: &Held) -> Chip {
    let slot = on_wall(app, held.slot);
    Chip {
        id: held.meeting.to_string(),
        href: format!("/bookings/{}", held.meeting),
        title: held.title.clone(),
        time: times(slot),
        state,
        code,
        movable: None,
        keeps: String::new(),
        slot,
    }
}

fn on_wall(app: &App, slot: Slot) -> LocalSlot {
    let wall = |at: Timestamp| at.in_zone(app.zone).naive_local();
    LocalSlot { from: wall(slot.from), to: wall(slot.to) }
}

fn times(slot: LocalSlot) -> String {
    let end = if slot.from.date() == slot.to.date() { "%H:%M" } else { "%m-%d %H:%M" };
    format!("{}–{}", slot.from.format("%H:%M"), slot.to.format(end))
}

/// A cell for each day, with what touches it.
fn week(days: &[NaiveDate], chips: &[Chip]) -> Vec<Cell> {
    let cells = days.iter().map(|day| {
        let begin = day.and_time(NaiveTime::MIN);
        let whole = (begin, begin + Duration::days(1));
        let touching = chips.iter().filter(|it| it.slot.from < whole.1 && it.slot.to > whole.0);
        Cell {
            at: format!("{day}T09:00"),
            span: 1,
            is_hour: true,
            is_stop: false,
            chips: touching.cloned().collect(),
            buffer: None,
        }
    });
    cells.collect()
}

/// A cell for each half hour; a meeting takes those it touches, and such as share one stand together.
fn day(day: NaiveDate, chips: Vec<Chip>, margins: &[Margin]) -> Vec<Cell> {
    let half_hour = |at: NaiveDateTime, up: u32| {
        let minutes = match at.date().cmp(&day) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => at.hour() * 60 + at.minute(),
            std::cmp::Ordering::Greater => 24 * 60,
        };
        ((minutes + up) / 30).clamp(FIRST, LAST)
    };
    let mut blocks: Vec<(u32, u32, Vec<Chip>)> = Vec::new();
    for chip in chips {
        let from = half_hour(chip.slot.from, 0).min(LAST - 1);
        let to = half_hour(chip.slot.to, 29).max(from + 1);
        match blocks.last_mut() {
            Some((_, end, together)) if from < *end => {
                *end = to.max(*end);
                together.push(chip);
            }
            _ => blocks.push((from, to, vec![chip])),
        }
    }
    let mut cells = Vec::new();
    let mut at = FIRST;
    let mut blocks = blocks.into_iter().peekable();
    while at < LAST {
        let (span, chips) = match blocks.next_if(|(from, ..)| *from == at) {
            Some((from, to, chips)) => (to - from, chips),
            None => (1, Vec::new()),
        };
        let begin = day.and_time(NaiveTime::MIN) + Duration::minutes(i64::from(at) * 30);
        let buffer = margins.iter().filter(|_| chips.is_empty()).find_map(|it| it.within(begin));
        cells.push(Cell {
            at: begin.format("%Y-%m-%dT%H:%M").to_string(),
            span,
            is_hour: at.is_multiple_of(2),
            is_stop: false,
            chips,
            buffer,
        });
        at += span;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32, minute: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 3, 10).unwrap().and_hms_opt(hour, minute, 0).unwrap()
    }

    fn held(from: NaiveDateTime, to: NaiveDateTime) -> Chip {
        Chip {
            id: String::new(),
            href: String::new(),
            title: String::new(),
            time: String::new(),
            state: "",
            code: "",
            movable: None,
            keeps: String::new(),
            slot: LocalSlot { from, to },
        }
    }

    fn shape(chips: Vec<Chip>) -> Vec<(u32, usize)> {
        let cells = day(at(0, 0).date(), chips, &[]);
        assert_eq!(cells.iter().map(|it| it.span).sum::<u32>(), LAST - FIRST);
        cells
            .iter()
            .filter(|it| it.span > 1 || !it.chips.is_empty())
            .map(|it| (it.span, it.chips.len()))
            .collect()
    }

    #[test]
    fn every_half_hour_is_there_once() {
        assert_eq!(shape(vec![]), []);
        assert_eq!(shape(vec![held(at(9, 0), at(11, 0))]), [(4, 1)]);
        let touching = vec![held(at(9, 0), at(9, 20)), held(at(9, 20), at(10, 30))];
        assert_eq!(shape(touching), [(3, 2)], "two that share a half hour stand together");
        assert_eq!(shape(vec![held(at(1, 0), at(2, 0))]), [(1, 1)], "before the first column");
        assert_eq!(shape(vec![held(at(23, 0), at(23, 30))]), [(1, 1)], "after the last");
        let over_night = held(at(20, 0), at(20, 0) + Duration::days(1));
        assert_eq!(shape(vec![over_night]), [(4, 1)]);
    }

    #[test]
    fn set_up_and_tear_down_are_drawn_to_the_quarter_around_a_meeting_and_never_in_it() {
        let meeting = held(at(9, 0), at(11, 0));
        let keeps = LocalSlot { from: at(8, 15), to: at(11, 10) };
        let words = Words(zhishou_domain::Lang::Zh);
        let margins: Vec<_> =
            Margin::around(words, &meeting, keeps).into_iter().flatten().collect();
        let cells = day(at(0, 0).date(), vec![meeting], &margins);
        let drawn: Vec<_> =
            cells.iter().filter_map(|it| Some((&it.at[11..], it.buffer.as_ref()?.class))).collect();
        let expected =
            [("08:00", "buffer last-half"), ("08:30", "buffer"), ("11:00", "buffer first-half")];
        assert_eq!(drawn, expected);
        let bare = held(at(9, 0), at(11, 0));
        let none = Margin::around(words, &bare, bare.slot);
        assert!(none.iter().all(Option::is_none));
    }
}
