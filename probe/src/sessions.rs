//! The thread that all sessions run on.
//!
//! A session is woken for each frame of its camera, and does little then: handing it from thread to
//! thread would cost more than what it does, and so would a sleep of the thread between any two
//! frames of many cameras. So there is one thread with a reactor of its own, and once it is woken
//! more than [`BUSY`] allows, it gathers what comes within [`GATHER`] before it looks again.
//!
//! Invariant: what arrives is seen at most [`GATHER`] later than it would be, and only while many
//! sessions are open; times of arrival are those of the kernel ([`crate::stamped`]), and as exact.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::Instant;

/// How long a busy thread gathers: well below the time between two frames of a camera, which would have one
/// time of arrival where they are read together.
const GATHER: Duration = Duration::from_millis(5);
/// Woken again within so long, it is busy.
const BUSY: Duration = Duration::from_millis(2);

/// A thread for sessions; dropping it ends it with all that runs on it.
#[derive(Debug)]
pub struct Sessions {
    /// Taken when it is dropped.
    runtime: Option<Runtime>,
}

impl Sessions {
    /// Starts the thread.
    ///
    /// # Errors
    /// If it or its reactor does not start.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sessions")
            .enable_all()
            .on_thread_park(gather)
            .build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    pub(crate) fn handle(&self) -> Option<&Handle> {
        self.runtime.as_ref().map(Runtime::handle)
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        // Waiting is not for the threads that this is dropped on; whoever wants it closes the prober.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Called before the thread waits for anything to come.
fn gather() {
    thread_local! {
        static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    if LAST.get().is_some_and(|last| last.elapsed() < BUSY) {
        std::thread::sleep(GATHER);
    }
    LAST.set(Some(Instant::now()));
}
