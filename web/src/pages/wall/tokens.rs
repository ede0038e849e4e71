//! Tokens of wall boards: made and revoked by administrators, shown once, kept as hashes.
//!
//! A board opens `/wall?token=…` once and keeps the token in a cookie that scripts cannot read and that
//! is sent to `/wall` alone; so it does not stay in the address bar, and no session has to last.

use crate::{
    app::{App, Transport},
    failure::Failure,
    format::Moment,
    guard::{User, audit_line},
    shell::{Shell, page},
    token,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::{Extensions, HeaderMap, HeaderValue, Method, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// The cookie of a board.
const COOKIE: &str = "wall";
/// Ten years: a board is revoked, it does not expire.
const KEPT_S: u32 = 10 * 365 * 86_400;

#[derive(Template)]
#[template(path = "wall_tokens.html")]
struct TokensPage {
    shell: Shell,
    /// The address of a token that was just made.
    made: Option<String>,
    rows: Vec<TokenRow>,
}

struct TokenRow {
    id: i64,
    name: String,
    login: String,
    created: Moment,
    revoked: Option<Moment>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct NewToken {
    name: String,
}

/// The answer to a request for the wall board by somebody who has not logged in: `Some(None)` goes on,
/// `Some(Some(_))` is sent first, `None` has no valid token.
pub(crate) async fn opens(
    app: &App,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Option<Option<Response>>, Failure> {
    let path = uri.path();
    if !matches!(path, "/wall" | "/wall/board") || !method.is_safe() {
        return Ok(None);
    }
    let query = uri.query().unwrap_or_default();
    let given = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
    if let Some((_, token)) = given.filter(|_| path == "/wall") {
        if !app.store.opens_wall(&token::hash(&token)).await? {
            return Ok(None);
        }
        let secure = if app.settings.transport == Transport::Tls { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE}={token}; Path=/wall; Max-Age={KEPT_S}; HttpOnly; SameSite=Strict{secure}"
        );
        let mut response = Redirect::to("/wall").into_response();
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        return Ok(Some(Some(response)));
    }
    let Some(token) = crate::prefs::cookie(headers, COOKIE) else { return Ok(None) };
    Ok(app.store.opens_wall(&token::hash(token)).await?.then_some(None))
}

/// `GET /wall/tokens`.
pub(crate) async fn list(State(app): State<App>, shell: Shell) -> Result<Response, Failure> {
    show(&app, shell, None).await
}

/// `POST /wall/tokens`: makes one and shows it this once.
pub(crate) async fn create(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<NewToken>,
) -> Result<Response, Failure> {
    let name = token::name(&form.name)?;
    let token = token::draw()?;
    let line = audit_line(&app, &user, &extensions, "wall_token_made", name.clone());
    app.store.add_wall_token(name, token::hash(&token), line).await?;
    show(&app, shell, Some(format!("/wall?token={token}"))).await
}

/// `POST /wall/tokens/{id}/revoke`.
pub(crate) async fn revoke(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let line = audit_line(&app, &user, &extensions, "wall_token_revoked", id.to_string());
    if !app.store.revoke_wall_token(id, line).await? {
        return Err(Failure::not_found());
    }
    Ok(Redirect::to("/wall/tokens").into_response())
}

async fn show(app: &App, shell: Shell, made: Option<String>) -> Result<Response, Failure> {
    let now = app.clock.now();
    let moment = |at| Moment::new(at, now, app.zone, shell.t.0);
    let rows = app.store.wall_tokens().await?.into_iter().map(|token| TokenRow {
        id: token.id,
        name: token.name,
        login: token.login,
        created: moment(token.created),
        revoked: token.revoked.map(moment),
    });
    let rows = rows.collect();
    page(&TokensPage { made, rows, shell })
}
