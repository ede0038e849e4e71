//! Day strips: what each minute of a UTC day was.
//!
//! They are a cache. The truth is the transitions, cut to the periods in which the device was in
//! use, up to the last result; [`Store::rebuild_strips`] makes the same bytes from it.

use crate::{Store, StoreError, decode, standings};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use zhishou_domain::{DayStrip, DeviceId, LifeState, Span, State, Timestamp, strip};

/// Milliseconds of a UTC day.
const DAY_MS: i64 = 86_400_000;

/// Raises the minutes of `spans`.
pub(crate) async fn paint(
    connection: &mut SqliteConnection,
    device: &str,
    spans: &[Span],
) -> Result<(), StoreError> {
    let mut strips = BTreeMap::new();
    for span in spans {
        for (day, minute) in strip::minutes_of(*span) {
            if let std::collections::btree_map::Entry::Vacant(free) = strips.entry(day) {
                free.insert((read(connection, device, day).await?, false));
            }
            let Some((strip, changed)) = strips.get_mut(&day) else { continue };
            *changed |= span.state > strip.raise(minute, span.state);
        }
    }
    for (day, (strip, changed)) in &strips {
        if *changed {
            write(connection, device, *day, strip).await?;
        }
    }
    Ok(())
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

/// From what `hex()` of the engine makes of its bytes.
pub(crate) fn of_hex(digits: &str) -> Result<DayStrip, StoreError> {
    let digit = |byte: u8| if byte <= b'9' { byte & 15 } else { byte.wrapping_sub(b'A' - 10) };
    let (pairs, _) = digits.as_bytes().as_chunks();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect();
    of_bytes(&bytes)
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

/// Makes the strips of a device anew from its transitions, its life states and its last result, for
/// the moment it has known until then.
pub(crate) async fn rebuild(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM strips WHERE device_id = ?")
        .bind(device)
        .execute(&mut *connection)
        .await?;
    let always = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
    paint_known(connection, device, always).await
}

/// Makes the minutes from the UTC day of `at` on anew: what lies after the last result is unknown.
pub(crate) async fn cut_off(
    connection: &mut SqliteConnection,
    device: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let day = at.utc_day();
    sqlx::query("DELETE FROM strips WHERE device_id = ? AND utc_day >= ?")
        .bind(device)
        .bind(day)
        .execute(&mut *connection)
        .await?;
    let rest = (Timestamp::from_millis(day * DAY_MS), Timestamp::from_millis(i64::MAX));
    paint_known(connection, device, rest).await
}

/// Paints what the transitions say of the device while it was in use, within `window`.
async fn paint_known(
    connection: &mut SqliteConnection,
    device: &str,
    window: (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let known = known_spans(connection, device).await?;
    let in_use = in_use_periods(connection, device).await?;
    let known = known.into_iter().filter_map(|span| cut(span, window));
    let spans: Vec<_> =
        known.flat_map(|span| in_use.iter().filter_map(move |use_| cut(span, *use_))).collect();
    paint(connection, device, &spans).await
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

    /// Makes the strips of one device anew from its transitions.
    pub async fn rebuild_strips(&self, device: DeviceId) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move { rebuild(connection, &device.to_string()).await })
        })
        .await
    }
}
