//! The life of evidence: kept, read, swept, checked, and what a crash leaves.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, SystemTime},
};
use zhishou_domain::{DeviceId, IdSource, Timestamp};
use zhishou_recordings::{Depth, Evidence, Keep, Key, Kind, Known, Store, StoreError};

const NONE: Keep = Keep { quota_bytes: 0, good_days: 0, fault_days: 0, dialogue_days: 0 };

/// 2026-11-21T10:30:00Z.
const NOON: Timestamp = Timestamp::from_millis(1_795_257_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const ALL: Keep = Keep { quota_bytes: u64::MAX, good_days: 30, fault_days: 30, dialogue_days: 30 };

struct Fixed(u8);

impl IdSource for Fixed {
    fn random(&self) -> [u8; 10] {
        [self.0; 10]
    }
}

fn device(n: u8) -> DeviceId {
    DeviceId::new(NOON, &Fixed(n))
}

/// Something that begins as a JPEG does, of `len` bytes.
fn jpeg(len: usize, fill: u8) -> Vec<u8> {
    let mut bytes = vec![fill; len];
    bytes[..4].copy_from_slice(&[0xFF, 0xD8, 0xFF, 0xE0]);
    bytes
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("recordings"), 0).unwrap();
    (dir, store)
}

fn known(evidence: &Evidence) -> Known {
    let Evidence { key, bytes, sha256 } = evidence.clone();
    Known { key, bytes, sha256 }
}

/// Ten files of 1000 bytes, one an hour, the oldest first.
fn ten_hours(store: &Store) -> Vec<Evidence> {
    (0..10)
        .map(|hour| store.put(device(1), NOON + HOUR * hour, Kind::Fault, &jpeg(1000, 7)).unwrap())
        .collect()
}

fn every_file(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(every_file(&path));
        } else {
            names.push(path.display().to_string());
        }
    }
    names
}

#[test]
fn what_is_put_is_read_back_and_hashed() {
    let (_dir, store) = store();
    let picture = jpeg(5000, 1);
    let evidence = store.put(device(1), NOON, Kind::Fault, &picture).unwrap();
    assert_eq!(evidence.bytes, 5000);
    // What sha256sum says of the same bytes.
    let expected = "8df6afa87b8971080a63a7373c47ee359317d7d195ab6cb9085a3090e3554fdf";
    assert_eq!(evidence.sha256, expected);
    let key: Key = evidence.key.to_string().parse().unwrap();
    assert_eq!((key.device(), key.taken(), key.kind()), (device(1), NOON, Kind::Fault));
    assert_eq!(store.read(&key).unwrap().unwrap(), picture);
    assert_eq!(store.list().unwrap(), [(key, 5000)]);
    let other = Key::new(device(2), NOON, Kind::Fault).unwrap();
    assert!(store.open_file(&other).unwrap().is_none());
    assert!(store.read(&other).unwrap().is_none());
}

#[test]
fn evidence_is_never_overwritten() {
    let (_dir, store) = store();
    let first = store.put(device(1), NOON, Kind::Good, &jpeg(100, 1)).unwrap();
    assert_eq!(store.put(device(1), NOON, Kind::Good, &jpeg(100, 1)).unwrap(), first);
    let error = store.put(device(1), NOON, Kind::Good, &jpeg(100, 2)).unwrap_err();
    assert!(matches!(error, StoreError::Exists { key } if key == first.key), "{error}");
    assert_eq!(store.read(&first.key).unwrap().unwrap(), jpeg(100, 1));
}

#[test]
fn only_pictures_of_a_sane_size_are_kept() {
    let (dir, store) = store();
    for bytes in [b"<html>".to_vec(), Vec::new(), jpeg(Kind::Fault.max_bytes() + 1, 0)] {
        let error = store.put(device(1), NOON, Kind::Good, &bytes).unwrap_err();
        assert!(matches!(error, StoreError::NotEvidence { .. }), "{error}");
    }
    assert!(store.put(device(1), Timestamp::from_millis(-1), Kind::Good, &jpeg(9, 0)).is_err());
    assert!(every_file(dir.path()).is_empty());
}

#[test]
fn a_dialogue_is_no_picture_and_may_be_larger() {
    let (_dir, store) = store();
    let mut dialogue = vec![b' '; 5 << 20];
    dialogue[0] = b'{';
    let kept = store.put(device(1), NOON, Kind::Dialogue, &dialogue).unwrap();
    assert_eq!(store.read(&kept.key).unwrap().unwrap(), dialogue);
    assert_eq!(store.list().unwrap(), [(kept.key, 5 << 20)]);
    for (kind, bytes) in [(Kind::Dialogue, jpeg(100, 1)), (Kind::Fault, dialogue)] {
        let error = store.put(device(2), NOON, kind, &bytes).unwrap_err();
        assert!(matches!(error, StoreError::NotEvidence { .. }), "{error}");
    }
}

#[test]
fn a_nearly_full_disk_is_said_before_it_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("recordings"), u64::MAX).unwrap();
    assert!(store.space().unwrap().is_nearly_full());
    let error = store.put(device(1), NOON, Kind::Good, &jpeg(100, 1)).unwrap_err();
    assert!(matches!(error, StoreError::NearlyFull { .. }), "{error}");
    assert!(every_file(dir.path()).is_empty());
}

#[test]
fn a_full_quota_takes_the_oldest_first() {
    let (_dir, store) = store();
    let files = ten_hours(&store);
    let swept = store.sweep(NOON, &Keep { quota_bytes: 3500, ..ALL }).unwrap();
    let oldest: Vec<Key> = files[..7].iter().map(|evidence| evidence.key).collect();
    assert_eq!(swept.over_quota, oldest);
    assert!(swept.expired.is_empty());
    assert_eq!(swept.deleted().copied().collect::<Vec<_>>(), oldest);
    assert_eq!((swept.kept_files, swept.kept_bytes), (3, 3000));
    assert_eq!(store.list().unwrap().len(), 3);
    let exact = store.sweep(NOON, &Keep { quota_bytes: 3000, ..ALL }).unwrap();
    assert_eq!(exact.deleted().count(), 0, "exactly full is not too much");
    let none = store.sweep(NOON, &Keep { quota_bytes: 0, ..ALL }).unwrap();
    assert_eq!((none.over_quota.len(), none.kept_bytes), (3, 0));
}

#[test]
fn retention_ends_to_the_millisecond_and_empty_days_go() {
    let (dir, store) = store();
    let files = ten_hours(&store);
    let day = Duration::from_secs(86_400);
    let swept = store.sweep(NOON + HOUR * 2 + day * 30, &ALL).unwrap();
    assert_eq!(swept.expired, [files[0].key, files[1].key]);
    assert_eq!(swept.kept_files, 8);
    let swept = store.sweep(NOON + day * 60, &ALL).unwrap();
    assert_eq!((swept.expired.len(), swept.kept_files), (8, 0));
    assert_eq!(fs::read_dir(dir.path().join("recordings")).unwrap().count(), 0);
}

#[test]
fn a_crash_in_the_middle_of_a_write_leaves_nothing_that_counts() {
    let (dir, store) = store();
    let whole = store.put(device(1), NOON, Kind::Fault, &jpeg(1000, 7)).unwrap();
    let later = Key::new(device(1), NOON + HOUR, Kind::Fault).unwrap();
    let part = later.to_string().replace('/', "/.part-");
    let part = dir.path().join("recordings").join(part);
    fs::write(&part, jpeg(300, 7)).unwrap();
    let written = SystemTime::UNIX_EPOCH + Duration::from_millis(NOON.millis().unsigned_abs());
    fs::File::options().write(true).open(&part).unwrap().set_modified(written).unwrap();

    assert_eq!(store.list().unwrap(), [(whole.key, 1000)]);
    assert!(store.open_file(&later).unwrap().is_none());
    assert!(store.fsck([known(&whole)], Depth::Contents).unwrap().is_clean());
    let early = store.sweep(NOON + Duration::from_secs(599), &ALL).unwrap();
    assert_eq!(early.leftovers, 0, "it may still be written");
    assert!(part.exists());
    let swept = store.sweep(NOON + Duration::from_secs(600), &ALL).unwrap();
    assert_eq!((swept.leftovers, swept.kept_files), (1, 1));
    assert!(!part.exists());
    assert!(store.put(device(1), NOON + HOUR, Kind::Fault, &jpeg(900, 7)).is_ok());
}

#[test]
fn what_cannot_be_written_is_an_error_with_its_path() {
    let (dir, store) = store();
    let key = Key::new(device(1), NOON, Kind::Good).unwrap();
    // A file lies where the day's directory should be.
    let day = dir.path().join("recordings").join("2026-11-21");
    fs::write(&day, b"in the way").unwrap();
    let error = store.put(device(1), NOON, Kind::Good, &jpeg(100, 1)).unwrap_err();
    assert!(error.to_string().contains("2026-11-21"), "{error}");
    fs::remove_file(&day).unwrap();
    // A write of the same picture is under way elsewhere: it is left alone.
    let part = dir.path().join("recordings").join(key.to_string().replace('/', "/.part-"));
    fs::create_dir(&day).unwrap();
    fs::write(&part, b"half").unwrap();
    let error = store.put(device(1), NOON, Kind::Good, &jpeg(100, 1)).unwrap_err();
    assert!(matches!(error, StoreError::Io { action: "create", .. }), "{error}");
    assert_eq!(fs::read(&part).unwrap(), b"half");
}

#[test]
fn links_lead_nowhere() {
    let (dir, store) = store();
    let secret = dir.path().join("secret");
    fs::write(&secret, b"key").unwrap();
    let key = Key::new(device(1), NOON, Kind::Good).unwrap();
    let link = dir.path().join("recordings").join(key.to_string());
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink(&secret, &link).unwrap();
    assert!(store.open_file(&key).is_err());
    assert!(store.list().unwrap().is_empty());
    store.sweep(NOON, &NONE).unwrap();
    assert_eq!(fs::read(&secret).unwrap(), b"key");
}

#[test]
fn files_of_others_are_passed_over() {
    let (dir, store) = store();
    let root = dir.path().join("recordings");
    fs::create_dir(root.join("lost+found")).unwrap();
    fs::write(root.join("lost+found").join("x"), b"x").unwrap();
    fs::write(root.join("README"), b"x").unwrap();
    let swept = store.sweep(NOON, &NONE).unwrap();
    assert_eq!((swept.deleted().count(), swept.leftovers), (0, 0));
    assert_eq!(every_file(&root).len(), 2);
}

#[test]
fn fsck_tells_missing_orphaned_and_damaged_apart() {
    let (dir, store) = store();
    let files = ten_hours(&store);
    let path = |n: usize| dir.path().join("recordings").join(files[n].key.to_string());
    assert!(store.fsck(files.iter().map(known), Depth::Contents).unwrap().is_clean());
    fs::remove_file(path(0)).unwrap();
    fs::write(path(1), jpeg(1000, 8)).unwrap();
    fs::write(path(2), jpeg(999, 7)).unwrap();
    let rows = || files[..9].iter().map(known);
    let quick = store.fsck(rows(), Depth::Sizes).unwrap();
    assert_eq!(quick.missing, [files[0].key]);
    assert_eq!(quick.damaged, [files[2].key]);
    assert_eq!(quick.orphans, [files[9].key]);
    let thorough = store.fsck(rows(), Depth::Contents).unwrap();
    assert_eq!(thorough.damaged, [files[1].key, files[2].key]);
    assert!(store.delete(&files[9].key).unwrap());
    assert!(!store.delete(&files[9].key).unwrap());
    assert!(store.fsck(rows(), Depth::Sizes).unwrap().orphans.is_empty());
}

#[test]
fn pictures_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, store) = store();
    let key = store.put(device(1), NOON, Kind::Good, &jpeg(100, 1)).unwrap().key;
    let root = dir.path().join("recordings");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&root), mode(&root.join(key.to_string()))), (0o700, 0o600));
}
