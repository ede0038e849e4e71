//! Whether the evidence files and their rows agree, and making them agree where that is safe.
//!
//! Safe is: a row without a file goes, for it proves nothing; a file without a row is put on record
//! again, so that its retention holds, or goes where its device is not known or its picture lacks
//! the device's masks. A file that is not what its row says is left alone: somebody should look.

use crate::command::Failure;
use std::{sync::Arc, time::Duration};
use zhishou_domain::Timestamp;
use zhishou_recordings::{self as recordings, Depth, Fsck, Key, Kind, Known};
use zhishou_storage::{EvidenceKind, EvidenceRow, Store};

/// A file gets its row within the probe it is of; an older one without a row has lost it.
const SETTLED: Duration = Duration::from_secs(600);
/// Rows read at once.
const PAGE: u32 = 1000;

/// What came of a repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repaired {
    /// Rows without a file that went.
    pub(crate) forgotten: u64,
    /// Files that are on record again.
    pub(crate) adopted: u64,
    /// Files that went.
    pub(crate) deleted: u64,
}

fn ours(error: impl std::error::Error) -> Failure {
    Failure::ours(&error)
}

/// Compares all rows with all files.
pub(crate) async fn check(
    store: &Store,
    files: &Arc<recordings::Store>,
    depth: Depth,
    now: Timestamp,
) -> Result<Fsck, Failure> {
    let mut known = Vec::new();
    let mut last: Option<EvidenceRow> = None;
    loop {
        let page = store.evidence_oldest(last.as_ref(), PAGE).await.map_err(ours)?;
        let Some(end) = page.last() else { break };
        last = Some(end.clone());
        for row in page {
            known.push(Known {
                key: row.key.parse().map_err(ours)?,
                bytes: row.bytes,
                sha256: row.sha256,
            });
        }
    }
    // Rows first: a file is there before its row is.
    let mut fsck = files.fsck(known, depth).map_err(ours)?;
    fsck.orphans.retain(|key| key.taken() + SETTLED <= now);
    Ok(fsck)
}

/// Makes rows and files agree where that is safe.
pub(crate) async fn repair(
    store: &Store,
    files: &Arc<recordings::Store>,
    fsck: &Fsck,
) -> Result<Repaired, Failure> {
    let mut done = Repaired::default();
    let missing = fsck.missing.iter().map(Key::to_string).collect();
    done.forgotten = store.delete_evidence(missing).await.map_err(ours)?;
    for key in &fsck.orphans {
        let Some(found) = files.describe(key).map_err(ours)? else { continue };
        let row = EvidenceRow {
            key: key.to_string(),
            device: key.device(),
            kind: match key.kind() {
                Kind::Good => EvidenceKind::Good,
                Kind::Fault => EvidenceKind::Fault,
                Kind::Dialogue => EvidenceKind::Dialogue,
            },
            taken_at: key.taken(),
            bytes: found.bytes,
            sha256: found.sha256,
        };
        if store.adopt_evidence(row).await.map_err(ours)? {
            done.adopted += 1;
        } else {
            done.deleted += u64::from(files.delete(key).map_err(ours)?);
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::OsRandom;
    use zhishou_domain::{DeviceId, LedgerRow};
    use zhishou_storage::{ImportMode, MasterKey};

    /// 2026-11-21T10:30:00Z.
    const NOON: Timestamp = Timestamp::from_millis(1_795_257_000_000);
    const JPEG: [u8; 8] = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3, 4];

    async fn platform(folder: &std::path::Path) -> (Store, Arc<recordings::Store>, DeviceId) {
        let key = MasterKey::from_bytes([7; 32]);
        let store =
            Store::open(&folder.join("zhishou.db"), key, chrono_tz::UTC, Arc::new(OsRandom))
                .await
                .unwrap();
        let row = LedgerRow {
            street: Some("人民路".into()),
            url: Some("rtsp://10.0.0.1/1".into()),
            ..LedgerRow::new(2, "东门", "东门")
        };
        store.import(vec![row], NOON, ImportMode::AllOrNothing).await.unwrap();
        let device = store.probe_targets(None, 1).await.unwrap()[0].device;
        let files = recordings::Store::open(folder.join("recordings"), 0).unwrap();
        (store, Arc::new(files), device)
    }

    #[tokio::test]
    async fn a_repair_loses_no_evidence_and_leaves_a_changed_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (store, files, device) = platform(folder.path()).await;
        let at = |second| NOON + Duration::from_secs(second);
        let put = |device, second| files.put(device, at(second), Kind::Fault, &JPEG).unwrap();
        let row = |kept: &recordings::Evidence| EvidenceRow {
            key: kept.key.to_string(),
            device,
            kind: EvidenceKind::Fault,
            taken_at: kept.key.taken(),
            bytes: kept.bytes,
            sha256: kept.sha256.clone(),
        };
        let (whole, gone, changed) = (put(device, 1), put(device, 2), put(device, 3));
        for kept in [&whole, &gone, &changed] {
            assert!(store.adopt_evidence(row(kept)).await.unwrap());
        }
        files.delete(&gone.key).unwrap();
        let path = folder.path().join("recordings").join(changed.key.to_string());
        std::fs::write(path, [0xFF, 0xD8, 0xFF, 0xE0, 9, 9, 9, 9]).unwrap();
        let lost = put(device, 4);
        let strange = put(DeviceId::new(NOON, &OsRandom), 5);
        let fresh = put(device, 3000);
        let now = at(3300);

        let found = check(&store, &files, Depth::Contents, now).await.unwrap();
        assert_eq!(
            (found.missing.as_slice(), found.damaged.as_slice()),
            ([gone.key].as_slice(), [changed.key].as_slice())
        );
        assert_eq!(found.orphans, [lost.key, strange.key], "a fresh file may get its row yet");
        let done = repair(&store, &files, &found).await.unwrap();
        assert_eq!(done, Repaired { forgotten: 1, adopted: 1, deleted: 1 });

        let left = check(&store, &files, Depth::Contents, now).await.unwrap();
        assert_eq!(left, Fsck { damaged: vec![changed.key], ..Fsck::default() });
        for kept in [&whole, &lost, &fresh, &changed] {
            assert!(files.read(&kept.key).unwrap().is_some());
        }
        assert!(files.read(&strange.key).unwrap().is_none());
    }
}
