//! Hard rule 1, row by row: whatever the camera does, and however the probe ends, it has one session
//! of ours at most, and every one that it told us of is taken down.

mod camera;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use camera::{Camera, Does, Place};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Clock, Credential, CredentialState, Depth, Detail, FaultCode, IdSource, ProbeRequest,
    Timestamp, TransportPolicy,
};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Prober, Settings};
use zhishou_protocol::rtsp::Deadlines;
use zhishou_tests::counting::{Counting, Farewell};

use crate::{Fixed, Grey, codes, prober, request, settings};

/// How the probe ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Out {
    /// By itself, or by a deadline.
    Itself,
    /// It is cancelled when the camera has been asked for this.
    Cancel(Place),
    /// Its caller goes away at that moment.
    Drop(Place),
    /// Its task panics at the first packet after that, and at each one that follows.
    Panic(Place),
}

#[derive(Clone, Copy, Debug)]
struct Row {
    place: Place,
    does: Does,
    out: Out,
}

/// Read at every packet.
#[derive(Default)]
struct Mined(AtomicBool);

impl Clock for Mined {
    fn now(&self) -> Timestamp {
        if self.0.load(Ordering::Relaxed) {
            // Says nothing: a backtrace takes so long that deadlines pass.
            std::panic::resume_unwind(Box::new("a mistake of ours"));
        }
        Timestamp::from_millis(1_800_000_000_000)
    }
}

fn rows() -> Vec<Row> {
    const PLACES: [Place; 5] = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];
    // RFC 2326 §11 and §12.
    const STATUS: [u16; 22] = [
        302, 400, 401, 403, 404, 405, 406, 415, 451, 453, 454, 455, 456, 457, 459, 460, 461, 462,
        500, 501, 503, 551,
    ];
    let mut rows = Vec::new();
    let mut add = |place, does, out| rows.push(Row { place, does, out });
    for place in PLACES {
        for status in STATUS {
            add(place, Does::Status(status), Out::Itself);
        }
        for does in [Does::Slow, Does::Silent, Does::Closes, Does::Babbles] {
            for out in [Out::Itself, Out::Cancel(place), Out::Drop(place)] {
                add(place, does, out);
            }
        }
        add(place, Does::Well, Out::Cancel(place));
        add(place, Does::Well, Out::Drop(place));
    }
    for does in [Does::Well, Does::Silent, Does::Closes, Does::Babbles] {
        for out in [Out::Itself, Out::Cancel("media"), Out::Drop("media")] {
            add("media", does, out);
        }
    }
    for at in ["SETUP", "PLAY", "media"] {
        for (place, does) in [
            ("media", Does::Well),
            ("PLAY", Does::Slow),
            ("TEARDOWN", Does::Slow),
            ("TEARDOWN", Does::Silent),
            ("TEARDOWN", Does::Closes),
        ] {
            add(place, does, Out::Panic(at));
        }
    }
    rows
}

async fn play(row: Row) {
    let camera = Camera::start(row.place, row.does).await;
    let clock = Arc::new(Mined::default());
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    let settings = Settings {
        rtsp: Deadlines { teardown: Duration::from_secs(1), ..settings().rtsp },
        ..settings()
    };
    let chance: Arc<dyn IdSource> = Arc::new(Fixed);
    let decoder = Some(Arc::new(Grey::Good) as _);
    let prober = Prober::new(settings, clock.clone(), chance, guard, decoder);
    let request = || ProbeRequest {
        credential: Some(Credential::new("viewer", "password")),
        transport: TransportPolicy::Auto,
        seconds: Duration::from_millis(150),
        ..request(&camera.url(), Depth::Stream)
    };
    let second = prober.probe(request(), CancellationToken::new());
    let cancel = CancellationToken::new();
    let first = prober.probe(request(), cancel.clone());
    match row.out {
        Out::Itself => {
            tokio::join!(first, second);
        }
        Out::Cancel(at) => {
            let reached = async {
                camera.is_asked(at).await;
                cancel.cancel();
                std::future::pending().await
            };
            // Where it ends before, there is nothing to cancel.
            tokio::select! { _ = first => {}, () = reached => {} }
            second.await;
        }
        Out::Drop(at) => {
            tokio::select! { _ = first => {}, () = camera.is_asked(at) => {} }
            second.await;
        }
        Out::Panic(at) => {
            let mine = async {
                camera.is_asked(at).await;
                clock.0.store(true, Ordering::Relaxed);
            };
            let (outcome, ()) = tokio::join!(first, mine);
            clock.0.store(false, Ordering::Relaxed);
            let [fault] = &outcome.observation.faults[..] else { panic!("{row:?}: {outcome:?}") };
            assert!(matches!(fault.detail, Detail::Ours { .. }), "{row:?}: {fault:?}");
            camera.sessions(|it| assert_eq!((it.opened, it.torn_down), (1, 1), "{row:?}: {it:?}"));
            second.await;
        }
    }
    prober.close().await;
    camera.has_heard_all().await;
    camera.sessions(|it| {
        assert!(it.most_open <= 1, "{row:?}: two sessions at once: {it:?}");
        assert_eq!(it.torn_down + it.closed_here, it.opened, "{row:?}: {it:?}");
    });
}

/// Whether the login had worked before or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_that_closes_on_a_login_hears_one_a_probe() {
    let prober = prober();
    for proven in [true, false] {
        let recorder = Counting::start("127.0.0.1", Farewell::Answered);
        recorder.set_login("viewer", "changed");
        recorder.refuse_by_closing();
        let request = ProbeRequest {
            credential: Some(Credential::new("viewer", "password")),
            credential_state: CredentialState { proven, ..CredentialState::default() },
            ..request(&recorder.url(0), Depth::Stream)
        };
        let outcome = prober.probe(request, CancellationToken::new()).await;
        assert_eq!(codes(&outcome), [FaultCode::ConnectionLost]);
        assert!(outcome.login_in_doubt, "it is not asked for another stream");
        assert_eq!(recorder.counts().refused, 1, "{proven}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_session_at_most_and_a_teardown_for_each_whatever_happens() {
    let (rows, room) = (rows(), Arc::new(Semaphore::new(24)));
    assert!(rows.len() > 190, "{}", rows.len());
    let mut running = JoinSet::new();
    for row in rows {
        let room = room.clone();
        running.spawn(async move {
            let _place = room.acquire().await;
            let ended = tokio::time::timeout(Duration::from_secs(30), play(row)).await;
            assert!(ended.is_ok(), "{row:?} does not end");
        });
    }
    let mut failed = Vec::new();
    while let Some(ended) = running.join_next().await {
        if let Err(error) = ended {
            let told = error.into_panic();
            failed.push(told.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(failed.is_empty(), "{} rows: {failed:#?}", failed.len());
}
