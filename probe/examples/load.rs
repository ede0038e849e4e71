//! Many probes in one process, for `make bench`: what they cost without starting a program.
//!
//! - `load DEPTH SECONDS JOBS [gradual] < urls` makes one probe of each address, `JOBS` at a time.
//!   `DEPTH` is `stream`; `picture`, with every fault judged; `decoded`, which is `picture` up to
//!   the pixels and no further; `run`, which is `picture` with the pictures after the keyframe and a
//!   snapshot, as once an hour; or `within`, which is `picture` of a camera whose keyframe is within
//!   its habit, and so not decoded. With `gradual`, probes begin over a second for every thousand.
//! - `load keyframe CODEC FILE COUNT` gives one keyframe to the warm decoders over and over.
//!
//! Each decoder is opened before the first probe that counts.
//!
//! Prints `{"done": N, "cpu_s": S, "wall_s": S, "peak_kb": N, "idle_kb": N}`: probes that found what
//! they were after, CPU and wall seconds from the first to the last, the greatest resident memory,
//! and that before the first.

#![expect(clippy::disallowed_methods, reason = "measuring is reading clocks")]

use std::error::Error;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zhishou_domain::habit::Judged;
use zhishou_domain::{
    Clock, Depth, FaultCode, Habit, IdSource, PictureFacts, ProbeRequest, Snapshot, Timestamp,
    TransportPolicy,
};
use zhishou_probe::decode::{Coded, DecoderPool, Hardware};
use zhishou_probe::decoder::{DecodeFailure, Decoder, Decoding};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Outcome, Prober, Sessions, Settings};
use zhishou_protocol::rtp::{Codec, Keyframe};

type Failed = Box<dyn Error + Send + Sync>;

struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(0))
    }
}

impl IdSource for System {
    fn random(&self) -> [u8; 10] {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let next = NEXT.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mut bytes = [7; 10];
        bytes[..8].copy_from_slice(&next.to_be_bytes());
        bytes
    }
}

/// Decodes, counts the picture, and keeps it from being judged.
struct Unjudged {
    pool: DecoderPool,
    pictures: AtomicU64,
}

impl Decoder for Unjudged {
    fn decode(&self, keyframe: Keyframe) -> Decoding<'_> {
        Box::pin(async move {
            if self.pool.decode(keyframe).await.is_ok_and(|picture| !picture.is_corrupted()) {
                self.pictures.fetch_add(1, Ordering::Relaxed);
            }
            Err(DecodeFailure::Ours("not to be judged".to_owned()))
        })
    }
}

/// Process and wall time from here on.
struct Watch {
    cpu: Duration,
    wall: Instant,
    idle_kb: u64,
}

impl Watch {
    fn start() -> Self {
        Self { cpu: cpu(), wall: Instant::now(), idle_kb: memory("VmRSS:") }
    }

    fn report(&self, done: u64) -> std::io::Result<()> {
        writeln!(
            std::io::stdout(),
            "{{\"done\": {done}, \"cpu_s\": {}, \"wall_s\": {}, \"peak_kb\": {}, \"idle_kb\": {}}}",
            (cpu() - self.cpu).as_secs_f64(),
            self.wall.elapsed().as_secs_f64(),
            memory("VmHWM:"),
            self.idle_kb,
        )
    }
}

/// User and system time of this process.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A line of `/proc/self/status`, kB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["keyframe", codec, file, count] => keyframe(codec, file, count.parse()?).await,
        [depth, seconds, jobs, ref rest @ ..] => {
            let seconds = Duration::from_secs_f64(seconds.parse()?);
            probes(depth, seconds, jobs.parse()?, rest == ["gradual"]).await
        }
        _ => Err("usage: load DEPTH SECONDS JOBS [gradual] < urls".into()),
    }
}

/// The decoder alone.
async fn keyframe(codec: &str, file: &str, count: u64) -> Result<(), Failed> {
    let codec = if codec == "h264" { Codec::H264 } else { Codec::H265 };
    let coded = Coded { codec, bytes: std::fs::read(file)?, size: None, following: Vec::new() };
    let pool = Arc::new(DecoderPool::new(processors(), Hardware::Off)?);
    pool.decode(coded.clone()).await?;
    let watch = Watch::start();
    let mut decoding = JoinSet::new();
    for _ in 0..count {
        let (pool, coded) = (pool.clone(), coded.clone());
        decoding.spawn(async move { pool.decode(coded).await.map(drop) });
    }
    while let Some(decoded) = decoding.join_next().await {
        decoded??;
    }
    Ok(watch.report(count)?)
}

/// Whole probes.
async fn probes(depth: &str, time: Duration, jobs: usize, gradual: bool) -> Result<(), Failed> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let unjudged = match depth {
        "decoded" => {
            let pool = DecoderPool::new(processors(), Hardware::Off)?;
            Some(Arc::new(Unjudged { pool, pictures: AtomicU64::new(0) }))
        }
        _ => None,
    };
    let decoder: Option<Arc<dyn Decoder>> = match (depth, &unjudged) {
        ("picture" | "run", _) => Some(Arc::new(DecoderPool::new(processors(), Hardware::Off)?)),
        (_, Some(unjudged)) => Some(unjudged.clone()),
        _ => None,
    };
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    let (clock, chance) = (Arc::new(System), Arc::new(System));
    let prober = Prober::new(Settings::default(), clock, chance, guard, decoder);
    let prober = Arc::new(prober.on(Sessions::start()?));
    let want = match depth {
        "stream" => Want::Media,
        "within" => Want::Keyframe,
        "run" => Want::Run,
        _ => Want::Picture,
    };

    let urls: Vec<&str> = text.split_whitespace().collect();
    if matches!(want, Want::Picture | Want::Run) {
        let first = &urls[..urls.len().min(processors())];
        run(&prober, first, want, time, jobs, false).await?;
    }
    let early = unjudged.as_ref().map_or(0, |unjudged| unjudged.pictures.load(Ordering::Relaxed));
    let watch = Watch::start();
    let mut done = run(&prober, &urls, want, time, jobs, gradual).await?;
    if let Some(unjudged) = unjudged {
        done = unjudged.pictures.load(Ordering::Relaxed) - early;
    }
    Ok(watch.report(done)?)
}

/// Probes each address; how many found what they were after.
async fn run(
    prober: &Arc<Prober>,
    urls: &[&str],
    want: Want,
    time: Duration,
    jobs: usize,
    gradual: bool,
) -> Result<u64, Failed> {
    let places = Arc::new(Semaphore::new(jobs));
    let mut probes = JoinSet::new();
    for (number, url) in urls.iter().enumerate() {
        if gradual && number % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let place = places.clone().acquire_owned().await?;
        let (prober, url) = (prober.clone(), (*url).to_owned());
        probes.spawn(async move {
            let request = request(url, want, time);
            let outcome = prober.probe(request, CancellationToken::new()).await;
            drop(place);
            has_all(&outcome, want)
        });
    }
    let mut done = 0;
    while let Some(good) = probes.join_next().await {
        done += u64::from(good?);
    }
    Ok(done)
}

/// What a probe is after.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Media,
    Keyframe,
    Picture,
    Run,
}

fn request(url: String, want: Want, seconds: Duration) -> ProbeRequest {
    let depth = if want == Want::Media { Depth::Stream } else { Depth::Picture };
    let transport = TransportPolicy::Tcp;
    // Otherwise the keyframe alone: what is compared with decodes no more.
    let told = Judged { at: System.now(), clean: true };
    let habit = Habit { shaken: (want != Want::Run).then_some(told), ..Habit::default() };
    let snapshot = if want == Want::Run { Snapshot::Always } else { Snapshot::Never };
    let decode_every = Duration::from_secs(600);
    let request = ProbeRequest::new(url, depth);
    ProbeRequest { seconds, transport, habit, decode_every, snapshot, ..request }
}

/// Media flowed without loss, and what was wanted of them was there.
fn has_all(outcome: &Outcome, want: Want) -> bool {
    let seen = &outcome.observation;
    seen.video.as_ref().is_some_and(|video| {
        let there = match want {
            Want::Media => true,
            Want::Keyframe => video.keyframes > 0,
            Want::Picture => seen.picture.is_some(),
            Want::Run => {
                let told = |picture: &PictureFacts| {
                    picture.scores.get(&FaultCode::Shaking).is_some_and(Option::is_some)
                };
                seen.picture.as_ref().is_some_and(told) && outcome.snapshot.is_some()
            }
        };
        video.packets > 0 && video.lost == 0 && there
    })
}
