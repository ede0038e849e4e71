//! The guards behind locks, with waiting.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use zhishou_domain::{
    Bottleneck, Claim, Credential, CredentialState, HostLogins, LoginOutcome, LoginResult,
};

use super::gates::{Gates, Leaving, Shared};
use super::logins::{Admission, Attempt, Logins};
use super::{FingerprintKey, Lease, Leases};

/// How long a session counts as open where the device names no timeout (RFC 2326 §12.37).
const SESSION_TIMEOUT: Duration = Duration::from_secs(60);
/// A device that names a longer timeout is not left alone for longer.
const LONGEST_LINGER: Duration = Duration::from_secs(600);

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

/// What may go on at the device after a probe has given it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// A session of which nothing comes: its connection is closed.
    Session,
    /// Media that need no connection. They take their share of recorder and uplink on.
    Media,
}

/// All guards of one process. Time is that of the runtime, which no wall clock moves.
pub struct Guard {
    began: Instant,
    key: FingerprintKey,
    gates: Mutex<Gates>,
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
    /// Guards that know of each host's refusals that were kept over a restart, fingerprinted under
    /// the same key.
    pub fn new(key: FingerprintKey, kept: Vec<HostLogins>) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            key,
            gates: Mutex::new(Gates::default()),
            logins: Mutex::new(Logins::restore(kept)),
            leases: Mutex::new(Leases::default()),
            changed: Notify::new(),
        })
    }

    /// Takes a share of what the device has in common with others, waiting until `deadline`: first
    /// of its parent's sessions, or those of `host` where no parent is known, then `stream_bps` of its
    /// site's uplink. A probe that waits holds a place that one of another site could have.
    ///
    /// # Errors
    /// What others used up all that time.
    pub async fn share(
        self: &Arc<Self>,
        claim: Claim,
        host: Option<&str>,
        stream_bps: u64,
        deadline: Instant,
    ) -> Result<Share, Bottleneck> {
        let parent =
            claim.parent.map(|(parent, sessions)| (Shared::Parent(parent), 1, u64::from(sessions)));
        let host = host.zip(claim.per_host).filter(|_| parent.is_none());
        let host =
            host.map(|(host, streams)| (Shared::Host(host.to_owned()), 1, u64::from(streams)));
        let uplink =
            claim.uplink.map(|uplink| (Shared::Uplink(uplink.site), stream_bps, uplink.budget_bps));
        let mut places = Vec::new();
        for (what, amount, capacity) in parent.into_iter().chain(host).chain(uplink) {
            let number = lock(&self.gates).join(what.clone());
            let mut place = Place { guard: self.clone(), what, number, how: Leaving::Queue };
            loop {
                let changed = self.changed.notified();
                let (entered, over) = {
                    let mut gates = lock(&self.gates);
                    let now = self.began.elapsed();
                    let entered = gates.enter(&place.what, number, (amount, capacity), now);
                    (entered, gates.next_over(&place.what))
                };
                if entered {
                    place.how = Leaving::Done(amount);
                    // The next in the queue may fit beside this one.
                    self.changed.notify_waiters();
                    break;
                }
                let over = over.map_or(deadline, |over| deadline.min(self.began + over));
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(over) => {
                        if over >= deadline {
                            return Err(place.what.bottleneck());
                        }
                    }
                }
            }
            places.push(place);
        }
        Ok(Share { places })
    }

    /// Takes a device, waiting until `deadline` for another probe or a lingering session to end.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if that took too long, at once where it is known to.
    pub async fn open(
        self: &Arc<Self>,
        key: &str,
        share: Share,
        deadline: Instant,
    ) -> Result<Held, Refusal> {
        loop {
            let changed = self.changed.notified();
            let granted = lock(&self.leases).take(key, self.began.elapsed());
            let until = match granted {
                Lease::Granted => {
                    let linger = Some((SESSION_TIMEOUT, Remains::Media));
                    let key = key.to_owned();
                    return Ok(Held { guard: self.clone(), key, linger, share });
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
}

/// A share of what several devices have in common, until this is dropped.
#[derive(Debug)]
pub struct Share {
    places: Vec<Place>,
}

/// A place in a queue, or past it.
#[derive(Debug)]
struct Place {
    guard: Arc<Guard>,
    what: Shared,
    number: u64,
    /// What becomes of it when this is dropped.
    how: Leaving,
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = self.guard.began.elapsed();
        lock(&self.guard.gates).leave(&self.what, self.number, self.how, now);
        self.guard.changed.notify_waiters();
    }
}

/// A device that is ours until this is dropped. Dropped without [`Held::close`] or
/// [`Held::leave_open`], by a panic for example, its session counts as open for a minute, and its
/// media as flowing.
#[derive(Debug)]
pub struct Held {
    guard: Arc<Guard>,
    key: String,
    linger: Option<(Duration, Remains)>,
    share: Share,
}

impl Held {
    /// Gives the device back: no session of ours is open there.
    pub fn close(mut self) {
        self.linger = None;
    }

    /// Gives the device back while a session may still be open there, for the timeout that the
    /// device named.
    pub fn leave_open(mut self, timeout: Option<Duration>, remains: Remains) {
        self.linger = Some((timeout.unwrap_or(SESSION_TIMEOUT).min(LONGEST_LINGER), remains));
    }

    /// Asks for a login to be sent to an address, waiting until `deadline` for others.
    ///
    /// # Errors
    /// [`Refusal`]; the device may then be opened without login.
    pub async fn login(
        &self,
        address: IpAddr,
        credential: &Credential,
        state: &CredentialState,
        deadline: Instant,
    ) -> Result<Ticket, Refusal> {
        let guard = &self.guard;
        let attempt = Attempt {
            device: self.key.clone(),
            address: address.to_canonical(),
            fingerprint: guard.key.of(credential),
            armed: state.armed,
            as_of: state.as_of.max(state.armed),
            proven: state.proven,
        };
        loop {
            let changed = guard.changed.notified();
            let admission = lock(&guard.logins).admit(&attempt, state, guard.began.elapsed());
            match admission {
                Admission::Go => {
                    return Ok(Ticket { guard: guard.clone(), attempt: Some(attempt) });
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

impl Drop for Held {
    fn drop(&mut self) {
        let now = self.guard.began.elapsed();
        let until = self.linger.map(|(time, _)| now + time);
        if let (Some(until), Some((_, Remains::Media))) = (until, self.linger) {
            for place in &mut self.share.places {
                if let Leaving::Done(amount) = place.how {
                    place.how = Leaving::Lingering(amount, until);
                }
            }
        }
        lock(&self.guard.leases).release(&self.key, until, now);
        self.guard.changed.notify_waiters();
    }
}

/// Leave to send a login to one address. Dropped without [`Ticket::settle`], by a panic for
/// example, the login counts as sent and unanswered.
#[derive(Debug)]
pub struct Ticket {
    guard: Arc<Guard>,
    attempt: Option<Attempt>,
}

impl Ticket {
    /// Whether the login may go to this address.
    pub fn is_for(&self, address: IpAddr) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| attempt.address == address.to_canonical())
    }

    /// Tells what became of the login, `None` where it was not sent. What comes back is to be kept
    /// over a restart.
    #[must_use = "what became of a login has to be kept"]
    pub fn settle(mut self, outcome: Option<LoginOutcome>) -> Option<LoginResult> {
        self.settle_once(outcome)
    }

    fn settle_once(&mut self, outcome: Option<LoginOutcome>) -> Option<LoginResult> {
        let attempt = self.attempt.take()?;
        let now = self.guard.began.elapsed();
        let result = lock(&self.guard.logins).settle(&attempt, outcome, now);
        self.guard.changed.notify_waiters();
        result
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let _unkept = self.settle_once(Some(LoginOutcome::Unanswered));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Arc<Guard> {
        Guard::new(FingerprintKey::new([7; 32]), Vec::new())
    }

    /// A device that shares nothing.
    async fn open(guard: &Arc<Guard>, key: &str) -> Result<Held, Refusal> {
        let share = guard.share(Claim::default(), None, 0, soon()).await.unwrap();
        guard.open(key, share, soon()).await
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_probe_of_a_device_waits_for_the_first() {
        let guard = guard();
        let first = open(&guard, "d").await.unwrap();
        let began = Instant::now();
        assert_eq!(open(&guard, "d").await.unwrap_err(), Refusal::Busy);
        assert_eq!(began.elapsed(), Duration::from_secs(10));
        first.leave_open(Some(Duration::from_secs(4)), Remains::Session);
        let began = Instant::now();
        let held = open(&guard, "d").await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(4));
        held.close();
        // One that lingers past the deadline is not waited for at all; nobody said that it closed.
        drop(open(&guard, "d").await.unwrap());
        let began = Instant::now();
        assert_eq!(open(&guard, "d").await.unwrap_err(), Refusal::Busy);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    /// A device behind the only session of a recorder.
    async fn behind_recorder(guard: &Arc<Guard>, key: &str) -> Result<Held, Bottleneck> {
        struct Fixed;
        impl zhishou_domain::IdSource for Fixed {
            fn random(&self) -> [u8; 10] {
                [1; 10]
            }
        }
        let epoch = zhishou_domain::Timestamp::from_millis(0);
        let recorder = zhishou_domain::DeviceId::new(epoch, &Fixed);
        let claim = Claim { parent: Some((recorder, 1)), ..Claim::default() };
        let share = guard.share(claim, None, 0, soon()).await?;
        Ok(guard.open(key, share, soon()).await.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn media_that_may_flow_on_keep_their_share_and_a_closed_connection_does_not() {
        let guard = guard();
        let waits = async |key: &str| {
            let began = Instant::now();
            (behind_recorder(&guard, key).await, began.elapsed().as_secs())
        };
        let timeout = Some(Duration::from_secs(4));
        waits("a").await.0.unwrap().leave_open(timeout, Remains::Session);
        let (second, waited) = waits("b").await;
        assert_eq!(waited, 0, "another channel is let in at once");
        second.unwrap().leave_open(timeout, Remains::Media);
        let (third, waited) = waits("c").await;
        assert_eq!(waited, 4);
        // As if its task had panicked: nobody knows.
        drop(third.unwrap());
        assert_eq!(waits("d").await.0.unwrap_err(), Bottleneck::Parent);
        tokio::time::advance(Duration::from_secs(50)).await;
        assert!(waits("d").await.0.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn channels_without_a_parent_share_what_their_address_bears() {
        let guard = guard();
        let claim = Claim { per_host: Some(1), ..Claim::default() };
        let first = guard.share(claim, Some("10.0.0.1"), 0, soon()).await.unwrap();
        let second = guard.share(claim, Some("10.0.0.1"), 0, soon()).await;
        assert_eq!(second.unwrap_err(), Bottleneck::Host);
        let _another = guard.share(claim, Some("10.0.0.2"), 0, soon()).await.unwrap();
        drop(first);
        assert!(guard.share(claim, Some("10.0.0.1"), 0, soon()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_login_learns_from_the_first() {
        let guard = guard();
        let credential = Credential::new("admin", "wrong");
        let fresh = CredentialState::default();
        let (one, two) = (open(&guard, "1").await.unwrap(), open(&guard, "2").await.unwrap());
        let host = IpAddr::from([10, 1, 2, 3]);
        let first = one.login(host, &credential, &fresh, soon()).await.unwrap();
        // The same host by another notation.
        let host = IpAddr::from(std::net::Ipv4Addr::new(10, 1, 2, 3).to_ipv6_mapped());
        let second = two.login(host, &credential, &fresh, soon());
        tokio::pin!(second);
        assert!(tokio::time::timeout(Duration::from_secs(1), &mut second).await.is_err());
        let kept = first.settle(Some(LoginOutcome::Rejected)).unwrap();
        assert_eq!(kept.outcome, LoginOutcome::Rejected);
        let refusal = Refusal::Suspended { failures: 1, retry_after: None };
        assert_eq!(second.await.unwrap_err(), refusal);
    }
}
