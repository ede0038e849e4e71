//! From bytes to the media a device offers.

use std::net::IpAddr;

use thiserror::Error;

use super::format::Section;
use super::{Direction, Media, MediaKind};

/// Sections read; those behind are dropped.
const MAX_MEDIA: usize = 32;
/// Attributes read of a section; those behind are dropped.
const MAX_ATTRIBUTES: usize = 128;
/// Longest line read, bytes; longer ones are dropped. Parameter sets in base64 stay below 1 KiB.
const MAX_LINE: usize = 4 * 1024;
/// Lines of `fmtp` kept of one payload type: each section that names it has a copy.
const MAX_FMTP: usize = 4;

/// A description with nothing in it that a probe could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SdpError {
    /// The body of the answer to DESCRIBE is empty.
    #[error("read session description: it is empty")]
    Empty,
    /// No line starts a media section.
    #[error("read session description: no m= line in {bytes} bytes")]
    NoMedia {
        /// Length of the text.
        bytes: usize,
    },
    /// There are media sections, none with an RTP payload type.
    #[error("read session description: none of {sections} media has a payload type")]
    NoFormat {
        /// How many sections there are.
        sections: usize,
    },
}

/// What a device offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The session-level `a=control`, as sent but for a login in it.
    pub control: Option<String>,
    /// Every section with a usable payload type, in order.
    pub media: Vec<Media>,
}

impl Description {
    /// Reads a description. Bytes that are no UTF-8 are replaced, bare LF and CR, empty lines and a
    /// missing last line end are accepted (Q09), lines without a type are skipped.
    ///
    /// # Errors
    /// If there is no media section with a payload type in it.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        if bytes.trim_ascii().is_empty() {
            return Err(SdpError::Empty);
        }
        let mut reader = Reader::default();
        for line in bytes.split(|b| matches!(b, b'\n' | b'\r')) {
            if line.len() <= MAX_LINE && !reader.line(String::from_utf8_lossy(line).trim()) {
                break;
            }
        }
        reader.finish(bytes.len())
    }

    /// The video to watch: the first that can be decoded here, else the first.
    pub fn video(&self) -> Option<&Media> {
        let mut videos = self.media.iter().filter(|m| m.kind == MediaKind::Video);
        let first = videos.next()?;
        if first.codec.has_keyframes() {
            return Some(first);
        }
        Some(videos.find(|m| m.codec.has_keyframes()).unwrap_or(first))
    }

    /// The sound that belongs to it: the first that is no back channel.
    pub fn audio(&self) -> Option<&Media> {
        self.media.iter().find(|m| m.kind == MediaKind::Audio && !m.backchannel)
    }
}

#[derive(Default)]
struct Reader {
    control: Option<String>,
    /// Of the session.
    address: Option<IpAddr>,
    direction: Direction,
    sections: Vec<Section>,
    fmtp: Vec<(u8, String)>,
}

impl Reader {
    /// Takes a line; false once there are too many media.
    fn line(&mut self, line: &str) -> bool {
        let Some((kind, value)) = line.split_once('=') else { return true };
        match kind.trim() {
            "m" if self.sections.len() == MAX_MEDIA => return false,
            "m" => {
                let section = Section::open(value);
                let (address, direction) = (self.address, self.direction);
                self.sections.push(Section { address, direction, ..section });
            }
            "c" => {
                // `IN IP4 224.2.1.1/127`; cameras write much else, which only calls would need.
                let address = value
                    .split_ascii_whitespace()
                    .nth(2)
                    .and_then(|it| it.split('/').next()?.parse().ok());
                match self.sections.last_mut() {
                    Some(section) => section.address = address.or(section.address),
                    None => self.address = address.or(self.address),
                }
            }
            "a" => self.attribute(value),
            _ => {}
        }
        true
    }

    fn attribute(&mut self, attribute: &str) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let Some(section) = self.sections.last_mut() else {
            match direction(&name) {
                Some(direction) => self.direction = direction,
                None if name == "control" && self.control.is_none() => {
                    self.control = Some(without_login(value));
                }
                None => {}
            }
            return;
        };
        section.attributes += 1;
        if section.attributes > MAX_ATTRIBUTES {
            return;
        }
        match name.as_str() {
            "control" if section.control.is_none() => section.control = Some(without_login(value)),
            "rtpmap" => section.rtpmap.extend(rtpmap(value)),
            "fmtp" => self.fmtp(value),
            "framerate" | "x-framerate" if section.declared_fps.is_none() => {
                section.declared_fps = value.parse().ok().filter(|f: &f64| *f > 0.0 && *f <= 1e3);
            }
            "framesize" | "x-dimensions" if section.frame_size.is_none() => {
                section.frame_size = frame_size(value);
            }
            "rtcp" => {
                let port = value.split_ascii_whitespace().next();
                section.rtcp_port = port.and_then(|port| port.parse().ok());
            }
            name => section.direction = direction(name).unwrap_or(section.direction),
        }
    }

    /// `96 packetization-mode=1; …`; the parameters may be missing (Q12).
    fn fmtp(&mut self, value: &str) {
        let (pt, parameters) =
            value.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((value, ""));
        let Some(pt) = pt.parse().ok().filter(|pt: &u8| *pt < 128) else { return };
        if self.fmtp.iter().filter(|(other, _)| *other == pt).count() < MAX_FMTP {
            self.fmtp.push((pt, parameters.to_owned()));
        }
    }

    fn finish(self, bytes: usize) -> Result<Description, SdpError> {
        let sections = self.sections.len();
        if sections == 0 {
            return Err(SdpError::NoMedia { bytes });
        }
        // `sendonly` marks a back channel only where some media are not so marked (Q17), and video
        // is never one.
        let all = self.sections.iter().all(|s| s.direction == Direction::SendOnly);
        let mut media: Vec<_> =
            self.sections.into_iter().filter_map(|s| s.finish(&self.fmtp)).collect();
        for medium in &mut media {
            medium.backchannel &= !all && medium.kind == MediaKind::Audio;
        }
        if media.is_empty() {
            return Err(SdpError::NoFormat { sections });
        }
        Ok(Description { control: self.control, media })
    }
}

fn direction(attribute: &str) -> Option<Direction> {
    Some(match attribute {
        "sendrecv" => Direction::Both,
        "sendonly" => Direction::SendOnly,
        "recvonly" => Direction::ReceiveOnly,
        "inactive" => Direction::Inactive,
        _ => return None,
    })
}

/// `96 H264/90000/1` with any spacing (Q11).
fn rtpmap(value: &str) -> Option<(u8, String, u32)> {
    let (pt, encoding) = value.split_once(|c: char| c.is_ascii_whitespace())?;
    let mut parts = encoding.split('/').map(str::trim);
    let name = parts.next().filter(|n| !n.is_empty())?.to_owned();
    let clock = parts.next().and_then(|c| c.parse().ok()).unwrap_or(0);
    Some((pt.parse().ok()?, name, clock))
}

/// `96 1920-1080` (RFC 6064) or `1920,1080`.
fn frame_size(value: &str) -> Option<(u16, u16)> {
    let size = value.rsplit(|c: char| c.is_ascii_whitespace()).next()?;
    let (width, height) = size.split_once(['-', ','])?;
    Some((width.parse().ok().filter(|w| *w > 0)?, height.parse().ok().filter(|h| *h > 0)?))
}

/// An address without the login some devices put into it (Q25): descriptions are shown and kept.
fn without_login(control: &str) -> String {
    let Some((scheme, rest)) = control.split_once("://") else { return control.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::Codec;

    fn parse(text: &str) -> Description {
        Description::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn q01_q05_q07_session_lines_never_matter() {
        for head in [
            "v=0\r\no=- 1001 1 IN\r\ns=x\r\nc=IN IP4\r\nt=0 0\r\n",
            "v=0\r\no=- 1001 1 IN IP4\r\nc=IN\r\nt=now-\r\n",
            "v=0\r\no=- 14665860 31787219 1 IN IP4 192.168.1.60\r\nc=IN c=IN IP4 0.0.0.0\r\n",
            "v=0\r\no=- a1b2 -5.3 IN IP4 1.2.3.4\r\nc=SM SM spk0_trackID2\r\n",
            "s=one\r\ns=two\r\n",
            "",
        ] {
            let text = format!("{head}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
            assert_eq!(parse(&text).video().unwrap().codec, Codec::H264, "{head}");
        }
    }

    #[test]
    fn q09_bare_lf_empty_lines_and_no_last_line_end() {
        let sdp = parse("v=0\n\n\nm=video 0 RTP/AVP 96\n\na=rtpmap:96 H265/90000\n\na=control:t1");
        let video = sdp.video().unwrap();
        assert_eq!((&video.codec, video.control.as_deref()), (&Codec::H265, Some("t1")));
    }

    #[test]
    fn q10_vendor_media_are_dropped_and_video_is_kept() {
        let sdp = Description::parse(include_bytes!("../../testdata/tplink_describe.sdp")).unwrap();
        assert_eq!(sdp.media.len(), 2);
        assert_eq!(sdp.video().unwrap().payload_type, 96);
        assert_eq!(sdp.audio().unwrap().codec, Codec::Pcma);
    }

    #[test]
    fn q11_spaces_in_rtpmap() {
        let sdp = parse("m=video 0 RTP/AVP 96\r\na=rtpmap:96  H264/90000 \r\n");
        let video = sdp.video().unwrap();
        assert_eq!((&video.codec, video.clock_rate_hz), (&Codec::H264, 90_000));
    }

    #[test]
    fn q12_fmtp_under_another_media_and_without_parameters() {
        let sdp = parse(
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 8\r\n\
             a=fmtp:96 packetization-mode=1;profile-level-id=4D001E\r\na=fmtp:8\r\n",
        );
        assert_eq!(sdp.video().unwrap().parameter("packetization-mode"), Some("1"));
        assert_eq!(sdp.audio().unwrap().fmtp, []);
    }

    #[test]
    fn q15_rtpmap_wins_over_the_static_table() {
        let sdp = parse(
            "m=video 0 RTP/AVP 35\r\na=rtpmap:35 H264/90000\r\nm=audio 0 RTP/AVP 11\r\n\
             a=rtpmap:11 PCM/48000\r\n",
        );
        assert_eq!(sdp.video().unwrap().codec, Codec::H264);
        let audio = sdp.audio().unwrap();
        assert_eq!(audio.codec, Codec::Other("PCM".to_owned()));
        assert_eq!(audio.clock_rate_hz, 48_000);
    }

    #[test]
    fn static_jpeg_needs_no_rtpmap() {
        let sdp = parse("m=video 0 RTP/AVP 26\r\na=framerate:12.5\r\n");
        let video = sdp.video().unwrap();
        assert_eq!((&video.codec, video.declared_fps), (&Codec::Mjpeg, Some(12.5)));
    }

    #[test]
    fn q16_useless_framerates_are_unknown() {
        for value in ["0S", "0", "", "-5", "nan", "inf"] {
            let sdp = parse(&format!("m=video 0 RTP/AVP 26\r\na=framerate:{value}\r\n"));
            assert_eq!(sdp.video().unwrap().declared_fps, None, "{value}");
        }
    }

    #[test]
    fn frame_sizes_in_both_spellings() {
        for (attribute, size) in [
            ("framesize:26 1920-1080", Some((1920, 1080))),
            ("x-dimensions:704,576", Some((704, 576))),
            ("x-dimensions:0,0", None),
            ("framesize:26", None),
        ] {
            let sdp = parse(&format!("m=video 0 RTP/AVP 26\r\na={attribute}\r\n"));
            assert_eq!(sdp.video().unwrap().frame_size, size, "{attribute}");
        }
    }

    #[test]
    fn q17_backchannel_only_where_others_are_not() {
        let all = "m=video 0 RTP/AVP 26\r\na=sendonly\r\nm=audio 0 RTP/AVP 0\r\na=sendonly\r\n";
        assert!(parse(all).media.iter().all(|m| !m.backchannel));
        let some = "m=video 0 RTP/AVP 26\r\na=recvonly\r\nm=audio 0 RTP/AVP 0\r\na=sendonly\r\n\
                    m=audio 0 RTP/AVP 8\r\n";
        assert_eq!(parse(some).audio().unwrap().codec, Codec::Pcma);
    }

    #[test]
    fn a_call_is_told_where_media_go_and_which_way() {
        let sdp = parse(
            "v=0\r\nc=IN IP4 10.0.0.7\r\na=recvonly\r\nm=audio 4000 RTP/AVP 8\r\n\
             m=video 5004/2 RTP/AVP 97\r\nc=IN IP6 ::1\r\na=rtpmap:97 H264/90000\r\n\
             a=inactive\r\na=rtcp:6000 IN IP4 1.2.3.4\r\nm=video 0 RTP/AVP 98\r\n",
        );
        let audio = sdp.audio().unwrap();
        assert_eq!((audio.port, audio.address), (4000, "10.0.0.7".parse().ok()));
        assert!(audio.direction.receives() && !audio.direction.sends());
        let video = sdp.video().unwrap();
        assert_eq!((video.port, video.address), (5004, "::1".parse().ok()));
        assert_eq!((video.direction, video.rtcp_port), (Direction::Inactive, Some(6000)));
        assert_eq!(sdp.media[2].port, 0, "refused");
    }

    #[test]
    fn a_decodable_video_is_preferred() {
        let sdp = parse(
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\nm=video 0 RTP/AVP 97\r\n\
             a=rtpmap:97 H264/90000\r\n",
        );
        assert_eq!(sdp.video().unwrap().payload_type, 97);
    }

    #[test]
    fn nothing_usable_is_an_error_that_says_why() {
        assert_eq!(Description::parse(b" \r\n"), Err(SdpError::Empty));
        assert_eq!(Description::parse(b"<html>"), Err(SdpError::NoMedia { bytes: 6 }));
        assert_eq!(
            Description::parse(b"m=application/TP-LINK 0 RTP/AVP smart/1/90000"),
            Err(SdpError::NoFormat { sections: 1 })
        );
    }

    #[test]
    fn media_and_attributes_are_capped() {
        let text = "m=audio 0 RTP/AVP 0\r\n".repeat(10_000);
        assert_eq!(parse(&text).media.len(), MAX_MEDIA);
        let text = format!("m=video 0 RTP/AVP 26\r\n{}", "a=rtpmap:26 X/1\r\n".repeat(10_000));
        assert_eq!(parse(&text).media.len(), 1);
    }
}
