//! What a session makes of the answers.

use std::time::Duration;

use super::requests::{Pending, Step};
use super::{CLOSE_GRACE, Event, Leg, MAX_REDIRECTS, Queued, Session, State, TeardownState, Track};
use crate::auth::{Challenge, Verdict};
use crate::rtsp::failure::{Cause, RedirectProblem, Stage};
use crate::rtsp::{
    Asked, BaseUrl, Response, Route, Scheme, SessionHeader, Target, TransportHeader,
    resolve_control,
};
use crate::sdp::Description;

impl Session {
    pub(super) fn on_response(&mut self, response: Response, now: Duration) {
        self.note_server(&response);
        let Some(pending) = self.pending.clone() else {
            return self.on_keep_alive_answer(&response, now);
        };
        // A late answer to a keep-alive: answers come in the order of their requests, also where the
        // device writes no CSeq (Q26). Without one outstanding, whatever CSeq it writes, this is the
        // answer we wait for.
        let is_named = response.headers.number("cseq") == Some(u64::from(pending.cseq));
        if self.keepalive.unanswered > 0 && !is_named {
            return self.on_keep_alive_answer(&response, now);
        }
        if (100..200).contains(&response.status) {
            return;
        }
        // TEARDOWN may overtake PLAY, whose answer does not say that the session is gone, but may say
        // that the login was refused.
        if std::mem::take(&mut self.overtakes) && !is_named {
            if self.in_doubt && response.status == 401 {
                self.auth.challenged(challenges(&response), true, false);
            }
            return;
        }
        self.pending = None;
        self.in_doubt &= !pending.carried;
        self.unsure &= !matches!(pending.step, Step::Setup(_));
        if response.status == 401 {
            return self.on_challenge(&pending, &response, now);
        }
        // These lie past the login; 3xx, 400, 403 and 5xx may come before it.
        let past_login = response.is_success() || matches!(response.status, 404 | 453..=455 | 461);
        if pending.carried && past_login {
            self.auth.accepted();
        }
        match pending.step {
            Step::Options => self.on_options(&response, now),
            Step::Describe => self.on_describe(&response, now),
            Step::Setup(index) => self.on_setup(index, &pending, &response, now),
            Step::Play => self.on_play(&response, now),
            Step::Teardown => self.on_teardown(&response, now),
        }
    }

    fn note_server(&mut self, response: &Response) {
        if self.facts.server.is_none() {
            self.facts.server =
                response.headers.text("server").map(|s| s.chars().take(128).collect());
        }
    }

    /// The answer to a request that was not awaited. Errors mean nothing while media flow (Q63, Q65),
    /// but a new nonce is answered once, because devices stop the stream otherwise (Q37).
    fn on_keep_alive_answer(&mut self, response: &Response, now: Duration) {
        // Nobody asked: a device could otherwise make us send for ever.
        if self.keepalive.unanswered == 0 {
            return;
        }
        self.keepalive.unanswered -= 1;
        if response.status != 401 || self.state != State::Playing {
            self.keepalive.renewed = false;
            return;
        }
        // A login is first tried where its answer is awaited, so here it is proven or not sent.
        if !self.keepalive.carried {
            return;
        }
        let renewed = std::mem::replace(&mut self.keepalive.renewed, true);
        if self.auth.challenged(challenges(response), true, renewed) == Verdict::Retry {
            self.keep_alive(now);
        }
    }

    fn on_challenge(&mut self, pending: &Pending, response: &Response, now: Duration) {
        let challenges = challenges(response);
        let offered = challenges.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
        let verdict = self.auth.challenged(challenges, pending.carried, pending.renewed);
        match pending.step {
            // OPTIONS may be challenged where DESCRIBE is open, and its nonce may be good for one
            // request only: DESCRIBE asks afresh.
            Step::Options => {
                self.bare_describe = true;
                return self.done_options(now);
            }
            // It was not carried out, and the session lives until its timeout.
            Step::Teardown if verdict != Verdict::Retry || self.in_doubt => {
                return self.torn_down(TeardownState::Unanswered);
            }
            Step::Setup(index) if index > 0 && verdict != Verdict::Retry => {
                return self.after_setup(index, now);
            }
            _ => {}
        }
        if pending.stopping {
            return self.finish(Ok(()));
        }
        let cause = match verdict {
            Verdict::Retry => {
                let closing = response
                    .headers
                    .text("connection")
                    .is_some_and(|c| c.to_ascii_lowercase().contains("close"));
                if closing && pending.step == Step::Describe && !self.reconnected {
                    return self.reconnect();
                }
                if !pending.carried && !self.auth.proven() {
                    self.held_back = Some((pending.step, now + CLOSE_GRACE));
                    return;
                }
                return self.repeat(pending.step, now, pending.carried);
            }
            Verdict::Withheld => Cause::AuthRequired { offered, withheld: true },
            Verdict::Required => Cause::AuthRequired { offered, withheld: self.withheld },
            Verdict::Rejected => Cause::AuthRejected { offered },
            Verdict::RefusedThoughProven => Cause::SessionLimit { status: 401 },
            Verdict::Unsupported => Cause::AuthUnsupported { offered },
        };
        self.fail(cause, now);
    }

    fn on_options(&mut self, response: &Response, now: Duration) {
        if is_redirect(response.status) {
            return self.redirect(response, now);
        }
        if let Some(public) = response.headers.text("public") {
            let methods = public.split(',').map(|m| m.trim().to_ascii_uppercase());
            self.facts.methods = methods.filter(|m| !m.is_empty()).take(32).collect();
        }
        self.done_options(now);
    }

    /// OPTIONS is a courtesy: whatever its answer, DESCRIBE decides.
    fn done_options(&mut self, now: Duration) {
        self.facts.timings.options = Some(self.since_stage(now));
        self.ask(Step::Describe, now);
    }

    fn on_describe(&mut self, response: &Response, now: Duration) {
        if is_redirect(response.status) {
            return self.redirect(response, now);
        }
        if !response.is_success() {
            return self.fail(status_cause(response), now);
        }
        self.facts.timings.describe = Some(self.since_stage(now));
        let description = match Description::parse(&response.body) {
            Ok(description) => description,
            Err(error) => return self.fail(Cause::BadSdp(error), now),
        };
        let Some(video) = description.video() else {
            return self.fail(Cause::NoVideo { media: description.media.len() }, now);
        };
        let text = |name| response.headers.text(name);
        let content_base = text("content-base").or_else(|| text("content-location"));
        self.base = BaseUrl::new(&self.target, content_base.as_deref());
        self.aggregate = resolve_control(&self.target, &self.base, description.control.as_deref());
        // live555: media controls hang on an absolute session control, else on the base.
        let absolute = description.control.as_deref().is_some_and(|c| c.contains("://"));
        let root = if absolute { self.aggregate.clone() } else { self.base.clone() };
        let media = [(Track::Video, Some(video)), (Track::Audio, description.audio())];
        for ((track, media), asked) in media.into_iter().zip([(0, 1), (2, 3)]) {
            let Some(media) = media else { continue };
            let url = resolve_control(&self.target, &root, media.control.as_deref());
            self.facts.foreign_host |= url.foreign_host;
            let asked = Asked::Channels(asked.0, asked.1);
            self.legs.push(Leg { track, uri: url.uri, asked, route: None });
        }
        self.facts.foreign_host |= self.aggregate.foreign_host;
        self.queue.push_back(Queued::Event(Event::Described(Box::new(description))));
        if self.wants_media() {
            self.set_up(0, now);
        } else {
            self.end(Ok(()), now);
        }
    }

    fn on_setup(&mut self, index: usize, pending: &Pending, response: &Response, now: Duration) {
        if response.is_success() {
            self.open = true;
            if self.header.is_none() {
                self.header = response.headers.get("session").and_then(SessionHeader::parse);
                self.facts.session_timeout = self.header.as_ref().map(|h| h.timeout);
            }
        }
        if pending.stopping {
            return self.end(Ok(()), now);
        }
        if !response.is_success() {
            // Sound is welcome, not needed.
            if index > 0 {
                return self.after_setup(index, now);
            }
            return self.refused(response, now);
        }
        let header = TransportHeader::parse(response.headers.get("transport").unwrap_or_default());
        let Some(leg) = self.legs.get_mut(index) else { return };
        let transports = self.plan.transports;
        leg.route = header.route(leg.asked).filter(|route| transports.allows(route.kind()));
        let (track, route) = (leg.track, leg.route);
        let channels = self.legs.iter().filter_map(|leg| match leg.route? {
            Route::Interleaved { rtp, rtcp } => Some([rtp, rtcp]),
            Route::Datagrams(_) => None,
        });
        self.framer.set_channels(channels.flatten().collect::<Vec<_>>());
        if let Some(route) = route {
            // A device that was asked for UDP and answers with channels has chosen for the rest too.
            self.transport = route.kind();
            self.facts.transport = Some(self.transport);
            self.queue.push_back(Queued::Event(Event::Ready { track, ssrc: header.ssrc, route }));
        } else if index == 0 {
            let cause = Cause::TransportUnsupported { status: response.status };
            return self.fall_back_or_fail(cause, now);
        }
        self.after_setup(index, now);
    }

    /// The driver has bound ports for the leg whose SETUP is next, or could not.
    pub(super) fn on_bound(&mut self, index: usize, ports: Option<(u16, u16)>, now: Duration) {
        match (ports, self.legs.get_mut(index)) {
            (Some((rtp, rtcp)), Some(leg)) => {
                leg.asked = Asked::Ports(rtp, rtcp);
                self.ask(Step::Setup(index), now);
            }
            // Sound is welcome, not needed.
            _ if index > 0 => self.after_setup(index, now),
            _ => {
                self.stage = Stage::Setup;
                self.fail(Cause::NoPorts, now);
            }
        }
    }

    /// SETUP of the video or PLAY was refused: 461 speaks of the transport alone, and 400 to SETUP
    /// may, where a server knows one transport only (RTSP::Server).
    fn refused(&mut self, response: &Response, now: Duration) {
        match (status_cause(response), self.stage) {
            (cause @ Cause::TransportUnsupported { .. }, _)
            | (cause @ Cause::BadStatus { status: 400, .. }, Stage::Setup) => {
                self.fall_back_or_fail(cause, now);
            }
            (cause, _) => self.fail(cause, now),
        }
    }

    fn after_setup(&mut self, index: usize, now: Duration) {
        self.facts.timings.setup = Some(self.since_stage(now));
        let next = index + 1;
        if next < self.legs.len() {
            self.set_up(next, now);
        } else {
            self.ask(Step::Play, now);
        }
    }

    fn on_play(&mut self, response: &Response, now: Duration) {
        if !response.is_success() {
            return self.refused(response, now);
        }
        self.facts.timings.play = Some(self.since_stage(now));
        self.stage = Stage::Receive;
        self.state = State::Playing;
        self.schedule_keep_alive(now);
        self.queue.push_back(Queued::Event(Event::Playing));
    }

    /// Done, or there is no such session (any more). What refuses it otherwise may keep the session
    /// until its timeout.
    fn on_teardown(&mut self, response: &Response, now: Duration) {
        self.facts.timings.teardown = Some(self.since_stage(now));
        let gone = response.is_success() || response.status == 454;
        self.torn_down(if gone { TeardownState::Confirmed } else { TeardownState::Unanswered });
    }

    /// Follows a redirect on a new connection. The login goes along to the same host only (Q26), and
    /// not from TLS to plain text.
    fn redirect(&mut self, response: &Response, now: Duration) {
        let location = response.headers.text("location").and_then(|location| {
            let location = location.trim();
            if location.starts_with('/') {
                return self.target.at_path(location).ok();
            }
            Target::parse(location).ok().map(|(target, _)| target)
        });
        let problem = match location {
            None => RedirectProblem::NoLocation,
            Some(_) if self.facts.redirects >= MAX_REDIRECTS => RedirectProblem::TooMany,
            Some(next) => {
                self.facts.redirects += 1;
                // Nor does it leave TLS: whoever answers in the clear may be anybody.
                let leaves_tls =
                    self.target.scheme() == Scheme::Rtsps && next.scheme() != Scheme::Rtsps;
                if leaves_tls || !self.target.same_host(&next) {
                    self.withheld |= self.auth.withhold();
                }
                self.auth.start_over();
                self.target = next;
                self.stay_sealed();
                return self.connect(Step::Describe);
            }
        };
        self.fail(Cause::BadRedirect { status: response.status, problem }, now);
    }

    fn since_stage(&self, now: Duration) -> Duration {
        now.saturating_sub(self.stage_began)
    }
}

fn challenges(response: &Response) -> Vec<Challenge> {
    Challenge::parse_all(response.headers.all("www-authenticate"))
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 305 | 307 | 308)
}

/// What a final status other than success, redirect and 401 means. 403, 453 and 503 are how devices
/// say that they are full (Q39, Q72).
fn status_cause(response: &Response) -> Cause {
    let status = response.status;
    let reason = response.reason.clone();
    match status {
        403 | 453 | 503 => Cause::SessionLimit { status },
        404 | 410 => Cause::NotFound { status },
        461 => Cause::TransportUnsupported { status },
        454 | 500..=599 => Cause::ServerError { status, reason },
        _ => Cause::BadStatus { status, reason },
    }
}
