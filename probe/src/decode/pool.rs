//! The threads that own the decoders, their queue, and what happens to one that hangs or dies.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use gstreamer as gst;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;
use tracing::{error, warn};
use zhishou_protocol::rtp::{Codec, Keyframe};

use super::element::{Element, MAX_PIXELS};
use super::error::{DecodeError, PoolError};
use super::hardware::{Candidate, Hardware, Machine, candidates};
use super::messages;
use super::picture::Picture;
use super::warm;

/// Longest time for one keyframe. A 4K H.265 one takes 0.12 s; a machine under load, some more.
const DECODE_LIMIT: Duration = Duration::from_secs(10);

/// Keyframes that may wait for each worker.
const QUEUE_PER_WORKER: usize = 4;

/// Hanging threads left behind before the pool gives up; they cannot be ended from outside.
const MAX_ABANDONED: usize = 8;

/// How long a pool that is dropped waits for its workers.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// A keyframe to decode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// How it is coded: H.264, H.265 or JPEG.
    pub codec: Codec,
    /// Annex B with its parameter sets, or a JFIF file.
    pub bytes: Vec<u8>,
    /// Width and height its own headers declare, where known; too large a picture is refused before
    /// a decoder makes room for it.
    pub size: Option<(u32, u32)>,
    /// The pictures after it, of which glimpses are taken: see [`Keyframe::following`].
    pub following: Vec<Vec<u8>>,
}

impl From<Keyframe> for Coded {
    fn from(keyframe: Keyframe) -> Self {
        Coded {
            codec: keyframe.codec,
            bytes: keyframe.bytes,
            size: keyframe.format.map(|format| (format.width, format.height)),
            following: keyframe.following,
        }
    }
}

/// Decodes on one worker's thread.
pub(super) type Decode = Box<dyn FnMut(Coded) -> Result<Picture, DecodeError>>;

/// Makes what a worker decodes with, on its thread.
pub(super) type MakeDecode = Box<dyn Fn() -> Decode + Send + Sync>;

/// A keyframe in the queue.
struct Job {
    coded: Coded,
    started: oneshot::Sender<u64>,
    reply: oneshot::Sender<Result<Picture, DecodeError>>,
    /// Its place in the queue, given back when a worker takes it.
    place: OwnedSemaphorePermit,
}

/// What the pool knows of a worker.
#[derive(Debug, Default)]
struct Worker {
    busy_since: Option<Instant>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    workers: HashMap<u64, Worker>,
    next_worker: u64,
    abandoned: usize,
    stopping: bool,
}

struct Shared {
    state: Mutex<State>,
    /// Told when a job comes, a worker ends, or the pool stops.
    changed: Condvar,
    limit: Duration,
    make: MakeDecode,
}

/// A pool of warm decoders.
///
/// Dropping it ends its threads; one that hangs is left to itself.
pub struct DecoderPool {
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
    queue: usize,
}

impl DecoderPool {
    /// Starts GStreamer and `workers` threads (at least one), and sees that all decoders are there;
    /// those of libav are, whatever `hardware` says.
    ///
    /// # Errors
    /// [`PoolError`] where GStreamer, a decoder or a thread does not start.
    pub fn new(workers: usize, hardware: Hardware) -> Result<Self, PoolError> {
        gst::init().map_err(|error| PoolError::Init(error.to_string()))?;
        let candidates = if hardware == Hardware::Auto { candidates() } else { Vec::new() };
        Self::with_hardware(workers, candidates)
    }

    /// With these hardware decoders.
    pub(super) fn with_hardware(
        workers: usize,
        candidates: Vec<Candidate>,
    ) -> Result<Self, PoolError> {
        gst::init().map_err(|error| PoolError::Init(error.to_string()))?;
        messages::listen();
        for codec in [Codec::H264, Codec::H265, Codec::Jpeg] {
            Element::software(codec)?;
        }
        let machine = Machine::new(candidates, workers);
        Self::with(workers, DECODE_LIMIT, Box::new(move || warm::decoders(machine.clone())))
    }

    /// With decoders of another making.
    pub(super) fn with(
        workers: usize,
        limit: Duration,
        make: MakeDecode,
    ) -> Result<Self, PoolError> {
        let workers = workers.max(1);
        let queue = workers * QUEUE_PER_WORKER;
        let shared =
            Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), limit, make });
        let pool = DecoderPool { shared, places: Arc::new(Semaphore::new(queue)), queue };
        for _ in 0..workers {
            pool.shared.start_worker()?;
        }
        Ok(pool)
    }

    /// How many keyframes may wait; further callers wait for a place.
    pub fn queue(&self) -> usize {
        self.queue
    }

    /// Whether a worker is at a keyframe.
    #[cfg(test)]
    pub(super) fn is_busy(&self) -> bool {
        self.shared.lock().workers.values().any(|worker| worker.busy_since.is_some())
    }

    /// Decodes one keyframe. It may be dropped at any time; what is under way is then finished for
    /// nobody.
    ///
    /// # Errors
    /// [`DecodeError`]; [`DecodeError::is_ours`] tells whose fault it is.
    pub async fn decode(&self, coded: impl Into<Coded>) -> Result<Picture, DecodeError> {
        let coded = coded.into();
        if let Some((width, height)) = coded.size
            && u64::from(width) * u64::from(height) > MAX_PIXELS
        {
            return Err(DecodeError::TooLarge { width, height });
        }
        self.shared.replace_hanging();
        let place = self.places.clone().acquire_owned().await.map_err(|_| DecodeError::Stopped)?;
        let (started, has_started) = oneshot::channel();
        let (reply, answer) = oneshot::channel();
        self.shared.enqueue(Job { coded, started, reply, place })?;
        let worker = self.wait_for_start(has_started).await?;
        match tokio::time::timeout(self.shared.limit, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(DecodeError::Died),
            Err(_) => {
                self.shared.replace(worker);
                Err(DecodeError::Hung(self.shared.limit))
            }
        }
    }

    /// Waits for a worker to take the job, looking after hanging ones meanwhile: the callers they
    /// hang for may be gone.
    async fn wait_for_start(
        &self,
        mut has_started: oneshot::Receiver<u64>,
    ) -> Result<u64, DecodeError> {
        loop {
            match tokio::time::timeout(self.shared.limit, &mut has_started).await {
                Ok(worker) => return worker.map_err(|_| DecodeError::Stopped),
                Err(_) => self.shared.replace_hanging(),
            }
        }
    }
}

impl Drop for DecoderPool {
    fn drop(&mut self) {
        self.places.close();
        let mut state = self.shared.lock();
        state.stopping = true;
        state.jobs.clear();
        self.shared.changed.notify_all();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, STOP_LIMIT, |state| !state.workers.is_empty());
        let left = waited.unwrap_or_else(PoisonError::into_inner).0.workers.len();
        if left > 0 {
            warn!(left, "decoders still busy when their pool ended");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, job: Job) -> Result<(), DecodeError> {
        let mut state = self.lock();
        if state.stopping || state.workers.is_empty() {
            return Err(DecodeError::Stopped);
        }
        state.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    fn start_worker(self: &Arc<Self>) -> Result<(), PoolError> {
        let id = {
            let mut state = self.lock();
            let id = state.next_worker;
            state.next_worker += 1;
            state.workers.insert(id, Worker::default());
            id
        };
        let shared = self.clone();
        let spawned = thread::Builder::new().name(format!("decode-{id}")).spawn(move || {
            let _presence = Presence { shared: shared.clone(), id };
            shared.work(id);
        });
        if let Err(error) = spawned {
            self.lock().workers.remove(&id);
            return Err(PoolError::Thread(error.to_string()));
        }
        Ok(())
    }

    /// One worker's life: until the pool stops, or until it was given up.
    fn work(&self, id: u64) {
        let mut decode = (self.make)();
        while let Some(job) = self.next_job(id) {
            let Job { coded, started, reply, place } = job;
            drop(place);
            if reply.is_closed() || started.send(id).is_err() {
                self.idle(id);
                continue;
            }
            let result = decode(coded);
            if !self.idle(id) {
                return;
            }
            // Nobody may be waiting any more.
            let _ = reply.send(result);
        }
    }

    fn next_job(&self, id: u64) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopping || !state.workers.contains_key(&id) {
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                if let Some(worker) = state.workers.get_mut(&id) {
                    worker.busy_since = Some(Instant::now());
                }
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that a worker is done; `false` where it was given up meanwhile.
    fn idle(&self, id: u64) -> bool {
        let mut state = self.lock();
        match state.workers.get_mut(&id) {
            Some(worker) => {
                worker.busy_since = None;
                true
            }
            None => {
                state.abandoned = state.abandoned.saturating_sub(1);
                false
            }
        }
    }

    /// Replaces every worker that has been at one keyframe for too long.
    fn replace_hanging(self: &Arc<Self>) {
        let now = Instant::now();
        let hanging: Vec<u64> = self
            .lock()
            .workers
            .iter()
            .filter(|(_, worker)| worker.busy_since.is_some_and(|since| now - since >= self.limit))
            .map(|(&id, _)| id)
            .collect();
        for id in hanging {
            self.replace(id);
        }
    }

    /// Gives a worker up and starts another in its place.
    fn replace(self: &Arc<Self>, id: u64) {
        {
            let mut state = self.lock();
            if state.workers.remove(&id).is_none() {
                return;
            }
            state.abandoned += 1;
            error!(worker = id, abandoned = state.abandoned, "a decoder hangs and is replaced");
            if state.abandoned > MAX_ABANDONED {
                error!("too many decoders hang: no more are started");
                self.stop_without_workers(&mut state);
                return;
            }
        }
        self.start_in_place();
    }

    fn start_in_place(self: &Arc<Self>) {
        if let Err(error) = self.start_worker() {
            error!(%error, "a decoder cannot be replaced");
            self.stop_without_workers(&mut self.lock());
        }
    }

    /// Nobody is left to take jobs: their callers learn it.
    fn stop_without_workers(&self, state: &mut State) {
        if state.workers.is_empty() {
            state.jobs.clear();
        }
    }
}

/// A worker's thread, as long as it runs; its end is told even when it panics.
struct Presence {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let died = {
            let mut state = self.shared.lock();
            let known = state.workers.remove(&self.id).is_some();
            known && thread::panicking() && !state.stopping
        };
        if died {
            error!(worker = self.id, "a decoder died and is replaced");
            self.shared.start_in_place();
        }
        self.shared.changed.notify_all();
    }
}
