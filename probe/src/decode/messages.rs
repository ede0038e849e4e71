//! Counts what libav complains about while it decodes.
//!
//! GStreamer passes libav's messages to its debug log and nowhere else. A decoder with one thread
//! writes them on the thread that feeds it, so that a count per thread is a count per keyframe.

use std::cell::Cell;
use std::sync::Once;

use gstreamer as gst;

/// The debug category under which gst-libav passes libav's messages on.
const CATEGORY: &str = "libav";

/// What libav complained about while it decoded one keyframe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Complaints {
    /// Errors.
    pub(super) errors: u32,
    /// Macroblocks of H.264 that it made up.
    pub(super) concealed: u32,
}

impl Complaints {
    /// Both.
    pub(super) fn and(self, more: Complaints) -> Complaints {
        Complaints {
            errors: self.errors.saturating_add(more.errors),
            concealed: self.concealed.saturating_add(more.concealed),
        }
    }
}

thread_local! {
    static COMPLAINTS: Cell<Complaints> = const { Cell::new(Complaints { errors: 0, concealed: 0 }) };
}

/// Starts listening, once a process. GStreamer's own printing to stderr is kept where the operator
/// asked for it by `GST_DEBUG`, and switched off otherwise, or it would print every message.
pub(super) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        if std::env::var_os("GST_DEBUG").is_none() {
            gst::log::remove_default_log_function();
        }
        gst::log::set_active(true);
        gst::log::set_threshold_for_name(CATEGORY, gst::DebugLevel::Info);
        gst::log::add_log_function(|category, level, _, _, _, _, message| {
            if category.name() != CATEGORY {
                return;
            }
            // Errors, and the note (at level info) that macroblocks were made up.
            let text = message.get();
            let concealed = text.and_then(|text| concealed(&text));
            if level <= gst::DebugLevel::Error || concealed.is_some() {
                let one = Complaints { errors: 1, concealed: concealed.unwrap_or(0) };
                COMPLAINTS.set(COMPLAINTS.get().and(one));
            }
        });
    });
}

/// Complaints on this thread since the last call.
pub(super) fn take() -> Complaints {
    COMPLAINTS.take()
}

/// Of `concealing 3600 DC, 3600 AC, 3600 MV errors in I frame`, the first number; 0 where the
/// words changed.
fn concealed(text: &str) -> Option<u32> {
    let (_, after) = text.split_once("concealing")?;
    Some(after.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0))
}
