//! Reconciliations as pages show them.

use super::OutcomeCounts;
use crate::{Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use std::collections::{BTreeMap, HashMap};
use zhishou_domain::{
    DeviceId, FaultCode, Timestamp,
    reconcile::{MatchedBy, Measured, ReconcileOutcome, RowDoubt, StatusClaim, StatusColumn},
};

/// A reconciliation but for its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReconciliation {
    /// Its number.
    pub id: i64,
    /// When it was made.
    pub made: Timestamp,
    /// By whom.
    pub login: String,
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of it.
    pub sha256: String,
    /// Of rows without a time of their own.
    pub as_of: Timestamp,
    /// From which heading each column was taken.
    pub columns: BTreeMap<StatusColumn, String>,
    /// Cameras in use then.
    pub cameras: u64,
    /// How many rows came to what.
    pub counts: OutcomeCounts,
}

/// A row of a reconciliation, with the names of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRow {
    /// Its place.
    pub position: i64,
    /// As a spreadsheet numbers it; `None`: not in the file.
    pub file_row: Option<u32>,
    /// As the file has them.
    pub code: Option<String>,
    /// IP.
    pub ip: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// The status as it stands there.
    pub said: String,
    /// What that means.
    pub claim: Option<StatusClaim>,
    /// The moment compared.
    pub at: Timestamp,
    /// Identity and name of the device.
    pub device: Option<(DeviceId, String)>,
    /// Its site, with its street.
    pub place: Option<String>,
    /// 运维单位.
    pub maintainer: Option<String>,
    /// By what it was found.
    pub matched_by: Option<MatchedBy>,
    /// What the probes had found.
    pub measured: Option<Measured>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why.
    pub faults: Vec<FaultCode>,
    /// What came of it.
    pub outcome: ReconcileOutcome,
    /// Why it cannot be compared.
    pub doubt: Option<RowDoubt>,
}

impl Store {
    /// The newest reconciliations older than `before`, `limit` at most.
    pub async fn reconciliations(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StoredReconciliation>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM reconciliations WHERE id < ifnull(?, id + 1) ORDER BY id DESC LIMIT ?",
        )
        .bind(before)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        self.counted(&rows).await
    }

    /// One of them.
    pub async fn reconciliation(
        &self,
        id: i64,
    ) -> Result<Option<StoredReconciliation>, StoreError> {
        let rows = sqlx::query("SELECT * FROM reconciliations WHERE id = ?")
            .bind(id)
            .fetch_all(self.reader())
            .await?;
        Ok(self.counted(&rows).await?.pop())
    }

    async fn counted(&self, rows: &[SqliteRow]) -> Result<Vec<StoredReconciliation>, StoreError> {
        let ids: Vec<i64> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
        let counts: Vec<(i64, String, i64)> = sqlx::query_as(
            "SELECT reconciliation_id, outcome, count(*) FROM reconciliation_rows
             WHERE reconciliation_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2",
        )
        .bind(decode::to_json("reconciliations.id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        let mut by_id: HashMap<i64, OutcomeCounts> = HashMap::new();
        for (id, outcome, count) in counts {
            let outcome =
                decode::word("reconciliation_rows.outcome", &outcome, ReconcileOutcome::from_code)?;
            let count = decode::unsigned("reconciliation_rows", count)?;
            by_id.entry(id).or_default().by_outcome.insert(outcome.code(), count);
        }
        let stored = rows.iter().map(|row| {
            let id = row.try_get("id")?;
            Ok(StoredReconciliation {
                id,
                made: Timestamp::from_millis(row.try_get("made_ms")?),
                login: row.try_get("login")?,
                file_name: row.try_get("file_name")?,
                sha256: row.try_get("sha256")?,
                as_of: Timestamp::from_millis(row.try_get("as_of_ms")?),
                columns: decode::json("reconciliations.columns", row.try_get("columns")?)?,
                cameras: decode::unsigned("reconciliations.cameras", row.try_get("cameras")?)?,
                counts: by_id.remove(&id).unwrap_or_default(),
            })
        });
        stored.collect()
    }

    /// Rows of a reconciliation in their order, those of one outcome or of all, after a place.
    pub async fn reconciliation_rows(
        &self,
        id: i64,
        outcome: Option<ReconcileOutcome>,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ListedRow>, StoreError> {
        const COLUMNS: &str = "SELECT r.*, d.name AS device_name, m.name AS maintainer,
                 st.name || ' · ' || si.name AS place
             FROM reconciliation_rows r LEFT JOIN devices d ON d.id = r.device_id
             LEFT JOIN sites si ON si.id = d.site_id LEFT JOIN streets st ON st.id = si.street_id
             LEFT JOIN maintainers m ON m.id = d.maintainer_id
             WHERE r.reconciliation_id = ? AND r.position > ?";
        let one = if outcome.is_some() { " AND r.outcome = ?" } else { "" };
        let text = format!("{COLUMNS}{one} ORDER BY r.position LIMIT {limit}");
        let mut query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(id).bind(after.unwrap_or(-1));
        if let Some(outcome) = outcome {
            query = query.bind(outcome.code());
        }
        query.fetch_all(self.reader()).await?.iter().map(listed).collect()
    }
}

fn listed(row: &SqliteRow) -> Result<ListedRow, StoreError> {
    let text = |column: &str| row.try_get::<Option<&str>, _>(column);
    let device: Option<&str> = text("device_id")?;
    let name: Option<String> = row.try_get("device_name")?;
    let since: Option<i64> = row.try_get("since_ms")?;
    Ok(ListedRow {
        position: row.try_get("position")?,
        file_row: row.try_get("file_row")?,
        code: row.try_get("code")?,
        ip: row.try_get("ip")?,
        name: row.try_get("name")?,
        said: row.try_get("said")?,
        claim: text("claim")?
            .map(|it| decode::word("reconciliation_rows.claim", it, StatusClaim::from_code))
            .transpose()?,
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        device: device
            .map(|id| {
                Ok::<_, StoreError>((decode::id("devices.id", id)?, name.unwrap_or_default()))
            })
            .transpose()?,
        place: row.try_get("place")?,
        maintainer: row.try_get("maintainer")?,
        matched_by: text("matched_by")?
            .map(|it| decode::word("reconciliation_rows.matched_by", it, MatchedBy::from_code))
            .transpose()?,
        measured: text("measured")?
            .map(|it| decode::word("reconciliation_rows.measured", it, Measured::from_code))
            .transpose()?,
        since: since.map(Timestamp::from_millis),
        faults: decode::json("reconciliation_rows.faults", row.try_get("faults")?)?,
        outcome: decode::word(
            "reconciliation_rows.outcome",
            row.try_get("outcome")?,
            ReconcileOutcome::from_code,
        )?,
        doubt: text("doubt")?
            .map(|it| decode::word("reconciliation_rows.doubt", it, RowDoubt::from_code))
            .transpose()?,
    })
}
