//! Corrupted, 花屏: mosaic, torn or green blocks.
//!
//! A decoder that complained of a keyframe which came whole says it best ([`Evidence`]). Pixels are
//! asked as well, for damage done before the last encoder: edges that are sixteen pixels long, stand
//! quite alone and all lie at one and the same phase of the 16-pixel grid of macroblocks. The edges
//! of a real scene lie at every phase alike. And for flat areas of the green that a decoder shows
//! where it got no data (Y, U and V near 0), in a picture that is not green otherwise.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::evidence::Evidence;
use crate::finding::{Fault, Finding};
use crate::frame::{Frame, Plane};
use crate::limits::Limits;
use crate::place::{Place, TileMap};
use crate::working::Working;

/// Side of a macroblock.
const BLOCK: usize = 16;
/// Rows of a vertical edge that are looked at; of a horizontal one all columns are.
const SAMPLES: usize = 4;
/// Mean step across an edge from which it counts, in luma.
const STEP: i16 = 8;
/// Part of the step that its neighbours may have, as a shift: beside a lone edge lies nothing.
const ALONE: i16 = 2;
/// Edges of broken blocks run both ways; those of a fence or a blind that keep to the grid one way, more
/// than so many times as often.
const ONE_WAY: f64 = 6.0;
/// Columns and rows of the map.
const MAP: (usize, usize) = (20, 12);
/// Part of a map's tile whose blocks must be broken for full heat.
const HOT: f64 = 0.3;
/// U and V of the green of no data are both below this; a lawn has 100 to 125, a strong cast 78 and more.
const GREEN: f32 = 70.0;
/// Deviation of luma below which a green tile is no leaf.
const FLAT: f32 = 4.0;
/// Share of all green tiles that must be flat: under a green cast the texture is green too.
const GREEN_FLAT: f64 = 0.6;
/// Share of flat green tiles from which a picture is corrupted.
const GREEN_LEAST: f64 = 0.05;
/// Share of green tiles from which green is the colour of the picture.
const GREEN_MOST: f64 = 0.97;

/// An edge that stands alone, by its place in the picture.
#[derive(Clone, Copy)]
struct Edge {
    x: usize,
    y: usize,
    /// Column of a vertical edge, row of a horizontal one.
    line: usize,
}

impl Edge {
    fn phase(&self) -> usize {
        self.line % BLOCK
    }
}

/// Judges whether the picture is broken.
pub(crate) fn judge(
    frame: &Frame<'_>,
    working: &Working,
    evidence: &Evidence,
    limits: &Limits,
) -> Finding {
    let limit = limits.corrupted;
    match *evidence {
        Evidence::Ours => return Finding::unknown(Fault::Corrupted, None, limit, "ratio"),
        Evidence::Damaged { made_up } => return judge_damage(made_up, limits),
        Evidence::Sound => {}
    }
    let green =
        Finding::above(Fault::Corrupted, green_share(working), GREEN_LEAST, GREEN_LEAST, "ratio");
    if green.is_fault() {
        return green;
    }
    let grid = Grid::of(frame);
    let finding = Finding::above(Fault::Corrupted, grid.share, limit, limit, "ratio");
    if !finding.is_fault() {
        return finding;
    }
    finding.at(Place::Tiles(map(grid.edges(), &frame.luma)))
}

/// The lone edges of a picture that lie on one grid.
struct Grid {
    across: Vec<Edge>,
    down: Vec<Edge>,
    phases: (usize, usize),
    /// Edges on the grid beyond those by chance, in parts of all that its blocks have, 0–1.
    share: f64,
}

impl Grid {
    fn of(frame: &Frame<'_>) -> Self {
        let luma = &frame.luma;
        let (mut across, mut down) = (edges_across(luma), edges_down(luma));
        if let Some(mask) = frame.mask {
            let is_hidden =
                |x: Range<usize>, y: Range<usize>| mask.touches((x, luma.width), (y, luma.height));
            across.retain(|edge| !is_hidden(edge.x - 2..edge.x + 2, edge.y..edge.y + BLOCK));
            down.retain(|edge| !is_hidden(edge.x..edge.x + BLOCK, edge.y - 2..edge.y + 2));
        }
        let blocks = (luma.width / BLOCK) * (luma.height / BLOCK);
        let (on_grid_across, phase_across) = excess(&across);
        let (on_grid_down, phase_down) = excess(&down);
        let both_ways =
            on_grid_across.min(ONE_WAY * on_grid_down) + on_grid_down.min(ONE_WAY * on_grid_across);
        let share = (both_ways / (2 * blocks.max(1)) as f64).max(0.0);
        Self { across, down, phases: (phase_across, phase_down), share }
    }

    fn edges(&self) -> impl Iterator<Item = &Edge> {
        let on = |phase: usize| move |edge: &&Edge| edge.phase() == phase;
        let across = self.across.iter().filter(on(self.phases.0));
        across.chain(self.down.iter().filter(on(self.phases.1)))
    }
}

/// Judges a keyframe that came whole and in which the decoder met errors, by the share of it that the
/// decoder made up. An error alone counts as much as the limit: that is a fault, and the least of
/// them, as some encoders make one in each keyframe that shows nothing of it.
pub fn judge_damage(made_up: f64, limits: &Limits) -> Finding {
    let limit = limits.corrupted;
    Finding::above(Fault::Corrupted, made_up.max(limit), limit, limit, "ratio")
}

/// Share of the tiles that are flat and green; 0 where green is the colour of the scene.
fn green_share(working: &Working) -> f64 {
    let Some(colour) = &working.colour else { return 0.0 };
    let (mut green, mut flat) = (0_usize, 0_usize);
    for (index, tile) in working.tiles.iter().enumerate() {
        let (u, v) = colour.of_tile(index % working.columns, index / working.columns);
        if u < GREEN && v < GREEN {
            green += 1;
            flat += usize::from(tile.sigma < FLAT);
        }
    }
    let all = working.tiles.len().max(1);
    let share = green as f64 / all as f64;
    let scenery = share > GREEN_MOST || (flat as f64) < GREEN_FLAT * green as f64;
    if scenery { 0.0 } else { flat as f64 / all as f64 }
}

/// Lone vertical edges, one for each band of sixteen rows they run through.
fn edges_across(luma: &Plane<'_>) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut steps = vec![0_i16; luma.width];
    let mut lone = Lone::new(luma.width - 4);
    for band in 0..luma.height / BLOCK {
        steps.fill(0);
        for sample in 0..SAMPLES {
            let row = luma.row(band * BLOCK + sample * BLOCK / SAMPLES + BLOCK / SAMPLES / 2);
            for ((step, &left), &right) in steps[1..].iter_mut().zip(row).zip(&row[1..]) {
                *step += i16::from(left.abs_diff(right));
            }
        }
        lone.find([0, 1, 2, 3, 4].map(|at| &steps[at..]), STEP * SAMPLES as i16, |at| {
            edges.push(Edge { x: at + 2, y: band * BLOCK, line: at + 2 });
        });
    }
    edges
}

/// Lone horizontal edges, one for each band of sixteen columns.
fn edges_down(luma: &Plane<'_>) -> Vec<Edge> {
    let bands = luma.width / BLOCK;
    let mut steps = vec![0_i16; bands * luma.height];
    for (y, steps) in steps.chunks_exact_mut(bands).enumerate().skip(1) {
        let (above, _) = luma.row(y - 1).as_chunks::<BLOCK>();
        let (row, _) = luma.row(y).as_chunks::<BLOCK>();
        for (step, (above, row)) in steps.iter_mut().zip(above.iter().zip(row)) {
            *step = above.iter().zip(row).map(|(a, b)| i16::from(a.abs_diff(*b))).sum();
        }
    }
    let mut edges = Vec::new();
    let mut lone = Lone::new(bands);
    for y in 2..luma.height - 2 {
        let around = [y - 2, y - 1, y, y + 1, y + 2].map(|y| &steps[y * bands..]);
        lone.find(around, STEP * BLOCK as i16, |band| {
            edges.push(Edge { x: band * BLOCK, y, line: y });
        });
    }
    edges
}

/// Finds lone steps, many at once: few of them are any.
struct Lone {
    count: usize,
    /// A mark for each step, rounded up to whole chunks.
    marks: Vec<[u8; BLOCK]>,
}

impl Lone {
    fn new(count: usize) -> Self {
        Self { count, marks: vec![[0; BLOCK]; count.div_ceil(BLOCK)] }
    }

    /// Where the middle one of five steps is at least `least` and its neighbours are small.
    fn find(&mut self, around: [&[i16]; 5], least: i16, mut take: impl FnMut(usize)) {
        let [first, second, steps, fourth, fifth] = around.map(|steps| &steps[..self.count]);
        let marks = &mut self.marks.as_flattened_mut()[..self.count];
        for (at, mark) in marks.iter_mut().enumerate() {
            let beside = first[at].max(second[at]).max(fourth[at]).max(fifth[at]);
            *mark = u8::from((steps[at] >= least) & (beside <= steps[at] >> ALONE));
        }
        for (chunk, marks) in self.marks.iter().enumerate() {
            if u128::from_ne_bytes(*marks) != 0 {
                let marked = marks.iter().enumerate().filter(|&(_, &mark)| mark != 0);
                marked.for_each(|(at, _)| take(chunk * BLOCK + at));
            }
        }
    }
}

/// How many edges the fullest phase has above the middle one, and which phase it is. The fullest line of
/// it is left out: a door or a board has a long edge, and broken blocks have many lines.
fn excess(edges: &[Edge]) -> (f64, usize) {
    let mut counts = [0_u32; BLOCK];
    edges.iter().for_each(|edge| counts[edge.phase()] += 1);
    let phase = (0..BLOCK).max_by_key(|&phase| counts[phase]).unwrap_or(0);
    let mut lines = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.phase() == phase) {
        *lines.entry(edge.line).or_insert(0) += 1;
    }
    let most = counts[phase] - lines.into_values().max().unwrap_or(0);
    counts.sort_unstable();
    (f64::from(most) - f64::from(counts[BLOCK / 2]), phase)
}

/// Broken edges by tile, against the edges that a tile has.
fn map<'a>(edges: impl Iterator<Item = &'a Edge>, luma: &Plane<'_>) -> TileMap {
    let (columns, rows) = MAP;
    let mut counts = vec![0_u32; columns * rows];
    for edge in edges {
        let column = edge.x * columns / luma.width;
        let row = edge.y * rows / luma.height;
        counts[row * columns + column] += 1;
    }
    let edges_of_a_tile =
        2.0 * (luma.width * luma.height) as f64 / (BLOCK * BLOCK * columns * rows) as f64;
    let score = |count: u32| (255.0 * (f64::from(count) / edges_of_a_tile / HOT).min(1.0)) as u8;
    let scores = counts.into_iter().map(|count| Some(score(count))).collect();
    TileMap { columns, rows, scores }
}
