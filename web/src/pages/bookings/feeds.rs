//! Calendar feeds (RFC 5545): made and revoked by whoever uses them, shown once, kept as hashes. A feed
//! opens without a login and shows one venue's or one person's meetings, read-only.

use crate::{
    app::App,
    booking::ics,
    failure::Failure,
    format::Moment,
    guard::{User, audit_line},
    shell::{Nav, Shell, page},
    token,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::time::Duration;
use zhishou_domain::{
    Role, VenueId,
    meeting::{MeetingState, was_displaced},
};
use zhishou_storage::{FeedScope, MeetingFilter};

/// What is over is shown so long.
const BACK: Duration = Duration::from_secs(31 * 86_400);
/// Meetings of a feed at most.
const MOST: u32 = 500;

struct FeedRow {
    id: i64,
    name: String,
    scope: String,
    login: String,
    created: Moment,
    revoked: Option<Moment>,
}

#[derive(Template)]
#[template(path = "feeds.html")]
struct FeedsPage {
    shell: Shell,
    /// The address of one that was just made.
    made: Option<String>,
    venues: Vec<(String, String)>,
    rows: Vec<FeedRow>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct NewFeed {
    name: String,
    /// A venue; empty: one's own meetings.
    #[serde(default)]
    venue: String,
}

/// `GET /bookings/feeds`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
) -> Result<Response, Failure> {
    show(&app, shell, &user, None).await
}

/// `POST /bookings/feeds`: makes one and shows it this once.
pub(crate) async fn make(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<NewFeed>,
) -> Result<Response, Failure> {
    let name = token::name(&form.name)?;
    let scope = match crate::query::id::<VenueId>("venue", &form.venue)? {
        Some(id) if app.store.venue(id).await?.is_none() => return Err(Failure::not_found()),
        Some(id) => FeedScope::Venue(id),
        None => FeedScope::Person(user.login.clone()),
    };
    let token = token::draw()?;
    let line = audit_line(&app, &user, &extensions, "calendar_feed_made", name.clone());
    app.store.add_calendar_feed(name, token::hash(&token), scope, line).await?;
    let language = shell.t.0.pick("", "&lang=en");
    show(&app, shell, &user, Some(format!("/api/v1/calendar.ics?token={token}{language}"))).await
}

/// `POST /bookings/feeds/{id}/revoke`: one's own; an administrator's, any.
pub(crate) async fn revoke(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<i64>,
) -> Result<Redirect, Failure> {
    let line = audit_line(&app, &user, &extensions, "calendar_feed_revoked", id.to_string());
    let by = (user.role < Role::Admin).then(|| user.login.clone());
    if !app.store.revoke_calendar_feed(id, by, line).await? {
        return Err(Failure::not_found());
    }
    Ok(Redirect::to("/bookings/feeds"))
}

async fn show(
    app: &App,
    shell: Shell,
    user: &User,
    made: Option<String>,
) -> Result<Response, Failure> {
    let by = (user.role < Role::Admin).then_some(user.login.as_str());
    let (feeds, venues) = tokio::try_join!(app.store.calendar_feeds(by), app.store.venues())?;
    let now = app.clock.now();
    let moment = |at| Moment::new(at, now, app.zone, shell.t.0);
    let rows = feeds.into_iter().map(|feed| FeedRow {
        id: feed.id,
        name: feed.name,
        scope: match feed.scope {
            FeedScope::Venue(id) => {
                let venue = venues.iter().find(|it| it.id == id);
                venue.map(|it| it.name.clone()).unwrap_or_default()
            }
            FeedScope::Person(login) => login,
        },
        login: feed.login,
        created: moment(feed.created),
        revoked: feed.revoked.map(moment),
    });
    let rows = rows.collect();
    page(&FeedsPage {
        made,
        venues: venues
            .into_iter()
            .filter(|it| it.in_use)
            .map(|it| (it.id.to_string(), it.name))
            .collect(),
        rows,
        shell: shell.at(Nav::Bookings),
    })
}

/// What a calendar asks with.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    token: String,
}

/// `GET /api/v1/calendar.ics?token=…`: what the token shows, a month back and all to come; with `lang=en` in
/// English.
pub(crate) async fn calendar(
    State(app): State<App>,
    shell: Shell,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let feed = app.store.calendar_feed(&token::hash(&asked.token)).await?;
    let feed = feed.ok_or_else(Failure::not_found)?;
    let now = app.clock.now();
    let mut meetings = match feed.scope {
        FeedScope::Venue(venue) => {
            let (from, venue) = (Some(now - BACK), Some(venue));
            app.store
                .meetings(&MeetingFilter { from, venue, ..MeetingFilter::default() }, MOST)
                .await?
        }
        FeedScope::Person(login) => {
            let mut meetings = Vec::new();
            for id in app.store.meetings_booked_by(&login, now - BACK, MOST).await? {
                meetings.extend(app.store.meeting(id).await?);
            }
            meetings
        }
    };
    // One that made way is told as cancelled to whoever has it in their calendar.
    meetings.retain(|it| it.state != MeetingState::Draft || was_displaced(&it.steps));
    let venues = app.store.venues().await?;
    let text = ics::calendar((&feed.name, shell.t.0), &meetings, &venues, now);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}
