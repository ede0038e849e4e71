//! An hour of a fleet in virtual time, for `make bench`: which probes are made, which keyframes are
//! decoded and when faults are confirmed, by the agenda, the plans, the habits and the confirmation
//! of the product, and by a process a probe (`ffmpeg`) at the times of the same plans.
//!
//! `fleet < orders` (JSON, made by `tests/bench/fleet.py`): the address of `bench-cameras`; the
//! scenes; how many keyframes there are of each, clean and with each fault; and in which of those
//! the other prober sees a fault. First every keyframe is probed once for real, so that what is
//! known of it (bytes, quantiser, hash, verdict, faults) is what the product says. Then hours pass in which
//! all is well, so that habits are learned; in the last one faults begin.
//!
//! Prints `{"ours": {…}, "theirs": {…}}`, each with probes by size, scene and whether the keyframe was
//! decoded, the faults confirmed in time, and healthy cameras that were called faulty.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use zhishou_domain::confirm::{Judging, Outcome};
use zhishou_domain::habit::{Baseline, Coded, Due, Flow, Form, Judged, Look, Sighting, Wait};
use zhishou_domain::{
    Clock, ConfirmRule, Depth, DeviceId, FaultCode, Habit, IdSource, Plan, ProbeRequest, SiteId,
    Standing, Timestamp, TransportPolicy, Verdict,
};
use zhishou_probe::decode::{DecoderPool, Hardware};
use zhishou_probe::decoder::{Decoder, Decoding};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Prober, Settings};
use zhishou_protocol::rtp::{Headers, Keyframe};
use zhishou_scheduler::{Agenda, Limits};

type Failed = Box<dyn Error + Send + Sync>;

const CAMERAS: usize = 2_000;
const HOUR: Duration = Duration::from_secs(3_600);
/// Hours in which habits are learned: the slowest plan makes 12 probes an hour, and a habit takes 8.
const LEARNING: u32 = 2;
/// Cameras with a fault, one in so many.
const ONE_FAULTY_IN: usize = 40;
/// Of ten cameras, those with a sub-stream in the ledger.
const WITH_SUB_OF_TEN: usize = 6;
/// Of the cameras' clocks; any will do.
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// What happens to a camera beside what its picture may show.
const REFUSED: &str = "refused";

struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "probing is for real")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(0))
    }
}

/// Numbers that are the same in each run (SplitMix64; Steele et al. 2014).
#[derive(Debug)]
struct Chance(Mutex<u64>);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

impl IdSource for Chance {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes
    }
}

/// Decodes, and keeps what the bytes of the last keyframe told.
struct Watched {
    pool: DecoderPool,
    last: Mutex<Option<Coded>>,
}

impl Decoder for Watched {
    fn decode(&self, keyframe: Keyframe) -> Decoding<'_> {
        let (&hash, _) = keyframe.slices_hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let qp = match keyframe.headers {
            Headers::Sound { qp } => Some(qp),
            Headers::Absurd | Headers::Unread => None,
        };
        let bytes = u32::try_from(keyframe.bytes.len()).unwrap_or(u32::MAX);
        let coded = Coded { bytes, qp, hash: u64::from_be_bytes(hash) };
        if let Ok(mut last) = self.last.lock() {
            *last = Some(coded);
        }
        Decoder::decode(&self.pool, keyframe)
    }
}

/// A keyframe, and what the product says of it.
#[derive(Clone, Debug)]
struct Sample {
    coded: Coded,
    form: Form,
    verdict: Verdict,
    faults: Vec<FaultCode>,
}

/// What can be seen of a camera: keyframes by size, scene and fault ("" for none).
type Library = BTreeMap<(String, String, String), Vec<Sample>>;

/// Probes every keyframe there is, for real.
async fn look_at_all(orders: &Value) -> Result<Library, Failed> {
    let decoder =
        Arc::new(Watched { pool: DecoderPool::new(2, Hardware::Off)?, last: Mutex::default() });
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    let chance = Arc::new(Chance::new(1));
    let seeing: Arc<dyn Decoder> = decoder.clone();
    let prober = Prober::new(Settings::default(), Arc::new(System), chance, guard, Some(seeing));
    let mut library = Library::new();
    for clip in orders["clips"].as_array().ok_or("no clips")? {
        let text = |key: &str| clip[key].as_str().unwrap_or_default().to_owned();
        let mut samples = Vec::new();
        for number in 0..clip["keyframes"].as_u64().unwrap_or(0) {
            let url = format!(
                "rtsp://{}/{}/{number}",
                orders["address"].as_str().unwrap_or(""),
                text("name")
            );
            let seen = prober.probe(request(url), CancellationToken::new()).await.observation;
            let form = seen.video.as_ref().and_then(|video| {
                Some(Form {
                    codec: video.codec.clone()?,
                    width: video.width?,
                    height: video.height?,
                })
            });
            let coded = decoder.last.lock().ok().and_then(|mut last| last.take());
            let (Some(form), Some(coded)) = (form, coded) else {
                return Err(format!("nothing to see of {}: {:?}", text("name"), seen.faults).into());
            };
            let faults = seen.faults.iter().map(|fault| fault.code).collect();
            samples.push(Sample { coded, form, verdict: seen.verdict, faults });
        }
        library.insert((text("size"), text("scene"), text("fault")), samples);
    }
    Ok(library)
}

fn request(url: String) -> ProbeRequest {
    // What a keyframe tells; what a run and a snapshot cost is measured elsewhere.
    let habit =
        Habit { shaken: Some(Judged { at: System.now(), clean: true }), ..Habit::default() };
    let (transport, decode_every) = (TransportPolicy::Tcp, Duration::from_secs(600));
    let request = ProbeRequest::new(url, Depth::Picture);
    ProbeRequest { transport, habit, decode_every, ..request }
}

/// One camera of the fleet.
#[derive(Debug)]
struct Camera {
    device: DeviceId,
    site: SiteId,
    plan: Plan,
    size: &'static str,
    scene: String,
    /// What becomes of it, and when.
    fault: Option<(String, Timestamp)>,
}

/// One in five is of class 1 and probed each minute, three of ten of class 2 each two minutes, the
/// rest by the default plan.
fn plan(number: usize) -> Plan {
    let interval = match number % 10 {
        0 | 1 => 60,
        2..=4 => 120,
        _ => 300,
    };
    Plan {
        interval: Duration::from_secs(interval),
        depth: Depth::Picture,
        seconds: Duration::from_secs(3),
        decode_every: Duration::from_secs(600),
        transport: TransportPolicy::Auto,
        jitter: 0.1,
        confirm: ConfirmRule { failures: 3, retry: Duration::from_secs(30) },
    }
}

fn fleet(orders: &Value) -> Result<Vec<Camera>, Failed> {
    let words = |key: &str| -> Vec<String> {
        let list = orders[key].as_array().into_iter().flatten();
        list.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let (scenes, faults) = (words("scenes"), words("faults"));
    if scenes.is_empty() || faults.is_empty() {
        return Err("no scenes or no faults".into());
    }
    let chance = Chance::new(20_261_122);
    let sites: Vec<SiteId> = (0..40).map(|_| SiteId::new(START, &chance)).collect();
    let last_hour = START + HOUR * LEARNING;
    let cameras = (0..CAMERAS).map(|number| {
        // Between the fifth minute and the thirtieth, so that what takes longest still ends within the hour.
        let begins = last_hour + Duration::from_secs(300 + chance.next() % 1_500);
        let fault = faults[number / ONE_FAULTY_IN % faults.len()].clone();
        Camera {
            device: DeviceId::new(START, &chance),
            site: sites[number % sites.len()],
            plan: plan(chance.below(10)),
            size: if chance.below(10) < WITH_SUB_OF_TEN { "sub" } else { "main" },
            scene: scenes[chance.below(scenes.len())].clone(),
            fault: (number % ONE_FAULTY_IN == 0).then_some((fault, begins)),
        }
    });
    Ok(cameras.collect())
}

/// Whose hour it is.
enum Watcher<'a> {
    /// The product's.
    Ours,
    /// Of a process that decodes one frame each time, of the stream of the given size where the
    /// camera's own is not meant, and sees those faults.
    Theirs(&'a Value, Option<&'static str>),
}

/// What one probe brought.
struct Seen {
    cell: String,
    verdict: Verdict,
    faults: Vec<FaultCode>,
}

impl Watcher<'_> {
    fn probe(
        &self,
        camera: &Camera,
        library: &Library,
        habit: &mut Habit,
        now: Timestamp,
        pick: usize,
    ) -> Option<Seen> {
        let fault = camera.fault.as_ref().filter(|(_, begins)| *begins <= now);
        let fault = fault.map_or("", |(fault, _)| fault.as_str());
        if fault == REFUSED {
            return Some(Seen {
                cell: REFUSED.to_owned(),
                verdict: Verdict::Offline,
                faults: vec![FaultCode::Refused],
            });
        }
        let size = match self {
            Self::Ours | Self::Theirs(_, None) => camera.size,
            Self::Theirs(_, Some(size)) => size,
        };
        let samples = library.get(&(size.to_owned(), camera.scene.clone(), fault.to_owned()))?;
        let number = pick % samples.len();
        let sample = &samples[number];
        let cell = |how: &str| format!("{size} {} {how}", camera.scene);
        if let Self::Theirs(sees, _) = self {
            let name = format!("{size} {} {fault}", camera.scene);
            let is_seen = sees[name][number].as_bool()?;
            let verdict = if is_seen { Verdict::Degraded } else { Verdict::Online };
            let faults = if is_seen { vec![FaultCode::Corrupted] } else { Vec::new() };
            return Some(Seen { cell: cell("looked"), verdict, faults });
        }
        let mut sighting = Sighting {
            at: now + camera.plan.seconds,
            flow: Flow::Whole,
            form: Some(sample.form.clone()),
            declared_fps: Some(25.0),
            bitrate_bps: Some(if size == "main" { 2e6 } else { 5e5 }),
            gop_ms: Some(2_000.0),
            wait: Wait::Met(0.0),
            keyframe: Some(sample.coded),
            look: Look::None,
            ..Sighting::default()
        };
        // Beside the look in which shaking is told, the hour's snapshot is made.
        let run = habit.is_run_due(now, camera.plan.decode_every);
        let due = run || habit.look_due(&sighting, now, camera.plan.decode_every) == Due::Now;
        let faults = if due { sample.faults.clone() } else { Vec::new() };
        if due {
            sighting.look = if faults.is_empty() { Look::Clean } else { Look::Faulty };
        }
        if run {
            sighting.run = Look::Clean;
        }
        *habit = habit.learn(&sighting, Baseline::default());
        let verdict = if due { sample.verdict } else { Verdict::Online };
        let how = if run { "run" } else { ["within", "looked"][usize::from(due)] };
        Some(Seen { cell: cell(how), verdict, faults })
    }

    /// Hours pass. Probes by cell, and the faults that were confirmed.
    fn hours(&self, cameras: &[Camera], library: &Library) -> Option<Value> {
        let limits = Limits { concurrent: 256, per_parent: 4, per_host: 4, per_site: 64 };
        let mut agenda = Agenda::new(limits);
        let index: BTreeMap<DeviceId, usize> =
            cameras.iter().enumerate().map(|(number, camera)| (camera.device, number)).collect();
        let mut known: Vec<(Habit, Standing)> =
            cameras.iter().map(|_| Default::default()).collect();
        let mut confirmed: Vec<Option<Timestamp>> = vec![None; cameras.len()];
        let mut cells: BTreeMap<String, u64> = BTreeMap::new();
        let chance = Chance::new(7);
        for camera in cameras {
            agenda.enlist(
                camera.device,
                camera.site,
                None,
                camera.plan.first_due(camera.device, START),
            );
        }
        let (last_hour, end) = (START + HOUR * LEARNING, START + HOUR * (LEARNING + 1));
        // Probes under way, by when they end.
        let mut running: BTreeMap<(Timestamp, DeviceId), Seen> = BTreeMap::new();
        loop {
            let due = agenda.next_due();
            let ends = running.first_key_value().map(|((at, _), _)| *at);
            let Some(now) = due.into_iter().chain(ends).min().filter(|now| *now < end) else {
                break;
            };
            while let Some(entry) = running.first_entry().filter(|entry| entry.key().0 <= now) {
                let ((at, device), seen) = entry.remove_entry();
                let number = *index.get(&device)?;
                let (camera, standing) = (&cameras[number], &mut known[number].1);
                let outcome = Outcome {
                    at,
                    answer: None,
                    verdict: seen.verdict,
                    reached: seen.verdict != Verdict::Offline,
                    faults: seen.faults,
                    is_judged: false,
                    judging: Judging::Untold,
                };
                let step = standing.advance(&outcome, camera.plan.confirm, camera.plan.hold());
                *standing = step.standing;
                if at >= last_hour && !standing.faults.is_empty() {
                    confirmed[number].get_or_insert(at);
                }
                let rest = camera.plan.rest(device, standing.doubt.is_some(), standing.round);
                agenda.finish(device, at + rest);
            }
            for device in agenda.start_due(now) {
                let number = *index.get(&device)?;
                let camera = &cameras[number];
                let seen = self.probe(
                    camera,
                    library,
                    &mut known[number].0,
                    now,
                    chance.below(usize::MAX),
                )?;
                if now >= last_hour {
                    *cells.entry(seen.cell.clone()).or_default() += 1;
                }
                running.insert((now + camera.plan.seconds, device), seen);
            }
        }
        Some(report(cameras, &confirmed, cells))
    }
}

/// How long the plan allows from a fault's beginning to its confirmation.
fn allowed(plan: &Plan) -> Duration {
    let late = |time: Duration| time.mul_f64(1.0 + plan.jitter) + plan.seconds;
    plan.decode_every + late(plan.interval) + late(plan.confirm.retry) * (plan.confirm.failures - 1)
}

fn report(
    cameras: &[Camera],
    confirmed: &[Option<Timestamp>],
    cells: BTreeMap<String, u64>,
) -> Value {
    let (mut found, mut called_faulty) = (BTreeMap::<&str, [usize; 2]>::new(), 0);
    let mut waits = Vec::new();
    for (camera, confirmed) in cameras.iter().zip(confirmed) {
        match (&camera.fault, confirmed) {
            (Some((fault, begins)), at) => {
                let wait = at.filter(|at| at >= begins).map(|at| at.since(*begins));
                let in_time = wait.filter(|wait| *wait <= allowed(&camera.plan));
                waits.extend(in_time);
                let counts = found.entry(fault).or_default();
                counts[0] += usize::from(in_time.is_some());
                counts[1] += 1;
            }
            (None, Some(_)) => called_faulty += 1,
            (None, None) => {}
        }
    }
    waits.sort();
    let wait = waits.get(waits.len() / 2).map_or(0.0, Duration::as_secs_f64);
    let longest = waits.last().map_or(0.0, Duration::as_secs_f64);
    json!({ "cells": cells, "found": found, "called_faulty": called_faulty, "wait_s": wait, "longest_s": longest })
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let orders: Value = serde_json::from_str(&text)?;
    let library = look_at_all(&orders).await?;
    let cameras = fleet(&orders)?;
    let passed =
        |watcher: Watcher<'_>| watcher.hours(&cameras, &library).ok_or("a keyframe is missing");
    let sees = &orders["sees"];
    let said = json!({
        "ours": passed(Watcher::Ours)?,
        "theirs": passed(Watcher::Theirs(sees, None))?,
        "theirs_main": passed(Watcher::Theirs(sees, Some("main")))?,
    });
    Ok(writeln!(std::io::stdout(), "{said}")?)
}
