//! Reading a platform's export and setting it beside what was measured, the same for pages and programs.

use crate::{app::App, drafts::Draft, failure::Failure, guard::User, words::Words};
use axum::http::{Extensions, StatusCode};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};
use zhishou_domain::{Timestamp, reconcile::StatusColumn};
use zhishou_ledger::{StatusColumns, StatusFile};
use zhishou_storage::{NewReconciliation, Reconciliation};

/// Longest name of a file that is kept, characters.
const LONGEST: usize = 200;

/// Reads an uploaded file, away from the tasks that answer requests.
pub(crate) async fn read(
    app: &App,
    user: &User,
    t: Words,
    (token, file_name): (String, String),
    bytes: Vec<u8>,
) -> Result<Draft, Failure> {
    let read = tokio::task::spawn_blocking(move || {
        let digest = Sha256::digest(&bytes);
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        StatusFile::read(&bytes).map(|file| (file, sha256))
    });
    let (file, sha256) = read
        .await
        .map_err(Failure::internal)?
        .map_err(|error| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.render(t.0)))?;
    if file.is_empty() {
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, t.reconcile_empty()));
    }
    Ok(Draft {
        token,
        login: user.login.clone(),
        at: app.clock.now(),
        file_name: file_name.chars().filter(|c| !c.is_control()).take(LONGEST).collect(),
        sha256,
        file: Arc::new(file),
    })
}

/// Whether rows can be compared under a meaning of the columns.
pub(crate) fn is_enough(columns: &StatusColumns) -> bool {
    let has = |column| columns.contains_key(&column);
    has(StatusColumn::Status)
        && (has(StatusColumn::Code) || has(StatusColumn::Ip) || has(StatusColumn::Name))
}

/// Compares; writes nothing.
pub(crate) async fn compare(
    app: &App,
    draft: &Draft,
    columns: StatusColumns,
    as_of: Timestamp,
) -> Result<Reconciliation, Failure> {
    let file = draft.file.clone();
    let rows = tokio::task::spawn_blocking(move || file.rows(&columns));
    let rows = rows.await.map_err(Failure::internal)?;
    Ok(app.store.reconcile(rows, as_of, app.clock.now()).await?)
}

/// Compares and keeps it in the name of `user`; gives its number.
pub(crate) async fn keep(
    app: &App,
    (user, extensions): (&User, &Extensions),
    draft: &Draft,
    columns: StatusColumns,
    as_of: Timestamp,
) -> Result<i64, Failure> {
    let headings: BTreeMap<StatusColumn, String> = columns
        .iter()
        .filter_map(|(column, at)| Some((*column, draft.file.headings().get(*at)?.clone())))
        .collect();
    let made = compare(app, draft, columns, as_of).await?;
    let new = NewReconciliation {
        token: draft.token.clone(),
        at: app.clock.now(),
        login: user.login.clone(),
        address: crate::guard::address(extensions),
        file_name: draft.file_name.clone(),
        sha256: draft.sha256.clone(),
        as_of,
        columns: headings,
        made,
    };
    Ok(app.store.keep_reconciliation(new).await?)
}
