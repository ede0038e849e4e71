//! One look at one venue.

use crate::{AgentHandle, ProbeNowError};
use std::{future::Future, pin::Pin, time::Duration};
use zhishou_domain::{
    Depth, DeviceId, FaultCode, Observation, Verdict,
    check::{
        CheckItem, CheckPlan, Evidence, Finding, ItemKind, NotRun, Outcome, items_of, judge,
        judge_backup, judge_backup_call, judge_cameras, judge_status,
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
    /// How deep its backup endpoints; none: not at all.
    pub(super) backup: Option<Depth>,
    /// Its room cameras.
    pub(super) cameras: bool,
    /// What its endpoints' own pages and agents say.
    pub(super) status: bool,
}

impl Parts {
    /// All, the endpoints so deep.
    pub(super) const fn all(endpoint: Depth) -> Self {
        Self { endpoint: Some(endpoint), backup: Some(endpoint), cameras: true, status: true }
    }

    /// What one item asks for, where a call may go so deep.
    pub(super) fn of(item: CheckItem, deepest: Depth) -> Self {
        let none = Self { endpoint: None, backup: None, cameras: false, status: false };
        match item {
            CheckItem::BackupLine => Self { backup: Some(Depth::Reach), ..none },
            CheckItem::BackupCall => Self { backup: Some(deepest), ..none },
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
    if let Some(depth) = parts.backup {
        let devices: Vec<_> = of(DeviceRole::Backup).map(|device| device.id).collect();
        let found = backups((eyes, again), plan, &devices, depth).await;
        cells.extend(found.into_iter().map(|found| cell(devices.first().copied(), found)));
    }
    if parts.cameras {
        let devices: Vec<_> = of(DeviceRole::Camera).map(|device| device.id).collect();
        let seen = several((eyes, again), &devices, Depth::Stream, shows).await;
        if !devices.is_empty() {
            let found = judge_cameras(&seen, devices.len());
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
        let seen = several((eyes, again), &devices, Depth::Reach, shows).await;
        let first = devices.first().copied();
        cells.extend(first.map(|it| cell(Some(it), judge_status(&seen, devices.len()))));
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

/// Of an endpoint that a venue is held on and that could not be opened.
fn nothing(items: &[CheckItem], depth: Depth, why: NotRun) -> Vec<Finding> {
    let asked = |item: &CheckItem| match item.kind() {
        ItemKind::Liveness => matches!(item, CheckItem::Reachable | CheckItem::Registered),
        ItemKind::Media => depth != Depth::Reach && !item.is_of_backup(),
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

/// What was found of backup endpoints: whether they answer, and where they were to be called, their calls.
async fn backups(
    again: (&dyn LookAt, Duration),
    plan: &CheckPlan,
    devices: &[DeviceId],
    depth: Depth,
) -> Vec<Finding> {
    let call = |seen: &[Observation], of| judge_backup_call(seen, of, &plan.limits);
    let is_well = |it: &Observation| {
        let fails = || call(std::slice::from_ref(it), 1).outcome == Outcome::Fail;
        shows(it) && (depth == Depth::Reach || !fails())
    };
    let seen = several(again, devices, depth, is_well).await;
    let of = devices.len();
    let calls = (depth != Depth::Reach).then(|| call(&seen, of));
    let found = (of > 0).then(|| judge_backup(&seen, of));
    found.into_iter().chain(calls.filter(|_| of > 0)).collect()
}

fn shows(seen: &Observation) -> bool {
    matches!(seen.verdict, Verdict::Online | Verdict::Degraded)
}

/// What was seen of several devices that do the same. What is not well is looked at once more.
async fn several(
    (eyes, again): (&dyn LookAt, Duration),
    devices: &[DeviceId],
    depth: Depth,
    is_well: impl Fn(&Observation) -> bool,
) -> Vec<Observation> {
    let is_well = |it: &Option<Observation>| it.as_ref().is_some_and(&is_well);
    let mut seen: Vec<Option<Observation>> = devices.iter().map(|_| None).collect();
    for attempt in 0..2 {
        if attempt > 0 && !seen.iter().all(is_well) {
            tokio::time::sleep(again).await;
        }
        for (device, seen) in devices.iter().zip(&mut seen).filter(|(_, seen)| !is_well(seen)) {
            if let Ok(observation) = look(eyes, *device, depth).await {
                *seen = Some(observation);
            }
        }
    }
    seen.into_iter().flatten().collect()
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
