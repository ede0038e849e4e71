//! H.264: RTP payloads (RFC 6184) and sequence parameter sets.

mod depacketize;
pub(super) mod slice;
pub(super) mod sps;

pub(super) use depacketize::depacketize;
