//! A call: INVITE, its forks, and every way to end it.

use std::net::SocketAddr;
use std::time::Duration;

use super::asking::{ALLOW, Draft, identity};
use super::{Event, Phase, Queued, Session, Teardown};
use crate::sip::dialog::Dialog;
use crate::sip::failure::{Cause, Failure, Stage};
use crate::sip::transaction::Client;

/// What we ask for as refresh interval, seconds (RFC 4028 §4).
const SESSION_EXPIRES: u64 = 1_800;
/// The shortest that anybody may ask for (RFC 4028 §4).
pub(super) const MIN_SE: u64 = 90;
/// The longest that we go along with.
const MAX_SE: u64 = 86_400;
/// RFC 5168 §7.1.
const PICTURE_FAST_UPDATE: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control>\
<vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n";

/// A fork that was answered.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) dialog: Dialog,
    /// What acknowledged its answer, and where that went.
    pub(super) ack: (Vec<u8>, Option<SocketAddr>),
}

/// A BYE that is out.
#[derive(Debug)]
pub(super) struct Bye {
    pub(super) branch: String,
    /// Which fork it ends.
    pub(super) fork: usize,
    pub(super) carried: bool,
    pub(super) renewed: bool,
    pub(super) answered: bool,
}

/// Who keeps the session alive (RFC 4028 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refresher {
    Us,
    Peer,
}

/// A session timer.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionTimer {
    pub(super) at: Duration,
    pub(super) refresher: Refresher,
    /// Seconds.
    pub(super) interval: u64,
}

impl SessionTimer {
    /// §10: the refresher halfway, the other shortly before the end.
    pub(super) fn start(interval: u64, refresher: Refresher, now: Duration) -> Self {
        let interval = interval.clamp(MIN_SE, MAX_SE);
        let after = match refresher {
            Refresher::Us => interval / 2,
            Refresher::Peer => interval - (interval / 3).min(32),
        };
        Self { at: now + Duration::from_secs(after), refresher, interval }
    }
}

/// A call that was begun.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) call_id: String,
    pub(super) from: String,
    pub(super) offer: Vec<u8>,
    /// Of the INVITE that is out or was answered.
    pub(super) branch: String,
    pub(super) sequence: u32,
    pub(super) login: Option<(&'static str, Vec<u8>)>,
    pub(super) renewed: bool,
    /// Whether the INVITE has its final answer.
    pub(super) answered: bool,
    pub(super) began: Duration,
    /// First provisional answer past 100.
    pub(super) rang: Option<Duration>,
    /// What a provisional answer described.
    pub(super) early: Vec<u8>,
    /// What acknowledged a refusal.
    pub(super) refusal: Vec<u8>,
    /// The first is the call, the others were hung up at once.
    pub(super) forks: Vec<Fork>,
    pub(super) byes: Vec<Bye>,
    pub(super) min_se: u64,
    pub(super) timer: Option<SessionTimer>,
    /// A refreshing INVITE or UPDATE that is out.
    pub(super) refresh: Option<(String, u32)>,
    /// It is not wanted any more.
    pub(super) cancelled: bool,
    pub(super) cancel_sent: bool,
    /// When its end began.
    pub(super) ending: Duration,
}

impl Call {
    pub(super) fn next(&self) -> Option<Duration> {
        self.timer.map(|timer| timer.at)
    }
}

impl Session {
    /// Begins a call.
    pub(super) fn invite(&mut self, offer: Vec<u8>, now: Duration) {
        let (call_id, from) = identity(&self.plan, &mut self.tokens);
        self.call = Some(Call {
            call_id,
            from,
            offer,
            branch: String::new(),
            sequence: 0,
            login: None,
            renewed: false,
            answered: false,
            began: now,
            rang: None,
            early: Vec::new(),
            refusal: Vec::new(),
            forks: Vec::new(),
            byes: Vec::new(),
            min_se: MIN_SE,
            timer: None,
            refresh: None,
            cancelled: false,
            cancel_sent: false,
            ending: now,
        });
        self.phase = Phase::Calling;
        self.facts.teardown = Teardown::Unanswered;
        self.send_invite(now);
    }

    /// Sends the INVITE, for the first time or again with what the answer asked for.
    pub(super) fn send_invite(&mut self, now: Duration) {
        let uri = self.plan.target.uri();
        let login = self.login("INVITE", &uri);
        let branch = self.tokens.branch();
        let Some(call) = &mut self.call else { return };
        call.login = login;
        call.sequence += 1;
        call.branch.clone_from(&branch);
        call.answered = false;
        let Some(call) = &self.call else { return };
        let to = format!("<{}>", self.plan.target.address_of_record());
        let mut writer = self
            .draft(&self.invite_draft(call, "INVITE", &uri, &to), &branch)
            .field("Contact", self.contact())
            .field("Allow", ALLOW)
            .field("Supported", "timer")
            .field("Session-Expires", SESSION_EXPIRES.max(call.min_se).to_string());
        if call.min_se > MIN_SE {
            writer = writer.field("Min-SE", call.min_se.to_string());
        }
        let wire = writer.finish(Some(("application/sdp", &call.offer)));
        let client = Client::new((branch, "INVITE"), wire, !self.is_datagrams(), now);
        self.push_client(client, None);
        self.deadline = Some(now + self.plan.deadlines.trying);
    }

    /// A request that belongs to the INVITE, outside any dialog.
    pub(super) fn invite_draft<'a>(
        &self,
        call: &'a Call,
        method: &'static str,
        uri: &'a str,
        to: &'a str,
    ) -> Draft<'a> {
        Draft {
            method,
            uri,
            routes: &[],
            from: &call.from,
            to,
            call_id: &call.call_id,
            sequence: call.sequence,
            login: call.login.as_ref().filter(|_| method == "INVITE"),
        }
    }

    pub(super) fn is_invite(&self, branch: &str) -> bool {
        self.call.as_ref().is_some_and(|call| call.branch == branch)
    }

    /// Nobody takes the call.
    pub(super) fn call_overdue(&mut self, now: Duration) {
        let Some(call) = &self.call else { return };
        let waited = now.saturating_sub(call.began);
        let heard = self.facts.timings.invite.is_some();
        let failure = if heard {
            Failure { stage: Stage::Ringing, cause: Cause::Unanswered { rang: waited } }
        } else {
            Failure { stage: Stage::Invite, cause: Cause::Silent { waited } }
        };
        self.queue.push_back(Queued::Event(Event::CallFailed(failure)));
        self.cancel(now);
    }

    /// Takes the INVITE back: at once where it is being worked on, else as soon as it is (§9.1).
    pub(super) fn cancel(&mut self, now: Duration) {
        self.begin_ending(now);
        let Some(call) = &mut self.call else { return };
        call.cancelled = true;
        let branch = call.branch.clone();
        let invite =
            self.clients.iter_mut().find(|it| it.branch == branch && it.method == "INVITE");
        let proceeding = invite.is_some_and(|invite| {
            invite.hush();
            invite.is_proceeding()
        });
        if proceeding {
            self.send_cancel(now);
        }
    }

    pub(super) fn send_cancel(&mut self, now: Duration) {
        let Some(call) = &mut self.call else { return };
        if std::mem::replace(&mut call.cancel_sent, true) {
            return;
        }
        let Some(call) = &self.call else { return };
        let uri = self.plan.target.uri();
        let to = format!("<{}>", self.plan.target.address_of_record());
        let branch = call.branch.clone();
        let wire = self.draft(&self.invite_draft(call, "CANCEL", &uri, &to), &branch).finish(None);
        let client = Client::new((branch, "CANCEL"), wire, !self.is_datagrams(), now);
        self.push_client(client, None);
    }

    fn begin_ending(&mut self, now: Duration) {
        self.phase = Phase::Ending;
        self.deadline = Some(now + self.plan.deadlines.ending);
        if let Some(call) = &mut self.call {
            call.ending = now;
            call.timer = None;
        }
    }

    /// Ends the call.
    pub(super) fn hang_up(&mut self, now: Duration) {
        self.begin_ending(now);
        self.bye(0, false, now);
    }

    /// Sends a request within a dialog; its branch and whether it carried the login come back.
    fn within(
        &mut self,
        fork: usize,
        method: &'static str,
        fields: &[(&str, String)],
        body: Option<(&str, Vec<u8>)>,
        now: Duration,
    ) -> Option<(String, bool)> {
        let dialog = &mut self.call.as_mut()?.forks.get_mut(fork)?.dialog;
        dialog.sequence += 1;
        let (uri, routes) = dialog.way();
        let (sequence, hop, to) = (dialog.sequence, self.hop(fork), self.remote(fork)?);
        // The login goes where it was asked for.
        let login = if hop.is_none() { self.login(method, &uri) } else { None };
        let branch = self.tokens.branch();
        let call = self.call.as_ref()?;
        let draft = Draft {
            method,
            uri: &uri,
            routes: &routes,
            from: &call.from,
            to: &to,
            call_id: &call.call_id,
            sequence,
            login: login.as_ref(),
        };
        let mut writer = self.draft(&draft, &branch);
        for (name, value) in fields {
            writer = writer.field(name, value);
        }
        let wire = writer.finish(body.as_ref().map(|(kind, bytes)| (*kind, bytes.as_slice())));
        let client = Client::new((branch.clone(), method), wire, !self.is_datagrams(), now);
        self.push_client(client, hop);
        Some((branch, login.is_some()))
    }

    fn remote(&self, fork: usize) -> Option<String> {
        Some(self.call.as_ref()?.forks.get(fork)?.dialog.remote.clone())
    }

    /// Where requests of a dialog go: over a connection always to whom it leads.
    pub(super) fn hop(&self, fork: usize) -> Option<SocketAddr> {
        if !self.is_datagrams() {
            return None;
        }
        self.call.as_ref()?.forks.get(fork)?.dialog.hop()
    }

    pub(super) fn bye(&mut self, fork: usize, renewed: bool, now: Duration) {
        let Some((branch, carried)) = self.within(fork, "BYE", &[], None, now) else { return };
        let Some(call) = &mut self.call else { return };
        call.byes.retain(|bye| bye.fork != fork);
        call.byes.push(Bye { branch, fork, carried, renewed, answered: false });
    }

    /// On a new connection: what ends the call is said there.
    pub(super) fn end_again(&mut self, now: Duration) {
        let Some(call) = &mut self.call else { return };
        if call.forks.is_empty() {
            // Where nothing was answered, the INVITE died with its connection, or is cancelled.
            call.cancel_sent = false;
            self.send_cancel(now);
        } else {
            self.bye(0, false, now);
        }
    }

    /// The call is over where everything that ends it was answered.
    pub(super) fn check_end(&mut self, now: Duration) {
        let Some(call) = &self.call else { return };
        let hung_up = call.byes.iter().all(|bye| bye.answered);
        if self.phase == Phase::Ending && call.answered && hung_up {
            self.facts.timings.bye = Some(now.saturating_sub(call.ending));
            self.ended(Teardown::Confirmed);
        }
    }

    /// The peer does not know the call, or its way is gone.
    pub(super) fn forgotten(&mut self, cause: Cause, now: Duration) {
        let failure = Failure { stage: Stage::Answer, cause };
        self.queue.push_back(Queued::Event(Event::HungUp(failure)));
        self.hang_up(now);
    }

    /// What a call that lasts needs: its session timer. Says whether anything was done.
    pub(super) fn keep_call(&mut self, now: Duration) -> bool {
        let Some(call) = &mut self.call else { return false };
        let Some(timer) = call.timer.filter(|timer| now >= timer.at) else { return false };
        if self.phase != Phase::Talking {
            call.timer = None;
            return true;
        }
        match timer.refresher {
            Refresher::Us => {
                call.timer = Some(SessionTimer::start(timer.interval, timer.refresher, now));
                self.refresh(timer.interval, now);
            }
            Refresher::Peer => {
                let waited = Duration::from_secs(timer.interval);
                self.forgotten(Cause::Silent { waited }, now);
            }
        }
        true
    }

    /// Says that the call is still wanted, by UPDATE where the peer has it (RFC 4028 §7.4).
    pub(super) fn refresh(&mut self, interval: u64, now: Duration) {
        let offer = self.call.as_ref().map(|call| call.offer.clone());
        let fields = [
            ("Contact", self.contact()),
            ("Supported", "timer".to_owned()),
            ("Session-Expires", format!("{interval};refresher=uac")),
        ];
        let sent = if self.facts.methods.iter().any(|method| method == "UPDATE") {
            self.within(0, "UPDATE", &fields, None, now)
        } else {
            let body = offer.map(|offer| ("application/sdp", offer));
            self.within(0, "INVITE", &fields, body, now)
        };
        let Some((branch, _)) = sent else { return };
        if let Some(call) = &mut self.call {
            let sequence = call.forks.first().map_or(0, |fork| fork.dialog.sequence);
            call.refresh = Some((branch, sequence));
        }
    }

    /// Asks for a keyframe by INFO (RFC 5168); the answer means nothing.
    pub(super) fn want_keyframe(&mut self, now: Duration) {
        if self.phase == Phase::Talking {
            let body = ("application/media_control+xml", PICTURE_FAST_UPDATE.to_vec());
            self.within(0, "INFO", &[], Some(body), now);
        }
    }
}
