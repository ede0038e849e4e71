//! From the protocol's failures, and from answers, to fault codes.

use zhishou_domain::endpoint::Meaning;
use zhishou_domain::{CallFacts, Detail, Fault, FaultCode, Stage};
use zhishou_protocol::sip::{self, Cause, Failure};

use crate::guard::Refusal;
use crate::rtsp::{login_held_back, millis, silence};

/// The stage of the domain that a stage of the protocol is.
fn stage(stage: sip::Stage) -> Stage {
    match stage {
        sip::Stage::Options => Stage::Options,
        sip::Stage::Invite => Stage::Invite,
        sip::Stage::Ringing => Stage::Ringing,
        sip::Stage::Answer => Stage::Answer,
        sip::Stage::Bye => Stage::Bye,
    }
}

/// The fault that a final answer is, where it is one.
pub(super) fn of_status(status: u16, reason: &str, at: Stage) -> Option<Fault> {
    let code = match CallFacts::meaning(status) {
        Meaning::Alive => return None,
        Meaning::WantsLogin => FaultCode::AuthRequired,
        Meaning::Busy => FaultCode::Busy,
        Meaning::Refuses => FaultCode::Rejected,
        Meaning::NotRegistered => FaultCode::NotRegistered,
        Meaning::Overloaded => FaultCode::SessionLimit,
        Meaning::Unheard => {
            // The proxy waited, we do not know how long.
            let ignored = Detail::OptionsIgnored { waited_ms: 0 };
            let detail = if at == Stage::Options { ignored } else { status_of(status, reason) };
            return Some(Fault::new(FaultCode::NoResponse, at, detail));
        }
    };
    Some(Fault::new(code, at, status_of(status, reason)))
}

fn status_of(status: u16, reason: &str) -> Detail {
    Detail::Status { status, reason: reason.to_owned() }
}

/// The fault that a failure is. `refusal` is why the login was held back, if it was.
pub(super) fn of_failure(failure: &Failure, refusal: Option<&Refusal>) -> Fault {
    let at = stage(failure.stage);
    let schemes = |offered: &String| Detail::Schemes { offered: offered.clone() };
    let (code, detail) = match &failure.cause {
        Cause::Silent { waited } => (FaultCode::NoResponse, silence(*waited)),
        Cause::Unanswered { rang } => {
            (FaultCode::NoAnswer, Detail::Rang { rang_ms: millis(*rang) })
        }
        Cause::Status { status, reason } => {
            let detail = status_of(*status, reason);
            return of_status(*status, reason, at)
                .unwrap_or_else(|| Fault::new(FaultCode::Rejected, at, detail));
        }
        Cause::AuthRequired { offered, .. } => match refusal {
            Some(refusal) => login_held_back(refusal),
            None => (FaultCode::AuthRequired, schemes(offered)),
        },
        Cause::AuthRejected { offered } => (FaultCode::AuthRejected, schemes(offered)),
        Cause::AuthUnsupported { offered } => (FaultCode::AuthUnsupported, schemes(offered)),
        Cause::BadMessage(error) => {
            (FaultCode::BadResponse, Detail::Malformed { problem: error.to_string() })
        }
        Cause::BadSdp(error) => {
            (FaultCode::BadSdp, Detail::Malformed { problem: error.to_string() })
        }
        Cause::NoSdp => {
            (FaultCode::BadSdp, Detail::Malformed { problem: "no description".to_owned() })
        }
        Cause::ConnectionLost | Cause::HungUp => (FaultCode::ConnectionLost, Detail::None),
    };
    Fault::new(code, at, detail)
}
