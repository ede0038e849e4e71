//! Taking back what a clock that was far ahead dated into the future.
//!
//! A clock that was ahead and one that is behind now look alike: what is known lies in the future. So
//! only what lies more than a day ahead is taken back, and never more than a day of it: by no way of
//! setting the clock does a device lose what it was while the clock was right. Nearer results wait: until the
//! clock has caught up, what comes is late, and what is shown is unknown.
//!
//! Invariants: nothing before the moment that is gone back to changes; raw observations stay.

use crate::{StoreError, history, standings, strips};
use sqlx::SqliteConnection;
use std::time::Duration;
use zhishou_domain::{News, Standing, State, Step, Timestamp, Transition};

/// What is taken back at most, of what was known; and how far ahead of the clock the last result lies at
/// least.
const MOST: Duration = Duration::from_secs(24 * 3600);

/// Goes back to `to`, which lies before the last result of `standing`: transitions and minutes after
/// it go, and the device stands as it did then, which is returned. `None` where the last result may be
/// right by the clock, which says `now`, or too much would go; then nothing is changed.
pub(crate) async fn take_back(
    connection: &mut SqliteConnection,
    device: &str,
    standing: &Standing,
    to: Timestamp,
    now: Timestamp,
) -> Result<Option<Standing>, StoreError> {
    if standing.last_result.is_none_or(|last| last <= now + MOST) {
        return Ok(None);
    }
    let rows = sqlx::query(
        "SELECT at_ms, state, reached, faults, judging FROM transitions WHERE device_id = ? ORDER BY id",
    )
    .bind(device)
    .fetch_all(&mut *connection)
    .await?;
    let all: Vec<Transition> = rows.iter().map(history::transition).collect::<Result<_, _>>()?;
    let (past, future) = all.split_at(all.partition_point(|it| it.at <= to));
    let (mut known, mut from) = (Duration::ZERO, to);
    let mut state = past.last().map_or(State::Unknown, |it| it.state);
    let end = standing.last_result.map(|last| (last, State::Unknown));
    for (at, next) in future.iter().map(|it| (it.at, it.state)).chain(end) {
        if state != State::Unknown {
            known += at.since(from);
        }
        (from, state) = (at, next);
    }
    if known > MOST {
        return Ok(None);
    }
    tracing::warn!(
        device,
        to_ms = to.millis(),
        "the clock was ahead: what lies in the future is taken back"
    );
    for sql in [
        "DELETE FROM transitions WHERE device_id = ? AND at_ms > ?",
        "DELETE FROM weather_shown WHERE device_id = ? AND since_ms > ?",
        "DELETE FROM street_event_cameras WHERE device_id = ? AND since_ms > ?",
    ] {
        sqlx::query(sql).bind(device).bind(to.millis()).execute(&mut *connection).await?;
    }
    let mut then = Standing { round: standing.round, ..Standing::default() };
    if let Some(last) = past.last() {
        let run = past.iter().rev().take_while(|it| it.state == last.state);
        then.since = run.last().map_or(last.at, |it| it.at);
        (then.state, then.reached) = (last.state, last.reached);
        then.faults.clone_from(&last.faults);
        then.judging = last.judging;
        then.last_result = Some(to);
    }
    let step = Step { standing: then, news: News::Told, ..Step::default() };
    standings::apply(connection, device, &step, None).await?;
    strips::cut_off(connection, device, to).await?;
    Ok(Some(step.standing))
}
