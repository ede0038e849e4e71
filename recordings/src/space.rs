//! How full the disk is.

use crate::{Store, StoreError};

/// The free room of the store's file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes an ordinary process may still write.
    pub free_bytes: u64,
    /// Bytes of the whole file system.
    pub total_bytes: u64,
    /// Free bytes below which the disk counts as nearly full.
    pub min_free_bytes: u64,
}

impl Space {
    /// Whether the disk is to be reported as nearly full. From here on nothing more is kept.
    pub fn is_nearly_full(&self) -> bool {
        self.free_bytes < self.min_free_bytes
    }
}

impl Store {
    /// Measures the file system the store lies on (POSIX `statvfs`).
    ///
    /// # Errors
    /// [`StoreError::Io`] when the directory is gone or cannot be asked.
    pub fn space(&self) -> Result<Space, StoreError> {
        let found = rustix::fs::statvfs(&self.root)
            .map_err(|error| StoreError::io("measure", &self.root, error.into()))?;
        Ok(Space {
            free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
            min_free_bytes: self.min_free_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_decides() {
        let space = Space { free_bytes: 99, total_bytes: 1000, min_free_bytes: 100 };
        assert!(space.is_nearly_full());
        assert!(!Space { free_bytes: 100, ..space }.is_nearly_full());
    }

    #[test]
    fn a_real_disk_has_a_size() {
        let dir = tempfile::tempdir().unwrap();
        let space = Store::open(dir.path().join("r"), 0).unwrap().space().unwrap();
        assert!(space.total_bytes >= space.free_bytes && space.total_bytes > 0);
        assert!(!space.is_nearly_full());
    }
}
