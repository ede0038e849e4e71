//! The strip: a day as a bar. Equal neighbours are merged, unknown is hatched (the track below
//! shows through), what lies ahead is empty. A low bar is well, a tall one is trouble, so that the
//! state is readable without colour. One component for a device's minutes and a site's shares.

use crate::words::Words;
use chrono_tz::Tz;
use std::{fmt::Write as _, ops::Range, time::Duration};
use zhishou_domain::{DayStrip, State, Timestamp};

/// Height of the drawing, user units.
const HEIGHT: u32 = 24;
/// Height of the quiet bar of a well minute.
const LOW: u32 = 7;
/// Minutes in one column of a site's strip.
const QUARTER: usize = 15;

/// How a stretch of time divides over the states: device-minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shares {
    /// Nothing wrong.
    pub(crate) up: u32,
    /// With faults.
    pub(crate) degraded: u32,
    /// Confirmed down.
    pub(crate) down: u32,
    /// Not known.
    pub(crate) unknown: u32,
}

impl Shares {
    /// Adds minutes of one state.
    pub(crate) fn add(&mut self, state: State, minutes: u32) {
        *match state {
            State::Up => &mut self.up,
            State::Degraded => &mut self.degraded,
            State::Down => &mut self.down,
            State::Unknown => &mut self.unknown,
        } += minutes;
    }

    fn total(self) -> u32 {
        self.up + self.degraded + self.down + self.unknown
    }

    /// The worst known state in it.
    pub(crate) fn worst(self) -> State {
        if self.down > 0 {
            State::Down
        } else if self.degraded > 0 {
            State::Degraded
        } else if self.up > 0 {
            State::Up
        } else {
            State::Unknown
        }
    }

    /// Heights of trouble in twelfths of the room above the low bar: what decides the drawing.
    fn levels(self) -> (State, u32, u32, bool) {
        let total = self.total().max(1);
        let twelfths = |part: u32| if part == 0 { 0 } else { (part * 12).div_ceil(total).max(4) };
        let down = twelfths(self.down).min(12);
        let degraded = twelfths(self.degraded).min(12 - down);
        (self.worst(), down, degraded, self.unknown * 2 > total)
    }
}

impl From<[u32; 4]> for Shares {
    /// From minutes indexed by [`State`].
    fn from(minutes: [u32; 4]) -> Self {
        Self {
            up: minutes[State::Up as usize],
            degraded: minutes[State::Degraded as usize],
            down: minutes[State::Down as usize],
            unknown: minutes[State::Unknown as usize],
        }
    }
}

/// A stretch of the day, minutes since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// First minute.
    pub(crate) from: usize,
    /// One past the last.
    pub(crate) to: usize,
    /// What it was.
    pub(crate) shares: Shares,
    /// Left out of the figures by an exclusion.
    pub(crate) is_excluded: bool,
}

/// The same with the `excluded` minutes since the epoch told apart; the day begins at `start`.
fn exclude(segments: &[Segment], excluded: &[Range<i64>], start: Timestamp) -> Vec<Segment> {
    let first = start.minute();
    let mut told = Vec::with_capacity(segments.len());
    for &segment in segments {
        let (mut from, to) = (segment.from, segment.to);
        for range in excluded {
            let inside = |minute: i64| {
                let minute = usize::try_from((minute - first).max(0)).unwrap_or(usize::MAX);
                minute.clamp(from, to)
            };
            let (begin, end) = (inside(range.start), inside(range.end));
            if begin < end {
                if from < begin {
                    told.push(Segment { from, to: begin, ..segment });
                }
                told.push(Segment { from: begin, to: end, is_excluded: true, ..segment });
                from = end;
            }
        }
        if from < to {
            told.push(Segment { from, to, ..segment });
        }
    }
    told
}

/// The table behind a strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StripRow {
    /// `14:02`.
    pub(crate) from: String,
    /// `15:10`.
    pub(crate) to: String,
    /// The minute of the day at which it ends.
    pub(crate) until: usize,
    /// The worst state in it.
    pub(crate) state: State,
    /// The state in words, with its share where several devices are drawn.
    pub(crate) text: String,
}

/// A drawn strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strip {
    /// Markup, safe to print as it is.
    pub(crate) svg: String,
    /// The same as a table.
    pub(crate) rows: Vec<StripRow>,
    /// Trouble of the day in one sentence, for those who do not see the drawing.
    pub(crate) label: String,
}

/// The strip of one device: minute by minute from `start` to `now`, from the strips of the UTC
/// days it touches.
pub(crate) fn of_device(
    days: &[(i64, DayStrip)],
    open: Option<zhishou_domain::Span>,
    start: Timestamp,
    end: Timestamp,
) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for minute in 0..minutes_between(start, end) {
        let at = start + Duration::from_secs(60 * minute as u64);
        let index = usize::try_from(at.minute().rem_euclid(1440)).unwrap_or(0);
        let stored = days.iter().find(|(day, _)| *day == at.utc_day());
        let mut state = stored.map_or(State::Unknown, |(_, strip)| strip.get(index));
        if let Some(span) = open
            && at.minute() >= span.from.minute()
            && at < span.to
        {
            state = state.max(span.state);
        }
        let mut shares = Shares::default();
        shares.add(state, 1);
        match segments.last_mut() {
            Some(last) if last.shares.worst() == state => {
                last.to = minute + 1;
                last.shares.add(state, 1);
            }
            _ => {
                segments.push(Segment { from: minute, to: minute + 1, shares, is_excluded: false })
            }
        }
    }
    segments
}

/// The strip of a site from its columns of a quarter hour each.
pub(crate) fn of_site(quarters: &[Shares], start: Timestamp, end: Timestamp) -> Vec<Segment> {
    let elapsed = minutes_between(start, end);
    let mut segments: Vec<Segment> = Vec::new();
    for (column, &shares) in quarters.iter().enumerate() {
        let (from, to) = (column * QUARTER, ((column + 1) * QUARTER).min(elapsed));
        if from >= elapsed {
            break;
        }
        match segments.last_mut() {
            Some(last) if last.shares.levels() == shares.levels() => {
                last.to = to;
                last.shares.up += shares.up;
                last.shares.degraded += shares.degraded;
                last.shares.down += shares.down;
                last.shares.unknown += shares.unknown;
            }
            _ => segments.push(Segment { from, to, shares, is_excluded: false }),
        }
    }
    segments
}

fn minutes_between(start: Timestamp, end: Timestamp) -> usize {
    usize::try_from(end.since(start).as_secs().div_ceil(60)).unwrap_or(0).min(25 * 60)
}

impl Strip {
    /// Draws a day that begins at `start` and ends at `end`; the `excluded` minutes since the
    /// epoch are outlined.
    pub(crate) fn draw(
        segments: &[Segment],
        excluded: &[Range<i64>],
        start: Timestamp,
        end: Timestamp,
        zone: Tz,
        t: Words,
    ) -> Self {
        let length = minutes_between(start, end).max(1);
        let segments = exclude(segments, excluded, start);
        let mut paths = Paths::default();
        for segment in &segments {
            paths.segment(segment);
        }
        let rows: Vec<_> = segments.iter().map(|segment| row(segment, start, zone, t)).collect();
        let label = label(&rows, t);
        let mut svg = String::with_capacity(512 + rows.len() * 48);
        let _ = write!(
            svg,
            r#"<svg class="strip-svg" viewBox="0 0 {length} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">"#
        );
        paths.write(&mut svg, length);
        svg.push_str("</svg>");
        Self { svg, rows, label }
    }

    /// What the pointer is told: a line for each row, the minute at which it ends, then its words.
    pub(crate) fn hints(&self) -> String {
        let lines = self
            .rows
            .iter()
            .map(|row| format!("{}|{}–{} {}", row.until, row.from, row.to, row.text));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// One path per kind of area keeps a page of thirty strips small.
#[derive(Default)]
struct Paths {
    known: String,
    up: String,
    degraded: String,
    down: String,
    excluded: Vec<Range<usize>>,
    reach: usize,
}

impl Paths {
    fn segment(&mut self, segment: &Segment) {
        let (x, width) = (segment.from, segment.to - segment.from);
        self.reach = self.reach.max(segment.to);
        if segment.is_excluded {
            match self.excluded.last_mut() {
                Some(last) if last.end == segment.from => last.end = segment.to,
                _ => self.excluded.push(segment.from..segment.to),
            }
        }
        let rect = |path: &mut String, top: u32, height: u32| {
            let _ = write!(path, "M{x} {top}h{width}v{height}h-{width}z");
        };
        let (worst, down, degraded, mostly_unknown) = segment.shares.levels();
        if worst == State::Unknown || (mostly_unknown && down == 0 && degraded == 0) {
            return;
        }
        if !mostly_unknown {
            rect(&mut self.known, 0, HEIGHT);
        }
        let room = HEIGHT - LOW;
        let down_height = down * room / 12;
        let degraded_height = degraded * room / 12;
        if down == 12 {
            rect(&mut self.down, 0, HEIGHT);
            return;
        }
        if down + degraded == 12 && down == 0 {
            // All of it degraded: two thirds of the height tell it from an outage.
            rect(&mut self.degraded, HEIGHT / 3, HEIGHT - HEIGHT / 3);
            return;
        }
        rect(&mut self.up, HEIGHT - LOW, LOW);
        if down > 0 {
            rect(&mut self.down, HEIGHT - LOW - down_height, down_height);
        }
        if degraded > 0 {
            let top = HEIGHT - LOW - down_height - degraded_height;
            rect(&mut self.degraded, top, degraded_height);
        }
    }

    fn write(&self, svg: &mut String, length: usize) {
        for (class, path) in
            [("k", &self.known), ("u", &self.up), ("g", &self.degraded), ("d", &self.down)]
        {
            if !path.is_empty() {
                let _ = write!(svg, r#"<path class="{class}" d="{path}"/>"#);
            }
        }
        if self.reach < length {
            // Past the right edge, where rounding would let the hatching through.
            let width = length - self.reach + 20;
            let x = self.reach;
            let _ = write!(svg, r#"<path class="a" d="M{x} 0h{width}v{HEIGHT}h-{width}z"/>"#);
        }
        for Range { start, end } in &self.excluded {
            let width = end - start;
            let _ = write!(svg, r#"<path class="x" d="M{start} 0h{width}v{HEIGHT}h-{width}z"/>"#);
        }
        for hour in [6, 12, 18] {
            let x = hour * 60;
            if x < length {
                let _ = write!(svg, r#"<path class="h" d="M{x} 0v{HEIGHT}"/>"#);
            }
        }
    }
}

fn row(segment: &Segment, start: Timestamp, zone: Tz, t: Words) -> StripRow {
    let clock = |minute: usize| {
        let at = start + Duration::from_secs(60 * minute as u64);
        at.in_zone(zone).format("%H:%M").to_string()
    };
    StripRow {
        from: clock(segment.from),
        to: clock(segment.to),
        until: segment.to,
        state: segment.shares.worst(),
        text: match segment.is_excluded {
            true => format!("{} · {}", text(segment.shares, t), t.excluded()),
            false => text(segment.shares, t),
        },
    }
}

fn text(shares: Shares, t: Words) -> String {
    let total = shares.total().max(1);
    let parts = [
        (shares.down, t.offline()),
        (shares.degraded, t.degraded()),
        (shares.up, t.online()),
        (shares.unknown, t.unknown()),
    ];
    let mut said: Vec<String> = Vec::new();
    for (part, word) in parts.into_iter().filter(|(part, _)| *part > 0) {
        if part == total {
            return word.to_owned();
        }
        said.push(format!("{word} {:.1} %", f64::from(part) * 100.0 / f64::from(total)));
    }
    said.join(" · ")
}

fn label(rows: &[StripRow], t: Words) -> String {
    let trouble: Vec<_> = rows
        .iter()
        .filter(|row| matches!(row.state, State::Down | State::Degraded))
        .map(|row| format!("{}–{} {}", row.from, row.to, row.text))
        .collect();
    match (rows.is_empty(), trouble.len()) {
        (true, _) => format!("{}: {}", t.today(), t.never()),
        (false, 0) => format!("{}: {}", t.today(), rows.last().map_or("", |row| &row.text)),
        (false, many) => format!("{}: {}", t.today(), trouble[many.saturating_sub(4)..].join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{Lang, Span};

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    /// 2026-11-21T00:00+08:00, which lies in the UTC day before.
    fn midnight() -> Timestamp {
        Timestamp::from_millis(1_795_190_400_000)
    }

    fn hours(n: u64) -> Duration {
        Duration::from_secs(n * 3600)
    }

    #[test]
    fn a_local_day_is_assembled_from_two_utc_days() {
        assert_eq!(midnight().rfc3339(ZONE), "2026-11-21T00:00:00.000+08:00");
        let day = midnight().utc_day();
        let (mut first, mut second) = (DayStrip::default(), DayStrip::default());
        for minute in 960..1440 {
            first.raise(minute, State::Up); // 00:00–08:00 local
        }
        for minute in 0..60 {
            second.raise(minute, State::Down); // 08:00–09:00 local
        }
        let now = midnight() + hours(10);
        let segments = of_device(&[(day, first), (day + 1, second)], None, midnight(), now);
        let seen: Vec<_> = segments.iter().map(|s| (s.from, s.to, s.shares.worst())).collect();
        assert_eq!(
            seen,
            [(0, 480, State::Up), (480, 540, State::Down), (540, 600, State::Unknown)]
        );
        let strip =
            Strip::draw(&segments, &[], midnight(), midnight() + hours(24), ZONE, Words(Lang::Zh));
        assert_eq!(strip.rows[1].from, "08:00");
        assert_eq!(strip.label, "今日: 08:00–09:00 离线");
        assert!(strip.svg.contains(r#"<path class="d" d="M480 0h60v24h-60z"/>"#), "{}", strip.svg);
        assert!(strip.svg.contains(r#"class="a" d="M600 0h860"#), "what lies ahead is empty");
        assert!(strip.hints().contains("540|08:00–09:00 离线"));
    }

    #[test]
    fn what_no_strip_holds_yet_is_drawn_from_the_open_span() {
        let now = midnight() + hours(1);
        let open = Span { from: now - hours(1), to: now, state: State::Up };
        let segments = of_device(&[], Some(open), midnight(), now);
        assert_eq!((segments.len(), segments[0].shares.worst()), (1, State::Up));
    }

    #[test]
    fn a_site_shows_one_bad_device_of_many_and_says_its_share() {
        let well = Shares { up: 150, ..Shares::default() };
        let bad = Shares { up: 135, down: 15, ..Shares::default() };
        let segments = of_site(&[well, well, bad, well], midnight(), midnight() + hours(1));
        assert_eq!(segments.len(), 3);
        assert_eq!((segments[0].from, segments[0].to), (0, 30));
        let strip =
            Strip::draw(&segments, &[], midnight(), midnight() + hours(24), ZONE, Words(Lang::En));
        assert_eq!(strip.rows[1].text, "Offline 10.0 % · Online 90.0 %");
        assert!(strip.svg.contains(r#"class="d""#) && strip.svg.contains(r#"class="u""#));
    }

    #[test]
    fn excluded_minutes_are_outlined_and_said() {
        let down = Shares { down: 60, ..Shares::default() };
        let whole = Segment { from: 0, to: 60, shares: down, is_excluded: false };
        let first = midnight().minute();
        let excluded = [first - 10..first + 10, first + 30..first + 40, first + 50..first + 99];
        let segments = exclude(&[whole], &excluded, midnight());
        let told: Vec<_> = segments.iter().map(|it| (it.from, it.to, it.is_excluded)).collect();
        assert_eq!(
            told,
            [(0, 10, true), (10, 30, false), (30, 40, true), (40, 50, false), (50, 60, true)]
        );
        let end = midnight() + hours(1);
        let strip = Strip::draw(&[whole], &excluded, midnight(), end, ZONE, Words(Lang::Zh));
        assert!(strip.svg.contains(r#"<path class="x" d="M30 0h10v24h-10z"/>"#), "{}", strip.svg);
        assert_eq!(
            (strip.rows[1].text.as_str(), strip.rows[2].text.as_str()),
            ("离线", "离线 · 剔除")
        );
        // Outages on both sides of a boundary keep one outline where the exclusion goes on.
        let next = Segment { from: 60, to: 90, ..whole };
        let across = std::slice::from_ref(&excluded[2]);
        let strip = Strip::draw(&[whole, next], across, midnight(), end, ZONE, Words(Lang::Zh));
        assert_eq!(strip.svg.matches("class=\"x\"").count(), 1);
    }

    #[test]
    fn unknown_is_left_to_the_hatching() {
        let unknown = Shares { unknown: 10, ..Shares::default() };
        let segments = of_site(&[unknown], midnight(), midnight() + hours(1));
        let strip =
            Strip::draw(&segments, &[], midnight(), midnight() + hours(1), ZONE, Words(Lang::Zh));
        assert!(!strip.svg.contains("class=\"k\"") && !strip.svg.contains("class=\"u\""));
        assert_eq!(strip.rows[0].text, "未知");
    }
}
