//! Runs of a check plan.

use crate::{Change, Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{
    CheckRunId, MeetingId, Timestamp,
    check::{Cause, CheckDepth},
};

/// Runs of one meeting read at most; the newest.
const RUNS: i64 = 200;
/// A run of a plan that was broken off so often is not begun again: each try rings in rooms.
const TRIES: i64 = 3;

/// A run that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// When that is to begin.
    pub meeting_from: Timestamp,
    /// Why.
    pub cause: Cause,
    /// How deep.
    pub depth: CheckDepth,
    /// By which version of the plan.
    pub plan_version: i64,
    /// When.
    pub at: Timestamp,
    /// Who asked; empty: the platform.
    pub login: String,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It goes on.
    Running,
    /// It is through.
    Done,
    /// It was not made.
    Missed,
    /// It was broken off.
    Interrupted,
}

impl RunState {
    const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Missed, Self::Interrupted];

    const fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Missed => "missed",
            Self::Interrupted => "interrupted",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }
}

/// A run as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRun {
    /// 检查记录号.
    pub id: CheckRunId,
    /// When the meeting was to begin then.
    pub meeting_from: Timestamp,
    /// Why.
    pub cause: Cause,
    /// How deep.
    pub depth: CheckDepth,
    /// By which version of the plan.
    pub plan_version: i64,
    /// When it began, or was noted.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it stands.
    pub state: RunState,
    /// Who asked; empty: the platform.
    pub login: String,
}

impl Store {
    /// Begins a run.
    pub async fn begin_check_run(&self, run: NewRun) -> Result<CheckRunId, StoreError> {
        self.insert_run(run, RunState::Running).await
    }

    /// Notes that a point passed without a run.
    pub async fn miss_check_run(&self, run: NewRun) -> Result<(), StoreError> {
        self.insert_run(run, RunState::Missed).await.map(|_| ())
    }

    async fn insert_run(&self, run: NewRun, state: RunState) -> Result<CheckRunId, StoreError> {
        let id: i64 = self
            .write(move |connection| {
                Box::pin(async move {
                    let (cause, before) = match run.cause {
                        Cause::Point(before) => ("point", Some(before)),
                        Cause::Booked => ("booked", None),
                        Cause::Asked => ("asked", None),
                    };
                    let inserted = sqlx::query_scalar(
                        "INSERT INTO check_runs (meeting_id, meeting_from_ms, cause, before_min,
                             depth, plan_version, started_ms, ended_ms, state, login)
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                    )
                    .bind(run.meeting.number())
                    .bind(run.meeting_from.millis())
                    .bind(cause)
                    .bind(before)
                    .bind(run.depth.code())
                    .bind(run.plan_version)
                    .bind(run.at.millis())
                    .bind((state != RunState::Running).then_some(run.at.millis()))
                    .bind(state.code())
                    .bind(run.login)
                    .fetch_one(connection);
                    Ok(inserted.await?)
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(CheckRunId::new(id))
    }

    /// Ends a run.
    pub async fn end_check_run(&self, id: CheckRunId, at: Timestamp) -> Result<(), StoreError> {
        self.close_check_run(id, RunState::Done, at).await
    }

    /// Notes that a run was broken off; one that is through stays so.
    pub async fn interrupt_check_run(
        &self,
        id: CheckRunId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.close_check_run(id, RunState::Interrupted, at).await
    }

    async fn close_check_run(
        &self,
        id: CheckRunId,
        state: RunState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE check_runs SET state = ?3, ended_ms = max(?2, started_ms)
                     WHERE id = ?1 AND state = 'running'",
                )
                .bind(id.number())
                .bind(at.millis())
                .bind(state.code())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// At the start of the platform nothing runs: what is noted as running was broken off.
    pub async fn interrupt_check_runs(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let broken = sqlx::query(
                    "UPDATE check_runs SET state = 'interrupted', ended_ms = max(?, started_ms)
                     WHERE state = 'running'",
                )
                .bind(at.millis())
                .execute(connection);
                Ok(broken.await?.rows_affected())
            })
        })
        .await
    }

    /// What of a plan was run, is being run, was noted as missed or broken off three times for a meeting that
    /// begins at `from`, and when that began; what persons asked for is not among it.
    pub async fn planned_runs(
        &self,
        meeting: MeetingId,
        from: Timestamp,
    ) -> Result<Vec<(Cause, Timestamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM check_runs r WHERE meeting_id = ?1 AND meeting_from_ms = ?2
               AND cause <> 'asked' AND (state <> 'interrupted' OR ?3 <= (
                   SELECT count(*) FROM check_runs o WHERE o.meeting_id = ?1
                     AND o.meeting_from_ms = ?2 AND o.cause = r.cause
                     AND o.before_min IS r.before_min AND o.state = 'interrupted'))
             ORDER BY id",
        )
        .bind(meeting.number())
        .bind(from.millis())
        .bind(TRIES)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(|row| run_of(row).map(|run| (run.cause, run.started))).collect()
    }

    /// The last runs of a meeting, in order.
    pub async fn check_runs(&self, meeting: MeetingId) -> Result<Vec<CheckRun>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM check_runs WHERE meeting_id = ? ORDER BY id DESC LIMIT ?")
                .bind(meeting.number())
                .bind(RUNS)
                .fetch_all(self.reader())
                .await?;
        rows.iter().rev().map(run_of).collect()
    }
}

fn run_of(row: &SqliteRow) -> Result<CheckRun, StoreError> {
    let cause = match (row.try_get("cause")?, row.try_get::<Option<u32>, _>("before_min")?) {
        ("point", Some(before)) => Cause::Point(before),
        ("booked", _) => Cause::Booked,
        _ => Cause::Asked,
    };
    let ended: Option<i64> = row.try_get("ended_ms")?;
    Ok(CheckRun {
        id: CheckRunId::new(row.try_get("id")?),
        meeting_from: Timestamp::from_millis(row.try_get("meeting_from_ms")?),
        cause,
        depth: decode::word("check_runs.depth", row.try_get("depth")?, CheckDepth::from_code)?,
        plan_version: row.try_get("plan_version")?,
        started: Timestamp::from_millis(row.try_get("started_ms")?),
        ended: ended.map(Timestamp::from_millis),
        state: decode::word("check_runs.state", row.try_get("state")?, RunState::from_code)?,
        login: row.try_get("login")?,
    })
}
