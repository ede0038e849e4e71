//! From a visit to an observation, under the same guards as a camera's.

use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Credential, Depth, Fault, FaultCode, Observation, ProbeRequest, Stage, StageTiming, Transport,
    reached_of, verdict_of_call,
};
use zhishou_protocol::sip::Target;

use super::call::Calling;
use super::judge::{Judged, judge};
use super::visit::Visit;
use super::{Order, Seen};
use crate::look::Look;
use crate::rtsp::{Met, Outcome, Prober, Start, milliseconds};

impl Prober {
    /// Asks an endpoint, and calls it where that is permitted. What goes wrong is in the observation.
    pub(crate) async fn call(
        &self,
        request: Box<ProbeRequest>,
        mut start: Start,
        cancel: CancellationToken,
    ) -> Outcome {
        let (target, own) = match Target::parse(&request.url) {
            Ok(parsed) => parsed,
            // The address itself is not repeated: it may hold a password anywhere.
            Err(problem) => return start.ours(&request, problem.to_string()),
        };
        start.target = target.to_string();
        let key = request.device.map_or_else(|| start.target.clone(), |id| id.to_string());
        let held = match self.hold(&request, &key, 0, &cancel, &mut start).await {
            Ok(held) => held,
            Err(fault) => return start.unopened(&request, fault),
        };
        let own = own.map(|it| Credential::new(it.username(), it.password()));
        let (places, clock) = self.calling();
        let log = request.device.zip(self.call_log());
        let calling =
            Calling { leave: request.test_call, time: request.seconds, clock, places, log };
        let order = Order {
            target,
            credential: request.login(own),
            credential_state: request.credential_state.clone(),
            certificate: request.certificate,
            entropy: self.entropy(),
            calling: Some(calling).filter(|_| request.depth > Depth::Reach),
        };
        let stop = cancel.child_token();
        let visit = Visit::new(order, held, self.shared_settings(), stop.clone());
        let visiting = self.spawn(visit.run());
        let _stop = stop.drop_guard();
        match visiting.await {
            Ok(seen) => self.report_call(request, &start, *seen).await,
            Err(error) => {
                tracing::error!(%error, target = start.target, "a visit ended abnormally");
                start.ours(&request, "the probe ended abnormally".to_owned())
            }
        }
    }

    async fn report_call(
        &self,
        mut request: Box<ProbeRequest>,
        start: &Start,
        mut seen: Seen,
    ) -> Outcome {
        let is_call = seen.called.is_some();
        let judged =
            seen.called.as_mut().map(|called| judge(called, &self.settings().call, &mut seen.call));
        let mut judged = judged.unwrap_or_else(Judged::nothing);
        let mut faults = std::mem::take(&mut seen.faults);
        faults.append(&mut judged.faults);
        let mut look = Look::default();
        if let Some(keyframe) = judged.keyframe.take().filter(|_| request.depth == Depth::Picture) {
            look = self.look_at(keyframe, &mut request, start).await;
            faults.append(&mut look.faults);
        }
        let proven = request.credential_state.proven || seen.facts.login_proven;
        // What was not called says nothing of media.
        let depth = if is_call && !busy(&faults) { request.depth } else { Depth::Reach };
        let observation = Observation {
            duration_ms: milliseconds(seen.ended),
            verdict: verdict_of_call(is_call, judged.flowed, proven, &faults),
            reached: reached_of(&faults),
            stages: stages(start, &seen, &judged),
            server: seen.facts.server.clone(),
            transport: judged.flowed.then_some(Transport::Udp),
            tls: seen.tls.as_ref().map(Met::facts),
            rejected_logins: seen.facts.rejected_logins,
            faults,
            video: judged.video,
            audio: judged.audio,
            picture: look.facts,
            call: Some(seen.call),
            ..Observation::new(start.target.clone(), request.kind, depth, start.at)
        };
        let Look { snapshot, signature, lesson, .. } = look;
        let (login, login_in_doubt) = (seen.login, seen.login_in_doubt);
        Outcome {
            snapshot,
            signature,
            lesson,
            login,
            login_in_doubt,
            ..Outcome::of(observation, &request)
        }
    }
}

fn busy(faults: &[Fault]) -> bool {
    faults.iter().any(|fault| fault.code == FaultCode::Busy)
}

/// Every stage of the contract in order; those not met have no time.
fn stages(start: &Start, seen: &Seen, judged: &Judged) -> Vec<StageTiming> {
    let timings = &seen.facts.timings;
    let met = [
        (Stage::Options, timings.options),
        (Stage::Invite, timings.invite),
        (Stage::Ringing, timings.ringing),
        (Stage::Answer, timings.answer),
        (Stage::FirstAudio, judged.first_audio),
        (Stage::FirstVideo, judged.first_video),
        (Stage::Bye, timings.bye),
    ];
    let reached = seen.reached.iter().map(|(name, time)| (*name, Some(*time)));
    let all = reached.chain(met);
    let all = all.map(|(name, time)| StageTiming { name, ms: time.map(milliseconds) });
    start.queueing().into_iter().chain(all).collect()
}
