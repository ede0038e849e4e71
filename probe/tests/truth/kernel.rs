//! Against the kernel's own count of what it dropped: a queue or a filter that drops packets, on the
//! loopback of a network namespace of the test's own. Without the right to make one, or the means in
//! the kernel, it says so and skips.

use std::process::{Command, Output};
use std::time::Duration;

use zhishou_domain::{Detail, FaultCode, LossOrigin, TransportPolicy};
use zhishou_tests::impaired::{Impairment, Script, Source};

/// What drops packets.
#[derive(Clone, Copy)]
enum Dropper {
    /// A queue of `tc`.
    Queue(&'static [&'static str]),
    /// A rule of `nft` that draws lots, for kernels without `netem`.
    Lots,
}

/// `netem` at random, `tbf` what a line of 3 Mbit/s cannot take of a keyframe, and a filter at random.
const DROPPERS: [Dropper; 3] = [
    Dropper::Queue(&["netem", "limit", "1000", "loss", "5%", "delay", "5ms"]),
    Dropper::Queue(&["tbf", "rate", "3mbit", "burst", "6kb", "limit", "12kb"]),
    Dropper::Lots,
];

/// One long packet in twenty, whoever sent it: media, and not the few bytes of a dialogue.
const LOTS: &str = "table inet impaired { counter dropped { }; chain in { \
    type filter hook input priority 0; \
    meta length > 200 numgen random mod 100 < 5 counter name dropped drop; }; }";

impl Dropper {
    fn name(self) -> &'static str {
        match self {
            Dropper::Queue(queue) => queue[0],
            Dropper::Lots => "nft",
        }
    }
}

/// A namespace, gone with the value.
struct Namespace(String, Dropper);

impl Namespace {
    /// With `dropper` on its loopback, whose packets are as long as those of a network; the reason
    /// where there can be none.
    fn new(name: &str, dropper: Dropper) -> Result<Self, String> {
        let name = format!("zhishou-{name}-{}-{}", dropper.name(), std::process::id());
        done(Command::new("ip").args(["netns", "add", &name]))?;
        let namespace = Namespace(name, dropper);
        let name = namespace.0.as_str();
        done(Command::new("ip").args(["-n", name, "link", "set", "lo", "mtu", "1500", "up"]))?;
        match dropper {
            Dropper::Queue(queue) => {
                let root = ["-n", name, "qdisc", "add", "dev", "lo", "root"];
                done(Command::new("tc").args(root).args(queue))?
            }
            Dropper::Lots => namespace.nft(LOTS)?,
        };
        Ok(namespace)
    }

    fn nft(&self, rules: &str) -> Result<String, String> {
        done(Command::new("ip").args(["netns", "exec", &self.0, "nft", rules]))
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

    /// What the kernel says it dropped.
    fn dropped(&self) -> u64 {
        let (text, before) = match self.1 {
            Dropper::Queue(_) => {
                let show = ["-n", &self.0, "-s", "qdisc", "show", "dev", "lo"];
                (done(Command::new("tc").args(show)), "(dropped ")
            }
            Dropper::Lots => (self.nft("list counters"), "packets "),
        };
        let text = text.unwrap();
        let (_, after) = text.split_once(before).unwrap();
        after.split([',', ' ']).next().unwrap().parse().unwrap()
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

/// The namespaces that can be had here, one for each that drops.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn namespaces(name: &str) -> impl Iterator<Item = Namespace> {
    DROPPERS.into_iter().filter_map(move |dropper| {
        Namespace::new(name, dropper)
            .inspect_err(|reason| println!("SKIPPED {name} with {}: {reason}", dropper.name()))
            .ok()
    })
}

#[test]
fn loss_over_udp_is_what_the_kernel_dropped() {
    for namespace in namespaces("udp") {
        let [packets, lost, blamed_on_network] = namespace.run("kernel::inside_over_udp")[..]
        else {
            panic!()
        };
        let dropped = namespace.dropped() as f64;
        println!("{}: {lost} lost of {packets} received, {dropped} dropped", namespace.0);
        let all = packets + dropped;
        assert!(dropped / all > 0.02, "nothing to measure: {dropped} of {all}");
        assert!((lost / (packets + lost) - dropped / all).abs() <= 0.002);
        assert_eq!(blamed_on_network, 1.0, "it was counted as sent");
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
        // What a filter drops is sent again within a round trip, which takes microseconds here; a
        // queue that is full stays so.
        if matches!(namespace.1, Dropper::Queue(_)) {
            assert!(jitter > sent_jitter + 1.0, "{jitter} ms for {sent_jitter} ms");
        }
    }
}

fn script(seconds: u32) -> Script {
    let source = Source { gop: 12, ..Source::new(seconds) };
    Impairment { reports: Some(Duration::from_secs(1)), ..Impairment::none(21) }.script(&source)
}

#[tokio::test]
#[ignore = "runs inside a namespace, started by loss_over_udp_is_what_the_kernel_dropped"]
async fn inside_over_udp() {
    let seen = crate::probe(TransportPolicy::Udp, script(9), None, 7).await;
    let Detail::Loss { origin, .. } = seen.detail(FaultCode::PacketLoss) else { panic!() };
    let (video, blamed) = (seen.video(), u8::from(*origin == LossOrigin::Network));
    println!("measured {} {} {blamed}", video.packets, video.lost);
}

#[tokio::test]
#[ignore = "runs inside a namespace, started by what_the_kernel_drops_of_tcp_is_jitter_and_no_loss"]
async fn inside_over_tcp() {
    let seen = crate::probe(TransportPolicy::Tcp, script(9), None, 6).await;
    let (video, sent) = (seen.video(), seen.truth.jitter_ms);
    println!("measured {} {} {} {sent}", video.packets, video.lost, video.jitter_ms.unwrap());
}
