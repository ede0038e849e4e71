//! Photos of a repair: sent by a phone's camera, shown on the page of the order. Each view is in the
//! audit log.

use crate::{
    app::App,
    attached,
    failure::Failure,
    guard::{User, address, audit},
    shell::Shell,
    work,
};
use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{Extensions, StatusCode, header},
    response::{IntoResponse, Response},
};
use zhishou_domain::{Role, WorkOrderId};
use zhishou_recordings::Kind;

/// Largest photo, bytes; the page makes larger ones smaller before it sends them.
pub(crate) const BYTES: usize = 4 << 20;

/// `POST /work-orders/{id}/photos`: a JPEG as it is.
pub(crate) async fn add(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let id: WorkOrderId = id.parse().map_err(|_| Failure::not_found())?;
    if user.maintainer.is_none() && user.role < Role::Operator {
        return Err(Failure::not_permitted(shell.t, Role::Operator, user.role));
    }
    // Nothing is written for an order that is not theirs.
    let scope = work::scope(&user);
    app.store.work_order(id, scope).await?.ok_or_else(Failure::not_found)?;
    let expected = ("只接受 4 MB 以内的 JPEG 照片", "a JPEG of at most 4 MB is expected");
    let photo = attached::keep(&app, &user, (Kind::Fault, body), expected).await?;
    let key = photo.key.clone();
    let added = app.store.add_work_photo(id, scope, photo, address(&extensions)).await?;
    let refused = shell.t.0.pick(
        "工单已撤销或办结已过 7 天，或照片已满 12 张",
        "the order is cancelled or was done seven days ago, or it has twelve photos",
    );
    attached::settle(&app, added, &key, refused).await
}

/// `GET /work-orders/{id}/photos/{photo}`.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path((id, photo)): Path<(String, i64)>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let id: WorkOrderId = id.parse().map_err(|_| Failure::not_found())?;
    let photos = app.store.work_photos(id, work::scope(&user)).await?;
    let found = photos.into_iter().find(|it| it.id == photo).ok_or_else(Failure::not_found)?;
    audit(&app, &user, &extensions, "view_work_photo", format!("{id} {}", found.sha256)).await?;
    let body = attached::read(&app, &found).await?;
    let head = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    Ok((head, body).into_response())
}
