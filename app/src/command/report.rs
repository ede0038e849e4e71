//! `zhishou report`: the availability report of a period, as files.

use super::{Failure, Outcome, block_on};
use crate::{
    ambient::SystemClock,
    cli::{ReportArgs, ReportFormat},
    output,
    wiring::platform::Platform,
};
use chrono::{Datelike, NaiveDate};
use std::fs;
use zhishou_domain::{
    Clock, Lang,
    account::Days,
    policy::{DEFAULT_POLICY, LocalTime, Policy, PolicyRef},
};
use zhishou_report::{Document, Order, Period, PeriodKind, ReportError, make};
use zhishou_storage::Store;

pub(super) fn run(args: &ReportArgs, lang: Lang) -> Result<Outcome, Failure> {
    block_on(async {
        let platform = Platform::open_existing(&args.platform, lang).await?;
        let made = made(&platform, args, lang).await;
        platform.store.close().await;
        let document = made?;
        fs::create_dir_all(&args.out)
            .map_err(|error| Failure::named(&args.out.display(), &error, lang))?;
        for &format in &args.format {
            write(&document, format, args, lang)?;
        }
        Ok(Outcome::Good)
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

async fn made(platform: &Platform, args: &ReportArgs, lang: Lang) -> Result<Document, Failure> {
    let (zone, now) = (platform.config.district.zone(), SystemClock.now());
    let order = Order {
        district: platform.config.district.name.clone(),
        zone,
        period: period(args, Days::day_of(now, args.cut_off, zone), lang)?,
        policy: policy(&platform.store, args.policy.as_deref(), lang).await?,
    };
    make(&platform.store, &order, now).await.map_err(|error| Failure::ours(&error))
}

/// The policy named: `id@version`, `id` for its newest version; the default one where none is.
async fn policy(store: &Store, name: Option<&str>, lang: Lang) -> Result<Policy, Failure> {
    let name = name.unwrap_or(DEFAULT_POLICY);
    let found = match name.parse::<PolicyRef>() {
        Ok(PolicyRef { id, version }) => store.policy(&id, Some(version)).await,
        Err(_) => store.policy(name, None).await,
    };
    let found = found.map_err(|error| Failure::ours(&error))?;
    let none = lang.pick("没有这个口径或版本", "no such policy or version");
    found.map(|stored| stored.policy).ok_or_else(|| Failure::Usage(format!("{name}: {none}")))
}

fn write(
    document: &Document,
    format: ReportFormat,
    args: &ReportArgs,
    lang: Lang,
) -> Result<(), Failure> {
    let number = document.period.number();
    let made: Result<Vec<u8>, ReportError> = match format {
        ReportFormat::Csv => zhishou_report::to_csv(document, lang),
        ReportFormat::Xlsx => zhishou_report::to_xlsx(document, lang),
        ReportFormat::Html => {
            Ok(zhishou_report::to_html(document, &document.period.name(lang), lang).into_bytes())
        }
        ReportFormat::Json => zhishou_report::to_json(document)
            .and_then(|value| Ok(serde_json::to_vec_pretty(&value)?)),
    };
    let bytes = made.map_err(|error| Failure::ours(&error))?;
    let path = args.out.join(format!("availability-{number}.{}", format.ending()));
    fs::write(&path, bytes).map_err(|error| Failure::system(&path.display(), &error, lang))?;
    output::line(&path.display().to_string());
    Ok(())
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
