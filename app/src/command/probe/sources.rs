//! Where the addresses and logins of a run come from.
//!
//! A login may stand in the address, in a credentials file, or in `ZHISHOU_USER` and
//! `ZHISHOU_PASSWORD`; the first that is there counts, in this order. That of the environment, which
//! names no host, is for cameras and endpoints alone: SNMP would carry it in the clear.

use super::request;
use crate::{cli::ProbeArgs, command::Failure};
use std::{
    collections::HashMap,
    fs,
    io::{Read, Seek, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
};
use zhishou_domain::{Credential, Lang, ProbeRequest, endpoint::is_sip, equipment::Service};

/// Addresses of one run at most.
const MAX_TARGETS: usize = 1_000_000;
/// Bytes of a file of addresses or credentials at most.
const MAX_BYTES: u64 = 256 << 20;

/// Starts the process anew without logins among its arguments, so that `ps` does not show them:
/// the addresses move to a file in memory that only the new process has.
pub(super) fn hide_logins(args: &ProbeArgs) -> Result<(), Failure> {
    if !args.urls.iter().any(|url| url.contains('@')) || args.from.is_some() {
        return Ok(());
    }
    let file = rustix::fs::memfd_create("targets", rustix::fs::MemfdFlags::empty())
        .map_err(|error| Failure::ours(&std::io::Error::from(error)))?;
    let mut file = fs::File::from(file);
    let written = file.write_all(args.urls.join("\n").as_bytes()).and_then(|()| file.rewind());
    written.map_err(|error| Failure::ours(&error))?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&file);
    let kept = std::env::args_os().skip(1).filter(|argument| {
        argument.to_str().is_none_or(|argument| !args.urls.iter().any(|url| url == argument))
    });
    let failed = Command::new("/proc/self/exe")
        .args(kept)
        .arg(format!("--from=/proc/self/fd/{number}"))
        .exec();
    Err(Failure::ours(&failed))
}

/// Every address of the run with its login.
pub(super) fn read(args: &ProbeArgs, lang: Lang) -> Result<Vec<ProbeRequest>, Failure> {
    let mut urls = args.urls.clone();
    if let Some(from) = &args.from {
        let text =
            if from == Path::new("-") { read_all(std::io::stdin())? } else { read_file(from)? };
        // Editors on Windows begin a file with a byte order mark.
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        urls.extend(
            lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned),
        );
    }
    if urls.is_empty() {
        return Err(Failure::Usage(
            lang.pick("没有要探测的地址", "there is no address to probe").to_owned(),
        ));
    }
    if urls.len() > MAX_TARGETS {
        let number = urls.len();
        return Err(Failure::Usage(match lang {
            Lang::Zh => format!("一次最多 {MAX_TARGETS} 个地址，给了 {number} 个"),
            Lang::En => format!("at most {MAX_TARGETS} addresses at once, {number} are given"),
        }));
    }
    let known = args
        .credentials
        .as_deref()
        .map(|path| credentials(path, lang))
        .transpose()?
        .unwrap_or_default();
    let environment = from_environment();
    for (number, url) in urls.iter().enumerate() {
        check(url, number + 1, lang)?;
    }
    Ok(urls
        .into_iter()
        .map(|url| {
            let login = login_for(&url, &known, environment.as_ref());
            request(url, login, args)
        })
        .collect())
}

/// The login for an address that holds none.
fn login_for(
    url: &str,
    known: &HashMap<String, Credential>,
    environment: Option<&Credential>,
) -> Option<Credential> {
    let of_host = places_of(url).iter().find_map(|place| known.get(place));
    of_host.or(environment.filter(|_| Service::of(url).is_none())).cloned()
}

/// Refuses an address that cannot be opened. Shows where it stands, not what it says: a login may
/// stand anywhere in it.
fn check(url: &str, number: usize, lang: Lang) -> Result<(), Failure> {
    let Err(problem) = zhishou_probe::check_address(url) else { return Ok(()) };
    let schemes = Service::SCHEMES;
    let problem = match lang {
        Lang::Zh => {
            format!("应为 rtsp://主机[:端口]/路径、sip:用户@主机[:端口]，或 {schemes}（{problem}）")
        }
        Lang::En => {
            format!("want rtsp://host[:port]/path, sip:user@host[:port], or {schemes} ({problem})")
        }
    };
    Err(Failure::Usage(match lang {
        Lang::Zh => format!("第 {number} 个地址：{problem}"),
        Lang::En => format!("address {number}: {problem}"),
    }))
}

/// The names under which a login for this address may stand, the closest first: with its port, also
/// where that is the scheme's own, and the host alone; an IPv6 address with or without brackets.
fn places_of(url: &str) -> Vec<String> {
    // What is behind the user of SIP's has the form of any other.
    let sip = is_sip(url).then(|| {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let place = place.split(';').next().unwrap_or(place).trim_start_matches('/');
        format!("{}://{place}", scheme.trim_start())
    });
    let Ok(url) = url::Url::parse(sip.as_deref().unwrap_or(url)) else { return Vec::new() };
    let Some(host) = url.host_str().map(str::to_ascii_lowercase) else { return Vec::new() };
    let own = match url.scheme() {
        "rtsps" => 322,
        "rtsph" | "http" => 80,
        "https" => 443,
        "snmp" => 161,
        "sip" => 5060,
        "sips" => 5061,
        _ => 554,
    };
    let port = url.port().unwrap_or(own);
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    vec![format!("{host}:{port}"), host, bare]
}

/// `host user password` or `host:port user password` a line; the password is the rest of the line.
fn credentials(path: &Path, lang: Lang) -> Result<HashMap<String, Credential>, Failure> {
    let mut known = HashMap::new();
    for (number, line) in (1..).zip(read_file(path)?.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.splitn(3, char::is_whitespace);
        let (Some(host), Some(user), Some(password)) = (words.next(), words.next(), words.next())
        else {
            let place = path.display();
            return Err(Failure::Usage(match lang {
                Lang::Zh => format!("{place} 第 {number} 行：应为“主机[:端口] 用户名 密码”"),
                Lang::En => format!("{place}:{number}: want \"host[:port] user password\""),
            }));
        };
        known.insert(host.to_ascii_lowercase(), Credential::new(user, password.trim()));
    }
    Ok(known)
}

fn from_environment() -> Option<Credential> {
    let user = std::env::var("ZHISHOU_USER").ok()?;
    Some(Credential::new(user, std::env::var("ZHISHOU_PASSWORD").ok()?))
}

fn read_file(path: &Path) -> Result<String, Failure> {
    let named =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", path.display()));
    let file = fs::File::open(path).map_err(|error| named(&error))?;
    read_all(file).map_err(|failure| named(&failure))
}

fn read_all(input: impl Read) -> Result<String, Failure> {
    let mut text = String::new();
    let read = input.take(MAX_BYTES).read_to_string(&mut text);
    read.map(|_| text).map_err(|error| Failure::Usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_found_by_host_and_port_first() {
        assert_eq!(places_of("rtsp://Cam/x"), ["cam:554", "cam", "cam"]);
        assert_eq!(places_of("rtsp://u:p@10.0.0.1:8554/x")[..2], ["10.0.0.1:8554", "10.0.0.1"]);
        assert_eq!(places_of("rtsps://[::1]/x"), ["[::1]:322", "[::1]", "::1"]);
        assert_eq!(places_of("snmp://switch")[0], "switch:161");
        assert_eq!(places_of("sip:room1@MCU;transport=tcp")[..2], ["mcu:5060", "mcu"]);
        assert_eq!(places_of("sips:a:b@[::1]:5071")[0], "[::1]:5071");
        assert!(places_of("nothing").is_empty());
    }

    #[test]
    fn a_login_without_a_host_goes_to_no_equipment() {
        let known = HashMap::from([("switch".to_owned(), Credential::community("ro"))]);
        let environment = Credential::new("viewer", "secret");
        let login = |url| login_for(url, &known, Some(&environment));
        assert_eq!(login("rtsp://camera/x"), Some(environment.clone()));
        assert_eq!(login("sip:room@mcu"), Some(environment.clone()));
        assert_eq!(login("snmp://switch"), Some(Credential::community("ro")));
        assert_eq!(login("snmp://another"), None);
    }
}
