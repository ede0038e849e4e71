//! Q34 to Q40: logins. Digests are computed here again, from RFC 2069, 2617 and 7616.

use md5::{Digest as _, Md5};
use sha2::Sha256;
use zhishou_protocol::rtsp::{Cause, Depth, Stage};

use super::device::{Device, LOGIN, SETUP, URL, VIDEO, challenge, describe, field, status};

/// Hexadecimal MD5.
pub(crate) fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The `response` without qop: H(H(user:realm:password):nonce:H(method:uri)).
fn response(hash: fn(&[u8]) -> String, realm: &str, nonce: &str, method: &str) -> String {
    let ha1 = hash(format!("admin:{realm}:s3cret").as_bytes());
    let ha2 = hash(format!("{method}:{URL}").as_bytes());
    hash(format!("{ha1}:{nonce}:{ha2}").as_bytes())
}

#[test]
fn q34_every_request_names_the_user_agent() {
    // `Device::take` checks each request; this device answers 401 to those without.
    let mut device = Device::playing(None);
    device.pass(std::time::Duration::from_secs(10));
    device.serve("OPTIONS", &status("200 OK"));
    device.input(zhishou_protocol::rtsp::Input::Stop);
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.finished, Some(Ok(())));
}

#[test]
fn q35_sha256_alone_without_qop_is_answered_and_its_algorithm_echoed() {
    let mut device = Device::greeted(LOGIN);
    let offer = r#"Digest realm="IP Camera(F1234)", nonce="8c4a", algorithm=SHA-256"#;
    device.serve("DESCRIBE", &challenge(&[offer]));
    let request = device.expect("DESCRIBE");
    let login = field(&request, "Authorization").unwrap();
    assert!(login.contains("algorithm=SHA-256") && !login.contains("qop"), "{login}");
    let want = response(sha256, "IP Camera(F1234)", "8c4a", "DESCRIBE");
    assert!(login.contains(&format!("response=\"{want}\"")), "{login}");
}

#[test]
fn q36_the_strongest_challenge_is_answered_and_no_other_after_it() {
    let offers = [
        r#"Digest realm="a", nonce="1", algorithm=MD5"#,
        r#"Digest realm="a", nonce="2", algorithm=SHA-256, qop="auth""#,
        r#"Basic realm="a""#,
    ];
    let mut device = Device::greeted(LOGIN);
    device.serve("DESCRIBE", &challenge(&offers));
    let request = device.serve("DESCRIBE", &challenge(&offers));
    let login = field(&request, "Authorization").unwrap();
    assert!(login.contains("algorithm=SHA-256") && login.contains("nonce=\"2\""), "{login}");
    // A second scheme would be a second refused login of the same budget.
    assert!(matches!(device.fails_with(), (Stage::Describe, Cause::AuthRejected { .. })));
    assert!(device.sent.is_empty());
    assert_eq!(device.session.facts().rejected_logins, 1);
}

#[test]
fn q37_a_new_nonce_after_success_is_answered_once_for_each_request() {
    let fresh = |n: u32| challenge(&[&format!("Digest realm=\"r\", nonce=\"{n}\"")]);
    let mut device = Device::greeted(LOGIN);
    device.serve("DESCRIBE", &fresh(1));
    device.serve("DESCRIBE", &describe("", VIDEO));
    device.serve("SETUP", &fresh(2));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &fresh(3));
    let play = device.serve("PLAY", &status("200 OK"));
    assert!(field(&play, "Authorization").unwrap().contains("nonce=\"3\""), "{play}");
    // An Axis after 150 s: the keep-alive is refused in mid session.
    device.pass(std::time::Duration::from_secs(10));
    device.serve("OPTIONS", &fresh(4));
    let again = device.serve("OPTIONS", &fresh(5));
    assert!(field(&again, "Authorization").unwrap().contains("nonce=\"4\""));
    assert!(device.sent.is_empty(), "once, not for ever");
    assert_eq!(device.session.facts().rejected_logins, 0);
}

#[test]
fn q37_before_success_a_new_nonce_is_a_refusal() {
    let mut device = Device::greeted(LOGIN);
    device.serve("DESCRIBE", &challenge(&[r#"Digest realm="r", nonce="1""#]));
    device.serve("DESCRIBE", &challenge(&[r#"Digest realm="r", nonce="2""#]));
    assert!(matches!(device.fails_with().1, Cause::AuthRejected { .. }));
    assert!(device.sent.is_empty());
}

#[test]
fn q38_refused_after_success_is_a_full_device_and_no_wrong_password() {
    let offer = challenge(&[r#"Digest realm="r", nonce="1""#]);
    let mut device = Device::greeted(LOGIN);
    device.serve("DESCRIBE", &offer);
    device.serve("DESCRIBE", &describe("", VIDEO));
    device.serve("SETUP", &offer);
    assert_eq!(device.fails_with(), (Stage::Setup, &Cause::SessionLimit { status: 401 }));
    let facts = device.session.facts();
    assert!(facts.login_proven && facts.rejected_logins == 0);
}

#[test]
fn q39_forbidden_is_a_full_device() {
    let mut device = Device::greeted(None);
    device.serve("DESCRIBE", &status("403 Forbidden"));
    assert_eq!(device.fails_with(), (Stage::Describe, &Cause::SessionLimit { status: 403 }));
}

#[test]
fn q40_unknown_schemes_are_passed_over_and_alone_are_said() {
    let mut device = Device::greeted(LOGIN);
    // RFC 2069: no algorithm, no qop; an opaque that is echoed.
    let known = r#"Digest realm="r", nonce="1", opaque="o""#;
    device.serve("DESCRIBE", &challenge(&[r#"WSSE profile="UsernameToken""#, known]));
    let request = device.expect("DESCRIBE");
    let login = field(&request, "Authorization").unwrap();
    let want = response(md5, "r", "1", "DESCRIBE");
    assert!(login.contains(&format!("response=\"{want}\"")) && login.contains("opaque=\"o\""));
    assert!(!login.contains("algorithm") && !login.contains("qop"), "{login}");

    for unknown in [
        r#"WSSE profile="UsernameToken""#,
        r#"Digest realm="r", nonce="1", algorithm=SHA-512-256"#,
        r#"Digest realm="r", nonce="1", qop="auth-int""#,
    ] {
        let mut device = Device::at(URL, Depth::Play, LOGIN);
        device.serve("OPTIONS", &challenge(&[unknown]));
        device.serve("DESCRIBE", &challenge(&[unknown]));
        let (stage, cause) = device.fails_with();
        assert!(matches!(cause, Cause::AuthUnsupported { .. }), "{unknown}: {cause}");
        assert_eq!(stage, Stage::Describe);
        assert!(!device.session.facts().login_sent);
    }
}
