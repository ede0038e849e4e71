//! 值班: one moment has one shift; what is done is audited; what is over is history.

use crate::support::{Home, at};
use zhishou_domain::{
    Role, Timestamp,
    duty::{DutyRefusal, Watcher},
};
use zhishou_storage::{AuditLine, DutyAct, DutyActed, PersonRemoved, PersonSaved, Rostered, Store};

const HOUR: i64 = 3600;

fn line(second: i64) -> AuditLine {
    AuditLine {
        at: at(second),
        login: "王".into(),
        action: "duty_roster",
        subject: "2 shifts".into(),
        address: String::new(),
    }
}

fn watcher(name: &str) -> Watcher {
    Watcher {
        name: name.into(),
        phone: "028-1".into(),
        mail: "w@x.example".into(),
        ..Watcher::default()
    }
}

async fn roster(store: &Store, times: &[(i64, i64)]) -> Rostered {
    let times = times.iter().map(|(from, to)| (at(from * HOUR), at(to * HOUR))).collect();
    store.add_duty_shifts(times, watcher("王"), Some(watcher("李")), line(0)).await.unwrap()
}

async fn lead(store: &Store, at: Timestamp) -> Option<String> {
    store.on_duty(at).await.unwrap().map(|shift| shift.lead.name)
}

#[tokio::test]
async fn one_moment_has_one_shift_and_a_roster_that_collides_changes_nothing() {
    let home = Home::shanghai();
    let store = home.open().await;
    assert_eq!(lead(&store, at(0)).await, None);
    assert_eq!(roster(&store, &[(8, 17), (32, 41)]).await, Rostered::Added(2));
    let Rostered::Collides(held) = roster(&store, &[(17, 32), (40, 50)]).await else {
        panic!("17 is no clash, 40 is one");
    };
    assert_eq!(held.iter().map(|shift| shift.from).collect::<Vec<_>>(), [at(32 * HOUR)]);
    assert_eq!(lead(&store, at(18 * HOUR)).await, None, "all or none");
    assert_eq!(roster(&store, &[(17, 32)]).await, Rostered::Added(1));
    for hour in [8, 17, 31, 32] {
        assert_eq!(lead(&store, at(hour * HOUR)).await.as_deref(), Some("王"), "{hour}");
    }
    assert_eq!(lead(&store, at(41 * HOUR)).await, None);
    // Past the store, the schema refuses too.
    let mut past = home.look().await;
    let clash = sqlx::query(
        "INSERT INTO duty_shifts (from_ms, to_ms, lead_name, backup_name) VALUES (?, ?, 'x', '')",
    )
    .bind(at(9 * HOUR).millis())
    .bind(at(10 * HOUR).millis());
    assert!(clash.execute(&mut past).await.unwrap_err().to_string().contains("overlap"));
}

#[tokio::test]
async fn what_is_signed_and_handed_over_stays_and_is_audited() {
    let home = Home::shanghai();
    let store = home.open().await;
    roster(&store, &[(8, 17), (17, 32)]).await;
    let first = store.on_duty(at(8 * HOUR)).await.unwrap().unwrap().id;
    let act = |act, second| store.act_on_duty(first, act, line(second));
    let early = act(DutyAct::SignIn, 6 * HOUR).await.unwrap();
    assert_eq!(early, DutyActed::Refused(DutyRefusal::Early));
    assert_eq!(act(DutyAct::SignIn, 8 * HOUR - 60).await.unwrap(), DutyActed::Done);
    let said = DutyAct::HandOver("三楼话筒待修".into());
    assert_eq!(act(said, 17 * HOUR).await.unwrap(), DutyActed::Done);
    let empty = act(DutyAct::HandOver("  ".into()), 17 * HOUR).await.unwrap();
    assert_eq!(empty, DutyActed::Refused(DutyRefusal::Empty));
    let substitute = DutyAct::Change { lead: watcher("赵"), backup: None };
    assert_eq!(act(substitute.clone(), 9 * HOUR).await.unwrap(), DutyActed::Done);
    let late = act(substitute, 17 * HOUR).await.unwrap();
    assert_eq!(late, DutyActed::Refused(DutyRefusal::Over));
    let gone = act(DutyAct::Remove, 0).await.unwrap();
    assert_eq!(gone, DutyActed::Refused(DutyRefusal::Begun), "it has entries");
    let it = store.on_duty(at(9 * HOUR)).await.unwrap().unwrap();
    assert_eq!((it.lead.name.as_str(), it.backup), ("赵", None));
    assert_eq!((it.sign_ins.len(), it.hand_overs[0].text.as_str()), (1, "三楼话筒待修"));
    let audited = store.audit_of("duty_change", 9).await.unwrap();
    assert!(audited.len() == 1 && audited[0].1.contains("王 → 赵"), "{audited:?}");
    assert_eq!(store.audit_of("duty_sign_in", 9).await.unwrap().len(), 1);
    let second = store.on_duty(at(17 * HOUR)).await.unwrap().unwrap().id;
    let gone = store.act_on_duty(second, DutyAct::Remove, line(0)).await.unwrap();
    assert_eq!(gone, DutyActed::Done);
    assert_eq!(lead(&store, at(17 * HOUR)).await, None);
    let missing = store.act_on_duty(second, DutyAct::SignIn, line(0)).await.unwrap();
    assert_eq!(missing, DutyActed::Missing);
}

#[tokio::test]
async fn how_somebody_is_reached_is_kept_once_for_all_their_shifts() {
    let home = Home::shanghai();
    let store = home.open().await;
    roster(&store, &[(8, 17), (32, 41)]).await;
    let phones = async || {
        let shifts = store.duty_shifts(at(0), at(50 * HOUR)).await.unwrap();
        shifts.into_iter().map(|it| (it.lead.phone, it.lead.mail)).collect::<Vec<_>>()
    };
    let known = ("028-1".to_owned(), "w@x.example".to_owned());
    assert_eq!(phones().await, [known.clone(), known]);
    let moved = Watcher { name: "王".into(), phone: "139-7".into(), ..Watcher::default() };
    store.save_duty_person(moved.clone(), line(0)).await.unwrap();
    let new = ("139-7".to_owned(), String::new());
    assert_eq!(phones().await, [new.clone(), new], "also in the shifts that they have");
    // As whom they log in is of one person, and of a user that there is.
    let as_user = |name: &str, login: &str| Watcher {
        name: name.into(),
        phone: "139-7".into(),
        login: login.into(),
        ..Watcher::default()
    };
    let save = async |person| store.save_duty_person(person, line(1)).await.unwrap();
    assert_eq!(save(as_user("王", "wang")).await, PersonSaved::NoUser);
    store.create_user("wang", Role::Operator, "hash", false, at(0), "test").await.unwrap();
    assert_eq!(save(as_user("王", "wang")).await, PersonSaved::Done);
    assert_eq!(save(as_user("李", "wang")).await, PersonSaved::LoginTaken("王".into()));
    assert_eq!(store.on_duty(at(9 * HOUR)).await.unwrap().unwrap().lead.login, "wang");
    assert_eq!(
        store.duty_people().await.unwrap().iter().filter(|it| it.login == "wang").count(),
        1
    );
    // A shift that says something else of them changes nothing of what is known.
    assert_eq!(roster(&store, &[(41, 45)]).await, Rostered::Added(1));
    assert_eq!(phones().await[2].0, "139-7");
    let names: Vec<_> = store.duty_people().await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["李", "王"]);
    let remove = |name: &str, hour| store.remove_duty_person(name.into(), line(hour * HOUR));
    assert_eq!(remove("李", 44).await.unwrap(), PersonRemoved::OnDuty);
    assert_eq!(remove("李", 45).await.unwrap(), PersonRemoved::Done);
    assert_eq!(remove("李", 45).await.unwrap(), PersonRemoved::Missing);
    let past = store.on_duty(at(9 * HOUR)).await.unwrap().unwrap().backup.unwrap();
    assert_eq!((past.name.as_str(), past.phone.as_str()), ("李", ""), "who was there stays");
}
