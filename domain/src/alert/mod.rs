//! 告警与送达: what is said to people outside of the pages, over which channels, and when again.
//!
//! Pure: what is to be sent is a [`Note`], how it went is told back, and when it is tried again is a
//! function of that. Nothing here opens a connection or knows how a robot wants its JSON.

mod channel;
mod desk;
mod handling;
mod note;
mod pace;
mod problem;
mod rules;
#[cfg(test)]
mod tests;

pub use channel::{
    Channel, ChannelAccess, ChannelKind, ChannelProblem, ChannelSettings, Charset, MailSecurity,
    Room, Switch, WebMethod,
};
pub use desk::{Case, Desk, Ledger, Say, Saying, Told, What};
pub use handling::{Handling, HandlingAct, LONGEST_MUTE};
pub use note::{Attachment, Contact, Note, NoteState, Topic, cut_bytes, cut_characters};
pub use pace::{GIVE_UP, LEASE, WINDOW, backoff, free_at};
pub use problem::SendProblem;
pub use rules::{AlertRule, AlertRules, Extent, Manner, OnDuty, RulesProblem, Severity};
