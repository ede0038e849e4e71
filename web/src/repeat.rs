//! `Idempotency-Key`: a POST of a program that comes twice is done once. The second time gets the first
//! answer, for a day; the same key with anything else is refused.
//!
//! What we could not do (5xx) is not kept: it may be asked again. Logins are not repeated.

use crate::{app::App, failure::Failure, guard::User};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use zhishou_storage::{Answered, Repeat};

/// The header of a program.
const KEY: &str = "idempotency-key";
/// That an answer is the one of the first time.
const REPLAYED: &str = "idempotency-replayed";
/// Longest key, bytes.
const LONGEST: usize = 255;
/// Largest body and answer, bytes.
const BODY: usize = 4 << 20;

/// What a request is told from others by for good: who asks, their key and all that is asked, as a digest.
#[derive(Clone, Debug)]
pub(crate) struct RequestKey(pub(crate) String);

impl RequestKey {
    /// Of a form that was filled in once.
    pub(crate) fn of_form(user: &User, fields: &[(String, String)]) -> Self {
        let user = user.id.to_string();
        let fields = fields.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let parts: Vec<_> = std::iter::once(user.as_bytes()).chain(fields).collect();
        Self(digest(&parts))
    }
}

/// Lets each request with a key be done once.
pub(crate) async fn layer(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let user = request.extensions().get::<User>().cloned();
    let key = request.headers().get(KEY).cloned();
    let (Some(user), Some(key), &Method::POST) = (user, key, request.method()) else {
        return Ok(next.run(request).await);
    };
    let given = key.to_str().unwrap_or_default();
    if given.is_empty() || given.len() > LONGEST {
        return Err(Failure::bad_request(format!(
            "Idempotency-Key: 1 to {LONGEST} visible characters"
        )));
    }
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY)
        .await
        .map_err(|_| Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"))?;
    let key = digest(&[user.id.to_string().as_bytes(), given.as_bytes()]);
    let asked = digest(&[parts.uri.to_string().as_bytes(), &body]);
    match app.store.begin_request(key.clone(), asked.clone(), app.clock.now()).await? {
        Repeat::First => {}
        Repeat::Answered(answered) => return Ok(replay(answered)),
        Repeat::Underway => {
            return Err(Failure::new(
                StatusCode::CONFLICT,
                "Idempotency-Key: the first request is still being worked on",
            ));
        }
        Repeat::Other => {
            return Err(Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Idempotency-Key: it was used for another request",
            ));
        }
    }
    parts.extensions.insert(RequestKey(digest(&[key.as_bytes(), asked.as_bytes()])));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = match to_bytes(body, BODY).await {
        Ok(body) if !parts.status.is_server_error() => body,
        other => {
            app.store.end_request(key, None).await?;
            let body = other.map_err(Failure::internal)?;
            return Ok(Response::from_parts(parts, Body::from(body)));
        }
    };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // A failure is put into words further out; what it says of itself is kept.
    let said = parts.extensions.get::<Failure>().map(|it| it.detail.clone().into_bytes());
    let answered = Answered {
        status: parts.status.as_u16(),
        kind: kind.filter(|_| said.is_none()).unwrap_or_default().to_owned(),
        body: said.unwrap_or_else(|| body.to_vec()),
    };
    app.store.end_request(key, Some(answered)).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(answered: Answered) -> Response {
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answered.body).into_response();
    let headers = response.headers_mut();
    match HeaderValue::from_str(&answered.kind) {
        Ok(kind) if !kind.is_empty() => headers.insert(header::CONTENT_TYPE, kind),
        _ => headers.remove(header::CONTENT_TYPE),
    };
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// SHA-256 of parts, none of which runs into the next; lower-case hex.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
