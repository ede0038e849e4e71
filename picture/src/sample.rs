//! What one picture tells a reference: its plate, its colours and its levels.

use crate::comparison::{COLUMNS, ROWS};
use crate::frame::Plane;
use crate::limits::Limits;
use crate::mask::Mask;
use crate::plate;
use crate::scale::reduce;
use crate::stripes::Stripe;
use crate::working::{ColourMap, Working};
use crate::{blurred, grain, stripes};

/// Figures of a whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Levels {
    /// 99th minus 1st percentile of luma.
    pub(crate) spread: f32,
    /// Share of washed-out pixels, 0–1.
    pub(crate) bright: f32,
    /// Sharpness; 0 without texture.
    pub(crate) sharpness: f32,
    /// Deviation of sensor noise, in luma.
    pub(crate) noise: f32,
}

/// One picture at the size of a plate.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Luma, [`plate::LEN`] values.
    pub(crate) plate: Vec<f32>,
    /// U and V less neutral, one pair a tile; zeros for a gray picture.
    pub(crate) chroma: Vec<[f32; 2]>,
    /// Plate pixels where masks leave no gradient; empty where nothing is masked.
    pub(crate) masked: Vec<bool>,
}

impl Sample {
    /// Samples a working picture; `None` where it is smaller than a plate.
    pub(crate) fn of(working: &Working) -> Option<Self> {
        let (width, height) = (working.width, working.height);
        if width < plate::WIDTH || height < plate::HEIGHT {
            return None;
        }
        let luma = Plane::new("Y", &working.luma, width, width, height).ok()?;
        let plate = reduce(&luma, plate::WIDTH, plate::HEIGHT);
        Some(Self {
            plate: plate.into_iter().map(f32::from).collect(),
            chroma: chroma(working.colour.as_ref()),
            masked: working.mask.as_ref().map_or_else(Vec::new, Mask::with_rim),
        })
    }
}

fn chroma(colour: Option<&ColourMap>) -> Vec<[f32; 2]> {
    let reduced = colour.and_then(|map| {
        let height = map.u.len() / map.width;
        let plane = |data| Plane::new("U", data, map.width, map.width, height).ok();
        let fits = map.width >= COLUMNS && height >= ROWS;
        let reduce = |data| Some(reduce(&plane(data)?, COLUMNS, ROWS));
        fits.then(|| Some((reduce(&map.u)?, reduce(&map.v)?))).flatten()
    });
    match reduced {
        Some((u, v)) => {
            u.iter().zip(&v).map(|(&u, &v)| [f32::from(u) - 128.0, f32::from(v) - 128.0]).collect()
        }
        None => vec![[0.0; 2]; COLUMNS * ROWS],
    }
}

/// Everything of one picture that a reference learns.
#[derive(Debug, Clone)]
pub(crate) struct Lesson {
    pub(crate) sample: Sample,
    pub(crate) levels: Levels,
    pub(crate) stripes: Vec<Stripe>,
}

impl Lesson {
    /// What a picture teaches; `None` where it is too small.
    pub(crate) fn of(working: &Working, limits: &Limits) -> Option<Self> {
        let levels = Levels {
            spread: working.spread() as f32,
            bright: working.share_from(limits.bright_luma) as f32,
            sharpness: blurred::sharpness(working).unwrap_or(0.0) as f32,
            noise: grain::sigma(working),
        };
        let stripes = stripes::stripes(working).unwrap_or_default();
        Some(Self { sample: Sample::of(working)?, levels, stripes })
    }
}
