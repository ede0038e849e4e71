//! What a `Receiver` measures against what was injected: a camera simulated from the RFCs, hurt by
//! known amounts, in virtual time.
//!
//! The truth is counted by the injector and never a probability, so the bounds hold for each seed
//! and not only on average. Run with `--no-capture` to see the largest errors.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod errors;
mod figures;
mod loss;

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Keep, Receiver, Statistics, StreamFormat};
use zhishou_tests::impaired::{Coding, Script, What};

/// Seeds of every case.
pub(crate) const SEEDS: u64 = 20;

/// The wall clock when PLAY was answered.
const WALL: Duration = Duration::from_secs(1_795_219_200);

/// Plays a script to a receiver of its own and gives the figures at the time of its last packet.
pub(crate) fn measure(script: &Script) -> Statistics {
    let codec = match script.source.coding {
        Coding::H264 => Codec::H264,
        Coding::H265 => Codec::H265,
        Coding::Jpeg => Codec::Jpeg,
        Coding::Mpeg4 => Codec::Mpeg4,
    };
    let mut receiver = Receiver::new(&StreamFormat::new(codec, 96, 90_000));
    receiver.keep(Keep::Nothing);
    for sending in &script.sendings {
        match &sending.what {
            What::Rtp(packet) => receiver.handle_rtp(sending.at, &packet.bytes()),
            What::Report(report) => {
                let wall = WALL + sending.at;
                receiver.handle_rtcp(sending.at, Some(wall), &report.bytes(wall));
            }
        }
        receiver.take_keyframe(sending.at);
    }
    // A driver asks again when what is held for a missing packet is due.
    let mut end = script.sendings.last().unwrap().at;
    while let Some(deadline) = receiver.next_deadline() {
        end = end.max(deadline);
        receiver.take_keyframe(end);
    }
    receiver.statistics(end)
}
