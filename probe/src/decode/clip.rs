//! Video files as pictures with times: recordings and test clips, not streams.
//!
//! A file has a pipeline of its own, unlike a probe. Only containers that are known by their first
//! bytes are opened: GStreamer would also read playlists, and fetch what they name.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;

use super::element::{MAX_PIXELS, shape_of};
use super::error::{ClipError, PoolError};
use super::messages::{self, Complaints};
use super::picture::Picture;

/// How long is waited for one picture before it is asked whether the pipeline gave up.
const STEP: gst::ClockTime = gst::ClockTime::from_mseconds(100);

/// Most steps for one picture: 20 seconds.
const PATIENCE: usize = 200;

/// Pictures that may wait for us; the pipeline stops meanwhile.
const WAITING: u32 = 2;

/// Most pictures left out to come to a later place in a file that cannot seek: two minutes at 60 fps.
const MAX_LEFT_OUT: usize = 7_200;

/// Frames a second of a stream without times.
const ASSUMED_FPS: u32 = 25;

/// What `Picture` takes; anything else is converted.
const FORMATS: [&str; 6] = ["I420", "Y42B", "Y444", "GRAY8", "I420_10LE", "I422_10LE"];

/// A picture of a clip and its place.
#[derive(Debug)]
pub struct ClipPicture {
    /// Since the beginning of the file.
    pub at: Duration,
    /// The picture.
    pub picture: Picture,
}

/// A video file that is being read.
#[derive(Debug)]
pub struct Clip {
    pipeline: gst::Pipeline,
    sink: AppSink,
    given: u32,
}

impl Clip {
    /// Opens a file; the first picture tells whether it can be decoded.
    ///
    /// # Errors
    /// [`ClipError`] where it cannot be read or is no container that we know, or GStreamer fails.
    pub fn open(path: &Path) -> Result<Self, ClipError> {
        if !is_container(path)? {
            return Err(ClipError::Container);
        }
        gst::init().map_err(|error| PoolError::Init(error.to_string()))?;
        messages::listen();
        let source = element("filesrc")?;
        source.set_property("location", path);
        let decoder = element("decodebin")?;
        decoder.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
        decoder.set_property("expose-all-streams", false);
        let convert = element("videoconvert")?;
        let caps = gst::Caps::builder("video/x-raw").field("format", gst::List::new(FORMATS));
        let sink = AppSink::builder().caps(&caps.build()).sync(false).max_buffers(WAITING).build();
        let clip = Self { pipeline: gst::Pipeline::new(), sink, given: 0 };
        let failed = |error: gst::glib::BoolError| ClipError::Pipeline(error.to_string());
        let (pipeline, sink) = (&clip.pipeline, clip.sink.upcast_ref());
        pipeline.add_many([&source, &decoder, &convert, sink]).map_err(failed)?;
        source.link(&decoder).map_err(failed)?;
        convert.link(sink).map_err(failed)?;
        pipeline.connect_deep_element_added(|_, _, element| single(element));
        let input = convert.static_pad("sink");
        decoder.connect_pad_added(move |_, pad| {
            // The first video track; others have nowhere to go.
            if let Some(input) = input.as_ref().filter(|input| !input.is_linked()) {
                let _refused = pad.link(input);
            }
        });
        let started = pipeline.set_state(gst::State::Playing);
        started.map_err(|_| clip.problem().unwrap_or(ClipError::NoPicture))?;
        Ok(clip)
    }

    /// The next picture; `None` at the end of the file.
    ///
    /// # Errors
    /// [`ClipError`] where the file breaks off, or nothing comes in time.
    pub fn picture(&mut self) -> Result<Option<ClipPicture>, ClipError> {
        let Some(sample) = self.sample()? else { return Ok(None) };
        let shape = sample.caps().and_then(shape_of).ok_or(ClipError::NoPicture)?;
        if u64::from(shape.width) * u64::from(shape.height) > MAX_PIXELS {
            return Err(ClipError::TooLarge { width: shape.width, height: shape.height });
        }
        let buffer = sample.buffer_owned().ok_or(ClipError::NoPicture)?;
        let untimed = gst::ClockTime::SECOND * u64::from(self.given) / u64::from(ASSUMED_FPS);
        let at = Duration::from_nanos(buffer.pts().unwrap_or(untimed).nseconds());
        self.given += 1;
        // The pad's probe has counted the complaints into the buffer's flag.
        let picture = Picture::new(&shape, buffer, false, Complaints::default())?;
        Ok(Some(ClipPicture { at, picture }))
    }

    /// What the decoder gives next; `None` at the end. A file that breaks off after some pictures has
    /// an end like any other.
    fn sample(&self) -> Result<Option<gst::Sample>, ClipError> {
        for _ in 0..PATIENCE {
            if let Some(sample) = self.sink.try_pull_sample(STEP) {
                return Ok(Some(sample));
            }
            let problem = match self.problem() {
                None if self.sink.is_eos() => ClipError::NoPicture,
                None => continue,
                Some(problem) => problem,
            };
            return if self.given > 0 { Ok(None) } else { Err(problem) };
        }
        Err(ClipError::Slow)
    }

    /// The first picture at `at` or later: from the keyframe there where the file can seek, and by
    /// decoding all before it where it cannot. `None` where the file ends before.
    ///
    /// # Errors
    /// As [`Clip::picture`].
    pub fn next_from(&mut self, at: Duration) -> Result<Option<ClipPicture>, ClipError> {
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT | gst::SeekFlags::SNAP_AFTER;
        // Where it cannot, the pictures simply go on.
        let _refused = self.pipeline.seek_simple(flags, gst::ClockTime::from_nseconds(nanos));
        for _ in 0..MAX_LEFT_OUT {
            match self.picture()? {
                Some(picture) if picture.at < at => {}
                other => return Ok(other),
            }
        }
        Ok(None)
    }

    /// How long the file is, where it tells.
    pub fn duration(&self) -> Option<Duration> {
        let length = self.pipeline.query_duration::<gst::ClockTime>()?;
        Some(Duration::from_nanos(length.nseconds()))
    }

    /// What GStreamer gave up for.
    fn problem(&self) -> Option<ClipError> {
        let bus = self.pipeline.bus()?;
        let message = bus.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(ClipError::Pipeline(error.error().to_string())),
            _ => None,
        }
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        // Nothing is left to tell when even stopping fails.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn element(name: &'static str) -> Result<gst::Element, ClipError> {
    let made = gst::ElementFactory::make(name).build();
    let package = "gstreamer1.0-plugins-base";
    made.map_err(|_| PoolError::Missing { element: name, package }.into())
}

/// One thread a decoder, so that its complaints can be counted on it, and a flag for each picture
/// that it complained about. Threads go from one file to the next, and after a seek what was decoded
/// ahead is dropped: what was said of those pictures is forgotten where a segment begins.
fn single(element: &gst::Element) {
    let is_decoder = element.factory().is_some_and(|factory| {
        factory.has_type(gst::ElementFactoryType::DECODER | gst::ElementFactoryType::MEDIA_VIDEO)
    });
    if !is_decoder {
        return;
    }
    if element.has_property("max-threads") {
        element.set_property("max-threads", 1i32);
    }
    let (Some(input), Some(output)) = (element.static_pad("sink"), element.static_pad("src"))
    else {
        return;
    };
    input.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        if info.event().is_some_and(|event| event.type_() == gst::EventType::Segment) {
            messages::take();
        }
        gst::PadProbeReturn::Ok
    });
    output.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        if messages::take().errors > 0
            && let Some(buffer) = info.buffer_mut()
        {
            buffer.make_mut().set_flags(gst::BufferFlags::CORRUPTED);
        }
        gst::PadProbeReturn::Ok
    });
}

/// Whether a file begins as MP4 and QuickTime, Matroska, AVI, MPEG-TS (also of Blu-ray), MPEG-PS, FLV,
/// or a bare stream of H.264 or H.265 do.
fn is_container(path: &Path) -> Result<bool, ClipError> {
    let read = |path| {
        let mut head = Vec::with_capacity(400);
        File::open(path)?.take(400).read_to_end(&mut head)?;
        Ok::<_, std::io::Error>(head)
    };
    let head = read(path).map_err(|error| ClipError::Read(error.to_string()))?;
    let at = |from: usize, bytes: &[u8]| head.get(from..from + bytes.len()) == Some(bytes);
    let boxes: [&[u8]; 6] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"];
    Ok(boxes.iter().any(|kind| at(4, kind))
        || at(0, &[0x1a, 0x45, 0xdf, 0xa3])
        || at(0, b"RIFF") && at(8, b"AVI ")
        || at(0, b"G") && at(188, b"G")
        || at(4, b"G") && at(196, b"G")
        || at(0, b"FLV\x01")
        || at(0, &[0, 0, 1])
        || at(0, &[0, 0, 0, 1]))
}
