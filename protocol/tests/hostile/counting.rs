//! How much heap something takes at its peak.

use std::sync::{Mutex, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// One at a time: the counter is one for the process.
static TURN: Mutex<()> = Mutex::new(());

/// Runs it and gives, with its result, how far the heap rose above where it stood, bytes.
pub(crate) fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let result = run();
    (result, HEAP.peak_usage().saturating_sub(before))
}

#[test]
fn the_counter_counts() {
    let (_, quiet) = peak(|| 1 + 1);
    let (_, loud) = peak(|| drop(std::hint::black_box(vec![1u8; 1 << 20])));
    assert!(quiet < 1 << 16 && loud >= 1 << 20, "{quiet} {loud}");
}
