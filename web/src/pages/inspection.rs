//! `/inspection`: the record of a day (巡检): what the probes found and what changed writes itself; what only a
//! person can look at is ticked and signed by a person, once; what is put right later is added below.

use super::View;
use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::collections::HashMap;
use zhishou_domain::{
    Lang, Timestamp,
    inspection::{InspectedItem, ItemResult, SignRefusal, may_sign},
};
use zhishou_report::{Format, InspectionSheet, SheetSignature, ShownTable};
use zhishou_storage::{InspectionAddition, Signature};

/// Formats of the sheet, the one to print first.
const FORMATS: [Format; 4] = [Format::Pdf, Format::Docx, Format::Xlsx, Format::Csv];
/// Longest name or note, characters.
const LONGEST: usize = 500;
/// A record is signed on its day or on the day after.
const LATE_DAYS: u64 = 1;
/// What stands on a page for longer is looked at again before it is signed, ms.
const STANDS_MS: i64 = 4 * 3_600_000;

#[derive(Template)]
#[template(path = "inspection.html")]
struct InspectionPage {
    shell: Shell,
    day: NaiveDate,
    before: String,
    after: Option<String>,
    sentence: String,
    signature: String,
    is_signed: bool,
    may_sign: bool,
    /// The moment the page tells of, ms.
    seen: i64,
    tables: Vec<ShownTable>,
    items: Vec<ItemView>,
    additions: Vec<SheetSignature>,
    additions_at: Vec<String>,
    files: Vec<(&'static str, String)>,
    signed_days: Vec<(NaiveDate, String)>,
    signer: String,
    problem: Option<String>,
    longest: usize,
}

struct ItemView {
    number: usize,
    name: String,
    note: String,
    /// What was found, in a word.
    found: &'static str,
    is_bad: bool,
    /// Code, word, whether it is chosen.
    results: Vec<(&'static str, &'static str, bool)>,
}

/// Which day.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DayQuery {
    day: String,
}

/// What is signed: `signer`, `seen`, and `result-1`, `note-1` and so on of the items.
type Fields = HashMap<String, String>;

/// What is added to a signed record.
#[derive(Debug, Deserialize)]
pub(crate) struct Addition {
    signer: String,
    note: String,
}

/// `GET /inspection`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<DayQuery>,
) -> Result<Response, Failure> {
    let today = app.clock.now().local_day(app.zone);
    let day = if query.day.is_empty() { today } else { day_of(&query.day)? };
    render(&app, shell, day, &Fields::new(), None).await
}

pub(crate) fn day_of(text: &str) -> Result<NaiveDate, Failure> {
    text.parse().map_err(|_| Failure::bad_input("day：年-月-日", "day: as in 2026-03-25"))
}

async fn render(
    app: &App,
    shell: Shell,
    day: NaiveDate,
    typed: &Fields,
    problem: Option<String>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Inspection);
    let view = View::new(app, shell.t);
    let lang = view.t.0;
    let today = view.today.from;
    let mut sheet = sheet(app, day, None).await?;
    if sheet.signed.is_none() {
        fill(&mut sheet.items, typed);
    }
    let back = |days| day.checked_sub_days(Days::new(days)).unwrap_or(day);
    let link = |day: NaiveDate| format!("/inspection?day={day}");
    let item = |(number, item): (usize, &InspectedItem)| ItemView {
        number,
        name: item.name.clone(),
        note: item.note.clone(),
        found: item.result.map_or("–", |it| it.name(lang)),
        is_bad: matches!(item.result, Some(ItemResult::Bad)),
        results: ItemResult::ALL
            .iter()
            .map(|it| (it.code(), it.name(lang), item.result == Some(*it)))
            .collect(),
    };
    let file = |format: Format| (format.code(), format!("/inspection/{day}/{}", format.code()));
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page(&InspectionPage {
        day,
        before: link(back(1)),
        after: (day < today).then(|| day.succ_opt().map(link)).flatten(),
        sentence: sheet.paragraph(lang),
        signature: sheet.signature_words(lang),
        is_signed: sheet.signed.is_some(),
        may_sign: shell.may_operate() && is_open(day, today),
        seen: sheet.seen.at.millis(),
        tables: sheet.shown(lang),
        items: (1..).zip(&sheet.items).map(item).collect(),
        additions_at: sheet.additions.iter().map(|it| view.moment(it.at).exact).collect(),
        additions: sheet.additions,
        files: FORMATS.into_iter().map(file).collect(),
        signed_days: app.store.signed_days(back(30), today).await?,
        signer: typed.get("signer").cloned().unwrap_or_default(),
        problem,
        longest: LONGEST,
        shell,
    })?;
    Ok((status, page).into_response())
}

/// Whether a day can still be signed.
fn is_open(day: NaiveDate, today: NaiveDate) -> bool {
    day <= today && today <= day.checked_add_days(Days::new(LATE_DAYS)).unwrap_or(day)
}

/// The sheet of a day as it was signed; else as it was written in the morning; else as the probes have it at
/// `at`, or at the end of the day, or now.
pub(crate) async fn sheet(
    app: &App,
    day: NaiveDate,
    at: Option<Timestamp>,
) -> Result<InspectionSheet, Failure> {
    let now = app.clock.now();
    let bare = |seen, items| InspectionSheet {
        district: app.settings.district.clone(),
        day,
        zone: app.zone,
        seen,
        items,
        signed: None,
        additions: Vec::new(),
    };
    if let Some(signed) = app.store.inspection(day).await? {
        let addition = |it: InspectionAddition| SheetSignature {
            signer: it.signer,
            login: it.login,
            at: it.at,
            note: it.note,
        };
        return Ok(InspectionSheet {
            signed: Some(SheetSignature {
                signer: signed.signer,
                login: signed.login,
                at: signed.signed,
                note: String::new(),
            }),
            additions: signed.additions.into_iter().map(addition).collect(),
            ..bare(signed.seen, signed.items)
        });
    }
    if let Some(morning) = app.store.mornings(day, day).await?.pop() {
        return Ok(bare(morning.seen, morning.items));
    }
    let begins = Timestamp::start_of_day(day, app.zone);
    if begins > now {
        return Err(Failure::bad_input("这一天还没有到", "day: it has not begun"));
    }
    let next = day.succ_opt().unwrap_or(day);
    let last = Timestamp::from_millis(Timestamp::start_of_day(next, app.zone).millis() - 1);
    let at = at.unwrap_or(now).min(last).max(begins);
    let items = app.settings.inspection_items.iter().map(|name| InspectedItem {
        name: name.clone(),
        result: None,
        note: String::new(),
    });
    Ok(bare(app.store.inspect(at).await?, items.collect()))
}

/// Takes over what was ticked and typed.
fn fill(items: &mut [InspectedItem], typed: &Fields) {
    for (number, item) in (1..).zip(items) {
        let field = |name: &str| typed.get(&format!("{name}-{number}")).map(|it| it.trim());
        item.result = field("result").and_then(ItemResult::from_code);
        item.note = field("note").unwrap_or_default().chars().take(LONGEST).collect();
    }
}

/// `POST /inspection/{day}/sign`.
pub(crate) async fn sign(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(day): Path<String>,
    Form(typed): Form<Fields>,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let day = day_of(&day)?;
    let now = app.clock.now();
    let refused = |why: &str| Err(Failure::new(StatusCode::CONFLICT, why));
    if !is_open(day, now.local_day(app.zone)) {
        return refused(
            lang.pick("只能签当日和前一日的记录", "a record is signed on its day or the day after"),
        );
    }
    // What stood on the page is what is signed, where it is not old.
    let seen = typed.get("seen").and_then(|it| it.parse().ok()).map(Timestamp::from_millis);
    let seen = seen.filter(|at| *at <= now && now.millis() - at.millis() <= STANDS_MS);
    let mut sheet = sheet(&app, day, seen).await?;
    if sheet.signed.is_some() {
        return refused(
            lang.pick("这一天已经签过字；可以补充说明", "the day is signed; add to it instead"),
        );
    }
    fill(&mut sheet.items, &typed);
    let signer = name(typed.get("signer").map_or("", String::as_str));
    if let Err(refusal) = may_sign(&sheet.items, &signer) {
        let problem = refusal_words(refusal, &sheet.items, lang);
        return render(&app, shell, day, &typed, Some(problem)).await;
    }
    let by = signature(day, signer, now, (&user, &extensions));
    if !app.store.sign_inspection(by, sheet.seen, sheet.items).await? {
        return refused(
            lang.pick("这一天已经签过字；可以补充说明", "the day is signed; add to it instead"),
        );
    }
    Ok(Redirect::to(&format!("/inspection?day={day}")).into_response())
}

/// `POST /inspection/{day}/add`.
pub(crate) async fn add(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(day): Path<String>,
    Form(form): Form<Addition>,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let day = day_of(&day)?;
    let (signer, note) = (name(&form.signer), name(&form.note));
    if signer.is_empty() || note.is_empty() {
        let problem = lang.pick("补充须写明内容和姓名", "an addition needs words and a name");
        return render(&app, shell, day, &Fields::new(), Some(problem.to_owned())).await;
    }
    let by = signature(day, signer, app.clock.now(), (&user, &extensions));
    if !app.store.add_to_inspection(by, note).await? {
        return Err(Failure::not_found());
    }
    Ok(Redirect::to(&format!("/inspection?day={day}")).into_response())
}

fn name(typed: &str) -> String {
    typed.trim().chars().take(LONGEST).collect()
}

fn signature(
    day: NaiveDate,
    signer: String,
    at: Timestamp,
    (user, extensions): (&User, &Extensions),
) -> Signature {
    Signature { day, at, login: user.login.clone(), signer, address: address(extensions) }
}

fn refusal_words(refusal: SignRefusal, items: &[InspectedItem], lang: Lang) -> String {
    let of = |number: usize| items.get(number - 1).map_or("", |item| item.name.as_str());
    match (refusal, lang) {
        (SignRefusal::NoName, _) => {
            lang.pick("请写明签字人姓名。", "Put your name to it.").to_owned()
        }
        (SignRefusal::Open(number), Lang::Zh) => {
            format!("第 {number} 项“{}”还没有结果。", of(number))
        }
        (SignRefusal::Open(number), Lang::En) => {
            format!("Item {number}, “{}”, has no result yet.", of(number))
        }
        (SignRefusal::NoNote(number), Lang::Zh) => {
            format!("第 {number} 项“{}”须写明情况。", of(number))
        }
        (SignRefusal::NoNote(number), Lang::En) => {
            format!("Item {number}, “{}”, needs a note that says why.", of(number))
        }
    }
}

/// `GET /inspection/{day}/{format}`: the sheet to print or to keep.
pub(crate) async fn file(
    State(app): State<App>,
    shell: Shell,
    Path((day, format)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let day = day_of(&day)?;
    let format = Format::from_code(&format).filter(|it| FORMATS.contains(it));
    let format = format.ok_or_else(Failure::not_found)?;
    let sheet = sheet(&app, day, None).await?;
    let written =
        tokio::task::spawn_blocking(move || zhishou_report::write_inspection(&sheet, format, lang));
    let written = written.await.map_err(Failure::internal)?;
    let bytes = written
        .map_err(|error| super::reports::unwritten(error, lang))?
        .ok_or_else(Failure::not_found)?;
    let name = format!("inspection-{day}.{}", format.code());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, bytes).into_response())
}
