//! What the judgement of incidents is told.

use super::ObserverFault;
use crate::{DeviceId, FaultCode, MaintainerId, News, SiteId, State, Step, StreetId, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether somebody opens a device, so that its own results say how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// It is probed.
    Probed,
    /// It has no address, or is not in use: how it is follows from its children only.
    Inferred,
}

/// What a device depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// 上级设备.
    pub device: DeviceId,
    /// Whether it is probed itself.
    pub sight: Sight,
}

/// Devices that are probed around one, itself counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crowd {
    /// Behind the same parent.
    pub parent: u64,
    /// At the same site.
    pub site: u64,
    /// In the same street.
    pub street: u64,
    /// Kept by the same maintainer.
    pub maintainer: u64,
}

/// Where a device hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// 站点.
    pub site: SiteId,
    /// 街道.
    pub street: StreetId,
    /// 运维单位.
    pub maintainer: Option<MaintainerId>,
    /// What it depends on.
    pub parent: Option<Parent>,
    /// How many are probed beside it.
    pub crowd: Crowd,
}

/// How a device stands beside its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// As its state says.
    #[default]
    Steady,
    /// 抖动: it comes and goes.
    Flapping,
    /// It is not watched any more.
    Gone,
}

/// What is confirmed of a device from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceEvent {
    /// The device.
    pub device: DeviceId,
    /// Since when: an outage from its first failure.
    pub at: Timestamp,
    /// The last result before `at` that was none of it; `None` where nothing was known then.
    pub after: Option<Timestamp>,
    /// Its state.
    pub state: State,
    /// Whether it answered.
    pub reached: bool,
    /// What is wrong.
    pub faults: Vec<FaultCode>,
    /// Beside its state.
    pub manner: Manner,
    /// Picture faults that are confirmed, and since when.
    #[serde(default)]
    pub shown: Vec<(FaultCode, Timestamp)>,
}

impl DeviceEvent {
    /// What a step tells of a device; `None` where nobody has to hear of it.
    pub fn of(device: DeviceId, step: &Step) -> Option<Self> {
        let standing = &step.standing;
        let manner = match standing.last_result {
            None => Manner::Gone,
            Some(_) if standing.recent.is_flapping() => Manner::Flapping,
            Some(_) => Manner::Steady,
        };
        // One that flaps is in trouble from now on, also where it answers just now.
        let now = standing.last_result.filter(|_| manner == Manner::Flapping);
        let at = now.filter(|_| standing.state != State::Down).unwrap_or(standing.since);
        (step.news == News::Told).then(|| Self {
            device,
            at,
            after: step.after,
            state: standing.state,
            reached: standing.reached,
            faults: standing.faults.clone(),
            manner,
            shown: step.shown.clone(),
        })
    }
}

/// How an agent sees from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObserverEvent {
    /// The agent.
    pub agent: String,
    /// Since when.
    pub at: Timestamp,
    /// What is wrong with it; `None` where nothing is.
    pub fault: Option<ObserverFault>,
}

/// Something that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Of a device, and where it hangs.
    Device(DeviceEvent, Seat),
    /// Of an agent.
    Observer(ObserverEvent),
}

impl Event {
    /// The order in which events of one batch are taken.
    pub(super) fn order(&self) -> (Timestamp, Option<DeviceId>) {
        match self {
            Self::Device(event, _) => (event.at, Some(event.device)),
            Self::Observer(event) => (event.at, None),
        }
    }
}
