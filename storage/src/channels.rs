//! 渠道: where messages go. What opens a channel is sealed under the master key and leaves only for the one
//! place that sends.

use crate::{AuditLine, MasterKey, Store, StoreError, audit, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::BTreeSet;
use zhishou_domain::{
    ChannelId, Timestamp,
    alert::{
        Channel, ChannelAccess, ChannelKind, ChannelProblem, ChannelSettings, SendProblem, Switch,
        Topic,
    },
};

/// A channel as somebody entered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChannel {
    /// Which one; `None` makes one.
    pub id: Option<ChannelId>,
    /// What it is; of one that is there it stays as it was.
    pub kind: ChannelKind,
    /// What it is called.
    pub name: String,
    /// Whether it is in use.
    pub switch: Switch,
    /// What it carries without being named.
    pub topics: BTreeSet<Topic>,
    /// What is no secret.
    pub settings: ChannelSettings,
    /// What is one; what is empty here stays as it was.
    pub access: ChannelAccess,
}

/// What came of entering a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelSaved {
    /// It is kept.
    Kept(ChannelId),
    /// Nothing was kept.
    Refused(ChannelProblem),
    /// There is no such channel.
    Missing,
}

const COLUMNS: &str = "id, kind, name, switch, topics, host, settings";

/// What the access of a channel is sealed for.
fn owner(id: ChannelId) -> String {
    format!("channel {id}")
}

fn channel_of(row: &SqliteRow) -> Result<Channel, StoreError> {
    Ok(Channel {
        id: ChannelId::new(row.try_get("id")?),
        kind: decode::word("channels.kind", row.try_get("kind")?, ChannelKind::from_code)?,
        name: row.try_get("name")?,
        switch: decode::word("channels.switch", row.try_get("switch")?, Switch::from_code)?,
        topics: decode::json("channels.topics", row.try_get("topics")?)?,
        host: row.try_get("host")?,
        settings: decode::json("channels.settings", row.try_get("settings")?)?,
    })
}

/// Every channel that is not removed, by number.
pub(crate) async fn all(connection: &mut SqliteConnection) -> Result<Vec<Channel>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM channels WHERE removed_ms IS NULL ORDER BY id"
    )))
    .fetch_all(connection)
    .await?;
    rows.iter().map(channel_of).collect()
}

async fn access(
    connection: &mut SqliteConnection,
    key: &MasterKey,
    id: ChannelId,
) -> Result<Option<(Channel, ChannelAccess)>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS}, sealed FROM channels WHERE id = ? AND removed_ms IS NULL"
    )))
    .bind(id.number())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let opened = key.open(&owner(id), row.try_get("sealed")?)?;
    // What stands there is a secret: an error does not show it.
    let access = serde_json::from_str(&opened)
        .map_err(|_| StoreError::Corrupt { column: "channels.sealed", value: id.to_string() })?;
    Ok(Some((channel_of(&row)?, access)))
}

async fn save(
    connection: &mut SqliteConnection,
    key: &MasterKey,
    mut new: NewChannel,
    line: AuditLine,
) -> Result<ChannelSaved, StoreError> {
    if let Some(id) = new.id {
        let Some((stored, kept)) = access(connection, key, id).await? else {
            return Ok(ChannelSaved::Missing);
        };
        new.kind = stored.kind;
        // A secret goes to the host that it was entered for, and to no other.
        let is_same_host = new.access.address.is_empty() || new.access.host() == kept.host();
        if new.access.secret.is_empty() && is_same_host {
            new.access.secret = kept.secret;
        }
        if new.access.address.is_empty() {
            new.access.address = kept.address;
        }
    }
    if let Some(problem) = new.settings.problem(new.kind, &new.name, &new.access) {
        return Ok(ChannelSaved::Refused(problem));
    }
    let taken: Option<i64> =
        sqlx::query_scalar("SELECT id FROM channels WHERE name = ? AND removed_ms IS NULL")
            .bind(&new.name)
            .fetch_optional(&mut *connection)
            .await?;
    if taken.is_some_and(|id| Some(ChannelId::new(id)) != new.id) {
        return Ok(ChannelSaved::Refused(ChannelProblem::NameTaken));
    }
    let id = match new.id {
        Some(id) => id,
        None => ChannelId::new(
            sqlx::query(
                "INSERT INTO channels (kind, name, switch, topics, host, settings, sealed, changed_ms)
                 VALUES (?, ?, 'off', '[]', '', '{}', x'', ?)",
            )
            .bind(new.kind.code())
            .bind(&new.name)
            .bind(line.at.millis())
            .execute(&mut *connection)
            .await?
            .last_insert_rowid(),
        ),
    };
    let plain = decode::to_json("channels.sealed", &new.access)?;
    sqlx::query(
        "UPDATE channels SET name = ?, switch = ?, topics = ?, host = ?, settings = ?, sealed = ?,
             changed_ms = ? WHERE id = ?",
    )
    .bind(&new.name)
    .bind(new.switch.code())
    .bind(decode::to_json("channels.topics", &new.topics)?)
    .bind(new.access.host())
    .bind(decode::to_json("channels.settings", &new.settings)?)
    .bind(key.seal(&owner(id), &plain)?)
    .bind(line.at.millis())
    .bind(id.number())
    .execute(&mut *connection)
    .await?;
    audit::insert(connection, line).await?;
    Ok(ChannelSaved::Kept(id))
}

impl Store {
    /// Every channel, by number.
    pub async fn channels(&self) -> Result<Vec<Channel>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        all(&mut connection).await
    }

    /// A channel with what opens it, for the one place that sends.
    pub async fn channel_access(
        &self,
        id: ChannelId,
    ) -> Result<Option<(Channel, ChannelAccess)>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        access(&mut connection, &self.key, id).await
    }

    /// Makes or changes a channel, with its line of the audit log.
    pub async fn save_channel(
        &self,
        new: NewChannel,
        line: AuditLine,
    ) -> Result<ChannelSaved, StoreError> {
        let key = self.key.clone();
        self.write(move |connection| {
            Box::pin(async move { save(connection, &key, new, line).await })
        })
        .await
    }

    /// Removes a channel and forgets what opened it; what was queued for it is given up. `false` where
    /// there is none.
    pub async fn remove_channel(&self, id: ChannelId, line: AuditLine) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let at: Timestamp = line.at;
                let removed = sqlx::query(
                    "UPDATE channels SET sealed = NULL, removed_ms = ?
                     WHERE id = ? AND removed_ms IS NULL",
                )
                .bind(at.millis())
                .bind(id.number())
                .execute(&mut *connection)
                .await?;
                if removed.rows_affected() == 0 {
                    return Ok(false);
                }
                sqlx::query(
                    "UPDATE outbox SET state = 'dead', settled_ms = ?, problem = ?
                     WHERE channel_id = ? AND state = 'queued'",
                )
                .bind(at.millis())
                .bind(SendProblem::Removed.code())
                .bind(id.number())
                .execute(&mut *connection)
                .await?;
                audit::insert(connection, line).await?;
                Ok(true)
            })
        })
        .await
    }
}
