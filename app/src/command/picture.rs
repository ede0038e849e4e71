//! `zhishou picture`: judges files with the code of a probe.

mod files;

use super::{Failure, Outcome};
use crate::{
    cli::PictureArgs,
    output::{self, picture as print, progress::Progress, sheet::Sheet},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};
use zhishou_domain::Lang;
use zhishou_probe::files::{FileJudge, Judged};

/// Width of a picture on the contact sheet, pixels.
const THUMBNAIL: usize = 240;

/// One file's answer; in words, why there is none.
pub(crate) struct Answer {
    pub(crate) file: PathBuf,
    pub(crate) judged: Result<Judged, String>,
}

pub(super) fn run(args: &PictureArgs, lang: Lang) -> Result<Outcome, Failure> {
    let files = files::of(&args.files);
    if files.is_empty() {
        let problem = lang.pick("没有可判断的图片或视频", "no picture and no video to judge");
        return Err(Failure::Usage(problem.to_owned()));
    }
    let mut judge = FileJudge::default();
    if let Some(path) = &args.reference {
        judge = judge.with_reference(path).map_err(|error| {
            Failure::Usage(format!("{}: {}", path.display(), print::problem(&error, lang)))
        })?;
    }
    if args.sheet.is_some() {
        judge = judge.with_thumbnails(THUMBNAIL);
    }
    let mut progress = Progress::new(files.len(), !args.json);
    let mut sheet = args.sheet.is_some().then(|| Sheet::new(lang));
    let mut tally = print::Tally::default();
    let all = judge_all(&judge, &files, lang, |answer| {
        let shown = if args.json {
            print::json(&answer, lang).to_string()
        } else {
            print::render(&answer, lang)
        };
        tally.count(&answer);
        if let Some(sheet) = &mut sheet {
            sheet.add(answer);
        }
        progress.step(&shown)
    });
    progress.end();
    all.map_err(|error| Failure::ours(&error))?;
    if !args.json && files.len() > 1 {
        output::line(&tally.line(lang));
    }
    if let (Some(sheet), Some(path)) = (sheet, &args.sheet) {
        sheet
            .write(path, &tally)
            .map_err(|problem| Failure::Ours(format!("{}: {problem}", path.display())))?;
    }
    Ok(if tally.unread > 0 {
        Outcome::Unknown
    } else if tally.faulty > 0 {
        Outcome::BadNews
    } else {
        Outcome::Good
    })
}

/// Judges on every processor and hands each answer over as it comes; no more than a few are ever
/// held. Ends early where one cannot be handed over.
fn judge_all(
    judge: &FileJudge,
    files: &[PathBuf],
    lang: Lang,
    mut take: impl FnMut(Answer) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let next = AtomicUsize::new(0);
    let (give, answers) = mpsc::sync_channel(workers);
    thread::scope(|scope| {
        for _ in 0..workers {
            let (give, next) = (give.clone(), &next);
            scope.spawn(move || {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let judged = judge_one(judge, file, lang);
                    if give.send(Answer { file: file.clone(), judged }).is_err() {
                        break;
                    }
                }
            });
        }
        drop(give);
        // Returning drops the receiver, and the workers stop after the file they are at.
        answers.into_iter().try_for_each(&mut take)
    })
}

/// A decoder that panics on a hostile file must not end the run over ten thousand others.
fn judge_one(judge: &FileJudge, file: &Path, lang: Lang) -> Result<Judged, String> {
    match catch_unwind(AssertUnwindSafe(|| judge.judge(file))) {
        Ok(judged) => judged.map_err(|error| print::problem(&error, lang)),
        Err(_) => Err(lang.pick("解码器崩溃", "decode: the decoder gave up").to_owned()),
    }
}
