//! A visit to a capture instead of a device: what waits for the network elsewhere is taken from the
//! player here, and nothing else differs.

use std::time::Duration;

use tokio::time::Instant;
use zhishou_domain::Fault;
use zhishou_protocol::rtsp::{Input, Target};

use super::{End, Stop, Visit, stage, wall};
use crate::guard::Refusal;
use crate::rtsp::certificate::Met;
use crate::tape::{Handshake, Moment, Next, Withheld};

/// The ports that a replay says it has: nobody sends there.
pub(super) const PORTS: (u16, u16) = (40_000, 40_001);

impl Visit {
    /// Time since the visit began, in a replay that of the capture.
    pub(super) fn now(&self) -> Duration {
        match &self.order.player {
            Some(player) => player.now(),
            None => self.began.elapsed(),
        }
    }

    /// The same as an instant.
    pub(super) fn instant(&self) -> Instant {
        self.began + self.now()
    }

    pub(super) fn note(&self, moment: Moment) {
        if let Some(tape) = &self.order.tape {
            tape.note(self.now(), moment);
        }
    }

    /// The next connection of the capture. `None` if this is no replay.
    pub(super) fn open_replayed(&mut self, target: &Target) -> Option<Result<(), Box<Fault>>> {
        let made = match self.order.player.as_mut()?.connect() {
            Ok(made) => made,
            Err(fault) => return Some(Err(fault)),
        };
        let (resolve_ns, connect_ns) = (nanos(made.resolve), nanos(made.connect));
        let shown = made.tls.as_ref().map(Handshake::shown);
        self.note(Moment::Connected { peer: made.peer, resolve_ns, connect_ns, tls: made.tls });
        self.resolve.get_or_insert(made.resolve);
        self.connect.get_or_insert(made.connect);
        if let Some((shown, took)) = shown {
            self.meet(target, Met::new(shown, took));
        }
        if let Some(withheld) = made.withheld {
            self.withhold(refusal(withheld));
        }
        let now = self.now();
        self.session.handle(Input::Connected, now);
        Some(Ok(()))
    }

    /// What the capture has next, until `wake`. `None` if this is no replay.
    pub(super) fn wait_replayed(&mut self, wake: Instant, stopping: bool) -> Option<Option<End>> {
        let wake = wake.saturating_duration_since(self.began);
        let next = self.order.player.as_mut()?.next(wake);
        let now = self.now();
        match next {
            Next::Bytes(bytes) => {
                if let Some(tape) = &self.order.tape {
                    tape.received(now, &bytes);
                }
                self.heard = now;
                self.session.handle(Input::Bytes(&bytes), now);
            }
            Next::Datagram(stream, bytes) => {
                if let Some(tape) = &self.order.tape {
                    tape.datagram(now, stream, &bytes);
                }
                let at = self.order.player.as_ref()?.wall();
                let (track, kind) = stream.parts();
                self.media.packet(track, kind, &bytes, now, wall(at));
            }
            Next::End => {
                self.note(Moment::Closed);
                self.session.handle(Input::Closed, now);
            }
            Next::Refused(fault) => {
                self.note(Moment::Failed { fault: fault.clone() });
                self.late = Some(Box::new(fault));
            }
            Next::Time => return Some(self.time_has_come(stopping)),
            Next::Cancelled if !stopping => {
                self.stop(Stop::Cancelled(stage(self.session.stage())));
            }
            Next::Cut if !stopping => self.stop(Stop::Satisfied),
            Next::Cancelled | Next::Cut => {}
        }
        Some(None)
    }
}

/// A refusal as it stands on a tape.
pub(super) fn withheld(refusal: &Refusal) -> Withheld {
    match refusal {
        Refusal::Suspended { failures, retry_after } => Withheld {
            failures: Some(*failures),
            retry_after_ms: retry_after.map(|time| nanos(time) / 1_000_000),
        },
        Refusal::Busy => Withheld { failures: None, retry_after_ms: None },
    }
}

fn refusal(withheld: Withheld) -> Refusal {
    match withheld.failures {
        Some(failures) => Refusal::Suspended {
            failures,
            retry_after: withheld.retry_after_ms.map(Duration::from_millis),
        },
        None => Refusal::Busy,
    }
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
