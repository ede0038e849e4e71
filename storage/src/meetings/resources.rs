//! 平台资源.

use crate::{AuditLine, Change, Store, StoreError, audit, decode};
use zhishou_domain::{
    ResourceId,
    meeting::{PlatformResource, ResourceKind},
};

impl Store {
    /// Every platform resource by name, those out of use among them.
    pub async fn platform_resources(&self) -> Result<Vec<PlatformResource>, StoreError> {
        let rows: Vec<(i64, String, String, bool)> = sqlx::query_as(
            "SELECT id, name, kind, in_use FROM platform_resources ORDER BY kind, name",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter()
            .map(|(id, name, kind, in_use)| {
                let kind = decode::word("platform_resources.kind", &kind, ResourceKind::from_code)?;
                Ok(PlatformResource { id: ResourceId::new(id), name, kind, in_use })
            })
            .collect()
    }

    /// Adds a platform resource, or changes the one of that name; with its line of the audit log.
    pub async fn save_platform_resource(
        &self,
        name: String,
        kind: ResourceKind,
        in_use: bool,
        line: AuditLine,
    ) -> Result<ResourceId, StoreError> {
        let saved = self
            .write(move |connection| {
                Box::pin(async move {
                    let id: i64 = sqlx::query_scalar(
                        "INSERT INTO platform_resources (name, kind, in_use) VALUES (?, ?, ?)
                         ON CONFLICT (name) DO UPDATE
                         SET kind = excluded.kind, in_use = excluded.in_use RETURNING id",
                    )
                    .bind(name)
                    .bind(kind.code())
                    .bind(in_use)
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
