//! Letters on paper: their widths, and where lines break.

use ab_glyph::{Font as _, FontRef};
use krilla::text::{GlyphId, KrillaGlyph};

/// Marks that begin no line (GB/T 15834).
const NOT_FIRST: &str = "，。；：、！？）》」』】”’％%,.;:!?)]}…·—–";
/// Marks that end no line.
const NOT_LAST: &str = "（《「『【“‘([{";

/// A face.
pub(super) struct Letters<'a> {
    pub(super) font: krilla::text::Font,
    face: FontRef<'a>,
    em: f32,
}

impl<'a> Letters<'a> {
    pub(super) fn new(font: krilla::text::Font, face: FontRef<'a>) -> Self {
        let em = face.units_per_em().unwrap_or(1000.0);
        Self { font, face, em }
    }

    /// Width of a letter over its size.
    fn advance(&self, letter: char) -> f32 {
        self.face.h_advance_unscaled(self.face.glyph_id(plain(letter))) / self.em
    }

    /// Width of a line in points.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.advance(letter)).sum::<f32>() * size
    }

    /// Its glyphs, each followed by `apart` ems of space.
    pub(super) fn glyphs(&self, text: &str, apart: f32) -> Vec<KrillaGlyph> {
        let glyph = |(at, letter): (usize, char)| KrillaGlyph {
            glyph_id: GlyphId::new(u32::from(self.face.glyph_id(plain(letter)).0)),
            text_range: at..at + letter.len_utf8(),
            x_advance: self.advance(letter) + apart,
            x_offset: 0.0,
            y_offset: 0.0,
            y_advance: 0.0,
            location: None,
        };
        text.char_indices().map(glyph).collect()
    }

    /// Lines no wider than `width` points, the first one narrower by `indent`. Words and numbers
    /// stay whole unless one alone is wider.
    pub(super) fn lines(&self, text: &str, size: f32, width: f32, indent: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut left = width - indent;
        for piece in pieces(text) {
            let wide = self.width(&piece, size);
            let fits = wide <= left;
            let is_empty = lines.last().is_none_or(String::is_empty);
            if fits || (is_empty && wide <= width) {
                push(&mut lines, &piece);
                left -= wide;
            } else if wide <= width {
                lines.push(piece.trim_start().to_owned());
                left = width - wide;
            } else {
                for letter in piece.chars() {
                    let wide = self.advance(letter) * size;
                    if wide > left && lines.last().is_some_and(|line| !line.is_empty()) {
                        lines.push(String::new());
                        left = width;
                    }
                    push(&mut lines, letter.encode_utf8(&mut [0; 4]));
                    left -= wide;
                }
            }
        }
        lines
    }
}

fn push(lines: &mut [String], piece: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(if line.is_empty() { piece.trim_start() } else { piece });
    }
}

/// Fonts have no other space than the plain one.
fn plain(letter: char) -> char {
    if letter.is_whitespace() { ' ' } else { letter }
}

/// What may not be torn: a Chinese letter with the marks around it, a word, a number.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut holds = false;
    let mut before = ' ';
    for letter in text.chars() {
        let word = |c: char| c.is_ascii_graphic() || c == '\u{a0}';
        let joins = holds
            || NOT_FIRST.contains(letter)
            || (word(letter) && word(before))
            || (letter == ' ' && before != ' ');
        match pieces.last_mut().filter(|_| joins) {
            Some(piece) => piece.push(letter),
            None => pieces.push(letter.to_string()),
        }
        holds = NOT_LAST.contains(letter);
        before = letter;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_whole_and_marks_stay_with_their_letters() {
        assert_eq!(
            pieces("在线率98.60\u{a0}%（1\u{a0}183台），好"),
            ["在", "线", "率", "98.60\u{a0}%", "（1\u{a0}183", "台），", "好"]
        );
        assert_eq!(pieces("a bc  d"), ["a ", "bc ", " ", "d"]);
    }
}
