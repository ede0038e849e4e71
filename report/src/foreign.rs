//! What readers that nobody here wrote find in our files: openpyxl and python-docx.

use crate::{
    paper::{Paper, of_document},
    sample,
    table::{Cell, Table},
    to_docx, to_xlsx,
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};
use zhishou_domain::Lang;

const HEAD: &str = "2026-D-0325";

fn read(bytes: &[u8], name: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/readers/office.py");
    // Debian's own, which has Debian's packages.
    let ran = Command::new("/usr/bin/python3").arg(script).arg(&file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn paper() -> Paper {
    of_document(&sample::document(), HEAD, Lang::Zh)
}

/// A cell of a workbook: numbers are numbers.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::None => Value::Null,
        Cell::Text(text) if text.is_empty() => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Number(number) => json!(*number as f64),
        Cell::Percent { hundredths, .. } => json!(*hundredths as f64 / 100.0),
        Cell::Points(points) => json!(*points as f64 / 100.0),
    }
}

/// Numbers as one kind, for a workbook does not tell 3 from 3.0.
fn loose(value: &Value) -> Value {
    value.as_f64().map_or_else(|| value.clone(), |number| json!(number))
}

#[test]
fn openpyxl_finds_each_cell_as_it_was_meant() {
    let sheets = read(&to_xlsx(&sample::document(), Lang::Zh).unwrap(), "report.xlsx");
    let sheets = sheets.as_array().unwrap();
    let tables = paper().tables;
    assert_eq!(sheets.len(), tables.len() + 1, "the words, then a sheet a table");
    for (sheet, table) in sheets[1..].iter().zip(&tables) {
        let name = &table.title;
        assert_eq!(sheet["name"], json!(name));
        assert_eq!(sheet["frozen"], "C3", "{name}");
        assert_eq!(sheet["repeated"], "$1:$2", "{name}");
        assert!(sheet["printed"].to_string().contains("$A$1:"), "{name}: {}", sheet["printed"]);
        let rows = sheet["rows"].as_array().unwrap();
        let heads: Vec<_> = table.columns.iter().map(|it| json!(it.head)).collect();
        assert_eq!(rows[1].as_array().unwrap()[..heads.len()], heads, "{name}");
        for (row, cells) in rows[2..].iter().zip(&table.rows) {
            let found: Vec<_> = row.as_array().unwrap().iter().map(loose).collect();
            let meant: Vec<_> = cells.iter().map(value).collect();
            assert_eq!(found[..meant.len()], meant, "{name}");
        }
        assert!(rows.len() >= 2 + table.rows.len(), "{name}");
    }
}

#[test]
fn python_docx_finds_the_words_the_headings_and_each_cell() {
    let found = read(&to_docx(&sample::document(), HEAD, Lang::Zh).unwrap(), "report.docx");
    let paper = paper();
    assert_eq!(found["title"], json!(paper.title));
    let paragraphs = found["paragraphs"].as_array().unwrap();
    assert_eq!(paragraphs[0], json!(["Title", paper.title]));
    for text in &paper.paragraphs {
        assert!(paragraphs.contains(&json!(["Normal", text])), "{text}");
    }
    let rows = |table: &Table| -> Value {
        let heads = table.on_paper().map(|(_, column)| column.head.clone()).collect::<Vec<_>>();
        let cells = table.rows.iter().take(table.on_paper).map(|row| {
            let shown = table.on_paper().map(|(place, _)| row[place].words());
            shown.map(|words| words.to_string()).collect::<Vec<_>>()
        });
        json!(std::iter::once(heads).chain(cells).collect::<Vec<_>>())
    };
    let tables = found["tables"].as_array().unwrap();
    assert_eq!(tables.len(), paper.tables.len());
    for (found, table) in tables.iter().zip(&paper.tables) {
        assert!(paragraphs.contains(&json!(["Heading 1", table.title])), "{}", table.title);
        assert_eq!(*found, rows(table), "{}", table.title);
    }
}
