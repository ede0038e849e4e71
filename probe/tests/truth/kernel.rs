//! Against the kernel's own count of what it dropped: a queue that drops packets, on the loopback of a
//! network namespace of the test's own. Without the right to make one, or the queue in the kernel, it
//! says so and skips.

use std::net::UdpSocket;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use zhishou_protocol::rtp::{Codec, Receiver, Statistics, StreamFormat};
use zhishou_tests::impaired::{Impairment, Script, Source, What};

/// Queues that drop: `netem` at random, `tbf` what a line of 3 Mbit/s cannot take of a keyframe.
const QUEUES: [&[&str]; 2] = [
    &["netem", "limit", "1000", "loss", "5%", "delay", "5ms"],
    &["tbf", "rate", "3mbit", "burst", "6kb", "limit", "12kb"],
];

/// A namespace, gone with the value.
struct Namespace(String);

impl Namespace {
    /// With `queue` on its loopback, whose packets are as long as those of a network; the reason
    /// where there can be none.
    fn new(name: &str, queue: &[&str]) -> Result<Self, String> {
        let name = format!("zhishou-{name}-{}-{}", queue[0], std::process::id());
        done(Command::new("ip").args(["netns", "add", &name]))?;
        let namespace = Namespace(name);
        let name = namespace.0.as_str();
        done(Command::new("ip").args(["-n", name, "link", "set", "lo", "mtu", "1500", "up"]))?;
        let root = ["-n", name, "qdisc", "add", "dev", "lo", "root"];
        done(Command::new("tc").args(root).args(queue))?;
        Ok(namespace)
    }

    /// Runs one of the tests below inside, and gives the numbers on its line `measured`.
    fn run(&self, test: &str) -> Vec<f64> {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(program);
        let output = command.args(["--ignored", "--exact", test, "--nocapture"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find_map(|line| line.split_once("measured ")).unwrap().1;
        line.split(' ').map(|number| number.parse().unwrap()).collect()
    }

    /// What the queue says it dropped.
    fn dropped(&self) -> u64 {
        let text =
            done(Command::new("tc").args(["-n", &self.0, "-s", "qdisc", "show", "dev", "lo"]));
        let text = text.unwrap();
        let after = text.split_once("(dropped ").unwrap().1;
        after.split(',').next().unwrap().parse().unwrap()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(Command::new("ip").args(["netns", "del", &self.0]).output());
    }
}

fn done(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if status.success() { Ok(text(&stdout)) } else { Err(text(&stderr)) }
}

/// The namespaces that can be had here, one for each queue.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn namespaces(name: &str) -> impl Iterator<Item = Namespace> {
    QUEUES.into_iter().filter_map(move |queue| {
        Namespace::new(name, queue)
            .inspect_err(|reason| println!("SKIPPED {name} with {}: {reason}", queue[0]))
            .ok()
    })
}

#[test]
fn loss_over_udp_is_what_the_kernel_dropped() {
    for namespace in namespaces("udp") {
        let [packets, lost, by_device, on_the_way] = namespace.run("kernel::inside_over_udp")[..]
        else {
            panic!()
        };
        let dropped = namespace.dropped() as f64;
        println!("{}: {lost} lost of {packets} received, {dropped} dropped", namespace.0);
        let all = packets + dropped;
        assert!(dropped / all > 0.02, "nothing to measure: {dropped} of {all}");
        assert!((lost / (packets + lost) - dropped / all).abs() <= 0.002);
        // Counted as sent: lost on the way, but for what lies beyond the last report.
        assert!(
            on_the_way > 0.75 * dropped - 8.0 && by_device < 0.1 * dropped,
            "{by_device}, {on_the_way}"
        );
    }
}

#[test]
fn what_the_kernel_drops_of_tcp_is_jitter_and_no_loss() {
    for namespace in namespaces("tcp") {
        let [packets, lost, jitter, sent_jitter] = namespace.run("kernel::inside_over_tcp")[..]
        else {
            panic!()
        };
        let dropped = namespace.dropped();
        println!("{}: jitter {jitter} for {sent_jitter} sent, {dropped} dropped", namespace.0);
        assert!(dropped > 0 && packets > 500.0, "{dropped}, {packets}");
        assert_eq!(lost, 0.0);
        assert!(jitter > sent_jitter + 1.0, "{jitter} ms for {sent_jitter} ms");
    }
}

fn script(seconds: u32) -> Script {
    let source = Source { gop: 12, ..Source::new(seconds) };
    Impairment { reports: Some(Duration::from_secs(1)), ..Impairment::none(21) }.script(&source)
}

#[test]
#[ignore = "runs inside a namespace, started by loss_over_udp_is_what_the_kernel_dropped"]
fn inside_over_udp() {
    let statistics = over_udp(&script(8));
    let stream = statistics.stream;
    let told = stream.sender_loss.unwrap();
    println!("measured {} {} {} {}", stream.packets, stream.lost, told.by_device, told.on_the_way);
}

/// Sends a script to a receiver over UDP on loopback: packets and reports to ports of their own.
#[expect(clippy::disallowed_methods, reason = "the kernel's queue works in real time")]
fn over_udp(script: &Script) -> Statistics {
    let inbox = UdpSocket::bind("127.0.0.1:0").unwrap();
    inbox.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let outbox = UdpSocket::bind("127.0.0.1:0").unwrap();
    outbox.connect(inbox.local_addr().unwrap()).unwrap();
    let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
    let began = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for sending in &script.sendings {
                std::thread::sleep(sending.at.saturating_sub(began.elapsed()));
                let bytes = match &sending.what {
                    What::Rtp(packet) => packet.bytes(),
                    What::Report(report) => report.bytes(sending.at),
                };
                // The queue may tell the sender at once that it is full.
                drop(outbox.send(&bytes));
            }
        });
        let mut buffer = [0; 2_048];
        while let Ok(length) = inbox.recv(&mut buffer) {
            let packet = &buffer[..length];
            // RFC 5761 §4: a sender report is type 200.
            if packet[1] == 200 {
                receiver.handle_rtcp(began.elapsed(), None, packet);
            } else {
                receiver.handle_rtp(began.elapsed(), packet);
            }
        }
    });
    receiver.statistics(began.elapsed())
}

#[tokio::test]
#[ignore = "runs inside a namespace, started by what_the_kernel_drops_of_tcp_is_jitter_and_no_loss"]
async fn inside_over_tcp() {
    let seen = crate::probe(script(9), None, 6).await;
    let (video, sent) = (seen.video(), seen.truth.jitter_ms);
    println!("measured {} {} {} {sent}", video.packets, video.lost, video.jitter_ms.unwrap());
}
