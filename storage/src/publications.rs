//! Published reports: immutable, numbered, chained. What they say is the caller's; here is that
//! nothing of it changes.

use crate::{AuditLine, Route, Store, StoreError, audit, outbox};
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{Timestamp, alert::Note};

/// What is to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPublication {
    /// Its number; the same for the same days, cut-off and policy.
    pub number: String,
    /// The revision it was compared with; 0 for the first.
    pub after: u32,
    /// What kind of period.
    pub kind: &'static str,
    /// First local day.
    pub from: NaiveDate,
    /// Last local day.
    pub to: NaiveDate,
    /// When a day ends, `HH:MM`.
    pub cut_off: String,
    /// 口径, id.
    pub policy_id: String,
    /// Its version.
    pub policy_version: u32,
    /// The document, JSON.
    pub body: String,
    /// What differs from the revision before, JSON.
    pub changes: String,
    /// Who publishes it; empty for the schedule.
    pub login: String,
    /// From where, for the audit log.
    pub address: String,
    /// When.
    pub at: Timestamp,
    /// What is said of it over channels; `None`: nothing.
    pub note: Option<Note>,
}

/// A published report but for what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationHead {
    /// Its place among all.
    pub seq: i64,
    /// Its number.
    pub number: String,
    /// From 1 on.
    pub revision: u32,
    /// What kind of period.
    pub kind: String,
    /// First local day.
    pub from: NaiveDate,
    /// Last local day.
    pub to: NaiveDate,
    /// 口径, id@version.
    pub policy: String,
    /// When.
    pub published: Timestamp,
    /// Who published it; empty for the schedule.
    pub login: String,
    /// Digest of the one before it.
    pub previous: String,
    /// Its digest.
    pub digest: String,
}

/// A published report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Number, revision and the like.
    pub head: PublicationHead,
    /// What differs from the revision before, JSON.
    pub changes: String,
    /// The document, JSON.
    pub body: String,
}

/// A period of which something became different after reports of it were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateChange {
    utc_day: i64,
    /// First moment that may count otherwise.
    pub from: Timestamp,
    /// First moment after them.
    pub to: Timestamp,
    /// The newest publication when it last changed; later ones say it.
    pub seq: i64,
}

/// How the chain of publications stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Each row is as it was written, after the one before it.
    Whole {
        /// How many.
        length: u64,
    },
    /// From this one on something was changed or is missing.
    Broken {
        /// Its number.
        number: String,
        /// Its revision.
        revision: u32,
    },
}

pub(crate) const HEAD: &str =
    "seq, number, revision, kind, from_day, to_day, policy, published_ms, login, previous, digest";

impl Store {
    /// Publishes a report and writes its audit line. `None` where another revision came meanwhile.
    pub async fn publish(
        &self,
        new: NewPublication,
    ) -> Result<Option<PublicationHead>, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let newest: u32 = sqlx::query_scalar(
                    "SELECT ifnull(max(revision), 0) FROM publications WHERE number = ?",
                )
                .bind(&new.number)
                .fetch_one(&mut *connection)
                .await?;
                if newest != new.after {
                    return Ok(None);
                }
                let previous: Option<String> =
                    sqlx::query_scalar("SELECT digest FROM publications ORDER BY seq DESC LIMIT 1")
                        .fetch_optional(&mut *connection)
                        .await?;
                let mut head = PublicationHead {
                    seq: 0,
                    number: new.number,
                    revision: newest + 1,
                    kind: new.kind.to_owned(),
                    from: new.from,
                    to: new.to,
                    policy: format!("{}@{}", new.policy_id, new.policy_version),
                    published: new.at,
                    login: new.login,
                    previous: previous.unwrap_or_default(),
                    digest: String::new(),
                };
                head.digest = digest(&head, &new.cut_off, &new.changes, &new.body);
                let added = sqlx::query(
                    "INSERT INTO publications (number, revision, kind, from_day, to_day, cut_off,
                         policy, policy_id, published_ms, login, changes, body, previous, digest)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )
                .bind(&head.number)
                .bind(head.revision)
                .bind(&head.kind)
                .bind(head.from.to_string())
                .bind(head.to.to_string())
                .bind(new.cut_off)
                .bind(&head.policy)
                .bind(new.policy_id)
                .bind(head.published.millis())
                .bind(&head.login)
                .bind(new.changes)
                .bind(new.body)
                .bind(&head.previous)
                .bind(&head.digest)
                .execute(&mut *connection)
                .await?;
                head.seq = added.last_insert_rowid();
                let line = AuditLine {
                    at: head.published,
                    login: head.login.clone(),
                    action: "publish_report",
                    subject: format!("{} {}", head.number, head.revision),
                    address: new.address,
                };
                audit::insert(connection, line).await?;
                if let Some(note) = &new.note {
                    outbox::put(connection, note, &Route::Topic, new.at).await?;
                }
                Ok(Some(head))
            })
        })
        .await
    }

    /// A revision of a number; the newest where none is given.
    pub async fn publication(
        &self,
        number: &str,
        revision: Option<u32>,
    ) -> Result<Option<Publication>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM publications WHERE number = ?1 AND revision = ifnull(?2, revision)
             ORDER BY revision DESC LIMIT 1",
        )
        .bind(number)
        .bind(revision)
        .fetch_optional(self.reader())
        .await?;
        row.map(|row| {
            Ok(Publication {
                head: head_of(&row)?,
                changes: row.try_get("changes")?,
                body: row.try_get("body")?,
            })
        })
        .transpose()
    }

    /// Publications whose last day lies in `from`..=`to`, by that day, newest revision first.
    pub async fn publications(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<PublicationHead>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {HEAD} FROM publications WHERE to_day BETWEEN ? AND ?
             ORDER BY to_day, number, revision DESC"
        )))
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(head_of).collect()
    }

    /// The last days of the first and of the newest report of a kind under a policy, days ending at a cut-off,
    /// that the schedule published; what somebody published by hand does not count.
    pub async fn scheduled(
        &self,
        kind: &str,
        policy_id: &str,
        cut_off: &str,
    ) -> Result<Option<(NaiveDate, NaiveDate)>, StoreError> {
        let days: (Option<String>, Option<String>) = sqlx::query_as(
            "SELECT min(to_day), max(to_day) FROM publications
             WHERE kind = ? AND policy_id = ? AND cut_off = ? AND login = '' AND revision = 1",
        )
        .bind(kind)
        .bind(policy_id)
        .bind(cut_off)
        .fetch_one(self.reader())
        .await?;
        let (Some(first), Some(last)) = days else { return Ok(None) };
        Ok(Some((date(&first)?, date(&last)?)))
    }

    /// What became different since reports were published, and is not settled.
    pub async fn late_changes(&self) -> Result<Vec<LateChange>, StoreError> {
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT utc_day, from_ms, to_ms, seq FROM publication_changes ORDER BY utc_day",
        )
        .fetch_all(self.reader())
        .await?;
        let change = |(utc_day, from, to, seq)| LateChange {
            utc_day,
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
            seq,
        };
        Ok(rows.into_iter().map(change).collect())
    }

    /// Numbers whose newest revision is not newer than a change and whose days may overlap it, the earliest
    /// first.
    pub async fn published_before(&self, change: LateChange) -> Result<Vec<String>, StoreError> {
        // A cut-off moves a day by less than one.
        let day = |at: Timestamp| at.local_day(self.zone);
        let (first, last) = (day(change.from), day(change.to));
        let numbers = sqlx::query_scalar(
            "SELECT number FROM publications WHERE to_day >= ? AND from_day <= ?
             GROUP BY number HAVING max(seq) <= ? ORDER BY max(to_day), min(seq)",
        )
        .bind(first.pred_opt().unwrap_or(first).to_string())
        .bind(last.succ_opt().unwrap_or(last).to_string())
        .bind(change.seq)
        .fetch_all(self.reader());
        Ok(numbers.await?)
    }

    /// Forgets changes that reports were made anew for; what changed once more meanwhile stays.
    pub async fn settle_late_changes(&self, changes: Vec<LateChange>) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for it in &changes {
                    sqlx::query(
                        "DELETE FROM publication_changes
                         WHERE utc_day = ? AND from_ms = ? AND to_ms = ? AND seq = ?",
                    )
                    .bind(it.utc_day)
                    .bind(it.from.millis())
                    .bind(it.to.millis())
                    .bind(it.seq)
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Whether each publication is as it was written, in the order it was.
    pub async fn check_chain(&self) -> Result<Chain, StoreError> {
        let mut rows = sqlx::query("SELECT * FROM publications ORDER BY seq").fetch(self.reader());
        let (mut length, mut previous) = (0, String::new());
        while let Some(row) = rows.try_next().await? {
            let head = head_of(&row)?;
            let expected = digest(
                &head,
                row.try_get("cut_off")?,
                row.try_get("changes")?,
                row.try_get("body")?,
            );
            if head.previous != previous || head.digest != expected {
                return Ok(Chain::Broken { number: head.number, revision: head.revision });
            }
            previous = head.digest;
            length += 1;
        }
        Ok(Chain::Whole { length })
    }
}

/// SHA-256 over all of a publication, each part led by its length so that none runs into the next.
fn digest(head: &PublicationHead, cut_off: &str, changes: &str, body: &str) -> String {
    let (revision, published) = (head.revision.to_string(), head.published.millis().to_string());
    let (from, to) = (head.from.to_string(), head.to.to_string());
    let parts = [
        &head.previous,
        &head.number,
        &revision,
        &head.kind,
        &from,
        &to,
        cut_off,
        &head.policy,
        &published,
        &head.login,
        changes,
        body,
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn date(text: &str) -> Result<NaiveDate, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt { column: "publications.to_day", value: text.to_owned() })
}

pub(crate) fn head_of(row: &SqliteRow) -> Result<PublicationHead, StoreError> {
    Ok(PublicationHead {
        seq: row.try_get("seq")?,
        number: row.try_get("number")?,
        revision: row.try_get("revision")?,
        kind: row.try_get("kind")?,
        from: date(row.try_get("from_day")?)?,
        to: date(row.try_get("to_day")?)?,
        policy: row.try_get("policy")?,
        published: Timestamp::from_millis(row.try_get("published_ms")?),
        login: row.try_get("login")?,
        previous: row.try_get("previous")?,
        digest: row.try_get("digest")?,
    })
}
