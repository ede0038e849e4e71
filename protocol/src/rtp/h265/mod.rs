//! H.265: RTP payloads (RFC 7798) and sequence parameter sets.

mod depacketize;
pub(super) mod slice;
pub(super) mod sps;

pub(super) use depacketize::depacketize;
