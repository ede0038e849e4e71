//! What holds whatever comes.

use super::*;
use crate::{
    DayStrip, DeviceKind, FaultCode, LifeState, PointClass, Span, State, Timestamp, Transition,
    confirm::Judging,
    policy::{CountsAs, FaultRule, Policy, shipped},
    strip,
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use proptest::prelude::*;
use std::{collections::BTreeMap, ops::Range};

const ZONES: [Tz; 3] =
    [chrono_tz::Asia::Shanghai, chrono_tz::Europe::Berlin, chrono_tz::America::New_York];
/// Two days around a change of the clock in Berlin; plain ones elsewhere.
const FROM: NaiveDate = NaiveDate::from_ymd_opt(2026, 10, 24).expect("a date");
const MIDDLE: NaiveDate = NaiveDate::from_ymd_opt(2026, 10, 25).expect("a date");
const STATES: [State; 4] = [State::Unknown, State::Up, State::Degraded, State::Down];
const FAULTS: [&[FaultCode]; 5] = [
    &[],
    &[FaultCode::Frozen],
    &[FaultCode::LowFps],
    &[FaultCode::Refused],
    &[FaultCode::Blurred, FaultCode::NoMedia],
];

fn start() -> i64 {
    // A day before the window, so that what holds at its beginning began earlier.
    Timestamp::start_of_day(FROM, chrono_tz::UTC).millis() - 86_400_000
}

/// A device over four days: gaps in ms between what happens to it.
fn histories() -> impl Strategy<Value = History> {
    let gap = prop_oneof![1i64..200_000, 1i64..40_000_000];
    let transitions =
        prop::collection::vec((gap, 0usize..4, 0usize..5, any::<bool>(), 0usize..3), 0..20);
    let life = prop::collection::vec((1i64..100_000_000, any::<bool>()), 0..4);
    let placements = prop::collection::vec((1i64..100_000_000, 0u8..3, any::<bool>()), 1..4);
    (transitions, life, placements, 0i64..90_000_000).prop_map(
        |(transitions, life, placed, rest)| {
            let mut at = start();
            let mut step = |gap: i64| {
                at += gap;
                Timestamp::from_millis(at)
            };
            let transitions: Vec<_> = transitions
                .into_iter()
                .map(|(gap, state, faults, reached, judging)| Transition {
                    at: step(gap),
                    state: STATES[state],
                    reached,
                    faults: FAULTS[faults].to_vec(),
                    judging: Judging::ALL[judging],
                })
                .collect();
            let known_until = step(rest);
            at = start();
            let life = life
                .into_iter()
                .map(|(gap, in_use)| {
                    at += gap;
                    let state = if in_use { LifeState::InUse } else { LifeState::Relocating };
                    LifeChange { from: Timestamp::from_millis(at), state }
                })
                .collect();
            at = start();
            let placements = placed
                .into_iter()
                .map(|(gap, class, connected)| {
                    at += gap;
                    let class =
                        [None, Some(PointClass::One), Some(PointClass::Two)][class as usize];
                    Placement {
                        from: Timestamp::from_millis(at),
                        kind: DeviceKind::Camera,
                        class,
                        connected,
                    }
                })
                .collect();
            History { placements, life, transitions, known_until }
        },
    )
}

/// Minutes of the window's days and around them.
fn exclusions() -> impl Strategy<Value = Vec<Range<i64>>> {
    let first = start() / 60_000;
    let range = (first..first + 6000, 0i64..2000).prop_map(|(from, length)| from..from + length);
    prop::collection::vec(range, 0..5).prop_map(merge)
}

fn late() -> Timestamp {
    Timestamp::from_millis(i64::MAX / 2)
}

fn policies() -> Vec<Policy> {
    let mut harsh = shipped().remove(0);
    let rule = FaultRule { online: CountsAs::Unknown, picture: None };
    harsh.faults = [(FaultCode::Refused, rule)].into();
    let mut policies = shipped();
    policies.push(harsh);
    policies
}

/// The tallies of a device by placement.
fn tallies(
    policy: &Policy,
    history: &History,
    (from, to, zone): (NaiveDate, NaiveDate, Tz),
    excluded: &[Range<i64>],
) -> Vec<Tally> {
    let window = Window::new(policy, from, to, zone, late());
    let mut layers = MinuteLayers::default();
    layers.reset(&window.minutes);
    layers.paint_history(policy, history);
    let due = history.due(policy, &window.minutes);
    due.iter()
        .enumerate()
        .map(|(index, due)| {
            let mut tally = Tally::of(&layers, &window, due, excluded);
            tally.add_head(&layers, &window, policy, history, (index, due));
            tally
        })
        .collect()
}

fn total(tallies: &[Tally]) -> Tally {
    tallies.iter().fold(Tally::default(), |mut sum, tally| {
        sum += *tally;
        sum
    })
}

/// The strips that the same transitions would have made, as the store makes them.
fn strips(history: &History) -> BTreeMap<i64, DayStrip> {
    let mut strips: BTreeMap<i64, DayStrip> = BTreeMap::new();
    let all = Timestamp::from_millis(0)..late();
    for (index, transition) in history.transitions.iter().enumerate() {
        let to = history.transitions.get(index + 1).map_or(history.known_until, |next| next.at);
        for living in history.living(&[LifeState::InUse], all.clone()) {
            let (from, to) = (transition.at.max(living.start), to.min(living.end));
            for (day, minute) in strip::minutes_of(Span { from, to, state: transition.state }) {
                strips.entry(day).or_default().raise(minute, transition.state);
            }
        }
    }
    strips
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_numerator_exceeds_its_denominator(history in histories(), excluded in exclusions()) {
        for policy in policies() {
            let tally = total(&tallies(&policy, &history, (FROM, MIDDLE, ZONES[1]), &excluded));
            for sums in [tally.before, tally.after] {
                let figures = Figures::of(&policy, 6, &sums, &tally.heads, Source::Transitions);
                let all = [
                    Some(&figures.connected), figures.reach.as_ref(), Some(&figures.online),
                    figures.intact.as_ref(), Some(&figures.ledger),
                ];
                for figure in all.into_iter().flatten() {
                    for rate in [figure.rate, figure.coverage, figure.lowest, figure.highest] {
                        prop_assert!(rate.numerator <= rate.denominator, "{:?}", figure);
                    }
                    if let (Some(value), Some(low), Some(high)) =
                        (figure.rate.value(), figure.lowest.value(), figure.highest.value())
                    {
                        prop_assert!(low <= value && value <= high, "{:?}", figure);
                    }
                }
            }
            let heads = tally.heads;
            prop_assert!(heads.online <= heads.checked && heads.checked <= heads.due);
            prop_assert!(heads.due <= heads.ledger && heads.ledger <= 1);
        }
    }

    #[test]
    fn days_add_up_to_their_period(history in histories(), excluded in exclusions(), zone in 0usize..3) {
        for policy in policies() {
            let of = |from, to| total(&tallies(&policy, &history, (from, to, ZONES[zone]), &excluded));
            let (first, second, both) = (of(FROM, FROM), of(MIDDLE, MIDDLE), of(FROM, MIDDLE));
            let mut sum = first.before;
            sum += second.before;
            prop_assert_eq!(sum, both.before);
            let mut sum = first.after;
            sum += second.after;
            prop_assert_eq!(sum, both.after);
        }
    }

    #[test]
    fn placements_share_the_minutes_out(history in histories(), excluded in exclusions()) {
        // All the same in the ledger's eyes: where a device was moved changes no minute of it.
        let policy = &policies()[0];
        let mut alike = history;
        alike.placements.iter_mut().for_each(|it| it.connected = true);
        let shared = total(&tallies(policy, &alike, (FROM, MIDDLE, ZONES[0]), &excluded));
        alike.placements.truncate(1);
        prop_assert_eq!(total(&tallies(policy, &alike, (FROM, MIDDLE, ZONES[0]), &excluded)), shared);
    }

    #[test]
    fn strips_say_what_transitions_say(history in histories(), excluded in exclusions(), zone in 0usize..3) {
        for policy in policies().into_iter().filter(Policy::reads_as_strips) {
            let window = Window::new(&policy, FROM, MIDDLE, ZONES[zone], late());
            let mut layers = MinuteLayers::default();
            layers.reset(&window.minutes);
            for (day, strip) in strips(&history) {
                layers.add_strip(day, &strip);
            }
            let truth = tallies(&policy, &history, (FROM, MIDDLE, ZONES[zone]), &excluded);
            for (due, truth) in history.due(&policy, &window.minutes).iter().zip(truth) {
                let cached = Tally::of(&layers, &window, due, &excluded);
                for (cached, truth) in [(cached.before, truth.before), (cached.after, truth.after)] {
                    prop_assert_eq!(cached, Sums { reached: 0, unreached: 0, intact: 0, unjudged: 0, ..truth });
                }
            }
        }
    }

    #[test]
    fn excluding_nothing_changes_nothing_and_excluding_all_leaves_nothing(history in histories()) {
        let policy = &policies()[0];
        let of = |excluded: &[Range<i64>]| total(&tallies(policy, &history, (FROM, MIDDLE, ZONES[0]), excluded));
        let plain = of(&[]);
        prop_assert_eq!(plain.before, plain.after);
        let all = of(std::slice::from_ref(&(0..i64::MAX)));
        prop_assert_eq!((all.before, all.after), (plain.before, Sums::default()));
    }

    #[test]
    fn what_nobody_knows_is_neither_up_nor_down(mut history in histories()) {
        history.transitions.iter_mut().for_each(|it| it.state = State::Unknown);
        for policy in policies() {
            let tally = total(&tallies(&policy, &history, (FROM, MIDDLE, ZONES[0]), &[]));
            prop_assert_eq!(tally.before.checked() + tally.before.intact, 0);
        }
    }

    #[test]
    fn every_minute_is_what_its_milliseconds_were(history in histories()) {
        // By the definition, minute by minute, without ranges: slow, and obviously right.
        let policy = &policies()[0];
        let window = Window::new(policy, FROM, MIDDLE, ZONES[1], late());
        let mut layers = MinuteLayers::default();
        layers.reset(&window.minutes);
        layers.paint_history(policy, &history);
        for minute in window.minutes.clone().step_by(7) {
            let (from, to) = (minute * 60_000, (minute + 1) * 60_000);
            let mut worst = State::Unknown;
            for (index, transition) in history.transitions.iter().enumerate() {
                let next = history.transitions.get(index + 1);
                let end = next.map_or(history.known_until, |next| next.at).millis().min(to);
                let begin = transition.at.millis().max(from);
                // In use for any part of it: its changes of life cut it into parts.
                let cuts = history.life.iter().map(|it| it.from.millis());
                let mut cuts: Vec<i64> = cuts.filter(|cut| begin < *cut && *cut < end).collect();
                cuts.insert(0, begin);
                let lives = |at: i64| {
                    let held = history.life.iter().rev().find(|it| it.from.millis() <= at);
                    held.or(history.life.first()).is_none_or(|it| it.state == LifeState::InUse)
                };
                if begin < end && cuts.into_iter().any(lives) {
                    worst = worst.max(transition.state);
                }
            }
            prop_assert_eq!(layers.get(minute).media, worst, "minute {}", minute);
        }
    }
}
