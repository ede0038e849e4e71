//! The real clock, the real chance and who runs this. Everything else takes them as arguments.

use std::fs;
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

/// Whoever runs this, for the audit log: who logged in to the machine, also behind `sudo` where the kernel
/// keeps it (`/proc/self/loginuid`), else whose process it is.
pub(crate) fn shell_login() -> String {
    let kept = fs::read_to_string("/proc/self/loginuid").ok();
    let kept = kept.and_then(|uid| uid.trim().parse().ok()).filter(|uid| *uid != u32::MAX);
    let uid = kept.unwrap_or_else(|| rustix::process::getuid().as_raw());
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    format!("cli:{}", user_name(&users, uid))
}

/// The name of a user in the words of passwd(5); the number where it has none.
fn user_name(users: &str, uid: u32) -> String {
    let uid = uid.to_string();
    let mut fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let name = fields.find_map(|it| (it.get(2) == Some(&uid.as_str())).then(|| it[0].to_owned()));
    name.unwrap_or(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_types_on_the_command_line_has_a_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\nduty:x:1000:1000:值班:/home/duty:/bin/sh\n";
        assert_eq!(user_name(users, 1000), "duty");
        assert_eq!(user_name(users, 7), "7");
        assert!(shell_login().len() > "cli:".len());
    }
}
