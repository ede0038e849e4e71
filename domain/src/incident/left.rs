//! 遗留: who is still down long after the device that all of an incident hang behind has recovered. What
//! keeps them down is not that root any more, so each becomes an incident of its own.

use super::{GroupRule, Member, MemberState, Root, Seen, root};
use crate::{DeviceId, Timestamp};
use std::collections::BTreeMap;

/// Devices of an incident that its root left behind at `now`; none while the root is in trouble, where
/// there is none that was seen to recover, or where something between it and them is in doubt.
pub(super) fn behind(
    members: &BTreeMap<DeviceId, Member>,
    rule: GroupRule,
    now: Timestamp,
) -> Vec<DeviceId> {
    let is_all_over = members.values().all(|it| !it.state.is_certain());
    if is_all_over || members.len() < 2 {
        return Vec::new();
    }
    let Root::Device(top, Seen::Probed) = root::of(members) else { return Vec::new() };
    let Some(recovered) = members.get(&top).filter(|it| it.state == MemberState::Recovered) else {
        return Vec::new();
    };
    let Some(until) = recovered.until.filter(|until| now >= *until + rule.left) else {
        return Vec::new();
    };
    let stays = |(device, member): &(&DeviceId, &Member)| {
        // What fell after that time did so for another reason already.
        is_down(member) && member.last <= until && is_clear(members, **device)
    };
    members.iter().filter(stays).map(|(device, _)| *device).collect()
}

/// One that flaps answers again; it waits until it has stood still.
fn is_down(member: &Member) -> bool {
    member.state == MemberState::Down
}

/// Whether all above a device are well again, or down for certain and left behind themselves.
fn is_clear(members: &BTreeMap<DeviceId, Member>, device: DeviceId) -> bool {
    let mut at = device;
    for _ in 0..members.len() {
        let above = members[&at].seat.parent.and_then(|it| members.get_key_value(&it.device));
        let Some((&parent, member)) = above else { return true };
        if member.state.is_open() && !is_down(member) {
            return false;
        }
        at = parent;
    }
    true
}
