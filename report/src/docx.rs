//! DOCX: the report as a document to be edited, in Word and in WPS: title, the paragraph, tables
//! with repeated headings. Office Open XML (ECMA-376), the few parts of it that are needed.

use crate::{
    Document, ReportError,
    paper::{Paper, of_document},
    table::{Cell, Table, Tone},
};
use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};
use zhishou_domain::Lang;
use zip::{ZipWriter, write::SimpleFileOptions};

/// 版心 after GB/T 9704-2012, 156 mm wide, in twentieths of a point.
const WIDTH: f32 = 156.0 / 25.4 * 1440.0;

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>"#;
const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>"#;
const PARTS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Named styles, so that the outline of the document and its headings are known to who edits it.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="仿宋"/><w:sz w:val="21"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:qFormat/></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:qFormat/><w:pPr><w:keepNext/><w:outlineLvl w:val="0"/></w:pPr></w:style><w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="85" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>"#;
const FOOTER: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:ftr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t xml:space="preserve">— </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>"#;
const OPEN: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>"#;
/// A4 with the margins of GB/T 9704.
const CLOSE: &str = r#"<w:sectPr><w:footerReference w:type="default" r:id="rId1"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="1417" w:gutter="0"/></w:sectPr></w:body></w:document>"#;

/// How a paragraph is set: its properties, its face, half points, weight.
#[derive(Clone, Copy)]
struct Style {
    properties: &'static str,
    face: &'static str,
    half_points: u32,
    weight: &'static str,
}

const TITLE: Style = Style {
    properties: r#"<w:pStyle w:val="Title"/><w:jc w:val="center"/>"#,
    face: "方正小标宋简体",
    half_points: 44,
    weight: "",
};
const BELOW: Style = Style {
    properties: r#"<w:spacing w:after="240"/><w:jc w:val="center"/>"#,
    face: "楷体",
    half_points: 24,
    weight: "",
};
const BODY: Style = Style {
    properties: r#"<w:spacing w:line="560" w:lineRule="exact"/><w:ind w:firstLineChars="200" w:firstLine="640"/><w:jc w:val="both"/>"#,
    face: "仿宋",
    half_points: 32,
    weight: "",
};
const HEADING: Style = Style {
    properties: r#"<w:pStyle w:val="Heading1"/><w:keepNext/><w:spacing w:before="240" w:after="120"/>"#,
    face: "黑体",
    half_points: 32,
    weight: "",
};
const NOTE: Style = Style { properties: "", face: "宋体", half_points: 18, weight: "" };
const HOW: Style = Style {
    properties: r#"<w:ind w:firstLineChars="200" w:firstLine="420"/>"#,
    face: "仿宋",
    half_points: 21,
    weight: "",
};

/// Writes a report as DOCX; `head` stands below its title.
pub fn to_docx(document: &Document, head: &str, lang: Lang) -> Result<Vec<u8>, ReportError> {
    of_paper(&of_document(document, head, lang))
}

pub(crate) fn of_paper(paper: &Paper) -> Result<Vec<u8>, ReportError> {
    let mut body = OPEN.to_owned();
    paragraph(&mut body, &paper.title, TITLE);
    paragraph(&mut body, &paper.head, BELOW);
    for text in &paper.paragraphs {
        paragraph(&mut body, text, BODY);
    }
    for made in &paper.tables {
        paragraph(&mut body, &made.title, HEADING);
        table(&mut body, made);
        paragraph(&mut body, made.note.as_deref().unwrap_or_default(), NOTE);
    }
    for (heading, sentences) in &paper.close {
        paragraph(&mut body, heading, HEADING);
        for sentence in sentences {
            paragraph(&mut body, sentence, HOW);
        }
    }
    body += CLOSE;
    let core = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title><dc:creator>{}</dc:creator></cp:coreProperties>"#,
        escape(&paper.title),
        escape(&paper.author)
    );
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", ROOT),
        ("word/document.xml", &body),
        ("word/_rels/document.xml.rels", PARTS),
        ("word/styles.xml", STYLES),
        ("word/footer1.xml", FOOTER),
        ("docProps/core.xml", &core),
    ] {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(part.as_bytes()).map_err(zip::result::ZipError::from)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn paragraph(body: &mut String, text: &str, style: Style) {
    let Style { properties, face, half_points, weight } = style;
    let _ = write!(
        body,
        r#"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{face}"/>{weight}<w:sz w:val="{half_points}"/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r></w:p>"#,
        escape(text)
    );
}

fn table(body: &mut String, table: &Table) {
    const BORDERS: &str = r#"<w:tblBorders><w:top w:val="single" w:sz="6"/><w:left w:val="single" w:sz="4"/><w:bottom w:val="single" w:sz="6"/><w:right w:val="single" w:sz="4"/><w:insideH w:val="single" w:sz="4"/><w:insideV w:val="single" w:sz="4"/></w:tblBorders>"#;
    let all: f32 = table.on_paper().map(|(_, column)| column.width).sum();
    let wide = |width: f32| (width / all * WIDTH) as u32;
    let _ = write!(
        body,
        r#"<w:tbl><w:tblPr><w:tblW w:w="{}" w:type="dxa"/>{BORDERS}<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>"#,
        WIDTH as u32
    );
    for (_, column) in table.on_paper() {
        let _ = write!(body, r#"<w:gridCol w:w="{}"/>"#, wide(column.width));
    }
    *body += "</w:tblGrid>";
    const CENTRE: &str = r#"<w:jc w:val="center"/>"#;
    const RIGHT: &str = r#"<w:jc w:val="right"/>"#;
    *body += r"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>";
    for (_, column) in table.on_paper() {
        let style = Style { properties: CENTRE, face: "黑体", ..NOTE };
        cell(body, &column.head, wide(column.width), style);
    }
    *body += "</w:tr>";
    for row in table.rows.iter().take(table.on_paper) {
        *body += r"<w:tr><w:trPr><w:cantSplit/></w:trPr>";
        for (place, column) in table.on_paper() {
            let content = row.get(place).unwrap_or(&Cell::None);
            let properties = if content.is_figure() { RIGHT } else { "" };
            let weight = match content {
                Cell::Percent { tone: Tone::Under, .. } => "<w:b/>",
                _ => "",
            };
            cell(body, &content.words(), wide(column.width), Style { properties, weight, ..NOTE });
        }
        *body += "</w:tr>";
    }
    *body += "</w:tbl>";
}

fn cell(body: &mut String, text: &str, width: u32, style: Style) {
    let _ = write!(body, r#"<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>"#);
    paragraph(body, text, style);
    *body += "</w:tc>";
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '&' => safe += "&amp;",
            // XML 1.0 has no other control characters.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use std::io::Read;

    #[test]
    fn the_parts_are_there_and_names_are_text() {
        let mut document = sample::document();
        document.groups[1].rows[0].name = Some("<w:p>&\u{1}".into());
        let bytes = to_docx(&document, "2026-D-0325", Lang::Zh).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut body = String::new();
        zip.by_name("word/document.xml").unwrap().read_to_string(&mut body).unwrap();
        assert!(body.contains("截至3月25日24时") && body.contains("&lt;w:p&gt;&amp;</w:t>"));
        for (open, close) in [
            ("<w:tbl>", "</w:tbl>"),
            ("<w:tr>", "</w:tr>"),
            ("<w:tc>", "</w:tc>"),
            ("<w:p>", "</w:p>"),
        ] {
            assert_eq!(body.matches(open).count(), body.matches(close).count(), "{open}");
        }
        assert_eq!(body.matches("<w:tblHeader/>").count(), body.matches("<w:tbl>").count());
        for part in [
            "[Content_Types].xml",
            "_rels/.rels",
            "word/_rels/document.xml.rels",
            "word/styles.xml",
            "word/footer1.xml",
            "docProps/core.xml",
        ] {
            zip.by_name(part).unwrap();
        }
        // A heading above each table and above how the figures are made.
        let headings = body.matches(r#"<w:pStyle w:val="Heading1"/>"#).count();
        assert_eq!(headings, body.matches("<w:tbl>").count() + 1);
    }

    /// Elements that lie directly in each of that name, in order.
    fn children(body: &str, name: &str) -> Vec<Vec<String>> {
        let (open, close) = (format!("<w:{name}>"), format!("</w:{name}>"));
        let inner = body.split(&open).skip(1).filter_map(|rest| rest.split_once(&close));
        let names = inner.map(|(inner, _)| {
            let (mut depth, mut found) = (0, Vec::new());
            for tag in inner.split('<').skip(1) {
                let name = tag.split(['>', ' ', '/']).find(|it| !it.is_empty()).unwrap_or("");
                if tag.starts_with('/') {
                    depth -= 1;
                    continue;
                }
                if depth == 0 {
                    found.push(name.trim_start_matches("w:").to_owned());
                }
                depth += i32::from(!tag.split('>').next().unwrap_or("").ends_with('/'));
            }
            found
        });
        names.collect()
    }

    #[test]
    fn properties_stand_in_the_order_of_the_schema() {
        // Sequences of ECMA-376 part 1: CT_PPr 17.3.1.26, CT_RPr 17.3.2.28, CT_TblPr 17.4.60, of what is
        // used here. Word calls a file broken where they do not keep to it.
        let orders: [(&str, &[&str]); 5] = [
            ("pPr", &["pStyle", "keepNext", "spacing", "ind", "jc"]),
            ("rPr", &["rFonts", "b", "sz"]),
            ("tblPr", &["tblW", "tblBorders", "tblLayout"]),
            ("tcPr", &["tcW"]),
            ("tbl", &["tblPr", "tblGrid", "tr"]),
        ];
        let bytes = to_docx(&sample::document(), "2026-D-0325", Lang::Zh).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut body = String::new();
        zip.by_name("word/document.xml").unwrap().read_to_string(&mut body).unwrap();
        for (name, order) in orders {
            let all = children(&body, name);
            assert!(!all.is_empty(), "{name}");
            for found in all {
                let places: Vec<_> = found
                    .iter()
                    .map(|it| order.iter().position(|known| known == it).unwrap_or(usize::MAX))
                    .collect();
                assert!(places.is_sorted() && !places.contains(&usize::MAX), "{name}: {found:?}");
            }
        }
        // A table has as many cells in each row as columns in its grid, and a cell ends with a paragraph.
        for table in body.split("<w:tbl>").skip(1) {
            let table = table.split("</w:tbl>").next().unwrap();
            let columns = table.matches("<w:gridCol ").count();
            for row in table.split("<w:tr>").skip(1) {
                assert_eq!(row.matches("<w:tc>").count(), columns);
            }
            assert_eq!(table.matches("</w:tc>").count(), table.matches("</w:p></w:tc>").count());
        }
    }
}
