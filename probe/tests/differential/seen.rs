//! What a client makes of a session, in figures that can be compared: retina's and ours.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use retina::client::{
    Described, InitialSequenceNumberPolicy, PacketItem, PlayOptions, Playing, Session,
    SessionOptions, SetupOptions, TcpTransportOptions, Transport, UdpTransportOptions,
};
use retina::codec::{CodecItem, FrameFormat, ParametersRef, VideoParametersCodec};
use sha2::{Digest as _, Sha256};
use zhishou_protocol::rtp::{Codec, Keyframe, Receiver, StreamFormat};
use zhishou_protocol::sdp::{self, Description};

use crate::proxy::{Kept, Way};

/// A stream is over when so long nothing came.
const QUIET: Duration = Duration::from_millis(1_500);

/// What was seen of one stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Track {
    /// Access units of a video, packets or frames of sound.
    pub(crate) units: u64,
    /// The NAL units with picture data of each keyframe that came whole, as [`digest`] has them.
    pub(crate) keyframes: Vec<Vec<String>>,
    /// Parameter sets that they need, likewise.
    pub(crate) sets: BTreeSet<String>,
    /// Packets that are missing.
    pub(crate) lost: u64,
}

/// What retina sees at `url`, until it is over; or what it stopped at.
pub(crate) async fn by_retina(way: Way, url: &str) -> Result<Vec<Track>, retina::Error> {
    let mut session = play(way, url).await?.demuxed()?;
    let mut tracks: Vec<_> = session.streams().iter().map(|_| Track::default()).collect();
    while let Ok(Some(item)) = tokio::time::timeout(QUIET, session.next()).await {
        match item? {
            CodecItem::VideoFrame(frame) => {
                let track = &mut tracks[frame.stream_id()];
                track.units += 1;
                track.lost += u64::from(frame.loss());
                let stream = &session.streams()[frame.stream_id()];
                let is_h265 = stream.encoding_name() == "h265";
                // IDR pictures, and none of the others from which H.265 can be decoded.
                if frame.is_random_access_point() {
                    track.keyframes.push(picture(frame.data(), is_h265));
                }
                if let Some(ParametersRef::Video(parameters)) = stream.parameters() {
                    let sets = match parameters.codec_params() {
                        VideoParametersCodec::H264 { sps, pps } => vec![sps, pps],
                        VideoParametersCodec::H265 { vps, sps, pps } => vec![vps, sps, pps],
                        _ => Vec::new(),
                    };
                    track.sets.extend(sets.into_iter().map(|set| digest(set)));
                }
            }
            CodecItem::AudioFrame(frame) => {
                let track = &mut tracks[frame.stream_id()];
                track.units += 1;
                track.lost += u64::from(frame.loss());
            }
            _ => {}
        }
    }
    Ok(tracks)
}

/// The packets that retina misses of the first stream, until it is over. Its frames tell some of them:
/// with a frame that it throws away goes what was lost before it.
pub(crate) async fn lost_by_retina(way: Way, url: &str) -> u64 {
    let mut session = play(way, url).await.unwrap();
    let mut lost = 0;
    while let Ok(Some(item)) = tokio::time::timeout(QUIET, session.next()).await {
        match item.unwrap() {
            PacketItem::Rtp(packet) if packet.stream_id() == 0 => lost += u64::from(packet.loss()),
            _ => {}
        }
    }
    lost
}

async fn play(way: Way, url: &str) -> Result<Session<Playing>, retina::Error> {
    let url = url.parse().unwrap();
    let mut session: Session<Described> = Session::describe(url, SessionOptions::default()).await?;
    for stream in 0..session.streams().len() {
        let transport = match way {
            Way::Tcp => Transport::Tcp(TcpTransportOptions::default()),
            Way::Udp => Transport::Udp(UdpTransportOptions::default()),
        };
        let options = SetupOptions::default().frame_format(FrameFormat::SIMPLE);
        session.setup(stream, options.transport(transport)).await?;
    }
    // The number that GStreamer announces (RTP-Info) is one before the first packet of its AAC. We do
    // not look at it, as cameras have it wrong.
    let options = PlayOptions::default().initial_seq(InitialSequenceNumberPolicy::Ignore);
    session.play(options).await
}

/// What we make of the same bytes, each packet at the time at which it came.
pub(crate) fn by_us(kept: &Kept) -> Vec<Track> {
    let description = Description::parse(&kept.sdp).unwrap();
    // retina asks for channels 0 and 1 for the first stream, and so on.
    let channels = (0u8..).step_by(2);
    description
        .media
        .iter()
        .zip(channels)
        .map(|(media, channel)| read(media, channel, kept))
        .collect()
}

fn read(media: &sdp::Media, channel: u8, kept: &Kept) -> Track {
    let codec = match media.codec {
        sdp::Codec::H264 => Codec::H264,
        sdp::Codec::H265 => Codec::H265,
        sdp::Codec::Pcma => Codec::Pcma,
        _ => Codec::OtherAudio,
    };
    let format = StreamFormat {
        parameter_sets: media.parameter_sets.nal_units.clone(),
        ..StreamFormat::new(codec, media.payload_type, media.clock_rate_hz)
    };
    let (mut receiver, mut track) = (Receiver::new(&format), Track::default());
    let mut take = |keyframe: Option<Keyframe>| {
        if let Some(keyframe) = keyframe.filter(|keyframe| !keyframe.damaged) {
            let is_h265 = codec == Codec::H265;
            track.keyframes.push(picture(&keyframe.bytes, is_h265));
            let sets = nal_units(&keyframe.bytes).filter(|nal| !is_picture(nal, is_h265));
            track.sets.extend(sets.map(digest));
        }
    };
    let mut end = Duration::ZERO;
    for (at, of, packet) in &kept.packets {
        if *of == channel {
            receiver.handle_rtp(*at, packet);
            take(receiver.take_keyframe(*at));
        } else if *of == channel + 1 {
            receiver.handle_rtcp(*at, None, packet);
        }
        end = *at + QUIET;
    }
    take(receiver.take_keyframe(end));
    let statistics = receiver.statistics(end);
    track.lost = statistics.stream.lost;
    track.units = statistics.video.map_or(statistics.stream.packets, |video| video.frames);
    track
}

fn picture(annex_b: &[u8], is_h265: bool) -> Vec<String> {
    nal_units(annex_b).filter(|nal| is_picture(nal, is_h265)).map(digest).collect()
}

/// A NAL unit in few letters: its header, its length, its hash.
fn digest(nal: &[u8]) -> String {
    let hash = Sha256::digest(nal);
    format!("{:02x} {} {:02x?}", nal[0], nal.len(), &hash[..8])
}

/// Whether it is of a slice: `nal_unit_type` 1 to 5 (H.264 table 7-1), 0 to 31 (H.265 table 7-1).
fn is_picture(nal: &[u8], is_h265: bool) -> bool {
    if is_h265 { nal[0] >> 1 & 0x3f < 32 } else { (1..=5).contains(&(nal[0] & 0x1f)) }
}

/// NAL units between start codes (H.264 annex B).
fn nal_units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts: Vec<_> =
        bytes.windows(3).enumerate().filter(|(_, w)| *w == [0, 0, 1]).map(|(at, _)| at).collect();
    starts.push(bytes.len());
    let mut units = Vec::new();
    for pair in starts.windows(2) {
        let unit = &bytes[pair[0] + 3..pair[1]];
        let zeros = unit.iter().rev().take_while(|byte| **byte == 0).count();
        units.push(&unit[..unit.len() - zeros]);
    }
    units.into_iter()
}
