//! `/reports`: what was published, month by month, each as a file of any kind, with verify beside it;
//! and publishing for any period that is over.

use super::View;
use crate::{
    api,
    app::App,
    failure::Failure,
    format::Moment,
    guard::{User, address},
    making::{Making, Progress},
    shell::{Nav, Shell, page},
    verifying::Verifying,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{Datelike, Months, NaiveDate};
use serde::Deserialize;
use zhishou_domain::{Lang, account::Days};
use zhishou_report::{Format, Order, Period, PeriodKind, Publisher};
use zhishou_storage::PublicationHead;

/// Seconds between two looks at a report that is being made.
const LOOK: &str = "2";

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    shell: Shell,
    /// `2026年3月`.
    month: String,
    before: String,
    after: Option<String>,
    /// Empty cells before the first of the month, Monday first.
    blanks: Vec<()>,
    days: Vec<DayCell>,
    rows: Vec<ReportRow>,
    from: String,
    to: String,
    policies: Vec<(String, String)>,
    problem: Option<String>,
    progress: Option<(String, &'static str)>,
}

struct DayCell {
    day: u32,
    /// Newest edition of the daily report.
    report: Option<(String, u32)>,
}

struct ReportRow {
    number: String,
    revision: u32,
    name: String,
    kind: &'static str,
    policy: String,
    at: Moment,
    by: String,
    files: Vec<(&'static str, String)>,
    verify: String,
    is_newest: bool,
    /// Messages that went out with it: `已送达 2 · 未送达 1`; empty: none.
    delivered: String,
    /// Files that are not in the folder, and why.
    undelivered: Vec<String>,
}

/// Which month.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MonthQuery {
    month: String,
}

/// What is ordered.
#[derive(Debug, Deserialize)]
pub(crate) struct OrderForm {
    from: String,
    to: String,
    #[serde(default)]
    policy: String,
}

/// `GET /reports`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Extension(making): Extension<Making>,
    Query(query): Query<MonthQuery>,
) -> Result<Response, Failure> {
    let month = match query.month.as_str() {
        "" => None,
        text => Some(month_of(text).ok_or_else(|| {
            Failure::bad_input("month：年-月，如 2026-03", "month: as in 2026-03")
        })?),
    };
    render(&app, shell, &making, month, None).await
}

async fn render(
    app: &App,
    shell: Shell,
    making: &Making,
    month: Option<NaiveDate>,
    problem: Option<String>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Reports);
    let view = View::new(app, shell.t);
    let lang = view.t.0;
    let this = first_of(view.today.from);
    let month = month.unwrap_or(this);
    let last = Period::around(PeriodKind::Month, month, app.settings.report_cut_off).days.to;
    let heads = app.store.publications(month, last).await?;
    let daily = |day: NaiveDate| {
        let found = heads.iter().find(|it| it.kind == PeriodKind::Day.code() && it.to == day)?;
        Some((file(found, Format::Html), found.revision))
    };
    let days = month.iter_days().take_while(|day| *day <= last);
    let days = days.map(|day| DayCell { day: day.day(), report: daily(day) }).collect();
    let mut rows: Vec<ReportRow> = Vec::with_capacity(heads.len());
    for head in &heads {
        let is_newest = rows.last().is_none_or(|row| row.number != head.number);
        rows.push(row(&view, head, is_newest));
    }
    let pages: Vec<String> = heads.iter().map(|head| file(head, Format::Html)).collect();
    let delivered = app.store.deliveries_about(&pages).await?;
    for (row, page) in rows.iter_mut().zip(&pages) {
        let of_it = delivered.iter().filter(|(about, ..)| about == page);
        let told = of_it.map(|(_, state, count)| format!("{} {count}", state.name(lang)));
        row.delivered = told.collect::<Vec<_>>().join(" · ");
    }
    let seqs: Vec<i64> = heads.iter().map(|head| head.seq).collect();
    let mut problems = app.store.delivery_problems(&seqs).await?;
    for (row, seq) in rows.iter_mut().zip(&seqs) {
        let missing = problems.remove(seq).unwrap_or_default().into_iter();
        row.undelivered = missing.map(|(format, why)| format!("{format}: {why}")).collect();
    }
    let yesterday = view.today.from.pred_opt().unwrap_or(view.today.from);
    let newest = app.store.newest_policies().await?;
    let mut policies: Vec<(String, String)> =
        newest.iter().map(|it| (it.id.clone(), it.name(lang).to_owned())).collect();
    policies.sort_by_key(|(id, _)| *id != app.settings.report_policy);
    let progress = making.progress();
    let running = matches!(progress, Some(Progress::Running { .. }));
    let step = |months: i32| {
        let other = if months < 0 {
            month.checked_sub_months(Months::new(1))
        } else {
            month.checked_add_months(Months::new(1))
        };
        format!("/reports?month={}", other.unwrap_or(month).format("%Y-%m"))
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page(&ReportsPage {
        month: Period::around(PeriodKind::Month, month, app.settings.report_cut_off).name(lang),
        before: step(-1),
        after: (month < this).then(|| step(1)),
        blanks: vec![(); month.weekday().num_days_from_monday() as usize],
        days,
        rows: rows.into_iter().rev().collect(),
        from: yesterday.to_string(),
        to: yesterday.to_string(),
        policies,
        problem,
        progress: progress.map(|it| progress_words(&it, lang)),
        shell,
    })?;
    let response = (status, page).into_response();
    Ok(if running { looking_again(response) } else { response })
}

/// A page that is asked for again by itself.
fn looking_again(mut response: Response) -> Response {
    let refresh = HeaderName::from_static("refresh");
    response.headers_mut().insert(refresh, HeaderValue::from_static(LOOK));
    response
}

/// `POST /reports`.
pub(crate) async fn publish(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Extension(making): Extension<Making>,
    extensions: Extensions,
    Form(form): Form<OrderForm>,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let by = Publisher { login: user.login, address: address(&extensions) };
    let problem = match order(&app, &form.from, &form.to, &form.policy, lang).await? {
        Err(problem) => problem,
        Ok(order) => {
            let month = order.period.days.to.format("%Y-%m").to_string();
            if making.begin(app.clone(), order, by) {
                return Ok(Redirect::to(&format!("/reports?month={month}")).into_response());
            }
            shell.t.report_busy().to_owned()
        }
    };
    render(&app, shell, &making, None, Some(problem)).await
}

/// The order of some days under a policy, or why there is none.
pub(crate) async fn order(
    app: &App,
    from: &str,
    to: &str,
    policy: &str,
    lang: Lang,
) -> Result<Result<Order, String>, Failure> {
    let (Ok(from), Ok(to)) = (from.parse(), to.parse()) else {
        return Ok(Err(lang
            .pick("日期应为 年-月-日", "days are written as 2026-03-25")
            .to_owned()));
    };
    let cut_off = app.settings.report_cut_off;
    let now = app.clock.now();
    let today = Days::day_of(now, cut_off, app.zone);
    let period = match Period::between(from, to, cut_off).checked(today) {
        Ok(period) => period,
        Err(error) => return Ok(Err(error.words(lang))),
    };
    if period.days.end(app.zone) > now {
        let open =
            lang.pick("时段尚未结束，结束后才能发布", "it is published once its period is over");
        return Ok(Err(open.to_owned()));
    }
    let policy = if policy.is_empty() { &app.settings.report_policy } else { policy };
    let policy = api::policy_of(app, policy).await?.policy;
    Ok(Ok(Order {
        district: app.settings.district.clone(),
        zone: app.zone,
        period,
        policy,
        calendar: app.settings.repair.calendar.clone(),
    }))
}

#[derive(Template)]
#[template(path = "report_verify.html")]
struct VerifyPage {
    shell: Shell,
    number: String,
    revision: u32,
    /// Whether the answer is still being made.
    is_running: bool,
    lines: Vec<String>,
    changes: Vec<String>,
    digest: String,
}

/// `GET /reports/{number}/{revision}/verify`.
pub(crate) async fn verify(
    State(app): State<App>,
    shell: Shell,
    Extension(verifying): Extension<Verifying>,
    Path((number, revision)): Path<(String, u32)>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Reports);
    let found = api::edition(&app, &number, Some(revision)).await?;
    let findings = verifying.of(&app, &found).await.transpose()?;
    let lang = shell.t.0;
    let is_running = findings.is_none();
    let lines = findings.iter().flatten().flat_map(|it| it.words(lang)).collect();
    let changes = found.edition.changes.iter().map(|it| it.words(lang)).collect();
    let digest = found.edition.digest.clone();
    let page = page(&VerifyPage { shell, number, revision, is_running, lines, changes, digest })?;
    Ok(if is_running { looking_again(page) } else { page })
}

/// `GET /reports/{number}/{revision}/{format}`.
pub(crate) async fn file_of(
    State(app): State<App>,
    shell: Shell,
    Path((number, revision, format)): Path<(String, u32, String)>,
) -> Result<Response, Failure> {
    let format = Format::from_code(&format).ok_or_else(Failure::not_found)?;
    let found = api::edition(&app, &number, Some(revision)).await?;
    send(found, format, shell.t.0).await
}

/// A report as a file of a kind.
pub(crate) async fn send(
    found: zhishou_report::Published,
    format: Format,
    lang: Lang,
) -> Result<Response, Failure> {
    let name = zhishou_report::file_name(&found.document, Some(&found.edition), format);
    let written = tokio::task::spawn_blocking(move || {
        zhishou_report::write(&found.document, Some(&found.edition), format, lang)
    });
    let written = written.await.map_err(Failure::internal)?;
    let bytes = written.map_err(|error| unwritten(error, lang))?;
    // A page of its own, with its own style and no script.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let shown = if format == Format::Html { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("{shown}; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, policy.to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// Why a file could not be written, and what to do.
pub(crate) fn unwritten(error: zhishou_report::ReportError, lang: Lang) -> Failure {
    match error {
        zhishou_report::ReportError::NoFont(_) => Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            lang.pick(
                "本机没有中文字体：请安装 fonts-noto-cjk",
                "no font with Chinese: install fonts-noto-cjk",
            ),
        ),
        error => Failure::internal(error),
    }
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn month_of(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok().filter(|it| it.day() == 1)
}

fn file(head: &PublicationHead, format: Format) -> String {
    format!("/reports/{}/{}/{}", head.number, head.revision, format.code())
}

fn row(view: &View<'_>, head: &PublicationHead, is_newest: bool) -> ReportRow {
    let lang = view.t.0;
    let kind = PeriodKind::from_code(&head.kind).unwrap_or(PeriodKind::Range);
    let days = Days::from((head.from, head.to));
    let files = Format::ALL.into_iter().map(|it| (it.code(), file(head, it)));
    ReportRow {
        name: Period { kind, days }.name(lang),
        kind: kind.name(lang),
        policy: head.policy.clone(),
        at: view.moment(head.published),
        by: if head.login.is_empty() {
            view.t.report_by_schedule().to_owned()
        } else {
            head.login.clone()
        },
        files: files.collect(),
        verify: format!("/reports/{}/{}/verify", head.number, head.revision),
        number: head.number.clone(),
        revision: head.revision,
        is_newest,
        delivered: String::new(),
        undelivered: Vec::new(),
    }
}

/// What is said of the last report made, and how loud.
fn progress_words(progress: &Progress, lang: Lang) -> (String, &'static str) {
    match progress {
        Progress::Running { number, step, of } => match lang {
            Lang::Zh => (format!("正在生成 {number}：第 {step}/{of} 步，可离开此页。"), ""),
            Lang::En => {
                (format!("Making {number}: step {step} of {of}. You may leave this page."), "")
            }
        },
        Progress::Done { number, revision } => match lang {
            Lang::Zh => (format!("已发布 {number} 第 {revision} 版。"), ""),
            Lang::En => (format!("Published {number} edition {revision}."), ""),
        },
        Progress::Unchanged { number, revision } => match lang {
            Lang::Zh => (format!("{number} 第 {revision} 版的数字没有变化，未出新版。"), ""),
            Lang::En => {
                (format!("{number} edition {revision} still holds; there is no new one."), "")
            }
        },
        Progress::Failed { number, why } => match lang {
            Lang::Zh => (format!("{number} 未能发布，已发布的报表不受影响：{why}"), "bad"),
            Lang::En => (
                format!("{number} was not published; what was published is untouched: {why}"),
                "bad",
            ),
        },
    }
}
