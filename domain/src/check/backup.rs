//! What test calls to the backup endpoints of a venue say.

use super::{CallLimits, CheckItem, Evidence, Finding, NotRun, Outcome, judge, judge::MEDIA};
use crate::{Depth, Observation};

/// Of the backup endpoints of a venue, `of` in number, of which these were looked at as deep as a call: one
/// whose call is well is enough.
pub fn judge_backup_call(seen: &[Observation], of: usize, limits: &CallLimits) -> Finding {
    let each: Vec<_> = seen.iter().map(|it| call_of(it, limits)).collect();
    let Some(best) = each.iter().max_by_key(|it| it.outcome) else {
        return Finding::not_run(CheckItem::BackupCall, NotRun::NotProbed);
    };
    let well = each.iter().filter(|it| it.outcome == Outcome::Pass).count();
    if well == 0 || well == of {
        return best.clone();
    }
    let faults = each.iter().filter_map(|it| match &it.evidence {
        Evidence::Faults { faults } => Some(faults.clone()),
        _ => None,
    });
    let untested = each.iter().filter(|it| it.outcome == Outcome::Untested).count();
    let unseen = untested + of.saturating_sub(each.len());
    let evidence = Evidence::Share { well, of, faults: faults.flatten().collect(), unseen };
    Finding { outcome: Outcome::Warn, evidence, ..best.clone() }
}

/// One endpoint: the worst that its call showed, or why there was none. What its end did not tell makes it no
/// worse; a delay that is too long is a risk, as it is a nuisance and keeps nobody from meeting.
fn call_of(seen: &Observation, limits: &CallLimits) -> Finding {
    let media = |item| matches!(item, CheckItem::Call | CheckItem::Audio | CheckItem::Video);
    let found = judge(seen, Depth::Picture, limits);
    let of = |item| found.iter().find(|it| it.item == item);
    let was_called = of(CheckItem::Call).is_some_and(|it| it.outcome != Outcome::Untested);
    let told = MEDIA.into_iter().filter_map(of).map(|it| match (it.item, it.outcome) {
        (CheckItem::Delay, Outcome::Fail) => Finding { outcome: Outcome::Warn, ..it.clone() },
        _ => it.clone(),
    });
    let told = told.filter(|it| it.outcome != Outcome::Untested || !was_called || media(it.item));
    let worst = told.min_by_key(|it| it.outcome);
    let video = of(CheckItem::Video).filter(|_| was_called).map(|it| it.evidence.clone());
    worst.map_or_else(
        || Finding::not_run(CheckItem::BackupCall, NotRun::Ours),
        |it| Finding {
            item: CheckItem::BackupCall,
            evidence: match it.outcome {
                Outcome::Pass => video.unwrap_or(it.evidence),
                _ => it.evidence,
            },
            ..it
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AudioFacts, CallFacts, CallSkipped, Detail, DeviceKind, Fault, FaultCode, Lang, Stage,
        Timestamp, Verdict, VideoFacts,
    };

    const LIMITS: CallLimits = CallLimits { loss_percent: 1.0, jitter_ms: 30.0, delay_ms: 100.0 };

    /// A call to an endpoint, with what was wrong with it.
    fn called(faults: &[FaultCode]) -> Observation {
        let (url, at) = ("sip:b@10.0.0.1".into(), Timestamp::from_millis(0));
        let mut seen = Observation::new(url, DeviceKind::Endpoint, Depth::Picture, at);
        (seen.verdict, seen.reached) = (Verdict::Online, true);
        let fault = |code: &FaultCode| Fault::new(*code, Stage::Options, Detail::None);
        seen.faults = faults.iter().map(fault).collect();
        seen.audio = Some(AudioFacts { packets: 990, ..AudioFacts::default() });
        seen.video = Some(VideoFacts {
            width: Some(1280),
            height: Some(720),
            fps: Some(25.0),
            ..VideoFacts::default()
        });
        seen
    }

    fn skipped(why: CallSkipped) -> Observation {
        let call = CallFacts { skipped: Some(why), ..CallFacts::default() };
        Observation { audio: None, video: None, call: Some(call), ..called(&[]) }
    }

    fn told(seen: &[Observation], of: usize) -> (Outcome, String) {
        let found = judge_backup_call(seen, of, &LIMITS);
        assert_eq!(found.item, CheckItem::BackupCall);
        (found.outcome, found.evidence.render(Lang::Zh))
    }

    #[test]
    fn a_backup_is_as_its_own_call_and_without_one_it_says_why() {
        let says = |outcome, text: &str| (outcome, text.to_owned());
        let well = says(Outcome::Pass, "1280×720 · 25.0 fps · 画面未判读");
        assert_eq!(told(&[called(&[])], 1), well);
        let mute = called(&[FaultCode::AudioSilent]);
        let silent = FaultCode::AudioSilent.name(Lang::Zh);
        assert_eq!(told(std::slice::from_ref(&mute), 1), says(Outcome::Fail, silent));
        let lost = Observation {
            audio: Some(AudioFacts { packets: 90, lost: 10, ..AudioFacts::default() }),
            ..called(&[])
        };
        assert_eq!(told(&[lost], 1), says(Outcome::Fail, "10.0 / 1 %"));
        for (why, words) in [
            (CallSkipped::NotPermitted, NotRun::NoCall),
            (CallSkipped::Busy, NotRun::Busy),
            (CallSkipped::InMeeting, NotRun::InMeeting),
        ] {
            let expected = says(Outcome::Untested, words.name(Lang::Zh));
            assert_eq!(told(&[skipped(why)], 1), expected);
        }
        assert_eq!(told(&[], 1).0, Outcome::Untested);
    }

    #[test]
    fn one_of_two_backups_that_is_well_is_a_risk_and_one_unseen_fails_nobody() {
        let (well, mute) = (called(&[]), called(&[FaultCode::AudioSilent]));
        let two = [well.clone(), mute.clone()];
        let silent = FaultCode::AudioSilent.name(Lang::Zh);
        assert_eq!(told(&two, 2), (Outcome::Warn, format!("1/2 {silent}")));
        let part = (Outcome::Warn, "1/2，1 台平台未能看清".to_owned());
        assert_eq!(told(std::slice::from_ref(&well), 2), part);
        assert_eq!(told(&[mute, skipped(CallSkipped::Busy)], 2).0, Outcome::Untested);
        assert_eq!(told(&[well.clone(), well], 2).0, Outcome::Pass);
    }
}
