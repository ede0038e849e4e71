//! Opening the store, its health, and what tells the pages that something changed.

use crate::{
    MasterKey, StoreError,
    error::KeyError,
    writer::{Pending, Writer},
};
use chrono_tz::Tz;
use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fmt,
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{Mutex, Semaphore, broadcast},
    task::JoinHandle,
};
use zhishou_domain::{DeviceId, ExclusionId, IdSource, SiteId, Timestamp};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Bytes of the database read through a memory map, shared by all connections: what a page of a
/// district needs (10 000 devices: about 20 MB a day) is then read without a system call.
const MAPPED_BYTES: &str = "1073741824";
/// Pages of 4 KiB each connection may keep itself; the engine's default of 2 MB is less than the
/// standings of a district.
const CACHE_PAGES: &str = "4096";
/// Rows that a connection reads ahead of whoever asked: with the few of the driver's own choice it stops and
/// goes at every other one.
const ROWS: usize = 1024;
/// Connections that read.
const READERS: u32 = 4;
/// Computations of figures by policy at once; what comes meanwhile waits its turn, in order. Each
/// takes two readers at most, so that pages keep the others.
const ACCOUNTINGS: usize = 1;
/// How long a statement waits for another process, such as an import on the command line.
const BUSY: Duration = Duration::from_secs(20);
/// Changes a slow listener may lag behind before it is told to reload.
const CHANGES: usize = 1024;

/// What an acknowledged write changed, for pages that stay open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A result of one device.
    Result {
        /// The device.
        device: DeviceId,
        /// Its site.
        site: SiteId,
        /// When the result was there.
        at: Timestamp,
    },
    /// The ledger.
    Ledger,
    /// Incidents.
    Incidents,
    /// 值班.
    Duty,
    /// Meetings, venues and what is held.
    Meetings,
}

/// The state of the store, for `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The database answers a query.
    pub readable: bool,
    /// A write went through to disk.
    pub writable: bool,
    /// The schema is the one of this version.
    pub migrated: bool,
    /// Bytes free for us on the file system of the database.
    pub free_bytes: u64,
    /// Bytes of that file system.
    pub total_bytes: u64,
}

/// The store: one SQLite database, one writer, a few readers.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    reader: SqlitePool,
    changes: broadcast::Sender<Change>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    path: PathBuf,
    /// Turns of [`ACCOUNTINGS`].
    pub(crate) accounting: Arc<Semaphore>,
    pub(crate) key: MasterKey,
    pub(crate) zone: Tz,
    pub(crate) ids: Arc<dyn IdSource>,
    /// An exclusion whose consent is taken for given.
    pub(crate) assumed: Option<ExclusionId>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path).field("zone", &self.zone).finish()
    }
}

impl Store {
    /// The same store, whose figures are made as if an exclusion that waits were approved and confirmed.
    #[must_use]
    pub fn assuming(&self, exclusion: ExclusionId) -> Self {
        Self { assumed: Some(exclusion), ..self.clone() }
    }

    /// Opens or makes the database file and brings its schema up to date.
    ///
    /// `zone` says where a day begins; when it changes, all days are counted anew.
    /// A key that is not the one the database was written under is refused.
    pub async fn open(
        path: &Path,
        key: MasterKey,
        zone: Tz,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self, StoreError> {
        // The engine would make the file readable for everybody under a usual umask.
        let made =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        made.map_err(|source| StoreError::Io { path: path.into(), source: source.into() })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("mmap_size", MAPPED_BYTES)
            .pragma("cache_size", CACHE_PAGES)
            .row_buffer_size(ROWS)
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| StoreError::Migrate(Arc::new(error)))?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await?;
        let (writer, task) = Writer::start(connection);
        let store = Self {
            writer,
            reader,
            changes: broadcast::channel(CHANGES).0,
            task: Arc::new(Mutex::new(Some(task))),
            path: path.into(),
            accounting: Arc::new(Semaphore::new(ACCOUNTINGS)),
            key,
            zone,
            ids,
            assumed: None,
        };
        store.check_key().await?;
        store.check_zone().await?;
        store.add_shipped_policies().await?;
        Ok(store)
    }

    /// The readers. They see what was committed and cannot write.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// Runs `job` on the writer's connection inside a transaction and returns after its commit.
    /// A job that fails leaves nothing behind.
    ///
    /// ```ignore
    /// store.write(move |connection| Box::pin(async move {
    ///     sqlx::query("DELETE FROM sessions WHERE id = ?").bind(id).execute(connection).await?;
    ///     Ok(())
    /// })).await
    /// ```
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Pending<'c, T> + Send + 'static,
    {
        self.writer.write(job).await
    }

    /// The zone in which days are counted.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// What changes from now on. A listener that lags is told so and should reload.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    pub(crate) fn announce(&self, change: Change) {
        // Nobody may be listening.
        let _listeners = self.changes.send(change);
    }

    /// Waits until what was queued is on disk, then closes every connection. Later use fails,
    /// also through clones.
    pub async fn close(self) {
        self.writer.close().await;
        self.reader.close().await;
        let task = self.task.lock().await.take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the writer of the store ended badly");
        }
    }

    /// Whether the store can do its work now.
    pub async fn health(&self) -> Result<Health, StoreError> {
        let version: Option<i64> =
            sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
                .fetch_one(&self.reader)
                .await?;
        let known = MIGRATIONS.iter().map(|migration| migration.version).max();
        let writable = self.writer.is_open()
            && self
                .set("health_check", "written")
                .await
                .inspect_err(|error| tracing::warn!(%error, "the store cannot be written"))
                .is_ok();
        let disk = rustix::fs::statvfs(&self.path).map_err(|error| StoreError::Io {
            path: self.path.clone(),
            source: Arc::new(error.into()),
        })?;
        Ok(Health {
            readable: true,
            writable,
            migrated: version == known,
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            total_bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    /// A single value kept under `key`.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let found = sqlx::query_scalar("SELECT value FROM settings WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.reader);
        Ok(found.await?)
    }

    /// Keeps a single value under `key`.
    pub async fn set(&self, key: impl Into<String>, value: &str) -> Result<(), StoreError> {
        let (key, value) = (key.into(), value.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO settings (key, value) VALUES (?, ?)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                )
                .bind(key)
                .bind(value)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The first opening seals a known word under the key; every later one must be able to open it.
    async fn check_key(&self) -> Result<(), StoreError> {
        const NAME: &str = "master_key_check";
        const WORD: &str = "zhishou";
        match self.setting(NAME).await? {
            None => {
                let sealed = self.key.seal(NAME, WORD)?;
                let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
                self.set(NAME, &hex).await
            }
            Some(hex) => {
                let sealed: Option<Vec<u8>> = (0..hex.len() / 2)
                    .map(|at| {
                        hex.get(2 * at..2 * at + 2)
                            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                    })
                    .collect();
                match sealed.map(|sealed| self.key.open(NAME, &sealed)) {
                    Some(Ok(word)) if word == WORD => Ok(()),
                    _ => Err(KeyError::Foreign.into()),
                }
            }
        }
    }

    /// Tallies are by local day; in another zone they are counted anew.
    async fn check_zone(&self) -> Result<(), StoreError> {
        const NAME: &str = "zone";
        let zone = self.zone;
        match self.setting(NAME).await? {
            Some(stored) if stored == zone.name() => return Ok(()),
            Some(stored) => {
                tracing::warn!(
                    from = stored,
                    to = zone.name(),
                    "the zone changed; counting days anew"
                );
                self.write(move |connection| {
                    Box::pin(async move {
                        sqlx::query("DELETE FROM day_accounts").execute(connection).await?;
                        Ok(())
                    })
                })
                .await?;
            }
            None => {}
        }
        self.set(NAME, zone.name()).await
    }
}
