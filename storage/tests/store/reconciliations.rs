//! What a platform exported beside what the probes had found then.

use crate::support::{Home, at, camera, import, record_all};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use zhishou_domain::{
    FaultCode, LedgerRow, LifeState, Verdict,
    reconcile::{
        MatchedBy, Measured, ReconcileOutcome as O, RowDoubt, StatusClaim, StatusColumn, StatusRow,
    },
};
use zhishou_storage::{NewReconciliation, Store};

const CODE: &str = "34020000001320000001";

/// Four cameras: one well, one down from second 1000 on, one without an address, one disabled.
async fn district(home: &Home) -> Store {
    let store = home.open().await;
    let rows = vec![
        LedgerRow {
            national_code: Some(CODE.into()),
            ip: Some("10.0.0.2".into()),
            ..camera(2, "一号")
        },
        LedgerRow { ip: Some("10.0.0.3".into()), ..camera(3, "二号") },
        LedgerRow { url: None, ..camera(4, "三号") },
        LedgerRow { life: Some(LifeState::Disabled), ..camera(5, "四号") },
    ];
    import(&store, rows, at(0)).await;
    for (place, target) in (0..).zip(store.probe_targets(None, 10).await.unwrap()) {
        let page = store.device_page(target.device).await.unwrap().unwrap();
        let failing = if page.name == "二号" { Verdict::Offline } else { Verdict::Online };
        let results = [
            (100, Verdict::Online),
            (600, Verdict::Online),
            (1000, failing),
            (1010, failing),
            (1020, failing),
            (1500, failing),
        ];
        record_all(&store, target.device, 1 + 100 * place, &results).await;
    }
    store
}

fn row(number: u32, claim: StatusClaim) -> StatusRow {
    StatusRow { row: number, claim: Some(claim), said: claim.code().into(), ..StatusRow::default() }
}

/// A clock on the wall in Shanghai, so many seconds after `at(0)`.
fn wall(second: i64) -> Option<chrono::NaiveDateTime> {
    let midnight = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap().and_hms_opt(0, 0, 0).unwrap();
    Some(midnight + chrono::Duration::seconds(second))
}

#[tokio::test]
async fn a_claim_is_compared_with_what_stood_at_its_moment() {
    let home = Home::shanghai();
    let store = district(&home).await;
    let (online, offline) = (StatusClaim::Online, StatusClaim::Offline);
    let rows = vec![
        StatusRow { code: Some(CODE.into()), ..row(2, online) },
        StatusRow { ip: Some("10.0.0.3".into()), ..row(3, online) },
        StatusRow { name: Some("三号".into()), ..row(4, offline) },
        StatusRow { name: Some("四号".into()), ..row(5, online) },
        StatusRow { name: Some("五号".into()), ..row(6, online) },
    ];
    let made = store.reconcile(rows.clone(), at(1200), at(2000)).await.unwrap();
    let outcomes: Vec<_> = made.rows.iter().map(|row| row.outcome).collect();
    assert_eq!(
        outcomes,
        [O::BothOnline, O::OnlyPlatform, O::NotProbed, O::NotProbed, O::NotInLedger]
    );
    assert_eq!((made.counts.rows(), made.counts.compared(), made.cameras), (5, 2, 3));
    assert_eq!(made.rows[0].device.unwrap().1, Some(MatchedBy::NationalCode));
    // Down since its first failure, and why.
    assert_eq!(made.rows[1].measured, Some((Measured::Offline, Some(at(1000)))));
    assert_eq!(made.rows[1].faults, [FaultCode::Refused]);

    // Before it fell both said online; after the last result stands no more, nothing is known.
    for (second, expected) in [(700, O::BothOnline), (2101, O::Unknown), (50, O::Unknown)] {
        let one = vec![StatusRow { at: wall(second), ..rows[1].clone() }];
        let made = store.reconcile(one, at(1200), at(9000)).await.unwrap();
        assert_eq!(made.rows[0].outcome, expected, "{second}");
        assert_eq!(made.rows[0].at, at(second));
    }
    let denies = vec![StatusRow { code: Some(CODE.into()), ..row(2, offline) }];
    let made = store.reconcile(denies, at(1200), at(2000)).await.unwrap();
    assert_eq!(made.counts.of(O::OnlyProbe), 1);
    assert_eq!(made.counts.of(O::NotInPlatform), 2, "二号 and 三号 are in use and in no row");
}

#[tokio::test]
async fn rows_that_cannot_be_compared_say_why_and_are_counted() {
    let home = Home::shanghai();
    let store = district(&home).await;
    import(&store, vec![LedgerRow { site: "西门".into(), ..camera(6, "一号") }], at(10)).await;
    let by_name = |number, name: &str| StatusRow {
        name: Some(name.into()),
        ..row(number, StatusClaim::Online)
    };
    let rows = vec![
        by_name(2, "一号"),
        StatusRow { code: Some(CODE.into()), ..by_name(3, "一号") },
        StatusRow { code: Some(CODE.into()), ..by_name(4, "一号") },
        StatusRow { at: wall(5000), ..by_name(5, "二号") },
        StatusRow { claim: None, doubt: Some(RowDoubt::NoStatus), ..by_name(6, "三号") },
    ];
    let made = store.reconcile(rows, at(1200), at(2000)).await.unwrap();
    let doubts: Vec<_> = made.rows.iter().take(5).map(|row| row.doubt).collect();
    let (several, repeated) = (Some(RowDoubt::Several), Some(RowDoubt::Repeated));
    let (later, no_status) = (Some(RowDoubt::Later), Some(RowDoubt::NoStatus));
    assert_eq!(doubts, [several, None, repeated, later, no_status]);
    assert_eq!((made.counts.rows(), made.counts.of(O::Unclear)), (5, 4));
    // 一号 at the other gate is named by none of them.
    assert_eq!(made.counts.of(O::NotInPlatform), 1);
}

#[tokio::test]
async fn what_was_made_is_kept_once_with_its_audit_line_and_never_changed() {
    let home = Home::shanghai();
    let store = district(&home).await;
    let rows = vec![StatusRow { ip: Some("10.0.0.3".into()), ..row(2, StatusClaim::Online) }];
    let made = store.reconcile(rows, at(1200), at(2000)).await.unwrap();
    let new = NewReconciliation {
        token: "one".into(),
        at: at(2000),
        login: "li".into(),
        address: "10.9.9.9".into(),
        file_name: "平台.xlsx".into(),
        sha256: "0".repeat(64),
        as_of: at(1200),
        columns: BTreeMap::from([(StatusColumn::Ip, "IP地址".to_owned())]),
        made: made.clone(),
    };
    let id = store.keep_reconciliation(new.clone()).await.unwrap();
    assert_eq!(store.keep_reconciliation(new).await.unwrap(), id, "sent twice, made once");
    assert_eq!(store.audit_of("reconcile_platform", 10).await.unwrap().len(), 1);
    assert_eq!(store.reconciliation_of("one").await.unwrap(), Some(id));
    let [stored] = store.reconciliations(None, 10).await.unwrap().try_into().unwrap();
    assert_eq!((stored.counts, stored.cameras), (made.counts, 3));
    assert_eq!(store.reconciliations(Some(id), 10).await.unwrap(), []);

    let all = store.reconciliation_rows(id, None, None, 10).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].device.as_ref().unwrap().1, "二号");
    assert_eq!(all[0].place.as_deref(), Some("人民路 · 东门"));
    let rest = store.reconciliation_rows(id, None, Some(all[0].position), 10).await.unwrap();
    assert_eq!(rest, all[1..]);
    let only = store.reconciliation_rows(id, Some(O::OnlyPlatform), None, 10).await.unwrap();
    assert_eq!(only, all[..1]);

    let mut look = home.look().await;
    for act in
        ["UPDATE reconciliation_rows SET outcome = 'both_online'", "DELETE FROM reconciliations"]
    {
        assert!(sqlx::query(act).execute(&mut look).await.is_err(), "{act}");
    }
}
