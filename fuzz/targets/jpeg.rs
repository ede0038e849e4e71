//! The depacketizer of JPEG.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    zhishou_fuzz::stream(zhishou_protocol::rtp::Codec::Jpeg, data);
});
