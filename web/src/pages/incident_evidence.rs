//! What is kept of the devices of an incident: the picture of the fault, the good one before it or soon after
//! it, and what was said in the probe that confirmed the outage.

use super::View;
use crate::{failure::Failure, format::Moment};
use std::time::Duration;
use zhishou_domain::{DeviceId, Timestamp};
use zhishou_storage::{EvidenceRow, IncidentDevice, KeptFor};

/// Devices whose evidence is shown, the root first; that of others stands on their pages.
const DEVICES: usize = 4;
/// Dialogues of a device that are looked through.
const DIALOGUES: u32 = 50;
/// The probe that confirms an outage comes before its incident is dated, or a while after.
const AROUND: Duration = Duration::from_secs(3600);

/// The evidence of a device.
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) pictures: Vec<Shown>,
    /// Where dialogues stand, and when they were.
    pub(super) dialogues: Vec<(String, Moment)>,
}

/// A picture.
pub(super) struct Shown {
    pub(super) title: &'static str,
    pub(super) href: String,
    pub(super) at: Moment,
}

/// That of the first devices of an incident, of those that have any.
pub(super) async fn of(
    view: &View<'_>,
    root: Option<DeviceId>,
    devices: &[IncidentDevice],
) -> Result<Vec<Kept>, Failure> {
    let is_root = |it: &&IncidentDevice| root == Some(it.device);
    let ordered = devices.iter().filter(is_root).chain(devices.iter().filter(|it| !is_root(it)));
    let mut kept = Vec::new();
    for device in ordered.take(DEVICES) {
        let one = of_device(view, device).await?;
        kept.extend((!one.pictures.is_empty() || !one.dialogues.is_empty()).then_some(one));
    }
    Ok(kept)
}

async fn of_device(view: &View<'_>, device: &IncidentDevice) -> Result<Kept, Failure> {
    let (store, id) = (&view.app.store, device.device);
    let (pictures, dialogues) =
        tokio::try_join!(store.pictures(id), store.dialogues(id, DIALOGUES))?;
    let (from, to) = (device.since - AROUND, device.until.unwrap_or(view.now) + AROUND);
    let is_of_it = |at: Timestamp| from <= at && at <= to;
    let shown = |title, which: &str, row: EvidenceRow| Shown {
        title,
        href: format!("/devices/{id}/pictures/{which}?at={}", row.taken_at.millis()),
        at: view.moment(row.taken_at),
    };
    let fault = pictures.fault.filter(|row| is_of_it(row.taken_at));
    let fault = fault.map(|row| shown(view.t.fault_snapshot(), "fault", row));
    let good = pictures.good.filter(|row| row.taken_at <= to);
    let good = good.map(|row| shown(view.t.good_snapshot(), "good", row));
    let dialogues = dialogues
        .into_iter()
        .filter(|it| it.kept_for == KeptFor::Outage && is_of_it(it.file.taken_at))
        .map(|it| {
            let at = it.file.taken_at;
            (format!("/devices/{id}/dialogues/{}", at.millis()), view.moment(at))
        });
    Ok(Kept {
        name: device.name.clone(),
        href: format!("/devices/{id}"),
        pictures: fault.into_iter().chain(good).collect(),
        dialogues: dialogues.collect(),
    })
}
