//! Sequence parameter sets of H.265 (§7.3.2.2, Annex E).

use crate::rtp::bits::BitReader;
use crate::rtp::format::{PictureFormat, plausible_fps};

/// Largest picture dimension believed, pixels; level 6.2 allows 16 888.
const MAX_DIMENSION: u32 = 16_888;

/// What a sequence parameter set says.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::rtp) struct Sps {
    pub(in crate::rtp) id: u32,
    pub(in crate::rtp) format: PictureFormat,
    pub(super) separate_planes: bool,
    /// Whether slices carry flags of the adaptive offset; `None` where the set breaks off before.
    pub(super) adaptive_offset: Option<bool>,
    /// chroma_format_idc, 0 for monochrome.
    pub(super) chroma: u32,
}

/// Reads a sequence parameter set, its NAL header included; `None` where it is cut short or out of
/// range.
pub(in crate::rtp) fn parse(unit: &[u8]) -> Option<Sps> {
    let mut reader = BitReader::new(unit.get(2..)?);
    reader.skip(4)?; // sps_video_parameter_set_id
    let sub_layers = reader.bits(3)?; // minus 1
    reader.bit()?; // sps_temporal_id_nesting_flag
    let (profile_idc, interlaced, level_idc) = profile_tier_level(&mut reader, sub_layers)?;
    let id = reader.ue().filter(|&id| id < 16)?;
    let chroma = reader.ue().filter(|&chroma| chroma <= 3)?;
    let separate_planes = chroma == 3 && reader.bit()?;
    let mut width = reader.ue().filter(|&width| width <= MAX_DIMENSION)?;
    let mut height = reader.ue().filter(|&height| height <= MAX_DIMENSION)?;
    if reader.bit()? {
        let crop_x = if matches!(chroma, 1 | 2) && !separate_planes { 2 } else { 1 };
        let crop_y = if chroma == 1 && !separate_planes { 2 } else { 1 };
        let [left, right, top, bottom] = [reader.ue()?, reader.ue()?, reader.ue()?, reader.ue()?];
        width = width.checked_sub(left.checked_add(right)?.checked_mul(crop_x)?)?;
        height = height.checked_sub(top.checked_add(bottom)?.checked_mul(crop_y)?)?;
    }
    if width == 0 || height == 0 {
        return None;
    }
    let mut adaptive_offset = None;
    let format = PictureFormat {
        width,
        height,
        profile: profile_name(profile_idc),
        level: Some(level_name(level_idc)),
        // Beyond the size only the frame rate is left; a set that breaks off costs no more.
        fps: timing(&mut reader, sub_layers, &mut adaptive_offset),
        progressive: !interlaced,
    };
    Some(Sps { id, format, separate_planes, adaptive_offset, chroma })
}

/// §7.3.3; general_profile_idc, whether the source is interlaced only, and general_level_idc.
fn profile_tier_level(reader: &mut BitReader<'_>, sub_layers: u32) -> Option<(u32, bool, u32)> {
    reader.skip(3)?; // general_profile_space, general_tier_flag
    let profile_idc = reader.bits(5)?;
    reader.skip(32)?; // general_profile_compatibility_flags
    let progressive = reader.bit()?;
    let interlaced = reader.bit()?;
    reader.skip(46)?;
    let level_idc = reader.bits(8)?;
    let mut present = [(false, false); 8];
    for layer in present.iter_mut().take(sub_layers as usize) {
        *layer = (reader.bit()?, reader.bit()?);
    }
    if sub_layers > 0 {
        reader.skip(2 * (8 - sub_layers))?;
    }
    for &(profile, level) in present.iter().take(sub_layers as usize) {
        reader.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Some((profile_idc, interlaced && !progressive, level_idc))
}

/// The rest of the SPS up to the VUI's timing. Fills in `adaptive_offset` on the way.
fn timing(
    reader: &mut BitReader<'_>,
    sub_layers: u32,
    adaptive_offset: &mut Option<bool>,
) -> Option<f64> {
    reader.ue()?; // bit_depth_luma_minus8
    reader.ue()?; // bit_depth_chroma_minus8
    let poc_bits = reader.ue().filter(|&bits| bits <= 12)? + 4;
    let all_layers = reader.bit()?;
    for _ in 0..if all_layers { sub_layers + 1 } else { 1 } {
        reader.ue()?; // sps_max_dec_pic_buffering_minus1
        reader.ue()?; // sps_max_num_reorder_pics
        reader.ue()?; // sps_max_latency_increase_plus1
    }
    for _ in 0..6 {
        reader.ue()?; // block and transform sizes, hierarchy depths
    }
    if reader.bit()? && reader.bit()? {
        skip_scaling_lists(reader)?;
    }
    reader.bit()?; // amp_enabled_flag
    *adaptive_offset = Some(reader.bit()?);
    if reader.bit()? {
        reader.skip(8)?; // pcm bit depths
        reader.ue()?;
        reader.ue()?;
        reader.bit()?;
    }
    let mut pictures = 0;
    for index in 0..reader.ue().filter(|&count| count <= 64)? {
        pictures = skip_reference_set(reader, index, pictures)?;
    }
    if reader.bit()? {
        for _ in 0..reader.ue().filter(|&count| count <= 32)? {
            reader.skip(poc_bits + 1)?; // long-term reference pictures
        }
    }
    reader.skip(2)?; // temporal_mvp, strong_intra_smoothing
    if reader.bit()? { vui_fps(reader) } else { None }
}

/// §7.3.4.
fn skip_scaling_lists(reader: &mut BitReader<'_>) -> Option<()> {
    for size in 0..4 {
        for _ in (0..6).step_by(if size == 3 { 3 } else { 1 }) {
            if !reader.bit()? {
                reader.ue()?; // scaling_list_pred_matrix_id_delta
                continue;
            }
            if size > 1 {
                reader.se()?; // scaling_list_dc_coef_minus8
            }
            for _ in 0..64.min(1 << (4 + (size << 1))) {
                reader.se()?; // scaling_list_delta_coef
            }
        }
    }
    Some(())
}

/// §7.3.7 within an SPS; takes the number of pictures of the set before, gives that of this one.
fn skip_reference_set(reader: &mut BitReader<'_>, index: u32, before: u32) -> Option<u32> {
    if index > 0 && reader.bit()? {
        reader.bit()?; // delta_rps_sign
        reader.ue()?; // abs_delta_rps_minus1
        let mut pictures = 0;
        for _ in 0..=before {
            let used = reader.bit()?;
            if used || reader.bit()? {
                pictures += 1;
            }
        }
        return Some(pictures);
    }
    let negative = reader.ue().filter(|&count| count <= 16)?;
    let positive = reader.ue().filter(|&count| count <= 16)?;
    for _ in 0..negative + positive {
        reader.ue()?; // delta_poc_minus1
        reader.bit()?; // used_by_curr_pic_flag
    }
    Some(negative + positive)
}

/// Annex E.2.1 up to the timing.
fn vui_fps(reader: &mut BitReader<'_>) -> Option<f64> {
    const EXTENDED_SAR: u32 = 255;
    if reader.bit()? && reader.bits(8)? == EXTENDED_SAR {
        reader.skip(32)?;
    }
    if reader.bit()? {
        reader.bit()?; // overscan_appropriate_flag
    }
    if reader.bit()? {
        reader.skip(4)?; // video_format, video_full_range_flag
        if reader.bit()? {
            reader.skip(24)?; // colour description
        }
    }
    if reader.bit()? {
        reader.ue()?; // chroma_sample_loc_type_top_field
        reader.ue()?; // chroma_sample_loc_type_bottom_field
    }
    reader.skip(3)?; // neutral_chroma, field_seq, frame_field_info
    if reader.bit()? {
        for _ in 0..4 {
            reader.ue()?; // default display window
        }
    }
    if !reader.bit()? {
        return None;
    }
    let (units, scale) = (reader.bits(32)?, reader.bits(32)?);
    plausible_fps(f64::from(scale) / f64::from(units))
}

/// Annex A.3's names.
fn profile_name(profile_idc: u32) -> Option<&'static str> {
    Some(match profile_idc {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Rext",
        _ => return None,
    })
}

/// level_idc is 30 times the level (§A.4.1).
fn level_name(level_idc: u32) -> String {
    match level_idc % 30 / 3 {
        0 => format!("{}.0", level_idc / 30),
        minor => format!("{}.{minor}", level_idc / 30),
    }
}
