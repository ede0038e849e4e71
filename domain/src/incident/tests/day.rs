//! A day in the life of a district, from single results to incidents: a street without power, a dead
//! NVR, a switch that flaps, our own uplink, a camera that is replaced. Exactly the incidents of the
//! script come of it, and not one more.

use super::{at, device, seat};
use crate::{
    ConfirmRule, DeviceId, FaultCode, IncidentId, Standing, State, Timestamp, Verdict,
    confirm::{Judging, Outcome},
    incident::{
        Board, Canaries, Crowd, DeviceEvent, Event, GroupRule, Incident, MemberState, Observer,
        ObserverEvent, ObserverFault, ObserverRule, Root, Seat, Seen, Sight, Subject, Trial,
    },
};
use std::{collections::BTreeMap, time::Duration};

const RULE: ConfirmRule = ConfirmRule { failures: 3, retry: Duration::from_secs(30) };
const INTERVAL: i64 = 300;
const HOLD: Duration = Duration::from_secs(600);
const SWITCH: u8 = 40;
const NVR: u8 = 41;

/// 145 devices. Street 1 has three sites of ten cameras. Street 2 has a site with a switch (40) and
/// twelve cameras behind it, and a site with eight cameras behind an NVR (41) without an address, and
/// four cameras of their own. Street 3 has ninety that are always well.
pub(crate) fn place(n: u8) -> Seat {
    let crowd = |parent, site, street| Crowd { parent, site, street, maintainer: 145 };
    match n {
        0..30 => seat(1, 1 + n / 10, None, crowd(0, 10, 30)),
        SWITCH => seat(2, 4, None, crowd(0, 13, 25)),
        42..54 => seat(2, 4, Some((SWITCH, Sight::Probed)), crowd(12, 13, 25)),
        54..62 => seat(2, 5, Some((NVR, Sight::Inferred)), crowd(8, 12, 25)),
        62..66 => seat(2, 5, None, crowd(0, 12, 25)),
        _ => seat(3, 6 + n / 10, None, crowd(0, 10, 90)),
    }
}

pub(crate) fn all() -> impl Iterator<Item = u8> {
    (0..30).chain([SWITCH]).chain(42..156)
}

/// The time of day in seconds.
pub(crate) const fn clock(hour: i64, minute: i64) -> i64 {
    (hour * 60 + minute) * 60
}

/// Who does not answer at a time of the day.
fn is_away(n: u8, second: i64) -> bool {
    let power = (clock(9, 2)..clock(9, 50)).contains(&second) && n < 30;
    let nvr = (clock(11, 0)..clock(12, 30)).contains(&second) && (54..62).contains(&n);
    // Four minutes away, four there, for an hour.
    let flap = (clock(14, 0)..clock(15, 0)).contains(&second) && second.rem_euclid(480) < 240;
    let switch = flap && (n == SWITCH || (42..54).contains(&n));
    let ours = (clock(17, 0)..clock(17, 40)).contains(&second);
    let broken = second >= clock(20, 0) && n == 63;
    // A hiccup that nobody has to hear of.
    let hiccup = n == 7 && (clock(6, 0)..clock(6, 0) + 45).contains(&second);
    power || nvr || switch || ours || broken || hiccup
}

pub(crate) struct District {
    standings: BTreeMap<u8, (Standing, i64)>,
    observer: Observer,
    told: Option<ObserverFault>,
    board: Board,
    /// Every incident that was not merged away, as it stood last.
    pub(crate) known: BTreeMap<i64, Incident>,
    /// Which became part of which, in order.
    pub(crate) merged: Vec<(IncidentId, IncidentId)>,
}

impl District {
    pub(crate) fn new() -> Self {
        let phase = |n: u8| i64::from(n) * 37 % INTERVAL;
        Self {
            standings: all().map(|n| (n, (Standing::default(), phase(n)))).collect(),
            observer: Observer::new(ObserverRule::default()),
            told: None,
            board: Board::new(GroupRule::default(), 1, vec![]),
            known: BTreeMap::new(),
            merged: Vec::new(),
        }
    }

    /// One result of a device, as the agent makes it.
    fn probe(&mut self, n: u8, second: i64, events: &mut Vec<Event>) {
        let Some((standing, due)) = self.standings.get_mut(&n) else { return };
        let is_lost = is_away(n, second);
        let was_well = standing.state == State::Up && standing.doubt.is_none();
        if is_lost {
            // Three of us stand in the machine room; they answer but for our own uplink.
            let answered = if (clock(17, 0)..clock(17, 40)).contains(&second) { 0 } else { 3 };
            self.observer.asked(Canaries { answered, of: 3 });
        } else if self.observer.fault() == Some(ObserverFault::Blind) {
            self.observer.asked(Canaries { answered: 3, of: 3 });
        }
        let trial = match (is_lost, was_well) {
            (false, _) => Trial::Kept,
            (true, true) => Trial::Lost,
            (true, false) => Trial::StillLost,
        };
        self.observer.looked(at(second), trial);
        let verdict = match (is_lost, self.observer.sees()) {
            (false, _) => Verdict::Online,
            (true, true) => Verdict::Offline,
            (true, false) => Verdict::Unknown,
        };
        let faults = if is_lost { vec![FaultCode::ConnectTimeout] } else { vec![] };
        let outcome = Outcome {
            at: at(second),
            answer: None,
            verdict,
            reached: !is_lost,
            faults,
            is_judged: false,
            judging: Judging::Untold,
        };
        let step = standing.advance(&outcome, RULE, HOLD);
        let event = DeviceEvent::of(device(n), &step);
        events.extend(event.map(|event| Event::Device(event, place(n))));
        let in_doubt = step.standing.doubt.is_some();
        *standing = step.standing;
        *due = second + if in_doubt { 30 } else { INTERVAL };
        let parent = place(n).parent.filter(|_| in_doubt);
        let own = parent.and_then(|it| all().find(|&n| device(n) == it.device));
        if let Some(parent) = own.filter(|parent| self.standings[parent].1 > second + 30) {
            self.probe(parent, second, events);
        }
    }

    pub(crate) fn run(&mut self, from: i64, to: i64) {
        for second in from..to {
            let mut events = Vec::new();
            let due: Vec<u8> = self
                .standings
                .iter()
                .filter(|(_, (_, due))| *due == second)
                .map(|(n, _)| *n)
                .collect();
            for n in due {
                self.probe(n, second, &mut events);
            }
            let fault = self.observer.fault();
            if fault != self.told {
                self.told = fault;
                let (agent, at) = ("local".to_owned(), at(second));
                events.push(Event::Observer(ObserverEvent { agent, at, fault }));
            }
            self.take(events, second);
        }
    }

    fn take(&mut self, events: Vec<Event>, second: i64) {
        let change = self.board.step(events, at(second));
        for (from, _) in &change.merged {
            self.known.remove(&from.number());
        }
        self.merged.extend(change.merged);
        for (incident, _) in change.incidents {
            self.known.insert(incident.id.number(), incident);
        }
    }

    /// A device leaves the ledger's use.
    pub(crate) fn retire(&mut self, n: u8, second: i64) {
        let (standing, _) = self.standings.remove(&n).unwrap();
        let step = standing.retire(at(second));
        let event = DeviceEvent::of(device(n), &step).unwrap();
        self.take(vec![Event::Device(event, place(n))], second);
    }
}

#[test]
fn a_day_of_district_life_is_five_incidents_and_not_one_more() {
    let mut district = District::new();
    district.run(0, clock(21, 0));
    district.retire(63, clock(21, 0));
    district.run(clock(21, 0), clock(24, 0));
    let stories: Vec<&Incident> = district.known.values().collect();
    let told: Vec<_> =
        stories.iter().map(|it| (it.root(), it.members().map(BTreeMap::len))).collect();
    assert_eq!(
        told,
        [
            (Some(Root::Street(place(0).street)), Some(30)),
            (Some(Root::Device(device(NVR), Seen::Inferred)), Some(8)),
            (Some(Root::Device(device(SWITCH), Seen::Probed)), Some(13)),
            (None, None),
            (Some(Root::Device(device(63), Seen::Probed)), Some(1)),
        ]
    );
    assert!(stories.iter().all(|it| it.closed.is_some()), "the day ends well");
    let ours = Subject::Observer { agent: "local".into(), fault: ObserverFault::Blind };
    assert_eq!(stories[3].subject, ours);
    let within = |it: Timestamp, hour, minute| {
        let begun = at(clock(hour, minute));
        begun <= it && it <= begun + Duration::from_secs(INTERVAL as u64 + 60)
    };
    let begun = [(9, 2), (11, 0), (14, 0), (17, 0), (20, 0)];
    let ended = [(9, 50), (12, 30), (15, 0), (17, 40), (21, 0)];
    for (n, story) in stories.iter().enumerate() {
        assert!(within(story.since, begun[n].0, begun[n].1), "{n} began at {:?}", story.since);
        let closed = story.closed.unwrap();
        // The switch is believed only when it has stood still for a while.
        let patience = if n == 2 { Duration::from_secs(5400) } else { Duration::ZERO };
        assert!(
            closed >= at(clock(ended[n].0, ended[n].1)) - Duration::from_secs(240),
            "{n} ended"
        );
        let latest = at(clock(ended[n].0, ended[n].1) + 2 * INTERVAL) + patience;
        assert!(closed <= latest, "{n} ended at {closed:?}");
    }
    let left: &BTreeMap<DeviceId, _> = stories[4].members().unwrap();
    assert_eq!(left[&device(63)].state, MemberState::Gone);
}
