//! 发件箱: what is to be said, over which channel, and how that went.
//!
//! Invariants: a message is on disk with what causes it, and of one key a channel has one message; a try is
//! on disk before it is made, so that a crash costs at most one message sent twice, under the same key; and
//! a channel is used no more often than it may be, also after a restart.

use crate::{AuditLine, Store, StoreError, audit, channels, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::BTreeSet;
use zhishou_domain::{
    ChannelId, Timestamp,
    alert::{
        Channel, ChannelKind, Contact, GIVE_UP, LEASE, Note, NoteState, SendProblem, Switch, Topic,
        WINDOW, free_at,
    },
};

/// Which channels carry a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Those that carry its topic.
    Topic,
    /// Those that carry its topic and reach one person each: what it says is for nobody else.
    Addressed,
    /// Those of these names.
    Named(Vec<String>),
    /// This one, also where it is switched off: somebody tries it out.
    One(ChannelId),
}

impl Route {
    fn takes(&self, channel: &Channel, topic: Topic) -> bool {
        let is_on = channel.switch == Switch::On;
        match self {
            Self::Topic => is_on && channel.topics.contains(&topic),
            Self::Addressed => {
                is_on && channel.topics.contains(&topic) && channel.kind.is_addressed()
            }
            Self::Named(names) => is_on && names.contains(&channel.name),
            Self::One(id) => channel.id == *id,
        }
    }
}

/// A message that may be sent now, and is this caller's until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub id: i64,
    /// Told apart by this, also by the receiver.
    pub key: String,
    /// What it says.
    pub note: Note,
    /// Mail addresses or telephones.
    pub recipients: Vec<String>,
    /// How often it was tried, this time counted in.
    pub tries: u32,
    /// When it was written.
    pub created: Timestamp,
}

/// How a try went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Try {
    /// It was taken.
    Sent,
    /// It was not, and is tried again.
    Again {
        /// Why.
        problem: SendProblem,
        /// What the other side said.
        detail: String,
        /// Not before.
        at: Timestamp,
    },
    /// It was not, and is not tried again by itself.
    Dead {
        /// Why.
        problem: SendProblem,
        /// What the other side said.
        detail: String,
    },
}

/// A message as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// The channel by name.
    pub channel: String,
    /// What that is.
    pub kind: ChannelKind,
    /// What it is about.
    pub topic: Topic,
    /// The page of that; empty: none.
    pub about: String,
    /// Its first line.
    pub title: String,
    /// Mail addresses or telephones.
    pub recipients: Vec<String>,
    /// How it stands.
    pub state: NoteState,
    /// When it was written.
    pub created: Timestamp,
    /// When it is tried next.
    pub due: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it was taken or given up.
    pub settled: Option<Timestamp>,
    /// Why the last try failed.
    pub problem: Option<SendProblem>,
    /// What the other side said.
    pub detail: String,
}

/// The messages that a note becomes on a channel: what the key of each ends with, and whom it is for.
fn addressed(channel: &Channel, note: &Note) -> Vec<(String, Vec<String>)> {
    let reach = |it: &Contact| match channel.kind {
        ChannelKind::Mail => it.mail.clone(),
        _ => it.phone.clone(),
    };
    let mut to: Vec<String> = note.to.iter().map(reach).collect();
    if note.to.is_empty() {
        to.clone_from(&channel.settings.recipients);
    }
    to.extend(note.also.iter().map(reach));
    let mut known = BTreeSet::new();
    to.retain(|it| !it.is_empty() && known.insert(it.clone()));
    if channel.kind.is_addressed() {
        // One each: where three of five were taken, the three do not get it twice.
        to.into_iter().map(|one| (format!("/{one}"), vec![one])).collect()
    } else {
        vec![(String::new(), to)]
    }
}

/// Puts a note into the outbox, in the transaction of what causes it. Says how many messages came of it;
/// those that were there before are not counted.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    note: &Note,
    route: &Route,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let body = decode::to_json("outbox.body", note)?;
    let mut put = 0;
    for channel in channels::all(connection).await? {
        if !route.takes(&channel, note.topic) {
            continue;
        }
        for (suffix, recipients) in addressed(&channel, note) {
            let added = sqlx::query(
                "INSERT INTO outbox (channel_id, key, topic, about, title, body, recipients, state,
                     created_ms, since_ms, due_ms, tries, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, ?8, ?8, 0, '')
                 ON CONFLICT (channel_id, key) DO NOTHING",
            )
            .bind(channel.id.number())
            .bind(format!("{}{suffix}", note.key))
            .bind(note.topic.code())
            .bind(&note.about)
            .bind(&note.title)
            .bind(&body)
            .bind(decode::to_json("outbox.recipients", &recipients)?)
            .bind(at.millis())
            .execute(&mut *connection)
            .await?;
            put += added.rows_affected();
        }
    }
    Ok(put)
}

/// Whether a note of a key was put into the outbox before.
pub(crate) async fn holds(
    connection: &mut SqliteConnection,
    key: &str,
) -> Result<bool, StoreError> {
    // Of a channel that reaches one person each the key goes on after a slash, which comes before "0".
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM channels c JOIN outbox o ON o.channel_id = c.id
             WHERE o.key = ?1 OR (o.key > ?1 || '/' AND o.key < ?1 || '0'))",
    )
    .bind(key)
    .fetch_one(connection)
    .await?)
}

/// Takes the next message of a channel, where it may be used now.
async fn take(
    connection: &mut SqliteConnection,
    (channel, per_minute, switch): (ChannelId, u32, Switch),
    now: Timestamp,
) -> Result<Option<Taken>, StoreError> {
    let since = (now - WINDOW).millis();
    sqlx::query("DELETE FROM channel_tries WHERE channel_id = ? AND at_ms <= ?")
        .bind(channel.number())
        .bind(since)
        .execute(&mut *connection)
        .await?;
    let tries: Vec<i64> =
        sqlx::query_scalar("SELECT at_ms FROM channel_tries WHERE channel_id = ? ORDER BY at_ms")
            .bind(channel.number())
            .fetch_all(&mut *connection)
            .await?;
    let tries: Vec<Timestamp> = tries.into_iter().map(Timestamp::from_millis).collect();
    if free_at(&tries, per_minute, now) > now {
        return Ok(None);
    }
    let row = sqlx::query(
        "UPDATE outbox SET tries = tries + 1, due_ms = ?3 WHERE id =
             (SELECT id FROM outbox WHERE channel_id = ?1 AND state = 'queued' AND due_ms <= ?2
                  AND (?4 OR topic = 'test')
              ORDER BY due_ms, id LIMIT 1)
         RETURNING id, key, body, recipients, tries, created_ms",
    )
    .bind(channel.number())
    .bind(now.millis())
    .bind((now + LEASE).millis())
    .bind(switch == Switch::On)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    sqlx::query("INSERT INTO channel_tries (channel_id, at_ms) VALUES (?, ?)")
        .bind(channel.number())
        .bind(now.millis())
        .execute(connection)
        .await?;
    Ok(Some(Taken {
        id: row.try_get("id")?,
        key: row.try_get("key")?,
        note: decode::json("outbox.body", row.try_get("body")?)?,
        recipients: decode::json("outbox.recipients", row.try_get("recipients")?)?,
        tries: row.try_get("tries")?,
        created: Timestamp::from_millis(row.try_get("created_ms")?),
    }))
}

pub(crate) fn message_of(row: &SqliteRow) -> Result<Message, StoreError> {
    let time = |column: &str| row.try_get(column).map(Timestamp::from_millis);
    let problem: Option<String> = row.try_get("problem")?;
    let settled: Option<i64> = row.try_get("settled_ms")?;
    Ok(Message {
        id: row.try_get("id")?,
        channel: row.try_get("name")?,
        kind: decode::word("channels.kind", row.try_get("kind")?, ChannelKind::from_code)?,
        topic: decode::word("outbox.topic", row.try_get("topic")?, Topic::from_code)?,
        about: row.try_get("about")?,
        title: row.try_get("title")?,
        recipients: decode::json("outbox.recipients", row.try_get("recipients")?)?,
        state: decode::word("outbox.state", row.try_get("state")?, NoteState::from_code)?,
        created: time("created_ms")?,
        due: time("due_ms")?,
        tries: row.try_get("tries")?,
        settled: settled.map(Timestamp::from_millis),
        problem: problem
            .map(|code| decode::word("outbox.problem", &code, SendProblem::from_code))
            .transpose()?,
        detail: row.try_get("detail")?,
    })
}

impl Store {
    /// Puts a note into the outbox; on disk when this returns. Says how many messages came of it: none
    /// where no channel carries it, or where it was put there before.
    pub async fn enqueue(
        &self,
        note: Note,
        route: Route,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move { put(connection, &note, &route, at).await })
        })
        .await
    }

    /// Channels that have something to be sent by now.
    pub async fn channels_due(&self, now: Timestamp) -> Result<Vec<ChannelId>, StoreError> {
        let due: Vec<i64> = sqlx::query_scalar(
            "SELECT c.id FROM channels c WHERE c.removed_ms IS NULL AND EXISTS (SELECT 1 FROM outbox o
                 WHERE o.channel_id = c.id AND o.state = 'queued' AND o.due_ms <= ?
                     AND (c.switch = 'on' OR o.topic = 'test'))",
        )
        .bind(now.millis())
        .fetch_all(self.reader())
        .await?;
        Ok(due.into_iter().map(ChannelId::new).collect())
    }

    /// Takes the next message of a channel, of one that is switched off only what tries it out; `None` where there is none, or the channel was used as often
    /// within the last minute as it may be.
    pub async fn take_message(
        &self,
        channel: &Channel,
        now: Timestamp,
    ) -> Result<Option<Taken>, StoreError> {
        let of = (channel.id, channel.settings.rate(channel.kind), channel.switch);
        self.write(move |connection| Box::pin(take(connection, of, now))).await
    }

    /// Notes how a try went.
    pub async fn settle_message(
        &self,
        id: i64,
        went: Try,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (state, due, problem, detail) = match went {
            Try::Sent => (NoteState::Sent, now, None, String::new()),
            Try::Again { problem, detail, at } => (NoteState::Queued, at, Some(problem), detail),
            Try::Dead { problem, detail } => (NoteState::Dead, now, Some(problem), detail),
        };
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE outbox SET state = ?2, due_ms = ?3, problem = ?4, detail = ?5,
                         settled_ms = ?6 WHERE id = ?1 AND state = 'queued'",
                )
                .bind(id)
                .bind(state.code())
                .bind(due.millis())
                .bind(problem.map(SendProblem::code))
                .bind(detail)
                .bind((state != NoteState::Queued).then_some(now.millis()))
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Gives up what could not be delivered for [`GIVE_UP`]. Says how many.
    pub async fn expire_messages(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let expired = sqlx::query(
                    "UPDATE outbox SET state = 'dead', settled_ms = ?1, problem = ?2
                     WHERE state = 'queued' AND since_ms <= ?3 AND due_ms <= ?1",
                )
                .bind(now.millis())
                .bind(SendProblem::Expired.code())
                .bind((now - GIVE_UP).millis())
                .execute(connection)
                .await?;
                Ok(expired.rows_affected())
            })
        })
        .await
    }

    /// Sends what was given up once more, with its line of the audit log. `false` where it was not given
    /// up, or its channel is no more.
    pub async fn send_again(&self, id: i64, line: AuditLine) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let queued = sqlx::query(
                    "UPDATE outbox SET state = 'queued', since_ms = ?2, due_ms = ?2, tries = 0,
                         settled_ms = NULL, problem = NULL, detail = ''
                     WHERE id = ?1 AND state = 'dead' AND channel_id IN
                         (SELECT id FROM channels WHERE removed_ms IS NULL)",
                )
                .bind(id)
                .bind(line.at.millis())
                .execute(&mut *connection)
                .await?;
                if queued.rows_affected() == 0 {
                    return Ok(false);
                }
                audit::insert(connection, line).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Messages, the newest first, at most `limit`, before the number `before`; of one state where one is
    /// given.
    pub async fn messages(
        &self,
        state: Option<NoteState>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        // Each has an index of its own.
        let which = if state.is_some() { "o.state = ?1" } else { "?1 IS NULL" };
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT o.*, c.name, c.kind FROM outbox o JOIN channels c ON c.id = o.channel_id
             WHERE {which} AND o.id < ?2 ORDER BY o.id DESC LIMIT ?3"
        )))
        .bind(state.map(NoteState::code))
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(message_of).collect()
    }

    /// Messages about a page, the newest first.
    pub async fn messages_about(
        &self,
        about: &str,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let rows = sqlx::query(
            "SELECT o.*, c.name, c.kind FROM outbox o JOIN channels c ON c.id = o.channel_id
             WHERE o.about = ? AND o.about <> '' ORDER BY o.id DESC LIMIT ?",
        )
        .bind(about)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(message_of).collect()
    }

    /// How messages about these pages stand: page, state, how many.
    pub async fn deliveries_about(
        &self,
        pages: &[String],
    ) -> Result<Vec<(String, NoteState, u64)>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT o.about, o.state, count(*) FROM json_each(?) p
             JOIN outbox o ON o.about = p.value AND o.about <> '' GROUP BY 1, 2",
        )
        .bind(decode::to_json("outbox.about", &pages)?)
        .fetch_all(self.reader())
        .await?;
        let count = |(about, state, count): (String, String, i64)| {
            let state = decode::word("outbox.state", &state, NoteState::from_code)?;
            Ok((about, state, decode::unsigned("outbox", count)?))
        };
        rows.into_iter().map(count).collect()
    }

    /// How many messages wait, and how many were given up.
    pub async fn message_counts(&self) -> Result<(u64, u64), StoreError> {
        let (queued, dead): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM outbox WHERE state = 'queued'),
                    (SELECT count(*) FROM outbox WHERE state = 'dead')",
        )
        .fetch_one(self.reader())
        .await?;
        Ok((decode::unsigned("outbox", queued)?, decode::unsigned("outbox", dead)?))
    }

    /// Forgets messages that were taken or given up before `before`. Says how many.
    pub async fn prune_messages(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let gone = sqlx::query("DELETE FROM outbox WHERE settled_ms < ?")
                    .bind(before.millis())
                    .execute(connection)
                    .await?;
                Ok(gone.rows_affected())
            })
        })
        .await
    }
}
