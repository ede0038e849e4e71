//! 值班: the roster, who signed in, what was handed over.
//!
//! A shift names its people; how they are reached is kept once (`duty_people`).
//!
//! Invariants: shifts never overlap, the schema keeps it so; what is done and its audit line are one
//! transaction; a shift that is over is never changed.

use crate::{AuditLine, Change, Store, StoreError, audit, duty_people};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::HashMap;
use zhishou_domain::{
    ShiftId, Timestamp,
    duty::{DutyRefusal, DutyShift, HandOver, SignIn, Watcher},
};

/// Shifts read at once at most: two a day for two months.
const SHIFTS: i64 = 256;

/// Shifts with how their people are reached.
macro_rules! shift {
    ($which:literal) => {
        concat!(
            "SELECT s.*, coalesce(l.phone, '') AS lead_phone, coalesce(l.mail, '') AS lead_mail,
                 coalesce(l.login, '') AS lead_login, coalesce(b.login, '') AS backup_login,
                 coalesce(b.phone, '') AS backup_phone, coalesce(b.mail, '') AS backup_mail
             FROM duty_shifts s LEFT JOIN duty_people l ON l.name = s.lead_name
             LEFT JOIN duty_people b ON b.name = s.backup_name ",
            $which
        )
    };
}

/// What became of adding shifts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rostered {
    /// All are there, so many.
    Added(u64),
    /// Nothing changed: these that are there lie in the way.
    Collides(Vec<DutyShift>),
}

/// What is done to one shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DutyAct {
    /// 签到.
    SignIn,
    /// 交接班, in words.
    HandOver(String),
    /// 换班: others have it.
    Change {
        /// 值班长.
        lead: Watcher,
        /// 副班.
        backup: Option<Watcher>,
    },
    /// It is taken from the roster.
    Remove,
}

impl DutyAct {
    const fn action(&self) -> &'static str {
        match self {
            Self::SignIn => "duty_sign_in",
            Self::HandOver(_) => "duty_hand_over",
            Self::Change { .. } => "duty_change",
            Self::Remove => "duty_remove",
        }
    }
}

/// What became of an act on a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DutyActed {
    /// It is done.
    Done,
    /// It was refused, and nothing changed.
    Refused(DutyRefusal),
    /// There is no such shift.
    Missing,
}

impl Store {
    /// Who is on duty at a moment; none where the roster has nobody.
    pub async fn on_duty(&self, at: Timestamp) -> Result<Option<DutyShift>, StoreError> {
        Ok(self.duty_shifts(at, Timestamp::from_millis(at.millis() + 1)).await?.pop())
    }

    /// Shifts that touch `[from, to)`, in order, 256 at most.
    pub async fn duty_shifts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<DutyShift>, StoreError> {
        touching(&mut *self.reader().acquire().await?, from, to).await
    }

    /// Adds shifts with the same people, all or none.
    pub async fn add_duty_shifts(
        &self,
        times: Vec<(Timestamp, Timestamp)>,
        lead: Watcher,
        backup: Option<Watcher>,
        line: AuditLine,
    ) -> Result<Rostered, StoreError> {
        let rostered = self
            .write(move |connection| Box::pin(add(connection, times, lead, backup, line)))
            .await?;
        self.announce(Change::Duty);
        Ok(rostered)
    }

    /// Does something to a shift in the name of whom the line names, at its time.
    pub async fn act_on_duty(
        &self,
        id: ShiftId,
        act: DutyAct,
        line: AuditLine,
    ) -> Result<DutyActed, StoreError> {
        let acted =
            self.write(move |connection| Box::pin(do_it(connection, id, act, line))).await?;
        self.announce(Change::Duty);
        Ok(acted)
    }
}

async fn add(
    connection: &mut SqliteConnection,
    times: Vec<(Timestamp, Timestamp)>,
    lead: Watcher,
    backup: Option<Watcher>,
    line: AuditLine,
) -> Result<Rostered, StoreError> {
    let mut held = Vec::new();
    for (from, to) in &times {
        held.extend(touching(connection, *from, *to).await?);
    }
    if !held.is_empty() {
        held.dedup_by_key(|shift| shift.id);
        return Ok(Rostered::Collides(held));
    }
    let backup = backup.unwrap_or_default();
    keep(connection, &lead, &backup).await?;
    for (from, to) in &times {
        sqlx::query(
            "INSERT INTO duty_shifts (from_ms, to_ms, lead_name, backup_name) VALUES (?, ?, ?, ?)",
        )
        .bind(from.millis())
        .bind(to.millis())
        .bind(&lead.name)
        .bind(&backup.name)
        .execute(&mut *connection)
        .await?;
    }
    audit::insert(connection, line).await?;
    Ok(Rostered::Added(times.len() as u64))
}

async fn do_it(
    connection: &mut SqliteConnection,
    id: ShiftId,
    act: DutyAct,
    mut line: AuditLine,
) -> Result<DutyActed, StoreError> {
    let row = sqlx::query(shift!("WHERE s.id = ?")).bind(id.number());
    let Some(row) = row.fetch_optional(&mut *connection).await? else {
        return Ok(DutyActed::Missing);
    };
    let shift = shift_of(&row);
    let allowed = match &act {
        DutyAct::SignIn => shift.allow_sign_in(line.at),
        DutyAct::HandOver(text) if text.trim().is_empty() => Err(DutyRefusal::Empty),
        DutyAct::HandOver(_) => Ok(()),
        DutyAct::Change { lead, .. } => shift.allow_change(line.at, lead),
        DutyAct::Remove => shift.allow_removal(line.at),
    };
    if let Err(refusal) = allowed {
        return Ok(DutyActed::Refused(refusal));
    }
    line.action = act.action();
    line.subject = match &act {
        DutyAct::Change { lead, .. } => format!("{id}: {} → {}", shift.lead.name, lead.name),
        DutyAct::Remove => format!("{id}: {}", shift.lead.name),
        DutyAct::SignIn | DutyAct::HandOver(_) => id.to_string(),
    };
    match act {
        DutyAct::SignIn => enter(connection, id, &line, None).await?,
        DutyAct::HandOver(text) => enter(connection, id, &line, Some(text)).await?,
        DutyAct::Change { lead, backup } => {
            let backup = backup.unwrap_or_default();
            keep(connection, &lead, &backup).await?;
            sqlx::query("UPDATE duty_shifts SET lead_name = ?2, backup_name = ?3 WHERE id = ?1")
                .bind(id.number())
                .bind(lead.name)
                .bind(backup.name)
                .execute(&mut *connection)
                .await?;
        }
        DutyAct::Remove => {
            let entries: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM duty_entries WHERE shift_id = ?)")
                    .bind(id.number())
                    .fetch_one(&mut *connection)
                    .await?;
            if entries {
                return Ok(DutyActed::Refused(DutyRefusal::Begun));
            }
            sqlx::query("DELETE FROM duty_shifts WHERE id = ?")
                .bind(id.number())
                .execute(&mut *connection)
                .await?;
        }
    }
    audit::insert(connection, line).await?;
    Ok(DutyActed::Done)
}

/// Whoever has a shift is listed.
async fn keep(
    connection: &mut SqliteConnection,
    lead: &Watcher,
    backup: &Watcher,
) -> Result<(), StoreError> {
    for person in [lead, backup].into_iter().filter(|it| !it.name.is_empty()) {
        duty_people::keep(connection, person).await?;
    }
    Ok(())
}

async fn enter(
    connection: &mut SqliteConnection,
    id: ShiftId,
    line: &AuditLine,
    text: Option<String>,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO duty_entries (shift_id, at_ms, login, text) VALUES (?, ?, ?, ?)")
        .bind(id.number())
        .bind(line.at.millis())
        .bind(&line.login)
        .bind(text)
        .execute(connection)
        .await?;
    Ok(())
}

async fn touching(
    connection: &mut SqliteConnection,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<DutyShift>, StoreError> {
    let rows =
        sqlx::query(shift!("WHERE s.to_ms > ?1 AND s.from_ms < ?2 ORDER BY s.from_ms LIMIT ?3"))
            .bind(from.millis())
            .bind(to.millis())
            .bind(SHIFTS)
            .fetch_all(&mut *connection)
            .await?;
    let mut shifts: Vec<_> = rows.iter().map(shift_of).collect();
    let (Some(first), Some(last)) =
        (shifts.iter().map(|shift| shift.id).min(), shifts.iter().map(|shift| shift.id).max())
    else {
        return Ok(shifts);
    };
    let place: HashMap<_, _> = shifts.iter().enumerate().map(|(i, shift)| (shift.id, i)).collect();
    let entries: Vec<(i64, i64, String, Option<String>)> = sqlx::query_as(
        "SELECT shift_id, at_ms, login, text FROM duty_entries
         WHERE shift_id BETWEEN ?1 AND ?2 ORDER BY shift_id, id",
    )
    .bind(first.number())
    .bind(last.number())
    .fetch_all(connection)
    .await?;
    for (shift, at, login, text) in entries {
        let Some(shift) = place.get(&ShiftId::new(shift)).and_then(|place| shifts.get_mut(*place))
        else {
            continue;
        };
        let at = Timestamp::from_millis(at);
        match text {
            None => shift.sign_ins.push(SignIn { at, login }),
            Some(text) => shift.hand_overs.push(HandOver { at, login, text }),
        }
    }
    Ok(shifts)
}

fn shift_of(row: &SqliteRow) -> DutyShift {
    let watcher = |[name, phone, mail, login]: [&str; 4]| Watcher {
        name: row.get(name),
        phone: row.get(phone),
        mail: row.get(mail),
        login: row.get(login),
    };
    let backup = watcher(["backup_name", "backup_phone", "backup_mail", "backup_login"]);
    DutyShift {
        id: ShiftId::new(row.get("id")),
        from: Timestamp::from_millis(row.get("from_ms")),
        to: Timestamp::from_millis(row.get("to_ms")),
        lead: watcher(["lead_name", "lead_phone", "lead_mail", "lead_login"]),
        backup: Some(backup).filter(|backup| !backup.name.is_empty()),
        sign_ins: Vec::new(),
        hand_overs: Vec::new(),
    }
}
