//! Equipment that is no camera, over real sockets of this machine.

mod agent;
mod http;
mod ping;
mod snmp;
mod support;
mod tcp;
