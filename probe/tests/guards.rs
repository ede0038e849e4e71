//! The guards against a recorder that counts, a clock that lies and restarts at any moment.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;
use zhishou_domain::credential::{PROVEN_FAILURES, WINDOW, keep_failures};
use zhishou_domain::{
    Bottleneck, Claim, Credential, CredentialState, DeviceId, HostLogins, IdSource, LoginOutcome,
    LoginResult, SiteId, Timestamp, Uplink,
};
use zhishou_probe::guard::{FingerprintKey, Guard, Held, Ticket};

const CHANNELS: usize = 4;
const PASSWORDS: usize = 3;
const HOUR: i64 = 3_600_000;
const RECORDER: [u8; 4] = [10, 1, 2, 3];

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A probe of the channel begins and asks to log in.
    Begin(usize),
    /// The oldest probe that has leave sends its login.
    End(Says),
    /// The ledger gets another password for the channel.
    Change(usize, usize),
    /// An operator re-arms the channel.
    Rearm(usize),
    /// Somebody sets another password at the recorder.
    Reset(usize),
    /// Minutes pass.
    Pass(u64),
    /// The wall clock is set, by hours; to 1970 with `None`.
    Jump(Option<i64>),
    /// The process stops in good order and starts again.
    Restart,
}

/// What the recorder makes of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// It answers.
    It,
    /// It hangs.
    Nothing,
    /// It refuses or takes it, and behind a tunnel nothing is heard of that in time.
    ItTooLate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..CHANNELS).prop_map(Step::Begin),
        5 => Just(Step::End(Says::It)),
        1 => prop::sample::select(vec![Says::Nothing, Says::ItTooLate]).prop_map(Step::End),
        1 => (0..CHANNELS, 0..PASSWORDS).prop_map(|(channel, to)| Step::Change(channel, to)),
        1 => (0..CHANNELS).prop_map(Step::Rearm),
        1 => (0..PASSWORDS).prop_map(Step::Reset),
        2 => (1..40u64).prop_map(Step::Pass),
        1 => prop::option::of(-30..30i64).prop_map(Step::Jump),
        1 => Just(Step::Restart),
    ]
}

/// A channel as the store keeps it.
#[derive(Clone, Default)]
struct Channel {
    password: usize,
    generation: u32,
    state: CredentialState,
}

/// A probe that may log in.
struct UnderWay {
    channel: usize,
    password: usize,
    generation: u32,
    /// Re-armings of this password, and of this channel, when it was let through.
    epochs: (usize, usize),
    held: Held,
    ticket: Ticket,
}

/// The recorder, the store and the operator around the guards.
struct World {
    guard: Arc<Guard>,
    /// Wall clock minus real time, ms.
    skew: i64,
    began: Instant,
    channels: Vec<Channel>,
    failures: Vec<Timestamp>,
    refused: BTreeMap<usize, (LoginResult, u64)>,
    last_arming: u64,
    right: usize,
    under_way: Vec<UnderWay>,
    /// Refusals as the recorder saw them: when, through which channel.
    rejections: Vec<(Duration, usize)>,
    /// Passwords that it ever took.
    taken: BTreeSet<usize>,
    /// Passwords of channels that it ever took: (channel, generation).
    proven: BTreeSet<(usize, u32)>,
    /// Re-armings per password and per channel.
    password_epochs: [usize; PASSWORDS],
    channel_epochs: [usize; CHANNELS],
    /// Refusals of a password never taken, per re-arming.
    never_taken: BTreeMap<(usize, usize), usize>,
    /// Refusals of a channel's password never taken through it, per re-arming.
    never_proven: BTreeMap<(usize, u32, usize), usize>,
}

fn credential(password: usize) -> Credential {
    Credential::new("admin", format!("password-{password}"))
}

fn guard(kept: Vec<HostLogins>) -> Arc<Guard> {
    Guard::new(FingerprintKey::new([9; 32]), kept)
}

impl World {
    fn new() -> Self {
        Self {
            guard: guard(Vec::new()),
            skew: 1_800_000_000_000,
            began: Instant::now(),
            channels: vec![Channel::default(); CHANNELS],
            failures: Vec::new(),
            refused: BTreeMap::new(),
            last_arming: 0,
            right: 1,
            under_way: Vec::new(),
            rejections: Vec::new(),
            taken: BTreeSet::new(),
            proven: BTreeSet::new(),
            password_epochs: [0; PASSWORDS],
            channel_epochs: [0; CHANNELS],
            never_taken: BTreeMap::new(),
            never_proven: BTreeMap::new(),
        }
    }

    fn wall(&self) -> Timestamp {
        let real = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        Timestamp::from_millis((self.skew + real).max(0))
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Begin(channel) => self.begin(channel).await,
            Step::End(says) => self.end(says),
            Step::Change(channel, to) => {
                let channel = &mut self.channels[channel];
                if channel.password != to {
                    channel.password = to;
                    channel.generation += 1;
                    let failures = std::mem::take(&mut channel.state.failures);
                    channel.state = CredentialState { failures, ..CredentialState::default() };
                }
            }
            Step::Rearm(channel) => {
                self.last_arming += 1;
                self.channel_epochs[channel] += 1;
                let channel = &mut self.channels[channel];
                self.password_epochs[channel.password] += 1;
                (channel.state.suspended, channel.state.armed) = (false, self.last_arming);
            }
            Step::Reset(to) => self.right = to,
            Step::Pass(minutes) => tokio::time::advance(Duration::from_secs(minutes * 60)).await,
            Step::Jump(Some(hours)) => self.skew += hours * HOUR,
            Step::Jump(None) => self.skew = 0,
            Step::Restart => {
                while !self.under_way.is_empty() {
                    self.end(Says::It);
                }
                let refused = self.refused.values();
                self.guard = guard(vec![HostLogins {
                    address: IpAddr::from(RECORDER),
                    failures: self.failures.len(),
                    refused: refused.map(|(it, armed)| (it.fingerprint, *armed)).collect(),
                }]);
            }
        }
    }

    async fn begin(&mut self, number: usize) {
        let mut channel = self.channels[number].clone();
        channel.state.as_of = self.last_arming;
        let now = Instant::now();
        let share = self.guard.share(Claim::default(), None, 0, now).await.unwrap();
        let Ok(held) = self.guard.open(&number.to_string(), share, now).await else { return };
        let address = IpAddr::from(RECORDER);
        let asked = held.login(address, &credential(channel.password), &channel.state, now).await;
        let Ok(ticket) = asked else { return held.close() };
        self.under_way.push(UnderWay {
            channel: number,
            password: channel.password,
            generation: channel.generation,
            epochs: (self.password_epochs[channel.password], self.channel_epochs[number]),
            held,
            ticket,
        });
    }

    fn end(&mut self, says: Says) {
        if self.under_way.is_empty() {
            return;
        }
        let probe = self.under_way.remove(0);
        let accepted = probe.password == self.right;
        let outcome = match (accepted, says) {
            (_, Says::Nothing) => LoginOutcome::Unanswered,
            (_, Says::ItTooLate) => LoginOutcome::Unheard,
            (true, Says::It) => LoginOutcome::Accepted,
            (false, Says::It) => LoginOutcome::Rejected,
        };
        // The recorder counts what it refuses whether it says so or not; one that hangs on a login
        // that it took before counts nothing.
        let hangs = says == Says::Nothing && self.taken.contains(&probe.password);
        if !accepted && !hangs {
            self.count(&probe, says);
        } else if accepted && says == Says::It {
            self.taken.insert(probe.password);
            self.proven.insert((probe.channel, probe.generation));
        }
        let result = probe.ticket.settle(Some(outcome));
        probe.held.close();
        let Some(result) = result else { return };
        let wall = self.wall();
        let channel = &mut self.channels[probe.channel];
        if channel.generation == probe.generation {
            channel.state.settle(&result, wall);
        }
        keep_failures(&mut self.failures, outcome, result.is_host_clear, wall);
        match outcome {
            LoginOutcome::Accepted => drop(self.refused.remove(&probe.password)),
            LoginOutcome::Rejected => {
                let armed = &mut self.refused.entry(probe.password).or_insert((result, 0)).1;
                *armed = result.armed.max(*armed);
            }
            LoginOutcome::Unanswered | LoginOutcome::Unheard => {}
        }
    }

    /// The recorder refuses. Here stands hard rule 2.
    fn count(&mut self, probe: &UnderWay, says: Says) {
        let now = self.began.elapsed();
        self.rejections.push((now, probe.channel));
        let recent = self.rejections.iter().filter(|(at, _)| *at + WINDOW > now);
        assert!(recent.clone().count() <= PROVEN_FAILURES, "the host: {:?}", self.rejections);
        let through = recent.filter(|(_, channel)| *channel == probe.channel);
        assert!(through.count() <= PROVEN_FAILURES, "the device: {:?}", self.rejections);
        if says != Says::It {
            return;
        }
        if !self.taken.contains(&probe.password) {
            let count = self.never_taken.entry((probe.password, probe.epochs.0)).or_default();
            *count += 1;
            assert!(*count <= 1, "a password that never worked was sent twice to one host");
        }
        if !self.proven.contains(&(probe.channel, probe.generation)) {
            let key = (probe.channel, probe.generation, probe.epochs.1);
            let count = self.never_proven.entry(key).or_default();
            *count += 1;
            assert!(*count <= 1, "a password that never worked was sent twice through one device");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn no_account_is_ever_locked(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for step in steps {
                world.take(step).await;
            }
        });
    }
}

/// The model can lose: a world without memory over restarts locks the account.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "a password that never worked was sent twice to one host")]
async fn without_what_was_kept_a_restart_would_send_it_again() {
    let mut world = World::new();
    for channel in [0, 1] {
        world.take(Step::Begin(channel)).await;
        world.take(Step::End(Says::It)).await;
        world.guard = guard(Vec::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_imported_for_all_channels_is_sent_once_until_one_is_rearmed() {
    let mut world = World::new();
    let round = async |world: &mut World| {
        for channel in 0..CHANNELS {
            world.take(Step::Begin(channel)).await;
            world.take(Step::End(Says::It)).await;
            world.take(Step::Restart).await;
            world.take(Step::Pass(31)).await;
        }
    };
    round(&mut world).await;
    assert_eq!(world.rejections.len(), 1);
    for channel in 0..CHANNELS {
        world.take(Step::Change(channel, 2)).await;
    }
    round(&mut world).await;
    assert_eq!(world.rejections.len(), 2, "another one that is wrong too");
    // Back to the first: this recorder has refused it.
    world.take(Step::Change(3, 0)).await;
    round(&mut world).await;
    assert_eq!(world.rejections.len(), 2);
    world.take(Step::Reset(0)).await;
    world.take(Step::Rearm(3)).await;
    round(&mut world).await;
    assert_eq!(world.rejections.len(), 2);
    assert!(world.channels[3].state.proven);
}

struct Fixed(u8);

impl IdSource for Fixed {
    fn random(&self) -> [u8; 10] {
        [self.0; 10]
    }
}

fn epoch() -> Timestamp {
    Timestamp::from_millis(0)
}

#[tokio::test(start_paused = true)]
async fn a_recorder_and_an_uplink_bear_what_they_can_and_everybody_has_a_turn() {
    let guard = guard(Vec::new());
    let site = SiteId::new(epoch(), &Fixed(1));
    let inside = Arc::new(std::sync::Mutex::new((Vec::<(u8, u64)>::new(), 0)));
    let mut probes = tokio::task::JoinSet::new();
    let late = Instant::now() + Duration::from_secs(3600);
    for n in 0..60u8 {
        let (guard, inside) = (guard.clone(), inside.clone());
        let bps = [1, 4, 30][usize::from(n % 3)] * 1_000_000;
        let recorder = n % 4;
        let claim = Claim {
            parent: Some((DeviceId::new(epoch(), &Fixed(recorder)), 2)),
            per_host: None,
            uplink: Some(Uplink { site, budget_bps: 10_000_000, assumed_bps: 0 }),
        };
        probes.spawn(async move {
            let share = guard.share(claim, None, bps, late).await.unwrap();
            {
                let mut inside = inside.lock().unwrap();
                inside.0.push((recorder, bps));
                inside.1 += 1;
                let behind = |it: u8| inside.0.iter().filter(|(r, _)| *r == it).count();
                assert!((0..4).all(|it| behind(it) <= 2), "{inside:?}");
                let total: u64 = inside.0.iter().map(|(_, bps)| bps).sum();
                assert!(total <= 10_000_000 || inside.0.len() == 1, "{inside:?}");
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
            let mut inside = inside.lock().unwrap();
            let at = inside.0.iter().position(|it| *it == (recorder, bps)).unwrap();
            inside.0.swap_remove(at);
            drop(share);
        });
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    // One that gives up while it waits holds nobody up.
    let impatient = guard.share(
        Claim {
            parent: None,
            per_host: None,
            uplink: Some(Uplink { site, budget_bps: 10_000_000, assumed_bps: 0 }),
        },
        None,
        1,
        Instant::now() + Duration::from_millis(1),
    );
    assert_eq!(impatient.await.unwrap_err(), Bottleneck::Uplink);
    while let Some(ended) = probes.join_next().await {
        ended.unwrap();
    }
    assert_eq!(inside.lock().unwrap().1, 60);
}
