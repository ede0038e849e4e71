//! Pages as lists of what is drawn on them, so that their number is known before the first is.
//! Lengths are points, 1/72 inch, from the top left corner of the paper.

/// One millimetre.
pub(super) const MM: f32 = 72.0 / 25.4;
/// A4.
pub(super) const PAPER: (f32, f32) = (210.0 * MM, 297.0 * MM);
/// 版心 after GB/T 9704-2012: 156 × 225 mm, 37 mm below the top and 28 mm from the left.
pub(super) const LEFT: f32 = 28.0 * MM;
pub(super) const TOP: f32 = 37.0 * MM;
pub(super) const WIDTH: f32 = 156.0 * MM;
pub(super) const HEIGHT: f32 = 225.0 * MM;

/// Which face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Text,
    Heading,
    Table,
}

/// A grey or a tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ink(pub(super) u8, pub(super) u8, pub(super) u8);

pub(super) const BLACK: Ink = Ink(20, 21, 24);
pub(super) const QUIET: Ink = Ink(95, 99, 104);
pub(super) const LINE: Ink = Ink(150, 154, 160);
pub(super) const SHADE: Ink = Ink(240, 241, 243);
pub(super) const BAR: Ink = Ink(176, 200, 224);
/// Below target: amber, and heavy letters.
pub(super) const UNDER: Ink = Ink(138, 75, 0);
pub(super) const UNDER_BAR: Ink = Ink(236, 196, 140);

/// Something drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    /// A line of text from its left end, on its base line.
    Text { x: f32, y: f32, size: f32, face: Face, ink: Ink, text: String, apart: f32 },
    /// A filled rectangle by its top left corner.
    Fill { x: f32, y: f32, width: f32, height: f32, ink: Ink },
}

/// Pages in the making.
#[derive(Default)]
pub(super) struct Sheets {
    pub(super) pages: Vec<Vec<Mark>>,
    /// Where the next thing goes, from the top of the type area.
    pub(super) at: f32,
}

impl Sheets {
    pub(super) fn new() -> Self {
        Self { pages: vec![Vec::new()], at: 0.0 }
    }

    /// Whether so much still fits on this page.
    pub(super) fn fits(&self, height: f32) -> bool {
        self.at + height <= HEIGHT + 0.01
    }

    pub(super) fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.at = 0.0;
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// A filled rectangle at `x` from the left of the type area and `down` from where we are.
    pub(super) fn fill(&mut self, (x, down): (f32, f32), (width, height): (f32, f32), ink: Ink) {
        let y = TOP + self.at + down;
        self.mark(Mark::Fill { x: LEFT + x, y, width, height, ink });
    }
}
