//! A document, and a district of one camera, for tests.

use crate::{
    Document, IncidentGroup, Incidents, Night, OpenIncident, OpenRepair, Period, PeriodKind,
    RepairRow, Repairs, Repeat,
    document::{DayRow, Group, Loss, OutageRow, Row, Under},
};
use chrono::NaiveDate;
use chrono_tz::Asia::Shanghai;
use std::{sync::Arc, time::Duration};
use zhishou_domain::{
    ConfirmRule, Depth, Detail, DeviceKind, Fault, FaultCode, IdSource, LedgerRow, Observation,
    Stage, Timestamp, Verdict,
    account::{Heads, Sums, Tally},
    policy::{LocalTime, shipped},
    work_order::RepairRules,
};
use zhishou_storage::{ImportMode, KeptFor, MasterKey, Record, Store};

pub(crate) fn sums(up: u64, down: u64) -> Sums {
    Sums { due: 2880, up, down, reached: up, unreached: down, intact: up, ..Sums::default() }
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
        incidents: Some(incidents()),
        repairs: Some(repairs()),
        meetings: None,
    }
}

fn incidents() -> Incidents {
    Incidents {
        begun: vec![
            IncidentGroup {
                root: "device".into(),
                fault: Some(FaultCode::ConnectTimeout),
                incidents: 3,
                devices: 4,
            },
            IncidentGroup { root: "street".into(), fault: None, incidents: 1, devices: 40 },
        ],
        carried: 1,
        closed: 3,
        open_count: 2,
        open: vec![OpenIncident {
            id: 17,
            root: "device".into(),
            name: "=SW-03".into(),
            site: Some("学校".into()),
            fault: Some(FaultCode::ConnectTimeout),
            since: "2026-03-25T09:20:00.000+08:00".into(),
            devices: 4,
            maintainer: Some("城安运维".into()),
        }],
        repeats: vec![Repeat {
            id: "d1".into(),
            name: "东门".into(),
            site: "学校".into(),
            incidents: 3,
        }],
        observer: 1,
    }
}

fn repairs() -> Repairs {
    let row = |category: Option<&str>| RepairRow {
        category: category.map(str::to_owned),
        accepted: 3,
        done: 2,
        cancelled: 1,
        judged: 3,
        late: 1,
        spent_minutes: 405,
    };
    Repairs {
        total: row(None),
        by_category: vec![row(Some("video"))],
        open: vec![OpenRepair {
            id: 5,
            category: "video".into(),
            title: "东门摄像机 离线".into(),
            place: "学校".into(),
            maintainer: None,
            opened: "2026-03-25T09:30:00.000+08:00".into(),
            is_late: true,
        }],
    }
}

pub(crate) fn night() -> Night {
    Night {
        district: "万人区".into(),
        zone: Shanghai,
        cut_off: LocalTime::default(),
        policy: shipped().remove(0),
        recheck_days: 7,
        calendar: RepairRules::default().calendar,
    }
}

struct Counter(std::sync::atomic::AtomicU64);

impl IdSource for Counter {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        bytes[2..].copy_from_slice(&next.to_be_bytes());
        bytes
    }
}

/// 2026-03-10T00:00:00 in Shanghai, plus so many seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_773_072_000_000 + second * 1000)
}

/// A store without anything in it.
pub(crate) async fn empty(folder: &std::path::Path) -> Store {
    let (path, key) = (folder.join("zhishou.db"), MasterKey::from_bytes([7; 32]));
    Store::open(&path, key, Shanghai, Arc::new(Counter(Default::default()))).await.unwrap()
}

/// A camera that is down from 08:00 to 12:00 of one day.
pub(crate) async fn district(folder: &std::path::Path) -> (Store, zhishou_domain::DeviceId) {
    let store = empty(folder).await;
    let row = LedgerRow {
        street: Some("人民路".into()),
        url: Some("rtsp://10.0.0.2/1".into()),
        ..LedgerRow::new(2, "一号", "东门")
    };
    store.import(vec![row], at(0), ImportMode::AllOrNothing).await.unwrap();
    let device = store.probe_targets(None, 1).await.unwrap()[0].device;
    for minute in (0..1440).step_by(5) {
        let down = (480..720).contains(&minute);
        let started = at(minute * 60);
        let fault = Fault { code: FaultCode::Refused, stage: Stage::Connect, detail: Detail::None };
        let observation = Observation {
            verdict: if down { Verdict::Offline } else { Verdict::Online },
            reached: !down,
            faults: if down { vec![fault] } else { vec![] },
            ..Observation::new(
                "rtsp://10.0.0.2/1".into(),
                DeviceKind::Camera,
                Depth::Stream,
                started,
            )
        };
        let record = Record {
            device,
            agent: "local".into(),
            sequence: minute,
            observation,
            recorded_at: started,
            rule: ConfirmRule { failures: 3, retry: Duration::from_secs(30) },
            hold: Duration::from_secs(600),
            signature: None,
            lesson: None,
            habit: None,
            evidence: vec![],
            kept_for: KeptFor::Asked,
            login: None,
        };
        store.record(record).await.unwrap();
    }
    (store, device)
}
