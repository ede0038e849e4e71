//! The desk over a day in the life of a district, and its laws.

use super::*;
use crate::{
    IncidentId, Timestamp,
    incident::{
        Incident, ObserverFault, Subject,
        tests::{
            at,
            day::{District, all, clock, place},
            device,
        },
    },
};
use chrono_tz::{Etc::GMTPlus8, Tz};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

/// Where the scripted day begins at midnight.
const ZONE: Tz = GMTPlus8;

/// A desk with what it has said.
struct Room {
    rules: AlertRules,
    desk: Desk,
    told: Ledger,
    slots: BTreeMap<String, Timestamp>,
    said: Vec<(Timestamp, Saying)>,
}

impl Room {
    fn new(rules: AlertRules) -> Self {
        let (desk, told, slots, said) = Default::default();
        Self { rules, desk, told, slots, said }
    }

    fn look(&mut self, cases: &[Case], now: Timestamp) {
        for saying in self.desk.look(&self.rules, cases, &self.told, &self.slots, (now, ZONE)) {
            for (id, told) in &saying.told {
                self.told.insert((*id, saying.rule.clone()), *told);
            }
            if let What::Digest { slot, .. } = saying.what {
                self.slots.insert(saying.rule.clone(), slot);
            }
            self.said.push((now, saying));
        }
    }

    /// What was told of a part counts for the whole.
    fn merge(&mut self, from: IncidentId, into: IncidentId) {
        let of_part = |(id, _): &(IncidentId, String)| *id == from;
        let keys: Vec<_> = self.told.keys().filter(|key| of_part(key)).cloned().collect();
        for key in keys {
            let part = self.told.remove(&key).unwrap();
            let whole = self.told.entry((into, key.1)).or_insert(part);
            if part.severity > whole.severity {
                *whole = part;
            }
        }
    }

    fn alone(&self) -> Vec<(IncidentId, Say)> {
        let alone = self.said.iter().filter_map(|(_, saying)| match saying.what {
            What::Alone(id, say) => Some((id, say)),
            What::Digest { .. } => None,
        });
        alone.collect()
    }
}

fn case_of(incident: &Incident) -> Case {
    let ours = match &incident.subject {
        Subject::Observer { fault, .. } => Some(*fault),
        Subject::Devices(_) => None,
    };
    let devices = incident.members().map_or(0, |it| it.len() as u64);
    Case {
        id: incident.id,
        is_open: incident.closed.is_none(),
        is_told_after: ours == Some(ObserverFault::Stopped),
        severity: Extent { devices, ours, ..Extent::default() }.severity(10),
        devices,
        places: BTreeSet::new(),
        is_acknowledged: false,
        muted_until: None,
    }
}

#[test]
fn a_day_of_district_life_is_these_messages_and_not_one_more() {
    let mut district = District::new();
    let mut room = Room::new(AlertRules::shipped());
    for second in (0..clock(24, 0)).step_by(5) {
        district.run(second, second + 5);
        if second == clock(21, 1) {
            district.retire(63, second + 4);
        }
        for (from, into) in std::mem::take(&mut district.merged) {
            room.merge(from, into);
        }
        let cases: Vec<Case> = district.known.values().map(case_of).collect();
        room.look(&cases, at(second + 5));
    }
    let ids: Vec<IncidentId> = district.known.values().map(|it| it.id).collect();
    let [street, nvr, switch, ours, camera] = ids[..] else { panic!("{ids:?}") };
    assert_eq!(
        room.alone(),
        [
            (street, Say::Open),
            (street, Say::Over),
            (switch, Say::Open),
            (switch, Say::Over),
            (ours, Say::Open),
            (ours, Say::Over),
        ]
    );
    // The street is told once it has come together, not camera by camera.
    let (first, _) = room.said.iter().find(|(_, it)| matches!(it.what, What::Alone(..))).unwrap();
    assert!(at(clock(9, 5)) < *first && *first < at(clock(9, 14)), "{first:?}");
    let digests = room.said.iter().filter_map(|(_, it)| match &it.what {
        What::Digest { slot, new, over, lasting } => {
            Some((*slot, new.clone(), over.clone(), *lasting))
        }
        What::Alone(..) => None,
    });
    let digests: Vec<_> = digests.collect();
    // The first look makes up for the evening before; then as the rule says.
    assert_eq!(
        digests,
        [
            (at(-3 * 3600), vec![], vec![], 0),
            (at(clock(8, 30)), vec![], vec![], 0),
            (at(clock(12, 0)), vec![street, nvr], vec![], 0),
            (at(clock(17, 30)), vec![switch, ours], vec![nvr], 0),
            (at(clock(21, 0)), vec![camera], vec![ours], 0),
        ]
    );
}

/// Streets and sites that an incident reaches.
fn places_of(incident: &Incident) -> BTreeSet<String> {
    let members = incident.members().into_iter().flat_map(BTreeMap::keys);
    let seats = members.filter_map(|id| all().find(|&n| device(n) == *id)).map(place);
    seats.flat_map(|seat| [seat.street.to_string(), seat.site.to_string()]).collect()
}

/// Whoever wants to hear of each camera at once.
#[test]
fn a_street_without_power_is_one_message_also_where_single_cameras_are_told() {
    let mut district = District::new();
    let rules = immediate("").rules.into_iter();
    let rules = rules.map(|rule| AlertRule { severity: Severity::Minor, ..rule }).collect();
    let mut room = Room::new(AlertRules { rules, ..immediate("") });
    for second in (0..clock(24, 0)).step_by(5) {
        district.run(second, second + 5);
        if second == clock(21, 1) {
            district.retire(63, second + 4);
        }
        for (from, into) in std::mem::take(&mut district.merged) {
            room.merge(from, into);
        }
        let case = |it: &Incident| Case { places: places_of(it), ..case_of(it) };
        let cases: Vec<Case> = district.known.values().map(case).collect();
        room.look(&cases, at(second + 5));
    }
    let ids: Vec<IncidentId> = district.known.values().map(|it| it.id).collect();
    let twice = ids.iter().flat_map(|id| [(*id, Say::Open), (*id, Say::Over)]);
    assert_eq!(room.alone(), twice.collect::<Vec<_>>());
    let (street, _) = room.said[0];
    assert!(at(clock(9, 5)) < street && street < at(clock(9, 14)), "{street:?}");
}

#[test]
fn what_begins_beside_another_is_waited_for_but_neither_far_away_nor_where_it_is_critical() {
    let mut room = Room::new(immediate(""));
    let (fifth, far) = (one(1, 5), Case { places: ["东街".to_owned()].into(), ..one(2, 5) });
    room.look(&[fifth.clone(), far.clone()], at(0));
    let beside = one(3, 3);
    let venue = Case { severity: Severity::Critical, ..one(4, 1) };
    let all = [fifth, far, beside, venue];
    room.look(&all, at(50));
    room.look(&all, at(110));
    let told = |room: &Room| -> Vec<i64> {
        let mut ids: Vec<_> = room.alone().iter().map(|(id, _)| id.number()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(told(&room), [2, 4]);
    room.look(&all, at(349));
    assert_eq!(told(&room), [2, 4]);
    room.look(&all, at(350));
    assert_eq!(told(&room), [1, 2, 3, 4], "each by itself: they are not one");
}

fn one(id: i64, devices: u64) -> Case {
    Case {
        id: IncidentId::new(id),
        is_open: true,
        is_told_after: false,
        severity: Extent { devices, ..Extent::default() }.severity(10),
        devices,
        places: BTreeSet::from(["人民路".to_owned()]),
        is_acknowledged: false,
        muted_until: None,
    }
}

fn immediate(extra: &str) -> AlertRules {
    AlertRules::parse(&format!(
        "mass = 10\nsettle_s = 60\nsettle_most_s = 600\n[[rule]]\nname = \"即时\"\n\
         manner = \"immediate\"\nseverity = \"major\"\n{extra}"
    ))
    .unwrap()
}

#[test]
fn what_grows_is_waited_for_but_not_for_ever() {
    let mut room = Room::new(immediate(""));
    for minute in 0..20 {
        room.look(&[one(1, 5 + minute)], at(60 * i64::try_from(minute).unwrap() - 1));
    }
    let (first, saying) = &room.said[0];
    assert_eq!(saying.what, What::Alone(IncidentId::new(1), Say::Open));
    assert_eq!(*first, at(599), "at ten minutes, though it still grows");
    assert_eq!(room.said.len(), 1);
}

#[test]
fn a_part_that_was_told_makes_the_whole_a_matter_of_growth() {
    let mut room = Room::new(immediate(""));
    room.look(&[one(7, 3)], at(0));
    room.look(&[one(7, 3)], at(60));
    room.merge(IncidentId::new(7), IncidentId::new(5));
    room.look(&[one(5, 30)], at(70));
    room.look(&[one(5, 30)], at(130));
    let whole = IncidentId::new(5);
    assert_eq!(room.alone(), [(IncidentId::new(7), Say::Open), (whole, Say::Grown)]);
}

#[test]
fn muted_is_silent_and_what_nobody_takes_on_is_said_again() {
    let mut room = Room::new(immediate("again_min = 30\nplaces = [\"人民路\"]"));
    let muted = Case { muted_until: Some(at(1000)), ..one(1, 5) };
    let elsewhere = Case { places: BTreeSet::from(["东街".to_owned()]), ..one(2, 50) };
    for second in (0..1000).step_by(50) {
        room.look(&[muted.clone(), elsewhere.clone()], at(second));
    }
    assert_eq!(room.alone(), []);
    room.look(slice::from_ref(&muted), at(1000));
    room.look(slice::from_ref(&muted), at(1000 + 1799));
    room.look(slice::from_ref(&muted), at(1000 + 1800));
    let taken_on = Case { is_acknowledged: true, ..muted };
    room.look(slice::from_ref(&taken_on), at(9000));
    let over = Case { is_open: false, ..taken_on };
    room.look(slice::from_ref(&over), at(9010));
    room.look(&[over], at(9070));
    let said: Vec<Say> = room.alone().into_iter().map(|(_, say)| say).collect();
    assert_eq!(said, [Say::Open, Say::Again, Say::Over]);
}

/// Those on duty learn in the morning that nobody watched at night.
#[test]
fn that_we_did_not_run_is_told_once_when_it_is_over() {
    let mut room = Room::new(immediate(""));
    let ours = Extent { ours: Some(ObserverFault::Stopped), ..Extent::default() };
    let stopped = Case { is_told_after: true, severity: ours.severity(10), ..one(1, 0) };
    let over = Case { is_open: false, ..stopped.clone() };
    let other = Case { is_told_after: false, id: IncidentId::new(2), ..over.clone() };
    room.look(&[stopped], at(0));
    for second in [5, 60, 70, 500, 9000] {
        room.look(&[over.clone(), other.clone()], at(second));
    }
    assert_eq!(room.alone(), [(IncidentId::new(1), Say::Over)]);
}

proptest! {
    /// Whatever happens to incidents, and however often nobody looks.
    #[test]
    fn of_one_incident_a_rule_speaks_in_order(
        steps in prop::collection::vec((1i64..900, 0usize..3, prop::bool::ANY, 0u64..4, prop::bool::ANY), 1..80)
    ) {
        let mut room = Room::new(immediate("again_min = 5"));
        let mut cases = [one(1, 1), one(2, 1), one(3, 1)];
        let mut now = 0;
        for (wait, which, is_open, more, is_muted) in steps {
            now += wait;
            let case = &mut cases[which];
            case.is_open = is_open;
            case.devices += more;
            case.severity = Extent { devices: case.devices, ..Extent::default() }.severity(10);
            case.muted_until = is_muted.then(|| at(now + 300));
            let before = room.said.len();
            room.look(&cases, at(now));
            for (_, saying) in &room.said[before..] {
                let What::Alone(id, _) = saying.what else { continue };
                let case = cases.iter().find(|it| it.id == id).unwrap();
                prop_assert!(case.muted_until.is_none_or(|until| until <= at(now)));
            }
        }
        for case in &cases {
            let said = room.alone().into_iter().filter(|(id, _)| *id == case.id);
            let mut is_told = false;
            let mut severity = None;
            for (_, say) in said {
                prop_assert_eq!(is_told, say != Say::Open);
                is_told = say != Say::Over;
                // It matters more at most once between its beginning and its end: there are two steps.
                let grown = say == Say::Grown;
                prop_assert!(!(grown && severity == Some(Say::Grown)));
                severity = match say { Say::Grown => Some(say), Say::Open => None, _ => severity };
            }
        }
    }
}
