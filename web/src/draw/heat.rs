//! Which tiles of a picture differ, to lay over it, and the same as a table of ninths.

use std::fmt::Write as _;
use zhishou_domain::PictureTiles;

/// Score from which a tile differs, and from which it plainly does.
const DIFFERS: f64 = 0.5;
const PLAINLY: f64 = 0.8;
/// Columns and rows of the table.
const PARTS: usize = 3;

/// Draws the tiles that differ; what is as it should be, or cannot tell, stays clear.
pub(crate) fn draw(tiles: &PictureTiles) -> String {
    let rows = tiles.scores.len().div_ceil(usize::from(tiles.columns).max(1));
    let mut svg = format!(
        r#"<svg class="heat" viewBox="0 0 {} {rows}" preserveAspectRatio="none" aria-hidden="true">"#,
        tiles.columns
    );
    for (column, row, score) in tiles.tiles() {
        let class = match score {
            Some(score) if score >= PLAINLY => "hot",
            Some(score) if score >= DIFFERS => "warm",
            _ => continue,
        };
        let _ =
            write!(svg, r#"<rect class="{class}" x="{column}" y="{row}" width="1" height="1"/>"#);
    }
    svg.push_str("</svg>");
    svg
}

/// The share of the tiles that differ in each ninth of the picture, by rows, 0–1; `None` where none
/// can tell.
pub(crate) fn ninths(tiles: &PictureTiles) -> [[Option<f64>; PARTS]; PARTS] {
    let columns = usize::from(tiles.columns).max(1);
    let rows = tiles.scores.len().div_ceil(columns).max(1);
    let mut counts = [[(0_u32, 0_u32); PARTS]; PARTS];
    for (column, row, score) in tiles.tiles() {
        if let Some(score) = score {
            let (differ, all) = &mut counts[row * PARTS / rows][column * PARTS / columns];
            *differ += u32::from(score >= DIFFERS);
            *all += 1;
        }
    }
    let share = |(differ, all)| (all > 0).then(|| f64::from(differ) / f64::from(all));
    counts.map(|row| row.map(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::FaultCode;

    #[test]
    fn what_differs_is_drawn_and_told_by_ninths() {
        let tiles = PictureTiles {
            fault: FaultCode::Occluded,
            columns: 6,
            scores: "ff0000ff8000------".to_owned(),
        };
        let svg = draw(&tiles);
        assert!(svg.contains(r#"viewBox="0 0 6 3""#));
        assert_eq!((svg.matches("hot").count(), svg.matches("warm").count()), (4, 1));
        let ninths = ninths(&tiles);
        assert_eq!(ninths[0], [Some(1.0), Some(0.0), Some(0.0)]);
        assert_eq!(ninths[1], [Some(1.0), Some(0.5), Some(0.0)]);
        assert_eq!(ninths[2], [None; 3]);
    }
}
