//! What a maintainer (运维单位) keeps: those who belong to it see that and nothing else.

use crate::{Store, StoreError, decode};
use std::collections::HashSet;
use zhishou_domain::{DeviceId, ExclusionId, IncidentId, MaintainerId, SiteId};

/// That `e` of exclusions leaves out something that `?1` keeps.
macro_rules! concerns {
    ($keeper:literal) => {
        concat!(
            "(e.maintainer_id = ", $keeper,
            " OR e.device_id IN (SELECT id FROM devices WHERE maintainer_id = ", $keeper,
            ") OR (e.maintainer_id IS NULL
                AND (e.site_id IN (SELECT site_id FROM devices WHERE maintainer_id = ", $keeper,
            ") OR e.street_id IN (SELECT p.street_id FROM sites p JOIN devices d ON d.site_id = p.id
                    WHERE d.maintainer_id = ", $keeper, "))))"
        )
    };
}
pub(crate) use concerns;

impl Store {
    /// Whether a maintainer keeps a device.
    pub async fn keeps_device(
        &self,
        keeper: MaintainerId,
        device: DeviceId,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM devices WHERE id = ?2 AND maintainer_id = ?1)";
        self.keeps(sql, keeper, device.to_string()).await
    }

    /// Whether a maintainer keeps a device of an incident.
    pub async fn keeps_incident(
        &self,
        keeper: MaintainerId,
        incident: IncidentId,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM incident_members im
             JOIN devices d ON d.id = im.device_id
             WHERE im.incident_id = CAST(?2 AS INTEGER) AND d.maintainer_id = ?1)";
        self.keeps(sql, keeper, incident.number().to_string()).await
    }

    /// Whether an exclusion leaves out something that a maintainer keeps.
    pub async fn keeps_exclusion(
        &self,
        keeper: MaintainerId,
        exclusion: ExclusionId,
    ) -> Result<bool, StoreError> {
        let sql = concat!(
            "SELECT EXISTS (SELECT 1 FROM exclusions e WHERE e.id = ?2 AND ",
            concerns!("?1"),
            ")"
        );
        self.keeps(sql, keeper, exclusion.to_string()).await
    }

    /// Sites where a maintainer keeps something.
    pub async fn kept_sites(&self, keeper: MaintainerId) -> Result<HashSet<SiteId>, StoreError> {
        let rows: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT site_id FROM devices WHERE maintainer_id = ?")
                .bind(keeper.to_string())
                .fetch_all(self.reader())
                .await?;
        rows.iter().map(|id| decode::id("devices.site_id", id)).collect()
    }

    async fn keeps(
        &self,
        sql: &'static str,
        keeper: MaintainerId,
        id: String,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(sql)
            .bind(keeper.to_string())
            .bind(id)
            .fetch_one(self.reader())
            .await?)
    }
}
