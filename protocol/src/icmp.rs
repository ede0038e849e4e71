//! Echo requests and replies of ICMP (RFC 792) and ICMPv6 (RFC 4443 §4), as an unprivileged socket of
//! Linux takes and gives them: without an IP header, its identifier and checksum filled in by the kernel.

/// Bytes before the payload.
const HEADER: usize = 8;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Over IPv4.
    V4,
    /// Over IPv6.
    V6,
}

impl Version {
    const fn request(self) -> u8 {
        match self {
            Self::V4 => 8,
            Self::V6 => 128,
        }
    }

    const fn reply(self) -> u8 {
        match self {
            Self::V4 => 0,
            Self::V6 => 129,
        }
    }
}

/// An echo request.
pub fn request(version: Version, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    let mut packet = vec![version.request(), 0, 0, 0, 0, 0, high, low];
    packet.extend_from_slice(payload);
    packet
}

/// Number and payload of an echo reply; `None` where it is something else.
pub fn reply(version: Version, packet: &[u8]) -> Option<(u16, &[u8])> {
    let (header, payload) = packet.split_first_chunk::<HEADER>()?;
    let [kind, code, _, _, _, _, high, low] = *header;
    (kind == version.reply() && code == 0).then(|| (u16::from_be_bytes([high, low]), payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_told_from_all_else() {
        // As Linux gives it for `ping -s 4`.
        let packet = [0, 0, 0x9f, 0x3c, 0x12, 0x34, 0, 7, 1, 2, 3, 4];
        assert_eq!(reply(Version::V4, &packet), Some((7, &[1, 2, 3, 4][..])));
        assert_eq!(reply(Version::V6, &packet), None);
        assert_eq!(reply(Version::V4, &packet[..7]), None);
        // Destination unreachable, and our own request.
        assert_eq!(reply(Version::V4, &[3, 1, 0, 0, 0, 0, 0, 7]), None);
        assert_eq!(reply(Version::V4, &request(Version::V4, 7, b"x")), None);
        assert_eq!(request(Version::V6, 0x0102, b"ab"), [128, 0, 0, 0, 0, 0, 1, 2, b'a', b'b']);
    }
}
