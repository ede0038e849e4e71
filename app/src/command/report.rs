//! `zhishou report`: the availability report of a period, as files.

use super::{Failure, Outcome, block_on};
use crate::{
    ambient::{SystemClock, shell_login},
    cli::{PlatformArgs, ReportArgs, ReportCommand},
    output,
    wiring::platform::Platform,
};
use chrono::{Datelike, NaiveDate};
use std::{fs, path::Path};
use zhishou_domain::{
    Clock, Lang,
    account::Days,
    policy::{DEFAULT_POLICY, LocalTime, Policy},
};
use zhishou_report::{
    Document, Edition, Order, Period, PeriodKind, PressError, Publisher, VerifyError, make, publish,
};
use zhishou_storage::Store;

pub(super) fn run(args: &ReportArgs, lang: Lang) -> Result<Outcome, Failure> {
    match &args.command {
        Some(ReportCommand::Verify { file, platform }) => verify(file, platform, lang),
        None => write(args, lang),
    }
}

fn write(args: &ReportArgs, lang: Lang) -> Result<Outcome, Failure> {
    let Some(out) = &args.out else { return Err(Failure::Usage("--out".to_owned())) };
    block_on(async {
        let platform = Platform::open_existing(&args.platform, lang).await?;
        let made = made(&platform, args, lang).await;
        platform.store.close().await;
        let (document, edition) = made?;
        fs::create_dir_all(out).map_err(|error| Failure::named(&out.display(), &error, lang))?;
        for &format in &args.format {
            let bytes = zhishou_report::write(&document, edition.as_ref(), format, lang)
                .map_err(|error| Failure::ours(&error))?;
            let path = out.join(zhishou_report::file_name(&document, edition.as_ref(), format));
            fs::write(&path, bytes)
                .map_err(|error| Failure::system(&path.display(), &error, lang))?;
            output::line(&path.display().to_string());
        }
        Ok(Outcome::Good)
    })
}

fn verify(file: &Path, platform: &PlatformArgs, lang: Lang) -> Result<Outcome, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::named(&file.display(), &error, lang))?;
    block_on(async {
        let platform = Platform::open_existing(platform, lang).await?;
        let verified = zhishou_report::verify(&platform.store, &bytes).await;
        platform.store.close().await;
        let findings = verified.map_err(|error| match error {
            VerifyError::Unreadable(_) | VerifyError::Time(_) => {
                let no = lang.pick("不是 JSON 报表", "not a report in JSON");
                Failure::Usage(format!("{}: {no}", file.display()))
            }
            error => Failure::ours(&error),
        })?;
        for line in findings.iter().flat_map(|finding| finding.words(lang)) {
            output::line(&line);
        }
        if findings.is_empty() {
            output::line(lang.pick("一致：重新计算与报表相同", "it holds: recomputed, the same"));
            return Ok(Outcome::Good);
        }
        Ok(Outcome::BadNews)
    })
}

/// The period asked for; yesterday where none is.
fn period(args: &ReportArgs, today: NaiveDate, lang: Lang) -> Result<Period, Failure> {
    let cut_off = args.cut_off;
    let period = match (args.day, args.month, args.from, args.to) {
        (Some(day), ..) => Period::around(PeriodKind::Day, day, cut_off),
        (_, Some(first), ..) => Period::around(PeriodKind::Month, first, cut_off),
        (_, _, Some(from), Some(to)) => Period::between(from, to, cut_off),
        _ => {
            let yesterday = today.pred_opt().unwrap_or(today);
            Period::around(PeriodKind::Day, yesterday, cut_off)
        }
    };
    let days = period.days;
    period.checked(today).map_err(|error| {
        Failure::Usage(format!("{} – {}: {}", days.from, days.to, error.words(lang)))
    })
}

async fn made(
    platform: &Platform,
    args: &ReportArgs,
    lang: Lang,
) -> Result<(Document, Option<Edition>), Failure> {
    let (store, zone, now) = (&platform.store, platform.config.district.zone(), SystemClock.now());
    let order = Order {
        district: platform.config.district.name.clone(),
        zone,
        period: period(args, Days::day_of(now, args.cut_off, zone), lang)?,
        policy: policy(store, args.policy.as_deref(), lang).await?,
        calendar: platform.config.repair.rules(zone).calendar,
    };
    if !args.publish {
        let made = make(store, &order, now, |_, _| {}).await;
        return Ok((made.map_err(|error| Failure::ours(&error))?, None));
    }
    let made = publish(store, &order, &by_hand(), now, |_, _| {}).await;
    let published = made.map_err(|error| refused(&error, lang))?.published();
    Ok((published.document, Some(published.edition)))
}

/// Why nothing was published, in the words of whoever asked.
fn refused(error: &PressError, lang: Lang) -> Failure {
    let (number, why) = match error {
        PressError::NotOver(number) => {
            (number, lang.pick("时段尚未结束，不能发布", "its period is not over"))
        }
        PressError::Nothing(number) => {
            (number, lang.pick("时段内无应检设备，不能发布", "nothing was scheduled in it"))
        }
        error => return Failure::ours(error),
    };
    Failure::Usage(format!("{number}: {why}"))
}

/// It is whoever runs this who publishes, and the report is not sent.
fn by_hand() -> Publisher {
    Publisher { login: shell_login(), address: String::new() }
}

/// The policy named: `id@version`, `id` for its newest version; the default one where none is.
async fn policy(store: &Store, name: Option<&str>, lang: Lang) -> Result<Policy, Failure> {
    let name = name.unwrap_or(DEFAULT_POLICY);
    let found = store.policy_named(name).await.map_err(|error| Failure::ours(&error))?;
    let none = lang.pick("没有这个口径或版本", "no such policy or version");
    found.map(|stored| stored.policy).ok_or_else(|| Failure::Usage(format!("{name}: {none}")))
}

/// `YYYY-MM` as the first day of that month.
pub(crate) fn month(text: &str) -> Result<NaiveDate, String> {
    let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
    first.ok().filter(|day| day.day() == 1).ok_or_else(|| "want YYYY-MM".to_owned())
}

/// `HH:MM`.
pub(crate) fn cut_off(text: &str) -> Result<LocalTime, String> {
    LocalTime::try_from(text.to_owned()).map_err(|_| "want HH:MM".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_in_which_nothing_was_scheduled_is_refused_in_both_languages() {
        let words = |lang| match refused(&PressError::Nothing("2026-D-0325".to_owned()), lang) {
            Failure::Usage(words) => words,
            _ => String::new(),
        };
        assert_eq!(words(Lang::Zh), "2026-D-0325: 时段内无应检设备，不能发布");
        assert_eq!(words(Lang::En), "2026-D-0325: nothing was scheduled in it");
    }
}
