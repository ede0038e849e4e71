//! The whole platform in one process: the agent, the pages, the housekeeping.

use super::{
    accounts,
    evidence::Evidence,
    housekeeping::Housekeeping,
    mornings::Mornings,
    nightly::Nightly,
    platform::Platform,
    postman::{Postman, Words, believed},
    prober::{self, Driver},
    tasks::Tasks,
};
use crate::{ambient::SystemClock, command::Failure};
use std::{
    fs::File, future::Future, net::SocketAddr, path::Path, pin::Pin, sync::Arc, time::Duration,
};
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use zhishou_config::{Certificates, KeepDialogues, StreamKind};
use zhishou_domain::{
    Clock, Depth, DeviceId, IncidentId, Lang, MeetingId, VenueId, incident::Canaries,
    work_order::RepairRules,
};
use zhishou_probe::{
    CallLog, Noting, Vouched, canary,
    guard::{FingerprintKey, Guard},
};
use zhishou_scheduler::{
    Agent, AgentHandle, AskCanaries, AskedCheck, Dialogues, Eyes, Limits, MeetingCare,
    MeetingChecks, OpenOrder, ProbeNowError, Taping, TellFailure, follow_repairs, judge_incidents,
    watch_alerts,
};
use zhishou_storage::{AuditLine, Store, StoreError};
use zhishou_web as web;

/// The name of the agent that lives in the centre's own process.
const LOCAL: &str = "local";
/// How long a canary may take to answer.
pub(crate) const CANARY: Duration = Duration::from_secs(2);
/// What fails in a check of a meeting is looked at once more after this.
const FAILED_AGAIN: Duration = Duration::from_secs(5);
/// How long open pages may take to end on shutdown.
const FAREWELL: Duration = Duration::from_secs(5);

/// A service that listens and is ready to run.
pub(crate) struct Service {
    platform: Platform,
    listener: TcpListener,
    _lock: File,
}

impl Service {
    /// Listens at the address; port 0 takes a free one.
    pub(crate) async fn bind(
        platform: Platform,
        address: SocketAddr,
        lang: Lang,
    ) -> Result<Self, Failure> {
        let lock = lock(&platform.data, lang)?;
        let policy = &platform.config.accounting.policy;
        let known = platform.store.policy(policy, None).await;
        if known.map_err(|error| Failure::ours(&error))?.is_none() {
            let what = lang.pick("没有这个口径", "there is no such policy");
            return Err(Failure::Usage(format!("accounting.policy = {policy:?}: {what}")));
        }
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Failure::system(&address, &error, lang))?;
        Ok(Self { platform, listener, _lock: lock })
    }

    /// The store of the platform.
    pub(crate) fn store(&self) -> &Store {
        &self.platform.store
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, Failure> {
        self.listener.local_addr().map_err(|error| Failure::ours(&error))
    }

    /// Runs until `stop` fires; then open sessions are taken down and what was queued is written.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<(), Failure> {
        let Self { platform: Platform { config, store, files, photos, .. }, listener, _lock } =
            self;
        let clock = Arc::new(SystemClock);
        let kept = store.host_logins().await.map_err(|error| Failure::ours(&error))?;
        let guard = Guard::new(FingerprintKey::new(store.fingerprint_key()), kept);
        let vouched = match config.probing.certificates {
            Certificates::Vouched => believed(&config.alerts).await.client().map(Vouched::new),
            Certificates::Report | Certificates::Pinned => None,
        };
        let driver = Driver::new(&config.probing, &config.limits, vouched, guard);
        let calls = CallsOnRecord { store: store.clone(), clock: Arc::clone(&clock) as _ };
        let driver = Arc::new(driver.log_calls(Arc::new(calls)));
        let (plans, probing) = (config.plans.clone(), config.probing.clone());
        let agent = Agent {
            name: LOCAL.to_owned(),
            store: store.clone(),
            prober: Arc::clone(&driver) as _,
            evidence: Arc::new(Evidence { files: Arc::clone(&files), store: store.clone() }),
            dialogues: match config.recordings.dialogues {
                KeepDialogues::Asked => Dialogues::Asked,
                KeepDialogues::Outages => Dialogues::Outages,
            },
            clock: Arc::clone(&clock) as _,
            plan_of: Arc::new(move |kind, class| plans.plan(kind, class)),
            claim_of: Arc::new(move |target| {
                let stream = match target.sub_url {
                    Some(_) => StreamKind::Sub,
                    None => StreamKind::Main,
                };
                probing.claim(target.parent, (target.site, &target.site_name), stream)
            }),
            limits: Limits {
                concurrent: config.probing.concurrent,
                per_parent: config.probing.per_parent,
                per_host: config.probing.per_host,
                per_site: config.probing.per_site,
            },
            eyes: Eyes::new(
                config.incidents.observer_rule(),
                Arc::new(Hosts(config.incidents.canaries.clone())),
            ),
        };
        let (handle, agent) = agent.start(stop.clone());
        let dead = web::DeadTasks::default();
        let tasks = Tasks::new(stop.clone(), dead.clone());
        let housekeeping = Housekeeping {
            store: store.clone(),
            files: Arc::clone(&files),
            photos: Arc::clone(&photos),
            clock: Arc::clone(&clock) as _,
            config: config.clone(),
        };
        tasks.keep("housekeeping", move |stop| housekeeping.clone().run(stop));
        let nightly = Nightly {
            store: store.clone(),
            clock: Arc::clone(&clock) as _,
            config: config.clone(),
        };
        tasks.keep("reports", move |stop| nightly.clone().run(stop));
        let mornings = Mornings {
            store: store.clone(),
            clock: Arc::clone(&clock) as _,
            config: config.clone(),
        };
        tasks.keep("inspections", move |stop| mornings.clone().run(stop));
        let kept = (store.clone(), Arc::clone(&clock));
        tasks.keep("accounts", move |stop| {
            accounts::keep(kept.0.clone(), Arc::clone(&kept.1) as _, stop)
        });
        let repair = config.repair.rules(config.district.zone());
        let care = MeetingCare {
            store: store.clone(),
            clock: Arc::clone(&clock) as _,
            eyes: Arc::new(handle.clone()),
            told: Arc::new(Failures {
                store: store.clone(),
                clock: Arc::clone(&clock) as _,
                repair: repair.clone(),
                lang: config.alerts.lang(),
            }),
            again: FAILED_AGAIN,
            lang: config.alerts.lang(),
        };
        let (checks, care) = care.start(stop.clone());
        let rule = config.incidents.group_rule();
        let judged = (store.clone(), Arc::clone(&clock));
        tasks.keep("incidents", move |stop| {
            judge_incidents(judged.0.clone(), Arc::clone(&judged.1) as _, rule, stop)
        });
        let app = web::App {
            store: store.clone(),
            clock,
            zone: config.district.zone(),
            recordings: files,
            photos,
            prober: Arc::new(ProbeNow(handle)),
            checks: Arc::new(CheckNow(checks)),
            explain: prober::explain,
            dead,
            settings: Arc::new(web::Settings {
                policy: config.accounting.policy.clone(),
                district: config.district.name.clone(),
                base_url: config.alerts.base_url.clone(),
                report_cut_off: config.report.cut_off(),
                report_policy: config.report.policy.clone(),
                inspection_items: config.inspection.items.clone(),
                confirm_failures: config.plans.default.failures,
                transport: if config.server.behind_tls_proxy {
                    web::Transport::Tls
                } else {
                    web::Transport::Plain
                },
                repair: repair.clone(),
                booking: config.bookings.rules(),
                ..web::Settings::default()
            }),
        };
        let orders = Arc::new(Orders(app.clone()));
        let (followed, clock) = (store.clone(), Arc::clone(&app.clock));
        tasks.keep("repairs", move |stop| {
            let (orders, repair) = (Arc::clone(&orders), repair.clone());
            let (store, clock) = (followed.clone(), Arc::clone(&clock));
            async move { follow_repairs(store, clock, repair, orders, stop).await }
        });
        let words = Arc::new(Words { app: app.clone(), lang: config.alerts.lang() });
        let (told, clock) = (store.clone(), Arc::clone(&app.clock));
        tasks.keep("alerts", move |stop| {
            watch_alerts(told.clone(), Arc::clone(&clock), Arc::clone(&words) as _, stop)
        });
        let (posted, clock) = (store.clone(), Arc::clone(&app.clock));
        let config = Arc::new(config);
        tasks.keep("post", move |stop| {
            let (store, clock) = (posted.clone(), Arc::clone(&clock));
            let config = Arc::clone(&config);
            async move { Postman::new(store, clock, config).await.run(stop).await }
        });
        // Who sees nothing any more and cannot be started again ends the process: whoever runs it starts it.
        let mut ends = JoinSet::new();
        ends.spawn(async move { ("the agent", agent.await) });
        ends.spawn(async move { ("the care of meetings", care.await) });
        let serving = serve(listener, app, &stop);
        tokio::pin!(serving);
        let mut served = tokio::select! {
            served = &mut serving => served,
            Some(end) = ends.join_next() => {
                let ended = ended(end, &stop);
                stop.cancel();
                ended.and(serving.await)
            }
        };
        stop.cancel();
        while let Some(end) = ends.join_next().await {
            served = served.and(ended(end, &stop));
        }
        driver.0.close().await;
        tasks.join().await;
        store.close().await;
        served
    }
}

/// What comes of the end of a task that runs as long as the service does: nothing once it was to stop.
fn ended(
    end: Result<(&'static str, Result<(), JoinError>), JoinError>,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let (name, error) = match end {
        Ok((name, ended)) => (name, ended.err()),
        Err(error) => ("a task", Some(error)),
    };
    if let Some(error) = &error {
        tracing::error!(%error, name, "a task ended abnormally");
    }
    if stop.is_cancelled() {
        return Ok(());
    }
    let why = error.map_or_else(|| "it returned".to_owned(), |error| error.to_string());
    Err(Failure::Ours(format!("{name} ended: {why}")))
}

/// Takes the data directory for this process: two agents on one would open every camera twice.
/// Imports and other short commands do not need it.
fn lock(data: &Path, lang: Lang) -> Result<File, Failure> {
    let path = data.join("lock");
    let file =
        File::create(&path).map_err(|error| Failure::system(&path.display(), &error, lang))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(
        |_| {
            let taken = lang
                .pick("已有一个平台在用此数据目录", "another platform runs on this data directory");
            Failure::Ours(format!("{}: {taken}", data.display()))
        },
    )?;
    Ok(file)
}

/// Serves the pages until `stop` fires. Event streams never end by themselves, so the wait for
/// open connections is bounded.
async fn serve(
    listener: TcpListener,
    app: web::App,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let router = web::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let graceful =
        axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = graceful => served.map_err(|error| Failure::ours(&error)),
        () = late => Ok(()),
    }
}

/// The scheduler's port to the words of a work order.
struct Orders(web::App);

impl OpenOrder for Orders {
    fn open(
        &self,
        incident: IncidentId,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(web::open_by_rule(&self.0, incident))
    }
}

/// The scheduler's port to work orders of failed checks.
struct Failures {
    store: Store,
    clock: Arc<dyn Clock>,
    repair: RepairRules,
    lang: Lang,
}

impl TellFailure for Failures {
    fn failed(
        &self,
        meeting: MeetingId,
        venue: VenueId,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        let Self { store, clock, repair, lang } = self;
        Box::pin(web::open_check_order(store, clock.as_ref(), (repair, *lang), meeting, venue))
    }
}

/// The pages' port to checks of meetings.
struct CheckNow(MeetingChecks);

impl web::CheckMeetings for CheckNow {
    fn ask(&self, check: web::AskedCheck) -> web::Asking<'_> {
        let web::AskedCheck { meeting, venue, item, login } = check;
        Box::pin(async move {
            let asked = self.0.ask(AskedCheck { meeting, venue, item, login }).await;
            asked.map_err(|_| web::ProbeNowError::Stopping)
        })
    }
}

/// Canaries by address.
struct Hosts(Vec<String>);

impl AskCanaries for Hosts {
    fn ask(&self) -> Pin<Box<dyn Future<Output = Canaries> + Send + '_>> {
        Box::pin(async move {
            let mut asked = JoinSet::new();
            for host in self.0.clone() {
                asked.spawn(async move { canary::answers(&host, CANARY).await });
            }
            let answered = asked.join_all().await.into_iter().filter(|answers| *answers).count();
            Canaries { answered, of: self.0.len() }
        })
    }
}

/// The prober's port to the audit log.
struct CallsOnRecord {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl CallLog for CallsOnRecord {
    fn begins(&self, device: DeviceId) -> Noting<'_> {
        let line = AuditLine {
            at: self.clock.now(),
            login: LOCAL.to_owned(),
            action: "begin_test_call",
            subject: device.to_string(),
            address: String::new(),
        };
        Box::pin(async move { self.store.add_audit(line).await.map_err(|it| it.to_string()) })
    }
}

/// The pages' port to the agent.
struct ProbeNow(AgentHandle);

impl web::ProbeNow for ProbeNow {
    fn probe_now(&self, device: DeviceId, wanted: web::OutOfTurn) -> web::Probing<'_> {
        Box::pin(async move {
            let probed = match wanted {
                web::OutOfTurn::Look => self.0.probe_now(device, Taping::Off).await,
                web::OutOfTurn::Dialogue => self.0.probe_now(device, Taping::On).await,
                web::OutOfTurn::TestCall => self.0.look_now(device, Depth::Picture).await,
            };
            probed.map_err(|error| match error {
                ProbeNowError::NotProbed => web::ProbeNowError::NotProbed,
                ProbeNowError::Stopped | ProbeNowError::Late => web::ProbeNowError::Stopping,
            })
        })
    }
}
