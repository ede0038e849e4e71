//! Bytes on the wire by the letter of the RFCs, and not with our own code or crates.

/// An RTP packet (RFC 3550 §5.1).
pub fn rtp(
    payload_type: u8,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    marker: bool,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![0x80, u8::from(marker) << 7 | payload_type];
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(&timestamp.to_be_bytes());
    bytes.extend_from_slice(&ssrc.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// An interleaved frame (RFC 2326 §10.12); of a longer payload than fits, the end is left out.
pub fn interleaved(channel: u8, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(0xffff)];
    let length = (payload.len() as u16).to_be_bytes();
    [&[b'$', channel], &length[..], payload].concat()
}
