//! RTP payloads of H.264 (RFC 6184): single NAL units, STAP-A, FU-A.

use crate::rtp::access_unit::Assembler;

/// Feeds one payload to the assembler; what breaks the RFC is counted and read as far as it goes.
pub(in crate::rtp) fn depacketize(assembler: &mut Assembler, payload: &[u8]) {
    let Some((&indicator, rest)) = payload.split_first() else {
        assembler.anomaly();
        return;
    };
    match indicator & 0x1f {
        // Type 0 is reserved; Annex B inside RTP begins with it.
        0..24 => assembler.whole(payload),
        24 => assembler.aggregate(rest),
        28 => fragment(assembler, indicator, rest),
        // STAP-B, MTAP, FU-B belong to the interleaved mode that no camera offers.
        _ => {
            assembler.anomaly();
            assembler.damage();
        }
    }
}

/// FU-A, §5.8.
fn fragment(assembler: &mut Assembler, indicator: u8, rest: &[u8]) {
    const START: u8 = 0x80;
    const END: u8 = 0x40;
    let Some((&header, bytes)) = rest.split_first() else {
        assembler.anomaly();
        return;
    };
    if header & START != 0 {
        if assembler.is_open() {
            assembler.anomaly();
        }
        // The unit's own header: F and NRI of the indicator, type of the FU header. A type that
        // changes in later fragments is not believed.
        assembler.begin(&[indicator & 0xe0 | header & 0x1f]);
    } else if !assembler.is_open() {
        assembler.headless(&[indicator & 0xe0 | header & 0x1f]);
        return;
    }
    if bytes.is_empty() {
        assembler.anomaly();
    }
    assembler.append(bytes);
    if header & END != 0 {
        assembler.close_nal();
    }
}
