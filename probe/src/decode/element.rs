//! One warm decoder for one codec, with pads of our own around it.

use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use zhishou_picture::Glimpse;
use zhishou_protocol::rtp::Codec;

use super::error::{DecodeError, PoolError};
use super::messages::{self, Complaints};
use super::picture::{Picture, Shape};

/// Most pixels of a picture: 8 192 × 4 320.
pub const MAX_PIXELS: u64 = 8_192 * 4_320;

/// Most pictures kept of one keyframe beside those after it; one is right.
const MAX_PICTURES: usize = 4;

/// Debian's package with the decoders.
const PACKAGE: &str = "gstreamer1.0-libav";

/// The decoder of a codec and the caps it takes; `None` for a codec that is never decoded.
pub(super) fn element_of(codec: Codec) -> Option<(&'static str, gst::Caps)> {
    let stream = |media| {
        gst::Caps::builder(media)
            .field("stream-format", "byte-stream")
            .field("alignment", "au")
            .build()
    };
    match codec {
        Codec::H264 => Some(("avdec_h264", stream("video/x-h264"))),
        Codec::H265 => Some(("avdec_h265", stream("video/x-h265"))),
        Codec::Jpeg => {
            Some(("avdec_mjpeg", gst::Caps::builder("image/jpeg").field("parsed", true).build()))
        }
        Codec::Mpeg4 | Codec::OtherVideo | Codec::Pcma | Codec::Pcmu | Codec::OtherAudio => None,
    }
}

/// What came out.
#[derive(Debug, Default)]
struct Output {
    shape: Option<Shape>,
    too_large: Option<(u32, u32)>,
    buffers: Vec<gst::Buffer>,
    /// Most of them.
    most: usize,
}

/// A decoder that stays open between keyframes.
#[derive(Debug)]
pub(super) struct Element {
    codec: Codec,
    element: gst::Element,
    input: gst::Pad,
    /// Kept linked as long as the decoder lives.
    output_pad: gst::Pad,
    output: Arc<Mutex<Output>>,
    serial: u64,
}

impl Element {
    /// Opens libav's decoder of `codec`.
    pub(super) fn software(codec: Codec) -> Result<Self, PoolError> {
        let Some((name, caps)) = element_of(codec) else {
            return Err(PoolError::Missing { element: "any", package: PACKAGE });
        };
        let element = gst::ElementFactory::make(name)
            .build()
            .map_err(|_| PoolError::Missing { element: name, package: PACKAGE })?;
        Self::around(codec, name, element, &caps, &gst::Caps::new_any())
    }

    /// Opens a hardware decoder of `codec`, which is to give pictures in the memory of the machine.
    pub(super) fn hardware(codec: Codec, element: gst::Element) -> Result<Self, PoolError> {
        let Some((name, caps)) = element_of(codec) else {
            return Err(PoolError::Missing { element: "any", package: PACKAGE });
        };
        let formats = gst::List::new(["I420", "NV12"]);
        let pictures = gst::Caps::builder("video/x-raw").field("format", formats).build();
        Self::around(codec, name, element, &caps, &pictures)
    }

    /// Puts pads of ours around a decoder that takes `caps` and shall give `pictures`.
    fn around(
        codec: Codec,
        name: &'static str,
        element: gst::Element,
        caps: &gst::Caps,
        pictures: &gst::Caps,
    ) -> Result<Self, PoolError> {
        let failed = |problem: String| PoolError::Element { element: name, problem };
        // A decoder without the property (avdec_mjpeg) has one thread anyway.
        if element.has_property("max-threads") {
            element.set_property("max-threads", 1i32);
        }
        let output = Arc::new(Mutex::new(Output::default()));
        let input = gst::Pad::builder(gst::PadDirection::Src).name("keyframes").build();
        let output_pad =
            output_pad(&output, pictures).map_err(|error| failed(error.to_string()))?;
        let sink = element.static_pad("sink").ok_or_else(|| failed("no sink pad".to_owned()))?;
        let source = element.static_pad("src").ok_or_else(|| failed("no source pad".to_owned()))?;
        input.set_active(true).map_err(|error| failed(error.to_string()))?;
        output_pad.set_active(true).map_err(|error| failed(error.to_string()))?;
        input.link(&sink).map_err(|error| failed(error.to_string()))?;
        source.link(&output_pad).map_err(|error| failed(error.to_string()))?;
        element.set_state(gst::State::Playing).map_err(|error| failed(error.to_string()))?;
        let started = input.push_event(gst::event::StreamStart::new("keyframes"))
            && input.push_event(gst::event::Caps::new(caps));
        if !started {
            return Err(failed("caps refused".to_owned()));
        }
        Ok(Element { codec, element, input, output_pad, output, serial: 0 })
    }

    /// Decodes one keyframe, and takes glimpses of it and of what follows it. After any error the
    /// decoder is not to be used again.
    ///
    /// A warm decoder of a stream with B-frames holds pictures back, and would hand one camera's
    /// picture to the next: so each keyframe is ended with EOS, which drains it, and a flush, which
    /// makes it ready again. The serial number travels as the time stamp.
    pub(super) fn decode(
        &mut self,
        bytes: Vec<u8>,
        following: Vec<Vec<u8>>,
    ) -> Result<Picture, DecodeError> {
        let most = MAX_PICTURES + following.len();
        *self.output.lock().unwrap_or_else(PoisonError::into_inner) =
            Output { most, ..Output::default() };
        messages::take();
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        self.input.push_event(gst::event::Segment::new(&segment));
        let (stamp, pushed) = self.push(bytes);
        // libav has read the picture to its end when it comes back, shown or not.
        let complaints = messages::take();
        let is_run = !following.is_empty();
        let is_sound = following.into_iter().all(|bytes| self.push(bytes).1.is_ok());
        self.input.push_event(gst::event::Eos::new());
        let output =
            std::mem::take(&mut *self.output.lock().unwrap_or_else(PoisonError::into_inner));
        let later = messages::take();
        let flushed = self.input.push_event(gst::event::FlushStart::new())
            && self.input.push_event(gst::event::FlushStop::new(true));
        if let Some((width, height)) = output.too_large {
            return Err(DecodeError::TooLarge { width, height });
        }
        let complaints = if is_run { complaints } else { complaints.and(later) };
        let Some(shape) =
            output.shape.or_else(|| self.shape()).filter(|_| !output.buffers.is_empty())
        else {
            return match pushed {
                Err(error) if error != gst::FlowError::Error => {
                    Err(DecodeError::Element(error.to_string()))
                }
                _ => Err(DecodeError::NoPicture { errors: complaints.errors.max(1) }),
            };
        };
        // Of a stream that goes on, pictures that lead the keyframe may come out before it.
        let ours = stamp..=gst::ClockTime::from_mseconds(self.serial);
        let is_ours = |buffer: &gst::Buffer| buffer.pts().is_some_and(|at| ours.contains(&at));
        let place = output.buffers.iter().position(|buffer| buffer.pts() == Some(stamp));
        let (Some(place), true) = (place, output.buffers.iter().all(is_ours)) else {
            return Err(DecodeError::Mixed);
        };
        if output.buffers.len() == most {
            return Err(DecodeError::Mixed);
        }
        if !flushed {
            return Err(DecodeError::Element("flush refused".to_owned()));
        }
        let full_range = self.codec == Codec::Jpeg;
        let glimpses = if is_run && is_sound && later == Complaints::default() {
            let glimpse = |buffer: &gst::Buffer| {
                let picture = Picture::new(&shape, buffer.clone(), full_range, complaints).ok()?;
                Glimpse::of(&picture.frame().ok()?)
            };
            output.buffers.iter().map_while(glimpse).collect()
        } else {
            Vec::new()
        };
        let Some(buffer) = output.buffers.into_iter().nth(place) else {
            return Err(DecodeError::Mixed);
        };
        let picture = Picture::new(&shape, buffer, full_range, complaints)?;
        Ok(picture.with_glimpses(glimpses))
    }

    /// Gives the decoder one picture under the next serial number.
    fn push(
        &mut self,
        bytes: Vec<u8>,
    ) -> (gst::ClockTime, Result<gst::FlowSuccess, gst::FlowError>) {
        self.serial += 1;
        let stamp = gst::ClockTime::from_mseconds(self.serial);
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(stamp);
            buffer.set_dts(stamp);
        }
        (stamp, self.input.push(buffer))
    }

    /// The shape last negotiated: caps come again only when they change.
    fn shape(&self) -> Option<Shape> {
        let caps = self.output_pad.current_caps()?;
        shape_of(&caps)
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        // Nothing is left to tell when even stopping fails.
        let _ = self.element.set_state(gst::State::Null);
        let _ = self.input.set_active(false);
        let _ = self.output_pad.set_active(false);
    }
}

/// The pad that collects what the decoder gives, of caps like `pictures`. It has a template for
/// them: without one, a pad takes only those it had first, and a decoder's second size of picture
/// would never come out.
fn output_pad(
    output: &Arc<Mutex<Output>>,
    pictures: &gst::Caps,
) -> Result<gst::Pad, gst::glib::BoolError> {
    let (on_buffer, on_event) = (output.clone(), output.clone());
    let (sink, always) = (gst::PadDirection::Sink, gst::PadPresence::Always);
    let template = gst::PadTemplate::new("pictures", sink, always, pictures)?;
    let pad = gst::Pad::builder_from_template(&template)
        .chain_function(move |_, _, buffer| {
            let mut output = on_buffer.lock().unwrap_or_else(PoisonError::into_inner);
            if output.buffers.len() < output.most {
                output.buffers.push(buffer);
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .event_function(move |_, _, event| {
            if let gst::EventView::Caps(caps) = event.view() {
                let mut output = on_event.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(shape) = shape_of(caps.caps()) else { return false };
                if u64::from(shape.width) * u64::from(shape.height) > MAX_PIXELS {
                    output.too_large = Some((shape.width, shape.height));
                    return false;
                }
                output.shape = Some(shape);
            }
            true
        })
        .build();
    Ok(pad)
}

/// Size and format of raw video caps.
pub(super) fn shape_of(caps: &gst::CapsRef) -> Option<Shape> {
    let caps = caps.structure(0)?;
    Some(Shape {
        width: u32::try_from(caps.get::<i32>("width").ok()?).ok()?,
        height: u32::try_from(caps.get::<i32>("height").ok()?).ok()?,
        format: caps.get::<String>("format").ok()?,
        colorimetry: caps.get::<String>("colorimetry").ok(),
    })
}
