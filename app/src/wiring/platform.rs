//! The data directory opened: configuration, key, database, evidence.

use crate::{
    ambient::OsRandom,
    cli::PlatformArgs,
    command::{Failure, read_config},
};
use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use zhishou_config::Config;
use zhishou_domain::Lang;
use zhishou_recordings as recordings;
use zhishou_storage::{MasterKey, Store};

/// An open data directory.
///
/// ```text
/// DIR/zhishou.db        the database (with -wal and -shm beside it)
/// DIR/keys/master.key   what device passwords are sealed under; back it up apart from the database
/// DIR/recordings/       evidence
/// DIR/photos/           photos of repairs
/// ```
pub(crate) struct Platform {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) files: Arc<recordings::Store>,
    pub(crate) photos: Arc<recordings::Store>,
    pub(crate) data: PathBuf,
}

impl Platform {
    /// Opens the directory, making what is missing.
    pub(crate) async fn open(args: &PlatformArgs, lang: Lang) -> Result<Self, Failure> {
        Self::open_with(read_config(args.config.as_deref(), lang)?, &args.data, lang).await
    }

    /// Opens a directory that is there already; a mistyped one is not made.
    pub(crate) async fn open_existing(args: &PlatformArgs, lang: Lang) -> Result<Self, Failure> {
        if !args.data.join("zhishou.db").exists() {
            let missing = lang.pick(
                "这里没有平台数据；先运行 zhishou serve 或 zhishou import，或用 --data 指明目录",
                "no platform here; run zhishou serve or zhishou import first, or name it with --data",
            );
            return Err(Failure::Usage(format!("{}: {missing}", args.data.display())));
        }
        Self::open(args, lang).await
    }

    pub(crate) async fn open_with(
        config: Config,
        data: &Path,
        lang: Lang,
    ) -> Result<Self, Failure> {
        let private = |path: &Path| {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(|error| Failure::system(&path.display(), &error, lang))
        };
        private(data)?;
        private(&data.join("keys"))?;
        let key = MasterKey::load_or_create(&data.join("keys/master.key"))
            .map_err(|error| Failure::Ours(error.render(lang)))?;
        let zone = config.district.zone();
        let store = Store::open(&data.join("zhishou.db"), key, zone, Arc::new(OsRandom))
            .await
            .map_err(|error| Failure::Ours(error.render(lang)))?;
        let min_free = config.recordings.min_free_mb.saturating_mul(1_000_000);
        let files = recordings::Store::open(data.join("recordings"), min_free)
            .map_err(|error| Failure::ours(&error))?;
        let photos = recordings::Store::open(data.join("photos"), min_free)
            .map_err(|error| Failure::ours(&error))?;
        let (files, photos) = (Arc::new(files), Arc::new(photos));
        Ok(Self { config, store, files, photos, data: data.to_owned() })
    }
}
