//! Which pictures and dialogues are kept: one per change, not one per probe.

use std::{future::Future, pin::Pin, time::Duration};
use zhishou_domain::{
    ConfirmRule, DeviceId, FaultCode, Group, Observation, Snapshot, Standing, State, Timestamp,
};
use zhishou_storage::{EvidenceKind, EvidenceRow};

/// A good picture older than this is replaced, so that an operator sees what the camera last
/// showed.
pub const GOOD_FOR: Duration = Duration::from_secs(3600);

/// Dialogues kept of one device; the oldest goes when another comes.
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

/// Whether a probe begun at `now` is asked for a snapshot of a clean picture too.
pub(crate) fn snapshot_wanted(last_good: Option<Timestamp>, now: Timestamp) -> Snapshot {
    match last_good {
        Some(taken) if taken + GOOD_FOR > now => Snapshot::OnFault,
        _ => Snapshot::Always,
    }
}

/// Whether one more failure makes a device that stands like this down.
pub(crate) fn may_fall(before: &Standing, rule: ConfirmRule) -> bool {
    let failures = before.doubt.as_ref().map_or(0, |doubt| doubt.count);
    before.state != State::Down && failures + 1 >= rule.failures
}

/// What the snapshot of this probe is evidence of, if of anything new.
///
/// A picture with a fault in it is kept when its set of faults is neither that of the standing nor
/// that of the doubt before it; a clean one when the last clean one is older than [`GOOD_FOR`].
pub(crate) fn worth_keeping(
    observation: &Observation,
    before: &Standing,
    last_good: Option<Timestamp>,
) -> Option<EvidenceKind> {
    let seen: Vec<FaultCode> = observation.faults.iter().map(|fault| fault.code).collect();
    let of_picture = |code: &FaultCode| matches!(code.group(), Group::Picture);
    if seen.iter().any(of_picture) {
        let doubt = before.doubt.as_ref().map(|doubt| &doubt.faults);
        let is_new = before.faults != seen && doubt != Some(&seen);
        return is_new.then_some(EvidenceKind::Fault);
    }
    let is_old = snapshot_wanted(last_good, observation.started_at) == Snapshot::Always;
    (seen.is_empty() && is_old).then_some(EvidenceKind::Good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{Depth, Detail, DeviceKind, Fault, Stage, State, Verdict, confirm::Doubt};

    fn seen(second: i64, faults: &[FaultCode]) -> Observation {
        let fault = |&code| Fault::new(code, Stage::Judge, Detail::None);
        Observation {
            target: "rtsp://camera/".into(),
            kind: DeviceKind::Camera,
            depth: Depth::Picture,
            started_at: Timestamp::from_millis(second * 1000),
            duration_ms: 0.0,
            verdict: Verdict::Degraded,
            reached: true,
            faults: faults.iter().map(fault).collect(),
            stages: vec![],
            server: None,
            transport: None,
            tls: None,
            redirects: 0,
            rejected_logins: 0,
            video: None,
            audio: None,
            picture: None,
            picture_skipped: None,
        }
    }

    #[test]
    fn a_dialogue_is_taped_where_the_next_failure_is_the_last() {
        let rule = ConfirmRule { failures: 3, retry: Duration::from_secs(10) };
        let up = Standing { state: State::Up, ..Standing::default() };
        let doubted = |count| {
            let since = Timestamp::default();
            let doubt = Doubt { state: State::Down, since, count, faults: vec![] };
            Standing { doubt: Some(doubt), ..up.clone() }
        };
        assert!(!may_fall(&up, rule) && !may_fall(&doubted(1), rule));
        assert!(may_fall(&doubted(2), rule));
        assert!(!may_fall(&Standing { state: State::Down, ..doubted(2) }, rule));
        assert!(may_fall(&up, ConfirmRule { failures: 1, ..rule }));
    }

    #[test]
    fn a_fault_is_kept_once_per_change() {
        let black = seen(0, &[FaultCode::Black]);
        let fresh = Standing::default();
        assert_eq!(worth_keeping(&black, &fresh, None), Some(EvidenceKind::Fault));
        let faults = vec![FaultCode::Black];
        let since = Timestamp::default();
        let doubt = Doubt { state: State::Degraded, since, count: 1, faults: faults.clone() };
        let doubted = Standing { doubt: Some(doubt), ..Standing::default() };
        assert_eq!(worth_keeping(&black, &doubted, None), None);
        let confirmed = Standing { faults, ..Standing::default() };
        assert_eq!(worth_keeping(&black, &confirmed, None), None);
        let blurred = seen(0, &[FaultCode::Blurred]);
        assert_eq!(worth_keeping(&blurred, &confirmed, None), Some(EvidenceKind::Fault));
    }

    #[test]
    fn a_clean_picture_is_kept_once_an_hour_and_a_slow_stream_is_not_one() {
        let fresh = Standing::default();
        let taken = |second: i64| Some(Timestamp::from_millis(second * 1000));
        assert_eq!(worth_keeping(&seen(0, &[]), &fresh, None), Some(EvidenceKind::Good));
        assert_eq!(worth_keeping(&seen(3599, &[]), &fresh, taken(0)), None);
        assert_eq!(worth_keeping(&seen(3600, &[]), &fresh, taken(0)), Some(EvidenceKind::Good));
        assert_eq!(worth_keeping(&seen(0, &[FaultCode::LowFps]), &fresh, None), None);
    }
}
