//! Addresses of equipment: `icmp://host`, `tcp://host:port`, `http://…`, `https://…`, `snmp://host[:161]`.

use crate::{Credential, DeviceKind, Lang};
use serde::{Deserialize, Serialize};
use std::{fmt, net::Ipv6Addr};

/// By what equipment is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Echo requests (RFC 792, RFC 4443).
    Icmp,
    /// A TCP handshake.
    Tcp,
    /// An answer of HTTP/1.1 (RFC 9112).
    Http,
    /// The same under TLS.
    Https,
    /// SNMP GET (RFC 3416).
    Snmp,
}

words!(Service {
    Icmp = "icmp", "ICMP", "ICMP";
    Tcp = "tcp", "TCP", "TCP";
    Http = "http", "HTTP", "HTTP";
    Https = "https", "HTTPS", "HTTPS";
    Snmp = "snmp", "SNMP", "SNMP";
});

impl Service {
    /// The schemes of all, for a message.
    pub const SCHEMES: &'static str = "icmp://, tcp://, http://, https://, snmp://";

    /// The port where an address names none; 0 where there are none, `None` where one must be named.
    const fn port(self) -> Option<u16> {
        match self {
            Self::Icmp => Some(0),
            Self::Tcp => None,
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::Snmp => Some(161),
        }
    }

    /// The service that an address is of, whatever follows its scheme.
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, _) = url.trim_start().split_once("://")?;
        Self::from_code(&scheme.to_ascii_lowercase())
    }
}

impl DeviceKind {
    /// What opens by this address, where the ledger does not say: addresses of equipment are its own,
    /// and SIP is spoken by endpoints.
    pub fn of_address(url: &str) -> Self {
        match Service::of(url) {
            Some(_) => Self::Equipment,
            None if crate::endpoint::is_sip(url) => Self::Endpoint,
            None => Self::Camera,
        }
    }
}

/// An address of equipment, without any login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    service: Service,
    host: String,
    port: u16,
    path: String,
}

/// Why a text is none. Never quotes it: a community may stand anywhere in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[error("{}", self.render(Lang::En))]
pub enum AddressProblem {
    /// Another scheme.
    Scheme,
    /// No host, or one that cannot be.
    Host,
    /// No port where one must be, or one that cannot be.
    Port,
    /// Something behind the host that means nothing here.
    Path,
    /// A login for a service that is sent none.
    Login,
}

impl AddressProblem {
    /// The words for a person.
    pub fn render(self, lang: Lang) -> &'static str {
        match self {
            Self::Scheme => lang.pick(
                "地址应以 icmp://、tcp://、http://、https:// 或 snmp:// 开头",
                "the address should begin with icmp://, tcp://, http://, https:// or snmp://",
            ),
            Self::Host => lang.pick("主机名或 IP 不对", "no host name and no IP address"),
            Self::Port => lang.pick(
                "端口应为 1 至 65535；tcp:// 必须写明端口",
                "the port should be 1 to 65535; tcp:// needs one, icmp:// has none",
            ),
            Self::Path => lang.pick(
                "主机之后只有 http 和 https 地址可以有路径",
                "only http and https have anything behind the host",
            ),
            Self::Login => lang.pick(
                "只有 snmp:// 地址可以带团体字，其余不发送口令",
                "only snmp:// takes a community; no login is sent to the others",
            ),
        }
    }
}

impl Address {
    /// Takes an address apart. What stands before an `@` of an `snmp:` address is its community.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<(Self, Option<Credential>), AddressProblem> {
        let url = url.trim();
        let service = Service::of(url).ok_or(AddressProblem::Scheme)?;
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        let community = match login {
            None => None,
            Some(login) if service == Service::Snmp && !login.is_empty() => {
                Some(Credential::community(decoded(login).ok_or(AddressProblem::Login)?))
            }
            Some(_) => return Err(AddressProblem::Login),
        };
        let (host, port) = split_port(place)?;
        let port = match (port, service.port()) {
            (Some(_), Some(0)) | (None, None) => return Err(AddressProblem::Port),
            (Some(port), _) | (None, Some(port)) => port,
        };
        let is_web = matches!(service, Service::Http | Service::Https);
        let path = path.split('#').next().unwrap_or(path);
        // What is sent must not end the line it stands on.
        let is_sound = path.bytes().all(|byte| byte.is_ascii_graphic() || byte >= 0x80);
        if !is_sound || !is_web && !matches!(path, "" | "/") {
            return Err(AddressProblem::Path);
        }
        let path = match path {
            "" | "/" if !is_web => String::new(),
            path if path.starts_with('/') => escaped(path),
            path => format!("/{}", escaped(path)),
        };
        Ok((Self { service, host, port, path }, community))
    }

    /// By what it is asked.
    pub const fn service(&self) -> Service {
        self.service
    }

    /// Host name or IP address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 0 for ICMP.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path and query of a web address, from the slash on; empty for the others.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Host and port as they stand in an address, the port left out where it is the service's own.
    pub fn authority(&self) -> String {
        let host = &self.host;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        if self.service.port() == Some(self.port) { host } else { format!("{host}:{}", self.port) }
    }

    /// Where a redirect of a web address leads, as long as it stays on this host: no other is opened.
    pub fn redirected(&self, location: &str) -> Option<Self> {
        let is_web = |it: &Self| matches!(it.service, Service::Http | Service::Https);
        if Service::of(location).is_some() {
            let (to, _) = Self::parse(location).ok()?;
            return (is_web(&to) && to.host.eq_ignore_ascii_case(&self.host)).then_some(to);
        }
        let path = match location {
            it if it.starts_with("//") => {
                return self.redirected(&format!("{}:{it}", self.service.code()));
            }
            it if it.starts_with('/') => it.to_owned(),
            // Beside the present document (RFC 3986 §5.2.3).
            it => {
                let before = self.path.split('?').next().unwrap_or_default();
                let folder = before.rfind('/').map_or("/", |at| &before[..=at]);
                format!("{folder}{it}")
            }
        };
        let url = format!("{}://{}{path}", self.service.code(), self.authority());
        Self::parse(&url).ok().map(|(to, _)| to)
    }
}

/// Without the community.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.service.code(), self.authority(), self.path)
    }
}

fn split_port(place: &str) -> Result<(String, Option<u16>), AddressProblem> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or(AddressProblem::Host)?;
            host.parse::<Ipv6Addr>().map_err(|_| AddressProblem::Host)?;
            (host, if after.is_empty() { None } else { Some(after) })
        }
        None => match place.find(':') {
            Some(at) => (&place[..at], Some(&place[at..])),
            None => (place, None),
        },
    };
    let is_v6 = place.starts_with('[');
    let is_name = |host: &str| {
        (1..=253).contains(&host.len())
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    if !is_v6 && !is_name(host) {
        return Err(AddressProblem::Host);
    }
    let number = |port: &str| {
        let port: u16 = port.strip_prefix(':')?.parse().ok()?;
        (port > 0).then_some(port)
    };
    let port = port.map(|port| number(port).ok_or(AddressProblem::Port)).transpose()?;
    Ok((host.to_owned(), port))
}

/// Text with `%41` made to `A`; `None` where that is no text.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (digits, after) = rest.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// What is no ASCII, percent-encoded (RFC 3986 §2.1).
fn escaped(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut text, byte| {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> Result<String, AddressProblem> {
        Address::parse(url).map(|(address, _)| address.to_string())
    }

    #[test]
    fn addresses_read_and_show_without_what_goes_without_saying() {
        for url in ["icmp://10.1.2.3", "tcp://nvr-1.local:8000", "https://[2001:db8::1]:8443/a?b=1"]
        {
            assert_eq!(shown(url).as_deref(), Ok(url));
        }
        assert_eq!(shown("SNMP://10.0.0.1:161/").as_deref(), Ok("snmp://10.0.0.1"));
        assert_eq!(shown("http://a").as_deref(), Ok("http://a/"));
        assert_eq!(shown("http://a/视频#top").as_deref(), Ok("http://a/%E8%A7%86%E9%A2%91"));
        let (address, _) = Address::parse("snmp://[::1]").unwrap();
        assert_eq!((address.host(), address.port()), ("::1", 161));
    }

    #[test]
    fn a_community_is_taken_out_and_nothing_else_takes_a_login() {
        let (address, credential) = Address::parse("snmp://p%40ss@10.0.0.1").unwrap();
        assert_eq!(address.to_string(), "snmp://10.0.0.1");
        assert_eq!(credential.unwrap().password(), "p@ss");
        for url in ["http://u:p@10.0.0.1/", "icmp://u@10.0.0.1", "snmp://@10.0.0.1"] {
            assert_eq!(shown(url), Err(AddressProblem::Login), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for (url, problem) in [
            ("rtsp://10.0.0.1/", AddressProblem::Scheme),
            ("10.0.0.1", AddressProblem::Scheme),
            ("icmp://", AddressProblem::Host),
            ("tcp://[::g]:1", AddressProblem::Host),
            ("http://a b/", AddressProblem::Host),
            ("tcp://10.0.0.1", AddressProblem::Port),
            ("tcp://10.0.0.1:0", AddressProblem::Port),
            ("icmp://10.0.0.1:7", AddressProblem::Port),
            ("http://[::1]80/", AddressProblem::Port),
            ("snmp://10.0.0.1/x", AddressProblem::Path),
            ("http://a/x\r\nHost: b", AddressProblem::Path),
        ] {
            assert_eq!(shown(url), Err(problem), "{url}");
        }
    }

    #[test]
    fn a_redirect_stays_on_its_host() {
        let (at, _) = Address::parse("http://10.0.0.1:8080/doc/page?x").unwrap();
        let to = |location: &str| at.redirected(location).map(|it| it.to_string());
        assert_eq!(to("/login.asp").as_deref(), Some("http://10.0.0.1:8080/login.asp"));
        assert_eq!(to("login.asp").as_deref(), Some("http://10.0.0.1:8080/doc/login.asp"));
        assert_eq!(to("https://10.0.0.1/").as_deref(), Some("https://10.0.0.1/"));
        assert_eq!(to("//10.0.0.1/x").as_deref(), Some("http://10.0.0.1/x"));
        assert_eq!(to("http://10.0.0.2/"), None, "another device is not opened");
        assert_eq!(to("icmp://10.0.0.1"), None);
    }
}
