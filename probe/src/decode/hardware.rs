//! Which hardware decoders GStreamer finds. They are listed for an operator; the pool decodes with
//! libav, which every machine has.

use super::PoolError;

/// Decoders by the hardware that does the work, as GStreamer 1.22 names them.
const DECODERS: [&str; 12] = [
    "vah264dec",
    "vah265dec",
    "vajpegdec",
    "nvh264dec",
    "nvh265dec",
    "nvjpegdec",
    "qsvh264dec",
    "qsvh265dec",
    "v4l2h264dec",
    "v4l2h265dec",
    "v4l2slh264dec",
    "v4l2slh265dec",
];

/// The hardware decoders that this machine has.
///
/// # Errors
/// If GStreamer does not start.
pub fn hardware_decoders() -> Result<Vec<&'static str>, PoolError> {
    gstreamer::init().map_err(|error| PoolError::Init(error.to_string()))?;
    let there = |name: &&str| gstreamer::ElementFactory::find(name).is_some();
    Ok(DECODERS.into_iter().filter(there).collect())
}
