//! Counts what libav complains about while it decodes.
//!
//! GStreamer passes libav's messages to its debug log and nowhere else. A decoder with one thread
//! writes them on the thread that feeds it, so that a count per thread is a count per keyframe.

use std::cell::Cell;
use std::sync::Once;

use gstreamer as gst;

/// The debug category under which gst-libav passes libav's messages on.
const CATEGORY: &str = "libav";

thread_local! {
    static ERRORS: Cell<u32> = const { Cell::new(0) };
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
            let concealed = text.is_some_and(|text| text.contains("concealing"));
            if level <= gst::DebugLevel::Error || concealed {
                ERRORS.set(ERRORS.get().saturating_add(1));
            }
        });
    });
}

/// Complaints on this thread since the last call.
pub(super) fn take() -> u32 {
    ERRORS.take()
}
