//! Every deviation in `docs/reference/quirks.md` has the test it names, and every test named after a
//! deviation has its row.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Deviations in the field notes that the table was made from.
const ROWS: usize = 72;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The table: id and test.
fn table() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("docs/reference/quirks.md")).unwrap();
    text.lines()
        .filter(|line| line.starts_with("| Q"))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            assert!(cells.iter().all(|cell| !cell.is_empty()), "an empty cell: {line}");
            (cells[0].to_owned(), cells.last().unwrap().trim_matches('`').to_owned())
        })
        .collect()
}

/// Rust sources of all crates.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            let name = name.to_string_lossy();
            if !name.starts_with('.') && !["target", "data", "docs"].contains(&&*name) {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Tests whose names begin with ids, and these ids: `q29_q30_…` has two.
fn tests() -> BTreeMap<String, BTreeSet<String>> {
    let mut files = Vec::new();
    sources(root(), &mut files);
    let mut tests = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().map(str::trim_start).collect();
        for (at, line) in lines.iter().enumerate() {
            let line = line.strip_prefix("async ").unwrap_or(line);
            let Some(name) = line.strip_prefix("fn ").and_then(|rest| rest.split('(').next())
            else {
                continue;
            };
            let ids: BTreeSet<_> = name.split('_').map_while(id).collect();
            // An attribute above makes it a test and not a helper.
            let above = lines[at.saturating_sub(3)..at].iter();
            if !ids.is_empty() && above.clone().any(|line| line.contains("test")) {
                tests.insert(name.to_owned(), ids);
            }
        }
    }
    tests
}

fn id(word: &str) -> Option<String> {
    let number = word.strip_prefix('q')?;
    (number.len() == 2 && number.parse::<u8>().is_ok()).then(|| format!("Q{number}"))
}

#[test]
fn every_deviation_has_its_test_and_every_such_test_its_row() {
    let (table, tests) = (table(), tests());
    let numbers = (1..=ROWS).map(|number| format!("Q{number:02}"));
    assert!(table.keys().cloned().eq(numbers), "{:?}", table.keys());
    let missing: Vec<_> = table
        .iter()
        .filter(|(id, test)| !tests.get(*test).is_some_and(|ids| ids.contains(*id)))
        .collect();
    assert!(missing.is_empty(), "no test for {missing:#?}");
    let unknown: Vec<_> =
        tests.iter().filter(|(_, ids)| ids.iter().any(|id| !table.contains_key(id))).collect();
    assert!(unknown.is_empty(), "no row for {unknown:#?}");
}
