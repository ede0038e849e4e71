//! The scheduler's port to evidence files, over `recordings/`.

use std::{future::Future, pin::Pin, sync::Arc};
use zhishou_domain::{DeviceId, Timestamp};
use zhishou_recordings as recordings;
use zhishou_scheduler::EvidenceFiles;
use zhishou_storage::{EvidenceKind, EvidenceRow, Store};

/// Evidence under one directory, with its rows in the store.
pub(crate) struct Evidence {
    pub(crate) files: Arc<recordings::Store>,
    pub(crate) store: Store,
}

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl EvidenceFiles for Evidence {
    fn keep(
        &self,
        device: DeviceId,
        kind: EvidenceKind,
        taken_at: Timestamp,
        content: Vec<u8>,
    ) -> Later<'_, Option<EvidenceRow>> {
        let files = Arc::clone(&self.files);
        let file_kind = match kind {
            EvidenceKind::Good => recordings::Kind::Good,
            EvidenceKind::Fault => recordings::Kind::Fault,
            EvidenceKind::Dialogue => recordings::Kind::Dialogue,
        };
        Box::pin(async move {
            let put = move || files.put(device, taken_at, file_kind, &content);
            match tokio::task::spawn_blocking(put).await {
                Ok(Ok(kept)) => Some(EvidenceRow {
                    key: kept.key.to_string(),
                    device,
                    kind,
                    taken_at,
                    bytes: kept.bytes,
                    sha256: kept.sha256,
                }),
                Ok(Err(error)) => {
                    tracing::error!(%device, %error, "failed to keep evidence");
                    None
                }
                Err(error) => {
                    tracing::error!(%device, %error, "keeping evidence ended abnormally");
                    None
                }
            }
        })
    }

    fn discard(&self, row: EvidenceRow) -> Later<'_, ()> {
        let files = Arc::clone(&self.files);
        Box::pin(async move {
            let Ok(key) = row.key.parse::<recordings::Key>() else { return };
            // The file goes first: a crash in between leaves a row that the next sweep finds.
            let delete = move || files.delete(&key);
            match tokio::task::spawn_blocking(delete).await {
                Ok(Ok(_)) => {
                    if let Err(error) = self.store.delete_evidence(vec![row.key]).await {
                        tracing::error!(%error, "failed to forget replaced evidence");
                    }
                }
                Ok(Err(error)) => tracing::error!(%error, "failed to delete replaced evidence"),
                Err(error) => tracing::error!(%error, "deleting evidence ended abnormally"),
            }
        })
    }
}
