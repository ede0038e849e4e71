//! Who is still down when the root has long recovered.

use super::{at, device, seat};
use crate::{
    FaultCode, State,
    incident::{
        Board, Crowd, DeviceEvent, Event, GroupRule, IncidentAct, Manner, MemberState, Root, Seen,
        Sight,
    },
};

/// Number of the first incident that parts: eight outages were one each until they were joined.
const OWN: i64 = 9;

/// Device 0 is a switch with seven behind it, of which 5 is a recorder with 6 and 7 behind that.
fn event(who: u8, second: i64, state: State) -> Event {
    let crowd = Crowd { parent: 7, site: 8, street: 40, maintainer: 40 };
    let parent = match who {
        0 => None,
        6 | 7 => Some((5, Sight::Probed)),
        _ => Some((0, Sight::Probed)),
    };
    let event = DeviceEvent {
        device: device(who),
        at: at(second),
        after: Some(at(second - 30)),
        state,
        reached: state == State::Up,
        faults: if state == State::Up { vec![] } else { vec![FaultCode::ConnectTimeout] },
        manner: Manner::Steady,
        shown: vec![],
    };
    Event::Device(event, seat(1, 1, parent, crowd))
}

fn all(whom: impl IntoIterator<Item = u8>, second: i64, state: State) -> Vec<Event> {
    whom.into_iter().map(|who| event(who, second, state)).collect()
}

/// Number, root and who is in it, of what is open.
fn open(board: &Board) -> Vec<(i64, Root, Vec<u8>)> {
    let whom = |members: &std::collections::BTreeMap<_, _>| {
        (0..8).filter(|who| members.contains_key(&device(*who))).collect()
    };
    board
        .open()
        .map(|it| (it.id.number(), it.root().unwrap(), whom(it.members().unwrap())))
        .collect()
}

/// All fell at 60, and all but `left` are well from 600 on.
fn after_recovery(left: &[u8]) -> Board {
    let mut board = Board::new(GroupRule::default(), 1, vec![]);
    board.step(all(0..8, 60, State::Down), at(90));
    board.step(all((0..8).filter(|who| !left.contains(who)), 600, State::Up), at(600));
    board
}

#[test]
fn a_camera_that_stays_down_when_its_switch_is_back_becomes_an_incident_of_its_own() {
    let mut board = after_recovery(&[3]);
    assert_eq!(open(&board).len(), 1, "it may still be starting");
    assert!(!board.is_due(at(1499)) && board.is_due(at(1500)));
    let change = board.step(vec![], at(1500));
    assert_eq!(open(&board), [(OWN, Root::Device(device(3), Seen::Probed), vec![3])]);
    let old = &change.incidents[0].0;
    assert_eq!((old.id.number(), old.closed), (1, Some(at(1500))));
    assert_eq!(old.members().unwrap()[&device(3)].state, MemberState::Parted);
    assert_eq!(change.incidents[1].0.since, at(60), "dated from its first failure");
    let part = change.steps.iter().find(|it| it.act == IncidentAct::Part).unwrap();
    assert_eq!((part.incident.number(), part.other.unwrap().number()), (OWN, 1));
    assert!(!board.is_due(at(9000)), "once");
    board.step(all([3], 2000, State::Up), at(2000));
    assert_eq!(open(&board), []);
}

#[test]
fn what_hangs_behind_one_that_is_left_goes_with_it_and_what_is_in_doubt_stays() {
    let mut board = after_recovery(&[5, 6, 7]);
    board.step(vec![], at(1500));
    assert_eq!(open(&board), [(OWN, Root::Device(device(5), Seen::Probed), vec![5, 6, 7])]);

    let mut board = after_recovery(&[5, 6]);
    board.step(all([5], 700, State::Unknown), at(700));
    board.step(vec![], at(1500));
    assert_eq!(open(&board)[0].0, 1, "nobody knows how the recorder is");
    assert!(!board.is_due(at(1501)));
}

#[test]
fn a_switch_that_falls_again_keeps_who_is_behind_it_until_it_is_back() {
    let mut board = after_recovery(&[3]);
    board.step(all([0], 1100, State::Down), at(1130));
    assert_eq!(open(&board), [(1, Root::Device(device(0), Seen::Probed), (0..8).collect())]);
    assert!(!board.is_due(at(1500)), "its root is down");
    board.step(all([0], 1150, State::Up), at(1150));
    assert!(!board.is_due(at(2049)));
    board.step(vec![], at(2050));
    assert_eq!(open(&board), [(OWN, Root::Device(device(3), Seen::Probed), vec![3])]);
    // Much later it falls for itself: who was down before it was not felled by it.
    board.step(all([0], 4000, State::Down), at(4030));
    assert_eq!(open(&board)[1..], [(OWN + 1, Root::Device(device(0), Seen::Probed), vec![0])]);
}
