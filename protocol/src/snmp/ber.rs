//! The little of BER (X.690) that SNMP uses: definite lengths, tags of one octet.

use super::MAX_ARCS;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Fewer bytes than a length says.
    #[error("cut short")]
    Short,
    /// A length of more than four octets, or one without an end (X.690 §8.1.3.6).
    #[error("a length that cannot be")]
    Length,
    /// Something else than must stand there.
    #[error("tag {found:#04x} where {wanted:#04x} should be")]
    Tag {
        /// What stands there.
        found: u8,
        /// What should.
        wanted: u8,
    },
    /// A number without octets, or with too many.
    #[error("a number that cannot be")]
    Number,
    /// A name without octets, with too many arcs, or cut within one.
    #[error("a name that cannot be")]
    Name,
    /// Another version than v2c.
    #[error("version {0}")]
    Version(i64),
    /// More values than are asked for at once.
    #[error("too many values")]
    TooMany,
}

/// Bytes that are read element by element.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and what is in it.
    pub(super) fn element(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk().ok_or(Malformed::Short)?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let octets = usize::from(first & 0x7f);
            if !(1..=4).contains(&octets) {
                return Err(Malformed::Length);
            }
            let (digits, after) = rest.split_at_checked(octets).ok_or(Malformed::Short)?;
            rest = after;
            digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok((tag, content))
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<&'a [u8], Malformed> {
        let (found, content) = self.element()?;
        if found == wanted { Ok(content) } else { Err(Malformed::Tag { found, wanted }) }
    }

    /// The next element as a number.
    pub(super) fn integer(&mut self) -> Result<i64, Malformed> {
        integer(self.expect(INTEGER)?)
    }
}

/// A number in two's complement, 1 to 8 octets.
pub(super) fn integer(content: &[u8]) -> Result<i64, Malformed> {
    let first = content.first().filter(|_| content.len() <= 8).ok_or(Malformed::Number)?;
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    Ok(content.iter().fold(sign, |number, octet| number << 8 | i64::from(*octet)))
}

/// A number that is never negative, whatever its first bit: some agents leave out the zero octet that
/// should stand before a Gauge32 of 2³¹ and more.
pub(super) fn unsigned(content: &[u8]) -> Result<u64, Malformed> {
    let digits = match content {
        [0, rest @ ..] if rest.len() <= 8 => rest,
        digits if (1..=8).contains(&digits.len()) => digits,
        _ => return Err(Malformed::Number),
    };
    Ok(digits.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
}

/// A name (X.690 §8.19).
pub(super) fn name(content: &[u8]) -> Result<Vec<u32>, Malformed> {
    let mut arcs = Vec::new();
    let (mut arc, mut open) = (0u32, false);
    for octet in content {
        if arc > u32::MAX >> 7 || arcs.len() > MAX_ARCS {
            return Err(Malformed::Name);
        }
        (arc, open) = (arc << 7 | u32::from(octet & 0x7f), octet & 0x80 != 0);
        if open {
            continue;
        }
        if arcs.is_empty() {
            // The first two arcs share a number.
            let first = (arc / 40).min(2);
            arcs.push(first);
            arc -= first * 40;
        }
        arcs.push(arc);
        arc = 0;
    }
    if open || arcs.is_empty() || arcs.len() > MAX_ARCS { Err(Malformed::Name) } else { Ok(arcs) }
}

/// An element.
pub(super) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len();
    match u8::try_from(length) {
        Ok(short @ ..0x80) => bytes.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let digits = digits.iter().skip_while(|digit| **digit == 0).copied();
            let digits: Vec<u8> = digits.collect();
            bytes.push(0x80 | digits.len() as u8);
            bytes.extend(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A number, in as few octets as it needs.
pub(super) fn write_integer(number: i64) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let needless = |pair: &[u8]| matches!(pair, [0, 0..0x80] | [0xff, 0x80..=0xff]);
    let skip = octets.windows(2).take_while(|pair| needless(pair)).count();
    write(INTEGER, &octets[skip..])
}

/// A name of at least two arcs.
pub(super) fn write_name(arcs: &[u32]) -> Vec<u8> {
    let (first, rest) = match arcs {
        [first, second, rest @ ..] => (first.saturating_mul(40).saturating_add(*second), rest),
        _ => (0, &[][..]),
    };
    let mut content = Vec::with_capacity(arcs.len());
    for arc in std::iter::once(&first).chain(rest) {
        let digits = (1..5).rev().filter(|place| arc >> (7 * place) != 0);
        content.extend(digits.map(|place| (arc >> (7 * place)) as u8 | 0x80));
        content.push(*arc as u8 & 0x7f);
    }
    write(OID, &content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_as_x690_has_them() {
        for (number, bytes) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 0x7f]),
            (128, &[2, 2, 0, 0x80]),
            (-128, &[2, 1, 0x80]),
            (-129, &[2, 2, 0xff, 0x7f]),
        ] {
            assert_eq!(write_integer(number), bytes, "{number}");
        }
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff]), Ok(u64::from(u32::MAX)));
        assert_eq!(unsigned(&[0xff, 0xff, 0xff, 0xff]), Ok(u64::from(u32::MAX)));
        assert_eq!(unsigned(&[]), Err(Malformed::Number));
    }

    #[test]
    fn names_are_as_x690_has_them() {
        assert_eq!(write_name(&[1, 3, 6, 1, 2, 1]), [6, 5, 0x2b, 6, 1, 2, 1]);
        assert_eq!(write_name(&[2, 999, 3]), [6, 3, 0x88, 0x37, 3]);
        assert_eq!(name(&[0x88, 0x37, 3]), Ok(vec![2, 999, 3]));
        assert_eq!(name(&[0x2b, 0x86]), Err(Malformed::Name), "cut within an arc");
        assert_eq!(
            name(&[0x2b, 0x9f, 0xff, 0xff, 0xff, 0x7f]),
            Err(Malformed::Name),
            "over 32 bits"
        );
        assert_eq!(name(&[1; 200]), Err(Malformed::Name));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let read = |bytes: &[u8]| Reader::new(bytes).element().map(|(tag, it)| (tag, it.len()));
        assert_eq!(read(&[0x30, 0x82, 0, 1, 7]), Ok((0x30, 1)));
        assert_eq!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 1]), Err(Malformed::Short));
        assert_eq!(read(&[0x30, 0x85, 0, 0, 0, 0, 1, 7]), Err(Malformed::Length));
        assert_eq!(read(&[0x30, 0x80, 0, 0]), Err(Malformed::Length), "without an end");
        assert_eq!(read(&[0x30]), Err(Malformed::Short));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(number: i64, arcs in prop::collection::vec(any::<u32>(), 0..126),
            content in prop::collection::vec(any::<u8>(), 0..400))
        {
            prop_assert_eq!(Reader::new(&write_integer(number)).integer(), Ok(number));
            let arcs: Vec<u32> = [1, 3].into_iter().chain(arcs).collect();
            let written = write_name(&arcs);
            prop_assert_eq!(Reader::new(&written).expect(OID).and_then(name), Ok(arcs));
            let written = write(OCTETS, &content);
            prop_assert_eq!(Reader::new(&written).expect(OCTETS), Ok(&content[..]));
        }

        #[test]
        fn no_bytes_break_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while let Ok((_, content)) = reader.element() {
                prop_assert!(content.len() <= bytes.len());
                let _ = (integer(content), unsigned(content));
                prop_assert!(name(content).map_or(0, |arcs| arcs.len()) <= MAX_ARCS);
            }
        }
    }
}
