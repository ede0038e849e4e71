//! Dialogues that failed once, kept in `testdata/dialogues`: each comes out as it did.
//!
//! A new one is a file of `zhishou probe URL --record`; this test says what to store beside it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zhishou_domain::Observation;

use super::replay;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/dialogues")
}

/// What must not change; the finer figures have tests of their own.
fn outcome(seen: &Observation) -> Value {
    let faults: Vec<_> = seen.faults.iter().map(|fault| json!(fault)).collect();
    let video = seen.video.as_ref();
    json!({
        "verdict": seen.verdict,
        "faults": faults,
        "server": seen.server,
        "transport": seen.transport,
        "redirects": seen.redirects,
        "rejected_logins": seen.rejected_logins,
        "packets": video.map(|video| video.packets),
        "lost": video.map(|video| video.lost),
        "resync_bytes": video.map(|video| video.resync_bytes),
    })
}

#[tokio::test]
async fn dialogues_that_failed_once_come_out_as_they_did() {
    let (mut seen, mut changed) = (0, String::new());
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        seen += 1;
        let (again, _) = replay(&std::fs::read(&path).unwrap()).await;
        let is = serde_json::to_string_pretty(&outcome(&again)).unwrap() + "\n";
        let was = std::fs::read_to_string(path.with_extension("json")).unwrap_or_default();
        if was != is {
            let name = path.file_stem().unwrap_or_default().display();
            changed.push_str(&format!("== {name} was\n{was}== {name} is\n{is}"));
        }
    }
    assert!(changed.is_empty(), "{changed}");
    assert!(seen >= 7, "{seen}");
}
