//! As much of a certificate (RFC 5280 §4.1) as concerns us: its key, its validity, its fingerprint.
//!
//! Libraries refuse what cameras show: version 1, serial numbers of zero, extensions of their own.
//! So the fixed front of the structure is walked here and the rest is not looked at. Every length is
//! checked against what is there; nothing is copied.

use sha2::{Digest as _, Sha256};
use zhishou_domain::{CertificateFingerprint, Timestamp};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// SHA-256 of a certificate in DER.
pub(super) fn fingerprint(der: &[u8]) -> CertificateFingerprint {
    CertificateFingerprint::new(Sha256::digest(der).into())
}

/// Parts of a certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Certificate<'a> {
    /// The contents of the key's `AlgorithmIdentifier`.
    pub(super) algorithm: &'a [u8],
    /// The key, as its algorithm writes it.
    pub(super) key: &'a [u8],
    validity: &'a [u8],
    /// Its issuer is its subject.
    pub(super) is_own: bool,
}

impl<'a> Certificate<'a> {
    /// The parts of a certificate in DER; `None` if it is none.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(Reader(der).take(SEQUENCE)?);
        let mut body = Reader(outer.take(SEQUENCE)?);
        if body.0.first() == Some(&VERSION) {
            body.take(VERSION)?;
        }
        body.take(INTEGER)?; // serial number
        body.take(SEQUENCE)?; // signature algorithm
        let issuer = body.take(SEQUENCE)?;
        let validity = body.take(SEQUENCE)?;
        let subject = body.take(SEQUENCE)?;
        let mut info = Reader(body.take(SEQUENCE)?);
        let algorithm = info.take(SEQUENCE)?;
        // The first octet counts unused bits; a key has none.
        let key = info.take(BIT_STRING)?.strip_prefix(&[0])?;
        Some(Self { algorithm, key, validity, is_own: issuer == subject })
    }

    /// From when and until when it is valid, where that is readable.
    pub(super) fn validity(&self) -> Option<(Timestamp, Timestamp)> {
        let mut reader = Reader(self.validity);
        Some((reader.time()?, reader.time()?))
    }
}

/// Takes elements off the front of DER.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The contents of the next element, which must have this tag.
    fn take(&mut self, want: u8) -> Option<&'a [u8]> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // At most three bytes of length: TLS carries no certificate past 16 MiB.
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (tag == want).then_some(contents)
    }

    /// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ` (RFC 5280 §4.1.2.5).
    fn time(&mut self) -> Option<Timestamp> {
        let tag = *self.0.first()?;
        let text = self.take(tag)?.strip_suffix(b"Z")?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = text.split_at_checked(2)?;
                let year = number(year)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = text.split_at_checked(4)?;
                (number(year)?, rest)
            }
            _ => return None,
        };
        if rest.len() != 10 {
            return None;
        }
        let mut parts = rest.chunks_exact(2).map(number);
        let mut part = || parts.next().flatten();
        Timestamp::from_utc(year, part()?, part()?, part()?, part()?, part()?)
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |n, digit| digit.is_ascii_digit().then(|| n * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version 1 certificate with the made-up key `k` and this validity.
    fn version_one(times: &[(u8, &[u8])]) -> Vec<u8> {
        let element = |tag: u8, contents: &[u8]| {
            let mut out = vec![tag, u8::try_from(contents.len()).unwrap()];
            out.extend_from_slice(contents);
            out
        };
        let empty = element(SEQUENCE, &[]);
        let validity: Vec<u8> = times.iter().flat_map(|(tag, text)| element(*tag, text)).collect();
        let info = [element(SEQUENCE, b"alg"), element(BIT_STRING, b"\0k")].concat();
        let body = [
            element(INTEGER, &[0]),
            empty.clone(),
            empty.clone(),
            element(SEQUENCE, &validity),
            empty,
            element(SEQUENCE, &info),
        ]
        .concat();
        element(SEQUENCE, &element(SEQUENCE, &body))
    }

    #[test]
    fn a_version_one_certificate_is_read() {
        let der =
            version_one(&[(UTC_TIME, b"990102030405Z"), (GENERALIZED_TIME, b"20500101000000Z")]);
        let certificate = Certificate::read(&der).unwrap();
        assert_eq!((certificate.algorithm, certificate.key), (&b"alg"[..], &b"k"[..]));
        let (from, until) = certificate.validity().unwrap();
        assert_eq!((from.millis(), until.millis()), (915_246_245_000, 2_524_608_000_000));
    }

    #[test]
    fn a_time_that_is_none_leaves_the_rest_readable() {
        for text in [&b"991302030405Z"[..], b"9901020304Z", b"990102030405", b"99010203040xZ"] {
            let der = version_one(&[(UTC_TIME, text), (UTC_TIME, text)]);
            assert_eq!(Certificate::read(&der).unwrap().validity(), None, "{text:?}");
        }
    }

    #[test]
    fn a_certificate_that_is_cut_anywhere_is_none() {
        let der = version_one(&[(UTC_TIME, b"990102030405Z"), (UTC_TIME, b"990102030405Z")]);
        for end in 0..der.len() {
            assert!(Certificate::read(&der[..end]).is_none(), "{end}");
        }
        for huge in [&[SEQUENCE, 0x80][..], &[SEQUENCE, 0x84, 0, 0, 0, 1, 0], &[SEQUENCE, 0xff]] {
            assert!(Certificate::read(huge).is_none());
        }
    }
}
