//! Who works with the platform in the year, what they filed, and the reports that were published.

use crate::{
    fixture::{Fixture, NOW, PASSWORD, ZONE},
    year::{Spell, start},
};
use chrono::NaiveDate;
use zhishou_domain::{
    Exclusion, ExclusionAct, ExclusionReason, ExclusionStep, Role, SiteId, Timestamp,
    policy::{DEFAULT_POLICY, LocalTime, shipped},
};
use zhishou_report::{Order, Period, PeriodKind, Publisher, publish};
use zhishou_storage::ExclusionScope;

/// Months whose reports are there.
const PUBLISHED: [u32; 3] = [7, 8, 9];

/// `centre`, `liaison` and `maintainer`, with the administrator's password.
pub(crate) async fn users(fixture: &Fixture) {
    let (store, now) = (&fixture.app.store, start());
    let hash = zhishou_web::hash_password(PASSWORD.to_owned()).await.unwrap();
    for (login, role) in
        [("centre", Role::Operator), ("liaison", Role::Operator), ("maintainer", Role::Operator)]
    {
        store.create_user(login, role, &hash, false, now, "admin").await.unwrap().unwrap();
    }
    assert!(store.set_liaison("liaison", true, now, "admin").await.unwrap());
    let maintainer = Some("华安运维".to_owned());
    assert!(store.set_maintainer("maintainer", maintainer, now, "admin").await.unwrap());
}

/// Of five power cuts one was never filed; of the rest most are confirmed, some wait for the centre or the
/// liaison.
pub(crate) async fn exclusions(fixture: &Fixture, cuts: Vec<(String, Spell)>) {
    let confirmed = [ExclusionAct::Approve, ExclusionAct::Confirm];
    for (index, (site, (from, to))) in cuts.into_iter().enumerate() {
        let acts = match index % 5 {
            0 => continue,
            1 if index % 4 == 1 => &confirmed[..0],
            2 if index % 4 == 2 => &confirmed[..1],
            _ => &confirmed[..],
        };
        if from < to {
            exclude(fixture, site.parse().unwrap(), (from, to), acts).await;
        }
    }
}

async fn exclude(fixture: &Fixture, site: SiteId, (from, to): Spell, acts: &[ExclusionAct]) {
    let [from, to] = [from, to].map(Timestamp::from_millis);
    let step = |act, login: &str| ExclusionStep {
        at: to,
        login: login.to_owned(),
        act,
        note: String::new(),
    };
    let exclusion = Exclusion {
        from,
        to,
        reason: ExclusionReason::PowerCut,
        steps: vec![step(ExclusionAct::File, "maintainer")],
    };
    let store = &fixture.app.store;
    let scope = ExclusionScope::Site(site);
    let evidence = "停电通知".to_owned();
    let id = store.file_exclusion(scope, None, evidence, exclusion, String::new()).await;
    let id = id.unwrap().unwrap();
    for act in acts {
        let login = if *act == ExclusionAct::Approve { "centre" } else { "liaison" };
        store.act_on_exclusion(id, step(*act, login), String::new()).await.unwrap();
    }
}

/// Publishes the months. All days are counted before.
pub(crate) async fn reports(fixture: &Fixture) {
    let (app, by) = (&fixture.app, Publisher::default());
    let policy = shipped().into_iter().find(|policy| policy.id == DEFAULT_POLICY).unwrap();
    for month in PUBLISHED {
        let day = NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
        let order = Order {
            district: app.settings.district.clone(),
            zone: ZONE,
            period: Period::around(PeriodKind::Month, day, LocalTime::default()),
            policy: policy.clone(),
            calendar: app.settings.repair.calendar.clone(),
        };
        publish(&app.store, &order, &by, NOW, |_, _| {}).await.unwrap();
    }
}
