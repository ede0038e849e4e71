//! What the page of a meeting shows of its venues and of what happened.

use super::View;
use crate::{
    failure::Failure,
    format::Moment,
    meeting_care::{Known, Proposal, endpoint_history, history_words, proposals},
};
use zhishou_domain::{
    Lang, MeetingId, Timestamp, VenueId,
    check::{
        Cause, Cell, CellResult, CheckItem, Conclusion, Evidence, ItemKind, MeetingIncident,
        Outcome, Row, TurnTo, Weight, roll_opens,
    },
};
use zhishou_storage::{CellOf, CheckRun, ReadinessReport, RunState, WaitingCheck};

/// One cell that we fill.
pub(super) struct CellView {
    pub(super) item: &'static str,
    pub(super) name: &'static str,
    pub(super) mark: &'static str,
    pub(super) class: &'static str,
    pub(super) outcome: &'static str,
    pub(super) why: String,
    pub(super) advice: &'static str,
    /// When it was last confirmed.
    pub(super) confirmed: Option<Moment>,
    pub(super) device: Option<String>,
    pub(super) is_stale: bool,
    pub(super) is_optional: bool,
    /// A check of it waits for its turn.
    pub(super) is_waiting: bool,
    /// The received keyframe that it was judged by.
    pub(super) picture: Option<String>,
}

/// One cell that a person fills.
pub(super) struct SignView {
    pub(super) item: &'static str,
    pub(super) name: &'static str,
    pub(super) mark: &'static str,
    pub(super) class: &'static str,
    pub(super) is_signed: bool,
    /// It cannot be signed yet: from when on.
    pub(super) opens: Option<String>,
    /// `王 9:40 听得清`.
    pub(super) by: String,
}

/// One venue.
pub(super) struct VenueView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) conclusion: &'static str,
    pub(super) glyph: &'static str,
    pub(super) first: String,
    /// What is turned away from: the incident that lasts, else what fails.
    pub(super) amiss: String,
    pub(super) contact: String,
    pub(super) phone: String,
    pub(super) history: Option<String>,
    /// The same of its endpoint.
    pub(super) endpoint: Option<String>,
    pub(super) order: Option<String>,
    pub(super) cells: Vec<CellView>,
    pub(super) signs: Vec<SignView>,
    pub(super) proposals: Vec<ProposalView>,
    pub(super) turns: Vec<TurnView>,
}

/// What was turned to, and can be taken back.
pub(super) struct TurnView {
    pub(super) id: i64,
    /// `代替 易家街`, or the telephone conference.
    pub(super) words: String,
    /// What taking it back is called.
    pub(super) undo: &'static str,
}

/// One thing to turn to.
pub(super) struct ProposalView {
    pub(super) code: &'static str,
    /// Which endpoint, venue or conference.
    pub(super) to: String,
    pub(super) name: String,
    pub(super) phone: String,
}

/// Something that happened.
pub(super) struct EventView {
    pub(super) at: Moment,
    pub(super) text: String,
    pub(super) by: String,
}

/// The sign of an outcome, and the class that colours it.
fn mark(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Pass => ("✓", "up"),
        Outcome::Warn => ("!", "degraded"),
        Outcome::Fail => ("✕", "down"),
        Outcome::Untested => ("–", "unknown"),
    }
}

pub(super) fn glyph(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Ready => "online",
        Conclusion::Risk => "degraded",
        Conclusion::NotReady => "offline",
        Conclusion::Unconfirmed => "unknown",
    }
}

fn cell_view(
    view: &View<'_>,
    cell: &Cell,
    is_waiting: bool,
    (meeting, venue): (MeetingId, VenueId),
) -> CellView {
    let lang = view.t.0;
    let (mark, class) = mark(cell.outcome);
    let last = cell.last.as_ref();
    CellView {
        item: cell.item.code(),
        name: cell.item.name(lang),
        mark,
        class,
        outcome: match cell.weight {
            Weight::Excused => view.t.check_excused(),
            Weight::Required | Weight::Optional => cell.outcome.name(lang),
        },
        why: last.map(|last| last.evidence.render(lang)).unwrap_or_default(),
        advice: last.and_then(|last| last.evidence.advice(lang)).unwrap_or_default(),
        confirmed: last.map(|last| view.moment(last.confirmed)),
        device: last.and_then(|last| last.device).map(|device| format!("/devices/{device}")),
        is_stale: cell.is_stale(),
        is_optional: cell.weight == Weight::Optional,
        is_waiting,
        picture: last.and_then(|last| picture_href(meeting, venue, last)),
    }
}

/// Where the picture lies that a cell was judged by, where one is kept.
pub(crate) fn picture_href(meeting: MeetingId, venue: VenueId, it: &CellResult) -> Option<String> {
    let at = it.at.millis();
    it.picture.as_ref().map(|_| format!("/meetings/{meeting}/venues/{venue}/picture?at={at}"))
}

fn sign_view(view: &View<'_>, known: &Known, item: CheckItem, cell: Option<&Cell>) -> SignView {
    let (meeting, lang) = (&known.stored, view.t.0);
    let opens = roll_opens(meeting.plan.slot().from, &meeting.steps);
    let is_early = item == CheckItem::RollCall && view.now < opens;
    let outcome = cell.map_or(Outcome::Untested, |cell| cell.outcome);
    let (mark, class) = mark(outcome);
    let last = cell.and_then(|cell| cell.last.as_ref());
    SignView {
        item: item.code(),
        name: item.name(view.t.0),
        mark: if outcome == Outcome::Untested { "☐" } else { mark },
        class,
        is_signed: outcome != Outcome::Untested,
        opens: is_early.then(|| {
            let at = opens.in_zone(view.app.zone).format("%m-%d %H:%M");
            match lang {
                Lang::Zh => format!("{at} 起"),
                Lang::En => format!("from {at} on"),
            }
        }),
        by: last.map_or_else(String::new, |last| {
            let said = last.evidence.render(view.t.0);
            format!("{} {} {said}", last.login, view.moment(last.at).short).trim_end().to_owned()
        }),
    }
}

/// Whether only persons can tell of a venue's media.
fn needs_joint_test(row: &Row) -> bool {
    let cannot = |cell: &Cell| {
        let last = cell.last.as_ref().map(|last| &last.evidence);
        matches!(last, Some(Evidence::NotRun { why }) if why.asks_for_a_person())
    };
    let is_own = |cell: &Cell| cell.item.kind() == ItemKind::Media && !cell.item.is_of_backup();
    row.cells.iter().any(|cell| is_own(cell) && cannot(cell))
}

pub(super) async fn venue_view(
    view: &View<'_>,
    known: &Known,
    row: &Row,
    waiting: &[WaitingCheck],
    incidents: &[MeetingIncident],
) -> Result<VenueView, Failure> {
    let (lang, store) = (view.t.0, &view.app.store);
    // What persons hear and see counts as much as what we do.
    let entered = incidents.iter().rev().find(|it| it.venue == row.venue && it.to.is_none());
    let is_failed = row.conclusion == Conclusion::NotReady || entered.is_some();
    let (history, order) =
        tokio::try_join!(store.venue_history(row.venue), store.check_order(row.venue))?;
    let proposals = match is_failed {
        true => proposals(view.app, known, row, lang).await?,
        false => Vec::new(),
    };
    let venue = known.venue(row.venue);
    let endpoint = match venue {
        Some(venue) => endpoint_history(store, venue, history, lang).await?,
        None => None,
    };
    let (human, own): (Vec<_>, Vec<_>) = row.cells.iter().partition(|cell| cell.item.is_human());
    let mut signs: Vec<_> =
        human.iter().map(|cell| sign_view(view, known, cell.item, Some(cell))).collect();
    let has_joint = human.iter().any(|cell| cell.item == CheckItem::JointTest);
    if !has_joint && needs_joint_test(row) {
        signs.push(sign_view(view, known, CheckItem::JointTest, None));
    }
    Ok(VenueView {
        id: row.venue.to_string(),
        name: known.name(row.venue),
        role: row.role.name(lang),
        conclusion: row.conclusion.name(lang),
        glyph: glyph(row.conclusion),
        amiss: entered.map_or_else(|| row.words(lang), |it| it.what.clone()),
        first: if row.conclusion == Conclusion::Ready { String::new() } else { row.words(lang) },
        contact: venue.map(|venue| venue.contact.clone()).unwrap_or_default(),
        phone: venue.map(|venue| venue.phone.clone()).unwrap_or_default(),
        history: history_words(history, lang),
        endpoint,
        order: order.map(|order| order.to_string()),
        cells: own
            .into_iter()
            .map(|cell| {
                let waits = waiting.iter().any(|check| check.covers(row.venue, cell.item));
                cell_view(view, cell, waits, (known.stored.id, row.venue))
            })
            .collect(),
        signs,
        turns: turns_of(view, known, row.venue),
        proposals: proposals.into_iter().map(|it| proposal_view(it, lang)).collect(),
    })
}

fn proposal_view(it: Proposal, lang: Lang) -> ProposalView {
    let kind = it.to.fallback();
    let name = format!("{}: {}", kind.name(lang), it.what);
    ProposalView { code: kind.code(), to: it.to.id(), name, phone: it.phone }
}

/// What holds of what a meeting turned to: a venue that stands in for another, a venue on its backup endpoint or
/// on the telephone.
fn turns_of(view: &View<'_>, known: &Known, venue: VenueId) -> Vec<TurnView> {
    let held_on = known.venue(venue).and_then(|it| it.primary()).map(|it| it.id);
    let is_on = |device| held_on == Some(device);
    let turns = known.turns.iter().filter(|it| !it.is_undone);
    let turns = turns.filter_map(|it| match it.to {
        TurnTo::Venue(to) if to == venue && known.venue(it.venue).is_none() => {
            let (from, kept) = (view.t.turn_from(), view.t.turn_kept());
            let words = format!("{from} {}: {} · {kept}", it.name, it.what);
            Some(TurnView { id: it.id, words, undo: view.t.turn_undo() })
        }
        TurnTo::Telephone(_) if it.venue == venue => {
            let words = format!("{}: {}", view.t.turn_telephone(), it.to_name);
            Some(TurnView { id: it.id, words, undo: view.t.turn_off() })
        }
        TurnTo::Endpoint(device) if it.venue == venue && is_on(device) => {
            let words = format!("{}: {}", it.to.fallback().name(view.t.0), it.to_name);
            Some(TurnView { id: it.id, words, undo: view.t.turn_undo_endpoint() })
        }
        TurnTo::Endpoint(_) | TurnTo::Venue(_) | TurnTo::Telephone(_) => None,
    });
    turns.collect()
}

/// A run in words.
fn run_words(run: &CheckRun, lang: Lang) -> String {
    let cause = match (run.cause, lang) {
        (Cause::Point(before), Lang::Zh) => format!("会前 {before} 分钟检查"),
        (Cause::Point(before), Lang::En) => format!("check {before} min before"),
        (Cause::Booked, _) => lang.pick("订会后立即检查", "checked as soon as booked").to_owned(),
        (Cause::Asked, _) => lang.pick("立即检查", "check asked for").to_owned(),
    };
    let state = match run.state {
        RunState::Running => lang.pick("进行中", "under way").to_owned(),
        RunState::Missed => {
            let (zh, en) = (
                "未进行：到点时平台未运行，或方案还没有此检查点",
                "missed: we did not run then, or the plan had no such point yet",
            );
            lang.pick(zh, en).to_owned()
        }
        RunState::Interrupted => lang.pick("中断", "broken off").to_owned(),
        RunState::Done => {
            let took = run.ended.unwrap_or(run.started).since(run.started).as_secs();
            match lang {
                Lang::Zh => format!("完成，用时 {took} 秒"),
                Lang::En => format!("done in {took} s"),
            }
        }
    };
    let plan = match run.plan_version {
        0 => lang.pick("随平台方案", "shipped plan").to_owned(),
        version => format!("{} {version}", lang.pick("方案版本", "plan version")),
    };
    format!("{cause} · {} · {plan} · {state}", run.depth.name(lang))
}

/// All that happened, the newest first.
pub(super) fn timeline(
    view: &View<'_>,
    known: &Known,
    runs: &[CheckRun],
    changes: &[CellOf],
    (incidents, reports): (&[MeetingIncident], &[ReadinessReport]),
) -> Vec<EventView> {
    let lang = view.t.0;
    let mut all: Vec<(Timestamp, String, &str)> = Vec::new();
    for run in runs {
        all.push((run.started, run_words(run, lang), &run.login));
    }
    for CellOf { venue, result } in changes {
        let why = result.evidence.render(lang);
        let why = if why.is_empty() { why } else { format!(" · {why}") };
        let (item, outcome) = (result.item.name(lang), result.outcome.name(lang));
        let words = format!("{} {item} {outcome}{why}", known.name(*venue));
        all.push((result.at, words, &result.login));
    }
    for it in incidents {
        let name = known.name(it.venue);
        let fault = lang.pick("故障", "incident");
        let turned = it.fallback.map(|it| format!(" → {}", it.name(lang))).unwrap_or_default();
        all.push((it.from, format!("{fault}: {name} {}{turned}", it.what), &it.login));
        if let Some(to) = it.to {
            all.push((to, format!("{}: {name} {}", lang.pick("恢复", "over"), it.what), &it.login));
        }
    }
    for it in reports {
        let told = it.told.join(lang.pick("、", ", "));
        let words = match (it.told.is_empty(), it.messages) {
            (true, _) => lang.pick("就绪报告（值班）", "readiness report (duty)").to_owned(),
            (false, 0) => {
                format!("{} {told}", lang.pick("就绪报告未送达主持人", "not told to the chair"))
            }
            (false, _) => {
                format!("{} {told}", lang.pick("就绪报告 → 主持人", "readiness report → chair"))
            }
        };
        all.push((it.at, format!("{words}: {}", it.sentence), ""));
    }
    for step in &known.stored.steps {
        let words = format!("{} {}", step.act.name(lang), step.note).trim_end().to_owned();
        all.push((step.at, words, &step.login));
    }
    // What was done at one moment was done in this order.
    all.reverse();
    all.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let event = |(at, text, by): (Timestamp, String, &str)| {
        let by = if by.is_empty() { view.t.platform().to_owned() } else { by.to_owned() };
        EventView { at: view.moment(at), text, by }
    };
    all.into_iter().map(event).collect()
}
