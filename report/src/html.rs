//! HTML: one file that needs no other and prints as it looks.

use crate::{
    Document,
    paper::{Paper, of_document},
    table::{Cell, Place, Table, Tone},
};
use std::fmt::Write;
use zhishou_domain::Lang;

const STYLE: &str = "\
:root{color-scheme:light}body{font:14px/1.6 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;\
color:#1c1e21;background:#fff;max-width:960px;margin:24px auto;padding:0 16px;font-variant-numeric:tabular-nums}\
h1{font-size:22px;text-align:center;margin:0 0 4px}.sub{text-align:center;color:#5f6368;margin:0 0 20px}\
h2{font-size:16px;margin:28px 0 8px;break-after:avoid}p.say{font-size:15px;text-indent:2em;margin:0 0 16px}\
.wrap{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{border:1px solid #c9ccd1;padding:4px 8px;text-align:left;vertical-align:top}\
th{background:#f2f3f5;font-weight:600}td.n{text-align:right;white-space:nowrap}thead{display:table-header-group}tr{break-inside:avoid}\
td.u{font-weight:600;color:#8a4b00}.note,.how{color:#5f6368;font-size:13px}\
@media print{@page{size:A4;margin:37mm 26mm 35mm 28mm}body{margin:0;padding:0;max-width:none;font-size:10pt}h1{font-size:18pt}.wrap{overflow:visible}th,td{padding:2px 4px;font-size:8.5pt}}";

/// Writes a report as HTML; `head` is what stands below its title, such as its number.
pub fn to_html(document: &Document, head: &str, lang: Lang) -> String {
    of_paper(&of_document(document, head, lang), lang)
}

pub(crate) fn of_paper(paper: &Paper, lang: Lang) -> String {
    let mut page = String::with_capacity(64 << 10);
    let title = escape(&paper.title);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · {}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p class=\"sub\">{}</p>\n",
        lang.tag(),
        escape(&paper.about),
        escape(&paper.head),
    );
    for paragraph in &paper.paragraphs {
        let _ = writeln!(page, "<p class=\"say\">{}</p>", said(paragraph));
    }
    for table in &paper.tables {
        write_table(&mut page, table);
    }
    for (heading, sentences) in &paper.close {
        let _ = writeln!(page, "<h2>{}</h2>", escape(heading));
        for sentence in sentences {
            let _ = writeln!(page, "<p class=\"how\">{}</p>", said(sentence));
        }
    }
    page += "</body></html>\n";
    page
}

fn write_table(page: &mut String, table: &Table) {
    let _ =
        write!(page, "<h2>{}</h2>\n<div class=\"wrap\"><table><thead><tr>", escape(&table.title));
    let shown = |(place, _): &(usize, &Cell)| {
        table.columns.get(*place).is_some_and(|it| it.place != Place::Sheet)
    };
    for (_, column) in table.on_paper() {
        let _ = write!(page, "<th scope=\"col\">{}</th>", escape(&column.head));
    }
    *page += "</tr></thead><tbody>\n";
    for row in &table.rows {
        *page += "<tr>";
        for (_, cell) in row.iter().enumerate().filter(shown) {
            let class = match cell {
                Cell::Percent { tone: Tone::Under, .. } => " class=\"n u\"",
                cell if cell.is_figure() => " class=\"n\"",
                _ => "",
            };
            let _ = write!(page, "<td{class}>{}</td>", escape(&cell.words()));
        }
        *page += "</tr>\n";
    }
    *page += "</tbody></table></div>\n";
    if let Some(note) = &table.note {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape(note));
    }
}

/// Text in which no line ends between a number and its sign.
fn said(text: &str) -> String {
    escape(text).replace(" %", "&nbsp;%")
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '&' => safe += "&amp;",
            '"' => safe += "&quot;",
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn names_are_text_and_nothing_is_fetched() {
        let mut document = sample::document();
        document.groups[1].rows[0].name = Some("<script>alert(1)</script>".into());
        let page = to_html(&document, "2026-D-0325", Lang::Zh);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
        assert!(!page.contains("http") && !page.contains("src="));
        assert!(page.contains("<td class=\"n u\">69.44</td>"));
        assert!(page.contains("&nbsp;%（") && !page.contains(" %"));
    }
}
