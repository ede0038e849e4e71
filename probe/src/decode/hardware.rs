//! Hardware decoders: which GStreamer finds, whether they may decode, and until when.
//!
//! A driver is foreign code that nobody here has seen, so its pictures are believed only as far as
//! software says the same: the first pictures of every decoder opened and one in
//! [`AUDITED`] after are decoded by both and compared, sample for sample, since H.264 and H.265
//! leave no freedom. One picture that differs, or a thread that was lost in the driver, ends the use of
//! hardware until the next start; so do a few failures in a row on what software decodes. What
//! hardware does not decode, software does: a keyframe is never lost to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use zhishou_protocol::rtp::Codec;

use super::PoolError;
use super::element::{Element, element_of};

/// Failures in a row after which hardware is not used any more: a camera with a profile that it does
/// not know fails once each time, and others succeed in between.
const MAX_FAILURES: usize = 5;
/// The first pictures of a decoder that are compared.
const PROVING: u64 = 4;
/// After that, one in so many: 1.5 % of what software would take.
const AUDITED: u64 = 64;

/// Whether hardware decoders are tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hardware {
    /// Where GStreamer finds them.
    #[default]
    Auto,
    /// Never.
    Off,
}

/// Makes the element of a decoder.
pub(super) type MakeElement = Box<dyn Fn() -> Result<gst::Element, glib::BoolError> + Send + Sync>;

/// A hardware decoder that may be used.
pub(super) struct Candidate {
    /// GStreamer's name.
    pub(super) name: String,
    pub(super) codec: Codec,
    pub(super) make: MakeElement,
}

/// The hardware decoders of this machine, best first, shared by all workers of a pool.
pub(super) struct Machine {
    candidates: Vec<Candidate>,
    failures: AtomicUsize,
    /// Workers that may still start before one must have been lost.
    workers: AtomicUsize,
}

impl Machine {
    /// For a pool of `workers`.
    pub(super) fn new(candidates: Vec<Candidate>, workers: usize) -> Arc<Self> {
        let (failures, workers) = (AtomicUsize::new(0), AtomicUsize::new(workers.max(1)));
        Arc::new(Self { candidates, failures, workers })
    }

    /// A worker starts; one more than there were at first stands for one that died or hangs.
    pub(super) fn worker_starts(&self) {
        let taken = self
            .workers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if taken.is_err() && !self.candidates.is_empty() {
            self.give_up("a decoder thread was lost");
        }
    }

    /// Whether hardware may decode.
    pub(super) fn is_trusted(&self) -> bool {
        !self.candidates.is_empty() && self.failures.load(Ordering::Relaxed) < MAX_FAILURES
    }

    /// Opens the best decoder that does.
    pub(super) fn open(&self, codec: Codec) -> Option<Proven> {
        let of_codec = self.candidates.iter().filter(|candidate| candidate.codec == codec);
        of_codec.filter_map(|candidate| Proven::open(candidate).ok()).next()
    }

    /// A picture came, as it should.
    pub(super) fn succeeded(&self) {
        let reset = |failures| (failures < MAX_FAILURES).then_some(0);
        // Given up is given up.
        let _ = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reset);
    }

    /// None came of a keyframe that software decodes.
    pub(super) fn failed(&self) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 == MAX_FAILURES {
            tracing::warn!("hardware decoders fail: software decodes from now on");
        }
    }

    /// Ends the use of hardware.
    pub(super) fn give_up(&self, reason: &str) {
        if self.failures.swap(MAX_FAILURES, Ordering::Relaxed) < MAX_FAILURES {
            tracing::error!(reason, "hardware decoders are not used any more");
        }
    }
}

/// An open hardware decoder and how many pictures it has given.
pub(super) struct Proven {
    pub(super) element: Element,
    pub(super) name: String,
    pictures: u64,
}

impl Proven {
    fn open(candidate: &Candidate) -> Result<Self, PoolError> {
        let element = (candidate.make)().map_err(|error| PoolError::Element {
            element: "hardware",
            problem: error.to_string(),
        })?;
        let element = Element::hardware(candidate.codec, element)?;
        Ok(Self { element, name: candidate.name.clone(), pictures: 0 })
    }

    /// Whether the next picture is compared with that of software.
    pub(super) fn is_audited(&self) -> bool {
        self.pictures < PROVING || (self.pictures + 1).is_multiple_of(AUDITED)
    }

    /// Counts a picture that was believed or, where it was to be compared, stood the comparison.
    pub(super) fn count(&mut self) {
        self.pictures += 1;
    }
}

/// What GStreamer finds, by its rank.
pub(super) fn candidates() -> Vec<Candidate> {
    let kind = gst::ElementFactoryType::DECODER | gst::ElementFactoryType::HARDWARE;
    let factories = gst::ElementFactory::factories_with_type(kind, gst::Rank::NONE);
    let mut found = Vec::new();
    for codec in [Codec::H264, Codec::H265] {
        let Some((_, caps)) = element_of(codec) else { continue };
        let mut of_codec: Vec<_> =
            factories.iter().filter(|factory| factory.can_sink_any_caps(&caps)).collect();
        of_codec.sort_by_key(|factory| std::cmp::Reverse(factory.rank()));
        found.extend(of_codec.into_iter().map(|factory| {
            let (name, factory) = (factory.name().to_string(), factory.clone());
            let make: MakeElement = Box::new(move || factory.create().build());
            Candidate { name, codec, make }
        }));
    }
    found
}

/// A hardware decoder that GStreamer finds, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// GStreamer's name.
    pub name: String,
    /// Whether it opens and is the one that its codec is decoded with.
    pub in_use: bool,
}

/// The hardware decoders that this machine has.
///
/// # Errors
/// If GStreamer does not start.
pub fn hardware_decoders() -> Result<Vec<Found>, PoolError> {
    gst::init().map_err(|error| PoolError::Init(error.to_string()))?;
    let machine = Machine::new(candidates(), 1);
    let used: Vec<String> = [Codec::H264, Codec::H265]
        .into_iter()
        .filter_map(|codec| machine.open(codec).map(|proven| proven.name))
        .collect();
    let names = machine.candidates.iter().map(|candidate| candidate.name.clone());
    Ok(names.map(|name| Found { in_use: used.contains(&name), name }).collect())
}
