//! SNMP v2c, the part that asks (RFC 3416 GetRequest, RFC 1901 community): one message out, one in.
//!
//! Pure functions over one datagram; who repeats, waits and compares numbers is the caller. What is
//! written stays below [`MAX_DATAGRAM`] for names within their caps; what is read takes no more
//! memory than a small multiple of its own length: lengths are definite and within what is there,
//! names have at most [`MAX_ARCS`] arcs, and an answer has at most [`MAX_VALUES`] values.

mod ber;
mod message;

pub use ber::Malformed;
pub use message::{Response, Value, get, response};

/// Bytes of a message at most: what UDP over IPv4 carries.
pub const MAX_DATAGRAM: usize = 65_507;
/// Arcs of a name (RFC 3416 §4.1).
pub const MAX_ARCS: usize = 128;
/// Values of one answer.
pub const MAX_VALUES: usize = 64;
