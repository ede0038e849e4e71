//! `zhishou probe`: opens cameras, endpoints and equipment once, outside any platform.

mod dialogue;
mod sources;

use super::{Failure, Outcome, block_on};
use crate::{
    cli::ProbeArgs,
    output::{self, progress::Progress, table},
    wiring::{descriptors, prober::Driver},
};
use std::{fs, path::Path, sync::Arc, time::Duration};
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use zhishou_config::Probing;
use zhishou_domain::{
    Claim, Depth, Lang, Observation, ProbeRequest, Snapshot, TestCall, Verdict, endpoint::is_sip,
};
use zhishou_scheduler::{Prober, Taping};

/// Times the number of processors, probes under way at once: they wait more than they work.
const PER_PROCESSOR: usize = 16;
/// Between two starts: a list of thousands does not begin in one moment.
const PACE: Duration = Duration::from_millis(5);

pub(super) fn run(args: ProbeArgs, lang: Lang) -> Result<Outcome, Failure> {
    sources::hide_logins(&args)?;
    descriptors::raise();
    if let Some(folder) = &args.snapshot {
        fs::create_dir_all(folder)
            .map_err(|error| Failure::named(&folder.display(), &error, lang))?;
    }
    if let Some(file) = &args.replay {
        let capture = dialogue::read(file, lang)?;
        return block_on(dialogue::replay(&args, capture, lang));
    }
    let mut targets = sources::read(&args, lang)?;
    if args.explain || args.record.is_some() {
        let (Some(request), true) = (targets.pop(), targets.is_empty()) else {
            let problem = lang.pick(
                "--explain 和 --record 一次只能用于一个地址",
                "--explain and --record take one address at a time",
            );
            return Err(Failure::Usage(problem.to_owned()));
        };
        return block_on(dialogue::probe(&args, request, lang));
    }
    block_on(probe_all(args, targets, lang))
}

async fn probe_all(
    args: ProbeArgs,
    targets: Vec<ProbeRequest>,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let stop = stop_on_signal()?;
    let driver = Arc::new(Driver::for_one_run());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let room = Arc::new(Semaphore::new(args.jobs.map_or(PER_PROCESSOR * processors, usize::from)));
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut progress = Progress::new(targets.len(), !args.json);
    let mut running = JoinSet::new();
    let mut verdicts = Vec::with_capacity(targets.len());
    let mut waiting = targets.into_iter();
    let mut failed = None;
    loop {
        tokio::select! {
            permit = turn(&mut pace, &room), if waiting.len() > 0 && !stop.is_cancelled() => {
                let (Ok(permit), Some(request)) = (permit, waiting.next()) else { continue };
                let (driver, stop) = (Arc::clone(&driver), stop.child_token());
                running.spawn(async move {
                    let probed = driver.probe(request, Taping::Off, stop).await;
                    drop(permit);
                    probed
                });
            }
            Some(ended) = running.join_next() => match ended {
                Ok(probed) => {
                    let mut observation = probed.observation;
                    if let (Some(folder), Some(jpeg)) = (&args.snapshot, probed.snapshot)
                        && let Err(failure) =
                            keep(&mut observation, folder, verdicts.len(), &jpeg)
                    {
                        // No more is begun; what is open is closed properly.
                        failed.get_or_insert(failure);
                        stop.cancel();
                    }
                    if let Err(error) = progress.step(&show(&observation, args.json, lang)) {
                        failed.get_or_insert(Failure::ours(&error));
                        stop.cancel();
                    }
                    verdicts.push(observation.verdict);
                }
                Err(error) => {
                    tracing::error!(%error, "a probe ended abnormally");
                    verdicts.push(Verdict::Unknown);
                }
            },
            else => break,
        }
    }
    progress.end();
    driver.0.close().await;
    if !args.json && verdicts.len() > 1 {
        output::line(&table::summary(&verdicts, lang));
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    if stop.is_cancelled() {
        return Ok(Outcome::Unknown);
    }
    Ok(outcome(&verdicts))
}

/// Waits for the time to start one more, and for its place.
async fn turn(
    pace: &mut Interval,
    room: &Arc<Semaphore>,
) -> Result<OwnedSemaphorePermit, AcquireError> {
    let permit = Arc::clone(room).acquire_owned().await?;
    pace.tick().await;
    Ok(permit)
}

/// Unknown wins over bad news, as the contract has it.
fn outcome(verdicts: &[Verdict]) -> Outcome {
    if verdicts.contains(&Verdict::Unknown) {
        Outcome::Unknown
    } else if verdicts.iter().all(|&verdict| verdict == Verdict::Online) {
        Outcome::Good
    } else {
        Outcome::BadNews
    }
}

fn show(observation: &Observation, json: bool, lang: Lang) -> String {
    if json {
        observation.to_json(lang, zone()).to_string()
    } else {
        table::render(observation, lang)
    }
}

/// The zone of `TZ`, or that of the districts we serve.
fn zone() -> chrono_tz::Tz {
    let named = std::env::var("TZ").ok().and_then(|name| name.trim_start_matches(':').parse().ok());
    named.unwrap_or(chrono_tz::Asia::Shanghai)
}

fn keep(
    observation: &mut Observation,
    folder: &Path,
    number: usize,
    jpeg: &[u8],
) -> Result<(), Failure> {
    let safe: String = observation
        .target
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' })
        .take(100)
        .collect();
    let path = folder.join(format!("{:04}-{safe}.jpg", number + 1));
    fs::write(&path, jpeg)
        .map_err(|error| Failure::Ours(format!("{}: {error}", path.display())))?;
    if let Some(picture) = &mut observation.picture {
        picture.snapshot = Some(path.display().to_string());
    }
    Ok(())
}

/// A token that fires on Ctrl-C, SIGTERM and a closed terminal, so that every session is taken down.
pub(super) fn stop_on_signal() -> Result<CancellationToken, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::ours(&error))?;
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| Failure::ours(&error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Failure::ours(&error))?;
    let fired = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
        fired.cancel();
    });
    Ok(stop)
}

/// A request for one address.
fn request(
    url: String,
    login: Option<zhishou_domain::Credential>,
    args: &ProbeArgs,
) -> ProbeRequest {
    let is_call = is_sip(&url);
    let depth = args.depth.unwrap_or(if is_call { Depth::Reach } else { Depth::Picture });
    let seconds = args.seconds.unwrap_or(if is_call { 20.0 } else { 3.0 });
    ProbeRequest {
        credential: login,
        // Nothing is known of recorders here: whatever has one address may be one.
        claim: Claim {
            per_host: u32::try_from(Probing::default().per_host).ok(),
            ..Claim::default()
        },
        seconds: Duration::from_secs_f64(seconds),
        // Who asks for media of an endpoint by name permits the call.
        test_call: if depth > Depth::Reach { TestCall::Permitted } else { TestCall::Forbidden },
        transport: args.transport,
        checks: args.checks.clone(),
        snapshot: if args.snapshot.is_some() { Snapshot::Always } else { Snapshot::Never },
        ..ProbeRequest::new(url, depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Degraded, Offline, Online, Unknown};

    #[tokio::test(start_paused = true)]
    async fn probes_of_one_run_start_one_after_the_other() {
        let mut pace = tokio::time::interval(PACE);
        let (room, began) = (Arc::new(Semaphore::new(1000)), tokio::time::Instant::now());
        for _ in 0..200 {
            drop(turn(&mut pace, &room).await.unwrap());
        }
        assert_eq!(began.elapsed(), 199 * PACE);
    }

    #[test]
    fn unknown_wins_over_bad_news() {
        assert_eq!(outcome(&[Online, Online]), Outcome::Good);
        assert_eq!(outcome(&[Online, Degraded]), Outcome::BadNews);
        assert_eq!(outcome(&[Offline, Unknown]), Outcome::Unknown);
    }
}
