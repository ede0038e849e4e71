//! Many cameras' keyframes through few decoders, and decoders that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use zhishou_picture::judge_shaking;
use zhishou_protocol::rtp::Codec;

use super::pool::{Coded, DecoderPool};
use super::{DecodeError, Hardware, Picture};

mod hardware;

/// A camera: its keyframe, its size, and its colours in 8 bits.
struct Camera {
    name: &'static str,
    codec: Codec,
    bytes: &'static [u8],
    size: (u32, u32),
    yuv: [u8; 3],
}

macro_rules! camera {
    ($codec:ident, $name:literal, $width:literal, $height:literal, $yuv:expr) => {
        Camera {
            name: $name,
            codec: Codec::$codec,
            bytes: include_bytes!(concat!("../../testdata/keyframes/", $name)),
            size: ($width, $height),
            yuv: $yuv,
        }
    };
}

const CAMERAS: [Camera; 14] = [
    camera!(H264, "h264_bframes_640x360_y40.h264", 640, 360, [40, 128, 128]),
    camera!(H264, "h264_bframes_640x360_y100.h264", 640, 360, [100, 128, 128]),
    camera!(H264, "h264_bframes_640x360_y170.h264", 640, 360, [170, 128, 128]),
    camera!(H264, "h264_bframes_352x288_y200.h264", 352, 288, [200, 128, 128]),
    camera!(H264, "h264_baseline_190x100_y90.h264", 190, 100, [90, 110, 140]),
    camera!(H264, "h264_slices_1280x720_y70.h264", 1280, 720, [70, 128, 128]),
    camera!(H264, "h264_422_320x240_y120.h264", 320, 240, [120, 100, 150]),
    camera!(H264, "h264_full_range_320x240_y255.h264", 320, 240, [255, 128, 128]),
    camera!(H265, "h265_main_640x360_y160.h265", 640, 360, [160, 128, 128]),
    camera!(H265, "h265_main_640x360_y75.h265", 640, 360, [75, 128, 128]),
    camera!(H265, "h265_main_1920x1080_y55.h265", 1920, 1080, [55, 128, 128]),
    camera!(H265, "h265_main10_320x240_y180.h265", 320, 240, [180, 120, 130]),
    camera!(Jpeg, "jpeg_420_320x240_y98.jpg", 320, 240, [98, 128, 128]),
    camera!(Jpeg, "jpeg_422_640x480_y238.jpg", 640, 480, [238, 128, 128]),
];

const NOISE: &[u8] = include_bytes!("../../testdata/keyframes/h264_noise_320x240.h264");

const HUGE: &[u8] = include_bytes!("../../testdata/keyframes/h264_huge_8704x4352.h264");

fn coded(codec: Codec, bytes: &[u8]) -> Coded {
    Coded { codec, bytes: bytes.to_vec(), size: None, following: Vec::new() }
}

/// Every sample of every plane is the camera's.
fn is_of(picture: &Picture, camera: &Camera) -> bool {
    let (width, height) = camera.size;
    let sizes = [
        (width, height),
        (width.div_ceil(2), height.div_ceil(2)),
        (width.div_ceil(2), height.div_ceil(2)),
    ];
    (picture.width(), picture.height()) == camera.size
        && picture.planes().iter().zip(sizes).zip(camera.yuv).all(
            |(((data, stride), size), value)| {
                (0..size.1 as usize).all(|row| {
                    let row = &data[row * stride..][..size.0 as usize];
                    row.iter().all(|&sample| sample == value)
                })
            },
        )
}

/// A keyframe broken in the middle.
fn broken() -> Vec<u8> {
    let mut bytes = NOISE.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 600].fill(0xa5);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_camera_gets_its_own_picture_whatever_was_decoded_before() {
    interleave(DecoderPool::new(3, Hardware::Off).expect("GStreamer is installed"), 480).await;
}

/// Asks for `count` pictures of all cameras in an order that chance made, all at once.
async fn interleave(pool: DecoderPool, count: usize) {
    let pool = Arc::new(pool);
    let mut chance = StdRng::seed_from_u64(20_261_121);
    let mut order: Vec<usize> = (0..CAMERAS.len() + 2).cycle().take(count).collect();
    order.shuffle(&mut chance);
    let mut waiting = Vec::new();
    for which in order {
        let (pool, truncated) = (pool.clone(), chance.random_range(40..600));
        waiting.push(tokio::spawn(async move {
            match CAMERAS.get(which) {
                Some(camera) => {
                    let picture = pool.decode(coded(camera.codec, camera.bytes)).await;
                    let picture =
                        picture.unwrap_or_else(|error| panic!("{}: {error}", camera.name));
                    assert!(is_of(&picture, camera), "{} got {picture:?}", camera.name);
                    assert!(!picture.is_corrupted(), "{}", camera.name);
                }
                // Broken ones between them must not leave anything behind.
                None if which == CAMERAS.len() => {
                    let picture = pool.decode(coded(Codec::H264, &broken())).await;
                    assert!(picture.is_ok_and(|picture| picture.is_corrupted()));
                }
                None => {
                    let cut = CAMERAS[0].bytes[..truncated].to_vec();
                    if let Err(error) = pool.decode(coded(Codec::H264, &cut)).await {
                        assert!(!error.is_ours(), "{error}");
                    }
                }
            }
        }));
    }
    for task in waiting {
        task.await.expect("no assertion failed");
    }
}

/// Twelve pictures of one camera in coding order: the keyframe with its parameter sets, and the rest.
fn run(codec: Codec, stream: &[u8], first: impl Fn(&[u8]) -> bool) -> Coded {
    let starts: Vec<_> =
        (0..stream.len() - 4).filter(|&at| stream[at..at + 3] == [0, 0, 1]).collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    let mut pictures: Vec<Vec<u8>> = vec![Vec::new()];
    let mut begun = false;
    for (&start, end) in starts.iter().zip(ends) {
        let is_first = first(&stream[start + 3..end]);
        if is_first && std::mem::replace(&mut begun, true) {
            pictures.push(Vec::new());
        }
        pictures.last_mut().unwrap().extend_from_slice(&stream[start..end]);
    }
    let keyframe = pictures.remove(0);
    pictures.truncate(11);
    Coded { following: pictures, ..coded(codec, &keyframe) }
}

#[tokio::test]
async fn a_run_gives_its_keyframe_and_a_glimpse_of_each_picture() {
    let pool = DecoderPool::new(1, Hardware::Off).unwrap();
    let h264 = include_bytes!("../../testdata/runs/shaking_bframes.h264");
    let coded = run(Codec::H264, h264, |nal| matches!(nal[0] & 0x1f, 1 | 5) && nal[1] & 0x80 != 0);
    assert_eq!(coded.following.len(), 11);
    let alone = Coded { following: Vec::new(), ..coded.clone() };
    for _ in 0..2 {
        // Between two runs another camera has its own picture.
        let picture = pool.decode(coded.clone()).await.unwrap();
        assert_eq!(picture.glimpses().len(), 12);
        assert!(!picture.is_corrupted());
        let limits = zhishou_picture::Limits::default();
        assert!(judge_shaking(picture.glimpses(), &limits).is_fault());
        let other = pool.decode(self::coded(Codec::H264, CAMERAS[0].bytes)).await.unwrap();
        assert!(is_of(&other, &CAMERAS[0]) && other.glimpses().is_empty());
        assert!(pool.decode(alone.clone()).await.unwrap().shows_the_same(&picture));
    }
    // What is torn after the keyframe takes nothing from it, and nothing is told of the rest.
    let mut torn = coded.clone();
    let next = &mut torn.following[0];
    next.truncate(next.len() / 3);
    let picture = pool.decode(torn).await.unwrap();
    assert_eq!((picture.glimpses().len(), picture.is_corrupted()), (0, false));
}

#[tokio::test]
async fn damage_is_told() {
    let pool = DecoderPool::new(1, Hardware::Off).expect("GStreamer is installed");
    let whole = pool.decode(coded(Codec::H264, NOISE)).await.expect("it is whole");
    assert_eq!((whole.errors(), whole.is_corrupted()), (0, false));
    let damaged = pool.decode(coded(Codec::H264, &broken())).await.expect("most of it is there");
    assert!(damaged.is_corrupted());
    let again = pool.decode(coded(Codec::H264, NOISE)).await.expect("it is whole");
    assert_eq!((again.errors(), again.is_corrupted()), (0, false));
}

#[tokio::test]
async fn what_is_no_picture_is_the_cameras_fault() {
    let pool = DecoderPool::new(1, Hardware::Off).expect("GStreamer is installed");
    for codec in [Codec::H264, Codec::H265, Codec::Jpeg] {
        for bytes in [&[][..], &[0; 64], &[0xff; 4_096]] {
            let error = pool.decode(coded(codec, bytes)).await.expect_err("no picture");
            assert!(!error.is_ours(), "{codec:?}: {error}");
        }
    }
}

#[tokio::test]
async fn what_is_too_large_or_unknown_is_refused() {
    let pool = DecoderPool::new(1, Hardware::Off).expect("GStreamer is installed");
    let error = pool.decode(coded(Codec::Mpeg4, NOISE)).await.expect_err("no decoder");
    assert!(error.is_ours());
    let huge = Coded { size: Some((16_000, 16_000)), ..coded(Codec::H264, NOISE) };
    let error = pool.decode(huge).await.expect_err("too large");
    assert_eq!(error, DecodeError::TooLarge { width: 16_000, height: 16_000 });
    // Also where nothing was declared: the decoder's own caps tell.
    let error = pool.decode(coded(Codec::H264, HUGE)).await.expect_err("too large");
    assert_eq!(error, DecodeError::TooLarge { width: 8_704, height: 4_352 });
    assert!(error.is_ours(), "the bound is ours");
    assert!(pool.decode(coded(Codec::H264, NOISE)).await.is_ok());
}

#[tokio::test]
async fn a_picture_can_be_judged() {
    let pool = DecoderPool::new(1, Hardware::Off).expect("GStreamer is installed");
    for camera in CAMERAS.iter().filter(|camera| camera.size.0 >= 320) {
        let picture = pool.decode(coded(camera.codec, camera.bytes)).await.expect("a picture");
        let frame = picture.frame().expect("large enough");
        assert_eq!((frame.width() as u32, frame.height() as u32), camera.size);
    }
}

/// A decoder for tests: the first byte says what happens.
fn trouble(made: &Arc<AtomicUsize>) -> super::pool::MakeDecode {
    let made = made.clone();
    Box::new(move || {
        made.fetch_add(1, Ordering::SeqCst);
        Box::new(|coded| match coded.bytes[0] {
            0 => panic!("a decoder that dies"),
            // Longer than the test lives; ends when the process does.
            1 => loop {
                std::thread::park();
            },
            _ => Err(DecodeError::NoPicture { errors: 1 }),
        })
    })
}

/// Hanging is called so after 100 ms.
fn pool_with_trouble(workers: usize) -> (DecoderPool, Arc<AtomicUsize>) {
    pool_with_limit(workers, Duration::from_millis(100))
}

fn pool_with_limit(workers: usize, limit: Duration) -> (DecoderPool, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let pool = DecoderPool::with(workers, limit, trouble(&made));
    (pool.expect("threads start"), made)
}

#[tokio::test]
async fn a_decoder_that_dies_is_replaced_and_ours() {
    // A busy machine may take its time over a dying thread.
    let (pool, made) = pool_with_limit(1, Duration::from_secs(20));
    for _ in 0..3 {
        let error = pool.decode(coded(Codec::H264, &[0])).await.expect_err("it died");
        assert_eq!(error, DecodeError::Died);
        assert!(error.is_ours());
        let error = pool.decode(coded(Codec::H264, &[2])).await.expect_err("nothing there");
        assert_eq!(error, DecodeError::NoPicture { errors: 1 });
    }
    assert_eq!(made.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_decoder_that_hangs_is_replaced_and_ours() {
    let (pool, _) = pool_with_trouble(1);
    let error = pool.decode(coded(Codec::H264, &[1])).await.expect_err("it hangs");
    assert!(matches!(error, DecodeError::Hung(_)) && error.is_ours());
    let error = pool.decode(coded(Codec::H264, &[2])).await.expect_err("nothing there");
    assert_eq!(error, DecodeError::NoPicture { errors: 1 });
}

#[tokio::test]
async fn a_decoder_that_hangs_for_nobody_is_replaced_by_the_next_caller() {
    let (pool, _) = pool_with_trouble(1);
    let pool = Arc::new(pool);
    let other = pool.clone();
    let gone =
        tokio::spawn(async move { other.decode(coded(Codec::H264, &[1])).await.map(|_| ()) });
    while !pool.is_busy() {
        tokio::task::yield_now().await;
    }
    gone.abort();
    let error = pool.decode(coded(Codec::H264, &[2])).await.expect_err("nothing there");
    assert_eq!(error, DecodeError::NoPicture { errors: 1 });
}

#[tokio::test]
async fn hanging_for_ever_ends_the_pool_and_not_the_callers() {
    let (pool, made) = pool_with_trouble(1);
    let mut last = None;
    for _ in 0..12 {
        last = pool.decode(coded(Codec::H264, &[1])).await.err();
    }
    assert_eq!(last, Some(DecodeError::Stopped));
    assert_eq!(made.load(Ordering::SeqCst), 9, "as many as may hang, and the first");
}
