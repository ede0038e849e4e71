use crate::support::{Home, at, camera, import, record, with_camera};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use zhishou_domain::{
    Credential, CredentialState, DeviceId, Fingerprint, HostLogins, IdSource, LoginOutcome,
    LoginResult, Verdict, ledger::Password,
};
use zhishou_storage::{KeyError, LoginUse, MasterKey, Store, StoreError};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
const PASSWORD: &str = "Unmistakable-Passw0rd-口令";

fn result(outcome: LoginOutcome) -> LoginResult {
    LoginResult {
        outcome,
        address: ADDRESS,
        fingerprint: Fingerprint([7; 16]),
        armed: 0,
        is_host_clear: false,
        is_device_clear: false,
    }
}

async fn login(store: &Store, device: DeviceId, sequence: i64, second: i64, result: LoginResult) {
    let generation = store.credential(device).await.unwrap().unwrap().generation;
    login_with(store, device, sequence, second, LoginUse { generation, result }).await;
}

async fn login_with(store: &Store, device: DeviceId, sequence: i64, second: i64, login: LoginUse) {
    let mut record = record(device, sequence, at(second), Verdict::Unknown);
    record.login = Some(login);
    store.record(record).await.unwrap();
}

async fn state(store: &Store, device: DeviceId) -> CredentialState {
    store.credential(device).await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_password_is_in_no_file_and_opens_only_where_it_belongs() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    import(&store, vec![camera(3, "二号")], at(0)).await;
    let other = store.probe_targets(Some(device), 9).await.unwrap()[0].device;
    store.set_credential(device, Credential::new("viewer", PASSWORD)).await.unwrap();
    store.set_credential(other, Credential::new("viewer", "another")).await.unwrap();
    let stored = store.credential(device).await.unwrap().unwrap();
    assert_eq!(stored.credential, Credential::new("viewer", PASSWORD));
    assert!(!format!("{stored:?}").contains(PASSWORD));

    for entry in std::fs::read_dir(home.path().parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for needle in [PASSWORD.as_bytes(), &PASSWORD.as_bytes()[..12]] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle));
        }
    }

    // Somebody copies the sealed bytes to a device whose stream they may see.
    sqlx::query(
        "UPDATE credentials SET sealed = (SELECT sealed FROM credentials WHERE device_id = ?)",
    )
    .bind(device.to_string())
    .execute(&mut home.look().await)
    .await
    .unwrap();
    let refused = store.credential(other).await;
    assert!(matches!(refused, Err(StoreError::Key(KeyError::Sealed))), "{refused:?}");
    assert!(store.credential(device).await.is_ok());
}

#[tokio::test]
async fn a_database_is_not_opened_with_another_key() {
    struct Zero;
    impl IdSource for Zero {
        fn random(&self) -> [u8; 10] {
            [0; 10]
        }
    }
    let home = Home::shanghai();
    home.open().await.close().await;
    let zone = chrono_tz::Asia::Shanghai;
    let key = MasterKey::from_bytes([9; 32]);
    let refused = Store::open(&home.path(), key, zone, Arc::new(Zero)).await;
    assert!(matches!(refused, Err(StoreError::Key(KeyError::Foreign))), "{refused:?}");
}

#[tokio::test]
async fn a_rejection_is_counted_by_device_and_host_and_outlives_a_restart() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    assert_eq!(store.credential(device).await.unwrap(), None);
    store.set_credential(device, Credential::new("viewer", PASSWORD)).await.unwrap();
    login(&store, device, 1, 60, result(LoginOutcome::Rejected)).await;
    store.close().await;

    let store = home.open().await;
    let suspended = state(&store, device).await;
    assert!(suspended.suspended);
    assert_eq!(suspended.failures, [at(60)]);
    let refused = vec![(Fingerprint([7; 16]), 0)];
    let host = HostLogins { address: ADDRESS, failures: 1, refused };
    assert_eq!(store.host_logins().await.unwrap(), std::slice::from_ref(&host));

    store.rearm(device).await.unwrap();
    let rearmed = state(&store, device).await;
    assert_eq!((rearmed.suspended, rearmed.armed), (false, 1));
    assert_eq!(rearmed.failures, [at(60)], "the camera still counts the old one");
    // What was refused is known on; it was armed before, which is what lets this one pass.
    assert_eq!(store.host_logins().await.unwrap(), [host]);
    let again = LoginResult { armed: 1, ..result(LoginOutcome::Rejected) };
    login(&store, device, 2, 70, again).await;
    assert!(state(&store, device).await.suspended);
    assert_eq!(store.host_logins().await.unwrap()[0].refused, [(Fingerprint([7; 16]), 1)]);
    store.rearm(device).await.unwrap();
    assert_eq!(state(&store, device).await.armed, 2);

    // The budget is forgotten once it is spent, the refused login once it is accepted.
    login(&store, device, 3, 80, result(LoginOutcome::Accepted)).await;
    let hosts = store.host_logins().await.unwrap();
    assert_eq!((hosts[0].failures, hosts[0].refused.len()), (2, 0));
    let clear = LoginResult {
        is_host_clear: true,
        is_device_clear: true,
        ..result(LoginOutcome::Accepted)
    };
    login(&store, device, 4, 90, clear).await;
    assert_eq!(store.host_logins().await.unwrap()[0].failures, 0);
    assert_eq!(state(&store, device).await.failures, []);
}

#[tokio::test]
async fn a_changed_credential_is_armed_anew_and_old_results_say_nothing_of_it() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    store.set_credential(device, Credential::new("viewer", "old")).await.unwrap();
    let old = store.credential(device).await.unwrap().unwrap();
    login(&store, device, 1, 60, result(LoginOutcome::Rejected)).await;

    let mut row = camera(2, "一号");
    row.password = Some(Password::new("new"));
    assert_eq!(import(&store, vec![row.clone()], at(70)).await.updated, 1);
    let new = store.credential(device).await.unwrap().unwrap();
    assert_eq!(new.credential, Credential::new("viewer", "new"));
    assert!(!new.state.suspended && !new.state.proven);
    assert!(new.generation > old.generation);

    // A probe that began with the old password ends now.
    let stale = LoginUse { generation: old.generation, result: result(LoginOutcome::Rejected) };
    login_with(&store, device, 2, 80, stale).await;
    assert!(!store.credential(device).await.unwrap().unwrap().state.suspended);

    login(&store, device, 3, 90, result(LoginOutcome::Accepted)).await;
    let proven = store.credential(device).await.unwrap().unwrap().state;
    assert!(proven.proven);
    // The same password again changes nothing.
    assert_eq!(import(&store, vec![row], at(100)).await.unchanged, 1);
    assert_eq!(store.credential(device).await.unwrap().unwrap().state, proven);
}

#[tokio::test]
async fn rejections_of_probes_at_once_all_count_at_the_host() {
    let home = Home::shanghai();
    let (store, first) = with_camera(&home).await;
    let mut neighbour = camera(3, "二号");
    neighbour.url = Some("rtsp://10.0.0.2/ch2".into());
    import(&store, vec![neighbour], at(0)).await;
    let second = store.probe_targets(Some(first), 9).await.unwrap()[0].device;
    for device in [first, second] {
        store.set_credential(device, Credential::new("viewer", "x")).await.unwrap();
    }
    tokio::join!(
        login(&store, first, 1, 60, result(LoginOutcome::Rejected)),
        login(&store, second, 2, 61, result(LoginOutcome::Unanswered))
    );
    let hosts = store.host_logins().await.unwrap();
    assert_eq!((hosts[0].failures, hosts[0].refused.len()), (2, 1));
}
