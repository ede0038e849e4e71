//! Feeds a loop into the pipelines of GStreamer's RTSP server, at the place where a camera that
//! runs since the demo began would be.

use crate::{loss::Loss, recipe::Codec, reel::Reel};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSrc, AppSrcCallbacks};
use gstreamer_rtsp_server::{self as rtsp_server, prelude::*};
use std::sync::Arc;
use tokio::time::Instant;

/// What one path of a server plays.
#[derive(Clone, Debug)]
pub(crate) struct Programme {
    pub(crate) reel: Arc<Reel>,
    /// When the camera was switched on.
    pub(crate) since: Instant,
    /// The seed of its losses; `None` loses nothing.
    pub(crate) loss_seed: Option<u32>,
}

/// Bytes that wait in a source; about two keyframes.
const QUEUE_BYTES: u64 = 128 * 1024;

/// The pipeline of a codec. The caps say "whole access units", so no parser is needed.
fn launch(codec: Codec) -> String {
    let (caps, payloader) = match codec {
        Codec::H264 => ("video/x-h264,stream-format=byte-stream,alignment=au", "rtph264pay"),
        Codec::H265 => ("video/x-h265,stream-format=byte-stream,alignment=au", "rtph265pay"),
        Codec::Mjpeg => ("image/jpeg,parsed=true", "rtpjpegpay"),
    };
    // Parameter sets before each keyframe, as cameras send them.
    let extra = if codec == Codec::Mjpeg { "pt=26" } else { "pt=96 config-interval=-1" };
    format!(
        "( appsrc name=reel format=time max-bytes={QUEUE_BYTES} caps=\"{caps}\" \
         ! {payloader} name=pay0 {extra} )"
    )
}

/// A factory that opens the programme anew for each viewer.
pub(crate) fn factory(programme: &Programme) -> rtsp_server::RTSPMediaFactory {
    let factory = rtsp_server::RTSPMediaFactory::new();
    factory.set_launch(&launch(programme.reel.recipe.codec));
    factory.set_shared(false);
    let programme = programme.clone();
    factory.connect_media_configure(move |_, media| configure(media, &programme));
    factory
}

/// Sets a new media up to play `programme`.
fn configure(media: &rtsp_server::RTSPMedia, programme: &Programme) {
    let element = media.element();
    let Some(bin) = element.downcast_ref::<gst::Bin>() else { return };
    let source = bin.by_name("reel").and_then(|element| element.downcast::<AppSrc>().ok());
    if let Some(source) = source {
        feed(&source, programme);
    }
    let pad = bin.by_name("pay0").and_then(|payloader| payloader.static_pad("src"));
    if let (Some(pad), Some(seed)) = (pad, programme.loss_seed) {
        Loss::new(seed).install(&pad);
    }
}

fn feed(source: &AppSrc, programme: &Programme) {
    let recipe = &programme.reel.recipe;
    if let Some(mut caps) = source.caps() {
        let fps = gst::Fraction::new(recipe.declared_half_fps as i32, 2);
        let caps_mut = caps.make_mut();
        caps_mut.set("framerate", fps);
        caps_mut.set("width", recipe.width as i32);
        caps_mut.set("height", recipe.height as i32);
        source.set_caps(Some(&caps));
    }
    let reel = Arc::clone(&programme.reel);
    let interval = gst::ClockTime::from_nseconds(reel.interval.as_nanos() as u64);
    let first = reel.keyframe_at(programme.since.elapsed());
    let mut played: u64 = 0;
    let need_data = move |source: &AppSrc, _| {
        let unit = match reel.read(first + played as usize) {
            Ok(unit) => unit,
            Err(error) => {
                tracing::warn!(%error, reel = reel.recipe.name, "demo camera stops");
                end(source);
                return;
            }
        };
        let mut buffer = gst::Buffer::from_slice(unit.bytes);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(interval * played);
            buffer.set_duration(interval);
            if !unit.keyframe {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        played += 1;
        // An error here is the viewer's going away; the server then takes the pipeline down.
        if source.push_buffer(buffer).is_err() {
            end(source);
        }
    };
    source.set_callbacks(AppSrcCallbacks::builder().need_data(need_data).build());
}

fn end(source: &AppSrc) {
    if let Err(error) = source.end_of_stream() {
        tracing::debug!(%error, "demo camera was stopped already");
    }
}
