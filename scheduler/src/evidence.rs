//! Which pictures and dialogues are kept: one per change, not one per probe.

use std::{future::Future, pin::Pin, time::Duration};
use zhishou_domain::{
    ConfirmRule, DeviceId, FaultCode, Group, Observation, Snapshot, Standing, State, Timestamp,
};
use zhishou_storage::{EvidenceKind, EvidenceRow, Pictures};

/// A good picture older than this is replaced, so that an operator sees what the camera last
/// showed.
pub const GOOD_FOR: Duration = Duration::from_secs(3600);

/// Dialogues kept of one device for each reason; the oldest of its reason goes when another comes.
pub(crate) const DIALOGUES: usize = 10;

/// Which dialogues are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialogues {
    /// Those that somebody asks for.
    Asked,
    /// Beside these the one that makes an outage hard, once per outage.
    #[default]
    Outages,
}
/// How long the picture of a fault stands for the same fault coming and going.
const FAULT_FOR: Duration = Duration::from_secs(3600);
/// A fault that stands is pictured again so long after its last picture, which is deleted one day.
const FAULT_AGAIN: Duration = Duration::from_secs(7 * 86_400);

/// The port to the evidence files.
pub trait EvidenceFiles: Send + Sync + 'static {
    /// Keeps a JPEG or a dialogue. `None` where it could not be kept (full disk); that is logged and reported
    /// there, and costs no observation.
    fn keep(
        &self,
        device: DeviceId,
        kind: EvidenceKind,
        taken_at: Timestamp,
        content: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Option<EvidenceRow>> + Send + '_>>;

    /// Deletes a file that a newer one has replaced, and forgets it.
    fn discard(&self, row: EvidenceRow) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Whether a probe begun at `now` is asked for a snapshot of a clean picture too. One that is to
/// replace another waits until the picture is looked at; only the first is worth a look.
pub(crate) fn snapshot_wanted(last_good: Option<Timestamp>, now: Timestamp) -> Snapshot {
    match last_good {
        Some(taken) if is_within(taken, now, GOOD_FOR) => Snapshot::OnFault,
        Some(_) => Snapshot::IfLooked,
        None => Snapshot::Always,
    }
}

/// Whether `taken` lies less than `length` before `now`, or after it. One that lies far after was
/// dated by a clock that was wrong.
fn is_within(taken: Timestamp, now: Timestamp, length: Duration) -> bool {
    now.since(taken).max(taken.since(now)) < length
}

/// Whether one more failure makes a device that stands like this down.
pub(crate) fn may_fall(before: &Standing, rule: ConfirmRule) -> bool {
    let failures = before.doubt.as_ref().map_or(0, |doubt| doubt.count);
    before.state != State::Down && failures + 1 >= rule.failures
}

/// When the last picture without a fault was taken.
pub(crate) fn last_good(pictures: &Pictures) -> Option<Timestamp> {
    pictures.good.as_ref().map(|row| row.taken_at)
}

/// What a picture shows: a fault, or how it should be.
pub(crate) fn kind_of(observation: &Observation) -> EvidenceKind {
    // Of the stream, a picture shows these.
    let is_fault = |code: FaultCode| {
        use FaultCode::{EncryptedSuspected, StillPicture, Undecodable};
        code.group() == Group::Picture
            || matches!(code, StillPicture | Undecodable | EncryptedSuspected)
    };
    match observation.faults.iter().any(|fault| is_fault(fault.code)) {
        true => EvidenceKind::Fault,
        false => EvidenceKind::Good,
    }
}

/// What the snapshot of this probe is evidence of, if of anything new.
///
/// A picture with a fault in it is kept when it shows one that neither the standing nor the doubt
/// has, or of which there is no picture any more or none younger than [`FAULT_AGAIN`], and that no
/// picture of the last [`FAULT_FOR`] shows: one that flickers around its limit is kept once. A clean one is kept when the last clean one is older than [`GOOD_FOR`], whatever else
/// is wrong with the device.
pub(crate) fn worth_keeping(
    observation: &Observation,
    before: &Standing,
    pictures: &Pictures,
) -> Option<EvidenceKind> {
    let at = observation.started_at;
    let mut seen = observation.faults.iter().map(|fault| fault.code);
    if seen.clone().any(|code| code.group() == Group::Picture) {
        let doubt = before.doubt.iter().flat_map(|doubt| &doubt.faults);
        let known: Vec<_> = before.faults.iter().chain(doubt).collect();
        let is_recent = |code| {
            pictures
                .pictured
                .iter()
                .any(|&(shown, taken)| shown == code && is_within(taken, at, FAULT_FOR))
        };
        let last = pictures.fault.as_ref().map(|row| row.taken_at);
        let is_gone = last.is_none_or(|taken| !is_within(taken, at, FAULT_AGAIN));
        let is_new = seen.any(|code| {
            let is_known = known.contains(&&code) && !is_gone;
            code.group() == Group::Picture && !is_known && !is_recent(code)
        });
        return is_new.then_some(EvidenceKind::Fault);
    }
    let is_old = snapshot_wanted(last_good(pictures), at) != Snapshot::OnFault;
    (kind_of(observation) == EvidenceKind::Good && is_old).then_some(EvidenceKind::Good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{Depth, Detail, DeviceKind, Fault, Stage, State, Verdict, confirm::Doubt};

    fn seen(second: i64, faults: &[FaultCode]) -> Observation {
        let fault = |&code| Fault::new(code, Stage::Judge, Detail::None);
        Observation {
            verdict: Verdict::Degraded,
            reached: true,
            faults: faults.iter().map(fault).collect(),
            ..Observation::new(
                "rtsp://camera/".into(),
                DeviceKind::Camera,
                Depth::Picture,
                Timestamp::from_millis(second * 1000),
            )
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn row(kind: EvidenceKind, second: i64) -> EvidenceRow {
        EvidenceRow {
            key: String::new(),
            device: "01933d2e-7c00-7000-8000-0123456789ab".parse().unwrap(),
            kind,
            taken_at: at(second),
            bytes: 1,
            sha256: String::new(),
        }
    }

    fn pictured(faults: &[(FaultCode, i64)]) -> Pictures {
        let pictured = faults.iter().map(|&(code, second)| (code, at(second))).collect();
        Pictures { pictured, fault: Some(row(EvidenceKind::Fault, 0)), ..Pictures::default() }
    }

    #[test]
    fn a_dialogue_is_taped_where_the_next_failure_is_the_last() {
        let rule = ConfirmRule { failures: 3, retry: Duration::from_secs(10) };
        let up = Standing { state: State::Up, ..Standing::default() };
        let doubted = |count| {
            let since = Timestamp::default();
            let doubt = Doubt {
                state: State::Down,
                since,
                count,
                faults: vec![],
                after: None,
                lesser: None,
            };
            Standing { doubt: Some(doubt), ..up.clone() }
        };
        assert!(!may_fall(&up, rule) && !may_fall(&doubted(1), rule));
        assert!(may_fall(&doubted(2), rule));
        assert!(!may_fall(&Standing { state: State::Down, ..doubted(2) }, rule));
        assert!(may_fall(&up, ConfirmRule { failures: 1, ..rule }));
    }

    #[test]
    fn a_fault_is_kept_once_per_change() {
        let (black, none) = (seen(0, &[FaultCode::Black]), pictured(&[]));
        let fresh = Standing::default();
        assert_eq!(worth_keeping(&black, &fresh, &none), Some(EvidenceKind::Fault));
        let faults = vec![FaultCode::Black];
        let since = Timestamp::default();
        let doubt = Doubt {
            state: State::Degraded,
            since,
            count: 1,
            faults: faults.clone(),
            after: None,
            lesser: None,
        };
        let doubted = Standing { doubt: Some(doubt), ..Standing::default() };
        assert_eq!(worth_keeping(&black, &doubted, &none), None);
        let confirmed = Standing { faults, ..Standing::default() };
        assert_eq!(worth_keeping(&black, &confirmed, &none), None);
        let blurred = seen(0, &[FaultCode::Blurred]);
        assert_eq!(worth_keeping(&blurred, &confirmed, &none), Some(EvidenceKind::Fault));
    }

    #[test]
    fn a_fault_that_stands_is_pictured_again_before_its_picture_is_deleted_and_when_it_was() {
        const WEEK: i64 = 7 * 86_400;
        let stands = Standing { faults: vec![FaultCode::Blurred], ..Standing::default() };
        let keeps = |second, pictures: &Pictures| {
            worth_keeping(&seen(second, &[FaultCode::Blurred]), &stands, pictures).is_some()
        };
        let kept = pictured(&[(FaultCode::Blurred, 0)]);
        assert!(!keeps(WEEK - 1, &kept) && keeps(WEEK, &kept));
        let deleted = Pictures { fault: None, ..kept };
        assert!(!keeps(3599, &deleted) && keeps(3600, &deleted));
    }

    #[test]
    fn one_of_two_faults_going_is_nothing_new() {
        let both = vec![FaultCode::Blurred, FaultCode::LowContrast];
        let confirmed = Standing { faults: both, ..Standing::default() };
        let one = seen(9000, &[FaultCode::Blurred]);
        assert_eq!(worth_keeping(&one, &confirmed, &pictured(&[])), None);
    }

    #[test]
    fn a_fault_that_comes_back_later_is_another_change() {
        let (again, kept) = (seen(3600, &[FaultCode::Blurred]), [(FaultCode::Blurred, 0)]);
        let fresh = Standing::default();
        assert_eq!(worth_keeping(&again, &fresh, &pictured(&kept)), Some(EvidenceKind::Fault));
        let soon = seen(3599, &[FaultCode::Blurred]);
        assert_eq!(worth_keeping(&soon, &fresh, &pictured(&kept)), None);
    }

    proptest::proptest! {
        /// Whatever flickers, and whatever standing that leaves: an hour costs at most one picture
        /// for each fault.
        #[test]
        fn flicker_costs_one_picture_an_hour_for_each_fault(
            rounds in proptest::collection::vec((0u8..8, 0u8..8), 1..200)
        ) {
            const CODES: [FaultCode; 3] =
                [FaultCode::Blurred, FaultCode::LowContrast, FaultCode::Noise];
            let set = |bits: u8| -> Vec<FaultCode> {
                (0..3).filter(|n| bits >> n & 1 == 1).map(|n| CODES[n]).collect()
            };
            let (mut pictures, mut kept) = (Pictures::default(), 0);
            for (round, (shown, stood)) in (0..).zip(rounds) {
                let now = seen(round * 10, &set(shown));
                let before = Standing { faults: set(stood), ..Standing::default() };
                if worth_keeping(&now, &before, &pictures) == Some(EvidenceKind::Fault) {
                    kept += 1;
                    pictures.pictured.retain(|(code, _)| !set(shown).contains(code));
                    pictures.pictured.extend(set(shown).into_iter().map(|it| (it, now.started_at)));
                }
            }
            proptest::prop_assert!(kept <= 3, "{kept}");
        }
    }

    #[test]
    fn a_clean_picture_is_kept_once_an_hour_whatever_else_is_wrong() {
        let fresh = Standing::default();
        let taken = |second| Pictures {
            good: Some(row(EvidenceKind::Good, second)),
            ..Pictures::default()
        };
        let keep = |seen, pictures| worth_keeping(&seen, &fresh, &pictures);
        let good = Some(EvidenceKind::Good);
        assert_eq!(keep(seen(0, &[]), Pictures::default()), good);
        assert_eq!(keep(seen(3599, &[]), taken(0)), None);
        assert_eq!(keep(seen(3600, &[]), taken(0)), good);
        let elsewhere = [FaultCode::ClockOffset, FaultCode::LowFps];
        assert_eq!(keep(seen(0, &elsewhere), Pictures::default()), good);
        assert_eq!(keep(seen(3599, &elsewhere), taken(0)), None);
        assert_eq!(keep(seen(0, &[FaultCode::EncryptedSuspected]), Pictures::default()), None);
    }

    #[test]
    fn only_the_first_clean_picture_is_looked_at_for_its_own_sake() {
        assert_eq!(snapshot_wanted(None, at(0)), Snapshot::Always);
        assert_eq!(snapshot_wanted(Some(at(0)), at(3599)), Snapshot::OnFault);
        assert_eq!(snapshot_wanted(Some(at(0)), at(3600)), Snapshot::IfLooked);
    }
}
