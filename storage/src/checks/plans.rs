//! 检查方案 per 保障等级. A version is only added to; the newest holds.

use crate::{AuditLine, Store, StoreError, audit, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{Timestamp, check::CheckPlan, meeting::AssuranceGrade};

/// A version of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPlan {
    /// 0: the shipped one.
    pub version: i64,
    /// What it says.
    pub plan: CheckPlan,
    /// When it was saved and by whom; none of the shipped one.
    pub saved: Option<(Timestamp, String)>,
}

impl StoredPlan {
    fn shipped(grade: AssuranceGrade) -> Self {
        Self { version: 0, plan: CheckPlan::of_grade(grade), saved: None }
    }

    fn of(row: &SqliteRow) -> Result<Self, StoreError> {
        let at = Timestamp::from_millis(row.try_get("at_ms")?);
        Ok(Self {
            version: row.try_get("version")?,
            plan: decode::json("check_plans.document", row.try_get("document")?)?,
            saved: Some((at, row.try_get("login")?)),
        })
    }
}

/// What became of saving a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanSaved {
    /// It holds, under this number.
    Now(i64),
    /// Somebody was first: this is the newest.
    NotNewest(i64),
}

impl Store {
    /// The plan of a grade and its version, 0 where it is the shipped one.
    pub async fn check_plan(&self, grade: AssuranceGrade) -> Result<(i64, CheckPlan), StoreError> {
        let found: Option<(i64, String)> = sqlx::query_as(
            "SELECT version, document FROM check_plans WHERE grade = ? ORDER BY version DESC LIMIT 1",
        )
        .bind(grade.code())
        .fetch_optional(self.reader())
        .await?;
        match found {
            None => Ok((0, CheckPlan::of_grade(grade))),
            Some((version, document)) => {
                Ok((version, decode::json("check_plans.document", &document)?))
            }
        }
    }

    /// Every version of the plan of a grade, the newest first, the shipped one last.
    pub async fn check_plan_versions(
        &self,
        grade: AssuranceGrade,
    ) -> Result<Vec<StoredPlan>, StoreError> {
        let rows = sqlx::query("SELECT * FROM check_plans WHERE grade = ? ORDER BY version DESC")
            .bind(grade.code())
            .fetch_all(self.reader())
            .await?;
        let stored = rows.iter().map(StoredPlan::of);
        stored.chain(std::iter::once(Ok(StoredPlan::shipped(grade)))).collect()
    }

    /// Saves a new version of the plan of a grade, which was checked, on top of the one that was `seen`.
    pub async fn save_check_plan(
        &self,
        grade: AssuranceGrade,
        plan: &CheckPlan,
        seen: i64,
        mut line: AuditLine,
    ) -> Result<PlanSaved, StoreError> {
        let document = decode::to_json("check_plans.document", plan)?;
        self.write(move |connection| {
            Box::pin(async move {
                let newest: i64 = sqlx::query_scalar(
                    "SELECT coalesce(max(version), 0) FROM check_plans WHERE grade = ?",
                )
                .bind(grade.code())
                .fetch_one(&mut *connection)
                .await?;
                if newest != seen {
                    return Ok(PlanSaved::NotNewest(newest));
                }
                let version = newest + 1;
                sqlx::query(
                    "INSERT INTO check_plans (grade, version, document, at_ms, login)
                     VALUES (?, ?, ?, ?, ?)",
                )
                .bind(grade.code())
                .bind(version)
                .bind(document)
                .bind(line.at.millis())
                .bind(&line.login)
                .execute(&mut *connection)
                .await?;
                line.subject = format!("{}@{version}", grade.code());
                audit::insert(connection, line).await?;
                Ok(PlanSaved::Now(version))
            })
        })
        .await
    }
}
