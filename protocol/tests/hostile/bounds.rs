//! `docs/reference/bounds.md` names constants and tests that exist.

use std::fs;
use std::path::Path;

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            text += &sources(&entry.path());
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(entry.path()).unwrap();
        }
    }
    text
}

/// What stands between backquotes.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_bound_in_the_table_is_a_constant_with_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("../docs/reference/bounds.md")).unwrap();
    let code = sources(&root.join("src")) + &sources(&root.join("tests"));
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut seen = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        for name in names(cells[1]) {
            let name = name.rsplit("::").next().unwrap();
            let found = ["const ", "struct "].iter().any(|kind| {
                let (constant, item) = (format!("{kind}{name}:"), format!("{kind}{name} "));
                code.contains(&constant) || code.contains(&item)
            });
            assert!(found, "{name} is no constant");
        }
        let test = names(cells[4]).next().unwrap_or_else(|| panic!("no test: {row}"));
        assert!(code.contains(&format!("fn {test}(")), "{test} is no test");
        seen += 1;
    }
    assert!(seen > 30, "{seen} rows read");
}
