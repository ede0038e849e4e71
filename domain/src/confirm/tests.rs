//! Results one after the other, and how a device stands after each.

use super::*;

const RULE: ConfirmRule = ConfirmRule { failures: 3, retry: Duration::from_secs(10) };
const HOLD: Duration = Duration::from_secs(120);

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + second * 1000)
}

fn outcome(second: i64, verdict: Verdict) -> Outcome {
    let faults = match verdict {
        Verdict::Offline => vec![FaultCode::Refused],
        Verdict::Degraded => vec![FaultCode::LowFps],
        _ => vec![],
    };
    let reached = verdict != Verdict::Offline;
    Outcome {
        at: at(second),
        answer: None,
        verdict,
        reached,
        faults,
        is_judged: false,
        judging: Judging::Judged,
    }
}

fn run(results: &[(i64, Verdict)]) -> (Standing, Vec<Transition>, Vec<Span>) {
    let mut standing = Standing::default();
    let (mut transitions, mut paint) = (vec![], vec![]);
    for &(second, verdict) in results {
        let step = standing.advance(&outcome(second, verdict), RULE, HOLD);
        standing = step.standing;
        transitions.extend(step.transitions);
        paint.extend(step.paint);
    }
    (standing, transitions, paint)
}

use Verdict::{Degraded, Offline, Online, Unknown};

#[test]
fn a_picture_that_nobody_judges_any_more_is_noted_once_and_from_then_on() {
    let (mut standing, mut noted) = (Standing::default(), Vec::new());
    for (second, judging) in [
        (0, Judging::Judged),
        (60, Judging::Unjudged),
        (120, Judging::Unjudged),
        (180, Judging::Unjudged),
        (240, Judging::Unjudged),
        (300, Judging::Judged),
    ] {
        let step =
            standing.advance(&Outcome { judging, ..outcome(second, Verdict::Online) }, RULE, HOLD);
        noted.extend(step.transitions.iter().map(|it| (it.at, it.state, it.judging)));
        standing = step.standing;
    }
    let up = |second, judging| (at(second), State::Up, judging);
    assert_eq!(
        noted,
        [up(0, Judging::Judged), up(180, Judging::Unjudged), up(300, Judging::Judged)],
        "one that was judged a moment ago stands as long as a result"
    );
}

#[test]
fn what_was_skipped_or_cannot_be_read_is_no_picture_that_nobody_looks_at() {
    use crate::{Detail, Fault, PictureSkipped, Stage};
    let seen = |depth| Observation::new("rtsp://x/".into(), DeviceKind::Camera, depth, at(0));
    assert_eq!(Judging::of(&seen(Depth::Stream)), Judging::Unjudged);
    let mut skipped = seen(Depth::Picture);
    skipped.picture_skipped = Some(PictureSkipped::WithinHabit);
    assert_eq!(Judging::of(&skipped), Judging::Judged);
    for why in [PictureSkipped::NotDecodable, PictureSkipped::NoDecoder] {
        skipped.picture_skipped = Some(why);
        assert_eq!(Judging::of(&skipped), Judging::Unjudged, "nobody ever looked at it");
    }
    let with = |detail| {
        let fault = Fault::new(FaultCode::Undecodable, Stage::Decode, detail);
        Observation { faults: vec![fault], ..seen(Depth::Picture) }
    };
    assert_eq!(Judging::of(&with(Detail::None)), Judging::Judged);
    assert_eq!(Judging::of(&with(Detail::Ours { problem: String::new() })), Judging::Unjudged);
    let mut switch = seen(Depth::Reach);
    switch.kind = DeviceKind::Equipment;
    assert_eq!(Judging::of(&switch), Judging::Untold);
}

#[test]
fn one_failure_changes_nothing_but_is_remembered_as_doubt() {
    let (standing, transitions, _) = run(&[(0, Online), (60, Offline)]);
    assert_eq!((standing.state, transitions.len()), (State::Up, 1));
    assert_eq!(standing.doubt.unwrap().count, 1);
    let (standing, transitions, paint) = run(&[(0, Online), (60, Offline), (70, Online)]);
    assert_eq!((standing.state, standing.doubt, transitions.len()), (State::Up, None, 1));
    assert!(paint.iter().all(|span| span.state == State::Up));
}

#[test]
fn a_confirmed_outage_counts_from_its_first_failed_probe() {
    let (standing, transitions, paint) =
        run(&[(0, Online), (60, Offline), (70, Offline), (80, Offline)]);
    assert_eq!((standing.state, standing.since), (State::Down, at(60)));
    assert_eq!(transitions.last().unwrap().at, at(60));
    assert!(paint.contains(&Span { from: at(60), to: at(80), state: State::Down }));
}

#[test]
fn recovery_needs_no_confirmation() {
    let (standing, transitions, _) =
        run(&[(0, Offline), (10, Offline), (20, Offline), (80, Online)]);
    assert_eq!((standing.state, standing.since), (State::Up, at(80)));
    let states: Vec<_> = transitions.iter().map(|t| (t.at, t.state)).collect();
    assert_eq!(states, [(at(0), State::Down), (at(80), State::Up)]);
}

#[test]
fn a_result_stands_for_its_hold_and_then_the_state_is_unknown() {
    let (standing, transitions, paint) = run(&[(0, Online), (600, Online)]);
    assert_eq!(standing.since, at(600));
    let states: Vec<_> = transitions.iter().map(|t| (t.at, t.state)).collect();
    assert_eq!(states, [(at(0), State::Up), (at(120), State::Unknown), (at(600), State::Up)]);
    assert_eq!(paint, [Span { from: at(0), to: at(120), state: State::Up }]);
    assert_eq!(standing.state_at(at(720)), State::Up);
    assert_eq!(standing.state_at(at(721)), State::Unknown);
}

#[test]
fn a_result_of_a_clock_far_ahead_says_nothing_of_now() {
    let standing = run(&[(3600, Online)]).0;
    assert_eq!(standing.state_at(at(3480)), State::Up);
    assert_eq!(standing.state_at(at(3479)), State::Unknown);
    assert_eq!(standing.open_span(at(3479)), None);
}

#[test]
fn doubt_does_not_outlive_a_silence_of_ours() {
    let (standing, _, paint) = run(&[(0, Online), (60, Offline), (70, Offline), (1000, Offline)]);
    assert_eq!(standing.state, State::Unknown);
    assert_eq!(standing.doubt.unwrap().count, 1);
    assert!(paint.iter().all(|span| span.state == State::Up));
}

#[test]
fn unknown_is_at_once_and_paints_nothing() {
    let (standing, _, paint) = run(&[(0, Online), (60, Unknown), (120, Unknown)]);
    assert_eq!((standing.state, standing.since), (State::Unknown, at(60)));
    assert_eq!(paint, [Span { from: at(0), to: at(60), state: State::Up }]);
}

#[test]
fn a_new_fault_in_the_same_state_is_a_transition_that_keeps_since() {
    let mut standing = run(&[(0, Degraded)]).0;
    let mut dark = outcome(60, Degraded);
    dark.faults = vec![FaultCode::TooDark];
    let step = standing.advance(&dark, RULE, HOLD);
    assert_eq!(step.transitions.len(), 1);
    standing = step.standing;
    assert_eq!((standing.since, standing.faults), (at(0), vec![FaultCode::TooDark]));
}

#[test]
fn when_the_failure_changes_its_kind_the_outage_counts_from_the_change() {
    let results = [(0, Online), (60, Degraded), (70, Offline), (80, Offline), (90, Offline)];
    let (standing, transitions, _) = run(&results);
    assert_eq!((standing.state, standing.since), (State::Down, at(70)));
    let states: Vec<_> = transitions.iter().map(|it| (it.at, it.state)).collect();
    let expected = [(at(0), State::Up), (at(60), State::Degraded), (at(70), State::Down)];
    assert_eq!(states, expected);
}

#[test]
fn down_takes_as_many_results_that_are_down_whatever_failed_before() {
    let (standing, _, paint) = run(&[(0, Online), (60, Degraded), (70, Degraded), (80, Offline)]);
    assert_eq!((standing.state, standing.since), (State::Degraded, at(60)));
    assert_eq!(standing.faults, [FaultCode::LowFps]);
    let doubt = standing.doubt.unwrap();
    assert_eq!((doubt.state, doubt.since, doubt.count), (State::Down, at(80), 1));
    assert!(paint.iter().all(|span| span.state != State::Down));
}

#[test]
fn a_failure_that_changes_its_kind_again_and_again_is_confirmed_as_the_lesser() {
    let mut results = vec![(0, Online)];
    for (second, verdict) in (60..).step_by(10).zip([Offline, Degraded, Offline, Degraded]) {
        results.push((second, verdict));
        let (standing, ..) = run(&results);
        let expected = if second < 80 { State::Up } else { State::Degraded };
        assert_eq!(standing.state, expected, "{second}");
    }
    assert_eq!(run(&results).0.since, at(60));
}

#[test]
fn reach_alone_makes_no_camera_up_and_takes_down_back_to_unknown() {
    let reach = |second| answered(second, Answer::Signals);
    let fresh = Standing::default().advance(&reach(0), RULE, HOLD);
    assert_eq!(fresh.standing.state, State::Unknown);
    let up = run(&[(0, Online)]).0.advance(&reach(60), RULE, HOLD).standing;
    assert_eq!((up.state_at(at(120)), up.state_at(at(121))), (State::Up, State::Unknown));
    let down = run(&[(0, Offline), (1, Offline), (2, Offline)]).0;
    assert_eq!(down.advance(&reach(10), RULE, HOLD).standing.state, State::Unknown);
}

fn answered(second: i64, answer: Answer) -> Outcome {
    Outcome { answer: Some(answer), ..outcome(second, Online) }
}

#[test]
fn what_is_only_asked_is_up_when_it_answers_again() {
    let fresh = Standing::default().advance(&answered(0, Answer::Suffices), RULE, HOLD);
    assert_eq!(fresh.standing.state, State::Up);
    let down = run(&[(0, Offline), (1, Offline), (2, Offline)]).0;
    for answer in [Answer::Suffices, Answer::Confirms] {
        let up = down.advance(&answered(60, answer), RULE, HOLD).standing;
        assert_eq!((up.state, up.since), (State::Up, at(60)), "{answer:?}");
        let held = up.advance(&answered(120, answer), RULE, HOLD).standing;
        assert_eq!(held.state_at(at(240)), State::Up, "{answer:?}");
    }
}

#[test]
fn what_a_call_told_no_answer_takes_back_while_it_stands() {
    let called =
        |second, verdict, fault| Outcome { faults: vec![fault], ..outcome(second, verdict) };
    let after = |verdict, fault| {
        (0..3).fold(Standing::default(), |standing, second| {
            standing.advance(&called(second, verdict, fault), RULE, HOLD).standing
        })
    };
    let silent = after(Degraded, FaultCode::AudioSilent);
    let asked = silent.advance(&answered(60, Answer::Suffices), RULE, HOLD).standing;
    assert_eq!(
        (asked.state_at(at(60)), asked.state_at(at(123))),
        (State::Degraded, State::Unknown)
    );
    let unanswered = after(Offline, FaultCode::NoAnswer);
    let asked = unanswered.advance(&answered(60, Answer::Confirms), RULE, HOLD).standing;
    assert_eq!(asked.state, State::Unknown);
    let asked = asked.advance(&answered(90, Answer::Confirms), RULE, HOLD).standing;
    assert_eq!(asked.state, State::Unknown, "a call is to follow");
    let unregistered = after(Offline, FaultCode::NotRegistered);
    let asked = unregistered.advance(&answered(60, Answer::Confirms), RULE, HOLD).standing;
    assert_eq!(asked.state, State::Up);
}

#[test]
fn how_much_an_answer_says_depends_on_what_it_comes_from() {
    let answer = |kind, skipped| {
        let call = crate::CallFacts { skipped, ..Default::default() };
        let seen = Observation::new("sip:a@b".into(), kind, Depth::Reach, at(0));
        Outcome::of(&Observation { call: Some(call), ..seen }).answer
    };
    assert_eq!(answer(DeviceKind::Camera, None), Some(Answer::Signals));
    assert_eq!(answer(DeviceKind::Equipment, None), Some(Answer::Suffices));
    for enough in [None, Some(CallSkipped::NotPermitted), Some(CallSkipped::Busy)] {
        assert_eq!(answer(DeviceKind::Endpoint, enough), Some(Answer::Suffices), "{enough:?}");
    }
    for little in [CallSkipped::InMeeting, CallSkipped::NoRoom, CallSkipped::NotReady] {
        let answer = answer(DeviceKind::Endpoint, Some(little));
        assert_eq!(answer, Some(Answer::Confirms), "{little:?}");
    }
    let called = Observation::new("sip:a@b".into(), DeviceKind::Endpoint, Depth::Stream, at(0));
    assert_eq!(Outcome::of(&called).answer, None);
}

#[test]
fn a_retired_device_leaves_no_open_span() {
    let step = run(&[(0, Online)]).0.retire(at(30));
    assert_eq!(step.paint, [Span { from: at(0), to: at(30), state: State::Up }]);
    assert_eq!(step.transitions.last().unwrap().at, at(30));
    assert_eq!(step.standing.open_span(at(60)), None);
}

proptest::proptest! {
    #[test]
    fn whatever_comes_transitions_are_in_order_and_nothing_unobserved_is_painted(
        gaps in proptest::collection::vec((1i64..400, 0u8..4), 1..60)
    ) {
        let mut second = 0;
        let mut results = vec![];
        for (gap, verdict) in gaps {
            second += gap;
            results.push((second, [Online, Degraded, Offline, Unknown][usize::from(verdict)]));
        }
        let (standing, transitions, paint) = run(&results);
        let first = at(results[0].0);
        for pair in transitions.windows(2) {
            proptest::prop_assert!(pair[0].at <= pair[1].at);
        }
        for span in paint {
            proptest::prop_assert!(span.from >= first && span.to <= at(second));
            proptest::prop_assert!(span.state != State::Unknown);
        }
        proptest::prop_assert_eq!(transitions.last().map(|t| t.state).unwrap_or_default(), standing.state);
    }
}
