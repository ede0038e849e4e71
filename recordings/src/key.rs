//! The name of one evidence file: `2026-11-21/103000123-fault-<device>.jpg`, times in UTC;
//! a dialogue ends in `.jsonl`.
//!
//! Names sort by time, so the oldest is the first; a day's directory goes when it is empty.

use chrono::{DateTime, NaiveDateTime, Utc};
use std::{fmt, str::FromStr};
use zhishou_domain::{DeviceId, Timestamp};

/// Day directory, time of day to the millisecond.
const DAY: &str = "%Y-%m-%d";
const TIME: &str = "%H%M%S%3f";

/// Largest picture that is kept: a snapshot of 704 columns has 30 to 150 kilobytes.
const PICTURE_BYTES: usize = 4 << 20;
/// Largest dialogue, as its reader takes it.
const DIALOGUE_BYTES: usize = 16 << 20;
/// Largest document.
const DOCUMENT_BYTES: usize = 10 << 20;
/// First bytes of every JPEG (ITU-T T.81, B.1.1.3: SOI, then another marker).
const JPEG_START: &[u8] = &[0xFF, 0xD8, 0xFF];

/// What a file is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The picture without a fault that others are compared with, 正常画面.
    Good,
    /// The picture that shows a fault, 故障画面.
    Fault,
    /// What was said with a device in one probe, 对话: one JSON object a line.
    Dialogue,
    /// A document that somebody handed in, 依据: a PDF.
    Document,
}

impl Kind {
    /// `good`, `fault`, `dialogue` or `document`, as it stands in names and SQL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fault => "fault",
            Self::Dialogue => "dialogue",
            Self::Document => "document",
        }
    }

    /// What its names end in.
    const fn extension(self) -> &'static str {
        match self {
            Self::Good | Self::Fault => ".jpg",
            Self::Dialogue => ".jsonl",
            Self::Document => ".pdf",
        }
    }

    /// Most bytes of one file.
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::Good | Self::Fault => PICTURE_BYTES,
            Self::Dialogue => DIALOGUE_BYTES,
            Self::Document => DOCUMENT_BYTES,
        }
    }

    /// Whether this can be such a file.
    pub(crate) fn takes(self, content: &[u8]) -> bool {
        let start = match self {
            Self::Good | Self::Fault => JPEG_START,
            Self::Dialogue => b"{",
            Self::Document => b"%PDF-",
        };
        content.len() <= self.max_bytes() && content.starts_with(start)
    }
}

impl FromStr for Kind {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text {
            "good" => Ok(Self::Good),
            "fault" => Ok(Self::Fault),
            "dialogue" => Ok(Self::Dialogue),
            "document" => Ok(Self::Document),
            _ => Err(KeyError),
        }
    }
}

/// The text is not the name of an evidence file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read evidence key (want 2026-11-21/103000123-fault-<device>.jpg)")]
pub struct KeyError;

/// Which file: of whom, when, why. Orders by time, then device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    taken: Timestamp,
    device: DeviceId,
    kind: Kind,
}

impl Key {
    /// The key of a file about `device` of the time `taken`.
    ///
    /// # Errors
    /// [`KeyError`] when `taken` is outside the years 1970 to 9999, which names cannot carry.
    pub fn new(device: DeviceId, taken: Timestamp, kind: Kind) -> Result<Self, KeyError> {
        // 9999-12-31T23:59:59.999Z.
        const LAST_MS: i64 = 253_402_300_799_999;
        if !(0..=LAST_MS).contains(&taken.millis()) {
            return Err(KeyError);
        }
        Ok(Self { taken, device, kind })
    }

    /// Whose it is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// When it was taken.
    pub fn taken(&self) -> Timestamp {
        self.taken
    }

    /// Why it is kept.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    fn date(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.taken.millis()).unwrap_or_default()
    }

    /// The directory of the day, below the store's.
    pub(crate) fn day(&self) -> String {
        self.date().format(DAY).to_string()
    }

    /// The file's name within the day's directory.
    pub(crate) fn file_name(&self) -> String {
        let time = self.date().format(TIME);
        format!("{time}-{}-{}{}", self.kind.code(), self.device, self.kind.extension())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.day(), self.file_name())
    }
}

impl FromStr for Key {
    type Err = KeyError;

    /// Accepts exactly what [`Key`]'s `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (day, name) = text.split_once('/').ok_or(KeyError)?;
        // That the extension is the one of its kind shows below.
        let (stem, _) = name.split_once('.').ok_or(KeyError)?;
        let mut parts = stem.splitn(3, '-');
        let (time, kind, device) = match (parts.next(), parts.next(), parts.next()) {
            (Some(time), Some(kind), Some(device)) => (time, kind, device),
            _ => return Err(KeyError),
        };
        let taken =
            NaiveDateTime::parse_from_str(&format!("{day} {time}"), &format!("{DAY} {TIME}"))
                .map_err(|_| KeyError)?
                .and_utc();
        let key = Self::new(
            device.parse().map_err(|_| KeyError)?,
            Timestamp::from_millis(taken.timestamp_millis()),
            kind.parse()?,
        )?;
        // One file, one spelling: other spellings of a date or an id are not keys.
        if key.to_string() == text { Ok(key) } else { Err(KeyError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEVICE: &str = "01933d2e-7c00-7000-8000-0123456789ab";

    #[test]
    fn a_key_is_written_and_read_back() {
        let device = DEVICE.parse().unwrap();
        let taken = Timestamp::from_millis(1_795_257_000_123);
        let key = Key::new(device, taken, Kind::Fault).unwrap();
        assert_eq!(key.to_string(), format!("2026-11-21/103000123-fault-{DEVICE}.jpg"));
        assert_eq!(key.to_string().parse(), Ok(key));
        let key = Key::new(device, taken, Kind::Dialogue).unwrap();
        assert_eq!(key.to_string(), format!("2026-11-21/103000123-dialogue-{DEVICE}.jsonl"));
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!(Key::new(device, Timestamp::from_millis(-1), Kind::Good).is_err());
        assert!(Key::new(device, Timestamp::from_millis(i64::MAX), Kind::Good).is_err());
    }

    #[test]
    fn nothing_else_is_a_key() {
        let upper = DEVICE.to_uppercase();
        for text in [
            "",
            "/",
            "../../etc/passwd",
            "/etc/passwd",
            "2026-11-21/../../etc/passwd.jpg",
            &format!("../2026-11-21/103000123-fault-{DEVICE}.jpg"),
            &format!("2026-11-21/../103000123-fault-{DEVICE}.jpg"),
            &format!("2026-11-21//103000123-fault-{DEVICE}.jpg"),
            &format!("2026-11-21/103000123-fault-{DEVICE}/../x.jpg"),
            &format!("2026-11-21\\103000123-fault-{DEVICE}.jpg"),
            &format!("2026-11-21/103000123-fault-{DEVICE}.jpg\0"),
            &format!("2026-11-21/103000123-fault-{DEVICE}.jpg "),
            &format!("2026-11-21/103000123-fault-{DEVICE}.jpeg"),
            &format!("2026-11-21/103000123-other-{DEVICE}.jpg"),
            &format!("2026-11-21/103000123-dialogue-{DEVICE}.jpg"),
            &format!("2026-11-21/103000123-fault-{DEVICE}.jsonl"),
            &format!("2026-11-21/103000123-fault-{upper}.jpg"),
            &format!("2026-02-30/103000123-fault-{DEVICE}.jpg"),
            &format!("2026-11-21/243000123-fault-{DEVICE}.jpg"),
            &format!("2026-11-1/103000123-fault-{DEVICE}.jpg"),
            &format!("+2026-11-21/103000123-fault-{DEVICE}.jpg"),
            &format!("2026-11-21/.part-103000123-fault-{DEVICE}.jpg"),
        ] {
            assert_eq!(text.parse::<Key>(), Err(KeyError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_makes_a_key_that_reads_back(millis in 0_i64..=253_402_300_799_999) {
            let device = DEVICE.parse().unwrap();
            let key = Key::new(device, Timestamp::from_millis(millis), Kind::Good).unwrap();
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }

        #[test]
        fn any_text_that_parses_stays_below_the_root(text in "[-0-9a-f./\\\\]{0,80}|.{0,40}") {
            if let Ok(key) = text.parse::<Key>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
