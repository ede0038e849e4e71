//! What a test asks a prober for, where it does not matter.

use std::time::Duration;

use zhishou_domain::{
    Claim, Clock, CredentialState, Depth, DeviceKind, Habit, IdSource, PictureOrder, ProbeRequest,
    Snapshot, Timestamp, TransportPolicy,
};

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
    ProbeRequest {
        device: None,
        claim: Claim::default(),
        kind: DeviceKind::Camera,
        url: url.to_owned(),
        credential: None,
        credential_state: CredentialState::default(),
        certificate: None,
        depth,
        seconds,
        transport,
        decode_every: Duration::ZERO,
        within: None,
        habit: Habit::default(),
        last_picture: None,
        snapshot: Snapshot::Never,
        picture: PictureOrder::default(),
    }
}
