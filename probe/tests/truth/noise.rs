//! How long the machine keeps a task waiting that wants to run.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const STEP: Duration = Duration::from_millis(2);

/// A task beside the probe, in the same runtime, that sleeps in short steps and notes the longest.
pub(crate) struct Noise {
    stop: CancellationToken,
    task: JoinHandle<Duration>,
}

impl Noise {
    pub(crate) fn listen() -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut longest = Duration::ZERO;
            while !stopped.is_cancelled() {
                let before = Instant::now();
                sleep(STEP).await;
                longest = longest.max(before.elapsed().saturating_sub(STEP));
            }
            longest
        });
        Noise { stop, task }
    }

    pub(crate) async fn longest(self) -> Duration {
        self.stop.cancel();
        self.task.await.unwrap()
    }
}
