//! Since when anything is known.

use crate::{Store, StoreError};
use zhishou_domain::Timestamp;

impl Store {
    /// When the first device came into the ledger; before it nothing was ever scheduled.
    pub async fn known_since(&self) -> Result<Option<Timestamp>, StoreError> {
        let first: Option<i64> = sqlx::query_scalar("SELECT min(from_ms) FROM placements")
            .fetch_one(self.reader())
            .await?;
        Ok(first.map(Timestamp::from_millis))
    }
}
