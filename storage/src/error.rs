//! What can go wrong with the store.

use std::{path::PathBuf, sync::Arc};

/// A failure of the store. Never "not found": that is `Ok(None)`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine refused or failed.
    #[error("use the database")]
    Engine(#[source] Arc<sqlx::Error>),
    /// The schema could not be brought up to date.
    #[error("bring the database schema up to date")]
    Migrate(#[source] Arc<sqlx::migrate::MigrateError>),
    /// A stored value is not what this version writes.
    #[error("read {column}: {value:?} is not a value this version knows")]
    Corrupt {
        /// Table and column.
        column: &'static str,
        /// What stands there; never a secret.
        value: String,
    },
    /// The writer has stopped.
    #[error("write: the store is closed")]
    Closed,
    /// The master key could not be used.
    #[error("use the master key")]
    Key(#[from] KeyError),
    /// The file system could not be asked or changed.
    #[error("access {path}")]
    Io {
        /// What was accessed.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<std::io::Error>,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Engine(Arc::new(error))
    }
}

/// Trouble with the master key file. Holds nothing of the key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("open the key file {path}")]
    Io {
        /// The key file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// Others could read or change the file.
    #[error("trust the key file {path}: its permissions are {mode:03o}, make them 600 (chmod 600)")]
    Permissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no key.
    #[error("read the key file {path}: it has {length} bytes, a key has 32")]
    Length {
        /// The key file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
    },
    /// The database was written under another key.
    #[error("decrypt: the key file does not belong to this database; restore the right one")]
    Foreign,
    /// A sealed password does not open: altered, or of another device.
    #[error("decrypt the password: it was altered or belongs to another device")]
    Sealed,
    /// The system has no randomness to give.
    #[error("draw random bytes")]
    Random,
}
