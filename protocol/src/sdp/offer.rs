//! What a test call offers (RFC 3264): G.711 in both laws, and H.264 in the baseline profile.

use std::net::IpAddr;

/// Payload types of our H.264: packetization mode 1, and mode 0 for those who take no other, as
/// baresip (RFC 6184 §8.2.2: each mode is a format of its own).
const H264: u8 = 97;
const H264_SINGLE: u8 = 98;

/// An offer of sound and picture, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Where media are taken.
    pub address: IpAddr,
    /// A number that no other call of ours has (RFC 8866 §5.2).
    pub id: u64,
    /// Port for the sound; RTCP on the next.
    pub audio: u16,
    /// Port for the picture; RTCP on the next.
    pub video: u16,
}

impl Offer {
    /// Payload type that H.264 is offered with.
    pub const H264: u8 = H264;

    /// The description. Feedback (RFC 4585, RFC 5104) is offered beside the plain profile, as
    /// endpoints of before RFC 5124 want it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { address, id, audio, video } = self;
        // A session id of 63 bits, as some readers take no more.
        let (kind, id) = (if address.is_ipv4() { "IP4" } else { "IP6" }, id >> 1);
        format!(
            "v=0\r\no=zhishou {id} 1 IN {kind} {address}\r\ns=check\r\nc=IN {kind} {address}\r\n\
             t=0 0\r\n\
             m=audio {audio} RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
             a=ptime:20\r\na=sendrecv\r\n\
             m=video {video} RTP/AVP {H264} {H264_SINGLE}\r\nb=AS:2048\r\n\
             a=rtpmap:{H264} H264/90000\r\n\
             a=fmtp:{H264} profile-level-id=42e01f;packetization-mode=1\r\n\
             a=rtpmap:{H264_SINGLE} H264/90000\r\n\
             a=fmtp:{H264_SINGLE} profile-level-id=42e01f;packetization-mode=0\r\n\
             a=rtcp-fb:* nack pli\r\na=rtcp-fb:* ccm fir\r\na=sendrecv\r\n"
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::{Codec, Description};

    #[test]
    fn our_offer_reads_back() {
        let offer = Offer { address: [10, 0, 0, 2].into(), id: u64::MAX, audio: 4000, video: 4002 };
        let read = Description::parse(&offer.to_bytes()).unwrap();
        let (audio, video) = (read.audio().unwrap(), read.video().unwrap());
        assert_eq!((audio.port, &audio.codec), (4000, &Codec::Pcma));
        assert_eq!((video.port, &video.codec, video.payload_type), (4002, &Codec::H264, H264));
        assert_eq!(video.address, Some(offer.address));
        assert!(video.direction.sends() && video.direction.receives());
    }
}
