//! Open descriptors: every probe under way holds some, and the soft limit of a login shell is 1024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What one probe holds at most: its connection, and RTP and RTCP of video and sound over UDP.
const PER_PROBE: u64 = 5;
/// What the rest of the house holds: database, pages, files, decoders.
const HOUSE: u64 = 512;
/// Asked for where the hard limit is none; the kernel's own default bound (`fs.nr_open`).
const PLENTY: u64 = 1 << 20;

/// Soft and hard limit; `None` where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) soft: Option<u64>,
    pub(crate) hard: Option<u64>,
}

/// As they stand.
pub(crate) fn limits() -> Limits {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    Limits { soft: current, hard: maximum }
}

/// Descriptors needed for so many probes at once.
pub(crate) const fn needed(probes: u64) -> u64 {
    probes * PER_PROBE + HOUSE
}

/// Raises the soft limit to the hard one, which anybody may; what cannot be raised stays.
pub(crate) fn raise() {
    let Limits { soft, hard } = limits();
    let wanted = hard.unwrap_or(PLENTY);
    if soft.is_some_and(|soft| soft < wanted) {
        let limit = Rlimit { current: Some(wanted), maximum: hard };
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, wanted, "failed to raise the limit of open descriptors");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let before = limits();
        let low = before.hard.unwrap_or(PLENTY).min(900);
        let limit = Rlimit { current: Some(low), maximum: before.hard };
        setrlimit(Resource::Nofile, limit).unwrap();
        raise();
        assert_eq!(limits(), Limits { soft: before.hard.or(Some(PLENTY)), hard: before.hard });
    }

    #[test]
    fn ten_thousand_probes_need_fifty_thousand() {
        assert_eq!(needed(10_000), 50_512);
    }
}
