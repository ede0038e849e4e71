//! What whoever is on duty is told of meetings ahead, through the outbox.

use super::{MeetingCare, Turn};
use std::{collections::HashSet, time::Duration};
use zhishou_domain::{check::readiness, duty::Ahead};
use zhishou_storage::{Route, StoreError};

/// A report waits for a run under way until so long before the meeting.
const PATIENCE: Duration = Duration::from_secs(25 * 60);

/// Whether a run or a watch of the meeting is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnderWay {
    Nothing,
    Something,
}

/// Puts what is due of a meeting into the outbox. `told` has the keys of what was put there, so that the
/// outbox is not asked again with every turn; after a restart it is, and knows them itself.
pub(super) async fn tell(
    care: &MeetingCare,
    turn: &Turn,
    under_way: UnderWay,
    told: &mut HashSet<String>,
) -> Result<(), StoreError> {
    let Turn { meeting, plan, now, .. } = turn;
    let from = meeting.plan.slot().from;
    let ahead = Ahead {
        id: meeting.id,
        title: &meeting.plan.title,
        from,
        zone: care.store.zone(),
        lang: care.lang,
    };
    if !ahead.is_near(*now) {
        return Ok(());
    }
    let shift = care.store.on_duty(from).await?;
    let mut notes = ahead.sign_in(shift.as_ref(), *now);
    let may_wait = under_way == UnderWay::Something && *now < from - PATIENCE;
    let report = format!("report/{}", from.millis());
    if ahead.is_report_due(*now) && !may_wait && !told.contains(&report) {
        let (venues, cells) = care.store.venue_cells(meeting, plan).await?;
        let name = |id| venues.iter().find(|it| it.id == id).map(|it| it.name.clone());
        let it = readiness(plan, cells, *now);
        notes.push(ahead.report(&it, |id| name(id).unwrap_or_default(), shift.as_ref()));
        told.insert(report);
    }
    for note in notes {
        let key = note.key.clone();
        if !told.contains(&key) {
            care.store.enqueue(note, Route::Topic, *now).await?;
            told.insert(key);
        }
    }
    Ok(())
}
