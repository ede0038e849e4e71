//! Where packets were lost.

use zhishou_domain::{LossOrigin, Transport};
use zhishou_protocol::rtp::{SenderLoss, StreamStatistics};

/// Fewer losses seen between the sender's reports than this may be a report out of place.
const FEWEST: u64 = 4;

/// Over TCP nothing is lost on the way: a gap in the numbers is the device's own. Over UDP the count
/// of packets in its sender reports tells, where it sends them; three quarters of what is missing
/// must speak for one place.
pub(super) fn origin(transport: Option<Transport>, stream: &StreamStatistics) -> LossOrigin {
    if transport == Some(Transport::Tcp) {
        return LossOrigin::Device;
    }
    let Some(SenderLoss { by_device, on_the_way }) = stream.sender_loss else {
        return LossOrigin::Unknown;
    };
    let lost = by_device + on_the_way;
    let most = |part: u64| lost >= FEWEST && part * 4 >= lost * 3;
    if most(by_device) {
        LossOrigin::Device
    } else if most(on_the_way) {
        LossOrigin::Network
    } else {
        LossOrigin::Unknown
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zhishou_protocol::rtp::{Codec, Receiver, StreamFormat};

    use super::*;

    #[test]
    fn tcp_blames_the_device_and_udp_only_who_the_counts_blame() {
        let receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
        let mut stream = receiver.statistics(Duration::ZERO).stream;
        assert_eq!(origin(Some(Transport::Tcp), &stream), LossOrigin::Device);
        assert_eq!(origin(Some(Transport::Udp), &stream), LossOrigin::Unknown);
        for (by_device, on_the_way, expected) in [
            (40, 10, LossOrigin::Device),
            (0, 50, LossOrigin::Network),
            (25, 25, LossOrigin::Unknown),
            (3, 0, LossOrigin::Unknown),
        ] {
            stream.sender_loss = Some(SenderLoss { by_device, on_the_way });
            assert_eq!(
                origin(Some(Transport::Udp), &stream),
                expected,
                "{by_device}, {on_the_way}"
            );
        }
    }
}
