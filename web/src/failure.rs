//! Errors as people and programs get them: what happened, what was not lost, what to do, and the
//! id under which the log has the rest. Pages get a page, the API gets problem+json (RFC 9457).

use crate::{prefs::Prefs, shell::Shell, words::Words};
use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use serde_json::json;
use zhishou_domain::{Lang, Role, with_causes};
use zhishou_storage::StoreError;

/// Longest detail that is taken from others, bytes.
const LONGEST: usize = 1024;

/// An error on its way to the client. The layer puts it into words.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    /// What exactly, in the language of the reader where it is shown on a page; holds no secret.
    pub(crate) detail: String,
    /// The same in Chinese, where the page has another language than programs get.
    pub(crate) zh: Option<String>,
    /// What to do, where the status alone does not say it.
    pub(crate) advice: Option<&'static str>,
}

impl Failure {
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "")
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// A request with something in it that is not understood: what, in both languages.
    pub(crate) fn bad_input(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: Some(zh.into()), ..Self::bad_request(en) }
    }

    /// What is asked for cannot be had as things stand: why, in both languages.
    pub(crate) fn conflict(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, ..Self::bad_input(zh, en) }
    }

    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), zh: None, advice: None }
    }

    /// What exactly, as a page says it.
    pub(crate) fn words(&self, lang: Lang) -> &str {
        match (&self.zh, lang) {
            (Some(zh), Lang::Zh) => zh,
            _ => &self.detail,
        }
    }

    /// Somebody wants what their role does not permit.
    pub(crate) fn not_permitted(t: Words, asked: Role, own: Role) -> Self {
        let (asked, own) = (asked.name(t.0), own.name(t.0));
        let detail = format!("{} {asked} · {} {own}", t.role_asked(), t.role_own());
        Self { advice: Some(t.role_next()), ..Self::new(StatusCode::FORBIDDEN, detail) }
    }

    /// Our own fault: logged here with its chain of causes, told without.
    pub(crate) fn internal(error: impl std::error::Error) -> Self {
        tracing::error!(error = %with_causes(&error), "failed to answer a request");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::Closed => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, ..Self::internal(error) }
    }
}

impl From<crate::cursor::BadCursor> for Failure {
    fn from(error: crate::cursor::BadCursor) -> Self {
        Self::bad_input("翻页标记无效，请回到第一页", format!("failed to {error}"))
    }
}

impl From<tower_sessions::session::Error> for Failure {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    what: &'static str,
    detail: String,
    next: &'static str,
    request_id: String,
}

/// Puts every error into words, also those that the router and the other layers made.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let wants_json = wants_json(&request);
    let prefs = request.extensions().get::<Prefs>().copied().unwrap_or_default();
    let uri = request.uri().clone();
    let request_id = id_of(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_worded(response.headers()) {
        return response;
    }
    let ours = response.extensions().get::<Failure>().cloned();
    let (what, advice) = words(Words(prefs.lang), status);
    let advice = ours.as_ref().and_then(|it| it.advice).unwrap_or(advice);
    let (mut parts, body) = response.into_parts();
    let detail = match ours {
        Some(Failure { zh: Some(zh), .. }) if !wants_json && prefs.lang == Lang::Zh => zh,
        Some(ours) => ours.detail,
        None if status.is_client_error() => said(body).await,
        None => String::new(),
    };
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        parts.headers.remove(name);
    }
    let worded = if wants_json {
        let kind = HeaderValue::from_static("application/problem+json");
        let body = json!({
            "type": "about:blank", "status": status.as_u16(), "title": what, "detail": detail,
            "advice": advice, "request_id": request_id,
        });
        ([(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
    } else {
        let shell = Shell::new(prefs, None, &uri);
        let page = ErrorPage { shell, what, detail, next: advice, request_id };
        match page.render() {
            Ok(html) => Html(html).into_response(),
            Err(_) => what.into_response(),
        }
    };
    let (worded, body) = worded.into_parts();
    parts.headers.extend(worded.headers);
    Response::from_parts(parts, body)
}

/// What a layer of others said of a request that it refused: which field, and why.
async fn said(body: Body) -> String {
    let bytes = axum::body::to_bytes(body, LONGEST).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// Whether the client is a program.
pub(crate) fn wants_json(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    request.uri().path().starts_with("/api/")
        || accept.is_some_and(|accept| accept.contains("json") && !accept.contains("text/html"))
}

pub(crate) fn id_of(headers: &HeaderMap) -> String {
    let id = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    id.unwrap_or_default().to_owned()
}

fn is_worded(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html") || kind.contains("json"))
}

fn words(t: Words, status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => {
            (t.error_not_found(), t.error_not_found_next())
        }
        StatusCode::UNAUTHORIZED => (t.login(), t.login_expired()),
        StatusCode::FORBIDDEN => (t.error_forbidden(), t.error_forbidden_next()),
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => {
            (t.error_too_large(), t.error_too_large_next())
        }
        StatusCode::CONFLICT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::GATEWAY_TIMEOUT
        | StatusCode::SERVICE_UNAVAILABLE => (t.error_unavailable(), t.error_unavailable_next()),
        status if status.is_client_error() => (t.error_bad_request(), t.error_bad_request_next()),
        _ => (t.error_internal(), t.error_internal_next()),
    }
}
