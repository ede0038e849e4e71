//! SNMP over UDP: uptime, description, and the items of the ledger.
//!
//! Names are asked for some at a time. An error that names one of them leaves it out, an answer that
//! would be too big is asked for in halves, so that one name that an agent cannot take costs no other.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};
use zhishou_domain::equipment::ItemValue;
use zhishou_domain::{Credential, Detail, Fault, FaultCode, LoginOutcome, Stage};
use zhishou_protocol::snmp::{self, Malformed, Response, Value};

use super::{Order, Seen, milliseconds, short, silence};
use crate::Settings;
use crate::dial::{failed, ours, resolve};
use crate::guard::Held;
use crate::rtsp::login_held_back;

/// Names in one request: agents of small devices take no more than a packet of Ethernet.
const AT_ONCE: usize = 16;
/// Datagrams that are no answer to the request, after which it is given up.
const FOREIGN: u32 = 256;
/// sysDescr.0 and sysUpTime.0 (RFC 3418).
const DESCRIPTION: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 1, 0];
const UPTIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
/// What agents have where nobody changed it.
const PUBLIC: &str = "public";

/// Asks the first address of the host.
pub(super) async fn ask(
    order: &Order,
    held: &Held,
    settings: &Settings,
    seen: &mut Seen,
) -> Result<(), Box<Fault>> {
    let began = Instant::now();
    let found = resolve(order.address.host(), order.address.port(), settings.resolve).await?;
    seen.stages.push((Stage::Resolve, began.elapsed()));
    let Some(peer) = found.into_iter().next() else { return Ok(()) };
    seen.met(peer);
    let ticket = match &order.credential {
        None => None,
        Some(credential) => {
            let deadline = Instant::now() + settings.turn;
            let state = &order.credential_state;
            let ticket = held.login(peer.ip(), credential, state, deadline).await;
            Some(ticket.map_err(|refusal| {
                let (code, detail) = login_held_back(&refusal);
                Box::new(Fault::new(code, Stage::Request, detail))
            })?)
        }
    };
    let community = order.credential.as_ref().map_or(PUBLIC, Credential::password);
    let began = Instant::now();
    let asked = match Agent::open(peer, community, order.entropy, settings).await {
        Ok(agent) => agent.read_all(order, seen).await,
        Err(error) => Err(Box::new(ours(peer, Stage::Request, &error))),
    };
    seen.stages.push((Stage::Request, began.elapsed()));
    // An agent says nothing to a community that it does not know, and locks nobody out: there is no
    // refusal to count.
    let outcome = seen.answered.then_some(LoginOutcome::Accepted);
    seen.login = ticket.and_then(|ticket| ticket.settle(outcome));
    asked
}

/// An agent that is being asked.
struct Agent<'a> {
    socket: UdpSocket,
    peer: SocketAddr,
    community: &'a str,
    number: i32,
    settings: &'a Settings,
}

/// Why a request brought nothing.
enum Unanswered {
    Silent,
    Malformed(Malformed),
    Network(io::Error),
}

impl<'a> Agent<'a> {
    /// The kernel lets in only what comes from the address that is asked.
    async fn open(
        peer: SocketAddr,
        community: &'a str,
        entropy: u64,
        settings: &'a Settings,
    ) -> io::Result<Self> {
        let any: IpAddr = match peer.ip() {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
        socket.connect(peer).await?;
        // Numbers that nobody guesses who does not see them.
        let number = (entropy >> 33) as i32;
        Ok(Self { socket, peer, community, number, settings })
    }

    async fn read_all(mut self, order: &Order, seen: &mut Seen) -> Result<(), Box<Fault>> {
        let items = order.checks.items.iter().map(|item| item.oid.arcs());
        let names: Vec<&[u32]> = [UPTIME, DESCRIPTION].into_iter().chain(items).collect();
        let mut values = HashMap::new();
        let mut waiting: VecDeque<Vec<&[u32]>> = names.chunks(AT_ONCE).map(<[_]>::to_vec).collect();
        while let Some(mut batch) = waiting.pop_front() {
            let response = match self.request(&batch, seen).await {
                Ok(response) => response,
                Err(why) if !seen.answered => return Err(Box::new(self.fault(why))),
                Err(_) => {
                    for name in batch {
                        values.insert(name.to_vec(), ItemValue::Missing("no answer".to_owned()));
                    }
                    continue;
                }
            };
            seen.answered = true;
            let Response { status, index, values: found, .. } = response;
            if status == 0 {
                values.extend(found.into_iter().map(|(name, value)| (name, item_value(value))));
                continue;
            }
            let blamed = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
            let blamed = blamed.filter(|at| *at < batch.len() && status != TOO_BIG);
            match blamed.or((batch.len() == 1).then_some(0)) {
                Some(at) => {
                    let missing = ItemValue::Missing(error_name(status));
                    values.insert(batch.remove(at).to_vec(), missing);
                    waiting.extend((!batch.is_empty()).then_some(batch));
                }
                None => {
                    let half = batch.split_off(batch.len() / 2);
                    waiting.extend([batch, half]);
                }
            }
        }
        if let Some(ItemValue::Number(ticks)) = values.get(UPTIME) {
            seen.facts.uptime_s = Some(ticks / 100.0);
        }
        if let Some(ItemValue::Text(text)) = values.get(DESCRIPTION) {
            seen.server = Some(text.clone()).filter(|text| !text.is_empty());
        }
        for item in &order.checks.items {
            let value = values.get(item.oid.arcs()).cloned();
            let missing = || ItemValue::Missing("not in the answer".to_owned());
            let (reading, fault) = item.judge(value.unwrap_or_else(missing));
            seen.facts.items.push(reading);
            seen.faults.extend(fault);
        }
        Ok(())
    }

    /// One request and its answer, asked for again where none comes. A late answer to one before
    /// counts: it has the same number.
    async fn request(&mut self, names: &[&[u32]], seen: &mut Seen) -> Result<Response, Unanswered> {
        self.number = self.number.wrapping_add(1) & i32::MAX;
        let packet = snmp::get(self.community.as_bytes(), self.number, names);
        let mut buffer = vec![0; snmp::MAX_DATAGRAM];
        let (mut foreign, mut why) = (0, Unanswered::Silent);
        for _ in 0..self.settings.equipment.attempts {
            let began = Instant::now();
            seen.facts.sent += 1;
            if let Err(error) = self.socket.send(&packet).await {
                why = Unanswered::Network(error);
            }
            let deadline = began + self.settings.equipment.datagram;
            loop {
                let length = match timeout_at(deadline, self.socket.recv(&mut buffer)).await {
                    Err(_) => break,
                    Ok(Ok(length)) => length,
                    Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                        // Its system says that nothing listens: asking again changes nothing.
                        return Err(Unanswered::Network(error));
                    }
                    Ok(Err(error)) => {
                        why = Unanswered::Network(error);
                        foreign += 1;
                        if foreign > FOREIGN { return Err(why) } else { continue }
                    }
                };
                match snmp::response(buffer.get(..length).unwrap_or_default()) {
                    Ok(response) if response.request_id == i64::from(self.number) => {
                        seen.facts.received += 1;
                        seen.facts.rtt_ms.get_or_insert(milliseconds(began.elapsed()));
                        return Ok(response);
                    }
                    Ok(_) => {}
                    Err(problem) => why = Unanswered::Malformed(problem),
                }
                foreign += 1;
                if foreign > FOREIGN {
                    return Err(why);
                }
            }
        }
        Err(why)
    }

    fn fault(&self, why: Unanswered) -> Fault {
        let asking = self.settings.equipment;
        match why {
            Unanswered::Silent => {
                let waited = silence(asking.datagram * asking.attempts);
                Fault::new(FaultCode::NoResponse, Stage::Request, waited)
            }
            Unanswered::Malformed(problem) => {
                let detail = Detail::Malformed { problem: problem.to_string() };
                Fault::new(FaultCode::BadResponse, Stage::Request, detail)
            }
            Unanswered::Network(error) => failed(self.peer, Stage::Request, &error),
        }
    }
}

/// RFC 3416 §3.
const TOO_BIG: i64 = 1;

/// What an error-status is called.
fn error_name(status: i64) -> String {
    let name = match status {
        TOO_BIG => "tooBig",
        2 => "noSuchName",
        5 => "genErr",
        6 => "noAccess",
        13 => "resourceUnavailable",
        16 => "authorizationError",
        other => return format!("error-status {other}"),
    };
    name.to_owned()
}

fn item_value(value: Value) -> ItemValue {
    match value {
        Value::Integer(number) => ItemValue::Number(number as f64),
        Value::Unsigned(number) | Value::Ticks(number) => ItemValue::Number(number as f64),
        Value::Octets(octets) => ItemValue::Text(short(&String::from_utf8_lossy(&octets))),
        Value::Name(arcs) => {
            let arcs: Vec<String> = arcs.iter().map(u32::to_string).collect();
            ItemValue::Text(short(&arcs.join(".")))
        }
        Value::Address(octets) => ItemValue::Text(Ipv4Addr::from(octets).to_string()),
        Value::Null => ItemValue::Missing("no value".to_owned()),
        Value::NoSuchObject => ItemValue::Missing("noSuchObject".to_owned()),
        Value::NoSuchInstance => ItemValue::Missing("noSuchInstance".to_owned()),
        Value::EndOfMibView => ItemValue::Missing("endOfMibView".to_owned()),
    }
}
