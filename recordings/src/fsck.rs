//! Comparing the directory with the rows that the database has of it.

use crate::store::hex;
use crate::{Key, Store, StoreError};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Names and sizes.
    Sizes,
    /// Content too: reads every file and compares its hash.
    Contents,
}

/// What the database knows of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its key.
    pub key: Key,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, 64 lower-case hex digits.
    pub sha256: String,
}

/// How directory and rows differ. Nothing is changed by looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fsck {
    /// Rows without a file: the rows may go.
    pub missing: Vec<Key>,
    /// Files without a row: nobody will ever look at them.
    pub orphans: Vec<Key>,
    /// Files that are not what the row says: they prove nothing any more.
    pub damaged: Vec<Key>,
}

impl Fsck {
    /// Whether directory and rows agree.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.orphans.is_empty() && self.damaged.is_empty()
    }
}

impl Store {
    /// What the database should know of a file that it does not know; `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn describe(&self, key: &Key) -> Result<Option<Known>, StoreError> {
        Ok(self.read(key)?.map(|content| Known {
            key: *key,
            bytes: content.len() as u64,
            sha256: hex(&Sha256::digest(&content)),
        }))
    }

    /// Compares all files with all rows.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn fsck(
        &self,
        known: impl IntoIterator<Item = Known>,
        depth: Depth,
    ) -> Result<Fsck, StoreError> {
        let mut files: BTreeMap<Key, u64> = self.list()?.into_iter().collect();
        let mut fsck = Fsck::default();
        for row in known {
            match files.remove(&row.key) {
                None => fsck.missing.push(row.key),
                Some(bytes) if bytes != row.bytes => fsck.damaged.push(row.key),
                Some(_) if depth == Depth::Sizes => {}
                Some(_) => match self.read(&row.key)? {
                    None => fsck.missing.push(row.key),
                    Some(content) if hex(&Sha256::digest(&content)) != row.sha256 => {
                        fsck.damaged.push(row.key);
                    }
                    Some(_) => {}
                },
            }
        }
        fsck.orphans = files.into_keys().collect();
        Ok(fsck)
    }

    /// Deletes one file, such as an orphan; whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        let path = self.path(key);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StoreError::io("remove", &path, error)),
        }
    }
}
