//! Packets that say nothing, sent towards a camera so that a NAT or a firewall on the way lets its
//! packets in.

/// An RTP packet without payload (RFC 3550 §5.1) and a receiver report without blocks (§6.4.2). A
/// camera that looks at them finds a participant that has nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Punch {
    /// For the camera's RTP port.
    pub rtp: [u8; 12],
    /// For its RTCP port.
    pub rtcp: [u8; 8],
}

impl Punch {
    /// From this source of ours.
    pub fn new(ssrc: u32) -> Self {
        let [a, b, c, d] = ssrc.to_be_bytes();
        // Version 2; payload type, sequence number and timestamp 0. Then 201, RR, one word more.
        Self { rtp: [0x80, 0, 0, 0, 0, 0, 0, 0, a, b, c, d], rtcp: [0x80, 201, 0, 1, a, b, c, d] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_well_formed_and_empty() {
        let punch = Punch::new(0x0A0B_0C0D);
        let rtp = rtp_types::RtpPacket::parse(&punch.rtp).unwrap();
        assert_eq!((rtp.ssrc(), rtp.payload().len()), (0x0A0B_0C0D, 0));
        let report: rtcp_types::ReceiverReport<'_> =
            rtcp_types::RtcpPacketParser::parse(&punch.rtcp).unwrap();
        assert_eq!((report.ssrc(), report.report_blocks().count()), (0x0A0B_0C0D, 0));
    }
}
