//! Acknowledging and muting incidents, the same for pages and programs.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, audit_line},
    work::LONGEST,
};
use axum::http::{Extensions, StatusCode};
use std::time::Duration;
use zhishou_domain::{
    IncidentId, Lang,
    alert::{Handling, HandlingAct, LONGEST_MUTE},
};

/// What somebody does.
pub(crate) struct Deed {
    pub(crate) act: HandlingAct,
    /// Of a mute: for how many hours.
    pub(crate) hours: Option<u32>,
    pub(crate) note: String,
}

/// Does it in the name of `user`, with its line of the audit log.
pub(crate) async fn handle(
    app: &App,
    lang: Lang,
    (user, extensions): (&User, &Extensions),
    id: IncidentId,
    deed: Deed,
) -> Result<(), Failure> {
    if user.maintainer.is_some() {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            lang.pick("故障由数据中心确认与静默", "incidents are handled by the centre"),
        ));
    }
    let note = deed.note.trim().to_owned();
    let is_mute = deed.act == HandlingAct::Mute;
    let most = LONGEST_MUTE.as_secs() / 3600;
    let hours = deed.hours.map(u64::from).filter(|hours| (1..=most).contains(hours));
    if note.chars().count() > LONGEST || (is_mute && (note.is_empty() || hours.is_none())) {
        return Err(Failure::bad_input(
            format!("静默须写明原因与时长（1 至 {most} 小时）；说明不超过 {LONGEST} 字"),
            format!(
                "a mute says why and for how long (1 to {most} hours); at most {LONGEST} characters"
            ),
        ));
    }
    let now = app.clock.now();
    let (action, until) = match deed.act {
        HandlingAct::Acknowledge => ("acknowledge_incident", None),
        HandlingAct::Unmute => ("unmute_incident", None),
        HandlingAct::Mute => {
            let span = Duration::from_secs(hours.unwrap_or(1) * 3600);
            ("mute_incident", Some(now + span))
        }
    };
    let handling = Handling { at: now, login: user.login.clone(), act: deed.act, until, note };
    let line = audit_line(app, user, extensions, action, id.to_string());
    if app.store.handle_incident(id, handling, line).await? {
        Ok(())
    } else {
        Err(Failure::not_found())
    }
}
