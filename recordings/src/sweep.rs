//! Deleting on schedule: retention by days, quota in bytes, leftovers of crashes.

use crate::store::{PART_PREFIX, sync_dir};
use crate::{Key, Kind, Store, StoreError};
use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};
use zhishou_domain::Timestamp;

/// How long an unfinished file may lie before it counts as left behind by a crash. A write takes
/// milliseconds.
const STALE: Duration = Duration::from_secs(10 * 60);
const DAY: Duration = Duration::from_secs(86_400);

/// What may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Bytes of evidence altogether; the oldest go first.
    pub quota_bytes: u64,
    /// Days a picture without a fault is kept, counted from when it was taken.
    pub good_days: u32,
    /// Days the picture of a fault is kept.
    pub fault_days: u32,
    /// Days a dialogue is kept.
    pub dialogue_days: u32,
}

impl Keep {
    /// Days a file of this kind is kept.
    fn days(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Good => self.good_days,
            Kind::Fault | Kind::Document => self.fault_days,
            Kind::Dialogue => self.dialogue_days,
        }
    }
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// The files deleted because they were too old, the oldest first.
    pub expired: Vec<Key>,
    /// The files deleted because all together were too much, the oldest first.
    pub over_quota: Vec<Key>,
    /// How many unfinished files of crashed writes were deleted.
    pub leftovers: usize,
    /// Files that stay.
    pub kept_files: usize,
    /// Their size.
    pub kept_bytes: u64,
}

impl Swept {
    /// Every key deleted: the rows of these must follow.
    pub fn deleted(&self) -> impl Iterator<Item = &Key> {
        self.expired.iter().chain(&self.over_quota)
    }
}

impl Store {
    /// Deletes what [`Keep`] does not allow at `now`, and the leftovers of crashes.
    ///
    /// Files go before their rows: a crash between the two leaves rows without a file, which
    /// [`Store::fsck`] finds, and never a picture past its time that nobody knows of.
    ///
    /// # Errors
    /// [`StoreError::Io`]; what was deleted until then is found by [`Store::fsck`].
    pub fn sweep(&self, now: Timestamp, keep: &Keep) -> Result<Swept, StoreError> {
        let mut swept = Swept { leftovers: self.sweep_leftovers(now)?, ..Swept::default() };
        let files = self.list()?;
        let mut bytes: u64 = files.iter().map(|(_, bytes)| bytes).sum();
        for (key, size) in files {
            let to = if key.taken() < now - DAY * keep.days(key.kind()) {
                &mut swept.expired
            } else if bytes > keep.quota_bytes {
                &mut swept.over_quota
            } else {
                swept.kept_files += 1;
                swept.kept_bytes += size;
                continue;
            };
            remove(&self.path(&key))?;
            to.push(key);
            bytes -= size;
        }
        self.remove_empty_days()?;
        Ok(swept)
    }

    fn sweep_leftovers(&self, now: Timestamp) -> Result<usize, StoreError> {
        let now = Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
        let mut count = 0;
        self.visit(|day, name, metadata| {
            let path = self.root.join(day).join(name);
            let modified =
                metadata.modified().map_err(|error| StoreError::io("stat", &path, error))?;
            let modified = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            if name.starts_with(PART_PREFIX) && now.saturating_sub(modified) >= STALE {
                remove(&path)?;
                count += 1;
            }
            Ok(())
        })?;
        Ok(count)
    }

    /// Removes the directories of days without files, and makes all deletions durable.
    fn remove_empty_days(&self) -> Result<(), StoreError> {
        for day in self.days()? {
            let path = self.root.join(day);
            match fs::remove_dir(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => sync_dir(&path)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io("remove", &path, error)),
            }
        }
        sync_dir(&self.root)
    }
}

/// Removes a file; one that is gone already is as good.
fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path, error))
        }
        _ => Ok(()),
    }
}
