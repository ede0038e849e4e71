//! What one stretch between two transitions counts as under a policy.

use super::{CountsAs, PictureAs, Policy};
use crate::{FaultCode, Group, State, Transition, confirm::Judging};

/// Whether the device answered (设备可达). The order is that of badness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not known.
    #[default]
    Unknown,
    /// It answered.
    Reached,
    /// It did not.
    Unreached,
}

/// Whether the picture was usable (图像完好), of minutes that count as online. The order is that
/// of badness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Picture {
    /// Nothing is said: no media flowed, or nobody knows.
    #[default]
    Unsaid,
    /// Media flowed and nobody judged the picture.
    Unjudged,
    /// Media flowed and no fault harms the picture.
    Intact,
    /// A fault harms the picture.
    Harmed,
}

/// What each minute of a stretch is; each part is taken by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// For 在线率.
    pub media: State,
    /// For 设备可达率.
    pub reach: Reach,
    /// For 图像完好率.
    pub picture: Picture,
}

impl Policy {
    /// What the stretch from a transition on counts as.
    ///
    /// Each fault says what it counts as, the worst of them holds; a stretch without faults counts
    /// as its state. A picture that nobody judged is neither intact nor harmed. An unknown state stays unknown whatever its faults, but a device that answered
    /// (a full session table, a credential nobody knows) is reached.
    pub fn read(&self, transition: &Transition) -> Reading {
        let Transition { state, reached, faults, judging, .. } = transition;
        let (state, reached) = (*state, *reached);
        let reach = match (state, reached) {
            (State::Up | State::Degraded, _) | (_, true) => Reach::Reached,
            (State::Down, false) => Reach::Unreached,
            (State::Unknown, false) => Reach::Unknown,
        };
        if state == State::Unknown {
            return Reading { media: state, reach, picture: Picture::Unsaid };
        }
        let as_seen = |rule: CountsAs| match rule {
            CountsAs::AsSeen => state,
            CountsAs::Up => State::Up,
            CountsAs::Degraded => State::Degraded,
            CountsAs::Down => State::Down,
            CountsAs::Unknown => State::Unknown,
        };
        let media = faults
            .iter()
            .map(|fault| {
                as_seen(self.faults.get(fault).map(|rule| rule.online).unwrap_or_default())
            })
            .max()
            .unwrap_or(state);
        let picture = if state == State::Down || faults.iter().any(|fault| self.harms(*fault)) {
            // A picture that did not come is not intact, though the policy calls its minute online.
            Picture::Harmed
        } else if *judging == Judging::Unjudged {
            Picture::Unjudged
        } else {
            Picture::Intact
        };
        Reading { media, reach, picture }
    }

    /// Whether minutes read as strips hold them, so that strips are enough for 在线率.
    pub fn reads_as_strips(&self) -> bool {
        self.faults.values().all(|rule| rule.online == CountsAs::AsSeen)
    }

    fn harms(&self, fault: FaultCode) -> bool {
        match self.faults.get(&fault).and_then(|rule| rule.picture) {
            Some(said) => said == PictureAs::Harmed,
            None => {
                fault.group() == Group::Picture
                    || matches!(
                        fault,
                        FaultCode::Undecodable
                            | FaultCode::EncryptedSuspected
                            | FaultCode::NoKeyframe
                    )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{FaultRule, shipped};

    fn from(state: State, reached: bool, faults: &[FaultCode], judging: Judging) -> Transition {
        Transition {
            at: crate::Timestamp::default(),
            state,
            reached,
            faults: faults.to_vec(),
            judging,
        }
    }

    #[test]
    fn a_picture_that_nobody_judged_is_not_intact() {
        let plain = policy(&[]);
        let picture = |state, faults: &[FaultCode], judging| {
            plain.read(&from(state, true, faults, judging)).picture
        };
        assert_eq!(picture(State::Up, &[], Judging::Unjudged), Picture::Unjudged);
        assert_eq!(picture(State::Up, &[], Judging::Judged), Picture::Intact);
        assert_eq!(picture(State::Up, &[], Judging::Untold), Picture::Intact, "rows of before");
        let harmed = picture(State::Degraded, &[FaultCode::Blurred], Judging::Unjudged);
        assert_eq!(harmed, Picture::Harmed);
        assert_eq!(picture(State::Down, &[], Judging::Unjudged), Picture::Harmed);
    }

    fn policy(rules: &[(FaultCode, CountsAs, Option<PictureAs>)]) -> Policy {
        let mut policy = shipped().remove(0);
        policy.faults = rules
            .iter()
            .map(|(fault, online, picture)| {
                (*fault, FaultRule { online: *online, picture: *picture })
            })
            .collect();
        policy
    }

    #[test]
    fn without_rules_a_minute_is_what_the_probes_concluded() {
        let plain = policy(&[]);
        assert!(plain.reads_as_strips());
        let read = |state, reached, faults: &[FaultCode]| {
            plain.read(&from(state, reached, faults, Judging::Judged))
        };
        let up = read(State::Up, true, &[]);
        assert_eq!((up.media, up.reach, up.picture), (State::Up, Reach::Reached, Picture::Intact));
        assert_eq!(read(State::Degraded, true, &[FaultCode::Blurred]).picture, Picture::Harmed);
        assert_eq!(read(State::Degraded, true, &[FaultCode::LowFps]).picture, Picture::Intact);
        assert_eq!(read(State::Down, true, &[FaultCode::NoMedia]).reach, Reach::Reached);
        assert_eq!(read(State::Down, false, &[FaultCode::Refused]).reach, Reach::Unreached);
    }

    #[test]
    fn the_worst_that_its_faults_count_as_holds() {
        let strict = policy(&[
            (FaultCode::Frozen, CountsAs::Down, None),
            (FaultCode::LowFps, CountsAs::Up, None),
            (FaultCode::Refused, CountsAs::Unknown, None),
            (FaultCode::Blurred, CountsAs::AsSeen, Some(PictureAs::Intact)),
        ]);
        assert!(!strict.reads_as_strips());
        let media = |state, faults: &[FaultCode]| {
            strict.read(&from(state, true, faults, Judging::Judged)).media
        };
        assert_eq!(media(State::Degraded, &[FaultCode::LowFps]), State::Up);
        assert_eq!(media(State::Degraded, &[FaultCode::LowFps, FaultCode::Frozen]), State::Down);
        assert_eq!(
            media(State::Degraded, &[FaultCode::LowFps, FaultCode::Blurred]),
            State::Degraded
        );
        assert_eq!(media(State::Down, &[FaultCode::Refused]), State::Unknown);
        assert_eq!(
            strict
                .read(&from(State::Degraded, true, &[FaultCode::Blurred], Judging::Judged))
                .picture,
            Picture::Intact
        );
    }

    #[test]
    fn no_policy_makes_an_unknown_minute_known() {
        let rules: Vec<_> =
            FaultCode::ALL.iter().map(|fault| (*fault, CountsAs::Down, None)).collect();
        let harsh = policy(&rules);
        for fault in FaultCode::ALL {
            let reading = harsh.read(&from(State::Unknown, true, &[*fault], Judging::Judged));
            assert_eq!((reading.media, reading.picture), (State::Unknown, Picture::Unsaid));
            assert_eq!(reading.reach, Reach::Reached);
        }
        assert_eq!(
            harsh.read(&from(State::Unknown, false, &[], Judging::Judged)).reach,
            Reach::Unknown
        );
    }
}
