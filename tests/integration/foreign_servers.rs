//! `zhishou probe` against RTSP servers that nobody here wrote: GStreamer's, live555,
//! aio-rtsp-toolkit, VLC, RTSP::Server, rtsp-streaming-server, rtsp-rs. `make test` puts those that
//! are no packages of the system under `target/peers/`.

use crate::{pictures::make, platform::binary};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use zhishou_tests::peers::{Peer, footage, root};

/// What `zhishou probe --json` says of one address, and its exit code.
fn probe(url: &str) -> (Value, i32) {
    probe_over("auto", url)
}

/// As `probe`, with a choice of transport.
fn probe_over(transport: &str, url: &str) -> (Value, i32) {
    let output = Command::new(binary())
        .args(["--lang", "en", "probe", "--json", "--depth", "picture", "--seconds", "2"])
        .args(["--transport", transport, url])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(text.trim()).unwrap_or_else(|error| {
        panic!("{error}: {text} {}", String::from_utf8_lossy(&output.stderr))
    });
    (value, output.status.code().unwrap())
}

fn codes(observation: &Value) -> Vec<&str> {
    let faults = observation["faults"].as_array().unwrap().iter();
    faults.map(|fault| fault["code"].as_str().unwrap()).collect()
}

#[track_caller]
fn is_well(url: &str, codec: &str) {
    is_well_over("auto", "tcp", url, codec);
}

/// Asked for `transport`, it comes by `way`, and nothing is missing.
#[track_caller]
fn is_well_over(transport: &str, way: &str, url: &str, codec: &str) {
    let (seen, exit) = probe_over(transport, url);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    assert_eq!(seen["transport"], way, "{seen:#}");
    assert_eq!(seen["video"]["codec"], codec, "{seen:#}");
    assert_eq!((&seen["video"]["width"], &seen["picture"]["width"]), (&640.into(), &640.into()));
    assert!(seen["video"]["fps"].as_f64().unwrap() > 5.0, "{seen:#}");
    assert!(seen["video"]["lost"] == 0 && seen["video"]["keyframes"].as_u64().unwrap() >= 1);
    assert_eq!(seen["picture"]["mode"], "colour");
    // Told by the pictures after the keyframe.
    assert!(seen["picture"]["scores"]["shaking"].as_f64().unwrap() < 0.5, "{seen:#}");
}

#[track_caller]
fn is_refused(url: &str) {
    let (seen, exit) = probe(url);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("unknown"), 3), "{seen:#}");
    assert_eq!(codes(&seen), ["auth_rejected"]);
    assert_eq!((&seen["rejected_logins"], &seen["reached"]), (&1.into(), &true.into()));
    assert!(!seen.to_string().contains("wrong-password"), "{seen:#}");
}

#[track_caller]
fn is_missing(url: &str) {
    let (seen, exit) = probe(url);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("offline"), 1), "{seen:#}");
    assert_eq!((codes(&seen), &seen["reached"]), (vec!["not_found"], &true.into()));
}

fn files(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| footage().join(name)).collect()
}

#[test]
fn gstreamer_serves_both_codecs_and_both_logins() {
    let python = Path::new("/usr/bin/python3");
    let script = root().join("tests/peers/gst_server.py");
    let script = script.to_str().unwrap();
    let names = ["view-h264.mp4", "view-h265.mp4"];
    let open = Peer::start(python, &[script, "0"], &files(&names));
    is_well(open.url("view-h264.mp4"), "h264");
    is_well(open.url("view-h265.mp4"), "h265");
    is_missing(&open.url("view-h264.mp4").replace("view-h264", "nothing"));
    for scheme in ["basic", "digest"] {
        let login = [script, "0", "--login", scheme, "--user", "viewer", "--password", "s3cret"];
        let guarded = Peer::start(python, &login, &files(&names[..1]));
        is_well(&guarded.url_as("viewer", "s3cret", "view-h264.mp4"), "h264");
        is_refused(&guarded.url_as("viewer", "wrong-password", "view-h264.mp4"));
        let (seen, exit) = probe(guarded.url("view-h264.mp4"));
        assert_eq!((codes(&seen), exit), (vec!["auth_required"], 3), "{seen:#}");
    }
}

/// MJPEG (RFC 2435) is decoded and judged, MPEG-4 part 2 is counted.
#[test]
fn gstreamer_live555_and_vlc_serve_the_older_codecs() {
    let script = root().join("tests/peers/gst_server.py");
    let arguments = [script.to_str().unwrap(), "0"];
    let names = ["view-mjpeg.mp4", "view-mpeg4.mp4"];
    let gstreamer = Peer::start(Path::new("/usr/bin/python3"), &arguments, &files(&names));
    for transport in ["tcp", "udp"] {
        is_well_over(transport, transport, gstreamer.url("view-mjpeg.mp4"), "mjpeg");
        is_counted_over(transport, gstreamer.url("view-mpeg4.mp4"));
    }
    let live555 = root().join("target/peers/live555-server");
    let live555 = Peer::start(&live555, &["0"], &files(&["view.m4v"]));
    for transport in ["tcp", "udp"] {
        is_counted_over(transport, live555.url("view.m4v"));
    }
    let python = root().join("target/peers/venv/bin/python");
    let script = root().join("tests/peers/udp_server.py");
    for name in names {
        let vlc = Peer::start(&python, &[script.to_str().unwrap(), "vlc"], &files(&[name]));
        match name {
            "view-mjpeg.mp4" => is_well_over("auto", "udp", vlc.url(name), "mjpeg"),
            _ => is_counted_over("udp", vlc.url(name)),
        }
    }
}

/// Online, without a picture, and it says why.
#[track_caller]
fn is_counted_over(transport: &str, url: &str) {
    let (seen, exit) = probe_over(transport, url);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    assert_eq!((&seen["video"]["codec"], &seen["video"]["lost"]), (&"mpeg4".into(), &0.into()));
    assert!((seen["video"]["fps"].as_f64().unwrap() - 10.0).abs() < 2.0, "{seen:#}");
    assert_eq!(
        (&seen["picture"], &seen["picture_skipped"]),
        (&Value::Null, &"not_decodable".into()),
        "{seen:#}"
    );
}

/// GStreamer's own client writes `rtsph` for the tunnel; its server takes it on the RTSP port.
#[test]
fn gstreamer_serves_over_tls_and_through_http() {
    let python = Path::new("/usr/bin/python3");
    let script = root().join("tests/peers/gst_server.py");
    let (script, names) = (script.to_str().unwrap(), ["view-h264.mp4"]);
    let open = Peer::start(python, &[script, "0"], &files(&names));
    is_well(&open.url("view-h264.mp4").replace("rtsp://", "rtsph://"), "h264");
    let certificate = root().join("probe/tests/testdata/camera.pem");
    let key = certificate.with_extension("key");
    let tls = [script, "0", "--tls", certificate.to_str().unwrap(), key.to_str().unwrap()];
    let secure = Peer::start(python, &tls, &files(&names));
    is_well(secure.url("view-h264.mp4"), "h264");
    let (seen, _) = probe(secure.url("view-h264.mp4"));
    let print = "a75642fadbd5ac8ae1b6cad1121290096691985c258497ddaabaa50804b56233";
    assert_eq!(
        (&seen["tls"]["fingerprint"], &seen["tls"]["changed"]),
        (&print.into(), &false.into())
    );
    let (plain, _) = probe(&secure.url("view-h264.mp4").replace("rtsps://", "rtsp://"));
    assert_ne!(plain["verdict"], "online", "{plain:#}");
    let (no_tls, _) = probe(&open.url("view-h264.mp4").replace("rtsp://", "rtsps://"));
    assert_eq!(codes(&no_tls), ["tls_failed"], "{no_tls:#}");
}

#[test]
fn a_camera_that_jumps_to_and_fro_shakes_and_one_that_stands_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let clip = |name, x, y| {
        let file = folder.path().join(name);
        let filter = format!("crop=440:236:{x}:{y},noise=alls=3:allf=t,format=yuv420p");
        make("store", &format!("-t 6 -vf {filter} -c:v libx264 -bf 2 -g 25"), &file);
        file
    };
    let clips = [
        clip("stands.h264", "20", "17"),
        clip("jumps.h264", "20+12*cos(n*2.9)", "17+9*sin(n*4.1)"),
    ];
    let server = Peer::start(&root().join("target/peers/live555-server"), &["0"], &clips);
    let (seen, exit) = probe(server.url("stands.h264"));
    assert_eq!((codes(&seen), exit), (vec![], 0), "{seen:#}");
    assert!(seen["picture"]["scores"]["shaking"].as_f64().unwrap() < 0.5, "{seen:#}");
    let (seen, exit) = probe(server.url("jumps.h264"));
    assert_eq!((codes(&seen), exit), (vec!["shaking"], 1), "{seen:#}");
    assert_eq!(seen["verdict"], "degraded");
}

/// The tunnel is open to all, the RTSP inside is guarded.
#[test]
fn logins_go_through_http_and_a_wrong_one_once() {
    let through_http = |url: String| url.replace("rtsp://", "rtsph://");
    let login = ["0", "--user", "viewer", "--password", "s3cret"];
    let live555 = root().join("target/peers/live555-server");
    let open = Peer::start(&live555, &["0"], &files(&["view.h264"]));
    is_well(&through_http(open.url("view.h264").to_owned()), "h264");
    let guarded = Peer::start(&live555, &login, &files(&["view.h264"]));
    is_well(&through_http(guarded.url_as("viewer", "s3cret", "view.h264")), "h264");
    is_refused(&through_http(guarded.url_as("viewer", "wrong-password", "view.h264")));
    let script = root().join("tests/peers/gst_server.py");
    for scheme in ["basic", "digest"] {
        let arguments = [&[script.to_str().unwrap()], &login[..], &["--login", scheme]].concat();
        let file = "view-h264.mp4";
        let guarded = Peer::start(Path::new("/usr/bin/python3"), &arguments, &files(&[file]));
        is_well(&through_http(guarded.url_as("viewer", "s3cret", file)), "h264");
        is_refused(&through_http(guarded.url_as("viewer", "wrong-password", file)));
    }
}

#[test]
fn live555_serves_over_tls() {
    let certificate = root().join("probe/tests/testdata/camera.pem");
    let key = certificate.with_extension("key");
    let tls = ["--tls", certificate.to_str().unwrap(), key.to_str().unwrap()];
    let program = root().join("target/peers/live555-server");
    let login = [&["0", "--user", "viewer", "--password", "s3cret"], &tls[..]].concat();
    let names = ["view.h264", "view.h265"];
    let open = Peer::start(&program, &[&["0"], &tls[..]].concat(), &files(&names));
    is_well(open.url("view.h264"), "h264");
    is_well(open.url("view.h265"), "h265");
    let (plain, _) = probe(&open.url("view.h264").replace("rtsps://", "rtsp://"));
    assert_ne!(plain["verdict"], "online", "{plain:#}");
    let guarded = Peer::start(&program, &login, &files(&names[..1]));
    is_well(&guarded.url_as("viewer", "s3cret", "view.h264"), "h264");
    is_refused(&guarded.url_as("viewer", "wrong-password", "view.h264"));
}

#[test]
fn gstreamer_that_has_udp_alone_is_found_by_falling_back() {
    let python = Path::new("/usr/bin/python3");
    let script = root().join("tests/peers/gst_server.py");
    let script = script.to_str().unwrap();
    let names = ["view-h264.mp4", "view-h265.mp4"];
    let open = Peer::start(python, &[script, "0", "--udp-only"], &files(&names));
    is_well_over("udp", "udp", open.url("view-h264.mp4"), "h264");
    is_well_over("auto", "udp", open.url("view-h265.mp4"), "h265");
    let (seen, exit) = probe_over("tcp", open.url("view-h264.mp4"));
    assert_eq!((codes(&seen), exit), (vec!["transport_unsupported"], 1), "{seen:#}");
    let login = ["--login", "digest", "--user", "viewer", "--password", "s3cret"];
    let arguments = [&[script, "0", "--udp-only"][..], &login].concat();
    let guarded = Peer::start(python, &arguments, &files(&names[..1]));
    is_well_over("auto", "udp", &guarded.url_as("viewer", "s3cret", "view-h264.mp4"), "h264");
    is_refused(&guarded.url_as("viewer", "wrong-password", "view-h264.mp4"));
}

#[test]
fn live555_serves_both_codecs_and_digest() {
    let program = root().join("target/peers/live555-server");
    let names = ["view.h264", "view.h265"];
    let open = Peer::start(&program, &["0"], &files(&names));
    is_well(open.url("view.h264"), "h264");
    is_well(open.url("view.h265"), "h265");
    is_well_over("udp", "udp", open.url("view.h264"), "h264");
    is_well_over("udp", "udp", open.url("view.h265"), "h265");
    is_missing(&open.url("view.h264").replace("view.h264", "nothing.h264"));
    let login = ["0", "--user", "viewer", "--password", "s3cret"];
    let guarded = Peer::start(&program, &login, &files(&names[..1]));
    let login = guarded.url_as("viewer", "s3cret", "view.h264");
    is_well(&login, "h264");
    is_well_over("udp", "udp", &login, "h264");
    is_refused(&guarded.url_as("viewer", "wrong-password", "view.h264"));
}

#[test]
fn aio_rtsp_toolkit_serves_a_file() {
    let python = root().join("target/peers/venv/bin/python");
    let script = root().join("tests/peers/aio_server.py");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let arguments = [script.to_str().unwrap(), &port.to_string()];
    let open = Peer::start(&python, &arguments, &files(&["view-h264.mp4"]));
    is_well(open.url("view-h264.mp4"), "h264");
}

/// Of VLC, of Perl, of Node and of Python: each refuses TCP in its own way, Perl's with 400.
#[test]
fn servers_that_have_udp_alone_are_found_by_falling_back() {
    let python = root().join("target/peers/venv/bin/python");
    let script = root().join("tests/peers/udp_server.py");
    let script = script.to_str().unwrap();
    for (kind, name, file) in [
        ("vlc", "view-h264.mp4", "view-h264.mp4"),
        ("perl", "view-h264.mp4", "view-h264.mp4"),
        ("node", "view-h264.mp4", "view-h264.mp4"),
        ("rtsp-rs", "stream", "view.h264"),
    ] {
        let server = Peer::start(&python, &[script, kind], &files(&[file]));
        is_well_over("auto", "udp", server.url(name), "h264");
        is_well_over("udp", "udp", server.url(name), "h264");
    }
    let login = [script, "vlc", "--login", "viewer", "s3cret"];
    let guarded = Peer::start(&python, &login, &files(&["view-h264.mp4"]));
    is_well_over("auto", "udp", &guarded.url_as("viewer", "s3cret", "view-h264.mp4"), "h264");
    is_refused(&guarded.url_as("viewer", "wrong-password", "view-h264.mp4"));
}

/// A dialogue with a real server, kept, told, and done again without the server.
#[test]
fn a_recorded_dialogue_is_replayed_without_its_server() {
    let script = root().join("tests/peers/gst_server.py");
    let login = ["0", "--login", "digest", "--user", "viewer", "--password", "s3cret-word"];
    let arguments = [&[script.to_str().unwrap()], &login[..]].concat();
    let server = Peer::start(Path::new("/usr/bin/python3"), &arguments, &files(&["view-h264.mp4"]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dialogue");
    let url = server.url_as("viewer", "s3cret-word", "view-h264.mp4");
    let run = |arguments: &[&str]| {
        let output = Command::new(binary())
            .args(["--lang", "en", "probe", "--json"])
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (text, told, output.status.code().unwrap())
    };
    let (text, told, exit) =
        run(&["--seconds", "2", "--explain", "--record", file.to_str().unwrap(), &url]);
    assert_eq!(exit, 0, "{text} {told}");
    let original: Value = serde_json::from_str(&text).unwrap();
    assert!(told.contains("Authorization: Digest ***") && told.contains("first keyframe: h264"));
    drop(server);

    let (again, _, exit) = run(&["--replay", file.to_str().unwrap()]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(exit, 0, "{again:#}");
    for key in ["target", "verdict", "faults", "server", "started_at", "redirects", "transport"] {
        assert_eq!(original[key], again[key], "{key}");
    }
    let [was, is] = [&original, &again].map(|seen| seen["video"].clone());
    assert_eq!((&was["codec"], &was["width"]), (&is["codec"], &is["width"]));
    for key in ["packets", "fps", "bitrate_bps", "keyframes"] {
        let [was, is] = [&was, &is].map(|video| video[key].as_f64().unwrap());
        assert!((was - is).abs() <= 0.03 * was + 1.0, "{key}: {was} became {is}");
    }
    assert_eq!(original["picture"]["scores"], again["picture"]["scores"]);

    let kept = fs::read_to_string(&file).unwrap();
    for secret in ["s3cret-word", "dmlld2VyOnMzY3JldC13b3Jk", "response="] {
        assert!(!kept.contains(secret) && !told.contains(secret), "{secret}");
    }
    fs::write(&file, &kept[..kept.len() - 9]).unwrap();
    let (_, told, exit) = run(&["--replay", file.to_str().unwrap()]);
    assert_eq!(exit, 2);
    assert!(told.contains("it is cut off"), "{told}");
}
