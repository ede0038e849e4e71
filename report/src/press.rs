//! Publishes documents: numbered, never changed; what is different later is another revision, which
//! says what changed.

use crate::{Document, Order, compare, compare::Change, digest, make};
use serde::{Deserialize, Serialize};
use zhishou_domain::{Lang, Timestamp, policy::DEFAULT_POLICY};
use zhishou_storage::{NewPublication, Publication, Store, StoreError};

/// Times that a publication which somebody else forestalled is tried again.
const TRIES: usize = 3;

/// Which edition of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// The same for the same days, cut-off and policy.
    pub number: String,
    /// From 1 on.
    pub revision: u32,
    /// RFC 3339.
    pub published_at: String,
    /// Who published it; null for the schedule.
    pub published_by: Option<String>,
    /// Digest of the publication before it, of whatever number.
    pub previous: String,
    /// SHA-256 over it and over that.
    pub digest: String,
    /// What differs from the revision before.
    pub changes: Vec<Change>,
}

/// A published report.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Its place among all publications.
    pub seq: i64,
    /// Which edition.
    pub edition: Edition,
    /// What it says.
    pub document: Document,
}

/// What became of an order to publish.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is the first of its number.
    First(Published),
    /// Figures had changed: another revision.
    Revised(Published),
    /// The newest revision says the same.
    Unchanged(Published),
}

impl Outcome {
    /// The newest revision.
    pub fn published(self) -> Published {
        let (Self::First(published) | Self::Revised(published) | Self::Unchanged(published)) = self;
        published
    }
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PressError {
    /// The period goes on.
    #[error("publish {0}: its period is not over")]
    NotOver(String),
    /// Nothing was scheduled in it.
    #[error("publish {0}: nothing was scheduled")]
    Nothing(String),
    /// The store failed.
    #[error("publish the report")]
    Store(#[from] StoreError),
    /// What is stored cannot be read.
    #[error("read the published report")]
    Unreadable(#[from] serde_json::Error),
    /// Others published the same again and again.
    #[error("publish {0}: others publish it too")]
    Forestalled(String),
}

/// Who publishes.
#[derive(Clone, Debug, Default)]
pub struct Publisher {
    /// As they logged in; empty for the schedule.
    pub login: String,
    /// From where.
    pub address: String,
}

impl Document {
    /// Its number: that of its period, and the policy where that is not the default one.
    pub fn number(&self) -> String {
        number(&self.period, &self.policy.id)
    }
}

/// The number of a period under a policy.
pub fn number(period: &crate::Period, policy_id: &str) -> String {
    match policy_id {
        DEFAULT_POLICY => period.number(),
        other => format!("{}-{other}", period.number()),
    }
}

/// Makes and publishes; `step` hears how far it is, as in [`make`].
pub async fn publish(
    store: &Store,
    order: &Order,
    by: &Publisher,
    now: Timestamp,
    step: impl Fn(usize, usize) + Send,
) -> Result<Outcome, PressError> {
    let number = number(&order.period, &order.policy.id);
    if order.period.days.end(order.zone) > now {
        return Err(PressError::NotOver(number));
    }
    let document = make(store, order, now, step).await?;
    if document.total.before.due == 0 {
        return Err(PressError::Nothing(number));
    }
    for _ in 0..TRIES {
        let newest =
            store.publication(&number, None).await?.map(|it| read(it, order.zone)).transpose()?;
        let (after, changes) = match newest {
            None => (0, Vec::new()),
            Some(newest) => {
                let changes = compare(&newest.document, &document);
                if changes.is_empty() {
                    return Ok(Outcome::Unchanged(newest));
                }
                (newest.edition.revision, changes)
            }
        };
        let new = NewPublication {
            number: number.clone(),
            after,
            kind: order.period.kind.code(),
            from: order.period.days.from,
            to: order.period.days.to,
            cut_off: order.period.days.cut_off.into(),
            policy_id: order.policy.id.clone(),
            policy_version: order.policy.version,
            body: serde_json::to_string(&document)?,
            changes: serde_json::to_string(&changes)?,
            login: by.login.clone(),
            address: by.address.clone(),
            at: now,
            // Whoever publishes by hand looks at it; what comes by itself is sent.
            note: by
                .login
                .is_empty()
                .then(|| digest::note(&document, &number, after + 1, &changes)),
        };
        if store.publish(new).await?.is_some() {
            let written = store.publication(&number, Some(after + 1)).await?;
            let Some(written) = written else { continue };
            let published = read(written, order.zone)?;
            return Ok(if after == 0 {
                Outcome::First(published)
            } else {
                Outcome::Revised(published)
            });
        }
    }
    Err(PressError::Forestalled(number))
}

/// A published report; its newest revision where none is given.
pub async fn published(
    store: &Store,
    number: &str,
    revision: Option<u32>,
    zone: chrono_tz::Tz,
) -> Result<Option<Published>, PressError> {
    Ok(store.publication(number, revision).await?.map(|it| read(it, zone)).transpose()?)
}

fn read(stored: Publication, zone: chrono_tz::Tz) -> Result<Published, serde_json::Error> {
    let head = stored.head;
    Ok(Published {
        seq: head.seq,
        edition: Edition {
            number: head.number,
            revision: head.revision,
            published_at: head.published.rfc3339(zone),
            published_by: Some(head.login).filter(|login| !login.is_empty()),
            previous: head.previous,
            digest: head.digest,
            changes: serde_json::from_str(&stored.changes)?,
        },
        document: serde_json::from_str(&stored.body)?,
    })
}

/// What stands below the title of a report.
pub fn head(document: &Document, edition: Option<&Edition>, lang: Lang) -> String {
    let name = document.period.name(lang);
    match (edition, lang) {
        (None, _) => format!("{name} · {}", lang.pick("未发布", "not published")),
        (Some(it), Lang::Zh) => format!("{name} · 编号 {} 第 {} 版", it.number, it.revision),
        (Some(it), Lang::En) => format!("{name} · No. {} edition {}", it.number, it.revision),
    }
}
