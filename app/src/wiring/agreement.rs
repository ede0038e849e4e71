//! Whether the evidence files and their rows agree, and making them agree where that is safe.
//!
//! Safe is: a row without a file goes, for it proves nothing; a file without a row is put on record
//! again, so that its retention holds, or goes where its device is not known or its picture lacks
//! the device's masks. Where much would go, nothing does: an empty database or a folder that is not
//! mounted would cost all evidence. A file that is not what its row says is left alone: somebody should look.

use crate::command::Failure;
use std::{sync::Arc, time::Duration};
use zhishou_domain::Timestamp;
use zhishou_recordings::{self as recordings, Depth, Fsck, Key, Kind, Known};
use zhishou_storage::{EvidenceKind, EvidenceRow, Store};

/// A file gets its row within the probe it is of; an older one without a row has lost it.
const SETTLED: Duration = Duration::from_secs(600);
/// Rows read at once.
const PAGE: u32 = 1000;

/// Part of all files, or of all rows, that may go without being asked for twice.
const SHARE: f64 = 0.2;
/// So many may go whatever part of all they are.
const FEW: u64 = 50;

/// How much may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// [`FEW`], or [`SHARE`] of all.
    Few,
    /// Whatever has to: somebody has made sure.
    Forced,
}

impl Bound {
    fn permits(self, number: u64, of: u64) -> bool {
        self == Self::Forced || number <= FEW || number as f64 <= SHARE * of as f64
    }
}

/// What was not deleted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Files, where the database has no row of any: not even where that is forced.
    EmptyDatabase {
        /// How many.
        files: u64,
    },
    /// Files of no known device.
    ManyFiles {
        /// How many.
        files: u64,
        /// Of how many.
        of: u64,
    },
    /// Rows without a file.
    ManyRows {
        /// How many.
        rows: u64,
        /// Of how many.
        of: u64,
    },
}

/// What came of a repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repaired {
    /// Rows without a file that went.
    pub(crate) forgotten: u64,
    /// Files that are on record again.
    pub(crate) adopted: u64,
    /// Files that went.
    pub(crate) deleted: u64,
    /// What was to go and did not.
    pub(crate) refused: Option<Refused>,
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
    bound: Bound,
) -> Result<Repaired, Failure> {
    let mut done = Repaired::default();
    let rows = store.evidence_total().await.map_err(ours)?.files;
    let all = files.list().map_err(ours)?.len() as u64;
    let without_file = fsck.missing.len() as u64;
    if !bound.permits(without_file, rows) {
        done.refused = Some(Refused::ManyRows { rows: without_file, of: rows });
        return Ok(done);
    }
    let missing = fsck.missing.iter().map(Key::to_string).collect();
    done.forgotten = store.delete_evidence(missing).await.map_err(ours)?;
    let mut strange = Vec::new();
    for key in &fsck.orphans {
        let Some(found) = files.describe(key).map_err(ours)? else { continue };
        let kind = match key.kind() {
            Kind::Good => EvidenceKind::Good,
            Kind::Fault => EvidenceKind::Fault,
            Kind::Dialogue => EvidenceKind::Dialogue,
            // No probe leaves one here.
            Kind::Document => {
                strange.push(key);
                continue;
            }
        };
        let row = EvidenceRow {
            key: key.to_string(),
            device: key.device(),
            kind,
            taken_at: key.taken(),
            bytes: found.bytes,
            sha256: found.sha256,
        };
        if store.adopt_evidence(row).await.map_err(ours)? {
            done.adopted += 1;
        } else {
            strange.push(key);
        }
    }
    let number = strange.len() as u64;
    done.refused = match rows {
        _ if number == 0 => None,
        0 => Some(Refused::EmptyDatabase { files: all }),
        _ if bound.permits(number, all) => None,
        _ => Some(Refused::ManyFiles { files: number, of: all }),
    };
    if done.refused.is_none() {
        for key in strange {
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
        let done = repair(&store, &files, &found, Bound::Few).await.unwrap();
        let refused = None;
        assert_eq!(done, Repaired { forgotten: 1, adopted: 1, deleted: 1, refused });

        let left = check(&store, &files, Depth::Contents, now).await.unwrap();
        assert_eq!(left, Fsck { damaged: vec![changed.key], ..Fsck::default() });
        for kept in [&whole, &lost, &fresh, &changed] {
            assert!(files.read(&kept.key).unwrap().is_some());
        }
        assert!(files.read(&strange.key).unwrap().is_none());
    }

    #[tokio::test]
    async fn an_empty_database_costs_no_file_whatever_is_forced() {
        let folder = tempfile::tempdir().unwrap();
        let (store, files, _) = platform(folder.path()).await;
        let stranger = DeviceId::new(NOON, &OsRandom);
        let kept = files.put(stranger, NOON, Kind::Fault, &JPEG).unwrap();
        let now = NOON + Duration::from_secs(3600);
        let found = check(&store, &files, Depth::Sizes, now).await.unwrap();
        for bound in [Bound::Few, Bound::Forced] {
            let done = repair(&store, &files, &found, bound).await.unwrap();
            assert_eq!(done.refused, Some(Refused::EmptyDatabase { files: 1 }));
        }
        assert!(files.read(&kept.key).unwrap().is_some());
    }

    #[tokio::test]
    async fn much_goes_only_where_somebody_has_made_sure() {
        let folder = tempfile::tempdir().unwrap();
        let (store, files, device) = platform(folder.path()).await;
        let at = |second| NOON + Duration::from_secs(second);
        let now = at(7200);
        let stranger = DeviceId::new(NOON, &OsRandom);
        let own = files.put(device, at(1), Kind::Fault, &JPEG).unwrap();
        for second in 10..10 + FEW + 1 {
            files.put(stranger, at(second), Kind::Fault, &JPEG).unwrap();
        }
        // One row, so that the database is not an empty one.
        let found = check(&store, &files, Depth::Sizes, now).await.unwrap();
        repair(&store, &files, &found, Bound::Few).await.unwrap();
        let found = check(&store, &files, Depth::Sizes, now).await.unwrap();
        assert_eq!(found.orphans.len() as u64, FEW + 1, "its own file is on record again");

        let refused = repair(&store, &files, &found, Bound::Few).await.unwrap();
        let (number, of) = (FEW + 1, FEW + 2);
        assert_eq!(refused.refused, Some(Refused::ManyFiles { files: number, of }));
        assert_eq!((refused.deleted, files.list().unwrap().len() as u64), (0, of));
        let done = repair(&store, &files, &found, Bound::Forced).await.unwrap();
        assert_eq!((done.deleted, done.refused), (number, None));
        assert!(files.read(&own.key).unwrap().is_some());

        // The other way round: a folder that is not mounted costs no row.
        for second in 100..100 + FEW + 1 {
            files.put(device, at(second), Kind::Fault, &JPEG).unwrap();
        }
        let found = check(&store, &files, Depth::Sizes, now).await.unwrap();
        repair(&store, &files, &found, Bound::Few).await.unwrap();
        for (key, _) in files.list().unwrap() {
            files.delete(&key).unwrap();
        }
        let found = check(&store, &files, Depth::Sizes, now).await.unwrap();
        let refused = repair(&store, &files, &found, Bound::Few).await.unwrap();
        let (rows, of) = (FEW + 2, FEW + 2);
        assert_eq!(refused.refused, Some(Refused::ManyRows { rows, of }));
        assert_eq!(store.evidence_total().await.unwrap().files, rows);
        let done = repair(&store, &files, &found, Bound::Forced).await.unwrap();
        assert_eq!(done.forgotten, rows);
    }
}
