//! What is due when: the agenda, the loop of one agent, and what is kept of each visit.
//!
//! Invariants: it opens no device itself but asks a [`Prober`]; it writes no file itself but asks
//! [`EvidenceFiles`]; time comes from a [`zhishou_domain::Clock`].

mod agenda;
mod agent;
mod alerts;
mod evidence;
mod eyes;
mod incidents;
mod meetings;
mod prober;
mod repairs;
mod timetable;
mod visit;

pub use agenda::{Agenda, Behind, Limits};
pub use agent::{Agent, AgentHandle, ClaimOf, PlanOf, ProbeNowError};
pub use alerts::{AlertWords, watch_alerts};
pub use evidence::{Dialogues, EvidenceFiles, GOOD_FOR};
pub use eyes::{AskCanaries, Eyes};
pub use incidents::judge_incidents;
pub use meetings::{AskedCheck, LookAt, Looking, MeetingCare, MeetingChecks, TellFailure};
pub use prober::{Probed, Prober, Taping};
pub use repairs::{OpenOrder, follow_repairs};
pub use timetable::{Timetable, TimetableError};
