//! What is learned of each stream.

use crate::{Store, StoreError, decode};
use sqlx::SqliteConnection;
use zhishou_domain::{DeviceId, Habit};

/// Remembers what is learned of one stream. A device that has left the address meanwhile has
/// nothing to remember of it.
pub(crate) async fn remember(
    connection: &mut SqliteConnection,
    device: &str,
    url: &str,
    habit: &Habit,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO habits (device_id, url, body)
             SELECT id, ?2, ?3 FROM devices WHERE id = ?1 AND (url = ?2 OR sub_url = ?2)
         ON CONFLICT (device_id, url) DO UPDATE SET body = excluded.body",
    )
    .bind(device)
    .bind(url)
    .bind(decode::to_json("habits.body", habit)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what is learned of addresses that the device no longer has.
pub(crate) async fn forget_left(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM habits WHERE device_id = ?1 AND url NOT IN
             (SELECT url FROM devices WHERE id = ?1 AND url IS NOT NULL UNION
              SELECT sub_url FROM devices WHERE id = ?1 AND sub_url IS NOT NULL)",
    )
    .bind(device)
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// What is learned of the stream at `url` of a device; the default where nothing is.
    pub async fn habit(&self, device: DeviceId, url: &str) -> Result<Habit, StoreError> {
        let body: Option<String> =
            sqlx::query_scalar("SELECT body FROM habits WHERE device_id = ? AND url = ?")
                .bind(device.to_string())
                .bind(url)
                .fetch_optional(self.reader())
                .await?;
        body.map_or_else(|| Ok(Habit::default()), |body| decode::json("habits.body", &body))
    }
}
