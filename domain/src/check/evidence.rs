//! Why a check says what it says, as data that is put into words per language.

use crate::{CallSkipped, FaultCode, Lang};
use serde::{Deserialize, Serialize};

/// Of what a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureUnit {
    /// Of 100.
    Percent,
    /// Milliseconds.
    Millis,
}

impl MeasureUnit {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Millis => "ms",
        }
    }
}

/// Why something was not tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRun {
    /// Its time passed while we did not run.
    Missed,
    /// The run was broken off.
    Interrupted,
    /// The endpoint was in a call.
    Busy,
    /// The venue has no such device in the ledger.
    NoDevice,
    /// It is not in use or has no address.
    NotProbed,
    /// We could not see: a fault of ours, or of a login that is not known.
    Ours,
    /// Only its liveness was looked at.
    LivenessOnly,
    /// No test call is allowed to it, or it speaks H.323 alone.
    NoCall,
    /// A meeting had it, or was about to.
    InMeeting,
    /// As many test calls as may be were under way all the time.
    NoRoom,
    /// Signalling told already that it cannot be called.
    NotReady,
    /// The call was too short to tell how well it is.
    TooShort,
    /// Its end of the call told nothing of it.
    NotTold,
    /// The streams of the cameras tell no time.
    NoClock,
}

words!(NotRun {
    Missed = "missed", "检查时间已过，平台当时未运行", "the time passed while the platform did not run";
    Interrupted = "interrupted", "检查中断", "the check was broken off";
    Busy = "busy", "终端正忙，未呼叫", "the endpoint was busy and not called";
    NoDevice = "no_device", "台账中没有终端", "no endpoint in the ledger";
    NotProbed = "not_probed", "未接入探测", "not connected to probing";
    Ours = "ours", "平台一侧未能看清", "we could not see";
    LivenessOnly = "liveness_only", "本次只查在线，未呼叫", "liveness only, no call";
    NoCall = "no_call", "未开通测试呼叫，须人工联调", "no test call is possible: a person has to test it";
    InMeeting = "in_meeting", "会议占用，未呼叫", "a meeting has it: not called";
    NoRoom = "no_room", "同时测试呼叫已达上限，未呼叫", "as many test calls as may be were under way: not called";
    NotReady = "not_ready", "信令未通，未呼叫", "signalling fails: not called";
    TooShort = "too_short", "通话太短，未测得", "the call was too short to tell";
    NotTold = "not_told", "对端未回报，未测得", "the other end told nothing of it";
    NoClock = "no_clock", "摄像机码流不带时间，未测得", "the streams of the cameras tell no time";
});

impl NotRun {
    /// Whether a person who tests it together with the room is who can still tell.
    pub const fn asks_for_a_person(self) -> bool {
        matches!(
            self,
            Self::NoCall
                | Self::NoDevice
                | Self::NotProbed
                | Self::Busy
                | Self::InMeeting
                | Self::NoRoom
                | Self::LivenessOnly
        )
    }

    /// What to do next.
    pub const fn advice(self, lang: Lang) -> &'static str {
        match self {
            Self::Missed | Self::Interrupted | Self::NoRoom | Self::TooShort => {
                lang.pick("点“立即检查”。", "Check it now.")
            }
            Self::NotReady => lang.pick(
                "先使终端可达、已注册，再立即检查。",
                "Make it reachable and registered first, then check again.",
            ),
            Self::Busy => lang.pick("挂断后再查。", "Check again when it has hung up."),
            Self::NoDevice | Self::NotProbed => lang.pick(
                "在台账中登记终端和地址；本次会议请人工联调。",
                "Enter the endpoint and its address in the ledger; for this meeting test it by hand.",
            ),
            Self::Ours => lang.pick(
                "先查平台网络和该终端的口令，再立即检查。",
                "Look at the platform's network and the endpoint's login first, then check again.",
            ),
            Self::NoClock => lang.pick(
                "在摄像机上开启 RTCP 发送者报告和 NTP 校时。",
                "Turn on RTCP sender reports and NTP in the cameras.",
            ),
            Self::LivenessOnly | Self::NoCall | Self::InMeeting | Self::NotTold => lang.pick(
                "与会场联调后由联调人签字。",
                "Test it together with the room; whoever did signs.",
            ),
        }
    }
}

impl From<CallSkipped> for NotRun {
    fn from(skipped: CallSkipped) -> Self {
        match skipped {
            CallSkipped::NotPermitted => Self::NoCall,
            CallSkipped::Busy => Self::Busy,
            CallSkipped::InMeeting => Self::InMeeting,
            CallSkipped::NotReady => Self::NotReady,
            CallSkipped::NoRoom => Self::NoRoom,
        }
    }
}

/// Why a check says what it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// There is nothing more to say.
    #[default]
    None,
    /// What a probe found wrong.
    Faults {
        /// In the order met.
        faults: Vec<FaultCode>,
    },
    /// A figure against its limit.
    Measured {
        /// What was measured.
        value: f64,
        /// What it may be.
        limit: f64,
        /// Of both.
        unit: MeasureUnit,
    },
    /// The picture that came, with nothing wrong.
    Seen {
        /// Width and height, pixels, where its parameter sets tell.
        size: Option<(u32, u32)>,
        /// Frames a second.
        fps: Option<f64>,
        /// A keyframe of it was decoded and judged.
        judged: bool,
    },
    /// So many of several devices are well.
    Share {
        /// Well.
        well: usize,
        /// Of all.
        of: usize,
        /// What is wrong with the others.
        faults: Vec<FaultCode>,
        /// Of the others, those that we could not see.
        #[serde(default)]
        unseen: usize,
    },
    /// It was not tested.
    NotRun {
        /// Why.
        why: NotRun,
    },
    /// What a person said who signed.
    Said {
        /// In words.
        text: String,
    },
}

impl Evidence {
    /// Not tested, for a reason.
    pub const fn not_run(why: NotRun) -> Self {
        Self::NotRun { why }
    }

    /// In words; empty where there is nothing to say.
    pub fn render(&self, lang: Lang) -> String {
        let names = |faults: &[FaultCode]| {
            let names: Vec<_> = faults.iter().map(|fault| fault.name(lang)).collect();
            names.join(lang.pick("、", ", "))
        };
        match self {
            Self::None => String::new(),
            Self::Faults { faults } => names(faults),
            Self::Measured { value, limit, unit } => {
                format!("{value:.1} / {limit:.0} {}", unit.symbol())
            }
            Self::Seen { size, fps, judged } => {
                let size = size.map(|(width, height)| format!("{width}×{height}"));
                let judged = match judged {
                    true => lang.pick("画面正常", "nothing wrong with the picture"),
                    false => lang.pick("画面未判读", "picture not judged"),
                };
                let fps = fps.map(|fps| format!("{fps:.1} fps"));
                let parts = [size, fps, Some(judged.to_owned())];
                parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
            }
            Self::Share { well, of, faults, unseen } => {
                let mut words = format!("{well}/{of}");
                if !faults.is_empty() {
                    words = format!("{words} {}", names(faults));
                }
                match (unseen, lang) {
                    (0, _) => words,
                    (_, Lang::Zh) => format!("{words}，{unseen} 台平台未能看清"),
                    (_, Lang::En) => format!("{words}, {unseen} not seen by us"),
                }
            }
            Self::NotRun { why } => why.name(lang).to_owned(),
            Self::Said { text } => text.clone(),
        }
    }

    /// What to do next.
    pub fn advice(&self, lang: Lang) -> Option<&'static str> {
        match self {
            Self::Faults { faults } | Self::Share { faults, .. } => {
                faults.first().map(|fault| fault.advice(lang))
            }
            Self::NotRun { why } => Some(why.advice(lang)),
            Self::None | Self::Measured { .. } | Self::Seen { .. } | Self::Said { .. } => None,
        }
    }
}
