//! Real scenes as planes that tests may spoil, and what a judge says of them.

pub(crate) mod faults;
pub(crate) mod noise;

use std::path::Path;
use std::sync::OnceLock;
use zhishou_picture::{Evidence, Fault, Frame, Judgement, Limits, References, judge};

/// Every committed scene; all are clean.
pub(crate) const SCENES: [&str; 6] =
    ["bikecar", "classroom", "people", "room_table", "store", "worker"];

/// A 4:2:0 picture on the studio scale.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) y: Vec<u8>,
    pub(crate) u: Vec<u8>,
    pub(crate) v: Vec<u8>,
}

/// The packed RGB of one scene and its size.
pub(crate) fn rgb(name: &str) -> (usize, usize, Vec<u8>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format!("{name}.jpg"));
    let picture = image::open(path).expect("testdata is there").to_rgb8();
    let (width, height) = picture.dimensions();
    (width as usize, height as usize, picture.into_raw())
}

/// All scenes, read once.
pub(crate) fn all() -> Vec<Scene> {
    static ALL: OnceLock<Vec<Scene>> = OnceLock::new();
    ALL.get_or_init(|| SCENES.into_iter().map(Scene::load).collect()).clone()
}

impl Scene {
    /// Reads a scene; BT.601, written apart from the crate's own conversion.
    pub(crate) fn load(name: &'static str) -> Self {
        let (width, height, rgb) = rgb(name);
        let mut scene = Self::flat(name, width, height, [16, 128, 128]);
        for y in 0..height {
            for x in 0..width {
                let at = (y * width + x) * 3;
                let [r, g, b] = [0, 1, 2].map(|channel| f64::from(rgb[at + channel]) / 255.0);
                let luma = 0.299 * r + 0.587 * g + 0.114 * b;
                scene.y[y * width + x] = (16.0 + 219.0 * luma).round() as u8;
                let chroma = y / 2 * width.div_ceil(2) + x / 2;
                scene.u[chroma] = (128.0 + 224.0 * (b - luma) / 1.772).round() as u8;
                scene.v[chroma] = (128.0 + 224.0 * (r - luma) / 1.402).round() as u8;
            }
        }
        scene
    }

    /// One colour, given as Y, U, V.
    pub(crate) fn flat(name: &'static str, width: usize, height: usize, yuv: [u8; 3]) -> Self {
        let chroma = width.div_ceil(2) * height.div_ceil(2);
        let [y, u, v] = yuv;
        Self {
            name,
            width,
            height,
            y: vec![y; width * height],
            u: vec![u; chroma],
            v: vec![v; chroma],
        }
    }

    /// The view that the crate takes.
    pub(crate) fn frame(&self) -> Frame<'_> {
        let chroma = self.width.div_ceil(2);
        let (y, u, v) = ((&*self.y, self.width), (&*self.u, chroma), (&*self.v, chroma));
        Frame::i420(self.width, self.height, y, u, v).expect("planes fit")
    }

    /// The judgement by the default limits.
    pub(crate) fn judged(&self) -> Judgement {
        judge(&self.frame(), &Evidence::Sound, None, &Limits::default())
    }

    /// The judgement beside what was learned of the camera.
    pub(crate) fn judged_beside(&self, references: &References) -> Judgement {
        judge(&self.frame(), &Evidence::Sound, Some(references), &Limits::default())
    }

    /// The faults raised by the default limits.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        self.judged().faults().collect()
    }

    /// Every luma value through `map`.
    pub(crate) fn luma(mut self, map: impl Fn(f64) -> f64) -> Self {
        for value in &mut self.y {
            *value = map(f64::from(*value)).round().clamp(16.0, 235.0) as u8;
        }
        self
    }

    /// Fills a rectangle, given in parts of width and height, with one colour.
    pub(crate) fn fill(mut self, [left, top, right, bottom]: [f64; 4], yuv: [u8; 3]) -> Self {
        let chroma_width = self.width.div_ceil(2);
        let columns = (left * self.width as f64) as usize..(right * self.width as f64) as usize;
        for y in (top * self.height as f64) as usize..(bottom * self.height as f64) as usize {
            for x in columns.clone() {
                self.y[y * self.width + x] = yuv[0];
                self.u[y / 2 * chroma_width + x / 2] = yuv[1];
                self.v[y / 2 * chroma_width + x / 2] = yuv[2];
            }
        }
        self
    }
}
