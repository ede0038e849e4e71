//! The local days that a call is about.

use crate::failure::Failure;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

/// Days that one call may span.
const DAYS: i64 = 400;

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DaysQuery {
    /// First local day, YYYY-MM-DD; today where not given.
    #[param(value_type = Option<String>)]
    from: Option<NaiveDate>,
    /// Last local day, YYYY-MM-DD; today where not given.
    #[param(value_type = Option<String>)]
    to: Option<NaiveDate>,
}

impl DaysQuery {
    /// First and last day, in order and not too many.
    pub(super) fn checked(self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), Failure> {
        let (from, to) = (self.from.unwrap_or(today), self.to.unwrap_or(today));
        if from > to || (to - from).num_days() > DAYS {
            return Err(Failure::bad_request(format!(
                "from, to: in order and at most {DAYS} days apart"
            )));
        }
        Ok((from, to))
    }
}
