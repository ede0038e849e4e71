//! `/devices/{id}/dialogues`: what was said with a device, kept as evidence.
//!
//! A dialogue holds no credential, but it may hold pictures: whoever looks at one or takes it away
//! is logged first.

use super::{
    View, device,
    device::{Answer, id_of, probe_for},
    fault_names,
};
use crate::{
    app::{App, OutOfTurn},
    failure::Failure,
    format::Moment,
    guard::{User, audit},
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::{Extensions, HeaderMap, header},
    response::{IntoResponse, Response},
};
use zhishou_domain::{DeviceId, FaultCode, Timestamp};
use zhishou_storage as storage;

/// A dialogue in the list of its device.
pub(super) struct DialogueRow {
    pub(super) at: Moment,
    pub(super) state: &'static str,
    pub(super) verdict: &'static str,
    pub(super) faults: String,
    pub(super) kept_for: &'static str,
    pub(super) kilobytes: u64,
    pub(super) href: String,
}

impl DialogueRow {
    pub(super) fn new(view: &View<'_>, it: &storage::Dialogue) -> Self {
        let seen = &it.observation;
        let codes: Vec<FaultCode> = seen.faults.iter().map(|fault| fault.code).collect();
        let at = it.file.taken_at;
        Self {
            at: view.moment(at),
            state: device::state_of(seen.verdict),
            verdict: seen.verdict.name(view.t.0),
            faults: fault_names(&codes, view.t.0),
            kept_for: match it.kept_for {
                storage::KeptFor::Asked => view.t.kept_asked(),
                storage::KeptFor::Outage => view.t.kept_outage(),
            },
            kilobytes: it.file.bytes.div_ceil(1000),
            href: format!("/devices/{}/dialogues/{}", it.file.device, at.millis()),
        }
    }
}

/// One line of a dialogue: `      1.9 ms  →  OPTIONS …`.
struct Line {
    /// Which of the sides, for the colour of the mark.
    side: &'static str,
    text: String,
}

impl Line {
    fn new(text: String) -> Self {
        let mark = |c: &char| ['→', '←', '·'].contains(c);
        let side = match text.chars().skip(12).take(4).find(mark) {
            Some('→') => "ours",
            Some('←') => "theirs",
            Some(_) => "note",
            None if text.starts_with(' ') => "more",
            None => "judged",
        };
        Self { side, text }
    }
}

#[derive(Template)]
#[template(path = "dialogue.html")]
struct DialoguePage {
    shell: Shell,
    id: DeviceId,
    name: String,
    row: DialogueRow,
    lines: Vec<Line>,
}

/// `POST /devices/{id}/dialogues`: probes out of turn, within the same guards, and keeps what is
/// said. Answers as a probe out of turn does.
pub(crate) async fn keep(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let answer = Answer::wanted(&headers);
    probe_for(&app, shell.t, &user, &extensions, id_of(&id)?, OutOfTurn::Dialogue, answer).await
}

/// `GET /devices/{id}/dialogues/{at}`: annotated, for a person.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path((id, at)): Path<(String, String)>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Devices);
    let (id, at) = (id_of(&id)?, moment_of(&at)?);
    let device = app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let (dialogue, file) = read(&app, &user, &extensions, (id, at), "view_evidence").await?;
    let row = DialogueRow::new(&View::new(&app, shell.t), &dialogue);
    let (explain, lang) = (app.explain, shell.t.0);
    let lines = tokio::task::spawn_blocking(move || explain(&file, &dialogue.observation, lang));
    let lines = lines.await.map_err(Failure::internal)?.map_err(|problem| {
        tracing::error!(problem, device = %id, at = at.millis(), "a kept dialogue cannot be read");
        Failure::not_found()
    })?;
    let lines = lines.into_iter().map(Line::new).collect();
    page(&DialoguePage { shell, id, name: device.name, row, lines })
}

/// `GET /devices/{id}/dialogues/{at}/file`: as `zhishou probe --replay` takes it.
pub(crate) async fn file(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path((id, at)): Path<(String, String)>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let (id, at) = (id_of(&id)?, moment_of(&at)?);
    let (dialogue, file) = read(&app, &user, &extensions, (id, at), "download_evidence").await?;
    let name = dialogue.file.key.replace('/', "-");
    let head = [
        (header::CONTENT_TYPE, "application/jsonl".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((head, file).into_response())
}

/// The moment of an address; one that is none leads nowhere.
fn moment_of(text: &str) -> Result<Timestamp, Failure> {
    text.parse().map(Timestamp::from_millis).map_err(|_| Failure::not_found())
}

/// The dialogue and its file, after `action` was logged.
async fn read(
    app: &App,
    user: &User,
    extensions: &Extensions,
    (id, at): (DeviceId, Timestamp),
    action: &'static str,
) -> Result<(storage::Dialogue, Vec<u8>), Failure> {
    let dialogue = app.store.dialogue(id, at).await?;
    let dialogue = dialogue.ok_or_else(Failure::not_found)?;
    audit(app, user, extensions, action, dialogue.file.key.clone()).await?;
    let file = device::read_evidence(app, &dialogue.file.key).await?;
    Ok((dialogue, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whose_it_is() {
        let side = |text: &str| Line::new(text.to_owned()).side;
        assert_eq!(side("      1.9 ms  →  OPTIONS rtsp://x RTSP/1.0"), "ours");
        assert_eq!(side("3599999.9 ms  ←  RTSP/1.0 200 OK"), "theirs");
        assert_eq!(side("      0.0 ms  ·  连接 10.0.0.1 端口 554"), "note");
        assert_eq!(side("                 CSeq: 1"), "more");
        assert_eq!(side("判定 连接超时 (connect_timeout)"), "judged");
    }
}
