//! Photos and documents that people attach to a work order or to an exclusion: the files beside the rows.

use crate::{app::App, failure::Failure, guard::User};
use axum::{body::Bytes, http::StatusCode};
use zhishou_recordings::{Key, Kind, StoreError};
use zhishou_storage::{AttachedFile, FileAdded};

/// Writes a file, and answers with the row that is to be added; `expected` says in both languages what is taken.
pub(crate) async fn keep(
    app: &App,
    user: &User,
    (kind, body): (Kind, Bytes),
    (zh, en): (&str, &str),
) -> Result<AttachedFile, Failure> {
    let at = app.clock.now();
    let (name, files) = (app.store.attached_name(at), app.photos.clone());
    let kept = tokio::task::spawn_blocking(move || files.put(name, at, kind, &body)).await;
    let kept = match kept.map_err(Failure::internal)? {
        Ok(kept) => kept,
        Err(StoreError::NotEvidence { .. }) => return Err(Failure::bad_input(zh, en)),
        Err(error) => return Err(Failure::internal(error)),
    };
    Ok(AttachedFile {
        id: 0,
        key: kept.key.to_string(),
        at,
        login: user.login.clone(),
        bytes: kept.bytes,
        sha256: kept.sha256,
    })
}

/// What became of the row of a file; the file of one that was not added goes. `refused` says why.
pub(crate) async fn settle(
    app: &App,
    added: FileAdded,
    key: &str,
    refused: &'static str,
) -> Result<StatusCode, Failure> {
    if added == FileAdded::Added {
        return Ok(StatusCode::CREATED);
    }
    let (key, files): (Key, _) = (key.parse().map_err(Failure::internal)?, app.photos.clone());
    let gone = tokio::task::spawn_blocking(move || files.delete(&key)).await;
    gone.map_err(Failure::internal)?.map_err(Failure::internal)?;
    Err(match added {
        FileAdded::Missing => Failure::not_found(),
        FileAdded::Refused | FileAdded::Added => Failure::new(StatusCode::CONFLICT, refused),
    })
}

/// The bytes of a file.
pub(crate) async fn read(app: &App, file: &AttachedFile) -> Result<Vec<u8>, Failure> {
    let (key, files): (Key, _) = (file.key.parse().map_err(Failure::internal)?, app.photos.clone());
    let read = tokio::task::spawn_blocking(move || files.read(&key)).await;
    read.map_err(Failure::internal)?.map_err(Failure::internal)?.ok_or_else(Failure::not_found)
}
