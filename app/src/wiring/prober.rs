//! The scheduler's port to opening devices, over `probe/`.

use crate::ambient::{OsRandom, SystemClock};
use std::{future::Future, pin::Pin, sync::Arc};
use tokio_util::sync::CancellationToken;
use zhishou_config::{Certificates, HardwareDecoders, Probing};
use zhishou_domain::{IdSource, Lang, Observation, ProbeRequest};
use zhishou_probe::{
    Capture, CertificatePolicy, Sessions, Settings, Tape,
    decoder::Decoder,
    guard::{FingerprintKey, Guard},
};
use zhishou_scheduler::{Probed, Prober, Taping};

/// The driver with its guards and decoders.
pub(crate) struct Driver(pub(crate) zhishou_probe::Prober);

impl Driver {
    /// A driver as the configuration has it.
    pub(crate) fn new(probing: &Probing, guard: Arc<Guard>) -> Self {
        let certificates = match probing.certificates {
            Certificates::Report => CertificatePolicy::Report,
            Certificates::Pinned => CertificatePolicy::Pinned,
        };
        let prober = zhishou_probe::Prober::new(
            Settings { certificates, ..Settings::default() },
            Arc::new(SystemClock),
            Arc::new(OsRandom),
            guard,
            decoder(probing.decoders, probing.hardware_decoders),
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
        Self::new(&Probing::default(), Guard::new(FingerprintKey::new(key), Vec::new()))
    }
}

/// The decoder pool; without one, probes go no deeper than the stream, and that is said once.
#[cfg(feature = "gst")]
fn decoder(workers: usize, hardware: HardwareDecoders) -> Option<Arc<dyn Decoder>> {
    use zhishou_probe::decode::{DecoderPool, Hardware};
    let hardware = match hardware {
        HardwareDecoders::Auto => Hardware::Auto,
        HardwareDecoders::Off => Hardware::Off,
    };
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if workers == 0 { processors() } else { workers };
    match DecoderPool::new(workers, hardware) {
        Ok(pool) => Some(Arc::new(pool)),
        Err(error) => {
            tracing::error!(%error, "no decoder: pictures are not judged; see `zhishou doctor`");
            None
        }
    }
}

#[cfg(not(feature = "gst"))]
fn decoder(_workers: usize, _hardware: HardwareDecoders) -> Option<Arc<dyn Decoder>> {
    None
}

/// A dialogue as a file. Writing to memory does not fail.
fn written(capture: &Capture) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    capture.write(&mut file).is_ok().then_some(file)
}

/// The annotated dialogue of a capture file, `observation` being what came of it.
pub(crate) fn explain(
    file: &[u8],
    observation: &Observation,
    lang: Lang,
) -> Result<Vec<String>, String> {
    let capture = Capture::read(file).map_err(|error| error.to_string())?;
    Ok(capture.explain(observation, lang))
}

impl Prober for Driver {
    fn probe(
        &self,
        request: ProbeRequest,
        taping: Taping,
        cancel: CancellationToken,
    ) -> Pin<Box<dyn Future<Output = Probed> + Send + '_>> {
        Box::pin(async move {
            let tape = (taping == Taping::On).then(Tape::new);
            let outcome = match &tape {
                Some(tape) => self.0.probe_taped(request, cancel, tape).await,
                None => self.0.probe(request, cancel).await,
            };
            Probed {
                observation: outcome.observation,
                snapshot: outcome.snapshot,
                signature: outcome.signature,
                habit: outcome.habit,
                login: outcome.login,
                dialogue: tape
                    .and_then(|tape| tape.capture())
                    .and_then(|capture| written(&capture)),
            }
        })
    }
}
