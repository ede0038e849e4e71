//! One look at one venue.

use crate::{AgentHandle, ProbeNowError};
use std::{future::Future, pin::Pin, time::Duration};
use zhishou_domain::{
    Depth, DeviceId, FaultCode, Observation, Verdict,
    check::{
        CheckItem, CheckPlan, Evidence, Finding, ItemKind, NotRun, Outcome, items_of, judge,
        judge_backup, judge_cameras, judge_status,
    },
    meeting::{DeviceRole, Venue},
};
use zhishou_storage::NewCell;

/// What opening a device brings, in time.
pub type Looking<'a> =
    Pin<Box<dyn Future<Output = Result<Observation, ProbeNowError>> + Send + 'a>>;

/// What opens devices, within the same guards as every probe.
pub trait LookAt: Send + Sync {
    /// Opens a device at once, no deeper than `depth`.
    fn look(&self, device: DeviceId, depth: Depth) -> Looking<'_>;
}

impl LookAt for AgentHandle {
    fn look(&self, device: DeviceId, depth: Depth) -> Looking<'_> {
        Box::pin(self.look_now(device, depth))
    }
}

/// What of a venue is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    /// How deep its endpoint; none: not at all.
    pub(super) endpoint: Option<Depth>,
    /// Its backup endpoints, never called.
    pub(super) backup: bool,
    /// Its room cameras.
    pub(super) cameras: bool,
    /// What its endpoints' own pages and agents say.
    pub(super) status: bool,
}

impl Parts {
    /// All, the endpoint so deep.
    pub(super) const fn all(endpoint: Depth) -> Self {
        Self { endpoint: Some(endpoint), backup: true, cameras: true, status: true }
    }

    /// What one item asks for, where a call may go so deep.
    pub(super) fn of(item: CheckItem, deepest: Depth) -> Self {
        let none = Self { endpoint: None, backup: false, cameras: false, status: false };
        match item {
            CheckItem::BackupLine => Self { backup: true, ..none },
            CheckItem::Cameras | CheckItem::Clock => Self { cameras: true, ..none },
            CheckItem::Status => Self { status: true, ..none },
            item if item.kind() == ItemKind::Media => Self { endpoint: Some(deepest), ..none },
            _ => Self { endpoint: Some(Depth::Reach), ..none },
        }
    }
}

/// What one try at one device brought: an observation, or why there is none.
async fn look(eyes: &dyn LookAt, device: DeviceId, depth: Depth) -> Result<Observation, NotRun> {
    eyes.look(device, depth).await.map_err(|error| match error {
        ProbeNowError::NotProbed => NotRun::NotProbed,
        ProbeNowError::Stopped => NotRun::Interrupted,
        ProbeNowError::Late => NotRun::Ours,
    })
}

fn fails(found: &[Finding]) -> bool {
    found.iter().any(|finding| finding.outcome == Outcome::Fail)
}

/// Looks at a venue. What fails is looked at twice.
pub(super) async fn look_at(
    (eyes, again): (&dyn LookAt, Duration),
    plan: &CheckPlan,
    venue: &Venue,
    parts: Parts,
) -> Vec<NewCell> {
    let items = items_of(plan, venue);
    let of = |role: DeviceRole| venue.devices.iter().filter(move |device| device.role == role);
    let cell = |device: Option<DeviceId>, finding: Finding| NewCell {
        venue: venue.id,
        device,
        finding,
        picture: None,
    };
    let mut cells = Vec::new();
    if let Some(depth) = parts.endpoint {
        let primary = venue.primary().map(|device| device.id);
        let (found, picture) = match primary {
            None => (nothing(&items, depth, NotRun::NoDevice), None),
            Some(device) => endpoint((eyes, again), plan, device, depth, &items).await,
        };
        cells.extend(found.into_iter().map(|finding| {
            let is_shown = finding.item == CheckItem::Video;
            NewCell { picture: picture.clone().filter(|_| is_shown), ..cell(primary, finding) }
        }));
    }
    if parts.backup {
        let devices: Vec<_> = of(DeviceRole::Backup).map(|device| device.id).collect();
        let finding = several((eyes, again), &devices, Depth::Reach, judge_backup).await;
        cells.extend(finding.map(|(found, _)| cell(devices.first().copied(), found)));
    }
    if parts.cameras {
        let devices: Vec<_> = of(DeviceRole::Camera).map(|device| device.id).collect();
        let found = several((eyes, again), &devices, Depth::Stream, judge_cameras).await;
        if let Some((found, seen)) = found {
            let first = devices.first().copied();
            let is_told = cells.iter().any(|cell| cell.finding.item == CheckItem::Clock);
            let clock = clock_of(&seen).or_else(|| {
                let none = Finding::not_run(CheckItem::Clock, NotRun::NoClock);
                let blind = Finding { item: CheckItem::Clock, ..found.clone() };
                let silent = if seen.is_empty() { blind } else { none };
                (!is_told).then_some(silent)
            });
            cells.extend(clock.map(|found| cell(first, found)));
            cells.push(cell(first, found));
        }
    }
    if parts.status {
        let devices: Vec<_> = of(DeviceRole::Status).map(|device| device.id).collect();
        let finding = several((eyes, again), &devices, Depth::Reach, judge_status).await;
        cells.extend(finding.map(|(found, _)| cell(devices.first().copied(), found)));
    }
    cells.retain(|cell| items.contains(&cell.finding.item));
    cells
}

/// What is left of a venue whose look ended badly: we did not see its endpoint.
pub(super) fn unseen(plan: &CheckPlan, venue: &Venue, parts: Parts) -> Vec<NewCell> {
    let device = venue.primary().map(|device| device.id);
    let found = parts.endpoint.map(|depth| nothing(&items_of(plan, venue), depth, NotRun::Ours));
    let cell = |finding| NewCell { venue: venue.id, device, finding, picture: None };
    found.into_iter().flatten().map(cell).collect()
}

/// Of a venue without an endpoint that could be opened.
fn nothing(items: &[CheckItem], depth: Depth, why: NotRun) -> Vec<Finding> {
    let asked = |item: &CheckItem| match item.kind() {
        ItemKind::Liveness => matches!(item, CheckItem::Reachable | CheckItem::Registered),
        ItemKind::Media => depth != Depth::Reach,
        ItemKind::Human => false,
    };
    items.iter().copied().filter(asked).map(|item| Finding::not_run(item, why)).collect()
}

/// What was found of an endpoint, and under which key the picture of its call is kept.
async fn endpoint(
    (eyes, again): (&dyn LookAt, Duration),
    plan: &CheckPlan,
    device: DeviceId,
    depth: Depth,
    items: &[CheckItem],
) -> (Vec<Finding>, Option<String>) {
    let (mut found, mut picture) = (Vec::new(), None);
    for attempt in 0..2 {
        if attempt > 0 {
            tokio::time::sleep(again).await;
        }
        (found, picture) = match look(eyes, device, depth).await {
            Ok(seen) => {
                let found = judge(&seen, depth, &plan.limits);
                (found, seen.picture.and_then(|picture| picture.snapshot))
            }
            Err(why) => (nothing(items, depth, why), None),
        };
        if !fails(&found) {
            break;
        }
    }
    (found, picture)
}

/// Of several devices that do the same; none where there are none. What does not show itself is looked at
/// once more.
async fn several(
    (eyes, again): (&dyn LookAt, Duration),
    devices: &[DeviceId],
    depth: Depth,
    judge: fn(&[Observation], usize) -> Finding,
) -> Option<(Finding, Vec<Observation>)> {
    let shows = |it: &Option<Observation>| {
        let verdict = it.as_ref().map(|seen| seen.verdict);
        matches!(verdict, Some(Verdict::Online | Verdict::Degraded))
    };
    let mut seen: Vec<Option<Observation>> = devices.iter().map(|_| None).collect();
    for attempt in 0..2 {
        if attempt > 0 && !seen.iter().all(shows) {
            tokio::time::sleep(again).await;
        }
        for (device, seen) in devices.iter().zip(&mut seen).filter(|(_, seen)| !shows(seen)) {
            if let Ok(observation) = look(eyes, *device, depth).await {
                *seen = Some(observation);
            }
        }
    }
    let seen: Vec<_> = seen.into_iter().flatten().collect();
    (!devices.is_empty()).then(|| (judge(&seen, devices.len()), seen))
}

/// The clock of room cameras, where one tells it.
fn clock_of(seen: &[Observation]) -> Option<Finding> {
    let is_off =
        |it: &Observation| it.faults.iter().any(|fault| fault.code == FaultCode::ClockOffset);
    let tells =
        |it: &Observation| it.video.as_ref().is_some_and(|video| video.clock_offset_ms.is_some());
    let item = CheckItem::Clock;
    if seen.iter().any(is_off) {
        let evidence = Evidence::Faults { faults: vec![FaultCode::ClockOffset] };
        return Some(Finding { item, outcome: Outcome::Warn, evidence });
    }
    let passed = Finding { item, outcome: Outcome::Pass, evidence: Evidence::None };
    seen.iter().any(tells).then_some(passed)
}
