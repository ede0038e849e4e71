//! Level 2 against a peer that means no good: every call ends, by BYE or CANCEL, whatever it does.

use std::net::{SocketAddr, UdpSocket as Socket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    CallSkipped, Clock, Depth, DeviceId, FaultCode, Observation, ProbeRequest, TestCall, Timestamp,
    Verdict,
};
use zhishou_probe::{CallLog, Noting, Prober, Settings};

use super::support::{Heard, Says, answer, by_clock, by_connection, by_datagrams, says, with};

/// Waits that a test can sit out.
fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.sip.options = Duration::from_millis(1_200);
    settings.sip.trying = Duration::from_millis(1_200);
    settings.sip.ringing = Duration::from_millis(2_500);
    settings.sip.ending = Duration::from_millis(2_000);
    settings
}

fn prober() -> Prober {
    with(settings())
}

fn request(at: SocketAddr, leave: TestCall, time: Duration) -> ProbeRequest {
    ProbeRequest {
        seconds: time,
        test_call: leave,
        ..ProbeRequest::new(format!("sip:room@{at}"), Depth::Stream)
    }
}

async fn call(at: SocketAddr, time: Duration) -> Observation {
    let cancel = CancellationToken::new();
    prober().probe(request(at, TestCall::Permitted, time), cancel).await.observation
}

fn codes(seen: &Observation) -> Vec<FaultCode> {
    seen.faults.iter().map(|fault| fault.code).collect()
}

fn methods(heard: &Heard) -> Vec<String> {
    let heard = heard.lock().unwrap();
    let method = |it: &String| it.split(' ').next().unwrap_or_default().to_owned();
    heard.iter().map(method).collect()
}

fn count(heard: &Heard, method: &str) -> usize {
    methods(heard).iter().filter(|it| *it == method).count()
}

/// A port that takes media and counts them; how many came.
fn ear() -> (u16, Arc<AtomicU32>) {
    let socket = Socket::bind("127.0.0.1:0").unwrap();
    let (port, came) = (socket.local_addr().unwrap().port(), Arc::new(AtomicU32::new(0)));
    let counted = came.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 2_048];
        while socket.recv_from(&mut buffer).is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (port, came)
}

fn description(port: u16) -> String {
    format!("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 8\r\nm=video 0 RTP/AVP 97\r\n")
}

/// Answers as an endpoint does, but for the requests that `odd` answers.
fn endpoint(port: u16, odd: impl Fn(&str) -> Option<Vec<String>> + Send + Sync + 'static) -> Says {
    says(move |request| {
        if let Some(answers) = odd(request) {
            return answers;
        }
        match request.split(' ').next() {
            Some("INVITE") => vec![answer(request, "200 OK", "", &description(port))],
            Some("ACK") => Vec::new(),
            _ => vec![answer(request, "200 OK", "", "")],
        }
    })
}

#[tokio::test]
async fn a_call_sends_sound_and_is_hung_up() {
    let (port, came) = ear();
    let (at, heard) = by_datagrams(endpoint(port, |_| None)).await;
    let seen = call(at, Duration::from_secs(1)).await;
    assert_eq!(methods(&heard), ["OPTIONS", "INVITE", "ACK", "BYE"]);
    assert!(came.load(Ordering::Relaxed) > 20, "50 packets a second");
    let facts = seen.call.clone().unwrap();
    assert_eq!((facts.called, facts.invite_status, facts.ended), (true, Some(200), Some(true)));
    assert!(facts.mos.is_none(), "too short to tell");
    // A second is too short to say that nothing comes.
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Unknown, vec![]), "{seen:?}");
    let before = came.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(came.load(Ordering::Relaxed) <= before + 1, "media end with the call");
}

#[tokio::test]
async fn who_is_not_to_be_called_is_not() {
    for (leave, status, skipped) in [
        (TestCall::Forbidden, "200 OK", CallSkipped::NotPermitted),
        (TestCall::InMeeting, "200 OK", CallSkipped::InMeeting),
        (TestCall::Permitted, "486 Busy Here", CallSkipped::Busy),
        (TestCall::Permitted, "404 Not Found", CallSkipped::NotReady),
    ] {
        let (at, heard) = by_datagrams(says(move |it| vec![answer(it, status, "", "")])).await;
        let request = request(at, leave, Duration::from_secs(1));
        let seen = prober().probe(request, CancellationToken::new()).await.observation;
        assert_eq!(methods(&heard), ["OPTIONS"], "{leave:?} {status}");
        let facts = seen.call.unwrap();
        assert_eq!((facts.skipped, facts.called), (Some(skipped), false));
        assert_eq!(seen.depth, Depth::Reach, "nothing is said of media");
    }
}

#[tokio::test]
async fn one_that_never_answers_is_given_up() {
    let (at, heard) = by_datagrams(says(|_| Vec::new())).await;
    let began = Instant::now();
    let seen = call(at, Duration::from_secs(1)).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::NoResponse]));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(count(&heard, "INVITE") >= 1, "silence to OPTIONS alone settles nothing");
    assert_eq!(count(&heard, "BYE") + count(&heard, "CANCEL"), 0, "nothing was begun");
}

#[tokio::test]
async fn one_that_answers_nothing_but_invite_is_there() {
    let (port, _) = ear();
    let ignores = |it: &str| it.starts_with("OPTIONS").then(Vec::new);
    let (at, heard) = by_datagrams(endpoint(port, ignores)).await;
    let seen = call(at, Duration::from_millis(500)).await;
    assert!(seen.reached && count(&heard, "BYE") == 1, "{seen:?}");
}

#[tokio::test]
async fn one_that_only_rings_is_cancelled() {
    let (at, heard) = by_datagrams(endpoint(1, |it| {
        it.starts_with("INVITE").then(|| vec![answer(it, "180 Ringing", "", "")])
    }))
    .await;
    let seen = call(at, Duration::from_secs(1)).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::NoAnswer]));
    assert!(count(&heard, "CANCEL") >= 1);
    assert_eq!(count(&heard, "BYE"), 0);
}

#[tokio::test]
async fn one_that_never_acknowledges_bye_holds_nobody_up() {
    let (port, _) = ear();
    let (at, heard) = by_datagrams(endpoint(port, |it| it.starts_with("BYE").then(Vec::new))).await;
    let began = Instant::now();
    let seen = call(at, Duration::from_millis(500)).await;
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(count(&heard, "BYE") >= 2, "it was said more than once");
    assert_eq!(seen.call.unwrap().ended, Some(false));
}

#[tokio::test]
async fn a_malformed_description_is_told_and_hung_up() {
    let bodies: [&str; 4] = ["<html>", "m=", "v=0\r\nm=audio x RTP/AVP y\r\n", ""];
    for body in bodies {
        let (at, heard) = by_datagrams(endpoint(1, move |it| {
            it.starts_with("INVITE").then(|| vec![answer(it, "200 OK", "", body)])
        }))
        .await;
        let seen = call(at, Duration::from_secs(1)).await;
        assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::BadSdp]));
        assert_eq!(methods(&heard), ["OPTIONS", "INVITE", "ACK", "BYE"], "{body:?}");
    }
}

#[tokio::test]
async fn a_flood_changes_nothing() {
    let (port, _) = ear();
    let (at, heard) = by_datagrams(endpoint(port, move |it| {
        let flood = (0..200).map(|number| {
            format!(
                "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{number}\r\n\
                 From: <sip:a@h>;tag={number}\r\nTo: <sip:b@h>\r\nCall-ID: {number}\r\n\
                 CSeq: 1 INVITE\r\n\r\n"
            )
        });
        let rubbish = std::iter::repeat_n("\u{0}SIP/2.0 200\r\n\r\n".repeat(50), 200);
        let last = match it.split(' ').next() {
            Some("INVITE") => vec![answer(it, "200 OK", "", &description(port))],
            Some("OPTIONS") => vec![answer(it, "200 OK", "", "")],
            _ => return None,
        };
        Some(flood.chain(rubbish).chain(last).collect())
    }))
    .await;
    let seen = call(at, Duration::from_millis(500)).await;
    assert_eq!(seen.call.unwrap().ended, Some(true));
    let answered = methods(&heard).iter().filter(|it| it.starts_with("SIP/2.0")).count();
    assert!(answered <= 64 * 8, "{answered}: answers to strangers are limited, repeats and all");
}

#[tokio::test]
async fn whoever_goes_away_leaves_no_call_behind() {
    for dropped in [false, true] {
        let (port, came) = ear();
        let (at, heard) = by_datagrams(endpoint(port, |_| None)).await;
        let (prober, cancel) = (prober(), CancellationToken::new());
        let request = request(at, TestCall::Permitted, Duration::from_secs(30));
        {
            let probing = prober.probe(request, cancel.clone());
            tokio::pin!(probing);
            let talking = async {
                while came.load(Ordering::Relaxed) < 5 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::select! {
                seen = &mut probing => panic!("{:?}", seen.observation),
                () = talking => {}
            }
            if !dropped {
                cancel.cancel();
                let seen = probing.await.observation;
                assert_eq!(seen.call.unwrap().ended, Some(true));
            }
        }
        prober.close().await;
        assert_eq!(methods(&heard), ["OPTIONS", "INVITE", "ACK", "BYE"], "dropped: {dropped}");
    }
}

/// A clock that fails who asks it next, once told to.
#[derive(Default)]
struct Failing(AtomicU32);

impl Clock for Failing {
    fn now(&self) -> Timestamp {
        assert_eq!(self.0.swap(0, Ordering::SeqCst), 0, "a mistake of ours");
        Timestamp::from_millis(1_800_000_000_000)
    }
}

#[tokio::test]
async fn a_mistake_of_ours_in_a_call_hangs_up_before_it_is_told() {
    let (port, _) = ear();
    let clock = Arc::new(Failing::default());
    let failing = clock.clone();
    // From the moment the call stands.
    let odd = move |request: &str| {
        if request.starts_with("ACK") {
            failing.0.store(1, Ordering::SeqCst);
        }
        None
    };
    let (at, heard) = by_datagrams(endpoint(port, odd)).await;
    let asked = request(at, TestCall::Permitted, Duration::from_secs(20));
    let began = Instant::now();
    let seen = by_clock(settings(), clock).probe(asked, CancellationToken::new()).await.observation;
    assert!(began.elapsed() < Duration::from_secs(15), "not to the end of its time");
    assert_eq!((seen.verdict, seen.faults.len()), (Verdict::Unknown, 1), "{seen:?}");
    assert_eq!(methods(&heard), ["OPTIONS", "INVITE", "ACK", "BYE"]);
}

#[tokio::test]
async fn a_call_over_a_connection_is_hung_up_on_it() {
    let (port, _) = ear();
    let (at, heard) = by_connection("127.0.0.1:0", endpoint(port, |_| None)).await;
    let url = format!("sip:room@{at};transport=tcp");
    let request = ProbeRequest {
        seconds: Duration::from_millis(500),
        test_call: TestCall::Permitted,
        ..ProbeRequest::new(url, Depth::Stream)
    };
    let seen = prober().probe(request, CancellationToken::new()).await.observation;
    assert_eq!(seen.call.unwrap().ended, Some(true));
    assert_eq!(count(&heard, "BYE"), 1, "{:?}", methods(&heard));
}

#[tokio::test]
async fn no_more_calls_than_may_be_are_under_way_and_none_is_longer_than_may_be() {
    let mut settings = settings();
    settings.call.at_once = 1;
    settings.call.wait = Duration::from_millis(300);
    settings.call.longest = Duration::from_secs(3);
    let prober = with(settings);
    let (port, _) = ear();
    let ((one, first), (two, second)) = (
        by_datagrams(endpoint(port, |_| None)).await,
        by_datagrams(endpoint(port, |_| None)).await,
    );
    let asked = |at| request(at, TestCall::Permitted, Duration::from_secs(600));
    let (one, two) = tokio::join!(
        prober.probe(asked(one), CancellationToken::new()),
        prober.probe(asked(two), CancellationToken::new())
    );
    let facts = [one, two].map(|seen| seen.observation.call.unwrap());
    let called: Vec<_> = facts.iter().filter(|it| it.called).collect();
    let skipped: Vec<_> = facts.iter().filter_map(|it| it.skipped).collect();
    assert_eq!((called.len(), skipped), (1, vec![CallSkipped::NoRoom]), "{facts:?}");
    let talked = called[0].talked_ms.unwrap();
    assert!((3_000.0..10_000.0).contains(&talked), "{talked} ms of 600 s");
    assert_eq!(count(&first, "INVITE") + count(&second, "INVITE"), 1);
    assert_eq!(count(&first, "BYE") + count(&second, "BYE"), 1);
}

/// Keeps word, or fails to; what had been heard at the other end by then.
struct Ledger {
    heard: Heard,
    full: bool,
    kept: Mutex<Vec<(DeviceId, usize)>>,
}

impl CallLog for Ledger {
    fn begins(&self, device: DeviceId) -> Noting<'_> {
        Box::pin(async move {
            self.kept.lock().unwrap().push((device, count(&self.heard, "INVITE")));
            if self.full { Err("the disk is full".to_owned()) } else { Ok(()) }
        })
    }
}

#[tokio::test]
async fn a_call_is_on_record_before_it_is_made_and_one_that_cannot_be_is_not_made() {
    let device: DeviceId = "0194f5a0-0000-7000-8000-000000000001".parse().unwrap();
    for full in [false, true] {
        let (port, _) = ear();
        let (at, heard) = by_datagrams(endpoint(port, |_| None)).await;
        let kept = Mutex::default();
        let ledger = Arc::new(Ledger { heard: heard.clone(), full, kept });
        let prober = prober().log_calls(ledger.clone());
        let asked = request(at, TestCall::Permitted, Duration::from_millis(500));
        let asked = ProbeRequest { device: Some(device), ..asked };
        let seen = prober.probe(asked, CancellationToken::new()).await.observation;
        assert_eq!(*ledger.kept.lock().unwrap(), [(device, 0)], "before INVITE left");
        let called = seen.call.as_ref().unwrap().called;
        assert_eq!((called, count(&heard, "INVITE")), if full { (false, 0) } else { (true, 1) });
        assert_eq!(count(&heard, "BYE"), count(&heard, "INVITE"), "{seen:?}");
        if full {
            assert_eq!(seen.verdict, Verdict::Unknown, "{seen:?}");
        }
    }
}
