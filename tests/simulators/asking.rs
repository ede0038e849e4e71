//! What a test asks a prober for, where it does not matter.

use std::time::Duration;

use zhishou_domain::{Clock, Depth, IdSource, ProbeRequest, Timestamp, TransportPolicy};

/// A clock that stands still, and chance that is always the same.
#[derive(Debug, Clone, Copy)]
pub struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }
}

impl IdSource for Fixed {
    fn random(&self) -> [u8; 10] {
        [7; 10]
    }
}

/// A camera about which nothing is known, watched for `seconds` without a snapshot.
pub fn request(
    url: &str,
    depth: Depth,
    transport: TransportPolicy,
    seconds: Duration,
) -> ProbeRequest {
    ProbeRequest { seconds, transport, ..ProbeRequest::new(url.to_owned(), depth) }
}
