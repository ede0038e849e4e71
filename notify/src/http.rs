//! One request and its answer, with caps.

use crate::{SendError, Trust};
use reqwest::{Client, Proxy, redirect};
use std::{error::Error as _, time::Duration};
use zhishou_domain::alert::SendProblem;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER: usize = 64 << 10;

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Post,
    Get,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn json(url: String, body: &serde_json::Value) -> Self {
        let headers =
            vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Self { method: Method::Post, url, headers, body: body.to_string().into_bytes() }
    }
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds of `Retry-After` (RFC 9110 §10.2.3), where it says so.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

/// Asks. `relay` is the proxy that is gone through; empty: none.
pub(crate) async fn ask(trust: &Trust, relay: &str, request: Request) -> Result<Answer, SendError> {
    let settings = |_| SendError::new(SendProblem::Settings, "the address or the relay is none");
    let tls = trust.client().ok_or_else(|| SendError::new(SendProblem::Tls, "no cipher"))?;
    let builder = Client::builder()
        .use_preconfigured_tls(tls)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT);
    let builder = match relay {
        "" => builder,
        relay => builder.proxy(Proxy::all(relay).map_err(settings)?),
    };
    let client = builder.build().map_err(settings)?;
    let mut asked = match request.method {
        Method::Post => client.post(request.url).body(request.body),
        Method::Get => client.get(request.url),
    };
    for (name, value) in request.headers {
        asked = asked.header(name, value);
    }
    let mut answer = asked.send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.and_then(|it| it.to_str().ok()).and_then(|it| it.parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() >= ANSWER {
            body.truncate(ANSWER);
            break;
        }
    }
    Ok(Answer { status, retry_after, body })
}

/// The library names the address in its errors; it is taken out.
fn failed(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    if error.is_builder() {
        return SendError::new(SendProblem::Settings, "the address or a header is none");
    }
    let mut said = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push(error.to_string());
        cause = error.source();
    }
    let is_tls = said.iter().any(|it| it.contains("certificate") || it.contains("tls"));
    let problem = if is_tls { SendProblem::Tls } else { SendProblem::Unreachable };
    SendError::new(problem, said.last().map_or("no connection", String::as_str))
}
