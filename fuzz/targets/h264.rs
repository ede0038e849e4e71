//! The depacketizer of H264.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    zhishou_fuzz::stream(zhishou_protocol::rtp::Codec::H264, data);
});
