//! CSV: UTF-8 with a byte order mark, so that Excel reads it; no cell is a formula. The tables stand
//! below each other, each under its title.

use crate::{
    Document, ReportError,
    paper::{Paper, of_document},
    table::Cell,
};
use zhishou_domain::Lang;

/// Writes a report as CSV.
pub fn to_csv(document: &Document, lang: Lang) -> Result<Vec<u8>, ReportError> {
    of_paper(&of_document(document, "", lang))
}

pub(crate) fn of_paper(paper: &Paper) -> Result<Vec<u8>, ReportError> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(&mut out);
    let line = |writer: &mut ::csv::Writer<_>, text: &str| writer.write_record([neutral(text)]);
    line(&mut writer, &paper.title)?;
    line(&mut writer, &paper.about)?;
    let below = paper.close.iter().flat_map(|(_, sentences)| sentences);
    for sentence in paper.paragraphs.iter().chain(below) {
        line(&mut writer, sentence)?;
    }
    for table in &paper.tables {
        line(&mut writer, "")?;
        line(&mut writer, &table.title)?;
        writer.write_record(table.columns.iter().map(|column| neutral(&column.head)))?;
        for row in &table.rows {
            writer.write_record(row.iter().map(|cell| match cell {
                Cell::None => String::new(),
                Cell::Number(number) => number.to_string(),
                // A minus sign would be taken for text, a hyphen for a formula; neither is either here.
                Cell::Points(points) => format!("{:.2}", *points as f64 / 100.0),
                Cell::Percent { .. } => cell.words(),
                Cell::Text(text) => neutral(text),
            }))?;
        }
        if let Some(note) = &table.note {
            line(&mut writer, note)?;
        }
    }
    writer.flush().map_err(::csv::Error::from)?;
    drop(writer);
    Ok(out)
}

/// Text that a spreadsheet would run as a formula is led by an apostrophe (OWASP, CSV injection).
pub(crate) fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_site_cannot_smuggle_a_formula_and_figures_stay_figures() {
        let text = String::from_utf8(to_csv(&sample::document(), Lang::Zh).unwrap()).unwrap();
        assert!(text.starts_with("\u{feff}万人区视频监控在线率日报\n"));
        assert!(text.contains(",'=1+1,"), "{text}");
        assert!(!text.contains(",=1+1"));
        assert!(text.contains("\n按站点\n名次,站点,台账,"), "{text}");
        assert!(text.contains(",69.44,95.00,-20.56,"), "{text}");
        assert!(text.contains("数据不足 34.72–100.00"), "{text}");
    }
}
