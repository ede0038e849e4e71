//! The pages and the API: axum router, templates, login.
//!
//! Invariants: nothing but the health checks, the static files and the login page answers without
//! a login; no page holds a script or a style of its own; web never sees a URL with a password,
//! and of a credential only its user name; no page loads a fleet; nothing is changed by whoever's role
//! does not permit it, and `permit` alone knows what does.

#![cfg_attr(not(test), warn(clippy::expect_used))]

mod alert_words;
mod api;
mod app;
mod assets;
mod attached;
mod booking;
mod cursor;
mod drafts;
mod draw;
mod exclude;
mod failure;
mod format;
mod guard;
mod handling;
mod health;
mod incident_words;
mod live;
mod making;
mod meeting_care;
mod pages;
mod password;
mod permit;
mod prefs;
mod query;
mod reconcile;
mod repeat;
mod router;
mod scope;
mod sessions;
mod shell;
mod throttle;
mod token;
mod upload;
mod verifying;
mod words;
mod work;

pub use alert_words::{digest_note, incident_note};
pub use app::{
    App, AskedCheck, Asking, CheckMeetings, Explain, MetricsAccess, OutOfTurn, ProbeNow,
    ProbeNowError, Probing, Settings, Transport,
};
pub use booking::ics::calendar as meeting_calendar;
pub use health::DeadTasks;
pub use meeting_care::open_check_order;
pub use password::{PasswordError, hash_password, one_time_password};
pub use permit::CHANGES;
pub use router::router;
pub use work::open_by_rule;
