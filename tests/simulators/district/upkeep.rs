//! What the platform and people made of the outages: incidents, work orders from 受理 to proof, requests
//! by telephone, what was wrong with ourselves, and one 环境事件.

use crate::{
    outages::{Chance, Incident, Root, Site, is_reached},
    year::{DAY, HOUR, MINUTE, ROWS, Spell, extent},
};
use sqlx::{QueryBuilder, SqliteConnection};

/// 修复时限 of all orders.
const LIMIT: i64 = 24 * HOUR;
/// What lasts so long gets a work order.
const ORDERED: i64 = 2 * HOUR;
/// A repair is proven once it held for so long.
const PROOF: i64 = 30 * MINUTE;
/// Requests by telephone in the year.
const REQUESTS: i64 = 700;
/// Of the last days of the year requests are still waiting.
const WAITING: i64 = 5 * DAY;
/// What was called about: category, in words.
const CALLS: [(&str, &str); 4] = [
    ("terminal", "会议终端无法开机"),
    ("network", "办公室网络不通"),
    ("video", "调阅录像无画面"),
    ("meeting", "会场麦克风无声"),
];

/// What was done to an order: when, who, act, why, to whom, note.
type Step = (i64, &'static str, &'static str, Option<&'static str>, Option<String>, &'static str);

/// An order with what was done to it.
struct Order {
    incident: Option<i64>,
    category: &'static str,
    title: String,
    place: String,
    caller: [&'static str; 3],
    maintainer: String,
    opened: i64,
    state: &'static str,
    done: Option<i64>,
    steps: Vec<Step>,
}

/// Writes all of it.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    incidents: Vec<Incident>,
    sites: &[Site],
    chance: &mut Chance,
) {
    let mut orders = requests(sites, chance);
    for (index, incident) in incidents.iter().enumerate() {
        let number = index as i64 + 1;
        let (from, to) = incident.spell();
        if to - from >= ORDERED {
            orders.push(repair(number, incident, &sites[incident.site], chance));
        }
    }
    orders.sort_by_key(|order| order.opened);
    keep_incidents(connection, &incidents).await;
    keep_ours(connection, incidents.len() as i64 + 1).await;
    keep_orders(connection, orders).await;
    keep_fog(connection, sites).await;
}

/// When nothing of an incident was down in between.
fn pauses(incident: &Incident) -> Vec<Spell> {
    let mut spells: Vec<Spell> = incident.members.values().flatten().copied().collect();
    spells.sort_unstable();
    let (mut pauses, mut end) = (Vec::new(), i64::MAX);
    for (from, to) in spells {
        if from > end {
            pauses.push((end, from));
        }
        end = if end == i64::MAX { to } else { end.max(to) };
    }
    pauses
}

/// The order about an incident: stopped by reason once in four, proven by the probes.
fn repair(number: i64, incident: &Incident, site: &Site, chance: &mut Chance) -> Order {
    let (from, to) = incident.spell();
    let opened = from + 10 * MINUTE;
    let step = |at, login, act| (at, login, act, None, None, "");
    let mut steps = vec![step(opened, "", "open")];
    let assigned = Some(site.maintainer.clone());
    steps.push((opened + 5 * MINUTE, "centre", "assign", None, assigned, ""));
    let pauses = pauses(incident);
    let (stopped, resumed) = (from + (to - from) / 4, from + (to - from) * 3 / 8);
    let is_down = |at| !pauses.iter().any(|it| (it.0..=it.1).contains(&at));
    if chance.is_one_in(4) && is_down(stopped) && is_down(resumed) && stopped > opened + 5 * MINUTE
    {
        let reason = ["spare_part", "carrier", "no_access", "power_cut"][chance.below(4) as usize];
        let note = "已联系现场，等待处理";
        steps.push((stopped, "maintainer", "stop", Some(reason), None, note));
        steps.push(step(resumed, "maintainer", "resume"));
    }
    for (well, again) in pauses.iter().copied().filter(|it| it.0 > opened + 5 * MINUTE) {
        if again - well < PROOF {
            steps.push(step(well, "", "recover"));
            steps.push(step(again, "", "relapse"));
        }
    }
    steps.sort_by_key(|step| step.0);
    steps.push(step(to, "", "recover"));
    steps.push(step(to + PROOF, "", "prove"));
    Order {
        incident: Some(number),
        category: "video",
        title: match incident.root {
            Root::Device(_) => "摄像机离线".to_owned(),
            Root::Site(_) | Root::Street(_) => format!("{}等多路离线", site.name),
        },
        place: site.name.clone(),
        caller: [""; 3],
        maintainer: site.maintainer.clone(),
        opened,
        state: "done",
        done: Some(to),
        steps,
    }
}

/// 报修 by telephone: most are finished, some cancelled; of the last days some wait.
fn requests(sites: &[Site], chance: &mut Chance) -> Vec<Order> {
    let (begin, end) = extent();
    let callers = [
        ["李敏", "教育局", "0816-5550101"],
        ["王强", "公安分局", "0816-5550102"],
        ["陈静", "城管局", "0816-5550103"],
    ];
    let make = |number| {
        let site = &sites[chance.below(sites.len() as i64) as usize];
        let (category, title) = CALLS[(number % 4) as usize];
        let opened = (begin / MINUTE + chance.below((end - begin) / MINUTE)) * MINUTE;
        let took = (HOUR + chance.below(50 * HOUR)) / MINUTE * MINUTE;
        let assigned = Some(site.maintainer.clone());
        let mut steps = vec![
            (opened, "centre", "open", None, None, "电话报修"),
            (opened + 15 * MINUTE, "centre", "assign", None, assigned, ""),
        ];
        let (state, done) = match number {
            _ if opened + took > end || opened > end - WAITING => ("working", None),
            _ if chance.is_one_in(30) => {
                let at = opened + HOUR;
                steps.push((at, "centre", "cancel", None, None, "重复报修"));
                ("cancelled", None)
            }
            _ => {
                let at = opened + took;
                steps.push((at, "maintainer", "finish", None, None, "现场处理后恢复"));
                ("done", Some(at))
            }
        };
        Order {
            incident: None,
            category,
            title: title.to_owned(),
            place: site.name.clone(),
            caller: callers[chance.below(3) as usize],
            maintainer: site.maintainer.clone(),
            opened,
            state,
            done,
            steps,
        }
    };
    (0..REQUESTS).map(make).collect()
}

async fn keep_incidents(connection: &mut SqliteConnection, all: &[Incident]) {
    let mut rows = Vec::new();
    let mut members = Vec::new();
    let mut steps = Vec::new();
    for (index, incident) in all.iter().enumerate() {
        let number = index as i64 + 1;
        let (from, to) = incident.spell();
        steps.push((number, from, "open"));
        for (well, again) in pauses(incident) {
            steps.push((number, well, "close"));
            steps.push((number, again, "reopen"));
        }
        steps.push((number, to, "close"));
        rows.push((number, from, to, incident));
        for (device, spells) in &incident.members {
            let (first, last) = (spells[0], spells[spells.len() - 1]);
            members.push((number, device, first.0, last.0, last.1, incident.fault));
        }
    }
    for rows in rows.chunks(ROWS) {
        QueryBuilder::new(
            "INSERT INTO incidents (id, since_ms, closed_ms, root, seen, root_device_id, root_site_id,
                 root_street_id, devices, open_devices, down_devices) ",
        )
        .push_values(rows, |mut row, (number, from, to, incident)| {
            let (word, seen, device, site, street) = match &incident.root {
                Root::Device(id) => ("device", Some("probed"), Some(id), None, None),
                Root::Site(id) => ("site", None, None, Some(id), None),
                Root::Street(id) => ("street", None, None, None, Some(id)),
            };
            row.push_bind(number).push_bind(from).push_bind(to).push_bind(word).push_bind(seen);
            row.push_bind(device).push_bind(site).push_bind(street);
            row.push_bind(incident.members.len() as i64).push_bind(0).push_bind(0);
        })
        .build()
        .execute(&mut *connection)
        .await
        .unwrap();
    }
    for rows in members.chunks(ROWS) {
        QueryBuilder::new(
            "INSERT INTO incident_members (incident_id, device_id, since_ms, after_ms, last_ms, until_ms,
                 state, reached, faults) ",
        )
        .push_values(rows, |mut row, (number, device, since, last, until, fault)| {
            row.push_bind(number).push_bind(*device).push_bind(since).push_bind(since - MINUTE);
            row.push_bind(last).push_bind(until).push_bind("recovered").push_bind(is_reached(fault));
            row.push_bind(*fault);
        })
        .build()
        .execute(&mut *connection)
        .await
        .unwrap();
    }
    keep_steps(connection, &steps).await;
}

async fn keep_steps(connection: &mut SqliteConnection, steps: &[(i64, i64, &str)]) {
    for rows in steps.chunks(ROWS) {
        QueryBuilder::new("INSERT INTO incident_steps (incident_id, at_ms, act) ")
            .push_values(rows, |mut row, (number, at, act)| {
                row.push_bind(number).push_bind(at).push_bind(*act);
            })
            .build()
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

/// We were late, blind and stopped once each.
async fn keep_ours(connection: &mut SqliteConnection, first: i64) {
    let begin = extent().0;
    let ours = [("late", 40, 25), ("blind", 130, 50), ("stopped", 250, 95)];
    for (number, (fault, day, minutes)) in (first..).zip(ours) {
        let from = begin + day * DAY;
        let to = from + minutes * MINUTE;
        sqlx::query(
            "INSERT INTO incidents (id, since_ms, closed_ms, root, agent, agent_fault, devices,
                 open_devices, down_devices) VALUES (?, ?, ?, 'observer', 'local', ?, 0, 0, 0)",
        )
        .bind(number)
        .bind(from)
        .bind(to)
        .bind(fault)
        .execute(&mut *connection)
        .await
        .unwrap();
        keep_steps(connection, &[(number, from, "open"), (number, to, "close")]).await;
    }
}

async fn keep_orders(connection: &mut SqliteConnection, orders: Vec<Order>) {
    let mut steps = Vec::new();
    for (index, order) in orders.iter().enumerate() {
        let number = index as i64 + 1;
        steps.extend(order.steps.iter().cloned().map(|step| (number, step)));
    }
    let rows: Vec<(i64, Order)> = (1..).zip(orders).collect();
    for rows in rows.chunks(ROWS) {
        QueryBuilder::new(
            "INSERT INTO work_orders (id, incident_id, category, title, place, caller, unit, phone,
                 maintainer_id, limit_ms, calendar, opened_ms, state, done_ms) ",
        )
        .push_values(rows, |mut row, (number, it)| {
            row.push_bind(number).push_bind(it.incident).push_bind(it.category);
            row.push_bind(&it.title).push_bind(&it.place);
            it.caller.iter().for_each(|word| {
                row.push_bind(*word);
            });
            row.push_bind(&it.maintainer).push_bind(LIMIT).push_bind("always");
            row.push_bind(it.opened).push_bind(it.state).push_bind(it.done);
        })
        .build()
        .execute(&mut *connection)
        .await
        .unwrap();
    }
    for rows in steps.chunks(ROWS) {
        QueryBuilder::new(
            "INSERT INTO work_order_steps (work_order_id, at_ms, login, act, reason, maintainer_id, note) ",
        )
        .push_values(rows, |mut row, (number, (at, login, act, reason, maintainer, note))| {
            row.push_bind(number).push_bind(at).push_bind(*login).push_bind(*act);
            row.push_bind(*reason).push_bind(maintainer).push_bind(*note);
        })
        .build()
        .execute(&mut *connection)
        .await
        .unwrap();
    }
}

/// Fog over a street for a morning.
async fn keep_fog(connection: &mut SqliteConnection, sites: &[Site]) {
    let from = extent().1 - 3 * DAY;
    let to = from + 3 * HOUR;
    let street = &sites[0].street;
    let cameras: Vec<&String> =
        sites.iter().filter(|it| it.street == *street).flat_map(|it| &it.devices).collect();
    let event: i64 = sqlx::query_scalar(
        "INSERT INTO street_events (street_id, weather, since_ms, until_ms, watched)
         VALUES (?, 'veil', ?, ?, ?) RETURNING id",
    )
    .bind(street)
    .bind(from)
    .bind(to)
    .bind(cameras.len() as i64)
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    for camera in cameras.iter().step_by(2) {
        sqlx::query("INSERT INTO street_event_cameras VALUES (?, ?, ?, ?)")
            .bind(event)
            .bind(camera)
            .bind(from)
            .bind(to)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}
