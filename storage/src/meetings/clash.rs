//! Who holds what, in words; and where there is room.

use super::{list, reservations::ahead};
use crate::{Store, StoreError, decode};
use chrono::Timelike;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::time::Duration;
use zhishou_domain::{
    DeviceId, MeetingId, Timestamp, VenueId,
    meeting::{MeetingPlan, MeetingRank, MeetingState, Slot, Subject, nearest_free},
};

/// Longest reservation, ms, as the schema has it.
pub(super) const LONGEST_MS: i64 = 777_600_000;
/// How far away a free slot is looked for.
const AROUND: Duration = Duration::from_secs(14 * 86_400);
/// Hours of a day in which a free slot is proposed.
const HOURS: std::ops::RangeInclusive<u32> = 7..=21;

/// Something that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// By which meeting.
    pub meeting: MeetingId,
    /// What that is called.
    pub title: String,
    /// How it stands.
    pub state: MeetingState,
    /// 会议级别.
    pub rank: MeetingRank,
    /// Who booked it, as they logged in.
    pub by: String,
    /// What is held.
    pub subject: Subject,
    /// What that is called.
    pub name: String,
    /// From when to when, buffers included.
    pub slot: Slot,
    /// For its rehearsal (联调), not for itself.
    pub is_rehearsal: bool,
}

/// Why a meeting cannot have what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// What is held by others, in order of time.
    pub held: Vec<Held>,
    /// The nearest time at which everything is free for the meeting itself, within two weeks.
    pub free: Option<Slot>,
}

impl Store {
    /// What stands in the way of a plan; `None` where a venue or a resource does not exist or is out of
    /// use. `except` does not stand in its own way.
    pub async fn clash_of(
        &self,
        plan: &MeetingPlan,
        except: Option<MeetingId>,
        now: Timestamp,
    ) -> Result<Option<Clash>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let Some(subjects) = subjects(&mut connection, plan, except).await? else {
            return Ok(None);
        };
        let clash = find(&mut connection, plan, &subjects, except, now).await?;
        Ok(Some(clash))
    }

    /// Everything that is held at some time within a slot, in order of time.
    pub async fn held_within(&self, slot: Slot) -> Result<Vec<Held>, StoreError> {
        held(&mut *self.reader().acquire().await?, None, slot, None).await
    }
}

/// What a plan reserves: its venues, the endpoints in them, its resources. `None` where something does
/// not exist or is out of use; what the meeting has already it keeps.
pub(super) async fn subjects(
    connection: &mut SqliteConnection,
    plan: &MeetingPlan,
    by: Option<MeetingId>,
) -> Result<Option<Vec<Subject>>, StoreError> {
    let venues: Vec<VenueId> = plan.venues.iter().map(|it| it.venue).collect();
    let venue_numbers: Vec<i64> = venues.iter().map(|it| it.number()).collect();
    let resources: Vec<i64> = plan.resources.iter().map(|it| it.number()).collect();
    let (found, held): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM venues WHERE id IN (SELECT value FROM json_each(?1))
                     AND (in_use OR id IN (SELECT venue_id FROM meeting_venues WHERE meeting_id = ?3))),
                (SELECT count(*) FROM platform_resources WHERE id IN (SELECT value FROM json_each(?2))
                     AND (in_use OR id IN (SELECT resource_id FROM meeting_resources
                                           WHERE meeting_id = ?3)))",
    )
    .bind(decode::to_json("venues.id", &venue_numbers)?)
    .bind(decode::to_json("platform_resources.id", &resources)?)
    .bind(by.map(MeetingId::number))
    .fetch_one(&mut *connection)
    .await?;
    let asked = (plan.venues.len(), plan.resources.len());
    if (usize::try_from(found).ok(), usize::try_from(held).ok()) != (Some(asked.0), Some(asked.1)) {
        return Ok(None);
    }
    let devices = endpoints(connection, &venues).await?;
    let mut subjects: Vec<_> = venues.into_iter().map(Subject::Venue).collect();
    subjects.extend(devices.into_iter().map(Subject::Device));
    subjects.extend(plan.resources.iter().map(|id| Subject::Resource(*id)));
    Ok(Some(subjects))
}

/// The endpoints in some venues: what whoever holds the venues holds too.
pub(super) async fn endpoints(
    connection: &mut SqliteConnection,
    venues: &[VenueId],
) -> Result<Vec<DeviceId>, StoreError> {
    let venues: Vec<i64> = venues.iter().map(|it| it.number()).collect();
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT device_id FROM venue_devices
         WHERE venue_id IN (SELECT value FROM json_each(?)) AND role IN ('primary', 'backup')",
    )
    .bind(decode::to_json("venues.id", &venues)?)
    .fetch_all(connection)
    .await?;
    found.iter().map(|id| decode::id("venue_devices.device_id", id)).collect()
}

/// What stands in the way of a plan that needs these subjects.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    plan: &MeetingPlan,
    subjects: &[Subject],
    except: Option<MeetingId>,
    now: Timestamp,
) -> Result<Clash, StoreError> {
    let mut clashing = Vec::new();
    for (slot, _) in ahead(plan, now) {
        clashing.extend(held(connection, Some(subjects), slot, except).await?);
    }
    clashing.sort_by_key(|it| (it.slot, it.subject));
    clashing.dedup();
    if clashing.is_empty() {
        return Ok(Clash { held: clashing, free: Some(plan.slot()) });
    }
    let wanted = plan.buffers.around(plan.slot());
    let around = Slot { from: wanted.from - AROUND, to: wanted.to + AROUND };
    let taken: Vec<_> =
        held(connection, Some(subjects), around, except).await?.iter().map(|it| it.slot).collect();
    let hour = |at: Timestamp| at.in_zone(plan.zone).hour();
    let by_day = HOURS.contains(&hour(wanted.from)) && HOURS.contains(&hour(wanted.to));
    let fits =
        |it: Slot| !by_day || (HOURS.contains(&hour(it.from)) && HOURS.contains(&hour(it.to)));
    let setup = plan.slot().from.since(wanted.from);
    let free = nearest_free(&taken, wanted, now, AROUND, fits)
        .map(|slot| Slot { from: slot.from + setup, to: slot.from + setup + plan.slot().length() });
    Ok(Clash { held: clashing, free })
}

/// What is held of these subjects, of all where none are given, at some time within a slot.
pub(super) async fn held(
    connection: &mut SqliteConnection,
    subjects: Option<&[Subject]>,
    slot: Slot,
    except: Option<MeetingId>,
) -> Result<Vec<Held>, StoreError> {
    let keys = subjects.map(|all| all.iter().map(|it| it.key()).collect::<Vec<_>>());
    let keys = keys.map(|keys| decode::to_json("reservations.subject", &keys)).transpose()?;
    let rows = sqlx::query(
        "SELECT r.*, m.title, m.state, m.rank,
             (SELECT login FROM meeting_steps WHERE meeting_id = m.id ORDER BY id LIMIT 1) AS login,
             CASE WHEN r.subject LIKE 'venue:%'
                  THEN (SELECT name FROM venues WHERE id = CAST(substr(r.subject, 7) AS INTEGER))
                  WHEN r.subject LIKE 'device:%'
                  THEN (SELECT name FROM devices WHERE id = substr(r.subject, 8))
                  ELSE (SELECT name FROM platform_resources
                        WHERE id = CAST(substr(r.subject, 10) AS INTEGER)) END AS name
         FROM reservations r JOIN meetings m ON m.id = r.meeting_id
         WHERE r.from_ms < ?1 AND r.from_ms > ?2 - ?3 AND r.to_ms > ?2
           AND (?4 IS NULL OR r.subject IN (SELECT value FROM json_each(?4)))
           AND (?5 IS NULL OR r.meeting_id <> ?5)
         ORDER BY r.from_ms, r.id",
    )
    .bind(slot.to.millis())
    .bind(slot.from.millis())
    .bind(LONGEST_MS)
    .bind(keys)
    .bind(except.map(MeetingId::number))
    .fetch_all(connection)
    .await?;
    rows.iter().map(held_of).collect()
}

fn held_of(row: &SqliteRow) -> Result<Held, StoreError> {
    let state = row.try_get("state")?;
    let name: Option<String> = row.try_get("name")?;
    Ok(Held {
        meeting: MeetingId::new(row.try_get("meeting_id")?),
        title: row.try_get("title")?,
        state: decode::word("meetings.state", state, MeetingState::from_code)?,
        rank: decode::word("meetings.rank", row.try_get("rank")?, MeetingRank::from_code)?,
        by: row.try_get::<Option<String>, _>("login")?.unwrap_or_default(),
        subject: decode::word("reservations.subject", row.try_get("subject")?, Subject::from_key)?,
        name: name.unwrap_or_default(),
        slot: list::slot_of(row)?,
        is_rehearsal: row.try_get::<&str, _>("purpose")? == "rehearsal",
    })
}

impl Held {
    /// The venue that is held, where it is one.
    pub fn venue(&self) -> Option<VenueId> {
        match self.subject {
            Subject::Venue(id) => Some(id),
            Subject::Device(_) | Subject::Resource(_) => None,
        }
    }
}
