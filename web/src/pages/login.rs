//! `/login`, `/logout`, and the login itself for pages and API alike.

use crate::{
    app::App,
    failure::Failure,
    format::duration,
    guard::{STARTED, address, safe_next},
    password,
    sessions::USER,
    shell::{Shell, page},
    throttle::Throttle,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{Extensions, HeaderName, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tower_sessions::Session;
use zhishou_storage::{AuditLine, User, login_name};

/// Failed logins of late, shared by every door.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doors(Arc<Mutex<Throttle>>);

impl Doors {
    fn with<T>(&self, act: impl FnOnce(&mut Throttle) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How a login ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// In.
    Open(User),
    /// Name or password is wrong.
    Wrong,
    /// Too many failures; try again after so long.
    Locked(Duration),
}

/// Tries a login, opens the session where it is right, and writes the audit line.
pub(crate) async fn enter(
    app: &App,
    doors: &Doors,
    session: &Session,
    from: &str,
    login: &str,
    secret: String,
) -> Result<Entry, Failure> {
    let now = app.clock.now();
    let login = login_name(login);
    let allowed = doors.with(|throttle| {
        throttle.may_try(&login, from, now)?;
        throttle.tried(&login, from, now);
        Ok(())
    });
    if let Err(wait) = allowed {
        return Ok(Entry::Locked(wait));
    }
    let user = app.store.user_by_login(&login).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = password::verify(secret, hash).await;
    // What was typed for a user that does not exist may be a password in the wrong field.
    let named = user.as_ref().map_or("?", |user| user.login.as_str()).to_owned();
    let line = |action| AuditLine {
        at: now,
        login: named.clone(),
        action,
        subject: String::new(),
        address: from.to_owned(),
    };
    let Some(user) = user.filter(|_| right) else {
        app.store.add_audit(line("login_failed")).await?;
        return Ok(Entry::Wrong);
    };
    doors.with(|throttle| throttle.succeeded(&login, from));
    // A new identity for the session: one that was planted before the login is worth nothing.
    session.cycle_id().await?;
    session.clear().await;
    session.insert(USER, user.id).await?;
    session.insert(STARTED, now.millis()).await?;
    app.store.note_login(user.id, now).await?;
    app.store.add_audit(line("login")).await?;
    Ok(Entry::Open(user))
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    shell: Shell,
    problem: Option<String>,
    next: String,
    login: String,
}

/// Where to go on, and whether a session ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginQuery {
    next: String,
    expired: String,
}

/// What is typed.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`.
pub(crate) async fn show(
    shell: Shell,
    user: Option<Extension<crate::guard::User>>,
    Query(query): Query<LoginQuery>,
) -> Result<Response, Failure> {
    let next = safe_next(&query.next).to_owned();
    if user.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    // Whoever comes to the start page for the first time has lost nothing.
    let lost = !query.expired.is_empty() && next != "/";
    let problem = lost.then(|| shell.t.login_expired().to_owned());
    page(&LoginPage { shell, problem, next, login: String::new() })
}

/// `POST /login`.
pub(crate) async fn submit(
    State(app): State<App>,
    Extension(doors): Extension<Doors>,
    session: Session,
    shell: Shell,
    extensions: Extensions,
    Form(form): Form<LoginForm>,
) -> Result<Response, Failure> {
    let from = address(&extensions);
    let next = safe_next(&form.next).to_owned();
    let (status, wait, problem) =
        match enter(&app, &doors, &session, &from, &form.login, form.password).await? {
            Entry::Open(_) => return Ok(Redirect::to(&next).into_response()),
            Entry::Wrong => (StatusCode::UNAUTHORIZED, None, shell.t.login_failed().to_owned()),
            Entry::Locked(wait) => {
                let text = format!("{}{}", shell.t.login_locked(), duration(wait, shell.t.0));
                (StatusCode::TOO_MANY_REQUESTS, Some(retry_after(wait)), text)
            }
        };
    let login = form.login.chars().take(64).collect();
    let page = page(&LoginPage { shell, problem: Some(problem), next, login })?;
    Ok(match wait {
        Some(wait) => (status, wait, page).into_response(),
        None => (status, page).into_response(),
    })
}

/// When to try again, in whole seconds (RFC 9110 §10.2.3).
pub(crate) fn retry_after(wait: Duration) -> [(HeaderName, String); 1] {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    [(header::RETRY_AFTER, seconds.to_string())]
}

/// `POST /logout`.
pub(crate) async fn logout(session: Session) -> Result<Redirect, Failure> {
    session.flush().await?;
    Ok(Redirect::to("/login"))
}
