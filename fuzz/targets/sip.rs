//! A call with a peer that says anything: it ends, shows no password and sends no second login.
#![no_main]

use std::time::Duration;

use zhishou_protocol::sip::{Deadlines, Event, Framer, Input, Output, Plan, Session, Target};

/// Polls until it waits; what it says comes back.
fn hear(session: &mut Session, now: Duration) -> (Vec<Vec<u8>>, bool, Option<Duration>) {
    let mut said = Vec::new();
    for _ in 0..1_000 {
        match session.poll(now) {
            Output::Send(bytes, _) => said.push(bytes),
            Output::Connect => session.handle(Input::Closed, now),
            Output::Event(Event::Options(_) | Event::OptionsFailed(_)) => {
                session.handle(Input::Call(b"v=0\r\n".to_vec()), now);
            }
            Output::Event(_) => {}
            Output::WaitUntil(wake) => return (said, false, wake),
            Output::Finished => return (said, true, None),
        }
    }
    panic!("it talks without end");
}

/// An answer to `request`: `bytes` says its status, and what follows stands among its fields.
fn answer(request: &[u8], bytes: &[u8]) -> Vec<u8> {
    const STATUS: [&str; 8] = ["100", "180", "200", "401", "407", "422", "486", "481"];
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let status = STATUS[usize::from(first & 7)];
    let mut out = format!("SIP/2.0 {status} X\r\n").into_bytes();
    for line in request.split(|byte| *byte == b'\n') {
        if [&b"Via:"[..], b"From:", b"Call-ID:", b"CSeq:"].iter().any(|it| line.starts_with(it)) {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
    out.extend_from_slice(rest);
    out
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut framer = Framer::default();
    framer.push(data);
    while let Ok(Some(_)) = framer.next_message() {}

    let Ok((target, credential)) = Target::parse("sip:room:hush@10.0.0.7") else { return };
    let mut session = Session::new(Plan {
        target,
        local: ([10, 0, 0, 2], 40_000).into(),
        credential,
        entropy: 7,
        user_agent: "Zhishou/1".to_owned(),
        deadlines: Deadlines::default(),
    });
    let (mut now, mut last) = (Duration::ZERO, Vec::new());
    let take = |said: Vec<Vec<u8>>, last: &mut Vec<u8>| {
        for bytes in said {
            assert!(!bytes.windows(4).any(|part| part == b"hush"));
            *last = bytes;
        }
    };
    for piece in data.split(|byte| *byte == 0xff).take(64) {
        let (said, over, _) = hear(&mut session, now);
        take(said, &mut last);
        if over {
            break;
        }
        let bytes = if piece.len() % 2 == 0 { answer(&last, piece) } else { piece.to_vec() };
        session.handle(Input::Datagram(&bytes, None), now);
        now += Duration::from_millis(u64::from(piece.first().copied().unwrap_or(0)) * 20);
    }
    session.handle(Input::Stop, now);
    for _ in 0..200 {
        let (said, over, wake) = hear(&mut session, now);
        take(said, &mut last);
        if over {
            assert!(session.facts().rejected_logins <= 1);
            return;
        }
        now = wake.map_or(now + Duration::from_secs(1), |wake| wake.max(now));
        session.handle(Input::Tick, now);
    }
    panic!("it does not end");
});
