//! A document for tests.

use crate::{
    Document, Period, PeriodKind,
    document::{DayRow, Group, Loss, OutageRow, Row, Under},
};
use chrono::NaiveDate;
use zhishou_domain::{
    FaultCode,
    account::{Heads, Sums, Tally},
    policy::{LocalTime, shipped},
};

pub(crate) fn sums(up: u64, down: u64) -> Sums {
    Sums { due: 2880, up, down, reached: up, unreached: down, intact: up, degraded: 0 }
}

fn tally(up: u64, down: u64) -> Tally {
    let heads = Heads { ledger: 2, due: 2, checked: 2, online: 1, degraded: 0, complete: 1 };
    Tally { before: sums(up, down), after: sums(up, down), heads }
}

fn row(key: &str, name: &str, tally: Tally, before: Option<Sums>, under: Option<Under>) -> Row {
    Row {
        key: Some(key.into()),
        name: Some(name.into()),
        tally,
        target: 0.95,
        before,
        lost: Loss { fault: under.map(|_| FaultCode::ConnectTimeout), down: 1 },
        down_since: None,
        under,
    }
}

pub(crate) fn document() -> Document {
    let day = NaiveDate::from_ymd_opt(2026, 3, 25).unwrap();
    let (bad, dim) = (tally(2000, 880), tally(1000, 0));
    let mut total = bad;
    total += dim;
    let under = Under { since: day.pred_opt(), days: 2, or_more: false };
    Document {
        district: "万人区".into(),
        period: Period::around(PeriodKind::Day, day, LocalTime::default()),
        starts_at: "2026-03-25T00:00:00.000+08:00".into(),
        ends_at: "2026-03-26T00:00:00.000+08:00".into(),
        time_zone: "Asia/Shanghai".into(),
        made_at: "2026-03-26T00:30:00.000+08:00".into(),
        policy: shipped().remove(0),
        moments: 1,
        total,
        lost: Loss { fault: Some(FaultCode::ConnectTimeout), down: 1 },
        before: None,
        year_before: None,
        groups: vec![
            Group {
                by: "street".into(),
                rows: vec![row("s1", "东街", total, Some(sums(2880, 0)), None)],
            },
            Group {
                by: "site".into(),
                rows: vec![
                    row("p1", "=1+1", bad, Some(sums(2592, 288)), Some(under)),
                    row("p2", "学校", dim, None, None),
                ],
            },
        ],
        days: vec![DayRow { day, before: total.before, after: total.after }],
        devices: vec![],
        outages: vec![OutageRow {
            id: "d1".into(),
            name: "东门".into(),
            site: "=1+1".into(),
            street: "东街".into(),
            maintainer: None,
            from: "2026-03-25T09:20:00.000+08:00".into(),
            to: None,
            fault: Some(FaultCode::ConnectTimeout),
            lost: 880,
        }],
        outage_count: 1,
        exclusions: vec![],
    }
}
