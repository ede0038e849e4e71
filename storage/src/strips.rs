//! Day strips and the day tallies counted from them.
//!
//! Both are caches. The truth is the transitions, cut to the periods in which the device was in
//! use, up to the last result; [`Store::rebuild_strips`] makes the same bytes from it.
//!
//! Invariant: the tally of a local day is the count of its strip minutes. Both change in the same
//! transaction, by what [`DayStrip::raise`] changed.

use crate::{Store, StoreError, decode, standings};
use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use zhishou_domain::{DayStrip, DeviceId, LifeState, Span, State, Timestamp, strip};

/// Milliseconds of a minute and of a UTC day.
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// Strips read at once by [`recount`].
const PAGE: i64 = 1000;

/// Minutes of one local day by state: a change, or a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    up: i64,
    degraded: i64,
    down: i64,
}

impl Tally {
    fn add(&mut self, state: State, minutes: i64) {
        match state {
            State::Unknown => {}
            State::Up => self.up += minutes,
            State::Degraded => self.degraded += minutes,
            State::Down => self.down += minutes,
        }
    }
}

/// Raises the minutes of `spans` and carries the change into the tallies.
pub(crate) async fn paint(
    connection: &mut SqliteConnection,
    zone: Tz,
    device: &str,
    spans: &[Span],
) -> Result<(), StoreError> {
    let mut strips = BTreeMap::new();
    let mut tallies: BTreeMap<NaiveDate, Tally> = BTreeMap::new();
    let mut days = LocalDays::new(zone);
    for span in spans {
        for (day, minute) in strip::minutes_of(*span) {
            if let std::collections::btree_map::Entry::Vacant(free) = strips.entry(day) {
                free.insert((read(connection, device, day).await?, false));
            }
            let Some((strip, changed)) = strips.get_mut(&day) else { continue };
            let before = strip.raise(minute, span.state);
            if span.state > before {
                *changed = true;
                let tally = tallies.entry(days.of(minute_start(day, minute))).or_default();
                tally.add(before, -1);
                tally.add(span.state, 1);
            }
        }
    }
    for (day, (strip, changed)) in &strips {
        if *changed {
            write(connection, device, *day, strip).await?;
        }
    }
    for (day, tally) in tallies {
        add_tally(connection, device, day, tally).await?;
    }
    Ok(())
}

fn minute_start(day: i64, minute: usize) -> Timestamp {
    let minute = i64::try_from(minute).unwrap_or(0);
    Timestamp::from_millis(day * DAY_MS + minute * MINUTE_MS)
}

/// The local day of moments that mostly go forward, without asking the zone for each.
struct LocalDays {
    zone: Tz,
    day: NaiveDate,
    from: Timestamp,
    to: Timestamp,
}

impl LocalDays {
    fn new(zone: Tz) -> Self {
        let none = Timestamp::default();
        Self { zone, day: NaiveDate::MIN, from: none, to: none }
    }

    fn of(&mut self, at: Timestamp) -> NaiveDate {
        if at < self.from || at >= self.to {
            self.day = at.local_day(self.zone);
            self.from = Timestamp::start_of_day(self.day, self.zone);
            self.to = self
                .day
                .succ_opt()
                .map_or(self.from, |next| Timestamp::start_of_day(next, self.zone));
        }
        self.day
    }
}

async fn read(
    connection: &mut SqliteConnection,
    device: &str,
    day: i64,
) -> Result<DayStrip, StoreError> {
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT minutes FROM strips WHERE utc_day = ? AND device_id = ?")
            .bind(day)
            .bind(device)
            .fetch_optional(connection)
            .await?;
    bytes.map_or_else(|| Ok(DayStrip::default()), |bytes| of_bytes(&bytes))
}

pub(crate) fn of_bytes(bytes: &[u8]) -> Result<DayStrip, StoreError> {
    DayStrip::from_bytes(bytes).ok_or_else(|| StoreError::Corrupt {
        column: "strips.minutes",
        value: format!("{} bytes", bytes.len()),
    })
}

async fn write(
    connection: &mut SqliteConnection,
    device: &str,
    day: i64,
    strip: &DayStrip,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO strips (utc_day, device_id, minutes) VALUES (?, ?, ?)
         ON CONFLICT (utc_day, device_id) DO UPDATE SET minutes = excluded.minutes",
    )
    .bind(day)
    .bind(device)
    .bind(strip.as_bytes())
    .execute(connection)
    .await?;
    Ok(())
}

async fn add_tally(
    connection: &mut SqliteConnection,
    device: &str,
    day: NaiveDate,
    tally: Tally,
) -> Result<(), StoreError> {
    // The row comes first, empty: the checks hold for a sum, not for a change.
    let day = day.to_string();
    sqlx::query(
        "INSERT INTO day_tallies (local_day, device_id, up, degraded, down) VALUES (?, ?, 0, 0, 0)
         ON CONFLICT (local_day, device_id) DO NOTHING",
    )
    .bind(&day)
    .bind(device)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE day_tallies SET up = up + ?, degraded = degraded + ?, down = down + ?
         WHERE local_day = ? AND device_id = ?",
    )
    .bind(tally.up)
    .bind(tally.degraded)
    .bind(tally.down)
    .bind(&day)
    .bind(device)
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes strips and tallies of a device anew from its transitions, its life states and its last
/// result, for the moment it has known until then.
pub(crate) async fn rebuild(
    connection: &mut SqliteConnection,
    zone: Tz,
    device: &str,
) -> Result<(), StoreError> {
    for table in
        ["DELETE FROM strips WHERE device_id = ?", "DELETE FROM day_tallies WHERE device_id = ?"]
    {
        sqlx::query(table).bind(device).execute(&mut *connection).await?;
    }
    let always = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
    paint_known(connection, zone, device, always).await
}

/// Makes the minutes from the UTC day of `at` on anew: what lies after the last result is unknown.
pub(crate) async fn cut_off(
    connection: &mut SqliteConnection,
    zone: Tz,
    device: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let day = at.utc_day();
    let strips: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "DELETE FROM strips WHERE device_id = ? AND utc_day >= ? RETURNING utc_day, minutes",
    )
    .bind(device)
    .bind(day)
    .fetch_all(&mut *connection)
    .await?;
    for (day, bytes) in strips {
        for (local, tally) in tallies_of(zone, day, &of_bytes(&bytes)?) {
            let Tally { up, degraded, down } = tally;
            let less = Tally { up: -up, degraded: -degraded, down: -down };
            add_tally(connection, device, local, less).await?;
        }
    }
    let rest = (minute_start(day, 0), Timestamp::from_millis(i64::MAX));
    paint_known(connection, zone, device, rest).await
}

/// Paints what the transitions say of the device while it was in use, within `window`.
async fn paint_known(
    connection: &mut SqliteConnection,
    zone: Tz,
    device: &str,
    window: (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let known = known_spans(connection, device).await?;
    let in_use = in_use_periods(connection, device).await?;
    let known = known.into_iter().filter_map(|span| cut(span, window));
    let spans: Vec<_> =
        known.flat_map(|span| in_use.iter().filter_map(move |use_| cut(span, *use_))).collect();
    paint(connection, zone, device, &spans).await
}

/// What the transitions say, each up to the next one; the last one up to the last result.
async fn known_spans(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<Vec<Span>, StoreError> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT at_ms, state FROM transitions WHERE device_id = ? ORDER BY id")
            .bind(device)
            .fetch_all(&mut *connection)
            .await?;
    let end = standings::read(connection, device).await?.last_result;
    let mut spans = Vec::with_capacity(rows.len());
    for (at, (from, state)) in rows.iter().enumerate() {
        let from = Timestamp::from_millis(*from);
        let next = rows.get(at + 1).map(|(next, _)| Timestamp::from_millis(*next));
        let to = next.or(end).unwrap_or(from);
        let state = decode::word("transitions.state", state, State::from_code)?;
        if state != State::Unknown && to > from {
            spans.push(Span { from, to, state });
        }
    }
    Ok(spans)
}

/// The stretches in which the device was in use. Before its first life state it counts as what
/// that says.
async fn in_use_periods(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<Vec<(Timestamp, Timestamp)>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT from_ms, state FROM life_states WHERE device_id = ? ORDER BY from_ms",
    )
    .bind(device)
    .fetch_all(connection)
    .await?;
    let mut periods = Vec::new();
    for (at, (from, state)) in rows.iter().enumerate() {
        let from = if at == 0 { i64::MIN } else { *from };
        let to = rows.get(at + 1).map_or(i64::MAX, |(next, _)| *next);
        if decode::word("life_states.state", state, LifeState::from_code)? == LifeState::InUse {
            periods.push((Timestamp::from_millis(from), Timestamp::from_millis(to)));
        }
    }
    Ok(periods)
}

fn cut(span: Span, (from, to): (Timestamp, Timestamp)) -> Option<Span> {
    let (from, to) = (span.from.max(from), span.to.min(to));
    (to > from).then_some(Span { from, to, state: span.state })
}

/// Counts every tally anew from the strips, for another zone. Strip by strip: nothing holds a
/// fleet in memory.
pub(crate) async fn recount(connection: &mut SqliteConnection, zone: Tz) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM day_tallies").execute(&mut *connection).await?;
    let mut after = (i64::MIN, String::new());
    loop {
        let page: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(
            "SELECT utc_day, device_id, minutes FROM strips WHERE (utc_day, device_id) > (?, ?)
             ORDER BY utc_day, device_id LIMIT ?",
        )
        .bind(after.0)
        .bind(&after.1)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        let Some((day, device, _)) = page.last() else { return Ok(()) };
        after = (*day, device.clone());
        for (day, device, bytes) in &page {
            for (day, tally) in tallies_of(zone, *day, &of_bytes(bytes)?) {
                add_tally(connection, device, day, tally).await?;
            }
        }
    }
}

/// The minutes of one strip by local day, where there are any.
fn tallies_of(zone: Tz, day: i64, strip: &DayStrip) -> BTreeMap<NaiveDate, Tally> {
    let mut tallies: BTreeMap<NaiveDate, Tally> = BTreeMap::new();
    let mut days = LocalDays::new(zone);
    for minute in 0..strip::MINUTES {
        let tally = tallies.entry(days.of(minute_start(day, minute))).or_default();
        tally.add(strip.get(minute), 1);
    }
    tallies.retain(|_, tally| *tally != Tally::default());
    tallies
}

impl Store {
    /// The strips of a device from one UTC day to another, both counted in, as (day, strip); days
    /// of which nothing is known are left out.
    pub async fn strips(
        &self,
        device: DeviceId,
        from_day: i64,
        to_day: i64,
    ) -> Result<Vec<(i64, DayStrip)>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT utc_day, minutes FROM strips
             WHERE device_id = ? AND utc_day BETWEEN ? AND ? ORDER BY utc_day",
        )
        .bind(device.to_string())
        .bind(from_day)
        .bind(to_day)
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(|(day, bytes)| Ok((day, of_bytes(&bytes)?))).collect()
    }

    /// Makes the strips and tallies of one device anew from its transitions.
    pub async fn rebuild_strips(&self, device: DeviceId) -> Result<(), StoreError> {
        let zone = self.zone;
        self.write(move |connection| {
            Box::pin(async move { rebuild(connection, zone, &device.to_string()).await })
        })
        .await
    }
}
