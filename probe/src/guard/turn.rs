//! The guards behind locks, with waiting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use zhishou_domain::{Clock, Credential, CredentialState, Timestamp};

use super::{Admission, Lease, Leases, LoginOutcome, Logins};

/// Why a turn was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Waiting took too long: another probe has the device, or its last session lingers.
    Busy,
    /// The login must not be sent.
    Suspended {
        /// Refusals counted.
        failures: u32,
        /// When it may be sent again; `None` until an operator acts.
        retry_after: Option<Duration>,
    },
}

/// All guards of one process.
pub struct Guard {
    clock: Arc<dyn Clock>,
    began: Instant,
    logins: Mutex<Logins>,
    leases: Mutex<Leases>,
    changed: Notify,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

/// Nothing here panics while it holds a lock; a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guard {
    /// Guards that know of each host's refusals that were kept over a restart.
    pub fn new(clock: Arc<dyn Clock>, kept: Vec<(String, CredentialState)>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            began: Instant::now(),
            logins: Mutex::new(Logins::restore(kept)),
            leases: Mutex::new(Leases::default()),
            changed: Notify::new(),
        })
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes a device, waiting until `deadline` for another probe or a lingering session to end.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if that took too long, at once where it is known to.
    pub async fn open(self: &Arc<Self>, key: &str, deadline: Instant) -> Result<Held, Refusal> {
        loop {
            let changed = self.changed.notified();
            let granted = lock(&self.leases).take(key, self.began.elapsed());
            let until = match granted {
                Lease::Granted => {
                    return Ok(Held { guard: self.clone(), key: key.to_owned(), linger: None });
                }
                Lease::Busy => deadline,
                Lease::Lingering { until } => self.began + until,
            };
            if until > deadline {
                return Err(Refusal::Busy);
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(until) => {
                    if until >= deadline {
                        return Err(Refusal::Busy);
                    }
                }
            }
        }
    }

    /// Asks for a login to be sent to a host address, waiting until `deadline` for others.
    ///
    /// # Errors
    /// [`Refusal`]; the device may then be opened without login.
    pub async fn login(
        self: &Arc<Self>,
        host: &str,
        credential: &Credential,
        state: &CredentialState,
        deadline: Instant,
    ) -> Result<Ticket, Refusal> {
        loop {
            let changed = self.changed.notified();
            let admission = lock(&self.logins).admit(host, credential, state, self.now());
            match admission {
                Admission::Go => {
                    return Ok(Ticket {
                        guard: self.clone(),
                        host: host.to_owned(),
                        credential: credential.clone(),
                        outcome: LoginOutcome::NotTried,
                    });
                }
                Admission::Suspended { failures, retry_after } => {
                    return Err(Refusal::Suspended { failures, retry_after });
                }
                Admission::Wait => {}
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(deadline) => return Err(Refusal::Busy),
            }
        }
    }
}

/// A device that is ours until this is dropped.
#[derive(Debug)]
pub struct Held {
    guard: Arc<Guard>,
    key: String,
    linger: Option<Duration>,
}

impl Held {
    /// The session may stay open at the device for so long after this is dropped.
    pub fn linger(&mut self, time: Duration) {
        self.linger = Some(time);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let now = self.guard.began.elapsed();
        let until = self.linger.map(|time| now + time);
        lock(&self.guard.leases).release(&self.key, until, now);
        self.guard.changed.notify_waiters();
    }
}

/// Leave to send a login; settled when it is dropped.
#[derive(Debug)]
pub struct Ticket {
    guard: Arc<Guard>,
    host: String,
    credential: Credential,
    outcome: LoginOutcome,
}

impl Ticket {
    /// Tells what became of the login.
    pub fn settle(mut self, outcome: LoginOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let now = self.guard.now();
        lock(&self.guard.logins).settle(&self.host, &self.credential, self.outcome, now);
        self.guard.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_probe_of_a_device_waits_for_the_first() {
        let guard = Guard::new(Arc::new(Still), Vec::new());
        let mut first = guard.open("d", soon()).await.unwrap();
        let began = Instant::now();
        assert_eq!(guard.open("d", soon()).await.unwrap_err(), Refusal::Busy);
        assert_eq!(began.elapsed(), Duration::from_secs(10));
        first.linger(Duration::from_secs(4));
        drop(first);
        let began = Instant::now();
        let held = guard.open("d", soon()).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(4));
        drop(held);
        // One that lingers past the deadline is not waited for at all.
        let mut held = guard.open("d", soon()).await.unwrap();
        held.linger(Duration::from_secs(60));
        drop(held);
        let began = Instant::now();
        assert_eq!(guard.open("d", soon()).await.unwrap_err(), Refusal::Busy);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_login_learns_from_the_first() {
        let guard = Guard::new(Arc::new(Still), Vec::new());
        let credential = Credential::new("admin", "wrong");
        let fresh = CredentialState::default();
        let first = guard.login("h", &credential, &fresh, soon()).await.unwrap();
        let second = guard.login("h", &credential, &fresh, soon());
        tokio::pin!(second);
        assert!(tokio::time::timeout(Duration::from_secs(1), &mut second).await.is_err());
        first.settle(LoginOutcome::Rejected);
        let refusal = Refusal::Suspended { failures: 1, retry_after: None };
        assert_eq!(second.await.unwrap_err(), refusal);
    }
}
