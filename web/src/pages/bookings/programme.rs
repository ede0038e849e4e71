//! `/bookings/{id}/programme`: 议程 and 参会名单. A file is read and shown with what is wrong in it, row by
//! row; what it says is kept when somebody says so, and a file with a fault changes nothing.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    shell::{Nav, Shell, page},
    upload::file_of,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Multipart, Path, State},
    http::{Extensions, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::collections::HashMap;
use zhishou_domain::{
    Lang, MeetingId, VenueId,
    meeting::{Programme, ProgrammePart, Venue, read_agenda, read_attendance},
};
use zhishou_ledger::{programme, programme_template};
use zhishou_report::Format;
use zhishou_storage::StoredMeeting;

/// A programme as pages show it.
#[derive(Default)]
pub(super) struct ProgrammeLines {
    /// When, title, venue.
    pub(super) agenda: Vec<(String, String, String)>,
    /// Unit, name, role, venue.
    pub(super) attendance: Vec<[String; 4]>,
}

impl ProgrammeLines {
    pub(super) fn new(programme: &Programme, venues: &HashMap<VenueId, &Venue>) -> Self {
        let name = |id: Option<VenueId>| {
            id.and_then(|id| venues.get(&id)).map(|it| it.name.clone()).unwrap_or_default()
        };
        let agenda = programme.agenda.iter().map(|it| {
            let from = it.from.format("%H:%M");
            let when = match it.to {
                Some(to) => format!("{from}–{}", to.format("%H:%M")),
                None => from.to_string(),
            };
            (when, it.title.clone(), name(it.venue))
        });
        let attendance = programme
            .attendance
            .iter()
            .map(|it| [it.unit.clone(), it.name.clone(), it.role.clone(), name(it.venue)]);
        Self { agenda: agenda.collect(), attendance: attendance.collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.agenda.is_empty() && self.attendance.is_empty()
    }
}

#[derive(Template)]
#[template(path = "programme.html")]
struct ProgrammePage {
    shell: Shell,
    id: String,
    title: String,
    lines: ProgrammeLines,
    /// What is wrong, a row each.
    faults: Vec<String>,
    /// To be kept, as JSON.
    draft: Option<String>,
    /// Parts that the file does not have: they stay as they were.
    kept: Vec<&'static str>,
}

/// A meeting, its venues by name, all venues, and its programme.
async fn find(
    app: &App,
    id: &str,
) -> Result<(StoredMeeting, Vec<(VenueId, String)>, Vec<Venue>, Programme), Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let ids = [id];
    let (stored, venues, found) =
        tokio::try_join!(app.store.meeting(id), app.store.venues(), app.store.programmes(&ids))?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let name = |id: VenueId| venues.iter().find(|it| it.id == id).map(|it| (id, it.name.clone()));
    let own = stored.plan.venues.iter().filter_map(|it| name(it.venue)).collect();
    let programme = found.into_iter().next().map(|(_, it)| it).unwrap_or_default();
    Ok((stored, own, venues, programme))
}

/// `GET /bookings/{id}/programme`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (stored, _, venues, programme) = find(&app, &id).await?;
    let by_id = venues.iter().map(|it| (it.id, it)).collect();
    page(&ProgrammePage {
        shell: shell.at(Nav::Bookings),
        id,
        title: stored.plan.title,
        lines: ProgrammeLines::new(&programme, &by_id),
        faults: Vec::new(),
        draft: None,
        kept: Vec::new(),
    })
}

/// `GET /bookings/{id}/programme/template.xlsx`.
pub(crate) async fn template(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (_, own, ..) = find(&app, &id).await?;
    let names: Vec<String> = own.into_iter().map(|(_, name)| name).collect();
    let bytes = programme_template(&names).map_err(Failure::internal)?;
    let headers = [
        (header::CONTENT_TYPE, Format::Xlsx.media_type()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"programme.xlsx\""),
    ];
    Ok((headers, bytes).into_response())
}

/// What a file would make of a programme, and which parts it does not have; or what is wrong with it.
fn read(
    bytes: &[u8],
    own: &[(VenueId, String)],
    mut programme: Programme,
    lang: Lang,
) -> Result<(Programme, Vec<ProgrammePart>), Vec<String>> {
    let rows = |part| self::programme(bytes, part).map_err(|error| vec![error.render(lang)]);
    let (agenda, attendance) = (rows(ProgrammePart::Agenda)?, rows(ProgrammePart::Attendance)?);
    let (mut kept, mut faults) = (Vec::new(), Vec::new());
    match agenda.map(|rows| read_agenda(&rows, own)) {
        None => kept.push(ProgrammePart::Agenda),
        Some(Ok(agenda)) => programme.agenda = agenda,
        Some(Err(found)) => faults.extend(found),
    }
    match attendance.map(|rows| read_attendance(&rows, own)) {
        None => kept.push(ProgrammePart::Attendance),
        Some(Ok(attendance)) => programme.attendance = attendance,
        Some(Err(found)) => faults.extend(found),
    }
    if kept.len() == ProgrammePart::ALL.len() {
        let none = lang.pick(
            "文件中没有议程（时间、议题）或参会名单（单位、姓名）的表头，请按模板填写",
            "no headings of an agenda (time, title) or an attendance (unit, name); use the template",
        );
        return Err(vec![none.to_owned()]);
    }
    let told: Vec<String> = faults.iter().map(|it| it.words(lang)).collect();
    if told.is_empty() { Ok((programme, kept)) } else { Err(told) }
}

/// `POST /bookings/{id}/programme`: reads a file and shows what would be kept.
pub(crate) async fn upload(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, Failure> {
    let (stored, own, venues, programme) = find(&app, &id).await?;
    let bytes = file_of(form).await?.map(|(_, bytes)| bytes).unwrap_or_default();
    let lang = shell.t.0;
    let by_id = venues.iter().map(|it| (it.id, it)).collect();
    let title = stored.plan.title;
    let read = tokio::task::spawn_blocking(move || read(&bytes, &own, programme, lang));
    let read = read.await.map_err(Failure::internal)?;
    let (status, lines, faults, draft, kept) = match read {
        Ok((programme, kept)) => {
            let draft = serde_json::to_string(&programme).map_err(Failure::internal)?;
            let lines = ProgrammeLines::new(&programme, &by_id);
            let kept = kept.into_iter().map(|it| it.name(lang)).collect();
            (StatusCode::OK, lines, Vec::new(), Some(draft), kept)
        }
        Err(faults) => {
            let nothing = ProgrammeLines::default();
            (StatusCode::UNPROCESSABLE_ENTITY, nothing, faults, None, Vec::new())
        }
    };
    let shell = shell.at(Nav::Bookings);
    let shown = page(&ProgrammePage { shell, id, title, lines, faults, draft, kept })?;
    Ok((status, shown).into_response())
}

/// What was shown and is to be kept.
#[derive(Debug, Deserialize)]
pub(crate) struct Draft {
    document: String,
}

/// `POST /bookings/{id}/programme/keep`.
pub(crate) async fn keep(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<String>,
    Form(form): Form<Draft>,
) -> Result<Redirect, Failure> {
    let (stored, own, ..) = find(&app, &id).await?;
    let programme: Programme = serde_json::from_str(&form.document)
        .map_err(|_| Failure::bad_input("请重新上传文件", "document: upload the file again"))?;
    // The meeting may have been moved between the two.
    if !programme.fits(&own) {
        return Err(Failure::bad_input(
            "会议的会场已变更，请核对后重新上传",
            "the venues of the meeting were changed; check and upload again",
        ));
    }
    let at = app.clock.now();
    let from = address(&extensions);
    app.store.save_programme(stored.id, &programme, at, user.login, from).await?;
    Ok(Redirect::to(&format!("/bookings/{id}#programme")))
}
