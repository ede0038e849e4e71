//! The wait for a keyframe in virtual time, over made-up packets.

use std::time::Duration;

use zhishou_domain::habit::{Baseline, Habit, InVain, Look, Patience, Wait};
use zhishou_domain::{Depth, Detail, FaultCode, Timestamp};
use zhishou_protocol::rtp::Keep;
use zhishou_protocol::rtsp::{PacketKind, Track, TransportKind, Transports};
use zhishou_protocol::sdp::Description;

use super::{Media, MediaOrder};
use crate::Settings;

/// A baseline SPS of 640×480 and a PPS.
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=sim\r\nm=video 0 RTP/AVP 96\r\n\
    a=rtpmap:96 H264/90000\r\na=control:track1\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n";

/// Between two frames.
const FRAME: Duration = Duration::from_millis(40);

fn now() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

/// Plays one session of a camera whose next keyframe is frame number `keyframe`, and says how it
/// ended.
fn play(patience: Patience, keyframe: u32) -> (Media, Duration) {
    let settings = Settings::default();
    let seconds = Duration::from_secs(3);
    let mut media = Media::new(MediaOrder {
        depth: Depth::Picture,
        time: seconds,
        patience,
        keep: Keep::Keyframe,
        own_ssrc: 1,
    });
    media.described(Box::new(Description::parse(SDP.as_bytes()).unwrap()));
    media.ready(Track::Video, None, TransportKind::Tcp);
    media.playing(Duration::ZERO, &settings);
    let limit = settings.session(seconds, patience.wait, Transports::TCP);
    for n in 0u32.. {
        let at = FRAME * n;
        assert!(at < limit, "a session has an end");
        if media.is_done(at, &settings) {
            return (media, at);
        }
        // first_mb 0 and slice_type 7 (I) or 5 (P).
        let [kind, header] = if n == keyframe { [0x65, 0x88] } else { [0x41, 0x9a] };
        let mut rtp = vec![0x80, 0x80 | 96];
        rtp.extend((n as u16).to_be_bytes());
        rtp.extend((n * 3600).to_be_bytes());
        rtp.extend(7u32.to_be_bytes());
        rtp.extend([kind, header]);
        rtp.extend((0..200u32).map(|i| (i * 31 + n) as u8 | 1));
        media.packet(Track::Video, PacketKind::Rtp, &rtp, at, Duration::ZERO);
    }
    unreachable!("frames go on for ever")
}

fn patience(habit: &Habit, at: Timestamp) -> Patience {
    let settings = Settings::default();
    let every = Duration::from_secs(600);
    habit.wait_for_keyframe(at, every, settings.keyframe, settings.keyframe_at_most)
}

#[test]
fn q68_groups_of_a_minute_and_a_half_are_learned_probe_by_probe() {
    let settings = Settings::default();
    let (mut habit, mut at) = (Habit::default(), now());
    let mut waited = Vec::new();
    let found = loop {
        assert!(waited.len() < 10);
        let (media, ended) = play(patience(&habit, at), 90 * 25);
        let faults = media.faults(ended, false, false, &settings);
        let mut sighting = media.sighting(ended, at, &faults);
        if let Wait::Met(ms) = sighting.wait {
            sighting.look = Look::Clean;
            habit = habit.learn(&sighting, Baseline::default());
            break ms;
        }
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].code, FaultCode::NoKeyframe);
        let Detail::Keyframeless { waited_ms } = faults[0].detail else { panic!("{faults:?}") };
        waited.push(waited_ms.div_ceil(1000));
        habit = habit.learn(&sighting, Baseline::default());
        at = at + Duration::from_secs(300);
    };
    assert_eq!(waited, [12, 24, 48]);
    assert!((found - 90_000.0).abs() < 100.0, "{found}");
    // While the picture is fresh, no time is spent on a keyframe and its absence is no fault.
    let fresh = patience(&habit, at + Duration::from_secs(60));
    assert_eq!(fresh, Patience { wait: Duration::ZERO, in_vain: InVain::Expected });
    let (media, ended) = play(fresh, 90 * 25);
    assert_eq!(ended, Duration::from_secs(3));
    assert!(media.faults(ended, false, false, &settings).is_empty());
    // Once due again, the whole group is waited for.
    let due = patience(&habit, at + Duration::from_secs(601));
    assert!(due.wait > Duration::from_secs(110), "{due:?}");
    let (media, ended) = play(due, 90 * 25);
    assert!(media.faults(ended, false, false, &settings).is_empty());
}

#[test]
fn q68_the_wait_ends_with_the_keyframe() {
    let patience = Patience { wait: Duration::from_secs(150), in_vain: InVain::Fault };
    let (_, ended) = play(patience, 10 * 25);
    assert!(ended < Duration::from_millis(10_200), "{ended:?}");
}
