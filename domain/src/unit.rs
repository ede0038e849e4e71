//! Words for what a figure of a picture measures.

use crate::Lang;

/// What a figure in `unit` is, as people read it before the number; the unit itself where it has no
/// word.
pub fn measure_name(unit: &str, lang: Lang) -> &str {
    match unit {
        "luma" => lang.pick("亮度", "brightness"),
        "ratio" => lang.pick("占比", "share"),
        "chroma" => lang.pick("色度", "colour"),
        "pixels" => lang.pick("像素", "pixels"),
        other => other,
    }
}
