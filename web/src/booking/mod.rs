//! Booking meetings and acting on them, the same for pages and programs.

mod form;
pub(crate) mod ics;
mod notice;

pub(crate) use form::{BookingForm, series_rule, zone_of};
pub(crate) use notice::{Said, for_duty, note as notice_note, with_age};

use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    prefs::Prefs,
    query::typed,
    repeat::RequestKey,
};
use axum::http::Extensions;
use std::time::Duration;
use zhishou_domain::{
    Lang, MeetingId, Role, Timestamp,
    alert::{Note, Topic},
    meeting::{
        BookingRules, Displacing, MeetingAct, MeetingApproval, MeetingPlan, MeetingProblem,
        MeetingRefusal, MeetingState, MeetingStep, SeriesProblem, Slot, occurrences,
    },
};
use zhishou_storage::{
    Booked, BookingWay, Clash, Held, MakesWay, MeetingActed, NewMeeting, NewSeries, NoticeOut,
    Rebooking, Route, SeriesBooked, StoredMeeting,
};

/// How soon an emergency begins, at the latest: what is known longer can wait for its approval.
const AT_SHORT_NOTICE: Duration = Duration::from_secs(24 * 3600);
/// Longest words of a field, characters.
pub(crate) const LONGEST: usize = 2000;

/// What is filed with a new meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filing {
    /// 草稿.
    Draft,
    /// To be held.
    Book,
    /// To be held at once.
    Emergency,
}

/// What became of a booking that was understood.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is booked; of a series the first.
    Booked(MeetingId),
    /// Nothing changed: for each occurrence that collides (one, where it is no series), when it would be
    /// and what stands in its way.
    Clash(Vec<(Slot, Clash)>),
}

/// Of whom a request comes.
pub(crate) type By<'a> = (&'a User, &'a Extensions);

fn way(rules: &BookingRules, filing: Filing) -> BookingWay {
    match (filing, rules.approval) {
        (Filing::Draft, _) => BookingWay::Draft,
        (Filing::Emergency, _) => BookingWay::Emergency,
        (Filing::Book, MeetingApproval::Required) => BookingWay::Submit,
        (Filing::Book, MeetingApproval::None) => BookingWay::Approved,
    }
}

/// The plan as this house holds it: with the least buffers at least.
fn kept(rules: &BookingRules, filing: Filing, mut plan: MeetingPlan) -> MeetingPlan {
    if filing != Filing::Emergency {
        plan.buffers.setup_min = plan.buffers.setup_min.max(rules.least.setup_min);
        plan.buffers.teardown_min = plan.buffers.teardown_min.max(rules.least.teardown_min);
    }
    plan
}

fn lang_of(extensions: &Extensions) -> Lang {
    extensions.get::<Prefs>().copied().unwrap_or_default().lang
}

/// Meetings that make way for `plan`, and what is said of it: none where the house does not allow it.
async fn yielding(
    app: &App,
    (user, extensions): By<'_>,
    plan: &MeetingPlan,
    displace: Vec<MeetingId>,
) -> Result<Vec<MakesWay>, Failure> {
    let lang = lang_of(extensions);
    let mut yielding = Vec::new();
    let rules = &app.settings.booking;
    // What nobody approved yet takes no approved meeting's place.
    if !displace.is_empty()
        && rules.approval == MeetingApproval::Required
        && user.role < Role::Admin
    {
        return Err(Failure::conflict(
            "需审批的会议不能自行让其他会议让位，请由审批人预约",
            "what waits for an approval makes no other meeting give way; ask who approves",
        ));
    }
    if app.settings.booking.displacing == Displacing::LowerRank {
        for id in displace {
            yielding.push(notice::makes_way(app, id, plan, lang).await?);
        }
    }
    Ok(yielding)
}

/// Books a meeting in the name of `user`.
pub(crate) async fn book(
    app: &App,
    (user, extensions): By<'_>,
    plan: MeetingPlan,
    filing: Filing,
    displace: Vec<MeetingId>,
    key: Option<RequestKey>,
) -> Result<Outcome, Failure> {
    let rules = &app.settings.booking;
    let plan = kept(rules, filing, plan);
    let slot = plan.slot();
    if filing == Filing::Emergency && slot.from > app.clock.now() + AT_SHORT_NOTICE {
        return Err(Failure::bad_input(
            "应急会议不经审批，只用于 24 小时内开始的会议；更晚的请正常预约",
            "an emergency needs no approval and begins within 24 hours; book a later one as usual",
        ));
    }
    let new = NewMeeting {
        displace: yielding(app, (user, extensions), &plan, displace).await?,
        plan,
        way: way(rules, filing),
        at: app.clock.now(),
        login: user.login.clone(),
        address: address(extensions),
        request_key: key.map(|it| it.0),
    };
    let booked = outcome(app.store.book_meeting(new).await?, slot)?;
    ask_approval(app, &booked, lang_of(extensions)).await?;
    Ok(booked)
}

/// Tells who is on duty that a meeting waits for its approval; one that does not is told to nobody.
async fn ask_approval(app: &App, booked: &Outcome, lang: Lang) -> Result<(), Failure> {
    let Outcome::Booked(id) = booked else { return Ok(()) };
    let Some(stored) = app.store.meeting(*id).await? else { return Ok(()) };
    if stored.state != MeetingState::Submitted {
        return Ok(());
    }
    let by = stored.steps.last().map(|step| step.login.as_str()).unwrap_or_default();
    let (title, when) = (&stored.plan.title, span(app, stored.plan.slot()));
    let (subject, line) = match lang {
        Lang::Zh => (format!("【待审批】{title}"), format!("{when}，{by} 提交，请他人审批。")),
        Lang::En => (
            format!("[to be approved] {title}"),
            format!("{when}, submitted by {by}; somebody else has to approve it."),
        ),
    };
    let now = app.clock.now();
    let note = Note {
        about: format!("/bookings/{id}"),
        lines: vec![line],
        ..Note::new(Topic::Duty, format!("approve/{id}/{}", stored.steps.len()), subject)
    };
    let note = for_duty(&app.store, note, now).await?;
    app.store.enqueue(note, Route::Topic, now).await?;
    Ok(())
}

/// Books a meeting again and again by a rule of RFC 5545; `skip` leaves out what collides.
pub(crate) async fn book_series(
    app: &App,
    (user, extensions): By<'_>,
    (plan, filing): (MeetingPlan, Filing),
    (rule, skip): (&str, bool),
    key: Option<RequestKey>,
) -> Result<Outcome, Failure> {
    let rules = &app.settings.booking;
    let plan = kept(rules, filing, plan);
    if filing == Filing::Emergency {
        return Err(Failure::bad_input("应急会议不能重复", "an emergency is held once"));
    }
    let found = occurrences(rule, plan.time, plan.zone).map_err(series_problem)?;
    let slot = plan.slot();
    let new = NewSeries {
        plan,
        rule: rule.to_owned(),
        occurrences: found,
        skip,
        way: way(rules, filing),
        at: app.clock.now(),
        login: user.login.clone(),
        address: address(extensions),
        request_key: key.map(|it| it.0),
    };
    let booked = series_outcome(app.store.book_series(new).await?, slot)?;
    ask_approval(app, &booked, lang_of(extensions)).await?;
    Ok(booked)
}

fn series_outcome(booked: SeriesBooked, slot: Slot) -> Result<Outcome, Failure> {
    match booked {
        SeriesBooked::Now(meetings) => match meetings.first() {
            Some(first) => Ok(Outcome::Booked(*first)),
            None => Err(series_problem(SeriesProblem::Empty)),
        },
        SeriesBooked::Taken(clashes) => Ok(Outcome::Clash(clashes)),
        SeriesBooked::Not(booked) => outcome(booked, slot),
    }
}

/// How much of a series is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// This meeting alone.
    This,
    /// It and those after it; where `skip`, without those that would collide.
    Following { skip: bool },
}

impl Scope {
    /// As a form or a program says it.
    pub(crate) fn of(code: &str, skip: bool) -> Result<Self, Failure> {
        match code {
            "" | "this" => Ok(Self::This),
            "following" => Ok(Self::Following { skip }),
            _ => Err(Failure::bad_input("scope：没有这个取值", "scope: this or following")),
        }
    }
}

/// What is said of a change to those who were told of the meeting, and of those of its series that change too.
async fn said_of(
    app: &App,
    stored: &StoredMeeting,
    plan: &MeetingPlan,
    scope: Scope,
    lang: Lang,
) -> Result<Vec<NoticeOut>, Failure> {
    let venues = app.store.venues().await?;
    let mut told = notice::moved(app, &venues, (stored.id, &stored.plan), plan, lang).await?;
    let Scope::Following { .. } = scope else { return Ok(told) };
    for other in following(app, stored.id).await? {
        let after = other.plan.changed_as(&stored.plan, plan);
        told.extend(notice::moved(app, &venues, (other.id, &other.plan), &after, lang).await?);
    }
    Ok(told)
}

/// The meetings of a series after one of them.
async fn following(app: &App, id: MeetingId) -> Result<Vec<StoredMeeting>, Failure> {
    let Some((_, ids)) = app.store.series_of(id).await? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for other in ids.into_iter().skip_while(|other| *other != id).skip(1) {
        found.extend(app.store.meeting(other).await?);
    }
    Ok(found)
}

/// Books a meeting anew in the name of `user`, who saw it at `revision`; with `notify` its contacts are told, if
/// they were told of it before.
pub(crate) async fn rebook(
    app: &App,
    (user, extensions): By<'_>,
    (id, revision, scope): (MeetingId, u32, Scope),
    plan: MeetingPlan,
    displace: Vec<MeetingId>,
    (reason, notify): (&str, bool),
) -> Result<Outcome, Failure> {
    let rules = &app.settings.booking;
    let stored = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
    let is_emergency = stored.steps.iter().any(|step| step.act == MeetingAct::Emergency);
    let filing = if is_emergency { Filing::Emergency } else { Filing::Book };
    let plan = kept(rules, filing, plan);
    let slot = plan.slot();
    let told = match notify {
        true => said_of(app, &stored, &plan, scope, lang_of(extensions)).await?,
        false => Vec::new(),
    };
    let change = Rebooking {
        id,
        revision,
        told,
        displace: yielding(app, (user, extensions), &plan, displace).await?,
        plan,
        way: way(rules, Filing::Book),
        step: MeetingStep {
            at: app.clock.now(),
            login: user.login.clone(),
            act: MeetingAct::Reschedule,
            note: typed("reason", reason, LONGEST)?,
        },
        address: address(extensions),
    };
    let booked = match scope {
        Scope::This => outcome(app.store.rebook_meeting(change).await?, slot)?,
        Scope::Following { skip } => {
            series_outcome(app.store.rebook_series_from(change, skip).await?, slot)?
        }
    };
    ask_approval(app, &booked, lang_of(extensions)).await?;
    Ok(booked)
}

fn outcome(booked: Booked, slot: Slot) -> Result<Outcome, Failure> {
    match booked {
        Booked::Now(id, _) | Booked::Already(id) => Ok(Outcome::Booked(id)),
        Booked::Taken(clash) => Ok(Outcome::Clash(vec![(slot, clash)])),
        Booked::Past => Err(past()),
        Booked::Stale => Err(Failure::conflict(
            "这场会议刚被他人修改，请刷新后再改",
            "somebody else changed the meeting meanwhile; look again",
        )),
        Booked::Unsound(problem) => Err(problem_words(problem)),
        Booked::Refused(refusal) => Err(refused(refusal)),
        Booked::Missing => Err(missing()),
    }
}

/// Submits, approves, rejects, cancels or notes a meeting in the name of `user`.
pub(crate) async fn act(
    app: &App,
    (user, extensions): By<'_>,
    id: MeetingId,
    (act, note): (MeetingAct, &str),
) -> Result<(), Failure> {
    let step = |act, login: &str, note: String| MeetingStep {
        at: app.clock.now(),
        login: login.to_owned(),
        act,
        note,
    };
    let mut steps = vec![step(act, &user.login, typed("note", note, LONGEST)?)];
    if act == MeetingAct::Submit && app.settings.booking.approval == MeetingApproval::None {
        steps.push(step(MeetingAct::Approve, "", String::new()));
    }
    let told = match act {
        MeetingAct::Cancel | MeetingAct::Reject => {
            let stored = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
            off(app, &stored, (act, &steps[0].note), lang_of(extensions)).await?
        }
        _ => Vec::new(),
    };
    match app.store.act_on_meeting(id, steps, address(extensions), told).await? {
        MeetingActed::Now(_) if act == MeetingAct::Submit => {
            ask_approval(app, &Outcome::Booked(id), lang_of(extensions)).await
        }
        MeetingActed::Now(_) => Ok(()),
        MeetingActed::Missing => Err(Failure::not_found()),
        MeetingActed::Refused(refusal) => Err(refused(refusal)),
        MeetingActed::Taken(clash) => Err(taken(app, &clash.held)),
    }
}

/// What those are told who were told of a meeting that is not held then: nothing any more once it was to begin.
async fn off(
    app: &App,
    meeting: &StoredMeeting,
    (act, reason): (MeetingAct, &str),
    lang: Lang,
) -> Result<Vec<NoticeOut>, Failure> {
    if meeting.plan.slot().from <= app.clock.now() {
        return Ok(Vec::new());
    }
    let said = match act {
        MeetingAct::Reject => Said::PutOff(reason),
        _ => Said::Cancelled(reason),
    };
    let notices = app.store.notices(meeting.id).await?;
    Ok(notice::called_off(app, meeting, notices, said, lang))
}

/// Cancels a meeting and those of its series after it; those who were told of them are told so.
pub(crate) async fn cancel_series(
    app: &App,
    (user, extensions): By<'_>,
    id: MeetingId,
    note: &str,
) -> Result<(), Failure> {
    let note = typed("note", note, LONGEST)?;
    if note.is_empty() {
        return Err(Failure::bad_input("请填写原因", "note: a reason is missing"));
    }
    let (at, login, lang) = (app.clock.now(), user.login.clone(), lang_of(extensions));
    let mut all = following(app, id).await?;
    all.extend(app.store.meeting(id).await?);
    let mut told = Vec::new();
    for meeting in all.iter().filter(|it| it.state.may_change()) {
        told.extend(off(app, meeting, (MeetingAct::Cancel, &note), lang).await?);
    }
    let step = MeetingStep { at, login, act: MeetingAct::Cancel, note };
    match app.store.cancel_series_from(id, step, address(extensions), told).await? {
        0 => Err(refused(MeetingRefusal::Order)),
        _ => Ok(()),
    }
}

/// Others hold what is asked for.
pub(crate) fn taken(app: &App, held: &[Held]) -> Failure {
    let held = |lang| held.iter().map(|it| held_words(app, it, lang)).collect::<Vec<_>>();
    let (zh, en) = (held(Lang::Zh).join("；"), held(Lang::En).join("; "));
    Failure::conflict(
        format!("没有改动，会场、终端或资源已被占用：{zh}"),
        format!("nothing changed, others hold it: {en}"),
    )
}

/// Which acts of these a person may still do to a meeting.
pub(crate) fn acts_of(state: MeetingState) -> Vec<MeetingAct> {
    let acts: &[MeetingAct] = match state {
        MeetingState::Draft => &[MeetingAct::Submit, MeetingAct::Cancel],
        MeetingState::Submitted => &[MeetingAct::Approve, MeetingAct::Reject, MeetingAct::Cancel],
        MeetingState::Live | MeetingState::Ended => &[MeetingAct::Cancel],
        state if state.may_change() => &[MeetingAct::Cancel],
        _ => &[],
    };
    acts.to_vec()
}

/// `一楼会议室: 03-10 09:00–11:00 #12 早会（li 预约）`.
pub(crate) fn held_words(app: &App, held: &Held, lang: Lang) -> String {
    let span = span(app, held.slot);
    let rehearsal = if held.is_rehearsal { lang.pick("联调", "rehearsal") } else { "" };
    let (name, title, by, id) = (&held.name, &held.title, &held.by, held.meeting);
    match lang {
        Lang::Zh => format!("{name}：{span} #{id} {title}{rehearsal}（{by} 预约）"),
        Lang::En => format!("{name}: {span} #{id} {title} {rehearsal}(booked by {by})"),
    }
}

/// `03-10 09:00–11:00`, or with the day of the end where that is another.
pub(crate) fn span(app: &App, slot: Slot) -> String {
    let (from, to) = (slot.from.in_zone(app.zone), slot.to.in_zone(app.zone));
    let end = if from.date_naive() == to.date_naive() { "%H:%M" } else { "%m-%d %H:%M" };
    format!("{}–{}", from.format("%m-%d %H:%M"), to.format(end))
}

/// Whether everything in the way ranks lower and has not begun, so that it could make way.
pub(crate) fn could_yield(
    app: &App,
    plan: &MeetingPlan,
    clashes: &[(Slot, Clash)],
    now: Timestamp,
) -> bool {
    app.settings.booking.displacing == Displacing::LowerRank
        && clashes.iter().flat_map(|(_, clash)| &clash.held).all(|held| {
            plan.rank.outranks(held.rank) && held.state.may_change() && held.slot.from > now
        })
}

fn past() -> Failure {
    Failure::bad_input(
        "开始时间已过；正在进行的请选“应急会议”",
        "from: it would begin before now; an emergency may",
    )
}

fn missing() -> Failure {
    Failure::bad_input(
        "有会场或资源不存在或已停用",
        "venues, resources: one does not exist or is out of use",
    )
}

fn problem_words(problem: MeetingProblem) -> Failure {
    let (zh, en) = match problem {
        MeetingProblem::Title => ("请填写会议名称", "title: missing"),
        MeetingProblem::Time => {
            ("起止时间须先后有序，且不超过 7 天", "from, to: in order, at most 7 days")
        }
        MeetingProblem::Rehearsal => (
            "联调的起止时间须先后有序，且早于会议开始",
            "rehearsal: in order, and begins before the meeting",
        ),
        MeetingProblem::Buffer => {
            ("会前准备与会后恢复各不超过 24 小时", "setup, teardown: at most 24 hours")
        }
        MeetingProblem::Venues => {
            ("请选择会场（会场与资源合计 1 至 200 个）", "venues: 1 to 200 with the resources")
        }
        MeetingProblem::Twice => ("会场或资源重复", "venues, resources: one is named twice"),
        MeetingProblem::Main => ("主会场只能有一个", "venues: only one is the main venue"),
        MeetingProblem::Contacts => ("联系人不超过 500 位", "contacts: at most 500"),
    };
    Failure::bad_input(zh, en)
}

fn series_problem(problem: SeriesProblem) -> Failure {
    let zh = match &problem {
        SeriesProblem::Rule(what) => format!("重复规则无法识别：{what}"),
        SeriesProblem::Endless => "重复规则须有次数或截止日期".to_owned(),
        SeriesProblem::TooLong => "系列会议不超过 200 场、两年".to_owned(),
        SeriesProblem::Empty => "没有可以预约的场次".to_owned(),
    };
    Failure::bad_input(zh, format!("rrule: failed to {problem}"))
}

fn refused(refusal: MeetingRefusal) -> Failure {
    let (zh, en) = match refusal {
        MeetingRefusal::Order => (
            "当前状态下不能这样处理；已开始或已结束的会议不再改动",
            "it does not stand so that this could be done; what has begun is not changed",
        ),
        MeetingRefusal::Reason => ("请填写原因", "a reason is missing"),
        MeetingRefusal::Early => ("还没到可以开会的时间", "it is too early to begin it"),
        MeetingRefusal::SamePerson => {
            ("提交人不能审批自己的会议，须由他人审批", "another person has to approve it")
        }
    };
    Failure::conflict(zh, en)
}
