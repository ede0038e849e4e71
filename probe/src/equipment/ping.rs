//! Pings, over the unprivileged sockets of Linux (`SOCK_DGRAM` of ICMP), which
//! `net.ipv4.ping_group_range` allows to groups of users.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};
use zhishou_domain::{Checks, Detail, Fault, FaultCode, Stage};
use zhishou_protocol::icmp::{self, Version};

use super::{Order, Seen, milliseconds, silence};
use crate::Settings;
use crate::dial::{failed, ours, resolve};

/// Pings the first address of the host.
pub(super) async fn ask(
    order: &Order,
    settings: &Settings,
    seen: &mut Seen,
) -> Result<(), Box<Fault>> {
    let began = Instant::now();
    let found = resolve(order.address.host(), 0, settings.resolve).await?;
    seen.stages.push((Stage::Resolve, began.elapsed()));
    let Some(peer) = found.into_iter().next() else { return Ok(()) };
    seen.facts.peer = Some(peer.ip().to_string());
    let began = Instant::now();
    let mut pings =
        Pings::open(peer, order.entropy).map_err(|error| Box::new(unopened(peer, &error)))?;
    pings.run(settings).await;
    seen.stages.push((Stage::Ping, began.elapsed()));

    let times = pings.times();
    let is_silent = times.is_empty();
    judge(&times, pings.sent.len(), &order.checks, settings, seen);
    if is_silent {
        return Err(Box::new(match pings.problem {
            Some(error) => failed(peer, Stage::Ping, &error),
            None => Fault::new(FaultCode::ConnectTimeout, Stage::Ping, silence(began.elapsed())),
        }));
    }
    Ok(())
}

/// What pings say, `times` being those of the answered.
fn judge(times: &[Duration], sent: usize, checks: &Checks, settings: &Settings, seen: &mut Seen) {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (sent, received) = (count(sent), count(times.len()));
    let (lost, facts) = (sent - received, &mut seen.facts);
    let ratio = f64::from(lost) / f64::from(sent.max(1));
    (facts.sent, facts.received, facts.loss_ratio) = (sent, received, Some(ratio));
    seen.answered = received > 0;
    if !seen.answered {
        return;
    }
    let rtt_ms = milliseconds(times.iter().sum::<Duration>() / received);
    facts.rtt_ms = Some(rtt_ms);
    let mut fault = |code, detail| seen.faults.push(Fault::new(code, Stage::Ping, detail));
    if ratio > checks.loss_ratio.unwrap_or(settings.equipment.loss_ratio) {
        fault(FaultCode::PacketLoss, Detail::Pings { lost, sent });
    }
    if let Some(limit_ms) = checks.rtt_ms.filter(|limit_ms| rtt_ms > *limit_ms) {
        fault(FaultCode::ItemOutOfLimits, Detail::Slow { rtt_ms, limit_ms });
    }
}

/// Why there is no socket to ping with.
fn unopened(peer: SocketAddr, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            Fault::new(FaultCode::Unreachable, Stage::Ping, Detail::PingForbidden)
        }
        _ => ours(peer, Stage::Ping, error),
    }
}

/// A row of pings to one address.
struct Pings {
    socket: UdpSocket,
    peer: IpAddr,
    version: Version,
    /// What nobody else's ping has in it.
    mark: [u8; 8],
    /// When each went out, and how long its answer took.
    sent: Vec<(Instant, Option<Duration>)>,
    /// What the network or our system said last.
    problem: Option<io::Error>,
}

impl Pings {
    fn open(peer: SocketAddr, entropy: u64) -> io::Result<Self> {
        let (family, protocol, version, any) = match peer.ip() {
            IpAddr::V4(_) => {
                (AddressFamily::INET, ipproto::ICMP, Version::V4, Ipv4Addr::UNSPECIFIED.into())
            }
            IpAddr::V6(_) => {
                (AddressFamily::INET6, ipproto::ICMPV6, Version::V6, Ipv6Addr::UNSPECIFIED.into())
            }
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(family, SocketType::DGRAM, flags, Some(protocol))?;
        rustix::net::bind(&socket, &SocketAddr::new(any, 0))?;
        let socket = UdpSocket::from_std(socket.into())?;
        let mark = entropy.to_be_bytes();
        Ok(Self { socket, peer: peer.ip(), version, mark, sent: Vec::new(), problem: None })
    }

    /// Sends all and takes what comes back, until all have or their time is over.
    async fn run(&mut self, settings: &Settings) {
        let asking = settings.equipment;
        let mut buffer = [0; 256];
        loop {
            let last = self.sent.last().map(|(at, _)| *at);
            let more = self.sent.len() < usize::from(asking.pings);
            let wake = match last {
                _ if !more && self.sent.iter().all(|(_, answer)| answer.is_some()) => return,
                None => Instant::now(),
                Some(last) if more => last + asking.ping_gap,
                Some(last) => last + asking.ping_wait,
            };
            tokio::select! {
                heard = self.socket.recv_from(&mut buffer) => match heard {
                    Ok((length, from)) => self.take(from, buffer.get(..length).unwrap_or_default()),
                    Err(error) => self.problem = Some(error),
                },
                () = sleep_until(wake) => {
                    if !more {
                        return;
                    }
                    self.send().await;
                }
            }
        }
    }

    async fn send(&mut self) {
        let sequence = u16::try_from(self.sent.len()).unwrap_or(u16::MAX);
        let packet = icmp::request(self.version, sequence, &self.mark);
        self.sent.push((Instant::now(), None));
        if let Err(error) = self.socket.send_to(&packet, SocketAddr::new(self.peer, 0)).await {
            self.problem = Some(error);
        }
    }

    /// Takes an answer, once, from the address that was asked.
    fn take(&mut self, from: SocketAddr, packet: &[u8]) {
        let Some((sequence, payload)) = icmp::reply(self.version, packet) else { return };
        let ours = from.ip() == self.peer && payload == self.mark;
        if let Some((at, answer @ None)) = self.sent.get_mut(usize::from(sequence)).filter(|_| ours)
        {
            *answer = Some(at.elapsed());
        }
    }

    fn times(&self) -> Vec<Duration> {
        self.sent.iter().filter_map(|(_, answer)| *answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::equipment::Service;

    #[test]
    fn a_ping_in_four_lost_is_too_many_unless_the_ledger_allows_it() {
        let times = [2, 3, 4].map(Duration::from_millis);
        for (checks, found) in [("", vec![FaultCode::PacketLoss]), ("丢包=25", vec![])] {
            let mut seen = Seen::new(Service::Icmp);
            judge(&times, 4, &checks.parse().unwrap(), &Settings::default(), &mut seen);
            let codes: Vec<_> = seen.faults.iter().map(|fault| fault.code).collect();
            assert_eq!((seen.answered, codes), (true, found));
            assert_eq!((seen.facts.rtt_ms, seen.facts.loss_ratio), (Some(3.0), Some(0.25)));
        }
    }

    #[test]
    fn what_our_system_forbids_is_not_the_devices_fault() {
        let peer = "10.1.2.3:0".parse().unwrap();
        let fault = unopened(peer, &io::ErrorKind::PermissionDenied.into());
        assert_eq!(fault.detail, Detail::PingForbidden);
        let no_ipv6 = io::Error::from_raw_os_error(97);
        assert!(unopened(peer, &no_ipv6).detail.is_ours());
    }
}
