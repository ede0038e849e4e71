//! By what the rates of a page are made: a policy, before or after exclusion. Every page takes it from
//! here, so that no two of them say different things of the same day.

use super::bar::{Choice, Select};
use crate::{
    api::policy_of,
    app::App,
    failure::Failure,
    format::{Figure, Moment},
    words::Words,
};
use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::time::Duration;
use zhishou_domain::{
    DeviceKind, Timestamp,
    account::{Figures, Source, Tally, Window},
    policy::{ClassKey, Policy},
};
use zhishou_storage::{Asked, Filter, Grouping, KeptAccount};

/// A count of the day under way that is older is told.
pub(crate) const LATE: Duration = Duration::from_secs(180);

/// The parameters of pages about the present day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct BasisQuery {
    pub(crate) policy: String,
    pub(crate) exclusion: String,
}

impl BasisQuery {
    /// What links keep.
    pub(crate) fn pairs(&self) -> [(&'static str, &str); 2] {
        [("policy", &self.policy), ("exclusion", &self.exclusion)]
    }
}

/// Whether what was excluded counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    After,
    Before,
}

/// By what rates are made of tallies.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    pub(crate) policy: Policy,
    pub(crate) side: Side,
    moments: usize,
}

impl Basis {
    /// The policy that is named, and how it is read over days. Only newest versions are kept ready.
    pub(crate) async fn of(
        app: &App,
        (policy, exclusion): (&str, &str),
        (from, to): (NaiveDate, NaiveDate),
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let side = match exclusion {
            "" | "after" => Side::After,
            "before" => Side::Before,
            _ => {
                return Err(Failure::bad_input(
                    "exclusion：after 或 before",
                    "exclusion: after or before",
                ));
            }
        };
        let policy = policy_of(app, policy).await?.policy;
        let newest = policy_of(app, &policy.id).await?.policy.reference();
        if newest != policy.reference() {
            return Err(Failure {
                zh: Some(format!(
                    "policy：本页只按口径的最新版本 {newest} 统计；旧版本请用 /api/v1/rates"
                )),
                ..Failure::new(
                    StatusCode::NOT_FOUND,
                    format!(
                        "policy: this page has the newest version, {newest}; for older ones use /api/v1/rates"
                    ),
                )
            });
        }
        let moments = Window::new(&policy, from, to, app.zone, now).counted.len();
        Ok(Self { policy, side, moments })
    }

    pub(crate) fn figures(&self, tally: &Tally) -> Figures {
        let make = match self.side {
            Side::After => Figures::after,
            Side::Before => Figures::before,
        };
        make(&self.policy, self.moments, tally, Source::Transitions)
    }
    /// Of the present day.
    pub(crate) async fn today(
        app: &App,
        query: &BasisQuery,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let today = now.local_day(app.zone);
        Self::of(app, (&query.policy, &query.exclusion), (today, today), now).await
    }

    /// What the present day counts so far.
    pub(crate) async fn kept_today(
        &self,
        app: &App,
        by: Grouping,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<KeptAccount, Failure> {
        let today = now.local_day(app.zone);
        let (period, before) = ((today, today), today - Days::new(1));
        let policy = &self.policy;
        let earlier = (before, before);
        let asked = Asked { policy, by, filter, period, earlier, since: today, recent: today };
        Ok(app.store.kept_account(asked).await?)
    }

    /// 在线率 of a tally.
    pub(crate) fn online(&self, tally: &Tally, target: f64, t: Words) -> Figure {
        Figure::of(&self.figures(tally).online, target, t.0)
    }

    /// The target of what a filter lets through.
    pub(crate) fn target(&self, filter: &Filter) -> f64 {
        self.policy.target(filter.class.map(|class| ClassKey::from(Some(class))))
    }

    /// Kinds whose devices stand in the first counts of a page; those of other kinds stand beside.
    pub(crate) fn kinds(&self, filter: &Filter) -> Vec<DeviceKind> {
        filter.kind.map_or_else(|| self.policy.scope.kinds.clone(), |kind| vec![kind])
    }

    /// Its name and version.
    pub(crate) fn name(&self, t: Words) -> String {
        format!("{} {}", self.policy.name(t.0), self.policy.reference())
    }

    /// The two choices of a bar.
    pub(crate) fn selects(&self, newest: &[Policy], t: Words) -> [Select; 2] {
        let newest = newest.iter().map(|it| (it.id.clone(), it.name(t.0).to_owned()));
        let side = match self.side {
            Side::After => "after",
            Side::Before => "before",
        };
        let sides = [("after", t.after_exclusion()), ("before", t.before_exclusion())];
        let sides = sides.map(|(code, word)| (code.to_owned(), word.to_owned()));
        [
            own("policy", t.policy(), newest, &self.policy.id),
            own("exclusion", t.exclusion(), sides, side),
        ]
    }
}

/// A choice that always has a value.
pub(crate) fn own(
    name: &'static str,
    label: &'static str,
    options: impl IntoIterator<Item = (String, String)>,
    present: &str,
) -> Select {
    let options = options.into_iter();
    let options =
        options.map(|(value, text)| Choice { chosen: value == present, value, text }).collect();
    Select { name, label, options }
}

/// Up to when a page is counted.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) until: Option<Moment>,
    pub(crate) is_late: bool,
}

impl Counted {
    /// Up to `until`, where it should reach `due`.
    pub(crate) fn new(view: &super::View<'_>, until: Option<Timestamp>, due: Timestamp) -> Self {
        Self {
            is_late: until.is_some_and(|until| until + LATE < due),
            until: until.map(|at| view.moment(at)),
        }
    }

    /// Of the present day.
    pub(crate) fn today(view: &super::View<'_>, account: &KeptAccount) -> Self {
        let until = account.days.last().map(|day| day.until);
        Self::new(view, until, view.today.until())
    }
}
