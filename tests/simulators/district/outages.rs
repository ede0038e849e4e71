//! What fails in the year, and which incident each outage is of.

use crate::year::{Change, DAY, DAYS, HOUR, MINUTE, Spell, extent};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

/// Local midnight in Shanghai lies so long before that of UTC.
const OFFSET: i64 = 8 * HOUR;
/// Cameras behind one switch.
const SWITCH: usize = 8;
/// Power cuts of a whole street in the year.
const STREET_CUTS: usize = 3;
/// What fails again so soon was not repaired: the incident is reopened.
const AGAIN: i64 = 15 * MINUTE;

const POWER: &str = "[\"unreachable\"]";
const UPLINK: &str = "[\"connect_timeout\"]";
const OWN: &str = "[\"no_media\"]";
const FLAPS: &str = "[\"stalled\"]";

/// Whether a device with this fault answers all the same.
pub(crate) fn is_reached(fault: &str) -> bool {
    ![POWER, UPLINK].contains(&fault)
}

/// Numbers that look like chance (Knuth's MMIX).
pub(crate) struct Chance(u64);

impl Chance {
    /// The same seed, the same numbers.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to below `limit`, which is at most 2³¹.
    pub(crate) fn below(&mut self, limit: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit.unsigned_abs()) as i64
    }

    /// True once in so many times.
    pub(crate) fn is_one_in(&mut self, many: i64) -> bool {
        self.below(many) == 0
    }

    /// Some whole minutes of the year.
    fn spell(&mut self, least: i64, most: i64) -> Spell {
        let (begin, end) = extent();
        let from = begin / MINUTE + self.below((end - begin) / MINUTE);
        let minutes = (least + self.below(most)) / MINUTE;
        (from * MINUTE, (from + minutes).min(end / MINUTE) * MINUTE)
    }
}

/// A site with its cameras.
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) street: String,
    pub(crate) name: String,
    /// Who maintains it.
    pub(crate) maintainer: String,
    /// In order, those that are probed.
    pub(crate) devices: Vec<String>,
}

impl Site {
    /// All of the district.
    pub(crate) async fn all(connection: &mut SqliteConnection) -> Vec<Self> {
        let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
            "SELECT s.id, s.street_id, s.name, d.maintainer_id, d.id
             FROM devices AS d JOIN sites AS s ON s.id = d.site_id
             WHERE d.url IS NOT NULL ORDER BY s.id, d.id",
        )
        .fetch_all(connection)
        .await
        .unwrap();
        let mut sites: Vec<Self> = Vec::new();
        for (id, street, name, maintainer, device) in rows {
            match sites.last_mut().filter(|it| it.id == id) {
                Some(site) => site.devices.push(device),
                None => sites.push(Self { id, street, name, maintainer, devices: vec![device] }),
            }
        }
        sites
    }
}

/// What an incident hangs on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Root {
    Device(String),
    Site(String),
    Street(String),
}

/// An incident of devices that is over.
#[derive(Clone, Debug)]
pub(crate) struct Incident {
    pub(crate) root: Root,
    /// Of the first site in it.
    pub(crate) site: usize,
    pub(crate) fault: &'static str,
    /// Device, and its outages in order.
    pub(crate) members: BTreeMap<String, Vec<Spell>>,
}

impl Incident {
    /// From the first outage to the end of the last.
    pub(crate) fn spell(&self) -> Spell {
        let spells = self.members.values().flatten();
        spells.fold((i64::MAX, i64::MIN), |all, it| (all.0.min(it.0), all.1.max(it.1)))
    }
}

/// Which incident a shared outage is of: its root and when it began.
type Key = (Root, i64);

/// All of the year.
pub(crate) struct Outages {
    streets: BTreeMap<String, Vec<Spell>>,
    cuts: Vec<(String, Spell)>,
    shared: BTreeMap<Key, Incident>,
    alone: Vec<Incident>,
    done: usize,
}

impl Outages {
    /// Streets lose their power first.
    pub(crate) fn new(sites: &[Site], chance: &mut Chance) -> Self {
        let mut streets = BTreeMap::new();
        for site in sites {
            streets.entry(site.street.clone()).or_insert_with(|| {
                (0..STREET_CUTS).map(|_| chance.spell(HOUR, 3 * HOUR)).collect()
            });
        }
        let (cuts, shared, alone) = Default::default();
        Self { streets, cuts, shared, alone, done: 0 }
    }

    /// What happens to the cameras of the next site: device and its changes in order.
    pub(crate) fn of_site(
        &mut self,
        site: &Site,
        chance: &mut Chance,
    ) -> Vec<(String, Vec<Change>)> {
        let number = self.done;
        self.done += 1;
        let mut power: Vec<(Root, Spell)> = (0..2 + chance.below(5))
            .map(|_| (Root::Site(site.id.clone()), chance.spell(HOUR, 6 * HOUR)))
            .collect();
        self.cuts.extend(power.iter().map(|(_, cut)| (site.id.clone(), *cut)));
        let street = &self.streets[&site.street];
        self.cuts.extend(street.iter().map(|cut| (site.id.clone(), *cut)));
        power.extend(street.iter().map(|cut| (Root::Street(site.street.clone()), *cut)));
        let mut all = Vec::new();
        for group in site.devices.chunks(SWITCH) {
            let dead = chance.is_one_in(2).then(|| chance.spell(3 * HOUR, 40 * HOUR));
            for device in group {
                let mut troubles: Vec<Trouble> = Vec::new();
                troubles.extend(power.iter().map(|(_, cut)| (cut.0, cut.1, "down", POWER)));
                troubles.extend(dead.iter().map(|it| (it.0, it.1, "down", UPLINK)));
                own(&mut troubles, chance);
                let changes = changes(troubles);
                self.belong(number, site, device, &power, dead, &changes);
                all.push((device.clone(), changes));
            }
        }
        all
    }

    /// Sorts the outages of a device into incidents.
    fn belong(
        &mut self,
        number: usize,
        site: &Site,
        device: &str,
        power: &[(Root, Spell)],
        dead: Option<Spell>,
        changes: &[Change],
    ) {
        let mut last: Option<(usize, i64)> = None;
        for pair in changes.windows(2) {
            let ((from, state, fault), (to, ..)) = (pair[0], pair[1]);
            if state != "down" {
                continue;
            }
            let cut = power.iter().find(|(_, cut)| fault == POWER && cut.0 <= from && from < cut.1);
            let key = match (cut, dead) {
                (Some((root, cut)), _) => Some((root.clone(), cut.0)),
                (None, Some(dead)) if fault == UPLINK => {
                    Some((Root::Site(site.id.clone()), dead.0))
                }
                _ => None,
            };
            let new = |root| Incident { root, site: number, fault, members: BTreeMap::new() };
            let incident = match key {
                Some(key) => {
                    let root = key.0.clone();
                    self.shared.entry(key).or_insert_with(|| new(root))
                }
                None => {
                    // What flaps within two days is one incident.
                    let near = if fault == FLAPS { 2 * DAY } else { AGAIN };
                    let again = last.filter(|(index, end)| {
                        self.alone[*index].fault == fault && from - end <= near
                    });
                    let index = again.map_or(self.alone.len(), |(index, _)| index);
                    if again.is_none() {
                        self.alone.push(new(Root::Device(device.to_owned())));
                    }
                    last = Some((index, to));
                    &mut self.alone[index]
                }
            };
            incident.members.entry(device.to_owned()).or_default().push((from, to));
        }
    }

    /// Power cuts by site.
    pub(crate) fn cuts(&self) -> Vec<(String, Spell)> {
        self.cuts.clone()
    }

    /// Incidents in the order in which they began.
    pub(crate) fn incidents(self) -> Vec<Incident> {
        let mut all = self.alone;
        all.extend(self.shared.into_values());
        all.sort_by_cached_key(|it| (it.spell(), it.root.clone()));
        all
    }
}

/// Trouble from and to, milliseconds, with its state and fault.
type Trouble = (i64, i64, &'static str, &'static str);

/// What is wrong with one camera alone.
fn own(troubles: &mut Vec<Trouble>, chance: &mut Chance) {
    for _ in 0..chance.below(4) {
        let (from, to) = chance.spell(HOUR, 60 * HOUR);
        // One in ten is well for a moment in between.
        let middle = if chance.is_one_in(10) { (from + to) / 2 / MINUTE * MINUTE } else { to };
        troubles.push((from, middle, "down", OWN));
        troubles.push((middle + 10 * MINUTE, to, "down", OWN));
    }
    if chance.is_one_in(100) {
        for _ in 0..400 {
            let (from, to) = chance.spell(5 * MINUTE, 30 * MINUTE);
            troubles.push((from, to, "down", FLAPS));
        }
    }
    if chance.is_one_in(30) {
        let first = extent().0 / DAY * DAY - OFFSET + 19 * HOUR;
        for dusk in (1..DAYS - 2).map(|day| first + day * DAY) {
            troubles.push((dusk, dusk + 11 * HOUR, "degraded", "[\"too_dark\"]"));
        }
    }
}

/// Changes in order of time: trouble after trouble, the earlier one to its end, and up between.
fn changes(mut troubles: Vec<Trouble>) -> Vec<Change> {
    let (begin, end) = extent();
    troubles.sort_unstable();
    let (mut rows, mut at) = (vec![(begin, "up", "[]")], begin);
    for (from, to, state, fault) in troubles {
        let from = from.max(at + MINUTE);
        if from + MINUTE >= to || to >= end {
            continue;
        }
        rows.push((from, state, fault));
        rows.push((to, "up", "[]"));
        at = to;
    }
    rows
}
