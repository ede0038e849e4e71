//! The layout is the architecture: who may know whom, asserted from `cargo metadata`.

use serde_json::Value;
use std::{collections::BTreeMap, process::Command};

/// Each crate and those of ours it may depend on. What is not listed is forbidden.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("protocol", &[]),
    ("picture", &[]),
    ("config", &["domain"]),
    ("ledger", &["domain"]),
    ("notify", &["domain"]),
    ("recordings", &["domain"]),
    ("report", &["domain", "storage"]),
    ("storage", &["domain"]),
    ("probe", &["domain", "picture", "protocol"]),
    ("scheduler", &["domain", "storage"]),
    ("web", &["domain", "ledger", "recordings", "report", "storage"]),
    ("demo", &["domain"]),
    (
        "app",
        &[
            "config",
            "demo",
            "domain",
            "ledger",
            "notify",
            "picture",
            "probe",
            "recordings",
            "report",
            "scheduler",
            "storage",
            "web",
        ],
    ),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Our crates with our crates they depend on, dev-dependencies aside, and every foreign one.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().trim_start_matches("zhishou-").to_owned();
    metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let known = package["dependencies"].as_array().unwrap().iter();
            let known = known.filter(|dependency| dependency["kind"] != "dev");
            (text(&package["name"]), known.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect()
}

#[test]
fn dependencies_run_one_way() {
    let all = dependencies();
    for (name, known) in &all {
        let ours = known.iter().filter(|known| all.contains_key(*known));
        if name == "tests" {
            continue;
        }
        let allowed = ALLOWED.iter().find(|(allowed, _)| allowed == name);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{name} has no place in the list"));
        for known in ours {
            assert!(allowed.contains(&known.as_str()), "{name} must not depend on {known}");
        }
    }
}

#[test]
fn the_cores_have_no_runtime_no_sockets_and_no_decoder() {
    let all = dependencies();
    for core in ["domain", "protocol", "picture"] {
        for banned in ["tokio", "gstreamer", "sqlx", "axum", "socket2"] {
            assert!(!all[core].iter().any(|known| known == banned), "{core} depends on {banned}");
        }
    }
    for (name, known) in &all {
        let may = ["probe", "demo"].contains(&name.as_str());
        assert!(may || !known.iter().any(|known| known == "gstreamer"), "{name} uses GStreamer");
        let may = name == "storage";
        assert!(may || !known.iter().any(|known| known == "sqlx"), "{name} speaks SQL");
    }
}
