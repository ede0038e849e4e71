//! Which incidents have one root.
//!
//! When an outage began is known only to lie between the last good result and the first failure. Devices
//! belong together where these stretches meet, with a little room, and where they are enough of their
//! parent, site, street or maintainer; or where they hang behind a device that is down itself. Each of
//! these only ever joins more when more has fallen, so the order of arrival does not matter.

use super::{FaultSet, Member, Sight};
use crate::{DeviceId, FaultCode, MaintainerId, SiteId, StreetId, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// From when on many outages are one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupRule {
    /// Stretches so far apart at most still meet.
    pub window: Duration,
    /// Devices at least.
    pub least: usize,
    /// Share of the devices that are probed there at least, 0–1.
    pub share: f64,
    /// A device that falls again within so long of the end reopens its incident.
    pub reopen: Duration,
    /// Who is still down so long after its root recovered is an incident of its own.
    pub left: Duration,
    /// Picture faults that are an incident though media flow.
    pub pictures: FaultSet,
}

/// A closed incident stays on the board so much longer than it may be reopened: an outage is confirmed a
/// while after the first failure that dates it.
const LINGER: Duration = Duration::from_secs(3600);

impl GroupRule {
    /// How long a closed incident stays on the board.
    pub fn remembered(&self) -> Duration {
        self.reopen + LINGER
    }
}

/// Picture faults for which somebody has to go there: no picture, or one that shows nothing of what it should.
/// What light, weather and gain of the night do (too dark or bright, low contrast, a cast, noise), and what
/// wind does (shaking), makes a camera degraded and stays a matter of lists and 巡检.
const REPAIRED: [FaultCode; 8] = [
    FaultCode::SignalLost,
    FaultCode::Black,
    FaultCode::Frozen,
    FaultCode::Occluded,
    FaultCode::SceneChanged,
    FaultCode::Blurred,
    FaultCode::Stripes,
    FaultCode::Corrupted,
];

impl Default for GroupRule {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(30),
            least: 3,
            share: 0.6,
            reopen: Duration::from_secs(600),
            left: Duration::from_secs(900),
            pictures: REPAIRED.into_iter().collect(),
        }
    }
}

/// What devices may have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Common {
    Parent(DeviceId),
    Site(SiteId),
    Street(StreetId),
    Maintainer(MaintainerId),
}

/// A device that fell, in the incident with this number.
#[derive(Clone, Copy, Debug)]
struct Fallen<'a> {
    incident: i64,
    device: DeviceId,
    member: &'a Member,
}

/// Pairs of incidents that have one root.
pub(super) fn joins<'a>(
    members: impl Iterator<Item = (i64, DeviceId, &'a Member)>,
    rule: GroupRule,
    now: Timestamp,
) -> Vec<(i64, i64)> {
    let all: Vec<Fallen<'_>> =
        members.map(|(incident, device, member)| Fallen { incident, device, member }).collect();
    let mut pairs = behind(&all, rule, now);
    let mut groups: BTreeMap<Common, (u64, Vec<Fallen<'_>>)> = BTreeMap::new();
    for &fallen in &all {
        let seat = &fallen.member.seat;
        let parent = seat.parent.filter(|it| it.sight == Sight::Inferred);
        let parent = parent.map(|it| (Common::Parent(it.device), seat.crowd.parent));
        let place = [
            Some((Common::Site(seat.site), seat.crowd.site)),
            Some((Common::Street(seat.street), seat.crowd.street)),
            seat.maintainer.map(|it| (Common::Maintainer(it), seat.crowd.maintainer)),
        ];
        // Whose host is heard of has power and a line; a recorder that fails still answers.
        let place = place.into_iter().flatten().filter(|_| !fallen.member.reached);
        for (common, of) in parent.into_iter().chain(place) {
            let group = groups.entry(common).or_default();
            group.0 = group.0.max(of);
            group.1.push(fallen);
        }
    }
    for (_, (of, mut group)) in groups {
        group.sort_unstable_by_key(|it| (it.member.after, it.device));
        let mut run: Vec<Fallen<'_>> = Vec::new();
        let mut reach = Timestamp::from_millis(i64::MIN);
        for fallen in group {
            if fallen.member.after > reach + rule.window {
                join_run(&run, of, rule, &mut pairs);
                run.clear();
            }
            reach = reach.max(fallen.member.last);
            run.push(fallen);
        }
        join_run(&run, of, rule, &mut pairs);
    }
    pairs
}

/// Joins those whose stretches meet, where they are enough of all.
fn join_run(run: &[Fallen<'_>], of: u64, rule: GroupRule, pairs: &mut Vec<(i64, i64)>) {
    // One that fell in an older incident too counts once.
    let devices = run.iter().map(|it| it.device).collect::<BTreeSet<_>>().len();
    let enough = devices >= rule.least && devices as f64 >= rule.share * of as f64;
    if let Some(first) = run.first().filter(|_| enough) {
        let others = run.iter().filter(|it| it.incident != first.incident);
        pairs.extend(others.map(|it| (first.incident, it.incident)));
    }
}

/// Joins what does not answer with the device it hangs behind, where that was down at the time.
fn behind(all: &[Fallen<'_>], rule: GroupRule, now: Timestamp) -> Vec<(i64, i64)> {
    let by_device: BTreeMap<DeviceId, Fallen<'_>> =
        all.iter().map(|&fallen| (fallen.device, fallen)).collect();
    let mut pairs = Vec::new();
    for child in all.iter().filter(|it| !it.member.reached) {
        let Some(parent) = child.member.seat.parent.and_then(|it| by_device.get(&it.device)) else {
            continue;
        };
        let fell_before = child.member.last + rule.window < parent.member.after;
        let fell_later =
            parent.member.until.is_some_and(|until| child.member.after > until + rule.window);
        let was_left = child.member.state.is_open()
            && parent.member.until.is_some_and(|until| now >= until + rule.left);
        let is_behind = !fell_before && !fell_later && !was_left;
        if child.incident != parent.incident && is_behind {
            pairs.push((parent.incident, child.incident));
        }
    }
    pairs
}
