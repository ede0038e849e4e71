//! 启用预案: a venue of a meeting turns to its backup endpoint, to another venue or to a telephone conference, and
//! back. What is turned to is looked at at once.

use super::{
    Known, ask,
    told::{Target, Turning, Way},
};
use crate::{
    app::App,
    booking::taken,
    failure::Failure,
    guard::{User, audit_line},
    query::id as id_of,
};
use axum::http::Extensions;
use zhishou_domain::{
    Lang, MeetingId, VenueId,
    check::{Fallback, TurnTo},
    meeting::{ResourceKind, Venue},
};
use zhishou_storage::{NewTurn, TurnActed};

/// Who asks, and their language.
pub(crate) type By<'a> = (&'a User, &'a Extensions, Lang);

/// Turns a venue of a meeting to something else, because of `what`. While the meeting is held that is an
/// incident, or belongs to the one that lasts.
pub(crate) async fn turn(
    app: &App,
    (user, extensions, lang): By<'_>,
    (meeting, venue): (MeetingId, VenueId),
    to: TurnTo,
    what: &str,
) -> Result<(), Failure> {
    let known = known(app, meeting).await?;
    let place = known.venue(venue).ok_or_else(Failure::not_found)?;
    let target = target(app, place, to).await?;
    let turning = Turning { known: &known, venue: place, to: &target, what, way: Way::There, lang };
    let (note, told) = (turning.note(), turning.told(app).await?);
    let new = NewTurn { meeting, venue, to, what: what.to_owned(), note, told };
    let line = audit_line(app, user, extensions, "turn_meeting", String::new());
    done(app, app.store.turn_meeting(new, line).await?)?;
    match to {
        TurnTo::Endpoint(_) => ask(app, (user, extensions), meeting, (Some(venue), None)).await,
        TurnTo::Venue(to) => ask(app, (user, extensions), meeting, (Some(to), None)).await,
        TurnTo::Telephone(_) => Ok(()),
    }
}

/// Takes back what a meeting turned to.
pub(crate) async fn undo(
    app: &App,
    (user, extensions, lang): By<'_>,
    meeting: MeetingId,
    turn: i64,
) -> Result<(), Failure> {
    let known = known(app, meeting).await?;
    let turned = known.turns.iter().find(|it| it.id == turn && !it.is_undone);
    let turned = turned.ok_or_else(Failure::not_found)?;
    let venue = app.store.venue(turned.venue).await?.ok_or_else(Failure::not_found)?;
    let target = target(app, &venue, turned.to).await?;
    let what = &turned.what;
    let turning = Turning { known: &known, venue: &venue, to: &target, what, way: Way::Back, lang };
    let told = (turning.note(), turning.told(app).await?);
    let line = audit_line(app, user, extensions, "turn_meeting", String::new());
    done(app, app.store.undo_turn(meeting, turn, told, line).await?)?;
    match turned.to {
        TurnTo::Endpoint(_) | TurnTo::Venue(_) => {
            ask(app, (user, extensions), meeting, (Some(turned.venue), None)).await
        }
        TurnTo::Telephone(_) => Ok(()),
    }
}

/// What somebody names: an endpoint, a venue or a conference, by what its kind is.
pub(crate) fn turn_to(fallback: Fallback, to: &str) -> Result<TurnTo, Failure> {
    let found = match fallback {
        Fallback::BackupEndpoint => id_of("to", to)?.map(TurnTo::Endpoint),
        Fallback::NearestVenue => id_of("to", to)?.map(TurnTo::Venue),
        Fallback::Telephone => id_of("to", to)?.map(TurnTo::Telephone),
    };
    found.ok_or_else(|| {
        Failure::bad_input(
            "请选择改用的终端、会场或电话会议",
            "to: which endpoint, venue or conference",
        )
    })
}

async fn known(app: &App, id: MeetingId) -> Result<Known, Failure> {
    Known::of(&app.store, id, app.clock.now()).await?.ok_or_else(Failure::not_found)
}

/// What somebody names, as it stands in the store.
async fn target(app: &App, venue: &Venue, to: TurnTo) -> Result<Target, Failure> {
    let found = match to {
        TurnTo::Endpoint(id) => {
            let mut endpoints = venue.endpoints();
            endpoints.find(|it| it.id == id).cloned().map(Target::Endpoint)
        }
        TurnTo::Venue(id) => app.store.venue(id).await?.map(Target::Venue),
        TurnTo::Telephone(id) => {
            let all = app.store.platform_resources().await?;
            let mut lines = all.into_iter().filter(|it| it.kind == ResourceKind::Telephone);
            lines.find(|it| it.id == id).map(Target::Telephone)
        }
    };
    found.ok_or_else(Failure::not_found)
}

fn done(app: &App, acted: TurnActed) -> Result<(), Failure> {
    match acted {
        TurnActed::Done => Ok(()),
        TurnActed::Missing => Err(Failure::not_found()),
        TurnActed::Refused => Err(Failure::conflict(
            "会议未批准或已结束，或已改用、已撤销",
            "it is not approved yet or over, or that was done or undone already",
        )),
        TurnActed::Taken(held) => Err(taken(app, &held)),
    }
}
