//! The demo as a whole: footage, a free port, and the thread that runs the cameras.

use crate::{
    act::Scene,
    agent::{Agent, Running},
    bake::{self, FootageError, Progress},
    cast::{self, BASE_CAMERAS},
    crew::Crew,
    district::District,
    recipe::RECIPES,
    reel::{Reel, ReelError},
    rooms,
};
use gstreamer as gst;
use gstreamer::glib;
use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddrV4, TcpListener, UdpSocket},
    path::PathBuf,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};
use tokio::time::Instant;

/// The most cameras a demo has; each has a server with threads of its own.
pub const MAX_CAMERAS: usize = 200;
/// The ports tried, the first that is free at every address.
const PORTS: std::ops::Range<u16> = 8554..8654;

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
    _endpoints: Vec<Running>,
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
        let endpoints = endpoints(port, &reels)?;
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
            Ok(Ok(())) => {
                Ok(Self { district, _endpoints: endpoints, main_loop, thread: Some(thread) })
            }
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

/// Switches the conference endpoints on.
fn endpoints(
    port: u16,
    reels: &BTreeMap<&'static str, Arc<Reel>>,
) -> Result<Vec<Running>, DemoError> {
    let started = rooms::sets(port).map(|set| {
        let address = set.address;
        let reel = Arc::clone(&reels[set.reel]);
        let agent = Agent { address, user: set.user, microphone: set.microphone, reel };
        agent.start().map_err(|error| DemoError::Listen { address, message: error.to_string() })
    });
    started.collect()
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

/// A port that is free at the address of every scene and of every endpoint.
fn free_port(scenes: &[Scene]) -> Result<u16, DemoError> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in PORTS {
        let mut hosts = scenes.iter().map(|scene| scene.host).chain([cast::switch_host()]);
        let taken = hosts.find_map(|host| TcpListener::bind(SocketAddrV4::new(host, port)).err());
        let mut rooms = rooms::hosts();
        match taken.or_else(|| rooms.find_map(|it| UdpSocket::bind((it, port)).err())) {
            None => return Ok(port),
            Some(error) => last = error,
        }
    }
    Err(DemoError::Ports(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expected;
    use std::{
        io::{ErrorKind, Read, Write},
        net::TcpStream,
        path::Path,
        time::Duration,
    };
    use zhishou_domain::FaultCode;

    /// The status line of the answer to DESCRIBE without a credential; `None` is silence.
    fn describe(ip: &str, url: &str) -> io::Result<Option<String>> {
        let port = url.split(':').nth(2).and_then(|rest| rest.split('/').next()).unwrap();
        let address = SocketAddrV4::new(ip.parse().unwrap(), port.parse().unwrap());
        let mut stream = TcpStream::connect_timeout(&address.into(), Duration::from_secs(2))?;
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
        for camera in district.probed_cameras() {
            let row = &camera.row;
            let answer = describe(row.ip.as_deref().unwrap(), row.url.as_deref().unwrap());
            let faults = match &camera.expected {
                Expected::Steady { faults, .. } => faults.as_slice(),
                Expected::Alternating { .. } | Expected::NotProbed => &[],
            };
            match faults {
                [FaultCode::ConnectTimeout] => {
                    assert_eq!(answer.unwrap_err().kind(), ErrorKind::TimedOut);
                }
                [FaultCode::NoResponse] => assert_eq!(answer.unwrap(), None),
                [FaultCode::NotFound] => {
                    assert_eq!(answer.unwrap().unwrap(), "RTSP/1.0 404 Not Found");
                }
                _ if row.username.is_none() => {
                    assert_eq!(answer.unwrap().unwrap(), "RTSP/1.0 200 OK");
                }
                _ => assert_eq!(answer.unwrap().unwrap(), "RTSP/1.0 401 Unauthorized"),
            }
        }
        drop(demo);
        for camera in district.probed() {
            let answer =
                describe(camera.row.ip.as_deref().unwrap(), camera.row.url.as_deref().unwrap());
            assert_eq!(answer.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        }
    }

    #[test]
    fn too_few_cameras_are_refused_before_anything_starts() {
        let options = Options { cameras: 3, cache: PathBuf::from("/nonexistent") };
        assert!(matches!(Demo::start(&options, &|_| {}), Err(DemoError::Cameras(3))));
    }
}
