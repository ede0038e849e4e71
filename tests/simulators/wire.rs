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

/// Takes the next whole request of a client out of what came in; interleaved frames of its own
/// (RFC 2326 §10.12), such as receiver reports, are skipped.
///
/// # Panics
/// If the request is not UTF-8.
pub fn next_request(input: &mut Vec<u8>) -> Option<String> {
    while let [b'$', _, high, low, ..] = input[..] {
        let length = 4 + usize::from(u16::from_be_bytes([high, low]));
        if input.len() < length {
            return None;
        }
        input.drain(..length);
    }
    let end = input.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(String::from_utf8(input.drain(..end + 4).collect()).expect("a request is UTF-8"))
}
