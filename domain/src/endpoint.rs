//! Conference endpoints (会议终端): what a probe sees of one, and what that means.
//!
//! Level 1 asks OPTIONS; level 2 is a test call, which only an endpoint that permits it ever gets,
//! and none while it is busy or in a meeting. What an answer of SIP means stands in
//! [`CallFacts::meaning`], what follows for the verdict in [`verdict_of_call`].

use crate::{Depth, Fault, FaultCode, Group, Lang, Verdict, equipment::Service, verdict_of};
use serde::{Deserialize, Serialize};

/// Whether an address is one of SIP.
pub fn is_sip(url: &str) -> bool {
    url.trim_start().split_once(':').is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips")
    })
}

/// What is spoken to an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Signalling {
    /// SIP.
    #[default]
    Sip,
    /// H.323 alone, which we do not speak: the host is pinged and [`H323_PORT`] knocked at.
    H323,
}

/// Where calls of H.323 come in (H.225.0, IANA `h323hostcall`).
pub const H323_PORT: u16 = 1720;

impl Signalling {
    /// By the address of an endpoint in the ledger.
    pub fn of(url: &str) -> Self {
        match Service::of(url) {
            Some(Service::Icmp | Service::Tcp) => Self::H323,
            _ => Self::Sip,
        }
    }
}

/// 允许测试呼叫: whether an endpoint may be called to test it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestCall {
    /// It is only asked, never called.
    #[default]
    Forbidden,
    /// It may be called.
    Permitted,
    /// It may be, only not now: a meeting has it.
    InMeeting,
}

words!(TestCall {
    Forbidden = "forbidden", "不允许", "not permitted";
    Permitted = "permitted", "允许", "permitted";
    InMeeting = "in_meeting", "会议期间不允许", "not during a meeting";
});

/// Why a call was not made though the plan would have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallSkipped {
    /// Nobody permitted it.
    NotPermitted,
    /// It is in a call.
    Busy,
    /// It is reserved by a meeting that is on or about to begin.
    InMeeting,
    /// OPTIONS told already that it cannot be called.
    NotReady,
    /// As many calls as may be were under way all the time.
    NoRoom,
}

words!(CallSkipped {
    NotPermitted = "not_permitted", "台账未允许测试呼叫，音视频未测", "the ledger permits no test call, media untested";
    Busy = "busy", "终端忙，音视频未测", "it is busy, media untested";
    InMeeting = "in_meeting", "会议期间不呼叫，音视频未测", "no call during a meeting, media untested";
    NoRoom = "no_room", "同时测试呼叫已达上限，本次未呼叫", "as many test calls as may be were under way, not called";
    NotReady = "not_ready", "信令未通，未呼叫", "signalling fails, not called";
});

/// What the final answer to OPTIONS says of an endpoint (RFC 3261 §11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It lives, and says nothing against a call.
    Alive,
    /// It lives, and asks for a login.
    WantsLogin,
    /// It lives, and is in a call.
    Busy,
    /// It lives, and would refuse us.
    Refuses,
    /// A registrar does not know where it is.
    NotRegistered,
    /// It lives, and is overloaded.
    Overloaded,
    /// A proxy lives, and hears nothing of it.
    Unheard,
}

/// What one probe saw of an endpoint. `None` is "not known", never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallFacts {
    /// The address that was asked.
    pub peer: Option<String>,
    /// What carried the messages: `udp`, `tcp`, `tls`.
    pub carrier: Option<String>,
    /// Status of the final answer to OPTIONS.
    pub options_status: Option<u16>,
    /// What it says that it understands (`Allow`).
    pub methods: Vec<String>,
    /// What it says that it can receive, by the description in its answer.
    pub codecs: Vec<String>,
    /// Why it was not called, where it was not.
    pub skipped: Option<CallSkipped>,
    /// A call was tried.
    pub called: bool,
    /// Status of the final answer to INVITE.
    pub invite_status: Option<u16>,
    /// How long the call lasted, ms.
    pub talked_ms: Option<f64>,
    /// There and back by RTCP (RFC 3550 §6.4.1), ms.
    pub rtt_ms: Option<f64>,
    /// Share of what we sent that did not arrive there, 0–1, by its receiver reports.
    pub sent_loss_ratio: Option<f64>,
    /// Rating by G.107, 0–100; `None` where the call was too short or the codec is not known to it.
    pub r_factor: Option<f64>,
    /// Mean opinion score by G.107, 1–4.5: of the sound that arrived here.
    pub mos: Option<f64>,
    /// Freezes of the picture.
    pub freezes: Option<u32>,
    /// All of them together, ms.
    pub frozen_ms: Option<f64>,
    /// Whether the call is known to be over.
    pub ended: Option<bool>,
}

impl CallFacts {
    /// What a final answer to OPTIONS means. A proxy may have given it: 200 of one does not prove
    /// that the endpoint is on.
    pub const fn meaning(status: u16) -> Meaning {
        match status {
            401 | 407 => Meaning::WantsLogin,
            486 | 600 => Meaning::Busy,
            403 | 603 | 607 | 608 => Meaning::Refuses,
            404 | 480 | 604 => Meaning::NotRegistered,
            503 => Meaning::Overloaded,
            408 | 504 => Meaning::Unheard,
            _ => Meaning::Alive,
        }
    }

    /// Why there are no media, in words.
    pub fn note(&self, lang: Lang) -> Option<String> {
        let skipped = self.skipped?;
        Some(format!("{}{}", lang.pick("测试呼叫：", "test call: "), skipped.name(lang)))
    }
}

/// The verdict of one probe of an endpoint. `called` is whether a call was tried, `media_flowed`
/// whether any packet of it came.
///
/// Without a call it speaks of reach alone: any final answer of SIP is `online` but those that say
/// that the endpoint is not there, whatever else is told beside it. A busy endpoint is `online`, its
/// media untested.
pub fn verdict_of_call(
    called: bool,
    media_flowed: bool,
    credential_proven: bool,
    faults: &[Fault],
) -> Verdict {
    if called {
        let busy = faults.iter().any(|fault| fault.code == FaultCode::Busy);
        return match verdict_of(Depth::Stream, media_flowed, credential_proven, faults) {
            Verdict::Offline | Verdict::Unknown if busy => Verdict::Online,
            verdict => verdict,
        };
    }
    let mut verdict = Verdict::Online;
    for fault in faults {
        let open = fault.detail.is_ours() || fault.detail.settles_nothing();
        let worse = match fault.code {
            _ if open => Verdict::Unknown,
            FaultCode::SessionLimit => Verdict::Unknown,
            FaultCode::CertificateChanged => Verdict::Degraded,
            FaultCode::NotRegistered
            | FaultCode::NoResponse
            | FaultCode::BadResponse
            | FaultCode::ConnectionLost => Verdict::Offline,
            code if code.group() == Group::Reach => Verdict::Offline,
            _ => Verdict::Online,
        };
        verdict = match (verdict, worse) {
            (Verdict::Unknown, _) | (_, Verdict::Unknown) => Verdict::Unknown,
            (Verdict::Offline, _) | (_, Verdict::Offline) => Verdict::Offline,
            (Verdict::Degraded, _) | (_, Verdict::Degraded) => Verdict::Degraded,
            _ => Verdict::Online,
        };
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Detail, Stage};

    fn fault(code: FaultCode) -> Fault {
        Fault::new(code, Stage::Options, Detail::None)
    }

    #[test]
    fn addresses_of_sip_are_told_from_others() {
        assert_eq!(Signalling::of("icmp://10.0.0.1"), Signalling::H323);
        assert_eq!(Signalling::of("tcp://10.0.0.1:1720"), Signalling::H323);
        assert_eq!(Signalling::of("sip:room@10.0.0.1"), Signalling::Sip);
        assert!(is_sip("SIPS:room@h") && is_sip(" sip:h"));
        assert!(!is_sip("rtsp://sip:5060/") && !is_sip("sip"));
    }

    #[test]
    fn every_answer_to_options_but_three_is_alive_at_reach() {
        for (status, meaning) in [
            (200, Meaning::Alive),
            (405, Meaning::Alive),
            (501, Meaning::Alive),
            (488, Meaning::Alive),
            (401, Meaning::WantsLogin),
            (407, Meaning::WantsLogin),
            (486, Meaning::Busy),
            (603, Meaning::Refuses),
            (404, Meaning::NotRegistered),
            (480, Meaning::NotRegistered),
            (503, Meaning::Overloaded),
            (408, Meaning::Unheard),
        ] {
            assert_eq!(CallFacts::meaning(status), meaning, "{status}");
        }
        let reach = |code| verdict_of_call(false, false, false, &[fault(code)]);
        for code in [
            FaultCode::AuthRequired,
            FaultCode::AuthRejected,
            FaultCode::AuthSuspended,
            FaultCode::Busy,
            FaultCode::Rejected,
        ] {
            assert_eq!(reach(code), Verdict::Online, "{code:?}");
        }
        for code in [FaultCode::NotRegistered, FaultCode::Refused, FaultCode::ConnectTimeout] {
            assert_eq!(reach(code), Verdict::Offline, "{code:?}");
        }
        assert_eq!(reach(FaultCode::SessionLimit), Verdict::Unknown);
        assert_eq!(reach(FaultCode::CertificateChanged), Verdict::Degraded);
        assert_eq!(verdict_of_call(false, false, false, &[]), Verdict::Online);
    }

    #[test]
    fn silence_to_options_alone_settles_nothing() {
        let ignored = Detail::OptionsIgnored { waited_ms: 8_000 };
        let faults = [Fault::new(FaultCode::NoResponse, Stage::Options, ignored)];
        assert_eq!(verdict_of_call(false, false, true, &faults), Verdict::Unknown);
        let both = [fault(FaultCode::NoResponse), fault(FaultCode::ConnectTimeout)];
        assert_eq!(verdict_of_call(false, false, true, &both), Verdict::Offline);
    }

    #[test]
    fn a_call_is_judged_by_its_media_and_busy_is_no_outage() {
        let called = |flowed, code| verdict_of_call(true, flowed, true, &[fault(code)]);
        assert_eq!(called(true, FaultCode::AudioSilent), Verdict::Degraded);
        assert_eq!(called(false, FaultCode::NoAnswer), Verdict::Offline);
        assert_eq!(called(false, FaultCode::Busy), Verdict::Online);
        assert_eq!(called(false, FaultCode::AuthRequired), Verdict::Unknown);
        assert_eq!(verdict_of_call(true, true, true, &[]), Verdict::Online);
    }
}
