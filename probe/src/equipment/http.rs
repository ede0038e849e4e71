//! HTTP/1.1 (RFC 9112): one GET, and what redirects on the same host lead to.
//!
//! No login is sent and no cookie kept. A head has at most 64 KiB and 100 fields, of a page at most
//! 256 KiB are read, and an answer must be there in time, page and all.

use std::net::SocketAddr;
use std::pin::pin;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use zhishou_domain::equipment::{Address, Service};
use zhishou_domain::{Checks, Detail, Fault, FaultCode, Stage};

use super::{Order, Seen, milliseconds, short, silence};
use crate::Settings;
use crate::dial::{Dialled, dial};
use crate::rtsp::Met;
use crate::tls;

/// Redirects that are followed.
const REDIRECTS: u32 = 3;
/// Bytes of a head, and of a page, at most.
const HEAD: usize = 64 << 10;
const PAGE: usize = 256 << 10;
/// Fields of a head at most.
const FIELDS: usize = 100;

/// What an answer was.
struct Answer {
    status: u16,
    reason: String,
    server: Option<String>,
    location: Option<String>,
    /// Whether the page holds the text that it should.
    holds: bool,
}

/// Fetches the page.
pub(super) async fn ask(
    order: &Order,
    settings: &Settings,
    seen: &mut Seen,
) -> Result<(), Box<Fault>> {
    let mut address = order.address.clone();
    // A name is asked for once: it is one device that is opened.
    let mut host = None;
    let answer = loop {
        let known = host.map(|ip| SocketAddr::new(ip, address.port()));
        let dialled = dial(address.host(), address.port(), known, settings).await?;
        host = Some(dialled.peer.ip());
        let answer = fetch(&address, dialled, order, settings, seen).await?;
        let moved = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
        let to = answer.location.as_deref().filter(|_| moved && seen.redirects < REDIRECTS);
        match to.and_then(|location| address.redirected(location)) {
            Some(to) => {
                seen.redirects += 1;
                address = to;
            }
            None => break answer,
        }
    };
    seen.facts.status = Some(answer.status);
    seen.server = answer.server;
    certificate(order, seen);
    let status = Detail::Status { status: answer.status, reason: answer.reason };
    let code = match answer.status {
        it if order.checks.expects_status(it) => None,
        500.. => Some((FaultCode::ServerError, status)),
        _ => Some((FaultCode::BadResponse, status)),
    };
    let text = order.checks.text.as_ref().filter(|_| !answer.holds);
    let text =
        text.map(|text| (FaultCode::BadResponse, Detail::TextMissing { text: text.clone() }));
    match code.or(text) {
        Some((code, detail)) => Err(Box::new(Fault::new(code, Stage::Request, detail))),
        None => {
            seen.answered = true;
            Ok(())
        }
    }
}

/// The first connection and what it takes is that of the device; redirects only add to the time.
async fn fetch(
    address: &Address,
    dialled: Dialled,
    order: &Order,
    settings: &Settings,
    seen: &mut Seen,
) -> Result<Answer, Box<Fault>> {
    let Dialled { stream, peer, resolve, connect } = dialled;
    seen.met(peer);
    if seen.redirects == 0 {
        seen.stages.extend([(Stage::Resolve, resolve), (Stage::Connect, connect)]);
    }
    let asked = if address.service() == Service::Https {
        let (stream, shown, took) = tls::secure(stream, address.host(), peer, settings).await?;
        seen.stages.push((Stage::Tls, took));
        let mut met = Met::new(shown, took);
        met.compare(order.certificate);
        seen.tls = Some(met);
        let began = Instant::now();
        (get(stream, address, &order.checks, settings).await, began)
    } else {
        let began = Instant::now();
        (get(stream, address, &order.checks, settings).await, began)
    };
    let (answer, took) = (asked.0, asked.1.elapsed());
    seen.stages.push((Stage::Request, took));
    seen.facts.sent += 1;
    let answer = answer?;
    seen.facts.received += 1;
    seen.facts.rtt_ms = Some(milliseconds(took));
    Ok(answer)
}

async fn get<S>(
    stream: S,
    address: &Address,
    checks: &Checks,
    settings: &Settings,
) -> Result<Answer, Box<Fault>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let fault = |code, detail| Box::new(Fault::new(code, Stage::Request, detail));
    let late = settings.equipment.page;
    let asked = timeout(late, exchange(stream, address, checks, &settings.user_agent)).await;
    let Ok(asked) = asked else { return Err(fault(FaultCode::NoResponse, silence(late))) };
    asked.map_err(|error| match error {
        _ if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
            fault(FaultCode::NoResponse, Detail::ClosedUnanswered)
        }
        error if error.is_parse() => {
            fault(FaultCode::BadResponse, Detail::Malformed { problem: error.to_string() })
        }
        _ => fault(FaultCode::ConnectionLost, Detail::None),
    })
}

/// Request and answer on one connection, which is closed behind them.
async fn exchange<S>(
    stream: S,
    address: &Address,
    checks: &Checks,
    user_agent: &str,
) -> hyper::Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD).max_headers(FIELDS);
        builder
    };
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let mut request = Request::new(Empty::<Bytes>::new());
    // Every part was checked when the address was read.
    *request.uri_mut() = address.path().parse().unwrap_or_default();
    let headers = request.headers_mut();
    let mut add = |name, value: &str| {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    };
    add(header::HOST, &address.authority());
    add(header::USER_AGENT, user_agent);
    add(header::ACCEPT, "*/*");
    add(header::CONNECTION, "close");
    let mut answer = pin!(async {
        let response = sender.send_request(request).await?;
        read(response, checks.text.as_deref()).await
    });
    let mut connection = pin!(connection);
    let mut is_over = false;
    loop {
        tokio::select! {
            answer = &mut answer => return answer,
            // What ended it, the answer says as well.
            _ = &mut connection, if !is_over => is_over = true,
        }
    }
}

async fn read(response: Response<Incoming>, text: Option<&str>) -> hyper::Result<Answer> {
    let field = |name| {
        let value = response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let status = response.status();
    let mut answer = Answer {
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default().to_owned(),
        server: field(header::SERVER).map(|server| short(&server)).filter(|it| !it.is_empty()),
        location: field(header::LOCATION),
        holds: false,
    };
    let Some(text) = text else { return Ok(answer) };
    let (mut page, mut body) = (Vec::new(), response.into_body());
    while page.len() < PAGE
        && let Some(frame) = body.frame().await
    {
        let Ok(data) = frame?.into_data() else { continue };
        let room = data.len().min(PAGE - page.len());
        // What may hold the text begins at most its length before what is new.
        let from = page.len().saturating_sub(text.len());
        page.extend_from_slice(&data[..room]);
        answer.holds = page[from..].windows(text.len()).any(|part| part == text.as_bytes());
        if answer.holds {
            break;
        }
    }
    Ok(answer)
}

/// Days that the certificate has left, where the ledger asks for some.
fn certificate(order: &Order, seen: &mut Seen) {
    let until = seen.tls.as_ref().and_then(|met| met.facts().valid_until);
    let Some((until, wanted)) = until.zip(order.checks.certificate_days) else { return };
    let days = (until.millis() - order.at.millis()).div_euclid(86_400_000);
    if days < i64::from(wanted) {
        let detail = Detail::CertificateDays { days, wanted };
        seen.faults.push(Fault::new(FaultCode::ItemOutOfLimits, Stage::Tls, detail));
    }
}
