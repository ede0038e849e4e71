//! Which files are meant.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Names in a folder that are taken for pictures and videos. A file named by itself is always tried.
const ENDINGS: [&str; 17] = [
    "jpg", "jpeg", "png", "mp4", "m4v", "mov", "mkv", "avi", "ts", "m2ts", "mpg", "ps", "flv",
    "h264", "264", "h265", "265",
];

/// Folders within folders that are still entered.
const MAX_DEPTH: usize = 32;

/// The files named, and those in the folders named, by name. Links to folders are not followed.
pub(super) fn of(named: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            enter(path, MAX_DEPTH, &mut files);
        } else {
            files.push(path.clone());
        }
    }
    files
}

fn enter(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            // As a file it fails too, and is told with the others.
            tracing::warn!(folder = %folder.display(), %error, "failed to read a folder");
            files.push(folder.to_owned());
            return;
        }
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type());
        let is_folder = kind.is_ok_and(|kind| kind.is_dir());
        if is_folder && depth > 0 {
            enter(&path, depth - 1, files);
        } else if !is_folder && is_picture(&path) {
            files.push(path);
        }
    }
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_count_in_any_case_and_only_whole() {
        for (name, wanted) in [("a.JPG", true), ("b.h265", true), ("c.txt", false), ("jpg", false)]
        {
            assert_eq!(is_picture(Path::new(name)), wanted, "{name}");
        }
    }
}
