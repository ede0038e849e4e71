//! The scheduler's port to opening devices, over `probe/`.

use crate::ambient::{OsRandom, SystemClock};
use std::{future::Future, pin::Pin, sync::Arc};
use tokio_util::sync::CancellationToken;
use zhishou_config::Certificates;
use zhishou_domain::{IdSource, ProbeRequest};
use zhishou_probe::{
    CertificatePolicy, Sessions, Settings,
    decoder::Decoder,
    guard::{FingerprintKey, Guard},
};
use zhishou_scheduler::{Probed, Prober};

/// The driver with its guards and decoders.
pub(crate) struct Driver(pub(crate) zhishou_probe::Prober);

impl Driver {
    /// A driver with `decoders` decoder threads (0: one per processor).
    pub(crate) fn new(decoders: usize, certificates: Certificates, guard: Arc<Guard>) -> Self {
        let certificates = match certificates {
            Certificates::Report => CertificatePolicy::Report,
            Certificates::Pinned => CertificatePolicy::Pinned,
        };
        let prober = zhishou_probe::Prober::new(
            Settings { certificates, ..Settings::default() },
            Arc::new(SystemClock),
            Arc::new(OsRandom),
            guard,
            decoder(decoders),
        );
        Self(match Sessions::start() {
            Ok(sessions) => prober.on(sessions),
            Err(error) => {
                tracing::warn!(%error, "no thread for sessions: they share those of the pages");
                prober
            }
        })
    }

    /// A driver for one run outside any platform: it knows of no earlier refusals.
    pub(crate) fn for_one_run() -> Self {
        let mut key = [0; 32];
        for part in key.chunks_mut(10) {
            let random = OsRandom.random();
            part.copy_from_slice(&random[..part.len()]);
        }
        Self::new(0, Certificates::default(), Guard::new(FingerprintKey::new(key), Vec::new()))
    }
}

/// The decoder pool; without one, probes go no deeper than the stream, and that is said once.
#[cfg(feature = "gst")]
fn decoder(workers: usize) -> Option<Arc<dyn Decoder>> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if workers == 0 { processors() } else { workers };
    match zhishou_probe::decode::DecoderPool::new(workers) {
        Ok(pool) => Some(Arc::new(pool)),
        Err(error) => {
            tracing::error!(%error, "no decoder: pictures are not judged; see `zhishou doctor`");
            None
        }
    }
}

#[cfg(not(feature = "gst"))]
fn decoder(_workers: usize) -> Option<Arc<dyn Decoder>> {
    None
}

impl Prober for Driver {
    fn probe(
        &self,
        request: ProbeRequest,
        cancel: CancellationToken,
    ) -> Pin<Box<dyn Future<Output = Probed> + Send + '_>> {
        Box::pin(async move {
            let outcome = self.0.probe(request, cancel).await;
            Probed {
                observation: outcome.observation,
                snapshot: outcome.snapshot,
                signature: outcome.signature,
                habit: outcome.habit,
                login: outcome.login,
            }
        })
    }
}
