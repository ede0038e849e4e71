//! What runs in the background: a task that panics is started again, and until it holds `/readyz` knows.

use std::{future::Future, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zhishou_web::DeadTasks;

/// After this a task that panicked is started again.
const AGAIN: Duration = Duration::from_secs(10);
/// It counts as dead until it has run for so long.
const STEADY: Duration = Duration::from_secs(60);

/// The tasks of the service.
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    dead: DeadTasks,
    again: Duration,
    steady: Duration,
}

impl Tasks {
    /// None yet; each is to end once `stop` fires.
    pub(crate) fn new(stop: CancellationToken, dead: DeadTasks) -> Self {
        Self { tracker: TaskTracker::new(), stop, dead, again: AGAIN, steady: STEADY }
    }

    /// Runs what `make` makes, and makes it anew where it panics. One that returns is done.
    pub(crate) fn keep<F>(
        &self,
        name: &'static str,
        make: impl Fn(CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, dead) = (self.stop.clone(), self.dead.clone());
        let (again, steady) = (self.again, self.steady);
        self.tracker.spawn(async move {
            loop {
                let mut task = tokio::spawn(make(stop.clone()));
                let ended = tokio::select! {
                    ended = &mut task => ended,
                    () = tokio::time::sleep(steady) => {
                        dead.revived(name);
                        task.await
                    }
                };
                let Err(error) = ended else {
                    dead.revived(name);
                    return;
                };
                dead.died(name);
                tracing::error!(%error, name, "a background task panicked; it is started again");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(again) => {}
                }
            }
        });
    }

    /// Waits until all have ended.
    pub(crate) async fn join(self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use tokio::sync::Notify;

    #[tokio::test]
    async fn a_task_that_panics_is_started_again_and_known_until_it_holds() {
        let (stop, dead) = (CancellationToken::new(), DeadTasks::default());
        let tasks = Tasks {
            again: Duration::ZERO,
            steady: Duration::MAX,
            ..Tasks::new(stop.clone(), dead.clone())
        };
        let (begun, runs) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
        let (tell, count) = (Arc::clone(&begun), Arc::clone(&runs));
        tasks.keep("post", move |stop| {
            let (tell, run) = (Arc::clone(&tell), count.fetch_add(1, Ordering::SeqCst));
            async move {
                assert!(run > 0, "on purpose");
                tell.notify_one();
                stop.cancelled().await;
            }
        });
        begun.notified().await;
        assert_eq!((runs.load(Ordering::SeqCst), dead.names()), (2, vec!["post"]));
        stop.cancel();
        tasks.join().await;
        assert!(dead.names().is_empty());
    }
}
