//! The port to whatever opens devices.

use std::{future::Future, pin::Pin};
use tokio_util::sync::CancellationToken;
use zhishou_domain::{Habit, Lesson, LoginResult, Observation, ProbeRequest};

/// Whether what is said with the device is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taping {
    /// It is not.
    #[default]
    Off,
    /// It comes back with the result, some megabytes at most.
    On,
}

/// What one probe brought.
#[derive(Clone, Debug)]
pub struct Probed {
    /// What was seen.
    pub observation: Observation,
    /// The judged keyframe as JPEG, scaled.
    pub snapshot: Option<Vec<u8>>,
    /// The signature of the judged keyframe, for a later probe to compare with.
    pub signature: Option<Vec<u8>>,
    /// What the picture taught.
    pub lesson: Option<Lesson>,
    /// What is known of the stream from now on.
    pub habit: Habit,
    /// What became of the credential, where it was sent.
    pub login: Option<LoginResult>,
    /// It was sent and not answered, so that it may have been refused.
    pub login_in_doubt: bool,
    /// The dialogue as a file without any credential, where it was taped and anything was said.
    pub dialogue: Option<Vec<u8>>,
}

/// Opens a device once. Never fails: what goes wrong is in the observation.
pub trait Prober: Send + Sync + 'static {
    /// Opens the device. When `cancel` fires the session is closed properly and the observation
    /// says that we stopped it ourselves.
    fn probe(
        &self,
        request: ProbeRequest,
        taping: Taping,
        cancel: CancellationToken,
    ) -> Pin<Box<dyn Future<Output = Probed> + Send + '_>>;
}
