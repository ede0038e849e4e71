//! 口径: versions of accounting policies. The schema keeps a version from being changed.

use crate::{AuditLine, Store, StoreError, audit, decode};
use sqlx::SqliteConnection;
use zhishou_domain::{
    Timestamp,
    policy::{Policy, PolicyRef, shipped},
};

/// A version of a policy as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPolicy {
    /// The document.
    pub policy: Policy,
    /// When it was written; the epoch for those that came with the platform.
    pub created: Timestamp,
    /// Who wrote it, as they logged in; empty for those that came with the platform.
    pub login: String,
}

/// What became of a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAdded {
    /// It is there.
    Added,
    /// It is not: the next version of its id is this one.
    NotNext(u32),
}

impl Store {
    /// Adds those that come with the platform, where they are not there.
    pub(crate) async fn add_shipped_policies(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            Box::pin(async move {
                for policy in shipped() {
                    insert(connection, &policy, "", Timestamp::default()).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Every version of every policy, by id, newest version first.
    pub async fn policies(&self) -> Result<Vec<StoredPolicy>, StoreError> {
        let rows: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT body, created_ms, login FROM policies ORDER BY id, version DESC",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(decode_row).collect()
    }

    /// One version of a policy; of `id` alone, the newest.
    pub async fn policy(
        &self,
        id: &str,
        version: Option<u32>,
    ) -> Result<Option<StoredPolicy>, StoreError> {
        let row: Option<(String, i64, String)> = sqlx::query_as(
            "SELECT body, created_ms, login FROM policies
             WHERE id = ?1 AND version = ifnull(?2, version) ORDER BY version DESC LIMIT 1",
        )
        .bind(id)
        .bind(version)
        .fetch_optional(self.reader())
        .await?;
        row.map(decode_row).transpose()
    }

    /// The newest version of each policy, by id.
    pub async fn newest_policies(&self) -> Result<Vec<Policy>, StoreError> {
        let stored = self.policies().await?;
        let mut newest: Vec<Policy> = stored.into_iter().map(|stored| stored.policy).collect();
        newest.dedup_by(|later, newer| later.id == newer.id);
        Ok(newest)
    }

    /// The policy that somebody names: `id@version`, or `id` for its newest version.
    pub async fn policy_named(&self, name: &str) -> Result<Option<StoredPolicy>, StoreError> {
        match name.parse::<PolicyRef>() {
            Ok(PolicyRef { id, version }) => self.policy(&id, Some(version)).await,
            Err(_) => self.policy(name, None).await,
        }
    }

    /// Adds a version, which must be the next one of its id, with its line of the audit log: who,
    /// when, from which address.
    pub async fn add_policy(
        &self,
        policy: Policy,
        login: String,
        now: Timestamp,
        address: String,
    ) -> Result<PolicyAdded, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let PolicyRef { id, version } = policy.reference();
                let next: u32 = sqlx::query_scalar(
                    "SELECT ifnull(max(version), 0) + 1 FROM policies WHERE id = ?",
                )
                .bind(id)
                .fetch_one(&mut *connection)
                .await?;
                if version != next {
                    return Ok(PolicyAdded::NotNext(next));
                }
                insert(connection, &policy, &login, now).await?;
                let subject = policy.reference().to_string();
                let line = AuditLine { at: now, login, action: "add_policy", subject, address };
                audit::insert(connection, line).await?;
                Ok(PolicyAdded::Added)
            })
        })
        .await
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    policy: &Policy,
    login: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO policies (id, version, body, created_ms, login) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id, version) DO NOTHING",
    )
    .bind(&policy.id)
    .bind(policy.version)
    .bind(decode::to_json("policies.body", policy)?)
    .bind(now.millis())
    .bind(login)
    .execute(connection)
    .await?;
    Ok(())
}

fn decode_row((body, created, login): (String, i64, String)) -> Result<StoredPolicy, StoreError> {
    let policy = decode::json("policies.body", &body)?;
    Ok(StoredPolicy { policy, created: Timestamp::from_millis(created), login })
}
