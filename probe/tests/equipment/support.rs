//! A prober as the platform has it, without any device known to it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use zhishou_domain::{Depth, DeviceKind, Observation, ProbeRequest};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Asking, Prober, Settings};
use zhishou_tests::asking::Fixed;

/// Waits that a loaded machine keeps.
pub(crate) fn settings() -> Settings {
    let equipment = Asking { ping_gap: Duration::from_millis(20), ..Asking::default() };
    Settings { equipment, ..Settings::default() }
}

pub(crate) fn prober(settings: Settings) -> Prober {
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    Prober::new(settings, Arc::new(Fixed), Arc::new(Fixed), guard, None)
}

/// Asks once, for what the ledger says in `checks`.
pub(crate) async fn ask(prober: &Prober, url: &str, checks: &str) -> Observation {
    let mut request = ProbeRequest::new(url.to_owned(), Depth::Picture);
    request.checks = checks.parse().unwrap();
    prober.probe(request, CancellationToken::new()).await.observation
}

/// Asks an endpoint of H.323 alone.
pub(crate) async fn ask_endpoint(prober: &Prober, url: &str) -> Observation {
    let mut request = ProbeRequest::new(url.to_owned(), Depth::Stream);
    request.kind = DeviceKind::Endpoint;
    prober.probe(request, CancellationToken::new()).await.observation
}

/// net-snmp's agent on a port of its own, gone with the value.
pub(crate) struct Snmpd {
    pub(crate) url: String,
    _process: tokio::process::Child,
    _folder: tempfile::TempDir,
}

impl Snmpd {
    /// `None` where it is not installed.
    #[expect(clippy::print_stdout, reason = "what is skipped is said")]
    pub(crate) async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        // Asked from the system, free a moment ago.
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        drop(socket);
        let file = folder.path().join("snmpd.conf");
        let lines = format!(
            "agentaddress udp:{address}\nrocommunity peer-ro 127.0.0.1\nsysName zhishou-peer\n"
        );
        std::fs::write(&file, lines).unwrap();
        let started = tokio::process::Command::new("snmpd")
            .args(["-f", "-Lo", "-C", "-r", "-p"])
            .arg(folder.path().join("pid"))
            .arg("-c")
            .arg(&file)
            .env("SNMP_PERSISTENT_DIR", folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(process) = started else {
            println!("skipped: snmpd is not installed");
            return None;
        };
        let url = format!("snmp://peer-ro@{address}");
        let prober = prober(settings());
        for _ in 0..30 {
            let seen = ask(&prober, &url, "").await;
            if seen.equipment.is_some_and(|facts| facts.received > 0) {
                return Some(Self { url, _process: process, _folder: folder });
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        panic!("snmpd does not answer");
    }
}
