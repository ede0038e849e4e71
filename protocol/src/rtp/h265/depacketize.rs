//! RTP payloads of H.265 (RFC 7798): single NAL units, aggregation packets, fragmentation units.
//! Without DONL: `sprop-max-don-diff` above 0 is not known of any camera.

use crate::rtp::access_unit::Assembler;

/// Feeds one payload to the assembler; what breaks the RFC is counted and read as far as it goes.
pub(in crate::rtp) fn depacketize(assembler: &mut Assembler, payload: &[u8]) {
    let Some((header, rest)) = payload.split_first_chunk::<2>() else {
        assembler.anomaly();
        return;
    };
    match header[0] >> 1 & 0x3f {
        48 => assembler.aggregate(rest),
        49 => fragment(assembler, *header, rest),
        50.. => {
            // PACI and what is reserved.
            assembler.anomaly();
            assembler.damage();
        }
        _ => assembler.whole(payload),
    }
}

/// Fragmentation unit, §4.4.3.
fn fragment(assembler: &mut Assembler, outer: [u8; 2], rest: &[u8]) {
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
        assembler.begin(&[outer[0] & 0x81 | (header & 0x3f) << 1, outer[1]]);
    } else if !assembler.is_open() {
        assembler.headless(&[outer[0] & 0x81 | (header & 0x3f) << 1, outer[1]]);
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
