//! `zhishou report`: the availability of sites over whole local days, as files.

use super::{Failure, Outcome, block_on};
use crate::{
    ambient::SystemClock,
    cli::{ReportArgs, ReportFormat},
    output,
    wiring::platform::Platform,
};
use chrono::{Datelike, Months, NaiveDate};
use std::{collections::HashMap, fs};
use zhishou_domain::{Clock, Lang, POLICY};
use zhishou_report::{Availability, ReportError, SiteRow};
use zhishou_storage::{By, Filter, Period, StoreError};

pub(super) fn run(args: &ReportArgs, lang: Lang) -> Result<Outcome, Failure> {
    block_on(async {
        let platform = Platform::open_existing(&args.platform, lang).await?;
        let made = make(&platform, args, lang).await;
        platform.store.close().await;
        let report = made?;
        fs::create_dir_all(&args.out)
            .map_err(|error| Failure::named(&args.out.display(), &error, lang))?;
        for &format in &args.format {
            write(&report, format, args, lang)?;
        }
        Ok(Outcome::Good)
    })
}

/// The days asked for; yesterday where none are.
fn days(
    args: &ReportArgs,
    today: NaiveDate,
    lang: Lang,
) -> Result<(NaiveDate, NaiveDate), Failure> {
    let (from, to) = match (args.day, args.month, args.from, args.to) {
        (Some(day), ..) => (day, day),
        (_, Some(first), ..) => {
            let last = first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
            (first, last.unwrap_or(first))
        }
        (_, _, Some(from), Some(to)) => (from, to),
        _ => {
            let yesterday = today.pred_opt().unwrap_or(today);
            (yesterday, yesterday)
        }
    };
    if from > to || from > today {
        let rule =
            lang.pick("起止日期颠倒，或在将来", "the days run backwards or lie in the future");
        return Err(Failure::Usage(format!("{from} – {to}: {rule}")));
    }
    Ok((from, to.min(today)))
}

async fn make(platform: &Platform, args: &ReportArgs, lang: Lang) -> Result<Availability, Failure> {
    let (zone, now) = (platform.config.district.zone(), SystemClock.now());
    let (from, to) = days(args, now.local_day(zone), lang)?;
    let period = Period::days(from, to, now, zone);
    let read = async {
        let figures = platform.store.figures(By::Site, &Filter::default(), period).await?;
        Ok::<_, StoreError>((figures, platform.store.site_names().await?))
    };
    let (figures, names) = read.await.map_err(|error| Failure::ours(&error))?;
    let names: HashMap<_, _> = names.into_iter().map(|site| (site.id.to_string(), site)).collect();
    let mut sites: Vec<SiteRow> = figures
        .into_iter()
        .filter_map(|figures| {
            let site = names.get(figures.key.as_deref()?)?;
            Some(SiteRow {
                street: site.street_name.clone(),
                site: site.name.clone(),
                devices: figures.counts.probed(),
                minutes: figures.minutes,
            })
        })
        .collect();
    let rate = |row: &SiteRow| row.minutes.online().value().unwrap_or(2.0);
    sites.sort_by(|a, b| {
        rate(a).total_cmp(&rate(b)).then_with(|| (&a.street, &a.site).cmp(&(&b.street, &b.site)))
    });
    // Percent of a share that the configuration has checked.
    let floor = (platform.config.accounting.coverage_floor * 100.0).round() as u8;
    Ok(Availability {
        district: platform.config.district.name.clone(),
        from: from.to_string(),
        to: to.to_string(),
        time_zone: zone.name().to_owned(),
        made_at: now.rfc3339(zone),
        policy: POLICY.to_owned(),
        coverage_floor_percent: floor,
        sites,
    })
}

fn write(
    report: &Availability,
    format: ReportFormat,
    args: &ReportArgs,
    lang: Lang,
) -> Result<(), Failure> {
    let made: Result<Vec<u8>, ReportError> = match format {
        ReportFormat::Csv => zhishou_report::to_csv(report, lang),
        ReportFormat::Xlsx => zhishou_report::to_xlsx(report, lang),
        ReportFormat::Json => zhishou_report::to_json(report),
    };
    let bytes = made.map_err(|error| Failure::ours(&error))?;
    let days = if report.from == report.to {
        report.from.clone()
    } else {
        format!("{}_{}", report.from, report.to)
    };
    let path = args.out.join(format!("availability-{days}.{}", format.ending()));
    fs::write(&path, bytes).map_err(|error| Failure::system(&path.display(), &error, lang))?;
    output::line(&path.display().to_string());
    Ok(())
}

/// `YYYY-MM` as the first day of that month.
pub(crate) fn month(text: &str) -> Result<NaiveDate, String> {
    let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
    first.ok().filter(|day| day.day() == 1).ok_or_else(|| "want YYYY-MM".to_owned())
}
