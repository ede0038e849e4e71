use crate::{ConfigError, Note, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zhishou_domain::{ConfirmRule, Depth, DeviceKind, Plan, PointClass, TransportPolicy};

/// How often and how deep devices are probed: a default, and what differs per point class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Plans {
    /// For every camera without a more special plan.
    pub default: PlanSection,
    /// For 一类点, instead of the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_1: Option<PlanSection>,
    /// For 二类点, instead of the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_2: Option<PlanSection>,
    /// For 三类点, instead of the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_3: Option<PlanSection>,
    /// For 配套设备 (switches, recorders, UPS) of any class, instead of those above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment: Option<PlanSection>,
    /// For 会议终端 of any class.
    #[serde(skip_serializing_if = "EndpointSection::is_default")]
    pub endpoint: EndpointSection,
}

/// One probe plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlanSection {
    /// Seconds between two probes while nothing is in doubt, 10 to 86 400.
    pub interval_s: u32,
    /// `reach`, `stream` or `picture`.
    pub depth: String,
    /// Seconds of media received, 1 to 60.
    pub seconds: f64,
    /// Seconds after which a clean picture is decoded again at the latest, 0 to 86 400; 0: at each
    /// probe. In between it is decoded when its keyframe departs from the camera's habit.
    pub decode_every_s: u32,
    /// `auto` (TCP, and UDP where a device refuses it or sends nothing), `tcp` or `udp`.
    pub transport: String,
    /// Share of the interval by which a probe may come early or late, 0 to 0.5.
    pub jitter: f64,
    /// Consecutive failures that make an outage hard, 1 to 10.
    pub failures: u32,
    /// Seconds between probes while in doubt, 5 to 3600, at most `interval_s`.
    pub retry_s: u32,
}

impl Default for PlanSection {
    fn default() -> Self {
        Self {
            interval_s: 300,
            depth: "picture".to_owned(),
            seconds: 3.0,
            decode_every_s: 600,
            transport: "auto".to_owned(),
            jitter: 0.1,
            failures: 3,
            retry_s: 30,
        }
    }
}

/// The probe plan of endpoints: as any other, with defaults that ring in no room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointSection {
    /// Seconds between two probes while nothing is in doubt, 10 to 86 400.
    pub interval_s: u32,
    /// `reach` asks and calls nobody. `stream` and `picture` call, at each probe, those that the ledger
    /// permits (允许测试呼叫).
    pub depth: String,
    /// Seconds that a call lasts, 1 to 60; 20 and more for figures of quality.
    pub seconds: f64,
    /// As of the other plans; a call always has its picture decoded.
    pub decode_every_s: u32,
    /// As of the other plans; the address says how an endpoint is reached.
    pub transport: String,
    /// Share of the interval by which a probe may come early or late, 0 to 0.5.
    pub jitter: f64,
    /// Consecutive failures that make an outage hard, 1 to 10.
    pub failures: u32,
    /// Seconds between probes while in doubt, 5 to 3600, at most `interval_s`.
    pub retry_s: u32,
}

impl Default for EndpointSection {
    fn default() -> Self {
        let PlanSection {
            interval_s, decode_every_s, transport, jitter, failures, retry_s, ..
        } = PlanSection::default();
        let depth = "reach".to_owned();
        let seconds = 20.0;
        Self { interval_s, depth, seconds, decode_every_s, transport, jitter, failures, retry_s }
    }
}

impl EndpointSection {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn section(&self) -> PlanSection {
        let Self {
            interval_s,
            depth,
            seconds,
            decode_every_s,
            transport,
            jitter,
            failures,
            retry_s,
        } = self.clone();
        PlanSection {
            interval_s,
            depth,
            seconds,
            decode_every_s,
            transport,
            jitter,
            failures,
            retry_s,
        }
    }
}

impl Plans {
    /// The plan of a device of this kind and class.
    pub fn plan(&self, kind: DeviceKind, class: Option<PointClass>) -> Plan {
        match (kind, &self.equipment) {
            (DeviceKind::Equipment, Some(plan)) => return plan.plan(),
            (DeviceKind::Endpoint, _) => return self.endpoint.section().plan(),
            _ => {}
        }
        let special = match class {
            Some(PointClass::One) => self.class_1.as_ref(),
            Some(PointClass::Two) => self.class_2.as_ref(),
            Some(PointClass::Three) => self.class_3.as_ref(),
            None => None,
        };
        special.unwrap_or(&self.default).plan()
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let special = [
            ("class_1", &self.class_1),
            ("class_2", &self.class_2),
            ("class_3", &self.class_3),
            ("equipment", &self.equipment),
        ];
        let special = special.into_iter().filter_map(|(name, plan)| Some((name, plan.as_ref()?)));
        let always = [("default", &self.default), ("endpoint", &self.endpoint.section())];
        special.chain(always).try_for_each(|(name, plan)| plan.check(name))
    }
}

impl PlanSection {
    fn plan(&self) -> Plan {
        Plan {
            interval: Duration::from_secs(u64::from(self.interval_s)),
            depth: Depth::from_code(&self.depth).unwrap_or_default(),
            seconds: Duration::from_secs_f64(self.seconds),
            decode_every: Duration::from_secs(u64::from(self.decode_every_s)),
            transport: TransportPolicy::from_code(&self.transport).unwrap_or_default(),
            jitter: self.jitter,
            confirm: ConfirmRule {
                failures: self.failures,
                retry: Duration::from_secs(u64::from(self.retry_s)),
            },
        }
    }

    /// `name` is the plan's, for the message.
    fn check(&self, name: &str) -> Result<(), ConfigError> {
        let key = |field: &str| format!("plans.{name}.{field}");
        let interval = self.interval_s;
        require(
            (10..=86_400).contains(&interval),
            key("interval_s"),
            interval,
            Rule::within(10.0, 86_400.0, Unit::Seconds),
        )?;
        require(
            Depth::from_code(&self.depth).is_some(),
            key("depth"),
            &self.depth,
            Rule::OneOf(&["reach", "stream", "picture"]),
        )?;
        require(
            (1.0..=60.0).contains(&self.seconds),
            key("seconds"),
            self.seconds,
            Rule::within(1.0, 60.0, Unit::Seconds),
        )?;
        require(
            self.decode_every_s <= 86_400,
            key("decode_every_s"),
            self.decode_every_s,
            Rule::Within {
                least: 0.0,
                most: 86_400.0,
                unit: Unit::Seconds,
                note: Note::ZeroEachProbe,
            },
        )?;
        require(
            TransportPolicy::from_code(&self.transport).is_some(),
            key("transport"),
            &self.transport,
            Rule::OneOf(&["auto", "tcp", "udp"]),
        )?;
        require(
            (0.0..=0.5).contains(&self.jitter),
            key("jitter"),
            self.jitter,
            Rule::within(0.0, 0.5, Unit::Share),
        )?;
        require(
            (1..=10).contains(&self.failures),
            key("failures"),
            self.failures,
            Rule::within(1.0, 10.0, Unit::Count),
        )?;
        require(
            (5..=3600).contains(&self.retry_s) && self.retry_s <= interval,
            key("retry_s"),
            self.retry_s,
            Rule::Within {
                least: 5.0,
                most: 3600.0,
                unit: Unit::Seconds,
                note: Note::NoLongerThanInterval,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn endpoints_are_never_called_unless_the_depth_says_so() {
        let plan = |text: &str| {
            let plan = Config::parse(text).unwrap().plans.plan(DeviceKind::Endpoint, None);
            (plan.interval.as_secs(), plan.depth, plan.seconds.as_secs())
        };
        assert_eq!(plan(""), (300, Depth::Reach, 20));
        assert_eq!(plan("[plans.endpoint]\ninterval_s = 120"), (120, Depth::Reach, 20));
        assert_eq!(plan("[plans.endpoint]\nseconds = 30.0"), (300, Depth::Reach, 30));
        let called = "[plans.endpoint]\ndepth = \"picture\"\ninterval_s = 86400";
        assert_eq!(plan(called), (86_400, Depth::Picture, 20));
        assert_eq!(
            plan("[plans.default]\ninterval_s = 60\nseconds = 5.0"),
            (300, Depth::Reach, 20)
        );
    }
}
