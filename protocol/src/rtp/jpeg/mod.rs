//! JPEG over RTP (RFC 2435): pictures put together again, with the headers that RTP left out.

mod assembler;
mod jfif;
mod tables;

pub(super) use assembler::Assembler;
