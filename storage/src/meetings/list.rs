//! Meetings as they are stored and listed.

use crate::{Store, StoreError, decode};
use chrono::NaiveDateTime;
use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::HashMap;
use zhishou_domain::{
    MeetingId, ResourceId, Timestamp, VenueId,
    meeting::{
        AssuranceGrade, Buffers, Cascade, Convener, LocalSlot, MeetingAct, MeetingPlan,
        MeetingRank, MeetingState, MeetingStep, MeetingVenue, Slot, VenueRole,
    },
};

/// A local time as it is kept.
pub(super) const LOCAL: &str = "%Y-%m-%dT%H:%M:%S";
/// Longest meeting, ms (`domain::meeting::MeetingPlan::check`).
const LONGEST_MS: i64 = 7 * 86_400_000;

/// A meeting as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMeeting {
    /// 会议号.
    pub id: MeetingId,
    /// What was booked.
    pub plan: MeetingPlan,
    /// How it stands.
    pub state: MeetingState,
    /// Counts changes of what was booked.
    pub revision: u32,
    /// What was done, in order.
    pub steps: Vec<MeetingStep>,
}

/// Which meetings. Nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeetingFilter {
    /// Those that end later.
    pub from: Option<Timestamp>,
    /// Those that begin earlier.
    pub to: Option<Timestamp>,
    /// Those in this venue.
    pub venue: Option<VenueId>,
    /// Those that stand so; all where none is named.
    pub states: Vec<MeetingState>,
    /// Those after this one, which begins then.
    pub after: Option<(Timestamp, MeetingId)>,
}

impl Store {
    /// Meetings in order of their begin, `limit` at most.
    pub async fn meetings(
        &self,
        filter: &MeetingFilter,
        limit: u32,
    ) -> Result<Vec<StoredMeeting>, StoreError> {
        let states: Vec<_> = filter.states.iter().map(|state| state.code()).collect();
        let states = (!states.is_empty()).then(|| decode::to_json("meetings.state", &states));
        let from = filter.from.map_or(i64::MIN, Timestamp::millis);
        let (at, id) = filter.after.unzip();
        let mut connection = self.reader().acquire().await?;
        let rows = sqlx::query(
            "SELECT m.* FROM meetings m
             WHERE m.from_ms > ?1 AND m.to_ms > ?2 AND m.from_ms < ?3
               AND (?4 IS NULL OR EXISTS (SELECT 1 FROM meeting_venues v
                    WHERE v.meeting_id = m.id AND v.venue_id = ?4))
               AND (?5 IS NULL OR m.state IN (SELECT value FROM json_each(?5)))
               AND (?6 IS NULL OR (m.from_ms, m.id) > (?6, ?7))
             ORDER BY m.from_ms, m.id LIMIT ?8",
        )
        // So the index bounds what is looked at from both sides.
        .bind(from.saturating_sub(LONGEST_MS))
        .bind(from)
        .bind(filter.to.map_or(i64::MAX, Timestamp::millis))
        .bind(filter.venue.map(VenueId::number))
        .bind(states.transpose()?)
        .bind(at.map(Timestamp::millis))
        .bind(id.map(MeetingId::number))
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
        whole(&mut connection, &rows).await
    }

    /// One meeting.
    pub async fn meeting(&self, id: MeetingId) -> Result<Option<StoredMeeting>, StoreError> {
        read(&mut *self.reader().acquire().await?, id).await
    }
}

pub(crate) async fn read(
    connection: &mut SqliteConnection,
    id: MeetingId,
) -> Result<Option<StoredMeeting>, StoreError> {
    let row = sqlx::query("SELECT * FROM meetings WHERE id = ?")
        .bind(id.number())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(whole(connection, &[row]).await?.pop())
}

/// The rows of a table that belong to these meetings, by meeting.
async fn parts(
    connection: &mut SqliteConnection,
    select: &'static str,
    ids: &str,
) -> Result<HashMap<i64, Vec<SqliteRow>>, StoreError> {
    let rows = sqlx::query(AssertSqlSafe(select)).bind(ids).fetch_all(connection).await?;
    let mut parts: HashMap<i64, Vec<SqliteRow>> = HashMap::new();
    for row in rows {
        parts.entry(row.try_get("meeting_id")?).or_default().push(row);
    }
    Ok(parts)
}

async fn whole(
    connection: &mut SqliteConnection,
    rows: &[SqliteRow],
) -> Result<Vec<StoredMeeting>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let all = decode::to_json("meetings.id", &ids)?;
    let mut venues = parts(
        connection,
        "SELECT * FROM meeting_venues WHERE meeting_id IN (SELECT value FROM json_each(?))
         ORDER BY CASE role WHEN 'main' THEN 0 WHEN 'speaking' THEN 1 ELSE 2 END, venue_id",
        &all,
    )
    .await?;
    let mut resources = parts(
        connection,
        "SELECT * FROM meeting_resources WHERE meeting_id IN (SELECT value FROM json_each(?))
         ORDER BY resource_id",
        &all,
    )
    .await?;
    let mut steps = parts(
        connection,
        "SELECT * FROM meeting_steps WHERE meeting_id IN (SELECT value FROM json_each(?))
         ORDER BY id",
        &all,
    )
    .await?;
    let meetings = rows.iter().zip(ids).map(|(row, id)| {
        let mut plan = plan_of(row)?;
        for venue in venues.remove(&id).unwrap_or_default() {
            let role = venue.try_get("role")?;
            plan.venues.push(MeetingVenue {
                venue: VenueId::new(venue.try_get("venue_id")?),
                role: decode::word("meeting_venues.role", role, VenueRole::from_code)?,
            });
        }
        for resource in resources.remove(&id).unwrap_or_default() {
            plan.resources.push(ResourceId::new(resource.try_get("resource_id")?));
        }
        let steps = steps.remove(&id).unwrap_or_default();
        let state = row.try_get("state")?;
        Ok(StoredMeeting {
            id: MeetingId::new(id),
            plan,
            state: decode::word("meetings.state", state, MeetingState::from_code)?,
            revision: row.try_get("revision")?,
            steps: steps.iter().map(step_of).collect::<Result<_, StoreError>>()?,
        })
    });
    meetings.collect()
}

pub(super) fn slot_of(row: &SqliteRow) -> Result<Slot, StoreError> {
    Ok(Slot {
        from: Timestamp::from_millis(row.try_get("from_ms")?),
        to: Timestamp::from_millis(row.try_get("to_ms")?),
    })
}

fn step_of(row: &SqliteRow) -> Result<MeetingStep, StoreError> {
    Ok(MeetingStep {
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        act: decode::word("meeting_steps.act", row.try_get("act")?, MeetingAct::from_code)?,
        note: row.try_get("note")?,
    })
}

fn local(column: &'static str, text: &str) -> Result<NaiveDateTime, StoreError> {
    let corrupt = |_| StoreError::Corrupt { column, value: text.to_owned() };
    NaiveDateTime::parse_from_str(text, LOCAL).map_err(corrupt)
}

/// But for its venues and resources.
fn plan_of(row: &SqliteRow) -> Result<MeetingPlan, StoreError> {
    let rehearsal: (Option<&str>, Option<&str>) =
        (row.try_get("rehearsal_from")?, row.try_get("rehearsal_to")?);
    let rehearsal = match rehearsal {
        (Some(from), Some(to)) => Some(LocalSlot {
            from: local("meetings.rehearsal_from", from)?,
            to: local("meetings.rehearsal_to", to)?,
        }),
        _ => None,
    };
    Ok(MeetingPlan {
        title: row.try_get("title")?,
        rank: decode::word("meetings.rank", row.try_get("rank")?, MeetingRank::from_code)?,
        assurance: decode::word(
            "meetings.assurance",
            row.try_get("assurance")?,
            AssuranceGrade::from_code,
        )?,
        convener: decode::word("meetings.convener", row.try_get("convener")?, Convener::from_code)?,
        organiser: row.try_get("organiser")?,
        cascade: decode::word("meetings.cascade", row.try_get("cascade")?, Cascade::from_code)?,
        zone: decode::id("meetings.zone", row.try_get("zone")?)?,
        time: LocalSlot {
            from: local("meetings.local_from", row.try_get("local_from")?)?,
            to: local("meetings.local_to", row.try_get("local_to")?)?,
        },
        buffers: Buffers {
            setup_min: row.try_get("setup_min")?,
            teardown_min: row.try_get("teardown_min")?,
        },
        rehearsal,
        venues: Vec::new(),
        resources: Vec::new(),
        contacts: decode::json("meetings.contacts", row.try_get("contacts")?)?,
        note: row.try_get("note")?,
    })
}
