//! Drivers for equipment that is no camera: ping, TCP, HTTP and SNMP.
//!
//! A visit asks one address once, holds nothing open at the device when it ends, and judges nothing
//! that [`Checks`] does not. Every wait has a deadline, and the whole visit one of its own.

mod http;
mod ping;
mod report;
mod snmp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use zhishou_domain::endpoint::{H323_PORT, Signalling};
use zhishou_domain::equipment::{Address, EquipmentFacts, PortState, Service};
use zhishou_domain::{
    CertificateFingerprint, Checks, Credential, CredentialState, Detail, Fault, FaultCode,
    LoginResult, Stage, Timestamp,
};

use crate::Settings;
use crate::dial::dial;
use crate::guard::Held;
use crate::rtsp::Met;

/// What a visit needs to know.
pub(crate) struct Order {
    address: Address,
    checks: Checks,
    /// The community of SNMP; nothing else is sent one.
    credential: Option<Credential>,
    credential_state: CredentialState,
    /// The certificate on record.
    certificate: Option<CertificateFingerprint>,
    /// When it began, for the days that a certificate has left.
    at: Timestamp,
    entropy: u64,
    /// What it is, where it is an endpoint: one of H.323 alone is pinged and knocked at.
    signalling: Signalling,
}

/// What a visit brought.
pub(crate) struct Seen {
    faults: Vec<Fault>,
    /// What was met, in order.
    stages: Vec<(Stage, Duration)>,
    facts: EquipmentFacts,
    /// It answered as it should, so that faults only degrade it.
    answered: bool,
    /// What it calls itself.
    server: Option<String>,
    tls: Option<Met>,
    redirects: u32,
    /// What became of the community.
    login: Option<LoginResult>,
    ended: Duration,
}

impl Seen {
    fn new(service: Service) -> Self {
        Self {
            faults: Vec::new(),
            stages: Vec::new(),
            facts: EquipmentFacts::new(service),
            answered: false,
            server: None,
            tls: None,
            redirects: 0,
            login: None,
            ended: Duration::ZERO,
        }
    }

    fn met(&mut self, peer: SocketAddr) {
        self.facts.peer = Some(peer.to_string());
    }
}

/// Asks once, and gives the device back: nothing of ours stays open there.
async fn visit(
    order: Order,
    held: Held,
    settings: Arc<Settings>,
    cancel: CancellationToken,
) -> Box<Seen> {
    let began = Instant::now();
    let mut seen = Box::new(Seen::new(order.address.service()));
    let asked = tokio::select! {
        asked = ask(&order, &held, &settings, &mut seen) => asked,
        () = cancel.cancelled() => Err(Box::new(crate::rtsp::cancelled(Stage::Request))),
        () = sleep(settings.equipment.whole) => {
            let waited = silence(settings.equipment.whole);
            Err(Box::new(Fault::new(FaultCode::NoResponse, Stage::Request, waited)))
        }
    };
    if let Err(fault) = asked {
        seen.answered = false;
        seen.faults.push(*fault);
    }
    seen.ended = began.elapsed();
    held.close();
    seen
}

/// Asks by the service of the address. A fault that comes back kept it from answering.
async fn ask(
    order: &Order,
    held: &Held,
    settings: &Settings,
    seen: &mut Seen,
) -> Result<(), Box<Fault>> {
    let is_h323 = order.signalling == Signalling::H323;
    match order.address.service() {
        Service::Icmp if is_h323 => {
            let knocked = dial(order.address.host(), H323_PORT, None, settings);
            let (pinged, knocked) = tokio::join!(ping::ask(order, settings, seen), knocked);
            seen.facts.call_port = port_state(&knocked);
            // What answers pings and takes no calls lives, and is not well.
            seen.faults.extend(knocked.err().filter(|_| pinged.is_ok()).map(|fault| *fault));
            pinged
        }
        Service::Tcp if is_h323 => {
            let mut pings = Seen::new(Service::Icmp);
            let pinged = ping::ask(order, settings, &mut pings);
            // Many networks drop pings: their silence says nothing against it.
            let (knocked, _) = tokio::join!(knock(order, settings, seen), pinged);
            (seen.facts.sent, seen.facts.received) = (pings.facts.sent, pings.facts.received);
            seen.facts.call_port = port_state(&knocked);
            knocked
        }
        Service::Icmp => ping::ask(order, settings, seen).await,
        Service::Tcp => knock(order, settings, seen).await,
        Service::Http | Service::Https => http::ask(order, settings, seen).await,
        Service::Snmp => snmp::ask(order, held, settings, seen).await,
    }
}

/// What a knock says of a port; nothing where it failed by a lack of ours.
fn port_state<T>(knocked: &Result<T, Box<Fault>>) -> Option<PortState> {
    match knocked {
        Ok(_) => Some(PortState::Open),
        Err(fault) if fault.detail.is_ours() => None,
        Err(_) => Some(PortState::Closed),
    }
}

/// A TCP handshake and nothing more.
async fn knock(order: &Order, settings: &Settings, seen: &mut Seen) -> Result<(), Box<Fault>> {
    let Order { address, .. } = order;
    let dialled = dial(address.host(), address.port(), None, settings).await?;
    seen.met(dialled.peer);
    seen.stages.push((Stage::Resolve, dialled.resolve));
    seen.stages.push((Stage::Connect, dialled.connect));
    seen.facts.rtt_ms = Some(milliseconds(dialled.connect));
    seen.answered = true;
    Ok(())
}

/// Text of a device as we keep it: on one line, and no longer than a person reads.
fn short(text: &str) -> String {
    let printable = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    printable.take(200).collect::<String>().trim().to_owned()
}

fn silence(waited: Duration) -> Detail {
    Detail::Silence { waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX) }
}

/// Milliseconds to the thousandth: a ping on a local network takes a tenth of one.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
