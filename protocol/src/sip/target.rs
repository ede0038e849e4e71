//! The address of an endpoint as an operator writes it: `sip:room1@10.1.2.3:5060;transport=tcp`.
//!
//! The password (RFC 3261 §19.1.1 has a place for one) is taken out before anything else sees the
//! address. A name without a password is no login, only who is called.

use std::fmt;

use thiserror::Error;

use crate::auth::Credential;

/// Longest address accepted, bytes.
const MAX_URL: usize = 1024;

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams: requests are repeated until they are answered.
    Udp,
    /// A connection.
    Tcp,
    /// A connection under TLS.
    Tls,
}

impl Transport {
    /// As it stands in a `Via`.
    pub fn token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// Whether what is sent arrives or the connection breaks.
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }
}

/// Why an address cannot be used. Never quotes it, because a password may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    /// Neither `sip:` nor `sips:`.
    #[error("read endpoint address: it starts with neither sip: nor sips:")]
    Scheme,
    /// There is no host, or it has characters that no host has.
    #[error("read endpoint address: the host is missing or malformed")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("read endpoint address: the port is not between 1 and 65535")]
    Port,
    /// A character that stands in no address.
    #[error("read endpoint address: unexpected character at byte {at}")]
    Character {
        /// Offset in bytes.
        at: usize,
    },
    /// It is longer than 1024 bytes.
    #[error("read endpoint address: longer than 1024 bytes")]
    TooLong,
    /// `transport=` names something that is not spoken here.
    #[error("read endpoint address: the transport is none of udp, tcp and tls")]
    Transport,
    /// Header fields behind `?`, which a probe does not send.
    #[error("read endpoint address: header fields behind \"?\" are not served")]
    Headers,
}

/// Whom to call and by what, without the login.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    secure: bool,
    user: Option<String>,
    host: String,
    port: Option<u16>,
    transport: Transport,
    parameters: String,
}

impl Target {
    /// Splits an address into target and login.
    ///
    /// # Errors
    /// If it is no SIP address; see [`TargetError`].
    pub fn parse(url: &str) -> Result<(Self, Option<Credential>), TargetError> {
        let url = url.trim();
        if url.len() > MAX_URL {
            return Err(TargetError::TooLong);
        }
        let odd = |c: char| c.is_ascii_control() || matches!(c, ' ' | '<' | '>' | '"' | ',');
        if let Some(at) = url.find(odd) {
            return Err(TargetError::Character { at });
        }
        let (scheme, rest) = url.split_once(':').ok_or(TargetError::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "sip" => false,
            "sips" => true,
            _ => return Err(TargetError::Scheme),
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (login, place),
            None => ("", rest),
        };
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        if place.contains('?') {
            return Err(TargetError::Headers);
        }
        let (authority, parameters) = place.split_at(place.find(';').unwrap_or(place.len()));
        let (host, port) = split_port(authority)?;
        let mut transport = if secure { Transport::Tls } else { Transport::Udp };
        for parameter in parameters.split(';') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if name.eq_ignore_ascii_case("transport") {
                transport = match value.to_ascii_lowercase().as_str() {
                    "udp" if !secure => Transport::Udp,
                    "tcp" if !secure => Transport::Tcp,
                    // The old spelling of sips: (RFC 3261 §26.2.2) and TCP under it are TLS.
                    "tls" | "tcp" => Transport::Tls,
                    _ => return Err(TargetError::Transport),
                };
            }
        }
        let credential = (!user.is_empty() && !password.is_empty())
            .then(|| Credential::new(decoded(user), decoded(password)));
        let target = Self {
            secure,
            user: Some(escaped(user)).filter(|user| !user.is_empty()),
            host: host.to_owned(),
            port,
            transport,
            parameters: parameters.to_owned(),
        };
        Ok((target, credential))
    }

    /// What carries the messages.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The same endpoint over TCP: whether anything listens there at all.
    #[must_use]
    pub fn over_tcp(&self) -> Self {
        let others = self.parameters.split(';').filter(|parameter| {
            !parameter.is_empty() && !parameter.to_ascii_lowercase().starts_with("transport=")
        });
        let parameters: String = others.map(|parameter| format!(";{parameter}")).collect();
        Self {
            transport: Transport::Tcp,
            parameters: format!("{parameters};transport=tcp"),
            ..self.clone()
        }
    }

    /// Host name or address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port: 5060, or 5061 for TLS, where the address names none (RFC 3261 §19.1.2).
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.transport == Transport::Tls { 5061 } else { 5060 })
    }

    /// The request URI, without a password.
    pub fn uri(&self) -> String {
        let scheme = if self.secure { "sips" } else { "sip" };
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}:{user}{}{port}{}", self.host, self.parameters)
    }

    /// Who is called, in `To`: without port and parameters (RFC 3261 §20.39).
    pub(super) fn address_of_record(&self) -> String {
        let scheme = if self.secure { "sips" } else { "sip" };
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        format!("{scheme}:{user}{}", self.host)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// Host (IPv6 in its brackets) and port.
pub(super) fn split_port(authority: &str) -> Result<(&str, Option<u16>), TargetError> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']').ok_or(TargetError::Host)? + 1;
        let (host, rest) = authority.split_at(end);
        host[1..end - 1].parse::<std::net::Ipv6Addr>().map_err(|_| TargetError::Host)?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return Err(TargetError::Host),
        }
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let well_formed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !host.starts_with('[') && (host.is_empty() || !host.chars().all(well_formed)) {
        return Err(TargetError::Host);
    }
    match port.map(str::parse) {
        None => Ok((host, None)),
        Some(Ok(port)) if port > 0 => Ok((host, Some(port))),
        Some(_) => Err(TargetError::Port),
    }
}

/// Decodes `%XX`; anything else stands for itself.
fn decoded(text: &str) -> String {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(hex.unwrap_or(byte));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What is no ASCII, percent-encoded: rooms have Chinese names.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> (Target, Option<Credential>) {
        Target::parse(url).unwrap()
    }

    #[test]
    fn an_address_keeps_all_but_its_password() {
        let (target, login) = parse("sip:room1:p%40ss@10.1.2.3:5070;transport=tcp;x=1");
        let login = login.unwrap();
        assert_eq!((login.username(), login.password()), ("room1", "p@ss"));
        assert_eq!(target.uri(), "sip:room1@10.1.2.3:5070;transport=tcp;x=1");
        assert_eq!((target.host(), target.port()), ("10.1.2.3", 5070));
        assert_eq!(target.transport(), Transport::Tcp);
        assert_eq!(target.address_of_record(), "sip:room1@10.1.2.3");
        let (target, login) = parse("SIP:room1@mcu.example");
        assert!(login.is_none(), "a name alone is no login");
        assert_eq!((target.port(), target.transport()), (5060, Transport::Udp));
    }

    #[test]
    fn what_carries_it_follows_scheme_and_parameter() {
        for (url, transport, port) in [
            ("sip:h", Transport::Udp, 5060),
            ("sip:h;transport=UDP", Transport::Udp, 5060),
            ("sip:[::1]:5090;transport=tls", Transport::Tls, 5090),
            ("sips:h;transport=tcp", Transport::Tls, 5061),
        ] {
            let (target, _) = parse(url);
            assert_eq!((target.transport(), target.port()), (transport, port), "{url}");
        }
        let (target, _) = parse("sip:a@h;transport=udp;x");
        assert_eq!(target.over_tcp().uri(), "sip:a@h;x;transport=tcp");
        assert_eq!(parse("sip:会场@h").0.uri(), "sip:%E4%BC%9A%E5%9C%BA@h");
    }

    #[test]
    fn errors_never_quote_the_address() {
        for (url, error) in [
            ("rtsp://h/", TargetError::Scheme),
            ("10.1.2.3", TargetError::Scheme),
            ("sip:", TargetError::Host),
            ("sip:u:secret@", TargetError::Host),
            ("sip:[::g]", TargetError::Host),
            ("sip:h:0", TargetError::Port),
            ("sip:h:secret", TargetError::Port),
            ("sip:a b@h", TargetError::Character { at: 5 }),
            ("sip:h;transport=ws", TargetError::Transport),
            ("sips:h;transport=udp", TargetError::Transport),
            ("sip:h?Subject=x", TargetError::Headers),
        ] {
            assert_eq!(Target::parse(url).unwrap_err(), error, "{url}");
            assert!(!error.to_string().contains("secret"));
        }
        assert_eq!(Target::parse(&"x".repeat(2000)).unwrap_err(), TargetError::TooLong);
    }
}
