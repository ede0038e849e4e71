//! Who carries messages from the outbox to their channels, and has the alert rules say what there is to say.
//!
//! Each channel has at most one message on its way, and none waits for another. A try is on disk before it is
//! made; what was not settled when we ended is tried again, under the same key.

use crate::ambient::OsRandom;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use zhishou_config::{self as config, Config};
use zhishou_domain::{
    ChannelId, Clock, IdSource, Lang, Timestamp,
    alert::{AlertRules, Attachment, Note, Say, SendProblem, Severity, backoff, cut_characters},
    with_causes,
};
use zhishou_notify::{File, Letter, Notifier, SendError, Trust};
use zhishou_report::{Format, published};
use zhishou_scheduler::AlertWords;
use zhishou_storage::{AuditLine, IncidentRow, Store, StoreError, Taken, Try};
use zhishou_web as web;

/// How often the outbox is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How long messages under way may take when we end.
const FAREWELL: Duration = Duration::from_secs(10);
/// Messages of one channel carried before it is looked at anew.
const RUN: usize = 20;

/// The postman and what it works with.
#[derive(Clone)]
pub(crate) struct Postman {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Arc<Config>,
    notifier: Arc<Notifier>,
}

/// The roots of the system and of `alerts.ca_file`.
pub(crate) async fn believed(alerts: &config::Alerts) -> Trust {
    let own = (!alerts.ca_file.is_empty()).then(|| PathBuf::from(&alerts.ca_file));
    let read = tokio::task::spawn_blocking(move || {
        Trust::new(own.as_deref()).or_else(|error| {
            tracing::error!(error = with_causes(&error), "alerts.ca_file is left out");
            Trust::new(None)
        })
    });
    read.await.ok().and_then(Result::ok).unwrap_or_else(Trust::nobody)
}

impl Postman {
    /// Reads the roots of TLS, and what the configuration says of rules. Where a file cannot be read that
    /// is said and the rest goes on: alerts matter more than their links.
    pub(crate) async fn new(store: Store, clock: Arc<dyn Clock>, config: Arc<Config>) -> Self {
        let trust = believed(&config.alerts).await;
        let postman = Self { notifier: Arc::new(Notifier::new(trust)), store, clock, config };
        if let Err(error) = postman.read_rules().await {
            tracing::error!(error = with_causes(&error), "failed to keep the rules of the file");
        }
        postman
    }

    /// Makes the rules of the file the newest version where they are not.
    async fn read_rules(&self) -> Result<(), StoreError> {
        let path = Path::new(&self.config.alerts.rules_file);
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        let path_shown = path.display();
        let rules = match tokio::fs::read_to_string(path).await {
            Ok(text) => AlertRules::parse(&text).map_err(|problem| problem.words(Lang::En)),
            Err(error) => Err(error.to_string()),
        };
        let rules = match rules {
            Ok(rules) => rules,
            Err(error) => {
                tracing::error!(%path_shown, error, "the alert rules of the file are left out");
                return Ok(());
            }
        };
        let stored = self.store.alert_rules().await?;
        if stored.rules == rules {
            return Ok(());
        }
        let line = AuditLine {
            at: self.clock.now(),
            login: String::new(),
            action: "save_alert_rules",
            subject: (stored.version + 1).to_string(),
            address: String::new(),
        };
        self.store.add_alert_rules(rules, stored.version, line).await.map(|_kept| ())
    }

    /// Carries until `stop` fires.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut under_way = JoinSet::new();
        let mut busy = BTreeSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(done) = under_way.join_next(), if !under_way.is_empty() => {
                    match done {
                        Ok(channel) => {
                            busy.remove(&channel);
                        }
                        // Which one it was is not told; none is taken twice, for its try is on disk.
                        Err(error) => {
                            tracing::error!(%error, "a message was dropped on its way");
                            if under_way.is_empty() {
                                busy.clear();
                            }
                        }
                    }
                }
                _ = tick.tick() => match self.due().await {
                    Ok(due) => {
                        for channel in due {
                            if busy.insert(channel) {
                                let postman = self.clone();
                                under_way.spawn(async move {
                                    if let Err(error) = postman.carry(channel).await {
                                        tracing::error!(error = with_causes(&error), "failed to carry messages");
                                    }
                                    channel
                                });
                            }
                        }
                    }
                    Err(error) => {
                        tracing::error!(error = with_causes(&error), "failed to look into the outbox");
                    }
                },
            }
        }
        // What is not through by then is tried again at the next start.
        let rest = async { while under_way.join_next().await.is_some() {} };
        let _late = tokio::time::timeout(FAREWELL, rest).await;
    }

    async fn due(&self) -> Result<Vec<ChannelId>, StoreError> {
        let now = self.clock.now();
        let due = self.store.channels_due(now).await?;
        if !due.is_empty() {
            self.store.expire_messages(now).await?;
        }
        Ok(due)
    }

    /// Carries what a channel may carry now.
    async fn carry(&self, channel: ChannelId) -> Result<(), StoreError> {
        let Some((channel, access)) = self.store.channel_access(channel).await? else {
            return Ok(());
        };
        for _ in 0..RUN {
            let taken = self.store.take_message(&channel, self.clock.now()).await?;
            let Some(taken) = taken else { return Ok(()) };
            let mut note = taken.note.clone();
            let (link, files) = self.enclosed(&mut note).await;
            let letter = Letter {
                key: &taken.key,
                note: &note,
                recipients: &taken.recipients,
                link,
                files,
                now: self.clock.now(),
                lang: self.config.alerts.lang(),
            };
            let sent = self.notifier.send(&channel, &access, &letter).await;
            let now = self.clock.now();
            let went = match sent {
                Ok(()) => Try::Sent,
                Err(error) => {
                    tracing::warn!(%error, channel = channel.name, "a message was not taken");
                    failed(&taken, error, now)
                }
            };
            let is_through = went == Try::Sent;
            self.store.settle_message(taken.id, went, now).await?;
            // Where one was not taken the next would not be either; each has its own time.
            if !is_through {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What is added to a message now: the address of what it is about, and files.
    async fn enclosed(&self, note: &mut Note) -> (Option<String>, Vec<File>) {
        let about = |page: &str| self.config.alerts.link(page);
        match note.attachment.take() {
            None => (about(&note.about), Vec::new()),
            Some(Attachment::Report { number, revision }) => {
                let link = about(&note.about);
                (link, self.report_files(note, &number, revision).await)
            }
            Some(Attachment::Notice { notice }) => {
                let token = self.store.notice_token(notice);
                let files = self.calendar(note, notice).await.unwrap_or_else(|error| {
                    let error = with_causes(&error);
                    tracing::error!(error, notice, "failed to make the calendar of a notice");
                    Vec::new()
                });
                (about(&format!("/ack/{notice}/{token}")), files)
            }
        }
    }

    /// The meeting of a notice as a calendar file. Where it was changed since, the message says so.
    async fn calendar(&self, note: &mut Note, notice: i64) -> Result<Vec<File>, StoreError> {
        let Some(notice) = self.store.notice_to_send(notice).await? else { return Ok(vec![]) };
        let Some(meeting) = self.store.meeting(notice.meeting).await? else { return Ok(vec![]) };
        let venues = self.store.venues().await?;
        let lang = self.config.alerts.lang();
        if meeting.revision != notice.revision {
            note.lines.push(match lang {
                Lang::Zh => "会议在此通知之后有变更，以链接与附件为准。".to_owned(),
                Lang::En => "The meeting was changed since; go by the link.".to_owned(),
            });
        }
        let title = meeting.plan.title.clone();
        let text = web::meeting_calendar((&title, lang), &[meeting], &venues, self.clock.now());
        let (name, media_type) = ("meeting.ics".to_owned(), "text/calendar; charset=utf-8");
        Ok(vec![File { name, media_type, bytes: text.into_bytes() }])
    }

    /// The files of a report. One that cannot be made is said to be missing; the message goes out.
    async fn report_files(&self, note: &mut Note, number: &str, revision: u32) -> Vec<File> {
        let zone = self.config.district.zone();
        let found = published(&self.store, number, Some(revision), zone).await.ok().flatten();
        let mut files = Vec::new();
        for code in &self.config.report.formats {
            let (Some(format), Some(found)) = (Format::from_code(code), found.clone()) else {
                continue;
            };
            let name = zhishou_report::file_name(&found.document, Some(&found.edition), format);
            let written = tokio::task::spawn_blocking(move || {
                zhishou_report::write(&found.document, Some(&found.edition), format, Lang::Zh)
            });
            match written.await {
                Ok(Ok(bytes)) => files.push(File { name, media_type: format.media_type(), bytes }),
                failed => {
                    tracing::error!(?failed, name, "failed to make a file for a message");
                    let lang = self.config.alerts.lang();
                    note.lines.push(match lang {
                        Lang::Zh => format!("{name} 未能生成，请在平台下载。"),
                        Lang::En => format!("{name} could not be made; the platform has it."),
                    });
                }
            }
        }
        files
    }
}

/// What becomes of a message that was not taken.
fn failed(taken: &Taken, error: SendError, now: Timestamp) -> Try {
    let SendError { problem, detail, after } = error;
    let detail = cut_characters(&detail, 200, "…");
    if !problem.may_pass() {
        return Try::Dead { problem, detail };
    }
    let chance = f64::from(OsRandom.random()[0]) / 255.0;
    let mut wait = backoff(taken.tries, chance).max(after.unwrap_or_default());
    if problem == SendProblem::TooFast {
        wait = wait.max(zhishou_domain::alert::WINDOW);
    }
    Try::Again { problem, detail, at: now + wait }
}

/// The scheduler's port to the words of alerts.
pub(crate) struct Words {
    pub(crate) app: web::App,
    pub(crate) lang: Lang,
}

impl AlertWords for Words {
    fn alone(&self, say: Say, severity: Severity, row: &IncidentRow, now: Timestamp) -> Note {
        web::incident_note(&self.app, self.lang, (say, severity), row, now)
    }

    fn digest(
        &self,
        slot: Timestamp,
        new: &[IncidentRow],
        over: &[IncidentRow],
        lasting: u64,
    ) -> Note {
        web::digest_note(&self.app, self.lang, slot, (new, over, lasting))
    }
}
