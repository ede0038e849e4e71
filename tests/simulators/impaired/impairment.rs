//! What happens to a stream between the encoder and us, seeded.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::packet::{Packet, Report};
use super::script::{Script, Sending, What};
use super::source::Source;

/// First sequence number: the 16 bits wrap after 100 packets.
const FIRST_NUMBER: u64 = 65_436;
/// First timestamp: the 32 bits wrap within the first seconds.
const FIRST_TIMESTAMP: u64 = 0xffff_ffff - 180_000;

/// How things go missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Nothing does.
    None,
    /// The last of each so many.
    Each(u32),
    /// Each with this probability, whatever became of the one before.
    Single(f64),
    /// In runs (Gilbert, 1960; Elliott, 1963): this share in all, so many in a row on average.
    Bursts {
        /// Share lost in the long run, 0 to 1.
        ratio: f64,
        /// Mean length of a run.
        length: f64,
    },
}

/// A loss process under way.
#[derive(Debug)]
struct Losing {
    loss: Loss,
    bad: bool,
    seen: u32,
}

impl Losing {
    fn new(loss: Loss) -> Self {
        Losing { loss, bad: false, seen: 0 }
    }

    fn takes(&mut self, chance: &mut StdRng) -> bool {
        match self.loss {
            Loss::None => false,
            Loss::Each(many) => {
                self.seen += 1;
                self.seen.is_multiple_of(many)
            }
            Loss::Single(ratio) => chance.random_bool(ratio),
            Loss::Bursts { ratio, length } => {
                let ends = 1.0 / length;
                let begins = ratio * ends / (1.0 - ratio);
                let turns = if self.bad { ends } else { begins };
                self.bad ^= chance.random_bool(turns.min(1.0));
                self.bad
            }
        }
    }
}

/// How long frames take on their way. Order is kept: what would overtake waits, as in TCP.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// All the same.
    Even,
    /// Anything up to this, all alike.
    Uniform(Duration),
    /// Normal about four times this deviation, never less than nothing.
    Normal(Duration),
    /// One frame of so many is late by so much, the others are on time.
    Spikes {
        /// One in so many.
        one_in: u32,
        /// How late.
        late: Duration,
    },
}

impl Delay {
    fn draw(self, chance: &mut StdRng) -> Duration {
        match self {
            Delay::Even => Duration::ZERO,
            Delay::Uniform(most) => most.mul_f64(chance.random::<f64>()),
            Delay::Normal(deviation) => {
                // Box and Muller, 1958.
                let (u, v): (f64, f64) = (1.0 - chance.random::<f64>(), chance.random());
                let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                deviation.mul_f64((4.0 + normal).max(0.0))
            }
            Delay::Spikes { one_in, late } => {
                if chance.random_ratio(1, one_in) {
                    late
                } else {
                    Duration::ZERO
                }
            }
        }
    }
}

/// A stage that hurts what a [`Source`] makes.
#[derive(Debug, Clone)]
pub struct Impairment {
    /// Seed of all chance in it.
    pub seed: u64,
    /// Frames that the camera drops before it numbers packets: no gap shows. Keyframes stay.
    pub dropped_frames: Loss,
    /// Packets that the device drops once numbered and does not count as sent.
    pub by_device: Loss,
    /// Packets lost on the way: the device counts them as sent.
    pub on_the_way: Loss,
    /// Share of packets sent twice.
    pub doubled: f64,
    /// Share of packets that come after the two behind them.
    pub swapped: f64,
    /// How long each frame takes.
    pub delay: Delay,
    /// Between packets of one frame.
    pub spacing: Duration,
    /// Nothing leaves from the first of these times for the second; what was due comes after it.
    pub stalls: Vec<(Duration, Duration)>,
    /// From frame `.0` on, timestamps are `.1` ticks further.
    pub jumps: Vec<(u32, i64)>,
    /// Frame `.0` alone has a timestamp `.1` ticks off (Q57).
    pub outliers: Vec<(u32, i64)>,
    /// Time between sender reports, the first one with the first packet.
    pub reports: Option<Duration>,
    /// How far the camera's clock is ahead, ms.
    pub offset_ms: i64,
}

impl Impairment {
    /// None at all, with chance to come from `seed`.
    pub fn none(seed: u64) -> Self {
        Impairment {
            seed,
            dropped_frames: Loss::None,
            by_device: Loss::None,
            on_the_way: Loss::None,
            doubled: 0.0,
            swapped: 0.0,
            delay: Delay::Even,
            spacing: Duration::from_micros(100),
            stalls: Vec::new(),
            jumps: Vec::new(),
            outliers: Vec::new(),
            reports: None,
            offset_ms: 0,
        }
    }

    /// What is sent when of all that `source` makes.
    pub fn script(&self, source: &Source) -> Script {
        let mut chance = StdRng::seed_from_u64(self.seed);
        let mut frames = Losing::new(self.dropped_frames);
        let mut device = Losing::new(self.by_device);
        let mut network = Losing::new(self.on_the_way);
        let mut script = Script::new(*source);
        let (mut number, mut octets, mut counted) = (FIRST_NUMBER, 0u32, 0u32);
        let mut next_report = self.reports.map(|_| Duration::ZERO);
        let mut free = Duration::ZERO;
        for frame in 0..source.frames {
            let due = source.sent_at(frame);
            let taken = frames.takes(&mut chance) && !source.is_keyframe(frame);
            let payloads = source.payloads(frame);
            script.made.push(payloads.iter().map(|payload| payload.bytes.len()).sum());
            let mut at = self.stalled(due + self.delay.draw(&mut chance)).max(free);
            if taken {
                continue;
            }
            let timestamp = self.timestamp(source, frame);
            let last = payloads.len() - 1;
            for (index, payload) in payloads.into_iter().enumerate() {
                let packet = Packet {
                    frame,
                    keyframe: source.is_keyframe(frame),
                    picture: payload.picture,
                    number,
                    timestamp,
                    marker: index == last,
                    payload: payload.bytes,
                };
                number += 1;
                script.numbered += 1;
                if device.takes(&mut chance) {
                    script.lost_by_device += 1;
                    continue;
                }
                counted += 1;
                octets += packet.payload.len() as u32;
                if network.takes(&mut chance) {
                    script.lost_on_the_way += 1;
                } else {
                    if self.doubled > 0.0 && chance.random_bool(self.doubled) {
                        script.doubled += 1;
                        script.push(at, What::Rtp(packet.clone()));
                    }
                    script.push(at, What::Rtp(packet));
                }
                at += self.spacing;
            }
            free = at;
            if let (Some(due), Some(every)) = (next_report, self.reports)
                && due <= at
            {
                let report =
                    Report { timestamp, packets: counted, octets, offset_ms: self.offset_ms };
                script.push(at, What::Report(report));
                next_report = Some(due + every);
            }
        }
        self.swap(&mut script, &mut chance);
        script
    }

    /// Moves some packets behind the two after them; each keeps the sending time of its place.
    fn swap(&self, script: &mut Script, chance: &mut StdRng) {
        if self.swapped == 0.0 {
            return;
        }
        let mut place = 1;
        while place + 2 < script.sendings.len() {
            if chance.random_bool(self.swapped) {
                let times: Vec<_> =
                    script.sendings[place..place + 3].iter().map(|s| s.at).collect();
                script.sendings[place..place + 3].rotate_left(1);
                for (sending, at) in script.sendings[place..place + 3].iter_mut().zip(times) {
                    sending.at = at;
                }
                place += 2;
            }
            place += 1;
        }
    }

    fn stalled(&self, at: Duration) -> Duration {
        self.stalls.iter().fold(at, |at, &(from, length)| {
            if (from..from + length).contains(&at) { from + length } else { at }
        })
    }

    fn timestamp(&self, source: &Source, frame: u32) -> u32 {
        let jumped = self.jumps.iter().filter(|(from, _)| *from <= frame);
        let outlying = self.outliers.iter().filter(|(only, _)| *only == frame);
        let shift: i64 = jumped.chain(outlying).map(|(_, ticks)| ticks).sum();
        (FIRST_TIMESTAMP + source.timestamp(frame)).wrapping_add_signed(shift) as u32
    }
}

impl Script {
    fn push(&mut self, at: Duration, what: What) {
        self.sendings.push(Sending { at, what });
    }
}
