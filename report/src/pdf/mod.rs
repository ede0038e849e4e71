//! PDF: A4 in the manner of GB/T 9704, set with a font of the system that is embedded and subset.

mod letters;
mod set;
mod sheet;

use crate::{
    Document, ReportError,
    font::{FontFile, FontFiles},
    paper::{Paper, of_document},
};
use ab_glyph::FontRef;
use krilla::{
    color::rgb,
    geom::{PathBuilder, Point, Rect},
    metadata::Metadata,
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule},
    surface::Surface,
};
use letters::Letters;
use set::Setter;
use sheet::{Face, Ink, Mark, PAPER, Sheets};
use std::sync::Arc;
use zhishou_domain::Lang;

/// Writes a report as PDF; `head` stands below its title and at the foot of each page.
pub fn to_pdf(
    document: &Document,
    head: &str,
    fonts: &FontFiles,
    lang: Lang,
) -> Result<Vec<u8>, ReportError> {
    of_paper(&of_document(document, head, lang), fonts, lang)
}

pub(crate) fn of_paper(
    paper: &Paper,
    fonts: &FontFiles,
    lang: Lang,
) -> Result<Vec<u8>, ReportError> {
    let [text, heading, table] = [&fonts.text, &fonts.headings, &fonts.tables].map(bytes);
    let read = [text?, heading?, table?];
    let mut setter = setter(&read, fonts)?;
    setter.set(paper, lang);
    setter.foot(&format!("{} · {}", paper.title, paper.head));
    let mut pdf = krilla::Document::new();
    for page in &setter.sheets.pages {
        let size = PageSettings::from_wh(PAPER.0, PAPER.1).ok_or(ReportError::Pdf("paper"))?;
        let mut sheet = pdf.start_page_with(size);
        let mut surface = sheet.surface();
        for mark in page {
            draw(&mut surface, mark, &setter);
        }
        surface.finish();
        sheet.finish();
    }
    let about = Metadata::new()
        .title(paper.title.clone())
        .description(paper.about.clone())
        .language(lang.tag().to_owned())
        .authors(vec![paper.author.clone()]);
    pdf.set_metadata(about);
    pdf.finish().map_err(|_| ReportError::Pdf("document"))
}

/// Sets on no page yet, with the text, heading and table fonts as read.
fn setter<'a>(
    [text, heading, table]: &'a [Arc<Vec<u8>>; 3],
    fonts: &FontFiles,
) -> Result<Setter<'a>, ReportError> {
    Ok(Setter {
        text: letters(text, &fonts.text)?,
        heading: letters(heading, &fonts.headings)?,
        table: letters(table, &fonts.tables)?,
        sheets: Sheets::new(),
    })
}

fn bytes(file: &FontFile) -> Result<Arc<Vec<u8>>, ReportError> {
    let read = std::fs::read(&file.path);
    read.map(Arc::new).map_err(|source| ReportError::Font { path: file.path.clone(), source })
}

fn letters<'a>(bytes: &'a Arc<Vec<u8>>, file: &FontFile) -> Result<Letters<'a>, ReportError> {
    let font = krilla::text::Font::new(Arc::clone(bytes).into(), file.face);
    let face = FontRef::try_from_slice_and_index(bytes, file.face);
    match (font, face) {
        (Some(font), Ok(face)) => Ok(Letters::new(font, face)),
        _ => Err(ReportError::Pdf("font")),
    }
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, setter: &Setter<'_>) {
    let fill = |Ink(red, green, blue)| Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    };
    match mark {
        Mark::Fill { x, y, width, height, ink } => {
            let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            surface.set_fill(Some(fill(*ink)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Text { x, y, size, face, ink, text, apart } => {
            let letters = match face {
                Face::Text => &setter.text,
                Face::Heading => &setter.heading,
                Face::Table => &setter.table,
            };
            surface.set_fill(Some(fill(*ink)));
            let glyphs = letters.glyphs(text, *apart);
            let from = Point::from_xy(*x, *y);
            surface.draw_glyphs(from, &glyphs, letters.font.clone(), text, *size, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_long_table_breaks_over_pages_and_fonts_are_subset() {
        let mut document = sample::document();
        let site = document.groups[1].rows[1].clone();
        document.groups[0].rows = (0..200)
            .map(|number| crate::Row { name: Some(format!("第{number}街道")), ..site.clone() })
            .collect();
        let fonts = FontFiles::find().unwrap();
        let pdf = to_pdf(&document, "2026年3月25日", &fonts, Lang::Zh).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        // The tree of pages is compressed; each page has a stream of its own at least.
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.matches("endstream").count() > 8, "{}", pdf.len());
        assert!(pdf.len() < 400_000, "{}", pdf.len());
    }

    #[test]
    fn the_note_of_a_table_never_stands_alone_on_a_page() {
        let fonts = FontFiles::find().unwrap();
        let read = [&fonts.text, &fonts.headings, &fonts.tables].map(|file| bytes(file).unwrap());
        let mut document = sample::document();
        let site = document.groups[0].rows[0].clone();
        let named = |n| crate::Row { name: Some(format!("第{n}街道")), ..site.clone() };
        for rows in 1..60 {
            document.groups[0].rows = (0..rows).map(named).collect();
            let mut setter = setter(&read, &fonts).unwrap();
            setter.set(&of_document(&document, "", Lang::Zh), Lang::Zh);
            let texts = |page: &Vec<Mark>| {
                let texts = page.iter().filter_map(|mark| match mark {
                    Mark::Text { text, .. } => Some(text.clone()),
                    Mark::Fill { .. } => None,
                });
                texts.collect::<Vec<_>>()
            };
            let pages: Vec<_> = setter.sheets.pages.iter().map(texts).collect();
            let is_note = |text: &String| text.contains("条形自");
            assert!(pages.iter().flatten().any(is_note));
            assert!(!pages.iter().any(|page| page.first().is_some_and(is_note)), "{rows} rows");
        }
    }

    #[test]
    fn without_a_font_there_is_an_error_and_no_panic() {
        let file = FontFile { path: "/nowhere/font.ttc".into(), face: 0 };
        let fonts = FontFiles { text: file.clone(), headings: file.clone(), tables: file };
        let refused = to_pdf(&sample::document(), "", &fonts, Lang::Zh);
        assert!(matches!(refused, Err(ReportError::Font { .. })));
    }
}
