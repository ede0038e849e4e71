use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zhishou_domain::{
    FaultCode, Group,
    incident::{GroupRule, ObserverRule},
};

/// When outages are one incident, and when we do not believe ourselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Incidents {
    /// Outages that may have begun so far apart still have one root, seconds, 0 to 3600.
    pub window_s: f64,
    /// Devices of a site, a street, a maintainer or a parent without an address that fall together at
    /// least, 2 to 1000.
    pub together_least: usize,
    /// And at least this share of those that are probed there, above 0 to 1.
    pub together_share: f64,
    /// A device that falls again within so long reopens its incident, seconds, 0 to 86 400.
    pub reopen_s: f64,
    /// 遗留: who is still down so long after its root recovered is an incident of its own, seconds, 60 to
    /// 86 400.
    pub left_behind_s: f64,
    /// 画面故障: faults of a picture that are an incident though media flow, once as many judged pictures in
    /// a row show them as results make an outage hard.
    pub picture_faults: Vec<String>,
    /// 对照点: hosts beside us that are always there, such as the gateway, as `host:port`.
    pub canaries: Vec<String>,
    /// More than this share of devices lost at once is our own fault, above 0 to 1.
    pub lost_share: f64,
    /// Probes so long past their time are an incident of ours, seconds, 60 to 86 400.
    pub late_s: f64,
}

/// The picture fault of a code.
fn picture_fault(code: &str) -> Option<FaultCode> {
    FaultCode::from_code(code).filter(|fault| fault.group() == Group::Picture)
}

impl Default for Incidents {
    fn default() -> Self {
        let (group, observer) = (GroupRule::default(), ObserverRule::default());
        Self {
            window_s: group.window.as_secs_f64(),
            together_least: group.least,
            together_share: group.share,
            reopen_s: group.reopen.as_secs_f64(),
            left_behind_s: group.left.as_secs_f64(),
            picture_faults: FaultCode::ALL
                .iter()
                .filter(|fault| group.pictures.contains(**fault))
                .map(|fault| fault.code().to_owned())
                .collect(),
            canaries: Vec::new(),
            lost_share: observer.share,
            late_s: observer.late.as_secs_f64(),
        }
    }
}

impl Incidents {
    /// When outages are one.
    pub fn group_rule(&self) -> GroupRule {
        GroupRule {
            window: Duration::from_secs_f64(self.window_s),
            least: self.together_least,
            share: self.together_share,
            reopen: Duration::from_secs_f64(self.reopen_s),
            left: Duration::from_secs_f64(self.left_behind_s),
            pictures: self.picture_faults.iter().filter_map(|it| picture_fault(it)).collect(),
        }
    }

    /// When an agent is not believed.
    pub fn observer_rule(&self) -> ObserverRule {
        ObserverRule {
            share: self.lost_share,
            late: Duration::from_secs_f64(self.late_s),
            ..ObserverRule::default()
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (key, value, least, most) in [
            ("incidents.window_s", self.window_s, 0.0, 3600.0),
            ("incidents.reopen_s", self.reopen_s, 0.0, 86_400.0),
            ("incidents.left_behind_s", self.left_behind_s, 60.0, 86_400.0),
            ("incidents.late_s", self.late_s, 60.0, 86_400.0),
        ] {
            let rule = Rule::within(least, most, Unit::Seconds);
            require((least..=most).contains(&value), key, value, rule)?;
        }
        require(
            (2..=1000).contains(&self.together_least),
            "incidents.together_least",
            self.together_least,
            Rule::within(2.0, 1000.0, Unit::Count),
        )?;
        for (key, share) in [
            ("incidents.together_share", self.together_share),
            ("incidents.lost_share", self.lost_share),
        ] {
            let rule = Rule::within(0.01, 1.0, Unit::Share);
            require((0.01..=1.0).contains(&share), key, share, rule)?;
        }
        for fault in &self.picture_faults {
            require(
                picture_fault(fault).is_some(),
                "incidents.picture_faults",
                fault,
                Rule::PictureFault,
            )?;
        }
        for canary in &self.canaries {
            let port = canary.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            let is_sound = port.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|it| it > 0));
            require(is_sound, "incidents.canaries", canary, Rule::Host)?;
        }
        Ok(())
    }
}
