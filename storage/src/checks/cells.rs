//! What is known of each item in each venue of a meeting.

use super::{Entered, place};
use crate::{
    AuditLine, Change, EvidenceRow, Store, StoreError, StoredMeeting, audit, decode, evidence,
    meetings::endpoint_of,
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};
use std::collections::HashMap;
use zhishou_domain::{
    CheckRunId, DeviceId, MeetingId, Timestamp, VenueId, WorkOrderId,
    check::{
        CellResult, CheckItem, CheckPlan, Conclusion, Evidence, Finding, Outcome, VenueCells,
        begun, items_of, roll_opens,
    },
    meeting::Venue,
};

/// Checks that a history looks back on.
const LOOK_BACK: i64 = 5;
/// Results of one meeting that no run has, at most; the newest.
const CHANGES: i64 = 500;
/// Runs in which a venue was to be called and something was seen of it, by a condition that follows, and how
/// many of them failed. What stands beside its endpoint, and what is a nuisance by every shipped plan, is no
/// failure of it.
const HISTORY: &str = "WITH results AS (
        SELECT *, item NOT IN ('backup_line', 'backup_call', 'cameras', 'status', 'clock', 'delay') AS own
        FROM check_results)
    SELECT coalesce(sum(failed), 0), count(*) FROM (
        SELECT max(c.own AND c.outcome = 'fail') AS failed
        FROM results c JOIN check_runs r ON r.id = c.run_id WHERE r.depth <> 'liveness' AND c.";
/// A look that was not to call leaves word of that in the cell of the call.
const SEEN: &str = " GROUP BY c.run_id
    HAVING max(c.own AND c.outcome <> 'untested')
       AND max(c.item = 'call' AND json_extract(c.evidence, '$.why') IS NOT 'liveness_only')
    ORDER BY c.run_id DESC LIMIT ";

/// A cell of a meeting.
#[derive(Clone, Debug, PartialEq)]
pub struct CellOf {
    /// In which venue.
    pub venue: VenueId,
    /// What is known.
    pub result: CellResult,
}

/// What was found of an item in a venue.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCell {
    /// In which venue.
    pub venue: VenueId,
    /// By which device.
    pub device: Option<DeviceId>,
    /// What.
    pub finding: Finding,
    /// Key of the picture that it was judged by, where one is kept.
    pub picture: Option<String>,
}

/// How a venue did in its last checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VenueHistory {
    /// Checks in which its endpoint or its call failed.
    pub failed: u64,
    /// Checks looked at, five at most: those that were to call it and saw something.
    pub of: u64,
}

impl Store {
    /// Keeps what a run found.
    pub async fn keep_check_cells(
        &self,
        meeting: MeetingId,
        run: CheckRunId,
        cells: Vec<NewCell>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for cell in cells {
                    insert(connection, meeting, Some(run), cell, at, "").await?;
                }
                Ok(())
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// Keeps what was seen while watching: what is as it was, for the same reason and of the same device, is
    /// confirmed, what differs is added. Gives what differs.
    pub async fn watch_check_cells(
        &self,
        meeting: MeetingId,
        cells: Vec<NewCell>,
        at: Timestamp,
    ) -> Result<Vec<NewCell>, StoreError> {
        let changed = self
            .write(move |connection| {
                Box::pin(async move {
                    let mut changed = Vec::new();
                    for cell in cells {
                        let confirmed = sqlx::query(
                            "UPDATE check_results SET confirmed_ms = max(confirmed_ms, ?5) WHERE id =
                                 (SELECT max(id) FROM check_results
                                  WHERE meeting_id = ?1 AND venue_id = ?2 AND item = ?3)
                               AND outcome = ?4 AND evidence = ?6 AND device_id IS ?7",
                        )
                        .bind(meeting.number())
                        .bind(cell.venue.number())
                        .bind(cell.finding.item.code())
                        .bind(cell.finding.outcome.code())
                        .bind(at.millis())
                        .bind(decode::to_json("check_results.evidence", &cell.finding.evidence)?)
                        .bind(cell.device.map(|id| id.to_string()))
                        .execute(&mut *connection)
                        .await?;
                        if confirmed.rows_affected() == 0 {
                            insert(connection, meeting, None, cell.clone(), at, "").await?;
                            changed.push(cell);
                        }
                    }
                    Ok(changed)
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(changed)
    }

    /// 签字: a person says how an item is. Missing where the item is not one for persons.
    pub async fn sign_check(
        &self,
        meeting: MeetingId,
        venue: VenueId,
        item: CheckItem,
        (outcome, text): (Outcome, String),
        mut line: AuditLine,
    ) -> Result<Entered<()>, StoreError> {
        if !item.is_human() {
            return Ok(Entered::Missing);
        }
        let signed = self
            .write(move |connection| {
                Box::pin(async move {
                    let entered = place(connection, meeting, venue).await?;
                    if entered != Entered::Now(()) {
                        return Ok(entered);
                    }
                    let evidence = match text {
                        none if none.is_empty() => Evidence::None,
                        text => Evidence::Said { text },
                    };
                    let finding = Finding { item, outcome, evidence };
                    let cell = NewCell { venue, device: None, finding, picture: None };
                    insert(connection, meeting, None, cell, line.at, &line.login).await?;
                    line.action = "sign_check";
                    line.subject = format!("{meeting} {venue} {} {}", item.code(), outcome.code());
                    audit::insert(connection, line).await?;
                    Ok(entered)
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(signed)
    }

    /// The last that is known of each cell of a meeting. A look in vain does not put out what failed before
    /// it.
    pub async fn check_cells(&self, meeting: MeetingId) -> Result<Vec<CellOf>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM check_results WHERE id IN (
                 SELECT max(id) FROM check_results WHERE meeting_id = ?1 GROUP BY venue_id, item
                 UNION SELECT max(id) FROM check_results
                     WHERE meeting_id = ?1 AND outcome <> 'untested' GROUP BY venue_id, item)
             ORDER BY venue_id, item, id",
        )
        .bind(meeting.number())
        .fetch_all(self.reader())
        .await?;
        let mut cells: Vec<CellOf> = Vec::new();
        for row in &rows {
            let cell = cell_of(row)?;
            let of_cell =
                |it: &CellOf| (it.venue, it.result.item) == (cell.venue, cell.result.item);
            match cells.pop_if(|it| of_cell(it)) {
                Some(failed)
                    if failed.result.outcome == Outcome::Fail
                        && failed.result.device == cell.result.device =>
                {
                    cells.push(failed);
                }
                _ => cells.push(cell),
            }
        }
        Ok(cells)
    }

    /// The picture that a check of a venue, made at that moment, went by; none where it is no longer kept.
    pub async fn check_picture(
        &self,
        meeting: MeetingId,
        venue: VenueId,
        at: Timestamp,
    ) -> Result<Option<EvidenceRow>, StoreError> {
        let row = sqlx::query(
            "SELECT e.* FROM check_results c JOIN evidence e ON e.key = c.picture
             WHERE c.meeting_id = ? AND c.venue_id = ? AND c.item = ? AND c.at_ms = ?
             ORDER BY c.id DESC LIMIT 1",
        )
        .bind(meeting.number())
        .bind(venue.number())
        .bind(CheckItem::Video.code())
        .bind(at.millis())
        .fetch_optional(self.reader())
        .await?;
        row.as_ref().map(evidence::decode_row).transpose()
    }

    /// Since when an item that fails has failed without having been well in between; what could not be seen
    /// does not break it. None where it never failed.
    pub async fn failing_since(
        &self,
        meeting: MeetingId,
        venue: VenueId,
        cell: &CellResult,
    ) -> Result<Option<Timestamp>, StoreError> {
        let since: Option<i64> = sqlx::query_scalar(
            "SELECT min(at_ms) FROM check_results
             WHERE meeting_id = ?1 AND venue_id = ?2 AND item = ?3 AND device_id IS ?4
               AND outcome = 'fail' AND id > coalesce((SELECT max(id) FROM check_results
                   WHERE meeting_id = ?1 AND venue_id = ?2 AND item = ?3 AND device_id IS ?4
                     AND outcome IN ('pass', 'warn')), 0)",
        )
        .bind(meeting.number())
        .bind(venue.number())
        .bind(cell.item.code())
        .bind(cell.device.map(|id| id.to_string()))
        .fetch_one(self.reader())
        .await?;
        Ok(since.map(Timestamp::from_millis))
    }

    /// The venues of a meeting, in its order, with what is known of them.
    pub async fn venue_cells(
        &self,
        meeting: &StoredMeeting,
        plan: &CheckPlan,
    ) -> Result<(Vec<Venue>, Vec<VenueCells>), StoreError> {
        let mut cells = self.check_cells(meeting.id).await?;
        let turned = self.meeting_turns(meeting.id).await?;
        let stands = self.endpoints_stand(meeting.id).await?;
        let (mut venues, mut known) = (Vec::new(), Vec::new());
        for place in &meeting.plan.venues {
            let Some(mut venue) = self.venue(place.venue).await? else { continue };
            let results = cells.extract_if(.., |cell| cell.venue == venue.id);
            let mut results: Vec<_> = results.map(|cell| cell.result).collect();
            if let Some(device) = endpoint_of(&turned, venue.id) {
                venue.turn_to(device);
            }
            // What another endpoint showed says nothing of this one.
            if let Some(primary) = venue.primary() {
                results.retain(|it| it.device.is_none() || is_of(it, primary.id));
            }
            if let Some(since) = stands.get(&venue.id) {
                results.retain(|it| !it.item.is_signed_of_endpoint() || it.at >= *since);
            }
            let items = items_of(plan, &venue);
            known.push(VenueCells {
                venue: venue.id,
                role: place.role,
                items,
                results,
                roll_from: roll_opens(meeting.plan.slot().from, &meeting.steps),
                begun: begun(&meeting.steps),
            });
            venues.push(venue);
        }
        Ok((venues, known))
    }

    /// Since when the venues of a meeting that were turned to another endpoint, or back, or got another one
    /// before its end, are held on the one they are held on now.
    async fn endpoints_stand(
        &self,
        meeting: MeetingId,
    ) -> Result<HashMap<VenueId, Timestamp>, StoreError> {
        let since: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT venue_id, max(since_ms) FROM (
                 SELECT venue_id, max(at_ms, coalesce(undone_ms, at_ms)) AS since_ms FROM meeting_turns
                 WHERE meeting_id = ?1 AND device_id IS NOT NULL
                 UNION ALL
                 SELECT v.id, v.endpoint_since_ms FROM venues v
                 JOIN meeting_venues p ON p.venue_id = v.id JOIN meetings m ON m.id = p.meeting_id
                 WHERE m.id = ?1 AND v.endpoint_since_ms < m.to_ms)
             GROUP BY venue_id",
        )
        .bind(meeting.number())
        .fetch_all(self.reader())
        .await?;
        let of = |(venue, at)| (VenueId::new(venue), Timestamp::from_millis(at));
        Ok(since.into_iter().map(of).collect())
    }

    /// What persons signed and what changed while watching, in order.
    pub async fn check_changes(&self, meeting: MeetingId) -> Result<Vec<CellOf>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM check_results WHERE meeting_id = ? AND run_id IS NULL
             ORDER BY id DESC LIMIT ?",
        )
        .bind(meeting.number())
        .bind(CHANGES)
        .fetch_all(self.reader())
        .await?;
        rows.iter().rev().map(cell_of).collect()
    }

    /// How venues did in their last five checks: "this room failed 3 of its last 5 checks".
    pub async fn venue_history(&self, venue: VenueId) -> Result<VenueHistory, StoreError> {
        let mut query = QueryBuilder::new(HISTORY);
        query.push("venue_id = ").push_bind(venue.number());
        self.failed_of(query).await
    }

    /// How an endpoint did in its last five checks, in whatever venue: one that is carried about takes its past
    /// along.
    pub async fn device_history(&self, device: DeviceId) -> Result<VenueHistory, StoreError> {
        let mut query = QueryBuilder::new(HISTORY);
        query.push("device_id = ").push_bind(device.to_string());
        self.failed_of(query).await
    }

    async fn failed_of(&self, mut query: QueryBuilder<Sqlite>) -> Result<VenueHistory, StoreError> {
        query.push(SEEN).push_bind(LOOK_BACK).push(")");
        let (failed, of): (i64, i64) = query.build_query_as().fetch_one(self.reader()).await?;
        let count = |number| decode::unsigned("check_results", number);
        Ok(VenueHistory { failed: count(failed)?, of: count(of)? })
    }

    /// Notes how ready a meeting is, where that differs from the last note.
    pub async fn note_readiness(
        &self,
        meeting: MeetingId,
        (conclusion, ready, venues): (Conclusion, usize, usize),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let last = self.last_readiness(meeting, at).await?;
        if last == Some(conclusion) {
            return Ok(());
        }
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO meeting_readiness (meeting_id, at_ms, conclusion, ready, venues)
                     VALUES (?, ?, ?, ?, ?)",
                )
                .bind(meeting.number())
                .bind(at.millis())
                .bind(conclusion.code())
                .bind(number(ready))
                .bind(number(venues))
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// How ready a meeting was at a moment.
    pub async fn last_readiness(
        &self,
        meeting: MeetingId,
        at: Timestamp,
    ) -> Result<Option<Conclusion>, StoreError> {
        let found: Option<String> = sqlx::query_scalar(
            "SELECT conclusion FROM meeting_readiness WHERE meeting_id = ? AND at_ms <= ?
             ORDER BY id DESC LIMIT 1",
        )
        .bind(meeting.number())
        .bind(at.millis())
        .fetch_optional(self.reader())
        .await?;
        let word = |code: String| decode::word("meeting_readiness", &code, Conclusion::from_code);
        found.map(word).transpose()
    }

    /// The work order that is open for a venue because a check of it failed.
    pub async fn check_order(&self, venue: VenueId) -> Result<Option<WorkOrderId>, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT w.id FROM check_orders c JOIN work_orders w ON w.id = c.work_order_id
             WHERE c.venue_id = ? AND w.state NOT IN ('done', 'cancelled') ORDER BY w.id DESC LIMIT 1",
        )
        .bind(venue.number())
        .fetch_optional(self.reader())
        .await?;
        Ok(found.map(WorkOrderId::new))
    }

    /// Notes that a work order is about a venue of a meeting.
    pub async fn link_check_order(
        &self,
        order: WorkOrderId,
        meeting: MeetingId,
        venue: VenueId,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT OR IGNORE INTO check_orders (work_order_id, meeting_id, venue_id)
                     VALUES (?, ?, ?)",
                )
                .bind(order.number())
                .bind(meeting.number())
                .bind(venue.number())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

/// Whether a result is of a venue that is held on `primary`.
fn is_of(result: &CellResult, primary: DeviceId) -> bool {
    match result.item {
        item if item.is_of_backup() => result.device != Some(primary),
        CheckItem::Cameras | CheckItem::Status | CheckItem::Clock => true,
        item => item.is_human() || result.device == Some(primary),
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    run: Option<CheckRunId>,
    cell: NewCell,
    at: Timestamp,
    login: &str,
) -> Result<(), StoreError> {
    let NewCell { venue, device, finding, picture } = cell;
    sqlx::query(
        "INSERT INTO check_results (meeting_id, venue_id, run_id, item, outcome, evidence, device_id,
             at_ms, confirmed_ms, login, picture)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9,
             (SELECT key FROM evidence WHERE key = ?10))",
    )
    .bind(meeting.number())
    .bind(venue.number())
    .bind(run.map(CheckRunId::number))
    .bind(finding.item.code())
    .bind(finding.outcome.code())
    .bind(decode::to_json("check_results.evidence", &finding.evidence)?)
    .bind(device.map(|id| id.to_string()))
    .bind(at.millis())
    .bind(login)
    .bind(picture)
    .execute(connection)
    .await?;
    Ok(())
}

fn cell_of(row: &SqliteRow) -> Result<CellOf, StoreError> {
    let device: Option<&str> = row.try_get("device_id")?;
    let outcome = row.try_get("outcome")?;
    Ok(CellOf {
        venue: VenueId::new(row.try_get("venue_id")?),
        result: CellResult {
            item: decode::word("check_results.item", row.try_get("item")?, CheckItem::from_code)?,
            outcome: decode::word("check_results.outcome", outcome, Outcome::from_code)?,
            evidence: decode::json("check_results.evidence", row.try_get("evidence")?)?,
            device: device.map(|id| decode::id("check_results.device_id", id)).transpose()?,
            at: Timestamp::from_millis(row.try_get("at_ms")?),
            confirmed: Timestamp::from_millis(row.try_get("confirmed_ms")?),
            login: row.try_get("login")?,
            picture: row.try_get("picture")?,
        },
    })
}
