//! The certificate of each device that speaks TLS.
//!
//! Invariants: the first one seen goes on record by itself; another one never does, it is offered
//! until the device shows the old one again or an operator accepts it.

use crate::{Store, StoreError, decode};
use sqlx::SqliteConnection;
use zhishou_domain::{CertificateFingerprint, DeviceId, Timestamp};

/// The certificate of a device as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredCertificate {
    /// On record.
    pub fingerprint: CertificateFingerprint,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Another one that the device shows instead, and since when.
    pub offered: Option<(CertificateFingerprint, Timestamp)>,
}

/// Takes note of the certificate that a device showed at `at`.
pub(crate) async fn seen(
    connection: &mut SqliteConnection,
    device: &str,
    shown: CertificateFingerprint,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO certificates (device_id, fingerprint, first_seen_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (device_id) DO UPDATE SET
             offered_ms = CASE ?2 WHEN fingerprint THEN NULL WHEN offered THEN offered_ms ELSE ?3 END,
             offered = nullif(?2, fingerprint)",
    )
    .bind(device)
    .bind(shown.to_string())
    .bind(at.millis())
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// The certificate of a device; `None` where it never spoke TLS.
    pub async fn certificate(
        &self,
        device: DeviceId,
    ) -> Result<Option<StoredCertificate>, StoreError> {
        let row: Option<(String, i64, Option<String>, Option<i64>)> = sqlx::query_as(
            "SELECT fingerprint, first_seen_ms, offered, offered_ms FROM certificates
             WHERE device_id = ?",
        )
        .bind(device.to_string())
        .fetch_optional(self.reader())
        .await?;
        let Some((on_record, first_seen, offered, since)) = row else { return Ok(None) };
        let offered = offered.map(|text| decode::id("certificates.offered", &text)).transpose()?;
        Ok(Some(StoredCertificate {
            fingerprint: decode::id("certificates.fingerprint", &on_record)?,
            first_seen: Timestamp::from_millis(first_seen),
            offered: offered.zip(since.map(Timestamp::from_millis)),
        }))
    }

    /// An operator accepts the certificate that a device shows. `false` where the device does not
    /// offer that one (any more); nothing changed then.
    pub async fn accept_certificate(
        &self,
        device: DeviceId,
        offered: CertificateFingerprint,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "UPDATE certificates SET fingerprint = offered, first_seen_ms = offered_ms,
                         offered = NULL, offered_ms = NULL
                     WHERE device_id = ? AND offered = ?",
                )
                .bind(device.to_string())
                .bind(offered.to_string())
                .execute(connection)
                .await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }
}
