//! An SNMP agent written from RFC 3416 and X.690, good or bad, over a plain socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// sysUpTime.0, sysDescr.0.
pub(crate) const UPTIME: &[u8] = b"\x2b\x06\x01\x02\x01\x01\x03\x00";
pub(crate) const DESCRIPTION: &[u8] = b"\x2b\x06\x01\x02\x01\x01\x01\x00";

/// What the agent does with a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It answers what it has.
    Good,
    /// It leaves the first request unanswered.
    Forgetful,
    /// It says nothing.
    Silent,
    /// Each answer is cut in its middle.
    Cut,
    /// It says that four gigabytes follow.
    Boasts,
    /// Answers to a request that nobody made, without end, and none to ours.
    Floods,
    /// It answers first to another number, then to ours.
    Confused,
    /// More than two names at once are too many.
    Small,
    /// A name that it does not have is an error of the whole, as in version 1.
    Old,
}

pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    requests: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Name and element (tag, length, content) of what an agent has.
pub(crate) type Objects = Vec<(&'static [u8], Vec<u8>)>;

impl Agent {
    pub(crate) async fn start(manner: Manner, community: &'static str, objects: Objects) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let requests = Arc::new(AtomicU32::new(0));
        let counted = requests.clone();
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                let count = counted.fetch_add(1, Ordering::SeqCst);
                let answer = answer(&buffer[..length], community, manner, count, &objects);
                for datagram in answer {
                    socket.send_to(&datagram, from).await.unwrap();
                }
            }
        });
        Self { address, requests, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("snmp://{}", self.address)
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

/// Splits the element at the beginning off: tag, content, rest. Requests have short lengths, or long
/// ones of at most two octets.
fn split(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
    let (length, from) = match bytes[1] {
        0x81 => (usize::from(bytes[2]), 3),
        0x82 => (usize::from(bytes[2]) << 8 | usize::from(bytes[3]), 4),
        short => (usize::from(short), 2),
    };
    (bytes[0], &bytes[from..from + length], &bytes[from + length..])
}

fn answer(
    request: &[u8],
    community: &str,
    manner: Manner,
    count: u32,
    objects: &Objects,
) -> Vec<Vec<u8>> {
    let (_, message, _) = split(request);
    let (_, version, rest) = split(message);
    assert_eq!(version, [1], "v2c");
    let (_, said, rest) = split(rest);
    let (kind, pdu, _) = split(rest);
    assert_eq!(kind, 0xa0);
    let (_, number, rest) = split(pdu);
    let (_, _, rest) = split(rest);
    let (_, _, rest) = split(rest);
    let (_, mut bindings, _) = split(rest);
    let mut names = Vec::new();
    while !bindings.is_empty() {
        let (_, binding, rest) = split(bindings);
        names.push(split(binding).1);
        bindings = rest;
    }
    let silent = manner == Manner::Silent || (manner == Manner::Forgetful && count == 0);
    if said != community.as_bytes() || silent {
        return Vec::new();
    }
    let found = |name: &[u8]| objects.iter().find(|(known, _)| *known == name).map(|(_, it)| it);
    let (mut status, mut index) = (0, 0);
    if manner == Manner::Small && names.len() > 2 {
        status = 1;
    }
    if let (Manner::Old, Some(at)) = (manner, names.iter().position(|name| found(name).is_none())) {
        (status, index) = (2, u8::try_from(at + 1).unwrap());
    }
    let bindings: Vec<u8> = names
        .iter()
        .filter(|_| status == 0)
        .flat_map(|name| {
            // noSuchObject.
            let value = found(name).cloned().unwrap_or_else(|| vec![0x80, 0]);
            tlv(0x30, &[tlv(6, name), value].concat())
        })
        .collect();
    let message = |number: &[u8]| {
        let numbers = [tlv(2, number), tlv(2, &[status]), tlv(2, &[index])].concat();
        let pdu = tlv(0xa2, &[numbers, tlv(0x30, &bindings)].concat());
        tlv(0x30, &[tlv(2, &[1]), tlv(4, said), pdu].concat())
    };
    let (ours, other) = (message(number), message(&[0]));
    match manner {
        Manner::Cut => vec![ours[..ours.len() / 2].to_vec()],
        Manner::Boasts => vec![b"\x30\x84\xff\xff\xff\xff\x02\x01\x01".to_vec()],
        Manner::Floods => vec![other; 400],
        Manner::Confused => vec![other, ours],
        _ => vec![ours],
    }
}
