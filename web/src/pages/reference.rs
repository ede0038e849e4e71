//! 画面基准: what is learned of a camera's picture by each light, and what an operator decides of it:
//! adopt the present picture (更新基准), learn anew (重新学习), take the last of these back.

use super::{View, device::id_of};
use crate::{
    app::App,
    failure::Failure,
    format::Moment,
    guard::{User, audit},
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::Extensions,
    response::Redirect,
};
use serde::Deserialize;
use zhishou_domain::{DeviceId, ReferenceAction};
use zhishou_storage::{StoredReference, StoredReferences};

/// The references of a camera on its page.
pub(super) struct ReferencesView {
    pub(super) lights: Vec<LightView>,
    /// Since when the next picture is to be the reference.
    pub(super) pending: Option<Moment>,
    pub(super) can_restore: bool,
}

/// What is learned by one light.
pub(super) struct LightView {
    pub(super) name: &'static str,
    pub(super) state: &'static str,
    pub(super) pictures: u32,
    pub(super) scenes: u32,
    pub(super) since: Moment,
    pub(super) last: Moment,
    pub(super) origin: &'static str,
    pub(super) adopted: Option<Moment>,
}

impl ReferencesView {
    pub(super) fn new(view: &View<'_>, references: &StoredReferences) -> Self {
        let light = |StoredReference { learned, adopted }: &StoredReference| LightView {
            name: learned.light.name(view.t.0),
            state: if learned.is_settled { view.t.in_use() } else { view.t.learning() },
            pictures: learned.pictures,
            scenes: learned.scenes,
            since: view.moment(learned.since),
            last: view.moment(learned.last),
            origin: if adopted.is_some() { view.t.adopted() } else { view.t.learned() },
            adopted: adopted.map(|at| view.moment(at)),
        };
        Self {
            lights: references.lights.iter().map(light).collect(),
            pending: references.adopt_since.map(|at| view.moment(at)),
            can_restore: references.can_restore || references.adopt_since.is_some(),
        }
    }
}

/// What is decided.
#[derive(Deserialize)]
pub(crate) struct ReferenceForm {
    action: String,
}

/// `POST /devices/{id}/reference`.
pub(crate) async fn decide(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<ReferenceForm>,
) -> Result<Redirect, Failure> {
    let id = id_of(&id)?;
    let action = action_of(&form.action)?;
    let done = if decide_for(&app, &user, &extensions, id, action).await? {
        action.code()
    } else {
        "reference_none"
    };
    Ok(Redirect::to(&format!("/devices/{id}?done={done}#references")))
}

/// The action of a word.
pub(crate) fn action_of(word: &str) -> Result<ReferenceAction, Failure> {
    let refused = || Failure::bad_request("action: adopt, relearn or restore");
    ReferenceAction::from_code(word).ok_or_else(refused)
}

/// Puts a decision in force in the name of `user`; whether it changed anything.
pub(crate) async fn decide_for(
    app: &App,
    user: &User,
    extensions: &Extensions,
    id: DeviceId,
    action: ReferenceAction,
) -> Result<bool, Failure> {
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let changed = app.store.decide_reference(id, action, app.clock.now()).await?;
    if changed {
        let subject = format!("{id} {}", action.code());
        audit(app, user, extensions, "picture_reference", subject).await?;
    }
    Ok(changed)
}
