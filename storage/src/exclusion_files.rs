//! Files that prove an exclusion.

use crate::{
    AttachedFile, FileAdded, Store, StoreError,
    attached::{Table, attach, file_of},
    exclusions,
};
use sqlx::SqliteConnection;
use zhishou_domain::{ExclusionId, ExclusionState};

const TABLE: Table = Table {
    count: "SELECT count(*) FROM exclusion_files WHERE exclusion_id = ?",
    insert: "INSERT INTO exclusion_files (exclusion_id, key, at_ms, login, bytes, sha256)
         VALUES (?, ?, ?, ?, ?, ?)",
    action: "add_exclusion_file",
};

impl Store {
    /// Adds the row of a file, with its line of the audit log; `address` is from where. One that was rejected or
    /// withdrawn takes none.
    pub async fn add_exclusion_file(
        &self,
        id: ExclusionId,
        file: AttachedFile,
        address: String,
    ) -> Result<FileAdded, StoreError> {
        self.write(move |connection| Box::pin(add(connection, id, file, address))).await
    }

    /// The files of an exclusion, in order.
    pub async fn exclusion_files(&self, id: ExclusionId) -> Result<Vec<AttachedFile>, StoreError> {
        let rows = sqlx::query("SELECT * FROM exclusion_files WHERE exclusion_id = ? ORDER BY id")
            .bind(id.to_string())
            .fetch_all(self.reader())
            .await?;
        rows.iter().map(|row| file_of(row, "exclusion_files.bytes")).collect()
    }
}

async fn add(
    connection: &mut SqliteConnection,
    id: ExclusionId,
    file: AttachedFile,
    address: String,
) -> Result<FileAdded, StoreError> {
    let Some(stored) = exclusions::read(connection, id).await? else {
        return Ok(FileAdded::Missing);
    };
    if matches!(stored.exclusion.state(), ExclusionState::Rejected | ExclusionState::Withdrawn) {
        return Ok(FileAdded::Refused);
    }
    attach(connection, &TABLE, (id.to_string(), id.to_string()), file, address).await
}
