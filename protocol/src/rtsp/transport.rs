//! The `Transport` and `Session` headers of an answer to SETUP, read without regard to order.

use std::time::Duration;

/// RFC 2326 §12.37: what holds where the device names no timeout.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

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
                "client_port" | "server_port" | "port" => header.udp_ports = true,
                "ssrc" => header.ssrc = ssrc(value),
                profile if profile.ends_with("/tcp") => header.tcp = true,
                _ => {}
            }
        }
        header
    }

    /// The channels to listen on after asking for `asked`; `None` if the device chose UDP.
    /// `interleaved=` decides, not the profile's name (Q42); if nothing is said, what was asked
    /// holds (Q41).
    pub fn channels(&self, asked: (u8, u8)) -> Option<(u8, u8)> {
        match self.interleaved {
            Some(channels) => Some(channels),
            None if self.udp_ports && !self.tcp => None,
            None => Some(asked),
        }
    }
}

fn channels(value: &str) -> Option<(u8, u8)> {
    let (rtp, rtcp) = value.split_once('-').unwrap_or((value, ""));
    let rtp: u8 = rtp.trim().parse().ok()?;
    Some((rtp, rtcp.trim().parse().unwrap_or(rtp.wrapping_add(1))))
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

    #[test]
    fn q41_channels_other_odd_single_or_absent() {
        let channels = |value: &[u8]| TransportHeader::parse(value).channels((0, 1));
        assert_eq!(channels(b"RTP/AVP/TCP;unicast;interleaved=4-5"), Some((4, 5)));
        assert_eq!(channels(b"RTP/AVP/TCP;interleaved=1-2"), Some((1, 2)));
        assert_eq!(channels(b"RTP/AVP/TCP;interleaved=2"), Some((2, 3)));
        assert_eq!(channels(b"RTP/AVP/TCP;unicast"), Some((0, 1)));
        assert_eq!(channels(b""), Some((0, 1)));
        assert_eq!(channels(b"RTP/AVP/TCP;interleaved=300-301"), Some((0, 1)));
    }

    #[test]
    fn q42_interleaved_decides_and_udp_ports_mean_udp() {
        let channels = |value: &[u8]| TransportHeader::parse(value).channels((0, 1));
        assert_eq!(channels(b"RTP/AVP;unicast;interleaved=0-1"), Some((0, 1)));
        assert_eq!(channels(b"RTP/AVP;unicast;client_port=0-1;server_port=6970-6971"), None);
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
