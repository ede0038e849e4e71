//! The directory: writing, reading and listing evidence.

use crate::{Key, KeyError, Kind};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use zhishou_domain::{DeviceId, Timestamp};

/// What the name of a file starts with while it is written.
pub(crate) const PART_PREFIX: &str = ".part-";

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system said no.
    #[error("{action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Free room would fall below the threshold; nothing was written.
    #[error("keep evidence: {free_bytes} bytes free, {min_free_bytes} must stay free")]
    NearlyFull {
        /// Bytes still free.
        free_bytes: u64,
        /// Bytes that must stay free.
        min_free_bytes: u64,
    },
    /// Not a file of this kind, or larger than [`Kind::max_bytes`].
    #[error("keep evidence of {bytes} bytes (want {} of at most {})", .kind.code(), .kind.max_bytes())]
    NotEvidence {
        /// What it should be.
        kind: Kind,
        /// Size of what was given.
        bytes: usize,
    },
    /// Other content lies under this key; evidence is never overwritten.
    #[error("keep evidence {key}: another file has this name")]
    Exists {
        /// The key in question.
        key: Key,
    },
    /// A moment that names cannot carry.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_path_buf(), source }
    }
}

/// What was stored, as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The file's name below the directory.
    pub key: Key,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, 64 lower-case hex digits.
    pub sha256: String,
}

/// One directory of evidence.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) root: PathBuf,
    pub(crate) min_free_bytes: u64,
}

impl Store {
    /// Opens the directory, creating it (for the owner alone) where it is missing.
    /// `min_free_bytes` is the room that must stay free on its disk.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the directory cannot be made or read.
    pub fn open(root: impl Into<PathBuf>, min_free_bytes: u64) -> Result<Self, StoreError> {
        let root = root.into();
        make_dir(&root)?;
        fs::read_dir(&root).map_err(|error| StoreError::io("read", &root, error))?;
        Ok(Self { root, min_free_bytes })
    }

    /// Keeps one file. When this returns, the file is complete and on disk. The same bytes under the
    /// same key again are the same evidence, not an error.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is left behind then.
    pub fn put(
        &self,
        device: DeviceId,
        taken: Timestamp,
        kind: Kind,
        content: &[u8],
    ) -> Result<Evidence, StoreError> {
        if !kind.takes(content) {
            return Err(StoreError::NotEvidence { kind, bytes: content.len() });
        }
        let key = Key::new(device, taken, kind)?;
        let bytes = content.len() as u64;
        let evidence = Evidence { key, bytes, sha256: hex(&Sha256::digest(content)) };
        if let Some(found) = self.read(&key)? {
            return if found == content { Ok(evidence) } else { Err(StoreError::Exists { key }) };
        }
        let space = self.space()?;
        if space.free_bytes < space.min_free_bytes.saturating_add(bytes) {
            return Err(StoreError::NearlyFull {
                free_bytes: space.free_bytes,
                min_free_bytes: space.min_free_bytes,
            });
        }
        self.write(&key, content)?;
        Ok(evidence)
    }

    /// Temporary file, fsync, rename, fsync of the directory.
    fn write(&self, key: &Key, content: &[u8]) -> Result<(), StoreError> {
        let day = self.root.join(key.day());
        if make_dir(&day)? {
            sync_dir(&self.root)?;
        }
        let part = day.join(format!("{PART_PREFIX}{}", key.file_name()));
        let path = day.join(key.file_name());
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .map_err(|error| StoreError::io("create", &part, error))?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .map_err(|error| StoreError::io("write", &part, error))
            .and_then(|()| {
                fs::rename(&part, &path).map_err(|error| StoreError::io("rename", &part, error))
            });
        if let Err(error) = written {
            // Best effort: what cannot be removed now is swept later.
            fs::remove_file(&part).ok();
            return Err(error);
        }
        sync_dir(&day)
    }

    /// Opens one file for reading; `None` when there is none. Links are not followed.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn open_file(&self, key: &Key) -> Result<Option<File>, StoreError> {
        let path = self.path(key);
        // The bits of O_NOFOLLOW fit the open(2) flags they come from.
        let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        match OpenOptions::new().read(true).custom_flags(nofollow).open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("open", &path, error)),
        }
    }

    /// Reads one file whole (at most [`Kind::max_bytes`]); `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn read(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(file) = self.open_file(key)? else {
            return Ok(None);
        };
        let mut content = Vec::new();
        file.take(key.kind().max_bytes() as u64)
            .read_to_end(&mut content)
            .map_err(|error| StoreError::io("read", &self.path(key), error))?;
        Ok(Some(content))
    }

    /// Every complete file with its size, the oldest first. Whatever else lies in the directory is
    /// passed over.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn list(&self) -> Result<Vec<(Key, u64)>, StoreError> {
        let mut found = Vec::new();
        self.visit(|day, name, metadata| {
            if let Ok(key) = format!("{day}/{name}").parse() {
                found.push((key, metadata.len()));
            }
            Ok(())
        })?;
        found.sort_unstable();
        Ok(found)
    }

    /// Calls `act` with day, name and metadata of every regular file one level down.
    pub(crate) fn visit(
        &self,
        mut act: impl FnMut(&str, &str, &fs::Metadata) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for day in self.days()? {
            let path = self.root.join(&day);
            let entries =
                fs::read_dir(&path).map_err(|error| StoreError::io("read", &path, error))?;
            for entry in entries {
                let entry = entry.map_err(|error| StoreError::io("read", &path, error))?;
                let metadata = match entry.metadata() {
                    Ok(metadata) => metadata,
                    // Gone between listing and asking: another sweep took it.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(StoreError::io("stat", &entry.path(), error)),
                };
                if let (true, Some(name)) = (metadata.is_file(), entry.file_name().to_str()) {
                    act(&day, name, &metadata)?;
                }
            }
        }
        Ok(())
    }

    /// The names of all directories (not links) below the root.
    pub(crate) fn days(&self) -> Result<Vec<String>, StoreError> {
        let failed = |error| StoreError::io("read", &self.root, error);
        let mut days = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                days.extend(entry.file_name().to_str().map(str::to_owned));
            }
        }
        Ok(days)
    }

    /// Where a key lies. The only place that makes a path for a file of evidence.
    pub(crate) fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.day()).join(key.file_name())
    }
}

/// Makes a directory for the owner alone; whether it is new.
fn make_dir(path: &Path) -> Result<bool, StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(false);
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| StoreError::io("create", path, error))?;
    Ok(true)
}

/// Makes the entries of a directory durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| StoreError::io("sync", path, error))
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
