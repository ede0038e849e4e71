//! What whoever is on duty, and who chairs them, is told of meetings ahead, through the outbox.

use super::{MeetingCare, Turn, settled};
use std::{collections::HashSet, time::Duration};
use zhishou_domain::{check::readiness, duty::Ahead};
use zhishou_storage::{ReadinessReport, Route, StoreError, StoredMeeting};

/// A report that is due waits so long for a run under way, and never into the last minute before the meeting.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
const LAST: Duration = Duration::from_secs(60);

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
    // What is booked when its report is due already waits for the check that comes of that.
    let due = ahead.report_at().max(settled(meeting));
    let may_wait = under_way == UnderWay::Something && *now < (due + PATIENCE).min(from - LAST);
    let report = report_key(meeting);
    if ahead.is_report_due(*now) && !may_wait && !told.contains(&report) {
        let (venues, cells) = care.store.venue_cells(meeting, plan).await?;
        let it = readiness(plan, cells, *now);
        let duty = ahead.report(&it, plan, &venues, shift.as_ref());
        let chair = ahead.report_to_chair(&duty, &meeting.plan);
        let kept = ReadinessReport {
            from,
            at: *now,
            told: meeting.plan.chairs().map(|it| it.name.clone()).collect(),
            messages: 0,
            sentence: duty.lines.first().cloned().unwrap_or_default(),
        };
        care.store.report_readiness(meeting.id, kept, chair).await?;
        notes.push(duty);
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

/// Of which report it is remembered that it was made: of whoever becomes chair after it, or is reached otherwise
/// from then on, it is made again, and goes to none who has it.
fn report_key(meeting: &StoredMeeting) -> String {
    let chairs =
        meeting.plan.chairs().map(|it| [&it.name, &it.phone, &it.mail].map(String::as_str));
    let chairs: Vec<_> = chairs.map(|it| it.join("/")).collect();
    format!("report/{}/{}", meeting.plan.slot().from.millis(), chairs.join("/"))
}
