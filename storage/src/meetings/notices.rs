//! 会议通知 and 回执. The address of an answer is made of the row under the master key, so that whoever
//! has the database alone can answer for nobody.

use super::book::audit_line;
use crate::{Change, Store, StoreError};
use sqlx::Row;
use zhishou_domain::{MeetingId, Timestamp, meeting::Contact};

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
    /// When and what they answered, and who attends.
    pub answer: Option<(Timestamp, NoticeAnswer, String)>,
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

    /// Makes a notice for each of these contacts, in the transaction's audit line; they replace those
    /// before.
    pub async fn make_notices(
        &self,
        meeting: MeetingId,
        contacts: Vec<Contact>,
        at: Timestamp,
        login: String,
        address: String,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for contact in contacts {
                    sqlx::query(
                        "INSERT INTO meeting_notices (meeting_id, revision, name, unit, phone,
                             made_ms, login)
                         SELECT id, revision, ?2, ?3, ?4, ?5, ?6 FROM meetings WHERE id = ?1",
                    )
                    .bind(meeting.number())
                    .bind(contact.name)
                    .bind(contact.unit)
                    .bind(contact.phone)
                    .bind(at.millis())
                    .bind(&login)
                    .execute(&mut *connection)
                    .await?;
                }
                audit_line(connection, "make_notices", meeting, at, (&login, &address)).await
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
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
        if self.notice_token(id) != token {
            return Ok(None);
        }
        let row = sqlx::query("SELECT * FROM meeting_notices WHERE id = ?")
            .bind(id)
            .fetch_optional(self.reader())
            .await?;
        row.as_ref().map(notice_of).transpose()
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
        },
        made: Timestamp::from_millis(row.try_get("made_ms")?),
        answer: acked.map(|at| (Timestamp::from_millis(at), answer, person.unwrap_or_default())),
    })
}
