//! The depacketizer of H265.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    zhishou_fuzz::stream(zhishou_protocol::rtp::Codec::H265, data);
});
