//! The daily inspection (巡检): each morning's record is written by the timetable as it stands then, one that was
//! missed is made up on the same day, and its files go to a folder once. What fails is tried again.
//!
//! Who has just begun has seen little: the record waits for the devices that were not looked at yet.

use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use zhishou_config::Config;
use zhishou_domain::{Clock, Lang, Timestamp, inspection::InspectedItem, with_causes};
use zhishou_report::{Format, InspectionSheet, ReportError};
use zhishou_scheduler::Timetable;
use zhishou_storage::{Morning, Store, StoreError};

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(60);
/// How long after our begin a record waits for them.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Days back whose files are still owed.
const BACK_DAYS: u64 = 7;

/// Why a morning's work failed.
#[derive(Debug, thiserror::Error)]
enum MorningError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("write to {path}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("write a record: the task was stopped")]
    Stopped,
}

/// The job and what it works on.
#[derive(Clone)]
pub(crate) struct Mornings {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
}

impl Mornings {
    /// Writes what is due until `stop` fires.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let (inspection, zone) = (&self.config.inspection, self.config.district.zone());
        let schedule = inspection.schedule.trim();
        if schedule.is_empty() {
            return;
        }
        let Ok(timetable) = Timetable::new(schedule, zone) else {
            tracing::error!("the timetable of the inspection cannot be read");
            return;
        };
        let began = self.clock.now();
        loop {
            let now = self.clock.now();
            if let Err(error) = self.turn(&timetable, (began, now)).await {
                let error = with_causes(&error);
                tracing::error!(error, "failed to write the inspection; trying again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Writes the record of today once its time has come, and what the folder lacks.
    async fn turn(
        &self,
        timetable: &Timetable,
        (began, now): (Timestamp, Timestamp),
    ) -> Result<(), MorningError> {
        let zone = self.config.district.zone();
        let today = now.local_day(zone);
        let begins = Timestamp::start_of_day(today, zone);
        let before = Timestamp::from_millis(begins.millis() - 1);
        let is_due = timetable.next_after(before).is_some_and(|at| at <= now);
        if is_due && !self.is_kept(today).await? {
            let item = |name: &String| InspectedItem {
                name: name.clone(),
                result: None,
                note: String::new(),
            };
            let items = self.config.inspection.items.iter().map(item).collect();
            let seen = self.store.inspect(now).await?;
            let is_seen = seen.groups.iter().all(|group| group.checked() >= group.due);
            let is_written = (is_seen || now >= began + PATIENCE)
                && self.store.write_morning(Morning { day: today, seen, items }).await?;
            if is_written {
                tracing::info!(%today, "the inspection was written");
            }
        }
        if self.config.inspection.folder.is_empty() {
            return Ok(());
        }
        let first = today.checked_sub_days(chrono::Days::new(BACK_DAYS)).unwrap_or(today);
        let mut failed = None;
        for morning in self.store.mornings(first, today).await? {
            // A file that fails keeps no other back.
            failed = self.deliver(morning, now).await.err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Whether a day has its record: the timetable's, or one that somebody signed before.
    async fn is_kept(&self, day: chrono::NaiveDate) -> Result<bool, MorningError> {
        Ok(!self.store.mornings(day, day).await?.is_empty()
            || self.store.inspection(day).await?.is_some())
    }

    async fn deliver(&self, morning: Morning, now: Timestamp) -> Result<(), MorningError> {
        let (inspection, day) = (&self.config.inspection, morning.day);
        let there = self.store.inspection_files(day, &inspection.folder).await?;
        let sheet = InspectionSheet {
            district: self.config.district.name.clone(),
            day,
            zone: self.config.district.zone(),
            seen: morning.seen,
            items: morning.items,
            signed: None,
            additions: Vec::new(),
        };
        let mut failed = None;
        for code in inspection.formats.iter().filter(|code| !there.contains(code)) {
            let Some(format) = Format::from_code(code) else { continue };
            let (sheet, folder) = (sheet.clone(), PathBuf::from(&inspection.folder));
            let task = tokio::task::spawn_blocking(move || write(&sheet, format, folder));
            match task.await.unwrap_or(Err(MorningError::Stopped)) {
                Ok(()) => {
                    let file = (inspection.folder.clone(), code.clone());
                    self.store.note_inspection_file(day, file, now).await?;
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

fn write(sheet: &InspectionSheet, format: Format, folder: PathBuf) -> Result<(), MorningError> {
    let Some(bytes) = zhishou_report::write_inspection(sheet, format, Lang::Zh)? else {
        return Ok(());
    };
    let name = format!("inspection-{}.{}", sheet.day, format.code());
    super::nightly::put(&folder, &name, &bytes)
        .map_err(|source| MorningError::Folder { path: folder.join(name), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::{OsRandom, SystemClock};
    use zhishou_domain::LedgerRow;
    use zhishou_storage::{ImportMode, MasterKey};

    #[tokio::test]
    async fn a_record_is_written_once_its_time_has_come_and_stays_as_it_was_seen() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("inspections");
        let mut config = Config::default();
        config.inspection.folder = folder.display().to_string();
        config.inspection.formats = vec!["csv".into(), "xlsx".into()];
        let zone = config.district.zone();
        let (path, key) = (home.path().join("zhishou.db"), MasterKey::from_bytes([7; 32]));
        let store = Store::open(&path, key, zone, Arc::new(OsRandom)).await.unwrap();
        let row = |number: u32, name: &str| LedgerRow {
            street: Some("人民路".into()),
            url: Some(format!("rtsp://10.0.0.{number}/1")),
            ..LedgerRow::new(number, name, "东门")
        };
        // 2026-03-12T00:00:00 in Shanghai.
        let midnight = Timestamp::from_millis(1_773_244_800_000);
        let hours = |hours: u64| midnight + Duration::from_secs(hours * 3600);
        store.import(vec![row(2, "一号")], midnight, ImportMode::AllOrNothing).await.unwrap();
        let clock = Arc::new(SystemClock);
        let mornings = Mornings { store: store.clone(), clock, config };
        let timetable = Timetable::new("0 0 8 * * *", zone).unwrap();
        let day = midnight.local_day(zone);
        let written = async || store.mornings(day, day).await.unwrap();

        let turn = async |at: Timestamp| mornings.turn(&timetable, (hours(8), at)).await.unwrap();

        turn(hours(7)).await;
        assert_eq!(written().await, [], "not before its time");
        // We begin at eight, and nothing was looked at yet.
        turn(hours(8)).await;
        assert_eq!(written().await, [], "nobody has looked");
        turn(hours(9)).await;
        let first = written().await;
        assert_eq!((first[0].seen.at, first[0].seen.groups[0].due), (hours(9), 1));
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|it| it.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["inspection-2026-03-12.csv", "inspection-2026-03-12.xlsx"]);

        store.import(vec![row(3, "二号")], hours(10), ImportMode::AllOrNothing).await.unwrap();
        std::fs::remove_file(folder.join("inspection-2026-03-12.csv")).unwrap();
        turn(hours(11)).await;
        assert_eq!(written().await, first, "it stays as it was seen");
        assert_eq!(names(), ["inspection-2026-03-12.xlsx"], "each file goes once");
    }
}
