//! What is sent when, and what was kept back of it.

use std::time::Duration;

use super::packet::{Packet, Report};
use super::source::Source;

/// One thing sent.
#[derive(Debug, Clone)]
pub enum What {
    /// A packet of the video.
    Rtp(Packet),
    /// A sender report.
    Report(Report),
}

/// One thing sent and when, since PLAY was answered.
#[derive(Debug, Clone)]
pub struct Sending {
    /// When.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// All that is sent in one session, in order.
#[derive(Debug, Clone)]
pub struct Script {
    /// What made it.
    pub source: Source,
    /// In order of time.
    pub sendings: Vec<Sending>,
    /// Packets that were given a number.
    pub numbered: u64,
    /// Of these, kept back by the device and not counted as sent.
    pub lost_by_device: u64,
    /// Of these, lost after the device counted them.
    pub lost_on_the_way: u64,
    /// Payload bytes of each frame the camera made, whatever became of them.
    pub made: Vec<usize>,
    /// Packets sent twice.
    pub doubled: u64,
}

impl Script {
    pub(super) fn new(source: Source) -> Self {
        Script {
            source,
            sendings: Vec::new(),
            numbered: 0,
            lost_by_device: 0,
            lost_on_the_way: 0,
            made: Vec::new(),
            doubled: 0,
        }
    }

    /// Packets lost of those numbered, 0 to 1.
    pub fn loss_ratio(&self) -> f64 {
        (self.lost_by_device + self.lost_on_the_way) as f64 / self.numbered as f64
    }
}
