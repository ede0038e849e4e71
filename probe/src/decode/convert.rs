//! Pixels of the formats that cameras' codecs decode to, as 8-bit 4:2:0.

/// A pixel format with Y, U and V planes one after the other, as GStreamer lays them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    /// Bits a sample; above 8 stored little-endian in two bytes.
    bits: u32,
    /// Colour planes have half the columns.
    half_width: bool,
    /// Colour planes have half the rows.
    half_height: bool,
    /// No colour planes at all.
    gray: bool,
    /// U and V take turns in one plane, as hardware has them.
    interleaved: bool,
}

/// One plane's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlaneAt {
    /// First byte.
    pub(super) offset: usize,
    /// Bytes from row to row.
    pub(super) stride: usize,
    /// Bytes from sample to sample.
    step: usize,
    /// Rows.
    pub(super) rows: usize,
    /// Samples in a row.
    pub(super) columns: usize,
}

impl PlaneAt {
    /// Bytes up to the end of its last sample.
    fn end(self, sample: usize) -> usize {
        self.offset + self.stride * (self.rows - 1) + self.step * (self.columns - 1) + sample
    }
}

/// The three planes of an 8-bit 4:2:0 picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Y, U, V.
    pub(super) planes: [PlaneAt; 3],
}

impl Format {
    /// By GStreamer's name; `None` for what no camera's codec decodes to.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (bits, half_width, half_height) = match name {
            "I420" => (8, true, true),
            "Y42B" => (8, true, false),
            "Y444" => (8, false, false),
            "I420_10LE" => (10, true, true),
            "I422_10LE" => (10, true, false),
            "Y444_10LE" => (10, false, false),
            "I420_12LE" => (12, true, true),
            "I422_12LE" => (12, true, false),
            "Y444_12LE" => (12, false, false),
            "GRAY8" | "NV12" => (8, true, true),
            _ => return None,
        };
        let (gray, interleaved) = (name == "GRAY8", name == "NV12");
        Some(Format { bits, half_width, half_height, gray, interleaved })
    }

    /// Whether pixels can be used as they are.
    pub(super) fn is_i420(self) -> bool {
        self.bits == 8 && self.half_width && self.half_height && !self.gray && !self.interleaved
    }

    /// Where GStreamer puts the planes of a `width` × `height` picture that carries no layout of its
    /// own (GstVideoInfo: rows rounded up to 4 bytes, and to even columns and rows of luma first).
    pub(super) fn layout(self, width: usize, height: usize) -> Layout {
        let sample = if self.bits > 8 { 2 } else { 1 };
        let plane = |offset: usize, columns: usize, rows: usize| PlaneAt {
            offset,
            stride: (columns * sample).next_multiple_of(4),
            step: sample,
            rows,
            columns,
        };
        let stored_rows =
            if self.half_height && !self.gray { height.next_multiple_of(2) } else { height };
        let luma = plane(0, width, height);
        let columns = if self.half_width { width.div_ceil(2) } else { width };
        let rows = if self.half_height { height.div_ceil(2) } else { height };
        let u = plane(luma.stride * stored_rows, columns, rows);
        if self.interleaved {
            let u = PlaneAt { stride: luma.stride, step: 2, ..u };
            return Layout { planes: [luma, u, PlaneAt { offset: u.offset + 1, ..u }] };
        }
        let v = plane(u.offset + u.stride * rows, columns, rows);
        Layout { planes: [luma, u, v] }
    }

    /// Whether `data` holds all planes.
    pub(super) fn fits(self, layout: &Layout, data: &[u8]) -> bool {
        let sample = if self.bits > 8 { 2 } else { 1 };
        let last = if self.gray { layout.planes[0] } else { layout.planes[2] };
        last.rows > 0 && last.columns > 0 && last.end(sample) <= data.len()
    }

    /// Converts to 8-bit 4:2:0 without padding. `data` [fits](Self::fits).
    pub(super) fn convert(self, width: usize, height: usize, data: &[u8]) -> (Layout, Vec<u8>) {
        let from = self.layout(width, height);
        let [luma, u, v] = from.planes;
        let (columns, rows) = (width.div_ceil(2), height.div_ceil(2));
        let mut out = Vec::with_capacity(width * height + 2 * columns * rows);
        for row in 0..height {
            if self.bits == 8 {
                out.extend_from_slice(&data[luma.offset + row * luma.stride..][..width]);
            } else {
                out.extend((0..width).map(|column| self.sample(data, luma, column, row)));
            }
        }
        for plane in [u, v] {
            if self.gray {
                out.resize(out.len() + columns * rows, 128);
                continue;
            }
            for row in 0..rows {
                out.extend((0..columns).map(|column| self.chroma(data, plane, column, row)));
            }
        }
        let tight =
            |offset, columns, rows| PlaneAt { offset, stride: columns, step: 1, rows, columns };
        let planes = [
            tight(0, width, height),
            tight(width * height, columns, rows),
            tight(width * height + columns * rows, columns, rows),
        ];
        (Layout { planes }, out)
    }

    /// One sample, 8 bits.
    fn sample(self, data: &[u8], plane: PlaneAt, column: usize, row: usize) -> u8 {
        let at = plane.offset + row * plane.stride + column * plane.step;
        if self.bits == 8 {
            return data[at];
        }
        let value = u16::from_le_bytes([data[at], data[at + 1]]) >> (self.bits - 8);
        value.min(255) as u8
    }

    /// One 4:2:0 colour sample: the mean of those it stands for.
    fn chroma(self, data: &[u8], plane: PlaneAt, column: usize, row: usize) -> u8 {
        let (across, down) =
            (if self.half_width { 1 } else { 2 }, if self.half_height { 1 } else { 2 });
        let mut sum = 0u32;
        for y in 0..down {
            for x in 0..across {
                let column = (column * across + x).min(plane.columns - 1);
                let row = (row * down + y).min(plane.rows - 1);
                sum += u32::from(self.sample(data, plane, column, row));
            }
        }
        let count = (across * down) as u32;
        ((sum + count / 2) / count) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_lie_as_gstreamer_puts_them() {
        let layout = Format::named("I420").expect("known").layout(95, 51);
        let found =
            layout.planes.map(|plane| (plane.offset, plane.stride, plane.columns, plane.rows));
        assert_eq!(found, [(0, 96, 95, 51), (4_992, 48, 48, 26), (6_240, 48, 48, 26)]);
    }

    #[test]
    fn ten_bits_of_4_2_2_become_eight_of_4_2_0() {
        let format = Format::named("I422_10LE").expect("known");
        let (width, height) = (4, 2);
        let layout = format.layout(width, height);
        let mut data = vec![0; layout.planes[2].end(2)];
        let mut put = |plane: usize, column: usize, row: usize, value: u16| {
            let plane = layout.planes[plane];
            let at = plane.offset + row * plane.stride + column * 2;
            data[at..at + 2].copy_from_slice(&value.to_le_bytes());
        };
        put(0, 3, 1, 1_020);
        put(1, 0, 0, 400);
        put(1, 0, 1, 800);
        assert!(format.fits(&layout, &data));
        let (tight, out) = format.convert(width, height, &data);
        assert_eq!(out[tight.planes[0].offset + 7], 255);
        assert_eq!(out[tight.planes[1].offset], 150);
        assert_eq!(out.len(), 8 + 2 + 2);
    }

    #[test]
    fn colours_that_take_turns_are_told_apart() {
        let format = Format::named("NV12").expect("known");
        let data = [&[7; 8][..], &[1, 2, 3, 4]].concat();
        let layout = format.layout(6, 4);
        assert_eq!(layout.planes.map(|plane| plane.offset), [0, 32, 33]);
        let layout = format.layout(4, 2);
        assert!(format.fits(&layout, &data) && !format.fits(&layout, &data[..11]));
        let (tight, out) = format.convert(4, 2, &data);
        assert_eq!(out[tight.planes[1].offset..], [1, 3, 2, 4]);
    }

    #[test]
    fn gray_gets_colourless_planes() {
        let format = Format::named("GRAY8").expect("known");
        let (layout, out) = format.convert(4, 2, &[9; 8]);
        assert_eq!(out, [&[9; 8][..], &[128; 4]].concat());
        assert_eq!(layout.planes[2].offset, 10);
    }
}
