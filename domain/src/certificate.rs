//! The certificate a device shows, and what we make of it.
//!
//! A camera's certificate is signed by itself, by its maker or by nobody, names no host, and expired
//! years ago; refusing it would leave the camera unwatched and make nobody safer. What counts is
//! whether it is the one this device has always shown: its fingerprint is kept, and a change is told.

use crate::{Lang, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// SHA-256 of a certificate in DER, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateFingerprint([u8; 32]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFingerprint;

impl fmt::Display for NotAFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("read fingerprint: want 64 hexadecimal digits")
    }
}

impl std::error::Error for NotAFingerprint {}

impl CertificateFingerprint {
    /// Of its bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Whole, or with a precision its first so many digits, as people compare it.
impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = f.precision().map_or(self.0.len(), |digits| (digits / 2).min(self.0.len()));
        self.0[..shown].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        if shown < self.0.len() { f.write_str("…") } else { Ok(()) }
    }
}

impl fmt::Debug for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateFingerprint({self})")
    }
}

impl FromStr for CertificateFingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(NotAFingerprint);
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            let digits = &text[at..at + 2];
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(NotAFingerprint);
            }
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for CertificateFingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CertificateFingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a certificate is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateTrust {
    /// The one this device has always shown.
    Known,
    /// None is on record for this device.
    First,
    /// Another one than is on record.
    Changed,
}

words!(CertificateTrust {
    Known = "known", "与记录一致", "as on record";
    First = "first", "首次见到", "seen for the first time";
    Changed = "changed", "与记录不符", "not the one on record";
});

impl CertificateTrust {
    /// What a certificate is, given the one on record.
    pub fn of(seen: CertificateFingerprint, known: Option<CertificateFingerprint>) -> Self {
        match known {
            None => Self::First,
            Some(known) if known == seen => Self::Known,
            Some(_) => Self::Changed,
        }
    }
}

/// What was seen of TLS in one probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TlsFacts {
    /// `1.2` or `1.3`.
    pub version: String,
    /// Of the device's own certificate.
    pub fingerprint: CertificateFingerprint,
    /// What that is to us.
    pub trust: CertificateTrust,
    /// Its subject is its issuer, where it could be read: nobody else vouches for it.
    #[serde(default)]
    pub self_signed: Option<bool>,
    /// It is valid from then on, where it could be read.
    pub valid_from: Option<Timestamp>,
    /// It is valid until then, where it could be read.
    pub valid_until: Option<Timestamp>,
}

impl TlsFacts {
    /// What a person should know of the certificate at `now`; `None` where that is nothing.
    pub fn remark(&self, now: Timestamp, lang: Lang) -> Option<String> {
        let own = self.self_signed == Some(true);
        let own = own.then(|| lang.pick("自签名", "self-signed"));
        let old = self.is_out_of_date(now).then(|| lang.pick("不在有效期内", "out of date"));
        let said: Vec<&str> = own.into_iter().chain(old).collect();
        let said = said.join(lang.pick("、", ", "));
        (!said.is_empty()).then(|| format!("{}{said}", lang.pick("证书：", "certificate: ")))
    }

    /// Whether the certificate is past its end or before its beginning at `now`.
    pub fn is_out_of_date(&self, now: Timestamp) -> bool {
        self.valid_from.is_some_and(|from| now < from)
            || self.valid_until.is_some_and(|until| until < now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_back_and_nothing_else_reads() {
        let print = CertificateFingerprint::new(std::array::from_fn(|n| n as u8 * 7));
        let text = print.to_string();
        assert_eq!((text.len(), text.parse()), (64, Ok(print)));
        assert_eq!(serde_json::to_value(print).unwrap(), text);
        assert_eq!(format!("{print:.8}"), "00070e15…");
        for wrong in ["", "00", &"g".repeat(64), &"+0".repeat(32), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<CertificateFingerprint>(), Err(NotAFingerprint), "{wrong}");
        }
    }

    #[test]
    fn only_another_one_than_on_record_is_changed() {
        let (one, other) =
            (CertificateFingerprint::new([1; 32]), CertificateFingerprint::new([2; 32]));
        assert_eq!(CertificateTrust::of(one, None), CertificateTrust::First);
        assert_eq!(CertificateTrust::of(one, Some(one)), CertificateTrust::Known);
        assert_eq!(CertificateTrust::of(one, Some(other)), CertificateTrust::Changed);
    }
}
