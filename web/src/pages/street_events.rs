//! 环境事件 on `/incidents`: what many cameras of a street show together, one line each.

use super::View;
use crate::{
    failure::Failure,
    format::{Moment, duration},
    incident_words,
};
use zhishou_domain::Timestamp;
use zhishou_storage::{EventCamera, IncidentFilter, StreetEvent};

/// Events listed, and cameras of each.
const SHOWN: u32 = 10;
const CAMERAS: u32 = 100;

/// One event in one line, and the cameras behind it.
pub(super) struct EventLine {
    pub(super) id: i64,
    pub(super) what: String,
    pub(super) glyph: &'static str,
    pub(super) extent: String,
    pub(super) since: Moment,
    pub(super) lasted: String,
    pub(super) cameras: Vec<CameraLine>,
    /// Cameras that are not listed.
    pub(super) more: u64,
}

/// One camera of an event.
pub(super) struct CameraLine {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) times: String,
}

/// The events that a filter of incidents asks for.
pub(super) async fn lines(
    view: &View<'_>,
    filter: &IncidentFilter,
) -> Result<Vec<EventLine>, Failure> {
    let store = &view.app.store;
    let events = store.street_events(filter, view.now, SHOWN).await?;
    let mut lines = Vec::with_capacity(events.len());
    for event in events {
        let cameras = store.street_event_cameras(event.id, filter, view.now, CAMERAS).await?;
        lines.push(line(view, &event, &cameras));
    }
    Ok(lines)
}

fn line(view: &View<'_>, event: &StreetEvent, cameras: &[EventCamera]) -> EventLine {
    let lang = view.t.0;
    let times = |from: Timestamp, until: Option<Timestamp>| {
        let until = until.map_or_else(String::new, |at| view.moment(at).short);
        format!("{} – {until}", view.moment(from).short)
    };
    let camera = |it: &EventCamera| CameraLine {
        href: format!("/devices/{}", it.device),
        name: format!("{} · {}", it.name, it.site),
        times: times(it.since, it.until),
    };
    EventLine {
        id: event.id,
        what: incident_words::street_event(event, lang),
        glyph: if event.ended.is_some() { "up" } else { "degraded" },
        extent: incident_words::street_event_extent(event, lang),
        since: view.moment(event.since),
        lasted: duration(event.ended.unwrap_or(view.now).since(event.since), lang),
        cameras: cameras.iter().map(camera).collect(),
        more: event.cameras.saturating_sub(cameras.len() as u64),
    }
}
