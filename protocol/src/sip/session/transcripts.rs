//! Dialogues in virtual time. What the peer says is written out here by hand.

use std::time::Duration;

use super::*;
use crate::auth::Credential;
use crate::sip::{Cause, Deadlines, Target};

const SDP: &str = "v=0\r\nc=IN IP4 10.0.0.7\r\nm=audio 4000 RTP/AVP 8\r\n";
const CONTACT: &str = "Contact: <sip:room@10.0.0.7:5070>\r\n";

/// A session and its clock.
struct Table {
    session: Session,
    now: Duration,
    events: Vec<Event>,
    finished: bool,
    connects: u32,
    /// Where the last message went.
    hop: Option<SocketAddr>,
}

impl Table {
    fn new(url: &str) -> Self {
        let (target, credential) = Target::parse(url).unwrap();
        let plan = Plan {
            target,
            local: "10.0.0.2:40000".parse().unwrap(),
            credential,
            entropy: 7,
            user_agent: "Zhishou/1".to_owned(),
            deadlines: Deadlines::default(),
        };
        let session = Session::new(plan);
        let now = Duration::ZERO;
        Self { session, now, events: Vec::new(), finished: false, connects: 0, hop: None }
    }

    /// What it says until it waits.
    fn hear(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            match self.session.poll(self.now) {
                Output::Send(bytes, hop) => {
                    self.hop = hop;
                    said.push(String::from_utf8(bytes).unwrap());
                }
                Output::Connect => self.connects += 1,
                Output::Event(event) => self.events.push(event),
                Output::WaitUntil(_) => return said,
                Output::Finished => {
                    self.finished = true;
                    return said;
                }
            }
        }
    }

    fn input(&mut self, input: Input<'_>) -> Vec<String> {
        self.session.handle(input, self.now);
        self.hear()
    }

    /// An answer to a request of ours, with more fields and a body.
    fn answer(&mut self, request: &str, status: &str, more: &str, body: &str) -> Vec<String> {
        let echoed: String = request
            .lines()
            .filter(|line| {
                ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
            })
            .map(|line| format!("{line}\r\n"))
            .collect();
        let to = if more.contains("To:") { "" } else { "To: <sip:room@h>;tag=t1\r\n" };
        let text = format!(
            "SIP/2.0 {status}\r\n{echoed}{to}{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.input(Input::Datagram(text.as_bytes(), None))
    }

    /// Lets time pass, at each moment that something is due; what is said comes with its second.
    fn pass(&mut self, seconds: u64) -> Vec<(f64, String)> {
        let end = self.now + Duration::from_secs(seconds);
        let mut said = Vec::new();
        loop {
            let wake = match self.session.poll(self.now) {
                Output::Send(bytes, _) => {
                    said.push((self.now.as_secs_f64(), String::from_utf8(bytes).unwrap()));
                    continue;
                }
                Output::Connect => {
                    self.connects += 1;
                    continue;
                }
                Output::Event(event) => {
                    self.events.push(event);
                    continue;
                }
                Output::WaitUntil(wake) => wake,
                Output::Finished => {
                    self.finished = true;
                    return said;
                }
            };
            match wake.filter(|wake| *wake <= end) {
                Some(wake) => {
                    assert!(wake > self.now, "it waits for a time that has passed");
                    self.now = wake;
                    self.session.handle(Input::Tick, self.now);
                }
                None => {
                    self.now = end;
                    return said;
                }
            }
        }
    }

    /// OPTIONS is answered; the INVITE that follows comes back.
    fn invited(url: &str) -> (Self, String) {
        let mut table = Self::new(url);
        let options = table.hear().remove(0);
        assert!(table.answer(&options, "200 OK", "Allow: INVITE, UPDATE\r\n", "").is_empty());
        let invite = table.input(Input::Call(SDP.as_bytes().to_vec())).remove(0);
        (table, invite)
    }

    /// A call that was answered.
    fn talking(url: &str, more: &str) -> (Self, String) {
        let (mut table, invite) = Self::invited(url);
        let ack = table.answer(&invite, "200 OK", &format!("{CONTACT}{more}"), SDP);
        assert!(ack[0].starts_with("ACK "), "{ack:?}");
        assert!(matches!(table.events.last(), Some(Event::Answered(_))));
        (table, invite)
    }

    fn teardown(&self) -> Teardown {
        self.session.facts().teardown
    }
}

fn field<'a>(message: &'a str, name: &str) -> &'a str {
    let start = format!("{name}: ");
    message.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
}

fn starts(said: &[String]) -> Vec<&str> {
    said.iter().map(|it| it.split(' ').next().unwrap()).collect()
}

#[test]
fn options_is_asked_again_until_its_deadline_and_silence_is_not_yet_the_end() {
    let mut table = Table::new("sip:room@10.0.0.7");
    let said = table.pass(10);
    let at: Vec<f64> = said.iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [0.0, 0.5, 1.5, 3.5, 7.5]);
    let options = &said[0].1;
    assert!(options.starts_with("OPTIONS sip:room@10.0.0.7 SIP/2.0\r\n"));
    assert!(field(options, "Via").starts_with("SIP/2.0/UDP 10.0.0.2:40000;rport;branch=z9hG4bK"));
    assert!(said.iter().all(|(_, it)| it == options), "repeats are the same bytes");
    let waited = Duration::from_secs(8);
    let failure = Failure { stage: Stage::Options, cause: Cause::Silent { waited } };
    assert_eq!(table.events, [Event::OptionsFailed(failure)]);
    let said = table.input(Input::Call(SDP.as_bytes().to_vec()));
    assert_eq!(starts(&said), ["INVITE"], "whoever ignores OPTIONS may take a call");
}

#[test]
fn any_final_answer_is_told_with_what_it_says() {
    for status in [200, 404, 405, 480, 486, 501, 503, 603] {
        let mut table = Table::new("sip:room@10.0.0.7");
        let options = table.hear().remove(0);
        table.answer(&options, "100 Trying", "", "");
        assert!(table.events.is_empty());
        table.answer(&options, &format!("{status} X"), "Server: Poly\r\n", SDP);
        let Some(Event::Options(it)) = table.events.first() else { panic!("{:?}", table.events) };
        assert_eq!((it.status, it.reason.as_str()), (status, "X"));
        assert!(it.description.is_some());
        assert_eq!(table.session.facts().server.as_deref(), Some("Poly"));
        table.input(Input::Stop);
        assert!(table.finished);
        assert_eq!(table.teardown(), Teardown::NotNeeded);
    }
}

#[test]
fn a_digest_is_answered_once_with_and_without_qop() {
    for (challenge, qop) in [
        ("Digest realm=\"r\", nonce=\"n1\"", false),
        ("Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"", true),
    ] {
        for (status, asks, gives) in [
            ("401 Unauthorized", "WWW-Authenticate", "Authorization"),
            ("407 Proxy Authentication Required", "Proxy-Authenticate", "Proxy-Authorization"),
        ] {
            let mut table = Table::new("sip:room:pw@10.0.0.7");
            let first = table.hear().remove(0);
            assert!(!first.contains("uthorization:"));
            let challenge = format!("{asks}: {challenge}\r\n");
            let second = table.answer(&first, status, &challenge, "").remove(0);
            let login = field(&second, gives).to_owned();
            assert!(login.contains("uri=\"sip:room@10.0.0.7\""), "{second}");
            assert_eq!(login.contains("qop=auth, nc=00000001"), qop);
            assert_ne!(field(&first, "CSeq"), field(&second, "CSeq"));
            assert_eq!(field(&first, "Call-ID"), field(&second, "Call-ID"));
            assert!(table.session.facts().login_in_doubt);
            // Refused: not sent a second time, whatever the nonce.
            let again = challenge.replace("n1", "n2");
            assert!(table.answer(&second, status, &again, "").is_empty());
            let offered = "Digest".to_owned();
            let cause = Cause::AuthRejected { offered };
            let Some(Event::OptionsFailed(failure)) = table.events.first() else { panic!() };
            assert!(matches!((&failure.cause, &cause), (Cause::AuthRejected { .. }, _)));
            let facts = table.session.facts();
            assert_eq!((facts.rejected_logins, facts.login_in_doubt), (1, false));
        }
    }
}

#[test]
fn who_asks_behind_a_proxy_that_was_answered_gets_no_login() {
    let mut table = Table::new("sip:room:pw@10.0.0.7");
    let first = table.hear().remove(0);
    let proxy = "Proxy-Authenticate: Digest realm=\"p\", nonce=\"1\"\r\n";
    let second = table.answer(&first, "407 X", proxy, "").remove(0);
    let other = "WWW-Authenticate: Digest realm=\"evil\", nonce=\"2\"\r\n";
    assert!(table.answer(&second, "401 X", other, "").is_empty());
    let Some(Event::OptionsFailed(it)) = table.events.first() else { panic!() };
    assert!(matches!(it.cause, Cause::AuthRequired { withheld: false, .. }));
    assert_eq!(table.session.facts().rejected_logins, 0);
}

#[test]
fn a_password_is_never_shown() {
    let mut table = Table::new("sip:room:pw@10.0.0.7");
    let first = table.hear().remove(0);
    let basic = "WWW-Authenticate: Basic realm=\"r\"\r\n";
    assert!(table.answer(&first, "401 X", basic, "").is_empty());
    let Some(Event::OptionsFailed(it)) = table.events.first() else { panic!() };
    assert!(matches!(it.cause, Cause::AuthUnsupported { .. }));
    assert!(!table.session.facts().login_sent);
}

#[test]
fn a_login_that_is_held_back_is_told_so() {
    let mut table = Table::new("sip:room@10.0.0.7");
    table.session = Session::new(Plan {
        credential: Some(Credential::new("a", "b")),
        ..table.session.plan.clone()
    });
    table.session.withhold_login();
    let first = table.hear().remove(0);
    let asks = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\n";
    assert!(table.answer(&first, "401 X", asks, "").is_empty());
    let Some(Event::OptionsFailed(it)) = table.events.first() else { panic!() };
    assert!(matches!(it.cause, Cause::AuthRequired { withheld: true, .. }));
}

#[test]
fn a_call_rings_is_answered_and_hung_up() {
    let (mut table, invite) = Table::invited("sip:room@10.0.0.7:5060");
    assert!(invite.len() < 1300, "no larger than a datagram may be (RFC 3261 §18.1.1)");
    table.answer(&invite, "180 Ringing", "", "");
    assert!(matches!(table.events.last(), Some(Event::Ringing(180))));
    let ack = table.answer(&invite, "200 OK", CONTACT, SDP).remove(0);
    assert!(ack.starts_with("ACK sip:room@10.0.0.7:5070 SIP/2.0\r\n"));
    assert_eq!(table.hop, Some("10.0.0.7:5070".parse().unwrap()));
    assert_eq!(field(&ack, "To"), "<sip:room@h>;tag=t1");
    assert_eq!(field(&ack, "CSeq"), "1 ACK");
    assert_ne!(field(&ack, "Via"), field(&invite, "Via"), "a branch of its own");
    // The ACK was lost.
    assert_eq!(table.answer(&invite, "200 OK", CONTACT, SDP), [ack]);
    let bye = table.input(Input::Stop).remove(0);
    assert!(bye.starts_with("BYE sip:room@10.0.0.7:5070 SIP/2.0\r\n"));
    assert_eq!(field(&bye, "CSeq"), "2 BYE");
    assert!(!table.finished);
    table.answer(&bye, "200 OK", "", "");
    assert!(table.finished);
    assert_eq!(table.teardown(), Teardown::Confirmed);
}

#[test]
fn requests_within_a_call_follow_the_recorded_route() {
    let route = "Record-Route: <sip:10.0.0.9;lr>, <sip:10.0.0.1:5062;lr>\r\n";
    let (mut table, _) = Table::talking("sip:room@10.0.0.1:5062", route);
    let bye = table.input(Input::Stop).remove(0);
    assert!(bye.starts_with("BYE sip:room@10.0.0.7:5070 "));
    assert!(bye.contains("Route: <sip:10.0.0.1:5062;lr>\r\nRoute: <sip:10.0.0.9;lr>\r\n"), "{bye}");
    assert_eq!(table.hop, Some("10.0.0.1:5062".parse().unwrap()));
}

#[test]
fn bye_is_repeated_and_given_up_where_nobody_acknowledges_it() {
    let (mut table, _) = Table::talking("sip:room@10.0.0.7", "");
    table.session.handle(Input::Stop, table.now);
    let said = table.pass(60);
    assert_eq!(said.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0.0, 0.5, 1.5, 3.5, 7.5]);
    assert!(said.iter().all(|(_, it)| it.starts_with("BYE ")));
    assert!(table.finished);
    assert_eq!((table.teardown(), table.now), (Teardown::Unanswered, Duration::from_secs(8)));
}

#[test]
fn a_call_that_is_not_taken_is_cancelled() {
    let (mut table, invite) = Table::invited("sip:room@10.0.0.7");
    table.answer(&invite, "180 Ringing", "", "");
    let said = table.pass(21);
    let (at, cancel) = &said[0];
    assert_eq!((*at, cancel.split(' ').next()), (20.0, Some("CANCEL")));
    assert_eq!(field(cancel, "Via"), field(&invite, "Via"), "the branch of what it cancels");
    assert_eq!(field(cancel, "CSeq"), "1 CANCEL");
    let Some(Event::CallFailed(it)) = table.events.last() else { panic!() };
    assert!(matches!(it.cause, Cause::Unanswered { .. }));
    table.answer(cancel, "200 OK", "", "");
    let ack = table.answer(&invite, "487 Request Terminated", "", "");
    assert_eq!(starts(&ack), ["ACK"]);
    assert_eq!(field(&ack[0], "Via"), field(&invite, "Via"));
    assert!(table.finished);
    assert_eq!(table.teardown(), Teardown::Confirmed);
}

#[test]
fn a_call_taken_while_it_is_cancelled_is_hung_up() {
    let (mut table, invite) = Table::invited("sip:room@10.0.0.7");
    assert!(table.input(Input::Stop).is_empty(), "CANCEL waits for a provisional answer (§9.1)");
    let cancel = table.answer(&invite, "100 Trying", "", "");
    assert_eq!(starts(&cancel), ["CANCEL"]);
    let said = table.answer(&invite, "200 OK", CONTACT, SDP);
    assert_eq!(starts(&said), ["ACK", "BYE"]);
    assert!(!table.events.iter().any(|it| matches!(it, Event::Answered(_))));
    table.answer(&said[1], "200 OK", "", "");
    assert_eq!((table.finished, table.teardown()), (true, Teardown::Confirmed));
}

#[test]
fn silence_to_invite_ends_and_a_late_answer_is_hung_up() {
    let (mut table, invite) = Table::invited("sip:room@10.0.0.7");
    let said = table.pass(9);
    assert!(said.iter().all(|(at, it)| it.starts_with("INVITE") && *at < 8.0));
    let Some(Event::CallFailed(it)) = table.events.last() else { panic!() };
    assert_eq!(it.stage, Stage::Invite);
    assert!(matches!(it.cause, Cause::Silent { .. }));
    let late = table.answer(&invite, "200 OK", CONTACT, SDP);
    assert_eq!(starts(&late), ["ACK", "BYE"]);
}

#[test]
fn a_second_fork_is_acknowledged_and_hung_up_and_the_call_goes_on() {
    let (mut table, invite) = Table::talking("sip:room@10.0.0.7", "");
    let other = "To: <sip:room@h>;tag=t2\r\nContact: <sip:other@10.0.0.8>\r\n";
    let said = table.answer(&invite, "200 OK", other, SDP);
    assert_eq!(starts(&said), ["ACK", "BYE"]);
    assert!(said[1].starts_with("BYE sip:other@10.0.0.8 "));
    assert_eq!(field(&said[1], "To"), "<sip:room@h>;tag=t2");
    assert_eq!(table.answer(&invite, "200 OK", other, SDP), [said[0].clone()], "and no second BYE");
    assert_eq!(table.session.facts().forks, 1);
    table.answer(&said[1], "200 OK", "", "");
    assert!(!table.finished);
    let bye = table.input(Input::Stop).remove(0);
    assert_eq!(field(&bye, "To"), "<sip:room@h>;tag=t1");
}

#[test]
fn a_refusal_is_acknowledged_again_where_it_is_repeated() {
    let (mut table, invite) = Table::invited("sip:room@10.0.0.7");
    let ack = table.answer(&invite, "486 Busy Here", "", "");
    assert_eq!(starts(&ack), ["ACK"]);
    assert_eq!(field(&ack[0], "To"), "<sip:room@h>;tag=t1");
    let Some(Event::CallFailed(it)) = table.events.last() else { panic!() };
    assert!(matches!(it.cause, Cause::Status { status: 486, .. }));
    assert_eq!((table.finished, table.teardown()), (true, Teardown::Confirmed));
}

#[test]
fn an_interval_that_is_too_small_is_asked_for_anew_once() {
    let (mut table, invite) = Table::invited("sip:room@10.0.0.7");
    assert_eq!(field(&invite, "Session-Expires"), "1800");
    let said = table.answer(&invite, "422 Too Small", "Min-SE: 3600\r\n", "");
    assert_eq!(starts(&said), ["ACK", "INVITE"]);
    assert_eq!(field(&said[1], "Session-Expires"), "3600");
    assert_eq!(field(&said[1], "Min-SE"), "3600");
    let said = table.answer(&said[1].clone(), "422 Too Small", "Min-SE: 7000\r\n", "");
    assert_eq!(starts(&said), ["ACK"]);
    assert!(table.finished);
}

#[test]
fn the_session_is_refreshed_halfway_and_ended_where_the_peer_forgot_it() {
    let more = "Session-Expires: 90;refresher=uac\r\n";
    let (mut table, _) = Table::talking("sip:room@10.0.0.7", more);
    let said = table.pass(45);
    assert_eq!((said.len(), said[0].0), (1, 45.0));
    let update = &said[0].1;
    assert!(update.starts_with("UPDATE sip:room@10.0.0.7:5070 "));
    assert_eq!(field(update, "Session-Expires"), "90;refresher=uac");
    table.answer(update, "200 OK", more, "");
    let said = table.pass(45);
    let bye = table.answer(&said[0].1.clone(), "481 Gone", "", "");
    assert_eq!(starts(&bye), ["BYE"]);
    assert!(matches!(table.events.last(), Some(Event::HungUp(_))));
}

#[test]
fn a_peer_that_stops_refreshing_is_hung_up() {
    let more = "Session-Expires: 90;refresher=uas\r\n";
    let (mut table, _) = Table::talking("sip:room@10.0.0.7", more);
    let said = table.pass(61);
    assert_eq!(said[0].0, 60.0, "a third of the interval before its end (RFC 4028 §10)");
    assert!(said[0].1.starts_with("BYE "));
}

/// A request of the peer within the call.
fn request(invite: &str, method: &str, branch: &str, more: &str) -> String {
    format!(
        "{method} sip:zhishou@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7;branch={branch}\r\n\
         From: <sip:room@h>;tag=t1\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 9 {method}\r\n{more}\r\n",
        field(invite, "From"),
        field(invite, "Call-ID")
    )
}

#[test]
fn the_peer_may_hang_up_and_repeats_get_the_same_answer() {
    let (mut table, invite) = Table::talking("sip:room@10.0.0.7", "");
    let bye = request(&invite, "BYE", "z9hG4bKp", "");
    let from = Some("10.0.0.7:5070".parse().unwrap());
    let said = table.input(Input::Datagram(bye.as_bytes(), from));
    assert!(said[0].starts_with("SIP/2.0 200 OK\r\n"));
    assert_eq!((field(&said[0], "CSeq"), table.hop), ("9 BYE", from));
    assert!(matches!(table.events.last(), Some(Event::HungUp(_))));
    assert_eq!((table.finished, table.teardown()), (true, Teardown::ByPeer));
}

#[test]
fn the_peer_may_renew_the_call_and_its_answer_is_repeated_until_acknowledged() {
    let (mut table, invite) = Table::talking("sip:room@10.0.0.7", "");
    let again = request(&invite, "INVITE", "z9hG4bKq", "Session-Expires: 120;refresher=uac\r\n");
    let said = table.input(Input::Datagram(again.as_bytes(), None));
    assert!(said[0].starts_with("SIP/2.0 200 OK\r\n") && said[0].ends_with(SDP));
    assert_eq!(field(&said[0], "Session-Expires"), "120;refresher=uac");
    assert_eq!(table.pass(2).len(), 2, "at 0.5 and 1.5 s");
    let ack = request(&invite, "ACK", "z9hG4bKr", "");
    table.input(Input::Datagram(ack.as_bytes(), None));
    assert!(table.pass(5).is_empty());
}

#[test]
fn strangers_are_not_answered_and_a_flood_is_not_answered_for_ever() {
    let (mut table, invite) = Table::talking("sip:room@10.0.0.7", "");
    let stranger = request(&invite, "BYE", "z9hG4bKs", "").replace("tag=t1", "tag=evil");
    let from = Some("10.9.9.9:5060".parse().unwrap());
    assert!(table.input(Input::Datagram(stranger.as_bytes(), from)).is_empty());
    let said = table.input(Input::Datagram(stranger.as_bytes(), None));
    assert!(said[0].starts_with("SIP/2.0 481 "));
    let mut answered = 0;
    for number in 0..500 {
        let call = request(&invite, "INVITE", &format!("z9hG4bK{number}"), "")
            .replace("Call-ID: ", "Call-ID: x");
        answered += table.input(Input::Datagram(call.as_bytes(), None)).len();
    }
    assert_eq!(answered, MAX_SERVED as usize - 1);
    assert!(!table.finished);
}

#[test]
fn an_answer_without_a_usable_description_is_hung_up() {
    for (body, silent) in [("m=video 0 RTP/AVP x\r\n", false), ("", true)] {
        let (mut table, invite) = Table::invited("sip:room@10.0.0.7");
        let said = table.answer(&invite, "200 OK", CONTACT, body);
        assert_eq!(starts(&said), ["ACK", "BYE"]);
        let Some(Event::CallFailed(it)) = table.events.last() else { panic!() };
        assert_eq!(it.cause == Cause::NoSdp, silent, "{it:?}");
    }
    let (mut table, invite) = Table::invited("sip:room@10.0.0.7");
    table.answer(&invite, "183 Progress", "", SDP);
    table.answer(&invite, "200 OK", CONTACT, "");
    assert!(matches!(table.events.last(), Some(Event::Answered(_))), "what was said early counts");
}

#[test]
fn a_connection_that_breaks_in_a_call_is_opened_once_more_for_bye() {
    let (mut table, _) = Table::talking("sip:room@10.0.0.7;transport=tcp", "");
    assert_eq!(table.hop, None, "all goes over the connection");
    assert!(table.input(Input::Closed).is_empty());
    assert_eq!(table.connects, 1);
    assert!(matches!(table.events.last(), Some(Event::HungUp(_))));
    let bye = table.input(Input::Connected);
    assert_eq!(starts(&bye), ["BYE"]);
    table.input(Input::Closed);
    assert_eq!((table.finished, table.connects), (true, 1));
    assert_eq!(table.teardown(), Teardown::NotSent);
}

#[test]
fn over_a_connection_nothing_is_repeated_and_rubbish_ends_it() {
    let mut table = Table::new("sip:room@10.0.0.7;transport=tcp");
    assert_eq!(table.pass(7).len(), 1);
    table.input(Input::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let Some(Event::OptionsFailed(it)) = table.events.first() else { panic!() };
    assert!(matches!(it.cause, Cause::BadMessage(_)));
    assert!(table.finished);
}

#[test]
fn a_keyframe_is_asked_for_within_the_call_only() {
    let (mut table, _) = Table::invited("sip:room@10.0.0.7");
    assert!(table.input(Input::WantKeyframe).is_empty());
    let (mut table, _) = Table::talking("sip:room@10.0.0.7", "");
    let info = table.input(Input::WantKeyframe).remove(0);
    assert!(info.starts_with("INFO ") && info.contains("picture_fast_update"));
    assert_eq!(field(&info, "Content-Type"), "application/media_control+xml");
}

#[test]
fn a_bye_that_is_challenged_is_logged_in_with_the_new_nonce() {
    let mut table = Table::new("sip:room:pw@10.0.0.7");
    let options = table.hear().remove(0);
    let asks =
        |nonce: &str| format!("Proxy-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\"\r\n");
    let options = table.answer(&options, "407 X", &asks("1"), "").remove(0);
    table.answer(&options, "200 OK", "", "");
    let invite = table.input(Input::Call(SDP.as_bytes().to_vec())).remove(0);
    assert!(invite.contains("Proxy-Authorization: Digest"));
    // The peer's contact leads nowhere else: the proxy is on the way.
    let more = "Record-Route: <sip:proxy;lr>\r\n";
    let ack = table.answer(&invite, "200 OK", more, SDP).remove(0);
    assert_eq!(field(&ack, "Proxy-Authorization"), field(&invite, "Proxy-Authorization"));
    let bye = table.input(Input::Stop).remove(0);
    let said = table.answer(&bye, "407 X", &asks("2"), "");
    assert!(field(&said[0], "Proxy-Authorization").contains("nonce=\"2\""));
    table.answer(&said[0].clone(), "407 X", &asks("3"), "");
    assert!(table.finished, "once is enough");
}

mod any_peer {
    use super::*;
    use proptest::prelude::*;

    /// A line of a peer that means no good: mostly right, with anything in it.
    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("Contact: <sip:x@10.0.0.7>".to_owned()),
            Just("Record-Route: <sip:p;lr>, <sip:q>".to_owned()),
            Just("To: <sip:room@h>;tag=t9".to_owned()),
            Just("Session-Expires: 0;refresher=uac".to_owned()),
            Just("Min-SE: 4000".to_owned()),
            Just("WWW-Authenticate: Digest realm=\"r\", nonce=\"z\"".to_owned()),
            Just("Proxy-Authenticate: Basic realm=\"r\"".to_owned()),
            "[ -~]{0,60}",
        ]
    }

    proptest! {
        #[test]
        fn whatever_it_says_a_call_ends_and_the_login_is_refused_at_most_once(
            answers in prop::collection::vec(
                (0usize..4, prop_oneof![Just(100u16), Just(180), Just(200), Just(401), Just(407), Just(422), Just(487), 100u16..700],
                 prop::collection::vec(line(), 0..5), any::<bool>(), 0u64..5),
                0..40,
            ),
        ) {
            let mut table = Table::new("sip:room:pw@10.0.0.7");
            let mut said = table.hear();
            let mut last = said.clone();
            for (which, status, lines, sdp, seconds) in answers {
                let Some(request) = last.get(which % last.len().max(1)).cloned() else { break };
                let more: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
                let body = if sdp { SDP } else { "" };
                let mut now = table.answer(&request, &format!("{status} X"), &more, body);
                now.extend(table.input(Input::Call(SDP.as_bytes().to_vec())));
                now.extend(table.pass(seconds).into_iter().map(|(_, it)| it));
                said.extend(now.iter().cloned());
                last.extend(now);
                last.reverse();
                last.truncate(6);
                if table.finished {
                    break;
                }
            }
            table.session.handle(Input::Stop, table.now);
            said.extend(table.pass(120).into_iter().map(|(_, it)| it));
            prop_assert!(table.finished);
            prop_assert!(table.session.facts().rejected_logins <= 1);
            prop_assert!(said.iter().all(|it| !it.contains("pw")), "the password is never shown");
            prop_assert!(said.len() < 600);
        }

        #[test]
        fn no_datagram_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[ -~\r\n]{0,300}") {
            let mut table = Table::new("sip:room@10.0.0.7");
            table.hear();
            table.input(Input::Datagram(&bytes, None));
            table.input(Input::Datagram(text.as_bytes(), None));
            let request = format!("INVITE sip:x SIP/2.0\r\n{text}\r\n\r\n");
            table.input(Input::Datagram(request.as_bytes(), None));
        }
    }
}
