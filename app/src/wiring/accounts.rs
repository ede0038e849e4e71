//! Day accounts are kept while nobody asks for them, so that pages of any period answer at once.

use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use zhishou_domain::Clock;
use zhishou_storage::{Keeping, Store};

/// Between two counts of the day under way.
const REST: Duration = Duration::from_secs(60);
/// Of what a count of the day under way took, at least so many times as much is rest.
const SHARE: u32 = 15;
/// Between two steps while days wait, at least; half of the time is rest.
const PAUSE: Duration = Duration::from_secs(1);

/// Does one step after the other until `stop` fires.
pub(crate) async fn keep(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    loop {
        let begun = clock.now();
        let kept = store.keep_accounts(begun).await;
        let took = clock.now().since(begun);
        let rest = match kept {
            Ok(Keeping::Behind(days)) => {
                tracing::debug!(days, "day accounts are behind");
                took.max(PAUSE)
            }
            Ok(Keeping::UpToDate) => (took * SHARE).max(REST),
            Err(error) => {
                tracing::error!(%error, "failed to keep day accounts");
                REST
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}
