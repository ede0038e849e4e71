//! 检查方案 per 保障等级.

use crate::{AuditLine, Store, StoreError, audit, decode};
use zhishou_domain::{check::CheckPlan, meeting::AssuranceGrade};

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

    /// Saves a new version of the plan of a grade, which was checked, and gives its number.
    pub async fn save_check_plan(
        &self,
        grade: AssuranceGrade,
        plan: &CheckPlan,
        line: AuditLine,
    ) -> Result<i64, StoreError> {
        let document = decode::to_json("check_plans.document", plan)?;
        self.write(move |connection| {
            Box::pin(async move {
                let version: i64 = sqlx::query_scalar(
                    "INSERT INTO check_plans (grade, version, document, at_ms, login)
                     SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, ?4 FROM check_plans
                     WHERE grade = ?1 RETURNING version",
                )
                .bind(grade.code())
                .bind(document)
                .bind(line.at.millis())
                .bind(&line.login)
                .fetch_one(&mut *connection)
                .await?;
                audit::insert(connection, line).await?;
                Ok(version)
            })
        })
        .await
    }
}
