//! The demo as a whole: footage, servers, and the one thread that runs them.

use crate::{
    act::{Act, DOWN_S, Scene, UP_S},
    bake::{self, FootageError, Progress},
    cast::{self, BASE_CAMERAS},
    district::District,
    house::{self, Mount},
    mute::Mute,
    player::Programme,
    recipe::RECIPES,
    reel::{Reel, ReelError},
};
use gstreamer as gst;
use gstreamer::glib;
use gstreamer_rtsp_server::{RTSPServer, gio, prelude::*};
use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddrV4, TcpListener},
    path::PathBuf,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::time::Instant;

/// The most cameras a demo has; each has a server with threads of its own.
pub const MAX_CAMERAS: usize = 200;
/// The ports tried, the first that is free at every address.
const PORTS: std::ops::Range<u16> = 8554..8654;
/// How often the silent host looks who has called.
const MUTE_TICK: Duration = Duration::from_millis(200);
/// How often sessions that timed out are cleared away.
const SWEEP_TICK: Duration = Duration::from_secs(5);

/// What the demo is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Cameras that are probed, [`BASE_CAMERAS`] to [`MAX_CAMERAS`].
    pub cameras: usize,
    /// Where the loops of footage are kept; below 100 MB. May be shared by several demos.
    pub cache: PathBuf,
}

/// Why the demo could not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The number of cameras is out of range.
    #[error("start a demo of {0} cameras: it has {BASE_CAMERAS} to {MAX_CAMERAS}")]
    Cameras(usize),
    /// GStreamer is not usable.
    #[error("initialize GStreamer")]
    Gstreamer(#[from] glib::Error),
    /// An element of GStreamer is missing.
    #[error("find the GStreamer element {element} (Debian package: {package})")]
    Element {
        /// The element.
        element: &'static str,
        /// What brings it.
        package: &'static str,
    },
    /// The footage could not be made.
    #[error(transparent)]
    Footage(#[from] FootageError),
    /// The footage could not be played.
    #[error(transparent)]
    Reel(#[from] ReelError),
    /// No port is free at all addresses of the demo.
    #[error("find a port from {} that is free at every demo address", PORTS.start)]
    Ports(#[source] io::Error),
    /// A server could not listen.
    #[error("listen at {address}: {message}")]
    Listen {
        /// Where.
        address: SocketAddrV4,
        /// Why.
        message: String,
    },
    /// The thread of the demo could not be started, or ended before it was ready.
    #[error("run the demo's thread")]
    Thread(#[source] io::Error),
}

/// A running demo. Its cameras end when it is dropped.
#[derive(Debug)]
pub struct Demo {
    district: District,
    main_loop: glib::MainLoop,
    thread: Option<JoinHandle<()>>,
}

impl Demo {
    /// Makes the footage where it is missing, which takes up to a minute, and opens the cameras.
    /// Blocks until they listen. `progress` hears of each loop of footage, from two threads.
    ///
    /// # Errors
    /// [`DemoError`] says what is missing and which package brings it.
    pub fn start(
        options: &Options,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, DemoError> {
        if !(BASE_CAMERAS..=MAX_CAMERAS).contains(&options.cameras) {
            return Err(DemoError::Cameras(options.cameras));
        }
        gst::init()?;
        check_elements()?;
        bake::bake(&options.cache, progress)?;
        let mut reels = BTreeMap::new();
        for recipe in RECIPES {
            let path = bake::path(&options.cache, recipe);
            reels.insert(recipe.name, Arc::new(Reel::open(&path, recipe)?));
        }
        let scenes = cast::scenes(options.cameras);
        let port = free_port(&scenes)?;
        let district = cast::district(options.cameras, port);
        let context = glib::MainContext::new();
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let crew = Crew { port, reels, since: Instant::now(), context };
        let (ready, started) = mpsc::sync_channel(1);
        let running = main_loop.clone();
        let thread = thread::Builder::new()
            .name("demo-cameras".to_owned())
            .spawn(move || crew.run(&scenes, &running, &ready))
            .map_err(DemoError::Thread)?;
        match started.recv() {
            Ok(Ok(())) => Ok(Self { district, main_loop, thread: Some(thread) }),
            Ok(Err(error)) => Err(error),
            Err(gone) => Err(DemoError::Thread(io::Error::other(gone))),
        }
    }

    /// The district these cameras stand in.
    pub fn district(&self) -> &District {
        &self.district
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.main_loop.quit();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the demo's thread panicked");
        }
    }
}

fn check_elements() -> Result<(), DemoError> {
    let base = "gstreamer1.0-plugins-base";
    let good = "gstreamer1.0-plugins-good";
    for (element, package) in [
        ("appsrc", base),
        ("rtph264pay", good),
        ("rtph265pay", good),
        ("rtpjpegpay", good),
        ("rtpbin", good),
    ] {
        if gst::ElementFactory::find(element).is_none() {
            return Err(DemoError::Element { element, package });
        }
    }
    Ok(())
}

/// A port that is free at the address of every scene.
fn free_port(scenes: &[Scene]) -> Result<u16, DemoError> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in PORTS {
        let taken = scenes
            .iter()
            .find_map(|scene| TcpListener::bind(SocketAddrV4::new(scene.host, port)).err());
        match taken {
            None => return Ok(port),
            Some(error) => last = error,
        }
    }
    Err(DemoError::Ports(last))
}

/// What the demo's thread needs to set the cameras up.
struct Crew {
    port: u16,
    reels: BTreeMap<&'static str, Arc<Reel>>,
    since: Instant,
    context: glib::MainContext,
}

/// Where the start is reported.
type Ready = mpsc::SyncSender<Result<(), DemoError>>;

impl Crew {
    fn run(self, scenes: &[Scene], main_loop: &glib::MainLoop, ready: &Ready) {
        let played = self.context.with_thread_default(|| {
            let mut open = Open::default();
            if let Err(error) = self.open(scenes, &mut open) {
                return ready.send(Err(error)).ok();
            }
            let swept = open.servers.clone();
            open.attached.push(self.every(SWEEP_TICK, move || {
                for pool in swept.iter().filter_map(RTSPServer::session_pool) {
                    pool.cleanup();
                }
            }));
            // Told from within the loop, so that a quit can only come after its start.
            let ready = ready.clone();
            let told = glib::idle_source_new(None, glib::Priority::DEFAULT, move || {
                // Where nobody listens any more, the loop is quit as well.
                let _ = ready.send(Ok(()));
                glib::ControlFlow::Break
            });
            told.attach(Some(&self.context));
            main_loop.run();
            open.servers.iter().for_each(house::hang_up);
            Some(())
        });
        if let Err(error) = played {
            tracing::error!(%error, "the demo's main context is in use elsewhere");
        }
    }

    /// Opens every camera; what is open when one fails, the caller closes by dropping `open`.
    fn open(&self, scenes: &[Scene], open: &mut Open) -> Result<(), DemoError> {
        let mut hosts: BTreeMap<Ipv4Addr, Vec<&Scene>> = BTreeMap::new();
        for scene in scenes {
            hosts.entry(scene.host).or_default().push(scene);
        }
        hosts.into_iter().try_for_each(|(host, scenes)| self.open_host(host, &scenes, open))
    }

    /// Opens what stands at one address.
    fn open_host(
        &self,
        host: Ipv4Addr,
        scenes: &[&Scene],
        open: &mut Open,
    ) -> Result<(), DemoError> {
        let address = SocketAddrV4::new(host, self.port);
        let failed = |message: String| DemoError::Listen { address, message };
        let mut comes_and_goes = false;
        let mut mounts = Vec::new();
        for (index, scene) in scenes.iter().enumerate() {
            let (reel, path, loss_seed) = match scene.act {
                Act::Plays(reel) => (reel, scene.path.as_str(), None),
                Act::Loses(reel) => (reel, scene.path.as_str(), Some(11 + index as u32)),
                Act::PlaysElsewhere(reel) => (reel, "/live/other", None),
                Act::ComesAndGoes(reel) => {
                    comes_and_goes = true;
                    (reel, scene.path.as_str(), None)
                }
                Act::IsAbsent => return Ok(()),
                Act::KeepsSilent => {
                    let mut mute = Mute::new(address).map_err(|e| failed(e.to_string()))?;
                    open.attached.push(self.every(MUTE_TICK, move || mute.listen()));
                    return Ok(());
                }
            };
            let reel = Arc::clone(&self.reels[reel]);
            let programme = Programme { reel, since: self.since, loss_seed };
            mounts.push(Mount { path, programme });
        }
        let Some(first) = scenes.first() else { return Ok(()) };
        let server = house::server(address, first, &mounts);
        let listening = listen(&server, &self.context).map_err(|e| failed(e.to_string()))?;
        open.attached.push(if comes_and_goes {
            self.switch_off_and_on(server.clone(), listening)
        } else {
            listening
        });
        open.servers.push(server);
        Ok(())
    }

    /// Takes a server off the network for [`DOWN_S`] after each [`UP_S`].
    fn switch_off_and_on(&self, server: RTSPServer, listening: Attached) -> Attached {
        let context = self.context.clone();
        let mut listening = Some(listening);
        let mut second = 0;
        self.every(Duration::from_secs(1), move || {
            second = (second + 1) % (UP_S + DOWN_S);
            if second == UP_S {
                listening = None;
                house::hang_up(&server);
                tracing::info!("a demo camera goes down");
            } else if second < UP_S && listening.is_none() {
                match listen(&server, &context) {
                    Ok(again) => {
                        listening = Some(again);
                        tracing::info!("a demo camera comes back");
                    }
                    Err(error) => tracing::warn!(%error, "a demo camera cannot come back yet"),
                }
            }
        })
    }

    /// Calls `work` on the demo's thread, every `tick`.
    fn every(&self, tick: Duration, mut work: impl FnMut() + Send + 'static) -> Attached {
        let priority = glib::Priority::DEFAULT;
        let source = glib::timeout_source_new(tick, None, priority, move || {
            work();
            glib::ControlFlow::Continue
        });
        source.attach(Some(&self.context));
        Attached(source)
    }
}

/// What is open; dropping it closes it.
#[derive(Default)]
struct Open {
    servers: Vec<RTSPServer>,
    attached: Vec<Attached>,
}

/// A source of the main context that is destroyed, not only forgotten, when it is dropped: what it
/// owns (a listening socket, a closure that knows the context) goes with it.
struct Attached(glib::Source);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.destroy();
    }
}

/// Lets `server` listen, as long as what is returned lives.
fn listen(server: &RTSPServer, context: &glib::MainContext) -> Result<Attached, glib::Error> {
    let source = server.create_source(gio::Cancellable::NONE)?;
    source.attach(Some(context));
    Ok(Attached(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expected;
    use std::{
        io::{ErrorKind, Read, Write},
        net::TcpStream,
        path::Path,
    };
    use zhishou_domain::FaultCode;

    /// The status line of the answer to DESCRIBE without a credential; `None` is silence.
    fn describe(ip: &str, url: &str) -> io::Result<Option<String>> {
        let port = url.split(':').nth(2).and_then(|rest| rest.split('/').next()).unwrap();
        let mut stream = TcpStream::connect((ip, port.parse().unwrap()))?;
        // Silence has to be waited for; an answer comes within milliseconds.
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n")?;
        let mut answer = [0; 256];
        match stream.read(&mut answer) {
            Ok(read) => {
                let text = String::from_utf8_lossy(&answer[..read]).into_owned();
                Ok(text.lines().next().map(str::to_owned))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[test]
    fn every_camera_answers_as_it_should_and_none_after_the_end() {
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/demo-footage");
        let options = Options { cameras: BASE_CAMERAS, cache };
        let demo = Demo::start(&options, &|_| {}).unwrap();
        let district = demo.district().clone();
        for camera in district.probed() {
            let row = &camera.row;
            let answer = describe(&row.ip, row.url.as_deref().unwrap());
            let faults = match &camera.expected {
                Expected::Steady { faults, .. } => faults.as_slice(),
                Expected::Alternating { .. } | Expected::NotProbed => &[],
            };
            match faults {
                [FaultCode::Refused] => {
                    assert_eq!(answer.unwrap_err().kind(), ErrorKind::ConnectionRefused);
                }
                [FaultCode::NoResponse] => assert_eq!(answer.unwrap(), None),
                [FaultCode::NotFound] => {
                    assert_eq!(answer.unwrap().unwrap(), "RTSP/1.0 404 Not Found");
                }
                _ if row.credential.is_none() => {
                    assert_eq!(answer.unwrap().unwrap(), "RTSP/1.0 200 OK");
                }
                _ => assert_eq!(answer.unwrap().unwrap(), "RTSP/1.0 401 Unauthorized"),
            }
        }
        drop(demo);
        for camera in district.probed() {
            let answer = describe(&camera.row.ip, camera.row.url.as_deref().unwrap());
            assert_eq!(answer.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        }
    }

    #[test]
    fn too_few_cameras_are_refused_before_anything_starts() {
        let options = Options { cameras: 3, cache: PathBuf::from("/nonexistent") };
        assert!(matches!(Demo::start(&options, &|_| {}), Err(DemoError::Cameras(3))));
    }
}
