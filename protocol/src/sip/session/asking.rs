//! OPTIONS, and what every request has in common.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Event, Options, Phase, Queued, Session};
use crate::auth::{Challenge, Verdict};
use crate::sdp::Description;
use crate::sip::failure::{Cause, Failure, Stage};
use crate::sip::message::{Response, list, parameter};
use crate::sip::plan::Plan;
use crate::sip::transaction::Client;
use crate::sip::write::{Tokens, Writer};

/// What we understand, told to whom asks.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";
/// What a probe calls itself in `From`.
const USER: &str = "zhishou";

/// A new `Call-ID` and a `From` with a tag.
pub(super) fn identity(plan: &Plan, tokens: &mut Tokens) -> (String, String) {
    let host = bracketed(plan.local.ip());
    let from = format!("<sip:{USER}@{host}>;tag={}", tokens.next());
    (tokens.next(), from)
}

/// An address as it stands in a URI.
fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(it) => it.to_string(),
        IpAddr::V6(it) => format!("[{it}]"),
    }
}

/// What a request is, besides what all have.
pub(super) struct Draft<'a> {
    pub(super) method: &'static str,
    pub(super) uri: &'a str,
    pub(super) routes: &'a [String],
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) call_id: &'a str,
    pub(super) sequence: u32,
    /// The login field, where it carries one.
    pub(super) login: Option<&'a (&'static str, Vec<u8>)>,
}

impl Session {
    /// The head of a request with this branch; fields of its own and the body follow.
    pub(super) fn draft(&self, draft: &Draft<'_>, branch: &str) -> Writer {
        let transport = self.plan.target.transport();
        let local = SocketAddr::new(self.plan.local.ip(), self.plan.local.port());
        let via = format!("SIP/2.0/{} {local};rport;branch={branch}", transport.token());
        let mut writer = Writer::request(draft.method, draft.uri)
            .field("Via", via)
            .field("Max-Forwards", "70")
            .field("From", draft.from)
            .field("To", draft.to)
            .field("Call-ID", draft.call_id)
            .field("CSeq", format!("{} {}", draft.sequence, draft.method));
        for route in draft.routes {
            writer = writer.field("Route", route);
        }
        if let Some((name, value)) = draft.login {
            writer = writer.field(name, value);
        }
        writer.field("User-Agent", &self.plan.user_agent)
    }

    /// Where the peer reaches us within a call, as it sees us.
    pub(super) fn contact(&self) -> String {
        let at = self.seen_as.unwrap_or(self.plan.local);
        let parameter = match self.plan.target.transport() {
            crate::sip::Transport::Udp => "",
            crate::sip::Transport::Tcp => ";transport=tcp",
            crate::sip::Transport::Tls => ";transport=tls",
        };
        format!("<sip:{USER}@{}:{}{parameter}>", bracketed(at.ip()), at.port())
    }

    /// The login field for a request to the peer that was asked first.
    pub(super) fn login(&mut self, method: &str, uri: &str) -> Option<(&'static str, Vec<u8>)> {
        let name = self.login_field?;
        let value = self.auth.authorization(method, uri)?;
        self.in_doubt |= !self.auth.proven();
        Some((name, value))
    }

    pub(super) fn ask_options(&mut self, now: Duration) {
        let uri = self.plan.target.uri();
        let to = format!("<{}>", self.plan.target.address_of_record());
        let login = self.login("OPTIONS", &uri);
        self.carried = login.is_some();
        self.sequence += 1;
        let branch = self.tokens.branch();
        let (call_id, from) = &self.identity;
        let draft = Draft {
            method: "OPTIONS",
            uri: &uri,
            routes: &[],
            from,
            to: &to,
            call_id,
            sequence: self.sequence,
            login: login.as_ref(),
        };
        let wire = self
            .draft(&draft, &branch)
            .field("Contact", self.contact())
            .field("Accept", "application/sdp")
            .finish(None);
        let reliable = !self.is_datagrams();
        self.push_client(Client::new((branch, "OPTIONS"), wire, reliable, now), None);
        if self.phase == Phase::Idle {
            self.began = now;
        }
        self.phase = Phase::Asking;
        self.deadline = Some(now + self.plan.deadlines.options);
    }

    pub(super) fn options_silent(&mut self, now: Duration) {
        let waited = now.saturating_sub(self.began);
        self.options_failed(Failure { stage: Stage::Options, cause: Cause::Silent { waited } });
    }

    /// OPTIONS came to nothing. A call may still be made: some endpoints only ever answer INVITE.
    pub(super) fn options_failed(&mut self, failure: Failure) {
        let lost = !matches!(failure.cause, Cause::Silent { .. });
        self.clients.clear();
        self.deadline = None;
        self.phase = if lost { Phase::Done } else { Phase::Ready };
        self.queue.push_back(Queued::Event(Event::OptionsFailed(failure)));
    }

    /// The final answer to OPTIONS.
    pub(super) fn on_options(&mut self, response: &Response, now: Duration) {
        self.facts.options_status = Some(response.status);
        if matches!(response.status, 401 | 407) {
            let carried = std::mem::take(&mut self.carried);
            return match self.challenged(response, carried, self.renewed) {
                Ok(()) => {
                    self.renewed = carried;
                    self.ask_options(now);
                }
                Err(cause) => {
                    self.facts.timings.options = Some(now.saturating_sub(self.began));
                    self.deadline = None;
                    self.phase = Phase::Ready;
                    let failure = Failure { stage: Stage::Options, cause };
                    self.queue.push_back(Queued::Event(Event::OptionsFailed(failure)));
                }
            };
        }
        if self.carried {
            self.accepted(response.status);
        }
        self.facts.timings.options = Some(now.saturating_sub(self.began));
        self.deadline = None;
        self.phase = Phase::Ready;
        let description = Description::parse(&response.body).ok();
        let options =
            Options { status: response.status, reason: response.reason.clone(), description };
        self.queue.push_back(Queued::Event(Event::Options(Box::new(options))));
    }

    /// A request with the login in it was answered with something else than a challenge. 403 and
    /// failures of the server may come before the login is looked at.
    pub(super) fn accepted(&mut self, status: u16) {
        if status != 403 && status < 500 || status >= 600 {
            self.auth.accepted();
        }
        self.in_doubt = false;
    }

    /// A 401 or 407. `Ok` says that the request is to be sent again, with the login.
    pub(super) fn challenged(
        &mut self,
        response: &Response,
        carried: bool,
        renewed: bool,
    ) -> Result<(), Cause> {
        let (field, name) = match response.status {
            407 => ("proxy-authenticate", "Proxy-Authorization"),
            _ => ("www-authenticate", "Authorization"),
        };
        let challenges = Challenge::parse_all(response.headers.all(field));
        let offered: Vec<_> = challenges.iter().map(|it| it.name.as_str()).collect();
        let offered = offered.join(", ");
        if carried {
            self.in_doubt = false;
            // Who asks now is not who was answered: it gets no login that it was not meant for.
            if self.login_field.is_some_and(|known| known != name) {
                return Err(Cause::AuthRequired { offered, withheld: false });
            }
        }
        let verdict = self.auth.challenged(challenges, carried, renewed);
        match verdict {
            Verdict::Retry => {
                self.login_field = Some(name);
                Ok(())
            }
            Verdict::Required => Err(Cause::AuthRequired { offered, withheld: self.withheld }),
            Verdict::Rejected | Verdict::RefusedThoughProven => {
                Err(Cause::AuthRejected { offered })
            }
            Verdict::Withheld | Verdict::Unsupported => Err(Cause::AuthUnsupported { offered }),
        }
    }

    /// What any answer tells of the peer.
    pub(super) fn note(&mut self, response: &Response) {
        let headers = &response.headers;
        if self.facts.server.is_none() {
            let name = headers.text("server").or_else(|| headers.text("user-agent"));
            self.facts.server = name.map(|name| name.chars().take(128).collect());
        }
        if self.facts.methods.is_empty() {
            let methods = list(headers, "allow").into_iter().map(|it| it.to_ascii_uppercase());
            self.facts.methods = methods.collect();
        }
        // RFC 3581 §4: our address as it is seen from there.
        if let Some(via) = list(headers, "via").first() {
            let address = parameter(via, "received").and_then(|it| {
                it.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok()
            });
            let port = parameter(via, "rport").and_then(|port| port.parse().ok());
            if let Some(port) = port.filter(|port| *port > 0) {
                let address = address.unwrap_or_else(|| self.plan.local.ip());
                self.seen_as = Some(SocketAddr::new(address, port));
            }
        }
    }
}
