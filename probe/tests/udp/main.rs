//! Media over UDP, and the way from one transport to the other, over real sockets.
//!
//! Sockets know no virtual time; waits are short and bounded, and nothing here depends on how long
//! they really take.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod camera;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use camera::{Answer, Camera, Farewell, Habit, LARGE, Wire};
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Bottleneck, Claim, Credential, Depth, Detail, DeviceId, FaultCode, Lang, ProbeRequest,
    Snapshot, Timestamp, Transport, TransportPolicy, Verdict, VideoFacts,
};
use zhishou_probe::decoder::{DecodeFailure, Decoder, Decoding};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Capture, Outcome, Prober, Settings, StreamLimits, Tape};
use zhishou_protocol::rtp::Keyframe;
use zhishou_protocol::rtsp::Deadlines;
use zhishou_tests::asking::{self, Fixed};

/// Keeps the size of each keyframe and decodes none.
#[derive(Default)]
struct Sizes(Mutex<Vec<usize>>);

impl Decoder for Sizes {
    fn decode(&self, keyframe: Keyframe) -> Decoding<'_> {
        self.0.lock().unwrap().push(keyframe.bytes.len());
        Box::pin(std::future::ready(Err(DecodeFailure::Ours("not here".to_owned()))))
    }
}

fn prober_with(decoder: Arc<Sizes>) -> Prober {
    let second = Duration::from_secs(1);
    let settings = Settings {
        share: second,
        turn: second,
        rtsp: Deadlines {
            options: second,
            describe: second,
            setup: second,
            play: second,
            teardown: Duration::from_millis(500),
        },
        first_packet: Duration::from_millis(600),
        keyframe: second,
        report: Duration::from_millis(50),
        limits: StreamLimits { stall: Duration::from_millis(600), ..StreamLimits::default() },
        ..Settings::default()
    };
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    Prober::new(settings, Arc::new(Fixed), Arc::new(Fixed), guard, Some(decoder))
}

fn prober() -> Prober {
    prober_with(Arc::default())
}

fn request(camera: &Camera, transport: TransportPolicy) -> ProbeRequest {
    asking::request(&camera.url(), Depth::Stream, transport, Duration::from_millis(400))
}

async fn probe(camera: &Camera, transport: TransportPolicy) -> Outcome {
    prober().probe(request(camera, transport), CancellationToken::new()).await
}

fn codes(outcome: &Outcome) -> Vec<FaultCode> {
    outcome.observation.faults.iter().map(|f| f.code).collect()
}

#[track_caller]
fn came_clean(outcome: &Outcome, transport: Transport) -> VideoFacts {
    let seen = &outcome.observation;
    assert_eq!((seen.verdict, &seen.faults), (Verdict::Online, &Vec::new()));
    assert_eq!(seen.transport, Some(transport));
    let video = seen.video.clone().unwrap();
    assert!(video.packets > 10 && video.keyframes > 1 && video.lost == 0, "{video:?}");
    video
}

#[tokio::test]
async fn udp_flows_is_reported_on_and_left_in_order() {
    let camera = Camera::start(Habit::UDP).await;
    let outcome = probe(&camera, TransportPolicy::Udp).await;
    let video = came_clean(&outcome, Transport::Udp);
    assert_eq!((video.reordered, video.duplicates, video.foreign), (0, 0, 0));
    assert!(camera.reports() > 1, "receiver reports reach the RTCP port");
    assert_eq!((camera.connections(), camera.count("TEARDOWN")), (1, 1));
}

#[tokio::test]
async fn udp_over_ipv6() {
    let camera = Camera::start_at("::1".parse().unwrap(), Habit::UDP).await;
    came_clean(&probe(&camera, TransportPolicy::Udp).await, Transport::Udp);
    assert!(camera.reports() > 1);
}

#[tokio::test]
async fn q49_server_port_absent() {
    let camera = Camera::start(Habit { tells_ports: false, ..Habit::UDP }).await;
    came_clean(&probe(&camera, TransportPolicy::Udp).await, Transport::Udp);
}

#[tokio::test]
async fn a_way_through_a_nat_is_opened() {
    let camera = Camera::start(Habit { behind_nat: true, ..Habit::UDP }).await;
    came_clean(&probe(&camera, TransportPolicy::Udp).await, Transport::Udp);
}

#[tokio::test]
async fn q48_q71_tcp_refused_falls_back_to_udp_on_a_new_connection() {
    let camera = Camera::start(Habit::UDP).await;
    came_clean(&probe(&camera, TransportPolicy::Auto).await, Transport::Udp);
    assert_eq!((camera.connections(), camera.count("DESCRIBE")), (2, 2));
    assert_eq!((camera.count("PLAY"), camera.count("TEARDOWN")), (1, 1));
}

#[tokio::test]
async fn q48_silence_over_tcp_or_an_answer_in_udp_is_torn_down_first() {
    for tcp in [Answer::Silent, Answer::InUdp] {
        let camera = Camera::start(Habit { tcp, ..Habit::UDP }).await;
        came_clean(&probe(&camera, TransportPolicy::Auto).await, Transport::Udp);
        assert_eq!((camera.connections(), camera.count("TEARDOWN")), (2, 2), "{tcp:?}");
    }
}

/// Over UDP from the start, after a refusal, and after silence.
#[tokio::test]
async fn what_was_recorded_comes_out_the_same_again() {
    let silent = Habit { tcp: Answer::Silent, ..Habit::UDP };
    for (habit, policy) in [
        (Habit::UDP, TransportPolicy::Udp),
        (Habit::UDP, TransportPolicy::Auto),
        (silent, TransportPolicy::Auto),
    ] {
        let (camera, tape) = (Camera::start(habit).await, Tape::new());
        let (request, cancel) = (request(&camera, policy), CancellationToken::new());
        let original = prober().probe_taped(request, cancel, &tape).await;
        let was = came_clean(&original, Transport::Udp);
        let mut file = Vec::new();
        tape.capture().unwrap().write(&mut file).unwrap();
        let capture = Capture::read(file.as_slice()).unwrap();
        let opened = camera.connections();
        let again = prober().replay(&capture, Snapshot::Never, &Tape::new()).await;
        let is = came_clean(&again, Transport::Udp);
        assert!(was.packets.abs_diff(is.packets) <= 3, "{was:?} became {is:?}");
        assert_eq!(was.keyframes, is.keyframes);
        assert_eq!(camera.connections(), opened, "a replay opens nothing");
        let words = capture.explain(&original.observation, Lang::En).join("\n");
        assert!(words.contains("video RTP/UDP: "), "{words}");
    }
}

/// As `probe` over either, with what an earlier probe taught.
async fn probe_knowing(camera: &Camera, earlier: &Outcome) -> Outcome {
    let habit = earlier.habit.clone();
    let request = ProbeRequest { habit, ..request(camera, TransportPolicy::Auto) };
    prober().probe(request, CancellationToken::new()).await
}

#[tokio::test]
async fn where_tcp_failed_udp_comes_first_until_that_fails() {
    for tcp in [Answer::Refuses, Answer::Silent] {
        let camera = Camera::start(Habit { tcp, ..Habit::UDP }).await;
        let first = probe(&camera, TransportPolicy::Auto).await;
        came_clean(&first, Transport::Udp);
        let mut known = first;
        for opened in 3..=4 {
            known = probe_knowing(&camera, &known).await;
            came_clean(&known, Transport::Udp);
            assert_eq!(camera.connections(), opened, "{tcp:?}");
        }
        for udp in [Answer::Refuses, Answer::Silent] {
            let changed = Camera::start(Habit { tcp: Answer::Plays, udp, ..Habit::UDP }).await;
            let found = probe_knowing(&changed, &known).await;
            came_clean(&found, Transport::Tcp);
            assert_eq!(changed.connections(), 2);
            came_clean(&probe_knowing(&changed, &found).await, Transport::Tcp);
            assert_eq!((changed.connections(), found.habit.udp_alone), (3, None));
        }
    }
}

#[tokio::test]
async fn a_device_that_is_gone_leaves_the_habit_and_is_asked_for_each_once() {
    let camera = Camera::start(Habit::UDP).await;
    let known = probe(&camera, TransportPolicy::Auto).await;
    let gone = Habit { tcp: Answer::Refuses, udp: Answer::Silent, ..Habit::UDP };
    let gone = Camera::start(gone).await;
    let outcome = probe_knowing(&gone, &known).await;
    assert_eq!(codes(&outcome), [FaultCode::NoMedia]);
    assert_eq!((gone.connections(), gone.count("PLAY"), gone.count("TEARDOWN")), (2, 1, 1));
    assert_eq!(outcome.habit.udp_alone, known.habit.udp_alone);
}

#[tokio::test]
async fn where_tcp_works_nothing_else_is_tried() {
    let camera = Camera::start(Habit { tcp: Answer::Plays, ..Habit::UDP }).await;
    came_clean(&probe(&camera, TransportPolicy::Auto).await, Transport::Tcp);
    assert_eq!((camera.connections(), camera.count("SETUP")), (1, 1));
}

#[tokio::test]
async fn what_is_left_when_both_fail() {
    use Answer::{Refuses, Silent};
    for (tcp, udp, code, torn_down) in [
        (Silent, Silent, FaultCode::NoMedia, 2),
        (Refuses, Silent, FaultCode::NoMedia, 1),
        // That it was set up and sent nothing says more than that it has no other transport.
        (Silent, Refuses, FaultCode::NoMedia, 1),
        (Refuses, Refuses, FaultCode::TransportUnsupported, 0),
    ] {
        let camera = Camera::start(Habit { tcp, udp, ..Habit::UDP }).await;
        let outcome = probe(&camera, TransportPolicy::Auto).await;
        assert_eq!(codes(&outcome), [code], "{tcp:?} {udp:?}");
        assert_eq!(outcome.observation.verdict, Verdict::Offline);
        assert_eq!((camera.connections(), camera.count("TEARDOWN")), (2, torn_down));
    }
}

#[tokio::test]
async fn a_plan_of_one_transport_keeps_to_it() {
    let camera = Camera::start(Habit { tcp: Answer::Silent, ..Habit::UDP }).await;
    assert_eq!(codes(&probe(&camera, TransportPolicy::Tcp).await), [FaultCode::NoMedia]);
    assert_eq!((camera.connections(), camera.count("TEARDOWN")), (1, 1));
    let habit = Habit { tcp: Answer::Plays, udp: Answer::Refuses, ..Habit::UDP };
    let camera = Camera::start(habit).await;
    let outcome = probe(&camera, TransportPolicy::Udp).await;
    assert_eq!(codes(&outcome), [FaultCode::TransportUnsupported]);
    assert_eq!(camera.connections(), 1);
}

#[tokio::test]
async fn a_device_that_may_still_hold_the_first_session_is_not_asked_for_a_second() {
    let camera =
        Camera::start(Habit { tcp: Answer::Silent, farewell: Farewell::Silent, ..Habit::UDP })
            .await;
    let prober = prober();
    let probe = || prober.probe(request(&camera, TransportPolicy::Auto), CancellationToken::new());
    assert_eq!(codes(&probe().await), [FaultCode::NoMedia]);
    assert_eq!(camera.connections(), 1);
    assert_eq!(codes(&probe().await), [FaultCode::SessionLimit]);
    assert_eq!(camera.connections(), 1);
}

/// A recorder bears one session: what a channel that does not confirm its end still takes of that
/// depends on whether its media still come.
#[tokio::test]
async fn the_share_of_a_stream_that_stopped_coming_is_free_and_of_one_that_goes_on_is_not() {
    for (farewell, faults) in
        [(Farewell::Silent, vec![]), (Farewell::Ignored, vec![FaultCode::SessionLimit])]
    {
        let (channel, sibling) = (
            Camera::start(Habit { farewell, ..Habit::UDP }).await,
            Camera::start(Habit::UDP).await,
        );
        let prober = prober();
        let recorder = DeviceId::new(Timestamp::from_millis(0), &Fixed);
        let probe = |camera| {
            let claim = Claim { parent: Some((recorder, 1)), ..Claim::default() };
            let request = ProbeRequest { claim, ..request(camera, TransportPolicy::Udp) };
            prober.probe(request, CancellationToken::new())
        };
        came_clean(&probe(&channel).await, Transport::Udp);
        let seen = probe(&sibling).await;
        assert_eq!(codes(&seen), faults, "{farewell:?}");
        for fault in &seen.observation.faults {
            assert!(
                matches!(fault.detail, Detail::Crowded { by: Bottleneck::Parent, .. }),
                "{fault:?}"
            );
        }
        // The channel itself is left alone in either case.
        assert_eq!(codes(&probe(&channel).await), [FaultCode::SessionLimit], "{farewell:?}");
        assert_eq!(channel.count("PLAY"), 1);
    }
}

#[tokio::test]
async fn a_login_goes_along_and_a_wrong_one_is_sent_once() {
    let camera = Camera::start(Habit { guarded: true, ..Habit::UDP }).await;
    let with = |password| ProbeRequest {
        credential: Some(Credential::new("admin", password)),
        ..request(&camera, TransportPolicy::Auto)
    };
    let wrong = prober().probe(with("wrong"), CancellationToken::new()).await;
    assert_eq!((codes(&wrong), camera.wrong_logins()), (vec![FaultCode::AuthRejected], 1));
    let right = prober().probe(with("right"), CancellationToken::new()).await;
    came_clean(&right, Transport::Udp);
    assert_eq!((right.observation.rejected_logins, camera.wrong_logins()), (0, 1));
}

#[tokio::test]
async fn loss_is_counted_and_not_put_on_the_device() {
    let camera = Camera::start(Habit { wire: Wire::Lossy, ..Habit::UDP }).await;
    let outcome = probe(&camera, TransportPolicy::Udp).await;
    assert_eq!(codes(&outcome), [FaultCode::PacketLoss]);
    let Detail::Loss { lost, expected, origin } = outcome.observation.faults[0].detail else {
        panic!("{:?}", outcome.observation.faults);
    };
    assert_ne!(origin, zhishou_domain::LossOrigin::Device);
    assert!((8..=12).contains(&(100 * lost / expected)), "{lost} of {expected}");
}

#[tokio::test]
async fn packets_out_of_order_or_twice_are_no_loss() {
    let camera = Camera::start(Habit { wire: Wire::Shuffled, ..Habit::UDP }).await;
    let video = came_clean(&probe(&camera, TransportPolicy::Udp).await, Transport::Udp);
    assert!(video.reordered > 5, "{video:?}");
    let camera = Camera::start(Habit { wire: Wire::Doubled, ..Habit::UDP }).await;
    let video = came_clean(&probe(&camera, TransportPolicy::Udp).await, Transport::Udp);
    assert!(video.duplicates > 10, "{video:?}");
}

#[tokio::test]
async fn packets_of_a_stranger_change_nothing() {
    let camera = Camera::start(Habit { wire: Wire::Stranger, ..Habit::UDP }).await;
    let video = came_clean(&probe(&camera, TransportPolicy::Udp).await, Transport::Udp);
    assert!(video.foreign > 5 && video.duplicates == 0, "{video:?}");
}

#[tokio::test]
async fn a_keyframe_of_250_kb_in_one_burst_comes_whole() {
    let camera = Camera::start(Habit { wire: Wire::Bursts, ..Habit::UDP }).await;
    let sizes = Arc::new(Sizes::default());
    let request = ProbeRequest { depth: Depth::Picture, ..request(&camera, TransportPolicy::Udp) };
    let outcome = prober_with(sizes.clone()).probe(request, CancellationToken::new()).await;
    came_clean(&outcome, Transport::Udp);
    let sizes = sizes.0.lock().unwrap();
    assert!(sizes.len() == 1 && sizes[0] > LARGE, "{sizes:?}");
}

#[tokio::test]
async fn cancelling_takes_the_session_down() {
    let camera = Camera::start(Habit::UDP).await;
    let (prober, cancel) = (prober(), CancellationToken::new());
    let long = ProbeRequest {
        seconds: Duration::from_secs(60),
        ..request(&camera, TransportPolicy::Auto)
    };
    let stop = async {
        while camera.count("PLAY") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
    };
    let (_, ()) = tokio::join!(prober.probe(long, cancel.clone()), stop);
    assert_eq!((camera.connections(), camera.count("TEARDOWN")), (2, 1));
}

#[tokio::test]
async fn media_outlive_the_connection_and_are_torn_down_on_a_new_one() {
    let camera = Camera::start(Habit { hangs_up: true, ..Habit::UDP }).await;
    came_clean(&probe(&camera, TransportPolicy::Udp).await, Transport::Udp);
    assert_eq!((camera.connections(), camera.count("TEARDOWN")), (2, 1));
}
