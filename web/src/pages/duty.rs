//! `/duty`: who has the watch now and next, what was handed over, and the roster.

use super::{View, meeting_view::glyph};
use crate::{
    app::App,
    failure::Failure,
    format::Moment,
    guard::{User, audit_line},
    meeting_care::Known,
    query::typed,
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{MatchedPath, Path, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use chrono::NaiveDate;
use serde::Deserialize;
use std::time::Duration;
use zhishou_domain::{
    Lang, ShiftId, Timestamp,
    duty::{DutyRefusal, DutyShift, Roster, RosterProblem, Watcher, gaps},
    policy::LocalTime,
};
use zhishou_storage::{DutyAct, DutyActed, Rostered};

/// What is shown behind, and of meetings ahead; and of shifts ahead.
const BEHIND: Duration = Duration::from_secs(2 * 86_400);
const AHEAD: Duration = Duration::from_secs(14 * 86_400);
/// Notes and meetings shown.
const NOTES: usize = 8;
const MEETINGS: u32 = 20;
/// Longest name, telephone and note, characters.
const NAME: usize = 40;
const NOTE: usize = 1000;

/// A shift in one line.
struct ShiftLine {
    id: ShiftId,
    when: String,
    lead: Watcher,
    backup: Option<Watcher>,
    /// `08:21 admin`; empty where nobody signed in.
    signed: String,
    may_sign_in: bool,
    may_remove: bool,
    may_change: bool,
}

impl ShiftLine {
    /// Empty where nobody is.
    fn backup_name(&self) -> &str {
        self.backup.as_ref().map_or("", |it| it.name.as_str())
    }

    fn new(view: &View<'_>, shift: &DutyShift) -> Self {
        let now = view.now;
        Self {
            id: shift.id,
            when: span(view, shift.from, shift.to),
            signed: shift.signed_in().map_or_else(String::new, |it| {
                format!("{} {}", view.moment(it.at).short, it.login)
            }),
            may_sign_in: shift.signed_for(now).is_none() && shift.allow_sign_in(now).is_ok(),
            may_remove: shift.allow_removal(now).is_ok(),
            may_change: shift.allow_change(now, &shift.lead).is_ok(),
            lead: shift.lead.clone(),
            backup: shift.backup.clone(),
        }
    }
}

/// `11-24 08:30–17:30`, with the day of the end where that is another.
pub(super) fn span(view: &View<'_>, from: Timestamp, to: Timestamp) -> String {
    let zone = view.app.zone;
    let format = if from.local_day(zone) == to.local_day(zone) { "%H:%M" } else { "%m-%d %H:%M" };
    format!("{}–{}", from.in_zone(zone).format("%m-%d %H:%M"), to.in_zone(zone).format(format))
}

struct NoteLine {
    at: Moment,
    by: String,
    text: String,
}

/// A line of the roster: a shift, or a time that nobody has.
enum RosterLine {
    Shift(Box<ShiftLine>),
    Gap(String),
}

/// A meeting ahead, and whether it may begin.
struct MeetingLine {
    href: String,
    title: String,
    when: String,
    glyph: &'static str,
    sentence: String,
}

/// A meeting whose record is owed.
struct OwedLine {
    href: String,
    title: String,
    when: String,
}

#[derive(Template)]
#[template(path = "duty.html")]
struct DutyPage {
    shell: Shell,
    now: Option<ShiftLine>,
    may_sign: bool,
    next: Option<ShiftLine>,
    meetings: Vec<MeetingLine>,
    /// Those whose record is owed, the oldest first.
    owed: Vec<OwedLine>,
    notes: Vec<NoteLine>,
    roster: Vec<RosterLine>,
    problem: Option<String>,
    form: RosterForm,
    people: Vec<Watcher>,
    /// Who can log in, for who enters people.
    logins: Vec<String>,
}

impl DutyPage {
    /// Who can log in, and whether they are the one that is chosen. Who was chosen and is gone stays visible.
    fn users<'a>(&'a self, chosen: &'a str) -> Vec<(&'a str, bool)> {
        let gone = !chosen.is_empty() && self.logins.iter().all(|it| it != chosen);
        let gone = gone.then_some((chosen, true));
        self.logins.iter().map(|it| (it.as_str(), it == chosen)).chain(gone).collect()
    }

    /// Who can have a shift, and whether they are the one that is chosen.
    fn options(&self, chosen: &str) -> Vec<(&str, bool)> {
        self.people.iter().map(|it| (it.name.as_str(), it.name == chosen)).collect()
    }
}

/// What is typed to add shifts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RosterForm {
    first: String,
    last: String,
    from: String,
    to: String,
    #[serde(flatten)]
    who: WhoForm,
}

/// Who has a shift, by name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WhoForm {
    lead: String,
    backup: String,
}

impl WhoForm {
    /// Those who are named, as they are listed.
    async fn read(&self, app: &App) -> Result<(Watcher, Option<Watcher>), Failure> {
        let people = app.store.duty_people().await?;
        let listed = |name: &str| {
            let name = typed("name", name, NAME)?;
            match people.iter().find(|it| it.name == name) {
                _ if name.is_empty() => Ok(None),
                Some(person) => Ok(Some(person.clone())),
                None => Err(Failure::bad_input(
                    format!("“{name}”未登记：请先在“值班人员”中登记电话或邮箱"),
                    format!("{name} is not listed: enter their telephone or mail first"),
                )),
            }
        };
        let lead = listed(&self.lead)?;
        let lead =
            lead.ok_or_else(|| Failure::bad_input("请选择值班长", "lead: a name must be given"))?;
        Ok((lead, listed(&self.backup)?))
    }
}

/// `GET /duty`.
pub(crate) async fn show(State(app): State<App>, shell: Shell) -> Result<Response, Failure> {
    render(&app, shell, RosterForm::default(), None).await
}

async fn render(
    app: &App,
    shell: Shell,
    mut form: RosterForm,
    problem: Option<String>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Duty).live("/events?about=duty");
    let view = View::new(app, shell.t);
    let now = view.now;
    let (shifts, people) = tokio::try_join!(
        app.store.duty_shifts(now - BEHIND, now + AHEAD),
        app.store.duty_people()
    )?;
    let present = shifts.iter().find(|shift| shift.covers(now));
    let next = shifts.iter().find(|shift| shift.from > now);
    let mut notes: Vec<_> = shifts.iter().flat_map(|shift| &shift.hand_overs).collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.at));
    let times: Vec<_> = shifts.iter().map(|shift| (shift.from, shift.to)).collect();
    let until = shifts.last().map_or(now, |shift| shift.to);
    let mut roster: Vec<_> = shifts
        .iter()
        .filter(|shift| shift.to > now)
        .map(|shift| (shift.from, RosterLine::Shift(Box::new(ShiftLine::new(&view, shift)))))
        .chain(
            gaps(&times, now, until)
                .into_iter()
                .map(|(from, to)| (from, RosterLine::Gap(span(&view, from, to)))),
        )
        .collect();
    roster.sort_by_key(|(from, _)| *from);
    if form.first.is_empty() {
        let day = until.max(now).local_day(app.zone).to_string();
        form = RosterForm {
            first: day.clone(),
            last: day,
            from: "08:30".to_owned(),
            to: "17:30".to_owned(),
            ..form
        };
    }
    let held = Known::held(&app.store, (now, now + BEHIND), now, MEETINGS).await?;
    let meeting = |known: Known| {
        let slot = known.stored.plan.slot();
        MeetingLine {
            href: format!("/meetings/{}", known.stored.id),
            when: span(&view, slot.from, slot.to),
            glyph: glyph(known.conclusion()),
            sentence: known.sentence(app.zone, shell.t.0),
            title: known.stored.plan.title,
        }
    };
    let meetings = held.into_iter().map(meeting).collect();
    let users = if shell.may_operate() { app.store.users().await? } else { Vec::new() };
    // Users of a maintainer have nothing to do with duty.
    let logins = users.into_iter().filter(|it| it.maintainer.is_none()).map(|it| it.login);
    let owed = app.store.unarchived_meetings(MEETINGS).await?.into_iter().map(|it| OwedLine {
        href: format!("/meetings/{}", it.id),
        when: span(&view, it.from, it.to),
        title: it.title,
    });
    page(&DutyPage {
        meetings,
        owed: owed.collect(),
        now: present.map(|shift| ShiftLine::new(&view, shift)),
        may_sign: shell.may_operate(),
        next: next.map(|shift| ShiftLine::new(&view, shift)),
        notes: notes
            .into_iter()
            .take(NOTES)
            .map(|note| NoteLine {
                at: view.moment(note.at),
                by: note.login.clone(),
                text: note.text.clone(),
            })
            .collect(),
        roster: roster.into_iter().map(|(_, line)| line).collect(),
        problem,
        form,
        people,
        logins: logins.collect(),
        shell,
    })
}

fn roster(form: &RosterForm) -> Result<Roster, Failure> {
    let day = |text: &str| {
        text.parse::<NaiveDate>()
            .map_err(|_| Failure::bad_input("请填写日期", "first, last: a date as 2026-11-24"))
    };
    let time = |text: &str| {
        LocalTime::try_from(text.to_owned())
            .map_err(|_| Failure::bad_input("请填写时间，如 08:30", "from, to: a time as 08:30"))
    };
    Ok(Roster {
        first: day(&form.first)?,
        last: day(&form.last)?,
        from: time(&form.from)?,
        to: time(&form.to)?,
    })
}

/// `POST /duty`: shifts on every day from one to another. What is refused is shown again as typed.
pub(crate) async fn add(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<RosterForm>,
) -> Result<Response, Failure> {
    let added = async {
        let (lead, backup) = form.who.read(&app).await?;
        let shifts = roster(&form)?.shifts(app.zone).map_err(|problem| match problem {
            RosterProblem::Backwards => {
                Failure::bad_input("结束日期早于开始日期", "last: before the first day")
            }
            RosterProblem::TooLong => {
                Failure::bad_input("一次最多排 62 天", "last: at most 62 days at once")
            }
        })?;
        let subject = format!("{} – {}: {}", form.first, form.last, lead.name);
        let line = audit_line(&app, &user, &extensions, "duty_roster", subject);
        match app.store.add_duty_shifts(shifts, lead, backup, line).await? {
            Rostered::Added(_) => Ok(()),
            Rostered::Collides(held) => {
                let view = View::new(&app, shell.t);
                let held: Vec<_> = held
                    .iter()
                    .map(|it| format!("{} {}", span(&view, it.from, it.to), it.lead.name))
                    .collect();
                let held = held.join("; ");
                Err(Failure::bad_input(
                    format!("与已有班次重叠，未作改动：{held}"),
                    format!("overlaps what is there, nothing was changed: {held}"),
                ))
            }
        }
    };
    match added.await {
        Ok(()) => Ok(Redirect::to("/duty").into_response()),
        Err(failure) if failure.status == StatusCode::BAD_REQUEST => {
            let problem = failure.words(shell.t.0).to_owned();
            let page = render(&app, shell, form, Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(failure) => Err(failure),
    }
}

/// What is typed about one shift.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ActForm {
    text: String,
    #[serde(flatten)]
    who: WhoForm,
}

/// `POST /duty/{id}/sign-in`, `/hand-over`, `/change`, `/remove`.
pub(crate) async fn act(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    Form(form): Form<ActForm>,
) -> Result<Redirect, Failure> {
    let id: ShiftId = id.parse().map_err(|_| Failure::not_found())?;
    let act = match route.as_str().rsplit('/').next() {
        Some("sign-in") => DutyAct::SignIn,
        Some("hand-over") => DutyAct::HandOver(typed("text", &form.text, NOTE)?),
        Some("change") => {
            let (lead, backup) = form.who.read(&app).await?;
            DutyAct::Change { lead, backup }
        }
        Some("remove") => DutyAct::Remove,
        _ => return Err(Failure::not_found()),
    };
    let line = audit_line(&app, &user, &extensions, "duty", String::new());
    match app.store.act_on_duty(id, act, line).await? {
        DutyActed::Done => Ok(Redirect::to("/duty")),
        DutyActed::Missing => Err(Failure::not_found()),
        DutyActed::Refused(refusal) => {
            Err(Failure::new(StatusCode::CONFLICT, refused(refusal, shell.t.0)))
        }
    }
}

/// Why, in words.
fn refused(refusal: DutyRefusal, lang: Lang) -> &'static str {
    match refusal {
        DutyRefusal::Over => lang.pick("本班已结束，不能再改", "the shift is over"),
        DutyRefusal::Begun => {
            lang.pick("本班已开始或已有记录，只能换人", "it has begun: enter a substitute instead")
        }
        DutyRefusal::Early => {
            lang.pick("上班前一小时内才能签到", "signing in is open an hour before the shift")
        }
        DutyRefusal::Empty => lang.pick("请填写内容", "words are missing"),
    }
}
