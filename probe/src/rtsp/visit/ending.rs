//! The end of a visit: how the device is given back, and what its session comes to.

use std::time::Duration;

use zhishou_domain::{Detail, Fault, FaultCode, Stage};
use zhishou_protocol::rtsp::{Cause, Facts, Failure, TeardownState, TransportKind};

use super::{End, Met, Stop, Visit, Visited};
use crate::guard::{Held, Remains};
use crate::rtsp::faults::{doubted, of_failure, silence};
use crate::tape::Moment;

/// Nothing came for so long, at least and at most, and for three times the longest pause of the
/// stream: it has ended.
const QUIET: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(2));

impl Visit {
    /// What may go on at the device. Media over UDP that nobody confirmed to have ended are listened
    /// for: where they have stopped coming, their share of recorder and uplink is free. Of a stream
    /// that never came that cannot be told.
    pub(super) async fn remains(&mut self, end: &End) -> Remains {
        let facts = self.last_facts(end);
        let is_left = matches!(facts.teardown, TeardownState::Unanswered | TeardownState::NotSent);
        if !is_left || facts.transport != Some(TransportKind::Udp) {
            return Remains::Session;
        }
        let pause = self.media.longest_pause();
        let quiet = pause.map(|pause| QUIET.0.max(pause * 3)).filter(|quiet| *quiet <= QUIET.1);
        let cancelled = matches!(self.stop, Some(Stop::Cancelled(_)));
        match (&mut self.datagrams, quiet) {
            (Some(datagrams), Some(quiet)) if !cancelled => tokio::select! {
                is_quiet = datagrams.is_quiet_for(quiet) => {
                    if is_quiet { Remains::Session } else { Remains::Media }
                }
                () = &mut self.cancelled => Remains::Media,
            },
            _ => Remains::Media,
        }
    }

    /// Gives the device back and says what was seen.
    pub(super) fn conclude(
        mut self: Box<Self>,
        end: &End,
        ended: Duration,
        remains: Remains,
    ) -> Box<Visited> {
        if let Some(datagrams) = &self.datagrams {
            self.media.went_astray(datagrams, ended);
        }
        let facts = self.last_facts(end);
        self.settle();
        let faults = self.faults(end, ended);
        leave(self.held, &facts, remains);
        Box::new(Visited {
            faults,
            facts,
            media: self.media,
            resolve: self.resolve,
            connect: self.connect,
            login: self.login,
            tls: self.tls,
            ended,
        })
    }

    /// Gives the device back and says nothing.
    pub(super) fn give_back(mut self: Box<Self>, end: &End) {
        let facts = self.last_facts(end);
        self.settle();
        leave(self.held, &facts, Remains::Media);
    }

    fn last_facts(&self, end: &End) -> Facts {
        let mut facts = self.facts();
        if matches!(end, End::GivenUp) {
            facts.teardown = TeardownState::Unanswered;
        }
        facts
    }

    fn faults(&self, end: &End, ended: Duration) -> Vec<Fault> {
        let changed = self.tls.as_deref().and_then(Met::fault);
        changed.into_iter().chain(self.faults_of_session(end, ended)).collect()
    }

    fn faults_of_session(&self, end: &End, ended: Duration) -> Vec<Fault> {
        if let End::Reach(fault) = end {
            self.note(Moment::Failed { fault: (**fault).clone() });
        }
        let (packets, after) = self.media.flow(ended);
        let cancelled_by_caller = matches!(self.stop, Some(Stop::Cancelled(_)));
        // What came of the other transport matters less than that the first was set up and silent.
        if let Some(waited) = self.silent.filter(|_| packets == 0 && !cancelled_by_caller) {
            return vec![Fault::new(FaultCode::NoMedia, Stage::FirstPacket, silence(waited))];
        }
        let failure = match end {
            // Only TEARDOWN was still to be sent, on a connection of its own.
            End::Reach(_) if self.stop.is_some() => None,
            End::Reach(fault) => return vec![(**fault).clone()],
            End::Session(Err(_)) if let Some(fault) = &self.late => return vec![(**fault).clone()],
            End::Session(Err(Failure {
                stage,
                cause: Cause::AuthRequired { offered, withheld: true },
            })) if self.refusal.is_none() && self.is_in_doubt() => Some(doubted(*stage, offered)),
            End::Session(Err(failure)) => {
                Some(of_failure(failure, self.refusal.as_ref(), packets, after))
            }
            End::Session(Ok(())) | End::GivenUp => None,
        };
        let stopped = match self.stop {
            // Not seen to its end, and nobody's fault but ours. What flowed, flowed.
            Some(Stop::Cancelled(stage)) if packets == 0 && failure.is_none() => {
                return vec![cancelled(stage)];
            }
            Some(Stop::Overdue(stage)) if packets == 0 && failure.is_none() => {
                return vec![Fault::new(FaultCode::NoResponse, stage, silence(ended))];
            }
            Some(Stop::Cancelled(_)) => true,
            Some(Stop::Overdue(_) | Stop::Satisfied | Stop::Broken) | None => false,
        };
        let mut faults = self.media.faults(ended, failure.is_some(), stopped, &self.settings);
        faults.extend(failure);
        faults
    }
}

/// Gives a device back, as its session was left.
fn leave(held: Held, facts: &Facts, remains: Remains) {
    match facts.teardown {
        TeardownState::NotNeeded | TeardownState::Confirmed | TeardownState::ClosedByPeer => {
            held.close();
        }
        TeardownState::Unanswered | TeardownState::NotSent => {
            held.leave_open(facts.session_timeout, remains);
        }
    }
}

/// We stopped it ourselves.
pub(crate) fn cancelled(stage: Stage) -> Fault {
    let problem = "the probe was stopped before its end".to_owned();
    Fault::new(FaultCode::NoResponse, stage, Detail::Ours { problem })
}
