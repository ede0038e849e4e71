//! `/password`: a new password, forced where the present one is a one-time password.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, address, safe_next},
    password::{self, PasswordError},
    sessions::row_id,
    shell::{Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;
use zhishou_storage::AuditLine;

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    shell: Shell,
    forced: bool,
    problem: Option<&'static str>,
    next: String,
}

/// Where to go on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NextQuery {
    next: String,
}

/// What is typed.
#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    current: String,
    new: String,
    again: String,
    #[serde(default)]
    next: String,
}

/// `GET /password`.
pub(crate) async fn show(
    shell: Shell,
    Extension(user): Extension<User>,
    Query(query): Query<NextQuery>,
) -> Result<Response, Failure> {
    let next = safe_next(&query.next).to_owned();
    page(&PasswordPage { shell, forced: user.must_change, problem: None, next })
}

/// `POST /password`. Other sessions of the user end.
pub(crate) async fn submit(
    State(app): State<App>,
    shell: Shell,
    session: Session,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Failure> {
    let t = shell.t;
    let next = safe_next(&form.next).to_owned();
    let hash = app.store.user(user.id).await?.map(|user| user.password_hash);
    let problem = if !password::verify(form.current.clone(), hash).await {
        Some(t.password_wrong())
    } else if form.new != form.again {
        Some(t.password_differs())
    } else if form.new == form.current {
        Some(t.password_same())
    } else {
        match password::check_new(&form.new, &user.login) {
            Ok(()) => None,
            Err(PasswordError::TooLong) => Some(t.password_too_long()),
            Err(_) => Some(t.password_weak()),
        }
    };
    if problem.is_some() {
        let page = page(&PasswordPage { shell, forced: user.must_change, problem, next })?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let hash = password::hash_password(form.new).await.map_err(Failure::internal)?;
    let kept = session.id().map(|id| row_id(&id));
    let line = AuditLine {
        at: app.clock.now(),
        login: user.login,
        action: "change_password",
        subject: String::new(),
        address: address(&extensions),
    };
    app.store.set_password(user.id, &hash, false, kept.as_deref(), line).await?;
    Ok(Redirect::to(&next).into_response())
}
