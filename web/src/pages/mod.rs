//! The pages, one module each, with a typed context for its template.

pub(crate) mod alerts;
mod bar;
pub(crate) mod baseline;
pub(crate) mod basis;
pub(crate) mod bookings;
mod check_plan_form;
pub(crate) mod check_plans;
pub(crate) mod dashboard;
pub(crate) mod device;
mod device_day;
mod device_view;
pub(crate) mod devices;
pub(crate) mod dialogue;
pub(crate) mod duty;
pub(crate) mod duty_people;
mod endpoint_view;
mod equipment_view;
pub(crate) mod exclusion;
pub(crate) mod exclusion_files;
pub(crate) mod exclusions;
mod incident_evidence;
pub(crate) mod incidents;
pub(crate) mod inspection;
pub(crate) mod ledger;
pub(crate) mod login;
pub(crate) mod meeting;
pub(crate) mod meeting_acts;
pub(crate) mod meeting_view;
pub(crate) mod overview;
pub(crate) mod password;
pub(crate) mod picture;
mod picture_view;
pub(crate) mod policies;
pub(crate) mod reconciliations;
pub(crate) mod reference;
pub(crate) mod reports;
mod street_events;
pub(crate) mod wall;
pub(crate) mod work_orders;
pub(crate) mod work_photos;

use crate::{
    app::App,
    draw::{self, Segment, Strip},
    failure::Failure,
    format::{Moment, grouped},
    query::FilterQuery,
    words::Words,
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use std::ops::Range;
use zhishou_domain::{Counts, DeviceKind, FaultCode, KindCounts, Lang, Standing, Timestamp};
use zhishou_report::{Format, Sheet};
use zhishou_storage::{Period, Present};

pub(crate) use bar::FilterBar;

/// A present state in words.
pub(crate) fn present_word(present: Present, t: Words) -> &'static str {
    match present {
        Present::Offline => t.offline(),
        Present::Degraded => t.degraded(),
        Present::Unknown => t.unknown(),
        Present::Online => t.online(),
        Present::Unconnected => t.unconnected(),
        Present::OutOfUse => t.out_of_use(),
    }
}

/// How many devices are in a state, and where they are listed.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) state: Present,
    pub(crate) word: &'static str,
    pub(crate) number: u64,
    pub(crate) text: String,
    pub(crate) href: String,
}

/// The counts of a first line, each linked to its list.
pub(crate) fn count_links(
    counts: Counts,
    t: Words,
    link: impl Fn(Present) -> String,
) -> Vec<Count> {
    let numbers = [
        (Present::Offline, counts.offline),
        (Present::Degraded, counts.degraded),
        (Present::Unknown, counts.unknown),
        (Present::Unconnected, counts.unconnected),
        (Present::Online, counts.online),
    ];
    let counts = numbers.into_iter().map(|(state, number)| Count {
        state,
        word: present_word(state, t),
        number,
        text: grouped(number),
        href: link(state),
    });
    counts.collect()
}

/// Devices of a kind that is not in the first counts of a page, in words.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// `另有配套设备 6 台`.
    pub(crate) text: String,
    pub(crate) href: String,
    /// States that any is in.
    pub(crate) counts: Vec<Count>,
}

/// The devices of other kinds than `kinds`.
pub(crate) fn beside(
    counts: &KindCounts,
    kinds: &[DeviceKind],
    (path, query): (&str, &FilterQuery),
    t: Words,
) -> Vec<Beside> {
    let others = counts.beside(kinds).into_iter().map(|(kind, counts)| {
        let devices = grouped(counts.ledger());
        let link =
            |state| query.link(path, &[("kind", kind.code()), ("state", state), ("trouble", "")]);
        let mut counts = count_links(counts, t, |state| link(state.code()));
        counts.retain(|count| count.number > 0);
        Beside {
            text: match t.0 {
                Lang::Zh => format!("另有{} {devices} 台", kind.name(t.0)),
                Lang::En => format!("beside them {devices} × {}", kind.name(t.0)),
            },
            href: link(""),
            counts,
        }
    });
    others.collect()
}

/// Where the rest of a list is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pager {
    pub(crate) first: Option<String>,
    pub(crate) next: Option<String>,
}

/// Names of faults, the first one first.
pub(crate) fn fault_names(faults: &[FaultCode], lang: Lang) -> String {
    let names: Vec<_> = faults.iter().map(|fault| fault.name(lang)).collect();
    names.join(lang.pick("、", ", "))
}

/// `待确认 1/3: 连接超时`, where a failure is not hard yet.
pub(crate) fn doubt_words(standing: &Standing, app: &App, t: Words) -> Option<String> {
    let doubt = standing.doubt.as_ref()?;
    let names = fault_names(&doubt.faults, t.0);
    let (count, of) = (doubt.count, app.settings.confirm_failures.max(doubt.count));
    let colon = if names.is_empty() { "" } else { ": " };
    Some(format!("{} {count}/{of}{colon}{names}", t.doubt()))
}

/// A sheet as the file that was asked for, by the end of its name.
pub(crate) fn file_of(sheet: &Sheet, file: &str, stem: &str) -> Result<Response, Failure> {
    let (bytes, kind) = match file {
        "csv" => (sheet.to_csv(), Format::Csv.media_type()),
        "xlsx" => (sheet.to_xlsx(), Format::Xlsx.media_type()),
        _ => return Err(Failure::not_found()),
    };
    let bytes = bytes.map_err(Failure::internal)?;
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{stem}.{file}\"")),
    ];
    Ok((headers, bytes).into_response())
}

/// What every page looks at: now, today, in which words.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) app: &'a App,
    pub(crate) t: Words,
    pub(crate) now: Timestamp,
    pub(crate) today: Period,
}

impl<'a> View<'a> {
    pub(crate) fn new(app: &'a App, t: Words) -> Self {
        let now = app.clock.now();
        Self { app, t, now, today: Period::today(now, app.zone) }
    }

    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now, self.app.zone, self.t.0)
    }

    /// Minutes in the local day.
    pub(crate) fn day_minutes(&self) -> u64 {
        self.today.end.since(self.today.start).as_secs() / 60
    }

    /// Today's strip; the `excluded` minutes since the epoch are outlined.
    pub(crate) fn strip(&self, segments: &[Segment], excluded: &[Range<i64>]) -> Strip {
        Strip::draw(segments, excluded, self.today.start, self.today.end, self.app.zone, self.t)
    }

    /// Today's strip of a site from its quarter hours.
    pub(crate) fn site_strip(
        &self,
        quarters: Option<&Vec<[u32; 4]>>,
        excluded: &[Range<i64>],
    ) -> Strip {
        let shares: Vec<draw::Shares> =
            quarters.map(|all| all.iter().map(|&it| it.into()).collect()).unwrap_or_default();
        self.strip(&draw::of_site(&shares, self.today.start, self.today.until()), excluded)
    }
}
