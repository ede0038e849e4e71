//! Reports that are being verified: the work goes on while a page waits, for a year takes longer than a
//! request may.

use crate::{api, app::App};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};
use zhishou_report::{Finding, Published};

/// How long a request waits for the answer before it says that it is being made.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of it: findings, or that it could not be told.
type Verified = Result<Vec<Finding>, crate::failure::Failure>;
type Waiting = watch::Receiver<Option<Verified>>;

#[derive(Default)]
struct Desk {
    /// By number and revision.
    jobs: HashMap<(String, u32), Waiting>,
    tasks: JoinSet<()>,
}

/// Where reports are verified. What is under way when the platform stops is given up.
#[derive(Clone, Default)]
pub(crate) struct Verifying(Arc<Mutex<Desk>>);

impl Verifying {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nothing is left half done where a holder panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, where it comes soon; else it is made on, and the next who asks gets it.
    pub(crate) async fn of(&self, app: &App, found: &Published) -> Option<Verified> {
        let key = (found.edition.number.clone(), found.edition.revision);
        let mut waiting = self.join(app, found, key.clone());
        let answer =
            tokio::time::timeout(PATIENCE, waiting.wait_for(Option::is_some)).await.ok()?;
        let answer = answer.ok().and_then(|it| it.clone());
        self.desk().jobs.remove(&key);
        answer
    }

    /// The work on a report, begun where nobody has.
    fn join(&self, app: &App, found: &Published, key: (String, u32)) -> Waiting {
        let mut desk = self.desk();
        while desk.tasks.try_join_next().is_some() {}
        if let Some(waiting) = desk.jobs.get(&key) {
            return waiting.clone();
        }
        let (tell, waiting) = watch::channel(None);
        let (app, found) = (app.clone(), found.clone());
        desk.tasks.spawn(async move {
            let verified = api::findings(&app, &found).await;
            // Nobody may be waiting any more.
            let _waited = tell.send(Some(verified));
        });
        desk.jobs.insert(key, waiting.clone());
        waiting
    }
}
