//! Q70 to Q72: connections that close, and devices that are full.

use zhishou_protocol::rtsp::{Cause, Input, Stage};

use super::device::{Device, LOGIN, SETUP, VIDEO, challenge, describe, field, status};

const OFFER: &str = r#"Digest realm="streaming_server", nonce="c8c7e0e3""#;

#[test]
fn q70_a_device_that_closes_after_401_is_asked_once_more_with_its_challenge() {
    let mut device = Device::greeted(LOGIN);
    device.serve("DESCRIBE", &challenge(&[OFFER]));
    // The login waits for a close that is on its way, and goes into no connection that is gone.
    assert!(device.sent.is_empty());
    device.input(Input::Closed);
    assert_eq!(device.connects.len(), 2);
    device.input(Input::Connected);
    let describe = device.expect("DESCRIBE");
    assert!(field(&describe, "Authorization").unwrap().contains("c8c7e0e3"), "{describe}");
    device.input(Input::Closed);
    assert_eq!(device.fails_with(), (Stage::Describe, &Cause::ConnectionLost));
    assert_eq!(device.connects.len(), 2);
}

#[test]
fn q71_one_describe_on_a_connection_and_one_before_setup_on_the_next() {
    let mut device = Device::described(VIDEO);
    device.expect("SETUP");
    device.input(Input::Closed);
    device.input(Input::Connected);
    device.serve("DESCRIBE", &describe("", VIDEO));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    assert!(device.sent.is_empty(), "no second DESCRIBE");
}

#[test]
fn q72_each_way_to_say_full_is_a_limit_and_the_device_was_reached() {
    for (answer, code) in
        [("453 Not Enough Bandwidth", 453), ("503 Service Unavailable", 503), ("403", 403)]
    {
        let mut device = Device::greeted(None);
        device.serve("DESCRIBE", &status(answer));
        assert_eq!(device.fails_with(), (Stage::Describe, &Cause::SessionLimit { status: code }));
        // Tapo: at SETUP, once two others watch.
        let mut device = Device::described(VIDEO);
        device.serve("SETUP", &status(answer));
        assert_eq!(device.fails_with(), (Stage::Setup, &Cause::SessionLimit { status: code }));
    }
    let mut device = Device::greeted(LOGIN);
    device.serve("DESCRIBE", &challenge(&[OFFER]));
    device.serve("DESCRIBE", &describe("", VIDEO));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &challenge(&[OFFER]));
    // The session exists and is given back.
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.fails_with(), (Stage::Play, &Cause::SessionLimit { status: 401 }));
}
