//! Endpoints and a registrar of others as processes of the test: baresip, sipp, Kamailio, which are
//! packages of the system (`make test` installs them).

#![expect(clippy::unwrap_used, reason = "a test without its peers fails where it stands")]

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tokio::time::Instant;

/// A process that ends with its owner, asked to: Kamailio takes its children along only then.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _asked = Command::new("kill").arg(self.0.id().to_string()).status();
        let _status = self.0.wait();
    }
}

fn start(program: &str, arguments: &[&str], folder: &Path) -> Process {
    let child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}: run `make test`"));
    Process(child)
}

/// A port that was free a moment ago.
///
/// # Panics
/// Where the machine has none.
pub fn free_port() -> u16 {
    UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Waits until something listens on a UDP port, whatever it says. The kernel is asked: binding the port to see
/// whether it is free would take it from whoever starts just then.
///
/// # Panics
/// If nothing does within half a minute.
pub fn wait_for(port: u16) {
    let until = Instant::now() + Duration::from_secs(30);
    let end = format!(":{port:04X}");
    let is_bound = || {
        let sockets = fs::read_to_string("/proc/net/udp").unwrap();
        sockets.lines().any(|it| it.split_whitespace().nth(1).is_some_and(|it| it.ends_with(&end)))
    };
    while !is_bound() {
        assert!(Instant::now() < until, "nothing listens on {port}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What baresip shows, and whether its microphone is on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Footage and a tone.
    Lively,
    /// A still picture and nothing to hear.
    Dead,
}

/// baresip that takes every call; where it is to register, at this registrar as `room1`.
///
/// # Panics
/// Where it does not start.
pub fn baresip(
    folder: &Path,
    port: u16,
    room: Room,
    video: &Path,
    registrar: Option<u16>,
) -> Process {
    let account = match registrar {
        Some(at) => format!(
            "<sip:room1@127.0.0.1:{at}>;auth_user=room1;auth_pass=s3cret;regint=60;{ACCOUNT}\n"
        ),
        None => format!("<sip:room1@127.0.0.1:{port}>;regint=0;{ACCOUNT}\n"),
    };
    start_baresip(folder, port, room, video, &account, "")
}

/// baresip that is called over TLS, on a port of its own that comes back; it shows the certificate that is given
/// with its key.
///
/// # Panics
/// Where it does not start.
pub fn baresip_over_tls(folder: &Path, room: Room, video: &Path, pem: &str) -> (Process, u16) {
    let certificate = folder.join("own.pem");
    fs::write(&certificate, pem).unwrap();
    // It listens for TLS on the port behind that of UDP and TCP.
    let (port, secured) = loop {
        let port = free_port();
        if port < u16::MAX && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok() {
            break (port, port + 1);
        }
    };
    let account = format!("<sip:room1@127.0.0.1:{secured};transport=tls>;regint=0;{ACCOUNT}\n");
    let more = format!("sip_certificate {}\n", certificate.display());
    (start_baresip(folder, port, room, video, &account, &more), secured)
}

/// Of every account: whatever calls is taken.
const ACCOUNT: &str = "answermode=auto;audio_codecs=pcma,pcmu;video_codecs=h264";

fn start_baresip(
    folder: &Path,
    port: u16,
    room: Room,
    video: &Path,
    account: &str,
    more: &str,
) -> Process {
    let (sound, picture) = match room {
        Room::Lively => ("ausine,440", format!("avformat,{}", video.display())),
        Room::Dead => ("aufile,silence.wav", "fakevideo,nil".to_owned()),
    };
    fs::write(folder.join("silence.wav"), wav_of_silence()).unwrap();
    let config = format!(
        "sip_listen 127.0.0.1:{port}\ncall_max_calls 1\naudio_source {sound}\n\
         audio_player aufile,rx.wav\nausrc_srate 48000\nausrc_channels 2\nauplay_srate 8000\n\
         video_source {picture}\nvideo_size 320x240\nvideo_bitrate 300000\nvideo_fps 15\n\
         avcodec_h264enc libx264\nrtp_ports 20000-40000\nmodule_path /usr/lib/baresip/modules\n\
         module g711.so\nmodule ausine.so\nmodule aufile.so\nmodule avcodec.so\n\
         module avformat.so\nmodule swscale.so\nmodule fakevideo.so\nmodule_app account.so\n\
         module_app menu.so\n{more}"
    );
    fs::write(folder.join("config"), config).unwrap();
    fs::write(folder.join("accounts"), account).unwrap();
    fs::write(folder.join("contacts"), "").unwrap();
    let process = start("baresip", &["-4", "-f", folder.to_str().unwrap()], folder);
    wait_for(port);
    process
}

/// Twelve seconds of zeros at 48 000 samples, two channels: baresip hangs up at the end of the file.
fn wav_of_silence() -> Vec<u8> {
    let bytes: u32 = 12 * 48_000 * 4;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    wav.extend(48_000u32.to_le_bytes());
    wav.extend((48_000u32 * 4).to_le_bytes());
    wav.extend(b"\x04\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.resize(wav.len() + bytes as usize, 0);
    wav
}

/// sipp's scenario `uas`: it ignores OPTIONS, takes calls, and sends sound back.
///
/// # Panics
/// Where it does not start.
pub fn sipp(folder: &Path, port: u16) -> Process {
    let (port_text, media) = (port.to_string(), free_port().to_string());
    let arguments =
        ["-sn", "uas", "-i", "127.0.0.1", "-p", &port_text, "-mp", &media, "-rtp_echo", "-nostdin"];
    let process = start("sipp", &arguments, folder);
    wait_for(port);
    process
}

/// Kamailio as registrar and proxy that asks everybody for a Digest (without qop, as it does by
/// default); the password of every user is `s3cret`.
///
/// # Panics
/// Where it does not start.
pub fn kamailio(folder: &Path, port: u16) -> Process {
    start_kamailio(folder, port, "disable_tcp=yes")
}

/// The same, which also listens for TLS, with the certificate and the key of `pem`. The port of that.
///
/// # Panics
/// Where it does not start.
pub fn kamailio_over_tls(folder: &Path, port: u16, pem: &str) -> (Process, u16) {
    let (certificate, secured) = (folder.join("proxy.pem"), free_port());
    fs::write(&certificate, pem).unwrap();
    let file = certificate.display();
    let more = format!(
        "enable_tls=yes\ntcp_children=1\nlisten=tls:127.0.0.1:{secured}\nloadmodule \"tls.so\"\n\
         modparam(\"tls\", \"certificate\", \"{file}\")\n\
         modparam(\"tls\", \"private_key\", \"{file}\")\n\
         modparam(\"tls\", \"tls_method\", \"TLSv1.2+\")"
    );
    (start_kamailio(folder, port, &more), secured)
}

fn start_kamailio(folder: &Path, port: u16, more: &str) -> Process {
    let config = format!(
        r#"#!KAMAILIO
debug=0
log_stderror=yes
children=1
auto_aliases=no
listen=udp:127.0.0.1:{port}
{more}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
request_route {{
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("127.0.0.1", "s3cret", "0")) {{ www_challenge("127.0.0.1", "0"); exit; }}
        save("location");
        exit;
    }}
    if (!pv_proxy_authenticate("127.0.0.1", "s3cret", "0")) {{ proxy_challenge("127.0.0.1", "0"); exit; }}
    consume_credentials();
    record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}
"#
    );
    let file = folder.join("kamailio.cfg");
    fs::write(&file, config).unwrap();
    let pid = folder.join("kamailio.pid");
    let arguments =
        ["-DD", "-f", file.to_str().unwrap(), "-P", pid.to_str().unwrap(), "-m", "32", "-M", "4"];
    // Not on the path of whoever is not root.
    let process = start("/usr/sbin/kamailio", &arguments, folder);
    wait_for(port);
    process
}

/// What a network does to datagrams that pass [`relay`].
#[derive(Clone, Copy, Default)]
pub struct Network {
    /// One of so many is lost; 0: none.
    pub loses: u64,
    /// One of so many comes twice; 0: none.
    pub doubles: u64,
    /// So long on the way, in each direction.
    pub delays: Duration,
}

/// A port that passes what it gets on to `to`, and what comes back to who sent last.
///
/// # Panics
/// Where there is no port.
pub fn relay(to: u16, network: Network) -> u16 {
    let front = UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let back = UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    back.connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, to)).unwrap();
    let port = front.local_addr().unwrap().port();
    let caller = std::sync::Arc::new(std::sync::Mutex::new(None));
    let (from, answers, told) =
        (front.try_clone().unwrap(), back.try_clone().unwrap(), caller.clone());
    thread::spawn(move || {
        let (mut buffer, mut count) = (vec![0; 65_536], 0);
        while let Ok((length, sender)) = from.recv_from(&mut buffer) {
            *told.lock().unwrap() = Some(sender);
            pass(&mut count, network, &buffer[..length], |bytes| drop(back.send(bytes)));
        }
    });
    thread::spawn(move || {
        let (mut buffer, mut count) = (vec![0; 65_536], 1);
        while let Ok(length) = answers.recv(&mut buffer) {
            let Some(to) = *caller.lock().unwrap() else { continue };
            pass(&mut count, network, &buffer[..length], |bytes| drop(front.send_to(bytes, to)));
        }
    });
    port
}

fn pass(count: &mut u64, network: Network, bytes: &[u8], send: impl Fn(&[u8])) {
    *count += 1;
    if count.is_multiple_of(network.loses) {
        return;
    }
    thread::sleep(network.delays);
    send(bytes);
    if count.is_multiple_of(network.doubles) {
        send(bytes);
    }
}
