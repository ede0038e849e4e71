//! The nightly report: published by the timetable, missed nights made up at the start; and each file of
//! each edition, also of those published by hand, written to a folder once. What fails is tried again after
//! minutes and keeps nothing else back.

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
use zhishou_storage::{Delivery, PublicationHead, Store, StoreError};

/// Editions written to the folder at one go, and how far back.
const EDITIONS: u32 = 200;
const BACK: Duration = Duration::from_secs(31 * 86_400);
/// How often the folder is looked after.
const DELIVER: Duration = Duration::from_secs(60);
/// After this what failed is tried again.
const AGAIN: Duration = Duration::from_secs(600);

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
#[derive(Clone)]
pub(crate) struct Nightly {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
}

impl Nightly {
    /// Publishes what is due at the start, so that nights missed while we were down are made up for, and then
    /// by the timetable, and looks after the folder, until `stop` fires.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let report = &self.config.report;
        let schedule = report.schedule.trim();
        let timetable = match schedule.is_empty() {
            true => None,
            false => Timetable::new(schedule, self.config.district.zone()).ok(),
        };
        if timetable.is_none() && !schedule.is_empty() {
            tracing::error!("the timetable of the nightly report cannot be read");
        }
        if timetable.is_none() && report.folder.is_empty() {
            return;
        }
        let mut turn = Turn { publish: self.clock.now(), deliver: self.clock.now() };
        loop {
            let now = self.clock.now();
            let wait = tokio::select! {
                () = stop.cancelled() => return,
                next = self.turn(timetable.as_ref(), turn, now) => {
                    turn = next;
                    // A clock that was set back is looked at again soon.
                    turn.deliver.since(self.clock.now()).min(DELIVER)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Does what is due and says when each is due again.
    async fn turn(&self, timetable: Option<&Timetable>, mut turn: Turn, now: Timestamp) -> Turn {
        if let Some(timetable) = timetable
            && now >= turn.publish
        {
            let next = timetable.next_after(now).unwrap_or(now + AGAIN);
            turn.publish = match self.publish(timetable, now).await {
                Ok(new) => {
                    if new > 0 {
                        tracing::info!(new, "reports were published");
                    }
                    next
                }
                Err(error) => {
                    let error = with_causes(&error);
                    tracing::error!(error, "failed to publish the nightly report; trying again");
                    next.min(now + AGAIN)
                }
            };
        }
        // A clock that was set back keeps nothing waiting.
        if now >= turn.deliver || turn.deliver > now + AGAIN {
            turn.deliver = self.delivered(now).await;
        }
        turn
    }

    /// Looks after the folder, and says when to do so again.
    async fn delivered(&self, now: Timestamp) -> Timestamp {
        match self.deliver(now).await {
            Ok(0) => now + DELIVER,
            Ok(failed) => {
                tracing::error!(failed, "files of reports are not in the folder; trying again");
                now + AGAIN
            }
            Err(error) => {
                let error = with_causes(&error);
                tracing::error!(error, "failed to deliver reports to the folder; trying again");
                now + AGAIN
            }
        }
    }

    async fn publish(&self, timetable: &Timetable, now: Timestamp) -> Result<usize, NightlyError> {
        let report = &self.config.report;
        let mut made = Ok(0);
        for policy in [&report.policy].into_iter().chain(&report.more_policies) {
            // A policy that fails keeps no other back.
            made = match (made, self.publish_under(policy, timetable, now).await) {
                (Ok(before), Ok(new)) => Ok(before + new),
                (Err(first), _) => Err(first),
                (Ok(_), Err(error)) => Err(error),
            };
        }
        made
    }

    async fn publish_under(
        &self,
        policy: &str,
        timetable: &Timetable,
        now: Timestamp,
    ) -> Result<usize, NightlyError> {
        let (district, report) = (&self.config.district, &self.config.report);
        let named = self.store.policy_named(policy).await?;
        let policy = named.ok_or_else(|| NightlyError::NoPolicy(policy.to_owned()))?.policy;
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

    /// Writes what the folder lacks, file by file, and says how many failed.
    async fn deliver(&self, now: Timestamp) -> Result<usize, NightlyError> {
        let report = &self.config.report;
        if report.folder.is_empty() {
            return Ok(0);
        }
        let mut failed = 0;
        for head in self.store.undelivered(&report.folder, now - BACK, EDITIONS).await? {
            let missing = self.write_missing(&head, now).await?;
            if missing == 0 {
                self.store.delivered(head.seq, report.folder.clone(), now).await?;
            }
            failed += missing;
        }
        Ok(failed)
    }

    /// Writes the files of an edition that the folder lacks, and notes how each went; says how many failed.
    async fn write_missing(
        &self,
        head: &PublicationHead,
        now: Timestamp,
    ) -> Result<usize, NightlyError> {
        let report = &self.config.report;
        let there = self.store.delivered_formats(head.seq, &report.folder).await?;
        let zone = self.config.district.zone();
        let found = published(&self.store, &head.number, Some(head.revision), zone).await;
        let mut failed = 0;
        for code in report.formats.iter().filter(|code| !there.contains(*code)) {
            let written = match (&found, Format::from_code(code)) {
                (Ok(Some(found)), Some(format)) => {
                    let (found, folder) = (found.clone(), PathBuf::from(&report.folder));
                    let task = tokio::task::spawn_blocking(move || write(&found, format, &folder));
                    task.await.unwrap_or(Err(NightlyError::Stopped)).map_err(|it| with_causes(&it))
                }
                (Err(error), _) => Err(with_causes(error)),
                _ => continue,
            };
            failed += usize::from(written.is_err());
            let tried = Delivery {
                seq: head.seq,
                folder: report.folder.clone(),
                format: code.clone(),
                problem: written.err(),
            };
            self.store.note_delivery(tried, now).await?;
        }
        Ok(failed)
    }
}

/// When each is due again.
#[derive(Clone, Copy)]
struct Turn {
    publish: Timestamp,
    deliver: Timestamp,
}

fn write(found: &Published, format: Format, folder: &Path) -> Result<(), NightlyError> {
    let edition = Some(&found.edition);
    let bytes = zhishou_report::write(&found.document, edition, format, Lang::Zh)?;
    let name = zhishou_report::file_name(&found.document, edition, format);
    put(folder, &name, &bytes)
        .map_err(|source| NightlyError::Folder { path: folder.join(name), source })
}

/// Whoever looks into the folder sees the whole file or none.
pub(super) fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
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
    use crate::ambient::OsRandom;
    use zhishou_domain::{DeviceKind, LedgerRow, policy::shipped};
    use zhishou_report::{Order, Period, PeriodKind, Publisher, publish};
    use zhishou_storage::{ImportMode, MasterKey};

    /// 2026-03-12T00:00:00 in Shanghai.
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_773_244_800_000)
        }
    }

    /// A platform with a report of a day that somebody published by hand, and a folder for two formats.
    async fn with_report(home: &Path) -> Nightly {
        let mut config = Config::default();
        config.report.folder = home.join("reports").display().to_string();
        config.report.formats = vec!["csv".into(), "json".into()];
        let (zone, now) = (config.district.zone(), Stopped.now());
        let (path, key) = (home.join("zhishou.db"), MasterKey::from_bytes([7; 32]));
        let store = Store::open(&path, key, zone, Arc::new(OsRandom)).await.unwrap();
        let row = LedgerRow {
            street: Some("人民路".into()),
            url: Some("rtsp://10.0.0.2/1".into()),
            ..LedgerRow::new(2, "一号", "东门")
        };
        let switch = LedgerRow {
            street: Some("人民路".into()),
            kind: Some(DeviceKind::Equipment),
            url: Some("icmp://10.0.0.3".into()),
            ..LedgerRow::new(3, "交换机", "东门")
        };
        let before = now - Duration::from_secs(2 * 86_400);
        let imported =
            store.import(vec![row, switch], before, ImportMode::AllOrNothing).await.unwrap();
        assert_eq!(imported.errors, []);
        let order = Order {
            district: "区".into(),
            zone,
            period: Period::around(
                PeriodKind::Day,
                "2026-03-11".parse().unwrap(),
                config.report.cut_off(),
            ),
            policy: shipped().remove(0),
            calendar: config.repair.rules(zone).calendar,
        };
        let by = Publisher { login: "ops".into(), address: String::new() };
        publish(&store, &order, &by, now, |_, _| {}).await.unwrap();
        Nightly { store, clock: Arc::new(Stopped), config }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|it| it.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_file_that_fails_keeps_no_other_back_and_is_written_once_it_can_be() {
        let home = tempfile::tempdir().unwrap();
        let nightly = with_report(home.path()).await;
        let (folder, now) = (home.path().join("reports"), Stopped.now());
        let head = nightly.store.undelivered("", now - BACK, 9).await.unwrap().remove(0);
        let zone = nightly.config.district.zone();
        let found = published(&nightly.store, &head.number, None, zone).await.unwrap().unwrap();
        let of = |format| zhishou_report::file_name(&found.document, Some(&found.edition), format);
        // Something else lies where the CSV is to be.
        let blocked = folder.join(of(Format::Csv));
        fs::create_dir_all(blocked.join("x")).unwrap();
        assert_eq!(nightly.deliver(now).await.unwrap(), 1);
        assert!(folder.join(of(Format::Json)).is_file(), "{:?}", names(&folder));
        let problems = nightly.store.delivery_problems(&[head.seq]).await.unwrap();
        assert_eq!(problems[&head.seq].iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["csv"]);

        fs::remove_dir_all(&blocked).unwrap();
        let json = folder.join(of(Format::Json));
        fs::remove_file(&json).unwrap();
        assert_eq!(nightly.deliver(now).await.unwrap(), 0);
        assert!(blocked.is_file() && !json.exists(), "what was written is not written again");
        assert!(nightly.store.delivery_problems(&[head.seq]).await.unwrap().is_empty());
        let left = nightly.store.undelivered(&folder.display().to_string(), now - BACK, 9).await;
        assert!(left.unwrap().is_empty());
    }

    #[tokio::test]
    async fn without_a_timetable_the_folder_is_looked_after_all_the_same() {
        let home = tempfile::tempdir().unwrap();
        let nightly = with_report(home.path()).await;
        let now = Stopped.now();
        let turn = nightly.turn(None, Turn { publish: now, deliver: now }, now).await;
        assert_eq!(turn.deliver, now + DELIVER);
        assert_eq!(names(&home.path().join("reports")).len(), 2);
    }

    #[tokio::test]
    async fn what_failed_is_tried_again_after_minutes() {
        let home = tempfile::tempdir().unwrap();
        let mut nightly = with_report(home.path()).await;
        nightly.config.report.policy = "没有这个口径".into();
        fs::write(home.path().join("reports"), []).unwrap();
        let (now, zone) = (Stopped.now(), nightly.config.district.zone());
        let timetable = Timetable::new("0 30 0 * * *", zone).unwrap();
        let turn = nightly.turn(Some(&timetable), Turn { publish: now, deliver: now }, now).await;
        assert_eq!((turn.publish, turn.deliver), (now + AGAIN, now + AGAIN));
        let later = nightly.turn(Some(&timetable), turn, now + DELIVER).await;
        assert_eq!((later.publish, later.deliver), (turn.publish, turn.deliver), "not before");
    }

    #[tokio::test]
    async fn a_period_is_published_under_each_policy_and_one_that_is_missing_keeps_no_other_back() {
        let home = tempfile::tempdir().unwrap();
        let mut nightly = with_report(home.path()).await;
        nightly.config.report.more_policies = vec!["no-such".into(), "equipment".into()];
        let (now, zone) =
            (Stopped.now() + Duration::from_secs(3600), nightly.config.district.zone());
        let timetable = Timetable::new("0 30 0 * * *", zone).unwrap();
        nightly.publish(&timetable, now).await.unwrap_err();
        let heads = nightly.store.undelivered("", now - BACK, 99).await.unwrap();
        let of = |policy: &str| heads.iter().filter(|it| it.number.ends_with(policy)).count();
        assert!(of("equipment") > 0, "{heads:?}");
        nightly.config.report.more_policies.remove(0);
        nightly.publish(&timetable, now).await.unwrap();
    }

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
