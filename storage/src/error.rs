//! What can go wrong with the store.

use std::{error::Error, path::PathBuf, sync::Arc};
use zhishou_domain::{Lang, with_causes};

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

impl KeyError {
    /// In one language, with what to do.
    pub fn render(&self, lang: Lang) -> String {
        let zh = match self {
            Self::Io { path, source } => format!("无法打开密钥文件 {}：{source}", path.display()),
            Self::Permissions { path, mode } => {
                let path = path.display();
                format!("密钥文件 {path} 的权限为 {mode:03o}，他人可读写；请执行 chmod 600 {path}")
            }
            Self::Length { path, length } => {
                format!("密钥文件 {} 有 {length} 字节，应为 32 字节；请从备份恢复", path.display())
            }
            Self::Foreign => "密钥文件与此数据库不匹配；请恢复与数据库配套的密钥".to_owned(),
            Self::Sealed => "密码无法解密：已被改动，或属于另一台设备".to_owned(),
            Self::Random => "系统未能提供随机数".to_owned(),
        };
        in_words(lang, zh, self)
    }
}

impl StoreError {
    /// In one language, with its causes.
    pub fn render(&self, lang: Lang) -> String {
        let zh = match self {
            Self::Engine(cause) => format!("数据库无法使用：{cause}"),
            Self::Migrate(cause) => format!("数据库结构无法升级：{cause}"),
            Self::Corrupt { column, value } => {
                format!("数据库中 {column} 的值 {value:?} 不为本版本所识")
            }
            Self::Closed => "数据库已关闭，不能写入".to_owned(),
            Self::Key(error) => return error.render(lang),
            Self::Io { path, source } => format!("无法访问 {}：{source}", path.display()),
        };
        in_words(lang, zh, self)
    }
}

/// The Chinese words, or an error and its sources in one line.
fn in_words(lang: Lang, zh: String, error: &dyn Error) -> String {
    match lang {
        Lang::Zh => zh,
        Lang::En => with_causes(error),
    }
}
