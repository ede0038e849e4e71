//! The report that is being made, one at a time: the work goes on when the page is left.

use crate::app::App;
use futures_util::FutureExt as _;
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::JoinSet;
use zhishou_domain::with_causes;
use zhishou_report::{Order, Outcome, Publisher, number, publish};

/// How the last one stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is being made: which computation, of how many.
    Running { number: String, step: usize, of: usize },
    /// It was published.
    Done { number: String, revision: u32 },
    /// The newest edition says the same.
    Unchanged { number: String, revision: u32 },
    /// It could not be made.
    Failed { number: String, why: String },
}

#[derive(Default)]
struct Desk {
    progress: Option<Progress>,
    tasks: JoinSet<()>,
}

/// Where reports are made. What is under way when the platform stops is given up; nothing was written then.
#[derive(Clone, Default)]
pub(crate) struct Making(Arc<Mutex<Desk>>);

impl Making {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nothing is left half done where a holder panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the last one stands.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.desk().progress.clone()
    }

    /// Begins; `false` where another one is being made.
    pub(crate) fn begin(&self, app: App, order: Order, by: Publisher) -> bool {
        let mut desk = self.desk();
        if matches!(desk.progress, Some(Progress::Running { .. })) {
            return false;
        }
        let number = number(&order.period, &order.policy.id);
        desk.progress = Some(Progress::Running { number: number.clone(), step: 0, of: 0 });
        while desk.tasks.try_join_next().is_some() {}
        let making = self.clone();
        desk.tasks.spawn(async move {
            let made = made(making.clone(), app, order, by, number.clone());
            let progress = told(number, made).await;
            making.desk().progress = Some(progress);
        });
        true
    }
}

/// Makes it, telling how far it is.
async fn made(making: Making, app: App, order: Order, by: Publisher, number: String) -> Progress {
    let step = |step, of| {
        making.desk().progress = Some(Progress::Running { number: number.clone(), step, of });
    };
    match publish(&app.store, &order, &by, app.clock.now(), step).await {
        Ok(Outcome::Unchanged(it)) => Progress::Unchanged { number, revision: it.edition.revision },
        Ok(Outcome::First(it) | Outcome::Revised(it)) => {
            Progress::Done { number, revision: it.edition.revision }
        }
        Err(error) => {
            tracing::error!(%error, number, "failed to publish a report");
            Progress::Failed { number, why: with_causes(&error) }
        }
    }
}

/// What came of making it, also where that broke off: nothing is under way any more then.
async fn told(number: String, made: impl Future<Output = Progress>) -> Progress {
    AssertUnwindSafe(made).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(number, "the task that published a report panicked");
        Progress::Failed { number, why: "the task panicked; the log says where".to_owned() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_report_whose_making_breaks_off_has_failed() {
        let broken = async { panic!("on purpose") };
        let progress = told("2026-D-0310".into(), broken).await;
        assert!(matches!(progress, Progress::Failed { number, .. } if number == "2026-D-0310"));
    }
}
