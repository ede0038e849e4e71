//! Challenges: at most one refused login, none after it, and never the password in the answer.
#![no_main]

use zhishou_protocol::auth::{Authenticator, Challenge, Credential, Verdict};

const PASSWORD: &str = "Kd93-wall-horse";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if data.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()) {
        return;
    }
    let mut auth = Authenticator::new(Some(Credential::new("admin", PASSWORD)), 7);
    let mut carried = false;
    let mut again = false;
    let mut unproven = 0;
    // Records: a byte of what happens, then header values up to a line end.
    for record in data.split(|byte| *byte == b'\n').take(64) {
        let Some((what, value)) = record.split_first() else { continue };
        let challenges = Challenge::parse_all(value.split(|byte| *byte == 0));
        assert!(challenges.len() <= 8);
        if what & 1 == 1 && carried {
            auth.accepted();
        }
        let verdict = auth.challenged(challenges, carried, again);
        again = verdict == Verdict::Retry && carried;
        carried = false;
        let refused = auth.rejected();
        assert!(refused <= 1);
        if let Some(answer) = auth.authorization("DESCRIBE", "rtsp://h/") {
            assert_eq!(refused, 0, "sent after it was refused");
            assert!(!answer.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
            unproven += u32::from(!auth.proven());
            carried = true;
        }
        if verdict == Verdict::Rejected {
            assert!(!carried);
        }
    }
    assert!(auth.sent() || unproven == 0);
});
