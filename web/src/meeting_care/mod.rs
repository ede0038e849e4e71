//! What is known of a meeting, for its page and for programs; and what is done by itself where a venue of
//! it fails.

mod acts;
mod ask;
mod extend;
mod proposals;
mod told;
mod turn;

pub(crate) use acts::{Corrected, Step, add_incident, archive, draft, end_incident, sign, step};
pub(crate) use ask::{ask, not_open};
pub(crate) use extend::{Later, extend, later};
pub(crate) use proposals::{Proposal, proposals};
pub(crate) use turn::{turn, turn_to, undo};

use crate::booking::for_duty;
use zhishou_domain::{
    Clock, Lang, MeetingId, Timestamp, VenueId, WorkOrderId,
    alert::{Note, Topic},
    check::{Cell, CheckPlan, Conclusion, Outcome, Readiness, Row, TurnTo, Weight, readiness},
    meeting::{MeetingAct, MeetingState, MeetingStep, Venue},
    work_order::{RepairRules, WorkAct, WorkCategory, WorkStep},
};
use zhishou_storage::{
    MeetingFilter, MeetingTurn, NewWorkOrder, Route, Store, StoreError, StoredMeeting,
    VenueHistory, WorkOpened, WorkScope,
};

/// A meeting and how ready it is now.
pub(crate) struct Known {
    pub(crate) stored: StoredMeeting,
    pub(crate) venues: Vec<Venue>,
    pub(crate) plan: CheckPlan,
    pub(crate) plan_version: i64,
    pub(crate) readiness: Readiness,
    /// What it turned to, in order, also what was undone.
    pub(crate) turns: Vec<MeetingTurn>,
}

impl Known {
    /// What is known of a meeting at `now`.
    pub(crate) async fn of(
        store: &Store,
        id: MeetingId,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        match store.meeting(id).await? {
            Some(stored) => Self::about(store, stored, now).await.map(Some),
            None => Ok(None),
        }
    }

    /// What is known at `now` of a meeting that was read already.
    pub(crate) async fn about(
        store: &Store,
        stored: StoredMeeting,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (plan_version, plan) = store.check_plan(stored.plan.assurance).await?;
        let ((venues, cells), turns) =
            tokio::try_join!(store.venue_cells(&stored, &plan), store.meeting_turns(stored.id))?;
        // What is over stays as it was then.
        let is_over = |it: &&MeetingStep| matches!(it.act, MeetingAct::End | MeetingAct::Cancel);
        let over = stored.steps.iter().rev().find(is_over).filter(|_| !stored.state.is_watched());
        let readiness = readiness(&plan, cells, over.map_or(now, |it| it.at.min(now)));
        Ok(Self { stored, venues, plan, plan_version, readiness, turns })
    }

    /// Meetings between two moments that are to be held or are held, in order of their begin.
    pub(crate) async fn held(
        store: &Store,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<Self>, StoreError> {
        let states = MeetingState::ALL.iter().copied().filter(|it| it.is_watched()).collect();
        let (from, to) = (Some(from), Some(to));
        let filter = MeetingFilter { from, to, states, ..MeetingFilter::default() };
        let mut held = Vec::new();
        for stored in store.meetings(&filter, most).await? {
            held.push(Self::about(store, stored, now).await?);
        }
        Ok(held)
    }

    pub(crate) fn venue(&self, id: VenueId) -> Option<&Venue> {
        self.venues.iter().find(|venue| venue.id == id)
    }

    /// What a venue is called that takes part, or that was left for another.
    pub(crate) fn name(&self, id: VenueId) -> String {
        let left = || self.turns.iter().find(|it| it.venue == id).map(|it| &it.name);
        let entered = || {
            let to = TurnTo::Venue(id);
            self.turns.iter().find(|it| it.to == to).map(|it| &it.to_name)
        };
        let name = self.venue(id).map(|venue| &venue.name).or_else(left).or_else(entered);
        name.cloned().unwrap_or_default()
    }

    /// How it stands as a whole. While it is held only what fails counts: nobody calls and signs any more.
    pub(crate) fn conclusion(&self) -> Conclusion {
        match self.readiness.conclusion {
            Conclusion::NotReady => Conclusion::NotReady,
            _ if self.stored.state == MeetingState::Live => match self.unseen().count() {
                0 => Conclusion::Ready,
                _ => Conclusion::Unconfirmed,
            },
            other => other,
        }
    }

    /// How it stands in few words: `待确认 · 0/2 会场就绪`; while it is held, `进行中 · 1/2 会场异常`.
    pub(crate) fn brief(&self, lang: Lang) -> String {
        let of = self.readiness.rows.len();
        if self.stored.state != MeetingState::Live {
            let (word, ready) = (self.conclusion().name(lang), self.readiness.ready);
            let ready_of = lang.pick("会场就绪", "venues ready");
            return format!("{word} · {ready}/{of} {ready_of}");
        }
        let live = self.stored.state.name(lang);
        match (self.amiss().count(), lang) {
            (0, lang) => format!("{live} · {}", self.quiet(lang)),
            (amiss, Lang::Zh) => format!("{live} · {amiss}/{of} 会场异常"),
            (amiss, Lang::En) => format!("{live} · {amiss}/{of} venues fail"),
        }
    }

    /// What is said while nothing fails: of a venue that nobody looked into, nothing good.
    fn quiet(&self, lang: Lang) -> String {
        let (of, unseen) = (self.readiness.rows.len(), self.unseen().count());
        let seen = of - unseen;
        match (unseen, lang) {
            (0, Lang::Zh) => format!("{of} 个会场未见异常"),
            (0, Lang::En) => format!("nothing amiss in {of} venues"),
            (_, Lang::Zh) => format!("{unseen}/{of} 会场平台看不到，其余 {seen} 个未见异常"),
            (_, Lang::En) => {
                format!(
                    "{unseen} of {of} venues are not seen by the platform, nothing amiss in {seen}"
                )
            }
        }
    }

    /// The venues of which nothing was ever seen by ourselves.
    fn unseen(&self) -> impl Iterator<Item = &Row> {
        let is_seen = |row: &Row| {
            row.cells.iter().filter(|cell| !cell.item.is_human()).any(|cell| {
                cell.last.as_ref().is_some_and(|last| last.outcome != Outcome::Untested)
            })
        };
        self.readiness.rows.iter().filter(move |row| !is_seen(row))
    }

    /// The venues that fail.
    pub(crate) fn amiss(&self) -> impl Iterator<Item = &Row> {
        self.readiness.rows.iter().filter(|row| row.conclusion == Conclusion::NotReady)
    }

    /// The sentence on top: whether to begin, or while it is held, whether all is well.
    pub(crate) fn sentence(&self, zone: chrono_tz::Tz, lang: Lang) -> String {
        if self.stored.state != MeetingState::Live {
            return self.readiness.sentence(|id| self.name(id), zone, lang);
        }
        let of = self.readiness.rows.len();
        let first =
            self.amiss().next().map(|row| format!("{} {}", self.name(row.venue), row.words(lang)));
        let at = self.readiness.confirmed.map(|at| at.in_zone(zone).format("%H:%M").to_string());
        let at = at.map(|at| format!(" · {at} {}", lang.pick("复核", "confirmed")));
        let said = match (first, lang) {
            (Some(first), Lang::Zh) => format!("{}/{of} 会场异常：{first}", self.amiss().count()),
            (Some(first), Lang::En) => {
                format!("{} of {of} venues fail: {first}", self.amiss().count())
            }
            (None, lang) => self.quiet(lang),
        };
        let held = lang.pick("会议进行中：", "Being held: ");
        format!("{held}{said}{}", at.unwrap_or_default())
    }
}

/// `近 5 次检查 3 次未通过`; none where nothing failed.
pub(crate) fn history_words(it: VenueHistory, lang: Lang) -> Option<String> {
    (it.failed > 0).then(|| match lang {
        Lang::Zh => format!("近 {} 次检查 {} 次未通过", it.of, it.failed),
        Lang::En => format!("failed {} of its last {} checks", it.failed, it.of),
    })
}

/// How the main endpoint of a venue did, where that is another past than that of the room: one that is
/// carried about takes its past along.
pub(crate) async fn endpoint_history(
    store: &Store,
    venue: &Venue,
    room: VenueHistory,
    lang: Lang,
) -> Result<Option<String>, StoreError> {
    let Some(primary) = venue.primary() else { return Ok(None) };
    let past = store.device_history(primary.id).await?;
    let words = history_words(past, lang).filter(|_| past != room);
    Ok(words.map(|words| format!("{} {words}", primary.name)))
}

/// Notes once in the open work order of a venue what fell there after it was opened.
async fn note_news(
    store: &Store,
    order: WorkOrderId,
    title: &str,
    (since, at): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let Some(open) = store.work_order(order, WorkScope::All).await? else { return Ok(()) };
    let note = format!("{} {title}", since.in_zone(store.zone()).format("%m-%d %H:%M"));
    if since <= open.opened || open.order.steps.iter().any(|step| step.note == note) {
        return Ok(());
    }
    let (act, login) = (WorkAct::Note, String::new());
    let step = WorkStep { at, login, act, reason: None, maintainer: None, note };
    store.act_on_work_order(order, WorkScope::All, step, String::new()).await.map(|_| ())
}

/// Opens the work order of a venue that failed its check, where none is open for it, else notes there what is
/// new, and tells who is on duty, in `lang`.
pub async fn open_check_order(
    store: &Store,
    clock: &dyn Clock,
    (repair, lang): (&RepairRules, Lang),
    meeting: MeetingId,
    venue: VenueId,
) -> Result<(), StoreError> {
    let at = clock.now();
    let Some(known) = Known::of(store, meeting, at).await? else { return Ok(()) };
    let row = known.readiness.rows.iter().find(|row| row.venue == venue);
    let (Some(row), Some(place)) = (row, known.venue(venue)) else { return Ok(()) };
    let slot = known.stored.plan.slot();
    // What fell last is the news.
    let mut news: Option<(Timestamp, &Cell)> = None;
    for cell in &row.cells {
        let fails = cell.weight == Weight::Required && cell.outcome == Outcome::Fail;
        let Some(last) = cell.last.as_ref().filter(|_| fails) else { continue };
        let since = store.failing_since(meeting, venue, last).await?;
        if let Some(since) = since.filter(|it| news.is_none_or(|(newest, _)| *it > newest)) {
            news = Some((since, cell));
        }
    }
    // It was mended, or turned from, meanwhile.
    let Some((since, cell)) = news else { return Ok(()) };
    let title = match lang {
        Lang::Zh => format!("会前检查：{} {}", place.name, cell.words(lang)),
        Lang::En => format!("Check before a meeting: {} {}", place.name, cell.words(lang)),
    };
    let said = known.sentence(store.zone(), lang);
    if let Some(order) = store.check_order(venue).await? {
        note_news(store, order, &title, (since, at)).await?;
    } else {
        let new = NewWorkOrder {
            incident: None,
            category: WorkCategory::Terminal,
            title: title.clone(),
            place: place.name.clone(),
            caller: place.contact.clone(),
            unit: match lang {
                Lang::Zh => format!("会议 #{meeting} {}", known.stored.plan.title),
                Lang::En => format!("meeting #{meeting} {}", known.stored.plan.title),
            },
            phone: place.phone.clone(),
            maintainer: None,
            limit: repair.limit,
            calendar: repair.runs,
            hours: repair.calendar.clone(),
            at,
            login: String::new(),
            address: String::new(),
            note: said.clone(),
        };
        let WorkOpened::New(order) = store.open_work_order(new).await? else { return Ok(()) };
        store.link_check_order(order, meeting, venue).await?;
    }
    // Once for each time something of a venue falls, also beside what failed before and where an order is
    // open already; what fails again after it was well is told again.
    let contact = lang.pick("会场联系人", "contact at the venue");
    let contact = format!("{contact} {} {}", place.contact, place.phone).trim_end().to_owned();
    let key = format!("check/{meeting}/{venue}/{}/{}", slot.from.millis(), since.millis());
    let note = Note {
        about: format!("/meetings/{meeting}"),
        lines: vec![said, contact],
        ..Note::new(Topic::Duty, key, title)
    };
    let note = for_duty(store, note, at).await?;
    store.enqueue(note, Route::Topic, at).await.map(|_| ())
}
