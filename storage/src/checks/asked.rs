//! Checks that were asked for while one was under way.

use crate::{Change, Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{MeetingId, Timestamp, VenueId, check::CheckItem};

/// A check that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingCheck {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Of one venue; none: of all.
    pub venue: Option<VenueId>,
    /// Of one item; none: of all.
    pub item: Option<CheckItem>,
    /// Who asks, as they logged in.
    pub login: String,
    /// Since when.
    pub at: Timestamp,
}

impl WaitingCheck {
    /// Whether it looks at a cell.
    pub fn covers(&self, venue: VenueId, item: CheckItem) -> bool {
        self.venue.is_none_or(|it| it == venue) && self.item.is_none_or(|it| it == item)
    }
}

impl Store {
    /// Keeps a check until its turn comes. One that waits already, or is part of one, waits once.
    pub async fn queue_check(&self, check: WaitingCheck) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO asked_checks (meeting_id, venue_id, item, at_ms, login)
                     SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM asked_checks
                         WHERE meeting_id = ?1 AND (venue_id IS NULL OR venue_id = ?2)
                           AND (item IS NULL OR item = ?3))",
                )
                .bind(check.meeting.number())
                .bind(check.venue.map(VenueId::number))
                .bind(check.item.map(CheckItem::code))
                .bind(check.at.millis())
                .bind(check.login)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// What waits for a meeting, in order.
    pub async fn waiting_checks(
        &self,
        meeting: MeetingId,
    ) -> Result<Vec<WaitingCheck>, StoreError> {
        let rows = sqlx::query("SELECT * FROM asked_checks WHERE meeting_id = ? ORDER BY id")
            .bind(meeting.number())
            .fetch_all(self.reader())
            .await?;
        rows.iter().map(waiting).collect()
    }

    /// Meetings for which a check waits.
    pub async fn meetings_with_waiting_checks(&self) -> Result<Vec<MeetingId>, StoreError> {
        let found: Vec<i64> = sqlx::query_scalar("SELECT DISTINCT meeting_id FROM asked_checks")
            .fetch_all(self.reader())
            .await?;
        Ok(found.into_iter().map(MeetingId::new).collect())
    }

    /// Takes the check of a meeting that has waited longest: its turn has come.
    pub async fn take_waiting_check(
        &self,
        meeting: MeetingId,
    ) -> Result<Option<WaitingCheck>, StoreError> {
        let taken = self
            .write(move |connection| {
                Box::pin(async move {
                    let row = sqlx::query(
                        "DELETE FROM asked_checks WHERE id =
                             (SELECT min(id) FROM asked_checks WHERE meeting_id = ?) RETURNING *",
                    )
                    .bind(meeting.number())
                    .fetch_optional(connection)
                    .await?;
                    row.as_ref().map(waiting).transpose()
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(taken)
    }
}

fn waiting(row: &SqliteRow) -> Result<WaitingCheck, StoreError> {
    let venue: Option<i64> = row.try_get("venue_id")?;
    let item: Option<&str> = row.try_get("item")?;
    let word = |code| decode::word("asked_checks.item", code, CheckItem::from_code);
    Ok(WaitingCheck {
        meeting: MeetingId::new(row.try_get("meeting_id")?),
        venue: venue.map(VenueId::new),
        item: item.map(word).transpose()?,
        login: row.try_get("login")?,
        at: Timestamp::from_millis(row.try_get("at_ms")?),
    })
}
