//! The reference of faults says how each is found; it must not claim more, or less, than the code
//! raises.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::Path;

use zhishou_domain::{FaultCode, Lang};

/// The sources below a folder without their tests.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            text.push_str(source.split("#[cfg(test)]").next().unwrap_or_default());
        }
    }
}

/// Whether `name` is used as a value in `text`: neither the beginning of a longer one nor a pattern.
fn uses(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text[..at].trim_end(), &text[at + name.len()..]);
        let longer = after.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        let after = after.trim_start();
        let pattern = before.ends_with('|') || after.starts_with('|') || after.starts_with("=>");
        !longer && !pattern
    })
}

#[test]
fn a_fault_is_raised_if_and_only_if_the_reference_says_how() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut probe = String::new();
    sources(&root.join("src"), &mut probe);
    // What departs from a stream's habit is told by the habit itself.
    sources(&root.join("../domain/src/habit"), &mut probe);
    // Items of equipment judge themselves.
    sources(&root.join("../domain/src/equipment"), &mut probe);
    let picture = std::fs::read_to_string(root.join("../picture/src/finding.rs")).unwrap();
    for fault in FaultCode::ALL {
        let raised = uses(&probe, &format!("FaultCode::{fault:?}"))
            || picture.contains(&format!("\"{}\"", fault.code()));
        let said = fault.detected(Lang::En).is_some();
        assert_eq!(raised, said, "{fault:?}: see domain/src/detection.rs");
    }
}
