//! UDP, and the ways from one transport to the other.

use super::*;
use crate::rtsp::DatagramRoute;

/// SETUP over UDP was answered, with these fields after our ports.
fn set_up(fields: &str) -> String {
    format!(
        "RTSP/1.0 200 OK\nCSeq: {{cseq}}\nSession: 88;timeout=20\n\
         Transport: RTP/AVP;unicast;client_port=5004-5005{fields}\n\n"
    )
}

fn udp_server(ports: (u16, u16)) -> Route {
    Route::Datagrams(DatagramRoute { server_ports: Some(ports), source: None })
}

/// Connected and about to set up.
fn described(transports: Transports, login: Option<(&str, &str)>) -> Device {
    let mut device = Device::with(transports, Depth::Play, login);
    device.input(Input::Connected);
    device.serve("OPTIONS", message!("gstreamer_options_200"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device
}

impl Device {
    fn bound(&mut self) {
        self.input(Input::Bound(Some((5004, 5005))));
    }

    /// DESCRIBE, SETUP and PLAY over UDP on the connection that is up.
    fn plays_udp(&mut self) {
        self.serve("DESCRIBE", message!("vstarcam_describe_200"));
        self.bound();
        self.serve("SETUP", &set_up(";server_port=6970-6971"));
        self.serve("PLAY", &status("200 OK"));
    }

    fn ready(&self) -> Vec<Route> {
        let route = |event: &Event| match event {
            Event::Ready { route, .. } => Some(*route),
            _ => None,
        };
        self.events.iter().filter_map(route).collect()
    }
}

/// Up to the answer to PLAY over UDP.
fn playing_udp() -> Device {
    let mut device = described(Transports::UDP, None);
    device.bound();
    device.serve("SETUP", &set_up(";server_port=6970-6971"));
    device.serve("PLAY", &status("200 OK"));
    assert_eq!(device.events.last(), Some(&Event::Playing));
    device
}

#[test]
fn udp_asks_for_ports_first_and_keeps_alive_over_tcp() {
    let mut device = described(Transports::UDP, None);
    assert_eq!(device.binds, [Track::Video]);
    assert!(device.sent.is_empty(), "no SETUP without ports");
    device.bound();
    let setup = device.serve("SETUP", &set_up(";server_port=6970-6971;ssrc=12"));
    assert!(setup.contains("Transport: RTP/AVP;unicast;client_port=5004-5005\r\n"), "{setup}");
    device.serve("PLAY", &status("200 OK"));
    assert_eq!(device.ready(), [udp_server((6970, 6971))]);
    assert_eq!(device.session.facts().transport, Some(TransportKind::Udp));
    device.pass(Duration::from_secs(10));
    assert!(device.expect("GET_PARAMETER").contains("Session: 88\r\n"));
    // Reports go to the device's port; there is no channel for them.
    device.input(Input::Rtcp(Track::Video, &[0x80, 201, 0, 1, 0, 0, 0, 1]));
    assert!(device.sent.is_empty());
    device.input(Input::Stop);
    device.expect("TEARDOWN");
}

#[test]
fn without_ports_of_our_own_it_is_not_the_device() {
    let mut device = described(Transports::UDP, None);
    device.input(Input::Bound(None));
    assert_eq!(device.fails_with(), (Stage::Setup, &Cause::NoPorts));
    assert!(device.sent.is_empty());
}

#[test]
fn q49_server_port_absent_and_media_from_another_host() {
    for (fields, route) in [
        ("", DatagramRoute::default()),
        (
            ";source=192.168.1.70",
            DatagramRoute { source: "192.168.1.70".parse().ok(), ..DatagramRoute::default() },
        ),
    ] {
        let mut device = described(Transports::UDP, None);
        device.bound();
        device.serve("SETUP", &set_up(fields));
        device.serve("PLAY", &status("200 OK"));
        assert_eq!(device.ready(), [Route::Datagrams(route)]);
    }
}

#[test]
fn a_bad_request_at_setup_may_mean_the_transport() {
    let mut device = described(Transports::AUTO, None);
    device.serve("SETUP", &status("400 Bad Request"));
    device.input(Input::Connected);
    device.plays_udp();
    assert_eq!(device.session.facts().transport, Some(TransportKind::Udp));
    // Without another, it is what it says.
    let mut device = described(Transports::TCP, None);
    device.serve("SETUP", &status("400 Bad Request"));
    let (stage, cause) = device.fails_with();
    assert!(matches!((stage, cause), (Stage::Setup, Cause::BadStatus { status: 400, .. })));
}

#[test]
fn q48_tcp_refused_is_asked_for_udp_on_a_new_connection() {
    let mut device = described(Transports::AUTO, None);
    device.serve("SETUP", &status("461 Unsupported Transport"));
    assert_eq!(device.connects.len(), 2);
    assert!(device.sent.is_empty(), "nothing is open, nothing to tear down");
    device.input(Input::Connected);
    device.plays_udp();
    assert!(device.events.contains(&Event::FellBack(TransportKind::Udp)));
    assert_eq!(device.ready(), [udp_server((6970, 6971))]);
    let facts = device.session.facts();
    assert_eq!((facts.fallbacks, facts.transport), (1, Some(TransportKind::Udp)));
}

#[test]
fn q48_udp_refused_is_asked_for_tcp() {
    let mut device = described(Transports::AUTO_BY_UDP, None);
    device.bound();
    device.serve("SETUP", &status("461 Unsupported Transport"));
    device.input(Input::Connected);
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    device.input(Input::Bytes(&rtp(0)));
    assert_eq!(device.packets.len(), 1);
    assert_eq!((device.connects.len(), device.binds.len()), (2, 1));
}

#[test]
fn a_redirect_into_tls_keeps_media_inside_whichever_was_first() {
    let to_tls = "RTSP/1.0 302 Moved\nLocation: rtsps://192.168.1.64/x\n\n";
    let mut device = Device::with(Transports::AUTO_BY_UDP, Depth::Play, None);
    device.input(Input::Connected);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", to_tls);
    device.input(Input::Connected);
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    assert_eq!((device.binds.len(), device.session.may_fall_back()), (0, false));
}

#[test]
fn q48_an_answer_in_udp_is_torn_down_and_asked_for_properly() {
    let mut device = described(Transports::AUTO, None);
    device.serve("SETUP", &set_up(";server_port=6970-6971"));
    assert_eq!(device.connects.len(), 1, "TEARDOWN comes first");
    assert!(device.serve("TEARDOWN", &status("200 OK")).contains("Session: 88\r\n"));
    assert_eq!(device.connects.len(), 2);
    device.input(Input::Connected);
    device.plays_udp();
    assert_eq!(device.session.facts().fallbacks, 1);
}

#[test]
fn q48_an_answer_in_channels_to_a_request_for_udp_is_taken_where_tcp_is_allowed() {
    let mut device = described(Transports::AUTO_BY_UDP, None);
    device.bound();
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    device.input(Input::Bytes(&rtp(0)));
    assert_eq!((device.packets.len(), device.connects.len()), (1, 1));
    assert_eq!(device.session.facts().transport, Some(TransportKind::Tcp));

    let mut device = described(Transports::UDP, None);
    device.bound();
    device.serve("SETUP", SETUP);
    device.serve("TEARDOWN", &status("200 OK"));
    let cause = Cause::TransportUnsupported { status: 200 };
    assert_eq!(device.fails_with(), (Stage::Setup, &cause));
}

#[test]
fn q48_q71_silence_is_torn_down_and_described_afresh_exactly_once() {
    let mut device = described(Transports::AUTO, None);
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    assert!(device.session.may_fall_back());
    device.input(Input::Silent);
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.connects.len(), 2);
    assert_eq!(device.finished, None);
    device.input(Input::Connected);
    device.plays_udp();
    // Silent again: there is nothing left to try.
    assert!(!device.session.may_fall_back());
    device.input(Input::Silent);
    assert!(device.sent.is_empty());
    device.input(Input::Stop);
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(device.connects.len(), 2);
    assert_eq!(device.session.facts().teardown, TeardownState::Confirmed);
}

#[test]
fn both_refused_is_said_and_one_alone_never_changes() {
    let mut device = described(Transports::AUTO, None);
    device.serve("SETUP", &status("461 Unsupported Transport"));
    device.input(Input::Connected);
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.bound();
    device.serve("SETUP", &status("461 Unsupported Transport"));
    let cause = Cause::TransportUnsupported { status: 461 };
    assert_eq!(device.fails_with(), (Stage::Setup, &cause));
    assert_eq!(device.connects.len(), 2);
    for only in [Transports::TCP, Transports::UDP] {
        let mut device = described(only, None);
        device.bound();
        device.serve("SETUP", &status("461 Unsupported Transport"));
        assert_eq!((device.fails_with().1, device.connects.len()), (&cause, 1));
    }
}

#[test]
fn a_session_that_is_not_surely_closed_is_not_followed_by_another() {
    let mut device = described(Transports::AUTO, None);
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    device.input(Input::Silent);
    device.expect("TEARDOWN");
    device.pass(Duration::from_secs(2));
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(device.connects.len(), 1);
    assert_eq!(device.session.facts().teardown, TeardownState::Unanswered);
}

#[test]
fn closing_the_connection_ends_no_media_that_travel_apart() {
    let mut device = playing_udp();
    device.input(Input::Stop);
    device.expect("TEARDOWN");
    device.input(Input::Closed);
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(device.session.facts().teardown, TeardownState::Unanswered);
    // Nor does another session follow.
    let mut device = described(Transports::AUTO_BY_UDP, None);
    device.bound();
    device.serve("SETUP", &set_up(";server_port=6970-6971"));
    device.serve("PLAY", &status("200 OK"));
    device.input(Input::Silent);
    device.expect("TEARDOWN");
    device.input(Input::Closed);
    assert_eq!((device.finished.clone(), device.connects.len()), (Some(Ok(())), 1));
}

#[test]
fn stopped_while_changing_it_does_not_begin_again() {
    let mut device = described(Transports::AUTO, None);
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    device.input(Input::Silent);
    device.input(Input::Stop);
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(device.connects.len(), 1);
}

#[test]
fn media_do_not_leave_a_sealed_connection_unasked() {
    let mut session = described(Transports::AUTO, None).session;
    assert!(session.may_fall_back());
    session.target = Target::parse("rtsps://192.168.1.64/x").unwrap().0;
    assert!(!session.may_fall_back());
}

#[test]
fn a_login_is_refused_at_most_once_over_both_transports() {
    let mut device = Device::with(Transports::AUTO, Depth::Play, LOGIN);
    device.input(Input::Connected);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", &status("461 Unsupported Transport"));
    device.input(Input::Connected);
    // The nonce of the old connection may be unknown on this one: it is not answered again.
    let bare = device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    assert!(!bare.contains("Authorization"), "{bare}");
    assert!(device.sent[0].contains("Authorization: Digest"));
    device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    // What was accepted a moment ago and is not now: full, and nothing to count against the login.
    let cause = Cause::SessionLimit { status: 401 };
    assert_eq!(device.fails_with(), (Stage::Describe, &cause));
    assert_eq!(device.session.facts().rejected_logins, 0);
}

#[test]
fn q70_a_device_that_closes_after_each_401_is_asked_in_both_transports() {
    let closing = message!("vstarcam_describe_401").replace("WWW-", "Connection: close\nWWW-");
    let mut device = Device::with(Transports::AUTO, Depth::Play, LOGIN);
    device.input(Input::Connected);
    device.serve("OPTIONS", &status("200 OK"));
    for setup in [status("461 Unsupported Transport"), set_up("")] {
        device.serve("DESCRIBE", &closing);
        device.input(Input::Connected);
        device.serve("DESCRIBE", message!("vstarcam_describe_200"));
        device.bound();
        device.serve("SETUP", &setup);
        device.input(Input::Connected);
    }
    device.expect("PLAY");
    assert_eq!(device.connects.len(), 4);
}

#[test]
fn media_over_udp_outlive_the_connection_and_are_torn_down_on_a_new_one() {
    let mut device = playing_udp();
    device.input(Input::Closed);
    assert_eq!((device.finished.as_ref(), device.connects.len()), (None, 1));
    device.pass(Duration::from_secs(3));
    device.input(Input::Stop);
    assert_eq!(device.connects.len(), 2);
    assert_eq!(device.session.facts().teardown, TeardownState::NotSent);
    device.input(Input::Connected);
    assert!(device.serve("TEARDOWN", &status("200 OK")).contains("Session: 88\r\n"));
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(device.session.facts().teardown, TeardownState::Confirmed);
}

#[test]
fn a_connection_lost_at_play_over_udp_is_torn_down_on_a_new_one_too() {
    let mut device = described(Transports::UDP, None);
    device.bound();
    device.serve("SETUP", &set_up(""));
    device.expect("PLAY");
    device.input(Input::Closed);
    device.input(Input::Connected);
    device.expect("TEARDOWN");
    // That one breaks as well: it ends there.
    device.input(Input::Closed);
    assert_eq!(device.fails_with(), (Stage::Play, &Cause::ConnectionLost));
    assert_eq!(device.connects.len(), 2);
}
