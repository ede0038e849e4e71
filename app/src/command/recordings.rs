//! `zhishou recordings check [--contents] [--repair]`: whether evidence files and database agree.

use super::{Failure, Outcome, block_on};
use crate::{
    ambient::SystemClock,
    cli::RecordingsCommand,
    output,
    wiring::{
        agreement::{Bound, Refused, check, repair},
        platform::Platform,
    },
};
use zhishou_domain::{Clock, Lang};
use zhishou_recordings::{Depth, Fsck, Key};

pub(super) fn run(command: &RecordingsCommand, lang: Lang) -> Result<Outcome, Failure> {
    let RecordingsCommand::Check { platform, contents, repair, force } = command;
    block_on(async {
        let opened = Platform::open_existing(platform, lang).await?;
        let depth = if *contents { Depth::Contents } else { Depth::Sizes };
        let bound = if *force { Bound::Forced } else { Bound::Few };
        let done = look(&opened, depth, repair.then_some(bound), lang).await;
        opened.store.close().await;
        done
    })
}

async fn look(
    platform: &Platform,
    depth: Depth,
    mend: Option<Bound>,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let (store, files) = (&platform.store, &platform.files);
    let now = SystemClock.now();
    let mut found = check(store, files, depth, now).await?;
    show(&found, lang);
    if let Some(bound) = mend.filter(|_| !found.is_clean()) {
        let done = repair(store, files, &found, bound).await?;
        if let Some(refused) = done.refused {
            return Err(Failure::Ours(words(refused, lang)));
        }
        let (forgotten, adopted, deleted) = (done.forgotten, done.adopted, done.deleted);
        output::line(&match lang {
            Lang::Zh => {
                format!("已处理：删除记录 {forgotten}，补登文件 {adopted}，删除文件 {deleted}")
            }
            Lang::En => format!(
                "mended: {forgotten} rows forgotten, {adopted} files on record again, {deleted} files deleted"
            ),
        });
        found = check(store, files, depth, now).await?;
    }
    if found.is_clean() {
        output::line(lang.pick("● 证据文件与数据库一致", "● evidence files and database agree"));
        return Ok(Outcome::Good);
    }
    Ok(Outcome::BadNews)
}

/// Why so much is not deleted, and what to do.
fn words(refused: Refused, lang: Lang) -> String {
    match (refused, lang) {
        (Refused::EmptyDatabase { files }, Lang::Zh) => format!(
            "数据库中没有任何证据记录，目录中却有 {files} 个文件：很可能用错了数据库（--data）或数据库已丢失。没有删除任何文件。请先恢复数据库备份，或确认 --data；确实不要这些文件时请手工移走"
        ),
        (Refused::EmptyDatabase { files }, Lang::En) => format!(
            "the database has no row of evidence and the folder {files} files: likely the wrong database (--data), or a lost one. No file was deleted. Restore the database or name the right one; move the files away by hand where you do not want them"
        ),
        (Refused::ManyFiles { files, of }, Lang::Zh) => format!(
            "{of} 个证据文件中有 {files} 个找不到所属设备，数量过多，没有删除任何文件。请确认 --data 指向正确的数据库；确认无误后加 --force 再执行"
        ),
        (Refused::ManyFiles { files, of }, Lang::En) => format!(
            "{files} of {of} evidence files belong to no known device, which is too many: no file was deleted. Make sure that --data names the right database, then run again with --force"
        ),
        (Refused::ManyRows { rows, of }, Lang::Zh) => format!(
            "{of} 条证据记录中有 {rows} 条没有文件，数量过多，没有删除任何记录。请确认证据目录已挂载、未被移走；确认无误后加 --force 再执行"
        ),
        (Refused::ManyRows { rows, of }, Lang::En) => format!(
            "{rows} of {of} rows of evidence have no file, which is too many: no row was deleted. Make sure that the evidence folder is mounted and was not moved, then run again with --force"
        ),
    }
}

fn show(found: &Fsck, lang: Lang) {
    let list = |keys: &[Key], words: &str| {
        for key in keys {
            output::line(&format!("✕ {words}: {key}"));
        }
    };
    list(&found.missing, lang.pick("有记录无文件", "row without a file"));
    list(&found.orphans, lang.pick("有文件无记录", "file without a row"));
    let damaged = lang.pick(
        "文件与记录不符（不自动处理，请人工核查）",
        "file is not what its row says (left for you to look at)",
    );
    list(&found.damaged, damaged);
}
