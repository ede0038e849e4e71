//! 应急预案 of a meeting: what a venue that fails could turn to.

use super::Known;
use crate::app::App;
use std::collections::HashMap;
use zhishou_domain::{
    Lang, SiteId, Timestamp, VenueId,
    check::{Cell, Fallback, Outcome, Row, Standby, TurnTo},
    meeting::{PlatformResource, ResourceKind, Slot, Subject, Venue},
};
use zhishou_storage::{Held, StoreError};

/// Venues proposed at most.
const NEAREST: usize = 3;

/// What can be turned to where a venue fails.
pub(crate) struct Proposal {
    pub(crate) to: TurnTo,
    /// By name, and what is known of it: the endpoint, the venue, the conference.
    pub(crate) what: String,
    /// Whom to call about it, or of a conference its number; empty where unknown.
    pub(crate) phone: String,
}

/// What of a meeting's time is left, buffers and rehearsal included.
fn left(known: &Known, now: Timestamp) -> Vec<Slot> {
    let slots = known.stored.plan.reserved().into_iter().filter(|slot| slot.to > now);
    slots.map(|slot| Slot { from: slot.from.max(now), ..slot }).collect()
}

/// What others hold in what is left of a meeting's time.
async fn held_by_others(app: &App, known: &Known, now: Timestamp) -> Result<Vec<Held>, StoreError> {
    let mut held = Vec::new();
    for slot in left(known, now) {
        held.extend(app.store.held_within(slot).await?);
    }
    held.retain(|it| it.meeting != known.stored.id);
    Ok(held)
}

/// What the contingency plan (应急预案) proposes for a venue, in its order. What is known to fail itself, or
/// is held by others in what is left of the time, is not proposed.
pub(crate) async fn proposals(
    app: &App,
    known: &Known,
    row: &Row,
    lang: Lang,
) -> Result<Vec<Proposal>, StoreError> {
    let Some(venue) = known.venue(row.venue) else { return Ok(Vec::new()) };
    let held = held_by_others(app, known, app.clock.now()).await?;
    let mut found = Vec::new();
    for kind in &known.plan.fallbacks {
        match kind {
            Fallback::BackupEndpoint => found.extend(backup(venue, row)),
            Fallback::NearestVenue => found.extend(nearest(app, known, venue, &held, lang).await?),
            Fallback::Telephone => found.extend(telephone(app, known, venue, &held).await?),
        }
    }
    Ok(found)
}

fn backup(venue: &Venue, row: &Row) -> Option<Proposal> {
    let fails = |it: &Cell| it.item.is_of_backup() && it.outcome == Outcome::Fail;
    let backup = venue.backup().filter(|_| !row.cells.iter().any(fails))?;
    Some(Proposal {
        to: TurnTo::Endpoint(backup.id),
        what: backup.name.clone(),
        phone: String::new(),
    })
}

/// How near a site is to another, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Near {
    Site,
    Street,
    Elsewhere,
}

impl Near {
    const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Site => lang.pick("同一站点", "same site"),
            Self::Street => lang.pick("同一街道", "same street"),
            Self::Elsewhere => lang.pick("其他街道", "another street"),
        }
    }
}

async fn nearest(
    app: &App,
    known: &Known,
    venue: &Venue,
    held: &[Held],
    lang: Lang,
) -> Result<Vec<Proposal>, StoreError> {
    let (all, sites) = tokio::try_join!(app.store.venues(), app.store.site_names())?;
    let streets: HashMap<SiteId, _> = sites.into_iter().map(|it| (it.id, it.street)).collect();
    let near = |it: &Venue| match (it.site, venue.site) {
        (Some(one), Some(other)) if one == other => Near::Site,
        (Some(one), Some(other)) if streets.get(&one) == streets.get(&other) => Near::Street,
        _ => Near::Elsewhere,
    };
    let needs = |it: &Venue, subject: Subject| match subject {
        Subject::Venue(id) => id == it.id,
        Subject::Device(id) => it.endpoints().any(|device| device.id == id),
        Subject::Resource(_) => false,
    };
    let is_free = |it: &Venue| {
        it.in_use
            && known.venue(it.id).is_none()
            && !known.turns.iter().any(|turn| turn.venue == it.id)
            && !held.iter().any(|held| needs(it, held.subject))
    };
    let free: Vec<_> = all.into_iter().filter(is_free).collect();
    let ids: Vec<VenueId> = free.iter().map(|it| it.id).collect();
    let mut shown = app.store.venues_shown(&ids).await?;
    let mut able: Vec<_> = free
        .into_iter()
        .filter_map(|it| {
            let shown = shown.remove(&it.id).unwrap_or_default();
            let standby = Standby::of(&known.plan, shown.endpoint, &shown.shown)?;
            Some((near(&it), standby, it))
        })
        .collect();
    able.sort_by(|a, b| {
        let of = |it: &(Near, Standby, Venue)| (it.0, matches!(it.1, Standby::Untested));
        (of(a), &a.2.name).cmp(&(of(b), &b.2.name))
    });
    let propose = |(near, standby, it): (Near, Standby, Venue)| {
        let (near, standby) = (near.name(lang), standby.words(app.zone, lang));
        Proposal {
            to: TurnTo::Venue(it.id),
            what: match lang {
                Lang::Zh => format!("{}（{near}，{standby}）", it.name),
                Lang::En => format!("{} ({near}, {standby})", it.name),
            },
            phone: it.phone,
        }
    };
    Ok(able.into_iter().take(NEAREST).map(propose).collect())
}

/// The conference that the meeting has, else the first that is free.
async fn telephone(
    app: &App,
    known: &Known,
    venue: &Venue,
    held: &[Held],
) -> Result<Option<Proposal>, StoreError> {
    let mut lines = app.store.platform_resources().await?;
    let is_on = |it: &PlatformResource| {
        let to = TurnTo::Telephone(it.id);
        known.turns.iter().any(|turn| !turn.is_undone && turn.venue == venue.id && turn.to == to)
    };
    lines.retain(|it| it.in_use && it.kind == ResourceKind::Telephone);
    if lines.iter().any(is_on) {
        return Ok(None);
    }
    let is_ours = |it: &PlatformResource| known.stored.plan.resources.contains(&it.id);
    lines.retain(|it| !held.iter().any(|held| held.subject == Subject::Resource(it.id)));
    lines.sort_by_key(|it| (!is_ours(it), it.dial.is_empty()));
    Ok(lines.into_iter().next().map(|it| Proposal {
        to: TurnTo::Telephone(it.id),
        what: it.name,
        phone: it.dial,
    }))
}
