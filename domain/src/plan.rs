//! Probe plans: how often, how deep, and when exactly; and the request that a prober takes.

use crate::{
    CertificateFingerprint, Checks, ConfirmRule, Credential, CredentialState, DeviceId, DeviceKind,
    Habit, OwnLimits, PrivacyMasks, SiteId, Taught, TestCall, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How deep a probe goes (探测深度).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Signalling only.
    Reach,
    /// Media for a few seconds.
    Stream,
    /// A keyframe decoded and diagnosed.
    #[default]
    Picture,
}

words!(Depth {
    Reach = "reach", "可达", "reach";
    Stream = "stream", "取流", "stream";
    Picture = "picture", "画面", "picture";
});

/// 传输方式: which ways media may travel. A device that refuses the first, or sends
/// nothing, is asked for the second on a new connection, once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportPolicy {
    /// TCP interleaved, which passes firewalls; UDP where that fails, and first where it failed
    /// lately ([`crate::Habit::first_transport`]).
    #[default]
    Auto,
    /// TCP interleaved and nothing else.
    Tcp,
    /// UDP unicast and nothing else.
    Udp,
}

words!(TransportPolicy {
    Auto = "auto", "自动", "automatic";
    Tcp = "tcp", "仅 TCP", "TCP only";
    Udp = "udp", "仅 UDP", "UDP only";
});

/// 探测计划: how devices of one class are probed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Time between two probes of a device while nothing is in doubt.
    pub interval: Duration,
    /// How deep.
    pub depth: Depth,
    /// How long media is received.
    pub seconds: Duration,
    /// A picture that was clean is looked at again after so long at the latest; zero: each time.
    pub decode_every: Duration,
    /// Which ways media may travel.
    pub transport: TransportPolicy,
    /// Share of the interval, 0–0.5, by which each probe may come early or late.
    pub jitter: f64,
    /// When a failure becomes hard.
    pub confirm: ConfirmRule,
}

impl Plan {
    /// When the first probe of `device` is due after a start at `now`: spread over one interval,
    /// always the same for the same device, so that a restart does not fire all at once.
    pub fn first_due(&self, device: DeviceId, now: Timestamp) -> Timestamp {
        now + self.interval.mul_f64(phase(device, 0))
    }

    /// How long after a result the next probe is due. `doubt` shortens the wait to the retry
    /// interval of the confirm rule; `round` is the number of results so far and seeds the jitter.
    pub fn rest(&self, device: DeviceId, doubt: bool, round: u64) -> Duration {
        let base = if doubt { self.confirm.retry } else { self.interval };
        let offset = 1.0 + self.jitter.clamp(0.0, 0.5) * (2.0 * phase(device, round) - 1.0);
        base.mul_f64(offset)
    }

    /// How long a result stands: twice the interval, then the state is unknown.
    pub fn hold(&self) -> Duration {
        2 * self.interval
    }

    /// How long after its request a result must be there, so that the one before it, which stands
    /// for [`Plan::hold`], still stands: the request came one jittered interval later.
    pub fn within(&self) -> Duration {
        self.interval.mul_f64(1.0 - self.jitter.clamp(0.0, 0.5))
    }
}

/// A number in 0..1 that is fixed for a device and round (SplitMix64 over both; Steele et al. 2014).
fn phase(device: DeviceId, round: u64) -> f64 {
    let text = device.to_string();
    let seed = text.bytes().fold(round, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
    });
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// When the judged keyframe comes back as a JPEG: making one costs as much as judging it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Snapshot {
    /// Never.
    #[default]
    Never,
    /// Where a fault was found in it.
    OnFault,
    /// Where a fault was found in it, or it is looked at anyhow.
    IfLooked,
    /// Always: it is looked at for that.
    Always,
}

/// A share of the uplink of a site (上联带宽).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// The site.
    pub site: SiteId,
    /// Bits per second that all probes of the site may take together. A stream that needs more is
    /// opened alone.
    pub budget_bps: u64,
    /// Bits per second that this stream is taken to need before its habit is known.
    pub assumed_bps: u64,
}

/// What a probe shares with others while it lasts, and waits its turn for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// 上级设备, whose sessions it shares, and how many it bears at once.
    pub parent: Option<(DeviceId, u32)>,
    /// Where no parent is known: how many streams the host and port of its address bear at once.
    pub per_host: Option<u32>,
    /// The uplink that it shares.
    pub uplink: Option<Uplink>,
}

/// The host and port at which a stream is opened, by which channels of a recorder without a name in the
/// ledger are known to be of one device; `None` for what is no stream. Holds no login.
pub fn stream_host(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    if !scheme.get(..4)?.eq_ignore_ascii_case("rtsp") {
        return None;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let place = place.to_ascii_lowercase();
    Some(place.strip_suffix(":554").map_or(place.clone(), str::to_owned))
}

/// What probes share, and others of ours may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bottleneck {
    /// The sessions of the parent.
    Parent,
    /// The streams of the address.
    Host,
    /// The bandwidth of the site's uplink.
    Uplink,
}

words!(Bottleneck {
    Parent = "parent", "上级设备的取流路数", "the sessions that its parent bears";
    Host = "host", "该取流地址的路数", "the streams that its address bears";
    Uplink = "uplink", "站点的上联带宽", "the uplink of its site";
});

/// What a camera stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mount {
    /// It looks at one scene.
    #[default]
    Fixed,
    /// 云台: it is turned, by a patrol or by people. Another view is none of its faults.
    Turns,
}

impl Mount {
    /// Tags (标签) of the ledger that say that a camera turns, in small letters.
    const TURNING: [&str; 5] = ["云台", "球机", "巡航", "ptz", "dome"];

    /// What the tags of a device say.
    pub fn of_tags<'a>(mut tags: impl Iterator<Item = &'a str>) -> Self {
        let turns = |tag: &str| Self::TURNING.contains(&tag.trim().to_lowercase().as_str());
        if tags.any(turns) { Self::Turns } else { Self::Fixed }
    }
}

/// What is to be known of one device's picture before it is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PictureOrder {
    /// What of it is blacked out before it becomes a JPEG.
    pub masks: PrivacyMasks,
    /// The device's own limits, and what stands.
    pub limits: OwnLimits,
    /// What is learned of it.
    pub taught: Taught,
    /// Whether it is turned.
    pub mount: Mount,
}

/// What a prober is asked to do.
#[derive(Clone, Debug)]
pub struct ProbeRequest {
    /// The device, where it is one of the ledger.
    pub device: Option<DeviceId>,
    /// What it shares with others.
    pub claim: Claim,
    /// What kind it is.
    pub kind: DeviceKind,
    /// Address to open, without credentials.
    pub url: String,
    /// What to log in with; see [`ProbeRequest::login`].
    pub credential: Option<Credential>,
    /// How the credential stands; a prober refuses to send a suspended one.
    pub credential_state: CredentialState,
    /// CertificateFingerprint of the certificate on record, where the device speaks TLS.
    pub certificate: Option<CertificateFingerprint>,
    /// How deep.
    pub depth: Depth,
    /// How long media is received.
    pub seconds: Duration,
    /// A picture that was clean is looked at again after so long at the latest; zero: each time.
    pub decode_every: Duration,
    /// What is learned of this address; the default where nothing is.
    pub habit: Habit,
    /// The result is wanted within so long of the request; a keyframe that is known to be rare is not
    /// waited for past that. `None`: whenever it comes.
    pub within: Option<Duration>,
    /// Which ways media may travel.
    pub transport: TransportPolicy,
    /// Signature of the last picture of this device and when it was taken, for `frozen`.
    pub last_picture: Option<(Timestamp, Vec<u8>)>,
    /// Whether the judged keyframe is wanted as a JPEG.
    pub snapshot: Snapshot,
    /// What is to be known of its picture.
    pub picture: PictureOrder,
    /// 监控项: what is expected of equipment.
    pub checks: Checks,
    /// 测试呼叫: whether this endpoint may be called.
    pub test_call: TestCall,
}

impl ProbeRequest {
    /// One look at a device of which nothing is known, by what its address opens: it has no login and shares nothing, media may
    /// travel any way, no time is spent on them, and every picture is decoded.
    pub fn new(url: String, depth: Depth) -> Self {
        Self {
            device: None,
            claim: Claim::default(),
            kind: DeviceKind::of_address(&url),
            url,
            credential: None,
            credential_state: CredentialState::default(),
            certificate: None,
            depth,
            seconds: Duration::ZERO,
            decode_every: Duration::ZERO,
            habit: Habit::default(),
            within: None,
            transport: TransportPolicy::default(),
            last_picture: None,
            snapshot: Snapshot::Never,
            picture: PictureOrder::default(),
            checks: Checks::default(),
            test_call: TestCall::default(),
        }
    }

    /// What is sent to a device whose address holds `own`: that, and no other, which may be meant for
    /// another host.
    pub fn login(&self, own: Option<Credential>) -> Option<Credential> {
        own.or_else(|| self.credential.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdSource;

    struct Fixed(u8);
    impl IdSource for Fixed {
        fn random(&self) -> [u8; 10] {
            [self.0; 10]
        }
    }

    fn plan() -> Plan {
        Plan {
            interval: Duration::from_secs(60),
            depth: Depth::Stream,
            seconds: Duration::from_secs(3),
            decode_every: Duration::ZERO,
            transport: TransportPolicy::Auto,
            jitter: 0.1,
            confirm: ConfirmRule { failures: 3, retry: Duration::from_secs(10) },
        }
    }

    #[test]
    fn channels_of_one_recorder_are_known_by_its_address() {
        let host = |url| stream_host(url);
        assert_eq!(host("rtsp://u:p@10.0.0.1/ch1"), host("RTSP://10.0.0.1:554/ch2?x=rtsp://b@c"));
        assert_ne!(host("rtsp://10.0.0.1:8554/ch1"), host("rtsp://10.0.0.1/ch1"));
        assert_eq!(host("rtsps://[::1]/a").as_deref(), Some("[::1]"));
        assert_eq!(
            (host("sip:room@mcu"), host("snmp://switch"), host("东://x")),
            (None, None, None)
        );
    }

    #[test]
    fn ten_thousand_devices_do_not_start_together() {
        let start = Timestamp::from_millis(1_800_000_000_000);
        let mut per_second = [0u32; 60];
        for n in 0..10_000u32 {
            let id =
                DeviceId::new(start + Duration::from_millis(u64::from(n)), &Fixed((n % 251) as u8));
            let due = plan().first_due(id, start);
            per_second[due.since(start).as_secs() as usize] += 1;
        }
        assert!(per_second.iter().all(|&n| (100..240).contains(&n)), "{per_second:?}");
    }

    #[test]
    fn a_result_in_time_comes_while_the_last_one_stands() {
        let (plan, id) = (plan(), DeviceId::new(Timestamp::from_millis(0), &Fixed(7)));
        for round in 0..1000 {
            assert!(plan.rest(id, false, round) + plan.within() <= plan.hold());
        }
    }

    #[test]
    fn doubt_shortens_the_wait_and_jitter_stays_in_bounds() {
        let id = DeviceId::new(Timestamp::from_millis(0), &Fixed(7));
        for round in 0..1000 {
            let calm = plan().rest(id, false, round).as_millis();
            let doubt = plan().rest(id, true, round).as_millis();
            assert!((54_000..=66_000).contains(&calm), "{calm}");
            assert!((9_000..=11_000).contains(&doubt), "{doubt}");
        }
    }

    #[test]
    fn the_ledger_says_by_a_tag_that_a_camera_turns() {
        let of = |tags: &[&str]| Mount::of_tags(tags.iter().copied());
        assert_eq!((of(&[]), of(&["重点", "枪机"])), (Mount::Fixed, Mount::Fixed));
        assert_eq!((of(&["重点", " 球机"]), of(&["PTZ"])), (Mount::Turns, Mount::Turns));
    }
}
