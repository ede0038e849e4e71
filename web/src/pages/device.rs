//! `/devices/{id}`: the verdict in words, what to do, and everything behind it.

use super::{
    View,
    device_day::CountedDay,
    device_view::{DevicePage, good_picture},
    picture_view::Judged,
};
use crate::{
    api::policy_of,
    app::{App, OutOfTurn, ProbeNowError},
    cursor,
    failure::Failure,
    guard::{User, audit},
    shell::{Nav, Shell, page},
    words::Words,
};
use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::Days;
use serde::Deserialize;
use std::time::Duration;
use zhishou_domain::{
    CallSkipped, CertificateFingerprint, Credential, DeviceId, PictureLight, Timestamp, Verdict,
};
use zhishou_storage::{EvidenceRow, IncidentFilter, ObservationFilter, Period};

/// Observations on one page.
const OBSERVATIONS: u32 = 20;
/// Incidents shown: open ones first.
const INCIDENTS: u32 = 10;
/// Changes of state shown.
const TRANSITIONS: u32 = 30;
/// Days of strips below today's.
const DAYS: u64 = 30;
/// Hours of the measures.
const HOURS: u64 = 24;
/// Dialogues shown: all that are kept.
const DIALOGUES: u32 = 20;
/// Before why no call was made.
const UNCALLED: &str = "uncalled_";
/// Longest user name and password of a camera, characters.
const LONGEST: usize = 256;

/// Which part of the history, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DeviceQuery {
    before: String,
    /// A day to be shown as it is counted, and under which policy.
    day: String,
    policy: String,
    done: String,
}

pub(super) fn id_of(text: &str) -> Result<DeviceId, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

/// `GET /devices/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
    Query(query): Query<DeviceQuery>,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let shell = shell.at(Nav::Devices).live(format!("/events?device={id}"));
    let view = View::new(&app, shell.t);
    let store = &app.store;
    let before = match query.before.as_str() {
        "" => None,
        text => Some(cursor::to_number(text)?),
    };
    let device = store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let first_day = view.today.from.checked_sub_days(Days::new(DAYS)).unwrap_or(view.today.from);
    let period = Period::days(first_day, view.today.to, view.now, app.zone);
    let of_device = ObservationFilter { device: Some(id), ..ObservationFilter::default() };
    let day_ago = view.now - Duration::from_secs((HOURS - 1) * 3600);
    let begin = Timestamp::default();
    let after_now = view.now + Duration::from_secs(1);
    let ids = [id];
    let (mut strips, mut seen, newest, transitions, measures, items, dialogues, habits) = tokio::try_join!(
        store.fleet_strips(&ids, period),
        store.observation_page(&of_device, before, OBSERVATIONS + 1),
        store.observation_page(&of_device, None, 1),
        store.latest_transitions(id, begin, after_now, TRANSITIONS),
        store.measures(id, day_ago, after_now),
        store.item_measures(id, day_ago, after_now),
        store.dialogues(id, DIALOGUES),
        store.habits(id),
    )?;
    let of_device = IncidentFilter { device: Some(id), ..IncidentFilter::default() };
    let incidents = store.incidents(&of_device, None, INCIDENTS).await?;
    let has_older = seen.len() > OBSERVATIONS as usize;
    seen.truncate(OBSERVATIONS as usize);
    let older = seen
        .last()
        .filter(|_| has_older)
        .map(|last| format!("/devices/{id}?before={}#observations", cursor::of_number(last.id)));
    let backdrop = device.good_picture.as_ref().map(|(_, at)| good_picture(id, *at));
    let policy = policy_of(&app, "").await?.policy;
    let days = (period.from, period.to);
    let account = store.device_account(&policy, id, days, view.now).await?;
    let judged = Judged::read(&view, id, backdrop).await?;
    let counted = match crate::query::day("day", &query.day)? {
        Some(day) => {
            let open = device.standing.open_span(view.now);
            Some(CountedDay::read(&view, id, (day, &query.policy), open).await?)
        }
        None => None,
    };
    let parts = super::device_view::Parts {
        judged,
        device,
        excluded: account.map(|it| it.excluded).unwrap_or_default(),
        strips: strips.remove(&id).unwrap_or_default(),
        period,
        seen,
        newest: newest.into_iter().next().map(|it| it.observation),
        transitions,
        measures,
        items,
        dialogues,
        incidents,
        habits,
        older,
        is_first: before.is_none(),
        notice: notice(&query.done, &shell),
        counted,
    };
    page(&DevicePage::new(&view, shell.clone(), parts))
}

fn notice(done: &str, shell: &Shell) -> Option<&'static str> {
    let t = shell.t;
    match done {
        "credential" => Some(t.credential_saved()),
        "rearm" => Some(t.rearmed()),
        "baseline" => Some(t.baseline_reset()),
        "baseline_none" => Some(t.baseline_none()),
        "dialogue" => Some(t.dialogue_kept()),
        "dialogue_lost" => Some(t.dialogue_lost()),
        "certificate" => Some(t.certificate_accepted()),
        "certificate_gone" => Some(t.certificate_gone()),
        "feedback" => Some(t.feedback_saved()),
        "feedback_gone" => Some(t.feedback_gone()),
        "masks" => Some(t.masks_saved()),
        "adopt" => Some(t.adopt_done()),
        "relearn" => Some(t.relearn_done()),
        "restore" => Some(t.restore_done()),
        "reference_none" => Some(t.reference_unchanged()),
        "busy" => Some(t.probe_refused_busy()),
        "unprobed" => Some(t.probe_refused_unprobed()),
        "stopping" => Some(t.probe_refused_stopping()),
        "failed" => Some(t.probe_failed()),
        "called" => Some(t.called()),
        other => {
            let why = other.strip_prefix(UNCALLED).and_then(CallSkipped::from_code);
            why.map(|why| why.name(t.0))
        }
    }
}

/// `POST /devices/{id}/probe`: waits for the result. Programs get it as JSON, browsers go back to
/// the page, which shows it.
pub(crate) async fn probe(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let answer = Answer::wanted(&headers);
    probe_for(&app, shell.t, &user, &extensions, id_of(&id)?, OutOfTurn::Look, answer).await
}

/// `POST /devices/{id}/test-call`: calls an endpoint that may be called, and waits for what came of it.
pub(crate) async fn test_call(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let answer = Answer::wanted(&headers);
    probe_for(&app, shell.t, &user, &extensions, id_of(&id)?, OutOfTurn::TestCall, answer).await
}

/// How a probe out of turn is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The observation, or a problem.
    Json,
    /// Back to the page of the device.
    Page,
}

impl Answer {
    /// What the caller can read.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        if accept.is_some_and(|accept| accept.contains("json")) { Self::Json } else { Self::Page }
    }
}

/// Probes at once, in the name of `user`.
pub(crate) async fn probe_for(
    app: &App,
    t: Words,
    user: &User,
    extensions: &Extensions,
    id: DeviceId,
    wanted: OutOfTurn,
    answer: Answer,
) -> Result<Response, Failure> {
    let device = app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let refused = |status, words: &str, done: &str| match answer {
        Answer::Json => Failure::new(status, words).into_response(),
        Answer::Page => Redirect::to(&format!("/devices/{id}?done={done}")).into_response(),
    };
    let uncalled = |why: CallSkipped| {
        refused(StatusCode::CONFLICT, why.name(t.0), &format!("{UNCALLED}{}", why.code()))
    };
    if wanted == OutOfTurn::TestCall && !device.may_be_called() {
        return Ok(uncalled(CallSkipped::NotPermitted));
    }
    let action = match wanted {
        OutOfTurn::Look => "probe_now",
        OutOfTurn::Dialogue => "keep_dialogue",
        OutOfTurn::TestCall => "call_now",
    };
    audit(app, user, extensions, action, id.to_string()).await?;
    let probed = app.prober.probe_now(id, wanted).await;
    if let (Ok(seen), OutOfTurn::Dialogue) = (&probed, wanted)
        && app.store.dialogue(id, seen.started_at).await?.is_none()
    {
        return Ok(refused(StatusCode::CONFLICT, t.dialogue_lost(), "dialogue_lost"));
    }
    if let (Ok(seen), OutOfTurn::TestCall) = (&probed, wanted)
        && seen.call.as_ref().is_none_or(|call| !call.called)
    {
        let skipped = seen.call.as_ref().and_then(|call| call.skipped);
        return Ok(uncalled(skipped.unwrap_or(CallSkipped::NotReady)));
    }
    Ok(match probed {
        Ok(seen) if answer == Answer::Json => Json(seen.to_json(t.0, app.zone)).into_response(),
        Ok(_) => Redirect::to(&match wanted {
            OutOfTurn::Look => format!("/devices/{id}"),
            OutOfTurn::Dialogue => format!("/devices/{id}?done=dialogue#dialogues"),
            OutOfTurn::TestCall => format!("/devices/{id}?done=called#video"),
        })
        .into_response(),
        Err(ProbeNowError::NoDevice) => return Err(Failure::not_found()),
        Err(ProbeNowError::NotProbed) => {
            refused(StatusCode::CONFLICT, t.probe_refused_unprobed(), "unprobed")
        }
        Err(ProbeNowError::Busy) => refused(StatusCode::CONFLICT, t.probe_refused_busy(), "busy"),
        Err(ProbeNowError::Stopping) => {
            refused(StatusCode::SERVICE_UNAVAILABLE, t.probe_refused_stopping(), "stopping")
        }
        Err(error @ ProbeNowError::Ours(_)) => {
            tracing::error!(%error, device = %id, "failed to probe at once");
            refused(StatusCode::SERVICE_UNAVAILABLE, t.probe_failed(), "failed")
        }
    })
}

/// A credential as it is typed.
#[derive(Deserialize)]
pub(crate) struct CredentialForm {
    username: String,
    password: String,
}

/// `POST /devices/{id}/credential`: write-only.
pub(crate) async fn set_credential(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<CredentialForm>,
) -> Result<Redirect, Failure> {
    let id = id_of(&id)?;
    let username = form.username.trim();
    let fits = |text: &str| (1..=LONGEST).contains(&text.chars().count());
    if !fits(username) || !fits(&form.password) {
        return Err(Failure::bad_input(
            "用户名和密码：各为 1 至 256 个字符",
            "username, password: 1 to 256 characters",
        ));
    }
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    app.store.set_credential(id, Credential::new(username, form.password)).await?;
    audit(&app, &user, &extensions, "set_credential", id.to_string()).await?;
    Ok(Redirect::to(&format!("/devices/{id}?done=credential")))
}

/// `POST /devices/{id}/rearm`: the credential may be sent again.
pub(crate) async fn rearm(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Redirect, Failure> {
    let id = id_of(&id)?;
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    app.store.rearm(id).await?;
    audit(&app, &user, &extensions, "rearm", id.to_string()).await?;
    Ok(Redirect::to(&format!("/devices/{id}?done=rearm")))
}

/// The certificate that the operator saw and takes for the device's own.
#[derive(Deserialize)]
pub(crate) struct CertificateForm {
    fingerprint: String,
}

/// `POST /devices/{id}/certificate`: another certificate goes on record.
pub(crate) async fn accept_certificate(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<CertificateForm>,
) -> Result<Redirect, Failure> {
    let id = id_of(&id)?;
    let fingerprint: CertificateFingerprint = form.fingerprint.parse().map_err(|_| {
        Failure::bad_input(
            "fingerprint：须为 64 位十六进制数",
            "fingerprint: 64 hexadecimal digits",
        )
    })?;
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let done = if app.store.accept_certificate(id, fingerprint).await? {
        let subject = format!("{id} {fingerprint}");
        audit(&app, &user, &extensions, "accept_certificate", subject).await?;
        "certificate"
    } else {
        "certificate_gone"
    };
    Ok(Redirect::to(&format!("/devices/{id}?done={done}")))
}

/// `GET /devices/{id}/pictures/{good|fault|day|dusk|ir}`: the evidence; every view is logged before it is
/// served, and nothing on the way may keep it.
pub(crate) async fn picture(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path((id, which)): Path<(String, String)>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let pictures = app.store.pictures(id).await?;
    let row = match which.as_str() {
        "good" => pictures.good,
        "fault" => pictures.fault,
        other => {
            let is_asked = |(light, _): &(PictureLight, _)| light.code() == other;
            pictures.by_light.into_iter().find(is_asked).map(|(_, row)| row)
        }
    };
    serve_picture(&app, &user, &extensions, row.ok_or_else(Failure::not_found)?).await
}

/// A picture that is kept, after the view of it was logged.
pub(super) async fn serve_picture(
    app: &App,
    user: &User,
    extensions: &Extensions,
    row: EvidenceRow,
) -> Result<Response, Failure> {
    audit(app, user, extensions, "view_evidence", row.key.clone()).await?;
    let body = read_evidence(app, &row.key).await?;
    let head = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    Ok((head, body).into_response())
}

/// The file under a key. Whoever calls this has logged it.
pub(super) async fn read_evidence(app: &App, key: &str) -> Result<Vec<u8>, Failure> {
    let key: zhishou_recordings::Key = key.parse().map_err(Failure::internal)?;
    let recordings = app.recordings.clone();
    let read = tokio::task::spawn_blocking(move || recordings.read(&key));
    let body = read.await.map_err(Failure::internal)?.map_err(Failure::internal)?;
    body.ok_or_else(Failure::not_found)
}

/// The mark of a verdict.
pub(super) const fn state_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Online => "up",
        Verdict::Degraded => "degraded",
        Verdict::Offline => "down",
        Verdict::Unknown => "unknown",
    }
}
