//! `kill -9` in the middle of writing: what was acknowledged is whole, nothing half counts.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};
use zhishou_domain::{DeviceId, IdSource, Timestamp};
use zhishou_recordings::{Depth, Keep, Key, Kind, Known, Store};

const NOON: Timestamp = Timestamp::from_millis(1_795_257_000_000);
/// Names the directory for the writing process; without it that test does nothing.
const WRITER_DIR: &str = "ZHISHOU_TEST_WRITER_DIR";

struct Zero;

impl IdSource for Zero {
    fn random(&self) -> [u8; 10] {
        [0; 10]
    }
}

/// Not a test by itself: the process that the other one kills.
#[test]
fn writer() {
    let Some(dir) = std::env::var_os(WRITER_DIR) else {
        return;
    };
    let store = Store::open(dir, 0).unwrap();
    let device = DeviceId::new(NOON, &Zero);
    let mut picture = vec![7; 200_000];
    picture[..3].copy_from_slice(&[0xFF, 0xD8, 0xFF]);
    for second in 0..10_000 {
        let taken = NOON + Duration::from_secs(second);
        let evidence = store.put(device, taken, Kind::Fault, &picture).unwrap();
        println!("kept {} {}", evidence.key, evidence.sha256);
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    for acknowledged in [1, 5, 23] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer", "--nocapture"])
            .env(WRITER_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut known = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            // The first one may follow the test harness's own words on the same line.
            let Some((_, kept)) = line.split_once("kept ") else { continue };
            let (key, sha256) = kept.split_once(' ').unwrap();
            let key: Key = key.parse().unwrap();
            known.push(Known { key, bytes: 200_000, sha256: sha256.to_owned() });
            if known.len() == acknowledged {
                child.kill().unwrap();
                break;
            }
        }
        child.wait().unwrap();
        assert_eq!(known.len(), acknowledged);

        let store = Store::open(dir.path(), 0).unwrap();
        let found = store.fsck(known, Depth::Contents).unwrap();
        assert!(found.missing.is_empty() && found.damaged.is_empty(), "{found:?}");
        // Written but not acknowledged: whole all the same.
        for key in &found.orphans {
            assert_eq!(store.read(key).unwrap().unwrap().len(), 200_000);
        }
        let far = NOON + Duration::from_secs(3_600 * 24 * 36_500);
        store
            .sweep(far, &Keep { quota_bytes: 0, good_days: 0, fault_days: 0, dialogue_days: 0 })
            .unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    }
}
