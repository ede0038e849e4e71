//! Taking back what a clock that was far ahead dated into the future.
//!
//! Invariants: nothing before the moment that is gone back to changes; raw observations stay; what
//! is taken back is never more than a day of what was known, so that a clock that is wrongly set
//! back for years takes no history with it.

use crate::{StoreError, decode, standings, strips};
use chrono_tz::Tz;
use sqlx::SqliteConnection;
use std::time::Duration;
use zhishou_domain::{Standing, State, Step, Timestamp, Transition};

/// What is taken back at most, from the first to the last moment that was known.
const MOST: Duration = Duration::from_secs(24 * 3600);

/// Goes back to `to`, which lies before the last result of `standing`: transitions and minutes after
/// it go, and the device stands as it did then. `false` where that would cost too much; then nothing
/// is changed.
pub(crate) async fn take_back(
    connection: &mut SqliteConnection,
    zone: Tz,
    device: &str,
    standing: &Standing,
    to: Timestamp,
) -> Result<bool, StoreError> {
    let rows: Vec<(i64, String, bool, String)> = sqlx::query_as(
        "SELECT at_ms, state, reached, faults FROM transitions WHERE device_id = ? ORDER BY id",
    )
    .bind(device)
    .fetch_all(&mut *connection)
    .await?;
    let all: Vec<Transition> = rows
        .into_iter()
        .map(|(at, state, reached, faults)| {
            Ok(Transition {
                at: Timestamp::from_millis(at),
                state: decode::word("transitions.state", &state, State::from_code)?,
                reached,
                faults: decode::json("transitions.faults", &faults)?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    let (past, future) = all.split_at(all.partition_point(|it| it.at <= to));
    let first = match past.last() {
        Some(then) if then.state != State::Unknown => Some(to),
        _ => future.iter().find(|it| it.state != State::Unknown).map(|it| it.at),
    };
    let known = first.zip(standing.last_result).map(|(first, last)| last.since(first));
    if known.is_some_and(|known| known > MOST) {
        return Ok(false);
    }
    tracing::warn!(
        device,
        to_ms = to.millis(),
        "the clock was ahead: what lies in the future is taken back"
    );
    for sql in [
        "DELETE FROM transitions WHERE device_id = ? AND at_ms > ?",
        "DELETE FROM weather_shown WHERE device_id = ? AND since_ms > ?",
    ] {
        sqlx::query(sql).bind(device).bind(to.millis()).execute(&mut *connection).await?;
    }
    let mut then = Standing { round: standing.round, ..Standing::default() };
    if let Some(last) = past.last() {
        let run = past.iter().rev().take_while(|it| it.state == last.state);
        then.since = run.last().map_or(last.at, |it| it.at);
        (then.state, then.reached) = (last.state, last.reached);
        then.faults.clone_from(&last.faults);
        then.last_result = Some(to);
    }
    let step = Step { standing: then, ..Step::default() };
    standings::apply(connection, zone, device, &step, None).await?;
    strips::cut_off(connection, zone, device, to).await?;
    Ok(true)
}
