//! What the platform keeps of a device that fails is a test of its own: downloaded and replayed, it
//! gives the same faults again, without the device.

use crate::platform::{Home, Visitor, binary, row};
use serde_json::Value;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    time::{Duration, Instant},
};
use zhishou_tests::wire::next_request;

const PASSWORD: &str = "Kept-For-Replay-7";
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=fails\r\nm=video 0 RTP/AVP 96\r\n\
    a=rtpmap:96 H264/90000\r\na=control:track1\r\n";

/// A recorder whose channels fail each in its own way, told apart by their paths (RFC 2326).
fn fails() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            // It ends when the client goes, or here.
            std::thread::spawn(move || talk(connection));
        }
    });
    port
}

fn talk(mut connection: TcpStream) -> std::io::Result<()> {
    let (mut input, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match connection.read(&mut chunk)? {
            0 => return Ok(()),
            read => input.extend_from_slice(&chunk[..read]),
        }
        while let Some(request) = next_request(&mut input) {
            let cseq = request.lines().find_map(|l| l.strip_prefix("CSeq: ")).unwrap_or_default();
            let say = |status: &str, more: &str| {
                format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\nServer: fails\r\n{more}\r\n")
            };
            let answer = match request.split(' ').next().unwrap_or_default() {
                "DESCRIBE" if request.contains("/hangs-up") => return Ok(()),
                "DESCRIBE" if request.contains("/gone") => say("404 Not Found", ""),
                "DESCRIBE" => {
                    let fields = "Content-Type: application/sdp\r\nContent-Length";
                    say("200 OK", &format!("{fields}: {}\r\n", SDP.len())) + SDP
                }
                "SETUP" => {
                    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
                    say("200 OK", &format!("Session: 9\r\n{transport}"))
                }
                _ => say("200 OK", ""),
            };
            connection.write_all(answer.as_bytes())?;
        }
    }
}

/// What is wrong, and where it arose.
fn faults(observation: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let faults = observation["faults"].as_array().unwrap();
    faults.iter().map(|fault| (text(&fault["code"]), text(&fault["stage"]))).collect()
}

/// The address of the dialogue that was kept of a device, once there is one.
async fn kept(visitor: &Visitor, id: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(120);
    let start = format!("/devices/{id}/dialogues/");
    loop {
        let (_, page) = visitor.page(&format!("/devices/{id}")).await;
        let number =
            |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().map(str::to_owned);
        let found = page.split(&start).skip(1).filter_map(number).find(|at| !at.is_empty());
        if let Some(at) = found {
            return format!("{start}{at}");
        }
        assert!(Instant::now() < deadline, "no dialogue of {id} was kept");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_that_the_platform_kept_gives_the_same_faults_again() {
    let port = fails();
    let channels = [
        ("gone", "not_found", "describe"),
        ("hangs-up", "connection_lost", "describe"),
        ("silent", "no_media", "first_packet"),
    ];
    let url = |channel: &str| format!("rtsp://127.0.0.1:{port}/{channel}");
    let rows: Vec<_> = (0..).zip(channels).map(|(n, (it, ..))| row(n, &url(it), ",")).collect();
    let plan = "interval_s = 10\nretry_s = 5\nfailures = 2\nseconds = 1\ntransport = \"tcp\"\n";
    let home = Home::new(plan, &rows);
    let platform = home.serve();
    let (user, one_time) = platform.login.clone().unwrap();
    let visitor = Visitor::login(&platform, &user, &one_time, PASSWORD).await;
    let devices = visitor.list("/api/v1/devices").await;
    for (n, (channel, code, stage)) in channels.iter().enumerate() {
        let name = format!("相机{n:03}");
        let device = devices.iter().find(|it| it["name"] == name.as_str()).unwrap();
        let href = kept(&visitor, device["id"].as_str().unwrap()).await;
        let (status, dialogue) = visitor.page(&format!("{href}/file")).await;
        assert_eq!(status, 200, "{dialogue}");
        let file = home.path("kept.jsonl");
        fs::write(&file, dialogue).unwrap();
        let replay = Command::new(binary())
            .args(["--lang", "en", "probe", "--json", "--replay", &file])
            .output()
            .unwrap();
        let again: Value = serde_json::from_slice(&replay.stdout).unwrap();
        let expected = vec![((*code).to_owned(), (*stage).to_owned())];
        assert_eq!((faults(&again), again["target"].as_str()), (expected, Some(&*url(channel))));
        // And it is what the platform had said of that probe.
        let said = visitor.list("/api/v1/observations?limit=500").await;
        let same = said
            .iter()
            .find(|it| it["target"] == again["target"] && it["started_at"] == again["started_at"]);
        let same = same.unwrap_or_else(|| panic!("{again:#} is in none of {said:#?}"));
        assert_eq!(faults(same), faults(&again));
        assert_eq!(same["verdict"], again["verdict"]);
    }
}
