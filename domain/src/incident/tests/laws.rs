//! What holds whatever comes in whatever order.

use super::{at, device, seat};
use crate::{
    DeviceId, FaultCode, State,
    incident::{Board, Crowd, DeviceEvent, Event, GroupRule, Manner, Sight},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DEVICES: u8 = 18;

/// Something that happens to device `who` at `second`.
#[derive(Clone, Copy, Debug)]
struct Happening {
    second: i64,
    who: u8,
    what: (State, Manner),
    seen_before: i64,
    reached: bool,
}

/// Three sites in two streets; device 0 is a switch that the next five hang behind, device 30 an
/// NVR that nobody opens with four behind it.
fn event(it: Happening) -> Event {
    let crowd = |parent, site, street| Crowd { parent, site, street, maintainer: 18 };
    let seat = match it.who {
        0 => seat(1, 1, None, crowd(0, 6, 12)),
        1..=5 => seat(1, 1, Some((0, Sight::Probed)), crowd(5, 6, 12)),
        6..=9 => seat(1, 2, Some((30, Sight::Inferred)), crowd(4, 6, 12)),
        10..=11 => seat(1, 2, None, crowd(0, 6, 12)),
        _ => seat(2, 3, None, crowd(0, 6, 6)),
    };
    let event = DeviceEvent {
        shown: vec![],
        device: device(it.who),
        at: at(it.second),
        after: Some(at(it.second - it.seen_before)),
        state: it.what.0,
        reached: it.reached,
        faults: vec![],
        manner: it.what.1,
    };
    Event::Device(event, seat)
}

fn happening() -> impl Strategy<Value = Happening> {
    let what = prop_oneof![
        5 => Just((State::Down, Manner::Steady)),
        3 => Just((State::Up, Manner::Steady)),
        1 => Just((State::Unknown, Manner::Steady)),
        1 => Just((State::Up, Manner::Flapping)),
        1 => Just((State::Unknown, Manner::Gone)),
    ];
    (0i64..40, 0..DEVICES, what, 0i64..90, any::<bool>()).prop_map(
        |(minute, who, what, seen_before, reached)| Happening {
            second: minute * 60,
            who,
            what,
            seen_before,
            reached,
        },
    )
}

/// In order of time, at most one a device and second: what one device does has an order.
fn day() -> impl Strategy<Value = Vec<Happening>> {
    proptest::collection::vec(happening(), 1..60).prop_map(|all| {
        let unique: BTreeMap<_, _> = all.into_iter().map(|it| ((it.second, it.who), it)).collect();
        unique.into_values().collect()
    })
}

fn board() -> Board {
    Board::new(GroupRule::default(), 1, vec![])
}

/// Who is with whom in open incidents.
fn partition(board: &Board) -> BTreeSet<BTreeSet<DeviceId>> {
    board.open().filter_map(|it| Some(it.members()?.keys().copied().collect())).collect()
}

fn check(board: &Board, down: &BTreeSet<DeviceId>) -> Result<(), TestCaseError> {
    let mut held = BTreeSet::new();
    for incident in board.open() {
        let members = incident.members().unwrap();
        prop_assert!(members.values().any(|it| it.state.is_open()), "open, and nobody in it");
        prop_assert_eq!(incident.since, members.values().map(|it| it.since).min().unwrap());
        for (device, _) in members.iter().filter(|(_, it)| it.state.is_open()) {
            prop_assert!(held.insert(*device), "in two open incidents");
        }
    }
    prop_assert!(down.is_subset(&held), "down, and in no incident");
    Ok(())
}

#[test]
fn a_site_whose_hosts_refuse_has_power_and_one_that_is_silent_may_not() {
    let open = |fault| {
        let mut board = board();
        for who in 12..16 {
            let what = (State::Down, Manner::Steady);
            let it = Happening { second: 60, who, what, seen_before: 30, reached: false };
            let Event::Device(mut happened, seat) = event(it) else { unreachable!() };
            happened.faults = vec![fault];
            board.step(vec![Event::Device(happened, seat)], at(60));
        }
        board.open().count()
    };
    assert_eq!((open(FaultCode::Refused), open(FaultCode::ConnectTimeout)), (4, 1));
}

/// Two falls of one device that become one entry reach further than each of them did.
#[test]
fn what_is_joined_by_a_join_is_joined_at_once() {
    let fell = |second, who, reached| Happening {
        second,
        who,
        what: (State::Down, Manner::Steady),
        seen_before: 0,
        reached,
    };
    let left = |second, who| Happening {
        what: (State::Unknown, Manner::Gone),
        ..fell(second, who, false)
    };
    let mut board = board();
    let first = [0, 1, 2, 3, 4, 8, 9].map(|who| fell(0, who, false));
    let then = [
        left(60, 8),
        fell(300, 6, true),
        fell(480, 7, false),
        fell(1080, 8, false),
        left(1680, 1),
        // Its outage spans all of the above, so that eight of the street's twelve are one.
        fell(2280, 1, false),
    ];
    for it in first.into_iter().chain(then) {
        board.step(vec![event(it)], at(it.second));
    }
    // The camera that fell for itself fell while three others of its recorder did.
    assert_eq!(partition(&board), BTreeSet::from([[0, 1, 2, 3, 4, 6, 7, 8, 9].map(device).into()]));
}

proptest! {
    #[test]
    fn every_device_that_is_down_is_in_exactly_one_open_incident(day in day()) {
        let (mut board, mut down) = (board(), BTreeSet::new());
        for it in day {
            match it.what {
                (State::Down, _) => down.insert(device(it.who)),
                _ => down.remove(&device(it.who)),
            };
            let change = board.step(vec![event(it)], at(it.second));
            check(&board, &down)?;
            for (incident, _) in &change.incidents {
                let members = incident.members().unwrap();
                let is_open = members.values().any(|it| it.state.is_open());
                prop_assert_eq!(incident.closed.is_none(), is_open);
            }
            for (from, into) in change.merged {
                prop_assert!(into < from);
                prop_assert!(board.open().all(|it| it.id != from));
            }
        }
    }

    #[test]
    fn the_order_within_a_second_changes_nothing(
        day in day(), seed in any::<u64>(), together in any::<bool>()
    ) {
        let (mut one, mut other) = (board(), board());
        let mut seconds: BTreeMap<i64, Vec<Happening>> = BTreeMap::new();
        day.into_iter().for_each(|it| seconds.entry(it.second).or_default().push(it));
        for (second, mut events) in seconds {
            for &it in &events {
                one.step(vec![event(it)], at(second));
            }
            // A shuffle that the seed decides.
            events.sort_by_key(|it| (u64::from(it.who) + 1).wrapping_mul(seed | 1));
            if together {
                other.step(events.into_iter().map(event).collect(), at(second));
            } else {
                for it in events {
                    other.step(vec![event(it)], at(second));
                }
            }
            prop_assert_eq!(partition(&one), partition(&other));
        }
    }

    #[test]
    fn when_all_are_well_again_nothing_stays_open(day in day()) {
        let mut board = board();
        for it in day {
            board.step(vec![event(it)], at(it.second));
        }
        let well = |who| Happening {
            second: 3600, who, what: (State::Up, Manner::Steady), seen_before: 0, reached: true,
        };
        board.step((0..DEVICES).map(|who| event(well(who))).collect(), at(3600));
        prop_assert_eq!(board.open().count(), 0);
    }

    #[test]
    fn a_board_made_anew_of_what_was_stored_goes_on_as_the_old_one(
        day in day(), cut in 0usize..60
    ) {
        let (mut old, mut stored) = (board(), BTreeMap::new());
        let mut next = 1;
        let cut = cut.min(day.len());
        for it in &day[..cut] {
            let change = old.step(vec![event(*it)], at(it.second));
            for (incident, _) in change.incidents {
                next = next.max(incident.id.number() + 1);
                stored.insert(incident.id, incident);
            }
            for (from, _) in change.merged {
                stored.remove(&from);
            }
        }
        let mut new = Board::new(GroupRule::default(), next, stored.into_values().collect());
        prop_assert_eq!(partition(&old), partition(&new));
        for it in &day[cut..] {
            old.step(vec![event(*it)], at(it.second));
            new.step(vec![event(*it)], at(it.second));
            prop_assert_eq!(partition(&old), partition(&new));
        }
    }
}
