//! `/bookings`: today's meetings and the grid of venues and time, by day or by week; the sheet of a day
//! and the sign at a door, for printing.

mod ack;
mod agenda;
mod detail;
mod edit;
mod feeds;
mod grid;
mod notices;
mod programme;
mod venues;

pub(crate) use ack::{answer, event, show as ack};
pub(crate) use detail::{act, show as detail};
pub(crate) use edit::{change, create, edit, form};
pub(crate) use feeds::{calendar, list as feeds, make as make_feed, revoke as revoke_feed};
pub(crate) use notices::{make as make_notices, send as send_notices};
pub(crate) use programme::{
    keep as keep_programme, show as programme, template as programme_template,
    upload as upload_programme,
};
pub(crate) use venues::{
    from_ledger, list as venues, save as save_venue, save_resource, show as venue,
};

use crate::{
    app::App,
    failure::Failure,
    query,
    shell::{Nav, Shell, page},
};
use agenda::{AgendaDay, MeetingLine, RehearsalLine, care_word, line, rehearsals, weekday};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{Datelike, Days, NaiveDate};
use grid::Grid;
use programme::ProgrammeLines;
use serde::Deserialize;
use std::collections::HashMap;
use zhishou_domain::{
    Timestamp, VenueId,
    duty::Watcher,
    meeting::{MeetingState, Slot, Venue},
};
use zhishou_storage::{Held, MeetingFilter, StoredMeeting};

/// Meetings read for a page at most.
const MOST: u32 = 1000;

/// Which days, and which venue.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CalendarQuery {
    day: String,
    span: String,
    venue: String,
}

#[derive(Template)]
#[template(path = "bookings.html")]
struct BookingsPage {
    shell: Shell,
    /// `3 场会议 · 1 次联调 · 2/5 全天空闲会场`.
    today: Vec<(String, &'static str)>,
    duty: Option<Watcher>,
    is_week: bool,
    label: String,
    day: String,
    links: [String; 5],
    sheet: String,
    venues: Vec<(String, String, bool)>,
    grid: Grid,
    agenda: Vec<AgendaDay>,
    has_venues: bool,
}

/// The slot of some days on the wall.
fn days(app: &App, first: NaiveDate, count: u64) -> Slot {
    Slot {
        from: Timestamp::start_of_day(first, app.zone),
        to: Timestamp::start_of_day(first + Days::new(count), app.zone),
    }
}

/// The meetings of some days that are not cancelled, and what is held in them.
async fn within(
    app: &App,
    slot: Slot,
    venue: Option<VenueId>,
) -> Result<(Vec<StoredMeeting>, Vec<Held>), Failure> {
    let states = MeetingState::ALL.iter().filter(|it| **it != MeetingState::Cancelled);
    let filter = MeetingFilter {
        from: Some(slot.from),
        to: Some(slot.to),
        venue,
        states: states.copied().collect(),
        after: None,
    };
    Ok(tokio::try_join!(app.store.meetings(&filter, MOST), app.store.held_within(slot))?)
}

/// `GET /bookings`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Query(asked): Query<CalendarQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Bookings).live("/events?about=meetings");
    let t = shell.t;
    let now = app.clock.now();
    let today = now.local_day(app.zone);
    let day = day_of(&asked.day, today)?;
    let is_week = asked.span != "day";
    let venue: Option<VenueId> = query::id("venue", &asked.venue)?;
    let first =
        if is_week { day - Days::new(day.weekday().num_days_from_monday().into()) } else { day };
    let count = if is_week { 7 } else { 1 };
    let (all, (meetings, held), (of_today, held_today), duty) = tokio::try_join!(
        async { Ok::<_, Failure>(app.store.venues().await?) },
        within(&app, days(&app, first, count), venue),
        within(&app, days(&app, today, 1), None),
        async { Ok(app.store.on_duty(now).await?) },
    )?;
    let by_id: HashMap<VenueId, &Venue> = all.iter().map(|it| (it.id, it)).collect();
    let rows: Vec<&Venue> =
        all.iter().filter(|it| it.in_use && venue.is_none_or(|venue| venue == it.id)).collect();
    let link = |day: NaiveDate, span: &str| {
        let venue = venue.map(|id| format!("&venue={id}")).unwrap_or_default();
        format!("/bookings?day={day}&span={span}{venue}")
    };
    let here = if is_week { "week" } else { "day" };
    let bookable = all.iter().filter(|it| it.in_use).count();
    let free = all
        .iter()
        .filter(|it| it.in_use && !held_today.iter().any(|held| held.venue() == Some(it.id)))
        .count();
    let held_meetings = of_today.iter().filter(|it| it.state.holds()).count();
    let rehearsed = rehearsals(&app, &held_today, days(&app, today, 1), None, t).len();
    let last = first + Days::new(count - 1);
    let label = if is_week {
        format!("{} – {}", first.format("%Y-%m-%d"), last.format("%m-%d"))
    } else {
        format!("{} {}", first.format("%Y-%m-%d"), weekday(first, t))
    };
    let agenda = first.iter_days().take_while(|it| *it <= last).filter_map(|day| {
        let slot = days(&app, day, 1);
        let on_day = meetings.iter().filter(|it| it.plan.slot().overlaps(slot));
        let meetings: Vec<_> = on_day.map(|it| line(&app, it, &by_id, t)).collect();
        let rehearsals = rehearsals(&app, &held, slot, venue, t);
        let label = format!("{} {}", day.format("%m-%d"), weekday(day, t));
        let is_empty = meetings.is_empty() && rehearsals.is_empty();
        (!is_empty).then_some(AgendaDay { label, meetings, rehearsals })
    });
    page(&BookingsPage {
        today: vec![
            (held_meetings.to_string(), t.booking_meetings()),
            (rehearsed.to_string(), t.booking_rehearsals()),
            (format!("{free}/{bookable}"), t.booking_free_venues()),
        ],
        duty: duty.map(|shift| shift.lead),
        is_week,
        label,
        day: day.to_string(),
        links: [
            link(day - Days::new(count), here),
            link(today, here),
            link(day + Days::new(count), here),
            link(day, "day"),
            link(day, "week"),
        ],
        sheet: format!("/bookings/sheet?day={day}"),
        venues: all
            .iter()
            .filter(|it| it.in_use)
            .map(|it| (it.id.to_string(), it.name.clone(), Some(it.id) == venue))
            .collect(),
        grid: Grid::new(&app, t, (first, count), &rows, &meetings, &held),
        agenda: agenda.collect(),
        has_venues: bookable > 0,
        shell,
    })
}

fn day_of(text: &str, today: NaiveDate) -> Result<NaiveDate, Failure> {
    if text.is_empty() {
        return Ok(today);
    }
    let day: Option<NaiveDate> = text.parse().ok();
    // Beyond these years a day more or less is out of reach of the calendar.
    day.filter(|day| (1970..=9000).contains(&day.year()))
        .ok_or_else(|| Failure::bad_input("day：应为日期", "day: not a date"))
}

#[derive(Template)]
#[template(path = "day_sheet.html")]
struct SheetPage {
    shell: Shell,
    district: String,
    label: String,
    /// The venue whose door it hangs at.
    venue: Option<String>,
    meetings: Vec<(MeetingLine, ProgrammeLines)>,
    /// 联调 of meetings of whatever day.
    rehearsals: Vec<RehearsalLine>,
}

/// `GET /bookings/sheet?day=…`, and with `venue=…` the sign at its door.
pub(crate) async fn sheet(
    State(app): State<App>,
    shell: Shell,
    Query(asked): Query<CalendarQuery>,
) -> Result<Response, Failure> {
    let t = shell.t;
    let day = day_of(&asked.day, app.clock.now().local_day(app.zone))?;
    let venue: Option<VenueId> = query::id("venue", &asked.venue)?;
    let slot = days(&app, day, 1);
    let (all, (meetings, reserved)) = tokio::try_join!(
        async { Ok::<_, Failure>(app.store.venues().await?) },
        within(&app, slot, venue),
    )?;
    let by_id: HashMap<VenueId, &Venue> = all.iter().map(|it| (it.id, it)).collect();
    let name = match venue {
        Some(id) => Some(by_id.get(&id).ok_or_else(Failure::not_found)?.name.clone()),
        None => None,
    };
    let held: Vec<_> = meetings.iter().filter(|it| it.state.holds()).collect();
    let ids: Vec<_> = held.iter().map(|it| it.id).collect();
    let programmes: HashMap<_, _> = app.store.programmes(&ids).await?.into_iter().collect();
    let lines = |stored: &StoredMeeting| {
        programmes.get(&stored.id).map(|it| ProgrammeLines::new(it, &by_id)).unwrap_or_default()
    };
    let meetings = held.into_iter().map(|it| (line(&app, it, &by_id, t), lines(it)));
    page(&SheetPage {
        district: app.settings.district.clone(),
        label: format!("{} {}", day.format("%Y-%m-%d"), weekday(day, t)),
        venue: name,
        meetings: meetings.collect(),
        rehearsals: rehearsals(&app, &reserved, slot, venue, t),
        shell: shell.at(Nav::Bookings),
    })
}
