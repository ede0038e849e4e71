//! Keyframes of many cameras through hardware that works, lags, lies and fails.
//!
//! No machine that tests run on has any, so it is played: a bin around libav's decoder that gives
//! pictures as hardware does, in NV12, and does to them what a bad driver does.

use std::sync::Mutex;

use gstreamer as gst;
use gstreamer::prelude::*;

use super::super::hardware::{Candidate, Machine, MakeElement};
use super::*;

/// Keyframes through each driver.
const COUNT: usize = 160;

/// What a driver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Honest,
    /// Each picture comes with the next keyframe, under its own time stamp.
    Late,
    /// The same, under the time stamp of the next.
    Lying,
    /// Nothing comes out.
    Mute,
}

/// A driver, and how many pictures it was about to give.
fn driver(codec: Codec, manner: Manner, given: &Arc<AtomicUsize>) -> Candidate {
    let given = given.clone();
    let make: MakeElement = Box::new(move || {
        let name = if codec == Codec::H264 { "avdec_h264" } else { "avdec_h265" };
        let decoder = gst::ElementFactory::make(name).property("max-threads", 1i32).build()?;
        let convert = gst::ElementFactory::make("videoconvert").build()?;
        let caps = gst::Caps::builder("video/x-raw").field("format", "NV12").build();
        let filter = gst::ElementFactory::make("capsfilter").property("caps", caps).build()?;
        let bin = gst::Bin::new();
        bin.add_many([&decoder, &convert, &filter])?;
        gst::Element::link_many([&decoder, &convert, &filter])?;
        for (element, name) in [(&decoder, "sink"), (&filter, "src")] {
            let pad = element.static_pad(name).expect("it has one");
            bin.add_pad(&gst::GhostPad::builder_with_target(&pad)?.name(name).build())?;
        }
        let (given, held) = (given.clone(), Mutex::new(None::<gst::Buffer>));
        let pictures = filter.static_pad("src").expect("it has one");
        pictures.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            given.fetch_add(1, Ordering::SeqCst);
            let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data else {
                return gst::PadProbeReturn::Ok;
            };
            let before = match manner {
                Manner::Honest => return gst::PadProbeReturn::Ok,
                Manner::Mute => return gst::PadProbeReturn::Drop,
                Manner::Late | Manner::Lying => held.lock().unwrap().replace(buffer.copy()),
            };
            let (Some(mut before), stamp) = (before, buffer.pts()) else {
                return gst::PadProbeReturn::Drop;
            };
            if manner == Manner::Lying {
                before.make_mut().set_pts(stamp);
            }
            *buffer = before;
            gst::PadProbeReturn::Ok
        });
        Ok(bin.upcast())
    });
    Candidate { name: format!("{manner:?}"), codec, make }
}

fn pool(manner: Manner) -> (DecoderPool, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    gst::init().expect("GStreamer is installed");
    let drivers = [Codec::H264, Codec::H265].map(|codec| driver(codec, manner, &given));
    (DecoderPool::with_hardware(3, drivers.into()).expect("GStreamer is installed"), given)
}

#[tokio::test(flavor = "multi_thread")]
async fn hardware_that_works_decodes_for_every_camera_its_own() {
    let (pool, given) = pool(Manner::Honest);
    interleave(pool, COUNT).await;
    // Of 16 kinds of keyframe, two are JPEG and two broken.
    let given = given.load(Ordering::SeqCst);
    assert!(given >= COUNT / 16 * 12, "{given}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hardware_that_lags_lies_or_is_mute_never_shows_another_cameras_picture() {
    for manner in [Manner::Late, Manner::Lying, Manner::Mute] {
        let (pool, given) = pool(manner);
        interleave(pool, COUNT).await;
        let given = given.load(Ordering::SeqCst);
        assert!((1..=30).contains(&given), "{manner:?} is given up soon: {given}");
    }
}

#[tokio::test]
async fn hardware_that_does_not_open_is_passed_over() {
    let given = Arc::new(AtomicUsize::new(0));
    gst::init().expect("GStreamer is installed");
    let broken: MakeElement = Box::new(|| Err(gst::glib::bool_error!("no such device")));
    let drivers = vec![
        Candidate { name: "broken".to_owned(), codec: Codec::H264, make: broken },
        driver(Codec::H264, Manner::Honest, &given),
    ];
    let pool = DecoderPool::with_hardware(1, drivers).expect("GStreamer is installed");
    for camera in &CAMERAS[..3] {
        let picture = pool.decode(coded(camera.codec, camera.bytes)).await.expect("a picture");
        assert!(is_of(&picture, camera), "{} got {picture:?}", camera.name);
    }
    assert_eq!(given.load(Ordering::SeqCst), 3);
}

#[test]
fn a_thread_lost_or_failures_in_a_row_end_the_use_of_hardware() {
    let machine = || {
        let given = Arc::new(AtomicUsize::new(0));
        Machine::new(vec![driver(Codec::H264, Manner::Honest, &given)], 2)
    };
    let lost = machine();
    (0..2).for_each(|_| lost.worker_starts());
    assert!(lost.is_trusted());
    lost.worker_starts();
    lost.succeeded();
    assert!(!lost.is_trusted(), "another success does not bring it back");

    let failing = machine();
    for _ in 0..3 {
        (0..4).for_each(|_| failing.failed());
        failing.succeeded();
    }
    assert!(failing.is_trusted(), "a camera it does not know, among others");
    (0..5).for_each(|_| failing.failed());
    assert!(!failing.is_trusted());
}
