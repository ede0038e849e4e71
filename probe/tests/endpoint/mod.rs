//! Endpoints, over real sockets of this machine. The peers are written here from RFC 3261, with
//! plain sockets.

mod asked;
mod called;
mod secured;
mod shown;
mod support;
