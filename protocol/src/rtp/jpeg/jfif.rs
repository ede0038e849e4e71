//! Writes the JFIF headers that RFC 2435 packets leave out (Appendix B).

use super::tables::HUFFMAN;

/// Most bytes of [`Tables`]: two of 16-bit values.
pub(super) const MAX_TABLES: usize = 256;

/// Quantization tables as an RTP header carries them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tables {
    /// Bit n: table n has 16-bit values.
    pub(super) precision: u8,
    /// One table after the other in zigzag order.
    pub(super) bytes: Vec<u8>,
}

/// What the headers of a picture need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Width in pixels.
    pub(super) width: u16,
    /// Height in pixels.
    pub(super) height: u16,
    /// Chroma of half height too (4:2:0); else 4:2:2.
    pub(super) half_height: bool,
    /// Restart interval in MCUs; 0 for none.
    pub(super) restart: u16,
}

/// Appends everything up to the scan's first coded byte. `None` where the tables are too short.
pub(super) fn write_headers(layout: Layout, tables: &Tables, out: &mut Vec<u8>) -> Option<()> {
    let luma_size = if tables.precision & 1 != 0 { 128 } else { 64 };
    let chroma_size = if tables.precision & 2 != 0 { 128 } else { 64 };
    let luma = tables.bytes.get(..luma_size)?;
    // One table alone serves all components.
    let (chroma, chroma_precision) = match tables.bytes.get(luma_size..luma_size + chroma_size) {
        Some(chroma) => (chroma, tables.precision >> 1 & 1),
        None => (luma, tables.precision & 1),
    };
    out.extend_from_slice(&[0xff, 0xd8]); // SOI
    segment(out, 0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    quantization(out, 0, tables.precision & 1, luma);
    quantization(out, 1, chroma_precision, chroma);
    let [height_high, height_low] = layout.height.to_be_bytes();
    let [width_high, width_low] = layout.width.to_be_bytes();
    let sampling = if layout.half_height { 0x22 } else { 0x21 };
    segment(
        out,
        0xc0,
        &[
            8,
            height_high,
            height_low,
            width_high,
            width_low,
            3,
            1,
            sampling,
            0,
            2,
            0x11,
            1,
            3,
            0x11,
            1,
        ],
    );
    for table in &HUFFMAN {
        let mut body = [0; 17 + 162];
        body[0] = table.class_id;
        body[1..17].copy_from_slice(&table.lengths);
        body[17..17 + table.symbols.len()].copy_from_slice(table.symbols);
        segment(out, 0xc4, &body[..17 + table.symbols.len()]);
    }
    if layout.restart > 0 {
        segment(out, 0xdd, &layout.restart.to_be_bytes());
    }
    segment(out, 0xda, &[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
    Some(())
}

fn quantization(out: &mut Vec<u8>, id: u8, precision: u8, table: &[u8]) {
    let mut body = [0; 129];
    body[0] = precision << 4 | id;
    body[1..=table.len()].copy_from_slice(table);
    segment(out, 0xdb, &body[..=table.len()]);
}

/// A marker segment; `body` is shorter than 256 bytes everywhere here.
fn segment(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    let length = (body.len() + 2) as u16;
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(body);
}
