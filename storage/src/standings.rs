//! What is known of each device now, and the writing of what a result changes.

use crate::{Change, Store, StoreError, decode, incidents, strips};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::time::Duration;
use zhishou_domain::{
    DeviceId, FaultCode, Standing, State, Step, Timestamp, Transition, Verdict, confirm::Judging,
};

/// Results looked at in one transaction of [`Store::expire_standings`].
const PAGE: u32 = 500;

/// What the last probe itself said, beside the confirmed state.
pub(crate) struct Seen<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) faults: &'a [FaultCode],
    pub(crate) at: Timestamp,
}

/// The standing of a device; the default before its first result.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<Standing, StoreError> {
    let row = sqlx::query(
        "SELECT state, since_ms, reached, faults, last_result_ms, hold_ms, doubt, round, recent,
             shown, judging, judged_ms
         FROM standings WHERE device_id = ?",
    )
    .bind(device)
    .fetch_optional(connection)
    .await?;
    row.map_or_else(|| Ok(Standing::default()), |row| decode_row(&row))
}

pub(crate) fn decode_row(row: &SqliteRow) -> Result<Standing, StoreError> {
    let doubt: Option<String> = row.try_get("doubt")?;
    let doubt = doubt.map(|text| decode::json("standings.doubt", &text)).transpose()?;
    let hold = decode::unsigned("standings.hold_ms", row.try_get("hold_ms")?)?;
    let last_result: Option<i64> = row.try_get("last_result_ms")?;
    Ok(Standing {
        state: decode::word("standings.state", row.try_get("state")?, State::from_code)?,
        since: Timestamp::from_millis(row.try_get("since_ms")?),
        faults: decode::json("standings.faults", row.try_get("faults")?)?,
        reached: row.try_get("reached")?,
        last_result: last_result.map(Timestamp::from_millis),
        hold: Duration::from_millis(hold),
        doubt,
        round: decode::unsigned("standings.round", row.try_get("round")?)?,
        recent: decode::json("standings.recent", row.try_get("recent")?)?,
        shown: decode::json("standings.shown", row.try_get("shown")?)?,
        judging: decode::word("standings.judging", row.try_get("judging")?, Judging::from_code)?,
        judged_at: row.try_get::<Option<i64>, _>("judged_ms")?.map(Timestamp::from_millis),
    })
}

/// Writes what a step changes: the standing, its transitions, its minutes, and what incidents hear.
pub(crate) async fn apply(
    connection: &mut SqliteConnection,
    device: &str,
    step: &Step,
    seen: Option<Seen<'_>>,
) -> Result<(), StoreError> {
    let now = &step.standing;
    let doubt = now.doubt.as_ref().map(|doubt| decode::to_json("standings.doubt", doubt));
    let seen_faults =
        seen.as_ref().map(|seen| decode::to_json("standings.seen_faults", &seen.faults));
    sqlx::query(
        "INSERT INTO standings (device_id, state, since_ms, reached, faults, last_result_ms,
             hold_ms, doubt, round, verdict, seen_faults, seen_ms, recent, shown, judging,
             judged_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ifnull(?11, '[]'), ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (device_id) DO UPDATE SET
             state = ?2, since_ms = ?3, reached = ?4, faults = ?5, last_result_ms = ?6,
             hold_ms = ?7, doubt = ?8, round = ?9, verdict = ifnull(?10, verdict),
             seen_faults = ifnull(?11, seen_faults), seen_ms = ifnull(?12, seen_ms),
             recent = ?13, shown = ?14, judging = ?15, judged_ms = ?16",
    )
    .bind(device)
    .bind(now.state.code())
    .bind(now.since.millis())
    .bind(now.reached)
    .bind(decode::to_json("standings.faults", &now.faults)?)
    .bind(now.last_result.map(Timestamp::millis))
    .bind(i64::try_from(now.hold.as_millis()).unwrap_or(i64::MAX))
    .bind(doubt.transpose()?)
    .bind(i64::try_from(now.round).unwrap_or(i64::MAX))
    .bind(seen.as_ref().map(|seen| seen.verdict.code()))
    .bind(seen_faults.transpose()?)
    .bind(seen.as_ref().map(|seen| seen.at.millis()))
    .bind(decode::to_json("standings.recent", &now.recent)?)
    .bind(decode::to_json("standings.shown", &now.shown)?)
    .bind(now.judging.code())
    .bind(now.judged_at.map(Timestamp::millis))
    .execute(&mut *connection)
    .await?;
    for transition in &step.transitions {
        insert_transition(connection, device, transition).await?;
    }
    incidents::hear(connection, device, step).await?;
    strips::paint(connection, device, &step.paint).await
}

async fn insert_transition(
    connection: &mut SqliteConnection,
    device: &str,
    transition: &Transition,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO transitions (device_id, at_ms, state, reached, faults, judging)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(device)
    .bind(transition.at.millis())
    .bind(transition.state.code())
    .bind(transition.reached)
    .bind(decode::to_json("transitions.faults", &transition.faults)?)
    .bind(transition.judging.code())
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// The standing of a device; the default before its first result.
    pub async fn standing(&self, device: DeviceId) -> Result<Standing, StoreError> {
        let mut connection = self.reader().acquire().await?;
        read(&mut connection, &device.to_string()).await
    }

    /// Writes "unknown" for every result that no longer stands at `now`, page by page, and says
    /// how many devices that were. Without it a device that is never probed again would keep its
    /// last state in the database, though no page shows it.
    pub async fn expire_standings(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let expired = self.write(move |c| Box::pin(expire_page(c, now))).await?;
            total += expired.len() as u64;
            let is_last = expired.len() < PAGE as usize;
            for (device, site) in expired {
                self.announce(Change::Result { device, site, at: now });
            }
            if is_last {
                return Ok(total);
            }
        }
    }
}

/// One page. What it writes has the state unknown, so that no later page finds it again.
async fn expire_page(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<Vec<(DeviceId, zhishou_domain::SiteId)>, StoreError> {
    let devices: Vec<(String, String)> = sqlx::query_as(
        "SELECT s.device_id, d.site_id FROM standings s JOIN devices d ON d.id = s.device_id
         WHERE s.stands_until_ms < ? AND s.state <> 'unknown' LIMIT ?",
    )
    .bind(now.millis())
    .bind(PAGE)
    .fetch_all(&mut *connection)
    .await?;
    let mut expired = Vec::with_capacity(devices.len());
    for (device, site) in devices {
        let standing = read(connection, &device).await?;
        apply(connection, &device, &standing.expire(now), None).await?;
        expired.push((
            decode::id("standings.device_id", &device)?,
            decode::id("devices.site_id", &site)?,
        ));
    }
    Ok(expired)
}
