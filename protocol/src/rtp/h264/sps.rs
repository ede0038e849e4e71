//! Sequence parameter sets of H.264 (§7.3.2.1.1, Annex E).

use crate::rtp::bits::BitReader;
use crate::rtp::format::{PictureFormat, plausible_fps};

/// Profiles with a chroma format in their SPS (§7.3.2.1.1).
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Largest picture dimension believed, pixels; level 6.2 allows 16 864.
const MAX_DIMENSION: u32 = 16_864;

/// What a sequence parameter set says.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::rtp) struct Sps {
    pub(in crate::rtp) id: u32,
    pub(in crate::rtp) format: PictureFormat,
    pub(super) slices: SliceSyntax,
}

/// What a reader of slice headers needs of it (§7.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SliceSyntax {
    pub(super) separate_planes: bool,
    pub(super) frame_num_bits: u32,
    pub(super) order: OrderCount,
    pub(super) frames_only: bool,
    /// Macroblocks of a frame.
    pub(super) blocks: u32,
}

/// How the order of pictures is coded: pic_order_cnt_type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderCount {
    /// Type 0, in so many bits.
    Lsb(u32),
    /// Type 1 with deltas in the slice header.
    Deltas,
    /// Nothing in the slice header.
    Implied,
}

/// Reads a sequence parameter set, its NAL header included; `None` where it is cut short or out of
/// range.
pub(in crate::rtp) fn parse(unit: &[u8]) -> Option<Sps> {
    let mut reader = BitReader::new(unit.get(1..)?);
    let profile_idc = reader.bits(8)?;
    let constraints = reader.bits(8)?;
    let level_idc = reader.bits(8)?;
    let id = reader.ue().filter(|&id| id < 32)?;
    let (mut chroma, mut separate_planes) = (1, false);
    if HIGH_PROFILES.contains(&profile_idc) {
        chroma = reader.ue().filter(|&chroma| chroma <= 3)?;
        if chroma == 3 && reader.bit()? {
            separate_planes = true;
            chroma = 0; // separate_colour_plane_flag: cropped like monochrome
        }
        reader.ue()?; // bit_depth_luma_minus8
        reader.ue()?; // bit_depth_chroma_minus8
        reader.bit()?; // qpprime_y_zero_transform_bypass_flag
        if reader.bit()? {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if reader.bit()? {
                    skip_scaling_list(&mut reader, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    let frame_num_bits = reader.ue()?.min(12) + 4; // log2_max_frame_num_minus4
    let order = match reader.ue()? {
        0 => OrderCount::Lsb(reader.ue()?.min(12) + 4), // log2_max_pic_order_cnt_lsb_minus4
        1 => {
            let always_zero = reader.bit()?; // delta_pic_order_always_zero_flag
            reader.se()?; // offset_for_non_ref_pic
            reader.se()?; // offset_for_top_to_bottom_field
            for _ in 0..reader.ue().filter(|&count| count <= 255)? {
                reader.se()?; // offset_for_ref_frame
            }
            if always_zero { OrderCount::Implied } else { OrderCount::Deltas }
        }
        _ => OrderCount::Implied,
    };
    reader.ue()?; // max_num_ref_frames
    reader.bit()?; // gaps_in_frame_num_value_allowed_flag
    let columns = reader.ue().filter(|&columns| columns < MAX_DIMENSION / 16)? + 1;
    let rows = reader.ue().filter(|&rows| rows < MAX_DIMENSION / 16)? + 1;
    let progressive = reader.bit()?;
    if !progressive {
        reader.bit()?; // mb_adaptive_frame_field_flag
    }
    reader.bit()?; // direct_8x8_inference_flag
    let fields = if progressive { 1 } else { 2 };
    let (mut width, mut height) = (columns * 16, rows * 16 * fields);
    if reader.bit()? {
        let crop_x = if matches!(chroma, 1 | 2) { 2 } else { 1 };
        let crop_y = if chroma == 1 { 2 } else { 1 } * fields;
        let [left, right, top, bottom] = [reader.ue()?, reader.ue()?, reader.ue()?, reader.ue()?];
        width = width.checked_sub(left.checked_add(right)?.checked_mul(crop_x)?)?;
        height = height.checked_sub(top.checked_add(bottom)?.checked_mul(crop_y)?)?;
    }
    if width == 0 || height == 0 {
        return None;
    }
    // A VUI that breaks off costs only the frame rate.
    let fps = if reader.bit().unwrap_or(false) { vui_fps(&mut reader) } else { None };
    let format = PictureFormat {
        width,
        height,
        profile: profile_name(profile_idc, constraints),
        level: Some(level_name(profile_idc, constraints, level_idc)),
        fps,
        progressive,
    };
    let slices = SliceSyntax {
        separate_planes,
        frame_num_bits,
        order,
        frames_only: progressive,
        blocks: columns * rows * fields,
    };
    Some(Sps { id, format, slices })
}

fn skip_scaling_list(reader: &mut BitReader<'_>, size: u32) -> Option<()> {
    let mut next = 8i32;
    for _ in 0..size {
        next = (next + reader.se().filter(|delta| (-128..128).contains(delta))? + 256) % 256;
        if next == 0 {
            break;
        }
    }
    Some(())
}

/// Annex E.1.1 up to the timing.
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
    if !reader.bit()? {
        return None;
    }
    let (units, scale) = (reader.bits(32)?, reader.bits(32)?);
    // A tick is a field (§E.2.1, num_units_in_tick).
    plausible_fps(f64::from(scale) / (2.0 * f64::from(units)))
}

/// Table A-1's names; constraint_set1 makes Baseline the Constrained Baseline.
fn profile_name(profile_idc: u32, constraints: u32) -> Option<&'static str> {
    Some(match profile_idc {
        66 if constraints & 0x40 != 0 => "Constrained Baseline",
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 => "High",
        110 => "High 10",
        122 => "High 4:2:2",
        244 => "High 4:4:4 Predictive",
        _ => return None,
    })
}

/// Level 1b hides in level_idc 11 with constraint_set3, or is 9 (§A.3.4).
fn level_name(profile_idc: u32, constraints: u32, level_idc: u32) -> String {
    let old_profile = matches!(profile_idc, 66 | 77 | 88);
    if level_idc == 9 || (level_idc == 11 && old_profile && constraints & 0x10 != 0) {
        return "1b".to_owned();
    }
    format!("{}.{}", level_idc / 10, level_idc % 10)
}
