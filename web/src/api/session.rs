//! `POST /api/v1/session`: a login for programs; answers with the session cookie.

use crate::{
    app::App,
    failure::Failure,
    guard::address,
    pages::login::{Doors, Entry, enter, retry_after},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{Extensions, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub(super) struct Login {
    login: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    login: String,
    /// What the user may do: `viewer`, `operator` or `admin`.
    role: &'static str,
    /// The password is a one-time one: nothing else answers until it is changed.
    must_change: bool,
}

#[utoipa::path(post, path = "/api/v1/session", request_body = Login, responses(
    (status = 200, description = "logged in; see Set-Cookie", body = Opened),
    (status = 401, description = "name or password is wrong"),
    (status = 429, description = "too many failures; Retry-After says for how many seconds"),
))]
pub(super) async fn open(
    State(app): State<App>,
    Extension(doors): Extension<Doors>,
    session: Session,
    extensions: Extensions,
    Json(login): Json<Login>,
) -> Result<Response, Failure> {
    let from = address(&extensions);
    match enter(&app, &doors, &session, &from, &login.login, login.password).await? {
        Entry::Open(user) => {
            let role = user.role.code();
            let opened = Opened { login: user.login, role, must_change: user.must_change };
            Ok(Json(opened).into_response())
        }
        Entry::Wrong => Err(Failure::new(StatusCode::UNAUTHORIZED, "login, password: wrong")),
        Entry::Locked(wait) => {
            let detail = format!("too many failures; try again in {} s", wait.as_secs());
            let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, detail);
            Ok((retry_after(wait), failure).into_response())
        }
    }
}
