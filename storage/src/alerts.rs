//! 告警: the rules, what they have said, and what people did about an incident.
//!
//! Invariant: what counts as told is written in the transaction of the message, so it is said once and never
//! counts as said where it is not: nor where no channel takes it, which is kept and tried again.

use crate::{AuditLine, Change, Route, Store, StoreError, audit, decode, outbox};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use zhishou_domain::{
    IncidentId, Timestamp,
    alert::{AlertRules, Case, Extent, Handling, HandlingAct, Ledger, Note, Severity, Told},
    incident::ObserverFault,
};

/// How long after its end an incident is looked at: a digest may be a day apart.
const REMEMBERED: Duration = Duration::from_secs(26 * 3600);
/// Likewise one that was told and not said to be over: the longest mute, and a week of silent days.
const STANDING: Duration = Duration::from_secs(38 * 86_400);

/// The incidents of which what people did counts for the incident `i`: itself, and those that were merged
/// into it, where they were its greater part. One muted camera mutes no street.
macro_rules! handled_as {
    () => {
        "(SELECT p.id FROM incidents p WHERE p.id = i.id
              OR (p.merged_into = i.id AND p.devices * 2 >= i.devices))"
    };
}

/// The rules as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRules {
    /// From 1 on; 0 for what we ship.
    pub version: u32,
    /// What they say.
    pub rules: AlertRules,
    /// When they were written and by whom; `None` for what we ship, nobody for the configuration.
    pub made: Option<(Timestamp, String)>,
}

/// What is said, and what counts as told with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The rule by name.
    pub rule: String,
    /// The message; `None` where there is nothing to say but a digest's time has passed.
    pub note: Option<(Note, Route)>,
    /// What counts as told.
    pub told: Vec<(IncidentId, Told)>,
    /// The time of the digest that it is.
    pub slot: Option<Timestamp>,
}

impl Store {
    /// The newest rules.
    pub async fn alert_rules(&self) -> Result<StoredRules, StoreError> {
        let row: Option<(u32, String, i64, String)> = sqlx::query_as(
            "SELECT version, body, made_ms, login FROM alert_rules ORDER BY version DESC LIMIT 1",
        )
        .fetch_optional(self.reader())
        .await?;
        let Some((version, body, made, login)) = row else {
            return Ok(StoredRules { version: 0, rules: AlertRules::shipped(), made: None });
        };
        let rules = AlertRules::parse(&body).map_err(|problem| StoreError::Corrupt {
            column: "alert_rules.body",
            value: problem.to_string(),
        })?;
        Ok(StoredRules { version, rules, made: Some((Timestamp::from_millis(made), login)) })
    }

    /// Writes the version after `after` of the rules, with its line of the audit log. `false` where somebody
    /// wrote one meanwhile.
    pub async fn add_alert_rules(
        &self,
        rules: AlertRules,
        after: u32,
        line: AuditLine,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let newest: u32 =
                    sqlx::query_scalar("SELECT ifnull(max(version), 0) FROM alert_rules")
                        .fetch_one(&mut *connection)
                        .await?;
                if newest != after {
                    return Ok(false);
                }
                sqlx::query(
                    "INSERT INTO alert_rules (version, body, made_ms, login) VALUES (?, ?, ?, ?)",
                )
                .bind(after + 1)
                .bind(rules.document())
                .bind(line.at.millis())
                .bind(&line.login)
                .execute(&mut *connection)
                .await?;
                audit::insert(connection, line).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The incidents that rules look at: those that last, those that ended a while ago, and those that were
    /// told and not said to be over.
    pub async fn alert_cases(&self, mass: u64, now: Timestamp) -> Result<Vec<Case>, StoreError> {
        let since = (now - REMEMBERED).millis();
        let rows = sqlx::query(concat!(
            "WITH looked AS (SELECT * FROM incidents WHERE merged_into IS NULL AND id IN
                 (SELECT id FROM incidents WHERE closed_ms IS NULL
                  UNION ALL SELECT id FROM incidents WHERE closed_ms >= ?1
                  UNION ALL SELECT ifnull(i.merged_into, i.id) FROM alert_told t
                  JOIN incidents i ON i.id = t.incident_id
                  JOIN incidents root ON root.id = ifnull(i.merged_into, i.id)
                  WHERE t.is_over = 0 AND root.closed_ms >= ?2))
             SELECT i.id, i.closed_ms IS NULL AS is_open, i.devices, i.agent_fault,
                 (SELECT count(*) FROM incident_members m JOIN devices d ON d.id = m.device_id
                  WHERE m.incident_id = i.id AND (d.kind = 'endpoint'
                      OR EXISTS (SELECT 1 FROM venue_devices v WHERE v.device_id = d.id))) AS venue_devices,
                 (SELECT count(*) FROM incident_members m JOIN devices d ON d.id = m.device_id
                  WHERE m.incident_id = i.id AND d.class = '1') AS class_one,
                 EXISTS (SELECT 1 FROM incident_handlings h
                  WHERE h.act = 'acknowledge' AND h.incident_id IN ",
            handled_as!(),
            ") AS is_acknowledged,
                 (SELECT h.until_ms FROM incident_handlings h WHERE h.act IN ('mute', 'unmute')
                      AND h.incident_id IN ",
            handled_as!(),
            " ORDER BY h.id DESC LIMIT 1) AS muted_ms
             FROM looked i ORDER BY i.id",
        ))
        .bind(since)
        .bind((now - STANDING).millis())
        .fetch_all(self.reader())
        .await?;
        let mut cases: Vec<Case> =
            rows.iter().map(|row| case_of(row, mass)).collect::<Result<_, _>>()?;
        let mut places = self.case_places(&cases).await?;
        for case in &mut cases {
            case.places = places.remove(&case.id).unwrap_or_default();
        }
        Ok(cases)
    }

    /// Streets and sites that incidents reach, by name.
    async fn case_places(
        &self,
        cases: &[Case],
    ) -> Result<BTreeMap<IncidentId, BTreeSet<String>>, StoreError> {
        let ids: Vec<i64> = cases.iter().map(|case| case.id.number()).collect();
        let rows: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT DISTINCT m.incident_id, p.name, t.name FROM json_each(?) i
             JOIN incident_members m ON m.incident_id = i.value JOIN devices d ON d.id = m.device_id
             JOIN sites p ON p.id = d.site_id JOIN streets t ON t.id = p.street_id",
        )
        .bind(decode::to_json("incidents.id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        let mut places: BTreeMap<IncidentId, BTreeSet<String>> = BTreeMap::new();
        for (id, site, street) in rows {
            places.entry(IncidentId::new(id)).or_default().extend([site, street]);
        }
        Ok(places)
    }

    /// What rules have said of these incidents; what was said of a part counts for the whole.
    pub async fn alert_told(&self, cases: &[Case]) -> Result<Ledger, StoreError> {
        let ids: Vec<i64> = cases.iter().map(|case| case.id.number()).collect();
        let rows = sqlx::query(
            "WITH looked AS (SELECT value AS id, value AS part FROM json_each(?1)
                 UNION ALL SELECT i.merged_into, i.id FROM json_each(?1) j
                 JOIN incidents i ON i.merged_into = j.value)
             SELECT l.id AS whole, t.* FROM looked l JOIN alert_told t ON t.incident_id = l.part
             ORDER BY l.part <> l.id, t.is_over",
        )
        .bind(decode::to_json("incidents.id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        // Its own line comes first and says whether it is over; parts that are not add what they told.
        let mut ledger = Ledger::new();
        for row in &rows {
            let told = told_of(row)?;
            let key = (IncidentId::new(row.try_get("whole")?), row.try_get("rule")?);
            let whole = ledger.entry(key).or_insert(told);
            if !whole.is_over && !told.is_over {
                whole.severity = whole.severity.max(told.severity);
            }
        }
        Ok(ledger)
    }

    /// The last digest of each rule.
    pub async fn alert_slots(&self) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT rule, slot_ms FROM alert_digests")
            .fetch_all(self.reader())
            .await?;
        Ok(rows.into_iter().map(|(rule, slot)| (rule, Timestamp::from_millis(slot))).collect())
    }

    /// Places that rules name and the ledger does not.
    pub async fn unknown_places(&self, rules: &AlertRules) -> Result<Vec<String>, StoreError> {
        let named: BTreeSet<&String> = rules.rules.iter().flat_map(|it| &it.places).collect();
        let unknown = sqlx::query_scalar(
            "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT name FROM streets)
                 AND value NOT IN (SELECT name FROM sites)",
        )
        .bind(decode::to_json("sites.name", &named)?)
        .fetch_all(self.reader());
        Ok(unknown.await?)
    }

    /// What no channel took since `since`, by incident and rule.
    pub async fn alert_unheard(
        &self,
        since: Timestamp,
    ) -> Result<BTreeSet<(IncidentId, String)>, StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT incident_id, rule FROM alert_unheard WHERE tried_ms >= ?")
                .bind(since.millis())
                .fetch_all(self.reader())
                .await?;
        Ok(rows.into_iter().map(|(id, rule)| (IncidentId::new(id), rule)).collect())
    }

    /// Rules by name that had to speak of an incident, where no channel took it, and since when.
    pub async fn unheard_of(&self, id: IncidentId) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT rule, since_ms FROM alert_unheard WHERE incident_id = ? ORDER BY rule",
        )
        .bind(id.number())
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(|(rule, at)| (rule, Timestamp::from_millis(at))).collect())
    }

    /// Incidents that last and of which no channel took what a rule had to say.
    pub async fn unheard_count(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM incidents WHERE closed_ms IS NULL AND merged_into IS NULL
                 AND id IN (SELECT incident_id FROM alert_unheard)",
        )
        .fetch_one(self.reader())
        .await?;
        decode::unsigned("incidents", count)
    }

    /// Puts what is said into the outbox, and with it what counts as told.
    pub async fn say(&self, said: Vec<Said>, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| Box::pin(async move { write(connection, &said, now).await }))
            .await
    }

    /// Somebody does something about an incident, with their line of the audit log. `false` where there is
    /// no such incident.
    pub async fn handle_incident(
        &self,
        id: IncidentId,
        handling: Handling,
        line: AuditLine,
    ) -> Result<bool, StoreError> {
        let handled = self
            .write(move |connection| {
                Box::pin(async move {
                    let added = sqlx::query(
                        "INSERT INTO incident_handlings (incident_id, at_ms, login, act, until_ms, note)
                         SELECT id, ?2, ?3, ?4, ?5, ?6 FROM incidents WHERE id = ?1",
                    )
                    .bind(id.number())
                    .bind(handling.at.millis())
                    .bind(&handling.login)
                    .bind(handling.act.code())
                    .bind(handling.until.map(Timestamp::millis))
                    .bind(&handling.note)
                    .execute(&mut *connection)
                    .await?;
                    if added.rows_affected() == 0 {
                        return Ok(false);
                    }
                    audit::insert(connection, line).await?;
                    Ok(true)
                })
            })
            .await?;
        self.announce(Change::Incidents);
        Ok(handled)
    }

    /// What people did about an incident, or about what became the greater part of it, in order, at most the
    /// newest `limit`.
    pub async fn incident_handlings(
        &self,
        id: IncidentId,
        limit: u32,
    ) -> Result<Vec<Handling>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT h.* FROM incidents i JOIN incident_handlings h ON h.incident_id IN ",
            handled_as!(),
            " WHERE i.id = ? ORDER BY h.id DESC LIMIT ?",
        ))
        .bind(id.number())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().rev().map(handling_of).collect()
    }
}

fn told_of(row: &SqliteRow) -> Result<Told, StoreError> {
    let severity: String = row.try_get("severity")?;
    Ok(Told {
        severity: decode::word("alert_told.severity", &severity, Severity::from_code)?,
        at: Timestamp::from_millis(row.try_get("told_ms")?),
        round: row.try_get("round")?,
        is_over: row.try_get("is_over")?,
    })
}

fn handling_of(row: &SqliteRow) -> Result<Handling, StoreError> {
    let until: Option<i64> = row.try_get("until_ms")?;
    Ok(Handling {
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        act: decode::word("incident_handlings.act", row.try_get("act")?, HandlingAct::from_code)?,
        until: until.map(Timestamp::from_millis),
        note: row.try_get("note")?,
    })
}

fn case_of(row: &SqliteRow, mass: u64) -> Result<Case, StoreError> {
    let count = |column: &'static str| decode::unsigned(column, row.try_get(column)?);
    let fault: Option<String> = row.try_get("agent_fault")?;
    let muted: Option<i64> = row.try_get("muted_ms")?;
    let extent = Extent {
        devices: count("devices")?,
        venue_devices: count("venue_devices")?,
        class_one: count("class_one")?,
        ours: fault
            .map(|code| decode::word("incidents.agent_fault", &code, ObserverFault::from_code))
            .transpose()?,
    };
    Ok(Case {
        id: IncidentId::new(row.try_get("id")?),
        is_open: row.try_get("is_open")?,
        is_told_after: extent.ours == Some(ObserverFault::Stopped),
        severity: extent.severity(mass),
        devices: extent.devices,
        places: BTreeSet::new(),
        is_acknowledged: row.try_get("is_acknowledged")?,
        muted_until: muted.map(Timestamp::from_millis),
    })
}

async fn write(
    connection: &mut SqliteConnection,
    said: &[Said],
    now: Timestamp,
) -> Result<(), StoreError> {
    for said in said {
        if let Some((note, route)) = &said.note
            && outbox::put(connection, note, route, now).await? == 0
            && !outbox::holds(connection, &note.key).await?
        {
            unheard(connection, said, now).await?;
            continue;
        }
        for (id, told) in &said.told {
            sqlx::query("DELETE FROM alert_unheard WHERE incident_id = ? AND rule = ?")
                .bind(id.number())
                .bind(&said.rule)
                .execute(&mut *connection)
                .await?;
            sqlx::query(
                "INSERT INTO alert_told (incident_id, rule, severity, told_ms, round, is_over)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (incident_id, rule) DO UPDATE SET severity = ?3, told_ms = ?4,
                     round = ?5, is_over = ?6",
            )
            .bind(id.number())
            .bind(&said.rule)
            .bind(told.severity.code())
            .bind(told.at.millis())
            .bind(told.round)
            .bind(told.is_over)
            .execute(&mut *connection)
            .await?;
        }
        if let Some(slot) = said.slot {
            sqlx::query(
                "INSERT INTO alert_digests (rule, slot_ms) VALUES (?1, ?2)
                 ON CONFLICT (rule) DO UPDATE SET slot_ms = ?2",
            )
            .bind(&said.rule)
            .bind(slot.millis())
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

/// Notes that no channel took what is said.
async fn unheard(
    connection: &mut SqliteConnection,
    said: &Said,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (id, _) in &said.told {
        sqlx::query(
            "INSERT INTO alert_unheard (incident_id, rule, since_ms, tried_ms) VALUES (?1, ?2, ?3, ?3)
             ON CONFLICT (incident_id, rule) DO UPDATE SET tried_ms = ?3",
        )
        .bind(id.number())
        .bind(&said.rule)
        .bind(now.millis())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
