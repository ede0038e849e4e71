//! Makes the loops once with the `ffmpeg` command and keeps them in a cache directory.
//!
//! A loop's file carries a digest of its recipe and source in its name, so a changed recipe makes
//! a new file and an unchanged one is never made twice. A file appears whole or not at all, and
//! a lock lets several processes share a cache. What no recipe asks for is removed.

use crate::recipe::{RECIPES, Recipe};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// How many encoders run at a time.
const ENCODERS: usize = 2;

/// A loop of footage is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The loop's name.
    pub name: &'static str,
    /// Loops ready so far, this one included.
    pub done: usize,
    /// Loops in all.
    pub total: usize,
}

/// As a line of progress: `3/18 store`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.done, self.total, self.name)
    }
}

/// Why the footage could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FootageError {
    /// The cache directory cannot be used.
    #[error("use the footage cache {}", path.display())]
    Cache {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The encoder could not be started.
    #[error("start ffmpeg (Debian package: ffmpeg)")]
    Start(#[source] io::Error),
    /// The encoder gave up.
    #[error("encode footage {name}: ffmpeg ended with {status}: {message}")]
    Encode {
        /// The loop.
        name: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// Its last words.
        message: String,
    },
}

fn cache(path: &Path) -> impl FnOnce(io::Error) -> FootageError {
    let path = path.to_owned();
    move |source| FootageError::Cache { path, source }
}

/// The file of a recipe in `directory`, whether made yet or not.
pub(crate) fn path(directory: &Path, recipe: &Recipe) -> PathBuf {
    let mut digest = Sha256::new();
    for argument in recipe.arguments() {
        digest.update(argument);
        digest.update([0]);
    }
    digest.update(recipe.clip.bytes());
    let key: String = digest.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    directory.join(format!("{}-{key}.{}", recipe.name, recipe.codec.extension()))
}

/// Makes what is missing. `progress` hears of every loop, made or found; it may be called from two
/// threads at once.
pub(crate) fn bake(
    directory: &Path,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(), FootageError> {
    fs::create_dir_all(directory).map_err(cache(directory))?;
    let lock_path = directory.join(".lock");
    let lock = File::create(&lock_path).map_err(cache(&lock_path))?;
    lock.lock().map_err(cache(&lock_path))?;
    sweep(directory)?;
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let work = || {
        while let Some(recipe) = RECIPES.get(next.fetch_add(1, Ordering::Relaxed)) {
            let path = path(directory, recipe);
            if !path.exists() {
                encode(directory, recipe, &path)?;
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress { name: recipe.name, done, total: RECIPES.len() });
        }
        Ok(())
    };
    thread::scope(|scope| {
        let encoders: Vec<_> = (0..ENCODERS).map(|_| scope.spawn(work)).collect();
        encoders.into_iter().try_for_each(|encoder| match encoder.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// Removes what an older version, or a process that was killed, left behind.
fn sweep(directory: &Path) -> Result<(), FootageError> {
    let mut keep: BTreeSet<PathBuf> =
        RECIPES.iter().map(|recipe| path(directory, recipe)).collect();
    keep.insert(directory.join(".lock"));
    for entry in fs::read_dir(directory).map_err(cache(directory))? {
        let path = entry.map_err(cache(directory))?.path();
        if !keep.contains(&path) && path.is_file() {
            fs::remove_file(&path).map_err(cache(&path))?;
        }
    }
    Ok(())
}

fn encode(directory: &Path, recipe: &Recipe, path: &Path) -> Result<(), FootageError> {
    let temporary = || tempfile::Builder::new().prefix(".part-").tempfile_in(directory);
    let clip = temporary().map_err(cache(directory))?;
    fs::write(clip.path(), recipe.clip.bytes()).map_err(cache(clip.path()))?;
    let part = temporary().map_err(cache(directory))?;
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "error", "-y", "-i"])
        .arg(clip.path())
        .args(recipe.arguments())
        .arg(part.path())
        .stdin(Stdio::null())
        .output()
        .map_err(FootageError::Start)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let message = words.lines().next_back().unwrap_or_default().to_owned();
        return Err(FootageError::Encode { name: recipe.name, status: output.status, message });
    }
    part.as_file().sync_all().map_err(cache(part.path()))?;
    part.persist(path)
        .map_err(|error| FootageError::Cache { path: path.to_owned(), source: error.error })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_has_its_own_file() {
        let directory = Path::new("cache");
        let paths: BTreeSet<_> = RECIPES.iter().map(|recipe| path(directory, recipe)).collect();
        assert_eq!(paths.len(), RECIPES.len());
    }

    #[test]
    fn sweeping_removes_what_no_recipe_asks_for_and_keeps_the_rest() {
        let directory = tempfile::tempdir().unwrap();
        let wanted = path(directory.path(), &RECIPES[0]);
        let stale = directory.path().join("store-000000000000.h264");
        fs::write(&wanted, b"loop").unwrap();
        fs::write(&stale, b"loop").unwrap();
        sweep(directory.path()).unwrap();
        assert!(wanted.exists());
        assert!(!stale.exists());
    }
}
