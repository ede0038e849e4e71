//! What is deleted on schedule: evidence past its time or quota, raw observations, old sessions.

use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use zhishou_config::Config;
use zhishou_domain::{Clock, Timestamp};
use zhishou_recordings as recordings;
use zhishou_scheduler::Timetable;
use zhishou_storage::{Store, StoreError};

/// Hourly, off the full hour: a quota is kept by the hour, not by the day.
const TIMES: &str = "0 17 * * * *";
/// Pictures deleted at once.
const UNMASKED: u32 = 500;
/// Days that photos of repairs are kept at least: as long as a contract is disputed.
const PHOTO_DAYS: u32 = 3 * 366;
const DAY: Duration = Duration::from_secs(86_400);

/// The jobs and what they work on.
#[derive(Clone)]
pub(crate) struct Housekeeping {
    pub(crate) store: Store,
    pub(crate) files: Arc<recordings::Store>,
    pub(crate) photos: Arc<recordings::Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
}

impl Housekeeping {
    /// Cleans once at the start, so that hours missed while we were down are made up for, and then
    /// by the timetable until `stop` fires.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Ok(timetable) = Timetable::new(TIMES, self.config.district.zone()) else {
            tracing::error!("the timetable of housekeeping cannot be read");
            return;
        };
        loop {
            self.clean().await;
            let now = self.clock.now();
            let Some(next) = timetable.next_after(now) else { return };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(next.since(now)) => {}
            }
        }
    }

    async fn clean(&self) {
        let now = self.clock.now();
        if let Err(error) = self.prune(now).await {
            tracing::error!(%error, "failed to prune the database");
        }
        if let Err(error) = self.sweep(now).await {
            tracing::error!(%error, "failed to sweep the recordings");
        }
        if let Err(error) = self.sweep_photos(now).await {
            tracing::error!(%error, "failed to sweep the photos of repairs");
        }
        if let Err(error) = self.delete_unmasked(now).await {
            tracing::error!(%error, "failed to delete pictures older than their masks");
        }
        match self.files.space() {
            Ok(space) if space.is_nearly_full() => {
                tracing::error!(free_bytes = space.free_bytes, "the disk is nearly full");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "failed to measure the disk"),
        }
    }

    async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let raw = now - DAY * self.config.storage.raw_days;
        let observations = self.store.prune_observations(raw).await?;
        let hourly = now - DAY * self.config.storage.measure_days;
        let measures = self.store.prune_measures(hourly).await?;
        let scores = self.store.prune_scores(hourly).await?;
        let events = self.store.prune_street_events(hourly).await?;
        let sessions = self.store.prune_sessions(now).await?;
        let settled = now - DAY * self.config.alerts.keep_days;
        let messages = self.store.prune_messages(settled).await?;
        tracing::debug!(observations, measures, scores, events, sessions, messages, "pruned");
        Ok(())
    }

    /// Pictures from before the masks of their device were drawn: those of an import, and of a probe
    /// that was under way meanwhile.
    async fn delete_unmasked(
        &self,
        now: Timestamp,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.store.date_masks_back(now).await?;
        loop {
            let rows = self.store.unmasked_pictures(None, now, UNMASKED).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let gone: Vec<String> = rows.into_iter().map(|row| row.key).collect();
            let keys: Vec<recordings::Key> =
                gone.iter().map(|key| key.parse()).collect::<Result<_, _>>()?;
            let files = Arc::clone(&self.files);
            let delete =
                move || keys.iter().try_for_each(|key| files.delete(key).map(|_was_there| ()));
            tokio::task::spawn_blocking(delete).await??;
            tracing::info!(files = gone.len(), "pictures older than their masks were deleted");
            self.store.delete_evidence(gone).await?;
        }
    }

    /// Photos of repairs are kept as long as pictures of faults or three years, whichever is longer, however
    /// much they are: where they outgrow the quota of recordings the log says so, and people decide.
    async fn sweep_photos(
        &self,
        now: Timestamp,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let days = self.config.recordings.retention_days.max(PHOTO_DAYS);
        let keep = recordings::Keep {
            quota_bytes: u64::MAX,
            good_days: days,
            fault_days: days,
            dialogue_days: days,
        };
        let photos = Arc::clone(&self.photos);
        let swept = tokio::task::spawn_blocking(move || photos.sweep(now, &keep)).await??;
        let gone: Vec<String> = swept.deleted().map(ToString::to_string).collect();
        if !gone.is_empty() {
            tracing::info!(files = gone.len(), "photos past their time were deleted");
            self.store.forget_attached(gone).await?;
        }
        let (bytes, quota_mb) = (swept.kept_bytes, self.config.recordings.quota_mb);
        if bytes > quota_mb.saturating_mul(1_000_000) {
            tracing::warn!(
                bytes,
                quota_mb,
                "photos of repairs take more than recordings.quota_mb; none is deleted before its time"
            );
        }
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let keep = recordings::Keep {
            quota_bytes: self.config.recordings.quota_mb.saturating_mul(1_000_000),
            good_days: self.config.recordings.good_days,
            fault_days: self.config.recordings.retention_days,
            dialogue_days: self.config.recordings.dialogue_days,
        };
        let files = Arc::clone(&self.files);
        let swept = tokio::task::spawn_blocking(move || files.sweep(now, &keep)).await??;
        let gone: Vec<String> = swept.deleted().map(ToString::to_string).collect();
        if !gone.is_empty() {
            tracing::info!(files = gone.len(), "evidence past its time or quota was deleted");
            self.store.delete_evidence(gone).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::{OsRandom, SystemClock};
    use zhishou_domain::DeviceId;
    use zhishou_storage::MasterKey;

    #[tokio::test]
    async fn a_photo_of_a_repair_outlives_the_quota_and_not_its_age() {
        let home = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.recordings.quota_mb = 0;
        let key = MasterKey::from_bytes([7; 32]);
        let zone = config.district.zone();
        let path = home.path().join("zhishou.db");
        let open = |name| Arc::new(recordings::Store::open(home.path().join(name), 0).unwrap());
        let housekeeping = Housekeeping {
            store: Store::open(&path, key, zone, Arc::new(OsRandom)).await.unwrap(),
            files: open("recordings"),
            photos: open("photos"),
            clock: Arc::new(SystemClock),
            config,
        };
        let taken = Timestamp::from_millis(1_773_244_800_000);
        let name = DeviceId::new(taken, &OsRandom);
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xd9];
        let photo = housekeeping.photos.put(name, taken, recordings::Kind::Fault, &jpeg).unwrap();
        let is_there = || housekeeping.photos.read(&photo.key).unwrap().is_some();
        housekeeping.sweep_photos(taken + DAY * 1000).await.unwrap();
        assert!(is_there(), "it is more than the quota, and evidence");
        housekeeping.sweep_photos(taken + DAY * (PHOTO_DAYS + 1)).await.unwrap();
        assert!(!is_there());
    }
}
