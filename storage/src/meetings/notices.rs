//! 会议通知 and 回执. The address of an answer is made of the row under the master key, so that whoever
//! has the database alone can answer for nobody.

use super::book::audit_line;
use crate::{
    Change, Message, Route, Store, StoreError,
    outbox::{message_of, put},
};
use sqlx::{Row, SqliteConnection};
use zhishou_domain::{
    MeetingId, Timestamp,
    alert::{self, Attachment, Note},
    meeting::Contact,
};

/// What a contact answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeAnswer {
    /// 按时参会.
    Attending,
    /// 无法参会.
    Declined,
}

impl NoticeAnswer {
    const fn code(self) -> &'static str {
        match self {
            Self::Attending => "attending",
            Self::Declined => "declined",
        }
    }
}

/// A notice to one contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingNotice {
    /// Number.
    pub id: i64,
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Of which revision of it.
    pub revision: u32,
    /// To whom.
    pub contact: Contact,
    /// When it was made.
    pub made: Timestamp,
    /// How often it was put into the outbox.
    pub sends: u32,
    /// Messages that came of it the last time; none where nobody could be reached.
    pub messages: u32,
    /// When its address was first opened.
    pub seen: Option<Timestamp>,
    /// When and what they answered, and who attends.
    pub answer: Option<(Timestamp, NoticeAnswer, String)>,
}

/// Whom a notice goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// Whoever an earlier notice, by its number, went to: it is said on that.
    Again(i64),
    /// A contact, who has to acknowledge anew.
    Anew(Contact),
}

/// What is said with a change of a meeting, by the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeOut {
    /// Of which meeting; of one that did not change after all nothing is said.
    pub meeting: MeetingId,
    /// To whom.
    pub to: Noticed,
    /// What.
    pub note: Note,
}

/// Letters of a token: 128 bits.
const TOKEN: usize = 32;

impl Store {
    /// The token of a notice's address.
    pub fn notice_token(&self, id: i64) -> String {
        let derived = self.key.derive(format!("meeting notice {id}").as_bytes());
        let hex: String = derived.iter().map(|byte| format!("{byte:02x}")).collect();
        hex[..TOKEN].to_owned()
    }

    /// Makes a notice for each of these contacts and puts what it says into the outbox, with a line of the
    /// audit log, all in one transaction; they replace those before.
    pub async fn make_notices(
        &self,
        meeting: MeetingId,
        told: Vec<(Contact, Note)>,
        at: Timestamp,
        login: String,
        address: String,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for (contact, note) in told {
                    make(connection, meeting, contact, note, (&login, at)).await?;
                }
                audit_line(connection, "make_notices", meeting, at, (&login, &address)).await
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// Puts notices of a meeting into the outbox once more, with a line of the audit log.
    pub async fn send_notices(
        &self,
        meeting: MeetingId,
        told: Vec<(i64, Note)>,
        at: Timestamp,
        login: String,
        address: String,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for (id, note) in told {
                    send(connection, meeting, id, note, at).await?;
                }
                audit_line(connection, "send_notices", meeting, at, (&login, &address)).await
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// What became of the last messages of a meeting's notices: which notice, and its message.
    pub async fn notice_messages(
        &self,
        meeting: MeetingId,
    ) -> Result<Vec<(i64, Message)>, StoreError> {
        let rows = sqlx::query(
            "SELECT n.id AS notice, o.*, c.name, c.kind FROM meeting_notices n
             JOIN outbox o ON o.about = '/bookings/' || n.meeting_id || '#notice-' || n.id
                 AND o.about <> '' AND o.key LIKE 'notice/' || n.id || '/' || n.sends || '/%'
             JOIN channels c ON c.id = o.channel_id
             WHERE n.meeting_id = ? ORDER BY o.id",
        )
        .bind(meeting.number())
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(|row| Ok((row.try_get("notice")?, message_of(row)?))).collect()
    }

    /// The notices of a meeting, the newest first.
    pub async fn notices(&self, meeting: MeetingId) -> Result<Vec<MeetingNotice>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM meeting_notices WHERE meeting_id = ? ORDER BY id DESC")
                .bind(meeting.number())
                .fetch_all(self.reader())
                .await?;
        rows.iter().map(notice_of).collect()
    }

    /// The notice that an address opens.
    pub async fn notice(&self, id: i64, token: &str) -> Result<Option<MeetingNotice>, StoreError> {
        if self.notice_token(id) == token { self.notice_to_send(id).await } else { Ok(None) }
    }

    /// A notice by its number, for the one place that sends.
    pub async fn notice_to_send(&self, id: i64) -> Result<Option<MeetingNotice>, StoreError> {
        let row = sqlx::query("SELECT * FROM meeting_notices WHERE id = ?")
            .bind(id)
            .fetch_optional(self.reader())
            .await?;
        row.as_ref().map(notice_of).transpose()
    }

    /// Keeps when the address of a notice was first opened.
    pub async fn see_notice(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE meeting_notices SET seen_ms = ? WHERE id = ? AND seen_ms IS NULL",
                )
                .bind(at.millis())
                .bind(id)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// Keeps what a contact answered; a later answer replaces an earlier one.
    pub async fn answer_notice(
        &self,
        notice: MeetingNotice,
        answer: NoticeAnswer,
        person: String,
        at: Timestamp,
        address: String,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE meeting_notices SET acked_ms = ?2, answer = ?3, person = ?4 WHERE id = ?1",
                )
                .bind(notice.id)
                .bind(at.millis())
                .bind(answer.code())
                .bind(person)
                .execute(&mut *connection)
                .await?;
                let who = (notice.contact.name.as_str(), address.as_str());
                audit_line(connection, "answer_notice", notice.meeting, at, who).await
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }
}

/// Says of a meeting that changed what is to be said of it.
pub(super) async fn tell(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    told: &[NoticeOut],
    by: (&str, Timestamp),
) -> Result<(), StoreError> {
    for NoticeOut { to, note, .. } in told.iter().filter(|it| it.meeting == meeting) {
        match to {
            Noticed::Again(id) => send(connection, meeting, *id, note.clone(), by.1).await?,
            Noticed::Anew(contact) => {
                make(connection, meeting, contact.clone(), note.clone(), by).await?;
            }
        }
    }
    Ok(())
}

async fn make(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    contact: Contact,
    note: Note,
    (login, at): (&str, Timestamp),
) -> Result<(), StoreError> {
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO meeting_notices (meeting_id, revision, name, unit, phone, mail, made_ms, login)
         SELECT id, revision, ?2, ?3, ?4, ?5, ?6, ?7 FROM meetings WHERE id = ?1 RETURNING id",
    )
    .bind(meeting.number())
    .bind(contact.name)
    .bind(contact.unit)
    .bind(contact.phone)
    .bind(contact.mail)
    .bind(at.millis())
    .bind(login)
    .fetch_optional(&mut *connection)
    .await?;
    match id {
        Some(id) => send(connection, meeting, id, note, at).await,
        None => Ok(()),
    }
}

/// Puts one notice into the outbox. Its address is not in it: that is made when it is sent.
async fn send(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    id: i64,
    mut note: Note,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (name, phone, mail, sends): (String, String, String, i64) = sqlx::query_as(
        "UPDATE meeting_notices SET sends = sends + 1 WHERE id = ?1 AND meeting_id = ?2
         RETURNING name, phone, mail, sends",
    )
    .bind(id)
    .bind(meeting.number())
    .fetch_one(&mut *connection)
    .await?;
    note.key = format!("notice/{id}/{sends}");
    note.about = format!("/bookings/{meeting}#notice-{id}");
    note.attachment = Some(Attachment::Notice { notice: id });
    note.to = vec![alert::Contact { name, phone, mail }];
    let messages = put(connection, &note, &Route::Addressed, at).await?;
    sqlx::query("UPDATE meeting_notices SET messages = ? WHERE id = ?")
        .bind(i64::try_from(messages).unwrap_or(i64::MAX))
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

fn notice_of(row: &sqlx::sqlite::SqliteRow) -> Result<MeetingNotice, StoreError> {
    let acked: Option<i64> = row.try_get("acked_ms")?;
    let declined = row.try_get::<Option<&str>, _>("answer")? == Some("declined");
    let answer = if declined { NoticeAnswer::Declined } else { NoticeAnswer::Attending };
    let person: Option<String> = row.try_get("person")?;
    Ok(MeetingNotice {
        id: row.try_get("id")?,
        meeting: MeetingId::new(row.try_get("meeting_id")?),
        revision: row.try_get("revision")?,
        contact: Contact {
            name: row.try_get("name")?,
            unit: row.try_get("unit")?,
            phone: row.try_get("phone")?,
            mail: row.try_get("mail")?,
            ..Contact::default()
        },
        made: Timestamp::from_millis(row.try_get("made_ms")?),
        sends: row.try_get("sends")?,
        messages: row.try_get("messages")?,
        seen: row.try_get::<Option<i64>, _>("seen_ms")?.map(Timestamp::from_millis),
        answer: acked.map(|at| (Timestamp::from_millis(at), answer, person.unwrap_or_default())),
    })
}
