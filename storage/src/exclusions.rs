//! 剔除 and what was done to them. Rows are only ever added; the schema keeps it so.

use crate::{Store, StoreError, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
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
    /// Only what this one maintains at the time.
    pub maintainer: Option<MaintainerId>,
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

impl Store {
    /// Files an exclusion; its first step is who filed it, when and why. `None` where what it is
    /// about does not exist. The ends must be whole minutes in order.
    pub async fn file_exclusion(
        &self,
        scope: ExclusionScope,
        maintainer: Option<MaintainerId>,
        evidence: String,
        exclusion: Exclusion,
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
                add_step(connection, id, &filed).await?;
                Ok(Some(id))
            })
        })
        .await
    }

    /// Does something to an exclusion where that is allowed.
    pub async fn act_on_exclusion(
        &self,
        id: ExclusionId,
        step: ExclusionStep,
    ) -> Result<ExclusionActed, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let Some(stored) = read(connection, id).await? else {
                    return Ok(ExclusionActed::Missing);
                };
                match stored.exclusion.allow(step.act, &step.login) {
                    Err(refusal) => Ok(ExclusionActed::Refused(refusal)),
                    Ok(state) => {
                        add_step(connection, id, &step).await?;
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

    /// Exclusions that overlap `from`..`to`, newest first, from the one before `before` on.
    pub async fn exclusions(
        &self,
        from: Timestamp,
        to: Timestamp,
        before: Option<ExclusionId>,
        limit: u32,
    ) -> Result<Vec<StoredExclusion>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM exclusions WHERE to_ms > ? AND from_ms < ? AND id < ifnull(?, '~')
             ORDER BY id DESC LIMIT ?",
        )
        .bind(from.millis())
        .bind(to.millis())
        .bind(before.map(|id| id.to_string()))
        .bind(limit)
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

    /// What figures under `policy` leave out within `from`..`to`.
    pub(crate) async fn exclusions_in_force(
        &self,
        policy: &Policy,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<InForce, StoreError> {
        let all = self.exclusions(from, to, None, u32::MAX).await?;
        let mut in_force = InForce::default();
        for stored in all.into_iter().filter(|it| it.exclusion.counts_under(policy)) {
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
    step: &ExclusionStep,
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
    .execute(connection)
    .await?;
    Ok(())
}

async fn read(
    connection: &mut SqliteConnection,
    id: ExclusionId,
) -> Result<Option<StoredExclusion>, StoreError> {
    let row = sqlx::query("SELECT * FROM exclusions WHERE id = ?")
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
        maintainer: maintainer.map(|id| decode::id("exclusions.maintainer_id", id)).transpose()?,
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
