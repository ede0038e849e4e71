//! Logs go to standard error, by `ZHISHOU_LOG` (default `warn,zhishou=info`).

use tracing_subscriber::EnvFilter;

/// Starts logging. Credentials never reach it: their types do not show them.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("ZHISHOU_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,zhishou=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
