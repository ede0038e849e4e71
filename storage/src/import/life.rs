//! 状态 and its dated history.
//!
//! What a row says holds from its date on and replaces what was thought of the time after it; what
//! was before stays. A device that leaves use is retired in the standings at once, and when the
//! date lies back, the minutes counted since then are taken out of strips again, so
//! that a demolished camera spoils no figure. Its months before stay as they were.

use super::device::Stored;
use crate::{StoreError, misdated, standings, strips};
use chrono_tz::Tz;
use sqlx::SqliteConnection;
use zhishou_domain::{LedgerColumn, LedgerRow, LifeState, RowError, RowProblem, Timestamp};

/// A state and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) state: LifeState,
    pub(super) since: Timestamp,
}

/// The state after a row.
pub(super) fn of_row(
    row: &LedgerRow,
    stored: Option<&Stored>,
    zone: Tz,
    now: Timestamp,
) -> Result<Life, RowError> {
    let date = row.life_since.map(|date| Timestamp::start_of_day(date, zone));
    if let (Some(at), Some(date)) = (date, row.life_since)
        && at > now
    {
        let value = date.to_string();
        let problem = RowProblem::InTheFuture;
        return Err(RowError::new(row.row, LedgerColumn::LifeSince, &value, problem));
    }
    Ok(match stored {
        None => Life { state: row.life.unwrap_or_default(), since: date.unwrap_or(now) },
        Some(stored) => {
            let state = row.life.unwrap_or(stored.life);
            let unmoved = if state == stored.life { stored.life_since } else { now };
            Life { state, since: date.unwrap_or(unmoved) }
        }
    })
}

/// Writes the history where it differs, and says whether it did.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    id: &str,
    life: &Life,
    stored: Option<&Stored>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(stored) = stored else {
        insert(connection, id, life).await?;
        return Ok(false);
    };
    if (stored.life, stored.life_since) == (life.state, life.since) {
        return Ok(false);
    }
    let from =
        if life.state == stored.life { life.since.min(stored.life_since) } else { life.since };
    sqlx::query("DELETE FROM life_states WHERE device_id = ? AND from_ms >= ?")
        .bind(id)
        .bind(from.millis())
        .execute(&mut *connection)
        .await?;
    insert(connection, id, life).await?;
    if life.state != LifeState::InUse {
        let standing = standings::read(connection, id).await?;
        let then = misdated::take_back(connection, id, &standing, now, now).await?;
        let standing = then.unwrap_or(standing);
        // What could not be taken back stays; retiring never goes back.
        let at = standing.last_result.map_or(now, |last| last.max(now));
        standings::apply(connection, id, &standing.retire(at), None).await?;
    }
    strips::rebuild(connection, id).await?;
    Ok(true)
}

async fn insert(
    connection: &mut SqliteConnection,
    id: &str,
    life: &Life,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO life_states (device_id, from_ms, state) VALUES (?, ?, ?)")
        .bind(id)
        .bind(life.since.millis())
        .bind(life.state.code())
        .execute(connection)
        .await?;
    Ok(())
}
