//! Who may go on: every request but the open ones needs a login that is neither idle nor old.

use crate::{
    app::{App, MetricsAccess},
    failure::{Failure, wants_json},
    pages, permit,
    prefs::Prefs,
    scope,
    sessions::USER,
    words::Words,
};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use std::net::SocketAddr;
use tower_sessions::Session;
use zhishou_domain::{MaintainerId, Role, Timestamp, UserId};
use zhishou_storage::AuditLine;

/// When the login was, ms.
pub(crate) const STARTED: &str = "started_ms";
/// When a request last came by hand, ms.
const TOUCHED: &str = "touched_ms";
/// A session is touched at most this often.
const TOUCH_MS: i64 = 60_000;

/// Who looks, in the extensions of every guarded request.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) login: String,
    pub(crate) role: Role,
    /// 运维单位 that they belong to.
    pub(crate) maintainer: Option<MaintainerId>,
    /// 公安联络员.
    pub(crate) is_liaison: bool,
    pub(crate) must_change: bool,
}

/// Where a request comes from, for the audit log and the throttle; empty where unknown.
pub(crate) fn address(extensions: &Extensions) -> String {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| peer.ip().to_string()).unwrap_or_default()
}

/// Writes down who did what, and from where.
pub(crate) async fn audit(
    app: &App,
    user: &User,
    extensions: &Extensions,
    action: &'static str,
    subject: String,
) -> Result<(), Failure> {
    Ok(app.store.add_audit(audit_line(app, user, extensions, action, subject)).await?)
}

/// Who does what now, and from where, for the transaction that does it.
pub(crate) fn audit_line(
    app: &App,
    user: &User,
    extensions: &Extensions,
    action: &'static str,
    subject: String,
) -> AuditLine {
    AuditLine {
        at: app.clock.now(),
        login: user.login.clone(),
        action,
        subject,
        address: address(extensions),
    }
}

/// Lets a request through, with its [`User`], or sends it to the login.
pub(crate) async fn layer(
    State(app): State<App>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    // A calendar and an acknowledgement open by the token in their address, which their handlers check.
    let is_open =
        matches!(path, "/healthz" | "/readyz" | "/api/v1/session" | "/api/v1/calendar.ics")
            || path.starts_with("/ack/")
            || path.starts_with("/static/")
            || (path == "/metrics" && app.settings.metrics == MetricsAccess::Open);
    if is_open {
        return next.run(request).await;
    }
    // A page that refreshes itself is not a person at work.
    let by_hand = !request.headers().contains_key("x-refresh") && path != "/events";
    let user = match user_of(&app, &session, by_hand).await {
        Ok(user) => user,
        Err(failure) => return failure.into_response(),
    };
    // A board has no session that could expire.
    if user.is_none() || request.uri().query().is_some_and(|query| query.contains("token=")) {
        match pages::wall::opens(&app, request.method(), request.uri(), request.headers()).await {
            Ok(Some(Some(first))) => return first,
            Ok(Some(None)) => return unkept(next.run(request).await),
            Ok(None) => {}
            Err(failure) => return failure.into_response(),
        }
    }
    let is_login = request.uri().path() == "/login";
    match user {
        Some(user)
            if user.must_change
                && !matches!(request.uri().path(), "/password" | "/logout" | "/login") =>
        {
            if wants_json(&request) {
                let prefs = request.extensions().get::<Prefs>().copied().unwrap_or_default();
                let detail = Words(prefs.lang).error_one_time();
                Failure::new(StatusCode::FORBIDDEN, detail).into_response()
            } else {
                Redirect::to(&format!("/password?{}", next_of(&request))).into_response()
            }
        }
        Some(user) => {
            if let Some((line, refusal)) = permit::refusal(&app, &user, &request) {
                let logged = app.store.add_audit(line).await.map_err(Failure::from);
                return logged.err().unwrap_or(refusal).into_response();
            }
            if let Err(failure) = scope::narrow(&app, &user, &mut request).await {
                return failure.into_response();
            }
            request.extensions_mut().insert(user);
            unkept(next.run(request).await)
        }
        None if is_login => next.run(request).await,
        None if wants_json(&request) || request.uri().path() == "/events" => {
            Failure::new(StatusCode::UNAUTHORIZED, "").into_response()
        }
        None => Redirect::to(&format!("/login?{}", next_of(&request))).into_response(),
    }
}

/// An answer that no cache keeps, unless it says so itself.
fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The user of a session that still counts.
async fn user_of(app: &App, session: &Session, by_hand: bool) -> Result<Option<User>, Failure> {
    let Some(id) = session.get::<UserId>(USER).await? else { return Ok(None) };
    let moment = |ms: Option<i64>| Timestamp::from_millis(ms.unwrap_or(0));
    let started = moment(session.get(STARTED).await?);
    let touched = moment(session.get(TOUCHED).await?).max(started);
    let now = app.clock.now();
    let too_old = now > started + app.settings.lifetime || now > touched + app.settings.idle;
    let user = if too_old { None } else { app.store.user(id).await? };
    let Some(user) = user else {
        session.flush().await?;
        return Ok(None);
    };
    if by_hand && now.millis() - touched.millis() >= TOUCH_MS {
        session.insert(TOUCHED, now.millis()).await?;
    }
    Ok(Some(User {
        id: user.id,
        login: user.login,
        role: user.role,
        maintainer: user.maintainer,
        is_liaison: user.is_liaison,
        must_change: user.must_change,
    }))
}

/// `next=…`: where to go on after the login. What is posted is not repeated; its page is.
fn next_of(request: &Request) -> String {
    let here = if request.method() == Method::GET || request.method() == Method::HEAD {
        request.uri().path_and_query().map_or("/", |here| here.as_str())
    } else {
        // `/devices/{id}/probe` and its like lie below the page they belong to.
        request.uri().path().rsplit_once('/').map_or("/", |(page, _)| page)
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", here);
    query.append_pair("expired", "1");
    query.finish()
}

/// A place on this site to go on to: anything else becomes the start page.
pub(crate) fn safe_next(next: &str) -> &str {
    let on_site = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && next.is_ascii()
        && !next.starts_with("/login")
        && !next.starts_with("/logout");
    if on_site { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_off_this_site() {
        for bad in
            ["//evil.example", "https://evil.example", "/\\evil", "", "evil", "/a\r\nb", "/login?x"]
        {
            assert_eq!(safe_next(bad), "/", "{bad:?}");
        }
        assert_eq!(safe_next("/devices/1?x=%E4%B8%83"), "/devices/1?x=%E4%B8%83");
    }
}
