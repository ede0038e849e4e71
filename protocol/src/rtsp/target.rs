//! The address of a stream as an operator writes it.
//!
//! Paths and queries are kept byte for byte, because devices compare them as text. The login is
//! taken out before anything else sees the address.

use std::fmt;

use thiserror::Error;

use crate::auth::Credential;

/// Longest address accepted, bytes.
const MAX_URL: usize = 4096;

/// How the connection is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `rtsp:`, port 554 by default.
    Rtsp,
    /// `rtsps:`, port 322 by default.
    Rtsps,
    /// `rtsph:`, as GStreamer and VLC write it: RTSP in a pair of HTTP connections (QuickTime's
    /// tunnel), port 80 by default.
    Rtsph,
}

impl Scheme {
    /// The port where an address names none.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Rtsp => 554,
            Self::Rtsps => 322,
            Self::Rtsph => 80,
        }
    }

    /// As it stands in request URIs: inside a tunnel they are plain RTSP's.
    fn as_str(self) -> &'static str {
        match self {
            Self::Rtsp | Self::Rtsph => "rtsp",
            Self::Rtsps => "rtsps",
        }
    }
}

/// Why an address cannot be used. Never quotes it, because a password may stand anywhere in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    /// None of `rtsp:`, `rtsps:` and `rtsph:`.
    #[error("read stream address: it starts with none of rtsp://, rtsps:// and rtsph://")]
    Scheme,
    /// There is no host, or it has characters that no host has.
    #[error("read stream address: the host is missing or malformed")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("read stream address: the port is not between 1 and 65535")]
    Port,
    /// A space or control character stands in it.
    #[error("read stream address: unexpected character at byte {at}")]
    Character {
        /// Offset in bytes.
        at: usize,
    },
    /// It is longer than 4096 bytes.
    #[error("read stream address: longer than 4096 bytes")]
    TooLong,
    /// An `@` after the first `/` or `?`: most likely a password that holds one of these, and then
    /// the wrong host would be opened and part of the password shown.
    #[error("read stream address: \"@\" after \"/\" or \"?\"; write / ? @ as %2F %3F %40")]
    Ambiguous,
}

/// Where to connect and what to ask for, without the login.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
    path: String,
}

impl Target {
    /// Splits an address into target and login. A password may contain `@` and, as `%XX`, anything.
    ///
    /// # Errors
    /// If it is no RTSP address; see [`TargetError`].
    pub fn parse(url: &str) -> Result<(Self, Option<Credential>), TargetError> {
        let url = url.trim();
        if url.len() > MAX_URL {
            return Err(TargetError::TooLong);
        }
        if let Some(at) = url.find(|c: char| c.is_ascii_control() || c == ' ') {
            return Err(TargetError::Character { at });
        }
        let (scheme, rest) = split_scheme(url).ok_or(TargetError::Scheme)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if path.contains('@') {
            return Err(TargetError::Ambiguous);
        }
        let (login, host_port) = match authority.rsplit_once('@') {
            Some((login, host_port)) => (Some(login), host_port),
            None => (None, authority),
        };
        let (host, port) = split_port(host_port)?;
        let credential = login.filter(|l| !l.is_empty()).map(|login| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            Credential::new(percent_decode(user), percent_decode(password))
        });
        let target = Self { scheme, host: host.to_owned(), port, path: path.to_owned() };
        Ok((target, credential))
    }

    /// How the connection is carried.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host name or address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, the scheme's own where the address names none.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// Scheme and authority as they stand in request URIs: `rtsp://10.1.2.3:8554`.
    pub fn origin(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme.as_str(), self.host),
            None => format!("{}://{}", self.scheme.as_str(), self.host),
        }
    }

    /// The request URI. An empty path stays empty: some devices answer 404 to `/`.
    pub fn request_uri(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }

    /// The same device, carried the same way, at another path.
    ///
    /// # Errors
    /// What is wrong with the path.
    pub fn at_path(&self, path: &str) -> Result<Self, TargetError> {
        let (target, _) = Self::parse(&format!("{}{path}", self.origin()))?;
        Ok(Self { scheme: self.scheme, ..target })
    }

    /// Host and port as they stand in a `Host` header.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Path and query; empty where the address has none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether both are the same machine by name, so that a login may go to either.
    pub fn same_host(&self, other: &Self) -> bool {
        self.host.eq_ignore_ascii_case(&other.host)
    }
}

/// The address for people and logs: the values of password-like parameters are masked, as some
/// devices take the login in the path (`user=admin&password=…`).
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())?;
        let mut rest = self.path.as_str();
        while let Some((start, end)) = password_value(rest) {
            f.write_str(&rest[..start])?;
            f.write_str("***")?;
            rest = &rest[end..];
        }
        f.write_str(rest)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// The first `password=` (or `passwd=`, `pwd=`) value as a byte range.
fn password_value(text: &str) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let start = ["password=", "passwd=", "pwd="]
        .iter()
        .filter_map(|name| lower.find(name).map(|at| at + name.len()))
        .min()?;
    // XM devices write `user=admin_password=x_channel=1`.
    let end = lower[start..]
        .find(['&', '/', ';', '?'])
        .into_iter()
        .chain(lower[start..].find("_channel="))
        .chain(lower[start..].find("_stream="))
        .min()
        .map_or(text.len(), |len| start + len);
    Some((start, end))
}

pub(super) fn split_scheme(url: &str) -> Option<(Scheme, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "rtsp" | "rtspt" | "rtspu" => Some((Scheme::Rtsp, rest)),
        "rtsps" => Some((Scheme::Rtsps, rest)),
        "rtsph" => Some((Scheme::Rtsph, rest)),
        _ => None,
    }
}

/// Host (IPv6 in its brackets) and port.
fn split_port(host_port: &str) -> Result<(&str, Option<u16>), TargetError> {
    let (host, port) = if host_port.starts_with('[') {
        let end = host_port.find(']').ok_or(TargetError::Host)? + 1;
        let (host, rest) = host_port.split_at(end);
        host[1..end - 1].parse::<std::net::Ipv6Addr>().map_err(|_| TargetError::Host)?;
        match rest.strip_prefix(':') {
            Some(port) => (host, port),
            None if rest.is_empty() => (host, ""),
            None => return Err(TargetError::Host),
        }
    } else {
        let (host, port) = host_port.split_once(':').unwrap_or((host_port, ""));
        let well_formed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || !host.chars().all(well_formed) {
            return Err(TargetError::Host);
        }
        (host, port)
    };
    match port {
        "" => Ok((host, None)),
        port => match port.parse() {
            Ok(0) | Err(_) => Err(TargetError::Port),
            Ok(port) => Ok((host, Some(port))),
        },
    }
}

/// Decodes `%XX`; anything else stands for itself.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes
            .get(i + 1..i + 3)
            .filter(|_| bytes[i] == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(hex.unwrap_or(bytes[i]));
        i += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_is_taken_out() {
        let (target, login) =
            Target::parse("rtsp://admin:p@ss%2F1:x@10.1.2.3:8554/ch1?a=b/c").unwrap();
        let login = login.unwrap();
        assert_eq!((login.username(), login.password()), ("admin", "p@ss/1:x"));
        assert_eq!(target.request_uri(), "rtsp://10.1.2.3:8554/ch1?a=b/c");
        assert_eq!((target.host(), target.port()), ("10.1.2.3", 8554));
        let (bare, login) = Target::parse("RTSP://cam").unwrap();
        assert_eq!((bare.request_uri().as_str(), bare.port()), ("rtsp://cam", 554));
        assert!(login.is_none());
    }

    #[test]
    fn inside_a_tunnel_requests_are_plain_rtsp() {
        let (target, _) = Target::parse("rtsph://h/a?b").unwrap();
        assert_eq!((target.scheme(), target.port()), (Scheme::Rtsph, 80));
        assert_eq!(target.request_uri(), "rtsp://h/a?b");
        assert_eq!((target.authority().as_str(), target.path()), ("h", "/a?b"));
        let elsewhere = target.at_path("/c").unwrap();
        assert_eq!((elsewhere.scheme(), elsewhere.port()), (Scheme::Rtsph, 80));
        assert_eq!(elsewhere.request_uri(), "rtsp://h/c");
    }

    #[test]
    fn ipv6_needs_brackets() {
        let (target, _) = Target::parse("rtsp://[fe80::1]:554/x").unwrap();
        assert_eq!((target.host(), target.port()), ("fe80::1", 554));
        assert_eq!(target.request_uri(), "rtsp://[fe80::1]:554/x");
        assert_eq!(Target::parse("rtsp://fe80::1/x"), Err(TargetError::Port));
        assert_eq!(Target::parse("rtsp://[fe80::1/x"), Err(TargetError::Host));
    }

    #[test]
    fn a_password_with_a_slash_is_refused_and_never_taken_for_a_host() {
        for url in [
            "rtsp://admin:12345/hush@127.0.0.1/x",
            "rtsp://admin:12?hush@127.0.0.1/x",
            "rtsp://u:sE@c/ret9@127.0.0.1/x",
        ] {
            assert_eq!(Target::parse(url).unwrap_err(), TargetError::Ambiguous, "{url}");
        }
        assert!(Target::parse("rtsp://u:p%2Fq@127.0.0.1/a%40b").is_ok());
    }

    #[test]
    fn errors_never_quote_the_address() {
        for (url, error) in [
            ("http://h/", TargetError::Scheme),
            ("10.1.2.3", TargetError::Scheme),
            ("rtsp://", TargetError::Host),
            ("rtsp://u:secret@/x", TargetError::Host),
            ("rtsp://h:0/", TargetError::Port),
            ("rtsp://h:99999/", TargetError::Port),
            ("rtsp://h/a b", TargetError::Character { at: 10 }),
        ] {
            assert_eq!(Target::parse(url), Err(error), "{url}");
            assert!(!error.to_string().contains("secret"));
        }
        assert_eq!(
            Target::parse(&format!("rtsp://h/{}", "x".repeat(5000))),
            Err(TargetError::TooLong)
        );
    }

    #[test]
    fn passwords_in_the_path_are_masked_when_shown() {
        let show = |url| Target::parse(url).unwrap().0.to_string();
        assert_eq!(
            show("rtsp://h/user=admin&password=tlJwpbo6&channel=1"),
            "rtsp://h/user=admin&password=***&channel=1"
        );
        assert_eq!(
            show("rtsp://h/user=a_password=b_channel=1_stream=0.sdp"),
            "rtsp://h/user=a_password=***_channel=1_stream=0.sdp"
        );
        assert_eq!(show("rtsp://u:p@h/?PWD=x"), "rtsp://h/?PWD=***");
        assert_eq!(show("rtsp://h/a?pwd=x&passwd=y"), "rtsp://h/a?pwd=***&passwd=***");
    }
}
