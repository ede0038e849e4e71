//! Real encoders' bytes through a packetizer of the tests' own, and anything at all by proptest.

mod h264;
mod h265;
mod jpeg;
mod packetizer;
mod properties;
mod round_trips;
mod slices;
mod statistics;
