//! Level 2: the guarded test call.
//!
//! It is made where it is permitted and OPTIONS says nothing against it, one of a few at a time, and
//! no longer than the cap. However it ends, by the clock, by the peer, by a caller that goes away, by a
//! mistake of ours or by SIGTERM, the session ends it with BYE or CANCEL before the visit is over.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use zhishou_domain::{CallSkipped, Clock, Detail, DeviceId, Fault, FaultCode, Stage, TestCall};
use zhishou_protocol::sip::{Cause, Event, Failure, Input};

use super::meaning::of_failure;
use super::media::{Ask, Media, Ports};
use super::visit::{Line, Reached, Visit};
use super::wire::any_port;
use crate::caught::caught;
use crate::dial::{failed, ours};

/// What a call needs besides its endpoint.
#[derive(Clone)]
pub(crate) struct Calling {
    pub(crate) leave: TestCall,
    /// How long it lasts once it is answered.
    pub(crate) time: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    /// A place for each call at a time.
    pub(crate) places: Arc<Semaphore>,
    /// What is told of a call before it is made, and of which endpoint.
    pub(crate) log: Option<(DeviceId, Arc<dyn CallLog>)>,
}

/// What keeps word of test calls.
///
/// Invariant: a call that is not on record is not made, so that one which this process does not survive is on
/// record too.
pub trait CallLog: Send + Sync {
    /// Keeps word of a call that is about to be made.
    fn begins(&self, device: DeviceId) -> Noting<'_>;
}

/// Word that is being kept; what went wrong, in words.
pub type Noting<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// What came of a call.
pub(crate) struct Called {
    pub(crate) media: Option<Media>,
    /// How long it lasted once it was answered.
    pub(crate) talked: Duration,
}

impl Visit {
    /// Whether a call may be made at all; why not is noted.
    pub(super) fn may_call(&mut self) -> bool {
        let skipped = match &self.order.calling {
            None => return false,
            Some(calling) => match calling.leave {
                TestCall::Permitted => return true,
                TestCall::Forbidden => CallSkipped::NotPermitted,
                TestCall::InMeeting => CallSkipped::InMeeting,
            },
        };
        self.seen.call.skipped = Some(skipped);
        false
    }

    /// Whether the system of the peer says that nothing listens there. An empty line is a keep-alive
    /// (RFC 5626 §3.5.1), which nobody answers.
    pub(super) async fn knock(&self, line: &Line) -> Result<(), Box<Fault>> {
        let peer = line.peer;
        let asked = async {
            let socket = UdpSocket::bind(any_port(peer.ip())).await?;
            socket.connect(peer).await?;
            for _ in 0..2 {
                socket.send(b"\r\n\r\n").await?;
                let mut buffer = [0; 16];
                if let Ok(heard) =
                    timeout(Duration::from_millis(300), socket.recv(&mut buffer)).await
                {
                    heard?;
                }
            }
            Ok(())
        };
        let asked: std::io::Result<()> = asked.await;
        asked.map_err(|error| Box::new(failed(peer, Stage::Options, &error)))
    }

    /// Calls, talks, and hangs up.
    pub(super) async fn call(&mut self, line: &mut Line) {
        let Some(calling) = self.order.calling.clone() else { return };
        let place = tokio::select! {
            place = timeout(self.settings.call.wait, calling.places.acquire_owned()) => place,
            () = self.cancel.cancelled() => return,
        };
        let Ok(Ok(_place)) = place else {
            self.seen.call.skipped = Some(CallSkipped::NoRoom);
            return;
        };
        let ports = match Ports::bind(line.local.ip()) {
            Ok(ports) => ports,
            Err(error) => {
                let fault = ours(line.peer, Stage::Invite, &error);
                return self.seen.faults.push(fault);
            }
        };
        if let Some((device, log)) = &calling.log
            && let Err(why) = log.begins(*device).await
        {
            let error = std::io::Error::other(why);
            return self.seen.faults.push(ours(line.peer, Stage::Invite, &error));
        }
        let offer = ports.offer(self.order.entropy);
        line.session.handle(Input::Call(offer), self.now());
        self.seen.call.called = true;
        let mut ports = Some(ports);
        let mut called = Called { media: None, talked: Duration::ZERO };
        let mut answered: Option<Instant> = None;
        let mut broken = None;
        loop {
            let next = caught(pin!(self.next(line))).await;
            let reached = match next {
                Ok(reached) => reached,
                // A mistake of ours ends the call first, as its time would.
                Err(panic) if broken.is_none() => {
                    broken = Some(panic);
                    (line.media, line.until) = (None, None);
                    line.session.handle(Input::Stop, self.now());
                    continue;
                }
                Err(panic) => resume_unwind(panic),
            };
            match reached {
                Reached::Event(Event::Answered(answer)) if broken.is_none() => {
                    self.seen.call.invite_status = Some(200);
                    let now = Instant::now();
                    answered = Some(now);
                    line.until = Some(now + calling.time.min(self.settings.call.longest));
                    line.media = ports.take().map(|ports| {
                        let time = (calling.clock.clone(), self.began);
                        let chance = self.order.entropy.rotate_left(17);
                        Media::new(ports, &answer.description, line.peer.ip(), chance, time)
                    });
                }
                Reached::Event(Event::CallFailed(failure)) => {
                    if let Cause::Status { status, .. } = &failure.cause {
                        self.seen.call.invite_status = Some(*status);
                    }
                    self.fail(&failure);
                }
                Reached::Event(Event::HungUp(failure)) => {
                    // What was wanted was seen.
                    let enough = line.until.is_none();
                    if !enough {
                        self.fail(&failure);
                    }
                    end(line, &mut called, answered);
                }
                Reached::Event(_) => {}
                Reached::Ending => end(line, &mut called, answered),
                Reached::Finished => break,
                Reached::Unreachable(error) => {
                    self.seen.faults.push(failed(line.peer, Stage::Invite, &error));
                    break;
                }
            }
        }
        end(line, &mut called, answered);
        self.note(&line.session.facts());
        if let Some(panic) = broken {
            resume_unwind(panic);
        }
        self.seen.called = Some(called);
    }

    fn fail(&mut self, failure: &Failure) {
        let fault = match (&failure.cause, self.cancel.is_cancelled()) {
            (_, true) => crate::rtsp::cancelled(Stage::Invite),
            // Before the end of the test.
            (Cause::HungUp, _) => {
                Fault::new(FaultCode::ConnectionLost, Stage::Receive, Detail::None)
            }
            _ => of_failure(failure, self.refusal.as_ref()),
        };
        self.seen.faults.push(fault);
    }
}

/// Media end with the talk: what comes while BYE is under way is nobody's.
fn end(line: &mut Line, called: &mut Called, answered: Option<Instant>) {
    line.until = None;
    if let Some(media) = line.media.take() {
        called.talked = answered.map(|at| at.elapsed()).unwrap_or_default();
        called.media = Some(media);
    }
}

impl Line {
    /// Asks for a keyframe by the next way, where none comes.
    pub(super) fn want_keyframe(&mut self, now: Duration) {
        let asked = self.media.as_mut().and_then(Media::ask);
        if asked == Some(Ask::Info) {
            self.session.handle(Input::WantKeyframe, now);
        }
    }
}
