//! What a probe saw, as the habit of the camera takes it.

use zhishou_domain::habit::{Came, Coded, Look as Looked};
use zhishou_domain::{Fault, FaultCode, Group, PictureFacts, Transport};
use zhishou_protocol::rtp::{Headers, Keyframe};

use super::visit::Visited;
use crate::look::Look;

/// The keyframe by its bytes, for the habit.
pub(super) fn coded(keyframe: &Keyframe) -> Coded {
    let (&hash, _) = keyframe.slices_hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
    Coded {
        bytes: u32::try_from(keyframe.bytes.len()).unwrap_or(u32::MAX),
        qp: match keyframe.headers {
            Headers::Sound { qp } => Some(qp),
            Headers::Absurd | Headers::Unread => None,
        },
        hash: u64::from_be_bytes(hash),
    }
}

/// How media came, for the habit.
pub(super) fn came(visited: &Visited) -> Came {
    let flowed = visited.media.flow(visited.ended).0 > 0;
    match visited.media.transport().filter(|_| flowed) {
        None => Came::Not,
        Some(Transport::Udp) if visited.facts.fallbacks > 0 => Came::ByUdpAlone,
        Some(transport) => Came::By(transport),
    }
}

/// What became of the keyframe, for the habit. A decoder of ours that failed has not looked.
pub(super) fn looked(seen: &Look) -> Looked {
    let is_fault = |fault: &Fault| {
        fault.code.group() == Group::Picture
            || matches!(fault.code, FaultCode::Undecodable | FaultCode::EncryptedSuspected)
    };
    if seen.faults.iter().any(is_fault) {
        Looked::Faulty
    } else if seen.facts.is_some() {
        Looked::Clean
    } else {
        Looked::None
    }
}

/// What the pictures after the keyframe told, for the habit.
pub(super) fn shaken(seen: &Look) -> Looked {
    let score = |facts: &PictureFacts| facts.scores.get(&FaultCode::Shaking).copied().flatten();
    match seen.facts.as_ref().and_then(score) {
        None => Looked::None,
        Some(_) if seen.faults.iter().any(|it| it.code == FaultCode::Shaking) => Looked::Faulty,
        Some(_) => Looked::Clean,
    }
}
