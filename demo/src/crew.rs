//! The one thread that runs the cameras: a main loop with their servers, the silent host, the dark ones and the
//! camera that comes and goes. GStreamer's server adds a thread per viewer, by itself.

use crate::{
    act::{Act, DOWN_S, Scene, UP_S},
    cast,
    dark::Dark,
    house::{self, Mount},
    mute::Mute,
    player::Programme,
    reel::Reel,
    stage::DemoError,
};
use gstreamer::glib;
use gstreamer_rtsp_server::{RTSPServer, gio, prelude::*};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::time::Instant;

/// How often the silent host looks who has called.
const MUTE_TICK: Duration = Duration::from_millis(200);
/// How often sessions that timed out are cleared away.
const SWEEP_TICK: Duration = Duration::from_secs(5);

/// What the demo's thread needs to set the cameras up.
pub(crate) struct Crew {
    /// Where every camera listens, each at its own address.
    pub(crate) port: u16,
    /// The loops by name.
    pub(crate) reels: BTreeMap<&'static str, Arc<Reel>>,
    /// When the cameras were switched on.
    pub(crate) since: Instant,
    pub(crate) context: glib::MainContext,
}

/// Where the start is reported.
pub(crate) type Ready = mpsc::SyncSender<Result<(), DemoError>>;

impl Crew {
    /// Opens the cameras, tells `ready`, and runs until `main_loop` is quit; then all is closed.
    pub(crate) fn run(self, scenes: &[Scene], main_loop: &glib::MainLoop, ready: &Ready) {
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
        self.cut_off(cast::switch_host(), open)?;
        hosts.into_iter().try_for_each(|(host, scenes)| self.open_host(host, &scenes, open))
    }

    /// Lets nobody at an address answer.
    fn cut_off(&self, host: Ipv4Addr, open: &mut Open) -> Result<(), DemoError> {
        let address = SocketAddrV4::new(host, self.port);
        let failed =
            |error: std::io::Error| DemoError::Listen { address, message: error.to_string() };
        open.dark.push(Dark::new(address).map_err(failed)?);
        Ok(())
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
                Act::IsCutOff => return self.cut_off(host, open),
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
    dark: Vec<Dark>,
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
