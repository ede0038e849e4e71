//! Incidents in words, the same for pages and programs.

use crate::format::grouped;
use zhishou_domain::{
    Lang,
    incident::{Root, Seen},
};
use zhishou_storage::{IncidentRow, IncidentState, RootName, StreetEvent};

/// How an incident stands.
pub(crate) const fn state(state: IncidentState, lang: Lang) -> &'static str {
    match state {
        IncidentState::New => lang.pick("未恢复", "open"),
        IncidentState::Dispatched => lang.pick("已派单", "dispatched"),
        IncidentState::Unsure => lang.pick("待核实", "uncertain"),
        IncidentState::Closed => lang.pick("已恢复", "recovered"),
    }
}

/// The cause in one line.
pub(crate) fn cause(row: &IncidentRow, lang: Lang) -> String {
    let many = row.devices > 1;
    match &row.root {
        RootName::Observer { agent, fault } => {
            let ours = lang.pick("本平台探测异常", "our own probing");
            format!("{ours}：{}（{agent}）", fault.name(lang))
        }
        RootName::Root { root, name, .. } => match root {
            Root::Device(_, Seen::Probed) => {
                let what = if row.is_flapping {
                    lang.pick("抖动", "flapping")
                } else {
                    row.faults.first().map_or(lang.pick("离线", "offline"), |it| it.name(lang))
                };
                format!("{name} · {what}")
            }
            Root::Device(_, Seen::Inferred) => match lang {
                Lang::Zh => format!("{name} · 下属设备同时失联（推断，本身未探测）"),
                Lang::En => format!("{name} · what hangs behind it is lost (inferred, not probed)"),
            },
            Root::Site(_) => format!(
                "{name} · {}",
                lang.pick("整站失联（供电或上联）", "the site is lost (power or uplink)")
            ),
            Root::Street(_) => format!(
                "{name} · {}",
                lang.pick("大面积失联（供电或线路）", "lost at large (power or line)")
            ),
            Root::Maintainer(_) => format!(
                "{name} · {}",
                lang.pick("所维护设备同时失联", "what it maintains is lost together")
            ),
            Root::District if many => {
                lang.pick("多处设备同时失联", "devices lost in many places").to_owned()
            }
            Root::District => lang.pick("设备失联", "a device is lost").to_owned(),
        },
    }
}

/// How much of it is affected.
pub(crate) fn extent(row: &IncidentRow, lang: Lang) -> String {
    if matches!(row.root, RootName::Observer { .. }) {
        return lang.pick("结果记为未知", "results are unknown").to_owned();
    }
    let (all, open, sites) = (grouped(row.devices), grouped(row.open_devices), row.sites);
    match (lang, row.closed) {
        (Lang::Zh, None) => format!("{open}/{all} 台未恢复 · {sites} 个站点"),
        (Lang::Zh, Some(_)) => format!("{all} 台 · {sites} 个站点"),
        (Lang::En, None) => format!("{open}/{all} devices still affected · {sites} sites"),
        (Lang::En, Some(_)) => format!("{all} devices · {sites} sites"),
    }
}

/// What a street shows together, in one line.
pub(crate) fn street_event(event: &StreetEvent, lang: Lang) -> String {
    let how = event.weather.name(lang);
    match lang {
        Lang::Zh => format!("{} · 多台摄像机同时{how}", event.street_name),
        Lang::En => format!("{} · many cameras at once {how}", event.street_name),
    }
}

/// How many cameras show it.
pub(crate) fn street_event_extent(event: &StreetEvent, lang: Lang) -> String {
    let (all, open, of) = (event.cameras, event.open_cameras, event.watched);
    match (lang, event.ended) {
        (Lang::Zh, None) => format!("{open}/{all} 台仍在 · 该街道在检 {of} 台"),
        (Lang::Zh, Some(_)) => format!("{all} 台 · 该街道在检 {of} 台"),
        (Lang::En, None) => format!("{open}/{all} cameras still · of {of} watched in the street"),
        (Lang::En, Some(_)) => format!("{all} cameras · of {of} watched in the street"),
    }
}

/// What to do.
pub(crate) fn advice(row: &IncidentRow, lang: Lang) -> String {
    let fault = || row.faults.first().map(|fault| fault.advice(lang));
    let text = match &row.root {
        RootName::Observer { fault, .. } => fault.advice(lang),
        RootName::Root { root, .. } => match root {
            Root::Device(_, Seen::Probed) if row.is_flapping => lang.pick(
                "时断时续：检查供电、网线接头与上联端口的错误计数，先不要更换设备",
                "it comes and goes: check power, cable and the error counters of its port before replacing it",
            ),
            Root::Device(_, Seen::Probed) => fault().unwrap_or_default(),
            Root::Device(_, Seen::Inferred) => lang.pick(
                "先核实该上级设备的供电与网络；为其登记地址后可直接探测确认",
                "check power and network of that parent first; give it an address in the ledger to have it probed itself",
            ),
            Root::Site(_) => lang.pick(
                "先核实站点供电与上联（交换机、光收发器），再逐台检查",
                "check power and uplink of the site (switch, fibre converter) before single devices",
            ),
            Root::Street(_) => lang.pick(
                "向供电与运营商核实；确认停电或断纤后，可申报剔除",
                "ask the power company and the carrier; once confirmed an exclusion can be filed",
            ),
            Root::Maintainer(_) => lang.pick(
                "联系该运维单位，核实其平台、专线或防火墙",
                "call that maintainer: its platform, line or firewall",
            ),
            Root::District => lang.pick(
                "检查汇聚交换机、核心链路与防火墙",
                "check aggregation switches, core links and firewalls",
            ),
        },
    };
    text.to_owned()
}
