//! One learned scene: how a camera's picture looks by one light when nothing is wrong.
//!
//! A running mean of clean pictures. What moves fades out of it, and so do shadows; what stands
//! stays. Stored in about 32 kB, version first.

use crate::comparison::TILES;
use crate::light::Light;
use crate::plate::{HEIGHT, LEN, WIDTH};
use crate::sample::{Lesson, Levels};
use crate::stripes::Stripe;

/// First byte of the stored form. A change of layout or meaning takes another number.
const VERSION: u8 = 1;
/// Pictures after which a reference is used.
pub const SETTLED: u32 = 3;
/// Pictures that are counted.
const PICTURES_MOST: u32 = 1_000_000;
/// Pictures over which the mean runs, once there are so many: the half-life of what changed is
/// some thirty pictures.
const SLOW: u32 = 48;
/// Least time from one lesson to the next of a settled reference, milliseconds: a probe a minute
/// must not make a parked lorry part of the scene in an hour.
const LESSON_APART_MS: i64 = 10 * 60 * 1000;
/// Version, light, pictures, first and last lesson.
const HEADER_LEN: usize = 1 + 1 + 4 + 8 + 8;
const LEVELS_LEN: usize = 4 * 4;
/// Bytes of a stripe.
const STRIPE_LEN: usize = 2 + 2 + 4;
/// Most stripes that are read.
const STRIPES_MOST: usize = 16;
/// Fixed part of the stored form; stripes follow.
const FIXED_LEN: usize = HEADER_LEN + LEVELS_LEN + 2 * LEN + TILES * 2 * 2 + 1;

/// Why stored bytes are no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Written by another version; learn anew.
    #[error("read reference of version {0} (this is version {VERSION})")]
    Version(u8),
    /// Too short or too long.
    #[error("read reference of {0} bytes")]
    Length(usize),
    /// No light, or a figure that is none.
    #[error("read reference: byte {0} makes no sense")]
    Value(usize),
}

/// One learned scene by one light.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub(crate) light: Light,
    pictures: u32,
    first_ms: i64,
    last_ms: i64,
    pub(crate) levels: Levels,
    /// Luma in 1/256, so that a slow mean does not stick.
    plate: Vec<u16>,
    /// U and V less neutral of each tile, in 1/256.
    chroma: Vec<[i16; 2]>,
    pub(crate) stripes: Vec<Stripe>,
}

impl Reference {
    /// The reference that one picture makes.
    pub(crate) fn first(light: Light, lesson: Lesson, now_ms: i64) -> Self {
        Self {
            light,
            pictures: 1,
            first_ms: now_ms,
            last_ms: now_ms,
            levels: lesson.levels,
            plate: lesson.sample.plate.iter().map(|&luma| fine(luma)).collect(),
            chroma: lesson.sample.chroma.iter().map(|pair| pair.map(signed)).collect(),
            stripes: lesson.stripes,
        }
    }

    /// The light it was learned by.
    pub fn light(&self) -> Light {
        self.light
    }

    /// Pictures learned; the mean runs over the last few dozen.
    pub fn pictures(&self) -> u32 {
        self.pictures
    }

    /// When the first and the last picture was learned, milliseconds of the caller's clock.
    pub fn learned_ms(&self) -> (i64, i64) {
        (self.first_ms, self.last_ms)
    }

    /// Whether enough was learned to judge by it.
    pub fn is_settled(&self) -> bool {
        self.pictures >= SETTLED
    }

    /// Counts as settled at once: an operator said that this is how it should look.
    pub(crate) fn settle(&mut self) {
        self.pictures = self.pictures.max(SETTLED);
    }

    /// Whether a lesson is due.
    pub(crate) fn is_due(&self, now_ms: i64) -> bool {
        // A clock that was set back must not stop learning for ever.
        !self.is_settled()
            || now_ms < self.last_ms
            || now_ms.saturating_sub(self.last_ms) >= LESSON_APART_MS
    }

    /// Takes one more clean picture of the same scene into the mean.
    pub(crate) fn learn(&mut self, lesson: &Lesson, now_ms: i64) {
        self.pictures = (self.pictures + 1).min(PICTURES_MOST);
        self.last_ms = now_ms;
        let weight = 1.0 / self.pictures.min(SLOW) as f32;
        let mix = |old: f32, new: f32| old + (new - old) * weight;
        for (old, &new) in self.plate.iter_mut().zip(&lesson.sample.plate) {
            *old = fine(mix(coarse(*old), new));
        }
        for (old, new) in self.chroma.iter_mut().zip(&lesson.sample.chroma) {
            for (old, &new) in old.iter_mut().zip(new) {
                *old = signed(mix(f32::from(*old) / 256.0, new));
            }
        }
        let (old, new) = (&mut self.levels, &lesson.levels);
        old.spread = mix(old.spread, new.spread);
        old.bright = mix(old.bright, new.bright);
        old.noise = mix(old.noise, new.noise);
        old.sharpness = match (old.sharpness, new.sharpness) {
            (old, 0.0) => old,
            (0.0, new) => new,
            (old, new) => mix(old, new),
        };
        // A line that once was the scene's own (a blind let down by noon) may be so again.
        for stripe in &lesson.stripes {
            if self.stripes.len() < STRIPES_MOST
                && !self.stripes.iter().any(|own| own.is_near(stripe))
            {
                self.stripes.push(*stripe);
            }
        }
    }

    /// Luma of the plate.
    pub(crate) fn plate(&self) -> Vec<f32> {
        self.plate.iter().map(|&luma| coarse(luma)).collect()
    }

    /// Mean luma.
    pub(crate) fn mean(&self) -> f64 {
        self.plate.iter().map(|&luma| f64::from(luma)).sum::<f64>() / (256 * LEN) as f64
    }

    /// U and V less neutral of each tile.
    pub(crate) fn chroma(&self) -> impl Iterator<Item = [f32; 2]> + '_ {
        self.chroma.iter().map(|pair| pair.map(|value| f32::from(value) / 256.0))
    }

    /// The learned scene as gray pixels for the page: width, height and luma on the studio scale.
    /// Nothing that moves is left in it.
    pub fn picture(&self) -> (usize, usize, Vec<u8>) {
        (WIDTH, HEIGHT, self.plate.iter().map(|&luma| (luma >> 8) as u8).collect())
    }

    /// The stored form, version first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED_LEN + self.stripes.len() * STRIPE_LEN);
        bytes.push(VERSION);
        bytes.push(self.light as u8);
        bytes.extend(self.pictures.to_le_bytes());
        bytes.extend(self.first_ms.to_le_bytes());
        bytes.extend(self.last_ms.to_le_bytes());
        let Levels { spread, bright, sharpness, noise } = self.levels;
        bytes.extend([spread, bright, sharpness, noise].into_iter().flat_map(f32::to_le_bytes));
        bytes.extend(self.plate.iter().flat_map(|luma| luma.to_le_bytes()));
        bytes.extend(self.chroma.iter().flatten().flat_map(|value| value.to_le_bytes()));
        bytes.push(self.stripes.len() as u8);
        for stripe in &self.stripes {
            bytes.extend(stripe.across.to_le_bytes());
            bytes.extend(stripe.down.to_le_bytes());
            bytes.extend(stripe.amplitude.to_le_bytes());
        }
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`ReferenceError`]; the caller then goes without and learns anew.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReferenceError> {
        match bytes.first() {
            None => return Err(ReferenceError::Length(0)),
            Some(&VERSION) => {}
            Some(&other) => return Err(ReferenceError::Version(other)),
        }
        let mut reader = Reader { bytes, at: 1 };
        let light =
            *Light::ALL.get(usize::from(reader.take::<1>()?[0])).ok_or(ReferenceError::Value(1))?;
        let pictures = u32::from_le_bytes(reader.take()?);
        if pictures > PICTURES_MOST {
            return Err(ReferenceError::Value(2));
        }
        let first_ms = i64::from_le_bytes(reader.take()?);
        let last_ms = i64::from_le_bytes(reader.take()?);
        let levels = Levels {
            spread: reader.figure()?,
            bright: reader.figure()?,
            sharpness: reader.figure()?,
            noise: reader.figure()?,
        };
        let plate =
            (0..LEN).map(|_| Ok(u16::from_le_bytes(reader.take()?))).collect::<Result<_, _>>()?;
        let mut value = || Ok(i16::from_le_bytes(reader.take()?));
        let chroma = (0..TILES).map(|_| Ok([value()?, value()?])).collect::<Result<_, _>>()?;
        let count = usize::from(reader.take::<1>()?[0]);
        if count > STRIPES_MOST {
            return Err(ReferenceError::Value(FIXED_LEN - 1));
        }
        let mut stripe = || {
            Ok(Stripe {
                across: i16::from_le_bytes(reader.take()?),
                down: i16::from_le_bytes(reader.take()?),
                amplitude: reader.figure()?,
            })
        };
        let stripes = (0..count).map(|_| stripe()).collect::<Result<_, _>>()?;
        if reader.at != bytes.len() {
            return Err(ReferenceError::Length(bytes.len()));
        }
        Ok(Self { light, pictures, first_ms, last_ms, levels, plate, chroma, stripes })
    }
}

/// Reads numbers in their order and never past the end.
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], ReferenceError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        self.at += N;
        taken.copied().ok_or(ReferenceError::Length(self.bytes.len()))
    }

    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], ReferenceError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..len));
        self.at = self.at.saturating_add(len);
        taken.ok_or(ReferenceError::Length(self.bytes.len()))
    }

    /// A figure that is finite and not negative.
    fn figure(&mut self) -> Result<f32, ReferenceError> {
        let at = self.at;
        let value = f32::from_le_bytes(self.take()?);
        if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(ReferenceError::Value(at)) }
    }
}

/// Luma in 1/256. Float casts saturate.
fn fine(luma: f32) -> u16 {
    (luma * 256.0).round() as u16
}

fn coarse(luma: u16) -> f32 {
    f32::from(luma) / 256.0
}

/// A chroma distance in 1/256.
fn signed(shift: f32) -> i16 {
    (shift * 256.0).round() as i16
}
