//! The real clock and the real chance. Everything else takes them as arguments.

use zhishou_domain::{Clock, IdSource, Timestamp};

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Random bytes of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OsRandom;

impl IdSource for OsRandom {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        // Without a source of randomness no identity and no nonce is safe; there is no going on.
        if let Err(error) = getrandom::fill(&mut bytes) {
            tracing::error!(%error, "the operating system gives no random bytes");
            std::process::abort();
        }
        bytes
    }
}
