//! From a visit to an observation, under the same guards as a camera's.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use zhishou_domain::endpoint::Signalling;
use zhishou_domain::equipment::Address;
use zhishou_domain::{
    Depth, DeviceKind, Observation, ProbeRequest, StageTiming, reached_of, verdict_of,
};

use super::{Order, Seen, visit};
use crate::rtsp::{Met, Outcome, Prober, Start};

impl Prober {
    /// Asks equipment once. What goes wrong is in the observation.
    pub(crate) async fn ask(
        &self,
        request: Box<ProbeRequest>,
        mut start: Start,
        cancel: CancellationToken,
    ) -> Outcome {
        let (address, community) = match Address::parse(&request.url) {
            Ok(parsed) => parsed,
            // The address itself is not repeated: it may hold a community anywhere.
            Err(problem) => return start.ours(&request, problem.to_string()),
        };
        start.target = address.to_string();
        let key = request.device.map_or_else(|| start.target.clone(), |id| id.to_string());
        let held = match self.hold(&request, &key, 0, &cancel, &mut start).await {
            Ok(held) => held,
            Err(fault) => return start.unopened(&request, fault),
        };
        let order = Order {
            address,
            checks: request.checks.clone(),
            credential: request.login(community),
            credential_state: request.credential_state.clone(),
            certificate: request.certificate,
            at: start.at,
            entropy: self.entropy(),
            signalling: match request.kind {
                DeviceKind::Endpoint => Signalling::of(&request.url),
                DeviceKind::Camera | DeviceKind::Equipment => Signalling::default(),
            },
        };
        let stop = cancel.child_token();
        let asking = self.spawn(visit(order, held, self.shared_settings(), stop.clone()));
        let _stop = stop.drop_guard();
        match asking.await {
            Ok(seen) => report(&request, &start, *seen),
            Err(error) => {
                tracing::error!(%error, target = start.target, "a visit ended abnormally");
                start.ours(&request, "the probe ended abnormally".to_owned())
            }
        }
    }
}

fn report(request: &ProbeRequest, start: &Start, seen: Seen) -> Outcome {
    let Seen { mut faults, stages, facts, answered, ended, .. } = seen;
    faults.extend(seen.tls.as_ref().and_then(Met::fault));
    let proven = request.credential_state.proven;
    let timing =
        |(name, time): (_, Duration)| StageTiming { name, ms: Some(super::milliseconds(time)) };
    let observation = Observation {
        duration_ms: super::milliseconds(ended),
        verdict: verdict_of(Depth::Stream, answered, proven, &faults),
        reached: answered || reached_of(&faults),
        faults,
        stages: start.queueing().into_iter().chain(stages.into_iter().map(timing)).collect(),
        server: seen.server,
        tls: seen.tls.as_ref().map(Met::facts),
        redirects: seen.redirects,
        equipment: Some(facts),
        ..Observation::new(start.target.clone(), request.kind, Depth::Reach, start.at)
    };
    Outcome { login: seen.login, ..Outcome::of(observation, request) }
}
