//! What lies at the root of an incident: a function of who is in it.

use super::{Member, Sight};
use crate::{DeviceId, MaintainerId, SiteId, StreetId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a root is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Its own results say so.
    Probed,
    /// Only that those behind or within it fell together.
    Inferred,
}

words!(Seen {
    Probed = "probed", "实测", "probed";
    Inferred = "inferred", "推断", "inferred";
});

/// The root of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Root {
    /// One device, alone or with what hangs behind it.
    Device(DeviceId, Seen),
    /// A site: its power, its uplink.
    Site(SiteId),
    /// A street: its power, a line.
    Street(StreetId),
    /// What one maintainer keeps: its platform, its network.
    Maintainer(MaintainerId),
    /// Nothing smaller holds all of it.
    District,
}

/// The root of these.
pub(super) fn of(members: &BTreeMap<DeviceId, Member>) -> Root {
    if let Some(top) = top(members) {
        return Root::Device(top, Seen::Probed);
    }
    let parent = same(members, |it| {
        it.seat.parent.filter(|it| it.sight == Sight::Inferred).map(|it| it.device)
    });
    if let Some(parent) = parent {
        return Root::Device(parent, Seen::Inferred);
    }
    let site = same(members, |it| Some(it.seat.site)).map(Root::Site);
    let street = || same(members, |it| Some(it.seat.street)).map(Root::Street);
    let maintainer = || same(members, |it| it.seat.maintainer).map(Root::Maintainer);
    site.or_else(street).or_else(maintainer).unwrap_or(Root::District)
}

/// What all members have in common.
fn same<T: PartialEq>(
    members: &BTreeMap<DeviceId, Member>,
    of: impl Fn(&Member) -> Option<T>,
) -> Option<T> {
    let mut each = members.values().map(of);
    let first = each.next()??;
    each.all(|it| it.as_ref() == Some(&first)).then_some(first)
}

/// The member that all others hang behind.
fn top(members: &BTreeMap<DeviceId, Member>) -> Option<DeviceId> {
    let mut found = None;
    for &device in members.keys() {
        let top = climb(members, device);
        if found.is_some_and(|it| it != top) {
            return None;
        }
        found = Some(top);
    }
    found
}

/// The highest member above a device. A ledger that makes a ring of parents does not hold us up.
fn climb(members: &BTreeMap<DeviceId, Member>, device: DeviceId) -> DeviceId {
    let mut at = device;
    for _ in 0..members.len() {
        match members[&at].seat.parent {
            Some(parent) if members.contains_key(&parent.device) => at = parent.device,
            _ => break,
        }
    }
    at
}
