//! The store: functions per noun over SQLite.
//!
//! Invariants: there is one writer, and a write returns only after its commit; nothing here reads
//! a clock; no password leaves this crate but inside a [`zhishou_domain::Credential`]; no function
//! for a page loads a fleet.

#![cfg_attr(not(test), warn(clippy::expect_used))]

mod account;
mod alerts;
mod attached;
mod audit;
mod certificates;
mod channels;
mod checks;
mod credentials;
mod decode;
mod deliveries;
mod device_page;
mod dialogues;
mod duty;
mod duty_people;
mod error;
mod evidence;
mod exclusion_files;
mod exclusions;
mod feedback;
mod filter;
mod fleet;
mod habits;
mod history;
mod import;
mod incidents;
mod inspections;
mod key;
mod ledger_gaps;
mod masks;
mod measures;
mod meetings;
mod misdated;
mod outages;
mod outbox;
mod overview;
mod policies;
mod prune;
mod publications;
mod reconciliations;
mod record;
mod references;
mod repeats;
mod scope;
mod sessions;
mod standings;
mod store;
mod street_events;
mod strips;
mod targets;
mod users;
mod wall_tokens;
mod weather;
mod work_orders;
mod writer;

pub use account::{
    AccountRow, Accounted, Asked, DeviceAccount, DeviceWords, Grouping, Keeping, KeptAccount,
    KeptDay, KeptRow, Lost, Place, StatedDevice, StatedGroup, StatedOutage, Statement,
};
pub use alerts::{Said, StoredRules};
pub use attached::{AttachedFile, FileAdded};
pub use audit::AuditLine;
pub use certificates::StoredCertificate;
pub use channels::{ChannelSaved, NewChannel};
pub use checks::{
    Archived, CellOf, CheckRun, Entered, MonthFigures, NewCell, NewMeetingIncident, NewRun,
    PlanSaved, RunState, StoredPlan, Unarchived, VenueHistory, VenueShown, WaitingCheck,
};
pub use credentials::{LoginUse, StoredCredential};
pub use deliveries::Delivery;
pub use device_page::{DevicePage, ObservationFilter, Seen};
pub use dialogues::{Dialogue, KeptFor};
pub use duty::{DutyAct, DutyActed, Rostered};
pub use duty_people::{PersonRemoved, PersonSaved};
pub use error::{KeyError, StoreError};
pub use evidence::{EvidenceKind, EvidenceRow, EvidenceTotal, Pictures};
pub use exclusions::{ExclusionActed, ExclusionScope, StoredExclusion};
pub use feedback::ScoreDay;
pub use filter::{Filter, Present};
pub use fleet::{FleetCursor, FleetRow, Strips};
pub use habits::{LearnedHabit, StreamOf};
pub use import::{ImportMode, ImportSummary};
pub use incidents::{
    Heard, IncidentDevice, IncidentFilter, IncidentGroup, IncidentRow, IncidentState,
    IncidentStatement, RootName,
};
pub use inspections::{
    Inspected, InspectedDevice, InspectedGroup, InspectionAddition, Morning, Signature,
    SignedInspection,
};
pub use key::MasterKey;
pub use ledger_gaps::{GapCursor, GapRow, LedgerGap, LedgerState};
pub use measures::{ItemRollup, Measure, Rollup};
pub use meetings::{
    Booked, BookingWay, CalendarFeed, Clash, DevicePlace, FeedScope, Held, MakesWay, MeetingActed,
    MeetingFilter, MeetingNotice, MeetingTurn, NewMeeting, NewSeries, NewTurn, NoticeAnswer,
    NoticeOut, Noticed, OnClash, ReadinessReport, Rebooking, ResourceWords, SeriesBooked,
    StoredMeeting, TurnActed, VenueSaved, VenueWords,
};
pub use outages::{Outage, OutageOrder};
pub use outbox::{Message, Route, Taken, Try};
pub use overview::{By, Choices, Period, Reason, SiteName, SiteStanding};
pub use policies::{PolicyAdded, StoredPolicy};
pub use publications::{Chain, LateChange, NewPublication, Publication, PublicationHead};
pub use reconciliations::{
    ListedRow, NewReconciliation, OutcomeCounts, ReconciledRow, Reconciliation,
    StoredReconciliation,
};
pub use record::{Fate, Record, Recorded};
pub use references::{StoredReference, StoredReferences};
pub use repeats::{Answered, Repeat};
pub use sessions::SessionRow;
pub use store::{Change, Health, Store};
pub use street_events::{EventCamera, StreetEvent};
pub use targets::Target;
pub use users::{User, login_name};
pub use wall_tokens::WallToken;
pub use work_orders::{
    Lateness, NewWorkOrder, RepairStatement, StoredWorkOrder, WorkActed, WorkFilter, WorkOpened,
    WorkScope,
};
