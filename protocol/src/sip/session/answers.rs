//! What a session makes of the answers to a call.

use std::time::Duration;

use super::asking::Draft;
use super::calling::{Fork, MIN_SE, Refresher, SessionTimer};
use super::{Answer, Event, Phase, Queued, Session, Teardown};
use crate::sdp::Description;
use crate::sip::dialog::Dialog;
use crate::sip::failure::{Cause, Failure, Stage};
use crate::sip::message::{Response, parameter};
use crate::sip::transaction::Heard;

/// Forks of one call that are answered; more are not believed.
const MAX_FORKS: usize = 4;
/// The longest Min-SE that is gone along with, seconds.
const LONGEST_SE: u64 = 7_200;

impl Session {
    pub(super) fn on_response(&mut self, response: &Response, now: Duration) {
        let Some((branch, method)) = response.key() else { return };
        let ours =
            |it: &&mut crate::sip::transaction::Client| it.branch == branch && it.method == method;
        let Some(client) = self.clients.iter_mut().find(ours) else { return };
        let heard = client.heard(response.status, now);
        self.note(response);
        match (method.as_str(), heard) {
            ("OPTIONS", Heard::Final) if self.phase == Phase::Asking => {
                self.on_options(response, now);
            }
            ("INVITE", _) if self.is_invite(&branch) => self.on_invite(response, heard, now),
            ("INVITE" | "UPDATE", Heard::Final) => self.on_refresh(response, &branch, now),
            ("INVITE", Heard::Again) => self.on_refresh(response, &branch, now),
            ("BYE", Heard::Final) => self.on_bye(response, &branch, now),
            _ => {}
        }
    }

    fn on_invite(&mut self, response: &Response, heard: Heard, now: Duration) {
        match heard {
            Heard::Provisional => self.on_progress(response, now),
            _ if response.is_success() => self.on_invited(response, now),
            Heard::Final => self.on_refused(response, now),
            Heard::Again => {
                let ack = self.call.as_ref().map(|call| call.refusal.clone());
                if let Some(ack) = ack.filter(|ack| !ack.is_empty()) {
                    self.queue.push_back(Queued::Send(ack, None));
                }
            }
        }
    }

    fn on_progress(&mut self, response: &Response, now: Duration) {
        let Some(call) = &mut self.call else { return };
        self.facts.timings.invite.get_or_insert(now.saturating_sub(call.began));
        if call.cancelled {
            return self.send_cancel(now);
        }
        if self.phase != Phase::Calling {
            return;
        }
        self.deadline = Some(call.began + self.plan.deadlines.ringing);
        if response.status > 100 {
            if !response.body.is_empty() {
                call.early.clone_from(&response.body);
            }
            if call.rang.is_none() {
                call.rang = Some(now);
                self.queue.push_back(Queued::Event(Event::Ringing(response.status)));
            }
        }
    }

    /// A 2xx: the call, another fork of it, or one of them again.
    fn on_invited(&mut self, response: &Response, now: Duration) {
        let uri = self.plan.target.uri();
        let Some(call) = &mut self.call else { return };
        let dialog = Dialog::of(response, &uri, call.sequence);
        let known = call.forks.iter().find(|it| it.dialog.remote_tag == dialog.remote_tag);
        if let Some(Fork { ack: (wire, hop), .. }) = known {
            return self.queue.push_back(Queued::Send(wire.clone(), *hop));
        }
        if call.forks.len() >= MAX_FORKS {
            return;
        }
        call.answered = true;
        let (fork, carried) = (call.forks.len(), call.login.is_some());
        if fork == 0 {
            self.facts.timings.answer = Some(now.saturating_sub(call.began));
            self.facts.timings.ringing = call.rang.map(|rang| now.saturating_sub(rang));
        }
        call.forks.push(Fork { dialog, ack: (Vec::new(), None) });
        if carried {
            self.accepted(response.status);
        }
        self.acknowledge(fork);
        if fork > 0 {
            self.facts.forks += 1;
            return self.bye(fork, false, now);
        }
        if self.phase != Phase::Calling {
            return self.bye(fork, false, now);
        }
        let body = match &self.call {
            Some(call) if response.body.is_empty() => call.early.clone(),
            _ => response.body.clone(),
        };
        let described = if body.is_empty() {
            Err(Cause::NoSdp)
        } else {
            Description::parse(&body).map_err(Cause::BadSdp)
        };
        match described {
            Ok(description) => {
                self.phase = Phase::Talking;
                self.deadline = None;
                self.start_timer(response, now);
                let answer = Box::new(Answer { description });
                self.queue.push_back(Queued::Event(Event::Answered(answer)));
            }
            Err(cause) => {
                let failure = Failure { stage: Stage::Answer, cause };
                self.queue.push_back(Queued::Event(Event::CallFailed(failure)));
                self.hang_up(now);
            }
        }
    }

    /// Acknowledges the answer of a fork (§13.2.2.4): end to end, with the login of the INVITE.
    fn acknowledge(&mut self, fork: usize) {
        let hop = self.hop(fork);
        let Some(call) = &self.call else { return };
        let Some(dialog) = call.forks.get(fork).map(|fork| fork.dialog.clone()) else { return };
        let wire = self.ack(&dialog, call.sequence, hop.is_none());
        self.queue.push_back(Queued::Send(wire.clone(), hop));
        if let Some(fork) = self.call.as_mut().and_then(|call| call.forks.get_mut(fork)) {
            fork.ack = (wire, hop);
        }
    }

    /// The ACK of a 2xx. `own_host` is whether it goes where the login was asked for.
    fn ack(&mut self, dialog: &Dialog, sequence: u32, own_host: bool) -> Vec<u8> {
        let branch = self.tokens.branch();
        let Some(call) = &self.call else { return Vec::new() };
        let (uri, routes) = dialog.way();
        let draft = Draft {
            method: "ACK",
            uri: &uri,
            routes: &routes,
            from: &call.from,
            to: &dialog.remote,
            call_id: &call.call_id,
            sequence,
            login: call.login.as_ref().filter(|_| own_host),
        };
        self.draft(&draft, &branch).finish(None)
    }

    /// A refusal: acknowledged within its transaction (§17.1.1.3), and answered where it only asks
    /// for something.
    fn on_refused(&mut self, response: &Response, now: Duration) {
        let uri = self.plan.target.uri();
        let to = response.headers.text("to").unwrap_or_default().into_owned();
        let Some(call) = &self.call else { return };
        let branch = call.branch.clone();
        let ack = self.draft(&self.invite_draft(call, "ACK", &uri, &to), &branch).finish(None);
        self.queue.push_back(Queued::Send(ack.clone(), None));
        let Some(call) = &mut self.call else { return };
        call.refusal = ack;
        call.answered = true;
        let (carried, renewed) = (call.login.is_some(), call.renewed);
        if self.phase == Phase::Ending {
            return self.check_end(now);
        }
        let cause = match response.status {
            401 | 407 => match self.challenged(response, carried, renewed) {
                Ok(()) => {
                    if let Some(call) = &mut self.call {
                        call.renewed = carried;
                    }
                    return self.send_invite(now);
                }
                Err(cause) => cause,
            },
            422 => {
                // RFC 4028 §7.4.
                let wanted = response.headers.number("min-se").unwrap_or(0);
                let fits = wanted > call.min_se && wanted <= LONGEST_SE;
                if fits && call.min_se == MIN_SE {
                    call.min_se = wanted;
                    return self.send_invite(now);
                }
                status(response)
            }
            _ => status(response),
        };
        if carried && !matches!(response.status, 401 | 407) {
            self.accepted(response.status);
        }
        let stage = match &self.call {
            Some(call) if call.rang.is_some() => Stage::Ringing,
            _ => Stage::Invite,
        };
        self.queue.push_back(Queued::Event(Event::CallFailed(Failure { stage, cause })));
        self.ended(Teardown::Confirmed);
    }

    fn start_timer(&mut self, response: &Response, now: Duration) {
        let Some(field) = response.headers.text("session-expires") else { return };
        let interval = field.split(';').next().and_then(|it| it.trim().parse().ok());
        let Some(interval) = interval else { return };
        let refresher = match parameter(&field, "refresher") {
            Some(it) if it.eq_ignore_ascii_case("uas") => Refresher::Peer,
            _ => Refresher::Us,
        };
        let timer = SessionTimer::start(interval, refresher, now);
        self.facts.session_expires_s = Some(timer.interval);
        if let Some(call) = &mut self.call {
            call.timer = Some(timer);
        }
    }

    /// The answer to a refresh. One that does not know the call ends it (RFC 3261 §12.2.1.2).
    fn on_refresh(&mut self, response: &Response, branch: &str, now: Duration) {
        let Some(call) = &mut self.call else { return };
        let Some((_, sequence)) = call.refresh.clone().filter(|(it, _)| it == branch) else {
            return;
        };
        let is_invite = response.key().is_some_and(|(_, method)| method == "INVITE");
        if response.is_success() {
            if let Some(fork) = call.forks.first_mut() {
                fork.dialog.refresh(&response.headers);
            }
            self.start_timer(response, now);
        }
        if is_invite && response.is_success() {
            let Some(dialog) = self.call.as_ref().and_then(|call| call.forks.first()) else {
                return;
            };
            let (dialog, hop) = (dialog.dialog.clone(), self.hop(0));
            let ack = self.ack(&dialog, sequence, hop.is_none());
            self.queue.push_back(Queued::Send(ack, hop));
        }
        if matches!(response.status, 408 | 481) && self.phase == Phase::Talking {
            self.forgotten(status(response), now);
        }
    }

    fn on_bye(&mut self, response: &Response, branch: &str, now: Duration) {
        let Some(call) = &mut self.call else { return };
        let Some(bye) = call.byes.iter_mut().find(|bye| bye.branch == branch) else { return };
        bye.answered = true;
        let (fork, carried, renewed) = (bye.fork, bye.carried, bye.renewed);
        if matches!(response.status, 401 | 407)
            && !renewed
            && self.challenged(response, carried, renewed).is_ok()
        {
            return self.bye(fork, true, now);
        }
        self.check_end(now);
    }
}

fn status(response: &Response) -> Cause {
    Cause::Status { status: response.status, reason: response.reason.clone() }
}
