//! Slice headers of H.265 keyframes (§7.3.6.1) as far as their quantiser, with the picture
//! parameter set they need (§7.3.2.3).
//!
//! Only the first slice segment of an IDR picture is read so far; a CRA picture carries reference
//! sets before its quantiser and is left [unread](SliceHeader::Unread).

use super::sps::{self, Sps};
use crate::rtp::bits::BitReader;
use crate::rtp::nal::{SetKind, SliceHeader};

/// What a reader of slice headers needs of a picture parameter set.
struct Pps {
    sequence: u32,
    output_flag: bool,
    extra_bits: u32,
    initial_qp: i32,
}

/// Reads the header of a slice segment; `find` gives the parameter set of a kind with an id.
pub(in crate::rtp) fn read<'a>(
    slice: &[u8],
    find: impl Fn(SetKind, u32) -> Option<&'a [u8]>,
) -> SliceHeader {
    let Some((&[first, _], body)) = slice.split_first_chunk() else { return SliceHeader::Unread };
    let unit = first >> 1 & 0x3f;
    let mut reader = BitReader::new(body);
    // Other segments carry their address first.
    if reader.bit() != Some(true) || reader.bit().is_none() {
        return SliceHeader::Unread;
    }
    // §7.4.3.3.1: at most 64 picture parameter sets.
    let Some(pps) = reader.ue().filter(|&id| id < 64) else { return SliceHeader::Absurd };
    let Some(pps) = find(SetKind::Picture, pps) else { return SliceHeader::Absurd };
    let Some(pps) = parse_pps(pps) else { return SliceHeader::Unread };
    if reader.skip(pps.extra_bits).is_none() {
        return SliceHeader::Absurd;
    }
    // Table 7-7: 2 is I; a random access picture has no other (§7.4.7.1).
    if reader.ue() != Some(2) {
        return SliceHeader::Absurd;
    }
    let sps = find(SetKind::Sequence, pps.sequence).and_then(sps::parse);
    let Some(sps) = sps.filter(|_| matches!(unit, 19 | 20)) else { return SliceHeader::Unread };
    match quantiser(&mut reader, &sps, &pps) {
        Some(qp @ -48..=51) => SliceHeader::Sound { qp },
        Some(_) => SliceHeader::Absurd,
        None => SliceHeader::Unread,
    }
}

/// From after slice_type to slice_qp_delta, of an I slice of an IDR picture.
fn quantiser(reader: &mut BitReader<'_>, sps: &Sps, pps: &Pps) -> Option<i32> {
    if pps.output_flag {
        reader.bit()?; // pic_output_flag
    }
    if sps.separate_planes {
        reader.skip(2)?; // colour_plane_id
    }
    if sps.adaptive_offset? {
        reader.bit()?; // slice_sao_luma_flag
        if sps.chroma != 0 && !sps.separate_planes {
            reader.bit()?; // slice_sao_chroma_flag
        }
    }
    Some(pps.initial_qp.saturating_add(reader.se()?))
}

fn parse_pps(unit: &[u8]) -> Option<Pps> {
    let mut reader = BitReader::new(unit.get(2..)?);
    reader.ue()?; // pps_pic_parameter_set_id
    let sequence = reader.ue()?;
    reader.bit()?; // dependent_slice_segments_enabled_flag
    let output_flag = reader.bit()?;
    let extra_bits = reader.bits(3)?;
    reader.skip(2)?; // sign_data_hiding_enabled_flag, cabac_init_present_flag
    reader.ue()?; // num_ref_idx_l0_default_active_minus1
    reader.ue()?; // num_ref_idx_l1_default_active_minus1
    Some(Pps { sequence, output_flag, extra_bits, initial_qp: reader.se()?.saturating_add(26) })
}
