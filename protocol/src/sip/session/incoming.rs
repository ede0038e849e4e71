//! Requests of the peer: within the call they are answered, everything else is turned away.

use std::net::SocketAddr;
use std::time::Duration;

use super::asking::ALLOW;
use super::calling::{Refresher, SessionTimer};
use super::{Event, MAX_SERVED, Phase, Queued, Session, Teardown};
use crate::sip::failure::{Cause, Failure, Stage};
use crate::sip::message::{Message, Request, list, parameter};
use crate::sip::transaction::Server;
use crate::sip::write::Writer;

impl Session {
    pub(super) fn on_message(&mut self, message: Message, from: Option<SocketAddr>, now: Duration) {
        match message {
            Message::Response(response) => self.on_response(&response, now),
            Message::Request(request) => self.on_request(&request, from, now),
        }
    }

    fn on_request(&mut self, request: &Request, from: Option<SocketAddr>, now: Duration) {
        let via = list(&request.headers, "via").into_iter().next().unwrap_or_default();
        let branch = parameter(&via, "branch").unwrap_or_default().to_owned();
        let fork = self.fork_of(request);
        // Who is neither the peer nor in the call is a stranger.
        if from.is_some() && fork.is_none() {
            return;
        }
        if request.method == "ACK" {
            for server in self.servers.iter_mut().filter(|it| it.method == "INVITE") {
                server.acknowledged();
            }
            return;
        }
        if self.served >= MAX_SERVED {
            return;
        }
        self.served += 1;
        let again = |it: &&Server| it.branch == branch && it.method == request.method;
        if let Some(server) = self.servers.iter().find(again) {
            return self.queue.push_back(Queued::Send(server.wire.clone(), server.hop));
        }
        let wire = match fork {
            Some(fork) => self.serve(fork, request, now),
            None => self.turn_away(request),
        };
        self.push_server(Server::new((branch, &request.method), wire, from, now));
        if fork == Some(0) && request.method == "BYE" {
            self.on_peer_bye(now);
        }
    }

    /// Which fork of our call it belongs to.
    fn fork_of(&self, request: &Request) -> Option<usize> {
        let call = self.call.as_ref()?;
        let is_call = request.headers.text("call-id").is_some_and(|it| it == call.call_id);
        let from = request.headers.text("from")?;
        let tag = parameter(&from, "tag").unwrap_or_default();
        let ours = |it: &super::calling::Fork| it.dialog.remote_tag == tag;
        call.forks.iter().position(ours).filter(|_| is_call)
    }

    fn serve(&mut self, fork: usize, request: &Request, now: Duration) -> Vec<u8> {
        let sequence = request.headers.number("cseq").or_else(|| {
            let text = request.headers.text("cseq")?;
            text.split_ascii_whitespace().next()?.parse().ok()
        });
        let Some(call) = &mut self.call else { return self.turn_away(request) };
        let Some(it) = call.forks.get_mut(fork) else { return self.turn_away(request) };
        // §12.2.2: what comes out of order is refused.
        if it.dialog.remote_sequence.is_some_and(|last| sequence.is_some_and(|now| now < last)) {
            return answer(request, 500, "Server Internal Error", "").finish(None);
        }
        it.dialog.remote_sequence = sequence.or(it.dialog.remote_sequence);
        let talking = fork == 0 && self.phase == Phase::Talking;
        match request.method.as_str() {
            "BYE" | "INFO" => answer(request, 200, "OK", "").finish(None),
            "OPTIONS" => answer(request, 200, "OK", "").field("Allow", ALLOW).finish(None),
            "INVITE" | "UPDATE" if talking => {
                it.dialog.refresh(&request.headers);
                self.refreshed(request, now)
            }
            "INVITE" | "UPDATE" => answer(request, 481, "Call Does Not Exist", "").finish(None),
            _ => not_allowed(request),
        }
    }

    /// The peer renews the call, or would change it: it gets what it has.
    fn refreshed(&mut self, request: &Request, now: Duration) -> Vec<u8> {
        let mut writer = answer(request, 200, "OK", "")
            .field("Contact", self.contact())
            .field("Allow", ALLOW)
            .field("Supported", "timer");
        let Some(call) = &mut self.call else { return writer.finish(None) };
        if let Some(field) = request.headers.text("session-expires") {
            let interval = field.split(';').next().and_then(|it| it.trim().parse().ok());
            let refresher = match parameter(&field, "refresher") {
                Some(it) if it.eq_ignore_ascii_case("uas") => Refresher::Us,
                _ => Refresher::Peer,
            };
            if let Some(interval) = interval {
                let timer = SessionTimer::start(interval, refresher, now);
                let who = if refresher == Refresher::Us { "uas" } else { "uac" };
                call.timer = Some(timer);
                writer =
                    writer.field("Session-Expires", format!("{};refresher={who}", timer.interval));
            }
        } else if let Some(timer) = call.timer.filter(|it| it.refresher == Refresher::Peer) {
            call.timer = Some(SessionTimer::start(timer.interval, timer.refresher, now));
        }
        let described = request.method == "INVITE" || !request.body.is_empty();
        writer.finish(described.then_some(("application/sdp", call.offer.as_slice())))
    }

    /// A request outside our call.
    fn turn_away(&mut self, request: &Request) -> Vec<u8> {
        let tag = self.tokens.next();
        match request.method.as_str() {
            "INVITE" => answer(request, 486, "Busy Here", &tag).finish(None),
            "OPTIONS" => answer(request, 200, "OK", &tag).field("Allow", ALLOW).finish(None),
            "BYE" | "CANCEL" | "INFO" | "UPDATE" => {
                answer(request, 481, "Call Does Not Exist", &tag).finish(None)
            }
            _ => not_allowed(request),
        }
    }

    fn on_peer_bye(&mut self, now: Duration) {
        let was = self.phase;
        if let Some(call) = &mut self.call {
            call.timer = None;
            for bye in &mut call.byes {
                bye.answered |= bye.fork == 0;
            }
        }
        match was {
            Phase::Talking => {
                let failure = Failure { stage: Stage::Answer, cause: Cause::HungUp };
                self.queue.push_back(Queued::Event(Event::HungUp(failure)));
                self.ended(Teardown::ByPeer);
            }
            Phase::Ending => self.check_end(now),
            Phase::Idle | Phase::Asking | Phase::Ready | Phase::Calling | Phase::Done => {}
        }
    }
}

fn not_allowed(request: &Request) -> Vec<u8> {
    answer(request, 405, "Method Not Allowed", "").field("Allow", ALLOW).finish(None)
}

/// The head of an answer (§8.2.6): what names the transaction and the dialog is echoed. `tag` is
/// added to a `To` that has none.
fn answer(request: &Request, status: u16, reason: &str, tag: &str) -> Writer {
    let mut writer = Writer::response(status, reason);
    for via in list(&request.headers, "via") {
        writer = writer.field("Via", via);
    }
    for (name, key) in [("From", "from"), ("Call-ID", "call-id"), ("CSeq", "cseq")] {
        writer = writer.field(name, request.headers.get(key).unwrap_or_default());
    }
    let to = request.headers.text("to").unwrap_or_default();
    if tag.is_empty() || parameter(&to, "tag").is_some() {
        writer.field("To", to.as_bytes())
    } else {
        writer.field("To", format!("{to};tag={tag}"))
    }
}
