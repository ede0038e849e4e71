//! One probe with its dialogue: told, kept as a file, or done again from one.

use super::{keep, outcome, show, stop_on_signal};
use crate::{
    cli::ProbeArgs,
    command::{Failure, Outcome},
    output,
    wiring::prober::Driver,
};
use std::{
    fs::{File, OpenOptions},
    io::{BufReader, BufWriter},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};
use zhishou_domain::{Lang, ProbeRequest, Snapshot};
use zhishou_probe::{Capture, Tape};

/// A recorded dialogue. What is wrong with it is a usage error that names the file.
pub(super) fn read(file: &Path, lang: Lang) -> Result<Capture, Failure> {
    let named = |problem: String| {
        let what = lang.pick("不是可用的对话文件", "no dialogue that can be replayed");
        Failure::Usage(format!("{}: {what}: {problem}", file.display()))
    };
    let input = File::open(file).map_err(|error| named(error.to_string()))?;
    Capture::read(BufReader::new(input)).map_err(|error| named(error.to_string()))
}

/// Opens the device and keeps what is said.
pub(super) async fn probe(
    args: &ProbeArgs,
    request: ProbeRequest,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let stop = stop_on_signal()?;
    let (driver, tape) = (Driver::for_one_run(), Tape::new());
    let probed = driver.0.probe_taped(request, stop.child_token(), &tape).await;
    driver.0.close().await;
    if let Some(file) = &args.record {
        let Some(capture) = tape.capture() else {
            let problem = lang.pick("没有可保存的对话", "there is no dialogue to keep");
            return Err(Failure::Ours(problem.to_owned()));
        };
        write(&capture, file)?;
    }
    let ended = tell(args, probed, &tape, lang)?;
    Ok(if stop.is_cancelled() { Outcome::Unknown } else { ended })
}

/// Does a probe again from its dialogue.
pub(super) async fn replay(
    args: &ProbeArgs,
    capture: Capture,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let (driver, tape) = (Driver::for_one_run(), Tape::new());
    let snapshot = if args.snapshot.is_some() { Snapshot::Always } else { Snapshot::Never };
    let probed = driver.0.replay(&capture, snapshot, &tape).await;
    driver.0.close().await;
    tell(args, probed, &tape, lang)
}

/// For nobody's eyes but the owner's: it may show what the camera sees.
fn write(capture: &Capture, file: &Path) -> Result<(), Failure> {
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    opened
        .and_then(|out| capture.write(BufWriter::new(out)))
        .map_err(|error| Failure::Ours(format!("{}: {error}", file.display())))
}

fn tell(
    args: &ProbeArgs,
    probed: zhishou_probe::Outcome,
    tape: &Tape,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let mut observation = probed.observation;
    if let (Some(folder), Some(jpeg)) = (&args.snapshot, probed.snapshot) {
        keep(&mut observation, folder, 0, &jpeg)?;
    }
    if let (true, Some(capture)) = (args.explain, tape.capture()) {
        // With --json, standard output is for programs.
        let print = if args.json { output::note } else { output::line };
        capture.explain(&observation, lang).iter().for_each(|line| print(line));
    }
    output::result(&show(&observation, args.json, lang)).map_err(|error| Failure::ours(&error))?;
    Ok(outcome(&[observation.verdict]))
}
