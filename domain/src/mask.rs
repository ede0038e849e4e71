//! 隐私遮挡, privacy masks: regions of a camera's picture that are blacked out before anything of it
//! is kept. Windows of homes, a neighbour's yard, a cash desk's keypad.
//!
//! As text, a region is its corners (`x,y`, each a share of width and height, 0 to 1 or with `%`)
//! with spaces between them; two corners are a rectangle, more are a polygon. Regions are separated
//! by `;` or stand one a line: `0.1,0.2 0.4,0.5; 60%,0% 100%,0% 100%,30%`.
//!
//! Invariant: a pixel that a region touches is covered, however coarse the picture.

use crate::Lang;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Range, str::FromStr};

/// Regions of one camera at most.
const MAX_REGIONS: usize = 16;
/// Corners of one region at most.
const MAX_CORNERS: usize = 32;
/// Coordinates are kept as whole numbers of this part of a side: finer than a pixel of 8K.
const PARTS: f64 = 10_000.0;

/// A corner, in ten-thousandths of width and height.
type Corner = (u16, u16);

/// All masks of one camera; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrivacyMasks(Vec<Vec<Corner>>);

/// Why a text is no mask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", content = "of", rename_all = "snake_case")]
pub enum MaskError {
    /// Not `x,y` with both from 0 to 1 (or 0 % to 100 %).
    Corner(String),
    /// One corner alone, or more than 32.
    Corners(usize),
    /// A region without any area.
    Flat,
    /// More than 16.
    TooMany,
}

impl fmt::Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Lang::En))
    }
}

impl std::error::Error for MaskError {}

impl MaskError {
    /// The words for a person.
    pub fn render(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Corner(text), Lang::Zh) => {
                format!("“{text}” 不是顶点，应为 x,y，取值 0 至 1 或 0 % 至 100 %")
            }
            (Self::Corner(text), Lang::En) => {
                format!("{text:?} is no corner: write x,y, each 0 to 1 or 0 % to 100 %")
            }
            (Self::Corners(count), Lang::Zh) => {
                format!("一个区域有 {count} 个顶点，应为 2 至 {MAX_CORNERS} 个")
            }
            (Self::Corners(count), Lang::En) => {
                format!("a region of {count} corners: it takes 2 to {MAX_CORNERS}")
            }
            (Self::Flat, _) => lang.pick("区域没有面积", "a region without area").to_owned(),
            (Self::TooMany, Lang::Zh) => format!("区域多于 {MAX_REGIONS} 个"),
            (Self::TooMany, Lang::En) => format!("more than {MAX_REGIONS} regions"),
        }
    }
}

impl PrivacyMasks {
    /// Whether nothing is masked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many regions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Calls `paint` with a row and a range of columns until every pixel of a picture of this size
    /// that any region touches was named, some more than once.
    pub fn cover(&self, width: usize, height: usize, mut paint: impl FnMut(usize, Range<usize>)) {
        for region in &self.0 {
            let corners: Vec<(f64, f64)> = region
                .iter()
                .map(|&(x, y)| {
                    let share = |part: u16, side: usize| f64::from(part) / PARTS * side as f64;
                    (share(x, width), share(y, height))
                })
                .collect();
            let ends = |of: fn(f64, f64) -> f64| {
                corners.iter().map(|corner| corner.1).reduce(of).unwrap_or_default()
            };
            let last = (ends(f64::max).ceil() as usize).min(height);
            for row in (ends(f64::min).floor() as usize)..last {
                for (left, right) in spans(&corners, row as f64) {
                    let right = (right.ceil() as usize).min(width);
                    paint(row, (left.floor().max(0.0) as usize).min(right)..right);
                }
            }
        }
    }
}

/// What of the band `top`..`top + 1` a polygon touches, as columns from and to: what its edges cross
/// within the band, and what lies inside on its middle line. Inside is what is gone round at all
/// (the non-zero rule), so that a polygon that crosses itself has no hole.
fn spans(corners: &[(f64, f64)], top: f64) -> Vec<(f64, f64)> {
    let middle = top + 0.5;
    let (mut spans, mut crossings) = (Vec::new(), Vec::new());
    for (index, &from) in corners.iter().enumerate() {
        let to = corners[(index + 1) % corners.len()];
        let (low, high) = if from.1 <= to.1 { (from, to) } else { (to, from) };
        if low.1 >= top + 1.0 || high.1 < top {
            continue;
        }
        let at = |y: f64| {
            let along = if high.1 > low.1 { (y - low.1) / (high.1 - low.1) } else { 0.0 };
            low.0 + along.clamp(0.0, 1.0) * (high.0 - low.0)
        };
        let (first, last) = if high.1 > low.1 {
            (at(top.max(low.1)), at((top + 1.0).min(high.1)))
        } else {
            (low.0, high.0)
        };
        spans.push((first.min(last), first.max(last)));
        if low.1 <= middle && middle < high.1 {
            crossings.push((at(middle), if from.1 < to.1 { 1 } else { -1 }));
        }
    }
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut winding = 0;
    for pair in crossings.windows(2) {
        winding += pair[0].1;
        if winding != 0 {
            spans.push((pair[0].0, pair[1].0));
        }
    }
    spans
}

impl FromStr for PrivacyMasks {
    type Err = MaskError;

    fn from_str(text: &str) -> Result<Self, MaskError> {
        let regions = text.split([';', '；', '\n']).map(str::trim).filter(|it| !it.is_empty());
        let regions: Vec<Vec<Corner>> = regions.map(region).collect::<Result<_, _>>()?;
        if regions.len() > MAX_REGIONS {
            return Err(MaskError::TooMany);
        }
        Ok(Self(regions))
    }
}

fn region(text: &str) -> Result<Vec<Corner>, MaskError> {
    let corners: Vec<Corner> = text.split_whitespace().map(corner).collect::<Result<_, _>>()?;
    if !(2..=MAX_CORNERS).contains(&corners.len()) {
        return Err(MaskError::Corners(corners.len()));
    }
    let differ = |of: fn(&Corner) -> u16| corners.iter().any(|it| of(it) != of(&corners[0]));
    if !differ(|it| it.0) || !differ(|it| it.1) {
        return Err(MaskError::Flat);
    }
    Ok(match corners[..] {
        [(left, top), (right, bottom)] => {
            vec![(left, top), (right, top), (right, bottom), (left, bottom)]
        }
        _ => corners,
    })
}

fn corner(text: &str) -> Result<Corner, MaskError> {
    let wrong = || MaskError::Corner(text.chars().take(40).collect());
    let (x, y) = text.split_once([',', '，']).ok_or_else(wrong)?;
    let part = |text: &str| {
        let (digits, whole) = match text.strip_suffix(['%', '％']) {
            Some(digits) => (digits, 100.0),
            None => (text, 1.0),
        };
        let share = digits.parse::<f64>().ok()? / whole;
        (0.0..=1.0).contains(&share).then(|| (share * PARTS).round() as u16)
    };
    part(x).zip(part(y)).ok_or_else(wrong)
}

impl fmt::Display for PrivacyMasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, region) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            for (index, &(x, y)) in region.iter().enumerate() {
                let share = |part| f64::from(part) / PARTS;
                write!(f, "{}{},{}", if index == 0 { "" } else { " " }, share(x), share(y))?;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for PrivacyMasks {
    type Error = MaskError;

    fn try_from(text: String) -> Result<Self, MaskError> {
        text.parse()
    }
}

impl From<PrivacyMasks> for String {
    fn from(masks: PrivacyMasks) -> Self {
        masks.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masks(text: &str) -> PrivacyMasks {
        text.parse().unwrap()
    }

    fn covered(masks: &PrivacyMasks, width: usize, height: usize) -> Vec<Vec<bool>> {
        let mut rows = vec![vec![false; width]; height];
        masks.cover(width, height, |row, columns| rows[row][columns].fill(true));
        rows
    }

    #[test]
    fn a_rectangle_is_two_corners_and_is_written_as_four() {
        let one = masks("10%,20% 0.4,0.5");
        assert_eq!(one.to_string(), "0.1,0.2 0.4,0.2 0.4,0.5 0.1,0.5");
        assert_eq!(masks(&one.to_string()), one);
        assert_eq!(masks("0.4,0.5 0.1,0.2").len(), 1);
        assert_eq!(masks("0.1，0.2 0.4，0.5；\n0,0 1,0 0.5,1;").len(), 2);
        assert!(masks(" ; \n").is_empty());
        let grid = covered(&one, 10, 10);
        let count = |row: &Vec<bool>| row.iter().filter(|is| **is).count();
        assert_eq!(grid.iter().map(count).collect::<Vec<_>>(), [0, 0, 3, 3, 3, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_no_mask_is_told_apart() {
        let error = |text: &str| text.parse::<PrivacyMasks>().unwrap_err();
        for bad in ["0.1 0.2", "a,b 0.3,0.4", "1.2,0 0,0", "-0.1,0 1,1", "NaN,0 1,1", "101%,0 1,1"]
        {
            assert!(matches!(error(bad), MaskError::Corner(_)), "{bad}");
        }
        assert_eq!(error("0.1,0.1"), MaskError::Corners(1));
        assert_eq!(error(&"0,0 ".repeat(33)), MaskError::Corners(33));
        assert_eq!(error("0.1,0.1 0.1,0.9"), MaskError::Flat);
        assert_eq!(error(&"0,0 1,1;".repeat(17)), MaskError::TooMany);
        for lang in [Lang::Zh, Lang::En] {
            assert!(!error("0.1,0.1").render(lang).is_empty());
        }
    }

    #[test]
    fn a_polygon_that_crosses_itself_has_no_hole() {
        // A star drawn in one stroke: even-odd filling would leave its middle open.
        let star = masks("0.5,0 0.8,0.95 0.02,0.36 0.98,0.36 0.2,0.95");
        assert!(covered(&star, 100, 100)[50][50]);
    }

    proptest! {
        #[test]
        fn every_pixel_that_lies_in_or_at_a_triangle_is_covered(
            corners in proptest::collection::vec((0u16..=10_000, 0u16..=10_000), 3),
            (width, height) in (1usize..70, 1usize..50),
            weights in proptest::collection::vec((0.0f64..1.0, 0.0f64..1.0), 50),
        ) {
            let region = PrivacyMasks(vec![corners.clone()]);
            let grid = covered(&region, width, height);
            for (a, b) in weights {
                // A point of the triangle, by its weights.
                let (a, b) = if a + b > 1.0 { (1.0 - a, 1.0 - b) } else { (a, b) };
                let mix = |of: fn(&Corner) -> u16| {
                    let at = |index: usize| f64::from(of(&corners[index])) / PARTS;
                    at(0) * a + at(1) * b + at(2) * (1.0 - a - b)
                };
                let x = ((mix(|it| it.0) * width as f64) as usize).min(width - 1);
                let y = ((mix(|it| it.1) * height as f64) as usize).min(height - 1);
                prop_assert!(grid[y][x], "{x},{y}");
            }
        }

        #[test]
        fn any_text_is_refused_or_reads_back_the_same(text in "[-0-9.,;% \n]{0,60}") {
            if let Ok(masks) = text.parse::<PrivacyMasks>() {
                prop_assert_eq!(masks.to_string().parse(), Ok(masks));
            }
        }
    }
}
