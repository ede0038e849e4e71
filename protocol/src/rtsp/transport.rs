//! The `Transport` and `Session` headers of an answer to SETUP, read without regard to order.

use std::net::IpAddr;
use std::time::Duration;

use super::TransportKind;

/// RFC 2326 §12.37: what holds where the device names no timeout.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What was asked for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Channels of the RTSP connection, for RTP and RTCP.
    Channels(u8, u8),
    /// Our UDP ports, for RTP and RTCP.
    Ports(u16, u16),
}

/// The way that the packets of a stream take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Channels of the RTSP connection.
    Interleaved {
        /// Of RTP.
        rtp: u8,
        /// Of RTCP.
        rtcp: u8,
    },
    /// UDP, to the ports that were asked for.
    Datagrams(DatagramRoute),
}

impl Route {
    /// TCP or UDP.
    pub fn kind(self) -> TransportKind {
        match self {
            Self::Interleaved { .. } => TransportKind::Tcp,
            Self::Datagrams(_) => TransportKind::Udp,
        }
    }
}

/// Where datagrams come from, as far as the device says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DatagramRoute {
    /// Its ports of RTP and RTCP; `None` where it keeps them to itself (Q49).
    pub server_ports: Option<(u16, u16)>,
    /// `source=`, where it is an address of one host: media come from there instead of the RTSP
    /// peer, unless a NAT lies between.
    pub source: Option<IpAddr>,
}

/// What a device says about the transport it chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransportHeader {
    /// The profile says `/TCP`.
    pub tcp: bool,
    /// `interleaved=`: the channels of RTP and RTCP; a single number means the next is RTCP's
    /// (Q41).
    pub interleaved: Option<(u8, u8)>,
    /// `client_port=` or `server_port=` is there, or a multicast `port=`: the device means UDP.
    pub udp_ports: bool,
    /// `multicast` is there, which is never asked for.
    pub multicast: bool,
    /// `server_port=`, if it is one (Q49); a single number means the next is RTCP's.
    pub server_ports: Option<(u16, u16)>,
    /// `source=`, if it is the address of one host; it may be empty (Q44) or a name.
    pub source: Option<IpAddr>,
    /// `ssrc=`, if it is a number (Q43).
    pub ssrc: Option<u32>,
}

impl TransportHeader {
    /// Never fails: what cannot be read counts as absent.
    pub fn parse(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        // Several transports may be listed; the first is the choice.
        let first = text.split(',').next().unwrap_or_default();
        let mut header = Self::default();
        for part in first.split(';').map(str::trim) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "interleaved" => header.interleaved = channels(value),
                "client_port" | "port" => header.udp_ports = true,
                "server_port" => {
                    header.udp_ports = true;
                    header.server_ports = ports(value);
                }
                "multicast" => header.multicast = true,
                "source" => header.source = host(value),
                "ssrc" => header.ssrc = ssrc(value),
                profile if profile.ends_with("/tcp") => header.tcp = true,
                _ => {}
            }
        }
        header
    }

    /// The way that media take after asking for `asked`; `None` if the device chose one that
    /// cannot be taken without asking anew. `interleaved=` decides, not the profile's name (Q42); if
    /// nothing is said, what was asked holds (Q41, Q49).
    pub fn route(&self, asked: Asked) -> Option<Route> {
        if let Some((rtp, rtcp)) = self.interleaved {
            return Some(Route::Interleaved { rtp, rtcp });
        }
        match asked {
            Asked::Channels(..) if self.udp_ports && !self.tcp => None,
            Asked::Channels(rtp, rtcp) => Some(Route::Interleaved { rtp, rtcp }),
            Asked::Ports(..) if self.multicast || (self.tcp && !self.udp_ports) => None,
            Asked::Ports(..) => Some(Route::Datagrams(DatagramRoute {
                server_ports: self.server_ports,
                source: self.source,
            })),
        }
    }
}

fn channels(value: &str) -> Option<(u8, u8)> {
    let (rtp, rtcp) = value.split_once('-').unwrap_or((value, ""));
    let rtp: u8 = rtp.trim().parse().ok()?;
    Some((rtp, rtcp.trim().parse().unwrap_or(rtp.wrapping_add(1))))
}

fn ports(value: &str) -> Option<(u16, u16)> {
    let (rtp, rtcp) = value.split_once('-').unwrap_or((value, ""));
    let rtp: u16 = rtp.trim().parse().ok().filter(|port| *port > 0)?;
    let rtcp = rtcp.trim().parse().ok().filter(|port| *port > 0);
    Some((rtp, rtcp.or(rtp.checked_add(1))?))
}

fn host(value: &str) -> Option<IpAddr> {
    let address: IpAddr = value.trim_matches(['"', '[', ']']).parse().ok()?;
    (!address.is_unspecified() && !address.is_multicast()).then_some(address)
}

fn ssrc(value: &str) -> Option<u32> {
    let hex: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    (hex.len() <= 8).then(|| u32::from_str_radix(&hex, 16).ok()).flatten()
}

/// What a device says about the session it opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHeader {
    /// The identifier, to be echoed byte for byte.
    pub id: Vec<u8>,
    /// How long the session lives without a request; 60 s where unsaid or 0 (Q45).
    pub timeout: Duration,
}

impl SessionHeader {
    /// `None` for an empty identifier.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut parts = value.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let id = parts.next().filter(|id| !id.is_empty() && id.len() <= 256)?.to_vec();
        let timeout = parts
            .filter_map(|part| {
                let text = std::str::from_utf8(part).ok()?;
                let (name, value) = text.split_once('=')?;
                let seconds: u64 = value.trim().parse().ok()?;
                let fits = name.trim().eq_ignore_ascii_case("timeout") && seconds > 0;
                fits.then(|| Duration::from_secs(seconds.min(3600)))
            })
            .next();
        Some(Self { id, timeout: timeout.unwrap_or(DEFAULT_TIMEOUT) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(value: &[u8]) -> Option<(u8, u8)> {
        match TransportHeader::parse(value).route(Asked::Channels(0, 1))? {
            Route::Interleaved { rtp, rtcp } => Some((rtp, rtcp)),
            Route::Datagrams(_) => None,
        }
    }

    /// The route after asking for UDP; `Err` if it is not UDP.
    fn datagrams(value: &str) -> Result<DatagramRoute, Option<Route>> {
        match TransportHeader::parse(value.as_bytes()).route(Asked::Ports(5000, 5001)) {
            Some(Route::Datagrams(route)) => Ok(route),
            other => Err(other),
        }
    }

    #[test]
    fn q41_channels_other_odd_single_or_absent() {
        assert_eq!(channels(b"RTP/AVP/TCP;unicast;interleaved=4-5"), Some((4, 5)));
        assert_eq!(channels(b"RTP/AVP/TCP;interleaved=1-2"), Some((1, 2)));
        assert_eq!(channels(b"RTP/AVP/TCP;interleaved=2"), Some((2, 3)));
        assert_eq!(channels(b"RTP/AVP/TCP;unicast"), Some((0, 1)));
        assert_eq!(channels(b""), Some((0, 1)));
        assert_eq!(channels(b"RTP/AVP/TCP;interleaved=300-301"), Some((0, 1)));
    }

    #[test]
    fn q42_interleaved_decides_and_udp_ports_mean_udp() {
        assert_eq!(channels(b"RTP/AVP;unicast;interleaved=0-1"), Some((0, 1)));
        assert_eq!(channels(b"RTP/AVP;unicast;client_port=0-1;server_port=6970-6971"), None);
    }

    #[test]
    fn q49_server_port_and_source_as_far_as_they_are_told() {
        let udp = |rest: &str| datagrams(&format!("RTP/AVP;unicast;client_port=5000-5001{rest}"));
        let unsaid = DatagramRoute::default();
        let ports = |ports| Ok(DatagramRoute { server_ports: Some(ports), source: None });
        assert_eq!(udp(""), Ok(unsaid));
        assert_eq!(udp(";server_port=6970-6971"), ports((6970, 6971)));
        assert_eq!(udp(";server_port=6970"), ports((6970, 6971)));
        assert_eq!(udp(";server_port=0-0;source="), Ok(unsaid));
        assert_eq!(udp(";server_port=65535;source=cam.local"), Ok(unsaid));
        assert_eq!(datagrams(""), Ok(unsaid));
        let named = |source: &str| Ok(DatagramRoute { source: source.parse().ok(), ..unsaid });
        assert_eq!(udp(";source=10.0.0.7"), named("10.0.0.7"));
        assert_eq!(udp(";source=[fe80::1]"), named("fe80::1"));
        assert_eq!(udp(";source=239.1.1.1"), Ok(unsaid));
        assert_eq!(udp(";source=0.0.0.0"), Ok(unsaid));
    }

    #[test]
    fn q48_an_answer_in_another_transport_than_udp() {
        let interleaved = Some(Route::Interleaved { rtp: 2, rtcp: 3 });
        assert_eq!(datagrams("RTP/AVP/TCP;unicast;interleaved=2-3"), Err(interleaved));
        assert_eq!(datagrams("RTP/AVP/TCP;unicast"), Err(None));
        assert_eq!(datagrams("RTP/AVP;multicast;destination=239.0.0.1;port=5000-5001"), Err(None));
    }

    #[test]
    fn q43_q44_ssrc_anywhere_with_spaces_or_bad() {
        let ssrc = |value: &[u8]| TransportHeader::parse(value).ssrc;
        assert_eq!(ssrc(b"RTP/AVP/TCP;ssrc=0A1B 2C3D;interleaved=0-1"), Some(0x0A1B_2C3D));
        assert_eq!(ssrc(b"RTP/AVP/TCP;unicast; ssrc= 6a"), Some(0x6A));
        assert_eq!(ssrc(b"RTP/AVP/TCP;ssrc=zz"), None);
        assert_eq!(ssrc(b"RTP/AVP/TCP;ssrc=123456789"), None);
    }

    #[test]
    fn q45_session_timeouts() {
        let parse = |value: &[u8]| SessionHeader::parse(value).map(|s| (s.id, s.timeout.as_secs()));
        assert_eq!(parse(b"abc; timeout=20"), Some((b"abc".to_vec(), 20)));
        assert_eq!(parse(b"abc;timeout=15"), Some((b"abc".to_vec(), 15)));
        assert_eq!(parse(b" 12345678 "), Some((b"12345678".to_vec(), 60)));
        assert_eq!(parse(b"abc;timeout=0"), Some((b"abc".to_vec(), 60)));
        assert_eq!(parse(b";timeout=5"), None);
    }
}
