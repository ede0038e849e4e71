//! Fonts of the system that have Chinese: one is too large to carry along.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where systems keep fonts (the directories that fontconfig looks in).
const FOLDERS: [&str; 3] = ["/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts"];
/// Folders below those at most.
const DEPTH: usize = 4;
/// Names by preference, and which face of a collection is the simplified one: for running text, and
/// for headings.
const TEXT: [(&str, u32); 8] = [
    ("NotoSerifCJK-Regular.ttc", 2),
    ("NotoSerifCJKsc-Regular.otf", 0),
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSansSC-Regular.otf", 0),
    ("SourceHanSansCN-Regular.otf", 0),
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
];
const HEADINGS: [(&str, u32); 4] = [
    ("NotoSansCJK-Bold.ttc", 2),
    ("NotoSansCJKsc-Bold.otf", 0),
    ("NotoSansSC-Bold.otf", 0),
    ("SourceHanSansCN-Bold.otf", 0),
];
const TABLES: [(&str, u32); 3] = [
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSansSC-Regular.otf", 0),
];

/// A font file and which of its faces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FontFile {
    /// The file.
    pub path: PathBuf,
    /// The face, from 0.
    pub face: u32,
}

/// What a report is set in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FontFiles {
    /// Running text: 宋体 where there is one.
    pub text: FontFile,
    /// Headings: 黑体, heavy where there is one.
    pub headings: FontFile,
    /// Tables: 黑体.
    pub tables: FontFile,
}

/// No font with Chinese is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("find a font with Chinese: install fonts-noto-cjk")]
pub struct NoFont;

impl FontFiles {
    /// The best that this system has.
    ///
    /// # Errors
    /// [`NoFont`] where it has none with Chinese.
    pub fn find() -> Result<Self, NoFont> {
        Self::find_in(&FOLDERS.map(PathBuf::from))
    }

    fn find_in(folders: &[PathBuf]) -> Result<Self, NoFont> {
        let mut files = Vec::new();
        for folder in folders {
            // A folder that is not there has no fonts.
            let _ = walk(folder, DEPTH, &mut files);
        }
        // The first of equal names, whatever order the system lists them in.
        files.sort();
        let best = |names: &[(&str, u32)]| {
            names.iter().find_map(|(name, face)| {
                let path = files.iter().find(|path| path.ends_with(name))?;
                Some(FontFile { path: path.clone(), face: *face })
            })
        };
        let text = best(&TEXT).ok_or(NoFont)?;
        let tables = best(&TABLES).unwrap_or_else(|| text.clone());
        let headings = best(&HEADINGS).unwrap_or_else(|| tables.clone());
        Ok(Self { text, headings, tables })
    }
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            // One that cannot be read hides no other.
            let _ = walk(&entry.path(), depth - 1, files);
        } else if !kind.is_dir() {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_font_is_taken_and_none_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("truetype/wqy");
        fs::create_dir_all(&below).unwrap();
        let folders = [folder.path().to_path_buf(), folder.path().join("missing")];
        assert_eq!(FontFiles::find_in(&folders), Err(NoFont));
        fs::write(below.join("wqy-zenhei.ttc"), []).unwrap();
        let found = FontFiles::find_in(&folders).unwrap();
        assert!(found.text.path.ends_with("wqy-zenhei.ttc") && found.headings == found.text);
        fs::write(folder.path().join("NotoSansCJK-Bold.ttc"), []).unwrap();
        fs::write(folder.path().join("NotoSerifCJK-Regular.ttc"), []).unwrap();
        let found = FontFiles::find_in(&folders).unwrap();
        assert!(found.text.path.ends_with("NotoSerifCJK-Regular.ttc"));
        assert_eq!((found.text.face, found.headings.face), (2, 2));
    }
}
