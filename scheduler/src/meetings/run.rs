//! One run over the venues of a meeting, and one watch.

use super::{
    MeetingCare,
    look::{Parts, look_at, unseen},
    note,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tokio::task::{Id, JoinSet};
use zhishou_domain::{
    CheckRunId, Depth, VenueId,
    check::{
        Cell, CheckDepth, CheckItem, CheckPlan, Conclusion, Finding, ItemKind, NotRun, Outcome,
        Readiness, Weight, readiness,
    },
    meeting::{MeetingState, Venue},
};
use zhishou_storage::{NewCell, StoreError, StoredMeeting};

/// Venues of one meeting looked at side by side.
const SIDE_BY_SIDE: usize = 4;

/// What is asked of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errand {
    /// One venue; none: all.
    pub(super) venue: Option<VenueId>,
    /// One item; none: all.
    pub(super) item: Option<CheckItem>,
}

/// Makes a run. Where the store fails it is not ended, and whoever began it notes that it was broken off.
pub(super) async fn run(
    care: Arc<MeetingCare>,
    meeting: StoredMeeting,
    plan: CheckPlan,
    (number, depth): (CheckRunId, CheckDepth),
    errand: Errand,
) -> Result<(), StoreError> {
    let (venues, cells) = care.store.venue_cells(&meeting, &plan).await?;
    let was = readiness(&plan, cells, care.clock.now());
    let looks = venues.into_iter().filter(|venue| errand.venue.is_none_or(|it| it == venue.id));
    let looks = looks.map(|venue| {
        let deep = match depth {
            CheckDepth::Full => Depth::Picture,
            CheckDepth::Failures if !is_well(&was, venue.id) => Depth::Picture,
            CheckDepth::Failures | CheckDepth::Liveness => Depth::Reach,
        };
        // A backup whose call failed is called again, also where the venue itself is well.
        let is_backup_amiss = depth == CheckDepth::Failures && backup_fails(&was, venue.id);
        let backup = if is_backup_amiss { Depth::Picture } else { deep };
        let all = Parts { backup: Some(backup), ..Parts::all(deep) };
        let parts = errand.item.map_or(all, |item| Parts::of(item, deep));
        (venue, parts)
    });
    let looks: Vec<_> = looks.collect();
    let never = looks.iter().flat_map(|(venue, parts)| never_called(&was, venue, *parts));
    let never: Vec<_> = never.collect();
    if !never.is_empty() {
        care.store.keep_check_cells(meeting.id, number, never, care.clock.now()).await?;
    }
    let mut looks = Looks::new(&care, &plan, looks);
    while let Some(cells) = looks.next().await {
        care.store.keep_check_cells(meeting.id, number, cells, care.clock.now()).await?;
    }
    care.store.end_check_run(number, care.clock.now()).await?;
    note(&care, &meeting, &plan, care.clock.now()).await?;
    let (_, cells) = care.store.venue_cells(&meeting, &plan).await?;
    let is = readiness(&plan, cells, care.clock.now());
    for row in is.rows.iter().filter(|row| row.conclusion == Conclusion::NotReady) {
        care.told.failed(meeting.id, row.venue).await?;
    }
    Ok(())
}

/// Looks at a meeting that runs. Nothing is called.
pub(super) async fn watch(
    care: Arc<MeetingCare>,
    meeting: StoredMeeting,
    plan: CheckPlan,
) -> Result<(), StoreError> {
    let (venues, _) = care.store.venue_cells(&meeting, &plan).await?;
    let looks = venues.into_iter().map(|venue| (venue, Parts::all(Depth::Reach))).collect();
    let mut looks = Looks::new(&care, &plan, looks);
    while let Some(cells) = looks.next().await {
        let now = care.store.meeting(meeting.id).await?;
        if now.is_none_or(|it| it.state != MeetingState::Live) {
            // It ended meanwhile: its record is being written.
            break;
        }
        let changed = care.store.watch_check_cells(meeting.id, cells, care.clock.now()).await?;
        let required = changed.iter().filter(|cell| {
            cell.finding.outcome == Outcome::Fail && !plan.optional.contains(&cell.finding.item)
        });
        let fell: HashSet<_> = required.map(|cell| cell.venue).collect();
        for venue in fell {
            care.told.failed(meeting.id, venue).await?;
        }
    }
    Ok(())
}

/// Looks at venues, some side by side.
struct Looks {
    care: Arc<MeetingCare>,
    plan: CheckPlan,
    waiting: std::vec::IntoIter<(Venue, Parts)>,
    tasks: JoinSet<Vec<NewCell>>,
    /// What each task looks at.
    under_way: HashMap<Id, (Venue, Parts)>,
}

impl Looks {
    fn new(care: &Arc<MeetingCare>, plan: &CheckPlan, looks: Vec<(Venue, Parts)>) -> Self {
        let (care, plan, waiting) = (Arc::clone(care), plan.clone(), looks.into_iter());
        Self { care, plan, waiting, tasks: JoinSet::new(), under_way: HashMap::new() }
    }

    /// What was found of the next venue that is through; none where all are. Of a look that ended badly
    /// the cells say that we did not see.
    async fn next(&mut self) -> Option<Vec<NewCell>> {
        while self.tasks.len() < SIDE_BY_SIDE
            && let Some((venue, parts)) = self.waiting.next()
        {
            let (care, plan, at) = (Arc::clone(&self.care), self.plan.clone(), venue.clone());
            let look = async move {
                look_at((care.eyes.as_ref(), care.again), &plan, &venue, parts).await
            };
            self.under_way.insert(self.tasks.spawn(look).id(), (at, parts));
        }
        match self.tasks.join_next_with_id().await? {
            Ok((id, cells)) => {
                self.under_way.remove(&id);
                Some(cells)
            }
            Err(error) => {
                tracing::error!(%error, "a look at a venue ended badly");
                let of = self.under_way.remove(&error.id());
                Some(of.map(|(venue, parts)| unseen(&self.plan, &venue, parts)).unwrap_or_default())
            }
        }
    }
}

/// What a look without a call leaves open of a venue that was never called for this meeting: it says so,
/// so that an empty cell is none that was forgotten.
fn never_called(was: &Readiness, venue: &Venue, parts: Parts) -> Vec<NewCell> {
    let row = was.rows.iter().find(|row| row.venue == venue.id);
    let depth_of =
        |item: CheckItem| if item.is_of_backup() { parts.backup } else { parts.endpoint };
    let blank = |it: &&Cell| {
        let is_media = it.item.kind() == ItemKind::Media;
        is_media && it.last.is_none() && depth_of(it.item) == Some(Depth::Reach)
    };
    let device =
        |item: CheckItem| if item.is_of_backup() { venue.backup() } else { venue.primary() };
    let cell = |it: &Cell| NewCell {
        venue: venue.id,
        device: device(it.item).map(|it| it.id),
        finding: Finding::not_run(it.item, NotRun::LivenessOnly),
        picture: None,
    };
    row.into_iter().flat_map(|row| row.cells.iter().filter(blank)).map(cell).collect()
}

/// Whether the last call to the backup endpoint of a venue failed.
fn backup_fails(was: &Readiness, venue: VenueId) -> bool {
    let row = was.rows.iter().find(|row| row.venue == venue);
    let fails = |it: &Cell| it.item == CheckItem::BackupCall && it.outcome == Outcome::Fail;
    row.is_some_and(|row| row.cells.iter().any(fails))
}

/// Whether nothing that we can tell of a venue is amiss.
fn is_well(was: &Readiness, venue: VenueId) -> bool {
    let row = was.rows.iter().find(|row| row.venue == venue);
    row.is_some_and(|row| {
        let required = |it: &&Cell| !it.item.is_human() && it.weight == Weight::Required;
        row.cells.iter().filter(required).all(|cell| cell.outcome >= Outcome::Warn)
    })
}
