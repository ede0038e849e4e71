//! What a faultless observer of the sendings must find. Each figure is worked out the slow way, over
//! the whole list, and not packet by packet as a receiver has to.

use std::collections::BTreeMap;
use std::time::Duration;

use super::packet::Packet;
use super::script::{Script, Sending, What};

/// The figures of what was sent.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Packets that went out, each once.
    pub packets: u64,
    /// Numbers between the first and the last that went out, both included.
    pub expected: u64,
    /// Of these, that never went out.
    pub lost: u64,
    /// Frames of which picture data went out.
    pub frames: u64,
    /// Keyframes of which picture data went out.
    pub keyframes: u64,
    /// Live frames a second: those after the first live one, in the time from it to the last.
    pub fps: f64,
    /// Payload bits a second at the pace of the source, less what was lost.
    pub bitrate_bps: f64,
    /// Interarrival jitter by RFC 3550 A.8 in ms, over the first packet of each live frame.
    pub jitter_ms: f64,
    /// When the last packet of the first keyframe went out, since PLAY.
    pub first_keyframe_at: Option<Duration>,
    /// The longest time between two packets.
    pub longest_stall: Duration,
}

impl Truth {
    /// Of a script as it stands.
    pub fn of(script: &Script) -> Truth {
        Truth::when(script, script.sendings.iter().map(|sending| sending.at))
    }

    /// Of a script whose sendings really went out at `times`; fewer where it was cut short.
    pub fn when(script: &Script, times: impl IntoIterator<Item = Duration>) -> Truth {
        let sent: Vec<(Duration, &Packet)> = script
            .sendings
            .iter()
            .zip(times)
            .filter_map(|(Sending { what, .. }, at)| match what {
                What::Rtp(packet) => Some((at, packet)),
                What::Report(_) => None,
            })
            .collect();
        let mut numbers: Vec<u64> = sent.iter().map(|(_, packet)| packet.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let expected = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) => last - first + 1,
            _ => 0,
        };
        let frames = frames(&sent);
        let shown: Vec<&Frame> = frames.values().filter(|frame| frame.picture).collect();
        let live: Vec<&Frame> =
            frames.range(script.source.cached..).map(|(_, f)| f).filter(|f| f.picture).collect();
        let span = match (live.first(), live.last()) {
            (Some(first), Some(last)) => (last.first - first.first).as_secs_f64(),
            _ => 0.0,
        };
        let nominal = f64::from(script.source.bitrate_bps);
        let lost = expected - numbers.len() as u64;
        Truth {
            packets: numbers.len() as u64,
            expected,
            lost,
            frames: shown.len() as u64,
            keyframes: shown.iter().filter(|frame| frame.keyframe).count() as u64,
            fps: (live.len().saturating_sub(1)) as f64 / span,
            bitrate_bps: nominal * delivered_share(script, &sent),
            jitter_ms: jitter_ms(script, &frames),
            first_keyframe_at: shown.iter().find(|frame| frame.keyframe).map(|frame| frame.last),
            longest_stall: sent
                .windows(2)
                .map(|pair| pair[1].0.saturating_sub(pair[0].0))
                .max()
                .unwrap_or_default(),
        }
    }
}

/// A frame as it went out.
#[derive(Debug)]
struct Frame {
    first: Duration,
    last: Duration,
    timestamp: u32,
    keyframe: bool,
    picture: bool,
}

fn frames(sent: &[(Duration, &Packet)]) -> BTreeMap<u32, Frame> {
    let mut frames: BTreeMap<u32, Frame> = BTreeMap::new();
    for &(at, packet) in sent {
        let frame = frames.entry(packet.frame).or_insert(Frame {
            first: at,
            last: at,
            timestamp: packet.timestamp,
            keyframe: packet.keyframe,
            picture: false,
        });
        frame.first = frame.first.min(at);
        frame.last = frame.last.max(at);
        frame.picture |= packet.picture;
    }
    frames
}

/// Payload bytes that went out among those the source made, up to the last frame: that one may have
/// been cut short.
fn delivered_share(script: &Script, sent: &[(Duration, &Packet)]) -> f64 {
    let last = sent.iter().map(|(_, packet)| packet.frame).max().unwrap_or(0);
    let whole = sent.iter().filter(|(_, packet)| packet.frame < last);
    let mut once: Vec<(u64, usize)> =
        whole.map(|(_, packet)| (packet.number, packet.payload.len())).collect();
    once.sort_unstable();
    once.dedup();
    let made: usize = script.made[..last as usize].iter().sum();
    once.iter().map(|(_, bytes)| bytes).sum::<usize>() as f64 / made as f64
}

/// A.8 in seconds: D = (Rj − Ri) − (Sj − Si), J += (|D| − J)/16.
fn jitter_ms(script: &Script, frames: &BTreeMap<u32, Frame>) -> f64 {
    let clock = f64::from(script.source.clock_hz);
    let mut jitter = 0.0;
    let live: Vec<&Frame> = frames.range(script.source.cached..).map(|(_, frame)| frame).collect();
    for (before, after) in live.iter().zip(live.iter().skip(1)) {
        let arrived = after.first.as_secs_f64() - before.first.as_secs_f64();
        let ticks = after.timestamp.wrapping_sub(before.timestamp).cast_signed();
        jitter += ((arrived - f64::from(ticks) / clock).abs() - jitter) / 16.0;
    }
    1e3 * jitter
}
