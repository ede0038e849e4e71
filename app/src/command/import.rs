//! `zhishou import`.

use super::{Failure, Outcome, block_on};
use crate::{ambient::SystemClock, cli::ImportArgs, output, wiring::platform::Platform};
use std::{collections::BTreeSet, fs, path::Path};
use zhishou_domain::{Clock, Lang, RowError};
use zhishou_ledger::Ledger;
use zhishou_storage::{ImportMode, ImportSummary};

/// Errors printed one a line; the rest is counted.
const SHOWN: usize = 50;

pub(super) fn run(args: &ImportArgs, lang: Lang) -> Result<Outcome, Failure> {
    if let Some(path) = &args.template {
        return write_template(path, lang);
    }
    let Some(path) = &args.ledger else { return Ok(Outcome::Good) };
    let bytes = fs::read(path).map_err(|error| Failure::named(&path.display(), &error, lang))?;
    let ledger = zhishou_ledger::read(&bytes)
        .map_err(|error| Failure::Usage(format!("{}: {}", path.display(), error.render(lang))))?;
    block_on(import(args, ledger, lang))
}

fn write_template(path: &Path, lang: Lang) -> Result<Outcome, Failure> {
    let bytes = zhishou_ledger::template().map_err(|error| Failure::ours(&error))?;
    fs::write(path, bytes).map_err(|error| Failure::named(&path.display(), &error, lang))?;
    output::line(&format!("{}: {}", lang.pick("模板已写入", "template written"), path.display()));
    Ok(Outcome::Good)
}

async fn import(args: &ImportArgs, ledger: Ledger, lang: Lang) -> Result<Outcome, Failure> {
    let mode = match (args.dry_run, args.partial) {
        (true, _) => ImportMode::DryRun,
        // Rows that could not be read are errors too: then nothing may be written.
        (false, false) if !ledger.errors.is_empty() => ImportMode::DryRun,
        (false, false) => ImportMode::AllOrNothing,
        (false, true) => ImportMode::Partial,
    };
    let platform = Platform::open(&args.platform, lang).await?;
    let now = SystemClock.now();
    let summary = platform.store.import(ledger.rows, now, mode).await;
    platform.store.close().await;
    let summary = summary.map_err(|error| Failure::ours(&error))?;
    let mut errors = ledger.errors;
    errors.extend(summary.errors.iter().cloned());
    errors.sort_by_key(|error| (error.row, error.column));
    let total = errors.len() + ledger.more_errors;
    if args.json {
        print_json(&summary, &errors, total, &ledger.ignored, lang)?;
    } else {
        print_text(&summary, &errors, total, &ledger.ignored, args.dry_run, lang);
        if args.partial && total > 0 {
            output::line(&left_out(&errors, ledger.more_errors, lang));
        }
    }
    // The file is at fault, not we.
    if total > 0 && !args.partial {
        return Err(Failure::Usage(match lang {
            Lang::Zh => format!(
                "台账有 {total} 处错误，未写入任何数据；改正后重试，或用 --partial 跳过有错的行"
            ),
            Lang::En => format!(
                "the ledger has {total} errors and nothing was written; mend them, or use --partial to leave those rows out"
            ),
        }));
    }
    Ok(Outcome::Good)
}

/// How many rows a partial import does without.
fn left_out(errors: &[RowError], more_errors: usize, lang: Lang) -> String {
    let rows = errors.iter().map(|error| error.row).collect::<BTreeSet<_>>().len();
    // Past a number of errors only their count is kept.
    let at_least = if more_errors > 0 { lang.pick("至少 ", "at least ") } else { "" };
    match lang {
        Lang::Zh => format!("因有错跳过 {at_least}{rows} 行"),
        Lang::En => format!("{at_least}{rows} rows with errors left out"),
    }
}

fn print_json(
    summary: &ImportSummary,
    errors: &[RowError],
    total: usize,
    ignored: &[String],
    lang: Lang,
) -> Result<(), Failure> {
    let mut value = serde_json::to_value(summary).map_err(|error| Failure::ours(&error))?;
    value["errors"] = errors
        .iter()
        .map(|error| {
            serde_json::json!({
                "row": error.row,
                "column": error.column,
                "value": error.value,
                "message": error.problem.render(lang),
            })
        })
        .collect();
    value["error_count"] = total.into();
    value["ignored_headings"] = ignored.into();
    output::line(&value.to_string());
    Ok(())
}

fn print_text(
    summary: &ImportSummary,
    errors: &[RowError],
    total: usize,
    ignored: &[String],
    dry_run: bool,
    lang: Lang,
) {
    for error in errors.iter().take(SHOWN) {
        output::note(&error.render(lang));
    }
    if total > SHOWN {
        let more = total - SHOWN;
        output::note(&match lang {
            Lang::Zh => format!("… 另有 {more} 处错误"),
            Lang::En => format!("… and {more} more errors"),
        });
    }
    if !ignored.is_empty() {
        let headings = ignored.join("、");
        output::note(&format!(
            "{}: {headings}",
            lang.pick("未识别的表头，已忽略", "headings ignored")
        ));
    }
    let verb = match (summary.applied, dry_run) {
        (true, _) => lang.pick("已导入", "imported"),
        (false, true) => lang.pick("试运行，未写入", "dry run, nothing written"),
        (false, false) => lang.pick("未写入", "nothing written"),
    };
    let s = summary;
    output::line(&match lang {
        Lang::Zh => format!(
            "{verb}: 共 {} 行 · 新增 {} · 更新 {} · 不变 {} · 状态变更 {} · 未接入探测 {} · 新街道 {} · 新站点 {} · 新单位 {} · 新运维单位 {}",
            s.rows,
            s.created,
            s.updated,
            s.unchanged,
            s.state_changes,
            s.unconnected,
            s.new_streets,
            s.new_sites,
            s.new_departments,
            s.new_maintainers
        ),
        Lang::En => format!(
            "{verb}: {} rows · {} new · {} updated · {} unchanged · {} changed state · {} without an address · {} new streets · {} new sites · {} new departments · {} new maintainers",
            s.rows,
            s.created,
            s.updated,
            s.unchanged,
            s.state_changes,
            s.unconnected,
            s.new_streets,
            s.new_sites,
            s.new_departments,
            s.new_maintainers
        ),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::RowProblem;

    #[test]
    fn a_row_with_two_errors_is_left_out_once() {
        let error = |row| RowError {
            row,
            column: None,
            value: String::new(),
            problem: RowProblem::Missing,
        };
        let errors = [error(2), error(2), error(7)];
        assert_eq!(left_out(&errors, 0, Lang::En), "2 rows with errors left out");
        assert_eq!(left_out(&errors, 9, Lang::Zh), "因有错跳过 至少 2 行");
    }
}
