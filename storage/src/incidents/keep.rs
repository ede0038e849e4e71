//! The board on disk.

use super::feed;
use crate::{Change, Store, StoreError, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::BTreeMap;
use zhishou_domain::{
    DeviceId, IncidentId, Timestamp,
    incident::{
        self, Board, GroupRule, Incident, Member, MemberState, ObserverFault, Root, Subject,
    },
};

impl Store {
    /// The board as it was left.
    pub async fn incident_board(
        &self,
        rule: GroupRule,
        now: Timestamp,
    ) -> Result<Board, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let rows = sqlx::query(
            "SELECT * FROM incidents WHERE merged_into IS NULL
                 AND id IN (SELECT id FROM incidents WHERE closed_ms IS NULL
                            UNION ALL SELECT id FROM incidents WHERE closed_ms >= ?) ORDER BY id",
        )
        .bind((now - rule.remembered()).millis())
        .fetch_all(&mut *connection)
        .await?;
        let mut stored = Vec::with_capacity(rows.len());
        for row in &rows {
            stored.push(read(&mut connection, row).await?);
        }
        let next: i64 = sqlx::query_scalar("SELECT ifnull(max(id), 0) + 1 FROM incidents")
            .fetch_one(&mut *connection)
            .await?;
        Ok(Board::new(rule, next, stored))
    }

    /// Writes what a step of the board changed, and takes from the feed what led to it.
    pub async fn keep_incidents(
        &self,
        change: incident::Change,
        through: i64,
    ) -> Result<(), StoreError> {
        let is_news = !change.incidents.is_empty();
        self.write(move |connection| Box::pin(write(connection, change, through))).await?;
        if is_news {
            self.announce(Change::Incidents);
        }
        Ok(())
    }
}

async fn read(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<Incident, StoreError> {
    let number: i64 = row.try_get("id")?;
    let closed: Option<i64> = row.try_get("closed_ms")?;
    let agent: Option<String> = row.try_get("agent")?;
    let subject = match agent {
        Some(agent) => Subject::Observer {
            agent,
            fault: decode::word(
                "incidents.agent_fault",
                row.try_get("agent_fault")?,
                ObserverFault::from_code,
            )?,
        },
        None => Subject::Devices(members(connection, number).await?),
    };
    Ok(Incident {
        id: IncidentId::new(number),
        subject,
        since: Timestamp::from_millis(row.try_get("since_ms")?),
        closed: closed.map(Timestamp::from_millis),
    })
}

async fn members(
    connection: &mut SqliteConnection,
    number: i64,
) -> Result<BTreeMap<DeviceId, Member>, StoreError> {
    let rows = sqlx::query("SELECT * FROM incident_members WHERE incident_id = ?")
        .bind(number)
        .fetch_all(&mut *connection)
        .await?;
    let devices: Vec<String> =
        rows.iter().map(|row| row.try_get("device_id")).collect::<Result<_, _>>()?;
    let seats = feed::seats(connection, &devices).await?;
    let mut members = BTreeMap::new();
    for (row, device) in rows.iter().zip(&devices) {
        let Some(&seat) = seats.get(device) else { continue };
        let time = |column: &str| row.try_get(column).map(Timestamp::from_millis);
        let until: Option<i64> = row.try_get("until_ms")?;
        let member = Member {
            seat,
            since: time("since_ms")?,
            after: time("after_ms")?,
            last: time("last_ms")?,
            until: until.map(Timestamp::from_millis),
            state: decode::word(
                "incident_members.state",
                row.try_get("state")?,
                MemberState::from_code,
            )?,
            reached: row.try_get("reached")?,
            faults: decode::json("incident_members.faults", row.try_get("faults")?)?,
        };
        members.insert(decode::id("incident_members.device_id", device)?, member);
    }
    Ok(members)
}

async fn write(
    connection: &mut SqliteConnection,
    change: incident::Change,
    through: i64,
) -> Result<(), StoreError> {
    for (from, into) in &change.merged {
        sqlx::query("DELETE FROM incident_members WHERE incident_id = ?")
            .bind(from.number())
            .execute(&mut *connection)
            .await?;
        for sql in [
            "UPDATE incidents SET merged_into = ?2 WHERE merged_into = ?1",
            // Its work order goes along where the other has none that is open.
            "UPDATE work_orders SET incident_id = ?2 WHERE incident_id = ?1
                 AND state NOT IN ('done', 'cancelled')
                 AND NOT EXISTS (SELECT 1 FROM work_orders WHERE incident_id = ?2
                                 AND state NOT IN ('done', 'cancelled'))",
        ] {
            sqlx::query(sql)
                .bind(from.number())
                .bind(into.number())
                .execute(&mut *connection)
                .await?;
        }
        sqlx::query(
            "UPDATE incidents SET merged_into = ?2, closed_ms = ifnull(closed_ms, since_ms),
                 open_devices = 0, down_devices = 0 WHERE id = ?1",
        )
        .bind(from.number())
        .bind(into.number())
        .execute(&mut *connection)
        .await?;
    }
    for (incident, _) in &change.incidents {
        write_incident(connection, incident).await?;
    }
    // A device leaves one open incident before it enters another.
    for is_open in [false, true] {
        for (incident, devices) in &change.incidents {
            let members = incident.members().into_iter().flatten();
            let members = members
                .filter(|(device, it)| devices.contains(device) && it.state.is_open() == is_open);
            for (device, member) in members {
                write_member(connection, incident.id, *device, member).await?;
            }
        }
    }
    for step in &change.steps {
        sqlx::query(
            "INSERT INTO incident_steps (incident_id, at_ms, act, other_id) VALUES (?, ?, ?, ?)",
        )
        .bind(step.incident.number())
        .bind(step.at.millis())
        .bind(step.act.code())
        .bind(step.other.map(IncidentId::number))
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("DELETE FROM incident_feed WHERE id <= ?")
        .bind(through)
        .execute(connection)
        .await?;
    Ok(())
}

/// The columns of a root: kind, how it is known, and of what.
fn columns(root: Option<Root>) -> (&'static str, Option<&'static str>, [Option<String>; 4]) {
    let none = || [None, None, None, None];
    match root {
        None => ("observer", None, none()),
        Some(Root::District) => ("district", None, none()),
        Some(Root::Device(id, seen)) => {
            ("device", Some(seen.code()), [Some(id.to_string()), None, None, None])
        }
        Some(Root::Site(id)) => ("site", None, [None, Some(id.to_string()), None, None]),
        Some(Root::Street(id)) => ("street", None, [None, None, Some(id.to_string()), None]),
        Some(Root::Maintainer(id)) => {
            ("maintainer", None, [None, None, None, Some(id.to_string())])
        }
    }
}

async fn write_incident(
    connection: &mut SqliteConnection,
    incident: &Incident,
) -> Result<(), StoreError> {
    let (kind, seen, [device, site, street, maintainer]) = columns(incident.root());
    let (agent, fault) = match &incident.subject {
        Subject::Devices(_) => (None, None),
        Subject::Observer { agent, fault } => (Some(agent), Some(fault.code())),
    };
    let count = |which: fn(MemberState) -> bool| {
        let members = incident.members().into_iter().flat_map(BTreeMap::values);
        i64::try_from(members.filter(|it| which(it.state)).count()).unwrap_or(i64::MAX)
    };
    sqlx::query(
        "INSERT INTO incidents (id, since_ms, closed_ms, root, seen, root_device_id, root_site_id,
             root_street_id, root_maintainer_id, agent, agent_fault, devices, open_devices,
             down_devices)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (id) DO UPDATE SET since_ms = ?2, closed_ms = ?3, root = ?4, seen = ?5,
             root_device_id = ?6, root_site_id = ?7, root_street_id = ?8, root_maintainer_id = ?9,
             agent = ?10, agent_fault = ?11, devices = ?12, open_devices = ?13, down_devices = ?14",
    )
    .bind(incident.id.number())
    .bind(incident.since.millis())
    .bind(incident.closed.map(Timestamp::millis))
    .bind(kind)
    .bind(seen)
    .bind(device)
    .bind(site)
    .bind(street)
    .bind(maintainer)
    .bind(agent)
    .bind(fault)
    .bind(count(|_| true))
    .bind(count(MemberState::is_open))
    .bind(count(MemberState::is_certain))
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_member(
    connection: &mut SqliteConnection,
    incident: IncidentId,
    device: DeviceId,
    member: &Member,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO incident_members (incident_id, device_id, since_ms, after_ms, last_ms,
             until_ms, state, reached, faults) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (incident_id, device_id) DO UPDATE SET since_ms = ?3, after_ms = ?4,
             last_ms = ?5, until_ms = ?6, state = ?7, reached = ?8, faults = ?9",
    )
    .bind(incident.number())
    .bind(device.to_string())
    .bind(member.since.millis())
    .bind(member.after.millis())
    .bind(member.last.millis())
    .bind(member.until.map(Timestamp::millis))
    .bind(member.state.code())
    .bind(member.reached)
    .bind(decode::to_json("incident_members.faults", &member.faults)?)
    .execute(connection)
    .await?;
    Ok(())
}
