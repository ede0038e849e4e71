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
        CheckItem::BackupLine => has(DeviceRole::Backup),
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

/// Whether a person who tests the room stands in for what we could not test: for media, and for liveness
/// where there is nothing that we could look at. What we saw once and see no more is nobody's word.
fn is_for_joint(item: CheckItem, last: Option<&CellResult>) -> bool {
    let unlisted = [NotRun::NoDevice, NotRun::NotProbed].map(Evidence::not_run);
    match item.kind() {
        ItemKind::Media => true,
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
mod tests {
    use super::*;
    use crate::{
        FaultCode,
        meeting::{AssuranceGrade, VenueDevice},
    };
    use proptest::prelude::*;

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + minute * 60_000)
    }

    fn plan() -> CheckPlan {
        CheckPlan::of_grade(AssuranceGrade::Third)
    }

    fn result(item: CheckItem, outcome: Outcome, minute: i64) -> CellResult {
        CellResult {
            item,
            outcome,
            evidence: Evidence::None,
            device: None,
            at: at(minute),
            confirmed: at(minute),
            login: String::new(),
            picture: None,
        }
    }

    /// A venue without backup and cameras in which all is well since `minute`.
    fn venue(id: i64, minute: i64) -> VenueCells {
        use CheckItem as I;
        let skip = [I::CallPort, I::BackupLine, I::Cameras, I::Status];
        let items: Vec<_> = plan().items.into_iter().filter(|it| !skip.contains(it)).collect();
        let results = items.iter().map(|item| result(*item, Outcome::Pass, minute)).collect();
        let role = if id == 1 { VenueRole::Main } else { VenueRole::Branch };
        let (venue, roll_from) = (VenueId::new(id), at(-9999));
        VenueCells { venue, role, items, results, roll_from, begun: None }
    }

    fn set(known: &mut VenueCells, item: CheckItem, outcome: Outcome, evidence: Evidence) {
        let cell = known.results.iter_mut().find(|it| it.item == item).unwrap();
        (cell.outcome, cell.evidence) = (outcome, evidence);
    }

    fn said(it: &Readiness, lang: Lang) -> String {
        it.sentence(|id| format!("会场{id}"), ZONE, lang)
    }

    #[test]
    fn all_well_is_said_with_when_it_was_last_confirmed() {
        let it = readiness(&plan(), vec![venue(1, 0), venue(2, 5)], at(10));
        assert_eq!((it.conclusion, it.ready), (Conclusion::Ready, 2));
        assert_eq!(said(&it, Lang::Zh), "可以开始：2/2 会场就绪 · 16:00 复核");
        assert_eq!(it.until, Some(at(30)), "liveness holds 30 minutes");
    }

    #[test]
    fn the_worst_comes_first_and_says_what_to_do() {
        let mut bad = venue(2, 0);
        let faults = vec![FaultCode::NoAudio];
        set(&mut bad, CheckItem::Audio, Outcome::Fail, Evidence::Faults { faults });
        let it = readiness(&plan(), vec![venue(1, 0), bad], at(10));
        assert_eq!((it.conclusion, it.ready, it.until), (Conclusion::NotReady, 1, None));
        assert_eq!(it.rows[0].venue, VenueId::new(2));
        assert_eq!(
            said(&it, Lang::Zh),
            "尚不具备开会条件：会场2 音频 未通过（无音频） → 检查麦克风电源、连线和静音键。"
        );
        assert!(said(&it, Lang::En).starts_with("Not ready: 会场2 audio failed (no audio) → "));
    }

    #[test]
    fn a_pass_that_is_too_old_is_untested_and_a_failure_never_ages_into_one() {
        let it = readiness(&plan(), vec![venue(1, 0)], at(31));
        assert_eq!(it.conclusion, Conclusion::Unconfirmed);
        let first = it.rows[0].first().unwrap();
        assert!(first.item == CheckItem::Reachable && first.is_stale());
        assert_eq!(
            said(&it, Lang::Zh),
            "尚待确认：会场1 可达 结果已过时；另有 1 项（0/1 会场就绪）"
        );
        let mut bad = venue(1, 0);
        set(&mut bad, CheckItem::Reachable, Outcome::Fail, Evidence::None);
        assert_eq!(readiness(&plan(), vec![bad], at(9999)).conclusion, Conclusion::NotReady);
    }

    #[test]
    fn what_calls_showed_and_persons_signed_stands_while_the_meeting_lasts() {
        // Two days long, begun at minute 60; the watch sees each venue until its end.
        let end = 60 + 2 * 24 * 60;
        let known = |begun| {
            let mut known = VenueCells { begun, ..venue(1, 0) };
            let liveness = |it: &&mut CellResult| it.item.kind() == ItemKind::Liveness;
            known.results.iter_mut().filter(liveness).for_each(|it| it.confirmed = at(end));
            known
        };
        let of = |begun| readiness(&plan(), vec![known(begun)], at(end)).conclusion;
        assert_eq!(of(Some(at(60))), Conclusion::Ready);
        assert_eq!(of(None), Conclusion::Unconfirmed, "one that has not begun is called anew");
        // What was too old when it began did not grow younger, and liveness ages on.
        assert_eq!(of(Some(at(181))), Conclusion::Unconfirmed);
        let mut lost = known(Some(at(60)));
        lost.results.iter_mut().for_each(|it| it.confirmed = it.confirmed.min(at(end - 31)));
        let it = readiness(&plan(), vec![lost], at(end));
        assert_eq!(it.rows[0].first().unwrap().item, CheckItem::Reachable);
    }

    #[test]
    fn a_roll_that_was_called_for_another_time_counts_for_nothing() {
        let step = |act, minute| MeetingStep {
            at: at(minute),
            login: "li".into(),
            act,
            note: String::new(),
        };
        let steps = [step(MeetingAct::Approve, -3000)];
        assert_eq!(roll_opens(at(60), &steps), at(-120), "three hours before");
        let moved = [steps[0].clone(), step(MeetingAct::Reschedule, 5)];
        assert_eq!(roll_opens(at(60), &moved), at(5));
        let conclusion = |roll_from| {
            let known = VenueCells { roll_from, ..venue(1, 0) };
            let it = readiness(&plan(), vec![known], at(10));
            (it.conclusion, said(&it, Lang::Zh))
        };
        assert_eq!(conclusion(at(0)).0, Conclusion::Ready);
        let (late, words) = conclusion(at(1));
        assert_eq!(late, Conclusion::Unconfirmed);
        assert_eq!(words, "尚待确认：会场1 点名 待人工确认（0/1 会场就绪）");
    }

    #[test]
    fn a_clock_is_asked_only_where_something_can_tell_it() {
        let of = |known| readiness(&plan(), vec![known], at(0)).rows.remove(0).cells;
        let has = |cells: &[Cell]| cells.iter().any(|cell| cell.item == CheckItem::Clock);
        let mut known = venue(1, 0);
        assert!(has(&of(known.clone())), "its endpoint told it");
        known.results.retain(|it| it.item != CheckItem::Clock);
        assert!(!has(&of(known.clone())), "a room without cameras");
        known.items.push(CheckItem::Cameras);
        assert!(has(&of(known)), "not looked at yet");
    }

    #[test]
    fn what_never_ran_says_so() {
        let known = VenueCells { results: vec![], ..venue(1, 0) };
        let it = readiness(&plan(), vec![known], at(0));
        assert_eq!((it.conclusion, it.confirmed), (Conclusion::Unconfirmed, None));
        assert_eq!(said(&it, Lang::Zh), "尚未检查：1 个会场。");
    }

    #[test]
    fn an_optional_item_that_fails_is_a_risk_that_is_told() {
        let mut known = venue(1, 0);
        known.items.push(CheckItem::BackupLine);
        let mut backup = result(CheckItem::BackupLine, Outcome::Fail, 0);
        backup.evidence = Evidence::Faults { faults: vec![FaultCode::Unreachable] };
        known.results.push(backup);
        let it = readiness(&plan(), vec![known], at(1));
        assert_eq!((it.conclusion, it.ready), (Conclusion::Risk, 1));
        assert_eq!(
            said(&it, Lang::Zh),
            "可以开始，有风险：1/1 会场就绪；会场1 备用终端 未通过（网络不可达） · 16:00 复核"
        );
    }

    #[test]
    fn an_endpoint_of_h323_alone_has_its_port_in_place_of_its_registration() {
        let device = |signalling| VenueDevice {
            id: "0194f5a0-0000-7000-8000-000000000001".parse().unwrap(),
            name: String::new(),
            role: DeviceRole::Primary,
            signalling,
        };
        let of = |signalling| {
            let venue = Venue {
                id: VenueId::new(1),
                name: String::new(),
                site: None,
                seats: None,
                contact: String::new(),
                phone: String::new(),
                note: String::new(),
                in_use: true,
                devices: vec![device(signalling)],
            };
            let items = items_of(&plan(), &venue);
            (items.contains(&CheckItem::Registered), items.contains(&CheckItem::CallPort))
        };
        assert_eq!((of(Signalling::Sip), of(Signalling::H323)), ((true, false), (false, true)));
    }

    /// An endpoint that speaks H.323 alone: no call, until a person signs the joint test.
    #[test]
    fn what_cannot_be_called_stays_untested_until_a_person_signs_the_joint_test() {
        let mut known = venue(1, 0);
        for cell in known.results.iter_mut().filter(|it| it.item.kind() == ItemKind::Media) {
            (cell.outcome, cell.evidence) = (Outcome::Untested, Evidence::not_run(NotRun::NoCall));
        }
        assert_eq!(
            readiness(&plan(), vec![known.clone()], at(1)).conclusion,
            Conclusion::Unconfirmed
        );
        let mut signed = known.clone();
        let mut joint = result(CheckItem::JointTest, Outcome::Pass, 1);
        joint.login = "王".into();
        signed.results.push(joint);
        let it = readiness(&plan(), vec![signed.clone()], at(2));
        assert_eq!(it.conclusion, Conclusion::Ready);
        let audio = it.rows[0].cells.iter().find(|cell| cell.item == CheckItem::Audio).unwrap();
        assert_eq!((audio.outcome, audio.weight), (Outcome::Untested, Weight::Excused));
        // Whoever tested the room did not see for us whether it still answers.
        let blind = readiness(&plan(), vec![signed.clone()], at(45));
        assert_eq!(blind.conclusion, Conclusion::Unconfirmed);
        assert_eq!(blind.rows[0].first().unwrap().item, CheckItem::Reachable);
        // Where nothing is connected to probing, a person is all there is.
        let mut bare = signed.clone();
        let none = Evidence::not_run(NotRun::NoDevice);
        for item in bare.items.clone().into_iter().filter(|it| it.kind() == ItemKind::Liveness) {
            set(&mut bare, item, Outcome::Untested, none.clone());
        }
        assert_eq!(readiness(&plan(), vec![bare], at(45)).conclusion, Conclusion::Ready);
        // It excuses what was not tested and nothing that failed.
        set(&mut signed, CheckItem::Audio, Outcome::Fail, Evidence::None);
        assert_eq!(readiness(&plan(), vec![signed], at(2)).conclusion, Conclusion::NotReady);
    }

    fn outcomes() -> impl Strategy<Value = Vec<(usize, usize, i64)>> {
        proptest::collection::vec((0..CheckItem::ALL.len(), 0..4usize, -2000i64..1), 0..40)
    }

    proptest! {
        /// No meeting is ready while a required item is not known to be well, and nothing but a person
        /// makes a human item pass.
        #[test]
        fn ready_means_every_required_item_is_well_and_fresh(changes in outcomes()) {
            let plan = CheckPlan::of_grade(AssuranceGrade::First);
            let mut known = venue(1, 0);
            known.items.clone_from(&plan.items);
            known.results = known.items.iter().map(|it| result(*it, Outcome::Pass, -1)).collect();
            for (item, outcome, minute) in changes {
                let item = CheckItem::ALL[item];
                known.results.retain(|it| it.item != item);
                known.results.push(result(item, Outcome::ALL[outcome], minute));
            }
            let results = known.results.clone();
            let it = readiness(&plan, vec![known], at(0));
            let joint = results.iter().any(|it| it.item == CheckItem::JointTest
                && it.outcome == Outcome::Pass
                && at(0).since(it.confirmed) <= plan.holds(it.item));
            for item in plan.items.iter().filter(|item| !plan.optional.contains(item)) {
                let last = results.iter().find(|it| it.item == *item);
                let fresh = last.is_some_and(|it| at(0).since(it.confirmed) <= plan.holds(*item));
                let well = fresh && last.is_some_and(|it| it.outcome >= Outcome::Warn);
                let failed = last.is_some_and(|it| it.outcome == Outcome::Fail);
                let excused = joint && item.kind() == ItemKind::Media && !failed;
                prop_assert!(!it.conclusion.may_begin() || well || excused, "{item:?}");
            }
            if let Some(until) = it.until {
                prop_assert!(until >= at(0));
            }
        }
    }
}
