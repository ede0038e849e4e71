//! The scheduler's port to opening devices, over `probe/`.

use crate::ambient::{OsRandom, SystemClock};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use zhishou_config as config;
use zhishou_domain::{IdSource, Lang, Observation, ProbeRequest, habit::Baseline};
use zhishou_probe::{
    CallLog, Capture, CertificatePolicy, Sessions, Settings, StreamLimits, Tape, Vouched,
    decoder::Decoder,
    guard::{FingerprintKey, Guard},
};
use zhishou_scheduler::{Probed, Prober, Taping};

/// In one run many channels may wait for the few that their recorder bears; nothing else is due
/// meanwhile.
const QUEUE: Duration = Duration::from_secs(86_400);

/// The driver with its guards and decoders.
pub(crate) struct Driver(pub(crate) zhishou_probe::Prober);

impl Driver {
    /// A driver as configured.
    pub(crate) fn new(
        probing: &config::Probing,
        limits: &config::Limits,
        vouched: Option<Vouched>,
        guard: Arc<Guard>,
    ) -> Self {
        let settings = Settings { vouched, ..Settings::default() };
        Self::with(probing, limits, guard, settings)
    }

    /// The same over other settings.
    fn with(
        probing: &config::Probing,
        limits: &config::Limits,
        guard: Arc<Guard>,
        settings: Settings,
    ) -> Self {
        let certificates = match probing.certificates {
            config::Certificates::Report | config::Certificates::Vouched => {
                CertificatePolicy::Report
            }
            config::Certificates::Pinned => CertificatePolicy::Pinned,
        };
        let limits = StreamLimits {
            loss_ratio: limits.packet_loss,
            fps_ratio: limits.low_fps,
            stall: Duration::from_secs_f64(limits.stalled_s),
            baseline: Baseline { bitrate_ratio: limits.low_bitrate },
            clock_offset: Duration::from_secs_f64(limits.clock_offset_s),
        };
        let prober = zhishou_probe::Prober::new(
            Settings { certificates, limits, ..settings },
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

    /// The same, with word kept of each test call before it is made.
    pub(crate) fn log_calls(self, log: Arc<dyn CallLog>) -> Self {
        Self(self.0.log_calls(log))
    }

    /// A driver for one run outside any platform: it knows of no earlier refusals.
    pub(crate) fn for_one_run() -> Self {
        let mut key = [0; 32];
        for part in key.chunks_mut(10) {
            let random = OsRandom.random();
            part.copy_from_slice(&random[..part.len()]);
        }
        let guard = Guard::new(FingerprintKey::new(key), Vec::new());
        let settings = Settings { share: QUEUE, ..Settings::default() };
        Self::with(&config::Probing::default(), &config::Limits::default(), guard, settings)
    }
}

/// The decoder pool of `workers` threads (0: one per processor); without one, probes go no deeper
/// than the stream, and that is said once.
#[cfg(feature = "gst")]
fn decoder(workers: usize, hardware: config::HardwareDecoders) -> Option<Arc<dyn Decoder>> {
    use zhishou_probe::decode::{DecoderPool, Hardware};
    let hardware = match hardware {
        config::HardwareDecoders::Auto => Hardware::Auto,
        config::HardwareDecoders::Off => Hardware::Off,
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
fn decoder(_workers: usize, _hardware: config::HardwareDecoders) -> Option<Arc<dyn Decoder>> {
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
                lesson: outcome.lesson,
                habit: outcome.habit,
                login: outcome.login,
                login_in_doubt: outcome.login_in_doubt,
                dialogue: tape
                    .and_then(|tape| tape.capture())
                    .and_then(|capture| written(&capture)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_configured_is_as_the_probe_has_it() {
        let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
        let probing = config::Probing { decoders: 1, ..config::Probing::default() };
        let Driver(prober) = Driver::new(&probing, &config::Limits::default(), None, guard);
        assert_eq!(*prober.settings(), Settings::default());
    }
}
