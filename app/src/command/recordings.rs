//! `zhishou recordings check [--contents] [--repair]`: whether evidence files and database agree.

use super::{Failure, Outcome, block_on};
use crate::{
    ambient::SystemClock,
    cli::RecordingsCommand,
    output,
    wiring::{
        agreement::{check, repair},
        platform::Platform,
    },
};
use zhishou_domain::{Clock, Lang};
use zhishou_recordings::{Depth, Fsck, Key};

pub(super) fn run(command: &RecordingsCommand, lang: Lang) -> Result<Outcome, Failure> {
    let RecordingsCommand::Check { platform, contents, repair } = command;
    block_on(async {
        let opened = Platform::open_existing(platform, lang).await?;
        let depth = if *contents { Depth::Contents } else { Depth::Sizes };
        let done = look(&opened, depth, *repair, lang).await;
        opened.store.close().await;
        done
    })
}

async fn look(
    platform: &Platform,
    depth: Depth,
    mend: bool,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let (store, files) = (&platform.store, &platform.files);
    let now = SystemClock.now();
    let mut found = check(store, files, depth, now).await?;
    show(&found, lang);
    if mend && !found.is_clean() {
        let done = repair(store, files, &found).await?;
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
