//! What the pages are given to work with.

use crate::health::DeadTasks;
use chrono_tz::Tz;
use std::{pin::Pin, sync::Arc, time::Duration};
use zhishou_domain::{
    Clock, DeviceId, Lang, MeetingId, Observation, VenueId,
    check::CheckItem,
    meeting::BookingRules,
    policy::{DEFAULT_POLICY, LocalTime},
    work_order::RepairRules,
};
use zhishou_storage::Store;

/// A probe under way.
pub type Probing<'a> =
    Pin<Box<dyn Future<Output = Result<Observation, ProbeNowError>> + Send + 'a>>;

/// The dialogue of a capture file in lines for a person, the observation being what came of it; or
/// what is wrong with the file.
pub type Explain = fn(&[u8], &Observation, Lang) -> Result<Vec<String>, String>;

/// What is wanted of a probe out of turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfTurn {
    /// A look as the plan has it.
    Look,
    /// The same, and its dialogue is kept as evidence, without any credential.
    Dialogue,
    /// A test call, where the ledger permits one and nothing is against it now.
    TestCall,
}

/// Opens a device at once, out of its turn, within the same guards as every probe.
pub trait ProbeNow: Send + Sync {
    /// Probes `device` and returns what was seen, after it was stored with its dialogue.
    fn probe_now(&self, device: DeviceId, wanted: OutOfTurn) -> Probing<'_>;
}

/// Why a probe could not be had. That the device is down is an observation, not one of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeNowError {
    /// No such device.
    #[error("probe: no such device")]
    NoDevice,
    /// It is not in use or has no address to open.
    #[error("probe: the device is not probed")]
    NotProbed,
    /// It is being probed, or a limit that protects it leaves no room now.
    #[error("probe: the device is busy")]
    Busy,
    /// We are shutting down.
    #[error("probe: shutting down")]
    Stopping,
    /// Our own fault.
    #[error("probe: {0}")]
    Ours(String),
}

/// A check of a meeting that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedCheck {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Of one venue; none: of all.
    pub venue: Option<VenueId>,
    /// Of one item; none: of all.
    pub item: Option<CheckItem>,
    /// Who asks.
    pub login: String,
}

/// A check on its way to whoever makes it.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<(), ProbeNowError>> + Send + 'a>>;

/// Checks meetings out of turn.
pub trait CheckMeetings: Send + Sync {
    /// Asks for a check; what comes of it is in the store.
    fn ask(&self, check: AskedCheck) -> Asking<'_>;
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Whoever has logged in.
    #[default]
    Login,
    /// Everybody who reaches the port.
    Open,
}

/// Whether browsers reach us over TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP, on loopback.
    #[default]
    Plain,
    /// TLS: cookies are marked Secure.
    Tls,
}

/// What can be set about the pages.
#[derive(Clone, Debug)]
pub struct Settings {
    /// 口径 of figures where none is chosen, by its id: the newest version counts.
    pub policy: String,
    /// Name of the district, on reports.
    pub district: String,
    /// When a day of a report ends.
    pub report_cut_off: LocalTime,
    /// Address that others open us at; empty where nobody said, and then no message has a link.
    pub base_url: String,
    /// 口径 of reports where none is chosen: `id` or `id@version`.
    pub report_policy: String,
    /// Failed results that make a failure hard, for "待确认 1/3".
    pub confirm_failures: u32,
    /// A login ends after so long without a request.
    pub idle: Duration,
    /// A login ends after so long in any case.
    pub lifetime: Duration,
    /// 巡检: what only a person can look at, a day.
    pub inspection_items: Vec<String>,
    /// How long repairs may take, and when they are proven.
    pub repair: RepairRules,
    /// What the house asks of a booking.
    pub booking: BookingRules,
    /// Marks cookies.
    pub transport: Transport,
    /// Who may read `/metrics`.
    pub metrics: MetricsAccess,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: DEFAULT_POLICY.to_owned(),
            district: "本区".to_owned(),
            base_url: String::new(),
            report_cut_off: LocalTime::default(),
            report_policy: DEFAULT_POLICY.to_owned(),
            confirm_failures: 3,
            idle: Duration::from_secs(30 * 60),
            lifetime: Duration::from_secs(12 * 3600),
            inspection_items: Vec::new(),
            repair: RepairRules::default(),
            booking: BookingRules::default(),
            transport: Transport::Plain,
            metrics: MetricsAccess::Login,
        }
    }
}

/// Everything behind the pages. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// The zone of days and times shown.
    pub zone: Tz,
    /// Evidence files.
    pub recordings: Arc<zhishou_recordings::Store>,
    /// Photos of repairs.
    pub photos: Arc<zhishou_recordings::Store>,
    /// Probes out of turn.
    pub prober: Arc<dyn ProbeNow>,
    /// Checks of meetings out of turn.
    pub checks: Arc<dyn CheckMeetings>,
    /// Puts dialogues into words.
    pub explain: Explain,
    /// What should run beside the pages and does not.
    pub dead: DeadTasks,
    /// What can be set.
    pub settings: Arc<Settings>,
}
