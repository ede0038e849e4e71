//! What is known of a frame beside its pixels.

/// What the decoder said of a frame, and whose fault it was.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Evidence {
    /// The keyframe came whole and the decoder complained of nothing.
    #[default]
    Sound,
    /// The keyframe came whole, and the decoder met errors in it: the camera or what lies behind it
    /// sent damaged data.
    Damaged {
        /// Share of the picture that the decoder made up, 0–1; 0 where it cannot tell.
        made_up: f64,
    },
    /// Parts are missing for a reason of ours: packets lost before us, a decoder that began in the
    /// middle of a group and shows gray, a decoder that failed. Never a finding.
    Ours,
}
