//! How long a probe waits and what it calls a fault. Defaults are those of the outside contract.

use std::time::Duration;

use zhishou_domain::habit::Baseline;
use zhishou_protocol::rtsp::{Deadlines, Transports};

use crate::tls::Vouched;

/// Signalling of a slow device over a slow line, all of it.
const SWIFT_SIGNALLING: Duration = Duration::from_secs(5);

/// Where media become a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamLimits {
    /// Share of packets lost, 0 to 1, past which it is `packet_loss`.
    pub loss_ratio: f64,
    /// Share of the declared frame rate, 0 to 1, below which it is `low_fps`.
    pub fps_ratio: f64,
    /// Silence within the stream past which it is `stalled`.
    pub stall: Duration,
    /// Where a departure from what the stream usually is becomes a fault.
    pub baseline: Baseline,
    /// Difference of clocks past which it is `clock_offset`.
    pub clock_offset: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            loss_ratio: 0.01,
            fps_ratio: 0.8,
            stall: Duration::from_secs(3),
            clock_offset: Duration::from_secs(10),
            baseline: Baseline::default(),
        }
    }
}

/// What a certificate that is not the one on record means for the login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CertificatePolicy {
    /// It is reported, and the login is proven by Digest but never shown by Basic.
    #[default]
    Report,
    /// It is reported, and the login stays here altogether.
    Pinned,
}

/// How equipment that is no camera is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asking {
    /// Pings of one probe.
    pub pings: u16,
    /// Between two of them.
    pub ping_gap: Duration,
    /// After the last one.
    pub ping_wait: Duration,
    /// Share of them, 0 to 1, past which it is `packet_loss`, where the ledger does not say.
    pub loss_ratio: f64,
    /// An answer of HTTP, its page included.
    pub page: Duration,
    /// An answer of SNMP, before it is asked for again.
    pub datagram: Duration,
    /// How often SNMP is asked.
    pub attempts: u32,
    /// All of one visit.
    pub whole: Duration,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            pings: 4,
            ping_gap: Duration::from_millis(250),
            ping_wait: Duration::from_secs(2),
            loss_ratio: 0.2,
            page: Duration::from_secs(8),
            datagram: Duration::from_secs(2),
            attempts: 3,
            whole: Duration::from_secs(30),
        }
    }
}

/// How test calls are made, and where their media become a fault. The limits are those of public
/// acceptance of conference systems.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallLimits {
    /// The longest a call lasts once it is answered.
    pub longest: Duration,
    /// Calls under way at once.
    pub at_once: usize,
    /// Waiting for one of these places.
    pub wait: Duration,
    /// How long a call has to last before what did not come is a fault.
    pub silence: Duration,
    /// How long before anything is said of quality.
    pub quality_after: Duration,
    /// Share of packets lost, 0 to 1, past which it is `high_loss`.
    pub loss_ratio: f64,
    /// Jitter past which it is `high_jitter`.
    pub jitter: Duration,
    /// Delay one way past which it is `high_delay`.
    pub delay: Duration,
    /// Level below which it is `audio_silent`, dBFS: a microphone that is on hears a room.
    pub quiet_dbfs: f64,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            longest: Duration::from_secs(60),
            at_once: 2,
            wait: Duration::from_secs(90),
            silence: Duration::from_secs(5),
            quality_after: Duration::from_secs(20),
            loss_ratio: 0.01,
            jitter: Duration::from_millis(30),
            delay: Duration::from_millis(100),
            quiet_dbfs: -65.0,
        }
    }
}

/// How probes are made.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// Waiting for a share of a recorder's sessions and of a site's uplink.
    pub share: Duration,
    /// Waiting for the device's turn and for the login budget of its host.
    pub turn: Duration,
    /// Name resolution.
    pub resolve: Duration,
    /// TCP connect, all addresses of a name together.
    pub connect: Duration,
    /// TLS handshake, where TLS is spoken.
    pub tls: Duration,
    /// Which certificates are believed; `None`: all whose key signed the handshake.
    pub vouched: Option<Vouched>,
    /// What a changed certificate means.
    pub certificates: CertificatePolicy,
    /// The answers of the device.
    pub rtsp: Deadlines,
    /// From the answer to PLAY to the first packet.
    pub first_packet: Duration,
    /// From the first packet to a keyframe, where one is wanted: smart codecs stretch GOPs to many
    /// seconds (Q68). What is learned of a camera may lengthen it.
    pub keyframe: Duration,
    /// The longest a keyframe is waited for, whatever is learned.
    pub keyframe_at_most: Duration,
    /// Between two receiver reports; some devices stop without them (Q66).
    pub report: Duration,
    /// Where media become a fault.
    pub limits: StreamLimits,
    /// Where the picture becomes one.
    pub picture: zhishou_picture::Limits,
    /// Greatest width of a snapshot, pixels.
    pub snapshot_width: usize,
    /// How equipment is asked.
    pub equipment: Asking,
    /// The answers of endpoints.
    pub sip: zhishou_protocol::sip::Deadlines,
    /// How endpoints are called.
    pub call: CallLimits,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            user_agent: concat!("Zhishou/", env!("CARGO_PKG_VERSION")).to_owned(),
            share: seconds(30),
            turn: seconds(10),
            resolve: seconds(3),
            connect: seconds(5),
            tls: seconds(5),
            vouched: None,
            certificates: CertificatePolicy::default(),
            rtsp: Deadlines::default(),
            first_packet: seconds(5),
            keyframe: seconds(12),
            keyframe_at_most: seconds(150),
            report: Duration::from_millis(4_500),
            limits: StreamLimits::default(),
            picture: zhishou_picture::Limits::default(),
            snapshot_width: 704,
            equipment: Asking::default(),
            sip: zhishou_protocol::sip::Deadlines::default(),
            call: CallLimits::default(),
        }
    }
}

impl Settings {
    /// What a session takes beside its wait for a keyframe where nothing is amiss: signalling, and
    /// a stream watched until it is a stall or goes on.
    pub(crate) fn swift_session(&self) -> Duration {
        SWIFT_SIGNALLING + self.limits.stall
    }

    /// How long a session may take from connecting to its last packet, whatever the device does;
    /// closing it comes on top. `media` is how long media is received, `keyframe` how long a
    /// keyframe is waited for. With two transports it may have to begin again once.
    pub fn session(&self, media: Duration, keyframe: Duration, transports: Transports) -> Duration {
        // DESCRIBE twice for the challenge, SETUP for video and sound.
        let attempt = self.resolve
            + self.connect
            + self.tls
            + self.rtsp.describe * 2
            + self.rtsp.setup * 2
            + self.rtsp.play
            + self.first_packet;
        let spare = transports.spare.map_or(Duration::ZERO, |_| attempt + self.rtsp.teardown);
        self.rtsp.options
            + attempt
            + spare
            + keyframe.max(media)
            // A stream that falls silent near the end is watched until it is a stall or goes on.
            + self.limits.stall
    }
}
