//! Words on a picture: by a font of the system that has Chinese, and by a tiny one of our own for
//! English where there is none (a Chinese font is too large to carry along).

use ab_glyph::{Font, FontVec, PxScale, ScaleFont, point};
use font8x8::UnicodeFonts;
use image::{Rgb, RgbImage};
use zhishou_domain::Lang;
use zhishou_report::FontFiles;

/// Height of the system's letters, pixels.
const SIZE: f32 = 15.0;

/// What words are drawn with.
pub(super) struct Letters {
    font: Option<FontVec>,
    lang: Lang,
}

impl Letters {
    /// The best there is for `lang`.
    pub(super) fn of(lang: Lang) -> Self {
        let font = FontFiles::find().ok().and_then(|fonts| {
            let file = fonts.tables;
            FontVec::try_from_vec_and_index(std::fs::read(file.path).ok()?, file.face).ok()
        });
        let lang = if font.is_none() { Lang::En } else { lang };
        Self { font, lang }
    }

    /// The language that can be written.
    pub(super) fn lang(&self) -> Lang {
        self.lang
    }

    /// Draws one line from its top left corner, at most `width` pixels of it.
    pub(super) fn draw(
        &self,
        on: &mut RgbImage,
        text: &str,
        at: (u32, u32),
        colour: Rgb<u8>,
        width: u32,
    ) {
        match &self.font {
            Some(font) => outlines(font, on, text, at, colour, width),
            None => bitmaps(on, text, at, colour, width),
        }
    }
}

fn outlines(
    font: &FontVec,
    on: &mut RgbImage,
    text: &str,
    (left, top): (u32, u32),
    colour: Rgb<u8>,
    width: u32,
) {
    let scaled = font.as_scaled(PxScale::from(SIZE));
    let (mut pen, end) = (left as f32, (left + width) as f32);
    for letter in text.chars() {
        let mut glyph = scaled.scaled_glyph(letter);
        glyph.position = point(pen, top as f32 + scaled.ascent());
        pen += scaled.h_advance(glyph.id);
        if pen > end {
            break;
        }
        let Some(outline) = scaled.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|x, y, cover| {
            let (x, y) = (corner.x as i64 + i64::from(x), corner.y as i64 + i64::from(y));
            if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                && let Some(pixel) = on.get_pixel_mut_checked(x, y)
            {
                for (under, over) in pixel.0.iter_mut().zip(colour.0) {
                    let mixed = f32::from(*under) * (1.0 - cover) + f32::from(over) * cover;
                    *under = mixed.round() as u8;
                }
            }
        });
    }
}

fn bitmaps(on: &mut RgbImage, text: &str, (left, top): (u32, u32), colour: Rgb<u8>, width: u32) {
    for (number, letter) in (0..width / 8).zip(text.chars()) {
        // What the tiny font lacks shows as a question mark.
        let known = font8x8::BASIC_FONTS.get(letter).or_else(|| font8x8::LATIN_FONTS.get(letter));
        let Some(rows) = known.or_else(|| font8x8::BASIC_FONTS.get('?')) else { continue };
        for (y, row) in (0..).zip(rows) {
            for x in (0..8).filter(|x| row & 1 << x != 0) {
                if let Some(pixel) = on.get_pixel_mut_checked(left + number * 8 + x, top + 4 + y) {
                    *pixel = colour;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inked(letters: &Letters, text: &str) -> usize {
        let mut paper = RgbImage::from_pixel(200, 24, Rgb([255; 3]));
        letters.draw(&mut paper, text, (0, 0), Rgb([0; 3]), 200);
        paper.pixels().filter(|pixel| pixel.0[0] < 128).count()
    }

    #[test]
    fn without_a_font_words_are_english_and_drawn_all_the_same() {
        let letters = Letters { font: None, lang: Lang::En };
        assert!(inked(&letters, "blurred 0.31 against 0.52") > 200);
        assert_eq!(inked(&letters, "模"), inked(&letters, "?"));
        // A line that is too long ends at its width, and at the picture's edge.
        assert!(inked(&letters, &"x".repeat(1000)) > 0);
    }
}
