//! 启用预案 on the page of a meeting: one tap turns to the backup endpoint, to another venue or to a telephone
//! conference, and one takes that back. What is turned to is looked at at once.

use super::meeting::{WORDS, ask, back, not_open, number};
use crate::{
    app::App,
    booking::held_words,
    failure::Failure,
    guard::{User, audit_line},
    meeting_care::Known,
    query::{id as id_of, typed, word},
    shell::Shell,
    turning::{Target, Turning, Way},
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::{Extensions, StatusCode},
    response::Redirect,
};
use serde::Deserialize;
use zhishou_domain::{
    Lang, MeetingId, ResourceId, VenueId,
    check::{Fallback, TurnTo},
    meeting::{MeetingState, PlatformResource, Venue},
};
use zhishou_storage::{Entered, IncidentActed, NewMeetingIncident, NewTurn, TurnActed};

/// What goes wrong, or what is done about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IncidentForm {
    venue: String,
    what: String,
    fallback: String,
    /// Which venue or conference, where the fallback is one.
    to: String,
}

/// Who asks.
type By<'a> = (&'a User, &'a Extensions, Lang);

/// `POST /meetings/{id}/incidents`: one tap, with what is turned to; that is from then on what is checked and
/// watched. Before it begins nobody lost anything yet, and it is no incident.
pub(crate) async fn add_incident(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<IncidentForm>,
) -> Result<Redirect, Failure> {
    let id = number(&id)?;
    let venue = id_of("venue", &form.venue)?.ok_or_else(Failure::not_found)?;
    let fallback = word("fallback", &form.fallback, Fallback::from_code)?;
    let what = typed("what", &form.what, WORDS)?;
    if what.is_empty() {
        return Err(Failure::bad_input("请写明故障现象", "what: words are missing"));
    }
    let by: By<'_> = (&user, &extensions, shell.t.0);
    let missing = || Failure::bad_input("请选择改用的会场或电话会议", "to: missing");
    match fallback {
        Some(Fallback::BackupEndpoint) => {
            if turn_to_backup(&app, by, (id, venue)).await? == MeetingState::Live {
                enter(&app, by, id, venue, (what, fallback)).await?;
            }
        }
        Some(Fallback::NearestVenue) => {
            let to: VenueId = id_of("to", &form.to)?.ok_or_else(missing)?;
            turn(&app, by, (id, venue), TurnTo::Venue(to), what).await?;
        }
        Some(Fallback::Telephone) => {
            let to: ResourceId = id_of("to", &form.to)?.ok_or_else(missing)?;
            turn(&app, by, (id, venue), TurnTo::Telephone(to), what).await?;
        }
        None => enter(&app, by, id, venue, (what, None)).await?,
    }
    Ok(back(id))
}

/// Enters an incident; what was turned to belongs to the one that lasts, where there is one.
async fn enter(
    app: &App,
    (user, extensions, _): By<'_>,
    meeting: MeetingId,
    venue: VenueId,
    (what, fallback): (String, Option<Fallback>),
) -> Result<(), Failure> {
    let line = || audit_line(app, user, extensions, "meeting_incident", String::new());
    let lasting = match fallback {
        Some(_) => app.store.meeting_incidents(meeting).await?,
        None => Vec::new(),
    };
    let lasting = lasting.iter().rev().find(|it| it.venue == venue && it.to.is_none());
    let incident = match lasting {
        Some(lasting) => lasting.id,
        None => {
            let new = NewMeetingIncident { meeting, venue, what };
            match app.store.add_meeting_incident(new, line()).await? {
                Entered::Now(incident) => incident,
                Entered::NotOpen => return Err(not_open()),
                Entered::Missing => return Err(Failure::not_found()),
            }
        }
    };
    if let Some(fallback) = fallback {
        let act = IncidentActed::Fallback(fallback);
        app.store.act_on_meeting_incident(meeting, incident, act, line()).await?;
    }
    Ok(())
}

/// Holds a meeting on the backup endpoint of a venue, and has that looked at at once. Gives how the meeting
/// stands.
async fn turn_to_backup(
    app: &App,
    (user, extensions, _): By<'_>,
    (id, venue): (MeetingId, VenueId),
) -> Result<MeetingState, Failure> {
    let known = known(app, id).await?;
    let backup = known.venue(venue).and_then(|venue| venue.backup()).map(|it| it.id);
    let line = audit_line(app, user, extensions, "meeting_endpoint", String::new());
    let turned = match backup {
        Some(device) => app.store.turn_to_endpoint(id, venue, device, line).await?,
        None => Entered::Missing,
    };
    match turned {
        Entered::Now(()) => {}
        Entered::NotOpen => return Err(not_open()),
        Entered::Missing => {
            return Err(Failure::bad_input(
                "该会场没有备用终端",
                "fallback: there is no backup endpoint",
            ));
        }
    }
    ask(app, (user, extensions), id, (Some(venue), None)).await?;
    Ok(known.stored.state)
}

async fn known(app: &App, id: MeetingId) -> Result<Known, Failure> {
    Known::of(&app.store, id, app.clock.now()).await?.ok_or_else(Failure::not_found)
}

/// A venue or a conference that somebody names, as it stands in the store.
enum Named {
    Venue(Venue),
    Telephone(PlatformResource),
}

impl Named {
    async fn of(app: &App, to: TurnTo) -> Result<Self, Failure> {
        let named = match to {
            TurnTo::Venue(id) => app.store.venue(id).await?.map(Self::Venue),
            TurnTo::Telephone(id) => {
                let all = app.store.platform_resources().await?;
                all.into_iter().find(|it| it.id == id).map(Self::Telephone)
            }
        };
        named.ok_or_else(Failure::not_found)
    }

    fn target(&self) -> Target<'_> {
        match self {
            Self::Venue(it) => Target::Venue(it),
            Self::Telephone(it) => Target::Telephone(it),
        }
    }
}

/// Turns a meeting to another venue, or a venue of it to a telephone conference.
async fn turn(
    app: &App,
    (user, extensions, lang): By<'_>,
    (meeting, venue): (MeetingId, VenueId),
    to: TurnTo,
    what: String,
) -> Result<(), Failure> {
    let known = known(app, meeting).await?;
    let place = known.venue(venue).ok_or_else(Failure::not_found)?;
    let named = Named::of(app, to).await?;
    let target = named.target();
    let turning =
        Turning { known: &known, venue: place, to: target, what: &what, way: Way::There, lang };
    let (note, told) = (turning.note(), turning.told(app).await?);
    let new = NewTurn { meeting, venue, to, what: what.clone(), note, told };
    let line = audit_line(app, user, extensions, "turn_meeting", String::new());
    done(app, app.store.turn_meeting(new, line).await?)?;
    match to {
        TurnTo::Venue(to) => ask(app, (user, extensions), meeting, (Some(to), None)).await,
        TurnTo::Telephone(_) => Ok(()),
    }
}

/// `POST /meetings/{id}/turns/{turn}/undo`.
pub(crate) async fn undo(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path((id, turn)): Path<(String, i64)>,
    extensions: Extensions,
) -> Result<Redirect, Failure> {
    let id = number(&id)?;
    let known = known(&app, id).await?;
    let turned = known.turns.iter().find(|it| it.id == turn && !it.is_undone);
    let turned = turned.ok_or_else(Failure::not_found)?;
    let venue = app.store.venue(turned.venue).await?.ok_or_else(Failure::not_found)?;
    let named = Named::of(&app, turned.to).await?;
    let turning = Turning {
        known: &known,
        venue: &venue,
        to: named.target(),
        what: &turned.what,
        way: Way::Back,
        lang: shell.t.0,
    };
    let told = (turning.note(), turning.told(&app).await?);
    let line = audit_line(&app, &user, &extensions, "turn_meeting", String::new());
    done(&app, app.store.undo_turn(id, turn, told, line).await?)?;
    if let TurnTo::Venue(_) = turned.to {
        ask(&app, (&user, &extensions), id, (Some(turned.venue), None)).await?;
    }
    Ok(back(id))
}

fn done(app: &App, acted: TurnActed) -> Result<(), Failure> {
    let conflict = |zh: String, en: String| Failure {
        status: StatusCode::CONFLICT,
        ..Failure::bad_input(zh, en)
    };
    match acted {
        TurnActed::Done => Ok(()),
        TurnActed::Missing => Err(Failure::not_found()),
        TurnActed::Refused => Err(conflict(
            "会议未批准或已结束，或已改用、已撤销".to_owned(),
            "it is not approved yet or over, or that was done or undone already".to_owned(),
        )),
        TurnActed::Taken(held) => {
            let words = |lang| {
                let words: Vec<_> = held.iter().map(|it| held_words(app, it, lang)).collect();
                words.join(if lang == Lang::Zh { "；" } else { "; " })
            };
            Err(conflict(
                format!("没有改动，已被占用：{}", words(Lang::Zh)),
                format!("nothing changed, others hold it: {}", words(Lang::En)),
            ))
        }
    }
}
