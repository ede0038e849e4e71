//! Mistakes of ours, caught where something is still to be closed.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// A future up to its end or its panic. It is lent: taken, it would lie in this one twice, once before
/// it is pinned and once after.
pub(crate) async fn caught<T>(
    mut work: Pin<&mut impl Future<Output = T>>,
) -> std::thread::Result<T> {
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
