//! The nouns of operations assurance and the judgement over them.
//!
//! Everything here is a value or a pure function: no I/O, no async, no clock and no chance of its
//! own. Time comes in as [`Timestamp`], randomness as bytes. The other crates meet in these types:
//! a [`ProbeRequest`] goes out to a prober, an [`Observation`] comes back, [`confirm`] turns a
//! row of observations into a [`Standing`], and [`DayStrip`] keeps what each minute was.

#![cfg_attr(not(test), warn(clippy::expect_used))]

#[macro_use]
mod words;

pub mod account;
pub mod alert;
mod certificate;
pub mod check;
pub mod confirm;
pub mod credential;
mod detail;
mod detection;
mod device;
pub mod duty;
pub mod endpoint;
pub mod equipment;
mod exclusion;
mod fault;
pub mod habit;
mod ids;
pub mod incident;
pub mod inspection;
mod lang;
pub mod ledger;
mod line;
mod mask;
pub mod meeting;
pub mod mos;
mod observation;
mod oddities;
pub mod own_limits;
mod place;
mod plan;
pub mod policy;
mod rate;
pub mod reconcile;
mod reference;
mod role;
pub mod strip;
mod time;
mod unit;
mod verdict;
pub mod weather;
pub mod work_order;

pub use certificate::{CertificateFingerprint, CertificateTrust, NotAFingerprint, TlsFacts};
pub use confirm::{ConfirmRule, News, Span, Standing, Step, Transition};
pub use credential::{
    Credential, CredentialState, Fingerprint, HostLogins, LoginOutcome, LoginResult,
};
pub use detail::{Detail, LossOrigin, TlsProblem};
pub use detection::reference as fault_reference;
pub use device::{Device, DeviceKind, LifeState, PointClass};
pub use endpoint::{CallFacts, CallSkipped, TestCall, verdict_of_call};
pub use equipment::{AddressProblem, Checks, ChecksProblem, EquipmentFacts};
pub use exclusion::{
    Exclusion, ExclusionAct, ExclusionReason, ExclusionRefusal, ExclusionState, ExclusionStep,
};
pub use fault::{Fault, FaultCode, Group, Stage};
pub use habit::Habit;
pub use ids::{
    ChannelId, CheckRunId, DepartmentId, DeviceId, ExclusionId, IdSource, IncidentId, MaintainerId,
    MeetingId, MeetingIncidentId, ResourceId, ShiftId, SiteId, StreetId, UserId, VenueId,
    WorkOrderId,
};
pub use lang::{Lang, with_causes};
pub use ledger::{LedgerColumn, LedgerRow, RowError, RowProblem};
pub use mask::{MaskError, PrivacyMasks};
pub use observation::{
    AudioFacts, Observation, PictureFacts, PictureMode, PictureSkipped, StageTiming, Transport,
    VideoFacts,
};
pub use oddities::Oddities;
pub use own_limits::{Feedback, Opinion, OwnLimits, Reading};
pub use place::{Department, Maintainer, Site, Street};
pub use plan::{
    Bottleneck, Claim, Depth, Mount, PictureOrder, Plan, ProbeRequest, Snapshot, TransportPolicy,
    Uplink, stream_host,
};
pub use rate::{Counts, KindCounts, Rate};
pub use reference::{
    LearnedPicture, Lesson, PictureLight, PictureShift, PictureStripes, PictureTiles,
    ReferenceAction, Taught, Teaching,
};
pub use role::Role;
pub use strip::{DayStrip, State};
pub use time::{Clock, Timestamp};
pub use unit::measure_name;
pub use verdict::{Verdict, reached_of, verdict_of};
pub use weather::Weather;
