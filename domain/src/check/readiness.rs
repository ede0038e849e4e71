//! 就绪度: the matrix venue × item, worst first, and the one sentence above it.

use super::{CheckItem, CheckPlan, Evidence, ItemKind, NotRun, Outcome};
use crate::{
    DeviceId, Lang, Timestamp, VenueId,
    endpoint::Signalling,
    meeting::{DeviceRole, MeetingAct, MeetingStep, Venue, VenueRole},
};
use chrono_tz::Tz;
use std::time::Duration;

/// So long before a meeting its roll may be called.
const ROLL_CALL: Duration = Duration::from_secs(3 * 3600);

/// The last that is known of one item in one venue.
#[derive(Clone, Debug, PartialEq)]
pub struct CellResult {
    /// Of what.
    pub item: CheckItem,
    /// What.
    pub outcome: Outcome,
    /// Why.
    pub evidence: Evidence,
    /// By which device, where one was probed.
    pub device: Option<DeviceId>,
    /// When it was first found so.
    pub at: Timestamp,
    /// When it was last confirmed.
    pub confirmed: Timestamp,
    /// Who signed, as they logged in; empty: the platform.
    pub login: String,
    /// Key of the picture that it was judged by, where one is kept.
    pub picture: Option<String>,
}

/// What is known of one venue of a meeting.
#[derive(Clone, Debug, PartialEq)]
pub struct VenueCells {
    /// Which.
    pub venue: VenueId,
    /// What it is in this meeting.
    pub role: VenueRole,
    /// What is checked there ([`items_of`]).
    pub items: Vec<CheckItem>,
    /// What came of it, at most one of an item.
    pub results: Vec<CellResult>,
    /// A roll that was called before this is not that of this meeting ([`roll_opens`]).
    pub roll_from: Timestamp,
    /// When the meeting began, where it did ([`begun`]): from then on nobody is called, and what calls showed
    /// and persons signed ages no further.
    pub begun: Option<Timestamp>,
}

/// What a cell means for the meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Without it the meeting is not ready.
    Required,
    /// A risk where it is not well.
    Optional,
    /// A person tested it together with the room, where we could not.
    Excused,
}

/// One cell of the matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Of what.
    pub item: CheckItem,
    /// What it says now: a pass that is too old is 未测.
    pub outcome: Outcome,
    /// What it means.
    pub weight: Weight,
    /// The last that is known, also where that is too old.
    pub last: Option<CellResult>,
}

impl Cell {
    /// Whether something is known that is too old to be believed.
    pub fn is_stale(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.outcome != self.outcome)
    }

    /// What it says: `音频 未通过（无音频）`.
    pub fn words(&self, lang: Lang) -> String {
        let why = self.last.as_ref().map(|last| last.evidence.render(lang)).unwrap_or_default();
        let (item, outcome) = (self.item.name(lang), self.outcome.name(lang));
        match (why.is_empty(), lang) {
            (true, _) => format!("{item} {outcome}"),
            (false, Lang::Zh) => format!("{item} {outcome}（{why}）"),
            (false, Lang::En) => format!("{item} {outcome} ({why})"),
        }
    }
}

/// How ready something is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conclusion {
    /// 不具备: something that is needed fails.
    NotReady,
    /// 待确认: something that is needed is not known.
    Unconfirmed,
    /// 有风险: what is needed is well, something else is not.
    Risk,
    /// 就绪.
    Ready,
}

words!(Conclusion {
    NotReady = "not_ready", "不具备", "not ready";
    Unconfirmed = "unconfirmed", "待确认", "to be confirmed";
    Risk = "risk", "有风险", "at risk";
    Ready = "ready", "就绪", "ready";
});

impl Conclusion {
    /// Whether the meeting may begin.
    pub fn may_begin(self) -> bool {
        matches!(self, Self::Risk | Self::Ready)
    }
}

/// One venue of the matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub venue: VenueId,
    /// What it is in this meeting.
    pub role: VenueRole,
    /// How ready it is.
    pub conclusion: Conclusion,
    /// Its cells, in the order of [`CheckItem`].
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell that has to be mended first.
    pub fn first(&self) -> Option<&Cell> {
        let needs = |cell: &&Cell| cell.weight == Weight::Required && cell.outcome < Outcome::Warn;
        let worst = self.cells.iter().filter(needs).min_by_key(|cell| cell.outcome);
        worst.or_else(|| {
            let risky = |cell: &&Cell| cell.weight != Weight::Excused && is_risk(cell);
            self.cells.iter().filter(risky).min_by_key(|cell| cell.outcome)
        })
    }

    /// What has to be mended first: `音频 未通过（无音频）`; empty where nothing is.
    pub fn words(&self, lang: Lang) -> String {
        self.first().map(|cell| cell.words(lang)).unwrap_or_default()
    }
}

/// How ready a meeting is.
#[derive(Clone, Debug, PartialEq)]
pub struct Readiness {
    /// The worst of its venues.
    pub conclusion: Conclusion,
    /// Venues that may begin.
    pub ready: usize,
    /// The worst first.
    pub rows: Vec<Row>,
    /// Since then every venue was seen again; none where one never was.
    pub confirmed: Option<Timestamp>,
    /// Until then it holds by itself; none where it is not ready anyway.
    pub until: Option<Timestamp>,
}

/// From when on 点名 counts for a meeting that begins at `from`: three hours before, and never from before it was
/// last moved.
pub fn roll_opens(from: Timestamp, steps: &[MeetingStep]) -> Timestamp {
    let moved = steps.iter().rev().find(|it| it.act == MeetingAct::Reschedule);
    moved.map_or(from - ROLL_CALL, |it| it.at.max(from - ROLL_CALL))
}

/// When a meeting began, where it did.
pub fn begun(steps: &[MeetingStep]) -> Option<Timestamp> {
    steps.iter().rev().find(|it| it.act == MeetingAct::Start).map(|it| it.at)
}

/// What is checked in a venue that has these devices.
pub fn items_of(plan: &CheckPlan, venue: &Venue) -> Vec<CheckItem> {
    let has = |role: DeviceRole| venue.devices.iter().any(|device| device.role == role);
    let signalling = venue.primary().map(|it| it.signalling).unwrap_or_default();
    let applies = |item: &CheckItem| match item {
        CheckItem::Registered => signalling == Signalling::Sip,
        CheckItem::CallPort => signalling == Signalling::H323,
        item if item.is_of_backup() => has(DeviceRole::Backup),
        CheckItem::Cameras => has(DeviceRole::Camera),
        CheckItem::Status => has(DeviceRole::Status),
        _ => true,
    };
    plan.items.iter().copied().filter(applies).collect()
}

/// A risk: it is known to be not quite well.
fn is_risk(cell: &Cell) -> bool {
    match cell.outcome {
        Outcome::Warn | Outcome::Fail => true,
        // Never asked is no risk; asked and too old, or asked in vain, is none either but for cameras and
        // backups, which are seen with every look.
        Outcome::Untested => cell.item == CheckItem::BackupLine || cell.item == CheckItem::Cameras,
        Outcome::Pass => false,
    }
}

fn row(plan: &CheckPlan, known: VenueCells, now: Timestamp) -> Row {
    let VenueCells { venue, role, mut items, mut results, roll_from, begun } = known;
    let is_believed = |it: &CellResult| {
        let is_of_this = it.item != CheckItem::RollCall || it.at >= roll_from;
        let by = match it.item.kind() {
            ItemKind::Liveness => now,
            ItemKind::Media | ItemKind::Human => begun.map_or(now, |begun| begun.min(now)),
        };
        is_of_this && by.since(it.confirmed) <= plan.holds(it.item)
    };
    let joint = results.iter().find(|it| it.item == CheckItem::JointTest);
    let is_joint = joint.is_some_and(|it| it.outcome == Outcome::Pass && is_believed(it));
    if joint.is_some() && !items.contains(&CheckItem::JointTest) {
        items.push(CheckItem::JointTest);
    }
    items.sort();
    // A room without cameras has nothing that tells a time, but an endpoint that is off by itself.
    let tells =
        items.contains(&CheckItem::Cameras) || results.iter().any(|it| it.item == CheckItem::Clock);
    items.retain(|item| *item != CheckItem::Clock || tells);
    let cells = items.into_iter().map(|item| {
        let place = results.iter().position(|it| it.item == item);
        let last = place.map(|place| results.swap_remove(place));
        let outcome = match &last {
            Some(it) if it.outcome == Outcome::Fail || is_believed(it) => it.outcome,
            _ => Outcome::Untested,
        };
        let is_optional = plan.optional.contains(&item) || item == CheckItem::JointTest;
        let is_excused =
            is_joint && outcome == Outcome::Untested && is_for_joint(item, last.as_ref());
        let weight = match (is_excused, is_optional) {
            (true, _) => Weight::Excused,
            (false, true) => Weight::Optional,
            (false, false) => Weight::Required,
        };
        Cell { item, outcome, weight, last }
    });
    let cells: Vec<_> = cells.collect();
    let worst = cells.iter().filter(|cell| cell.weight == Weight::Required);
    let conclusion = match worst.map(|cell| cell.outcome).min() {
        Some(Outcome::Fail) => Conclusion::NotReady,
        Some(Outcome::Untested) => Conclusion::Unconfirmed,
        _ if cells.iter().any(|cell| cell.weight != Weight::Excused && is_risk(cell)) => {
            Conclusion::Risk
        }
        _ => Conclusion::Ready,
    };
    Row { venue, role, conclusion, cells }
}

/// Whether a person who tests the room stands in for what we could not test: for media of the endpoint that it
/// is held on, and for liveness where there is nothing that we could look at. What we saw once and see no more
/// is nobody's word.
fn is_for_joint(item: CheckItem, last: Option<&CellResult>) -> bool {
    let unlisted = [NotRun::NoDevice, NotRun::NotProbed].map(Evidence::not_run);
    match item.kind() {
        ItemKind::Media => !item.is_of_backup(),
        ItemKind::Liveness => last.is_some_and(|it| unlisted.contains(&it.evidence)),
        ItemKind::Human => false,
    }
}

/// How ready a meeting is at `now` by what is known of its venues.
pub fn readiness(plan: &CheckPlan, known: Vec<VenueCells>, now: Timestamp) -> Readiness {
    let has_begun = known.iter().any(|known| known.begun.is_some());
    let mut rows: Vec<_> = known.into_iter().map(|known| row(plan, known, now)).collect();
    rows.sort_by_key(|row| (row.conclusion, row.role, row.venue));
    let conclusion = rows.first().map_or(Conclusion::Unconfirmed, |row| row.conclusion);
    let seen = |row: &Row| {
        let own = row.cells.iter().filter(|cell| !cell.item.is_human());
        own.filter_map(|cell| cell.last.as_ref()).map(|last| last.confirmed).max()
    };
    let ends = rows.iter().flat_map(|row| &row.cells).filter_map(|cell| {
        let is_needed = cell.weight == Weight::Required && cell.outcome >= Outcome::Warn;
        let last = cell.last.as_ref().filter(|_| is_needed)?;
        let ages = cell.item.kind() == ItemKind::Liveness || !has_begun;
        ages.then(|| last.confirmed + plan.holds(cell.item))
    });
    Readiness {
        conclusion,
        ready: rows.iter().filter(|row| row.conclusion.may_begin()).count(),
        confirmed: rows.iter().map(seen).min().flatten(),
        until: ends.min().filter(|_| conclusion.may_begin()),
        rows,
    }
}

impl Readiness {
    /// Whether anything was ever found.
    fn is_blank(&self) -> bool {
        self.rows.iter().all(|row| row.cells.iter().all(|cell| cell.last.is_none()))
    }

    /// Cells that keep the meeting from being ready, or where it is, put it at risk.
    fn open(&self) -> usize {
        let is_open = |cell: &&Cell| match self.conclusion.may_begin() {
            true => cell.weight != Weight::Excused && is_risk(cell),
            false => cell.weight == Weight::Required && cell.outcome < Outcome::Warn,
        };
        self.rows.iter().flat_map(|row| row.cells.iter().filter(is_open)).count()
    }

    /// The sentence on top: whether to begin, and what to mend first. `name` names a venue.
    pub fn sentence(&self, name: impl Fn(VenueId) -> String, zone: Tz, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let of = self.rows.len();
        let share = if zh {
            format!("{}/{of} 会场就绪", self.ready)
        } else {
            format!("{}/{of} venues ready", self.ready)
        };
        if of == 0 {
            return lang.pick("没有会场。", "There are no venues.").to_owned();
        }
        if self.is_blank() {
            return match zh {
                true => format!("尚未检查：{of} 个会场。"),
                false => format!("Not checked yet: {of} venues."),
            };
        }
        let first = self.rows.iter().find_map(|row| Some((row, row.first()?)));
        let fault = first.map(|(row, cell)| {
            let why = cell.last.as_ref().map(|last| last.evidence.render(lang)).unwrap_or_default();
            let stale = cell.is_stale();
            let outcome = match cell.outcome {
                Outcome::Untested if cell.item.is_human() => {
                    lang.pick("待人工确认", "to be signed")
                }
                Outcome::Untested if stale => lang.pick("结果已过时", "too long ago"),
                outcome => outcome.name(lang),
            };
            let why = if why.is_empty() || stale {
                String::new()
            } else if zh {
                format!("（{why}）")
            } else {
                format!(" ({why})")
            };
            format!("{} {} {outcome}{why}", name(row.venue), cell.item.name(lang))
        });
        let more = match self.open().saturating_sub(1) {
            0 => String::new(),
            more if zh => format!("；另有 {more} 项"),
            more => format!("; {more} more"),
        };
        let advice = first.and_then(|(_, cell)| cell.last.as_ref()?.evidence.advice(lang));
        let advice = advice.map(|advice| format!(" → {advice}")).unwrap_or_default();
        let fault = fault.unwrap_or_default();
        let at = self.confirmed.map(|at| at.in_zone(zone).format("%H:%M").to_string());
        let at = match at {
            Some(at) if zh => format!(" · {at} 复核"),
            Some(at) => format!(" · confirmed {at}"),
            None => String::new(),
        };
        match (self.conclusion, zh) {
            (Conclusion::Ready, true) => format!("可以开始：{share}{at}"),
            (Conclusion::Ready, false) => format!("May begin: {share}{at}"),
            (Conclusion::Risk, true) => format!("可以开始，有风险：{share}；{fault}{more}{at}"),
            (Conclusion::Risk, false) => {
                format!("May begin, at risk: {share}; {fault}{more}{at}")
            }
            (Conclusion::Unconfirmed, true) => format!("尚待确认：{fault}{more}（{share}）"),
            (Conclusion::Unconfirmed, false) => format!("To be confirmed: {fault}{more} ({share})"),
            (Conclusion::NotReady, true) => format!("尚不具备开会条件：{fault}{more}{advice}"),
            (Conclusion::NotReady, false) => format!("Not ready: {fault}{more}{advice}"),
        }
    }
}

#[cfg(test)]
mod tests;
