//! What operators say of a picture: which of its faults are none, and what of it is masked.

use super::device::id_of;
use crate::{
    app::App,
    failure::Failure,
    guard::{User, audit},
    shell::Shell,
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::Extensions,
    response::Redirect,
};
use serde::Deserialize;
use std::time::Duration;
use zhishou_domain::{
    DeviceId, FaultCode, Feedback, Observation, Opinion, PrivacyMasks, Timestamp,
};
use zhishou_storage::ObservationFilter;

/// Longest masks as text, bytes: 16 regions of 32 corners.
const MASKS: usize = 10_000;
/// Pictures deleted at once.
const PICTURES: u32 = 500;

/// What is said of one fault of one picture.
#[derive(Deserialize)]
pub(crate) struct FeedbackForm {
    fault: String,
    opinion: String,
    /// When the probe began whose picture it is of, ms.
    at: i64,
}

/// `POST /devices/{id}/feedback`: 误报, 确认 or back to the limit of all.
pub(crate) async fn feedback(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<FeedbackForm>,
) -> Result<Redirect, Failure> {
    let id = id_of(&id)?;
    let word = Word::of(&form.fault, &form.opinion, Timestamp::from_millis(form.at))?;
    let done = match say_of(&app, &user, &extensions, id, word).await? {
        true => "feedback",
        false => "feedback_gone",
    };
    Ok(Redirect::to(&format!("/devices/{id}?done={done}#judged")))
}

/// What is said of a fault of the picture of the probe that began at a time.
pub(crate) struct Word {
    fault: FaultCode,
    opinion: Opinion,
    of: Timestamp,
}

impl Word {
    pub(crate) fn of(fault: &str, opinion: &str, of: Timestamp) -> Result<Self, Failure> {
        let read = FaultCode::from_code(fault).zip(Opinion::from_code(opinion));
        let (fault, opinion) = read.ok_or_else(|| {
            Failure::bad_input(
                "fault、opinion：没有这个取值",
                "fault, opinion: not one of the words",
            )
        })?;
        Ok(Self { fault, opinion, of })
    }
}

/// Keeps it, audited; `false` where that picture is gone or has no such figure.
pub(crate) async fn say_of(
    app: &App,
    user: &User,
    extensions: &Extensions,
    id: DeviceId,
    word: Word,
) -> Result<bool, Failure> {
    let Word { fault, opinion, of } = word;
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let picture = observation(app, id, of).await?.and_then(|seen| seen.picture);
    let Some(picture) = picture.filter(|it| it.scores.contains_key(&fault)) else {
        return Ok(false);
    };
    let feedback = Feedback {
        at: app.clock.now(),
        login: user.login.clone(),
        fault,
        opinion,
        score: picture.scores.get(&fault).copied().flatten(),
        reading: picture.readings.get(&fault).cloned(),
    };
    app.store.add_feedback(id, feedback).await?;
    let subject = format!("{id} {} {}", fault.code(), opinion.code());
    audit(app, user, extensions, "picture_feedback", subject).await?;
    Ok(true)
}

/// The observation of the probe of a device that began at `at`; `None` once it is past its time.
async fn observation(
    app: &App,
    device: DeviceId,
    at: Timestamp,
) -> Result<Option<Observation>, Failure> {
    let filter = ObservationFilter {
        device: Some(device),
        from: Some(at),
        to: Some(at + Duration::from_millis(1)),
        ..ObservationFilter::default()
    };
    let found = app.store.observation_page(&filter, None, 1).await?;
    Ok(found.into_iter().next().map(|seen| seen.observation))
}

/// Masks as they are typed or drawn.
#[derive(Deserialize)]
pub(crate) struct MasksForm {
    masks: String,
}

/// `POST /devices/{id}/masks`: what is blacked out from now on. Pictures from before are deleted.
pub(crate) async fn set_masks(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<MasksForm>,
) -> Result<Redirect, Failure> {
    let id = id_of(&id)?;
    if form.masks.len() > MASKS {
        return Err(Failure::bad_request(shell.t.masks()));
    }
    let masks: PrivacyMasks = form.masks.parse().map_err(|error: zhishou_domain::MaskError| {
        Failure::bad_request(error.render(shell.t.0))
    })?;
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let regions = masks.len();
    if app.store.set_privacy_masks(id, masks, app.clock.now()).await? {
        audit(&app, &user, &extensions, "set_privacy_masks", format!("{id} {regions}")).await?;
        delete_unmasked(&app, id).await?;
    }
    Ok(Redirect::to(&format!("/devices/{id}?done=masks#judged")))
}

/// Deletes pictures taken before the masks; what cannot be deleted now, housekeeping will.
async fn delete_unmasked(app: &App, id: DeviceId) -> Result<(), Failure> {
    let rows = app.store.unmasked_pictures(Some(id), app.clock.now(), PICTURES).await?;
    let gone: Vec<String> = rows.into_iter().map(|row| row.key).collect();
    let recordings = app.recordings.clone();
    let keys: Vec<zhishou_recordings::Key> = gone.iter().filter_map(|it| it.parse().ok()).collect();
    let deleting = move || keys.iter().try_for_each(|key| recordings.delete(key).map(drop));
    let deleted = tokio::task::spawn_blocking(deleting).await.map_err(Failure::internal)?;
    deleted.map_err(Failure::internal)?;
    app.store.delete_evidence(gone).await?;
    Ok(())
}
