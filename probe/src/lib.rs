//! Thin tokio drivers over the protocol cores, GStreamer decoding, budgets and guards.
//!
//! [`Prober`] opens a camera, asks equipment or calls an endpoint, as [`zhishou_domain::ProbeRequest`] says and makes an observation of
//! what it sees; a failed probe is an observation, never an error. It holds no state of devices
//! except the guards ([`guard`]), schedules nothing, and stores nothing.
//!
//! Invariants: every wait has a deadline; a session that was opened is taken down on every way out,
//! also when the caller goes away; no login is sent and no device opened without asking the guards;
//! nothing that is logged or returned holds a password.

pub mod canary;
mod caught;
#[cfg(feature = "gst")]
pub mod decode;
pub mod decoder;
mod dial;
mod endpoint;
mod equipment;
pub mod files;
pub mod guard;
mod look;
mod rtsp;
mod sessions;
mod settings;
mod stamped;
mod tape;
mod tls;

pub use endpoint::{CallLog, Noting};
pub use rtsp::{Outcome, Prober, check_address};
pub use sessions::Sessions;
pub use settings::{Asking, CallLimits, CertificatePolicy, Settings, StreamLimits};
pub use tape::{Capture, CaptureError, Tape};
pub use tls::Vouched;
