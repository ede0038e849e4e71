//! What one probe says of the items of a check.
//!
//! A busy endpoint is online and its media untested; what we could not see is untested and blamed on
//! nobody; what was not asked is not answered.

use super::{CallLimits, CheckItem, Evidence, MeasureUnit, NotRun, Outcome};
use crate::{Depth, FaultCode, Observation, Verdict};

/// What was found of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Of what.
    pub item: CheckItem,
    /// What.
    pub outcome: Outcome,
    /// Why.
    pub evidence: Evidence,
}

impl Finding {
    fn new(item: CheckItem, outcome: Outcome, evidence: Evidence) -> Self {
        Self { item, outcome, evidence }
    }

    /// Not tested, for a reason.
    pub fn not_run(item: CheckItem, why: NotRun) -> Self {
        Self::new(item, Outcome::Untested, Evidence::not_run(why))
    }
}

const MEDIA: [CheckItem; 6] = [
    CheckItem::Call,
    CheckItem::Audio,
    CheckItem::Video,
    CheckItem::Loss,
    CheckItem::Jitter,
    CheckItem::Delay,
];

fn codes(seen: &Observation) -> Vec<FaultCode> {
    seen.faults.iter().map(|fault| fault.code).collect()
}

/// Of an endpoint, probed at `seen.depth`.
pub fn judge(seen: &Observation, limits: &CallLimits) -> Vec<Finding> {
    use CheckItem as I;
    let faults = codes(seen);
    let has = |code: FaultCode| faults.contains(&code);
    let failed =
        |item| Finding::new(item, Outcome::Fail, Evidence::Faults { faults: faults.clone() });
    let passed = |item| Finding::new(item, Outcome::Pass, Evidence::None);
    let mut found = Vec::new();
    let is_busy = has(FaultCode::Busy);
    let answers = seen.reached || is_busy;
    if !answers && seen.verdict == Verdict::Unknown {
        found.push(Finding::not_run(I::Reachable, NotRun::Ours));
        found.push(Finding::not_run(I::Registered, NotRun::Ours));
        found.extend(MEDIA.map(|item| Finding::not_run(item, NotRun::Ours)));
        return found;
    }
    let is_registered = !has(FaultCode::NotRegistered);
    found.push(if answers { passed(I::Reachable) } else { failed(I::Reachable) });
    found.push(match (is_registered, answers) {
        (false, _) => failed(I::Registered),
        (true, true) => passed(I::Registered),
        (true, false) => Finding::not_run(I::Registered, NotRun::Ours),
    });
    if has(FaultCode::ClockOffset) {
        let faults = vec![FaultCode::ClockOffset];
        found.push(Finding::new(I::Clock, Outcome::Warn, Evidence::Faults { faults }));
    }
    if is_busy {
        found.extend(MEDIA.map(|item| Finding::not_run(item, NotRun::Busy)));
    } else if seen.depth != Depth::Reach {
        found.extend(call(seen, limits, &faults));
    }
    found
}

/// Of a call that was made.
fn call(seen: &Observation, limits: &CallLimits, faults: &[FaultCode]) -> Vec<Finding> {
    use CheckItem as I;
    let with = |all: &[FaultCode]| -> Vec<FaultCode> {
        faults.iter().copied().filter(|code| all.contains(code)).collect()
    };
    let of = |item, all: &[FaultCode], bad: Outcome| match with(all) {
        none if none.is_empty() => Finding::new(item, Outcome::Pass, Evidence::None),
        faults => Finding::new(item, bad, Evidence::Faults { faults }),
    };
    let is_media = seen.audio.is_some() || seen.video.is_some();
    if !is_media {
        // It answered, and nobody called it: nothing is known of its media.
        let was_tried = faults.iter().any(|code| {
            matches!(code, FaultCode::Rejected | FaultCode::NoAnswer | FaultCode::NoMedia)
        });
        if seen.verdict != Verdict::Offline && !was_tried {
            return MEDIA.map(|item| Finding::not_run(item, NotRun::NoCall)).into();
        }
        let faults = faults.to_vec();
        let mut all = vec![Finding::new(I::Call, Outcome::Fail, Evidence::Faults { faults })];
        let rest = MEDIA.into_iter().filter(|item| *item != I::Call);
        all.extend(rest.map(|item| Finding::not_run(item, NotRun::Interrupted)));
        return all;
    }
    let measured = |item, value: Option<f64>, limit: f64, unit, code: FaultCode| {
        let Some(value) = value else {
            return match with(&[code]) {
                none if none.is_empty() => Finding::not_run(item, NotRun::Interrupted),
                faults => Finding::new(item, Outcome::Fail, Evidence::Faults { faults }),
            };
        };
        let bad = value > limit || faults.contains(&code);
        let outcome = if bad { Outcome::Fail } else { Outcome::Pass };
        Finding::new(item, outcome, Evidence::Measured { value, limit, unit })
    };
    let audio_loss = seen.audio.as_ref().and_then(|audio| {
        let sent = audio.packets + audio.lost;
        (sent > 0).then(|| audio.lost as f64 / sent as f64)
    });
    let video = seen.video.as_ref();
    let losses = [audio_loss, video.and_then(|video| video.loss_ratio)];
    let loss = losses.into_iter().flatten().reduce(f64::max).map(|ratio| ratio * 100.0);
    let jitter = video.and_then(|video| video.jitter_ms);
    vec![
        Finding::new(I::Call, Outcome::Pass, Evidence::None),
        of(I::Audio, &[FaultCode::NoAudio, FaultCode::AudioSilent], Outcome::Fail),
        {
            use FaultCode as F;
            let lost =
                [F::NoVideo, F::NoMedia, F::Stalled, F::NoKeyframe, F::Undecodable, F::Black];
            let poor =
                [F::StillPicture, F::Frozen, F::LowFps, F::LowBitrate, F::TooDark, F::Blurred];
            match of(I::Video, &lost, Outcome::Fail) {
                Finding { outcome: Outcome::Pass, .. } => of(I::Video, &poor, Outcome::Warn),
                failed => failed,
            }
        },
        measured(I::Loss, loss, limits.loss_percent, MeasureUnit::Percent, FaultCode::HighLoss),
        measured(I::Jitter, jitter, limits.jitter_ms, MeasureUnit::Millis, FaultCode::HighJitter),
        measured(I::Delay, None, limits.delay_ms, MeasureUnit::Millis, FaultCode::HighDelay),
    ]
}

/// Of the backup endpoints of a venue: one that answers is enough.
pub fn judge_backup(seen: &[Observation]) -> Finding {
    share(CheckItem::BackupLine, seen, |it| it.reached && it.verdict != Verdict::Offline)
}

/// Of the cameras of a venue.
pub fn judge_cameras(seen: &[Observation]) -> Finding {
    let found = share(CheckItem::Cameras, seen, |it| it.verdict == Verdict::Online);
    let shows = |it: &Observation| matches!(it.verdict, Verdict::Online | Verdict::Degraded);
    match found.outcome {
        Outcome::Fail if seen.iter().any(shows) => Finding { outcome: Outcome::Warn, ..found },
        _ => found,
    }
}

fn share(item: CheckItem, seen: &[Observation], is_well: fn(&Observation) -> bool) -> Finding {
    let well = seen.iter().filter(|it| is_well(it)).count();
    let known = seen.iter().filter(|it| it.verdict != Verdict::Unknown).count();
    if seen.is_empty() {
        return Finding::not_run(item, NotRun::NotProbed);
    }
    if known == 0 && well == 0 {
        return Finding::not_run(item, NotRun::Ours);
    }
    let faults = seen.iter().filter(|it| !is_well(it)).flat_map(codes).collect();
    let outcome = match well {
        all if all == seen.len() => Outcome::Pass,
        0 => Outcome::Fail,
        _ => Outcome::Warn,
    };
    Finding::new(item, outcome, Evidence::Share { well, of: seen.len(), faults })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AudioFacts, Detail, DeviceKind, Fault, Stage, Timestamp, VideoFacts};

    const LIMITS: CallLimits = CallLimits { loss_percent: 1.0, jitter_ms: 30.0, delay_ms: 100.0 };

    fn seen(depth: Depth, verdict: Verdict, reached: bool, faults: &[FaultCode]) -> Observation {
        let fault = |code: &FaultCode| Fault::new(*code, Stage::Options, Detail::None);
        Observation {
            verdict,
            reached,
            faults: faults.iter().map(fault).collect(),
            ..Observation::new(
                "sip:room1@10.0.0.1".into(),
                DeviceKind::Endpoint,
                depth,
                Timestamp::from_millis(0),
            )
        }
    }

    fn called(verdict: Verdict, faults: &[FaultCode]) -> Observation {
        Observation {
            audio: Some(AudioFacts { packets: 990, lost: 10, ..AudioFacts::default() }),
            video: Some(VideoFacts {
                loss_ratio: Some(0.002),
                jitter_ms: Some(12.0),
                ..VideoFacts::default()
            }),
            ..seen(Depth::Stream, verdict, true, faults)
        }
    }

    fn outcome(found: &[Finding], item: CheckItem) -> Option<Outcome> {
        found.iter().find(|it| it.item == item).map(|it| it.outcome)
    }

    #[test]
    fn a_look_without_a_call_says_nothing_of_media() {
        let found = judge(&seen(Depth::Reach, Verdict::Online, true, &[]), &LIMITS);
        let items: Vec<_> = found.iter().map(|it| it.item).collect();
        assert_eq!(items, [CheckItem::Reachable, CheckItem::Registered]);
        assert!(found.iter().all(|it| it.outcome == Outcome::Pass));
    }

    #[test]
    fn an_endpoint_that_is_not_there_fails_and_its_media_stays_open() {
        let lost = seen(Depth::Stream, Verdict::Offline, false, &[FaultCode::ConnectTimeout]);
        let found = judge(&lost, &LIMITS);
        assert_eq!(outcome(&found, CheckItem::Reachable), Some(Outcome::Fail));
        assert_eq!(outcome(&found, CheckItem::Call), Some(Outcome::Fail));
        assert_eq!(outcome(&found, CheckItem::Audio), Some(Outcome::Untested));
    }

    #[test]
    fn what_we_could_not_see_is_blamed_on_nobody() {
        let found = judge(&seen(Depth::Stream, Verdict::Unknown, false, &[]), &LIMITS);
        assert!(found.len() == 8 && found.iter().all(|it| it.outcome == Outcome::Untested));
    }

    #[test]
    fn a_busy_endpoint_is_there_and_untested() {
        let busy = seen(Depth::Stream, Verdict::Online, true, &[FaultCode::Busy]);
        let found = judge(&busy, &LIMITS);
        assert_eq!(outcome(&found, CheckItem::Reachable), Some(Outcome::Pass));
        let audio = found.iter().find(|it| it.item == CheckItem::Audio).unwrap();
        assert_eq!(audio.evidence, Evidence::not_run(NotRun::Busy));
    }

    #[test]
    fn a_call_is_judged_item_by_item_against_the_limits() {
        let found = judge(&called(Verdict::Degraded, &[FaultCode::AudioSilent]), &LIMITS);
        let of = |item| outcome(&found, item).unwrap();
        assert_eq!(of(CheckItem::Audio), Outcome::Fail);
        assert_eq!(of(CheckItem::Video), Outcome::Pass);
        assert_eq!(of(CheckItem::Loss), Outcome::Pass, "1.0 of 1.0 is within");
        assert_eq!(of(CheckItem::Delay), Outcome::Untested, "nobody measured it");
        let strict = CallLimits { loss_percent: 0.5, ..LIMITS };
        let found = judge(&called(Verdict::Online, &[FaultCode::StillPicture]), &strict);
        let of = |item| outcome(&found, item).unwrap();
        assert_eq!((of(CheckItem::Loss), of(CheckItem::Video)), (Outcome::Fail, Outcome::Warn));
    }

    #[test]
    fn one_backup_is_enough_and_one_camera_of_two_is_a_risk() {
        let (up, down) = (
            seen(Depth::Reach, Verdict::Online, true, &[]),
            seen(Depth::Reach, Verdict::Offline, false, &[FaultCode::Unreachable]),
        );
        assert_eq!(judge_backup(std::slice::from_ref(&down)).outcome, Outcome::Fail);
        assert_eq!(judge_backup(&[up.clone(), down.clone()]).outcome, Outcome::Warn);
        let found = judge_cameras(&[up, down.clone()]);
        assert_eq!(found.outcome, Outcome::Warn);
        assert_eq!(found.evidence.render(crate::Lang::Zh), "1/2 网络不可达");
        assert_eq!(judge_cameras(&[down]).outcome, Outcome::Fail);
        assert_eq!(judge_cameras(&[]).outcome, Outcome::Untested);
    }
}
