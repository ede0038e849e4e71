//! What the loops are made of: source view, size, frame rate, codec, and what is wrong with them.
//!
//! A loop lasts 190 s, no multiple of a usual probe interval, and its noise never repeats within
//! it, so that two keyframes taken some time apart differ as those of a real sensor do. A static
//! loop is one group of pictures played for ever: its keyframe repeats to the byte.

/// A view of `footage/`, carried within the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clip {
    Store,
    Classroom,
    People,
    Bikecar,
    Worker,
    RoomTable,
}

impl Clip {
    /// Its width, pixels.
    fn width(self) -> u32 {
        if self == Self::RoomTable { 704 } else { 480 }
    }

    /// The bytes of the MP4 file.
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Store => include_bytes!("../footage/store.mp4"),
            Self::Classroom => include_bytes!("../footage/classroom.mp4"),
            Self::People => include_bytes!("../footage/people.mp4"),
            Self::Bikecar => include_bytes!("../footage/bikecar.mp4"),
            Self::Worker => include_bytes!("../footage/worker.mp4"),
            Self::RoomTable => include_bytes!("../footage/room_table.mp4"),
        }
    }
}

/// The coding of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    H264,
    H265,
    Mjpeg,
}

impl Codec {
    /// The ending of a loop's file: a raw elementary stream.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
            Self::Mjpeg => "mjpeg",
        }
    }
}

/// What the picture looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// By day, in colour.
    Day,
    /// By day, the view mirrored, so that one scene serves two cameras.
    Mirrored,
    /// By night under infrared light: mono, darker, with the noise of a high gain.
    Night,
    /// Out of focus: a box of 17 pixels at 704 wide.
    Blurred,
    /// A covered or dead sensor: black, with a trace of noise.
    Black,
    /// What a recorder sends for an input without signal: plain blue.
    Blue,
    /// One picture for ever.
    Still,
}

impl Look {
    /// Whether the loop is one group of pictures that repeats.
    fn is_static(self) -> bool {
        matches!(self, Self::Blue | Self::Still)
    }
}

/// How one loop is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    pub(crate) clip: Clip,
    pub(crate) look: Look,
    pub(crate) codec: Codec,
    /// Pixels.
    pub(crate) width: u32,
    /// Pixels.
    pub(crate) height: u32,
    /// Frames a second delivered, in halves (25 is 12.5 fps).
    pub(crate) half_fps: u32,
    /// Frames a second declared in the parameter sets, in halves.
    pub(crate) declared_half_fps: u32,
    /// Frames from keyframe to keyframe.
    pub(crate) gop: u32,
}

/// A loop's length, seconds.
const LOOP_S: u32 = 190;

impl Recipe {
    const fn day(name: &'static str, clip: Clip, width: u32, height: u32) -> Self {
        let codec = Codec::H264;
        let look = Look::Day;
        let (half_fps, gop) = (25, 30);
        Self { name, clip, look, codec, width, height, half_fps, declared_half_fps: 25, gop }
    }

    const fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    const fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    const fn fps(mut self, fps: u32, gop: u32) -> Self {
        self.half_fps = 2 * fps;
        self.declared_half_fps = 2 * fps;
        self.gop = gop;
        self
    }

    const fn declaring(mut self, fps: u32) -> Self {
        self.declared_half_fps = 2 * fps;
        self
    }

    /// Frames in the loop: whole groups of pictures, so that it closes at a keyframe.
    pub(crate) fn frames(&self) -> u32 {
        if self.look.is_static() {
            self.gop
        } else {
            LOOP_S * self.half_fps / 2 / self.gop * self.gop
        }
    }

    /// The arguments of `ffmpeg` after its input and before its output.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["-filter_complex".to_owned(), self.filters()];
        let mut push = |text: &str| arguments.extend(text.split(' ').map(str::to_owned));
        push(&format!("-an -frames:v {} -threads 1", self.frames()));
        push(&format!("-r {}/2", self.declared_half_fps));
        let gop = self.gop;
        // Coarser steps would swallow the trace of noise on black.
        let qp = if self.look == Look::Black { 22 } else { 34 };
        // A third less work where it is most.
        let preset = if self.height > 720 { "ultrafast" } else { "superfast" };
        // The quantizer of keyframes stays fine enough to keep the noise, that of the frames
        // between is coarse (ratio 3.2 is 10 steps), which keeps the loops small.
        match self.codec {
            Codec::H264 => push(&format!(
                "-c:v libx264 -preset {preset} -qp {qp} -x264-params \
                 aud=1:ipratio=3.2:keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:rc-lookahead=0"
            )),
            Codec::H265 => push(&format!(
                "-c:v libx265 -preset ultrafast -x265-params \
                 qp={qp}:ipratio=3.2:aud=1:repeat-headers=1:keyint={gop}:min-keyint={gop}:scenecut=0:\
                 bframes=0:rc-lookahead=0:pools=none:frame-threads=1:log-level=none"
            )),
            // RTP/JPEG (RFC 2435) carries 4:2:0 of the full range with the standard tables.
            Codec::Mjpeg => push("-c:v mjpeg -pix_fmt yuvj420p -q:v 5 -huffman default"),
        }
        push("-f");
        push(if self.codec == Codec::H265 { "hevc" } else { self.codec.extension() });
        arguments
    }

    fn filters(&self) -> String {
        let Self { width, height, half_fps, .. } = self;
        // Sources are small; what enlarging softens, a mild sharpening gives back.
        let sharpen = if *width > self.clip.width() { ",unsharp=5:5:0.8:5:5:0" } else { "" };
        let scale = format!("scale={width}:{height}:flags=bicubic{sharpen}");
        // Forward and back, 38 pictures: no jump where it closes.
        let there_and_back = "split[a][b];[b]trim=start_frame=1:end_frame=19,reverse[r];\
                              [a][r]concat,loop=loop=-1:size=38";
        let source = match self.look {
            Look::Still => format!("[0:v]{scale},trim=end_frame=1,loop=loop=-1:size=1"),
            Look::Mirrored => format!("[0:v]{scale},hflip,{there_and_back}"),
            Look::Blurred => format!("[0:v]scale={width}:{height},avgblur=8,{there_and_back}"),
            Look::Night => {
                // Half the contrast, in grey: a scene lit by the camera's own diodes.
                format!("[0:v]{scale},lutyuv=y='16+(val-16)*0.6':u=128:v=128,{there_and_back}")
            }
            Look::Black => format!("[0:v]{scale},lutyuv=y=17:u=128:v=128,{there_and_back}"),
            Look::Blue => format!("[0:v]{scale},drawbox=c=0x0000B4:t=fill,{there_and_back}"),
            Look::Day => format!("[0:v]{scale},{there_and_back}"),
        };
        // Strength of the luma noise, per cent: 6 leaves a deviation near 2 after coding, a clean
        // sensor by day; real gain by night reaches 3.9, and 6 is where noise is a fault.
        let noise = match self.look {
            Look::Day | Look::Mirrored => 6,
            Look::Night => 8,
            Look::Blurred => 5,
            Look::Black => 4,
            Look::Blue | Look::Still => 0,
        };
        let noise = match noise {
            0 => String::new(),
            strength => format!(",noise=c0s={strength}:c0f=t:c0_seed={}", 7 + self.clip as u32),
        };
        let declared = self.declared_half_fps;
        format!("{source},fps={half_fps}/2{noise},setpts=N*2/({declared}*TB),format=yuv420p")
    }
}

use Clip::{Bikecar, Classroom, People, RoomTable, Store, Worker};

/// Every loop.
pub(crate) const RECIPES: &[Recipe] = &[
    // The longest first, so that two at a time end together.
    Recipe::day("people_h265", People, 640, 360).codec(Codec::H265).fps(10, 20),
    Recipe::day("room_1080p", RoomTable, 1920, 1080).look(Look::Mirrored).fps(5, 10),
    Recipe::day("room_720p", RoomTable, 1280, 720).fps(10, 20),
    Recipe::day("worker_mjpeg", Worker, 640, 360)
        .look(Look::Mirrored)
        .codec(Codec::Mjpeg)
        .fps(5, 5),
    Recipe::day("store", Store, 704, 396),
    Recipe::day("store_cif", Store, 480, 270).look(Look::Mirrored),
    Recipe::day("classroom", Classroom, 640, 360),
    Recipe::day("people", People, 640, 360).look(Look::Mirrored),
    Recipe::day("people_cif", People, 480, 270),
    Recipe::day("bikecar", Bikecar, 704, 396),
    Recipe::day("bikecar_slow", Bikecar, 704, 396).look(Look::Mirrored).declaring(25),
    Recipe::day("worker", Worker, 704, 396),
    Recipe::day("room", RoomTable, 704, 396),
    Recipe::day("worker_night", Worker, 704, 396).look(Look::Night),
    Recipe::day("store_blurred", Store, 704, 396).look(Look::Blurred),
    Recipe::day("black", Bikecar, 704, 396).look(Look::Black),
    Recipe::day("blue", Bikecar, 704, 396).look(Look::Blue),
    Recipe::day("classroom_still", Classroom, 640, 360).look(Look::Still),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn loops_close_at_a_keyframe_and_last_three_minutes_unless_static() {
        for recipe in RECIPES {
            assert_eq!(recipe.frames() % recipe.gop, 0, "{}", recipe.name);
            let length_s = f64::from(recipe.frames()) * 2.0 / f64::from(recipe.half_fps);
            let limit_s = if recipe.look.is_static() { 2.0 } else { 180.0 };
            assert!(length_s >= limit_s, "{} lasts {length_s} s", recipe.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = RECIPES.iter().map(|recipe| recipe.name).collect();
        assert_eq!(names.len(), RECIPES.len());
    }
}
