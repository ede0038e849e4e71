//! Slice headers of H.264 keyframes (§7.3.3) as far as their quantiser, with the picture parameter
//! set they need (§7.3.2.2).

use super::sps::{self, OrderCount, SliceSyntax};
use crate::rtp::bits::BitReader;
use crate::rtp::nal::{SetKind, SliceHeader};

/// What a reader of slice headers needs of a picture parameter set.
struct Pps {
    sequence: u32,
    field_order: bool,
    initial_qp: i32,
    redundant: bool,
}

/// Reads the header of a slice; `find` gives the parameter set of a kind with an id.
pub(in crate::rtp) fn read<'a>(
    slice: &[u8],
    find: impl Fn(SetKind, u32) -> Option<&'a [u8]>,
) -> SliceHeader {
    let Some((&nal, body)) = slice.split_first() else { return SliceHeader::Unread };
    let mut reader = BitReader::new(body);
    let (Some(first_block), Some(kind)) = (reader.ue(), reader.ue()) else {
        return SliceHeader::Absurd;
    };
    // Table 7-6: 2 and 7 are I, 4 and 9 SI; an IDR picture has no other (§7.4.3).
    if !matches!(kind, 2 | 4 | 7 | 9) {
        return SliceHeader::Absurd;
    }
    // §7.4.2.2: at most 256 picture parameter sets.
    let Some(pps) = reader.ue().filter(|&id| id < 256) else { return SliceHeader::Absurd };
    let Some(pps) = find(SetKind::Picture, pps) else { return SliceHeader::Absurd };
    let Some(pps) = parse_pps(pps) else { return SliceHeader::Unread };
    let Some(sps) = find(SetKind::Sequence, pps.sequence).and_then(sps::parse) else {
        return SliceHeader::Unread;
    };
    if first_block >= sps.slices.blocks {
        return SliceHeader::Absurd;
    }
    let is_idr = nal & 0x1f == 5;
    match quantiser(&mut reader, is_idr, nal & 0x60 != 0, &sps.slices, &pps) {
        Some(qp @ -36..=51) => SliceHeader::Sound { qp },
        Some(_) | None => SliceHeader::Absurd,
    }
}

/// From after pic_parameter_set_id to slice_qp_delta, of an I slice.
fn quantiser(
    reader: &mut BitReader<'_>,
    is_idr: bool,
    is_reference: bool,
    sps: &SliceSyntax,
    pps: &Pps,
) -> Option<i32> {
    if sps.separate_planes {
        reader.skip(2)?; // colour_plane_id
    }
    reader.skip(sps.frame_num_bits)?;
    let is_field = !sps.frames_only && reader.bit()?;
    if is_field {
        reader.bit()?; // bottom_field_flag
    }
    if is_idr {
        reader.ue().filter(|&id| id <= 65_535)?; // idr_pic_id, §7.4.3
    }
    match sps.order {
        OrderCount::Lsb(bits) => {
            reader.skip(bits)?;
            if pps.field_order && !is_field {
                reader.se()?;
            }
        }
        OrderCount::Deltas => {
            reader.se()?;
            if pps.field_order && !is_field {
                reader.se()?;
            }
        }
        OrderCount::Implied => {}
    }
    if pps.redundant {
        reader.ue()?;
    }
    if is_reference {
        // §7.3.3.3
        if is_idr {
            reader.skip(2)?;
        } else if reader.bit()? {
            for _ in 0..64 {
                match reader.ue()? {
                    0 => break,
                    1 | 2 | 4 | 6 => reader.ue().map(drop)?,
                    3 => reader.ue().and(reader.ue()).map(drop)?,
                    5 => {}
                    _ => return None,
                }
            }
        }
    }
    Some(pps.initial_qp.saturating_add(reader.se()?))
}

/// A picture parameter set; `None` where it is cut short or has several slice groups, which no
/// camera makes.
fn parse_pps(unit: &[u8]) -> Option<Pps> {
    let mut reader = BitReader::new(unit.get(1..)?);
    reader.ue()?; // pic_parameter_set_id
    let sequence = reader.ue()?;
    reader.bit()?; // entropy_coding_mode_flag
    let field_order = reader.bit()?;
    reader.ue().filter(|&groups| groups == 0)?; // num_slice_groups_minus1
    reader.ue()?; // num_ref_idx_l0_default_active_minus1
    reader.ue()?; // num_ref_idx_l1_default_active_minus1
    reader.skip(3)?; // weighted prediction
    let initial_qp = reader.se()?.saturating_add(26);
    reader.se()?; // pic_init_qs_minus26
    reader.se()?; // chroma_qp_index_offset
    reader.skip(2)?; // deblocking control, constrained intra prediction
    Some(Pps { sequence, field_order, initial_qp, redundant: reader.bit()? })
}
