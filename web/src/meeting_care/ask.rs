//! A check that somebody asks for.

use crate::{
    app::{App, AskedCheck},
    failure::Failure,
    guard::{User, audit},
};
use axum::http::{Extensions, StatusCode};
use zhishou_domain::{MeetingId, VenueId, check::CheckItem};

/// Asks for a check in the name of `user`; what comes of it is seen on the page.
pub(crate) async fn ask(
    app: &App,
    (user, extensions): (&User, &Extensions),
    id: MeetingId,
    (venue, item): (Option<VenueId>, Option<CheckItem>),
) -> Result<(), Failure> {
    let meeting = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
    if !meeting.state.is_watched() {
        return Err(not_open());
    }
    let asked = AskedCheck { meeting: id, venue, item, login: user.login.clone() };
    app.checks.ask(asked).await.map_err(|_| Failure::new(StatusCode::SERVICE_UNAVAILABLE, ""))?;
    audit(app, user, extensions, "run_check", id.to_string()).await
}

/// Nobody checks or watches it.
pub(crate) fn not_open() -> Failure {
    Failure::conflict(
        "会议未批准、已取消或已结束，不再检查、签字和登记故障",
        "it is not approved yet, cancelled or over",
    )
}
