//! The RTSP servers: one per address, as each camera or recorder has its own.

use crate::{
    act::{Login, Scene},
    player::{self, Programme},
};
use gstreamer as gst;
use gstreamer_rtsp_server::{
    self as rtsp_server, RTSPAuth, RTSPFilterResult, RTSPMountPoints, RTSPServer, RTSPToken,
    gst_rtsp::RTSPAuthMethod, prelude::*,
};
use std::net::SocketAddrV4;

/// The role that a viewer with the right credential has.
const VIEWER: &str = "viewer";
/// The realm of every camera.
const REALM: &str = "demo camera";

/// One path of a server.
pub(crate) struct Mount<'a> {
    pub(crate) path: &'a str,
    pub(crate) programme: Programme,
}

/// A server at `address` that asks for the credential of `scene` and plays `mounts`.
pub(crate) fn server(address: SocketAddrV4, scene: &Scene, mounts: &[Mount<'_>]) -> RTSPServer {
    let server = RTSPServer::new();
    server.set_address(&address.ip().to_string());
    server.set_service(&address.port().to_string());
    let auth = guard(scene);
    let points = RTSPMountPoints::new();
    for mount in mounts {
        let factory = player::factory(&mount.programme);
        if auth.is_some() {
            let rights = gst::Structure::builder(VIEWER)
                .field(rtsp_server::RTSP_PERM_MEDIA_FACTORY_ACCESS, true)
                .field(rtsp_server::RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, true)
                .build();
            factory.add_role_from_structure(&rights);
        }
        points.add_factory(mount.path, factory);
    }
    server.set_mount_points(Some(&points));
    server.set_auth(auth.as_ref());
    server
}

/// What asks for the credential; `None` lets everyone in.
fn guard(scene: &Scene) -> Option<RTSPAuth> {
    let auth = RTSPAuth::new();
    let role = rtsp_server::RTSP_TOKEN_MEDIA_FACTORY_ROLE;
    let token = RTSPToken::builder().field(role, VIEWER).build();
    let (user, password) = (scene.credential.username.as_str(), scene.credential.password());
    match scene.login {
        Login::Open => return None,
        Login::Basic => {
            auth.set_supported_methods(RTSPAuthMethod::Basic);
            auth.add_basic(&RTSPAuth::make_basic(user, password), &token);
        }
        Login::Digest => {
            auth.set_supported_methods(RTSPAuthMethod::Digest);
            auth.add_digest(user, password, &token);
        }
    }
    auth.set_realm(Some(REALM));
    Some(auth)
}

/// Closes every connection of `server`, as a power cut does: without a word.
pub(crate) fn hang_up(server: &RTSPServer) {
    server.client_filter(Some(&mut |_, _| RTSPFilterResult::Remove));
}
