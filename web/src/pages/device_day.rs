//! One day of a device as a policy counts it: its strip, its minutes and its rate before and after
//! exclusion.

use super::{View, fault_names};
use crate::{
    api::policy_of,
    draw::{self, Strip},
    failure::Failure,
    format::{Figure, Moment, grouped},
};
use chrono::NaiveDate;
use zhishou_domain::{
    DeviceId, Span, State,
    account::{Figures, Source, Sums},
};
use zhishou_storage::Period;

/// The day as it is shown.
pub(super) struct CountedDay {
    pub(super) day: NaiveDate,
    /// Pages of the day before and the one after.
    pub(super) before_href: Option<String>,
    pub(super) after_href: Option<String>,
    pub(super) policy: String,
    pub(super) strip: Strip,
    pub(super) length: u64,
    /// 在线率 before and after exclusion.
    pub(super) figures: [Figure; 2],
    /// What minutes were, and how many before and after exclusion.
    pub(super) minutes: Vec<(&'static str, [String; 2])>,
    /// Changes of state from the one that held at its beginning on.
    pub(super) changes: Vec<(Moment, State, &'static str, String)>,
}

impl CountedDay {
    /// Reads it; `open` is the stretch that no strip holds yet.
    pub(super) async fn read(
        view: &View<'_>,
        id: DeviceId,
        (day, policy): (NaiveDate, &str),
        open: Option<Span>,
    ) -> Result<Self, Failure> {
        let (app, t) = (view.app, view.t);
        let today = view.now.local_day(app.zone);
        if day > today {
            return Err(Failure::bad_input("day：不晚于今天", "day: not after today"));
        }
        let chosen = policy_of(app, policy).await?.policy;
        let account = app.store.device_account(&chosen, id, (day, day), view.now).await?;
        let account = account.ok_or_else(Failure::not_found)?;
        let period = Period::days(day, day, view.now, app.zone);
        let strips = app.store.fleet_strips(&[id], period).await?.remove(&id).unwrap_or_default();
        let segments = draw::of_device(&strips, open, period.start, period.until());
        let (excluded, tally) = (&account.excluded, &account.tally);
        let moments = account.window.counted.len();
        let (start, end, zone) = (period.start, period.end, app.zone);
        let href = |day: NaiveDate| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("day", &day.to_string());
            if !policy.is_empty() {
                query.append_pair("policy", policy);
            }
            format!("/devices/{id}?{}#counted", query.finish())
        };
        let figures = [Figures::before, Figures::after]
            .map(|of| of(&chosen, moments, tally, Source::Transitions).online)
            .map(|online| Figure::of(&online, chosen.target(None), t.0));
        let count = |of: fn(&Sums) -> u64| [&tally.before, &tally.after].map(|it| grouped(of(it)));
        let changes = account.history.transitions.iter().filter(|it| it.at < period.until());
        Ok(Self {
            day,
            before_href: day.pred_opt().map(href),
            after_href: day.succ_opt().filter(|next| *next <= today).map(href),
            policy: chosen.reference().to_string(),
            strip: Strip::draw(&segments, excluded, start, end, zone, t),
            length: end.since(start).as_secs() / 60,
            figures,
            minutes: vec![
                (t.due_devices(), count(|it| it.due)),
                (t.online(), count(Sums::online)),
                (t.offline(), count(|it| it.down)),
                (t.unknown(), count(|it| it.due.saturating_sub(it.online() + it.down))),
            ],
            changes: changes
                .map(|it| {
                    let faults = fault_names(&it.faults, t.0);
                    (view.moment(it.at), it.state, it.state.name(t.0), faults)
                })
                .collect(),
        })
    }
}
