//! 平台资源.

use crate::{AuditLine, Change, Store, StoreError, audit, decode};
use zhishou_domain::{
    ResourceId,
    meeting::{PlatformResource, ResourceKind},
};

/// What is kept of a platform resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceWords {
    /// Name, unique.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Whether it can be booked.
    pub in_use: bool,
    /// 接入号码 of a telephone conference.
    pub dial: String,
    /// 会议密码 that is keyed in there.
    pub pass_code: String,
}

impl Store {
    /// Every platform resource by name, those out of use among them.
    pub async fn platform_resources(&self) -> Result<Vec<PlatformResource>, StoreError> {
        let rows: Vec<(i64, String, String, bool, String, String)> = sqlx::query_as(
            "SELECT id, name, kind, in_use, dial, pass_code FROM platform_resources
             ORDER BY kind, name",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter()
            .map(|(id, name, kind, in_use, dial, pass_code)| {
                let kind = decode::word("platform_resources.kind", &kind, ResourceKind::from_code)?;
                let id = ResourceId::new(id);
                Ok(PlatformResource { id, name, kind, in_use, dial, pass_code })
            })
            .collect()
    }

    /// Adds a platform resource, or changes the one of that name; with its line of the audit log.
    pub async fn save_platform_resource(
        &self,
        words: ResourceWords,
        line: AuditLine,
    ) -> Result<ResourceId, StoreError> {
        let saved = self
            .write(move |connection| {
                Box::pin(async move {
                    let id: i64 = sqlx::query_scalar(
                        "INSERT INTO platform_resources (name, kind, in_use, dial, pass_code)
                         VALUES (?, ?, ?, ?, ?)
                         ON CONFLICT (name) DO UPDATE
                         SET kind = excluded.kind, in_use = excluded.in_use, dial = excluded.dial,
                             pass_code = excluded.pass_code RETURNING id",
                    )
                    .bind(words.name)
                    .bind(words.kind.code())
                    .bind(words.in_use)
                    .bind(words.dial)
                    .bind(words.pass_code)
                    .fetch_one(&mut *connection)
                    .await?;
                    audit::insert(connection, line).await?;
                    Ok(ResourceId::new(id))
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(saved)
    }
}
