//! Concrete backends behind the ports.

mod accounts;
pub(crate) mod agreement;
pub(crate) mod descriptors;
pub(crate) mod evidence;
pub(crate) mod first_login;
pub(crate) mod housekeeping;
mod mornings;
pub(crate) mod nightly;
pub(crate) mod platform;
mod postman;
pub(crate) mod prober;
pub(crate) mod service;
mod tasks;
