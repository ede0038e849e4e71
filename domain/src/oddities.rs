//! What a device does apart from the rules and the probe copes with: told, and no fault of its own.

use crate::Lang;
use serde::{Deserialize, Serialize};

/// What was counted of it in one probe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Oddities {
    /// It named another host in a base or control URL (Q22).
    pub foreign_host: bool,
    /// Its description has parameter sets that cannot be used (Q13).
    pub invalid_parameter_sets: bool,
    /// Interleaved frames on channels that were never set up (Q53).
    pub unset_channel_frames: u64,
    /// Of these, frames before any SETUP: of another client's session (Q54).
    pub stale_session_frames: u64,
    /// Packets of other sources, or of hosts that have nothing to do with the session.
    pub foreign_packets: u64,
    /// Sender reports of sources other than the stream's (Q61).
    pub foreign_reports: u64,
    /// Payloads that break their RFC and were read all the same (Q60).
    pub anomalies: u64,
    /// Packets that are no RTP, or far out of sequence.
    pub malformed: u64,
    /// How often the source or its numbering began anew.
    pub restarts: u64,
    /// Bytes between frames that belong to none.
    pub stray_bytes: u64,
}

impl Oddities {
    /// `None` where there is none.
    pub fn any(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    /// A sentence each.
    pub fn sentences(&self, lang: Lang) -> Vec<String> {
        let host = self.foreign_host.then(|| {
            lang.pick(
                "设备在流地址中写了别的主机（NAT 或平台地址），已按原连接取流",
                "names another host in its stream addresses (NAT, a platform); asked on the same connection",
            )
            .to_owned()
        });
        let sets = self.invalid_parameter_sets.then(|| {
            lang.pick(
                "会话描述中的参数集无法使用，以码流内的为准",
                "the parameter sets of its description are unusable; those in the stream count",
            )
            .to_owned()
        });
        let elsewhere = self.unset_channel_frames.saturating_sub(self.stale_session_frames);
        let counted = [
            (
                self.stale_session_frames,
                "帧属于其他客户端的会话，已丢弃；请升级设备固件",
                "frames of another client's session dropped; update the firmware",
            ),
            (elsewhere, "帧在未建立的通道上，已丢弃", "frames on channels never set up dropped"),
            (
                self.foreign_packets,
                "个包来自其他来源，不计入丢包",
                "packets of other sources, not counted as loss",
            ),
            (
                self.foreign_reports,
                "份报告来自其他来源，不据此校时",
                "reports of other sources, no clock is taken from them",
            ),
            (
                self.anomalies,
                "处封装不合规范，已按实际内容读取",
                "payloads break their RFC and were read all the same",
            ),
            (
                self.malformed,
                "个包不是 RTP 或序号相差过远",
                "packets are no RTP or far out of sequence",
            ),
            (self.restarts, "次中途重新编号", "times the stream began its numbers anew"),
            (
                self.stray_bytes,
                "字节夹在数据之间、无法识别，已跳过",
                "bytes between frames skipped",
            ),
        ];
        let counted = counted
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, zh, en)| format!("{count} {}", lang.pick(zh, en)));
        host.into_iter().chain(sets).chain(counted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_said_once_and_the_rest_is_not() {
        assert_eq!(Oddities::default().any(), None);
        let odd = Oddities {
            foreign_host: true,
            unset_channel_frames: 7,
            stale_session_frames: 5,
            ..Oddities::default()
        };
        let said = odd.sentences(Lang::En);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[1].starts_with("5 frames of another client's") && said[2].starts_with("2 "));
        assert!(odd.sentences(Lang::Zh)[1].starts_with("5 帧属于其他客户端的会话"));
    }
}
