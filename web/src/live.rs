//! `/events`: server-sent events that tell a page when to look again. They carry identities and no
//! figures; the page fetches itself and patches what changed, so there is one way to draw a row.

use crate::app::App;
use axum::{
    extract::{Query, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use std::{collections::BTreeSet, convert::Infallible, time::Duration};
use tokio::{sync::broadcast::error::RecvError, time::Instant};
use zhishou_domain::{DeviceId, SiteId};
use zhishou_storage::Change;

/// Changes within so long are told together.
const GATHER: Duration = Duration::from_secs(1);
/// Sites named in one event; more are told as "many".
const NAMED: usize = 64;
/// A comment line so often keeps proxies from closing the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a page wants to hear of. Nothing set means everything.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Scope {
    site: Option<SiteId>,
    device: Option<DeviceId>,
    #[serde(default)]
    about: About,
}

/// What changes a page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum About {
    /// Devices and the ledger.
    #[default]
    Devices,
    /// Incidents.
    Incidents,
    /// 值班.
    Duty,
    /// Meetings.
    Meetings,
}

impl Scope {
    fn covers(&self, change: &Change) -> bool {
        match change {
            Change::Incidents => self.about == About::Incidents,
            // Who is on duty stands on the page of a meeting, how ready meetings are on that of the duty.
            Change::Duty | Change::Meetings => {
                matches!(self.about, About::Duty | About::Meetings)
            }
            _ if self.about != About::Devices => false,
            Change::Ledger => true,
            Change::Result { device, site, .. } => {
                self.site.is_none_or(|wanted| wanted == *site)
                    && self.device.is_none_or(|wanted| wanted == *device)
            }
        }
    }
}

/// `GET /events?site=…&device=…`, or `?about=incidents` and its like.
pub(crate) async fn events(State(app): State<App>, Query(scope): Query<Scope>) -> Response {
    let changes = app.store.subscribe();
    let stream = stream::unfold((changes, scope), |(mut changes, scope)| async move {
        let mut sites = BTreeSet::new();
        let mut many = false;
        let mut deadline: Option<Instant> = None;
        loop {
            let next = match deadline {
                None => changes.recv().await,
                Some(at) => match tokio::time::timeout_at(at, changes.recv()).await {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            match next {
                Ok(change) if !scope.covers(&change) => continue,
                Ok(Change::Result { site, .. }) if sites.len() < NAMED => {
                    sites.insert(site);
                }
                Ok(_) | Err(RecvError::Lagged(_)) => many = true,
                Err(RecvError::Closed) => return None,
            }
            deadline.get_or_insert_with(|| Instant::now() + GATHER);
        }
        let sites: Vec<_> = if many { Vec::new() } else { sites.into_iter().collect() };
        let data = serde_json::json!({ "many": many, "sites": sites });
        let event = Event::default().event("change").data(data.to_string());
        Some((Ok::<_, Infallible>(event), (changes, scope)))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duty_and_meetings_are_told_to_both_their_pages_and_to_no_other() {
        for (about, hears) in [
            (About::Duty, true),
            (About::Meetings, true),
            (About::Incidents, false),
            (About::Devices, false),
        ] {
            let scope = Scope { about, ..Scope::default() };
            for change in [Change::Duty, Change::Meetings] {
                assert_eq!(scope.covers(&change), hears, "{about:?}");
            }
            assert_eq!(scope.covers(&Change::Incidents), about == About::Incidents);
        }
    }
}
