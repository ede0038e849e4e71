//! What is known of a meeting, for its page and for programs; and what is done by itself where a venue of
//! it fails.

use crate::app::App;
use zhishou_domain::{
    Clock, Lang, MeetingId, Timestamp, VenueId,
    alert::{Contact, Note, Topic},
    check::{CheckPlan, Fallback, Outcome, Readiness, Row, readiness},
    meeting::{DeviceRole, ResourceKind, Venue},
    work_order::{RepairRules, WorkCategory},
};
use zhishou_storage::{NewWorkOrder, Route, Store, StoreError, StoredMeeting, WorkOpened};

/// A meeting and how ready it is now.
pub(crate) struct Known {
    pub(crate) stored: StoredMeeting,
    pub(crate) venues: Vec<Venue>,
    pub(crate) plan: CheckPlan,
    pub(crate) plan_version: i64,
    pub(crate) readiness: Readiness,
}

impl Known {
    /// What is known of a meeting at `now`.
    pub(crate) async fn of(
        store: &Store,
        id: MeetingId,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(stored) = store.meeting(id).await? else { return Ok(None) };
        let (plan_version, plan) = store.check_plan(stored.plan.assurance).await?;
        let (venues, cells) = store.venue_cells(&stored, &plan).await?;
        let readiness = readiness(&plan, cells, now);
        Ok(Some(Self { stored, venues, plan, plan_version, readiness }))
    }

    pub(crate) fn venue(&self, id: VenueId) -> Option<&Venue> {
        self.venues.iter().find(|venue| venue.id == id)
    }

    pub(crate) fn name(&self, id: VenueId) -> String {
        self.venue(id).map(|venue| venue.name.clone()).unwrap_or_default()
    }

    pub(crate) fn sentence(&self, zone: chrono_tz::Tz, lang: Lang) -> String {
        self.readiness.sentence(|id| self.name(id), zone, lang)
    }
}

/// What has to be mended first in a venue: `音频 未通过（无音频）`; empty where nothing is.
pub(crate) fn first_words(row: &Row, lang: Lang) -> String {
    let Some(cell) = row.first() else { return String::new() };
    let why = cell.last.as_ref().map(|last| last.evidence.render(lang)).unwrap_or_default();
    let (item, outcome) = (cell.item.name(lang), cell.outcome.name(lang));
    match (why.is_empty(), lang) {
        (true, _) => format!("{item} {outcome}"),
        (false, Lang::Zh) => format!("{item} {outcome}（{why}）"),
        (false, Lang::En) => format!("{item} {outcome} ({why})"),
    }
}

/// What can be turned to where a venue fails.
pub(crate) struct Proposal {
    pub(crate) kind: Fallback,
    /// By name: the endpoint, the venue, the conference.
    pub(crate) what: String,
    /// Whom to call about it; empty where unknown.
    pub(crate) phone: String,
}

/// What the contingency plan (应急预案) proposes for a venue, in its order. What is known to fail itself, or
/// is held by others, is not proposed.
pub(crate) async fn proposals(
    app: &App,
    known: &Known,
    row: &Row,
) -> Result<Vec<Proposal>, StoreError> {
    let Some(venue) = known.venue(row.venue) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for kind in &known.plan.fallbacks {
        let proposal = match kind {
            Fallback::BackupEndpoint => {
                let backup = venue.devices.iter().find(|it| it.role == DeviceRole::Backup);
                let is_down = row.cells.iter().any(|cell| {
                    cell.item == zhishou_domain::check::CheckItem::BackupLine
                        && cell.outcome == Outcome::Fail
                });
                backup.filter(|_| !is_down).map(|it| (it.name.clone(), String::new()))
            }
            Fallback::NearestVenue => {
                let slot = known.stored.plan.slot();
                let (all, held) =
                    tokio::try_join!(app.store.venues(), app.store.held_within(slot))?;
                let is_free =
                    |it: &&Venue| it.in_use && !held.iter().any(|held| held.venue() == Some(it.id));
                let mut free: Vec<_> = all.iter().filter(is_free).collect();
                free.sort_by_key(|it| it.site.is_none() || it.site != venue.site);
                free.first().map(|it| (it.name.clone(), it.phone.clone()))
            }
            Fallback::Telephone => {
                let all = app.store.platform_resources().await?;
                let lines = all.into_iter().filter(|it| it.in_use);
                let mut lines = lines.filter(|it| it.kind == ResourceKind::Telephone);
                Some((lines.next().map(|it| it.name).unwrap_or_default(), String::new()))
            }
        };
        found.extend(proposal.map(|(what, phone)| Proposal { kind: *kind, what, phone }));
    }
    Ok(found)
}

/// Opens the work order of a venue that failed its check, where none is open for it, and tells who is on
/// duty.
pub async fn open_check_order(
    store: &Store,
    clock: &dyn Clock,
    repair: &RepairRules,
    meeting: MeetingId,
    venue: VenueId,
) -> Result<(), StoreError> {
    let at = clock.now();
    let Some(known) = Known::of(store, meeting, at).await? else { return Ok(()) };
    let row = known.readiness.rows.iter().find(|row| row.venue == venue);
    let (Some(row), Some(place)) = (row, known.venue(venue)) else { return Ok(()) };
    if store.check_order(venue).await?.is_some() {
        return Ok(());
    }
    let new = NewWorkOrder {
        incident: None,
        category: WorkCategory::Terminal,
        title: format!("会前检查：{} {}", place.name, first_words(row, Lang::Zh)),
        place: place.name.clone(),
        caller: place.contact.clone(),
        unit: format!("会议 #{meeting} {}", known.stored.plan.title),
        phone: place.phone.clone(),
        maintainer: None,
        limit: repair.limit,
        calendar: repair.runs,
        at,
        login: String::new(),
        address: String::new(),
        note: known.sentence(store.zone(), Lang::Zh),
    };
    let (title, said) = (new.title.clone(), new.note.clone());
    let WorkOpened::New(order) = store.open_work_order(new).await? else { return Ok(()) };
    store.link_check_order(order, meeting, venue).await?;
    let duty = store.on_duty(at).await?;
    let people = duty.into_iter().flat_map(|shift| std::iter::once(shift.lead).chain(shift.backup));
    let contact = format!("会场联系人 {} {}", place.contact, place.phone).trim_end().to_owned();
    let note = Note {
        about: format!("/meetings/{meeting}"),
        lines: vec![said, contact],
        to: people
            .map(|it| Contact { name: it.name, phone: it.phone, ..Contact::default() })
            .collect(),
        ..Note::new(Topic::Duty, format!("check order {order}"), title)
    };
    store.enqueue(note, Route::Topic, at).await.map(|_| ())
}
