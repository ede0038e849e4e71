//! A picture of no use is an incident of its camera alone.

use super::*;
use crate::{
    ConfirmRule, FaultCode, IncidentId, Standing, Verdict,
    confirm::{Judging, Outcome},
    incident::{Board, Change, DeviceEvent, Event, GroupRule, MemberState},
};
use std::time::Duration;

const RULE: ConfirmRule = ConfirmRule { failures: 3, retry: Duration::from_secs(10) };

/// An open incident: its number, from when on, and how each of its devices stands.
type Open = (IncidentId, Timestamp, Vec<(DeviceId, MemberState)>);

/// Cameras of one site, probed and judged.
struct Site {
    board: Board,
    standings: [Standing; 3],
}

impl Site {
    fn new() -> Self {
        let board = Board::new(GroupRule::default(), 1, vec![]);
        Self { board, standings: Default::default() }
    }

    /// One camera shows these faults at a second; nothing where it does not answer.
    fn look(&mut self, second: i64, n: u8, shows: Option<&[FaultCode]>) -> Change {
        let verdict = match shows {
            None => Verdict::Offline,
            Some([]) => Verdict::Online,
            Some(_) => Verdict::Degraded,
        };
        let outcome = Outcome {
            at: at(second),
            answer: None,
            verdict,
            reached: shows.is_some(),
            faults: shows.map_or(vec![FaultCode::Unreachable], <[FaultCode]>::to_vec),
            is_judged: shows.is_some(),
            judging: Judging::Untold,
        };
        let standing = &mut self.standings[usize::from(n)];
        let step = standing.advance(&outcome, RULE, Duration::from_secs(600));
        let event = DeviceEvent::of(device(n), &step);
        *standing = step.standing;
        let crowd = Crowd { parent: 0, site: 3, street: 3, maintainer: 3 };
        let event = event.map(|event| Event::Device(event, seat(1, 1, None, crowd)));
        self.board.step(event.into_iter().collect(), at(second))
    }

    fn open(&self) -> Vec<Open> {
        let of = |it: &super::super::Incident| {
            let members = it.members().unwrap().iter();
            (it.id, it.since, members.map(|(id, member)| (*id, member.state)).collect())
        };
        self.board.open().map(of).collect()
    }
}

const BLACK: Option<&[FaultCode]> = Some(&[FaultCode::Black]);
const WELL: Option<&[FaultCode]> = Some(&[]);

#[test]
fn three_black_pictures_are_an_incident_from_the_first_on_and_one_good_picture_ends_it() {
    let mut site = Site::new();
    site.look(0, 0, WELL);
    site.look(60, 0, BLACK);
    site.look(70, 0, BLACK);
    assert_eq!(site.open(), [], "not confirmed");
    site.look(80, 0, BLACK);
    let open = site.open();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].1, &open[0].2[..]), (at(60), &[(device(0), MemberState::Faulty)][..]));
    // A fault that nobody is sent for neither keeps it open nor opens one, however long it lasts.
    site.look(140, 0, Some(&[FaultCode::Noise]));
    assert_eq!(site.open(), []);
    for second in [200, 2600, 3200, 3800] {
        site.look(second, 0, Some(&[FaultCode::Noise]));
    }
    assert_eq!(site.open(), []);
}

#[test]
fn a_covered_lens_is_an_incident_once_no_lorry_would_still_stand_there() {
    let covered = Some(&[FaultCode::Occluded][..]);
    let mut site = Site::new();
    for second in (0..=1800).step_by(600) {
        site.look(second, 0, covered);
        assert_eq!(site.open(), [], "{second}");
    }
    site.look(2400, 0, covered);
    let open = site.open();
    assert_eq!((open.len(), open[0].1), (1, at(0)), "from the first picture on");
    site.look(3000, 0, WELL);
    assert_eq!(site.open(), []);
}

#[test]
fn a_camera_with_a_bad_picture_goes_dark_with_its_site_and_is_part_of_that() {
    let mut site = Site::new();
    for n in 0..3 {
        site.look(i64::from(n), n, WELL);
    }
    for second in [60, 70, 80] {
        site.look(second, 0, BLACK);
    }
    assert_eq!(site.open().len(), 1);
    for second in [100, 110, 120] {
        for n in 0..3 {
            site.look(second + i64::from(n), n, None);
        }
    }
    let open = site.open();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0].2.iter().all(|(_, state)| *state == MemberState::Down), "{open:?}");
    assert_eq!(open[0].2.len(), 3);
}
