//! 延长: what a meeting that is held may be extended to, and doing it.

use super::{Known, told::tell, turn::By};
use crate::{
    app::App,
    booking::{held_words, span, taken},
    failure::Failure,
    guard::address,
};
use zhishou_domain::{
    Lang, MeetingId, Timestamp,
    meeting::{Slot, Venue},
};
use zhishou_storage::MeetingActed;

/// By how much it is offered, minutes.
const BY: [i64; 3] = [15, 30, 60];
/// Ends are offered at such a moment, ms: five minutes.
const ROUND_MS: i64 = 300_000;

/// What a meeting may be extended to.
#[derive(Default)]
pub(crate) struct Later {
    /// Ends that are free, soonest first.
    pub(crate) ends: Vec<Timestamp>,
    /// Who has its rooms then; empty where nobody has.
    pub(crate) held: String,
}

/// What is offered for a meeting that is held.
pub(crate) async fn later(app: &App, known: &Known, lang: Lang) -> Result<Later, Failure> {
    let stored = &known.stored;
    let so_far = stored.plan.slot().to.max(app.clock.now()).millis();
    let so_far = (so_far + ROUND_MS - 1).div_euclid(ROUND_MS) * ROUND_MS;
    let mut later = Later::default();
    for minutes in BY {
        let to = Timestamp::from_millis(so_far + minutes * 60_000);
        let Some(held) = app.store.held_beyond(stored.id, &stored.plan, to).await? else { break };
        if let Some(held) = held.first() {
            later.held = held_words(app, held, lang);
            break;
        }
        later.ends.push(to);
    }
    Ok(later)
}

/// Has a meeting that is held end at `to`; its venues and who is on duty are told.
pub(crate) async fn extend(
    app: &App,
    (user, extensions, lang): By<'_>,
    id: MeetingId,
    to: Timestamp,
) -> Result<(), Failure> {
    let now = app.clock.now();
    let known = Known::of(&app.store, id, now).await?.ok_or_else(Failure::not_found)?;
    let plan = &known.stored.plan;
    let title = match lang {
        Lang::Zh => format!("【会议延长】{}", plan.title),
        Lang::En => format!("[meeting extended] {}", plan.title),
    };
    let when = span(app, Slot { to, ..plan.slot() });
    let line = format!("{}{when}", lang.pick("时间：", "time: "));
    let venues: Vec<&Venue> = known.venues.iter().collect();
    let said = (format!("extend/{id}"), title, vec![line]);
    let told = tell(app, &known, said, (false, &venues)).await?;
    let who = (user.login.clone(), address(extensions));
    match app.store.extend_meeting(id, to, now, who, told).await? {
        MeetingActed::Now(_) => Ok(()),
        MeetingActed::Taken(clash) => Err(taken(app, &clash.held)),
        MeetingActed::Missing => Err(Failure::not_found()),
        MeetingActed::Refused(_) => Err(Failure::conflict(
            "只能把进行中的会议延长到更晚的时间",
            "it is not held, or does not end later by that",
        )),
    }
}
