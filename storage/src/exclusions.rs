//! 剔除 and what was done to them. Rows are only ever added; the schema keeps it so. Each act is
//! in the audit log by the same transaction.

use crate::{AuditLine, Store, StoreError, audit, decode, scope::concerns};
use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};
use std::{collections::HashMap, ops::Range};
use zhishou_domain::{
    DeviceId, Exclusion, ExclusionAct, ExclusionId, ExclusionReason, ExclusionRefusal,
    ExclusionState, ExclusionStep, MaintainerId, SiteId, StreetId, Timestamp, policy::Policy,
};

/// What an exclusion is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExclusionScope {
    /// One device.
    Device(DeviceId),
    /// What is at a site at the time.
    Site(SiteId),
    /// What is in a street at the time.
    Street(StreetId),
}

/// An exclusion as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredExclusion {
    /// Identity.
    pub id: ExclusionId,
    /// What it is about.
    pub scope: ExclusionScope,
    /// What that is called, the larger place first.
    pub name: String,
    /// Only what this one maintains at the time.
    pub maintainer: Option<MaintainerId>,
    /// What that one is called.
    pub maintainer_name: Option<String>,
    /// What proves it: a notice, its number.
    pub evidence: String,
    /// Period, reason and what was done.
    pub exclusion: Exclusion,
}

/// What became of an act on an exclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExclusionActed {
    /// It stands so now.
    Now(ExclusionState),
    /// It was refused, and nothing changed.
    Refused(ExclusionRefusal),
    /// There is no such exclusion, or what it is about does not exist.
    Missing,
}

/// An exclusion with the names of what it is about.
const NAMED: &str = "SELECT e.*, m.name AS maintainer_name,
        concat_ws(' ', st.name, s.name, d.name) AS name
    FROM exclusions e
    LEFT JOIN devices d ON d.id = e.device_id
    LEFT JOIN sites s ON s.id = coalesce(e.site_id, d.site_id)
    LEFT JOIN streets st ON st.id = coalesce(e.street_id, s.street_id)
    LEFT JOIN maintainers m ON m.id = e.maintainer_id";

impl Store {
    /// Files an exclusion; its first step is who filed it, when and why, `address` from where.
    /// `None` where what it is about does not exist. The ends must be whole minutes in order.
    pub async fn file_exclusion(
        &self,
        scope: ExclusionScope,
        maintainer: Option<MaintainerId>,
        evidence: String,
        exclusion: Exclusion,
        address: String,
    ) -> Result<Option<ExclusionId>, StoreError> {
        let Some(filed) = exclusion.steps.first().cloned() else { return Ok(None) };
        let id = ExclusionId::new(filed.at, self.ids.as_ref());
        self.write(move |connection| {
            Box::pin(async move {
                if !exists(connection, scope, maintainer).await? {
                    return Ok(None);
                }
                let (device, site, street) = columns(scope);
                sqlx::query(
                    "INSERT INTO exclusions (id, device_id, site_id, street_id, maintainer_id,
                         from_ms, to_ms, reason, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )
                .bind(id.to_string())
                .bind(device)
                .bind(site)
                .bind(street)
                .bind(maintainer.map(|id| id.to_string()))
                .bind(exclusion.from.millis())
                .bind(exclusion.to.millis())
                .bind(exclusion.reason.code())
                .bind(evidence)
                .execute(&mut *connection)
                .await?;
                add_step(connection, id, filed, address).await?;
                Ok(Some(id))
            })
        })
        .await
    }

    /// Does something to an exclusion where that is allowed; `address` is from where.
    pub async fn act_on_exclusion(
        &self,
        id: ExclusionId,
        step: ExclusionStep,
        address: String,
    ) -> Result<ExclusionActed, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let Some(stored) = read(connection, id).await? else {
                    return Ok(ExclusionActed::Missing);
                };
                match stored.exclusion.allow(step.act, &step.login) {
                    Err(refusal) => Ok(ExclusionActed::Refused(refusal)),
                    Ok(state) => {
                        add_step(connection, id, step, address).await?;
                        Ok(ExclusionActed::Now(state))
                    }
                }
            })
        })
        .await
    }

    /// One exclusion.
    pub async fn exclusion(&self, id: ExclusionId) -> Result<Option<StoredExclusion>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        read(&mut connection, id).await
    }

    /// Exclusions that overlap `from`..`to`, newest first, from the one before `before` on; those
    /// alone that stand as `state` says, where it says so, and that leave out something that `keeper`
    /// maintains, where one is given.
    pub async fn exclusions(
        &self,
        (from, to): (Timestamp, Timestamp),
        (state, keeper): (Option<ExclusionState>, Option<MaintainerId>),
        before: Option<ExclusionId>,
        limit: u32,
    ) -> Result<Vec<StoredExclusion>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "{NAMED} WHERE e.to_ms > ?1 AND e.from_ms < ?2 AND e.id < ifnull(?3, '~')
               AND (?4 IS NULL OR ?4 = (SELECT act FROM exclusion_steps
                    WHERE exclusion_id = e.id ORDER BY id DESC LIMIT 1))
               AND (?6 IS NULL OR {})
             ORDER BY e.id DESC LIMIT ?5",
            concerns!("?6"),
        )))
        .bind(from.millis())
        .bind(to.millis())
        .bind(before.map(|id| id.to_string()))
        .bind(state.map(|state| state.made_by().code()))
        .bind(limit)
        .bind(keeper.map(|id| id.to_string()))
        .fetch_all(self.reader())
        .await?;
        let ids: Vec<String> =
            rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
        let steps = sqlx::query(
            "SELECT * FROM exclusion_steps WHERE exclusion_id IN (SELECT value FROM json_each(?))
             ORDER BY id",
        )
        .bind(decode::to_json("exclusions.id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        let mut by_exclusion: HashMap<String, Vec<ExclusionStep>> = HashMap::new();
        for row in &steps {
            by_exclusion.entry(row.try_get("exclusion_id")?).or_default().push(step_of(row)?);
        }
        let stored = rows.iter().zip(&ids).map(|(row, id)| {
            let mut stored = exclusion_of(row)?;
            stored.exclusion.steps = by_exclusion.remove(id).unwrap_or_default();
            Ok(stored)
        });
        stored.collect()
    }

    /// How many exclusions stand how; of those alone that concern `keeper`, where one is given.
    pub async fn exclusion_counts(
        &self,
        keeper: Option<MaintainerId>,
    ) -> Result<HashMap<ExclusionState, u64>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(concat!(
            "SELECT act, count(*) FROM exclusion_steps
             WHERE id IN (SELECT max(id) FROM exclusion_steps GROUP BY exclusion_id)
                 AND (?1 IS NULL OR exclusion_id IN (SELECT id FROM exclusions e WHERE ",
            concerns!("?1"),
            ")) GROUP BY act"
        ))
        .bind(keeper.map(|id| id.to_string()))
        .fetch_all(self.reader())
        .await?;
        let counts = ExclusionState::ALL.iter().filter_map(|state| {
            let (_, count) = rows.iter().find(|(act, _)| act == state.made_by().code())?;
            Some((*state, count.unsigned_abs()))
        });
        Ok(counts.collect())
    }

    /// The minutes since the epoch that figures under `policy` leave out of these devices, as they
    /// are placed today; those of which nothing is left out are not in it.
    pub async fn left_out(
        &self,
        policy: &Policy,
        devices: &[DeviceId],
        (from, to): (Timestamp, Timestamp),
    ) -> Result<HashMap<DeviceId, Vec<Range<i64>>>, StoreError> {
        let in_force = self.exclusions_in_force(policy, from, to).await?;
        if in_force.0.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = devices.iter().map(ToString::to_string).collect();
        let rows: Vec<(String, String, String, Option<String>)> = sqlx::query_as(
            "SELECT d.id, d.site_id, s.street_id, d.maintainer_id
             FROM devices d JOIN sites s ON s.id = d.site_id
             WHERE d.id IN (SELECT value FROM json_each(?))",
        )
        .bind(decode::to_json("devices.id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        let left_out = rows.iter().map(|(id, site, street, maintainer)| {
            let minutes = in_force.minutes([id, site, street], maintainer.as_deref());
            Ok((decode::id("devices.id", id)?, minutes))
        });
        left_out.filter(|it| it.as_ref().map_or(true, |(_, minutes)| !minutes.is_empty())).collect()
    }

    /// The minutes since the epoch that figures under `policy` leave out of anything that is at these
    /// sites today: of all of it, of what one maintains there, or of a single device. Where a `keeper` is
    /// given, of what that one maintains.
    pub async fn left_out_of_sites(
        &self,
        policy: &Policy,
        (sites, keeper): (&[SiteId], Option<MaintainerId>),
        (from, to): (Timestamp, Timestamp),
    ) -> Result<HashMap<SiteId, Vec<Range<i64>>>, StoreError> {
        let in_force = self.exclusions_in_force(policy, from, to).await?;
        if in_force.0.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = sites.iter().map(ToString::to_string).collect();
        let rows: Vec<(String, String, String, Option<String>)> = sqlx::query_as(
            "SELECT d.id, d.site_id, s.street_id, d.maintainer_id
             FROM json_each(?1) asked JOIN sites s ON s.id = asked.value
             JOIN devices d ON d.site_id = s.id WHERE d.probed_since_ms IS NOT NULL
                 AND (?2 IS NULL OR d.maintainer_id = ?2)",
        )
        .bind(decode::to_json("sites.id", &ids)?)
        .bind(keeper.map(|id| id.to_string()))
        .fetch_all(self.reader())
        .await?;
        let mut left_out: HashMap<SiteId, Vec<Range<i64>>> = HashMap::new();
        for (device, site, street, maintainer) in &rows {
            let minutes = in_force.minutes([device, site, street], maintainer.as_deref());
            if !minutes.is_empty() {
                left_out.entry(decode::id("sites.id", site)?).or_default().extend(minutes);
            }
        }
        for minutes in left_out.values_mut() {
            *minutes = zhishou_domain::account::merge(std::mem::take(minutes));
        }
        Ok(left_out)
    }

    /// What figures under `policy` leave out within `from`..`to`.
    pub(crate) async fn exclusions_in_force(
        &self,
        policy: &Policy,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<InForce, StoreError> {
        let all = self.exclusions((from, to), (None, None), None, u32::MAX).await?;
        let mut in_force = InForce::default();
        let counts = |it: &StoredExclusion| match self.assumed {
            Some(assumed) if assumed == it.id => it.exclusion.may_count_under(policy),
            _ => it.exclusion.counts_under(policy),
        };
        for stored in all.into_iter().filter(counts) {
            let (device, site, street) = columns(stored.scope);
            let Some(about) = device.or(site).or(street) else { continue };
            let only = stored.maintainer.map(|id| id.to_string());
            let minutes = stored.exclusion.minutes();
            in_force.0.entry(about).or_default().push(LeftOut { only, minutes });
        }
        Ok(in_force)
    }
}

/// Exclusions that count, by the identity of what they are about.
#[derive(Debug, Default)]
pub(crate) struct InForce(HashMap<String, Vec<LeftOut>>);

/// Minutes left out, of all or only of what one maintains.
#[derive(Debug)]
struct LeftOut {
    only: Option<String>,
    minutes: Range<i64>,
}

impl InForce {
    /// The minutes left out of something with these identities, maintained by this one.
    pub(crate) fn minutes(&self, about: [&str; 3], maintainer: Option<&str>) -> Vec<Range<i64>> {
        let found = about.into_iter().filter_map(|id| self.0.get(id)).flatten();
        let own = found.filter(|it| it.only.is_none() || it.only.as_deref() == maintainer);
        zhishou_domain::account::merge(own.map(|it| it.minutes.clone()).collect())
    }
}

fn columns(scope: ExclusionScope) -> (Option<String>, Option<String>, Option<String>) {
    match scope {
        ExclusionScope::Device(id) => (Some(id.to_string()), None, None),
        ExclusionScope::Site(id) => (None, Some(id.to_string()), None),
        ExclusionScope::Street(id) => (None, None, Some(id.to_string())),
    }
}

async fn exists(
    connection: &mut SqliteConnection,
    scope: ExclusionScope,
    maintainer: Option<MaintainerId>,
) -> Result<bool, StoreError> {
    let (device, site, street) = columns(scope);
    let exists = sqlx::query_scalar(
        "SELECT (EXISTS (SELECT 1 FROM devices WHERE id = ?1)
                 OR EXISTS (SELECT 1 FROM sites WHERE id = ?2)
                 OR EXISTS (SELECT 1 FROM streets WHERE id = ?3))
            AND (?4 IS NULL OR EXISTS (SELECT 1 FROM maintainers WHERE id = ?4))",
    )
    .bind(device)
    .bind(site)
    .bind(street)
    .bind(maintainer.map(|id| id.to_string()))
    .fetch_one(connection)
    .await?;
    Ok(exists)
}

async fn add_step(
    connection: &mut SqliteConnection,
    id: ExclusionId,
    step: ExclusionStep,
    address: String,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO exclusion_steps (exclusion_id, at_ms, login, act, note)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(step.at.millis())
    .bind(&step.login)
    .bind(step.act.code())
    .bind(&step.note)
    .execute(&mut *connection)
    .await?;
    let action = match step.act {
        ExclusionAct::File => "file_exclusion",
        ExclusionAct::Approve => "approve_exclusion",
        ExclusionAct::Reject => "reject_exclusion",
        ExclusionAct::Confirm => "confirm_exclusion",
        ExclusionAct::Withdraw => "withdraw_exclusion",
    };
    let (at, login, subject) = (step.at, step.login, id.to_string());
    audit::insert(connection, AuditLine { at, login, action, subject, address }).await
}

pub(crate) async fn read(
    connection: &mut SqliteConnection,
    id: ExclusionId,
) -> Result<Option<StoredExclusion>, StoreError> {
    let row = sqlx::query(AssertSqlSafe(format!("{NAMED} WHERE e.id = ?")))
        .bind(id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut stored = exclusion_of(&row)?;
    let steps = sqlx::query("SELECT * FROM exclusion_steps WHERE exclusion_id = ? ORDER BY id")
        .bind(id.to_string())
        .fetch_all(connection)
        .await?;
    stored.exclusion.steps = steps.iter().map(step_of).collect::<Result<_, _>>()?;
    Ok(Some(stored))
}

/// But for its steps.
fn exclusion_of(row: &SqliteRow) -> Result<StoredExclusion, StoreError> {
    let text = |column: &str| row.try_get::<Option<&str>, _>(column);
    let scope = match (text("device_id")?, text("site_id")?, text("street_id")?) {
        (Some(id), _, _) => ExclusionScope::Device(decode::id("exclusions.device_id", id)?),
        (_, Some(id), _) => ExclusionScope::Site(decode::id("exclusions.site_id", id)?),
        (_, _, id) => {
            ExclusionScope::Street(decode::id("exclusions.street_id", id.unwrap_or_default())?)
        }
    };
    let maintainer = text("maintainer_id")?;
    Ok(StoredExclusion {
        id: decode::id("exclusions.id", row.try_get("id")?)?,
        scope,
        name: row.try_get("name")?,
        maintainer: maintainer.map(|id| decode::id("exclusions.maintainer_id", id)).transpose()?,
        maintainer_name: row.try_get("maintainer_name")?,
        evidence: row.try_get("evidence")?,
        exclusion: Exclusion {
            from: Timestamp::from_millis(row.try_get("from_ms")?),
            to: Timestamp::from_millis(row.try_get("to_ms")?),
            reason: decode::word(
                "exclusions.reason",
                row.try_get("reason")?,
                ExclusionReason::from_code,
            )?,
            steps: Vec::new(),
        },
    })
}

fn step_of(row: &SqliteRow) -> Result<ExclusionStep, StoreError> {
    Ok(ExclusionStep {
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        act: decode::word("exclusion_steps.act", row.try_get("act")?, ExclusionAct::from_code)?,
        note: row.try_get("note")?,
    })
}
