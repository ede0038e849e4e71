//! The local days that a call is about.

use crate::failure::Failure;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use zhishou_domain::account::Source;

/// Days that one call may span where its figures are made from transitions.
const TRANSITION_DAYS: i64 = 92;
/// Days that one call may span where they are made from strips.
const STRIP_DAYS: i64 = 400;

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DaysQuery {
    /// First local day, YYYY-MM-DD; today where not given.
    #[param(value_type = Option<String>)]
    from: Option<NaiveDate>,
    /// Last local day, YYYY-MM-DD; today where not given. At most 92 days from transitions, 400 from
    /// strips.
    #[param(value_type = Option<String>)]
    to: Option<NaiveDate>,
}

impl DaysQuery {
    /// First and last day, in order and not too many for `source`. The refusal offers strips where
    /// the call `may_take_strips`.
    pub(super) fn checked(
        self,
        today: NaiveDate,
        source: Source,
        may_take_strips: bool,
    ) -> Result<(NaiveDate, NaiveDate), Failure> {
        let (from, to) = (self.from.unwrap_or(today), self.to.unwrap_or(today));
        let most = match source {
            Source::Transitions => TRANSITION_DAYS,
            Source::Strips => STRIP_DAYS,
        };
        if from > to || (to - from).num_days() >= most {
            let offer = if source == Source::Transitions && may_take_strips {
                format!(" from transitions; source=strips takes up to {STRIP_DAYS} days")
            } else {
                String::new()
            };
            let detail = format!("from, to: in order and at most {most} days{offer}");
            return Err(Failure::bad_request(detail));
        }
        Ok((from, to))
    }
}
