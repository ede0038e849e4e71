#!/usr/bin/python3
"""GStreamer's RTSP server over MP4 files: gst_server.py PORT [--udp-only] [--aggregate] [--login basic|digest --user U --password P | --tls CERTIFICATE KEY] FILE...

Listens on 127.0.0.1 (PORT 0 takes a free one), prints "ready rtsp://127.0.0.1:PORT/NAME" for each
file, and serves until it is killed. Needs the system's python3-gi, so no virtual environment.
"""

import argparse
import pathlib

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PAYLOADERS = {
    "h264": "rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "rtph265pay name=pay0 pt=96 config-interval=-1",
    "mjpeg": "rtpjpegpay name=pay0 pt=26",
    "mpeg4": "rtpmp4vpay name=pay0 pt=96 config-interval=1",
}
SOUND = {"alaw": "rtppcmapay pt=8", "aac": "aacparse ! rtpmp4gpay pt=97"}


def guard(server, arguments):
    """Asks for the credential."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_realm("foreign peer")
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if arguments.login == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        basic = GstRtspServer.RTSPAuth.make_basic(arguments.user, arguments.password)
        auth.add_basic(basic, token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(arguments.user, arguments.password, token)
    server.set_auth(auth)


def secure(server, certificate, key):
    """Speaks TLS to whoever comes."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(certificate, key))
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.set_default_token(token)
    server.set_auth(auth)


def factory(path, guarded, udp_only, aggregate):
    """Plays one file; the codec is told by its name, H.264 by nothing, sound by `alaw` or `aac`."""
    codec = next((name for name in PAYLOADERS if name in path.stem), "h264")
    sound = next((SOUND[name] for name in SOUND if name in path.stem), None)
    made = GstRtspServer.RTSPMediaFactory()
    launch = (
        f'filesrc location="{path.resolve()}" ! qtdemux name=demux demux.video_0 ! queue '
        f"! {PAYLOADERS[codec]}"
    )
    if aggregate:
        launch += " aggregate-mode=zero-latency"
    if sound:
        launch += f" demux.audio_0 ! queue ! {sound} name=pay1"
    made.set_launch(f"( {launch} )")
    if udp_only:
        made.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    if guarded:
        rights = GstRtspServer.RTSPPermissions()
        rights.add_permission_for_role("viewer", "media.factory.access", True)
        rights.add_permission_for_role("viewer", "media.factory.construct", True)
        made.set_permissions(rights)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--udp-only", action="store_true")
    parser.add_argument("--aggregate", action="store_true")
    parser.add_argument("--login", choices=["basic", "digest"])
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(arguments.port))
    if arguments.login:
        guard(server, arguments)
    elif arguments.tls:
        secure(server, *arguments.tls)
    points = server.get_mount_points()
    for path in arguments.files:
        guarded = bool(arguments.login or arguments.tls)
        made = factory(path, guarded, arguments.udp_only, arguments.aggregate)
        points.add_factory(f"/{path.name}", made)
    if server.attach(None) == 0:
        raise SystemExit(f"gst_server: port {arguments.port} is taken")
    scheme = "rtsps" if arguments.tls else "rtsp"
    for path in arguments.files:
        print(f"ready {scheme}://127.0.0.1:{server.get_bound_port()}/{path.name}", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
