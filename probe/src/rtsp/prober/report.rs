//! What a visit tells, as an observation.

use zhishou_domain::habit::{Due, Look as Looked, Sighting};
use zhishou_domain::{
    Depth, Detail, Fault, FaultCode, Observation, PictureFacts, PictureSkipped, ProbeRequest,
    Snapshot, Stage, StageTiming, reached_of, verdict_of,
};

use super::{Outcome, Prober, Start};
use crate::look::Look;
use crate::rtsp::milliseconds;
use crate::rtsp::taught::{came, coded, looked, shaken};
use crate::rtsp::visit::Visited;

impl Prober {
    pub(super) async fn report(
        &self,
        mut request: Box<ProbeRequest>,
        start: Start,
        mut visited: Box<Visited>,
    ) -> Outcome {
        let mut faults = std::mem::take(&mut visited.faults);
        let mut seen = Look::default();
        let at = start.at + start.took(visited.ended);
        let mut sighting = visited.media.sighting(visited.ended, at, &faults);
        let (mut skipped, mut takes_run) = (None, false);
        if let Some(keyframe) = visited.media.take_keyframe() {
            sighting.keyframe = Some(coded(&keyframe));
            takes_run = request.habit.is_run_due(start.at, request.decode_every);
            if !keyframe.following.is_empty() || is_due(&request, &sighting, &start) {
                seen = Box::pin(self.look_at(keyframe, &mut request, &start)).await;
                if seen.facts.is_none() && seen.faults.is_empty() {
                    skipped = Some(PictureSkipped::NoDecoder);
                }
            } else {
                skipped = Some(PictureSkipped::WithinHabit);
            }
        } else if visited.media.goes_without_keyframe() && faults.is_empty() {
            skipped = Some(PictureSkipped::NotDue);
        } else if visited.media.is_not_decodable() {
            skipped = Some(PictureSkipped::NotDecodable);
        }
        if takes_run {
            sighting.run = shaken(&seen);
            if sighting.run == Looked::None {
                // Shaking that stands is not over because it could not be told again; with nothing
                // standing, it is asked for again in its time.
                if request.habit.shakes_on(start.at) {
                    seen.faults.push(Fault::new(FaultCode::Shaking, Stage::Judge, Detail::None));
                } else {
                    sighting.run = Looked::Clean;
                }
            }
        }
        sighting.look = looked(&seen);
        sighting.came = came(&visited);
        faults.append(&mut seen.faults);
        let stands = skipped.is_some_and(PictureSkipped::stands);
        let unseen = seen.facts.is_none() && !stands && faults.is_empty();
        if unseen && visited.media.flow(visited.ended).0 > 0 {
            faults.extend(self.still_faulty(&request));
        }
        let limits = self.settings.limits.baseline;
        faults.extend(request.habit.departures(&sighting, limits));
        let habit = request.habit.learn(&sighting, limits);
        let (login, login_in_doubt) = (visited.login, visited.facts.login_in_doubt);
        let mut observation = observe(&request, &start, &visited, faults, seen.facts);
        observation.picture_skipped = skipped;
        let Look { snapshot, signature, lesson, .. } = seen;
        Outcome { observation, snapshot, signature, lesson, habit, login, login_in_doubt }
    }

    /// What stands where the picture should have been looked at and was not, for a reason of ours: a
    /// fault that was seen in it is not over because nobody looked.
    fn still_faulty(&self, request: &ProbeRequest) -> Option<Fault> {
        let stands = request.habit.judged.is_some_and(|judged| !judged.clean);
        (request.depth == Depth::Picture && self.decoder.is_some() && stands).then(|| {
            let problem = "the picture, faulty when last seen, could not be looked at".to_owned();
            Fault::new(FaultCode::Undecodable, Stage::Decode, Detail::Ours { problem })
        })
    }
}

/// Whether the keyframe is to be decoded: a snapshot that is wanted in any case needs it too, as one
/// of a picture that an operator adopts is.
fn is_due(request: &ProbeRequest, seen: &Sighting, start: &Start) -> bool {
    let due = request.habit.look_due(seen, start.at, request.decode_every);
    due == Due::Now || request.snapshot == Snapshot::Always
}

fn observe(
    request: &ProbeRequest,
    start: &Start,
    visited: &Visited,
    faults: Vec<Fault>,
    picture: Option<PictureFacts>,
) -> Observation {
    let Visited { facts, media, ended, .. } = visited;
    let flowed = media.flow(*ended).0 > 0 && request.depth != Depth::Reach;
    let proven = request.credential_state.proven || facts.login_proven;
    Observation {
        target: start.target.clone(),
        kind: request.kind,
        depth: request.depth,
        started_at: start.at,
        duration_ms: milliseconds(start.took(*ended)),
        verdict: verdict_of(request.depth, flowed, proven, &faults),
        reached: reached_of(&faults),
        faults,
        stages: stages(start, visited),
        server: facts.server.clone(),
        transport: media.transport(),
        tls: visited.tls.as_ref().map(|tls| tls.facts()),
        redirects: facts.redirects,
        rejected_logins: facts.rejected_logins,
        video: media.video_facts(*ended, facts),
        audio: media.audio_facts(*ended),
        picture,
        picture_skipped: None,
        oddities: media.oddities(*ended, facts).any(),
        equipment: None,
        call: None,
    }
}

/// Every stage of the contract in order; those not met have no time.
fn stages(start: &Start, visited: &Visited) -> Vec<StageTiming> {
    let timings = &visited.facts.timings;
    let (first_packet, first_keyframe) = visited.media.timings(visited.ended);
    let met = [
        (Stage::Resolve, visited.resolve),
        (Stage::Connect, visited.connect),
        (Stage::Tls, visited.tls.as_ref().map(|tls| tls.took)),
        (Stage::Options, timings.options),
        (Stage::Describe, timings.describe),
        (Stage::Setup, timings.setup),
        (Stage::Play, timings.play),
        (Stage::FirstPacket, first_packet),
        (Stage::FirstKeyframe, first_keyframe),
        (Stage::Teardown, timings.teardown),
    ]
    .map(|(name, time)| StageTiming { name, ms: time.map(milliseconds) });
    start.queueing().into_iter().chain(met).collect()
}
