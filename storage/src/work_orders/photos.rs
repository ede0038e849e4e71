//! Photos of a repair.

use super::{WorkScope, list};
use crate::{
    AttachedFile, Change, FileAdded, Store, StoreError,
    attached::{Table, attach, file_of},
};
use sqlx::SqliteConnection;
use zhishou_domain::WorkOrderId;

const TABLE: Table = Table {
    count: "SELECT count(*) FROM work_order_photos WHERE work_order_id = ?",
    insert: "INSERT INTO work_order_photos (work_order_id, key, at_ms, login, bytes, sha256)
         VALUES (?, ?, ?, ?, ?, ?)",
    action: "add_work_photo",
};

impl Store {
    /// Adds the row of a photo, with its line of the audit log; `address` is from where. An order that is cancelled
    /// or long done takes none.
    pub async fn add_work_photo(
        &self,
        id: WorkOrderId,
        scope: WorkScope,
        photo: AttachedFile,
        address: String,
    ) -> Result<FileAdded, StoreError> {
        let added = self.write(move |c| Box::pin(add(c, id, scope, (photo, address)))).await?;
        if added == FileAdded::Added {
            self.announce(Change::Incidents);
        }
        Ok(added)
    }

    /// The photos of an order within somebody's scope, in order.
    pub async fn work_photos(
        &self,
        id: WorkOrderId,
        scope: WorkScope,
    ) -> Result<Vec<AttachedFile>, StoreError> {
        let rows = sqlx::query(
            "SELECT p.* FROM work_order_photos p JOIN work_orders w ON w.id = p.work_order_id
             WHERE w.id = ?1 AND (?2 IS NULL OR w.maintainer_id = ?2) ORDER BY p.id",
        )
        .bind(id.number())
        .bind(scope.only())
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(|row| file_of(row, "work_order_photos.bytes")).collect()
    }
}

async fn add(
    connection: &mut SqliteConnection,
    id: WorkOrderId,
    scope: WorkScope,
    (photo, address): (AttachedFile, String),
) -> Result<FileAdded, StoreError> {
    let Some(stored) = list::read(connection, id, scope).await? else {
        return Ok(FileAdded::Missing);
    };
    if !stored.order.takes_more(photo.at) {
        return Ok(FileAdded::Refused);
    }
    attach(connection, &TABLE, (id.number(), id.to_string()), photo, address).await
}
