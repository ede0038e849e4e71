//! `zhishou demo`: the platform over a made-up district whose cameras are real RTSP servers.

mod meetings;

use super::{Failure, Outcome, block_on, probe::stop_on_signal, serve::announce_login};
use crate::{
    ambient::SystemClock,
    cli::DemoArgs,
    output,
    wiring::{first_login, platform::Platform, service::Service},
};
use std::sync::Arc;
use zhishou_config::{Config, EndpointSection, PlanSection};
use zhishou_demo::{BASE_CAMERAS, Demo, Options};
use zhishou_domain::{Clock, Lang, Role};
use zhishou_storage::{ImportMode, Store};

/// The setting that marks a database as the demo's.
const MARK: &str = "demo";
/// The login of the demo. Its password is new at every start.
const USER: &str = "demo";

pub(super) fn run(args: &DemoArgs, lang: Lang) -> Result<Outcome, Failure> {
    let options =
        Options { cameras: args.cameras.unwrap_or(BASE_CAMERAS), cache: args.data.join("footage") };
    block_on(async {
        let stop = stop_on_signal()?;
        let demo = tokio::task::spawn_blocking(move || {
            Demo::start(&options, &|progress| {
                output::note(&format!(
                    "{}: {progress}",
                    lang.pick("制作演示画面", "making footage")
                ));
            })
        });
        let demo = demo.await.map_err(|error| Failure::ours(&error))?;
        let demo = Arc::new(demo.map_err(|error| Failure::ours(&error))?);
        let platform = Platform::open_with(config(&demo), &args.data, lang).await?;
        let service = Service::bind(platform, args.listen, lang).await?;
        let (store, now) = (service.store(), SystemClock.now());
        claim(store, lang).await?;
        import(store, &demo, now).await?;
        let meeting = meetings::prepare(store, demo.district(), now).await;
        let meeting = meeting.map_err(|error| Failure::ours(&error))?;
        let password = login(store, now).await?;
        welcome(&demo, &password, lang);
        let address = service.address()?;
        if let Some(id) = meeting {
            let words = lang.pick(
                "会前检查（两分钟内看到通过与未通过）",
                "a check before a meeting (passes and fails within two minutes)",
            );
            output::line(&format!("{words}: http://{address}/meetings/{id}"));
        }
        output::line(&format!("{}: http://{address}/", lang.pick("打开", "open")));
        service.run(stop).await?;
        drop(demo);
        Ok(Outcome::Good)
    })
}

/// Probes often, so that each device shows its true state within two minutes. Endpoints are called, in
/// rooms where nobody sits, long enough to tell how good a call is.
fn config(demo: &Demo) -> Config {
    let mut config = Config::default();
    config.district.name.clone_from(&demo.district().name);
    config.plans.default = PlanSection {
        interval_s: 40,
        retry_s: 8,
        failures: 2,
        seconds: 2.5,
        decode_every_s: 0,
        ..PlanSection::default()
    };
    config.plans.endpoint = EndpointSection {
        interval_s: 60,
        retry_s: config.plans.default.retry_s,
        failures: config.plans.default.failures,
        depth: config.plans.default.depth.clone(),
        ..EndpointSection::default()
    };
    config
}

/// Takes a data directory for the demo: a new one, or one that was the demo's before. A made-up
/// district has no place in a real ledger.
async fn claim(store: &Store, lang: Lang) -> Result<(), Failure> {
    let known = store.setting(MARK).await.map_err(|error| Failure::ours(&error))?;
    let devices = store.ledger_revision().await.map_err(|error| Failure::ours(&error))?.0;
    if known.is_none() && devices > 0 {
        let message = lang.pick(
            "此数据目录已有真实台账，请用 --data 为演示另选目录",
            "this data directory holds a real ledger; choose another for the demo with --data",
        );
        return Err(Failure::Usage(message.to_owned()));
    }
    store.set(MARK, "yes").await.map_err(|error| Failure::ours(&error))
}

/// The ledger enters as any ledger does: as a CSV file through the import.
async fn import(store: &Store, demo: &Demo, now: zhishou_domain::Timestamp) -> Result<(), Failure> {
    let mut csv = Vec::new();
    zhishou_demo::write_ledger_csv(demo.district(), &mut csv)
        .map_err(|error| Failure::ours(&error))?;
    let ledger = zhishou_ledger::read(&csv).map_err(|error| Failure::ours(&error))?;
    let summary = store.import(ledger.rows, now, ImportMode::AllOrNothing).await;
    let summary = summary.map_err(|error| Failure::ours(&error))?;
    let errors = ledger.errors.iter().chain(&summary.errors);
    match errors.map(|error| error.render(Lang::En)).next() {
        Some(first) => Err(Failure::Ours(first)),
        None => Ok(()),
    }
}

/// A login that opens at once, its password new.
async fn login(store: &Store, now: zhishou_domain::Timestamp) -> Result<String, Failure> {
    let (password, hash) = first_login::one_time_password().await?;
    let known = store.user_by_login(USER).await.map_err(|error| Failure::ours(&error))?;
    match known {
        Some(user) => {
            let line = first_login::reset_line(USER.to_owned(), now, user.login);
            store.set_password(user.id, &hash, false, None, line).await.map(drop)
        }
        None => store.create_user(USER, Role::Admin, &hash, false, now, USER).await.map(drop),
    }
    .map_err(|error| Failure::ours(&error))?;
    Ok(password)
}

fn welcome(demo: &Demo, password: &str, lang: Lang) {
    let cameras = demo.district().probed_cameras().count();
    let (sites, rooms) = (demo.district().sites.len(), demo.district().rooms.len());
    output::line(&match lang {
        Lang::Zh => format!(
            "演示区“{}”：{sites} 个站点，{cameras} 路真实 RTSP 摄像机，{rooms} 个会场，部分有故障。两分钟内每一路都会显示真实结论。",
            demo.district().name
        ),
        Lang::En => format!(
            "Demo district \"{}\": {sites} sites, {cameras} real RTSP cameras, {rooms} meeting rooms, some of them faulty. Within two minutes each shows its true state.",
            demo.district().name
        ),
    });
    output::line(lang.pick(
        "先看：首页按站点看可用率，差的在前；点开有故障的设备看原因和处置建议；点“立即探测”。",
        "Look first at: availability by site, worst first; open a faulty device for its cause and advice; press \"probe now\".",
    ));
    announce_login(USER, password, lang);
}
