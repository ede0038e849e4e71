//! The nightly report: published by the timetable, missed nights made up at the start, and each
//! edition written to a folder once.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use zhishou_config::Config;
use zhishou_domain::{Clock, Lang, Timestamp, with_causes};
use zhishou_report::{Format, Night, PressError, Published, ReportError, published};
use zhishou_scheduler::Timetable;
use zhishou_storage::{Store, StoreError};

/// Editions written to the folder at one go, and how far back.
const EDITIONS: u32 = 200;
const BACK: Duration = Duration::from_secs(31 * 86_400);

/// Why a night's work failed.
#[derive(Debug, thiserror::Error)]
enum NightlyError {
    #[error("there is no policy {0}")]
    NoPolicy(String),
    #[error("read or note what was published")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Press(#[from] PressError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("write to {path}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("write a report: the task was stopped")]
    Stopped,
}

/// The job and what it works on.
pub(crate) struct Nightly {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
}

impl Nightly {
    /// Publishes what is due at the start, so that nights missed while we were down are made up
    /// for, and then by the timetable until `stop` fires.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let schedule = self.config.report.schedule.trim();
        if schedule.is_empty() {
            return;
        }
        let Ok(timetable) = Timetable::new(schedule, self.config.district.zone()) else {
            tracing::error!("the timetable of the nightly report cannot be read");
            return;
        };
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.night(&timetable) => {}
            }
            let now = self.clock.now();
            let Some(next) = timetable.next_after(now) else { return };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(next.since(now)) => {}
            }
        }
    }

    async fn night(&self, timetable: &Timetable) {
        let now = self.clock.now();
        match self.publish(timetable, now).await {
            Ok(0) => {}
            Ok(new) => tracing::info!(new, "reports were published"),
            Err(error) => tracing::error!(
                error = with_causes(&error),
                "failed to publish the nightly report; it is tried again at the next time"
            ),
        }
        if let Err(error) = self.deliver(now).await {
            tracing::error!(
                error = with_causes(&error),
                "failed to deliver reports; they are tried again at the next time"
            );
        }
    }

    async fn publish(&self, timetable: &Timetable, now: Timestamp) -> Result<usize, NightlyError> {
        let (district, report) = (&self.config.district, &self.config.report);
        let named = self.store.policy_named(&report.policy).await?;
        let policy = named.ok_or_else(|| NightlyError::NoPolicy(report.policy.clone()))?.policy;
        let night = Night {
            district: district.name.clone(),
            zone: district.zone(),
            cut_off: report.cut_off(),
            policy,
            recheck_days: report.recheck_days,
            calendar: self.config.repair.rules(district.zone()).calendar,
        };
        // The time for a day comes with the first of the timetable after its end.
        let is_due = |end: Timestamp| {
            let before = Timestamp::from_millis(end.millis() - 1);
            timetable.next_after(before).is_some_and(|at| at <= now)
        };
        Ok(night.publish(&self.store, now, is_due).await?.len())
    }

    async fn deliver(&self, now: Timestamp) -> Result<(), NightlyError> {
        let report = &self.config.report;
        if report.folder.is_empty() {
            return Ok(());
        }
        let folder = PathBuf::from(&report.folder);
        for head in self.store.undelivered(&report.folder, now - BACK, EDITIONS).await? {
            let zone = self.config.district.zone();
            let found = published(&self.store, &head.number, Some(head.revision), zone).await?;
            let Some(found) = found else { continue };
            let formats: Vec<Format> =
                report.formats.iter().filter_map(|code| Format::from_code(code)).collect();
            let into = folder.clone();
            let written =
                tokio::task::spawn_blocking(move || write_all(&found, &formats, &into)).await;
            written.map_err(|_| NightlyError::Stopped)??;
            self.store.delivered(head.seq, report.folder.clone(), now).await?;
        }
        Ok(())
    }
}

fn write_all(found: &Published, formats: &[Format], folder: &Path) -> Result<(), NightlyError> {
    for format in formats {
        let edition = Some(&found.edition);
        let bytes = zhishou_report::write(&found.document, edition, *format, Lang::Zh)?;
        let name = zhishou_report::file_name(&found.document, edition, *format);
        put(folder, &name, &bytes)
            .map_err(|source| NightlyError::Folder { path: folder.join(name), source })?;
    }
    Ok(())
}

/// Whoever looks into the folder sees the whole file or none.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let half = folder.join(format!(".{name}.part"));
    let mut file = File::create(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(half, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("reports/2026");
        put(&below, "a.json", b"first").unwrap();
        put(&below, "a.json", b"second").unwrap();
        assert_eq!(fs::read(below.join("a.json")).unwrap(), b"second");
        assert_eq!(fs::read_dir(&below).unwrap().count(), 1);
        fs::write(folder.path().join("file"), []).unwrap();
        assert!(put(&folder.path().join("file"), "a.json", b"x").is_err());
    }
}
