//! What is learned of each stream.

use crate::{Store, StoreError, decode};
use sqlx::SqliteConnection;
use zhishou_domain::{DeviceId, Habit, Timestamp};

/// Which of a device's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamOf {
    /// 主码流.
    Main,
    /// 子码流.
    Sub,
}

impl StreamOf {
    /// The stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Sub => "sub",
        }
    }

    /// The value of a stable word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Main, Self::Sub].into_iter().find(|stream| stream.code() == code)
    }
}

/// What is learned of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedHabit {
    /// Which.
    pub stream: StreamOf,
    /// What.
    pub habit: Habit,
}

/// Remembers what is learned of one stream. A device that has left the address meanwhile has
/// nothing to remember of it; nor has a probe that began before an operator made it forgotten.
pub(crate) async fn remember(
    connection: &mut SqliteConnection,
    device: &str,
    url: &str,
    habit: &Habit,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO habits (device_id, url, body)
             SELECT id, ?2, ?3 FROM devices WHERE id = ?1 AND (url = ?2 OR sub_url = ?2)
         ON CONFLICT (device_id, url) DO UPDATE SET body = excluded.body
             WHERE json_extract(habits.body, '$.since') IS json_extract(excluded.body, '$.since')",
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

    /// What is learned of the streams of a device, the main one first.
    pub async fn habits(&self, device: DeviceId) -> Result<Vec<LearnedHabit>, StoreError> {
        let rows: Vec<(bool, String)> = sqlx::query_as(
            "SELECT h.url IS NOT d.url, h.body FROM habits h JOIN devices d ON d.id = h.device_id
             WHERE d.id = ? AND (h.url = d.url OR h.url = d.sub_url) ORDER BY 1",
        )
        .bind(device.to_string())
        .fetch_all(self.reader())
        .await?;
        let habits = rows.into_iter().map(|(is_sub, body)| {
            let stream = if is_sub { StreamOf::Sub } else { StreamOf::Main };
            Ok(LearnedHabit { stream, habit: decode::json("habits.body", &body)? })
        });
        habits.collect()
    }

    /// Forgets what is learned of a stream and gives it back; from `now` on it is learned anew.
    /// `None` where nothing is known of it.
    pub async fn forget_habit(
        &self,
        device: DeviceId,
        stream: StreamOf,
        now: Timestamp,
    ) -> Result<Option<Habit>, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let row: Option<(String, String)> = sqlx::query_as(
                    "SELECT h.url, h.body FROM habits h JOIN devices d ON d.id = h.device_id
                     WHERE d.id = ?1 AND h.url = iif(?2 = 'main', d.url, d.sub_url)",
                )
                .bind(device.to_string())
                .bind(stream.code())
                .fetch_optional(&mut *connection)
                .await?;
                let Some((url, body)) = row else { return Ok(None) };
                let anew = Habit { since: Some(now), ..Habit::default() };
                sqlx::query("UPDATE habits SET body = ? WHERE device_id = ? AND url = ?")
                    .bind(decode::to_json("habits.body", &anew)?)
                    .bind(device.to_string())
                    .bind(url)
                    .execute(connection)
                    .await?;
                Ok(Some(decode::json("habits.body", &body)?))
            })
        })
        .await
    }
}
