//! 日历订阅: read-only addresses. Only the hashes of their tokens are kept.

use crate::{AuditLine, Store, StoreError, audit};
use zhishou_domain::{MeetingId, Timestamp, VenueId};

/// Whose meetings a feed shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedScope {
    /// Those in a venue.
    Venue(VenueId),
    /// Those that a person booked, as they log in.
    Person(String),
}

/// A feed as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFeed {
    /// Number in the list.
    pub id: i64,
    /// What for.
    pub name: String,
    /// Whose meetings.
    pub scope: FeedScope,
    /// When it was made.
    pub created: Timestamp,
    /// By whom.
    pub login: String,
    /// Since when it opens nothing.
    pub revoked: Option<Timestamp>,
}

type Row = (i64, String, Option<i64>, Option<String>, i64, String, Option<i64>);

fn feed_of((id, name, venue, person, created, login, revoked): Row) -> CalendarFeed {
    CalendarFeed {
        id,
        name,
        scope: match venue {
            Some(venue) => FeedScope::Venue(VenueId::new(venue)),
            None => FeedScope::Person(person.unwrap_or_default()),
        },
        created: Timestamp::from_millis(created),
        login,
        revoked: revoked.map(Timestamp::from_millis),
    }
}

impl Store {
    /// Adds a feed by the SHA-256 of its token, lower-case hex, with its line of the audit log.
    pub async fn add_calendar_feed(
        &self,
        name: String,
        sha256: String,
        scope: FeedScope,
        line: AuditLine,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let (venue, person) = match scope {
                    FeedScope::Venue(id) => (Some(id.number()), None),
                    FeedScope::Person(login) => (None, Some(login)),
                };
                sqlx::query(
                    "INSERT INTO calendar_feeds (name, sha256, venue_id, person, created_ms, login)
                     VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(name)
                .bind(sha256)
                .bind(venue)
                .bind(person)
                .bind(line.at.millis())
                .bind(&line.login)
                .execute(&mut *connection)
                .await?;
                audit::insert(connection, line).await
            })
        })
        .await
    }

    /// Revokes a feed, where `by` says so only one that this person made; with its line of the audit
    /// log. `false` where there is none, or it was revoked before.
    pub async fn revoke_calendar_feed(
        &self,
        id: i64,
        by: Option<String>,
        line: AuditLine,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let revoked = sqlx::query(
                    "UPDATE calendar_feeds SET revoked_ms = ?
                     WHERE id = ? AND revoked_ms IS NULL AND login = ifnull(?, login)",
                )
                .bind(line.at.millis())
                .bind(id)
                .bind(by)
                .execute(&mut *connection)
                .await?
                .rows_affected();
                if revoked > 0 {
                    audit::insert(connection, line).await?;
                }
                Ok(revoked > 0)
            })
        })
        .await
    }

    /// Feeds, the newest first: all, or those that a person made.
    pub async fn calendar_feeds(&self, by: Option<&str>) -> Result<Vec<CalendarFeed>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, name, venue_id, person, created_ms, login, revoked_ms FROM calendar_feeds
             WHERE login = ifnull(?, login) ORDER BY id DESC",
        )
        .bind(by)
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(feed_of).collect())
    }

    /// The feed that a token with this SHA-256 opens.
    pub async fn calendar_feed(&self, sha256: &str) -> Result<Option<CalendarFeed>, StoreError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, name, venue_id, person, created_ms, login, revoked_ms FROM calendar_feeds
             WHERE sha256 = ? AND revoked_ms IS NULL",
        )
        .bind(sha256)
        .fetch_optional(self.reader())
        .await?;
        Ok(row.map(feed_of))
    }

    /// The meetings that a person booked and that end after a moment; `limit` at most.
    pub async fn meetings_booked_by(
        &self,
        login: &str,
        from: Timestamp,
        limit: u32,
    ) -> Result<Vec<MeetingId>, StoreError> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT m.id FROM meetings m WHERE m.to_ms > ?2 AND ?1 = (SELECT login
                 FROM meeting_steps WHERE meeting_id = m.id ORDER BY id LIMIT 1)
             ORDER BY m.from_ms LIMIT ?3",
        )
        .bind(login)
        .bind(from.millis())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        Ok(ids.into_iter().map(MeetingId::new).collect())
    }
}
