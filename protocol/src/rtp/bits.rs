//! Reads bits and Exp-Golomb codes out of a NAL unit, stepping over emulation prevention bytes
//! (H.264 §7.4.1, §9.1; H.265 the same).

/// A reader that answers `None` once the bytes run out.
#[derive(Debug, Clone)]
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    at: usize,
    bit: u8,
    zeros: u8,
}

impl<'a> BitReader<'a> {
    /// Starts at the first bit of `data` (after the NAL header).
    pub(super) fn new(data: &'a [u8]) -> Self {
        BitReader { data, at: 0, bit: 0, zeros: 0 }
    }

    /// The next bit.
    pub(super) fn bit(&mut self) -> Option<bool> {
        if self.bit == 0 && self.zeros >= 2 && self.data.get(self.at) == Some(&3) {
            self.at += 1;
            self.zeros = 0;
        }
        let byte = *self.data.get(self.at)?;
        let value = byte & (0x80 >> self.bit) != 0;
        self.bit += 1;
        if self.bit == 8 {
            self.bit = 0;
            self.at += 1;
            self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        }
        Some(value)
    }

    /// The next `count` bits, at most 32, most significant first.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0u32;
        for _ in 0..count.min(32) {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    /// Steps over `count` bits.
    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        for _ in 0..count {
            self.bit()?;
        }
        Some(())
    }

    /// Unsigned Exp-Golomb, ue(v).
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some(((1u64 << zeros) - 1) as u32 + self.bits(zeros)?)
    }

    /// Signed Exp-Golomb, se(v).
    pub(super) fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        let magnitude = (code + 1) / 2;
        i32::try_from(if code % 2 == 1 { magnitude } else { -magnitude }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_of_the_standard_table() {
        // H.264 table 9-2: 1, 010, 011, 00100, 00101
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let codes: Vec<_> = (0..5).map(|_| reader.ue()).collect();
        assert_eq!(codes, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let codes: Vec<_> = (0..5).map(|_| reader.se()).collect();
        assert_eq!(codes, [Some(0), Some(1), Some(-1), Some(2), Some(-2)]);
    }

    #[test]
    fn steps_over_emulation_prevention_and_ends() {
        let mut reader = BitReader::new(&[0, 0, 3, 1]);
        assert_eq!(reader.bits(24), Some(1));
        assert_eq!(reader.bit(), None);
    }

    #[test]
    fn a_run_of_zeros_is_no_code() {
        assert_eq!(BitReader::new(&[0; 16]).ue(), None);
    }
}
