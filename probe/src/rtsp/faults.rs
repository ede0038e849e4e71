//! From the protocol's failures to fault codes, one to one.

use std::time::Duration;

use zhishou_domain::{Detail, Fault, FaultCode, Stage};
use zhishou_protocol::rtsp::{self, Cause, Failure};

use crate::guard::Refusal;

/// The stage of the domain that a stage of the protocol is.
pub(super) fn stage(stage: rtsp::Stage) -> Stage {
    match stage {
        rtsp::Stage::Options => Stage::Options,
        rtsp::Stage::Describe => Stage::Describe,
        rtsp::Stage::Setup => Stage::Setup,
        rtsp::Stage::Play => Stage::Play,
        rtsp::Stage::Receive => Stage::Receive,
        rtsp::Stage::Teardown => Stage::Teardown,
    }
}

/// The fault that a failed session is. `refusal` is why the login was held back, if it was;
/// `packets` and `after` say how much media had come by then.
pub(super) fn of_failure(
    failure: &Failure,
    refusal: Option<&Refusal>,
    packets: u64,
    after: Duration,
) -> Fault {
    let status =
        |status: &u16, reason: &str| Detail::Status { status: *status, reason: reason.to_owned() };
    let (code, detail) = match &failure.cause {
        Cause::NotRtsp { sample } => {
            (FaultCode::NotRtsp, Detail::Greeting { bytes: sample.clone() })
        }
        Cause::NoResponse { closed: true, .. } => (FaultCode::NoResponse, Detail::ClosedUnanswered),
        Cause::NoResponse { waited, .. } => (FaultCode::NoResponse, silence(*waited)),
        Cause::BadFrame(error) => {
            (FaultCode::BadResponse, Detail::Malformed { problem: error.to_string() })
        }
        Cause::BadStatus { status: code, reason } => (FaultCode::BadResponse, status(code, reason)),
        Cause::BadRedirect { status, problem } => {
            let problem = format!("redirect {status}: {problem}");
            (FaultCode::BadResponse, Detail::Malformed { problem })
        }
        Cause::AuthRequired { offered, .. } => match refusal {
            Some(refusal) => login_held_back(refusal),
            None => (FaultCode::AuthRequired, Detail::Schemes { offered: offered.clone() }),
        },
        Cause::AuthRejected { offered } => {
            (FaultCode::AuthRejected, Detail::Schemes { offered: offered.clone() })
        }
        Cause::AuthUnsupported { offered } => {
            (FaultCode::AuthUnsupported, Detail::Schemes { offered: offered.clone() })
        }
        Cause::SessionLimit { status: code } => (FaultCode::SessionLimit, status(code, "")),
        Cause::NotFound { status: code } => (FaultCode::NotFound, status(code, "")),
        Cause::ServerError { status: code, reason } => {
            (FaultCode::ServerError, status(code, reason))
        }
        Cause::BadSdp(error) => {
            (FaultCode::BadSdp, Detail::Malformed { problem: error.to_string() })
        }
        Cause::NoVideo { .. } => (FaultCode::NoVideo, Detail::None),
        Cause::TransportUnsupported { status: code } => {
            (FaultCode::TransportUnsupported, status(code, ""))
        }
        Cause::NoPorts => {
            let problem = "no pair of UDP ports was to be had".to_owned();
            (FaultCode::TransportUnsupported, Detail::Ours { problem })
        }
        Cause::ConnectionLost if failure.stage == rtsp::Stage::Receive => {
            (FaultCode::ConnectionLost, Detail::Cut { packets, after_ms: millis(after) })
        }
        Cause::ConnectionLost => (FaultCode::ConnectionLost, Detail::None),
    };
    Fault::new(code, stage(failure.stage), detail)
}

/// The login was kept back because the certificate is not the one on record.
pub(super) fn doubted(failed_in: rtsp::Stage, offered: &str) -> Fault {
    let detail = Detail::CertificateDoubted { offered: offered.to_owned() };
    Fault::new(FaultCode::AuthSuspended, stage(failed_in), detail)
}

/// Why a login that is known was not sent.
pub(crate) fn login_held_back(refusal: &Refusal) -> (FaultCode, Detail) {
    let detail = match refusal {
        Refusal::Suspended { failures, retry_after } => {
            Detail::Budget { failures: *failures, retry_after_ms: retry_after.map(millis) }
        }
        Refusal::Busy => {
            Detail::Ours { problem: "other logins on this host are still being tried".to_owned() }
        }
    };
    (FaultCode::AuthSuspended, detail)
}

/// Nothing came for so long.
pub(crate) fn silence(waited: Duration) -> Detail {
    Detail::Silence { waited_ms: millis(waited) }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds to the tenth: what a network measurement is worth.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(cause: Cause, refusal: Option<&Refusal>) -> FaultCode {
        let failure = Failure { stage: rtsp::Stage::Describe, cause };
        let fault = of_failure(&failure, refusal, 0, Duration::ZERO);
        assert_eq!(fault.stage, Stage::Describe);
        fault.code
    }

    #[test]
    fn each_cause_has_its_code() {
        let offered = String::new;
        let text = String::new;
        for (cause, want) in [
            (Cause::NotRtsp { sample: text() }, FaultCode::NotRtsp),
            (Cause::NoResponse { waited: Duration::ZERO, closed: true }, FaultCode::NoResponse),
            (Cause::BadStatus { status: 400, reason: text() }, FaultCode::BadResponse),
            (Cause::AuthRejected { offered: offered() }, FaultCode::AuthRejected),
            (Cause::AuthUnsupported { offered: offered() }, FaultCode::AuthUnsupported),
            (Cause::SessionLimit { status: 453 }, FaultCode::SessionLimit),
            (Cause::NotFound { status: 404 }, FaultCode::NotFound),
            (Cause::ServerError { status: 500, reason: text() }, FaultCode::ServerError),
            (Cause::NoVideo { media: 1 }, FaultCode::NoVideo),
            (Cause::TransportUnsupported { status: 461 }, FaultCode::TransportUnsupported),
            (Cause::ConnectionLost, FaultCode::ConnectionLost),
        ] {
            assert_eq!(code(cause, None), want);
        }
    }

    #[test]
    fn a_login_that_was_held_back_is_suspended_not_missing() {
        let required = || Cause::AuthRequired { offered: String::new(), withheld: true };
        assert_eq!(code(required(), None), FaultCode::AuthRequired);
        let refusal = Refusal::Suspended { failures: 1, retry_after: None };
        assert_eq!(code(required(), Some(&refusal)), FaultCode::AuthSuspended);
    }
}
