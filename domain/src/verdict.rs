//! From faults to a verdict: the rule of product.md, in one place.

use crate::{Depth, Fault, FaultCode, Group};
use serde::{Deserialize, Serialize};

/// 结论 of one probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Media flowed and nothing is wrong.
    Online,
    /// Media flowed, with faults.
    Degraded,
    /// Media did not flow, and the cause is the device's or the network's.
    Offline,
    /// We could not tell; never blamed on the device.
    Unknown,
}

words!(Verdict {
    Online = "online", "在线", "online";
    Degraded = "degraded", "降级", "degraded";
    Offline = "offline", "离线", "offline";
    Unknown = "unknown", "未知", "unknown";
});

/// The verdict of one probe of a camera.
///
/// `media_flowed` is whether at least one valid media packet came; `credential_proven` whether the
/// credential used has ever been accepted by this device. At [`Depth::Reach`] the verdict speaks
/// of reach alone. A fault whose detail [is ours](crate::Detail::is_ours) makes the verdict
/// unknown where it kept media from flowing.
pub fn verdict_of(
    depth: Depth,
    media_flowed: bool,
    credential_proven: bool,
    faults: &[Fault],
) -> Verdict {
    let told_only = faults.iter().all(|fault| fault.code == FaultCode::CertificateChanged);
    if media_flowed || (depth == Depth::Reach && told_only) {
        return if faults.is_empty() { Verdict::Online } else { Verdict::Degraded };
    }
    let undecided = told_only
        || faults.iter().any(|fault| match fault.code {
            FaultCode::AuthRequired | FaultCode::AuthSuspended | FaultCode::SessionLimit => true,
            FaultCode::AuthRejected => !credential_proven,
            _ => fault.detail.is_ours(),
        });
    if undecided { Verdict::Unknown } else { Verdict::Offline }
}

/// Whether the device answered at all, as far as its faults tell (设备可达).
///
/// A refused connection is no answer of the service, though its host is up.
pub fn reached_of(faults: &[Fault]) -> bool {
    faults.iter().all(|fault| {
        (fault.code.group() != Group::Reach || fault.code == FaultCode::CertificateChanged)
            && !matches!(fault.code, FaultCode::NoResponse)
            && fault.stage != crate::Stage::Prepare
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Detail, Stage};

    fn fault(code: FaultCode) -> Fault {
        Fault::new(code, Stage::Describe, Detail::None)
    }

    #[test]
    fn media_that_flows_is_online_and_with_a_fault_degraded() {
        assert_eq!(verdict_of(Depth::Stream, true, true, &[]), Verdict::Online);
        let slow = [fault(FaultCode::LowFps)];
        assert_eq!(verdict_of(Depth::Stream, true, true, &slow), Verdict::Degraded);
    }

    #[test]
    fn a_rejected_credential_is_offline_only_where_it_once_worked() {
        let rejected = [fault(FaultCode::AuthRejected)];
        assert_eq!(verdict_of(Depth::Stream, false, false, &rejected), Verdict::Unknown);
        assert_eq!(verdict_of(Depth::Stream, false, true, &rejected), Verdict::Offline);
    }

    #[test]
    fn open_questions_are_unknown_and_never_offline() {
        for code in [FaultCode::AuthRequired, FaultCode::AuthSuspended, FaultCode::SessionLimit] {
            assert_eq!(verdict_of(Depth::Picture, false, true, &[fault(code)]), Verdict::Unknown);
        }
        let ours = Fault::new(
            FaultCode::Unreachable,
            Stage::Prepare,
            Detail::Ours { problem: "budget exhausted".into() },
        );
        assert_eq!(verdict_of(Depth::Stream, false, false, &[ours]), Verdict::Unknown);
    }

    #[test]
    fn every_other_cause_that_keeps_media_away_is_offline() {
        for code in [FaultCode::Refused, FaultCode::NotFound, FaultCode::NoMedia] {
            assert_eq!(verdict_of(Depth::Stream, false, true, &[fault(code)]), Verdict::Offline);
        }
    }

    #[test]
    fn a_changed_certificate_is_told_and_keeps_nothing_from_flowing() {
        let changed = [fault(FaultCode::CertificateChanged)];
        assert_eq!(verdict_of(Depth::Reach, false, true, &changed), Verdict::Degraded);
        assert_eq!(verdict_of(Depth::Stream, true, true, &changed), Verdict::Degraded);
        assert!(reached_of(&changed));
        let silent = [fault(FaultCode::CertificateChanged), fault(FaultCode::NoMedia)];
        assert_eq!(verdict_of(Depth::Stream, false, true, &silent), Verdict::Offline);
    }

    #[test]
    fn reach_alone_is_online_at_depth_reach_only() {
        assert_eq!(verdict_of(Depth::Reach, false, false, &[]), Verdict::Online);
        assert_eq!(verdict_of(Depth::Stream, false, false, &[]), Verdict::Unknown);
    }
}
