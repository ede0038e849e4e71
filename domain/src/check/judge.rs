//! What one probe says of the items of a check.
//!
//! A busy endpoint is online and its media untested; what we could not see is untested and blamed on
//! nobody; what was not asked is not answered.

use super::{CallLimits, CheckItem, Evidence, MeasureUnit, NotRun, Outcome};
use crate::{Depth, FaultCode, Group, Observation, Verdict, equipment::PortState};

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

/// What a call says of the endpoint that was called.
pub(super) const MEDIA: [CheckItem; 6] = [
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

/// A call shorter than this says nothing of quality, ms.
const QUALITY_MS: f64 = 20_000.0;

/// Of an endpoint that was to be looked at as deep as `wanted`. Without a call nothing is said of its
/// media, unless one was wanted: then why there was none.
pub fn judge(seen: &Observation, wanted: Depth, limits: &CallLimits) -> Vec<Finding> {
    use CheckItem as I;
    let faults = codes(seen);
    let has = |code: FaultCode| faults.contains(&code);
    let failed =
        |item| Finding::new(item, Outcome::Fail, Evidence::Faults { faults: faults.clone() });
    let passed = |item| Finding::new(item, Outcome::Pass, Evidence::None);
    let mut found = Vec::new();
    let port = seen.equipment.as_ref().and_then(|it| it.call_port);
    let is_pinged = seen.equipment.as_ref().is_some_and(|it| it.received > 0);
    let answers = seen.reached || is_pinged || has(FaultCode::Busy);
    if let Some(port) = port {
        // Of H.323 alone: what the host says, and what its port for calls does, apart from each other.
        found.push(if answers { passed(I::Reachable) } else { failed(I::Reachable) });
        found.push(match port {
            PortState::Open => passed(I::CallPort),
            PortState::Closed => failed(I::CallPort),
        });
    } else if !answers && seen.verdict == Verdict::Unknown {
        found.push(Finding::not_run(I::Reachable, NotRun::Ours));
        found.push(Finding::not_run(I::Registered, NotRun::Ours));
        if seen.equipment.is_some() {
            found.push(Finding::not_run(I::CallPort, NotRun::Ours));
        }
    } else {
        // Who asks for a login, or has no line left, did not say whether the room behind it is there.
        let says_nothing = faults.iter().any(|code| {
            use FaultCode as F;
            matches!(
                code,
                F::AuthRequired
                    | F::AuthRejected
                    | F::AuthSuspended
                    | F::AuthUnsupported
                    | F::SessionLimit
            )
        });
        found.push(if answers { passed(I::Reachable) } else { failed(I::Reachable) });
        found.push(match answers && !says_nothing {
            _ if has(FaultCode::NotRegistered) => failed(I::Registered),
            true => passed(I::Registered),
            false => Finding::not_run(I::Registered, NotRun::Ours),
        });
    }
    if has(FaultCode::ClockOffset) {
        let faults = vec![FaultCode::ClockOffset];
        found.push(Finding::new(I::Clock, Outcome::Warn, Evidence::Faults { faults }));
    }
    if wanted != Depth::Reach {
        found.extend(match not_called(seen, &faults) {
            Some(why) => MEDIA.map(|item| Finding::not_run(item, why)).into(),
            None => call(seen, limits, &faults),
        });
    }
    found
}

/// Why there was no call; none where one was tried.
fn not_called(seen: &Observation, faults: &[FaultCode]) -> Option<NotRun> {
    if faults.contains(&FaultCode::Busy) {
        return Some(NotRun::Busy);
    }
    if let Some(skipped) = seen.call.as_ref().and_then(|call| call.skipped) {
        return Some(skipped.into());
    }
    let was_called = seen.audio.is_some()
        || seen.video.is_some()
        || seen.call.as_ref().is_some_and(|call| call.called);
    if was_called {
        return None;
    }
    Some(match seen.verdict {
        Verdict::Unknown => NotRun::Ours,
        Verdict::Offline => NotRun::NotReady,
        Verdict::Online | Verdict::Degraded => NotRun::NoCall,
    })
}

/// Of a call that was tried. The limits of the plan decide, not those of daily probing.
fn call(seen: &Observation, limits: &CallLimits, faults: &[FaultCode]) -> Vec<Finding> {
    use CheckItem as I;
    let of = |item, all: &[FaultCode]| {
        let faults: Vec<_> = faults.iter().copied().filter(|code| all.contains(code)).collect();
        match faults.is_empty() {
            true => Finding::new(item, Outcome::Pass, Evidence::None),
            false => Finding::new(item, Outcome::Fail, Evidence::Faults { faults }),
        }
    };
    let (audio, video) = (seen.audio.as_ref(), seen.video.as_ref());
    if audio.is_none() && video.is_none() {
        // A call that we could not make, for want of a login or by a fault of ours, blames nobody.
        if seen.verdict == Verdict::Unknown {
            return MEDIA.map(|item| Finding::not_run(item, NotRun::Ours)).into();
        }
        let faults = faults.to_vec();
        let mut all = vec![Finding::new(I::Call, Outcome::Fail, Evidence::Faults { faults })];
        let rest = MEDIA.into_iter().filter(|item| *item != I::Call);
        all.extend(rest.map(|item| Finding::not_run(item, NotRun::NotReady)));
        return all;
    }
    let told = seen.call.as_ref();
    let is_short = told.and_then(|call| call.talked_ms).is_some_and(|talked| talked < QUALITY_MS);
    let measured = |item, value: Option<f64>, limit: f64, unit| match value {
        Some(value) if !is_short => {
            let outcome = if value > limit { Outcome::Fail } else { Outcome::Pass };
            Finding::new(item, outcome, Evidence::Measured { value, limit, unit })
        }
        _ if is_short => Finding::not_run(item, NotRun::TooShort),
        _ => Finding::not_run(item, NotRun::NotTold),
    };
    let audio_loss = audio.and_then(|audio| {
        let sent = audio.packets + audio.lost;
        (sent > 0).then(|| audio.lost as f64 / sent as f64)
    });
    let sent_loss = told.and_then(|call| call.sent_loss_ratio);
    let losses = [audio_loss, video.and_then(|video| video.loss_ratio), sent_loss];
    let jitters =
        [audio.and_then(|audio| audio.jitter_ms), video.and_then(|video| video.jitter_ms)];
    let worst = |values: &[Option<f64>]| values.iter().copied().flatten().reduce(f64::max);
    let loss = worst(&losses).map(|ratio| ratio * 100.0);
    // One way of there and back, as the limit is meant.
    let delay = told.and_then(|call| call.rtt_ms).map(|rtt| rtt / 2.0);
    let (percent, millis) = (MeasureUnit::Percent, MeasureUnit::Millis);
    vec![
        Finding::new(I::Call, Outcome::Pass, Evidence::None),
        of(I::Audio, &[FaultCode::NoAudio, FaultCode::AudioSilent]),
        picture(seen, faults),
        measured(I::Loss, loss, limits.loss_percent, percent),
        measured(I::Jitter, worst(&jitters), limits.jitter_ms, millis),
        measured(I::Delay, delay, limits.delay_ms, millis),
    ]
}

/// What keeps everybody from seeing the room.
const UNSEEN: [FaultCode; 7] = [
    FaultCode::NoVideo,
    FaultCode::NoMedia,
    FaultCode::Stalled,
    FaultCode::NoKeyframe,
    FaultCode::Undecodable,
    FaultCode::Black,
    FaultCode::SignalLost,
];

/// Of the picture that came: what nobody can see fails, what is poor is a risk. All that is wrong with it is
/// told, the worse first. That the camera was turned is no fault: whoever sits there turns it.
fn picture(seen: &Observation, faults: &[FaultCode]) -> Finding {
    use FaultCode as F;
    let is_poor = |code: &FaultCode| match code {
        F::StillPicture | F::LowFps | F::LowBitrate | F::EncryptedSuspected => true,
        F::SceneChanged | F::Shaking => false,
        other => other.group() == Group::Picture && !UNSEEN.contains(other),
    };
    let (mut told, poor): (Vec<_>, Vec<_>) = {
        let unseen = faults.iter().copied().filter(|code| UNSEEN.contains(code));
        (unseen.collect(), faults.iter().copied().filter(is_poor).collect())
    };
    let outcome = match (told.is_empty(), poor.is_empty()) {
        (false, _) => Outcome::Fail,
        (true, false) => Outcome::Warn,
        (true, true) => Outcome::Pass,
    };
    told.extend(poor);
    let evidence = match (&seen.video, outcome) {
        (Some(video), Outcome::Pass) => Evidence::Seen {
            size: video.width.zip(video.height),
            fps: video.fps,
            judged: seen.picture.is_some(),
        },
        (None, Outcome::Pass) => Evidence::None,
        _ => Evidence::Faults { faults: told },
    };
    Finding::new(CheckItem::Video, outcome, evidence)
}

/// Of the backup endpoints of a venue, `of` in number, of which these were `seen`: one that answers is enough.
pub fn judge_backup(seen: &[Observation], of: usize) -> Finding {
    share(CheckItem::BackupLine, (seen, of), |it| it.reached && it.verdict != Verdict::Offline)
}

/// Of the cameras of a venue, `of` in number, of which these were `seen`.
pub fn judge_cameras(seen: &[Observation], of: usize) -> Finding {
    intact(CheckItem::Cameras, (seen, of))
}

/// Of the pages and agents that tell of its endpoints: one that answers and has something to complain of is a
/// risk.
pub fn judge_status(seen: &[Observation], of: usize) -> Finding {
    intact(CheckItem::Status, (seen, of))
}

fn intact(item: CheckItem, seen: (&[Observation], usize)) -> Finding {
    let found = share(item, seen, |it| it.verdict == Verdict::Online);
    let seen = seen.0;
    let shows = |it: &Observation| matches!(it.verdict, Verdict::Online | Verdict::Degraded);
    match found.outcome {
        Outcome::Fail | Outcome::Untested if seen.iter().any(shows) => {
            Finding { outcome: Outcome::Warn, ..found }
        }
        _ => found,
    }
}

/// What could not be seen is never well, and keeps what was seen from being the whole truth.
fn share(
    item: CheckItem,
    (seen, of): (&[Observation], usize),
    is_well: fn(&Observation) -> bool,
) -> Finding {
    let well = seen.iter().filter(|it| is_well(it)).count();
    let told = seen.iter().filter(|it| is_well(it) || it.verdict != Verdict::Unknown).count();
    if seen.is_empty() {
        return Finding::not_run(item, NotRun::NotProbed);
    }
    if told == 0 {
        return Finding::not_run(item, NotRun::Ours);
    }
    let faults = seen.iter().filter(|it| !is_well(it)).flat_map(codes).collect();
    let unseen = of.saturating_sub(told);
    let outcome = match (well, unseen) {
        (all, 0) if all == of => Outcome::Pass,
        (0, 0) => Outcome::Fail,
        (0, _) => Outcome::Untested,
        _ => Outcome::Warn,
    };
    Finding::new(item, outcome, Evidence::Share { well, of, faults, unseen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AudioFacts, CallFacts, CallSkipped, Detail, DeviceKind, EquipmentFacts, Fault,
        PictureFacts, PictureMode, Stage, Timestamp, VideoFacts, equipment::Service,
    };
    use std::collections::BTreeMap;

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

    /// What a probe that was to call says.
    fn judged(seen: &Observation) -> Vec<Finding> {
        judge(seen, Depth::Stream, &LIMITS)
    }

    /// Why each media item was not tested.
    fn why(found: &[Finding]) -> Vec<NotRun> {
        let media = found.iter().filter(|it| MEDIA.contains(&it.item));
        let why = media.map(|it| match (it.outcome, &it.evidence) {
            (Outcome::Untested, Evidence::NotRun { why }) => *why,
            other => panic!("{other:?}"),
        });
        why.collect()
    }

    #[test]
    fn a_look_without_a_call_says_nothing_of_media() {
        for faults in [vec![], vec![FaultCode::Busy]] {
            let seen = seen(Depth::Reach, Verdict::Online, true, &faults);
            let found = judge(&seen, Depth::Reach, &LIMITS);
            let items: Vec<_> = found.iter().map(|it| it.item).collect();
            assert_eq!(items, [CheckItem::Reachable, CheckItem::Registered], "{faults:?}");
            assert!(found.iter().all(|it| it.outcome == Outcome::Pass));
        }
    }

    #[test]
    fn an_endpoint_that_is_not_there_fails_and_its_media_stays_open() {
        let lost = seen(Depth::Reach, Verdict::Offline, false, &[FaultCode::ConnectTimeout]);
        let found = judged(&lost);
        assert_eq!(outcome(&found, CheckItem::Reachable), Some(Outcome::Fail));
        assert_eq!(why(&found), [NotRun::NotReady; 6]);
        // One that was called all the same, as it is silent to OPTIONS, fails the call.
        let mut tried = seen(Depth::Stream, Verdict::Offline, false, &[FaultCode::NoAnswer]);
        tried.call = Some(CallFacts { called: true, ..CallFacts::default() });
        let found = judged(&tried);
        assert_eq!(outcome(&found, CheckItem::Call), Some(Outcome::Fail));
        assert_eq!(outcome(&found, CheckItem::Audio), Some(Outcome::Untested));
    }

    #[test]
    fn who_asks_for_a_login_did_not_say_whether_the_room_is_registered() {
        for code in [FaultCode::AuthRequired, FaultCode::AuthRejected, FaultCode::SessionLimit] {
            let found = judged(&seen(Depth::Reach, Verdict::Degraded, true, &[code]));
            assert_eq!(outcome(&found, CheckItem::Reachable), Some(Outcome::Pass), "{code:?}");
            assert_eq!(outcome(&found, CheckItem::Registered), Some(Outcome::Untested), "{code:?}");
        }
        let gone = judged(&seen(Depth::Reach, Verdict::Offline, true, &[FaultCode::NotRegistered]));
        assert_eq!(outcome(&gone, CheckItem::Registered), Some(Outcome::Fail));
    }

    #[test]
    fn what_we_could_not_see_is_blamed_on_nobody() {
        let found = judged(&seen(Depth::Stream, Verdict::Unknown, false, &[]));
        assert!(found.len() == 8 && found.iter().all(|it| it.outcome == Outcome::Untested));
        let mut no_login = seen(Depth::Stream, Verdict::Unknown, true, &[FaultCode::AuthRejected]);
        no_login.call = Some(CallFacts { called: true, ..CallFacts::default() });
        assert_eq!(why(&judged(&no_login)), [NotRun::Ours; 6]);
    }

    #[test]
    fn a_call_that_was_skipped_or_forbidden_never_fails_and_says_why() {
        use CallSkipped as S;
        for (skipped, expected) in [
            (S::NotPermitted, NotRun::NoCall),
            (S::Busy, NotRun::Busy),
            (S::InMeeting, NotRun::InMeeting),
            (S::NoRoom, NotRun::NoRoom),
            (S::NotReady, NotRun::NotReady),
        ] {
            let faults = if skipped == S::NotReady { vec![FaultCode::Rejected] } else { vec![] };
            let mut seen = seen(Depth::Reach, Verdict::Online, true, &faults);
            seen.call = Some(CallFacts { skipped: Some(skipped), ..CallFacts::default() });
            let found = judged(&seen);
            assert_eq!(outcome(&found, CheckItem::Reachable), Some(Outcome::Pass));
            assert_eq!(why(&found), [expected; 6]);
        }
        let busy = seen(Depth::Reach, Verdict::Online, true, &[FaultCode::Busy]);
        assert_eq!(why(&judged(&busy)), [NotRun::Busy; 6]);
    }

    #[test]
    fn an_endpoint_of_h323_alone_is_reached_by_ping_and_by_port_and_its_media_stay_untested() {
        use Outcome::{Fail, Pass};
        let told = |received, port, verdict, faults: &[FaultCode]| {
            let mut facts = EquipmentFacts::new(Service::Icmp);
            (facts.received, facts.call_port) = (received, Some(port));
            let is_reached = received > 0 || port == PortState::Open;
            let mut seen = seen(Depth::Reach, verdict, is_reached, faults);
            seen.equipment = Some(facts);
            let found = judged(&seen);
            assert_eq!(outcome(&found, CheckItem::Registered), None);
            let expected =
                if verdict == Verdict::Offline { NotRun::NotReady } else { NotRun::NoCall };
            assert_eq!(why(&found), [expected; 6]);
            [CheckItem::Reachable, CheckItem::CallPort].map(|item| outcome(&found, item).unwrap())
        };
        let refused = [FaultCode::Refused];
        assert_eq!(told(4, PortState::Open, Verdict::Online, &[]), [Pass, Pass]);
        assert_eq!(told(4, PortState::Closed, Verdict::Degraded, &refused), [Pass, Fail]);
        assert_eq!(told(0, PortState::Open, Verdict::Online, &[]), [Pass, Pass], "pings dropped");
        assert_eq!(told(0, PortState::Closed, Verdict::Offline, &refused), [Fail, Fail]);
    }

    #[test]
    fn a_call_is_judged_item_by_item_against_the_limits() {
        let found = judged(&called(Verdict::Degraded, &[FaultCode::AudioSilent]));
        let of = |item| outcome(&found, item).unwrap();
        assert_eq!(of(CheckItem::Audio), Outcome::Fail);
        assert_eq!(of(CheckItem::Video), Outcome::Pass);
        assert_eq!(of(CheckItem::Loss), Outcome::Pass, "1.0 of 1.0 is within");
        assert_eq!(of(CheckItem::Delay), Outcome::Untested, "nobody measured it");
        let strict = CallLimits { loss_percent: 0.5, ..LIMITS };
        let still = called(Verdict::Online, &[FaultCode::StillPicture]);
        let found = judge(&still, Depth::Stream, &strict);
        let of = |item| outcome(&found, item).unwrap();
        assert_eq!((of(CheckItem::Loss), of(CheckItem::Video)), (Outcome::Fail, Outcome::Warn));
    }

    #[test]
    fn the_picture_of_a_call_is_told_in_words_and_who_turns_the_camera_breaks_nothing() {
        use FaultCode as F;
        let told = |faults: &[FaultCode], picture: Option<PictureFacts>| {
            let mut seen = called(Verdict::Degraded, faults);
            seen.picture = picture;
            if let Some(video) = &mut seen.video {
                (video.width, video.height, video.fps) = (Some(1280), Some(720), Some(25.0));
            }
            let found = judge(&seen, Depth::Picture, &LIMITS);
            let found = found.into_iter().find(|it| it.item == CheckItem::Video).unwrap();
            (found.outcome, found.evidence.render(crate::Lang::Zh))
        };
        let words = |text: &str| text.to_owned();
        let judged = || {
            Some(PictureFacts {
                width: 1280,
                height: 720,
                mode: PictureMode::Colour,
                light: None,
                scores: BTreeMap::new(),
                readings: BTreeMap::new(),
                tiles: None,
                shift: None,
                stripes: None,
                decoder_errors: 0,
                algorithm: 0,
                luma_mean: 120.0,
                snapshot: None,
            })
        };
        for (faults, outcome, text) in [
            (&[F::Black][..], Outcome::Fail, "黑屏"),
            (&[F::SignalLost], Outcome::Fail, "视频信号丢失"),
            (&[F::StillPicture], Outcome::Warn, "画面静止"),
            (&[F::Occluded, F::SceneChanged], Outcome::Warn, "画面遮挡"),
            (&[F::TooDark, F::NoKeyframe], Outcome::Fail, "长时间无关键帧、画面过暗"),
            (&[F::SceneChanged, F::Shaking], Outcome::Pass, "1280×720 · 25.0 fps · 画面正常"),
            (&[F::AudioSilent], Outcome::Pass, "1280×720 · 25.0 fps · 画面正常"),
        ] {
            assert_eq!(told(faults, judged()), (outcome, words(text)));
        }
        let flows = words("1280×720 · 25.0 fps · 画面未判读");
        assert_eq!(told(&[], None), (Outcome::Pass, flows));
    }

    #[test]
    fn delay_is_half_of_there_and_back_and_the_plan_says_how_much_is_too_much() {
        let told = |rtt_ms: f64, talked_ms: f64, faults: &[FaultCode]| {
            let (rtt_ms, talked_ms) = (Some(rtt_ms), Some(talked_ms));
            let call = Some(CallFacts { called: true, rtt_ms, talked_ms, ..CallFacts::default() });
            let found = judged(&Observation { call, ..called(Verdict::Online, faults) });
            found.into_iter().find(|it| it.item == CheckItem::Delay).unwrap()
        };
        let at = |value| Evidence::Measured { value, limit: 100.0, unit: MeasureUnit::Millis };
        let found = told(200.0, 20_000.0, &[FaultCode::HighDelay]);
        assert_eq!((found.outcome, found.evidence), (Outcome::Pass, at(100.0)));
        let found = told(201.0, 20_000.0, &[]);
        assert_eq!((found.outcome, found.evidence), (Outcome::Fail, at(100.5)));
        let short = told(900.0, 19_000.0, &[]);
        assert_eq!(short.evidence, Evidence::not_run(NotRun::TooShort));
    }

    #[test]
    fn one_backup_is_enough_and_one_camera_of_two_is_a_risk() {
        let (up, down) = (
            seen(Depth::Reach, Verdict::Online, true, &[]),
            seen(Depth::Reach, Verdict::Offline, false, &[FaultCode::Unreachable]),
        );
        assert_eq!(judge_backup(std::slice::from_ref(&down), 1).outcome, Outcome::Fail);
        assert_eq!(judge_backup(&[up.clone(), down.clone()], 2).outcome, Outcome::Warn);
        let found = judge_cameras(&[up, down.clone()], 2);
        assert_eq!(found.outcome, Outcome::Warn);
        assert_eq!(found.evidence.render(crate::Lang::Zh), "1/2 网络不可达");
        assert_eq!(judge_cameras(&[down], 1).outcome, Outcome::Fail);
        assert_eq!(judge_cameras(&[], 1).outcome, Outcome::Untested);
    }

    #[test]
    fn a_status_page_that_complains_is_a_risk() {
        let told = |verdict, faults: &[FaultCode]| {
            let seen = seen(Depth::Reach, verdict, verdict != Verdict::Offline, faults);
            let found = judge_status(&[seen], 1);
            assert_eq!(found.item, CheckItem::Status);
            found.outcome
        };
        assert_eq!(told(Verdict::Online, &[]), Outcome::Pass);
        let changed = [FaultCode::CertificateChanged];
        assert_eq!(told(Verdict::Degraded, &changed), Outcome::Warn);
        assert_eq!(told(Verdict::Offline, &[FaultCode::Refused]), Outcome::Fail);
    }

    #[test]
    fn a_device_that_was_not_seen_never_passes_with_the_others() {
        let up = seen(Depth::Reach, Verdict::Online, true, &[]);
        let down = seen(Depth::Reach, Verdict::Offline, false, &[FaultCode::Unreachable]);
        let blind = seen(Depth::Reach, Verdict::Unknown, false, &[]);
        for judge in [judge_backup, judge_cameras] {
            let found = judge(std::slice::from_ref(&up), 2);
            assert_eq!(found.outcome, Outcome::Warn);
            assert_eq!(found.evidence.render(crate::Lang::Zh), "1/2，1 台平台未能看清");
            assert_eq!(judge(&[up.clone(), blind.clone()], 2), found, "seen in vain is not seen");
            let found = judge(std::slice::from_ref(&down), 2);
            assert_eq!(found.outcome, Outcome::Untested, "the other may be well");
            assert_eq!(found.evidence.render(crate::Lang::Zh), "0/2 网络不可达，1 台平台未能看清");
        }
    }
}
