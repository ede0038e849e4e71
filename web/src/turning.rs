//! 应急预案 of a meeting: what a venue that fails could turn to, and whoever is told when it does.

use crate::{app::App, booking::span, meeting_care::Known};
use std::collections::HashMap;
use zhishou_domain::{
    Lang, SiteId, Timestamp, VenueId,
    alert::{Contact, Note, Topic},
    check::{CheckItem, Fallback, Outcome, Row, Standby, TurnTo},
    duty::reachable,
    meeting::{PlatformResource, ResourceKind, Slot, Subject, Venue},
};
use zhishou_storage::{Held, Route, StoreError};

/// Venues proposed at most.
const NEAREST: usize = 3;

/// What can be turned to where a venue fails.
pub(crate) struct Proposal {
    pub(crate) kind: Fallback,
    /// What exactly; none of a backup endpoint.
    pub(crate) to: Option<TurnTo>,
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
    let fails = row
        .cells
        .iter()
        .any(|cell| cell.item == CheckItem::BackupLine && cell.outcome == Outcome::Fail);
    let backup = venue.backup().filter(|_| !fails)?;
    Some(Proposal {
        kind: Fallback::BackupEndpoint,
        to: None,
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
            kind: Fallback::NearestVenue,
            to: Some(TurnTo::Venue(it.id)),
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
        kind: Fallback::Telephone,
        to: Some(TurnTo::Telephone(it.id)),
        what: it.name,
        phone: it.dial,
    }))
}

/// What happened, in the language of who did it.
pub(crate) struct Turning<'a> {
    pub(crate) known: &'a Known,
    /// The venue that fails.
    pub(crate) venue: &'a Venue,
    pub(crate) to: Target<'a>,
    /// What fails, in words.
    pub(crate) what: &'a str,
    pub(crate) way: Way,
    pub(crate) lang: Lang,
}

/// What is turned to, or from.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Venue(&'a Venue),
    Telephone(&'a PlatformResource),
}

/// Whether it is done or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    There,
    Back,
}

impl Turning<'_> {
    /// What is written down: `易家街 → 二楼会议室：音频 未通过`. No pass code.
    pub(crate) fn note(&self) -> String {
        let (from, zh) = (&self.venue.name, self.lang == Lang::Zh);
        let to = match self.to {
            Target::Venue(it) => &it.name,
            Target::Telephone(it) => &it.name,
        };
        match (self.way, zh) {
            (Way::There, true) => format!("{from} → {to}：{}", self.what),
            (Way::There, false) => format!("{from} → {to}: {}", self.what),
            (Way::Back, true) => format!("撤销：{to} → {from}"),
            (Way::Back, false) => format!("undone: {to} → {from}"),
        }
    }

    fn title(&self) -> String {
        let title = &self.known.stored.plan.title;
        let (zh, en) = match (self.way, self.to) {
            (Way::There, Target::Venue(_)) => ("会场变更", "another venue"),
            (Way::There, Target::Telephone(_)) => ("启用电话会议", "telephone conference"),
            (Way::Back, Target::Venue(_)) => ("恢复原会场", "back to its venue"),
            (Way::Back, Target::Telephone(_)) => ("停用电话会议", "no telephone conference"),
        };
        format!(
            "{}{title}",
            self.lang.pick("【", "[").to_owned()
                + self.lang.pick(zh, en)
                + self.lang.pick("】", "] ")
        )
    }

    /// What those who take part have to know.
    fn lines(&self, app: &App) -> Vec<String> {
        let said = |zh: &str, en: &str, what: &str| match self.lang {
            Lang::Zh => format!("{zh}：{what}"),
            Lang::En => format!("{en}: {what}"),
        };
        let reached = |it: &Venue| {
            let words = format!("{} {} {}", it.name, it.contact, it.phone);
            words.trim_end().to_owned()
        };
        let mut lines = vec![said("时间", "time", &span(app, self.known.stored.plan.slot()))];
        match (self.way, self.to) {
            (Way::There, Target::Venue(to)) => {
                lines.push(said("原会场", "instead of", &self.venue.name));
                lines.push(said("改到", "now in", &reached(to)));
            }
            (Way::Back, Target::Venue(to)) => {
                lines.push(said("不再改到", "no longer in", &to.name));
                lines.push(said("仍在原会场", "as booked in", &reached(self.venue)));
            }
            (way, Target::Telephone(line)) => {
                lines.push(said("会场", "venue", &self.venue.name));
                if way == Way::There {
                    lines.push(said("电话会议", "telephone conference", &dialled(line, self.lang)));
                }
            }
        }
        if self.way == Way::There {
            lines.push(said("原因", "because", self.what));
        }
        lines
    }

    /// Who is told: those who take part and both venues, each alone; and who is on duty.
    pub(crate) async fn told(&self, app: &App) -> Result<Vec<(Note, Route)>, StoreError> {
        let (id, at) = (self.known.stored.id, app.clock.now());
        let note = |topic, to: Vec<Contact>, about: String| Note {
            about,
            lines: self.lines(app),
            to,
            ..Note::new(topic, format!("turn/{id}/{}/{}", self.venue.id, at.millis()), self.title())
        };
        let contacts = self.known.stored.plan.contacts.iter();
        let contacts = contacts.map(|it| Contact {
            name: it.name.clone(),
            phone: it.phone.clone(),
            mail: it.mail.clone(),
        });
        let place = |it: &Venue| Contact {
            name: it.contact.clone(),
            phone: it.phone.clone(),
            mail: String::new(),
        };
        let mut part: Vec<Contact> = contacts.chain(std::iter::once(place(self.venue))).collect();
        if let Target::Venue(to) = self.to {
            part.push(place(to));
        }
        part.retain(Contact::is_reachable);
        let shift = app.store.on_duty(at).await?;
        let people = reachable(shift.iter().flat_map(|shift| shift.people()));
        let mut told = vec![(note(Topic::Duty, people, format!("/meetings/{id}")), Route::Topic)];
        // To nobody in particular it would go to whomever the channel has.
        if !part.is_empty() {
            told.push((note(Topic::Meeting, part, format!("/bookings/{id}")), Route::Addressed));
        }
        Ok(told)
    }
}

/// `会商一线 010-5550100 密码 8821`.
fn dialled(line: &PlatformResource, lang: Lang) -> String {
    let mut words = format!("{} {}", line.name, line.dial).trim_end().to_owned();
    if !line.pass_code.is_empty() {
        words += &format!(" {} {}", lang.pick("密码", "code"), line.pass_code);
    }
    words
}
