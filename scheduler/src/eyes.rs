//! Whether this agent sees: what does not answer is blamed on a device only where we do.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use zhishou_domain::{
    Detail, Fault, FaultCode, Lang, Observation, Stage, Standing, State, Timestamp, Verdict,
    incident::{Canaries, Observer, ObserverFault, ObserverRule, Trial},
};

/// An answer of the canaries holds so long.
const FRESH: Duration = Duration::from_secs(3);

/// What asks the canaries (对照点), hosts beside us that are always there.
pub trait AskCanaries: Send + Sync {
    /// Asks all of them at once. Takes a few seconds at most.
    fn ask(&self) -> Pin<Box<dyn Future<Output = Canaries> + Send + '_>>;
}

/// No canary is known.
struct NoCanaries;

impl AskCanaries for NoCanaries {
    fn ask(&self) -> Pin<Box<dyn Future<Output = Canaries> + Send + '_>> {
        Box::pin(std::future::ready(Canaries::default()))
    }
}

/// The eyes of one agent.
pub struct Eyes {
    canaries: Arc<dyn AskCanaries>,
    observer: Mutex<Observer>,
    asked: tokio::sync::Mutex<Option<Instant>>,
    began: Instant,
}

impl Default for Eyes {
    /// Without canaries.
    fn default() -> Self {
        Self::new(ObserverRule::default(), Arc::new(NoCanaries))
    }
}

impl Eyes {
    /// Eyes that are believed as the rule says.
    pub fn new(rule: ObserverRule, canaries: Arc<dyn AskCanaries>) -> Self {
        Self {
            canaries,
            observer: Mutex::new(Observer::new(rule)),
            asked: tokio::sync::Mutex::new(None),
            began: Instant::now(),
        }
    }

    /// Weighs what a probe saw of a device that stood as `before`: where it did not answer and we do not
    /// see, the result is unknown and says so.
    pub(crate) async fn weigh(&self, seen: &mut Observation, before: &Standing) {
        let is_lost = seen.verdict == Verdict::Offline && !seen.reached;
        if is_lost || self.fault() == Some(ObserverFault::Blind) {
            self.ask().await;
        }
        let was_well =
            before.doubt.is_none() && matches!(before.state, State::Up | State::Degraded);
        let trial = match (is_lost, was_well) {
            (false, _) if !seen.reached => return,
            (false, _) => Trial::Kept,
            (true, true) => Trial::Lost,
            (true, false) => Trial::StillLost,
        };
        let fault = self.with(|observer| {
            observer.looked(Timestamp::from_millis(0) + self.began.elapsed(), trial);
            observer.fault().filter(|_| !observer.sees())
        });
        if let Some(fault) = fault.filter(|_| is_lost) {
            let code = seen.faults.first().map_or(FaultCode::Unreachable, |fault| fault.code);
            let problem = fault.name(Lang::En).to_owned();
            seen.faults.push(Fault::new(code, Stage::Prepare, Detail::Ours { problem }));
            seen.verdict = Verdict::Unknown;
        }
    }

    /// The probe that waits longest is so late.
    pub(crate) fn waits(&self, by: Duration) {
        self.with(|observer| observer.waits(by));
    }

    /// What is wrong with us.
    pub(crate) fn fault(&self) -> Option<ObserverFault> {
        self.with(|observer| observer.fault())
    }

    async fn ask(&self) {
        let mut asked = self.asked.lock().await;
        if asked.is_none_or(|at| at.elapsed() >= FRESH) {
            let canaries = self.canaries.ask().await;
            *asked = Some(Instant::now());
            self.with(|observer| observer.asked(canaries));
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Observer) -> T) -> T {
        act(&mut self.observer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
