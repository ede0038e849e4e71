//! The way from checks to devices: one for all meetings.

use super::{LookAt, Looking};
use crate::ProbeNowError;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};
use zhishou_domain::{Depth, DeviceId};

/// Looks that may call, under way at once for all meetings. The prober makes two calls at once and gives up
/// one that waits longer than 90 s for its place, so that no more wait there than are through by then.
const CALLS: usize = 4;
/// Longest that one look takes once it has its turn: 90 s for a place, a call of 60 s at most, and the rest
/// for the agent's own queue and the signalling of a slow endpoint.
const PATIENCE: Duration = Duration::from_secs(240);

/// Opens devices; looks that may call wait for their turn here. That wait is no part of the patience.
pub(super) struct Turns {
    eyes: Arc<dyn LookAt>,
    calls: Semaphore,
}

impl Turns {
    pub(super) fn new(eyes: Arc<dyn LookAt>) -> Self {
        Self { eyes, calls: Semaphore::new(CALLS) }
    }
}

impl LookAt for Turns {
    fn look(&self, device: DeviceId, depth: Depth) -> Looking<'_> {
        Box::pin(async move {
            // Room cameras are opened for their stream: only what may be called is asked for a picture.
            let _turn = match depth {
                Depth::Picture => self.calls.acquire().await.ok(),
                Depth::Reach | Depth::Stream => None,
            };
            let seen = timeout(PATIENCE, self.eyes.look(device, depth)).await;
            seen.map_err(|_| ProbeNowError::Late)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meetings::look::{Parts, look_at};
    use tokio::task::JoinSet;
    use zhishou_domain::{
        AudioFacts, CallFacts, CallSkipped, DeviceKind, Observation, Timestamp, VenueId, Verdict,
        check::{CheckItem, CheckPlan, Evidence, NotRun},
        endpoint::Signalling,
        meeting::{AssuranceGrade, DeviceRole, Venue, VenueDevice},
    };
    use zhishou_storage::NewCell;

    /// Calls as the prober makes them: so many at once, so long a wait for a place, so long a call.
    struct Prober {
        places: Semaphore,
        call: Duration,
    }

    const WAIT: Duration = Duration::from_secs(90);

    impl LookAt for Prober {
        fn look(&self, _: DeviceId, depth: Depth) -> Looking<'_> {
            Box::pin(async move {
                let at = Timestamp::from_millis(0);
                let mut seen = Observation::new(String::new(), DeviceKind::Endpoint, depth, at);
                (seen.verdict, seen.reached) = (Verdict::Online, true);
                let mut call = CallFacts { options_status: Some(200), ..CallFacts::default() };
                match timeout(WAIT, self.places.acquire()).await {
                    Ok(_place) => {
                        tokio::time::sleep(self.call).await;
                        call.called = true;
                        seen.audio = Some(AudioFacts { packets: 50, ..AudioFacts::default() });
                    }
                    Err(_) => call.skipped = Some(CallSkipped::NoRoom),
                }
                seen.call = Some(call);
                Ok(seen)
            })
        }
    }

    fn venue(number: i64) -> Venue {
        let id = format!("0194f5a0-0000-7000-8000-{number:012}").parse().unwrap();
        let role = DeviceRole::Primary;
        let device =
            VenueDevice { id, name: "终端".into(), role, signalling: Signalling::default() };
        Venue {
            id: VenueId::new(number),
            name: "会场".into(),
            site: None,
            seats: None,
            contact: String::new(),
            phone: String::new(),
            note: String::new(),
            in_use: true,
            devices: vec![device],
        }
    }

    /// Of so many venues of whichever meetings, all looked at side by side.
    async fn look_at_all(prober: Prober, venues: i64) -> Vec<NewCell> {
        let turns = Arc::new(Turns::new(Arc::new(prober)));
        let mut looks: JoinSet<_> = (0..venues)
            .map(|number| {
                let turns = turns.clone();
                async move {
                    let plan = CheckPlan::of_grade(AssuranceGrade::Third);
                    let eyes = (turns.as_ref() as &dyn LookAt, Duration::ZERO);
                    look_at(eyes, &plan, &venue(number), Parts::all(Depth::Picture)).await
                }
            })
            .collect();
        let mut cells = Vec::new();
        while let Some(found) = looks.join_next().await {
            cells.extend(found.unwrap());
        }
        cells
    }

    #[tokio::test(start_paused = true)]
    async fn venues_of_meetings_checked_at_once_are_all_called_however_long_it_takes() {
        let prober = Prober { places: Semaphore::new(2), call: Duration::from_secs(70) };
        let cells = look_at_all(prober, 12).await;
        let unseen = [Evidence::not_run(NotRun::Ours), Evidence::not_run(NotRun::NoRoom)];
        let lost: Vec<_> =
            cells.iter().filter(|it| unseen.contains(&it.finding.evidence)).collect();
        assert!(lost.is_empty(), "{lost:?}");
        let called = cells.iter().filter(|it| it.finding.item == CheckItem::Call);
        assert_eq!(called.count(), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn where_others_hold_every_place_the_cell_says_so_and_who_answered_is_reachable() {
        let prober = Prober { places: Semaphore::new(0), call: Duration::ZERO };
        let cells = look_at_all(prober, 1).await;
        let evidence = |item| {
            let cell = cells.iter().find(|it| it.finding.item == item).unwrap();
            cell.finding.evidence.clone()
        };
        assert_eq!(evidence(CheckItem::Call), Evidence::not_run(NotRun::NoRoom));
        assert_ne!(evidence(CheckItem::Reachable), Evidence::not_run(NotRun::Ours));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_never_ends_is_given_up() {
        let prober = Prober { places: Semaphore::new(1), call: Duration::from_secs(86_400) };
        let cells = look_at_all(prober, 1).await;
        assert!(cells.iter().all(|it| it.finding.evidence == Evidence::not_run(NotRun::Ours)));
    }
}
