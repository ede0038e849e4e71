//! Photos of a repair: sent by a phone's camera, shown on the page of the order. Each view is in the
//! audit log.

use crate::{
    app::App,
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
use zhishou_recordings::{Key, Kind};
use zhishou_storage::{PhotoAdded, WorkPhoto};

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
    let at = app.clock.now();
    let name = app.store.photo_name(at);
    let photos = app.photos.clone();
    let kept = tokio::task::spawn_blocking(move || photos.put(name, at, Kind::Fault, &body)).await;
    let kept = match kept.map_err(Failure::internal)? {
        Ok(kept) => kept,
        Err(zhishou_recordings::StoreError::NotEvidence { .. }) => {
            return Err(Failure::bad_input(
                "只接受 4 MB 以内的 JPEG 照片",
                "a JPEG of at most 4 MB is expected",
            ));
        }
        Err(error) => return Err(Failure::internal(error)),
    };
    let key = kept.key;
    let photo = WorkPhoto {
        id: 0,
        key: key.to_string(),
        at,
        login: user.login.clone(),
        bytes: kept.bytes,
        sha256: kept.sha256,
    };
    match app.store.add_work_photo(id, scope, photo, address(&extensions)).await? {
        PhotoAdded::Added => Ok(StatusCode::CREATED),
        refused => {
            let photos = app.photos.clone();
            let gone = tokio::task::spawn_blocking(move || photos.delete(&key)).await;
            gone.map_err(Failure::internal)?.map_err(Failure::internal)?;
            Err(match refused {
                PhotoAdded::Missing => Failure::not_found(),
                _ => Failure::new(
                    StatusCode::CONFLICT,
                    shell.t.0.pick(
                        "工单已撤销或办结已过 7 天，或照片已满 12 张",
                        "the order is cancelled or was done seven days ago, or it has twelve photos",
                    ),
                ),
            })
        }
    }
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
    let key: Key = found.key.parse().map_err(Failure::internal)?;
    let files = app.photos.clone();
    let read = tokio::task::spawn_blocking(move || files.read(&key)).await;
    let body = read.map_err(Failure::internal)?.map_err(Failure::internal)?;
    let head = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    Ok((head, body.ok_or_else(Failure::not_found)?).into_response())
}
