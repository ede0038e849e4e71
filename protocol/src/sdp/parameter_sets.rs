//! SPS, PPS and VPS out of `fmtp`: a hint, often broken (Q13), never required.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Codec;

/// Base64 as cameras write it: padding may be missing, last bits may be set.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// At most this many sets are kept; a camera sends two or three.
const MAX_SETS: usize = 8;

/// Parameter sets as NAL units without start code, in the order a decoder wants them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterSets {
    /// NAL units, VPS before SPS before PPS; empty where the hint is absent or unusable.
    pub nal_units: Vec<Vec<u8>>,
    /// The hint was there but could not be used.
    pub invalid: bool,
}

impl ParameterSets {
    pub(super) fn read(codec: &Codec, fmtp: &[(String, String)]) -> Self {
        let get = |name: &str| fmtp.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        match codec {
            Codec::H264 => get("sprop-parameter-sets").map_or_else(Self::default, h264),
            Codec::H265 => h265([get("sprop-vps"), get("sprop-sps"), get("sprop-pps")]),
            _ => Self::default(),
        }
    }
}

/// RFC 6184 §8.1: comma-separated, each one NAL unit.
fn h264(value: &str) -> ParameterSets {
    let mut sets = Vec::new();
    let mut invalid = false;
    for item in value.split(',').map(str::trim).filter(|i| !i.is_empty()).take(MAX_SETS) {
        match nal_unit(item) {
            // nal_unit_type 7 is an SPS, 8 a PPS; others do not belong here.
            Some(nal) if matches!(nal[0] & 0x1F, 7 | 8) => sets.push(nal),
            _ => invalid = true,
        }
    }
    let complete = [7, 8].iter().all(|t| sets.iter().any(|nal| nal[0] & 0x1F == *t));
    if !complete {
        return ParameterSets { nal_units: Vec::new(), invalid: true };
    }
    sets.sort_by_key(|nal| nal[0] & 0x1F);
    ParameterSets { nal_units: sets, invalid }
}

/// RFC 7798 §7.1. All three or none (Q14).
fn h265(values: [Option<&str>; 3]) -> ParameterSets {
    if values.iter().all(Option::is_none) {
        return ParameterSets::default();
    }
    let first = |value: &str| value.split(',').next().and_then(|i| nal_unit(i.trim()));
    let sets: Option<Vec<_>> = values
        .iter()
        .zip([32u8, 33, 34])
        .map(|(value, kind)| value.and_then(first).filter(|nal| (nal[0] >> 1) & 0x3F == kind))
        .collect();
    match sets {
        Some(nal_units) => ParameterSets { nal_units, invalid: false },
        None => ParameterSets { nal_units: Vec::new(), invalid: true },
    }
}

/// Decodes one set, without the Annex-B start code some devices put before it; never empty.
fn nal_unit(text: &str) -> Option<Vec<u8>> {
    let bytes = LENIENT.decode(text).ok()?;
    let nal = bytes
        .strip_prefix(&[0, 0, 0, 1])
        .or_else(|| bytes.strip_prefix(&[0, 0, 1]))
        .unwrap_or(&bytes);
    (!nal.is_empty()).then(|| nal.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(codec: &Codec, pairs: &[(&str, &str)]) -> ParameterSets {
        let fmtp: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        ParameterSets::read(codec, &fmtp)
    }

    #[test]
    fn h264_pair_is_read() {
        let sets = read(
            &Codec::H264,
            &[("sprop-parameter-sets", "Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==")],
        );
        assert_eq!(sets.nal_units.len(), 2);
        assert_eq!(sets.nal_units[0][0], 0x67);
        assert!(!sets.invalid);
    }

    #[test]
    fn q13_broken_hints_are_flagged_and_dropped() {
        for value in ["", "!!!!", "Z0LAHg==", ",", "AAAA"] {
            let sets = read(&Codec::H264, &[("sprop-parameter-sets", value)]);
            assert!(sets.nal_units.is_empty() && sets.invalid, "{value:?}");
        }
        // Annex-B start code inside, no padding.
        let sets = read(&Codec::H264, &[("sprop-parameter-sets", "AAAAAWdCwB4,AAAAAWjLjLI")]);
        assert_eq!(sets.nal_units[0][..2], [0x67, 0x42]);
    }

    #[test]
    fn q14_partial_h265_sets_are_ignored() {
        let sets = read(&Codec::H265, &[("sprop-sps", "QgEBAWAAAAMAAAMAAAMAAAMAlg==")]);
        assert!(sets.nal_units.is_empty() && sets.invalid);
        assert!(!read(&Codec::H265, &[]).invalid);
        let all = [("sprop-vps", "QAEM"), ("sprop-sps", "QgEB"), ("sprop-pps", "RAHB")];
        assert_eq!(read(&Codec::H265, &all).nal_units.len(), 3);
    }
}
