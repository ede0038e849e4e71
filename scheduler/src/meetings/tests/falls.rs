//! What goes wrong with a run, and what falls after a meeting was signed off.

use super::*;

#[tokio::test]
async fn a_run_that_ends_badly_is_noted_as_broken_off_and_made_again_three_times_at_most() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    let stored = world.store.meeting(meeting).await.unwrap().unwrap();
    let (version, plan) = world.store.check_plan(stored.plan.assurance).await.unwrap();
    let turn = Turn { meeting: stored, version, plan, now: at(8, 0) };
    world.wall.0.store(at(8, 0).millis(), Ordering::Relaxed);
    let new = new_run(&turn, Cause::Point(60), String::new());
    let ghost = NewRun { meeting: MeetingId::new(999), ..new.clone() };
    let planned =
        async |world: &World| world.store.planned_runs(meeting, at(9, 0)).await.unwrap().len();
    for tries in 1..=3 {
        let run = world.store.begin_check_run(new.clone()).await.unwrap();
        let failed = world.store.begin_check_run(ghost.clone()).await.map(|_| ());
        match tries {
            1 => world.care.mind(meeting, Some(run), async { panic!("a mistake of ours") }),
            _ => world.care.mind(meeting, Some(run), async { failed }),
        }
        world.settle().await;
        assert_eq!(planned(&world).await, 1, "under way until it is noted");
        world.care.note_broken().await.unwrap();
        assert_eq!(planned(&world).await, if tries < 3 { 0 } else { 3 }, "due again");
    }
    world.turn(8, 1).await;
    let broken = (Cause::Point(60), CheckDepth::Full, RunState::Interrupted);
    assert_eq!(world.runs(meeting).await, [broken; 3]);
    assert_eq!(world.opened(), [], "the rooms are left alone");
}

#[tokio::test]
async fn a_look_that_ends_badly_leaves_cells_that_say_so_and_the_others_are_looked_at() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    world.devices.cursed.lock().unwrap().insert(world.endpoints[0]);
    world.turn(8, 0).await;
    assert_eq!(world.runs(meeting).await, [(Cause::Point(60), CheckDepth::Full, DONE)]);
    let cells = world.store.check_cells(meeting).await.unwrap();
    let of = |venue| cells.iter().filter(move |it| it.venue == venue).map(|it| &it.result);
    let ours = Evidence::not_run(NotRun::Ours);
    assert_eq!(of(world.venues[0]).filter(|it| it.evidence == ours).count(), 8);
    assert!(of(world.venues[1]).any(|it| it.outcome == Outcome::Pass));
    assert_eq!(*world.told.0.lock().unwrap(), [], "nobody is sent to mend what nobody saw");
}

#[tokio::test]
async fn what_falls_after_a_meeting_was_signed_off_ends_that_and_what_was_known_does_not() {
    let mut world = World::new(at(6, 0)).await;
    let meeting = world.book(BookingWay::Approved).await;
    world.devices.down.lock().unwrap().insert(world.endpoints[0]);
    world.turn(8, 0).await;
    let sign = |minute| MeetingStep {
        at: at(8, minute),
        login: "wang".into(),
        act: MeetingAct::Risk,
        note: "已知".into(),
    };
    world.store.act_on_meeting(meeting, vec![sign(5)], String::new(), Vec::new()).await.unwrap();
    world.turn(8, 45).await;
    world.turn(8, 46).await;
    assert_eq!(world.state(meeting).await, MeetingState::ReadyWithRisk, "it was signed as it is");
    world.devices.down.lock().unwrap().insert(world.endpoints[1]);
    world.turn(8, 50).await;
    world.turn(8, 51).await;
    assert_eq!(world.state(meeting).await, MeetingState::Testing);
    let last = world.store.meeting(meeting).await.unwrap().unwrap().steps.pop().unwrap();
    assert_eq!((last.login.as_str(), last.note.as_str()), ("", "就绪判定后有会场未通过"));
    world.store.act_on_meeting(meeting, vec![sign(52)], String::new(), Vec::new()).await.unwrap();
    world.turn(8, 53).await;
    assert_eq!(world.state(meeting).await, MeetingState::ReadyWithRisk, "signed anew");
}
