//! Bytes and time in, bytes and events out: RTSP, SIP, SDP, RTP, SNMP, ICMP. No sockets, no runtime.
//!
//! Everything here is a state machine or a pure function. Time is a [`core::time::Duration`] since
//! the start of the probe and always an argument; chance (a client nonce) is an argument too. Every
//! buffer has a cap that its documentation states, so that no peer can make us allocate without
//! bound, and every wait has a deadline, so that none can make us hang.
//!
//! Nothing here knows the `domain`: a failure is told in the protocol's own words
//! ([`rtsp::Failure`], [`sip::Failure`]) and translated by `probe`.

pub mod auth;
mod headers;
pub mod icmp;
pub mod rtp;
pub mod rtsp;
pub mod sdp;
pub mod sip;
pub mod snmp;
