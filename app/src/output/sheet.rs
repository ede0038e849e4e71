//! The contact sheet: what was flagged and why, on one picture.

mod letters;

use super::picture::{Tally, printable};
use crate::command::picture::Answer;
use image::{Rgb, RgbImage, imageops};
use letters::Letters;
use std::path::Path;
use zhishou_domain::Lang;

/// Pictures shown at most: those with a fault first, then those that could not be judged, then clean
/// ones. Bounds memory however many files there are.
const MOST: usize = 120;

const COLUMNS: u32 = 5;
const PICTURE: (u32, u32) = (240, 160);
/// Rows of words below a picture: its name, and two faults of a name and a detail each.
const ROWS: u32 = 5;
const ROW: u32 = 18;
const GAP: u32 = 12;
const HEAD: u32 = 40;
const TILE: (u32, u32) = (PICTURE.0 + 2 * FRAME, PICTURE.1 + 2 * FRAME + ROWS * ROW);
const FRAME: u32 = 4;

const PAPER: Rgb<u8> = Rgb([250, 250, 248]);
const INK: Rgb<u8> = Rgb([32, 33, 36]);
const QUIET: Rgb<u8> = Rgb([105, 108, 112]);
const CLEAN: Rgb<u8> = Rgb([60, 145, 85]);
const FAULTY: Rgb<u8> = Rgb([200, 45, 40]);
const UNREAD: Rgb<u8> = Rgb([214, 150, 20]);

/// A sheet in the making.
pub(crate) struct Sheet {
    lang: Lang,
    faulty: Vec<Answer>,
    unread: Vec<Answer>,
    clean: Vec<Answer>,
}

impl Sheet {
    pub(crate) fn new(lang: Lang) -> Self {
        Self { lang, faulty: Vec::new(), unread: Vec::new(), clean: Vec::new() }
    }

    /// Keeps an answer as long as there is room for its kind.
    pub(crate) fn add(&mut self, answer: Answer) {
        let kind = match &answer.judged {
            Ok(judged) if judged.faults.is_empty() => &mut self.clean,
            Ok(_) => &mut self.faulty,
            Err(_) => &mut self.unread,
        };
        if kind.len() < MOST {
            kind.push(answer);
        }
    }

    /// Draws it and writes it as a PNG.
    pub(crate) fn write(self, path: &Path, tally: &Tally) -> image::ImageResult<()> {
        // Chinese needs a font of the system; without one the sheet speaks English.
        let letters = Letters::of(self.lang);
        let lang = letters.lang();
        let shown: Vec<_> =
            self.faulty.iter().chain(&self.unread).chain(&self.clean).take(MOST).collect();
        let columns = COLUMNS.min(u32::try_from(shown.len()).unwrap_or(COLUMNS)).max(2);
        let rows = u32::try_from(shown.len()).unwrap_or(0).div_ceil(columns);
        let width = columns * (TILE.0 + GAP) + GAP;
        let mut sheet = RgbImage::from_pixel(width, HEAD + rows * (TILE.1 + GAP), PAPER);
        letters.draw(&mut sheet, &head(tally, shown.len(), lang), (GAP, 10), INK, width - 2 * GAP);
        for (number, answer) in (0..).zip(shown) {
            let left = GAP + number % columns * (TILE.0 + GAP);
            let top = HEAD + number / columns * (TILE.1 + GAP);
            tile(&mut sheet, answer, (left, top), &letters);
        }
        sheet.save_with_format(path, image::ImageFormat::Png)
    }
}

fn head(tally: &Tally, shown: usize, lang: Lang) -> String {
    let all = tally.clean + tally.faulty + tally.unread;
    let rest = all - shown;
    let line = tally.line(lang);
    match (rest, lang) {
        (0, _) => line,
        (_, Lang::Zh) => format!("{line}  （另有 {rest} 个未列出）"),
        (_, Lang::En) => format!("{line}  ({rest} not shown)"),
    }
}

fn tile(sheet: &mut RgbImage, answer: &Answer, (left, top): (u32, u32), letters: &Letters) {
    let lang = letters.lang();
    let colour = match &answer.judged {
        Ok(judged) if judged.faults.is_empty() => CLEAN,
        Ok(_) => FAULTY,
        Err(_) => UNREAD,
    };
    let (width, height) = (PICTURE.0 + 2 * FRAME, PICTURE.1 + 2 * FRAME);
    fill(sheet, (left, top), (width, height), colour);
    fill(sheet, (left + FRAME, top + FRAME), PICTURE, Rgb([20, 20, 22]));
    if let Some(picture) = thumbnail(answer) {
        // In the middle, whatever its shape.
        let x = left + FRAME + (PICTURE.0 - picture.width()) / 2;
        let y = top + FRAME + (PICTURE.1 - picture.height()) / 2;
        imageops::replace(sheet, &picture, x.into(), y.into());
    }
    let mut row = top + height + 2;
    let mut write = |text: &str, colour| {
        letters.draw(sheet, text, (left, row), colour, width);
        row += ROW;
    };
    let name = answer.file.file_name().unwrap_or_default().to_string_lossy();
    write(&printable(&name), INK);
    match &answer.judged {
        Ok(judged) => {
            for fault in judged.faults.iter().take(2) {
                write(fault.code.name(lang), FAULTY);
                write(&fault.detail.render(lang), QUIET);
            }
        }
        Err(error) => write(&printable(error), QUIET),
    }
}

fn thumbnail(answer: &Answer) -> Option<RgbImage> {
    let small = answer.judged.as_ref().ok()?.thumbnail.as_ref()?;
    let (width, height) = (u32::try_from(small.width).ok()?, u32::try_from(small.height).ok()?);
    let picture = RgbImage::from_raw(width, height, small.rgb.clone())?;
    if width <= PICTURE.0 && height <= PICTURE.1 {
        return Some(picture);
    }
    let shrink =
        (f64::from(PICTURE.0) / f64::from(width)).min(f64::from(PICTURE.1) / f64::from(height));
    let side = |side: u32| ((f64::from(side) * shrink) as u32).max(1);
    Some(imageops::thumbnail(&picture, side(width), side(height)))
}

fn fill(
    sheet: &mut RgbImage,
    (left, top): (u32, u32),
    (width, height): (u32, u32),
    colour: Rgb<u8>,
) {
    for y in top..top + height {
        for x in left..left + width {
            sheet.put_pixel(x, y, colour);
        }
    }
}
