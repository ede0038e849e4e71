//! Photos and documents that prove an exclusion. Each view is in the audit log; whose the exclusion is not,
//! finds none of them (see `scope`).

use crate::{
    app::App,
    attached,
    failure::Failure,
    guard::{User, address, audit},
    shell::Shell,
};
use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{Extensions, StatusCode, header},
    response::{IntoResponse, Response},
};
use zhishou_domain::ExclusionId;
use zhishou_recordings::Kind;

/// Largest file, bytes: a document of ten megabytes; photos are smaller.
pub(crate) const BYTES: usize = Kind::Document.max_bytes();

/// Whether a file is a picture, and no document.
pub(super) fn is_picture(key: &str) -> bool {
    key.ends_with(".jpg")
}

/// `POST /exclusions/{id}/files`: a JPEG or a PDF as it is.
pub(crate) async fn add(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let id: ExclusionId = id.parse().map_err(|_| Failure::not_found())?;
    // Nothing is written for an exclusion that is not there.
    app.store.exclusion(id).await?.ok_or_else(Failure::not_found)?;
    let kind = if body.starts_with(b"%PDF-") { Kind::Document } else { Kind::Fault };
    let expected = (
        "只接受 10 MB 以内的 PDF 或 4 MB 以内的 JPEG",
        "a PDF of at most 10 MB or a JPEG of at most 4 MB is expected",
    );
    let file = attached::keep(&app, &user, (kind, body), expected).await?;
    let key = file.key.clone();
    let added = app.store.add_exclusion_file(id, file, address(&extensions)).await?;
    let refused = shell
        .t
        .0
        .pick("该剔除已结束，或文件已满 12 个", "the exclusion is over, or it has twelve files");
    attached::settle(&app, added, &key, refused).await
}

/// `GET /exclusions/{id}/files/{file}`.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path((id, file)): Path<(String, i64)>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let id: ExclusionId = id.parse().map_err(|_| Failure::not_found())?;
    let files = app.store.exclusion_files(id).await?;
    let found = files.into_iter().find(|it| it.id == file).ok_or_else(Failure::not_found)?;
    audit(&app, &user, &extensions, "view_exclusion_file", format!("{id} {}", found.sha256))
        .await?;
    let body = attached::read(&app, &found).await?;
    // A document is handed over and never run in our pages.
    let (kind, shown) = match is_picture(&found.key) {
        true => ("image/jpeg", "inline".to_owned()),
        false => ("application/pdf", format!("attachment; filename=\"evidence-{file}.pdf\"")),
    };
    let head = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, shown),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((head, body).into_response())
}
