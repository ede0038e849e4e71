//! The stream of a connection: the same frames whatever pieces it comes in, within the bound.
#![no_main]

use zhishou_protocol::rtsp::{Frame, Framer};

/// A frame with the bytes it points at.
type Seen = (Frame, Vec<u8>);

fn drain(framer: &mut Framer, frames: &mut Vec<Seen>) -> bool {
    loop {
        match framer.next_frame() {
            Ok(Some(frame)) => {
                let payload = match &frame {
                    Frame::Data { payload, .. } => framer.payload(payload).to_vec(),
                    _ => Vec::new(),
                };
                // Where a payload lies depends on the pieces.
                let frame = match frame {
                    Frame::Data { channel, .. } => Frame::Data { channel, payload: 0..0 },
                    other => other,
                };
                frames.push((frame, payload));
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
        assert!(framer.memory() <= Framer::MEMORY_BOUND + 1_024);
    }
}

fn run(pieces: impl Iterator<Item = usize>, mut data: &[u8]) -> (Vec<Seen>, bool) {
    let mut framer = Framer::default();
    framer.set_channels([0, 1]);
    let mut frames = Vec::new();
    for piece in pieces {
        if data.is_empty() {
            break;
        }
        let (now, rest) = data.split_at(piece.min(data.len()));
        data = rest;
        if framer.push(now).is_err() || !drain(&mut framer, &mut frames) {
            return (frames, false);
        }
    }
    assert!(framer.resync().bytes >= framer.resync().events);
    (frames, true)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((seed, data)) = data.split_first() else { return };
    let data = &data[..data.len().min(60_000)];
    let whole = run(std::iter::once(data.len()), data);
    let mut state = u32::from(*seed);
    let pieces = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (state >> 16) as usize % if seed & 1 == 0 { 7 } else { 700 }
    });
    let in_pieces = run(pieces, data);
    assert_eq!(whole, in_pieces);
});
